"""The engine and a second oracle, written from docs/reference.md alone, give one answer on random systems.

200 systems and 60 pairs for refinement; with QUIESCE_DEEP=1, 2,000 and 300. What fails is made smaller first.
"""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings

from quiesce import SpecificationError
from tests.oracle.data import Machine, Question, Row, System, Trace, Variable
from tests.oracle.graph import TooLargeError
from tests.oracle.traces import faults
from tests.oracle_comparing import WAYS, Case, differences, shape, shapes
from tests.oracle_examples import EXAMPLES
from tests.oracle_features import features, features_of_pair
from tests.oracle_language import built
from tests.oracle_refining import Compared, Pair, pairs
from tests.oracle_shrinking import least
from tests.oracle_strategies import systems
from tests.strategies import DRAWING, described

DEEP = os.environ.get("QUIESCE_DEEP") == "1"
SYSTEMS, PAIRS = (2_000, 300) if DEEP else (200, 60)
SPARE = 2.0
"""So many times more are drawn: some have too many states, or no start."""
SHOWN = 3
"""Differences that are made smaller and shown."""


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@cache
def cases() -> list[Case]:
    """Return different random systems that have a start and not too many states."""
    found: dict[System, Case] = {}

    @settings(DRAWING, max_examples=int(SYSTEMS * SPARE), phases=[Phase.generate])
    @given(systems())
    def draw(plain: System) -> None:
        if len(found) < SYSTEMS and plain not in found:
            try:
                case = Case(plain)
            except TooLargeError:
                return
            if case.graph.levels:
                found[plain] = case

    draw()
    return list(found.values())


@cache
def compared_pairs() -> list[Compared]:
    """Return different random pairs for refinement."""
    found: dict[Pair, Compared] = {}

    @settings(DRAWING, max_examples=int(PAIRS * SPARE), phases=[Phase.generate])
    @given(pairs())
    def draw(pair: Pair) -> None:
        if len(found) < PAIRS and pair not in found:
            try:
                compared = Compared(pair)
            except (TooLargeError, SpecificationError):
                return
            if compared.wanted is not None:
                found[pair] = compared

    draw()
    return list(found.values())


