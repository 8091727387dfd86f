"""Names that would leave the strings and comments of what is written: every writer keeps them where they belong.

Control characters and line ends are refused where a name is given (Q02), so that no writer has to think of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quiesce import Machine, SpecificationError, System, after, any_of, argument, happens
from quiesce.bridges import murphi, promela, tla
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.show import data
from quiesce.show.diagrams import of_system
from quiesce.show.pictures import dot, mermaid, svg
from tests.strategies import DRAWING

TROUBLE = [
    "*/",
    "/*",
    "//",
    "--",
    '"',
    "'",
    "\\",
    "(*",
    "*)",
    "<b>",
    "</script>",
    "`",
    "|",
    "${x}",
    "{",
    "}",
    "%s",
    "#",
]
TROUBLE += ["#", "&amp;", "]]>", "<!--", "====", "\\n", "\\*", ";", ":", "[x](y)", "click a", "é", "漢", " "]
PIECES = st.lists(st.sampled_from(TROUBLE), min_size=1, max_size=4).map("".join)
NAMES = PIECES.filter(lambda name: bool(name.strip()))
FEW = settings(DRAWING, max_examples=25)


def named(name: str) -> SystemData:
    """Return a system in which everything has a name with some trouble in it, and two properties are violated."""
    machine, other = Machine(f"m{name}", states=["a", f"s{name}"]), Machine(f"o{name}", copies=2, states=["x", name])
    value = machine.one_of(f"v{name}", ["none yet", name])
    machine.step(f"go{name}", argument(f"a{name}", ["p", name]), source="a", dest=f"s{name}", then={value: name})
    other.calls(f"c{name}", source="x", dest=name)
    machine.on(f"c{name}", returns=[name])
    system = System(f"sys{name}", machine, other)
    system.never(f"never {name}", value == name)
    goes = after(any_of(other.state[copy] == "x" for copy in other))
    system.always(f"step {name}", happens(f"c{name}").implies(goes))
    return system.build()


@FEW
@given(NAMES)
def test_pictures_and_data_hold_together(name: str) -> None:
    """SVG is XML whose elements are those of any picture, and JSON is JSON with the names as they are."""
    system = named(name)
    picture = ElementTree.fromstring(svg(dot(of_system(system))))
    assert {element.tag.rpartition("}")[2] for element in picture.iter()} <= SHAPES
    shown = json.loads(json.dumps(data.results([check(system)], "violated", plain=True)))
    assert shown["systems"][0]["name"] == f"sys{name}"
    for text in (dot(of_system(system)), mermaid(of_system(system))):
        assert not any(unicodedata.category(character) == "Cc" for character in text.replace("\n", ""))


SHAPES = {"svg", "g", "title", "polygon", "path", "text", "ellipse", "tspan", "a", "polyline", "defs", "style"}


@FEW
@given(NAMES)
def test_other_checkers_read_what_is_exported(name: str) -> None:
    """Spin and Rumur read the texts; in TLA+ each comment ends with its line, and each string with its quotes."""
    missing = [tool for tool in ("spin", "rumur") if shutil.which(tool) is None]
    if missing and "CI" not in os.environ:
        pytest.skip(f"not installed: {', '.join(missing)}")
    system = named(name)
    folder = Path(os.environ["HOSTILE_NAMES"])
    (folder / "m.pml").write_text(promela.text(system), encoding="utf-8")
    (folder / "m.m").write_text(murphi.text(system), encoding="utf-8")
    for words in (["spin", "-o2", "-a", "m.pml"], ["rumur", "--deadlock-detection", "off", "--output", "m.c", "m.m"]):
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, "rror" in done.stdout + done.stderr) == (0, False), done.stdout + done.stderr
    for line in tla.text(system).splitlines():
        if not line.startswith("\\*"):
            assert line.partition("\\*")[0].count('"') % 2 == 0


@pytest.fixture(autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Give the other checkers a folder, and the objects of throw-away systems one of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("HOSTILE_NAMES", str(tmp_path_factory.mktemp("exported")))
        yield


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\u0085", "\u2028", "\u202e", "\ud800"]
)
def test_what_moves_the_cursor_is_refused(character: str) -> None:
    """Control characters, ends of lines, turns of the direction and halves of characters are in no name (Q02)."""
    machine = Machine("m", states=["a"])
    word = f"x{character}y"
    ways = [
        lambda: Machine(word),
        lambda: Machine("m", states=["a", word]),
        lambda: machine.flag(word),
        lambda: machine.one_of("o", [word, "b"]),
        lambda: machine.step(word),
        lambda: machine.on("t", returns=word),
        lambda: argument(word, ["a"]),
        lambda: System(word, machine),
        lambda: System("s", machine).always(word, True),
        lambda: System("s", machine).always("p", True, id=word),
    ]
    for way in ways:
        with pytest.raises(SpecificationError) as caught:
            way()
        assert caught.value.code == "Q02"
