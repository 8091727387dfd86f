"""Nets and formula files with random mistakes: each is read as what it is, or refused with file and line.

Valid files are changed a little: elements, attributes and texts are deleted, doubled, moved or replaced, bytes are cut
and altered, encodings exchanged. QUIESCE_DEEP=1 tries ten thousand of each.
"""

from __future__ import annotations

import copy
import os
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quiesce.bridges import contest, coverability, pnml
from quiesce.bridges.markup import parsed
from quiesce.bridges.nets import Net, system
from quiesce.core.errors import SpecificationError
from quiesce.core.properties import Property
from quiesce.core.result import Verdict
from quiesce.engines.checking import check
from quiesce.engines.options import Limits
from quiesce.language.systems import asking

DEEP = os.environ.get("QUIESCE_DEEP") == "1"
EXAMPLES = 10_000 if DEEP else 800
CHECKED = 200 if DEEP else 8
"""How many different systems are checked: each is compiled, which takes most of the time."""
FUZZING = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=not DEEP, database=None, suppress_health_check=list(HealthCheck)
)

NET = """<?xml version="1.0" encoding="UTF-8"?>
<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml">
<net id="n" type="http://www.pnml.org/version-2009/grammar/ptnet">
<name><text>a net</text></name>
<page id="pg">
<place id="p"><name><text>p</text></name><initialMarking><text>1</text></initialMarking></place>
<place id="q"><toolspecific tool="x" version="1"><text>5</text></toolspecific></place>
<transition id="t"><graphics><position x="1" y="2"/></graphics></transition>
<arc id="a" source="p" target="t"><inscription><text>1</text></inscription></arc>
<page id="inner"><transition id="u"/><referencePlace id="r" ref="q"/></page>
<arc id="b" source="t" target="q"/>
<arc id="c" source="r" target="u"/>
<arc id="d" source="u" target="p"><inscription><text>1</text></inscription></arc>
</page>
</net>
</pnml>
"""
FORMULAS = """<?xml version="1.0" encoding="UTF-8"?>
<property-set xmlns="http://mcc.lip6.fr/">
<property><id>n-0</id><description>one</description><formula><all-paths><globally><integer-le>
<tokens-count><place>p</place><place>q</place></tokens-count><integer-constant>1</integer-constant>
</integer-le></globally></all-paths></formula></property>
<property><id>n-1</id><formula><exists-path><until>
<before><conjunction><is-fireable><transition>t</transition></is-fireable><negation><deadlock/></negation></conjunction>
</before><reach><next><disjunction><false/><is-fireable><transition>u</transition></is-fireable></disjunction></next>
</reach></until></exists-path></formula></property>
<property><id>n-2</id><formula><place-bound><place>p</place></place-bound></formula></property>
</property-set>
"""


def listed(words: str, separator: str | None = None) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(words.split(separator))


