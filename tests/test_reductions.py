"""Searches of some states that stand for all give the verdicts of full ones; orbits are in test_symmetry.py."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, note, reject, settings
from numpy.typing import NDArray

from quiesce import Machine, SpecificationError, System, all_of, expectations, library
from quiesce.core.properties import PropertyKind
from quiesce.core.replaying import replay
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.engines.native.space import Space
from quiesce.engines.options import Limits, Strategy
from quiesce.engines.reducible import refusal
from tests.reduction_strategies import conflicting, departing, independent, picking
from tests.strategies import DRAWING, described, systems

EXAMPLES = int(os.environ.get("QUIESCE_RANDOM_SYSTEMS", "0"))
MOST_STATES = 150
CHECKS = [
    row for file in library.checks() if file.name != library.BENCH_CHECKS for row in expectations.read(Path(file))
]


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def same(system: SystemData, strategy: Strategy, *, shortest: bool) -> SystemAnswers:
    """Check that a reduced search gives the verdicts of the full one, with real runs; return it."""
    asked = [
        question.property.name
        for question in system.flat.properties
        if not strategy.partial_order or refusal(question) is None
    ]
    limits = Limits(max_states=20_000)
    full = check(system, properties=asked, limits=limits, linted=False)
    other = check(system, properties=asked, limits=limits, strategy=strategy, linted=False)
    for ours, theirs in zip(full.properties, other.properties, strict=True):
        assert ours.verdict is theirs.verdict
        assert (ours.trace is None) == (theirs.trace is None)
        if ours.trace is not None and theirs.trace is not None:
            replay(system, theirs.trace, theirs.property)
            temporal = ours.property.kind in (PropertyKind.TEMPORAL, PropertyKind.BISIMILAR)
            assert temporal or not shortest or ours.trace.length == theirs.trace.length
    assert other.states <= full.states
    return other


@pytest.mark.parametrize("row", CHECKS, ids=lambda row: f"{row.place}")
def test_library_verdicts(row: expectations.Check) -> None:
    """Every model, reading and defect of the library has the same verdicts by symmetry and by partial order."""
    system = library.find(row.model).system(row.parameters)
    same(system, Strategy(symmetry=True), shortest=True)
    same(system, Strategy(partial_order=True), shortest=False)


SEEN: set[str] = set()
LESS = {"partial order": 0, "violated": 0}


@settings(DRAWING, max_examples=EXAMPLES or 200)
@given(systems())
def _compare(written: System) -> None:
    system = written.build()
    if described(system) in SEEN:
        return
    try:
        full = check(system, limits=Limits(max_states=MOST_STATES), linted=False)
    except SpecificationError:
        reject()
    if full.stopped is not None:
        reject()
    SEEN.add(described(system))
    same(system, Strategy(symmetry=True), shortest=True)
    stubborn = same(system, Strategy(partial_order=True), shortest=False)
    LESS["partial order"] += stubborn.states < full.states
    LESS["violated"] += full.verdict is Verdict.VIOLATED


def test_random_verdicts() -> None:
    """So have random systems; partial order does reduce, and many properties are violated.

    By symmetry these are hardly ever reduced: those of test_symmetry.py are."""
    _compare()
    assert EXAMPLES or (len(SEEN) > 80 and min(LESS.values()) > 5), (len(SEEN), LESS)


# -- systems that need each part of a reduction -----------------------------------------------------------------------


NEEDED = {
    "conflicts": (conflicting(), Strategy(partial_order=True)),
    "independent": (independent(), Strategy(partial_order=True)),
    "departures": (departing(), Strategy(partial_order=True)),
    "copies": (picking(), Strategy(symmetry=True)),
}
DRAWN = 40


@pytest.mark.parametrize("name", NEEDED)
def test_systems_that_need_each_part(name: str) -> None:
    """Conflicts on one variable, departures below and above, copies picked out in turn: the verdicts of full searches.

    Questions of either verdict are among them, and systems that are reduced.
    """
    drawn, strategy = NEEDED[name]
    said: Counter[object] = Counter()

    @settings(DRAWING, max_examples=DRAWN, phases=[Phase.generate])
    @given(drawn)
    def compare(written: System) -> None:
        system = written.build()
        note(described(system))
        reduced = same(system, strategy, shortest=strategy.symmetry)
        said["reduced"] += reduced.reduction is not None and "for" in reduced.reduction
        said.update(answer.verdict for answer in reduced.properties)

    compare()
    assert said[Verdict.HOLDS] >= DRAWN / 4, said
    assert said[Verdict.VIOLATED] >= DRAWN / 4, said


def verdicts(system: System, asked: Sequence[str]) -> list[list[str]]:
    """Return the verdicts of a full search and of one by partial order."""
    built = system.build()
    strategies = (None, Strategy(partial_order=True))
    found = [check(built, properties=asked, strategy=strategy, linted=False) for strategy in strategies]
    return [[result.answer(name).verdict.value for name in asked] for result in found]


def test_two_rows_that_only_write_one_variable_do_not_accord() -> None:
    """Neither reads what the other writes; but who is last decides: both ends are reached."""
    machine = Machine("m")
    one, two, x = machine.flag("one done"), machine.flag("two done"), machine.count("x", up_to=2)
    machine.step("one", when=~one, then={one: True, x: 1})
    machine.step("two", when=~two, then={two: True, x: 2})
    system = System("s", machine)
    system.never("ends with one", one & two & (x == 1))
    system.never("ends with two", one & two & (x == 2))
    system.never("ends with none", one & two & (x == 0))
    wanted = ["violated", "violated", "holds"]
    assert verdicts(system, ["ends with one", "ends with two", "ends with none"]) == [wanted, wanted]


@pytest.mark.parametrize("goal", [True, False])
def test_a_set_holds_the_row_that_it_was_made_for(goal: bool) -> None:
    """Machines that go once each: without a goal any one of them is a set, and the end is reached all the same."""
    machines, ended = [], []
    for number in range(3):
        machine = Machine(f"m{number}")
        x = machine.flag("x")
        machine.step("go", when=~x, then={x: True})
        machines.append(machine)
        ended.append(x)
    system = System("s", *machines)
    system.never("all have gone", all_of(ended))
    system.no_deadlock("goes on")
    names = ["all have gone", "goes on"] if goal else ["goes on"]
    assert verdicts(system, names) == [["violated"] * len(names)] * 2


@pytest.mark.parametrize(("move", "start"), [(-1, 0), (1, 0), (-2, 0), (2, 0), (-1, 1), (1, -1)])
def test_a_step_out_of_a_domain_is_a_goal(move: int, start: int) -> None:
    """Below or above: a number that another machine lets go on and on leaves its domain, whoever else moves too."""
    walker, switch, bystander = Machine("walker"), Machine("switch"), Machine("bystander")
    x, on, turned = walker.integer("x", -1, 1, initial=start), switch.flag("on"), bystander.flag("turned")
    walker.step("walk", when=on, then={x: x + move})
    switch.step("flip", then={on: ~on})
    bystander.step("turn", then={turned: ~turned})
    for order in permutations([walker, switch, bystander]):
        assert verdicts(System("s", *order), ["domains"]) == [["violated"]] * 2


def test_states_of_several_words_are_kept_whole() -> None:
    """Three machines that go once each, beside wide variables: one order of the steps, with every word as it is."""
    machines = []
    for number in range(3):
        machine = Machine(f"m{number}")
        gone = machine.flag("gone")
        machine.count("wide", up_to=2**30 - 1, initial=1000 + number)
        machine.step("go", when=~gone, then={gone: True})
        machines.append(machine)
    system = System("s", *machines)
    system.no_deadlock("goes on")
    result = check(system.build(), strategy=Strategy(partial_order=True, workers=1))
    trace = result.answer("goes on").trace
    assert trace is not None
    assert trace.last == (True, 1000, True, 1001, True, 1002)
    assert (trace.length, result.states) == (3, 4)


def test_no_set_is_written_behind_its_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more rows than a word has bits, the words behind what a stubborn set needs stay as they were."""
    real, behind = Space.reduction_scratch, []

    def guarded(space: Space) -> NDArray[np.uint64]:
        scratch = np.concatenate([real(space), np.full(64, 7, dtype=np.uint64)])
        behind.append(scratch[-64:])
        return scratch

    monkeypatch.setattr(Space, "reduction_scratch", guarded)
    machines = []
    for number in range(9):
        machine = Machine(f"m{number}")
        x = machine.count("x", up_to=8)
        for value in range(9):
            machine.step(f"from {value}", when=x == value, then={x: (value + 1) % 9})
        machines.append(machine)
    limits = Limits(max_states=2000)
    system = System("s", *machines)
    system.no_deadlock("goes on")
    check(system.build(), limits=limits, strategy=Strategy(partial_order=True, workers=1))
    assert len(behind) > 0
    assert all((words == 7).all() for words in behind)


def test_states_where_only_self_loops_are_left_are_refused() -> None:
    """A state in which every row changes nothing is no deadlock that a stubborn set keeps: with --por it is unknown."""
    machine = Machine("m")
    x = machine.flag("x")
    machine.step("go", when=~x, then={x: True})
    machine.step("idle")
    system = System("s", machine)
    system.no_deadlock("moves", stuttering=True)
    system.no_deadlock("steps")
    result = check(system.build(), strategy=Strategy(partial_order=True))
    assert result.answer("moves").verdict is Verdict.UNKNOWN
    assert "self-loops" in result.answer("moves").scope
    assert result.answer("steps").verdict is Verdict.HOLDS


def test_what_partial_order_does_not_answer_is_refused() -> None:
    """Properties of steps and of runs are unknown under --por, with the reason."""
    system = library.find("winsock").system({"clients": 1, "sockets": 1})
    result = check(system, strategy=Strategy(partial_order=True))
    for question in system.flat.properties:
        answer = result.answer(question.property.name)
        assert (answer.verdict is Verdict.UNKNOWN) == (refusal(question) is not None)
        assert answer.verdict is not Verdict.UNKNOWN or "leave out --por" in answer.scope
