"""Searches of some states that stand for all give the verdicts of full ones, and the published numbers of orbits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, reject, settings

from quiesce import Machine, SpecificationError, System, expectations, library
from quiesce.core.domains import Copy, Value
from quiesce.core.replaying import replay
from quiesce.core.result import SystemResult, Verdict
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import PropertyKind
from quiesce.core.system import System as SystemData
from quiesce.core.trace import State
from quiesce.core.verdicts import explore
from quiesce.engines.checking import check
from quiesce.engines.native import Limits, Strategy
from quiesce.engines.native.search import search, space_for
from quiesce.engines.reducible import refusal
from tests.known.peterson import interchangeable_peterson
from tests.known.two_phase import two_phase
from tests.strategies import described, systems

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


def reduced(system: SystemData) -> tuple[int, int, int]:
    """Return orbits, transitions of representatives, and the states of all orbits."""
    symmetry = Symmetry(system)
    with space_for(system, [], None, symmetry) as space:
        found = search(space)
        return found.states, found.transitions, space.concrete_states()


@pytest.mark.parametrize(
    ("system", "numbers"),
    [
        (two_phase(managers=5), (314, None, 8_832)),
        (interchangeable_peterson(processes=3), (172, 516, 882)),
        (interchangeable_peterson(processes=5), (6_770, 33_850, 628_868)),
        (interchangeable_peterson(processes=6), (35_159, 210_954, None)),
        (interchangeable_peterson(processes=7), (163_298, 1_143_086, None)),
    ],
    ids=["two-phase", "peterson-3", "peterson-5", "peterson-6", "peterson-7"],
)
def test_published_orbits(system: System, numbers: tuple[int | None, ...]) -> None:
    """Orbits, transitions and states are those of CMurphi's scalarsets, of Stateright and TLC."""
    found = reduced(system.build())
    assert all(number is None or number == ours for number, ours in zip(numbers, found, strict=True))


# -- orbits by brute force --------------------------------------------------------------------------------------------


def images(system: SystemData, state: State) -> set[State]:
    """Return what all exchanges of copies make of a state, one exchange after the other."""
    machines = Symmetry(system).machines
    found = set()
    for chosen in product(*[permutations(range(machine.copies or 0)) for machine in machines]):
        to = {machine.name: order for machine, order in zip(machines, chosen, strict=True)}

        def moved(value: Value, to: dict[str, tuple[int, ...]] = to) -> Value:
            named = isinstance(value, Copy) and value.machine in to
            return Copy(value.machine, to[value.machine][value.index]) if named else value  # type: ignore[union-attr]

        image = list(state)
        for (machine, variable, copy), slot in system.slots.items():
            target = copy if copy is None or machine not in to else to[machine][copy]
            image[system.slots[machine, variable, target]] = moved(state[slot])
        found.add(tuple(image))
    return found


def orbits(system: SystemData) -> int:
    """Check a reduced search against the orbits of the reference search; return how many machines are symmetric."""
    explored = explore(system, max_states=MOST_STATES)
    if explored.found.stopped is not None:
        reject()
    left = {state for level in explored.levels for state in level}
    count = len(left)
    number = 0
    while left:
        orbit = images(system, next(iter(left)))
        assert orbit <= left
        left -= orbit
        number += 1
    assert reduced(system)[0] == number
    assert reduced(system)[2] == count
    return len(Symmetry(system).machines)


def waiting_for_each_other() -> System:
    """Return members that each wait for another, or for nobody, and two posts that name members."""
    member = Machine("member", copies=4, states=["free", "busy"])
    posts = Machine("posts")
    first = posts.one_of("first", member, optional=True)
    second = posts.one_of("second", member, optional=True)
    ahead = member.one_of("ahead", member, optional=True)
    posts.on("take", when=first.is_in([None]), then={first: member.acting})
    posts.on("follow", when=~first.is_in([None]), then={second: member.acting})
    member.calls("take", source="free", dest="busy")
    member.calls("follow", source="free", dest="busy", then={ahead: first})
    member.step("leave", source="busy", dest="free", then={ahead: None})
    return System("waiting for each other", posts, member)


@pytest.mark.parametrize(
    "system",
    [waiting_for_each_other().build(), library.find("winsock").system({"clients": 3, "sockets": 1, "starts": 1})],
    ids=["naming-each-other", "owners"],
)
def test_orbits_where_copies_are_named(system: SystemData, monkeypatch: pytest.MonkeyPatch) -> None:
    """One state of each orbit is searched, no more and no fewer, also where copies name copies of their own machine."""
    monkeypatch.setattr("tests.test_reductions.MOST_STATES", 3_000)
    assert orbits(system)


def test_a_copy_that_is_picked_out_is_not_exchanged() -> None:
    """A guard that speaks of one copy makes its machine asymmetric, and a property that does is searched apart."""
    lamp = Machine("lamp", copies=3, states=["off", "on"])
    first = next(iter(lamp))
    lamp.step("switch", source="off", dest="on", when=lamp.state[first] == "off")
    assert not Symmetry(System("s", lamp).build()).machines
    lamp = Machine("lamp", copies=3, states=["off", "on"])
    lamp.step("switch", source="off", dest="on")
    system = System("s", lamp)
    system.sometimes("the first alone is on", lamp.state[next(iter(lamp))] == "on")
    result = check(system.build(), strategy=Strategy(symmetry=True))
    assert result.states == 4
    assert "reduced" not in result.answer("the first alone is on").flags
    assert result.reduction is not None
    assert "1 of 2 properties by a search of all 8 states" in result.reduction


# -- verdicts ---------------------------------------------------------------------------------------------------------


def same(system: SystemData, strategy: Strategy, *, shortest: bool) -> SystemResult:
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
LESS = {"symmetry": 0, "partial order": 0, "violated": 0, "orbits": 0}


@settings(
    max_examples=EXAMPLES or 200,
    deadline=None,
    derandomize=EXAMPLES == 0,
    database=None,
    suppress_health_check=list(HealthCheck),
)
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
    symmetric = same(system, Strategy(symmetry=True), shortest=True)
    stubborn = same(system, Strategy(partial_order=True), shortest=False)
    LESS["symmetry"] += symmetric.states < full.states
    LESS["partial order"] += stubborn.states < full.states
    LESS["violated"] += full.verdict is Verdict.VIOLATED
    if full.states <= MOST_STATES:
        LESS["orbits"] += bool(orbits(system))


def test_random_verdicts() -> None:
    """So have random systems; the reductions do reduce, and many properties are violated."""
    _compare()
    assert EXAMPLES or (len(SEEN) > 80 and min(LESS.values()) > 5), (len(SEEN), LESS)


def test_what_partial_order_does_not_answer_is_refused() -> None:
    """Properties of steps and of runs are unknown under --por, with the reason."""
    system = library.find("winsock").system({"clients": 1, "sockets": 1})
    result = check(system, strategy=Strategy(partial_order=True))
    for question in system.flat.properties:
        answer = result.answer(question.property.name)
        assert (answer.verdict is Verdict.UNKNOWN) == (refusal(question) is not None)
        assert answer.verdict is not Verdict.UNKNOWN or "leave out --por" in answer.scope