NUMBERS = listed(f"| |0|-1|+1|1.5|1e3|2|3|4|7|007|1099511627776|1099511627777|{'9' * 30}|\u0661|1_0|x", "|")
NAMES = listed("|p|q|t|u|r|n|pg|n-0|domains|state|a\nb|a\tb|\x85|\u202e|&|<|]]>|'", "|")
KINDS = ("inhibitor", "normal", "reset", "http://www.pnml.org/version-2009/grammar/pt-hlpng")
TAGS = listed(
    "place transition arc page net pnml text initialMarking inscription toolspecific referencePlace type arctype "
    "referenceTransition capacity hlinitialMarking name graphics property formula id until before reach negation "
    "conjunction integer-le tokens-count integer-constant is-fireable all-paths next deadlock true place-bound "
    "{urn:x}place maybe"
)
KEYS = listed("id type source target ref value capacity {urn:x}type steps")
ENCODINGS = listed("UTF-8 utf-16 ascii latin-1 gbk rot13 klingon unicode_escape idna utf-7 cp037")
CHANGES = listed(
    "number number number name name text attribute attribute key drop tag delete delete double move wrap tail"
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache, and let no search for a bound take long."""
    import_module("quiesce.engines.temporal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setattr(coverability, "MOST_WORK", 100_000_000)
        yield


def _mutated(draw: Draw, root: ElementTree.Element) -> None:
    """Change one thing about the elements of a file."""
    parents = [node for node in root.iter() if len(node)]
    node = draw(st.sampled_from(list(root.iter())))
    parent = draw(st.sampled_from(parents)) if parents else root
    match draw(st.sampled_from(CHANGES)):
        case "number":
            numbers = [each for each in root.iter() if (each.text or "").strip().isdigit()]
            if numbers:
                draw(st.sampled_from(numbers)).text = draw(st.sampled_from(NUMBERS))
        case "name":
            names = [each for each in root.iter() if each.tag.endswith(("}place", "}transition", "}id")) and each.text]
            if names:
                draw(st.sampled_from(names)).text = draw(st.sampled_from(NAMES))
        case "text":
            node.text = draw(st.sampled_from(NUMBERS + NAMES))
        case "tail":
            node.tail = draw(st.sampled_from(NUMBERS + NAMES))
        case "attribute":
            held = [each for each in root.iter() if each.attrib]
            if held:
                chosen = draw(st.sampled_from(held))
                chosen.set(draw(st.sampled_from(sorted(chosen.attrib))), draw(st.sampled_from(NAMES + KINDS)))
        case "key":
            node.set(draw(st.sampled_from(KEYS)), draw(st.sampled_from(NUMBERS + NAMES + KINDS)))
        case "drop" if node.attrib:
            del node.attrib[draw(st.sampled_from(sorted(node.attrib)))]
        case "tag":
            name = draw(st.sampled_from(TAGS))
            node.tag = name if name.startswith("{") else f"{root.tag.partition('}')[0]}}}{name}"
        case "delete" if len(parent):
            parent.remove(draw(st.sampled_from(list(parent))))
        case "double" if len(parent):
            parent.append(copy.deepcopy(draw(st.sampled_from(list(parent)))))
        case "move" if len(parent):
            moved = draw(st.sampled_from(list(parent)))
            if node not in list(moved.iter()):
                parent.remove(moved)
                node.append(moved)
        case "wrap":
            for _ in range(draw(st.sampled_from([1, 3, 200]))):
                inner = copy.copy(node)
                node[:] = [inner]


@st.composite
def files(draw: Draw, text: str) -> bytes:
    """Draw a file that is a valid one but for some changes."""
    root = ElementTree.fromstring(text)
    for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2, 2, 2, 3, 6]))):
        _mutated(draw, root)
    changed = ElementTree.tostring(root, encoding="unicode")
    changed = changed.replace("&lt;", draw(st.sampled_from(["&lt;", "&lt;", "<", "&x;"])))
    changed = changed.replace("<ns0:arc", draw(st.sampled_from(["<ns0:arc", "<ns0:arc", "<ns0:arc\n\n", "<arc"])), 1)
    if not draw(st.sampled_from([True] * 9 + [False])):
        declared, written = draw(st.sampled_from(ENCODINGS)), draw(st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
        doctype = draw(st.sampled_from(["", "", "<!DOCTYPE a>", '<!DOCTYPE a [<!ENTITY x "y">]>']))
        data = f'<?xml version="1.0" encoding="{declared}"?>{doctype}{changed}'.encode(written)
    else:
        data = changed.encode()
    match draw(st.sampled_from(["whole"] * 8 + ["cut", "byte"])):
        case "cut":
            return data[: draw(st.integers(0, len(data)))]
        case "byte":
            place = draw(st.integers(0, len(data) - 1))
            return data[:place] + bytes([draw(st.integers(0, 255))]) + data[place + 1 :]
    return data


def refused(problem: SpecificationError, file: Path) -> str:
    """Check that a mistake names the file and a line of it; return its code."""
    assert problem.place is not None, problem
    assert Path(problem.place.file) == file
    assert 1 <= problem.place.line <= file.read_bytes().count(b"\n") + 1
    assert str(problem).isprintable() or "\n" in str(problem)
    return problem.code


def test_nets_are_read_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file of a net ends in anything but a net that can be checked, or an error with its line."""
    file, seen, known = tmp_path / "net.pnml", Counter[str](), set[str]()

    @FUZZING
    @given(files(NET))
    def read(data: bytes) -> None:
        file.write_bytes(data)
        try:
            net = pnml.read(file)
            closed = coverability.bounded(net, limits=Limits(max_states=2000))
        except SpecificationError as problem:
            seen["refused"] += 1
            seen[refused(problem, file)] += 1
            return
        seen["accepted"] += 1
        told = repr((net.places, net.transitions))
        if told not in known and len(known) < CHECKED:
            known.add(told)
            assert check(closed, limits=Limits(max_states=2000)).verdict is not Verdict.VIOLATED

    read()
    with capsys.disabled():
        print(f"\nnets: {dict(seen)}, {len(known)} checked")
    assert min(seen["accepted"], seen["refused"]) > EXAMPLES / 20
    assert {"Q44", "Q01", "Q02", "Q13", "Q16"} <= seen.keys()


def test_formulas_are_asked_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file of formulas ends in anything but questions that are answered, refusals with a line, or an error."""
    (tmp_path / "net.pnml").write_text(NET, encoding="utf-8")
    net: Net = pnml.read(tmp_path / "net.pnml")
    closed = system(net, bound=1)
    file, seen, known = tmp_path / "f.xml", Counter[str](), set[object]()

    @FUZZING
    @given(files(FORMULAS))
    def read(data: bytes) -> None:
        file.write_bytes(data)
        try:
            found = contest.read(file, net)
        except SpecificationError as problem:
            seen["whole files refused"] += 1
            seen[refused(problem, file)] += 1
            return
        assert len({each.name for each in found}) == len(found) == len(parsed(file).root.children)
        for each in found:
            if isinstance(each, contest.Refused):
                seen["refused"] += 1
                seen[refused(each.problem, file)] += 1
        asked = [each for each in found if isinstance(each, Property)]
        seen["accepted"] += len(asked)
        new = [each for each in asked if each.formula not in known]
        if new and len(known) < 4 * CHECKED:
            known.update(each.formula for each in new)
            answers = check(asking(closed, new), explained=False, linted=False).properties
            assert all(answer.verdict is not Verdict.UNKNOWN for answer in answers)

    read()
    with capsys.disabled():
        print(f"\nformulas: {dict(seen)}, {len(known)} asked")
    assert min(seen["accepted"], seen["refused"], seen["whole files refused"]) > EXAMPLES / 20
    assert {"Q44", "Q01", "Q02", "Q16"} <= seen.keys()