# -- the oracle is a second one ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "oracle").glob("*.py")), ids=lambda path: path.stem)
def test_the_oracle_imports_nothing_of_the_package(path: Path) -> None:
    """Every import of the oracle is of the standard library, or of the oracle itself."""
    imported = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported += [name.name for name in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.append(node.module or "")
    assert not [name for name in imported if name.startswith("quiesce")]
    assert not [name for name in imported if name.startswith("tests") and not name.startswith("tests.oracle")]
    assert not [name for name in imported if name.startswith("tests.oracle_")]


# -- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_second_oracle_itself_on_small_systems(name: str) -> None:
    """Verdicts, and lengths of traces, that follow from the text."""
    case, wanted = Case(EXAMPLES[name].system), EXAMPLES[name].wanted
    assert {name: set(answer.verdicts) for name, answer in case.answers.items()} == {
        name: {verdict} for name, (verdict, _) in wanted.items()
    }
    lengths = {name: len(answer.trace.steps) for name, answer in case.answers.items() if answer.trace is not None}
    assert lengths == {name: length for name, (_, length) in wanted.items() if name in lengths}


def up_and_down(*, fair: str | None) -> Case:
    """Return a number that goes up and down between 0 and 2, whose last step up is fair, or is not."""
    x = ("var", "m", "x", None)
    higher, lower = (("x", ("+", x, ("const", 1))),), (("x", ("-", x, ("const", 1))),)
    rows = (
        Row("step", "m.up", when=("==", x, ("const", 0)), then=higher),
        Row("step", "m.last", when=("==", x, ("const", 1)), then=higher, fair=fair),
        Row("step", "m.down", when=(">", x, ("const", 0)), then=lower),
    )
    asked = (
        Question("never two", "never", ("==", x, ("const", 2))),
        Question("comes to two", "holds", ("F", ("==", x, ("const", 2)))),
    )
    return Case(System((Machine("m", None, (Variable("x", "count", (0, 1, 2), (0,)),), rows),), asked))


def run(case: Case, *triggers: str, loop: int | None = None) -> Trace:
    """Return the run by some triggers from the initial state."""
    state, taken = case.graph.levels[0][0], []
    for trigger in triggers:
        taken.append(next(step for step in case.graph.steps(state) if step.trigger == trigger))
        state = taken[-1].target
    return Trace(case.graph.levels[0][0], tuple(taken), loop)


def test_the_trace_checker_refuses_what_shows_nothing() -> None:
    """A run that is none, is too long, or does not decide; a loop that does not close."""
    case = up_and_down(fair=None)
    never, comes = case.plain.questions
    good = run(case, "m.up", "m.last")
    assert not faults(case.graph, never, good, "violated")
    assert faults(case.graph, never, run(case, "m.up", "m.down", "m.up", "m.last"), "violated")
    assert faults(case.graph, never, run(case, "m.up"), "violated")
    assert faults(case.graph, never, replace(good, steps=good.steps[1:]), "violated")
    lasso = run(case, "m.up", "m.down", loop=0)
    assert not faults(case.graph, comes, lasso, "violated")
    assert faults(case.graph, comes, replace(lasso, loop=1), "violated")
    assert faults(case.graph, comes, replace(lasso, loop=None), "violated")
    assert faults(case.graph, comes, run(case, "m.up", "m.last", "m.down", loop=1), "violated")


@pytest.mark.parametrize(("fair", "verdict"), [(None, "violated"), ("weak", "violated"), ("strong", "holds")])
def test_the_trace_checker_refuses_loops_that_are_not_fair(fair: str | None, verdict: str) -> None:
    """Between 0 and 1 the last step up is enabled again and again, and not forever: strong fairness takes it."""
    case = up_and_down(fair=fair)
    lasso = run(case, "m.up", "m.down", loop=0)
    assert case.answers["comes to two"].verdicts == {verdict}
    assert bool(faults(case.graph, case.plain.questions[1], lasso, "violated")) == (fair == "strong")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_engine_agrees_on_small_systems(name: str, way: str) -> None:
    """The engine says of them what the oracle says."""
    assert not differences(Case(EXAMPLES[name].system), way)


# -- random systems ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_the_engine_and_the_second_oracle_agree(way: str) -> None:
    """Counts, verdicts, flags and traces are those of the oracle, in every way to search."""
    wrong = [(case.plain, found) for case in cases() if (found := differences(case, way))]
    assert not wrong, told(way, wrong)


def told(way: str, wrong: list[tuple[System, list[str]]]) -> str:
    """Return what differs: how many systems, and the smallest for each of some differences."""
    kinds = Counter(shape(text) for _, texts in wrong for text in dict.fromkeys(texts))
    lines = [f"{way}: {len(wrong)} systems differ: {dict(kinds)}"]
    for kind in list(kinds)[:SHOWN]:
        first = next(plain for plain, texts in wrong if any(shape(text) == kind for text in texts))
        system = least(first, lambda plain: kind in shapes(plain, way))
        lines += ["", *differences(Case(system), way), described(built(system))]
    return "\n".join(lines)


# -- random pairs -----------------------------------------------------------------------------------------------------


def test_refinement_is_as_the_second_oracle_says() -> None:
    """Verdict, length of the run to what is refused, and what is claimed of runs."""
    wrong = [(pair, found) for pair in compared_pairs() if (found := pair.differences())]
    assert not wrong, told_of_pairs(wrong)


def told_of_pairs(wrong: list[tuple[Compared, list[str]]]) -> str:
    """Return what differs: how many pairs, and for each difference the one that is told in the fewest words."""
    shortest: dict[str, str] = {}
    for pair, texts in wrong:
        about = f"-- abstract: {pair.pair.change}, {pair.pair.claim.mapping}"
        both = f"{described(pair.concrete)}\n{about}\n{described(pair.abstract)}"
        for text in texts:
            shortest[text] = min(shortest.get(text, both), both, key=len)
    return "\n".join([f"{len(wrong)} pairs differ", *[f"\n{text}\n{both}" for text, both in shortest.items()]])


# -- what is drawn ----------------------------------------------------------------------------------------------------

SHARES: dict[str, int] = {
    **dict.fromkeys(["copies: 0", "copies: 1", "observer: gets", "initially", "lasso", "vacuous"], 5),
    **dict.fromkeys(["copies: 2", "copies: 3", "every", "observer", "returns", "gets", "result", "rest"], 20),
    **dict.fromkeys(["argument", "argument: a copy", "row: acting", "row: paired", "owner", "assumed"], 25),
    **dict.fromkeys(["row: a named copy", "question: a named copy", "several initial values"], 30),
    **dict.fromkeys(["fair: weak", "fair: strong"], 30),
    **dict.fromkeys(["variable: count", "variable: integer", "variable: flag", "variable: names"], 20),
    **dict.fromkeys(["variable: index", "variable: state"], 30),
    **dict.fromkeys(["departure", "deadlock"], 12),
    **dict.fromkeys(["departure: above", "departure: below", "a state that can only leave"], 3),
    "reduced": 20,
    "reduced: three copies": 10,
    "states: 10^1": 30,
    "trace: 2": 8,
    "trace: 3": 3,
    **dict.fromkeys(["always: holds", "always: violated", "never: holds", "never: violated"], 2),
    **dict.fromkeys(["sometimes: holds", "sometimes: violated"], 2),
    **dict.fromkeys(["always of steps: holds", "always of steps: violated"], 5),
    **dict.fromkeys(["never of steps: holds", "never of steps: violated"], 5),
    **dict.fromkeys(["sometimes of steps: holds", "sometimes of steps: violated"], 5),
    **dict.fromkeys(["always_possible: holds", "always_possible: violated"], 5),
    **dict.fromkeys(["no_deadlock: holds", "no_deadlock: violated", "bisimilar: holds", "bisimilar: violated"], 3),
    **dict.fromkeys(["holds: holds", "holds: violated"], 30),
    **dict.fromkeys(["holds: unknown", "domains: violated", "no_deadlock: unknown", "always_possible: unknown"], 2),
}
"""At least so many of a hundred systems show it."""


def test_random_systems_show_what_they_are_drawn_for() -> None:
    """No feature is lost by accident: each is in its share of the systems."""
    assert len(cases()) == SYSTEMS
    seen = Counter(feature for case in cases() for feature in features(case))
    few = {feature: seen[feature] for feature, share in SHARES.items() if seen[feature] * 100 < share * SYSTEMS}
    assert not few, dict(sorted(seen.items()))


PAIR_SHARES: dict[str, int] = {
    "holds": 30,
    "violated": 15,
    "unknown": 8,
    "stutters": 30,
    "violated, and it leaves": 2,
    **dict.fromkeys(["concrete leaves", "abstract leaves"], 8),
    **dict.fromkeys(["liveness: holds", "liveness: violated"], 15),
    **dict.fromkeys(["fairness", "domain", "initial", "guard", "row lost", "row gained", "mapped"], 1),
}


def test_random_pairs_show_what_they_are_drawn_for() -> None:
    """Pairs hold, do not, are unknown; they stutter, leave domains, and are alike or not in fairness."""
    assert len(compared_pairs()) == PAIRS
    seen = Counter(feature for pair in compared_pairs() for feature in features_of_pair(pair))
    few = {feature: seen[feature] for feature, share in PAIR_SHARES.items() if seen[feature] * 100 < share * PAIRS}
    assert not few, dict(sorted(seen.items()))
