"""The answers of the Model Checking Contest 2020, none of which this project wrote: 32 nets and all their questions.

The archive stands beside the repository (`../shared/answers`) or where `QUIESCE_ANSWERS` says; it is not copied here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from quiesce import library
from quiesce.bridges.contest import questions
from quiesce.bridges.pnml import NET, Net, bounded, read, system
from quiesce.cli import main
from quiesce.core.expressions import FALSE, TRUE, Constant, Enabled, Expr, Op, Quantified, Read, Temporal, apply
from quiesce.core.expressions import Path as Run
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.native.search import Search
from quiesce.engines.native.space import space_for
from quiesce.language.systems import asking
from tests.documents import ROOT
from tests.million_markings import net as net_of_rings

ARCHIVE = "mcc-2020-32-nets.tar.gz"
FILES = (
    *("ReachabilityCardinality", "ReachabilityFireability", "CTLCardinality", "CTLFireability"),
    *("LTLCardinality", "LTLFireability", "UpperBounds"),
)
NETS = 32
tally: dict[str, tuple[int, int]] = {}
"""Net -> (verdicts that agreed, verdicts asked); filled by the tests of the nets."""


def archive() -> Path:
    """Return where the archive is; skip without it, but on CI fail."""
    folder = Path(os.environ.get("QUIESCE_ANSWERS", ROOT.parent / "shared" / "answers"))
    if not (folder / ARCHIVE).is_file():
        if os.environ.get("CI"):
            pytest.fail(f"CI needs {ARCHIVE} in QUIESCE_ANSWERS or ../shared/answers")
        pytest.skip(f"{ARCHIVE} is not there: set QUIESCE_ANSWERS")
    return folder / ARCHIVE


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the folders of the nets, unpacked."""
    folder = tmp_path_factory.mktemp("contest")
    with tarfile.open(archive()) as packed:
        packed.extractall(folder, filter="data")
    return sorted(file.parent for file in folder.rglob("answers.json"))


def everywhere(operand: Expr) -> Expr:
    """Return AG of a formula."""
    return Quantified(True, Run(Temporal.GLOBALLY, (operand,)))


def somewhere(operand: Expr) -> Expr:
    """Return EF of a formula."""
    return Quantified(False, Run(Temporal.FINALLY, (operand,)))


def asked_as(name: str, formula: Expr) -> Property:
    """Return a formula as a question without fairness."""
    return Property(name=name, kind=PropertyKind.TEMPORAL, formula=formula, assuming=())


def structural(net: Net) -> list[Property]:
    """Return the contest's questions without a file as formulas."""
    can = {name: Enabled(f"{NET}.{name}") for name in net.transitions}
    kept = [apply(Op.EQ, Read(NET, place), Constant(held)) for place, held in net.places.items()]
    return [
        asked_as("ReachabilityDeadlock", somewhere(apply(Op.NOT, Enabled(None)))),
        asked_as("QuasiLiveness", apply(Op.AND, TRUE, *[somewhere(fires) for fires in can.values()])),
        asked_as("StableMarking", apply(Op.OR, FALSE, *[everywhere(place) for place in kept])),
        asked_as("Liveness", apply(Op.AND, TRUE, *[everywhere(somewhere(fires)) for fires in can.values()])),
    ]


def answer(closed: System, questions: list[Property]) -> SystemAnswers:
    """Return the answers to questions about a net."""
    return check(asking(closed, questions), explained=False)


@pytest.mark.parametrize("number", range(NETS))
def test_net_agrees_with_the_contest(number: int, nets: list[Path]) -> None:
    """Counts, token bounds, structural properties, and every CTL, LTL, reachability and bounds verdict are the
    contest's.
    """
    folder = nets[number]
    wanted = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    counts = wanted["state-space"]
    net = read(folder / "model.pnml")
    closed = system(net, bound=int(counts["max_token_in_place"]))
    asked: list[tuple[str, Property]] = [("", question) for question in structural(net)]
    for name in FILES:
        asked += [(name, question) for question in questions(folder / f"{name}.xml")]
    asked += [
        ("place", Property(name=place, kind=PropertyKind.BOUND, formula=Read(NET, place))) for place in net.places
    ]
    result = answer(closed, [question for _, question in asked])

    got = {"states": result.states, "transitions": result.transitions}
    tokens = [given.value for (kind, _), given in zip(asked, result.properties, strict=False) if kind == "place"]
    got["max_token_in_place"] = max(token for token in tokens if token is not None)
    differing = [key for key, value in got.items() if int(counts[key]) != value]
    agreed = asked_for = len(got) + 1
    single = {
        **wanted["deadlock"],
        **wanted["quasi-liveness"],
        **wanted["liveness"],
        **wanted["stable-marking"],
    }
    for (kind, question), given in zip(asked, result.properties, strict=False):
        if kind == "place":
            continue
        want = wanted.get(kind, {}).get(question.name, "?") if kind else single[question.name]
        if want == "?":
            continue
        said = str(given.value) if given.value is not None else str(given.verdict is Verdict.HOLDS).upper()
        asked_for += 1
        agreed += said == want
        if said != want:
            differing.append(f"{kind} {question.name}: {said} instead of {want}")
    one_safe = got["max_token_in_place"] <= 1
    if wanted["one-safe"]["OneSafe"] != str(one_safe).upper():
        differing.append("OneSafe")
    tally[net.name] = agreed, asked_for
    assert differing == []


def test_all_verdicts_of_the_contest(nets: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    """All nets were asked, and together they gave more than 3,500 verdicts, every one the contest's."""
    if len(tally) < NETS:
        pytest.skip("the tests of the nets were not all run")
    agreed, asked_for = (sum(part) for part in zip(*tally.values(), strict=True))
    with capsys.disabled():
        print(f"\n{agreed:,} of {asked_for:,} verdicts agree, on {len(nets)} nets")
    assert agreed == asked_for > 3500


@cache
def small() -> str:
    """Return a net in PNML: two tokens go round; a third place may collect what a transition makes."""
    return """<pnml xmlns="http://www.pnml.org/version-2009/grammar/pnml"><net id="round"
      type="http://www.pnml.org/version-2009/grammar/ptnet"><page id="p">
      <place id="a"><initialMarking><text>2</text></initialMarking></place><place id="b"/><place id="c"/>
      <transition id="go"/><transition id="back"/>
      <arc id="1" source="a" target="go"/><arc id="2" source="go" target="b"/>
      <arc id="3" source="b" target="back"><inscription><text>2</text></inscription></arc>
      <arc id="4" source="back" target="a"><inscription><text>2</text></inscription></arc>
      %s</page></net></pnml>"""


COLLECTING = '<arc id="5" source="back" target="c"/>'


def test_bound_is_found_by_searching(tmp_path: Path) -> None:
    """A net without a given bound gets one that holds: with no tokens made it has 3 markings, reached in a ring."""
    file = tmp_path / "net.pnml"
    file.write_text(small() % "", encoding="utf-8")
    found = answer(bounded(read(file)), [])
    assert (found.states, found.transitions, found.depth) == (3, 3, 2)


def test_bound_that_is_exceeded_is_reported(tmp_path: Path) -> None:
    """A place that outgrows its bound violates `domains`; what the markings inside show is known all the same.

    Each transition is fired once, and no place keeps its marking; whether it goes on forever nobody knows.
    """
    file = tmp_path / "net.pnml"
    file.write_text(small() % COLLECTING, encoding="utf-8")
    net = read(file)
    result = answer(system(net, bound=4), structural(net))
    assert {given.property.name: given.verdict.value for given in result.properties} == {
        "ReachabilityDeadlock": "unknown",
        "QuasiLiveness": "holds",
        "StableMarking": "violated",
        "Liveness": "unknown",
        "domains": "violated",
    }


def test_columns_take_every_state() -> None:
    """An expression that is constant has its value in every state."""
    with space_for(library.find("chain").system(), []) as space:
        Search(space).run()
        assert np.all(space.columns().truth(TRUE))
        assert len(space.columns().truth(TRUE)) == space.count


def test_a_million_markings_fit_into_four_gibibytes(tmp_path: Path) -> None:
    """Ten rings of four places have 4^10 markings with ten firings each; 64 formulas are all answered in 4 GiB."""
    command = [sys.executable, "-m", "tests.million_markings", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    markings, firings, asked, holding, unknown, peak = map(int, done.stdout.split())
    assert (markings, firings) == (4**10, 10 * 4**10)
    assert (asked, unknown) == (64, 0)
    assert 6 < holding < 60
    assert peak < 4 * 2**20


def test_a_net_beyond_the_limit_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A net with more markings than the limit ends in `unknown`, says where it stopped, and with exit status 3."""
    (tmp_path / "net.pnml").write_text(net_of_rings(), encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(
            [str(tmp_path / "net.pnml"), "--bound", "1", "--max-states", "1000", "--ask", "AG(EF(deadlock))", "--plain"]
        )
    assert left.value.code == 3
    printed = capsys.readouterr().out
    assert "unknown   AG(EF(deadlock))" in printed
    assert "stopped: 1,000 states" in printed
