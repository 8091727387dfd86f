"""Refinement: every step of the concrete system is an abstract step or a stutter, or is shown.

Expected values come from the definition: the reference interpreter walks both systems, state by state.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import Phase, given, note, reject, settings
from hypothesis import strategies as st

from quiesce import F, G, Machine, System, Term, deadlock, enabled, library
from quiesce.core.errors import SpecificationError
from quiesce.core.expressions import FALSE
from quiesce.core.properties import Refinement
from quiesce.core.reference import steps
from quiesce.core.result import Refined, Verdict
from quiesce.core.system import System as SystemData
from quiesce.core.trace import State
from quiesce.core.verdicts import Explored, explore
from quiesce.engines.options import Limits
from quiesce.engines.refinement import refine
from quiesce.language.systems import unobserved
from quiesce.show import comparisons
from tests.strategies import DRAWING, described, systems

MOST_STATES = 120
EXAMPLES = int(os.environ.get("QUIESCE_RANDOM_SYSTEMS", "250"))


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


# -- by the definition ------------------------------------------------------------------------------------------------


def kept(system: SystemData, state: State) -> State:
    """Return a state without what observers keep."""
    return tuple(
        value for cell, value in zip(system.flat.cells, state, strict=True) if not system.by_name[cell.machine].observer
    )


def refused_at(concrete: SystemData, levels: tuple[tuple[State, ...], ...], abstract: SystemData) -> int | None:
    """Return after how many steps the concrete system first does what the abstract one cannot; else None."""
    if not {kept(concrete, state) for state in levels[0]} <= set(explore(abstract, max_states=0).levels[0]):
        return 0
    for depth, level in enumerate(levels):
        for state in level:
            before = kept(concrete, state)
            below = {step.target for step in steps(abstract, before)}
            for step in steps(concrete, state):
                if step.target is not None and kept(concrete, step.target) not in below | {before}:
                    return depth + 1
    return None


def with_row_removed(system: SystemData, number: int) -> SystemData:
    """Return a system in which one row of some machine is never enabled."""
    places = [(machine.name, row) for machine in system.machines for row in range(len(machine.rows))]
    name, chosen = places[number % len(places)]
    return replace(
        system,
        machines=tuple(
            machine
            if machine.name != name
            else replace(
                machine,
                rows=tuple(replace(row, guard=FALSE) if at == chosen else row for at, row in enumerate(machine.rows)),
            )
            for machine in system.machines
        ),
    )


def leaves_a_domain(explored: Explored) -> bool:
    """Tell whether some step leaves a domain."""
    return any(step.departure for taken in explored.successors.values() for step in taken)


SEEN: dict[str, Verdict] = {}


@settings(DRAWING, max_examples=EXAMPLES, phases=[Phase.generate])
@given(systems(), st.integers(0, 40))
def _compare(written: System, number: int) -> None:
    concrete = written.build()
    note(described(concrete))
    if described(concrete) in SEEN:
        return
    try:
        explored = explore(concrete, max_states=MOST_STATES)
        abstract = unobserved(with_row_removed(concrete, number), [])
    except SpecificationError:
        reject()
    if explored.found.stopped or explored.found.states < 4:
        return
    claim = Refinement(model="abstract", parameters={}, values={}, liveness=(), place=concrete.place)
    result = refine(concrete, claim, abstract)
    wanted = refused_at(concrete, explored.levels, abstract)
    below = explore(abstract)
    departs = leaves_a_domain(explored) or leaves_a_domain(below)
    assert result.verdict is (Verdict.VIOLATED if wanted is not None else Verdict.UNKNOWN if departs else Verdict.HOLDS)
    if result.trace is not None:
        assert result.trace.length == wanted
        assert comparisons.refinement(result).startswith("VIOLATED")
    SEEN[described(concrete)] = result.verdict
    departs = leaves_a_domain(explored)
    own = refine(concrete, claim, unobserved(concrete, []))
    assert own.verdict is (Verdict.UNKNOWN if departs else Verdict.HOLDS)


def test_random_systems_with_a_row_removed() -> None:
    """A system refines itself; with a row taken from the abstract one, the first step that it lacks is found."""
    _compare()
    verdicts = list(SEEN.values())
    assert min(map(verdicts.count, Verdict)) >= 5, {verdict: verdicts.count(verdict) for verdict in Verdict}


# -- mappings ---------------------------------------------------------------------------------------------------------


def clock(hours: int, *, broken: bool = False) -> System:
    """Return a clock of hours and minutes of three, whose hours are another clock."""
    machine = Machine("clock")
    hour, minute = machine.count("hour", up_to=hours - 1), machine.count("minute", up_to=2)
    machine.step("ticks", when=minute < 2, then={minute: minute + 1}, fair="weak")
    last = hour == hours - 1
    machine.step("strikes", when=(minute == 2) & ~last, then={minute: 0, hour: hour + 1}, fair="weak")
    machine.step("midnight", when=(minute == 2) & last, then={minute: 0, hour: 0}, fair="weak")
    if broken:
        machine.step("jumps", when=(minute == 1) & (hour == 1), then={hour: 3})
    system = System("clock", machine)
    system.refines("hours", {"face.hand": hour}, liveness=["midnight"])
    return system


def hours(hours: int) -> System:
    """Return a clock without minutes."""
    machine = Machine("face")
    hand = machine.count("hand", up_to=hours - 1)
    machine.step("moves", when=hand < hours - 1, then={hand: hand + 1})
    machine.step("midnight", when=hand == hours - 1, then={hand: 0})
    system = System("hours", machine)
    system.leads_to("midnight comes", hand > 0, hand == 0, id="midnight")
    return system


def compared(concrete: System, abstract: System, **limits: int) -> Refined:
    """Compare two systems by the only claim of the first."""
    built = concrete.build()
    claim = built.refinements[0]
    return refine(built, claim, unobserved(abstract.build(), claim.liveness), limits=Limits(**limits))


def test_minutes_are_stutters() -> None:
    """A clock with minutes refines one without: of twelve steps four move its hand, and midnight comes to both."""
    result = compared(clock(4), hours(4))
    assert result.verdict is Verdict.HOLDS
    assert result.scope == "all 12 states, 12 steps, 8 of which change nothing there"
    assert result.coverage == "4 of 4 states, 4 of 4 steps"
    assert [answer.verdict for answer in result.liveness] == [Verdict.HOLDS]


def test_the_run_is_right_behind_states_where_nothing_can_happen() -> None:
    """A state without steps, found before the clock jumps, does not shift the run to the jump."""
    machine = Machine("clock")
    hour, stuck = machine.count("hour", up_to=3), machine.flag("stuck")
    machine.step("breaks", when=(hour == 0) & ~stuck, then={stuck: True})
    machine.step("strikes", when=(hour < 2) & ~stuck, then={hour: hour + 1})
    machine.step("jumps", when=hour == 2, then={hour: 0})
    system = System("clock", machine)
    system.refines("hours", {"face.hand": hour})
    result = compared(system, hours(4))
    assert result.trace is not None
    assert [step.label.trigger for step in result.trace.steps] == ["clock.strikes"] * 2 + ["clock.jumps"]


def test_coverage_tells_what_never_occurs() -> None:
    """A clock of four hours is no more than part of one of six."""
    result = compared(clock(4), hours(6))
    assert result.verdict is Verdict.VIOLATED  # from three it goes to zero
    assert result.trace is not None
    assert result.trace.length == 12
    assert result.images == ((3,), (0,))


def test_a_step_that_the_poorer_lacks_is_shown() -> None:
    """After five steps the broken clock jumps from one to three, which no clock does: both states are shown."""
    result = compared(clock(4, broken=True), hours(4))
    assert (result.scope, result.images) == ("step 5", ((1,), (3,)))
    told = comparisons.refinement(result)
    assert "jumps" in told
    assert "in hours: face.hand=1" in told
    assert "the step makes face.hand=3" in told
    assert "hours can do there: moves" in told


def test_liveness_that_is_lost_is_told() -> None:
    """A clock that may wait forever refines one that is claimed to come to midnight, but does not come to it."""
    machine = Machine("clock")
    hour = machine.count("hour", up_to=1)
    machine.step("waits")
    machine.step("strikes", then={hour: 1 - hour})
    system = System("clock", machine)
    system.refines("hours", {"face.hand": hour}, liveness=["midnight"])
    result = compared(system, hours(2))
    assert result.verdict is Verdict.HOLDS
    assert [answer.verdict for answer in result.liveness] == [Verdict.VIOLATED]


def counting(top: int) -> System:
    """Return a system that goes between two states and counts twice; with room for less than two it leaves a domain."""
    machine = Machine("m", states=["a", "b"])
    count = machine.count("n", up_to=top)
    machine.step("go", source="a", dest="b", then={count: count + 1}, when=count < 2)
    machine.step("back", source="b", dest="a", when=count < 2)
    system = System("counting", machine)
    system.refines("cycle", {}, liveness=["back", "early"])
    return system


def cycle() -> System:
    """Return two states that follow each other forever."""
    machine = Machine("m", states=["a", "b"])
    machine.step("go", source="a", dest="b")
    machine.step("back", source="b", dest="a")
    system = System("cycle", machine)
    system.holds("comes back", G(F(machine.state == "a")), id="back", assuming=[])
    system.holds("never b", G(machine.state == "a"), id="early", assuming=[])
    return system


@pytest.mark.parametrize("top", [1, 2])
def test_a_step_out_of_a_domain_leaves_all_open_but_what_a_run_decides(top: int) -> None:
    """Counted to the end it rests in b; where the counter has no room, nobody knows, but that b comes is known."""
    result = compared(counting(top), cycle())
    verdicts = [result.verdict, *(answer.verdict for answer in result.liveness)]
    lost = [Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.VIOLATED]
    assert verdicts == (lost if top == 1 else [Verdict.HOLDS, Verdict.VIOLATED, Verdict.VIOLATED])


@pytest.mark.parametrize("formula", [G(~deadlock), F(enabled("m.back"))], ids=["deadlock", "enabled"])
def test_what_is_enabled_in_the_poorer_system_is_not_asked_of_the_richer(formula: Term) -> None:
    """A run of the concrete system may end where its image goes on: so such a claim is refused."""
    abstract = cycle()
    abstract.holds("goes on", formula, id="on")
    concrete = counting(2)
    concrete.refines("cycle", {}, liveness=["on"])
    built = concrete.build()
    with pytest.raises(SpecificationError, match="deadlocks or what is enabled"):
        refine(built, built.refinements[1], unobserved(abstract.build(), ["on"]))


def test_an_unfinished_search_is_no_answer() -> None:
    """With a limit there is no verdict."""
    assert compared(clock(4), hours(4), max_states=2).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("top", [0, 1, 2])
def test_a_chain_refines_no_shorter_one(top: int) -> None:
    """A step to what the shorter chain never reaches is none of its steps, whatever its numbers are: refused there."""

    def chain(name: str, most: int) -> System:
        machine = Machine("m")
        x = machine.count("x", up_to=3)
        machine.step("up", when=x < most, then={x: x + 1})
        return System(name, machine)

    concrete = chain("concrete", 3)
    concrete.refines("abstract", {})
    built = concrete.build()
    result = refine(built, built.refinements[0], unobserved(chain("abstract", top).build(), []))
    assert (result.verdict, result.trace and result.trace.length) == (Verdict.VIOLATED, top + 1)


def test_a_step_out_of_the_abstract_domains_is_no_step_there() -> None:
    """A value that the abstract system's variable cannot have is no state of it, nor that with its least value."""

    def leaping(name: str, most: int) -> System:
        machine = Machine("m")
        x = machine.count("x", up_to=most)
        machine.step("leap", when=x == 0, then={x: 3})
        machine.step("up", when=x < 3, then={x: x + 1})
        machine.step("again", when=x == 3, then={x: 0})
        if most > 3:
            machine.step("over", when=x == 3, then={x: 4})
        return System(name, machine)

    concrete = leaping("concrete", 4)
    concrete.refines("abstract", {})
    built = concrete.build()
    result = refine(built, built.refinements[0], unobserved(leaping("abstract", 3).build(), []))
    assert (result.verdict, result.trace and result.trace.length) == (Verdict.VIOLATED, 2)


# -- the library ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"open_at_cleanup": "reset"},
        {"network_down": "refused"},
        {"timeout": False},
        {"clients": 2, "operations": 0},
        {"sockets": 2, "operations": 0, "starts": 1},
    ],
    ids=str,
)
def test_w1_refines_w0(settings: dict[str, object]) -> None:
    """The full call semantics does nothing that the seeds' contract does not do, and comes to rest as it does."""
    result = claimed("winsock_full", settings)
    assert result.verdict is Verdict.HOLDS
    assert all(answer.verdict is Verdict.HOLDS for answer in result.liveness)
    assert bool(result.liveness) == (settings != {"timeout": False})


W3 = [("threads", {}), ("threads", {"threads": 3}), ("threads", {"starts": 2})]
W2 = [("ws2_32", {}), ("ws2_32", {"layers": 2, "starts": 1}), ("ws2_32", {"sockets": 2, "starts": 1})]


@pytest.mark.parametrize(("model", "settings"), [*W2, *W3], ids=str)
def test_w2_and_w3_refine_w0(model: str, settings: dict[str, object]) -> None:
    """A layer under Ws2_32.dll, and a provider in the hands of threads, do nothing that W0 does not do."""
    assert claimed(model, settings).verdict is Verdict.HOLDS


REFUSED = [
    ("winsock_full", {"operations": 0, "starts": 1, "defect": name}) for name in ("M06", "M09", "M21", "M31", "M46")
]
REFUSED += [("ws2_32", {"starts": 1, "defect": "M13"})]
REFUSED += [("threads", {"defect": name}) for name in ("M16", "M17", "M48")]


@pytest.mark.parametrize(("model", "settings"), REFUSED, ids=str)
def test_defects_do_not_refine_w0(model: str, settings: dict[str, object]) -> None:
    """A provider that does what W0 forbids is told so, with a run to the step."""
    assert claimed(model, settings).verdict is Verdict.VIOLATED


def claimed(model: str, settings: dict[str, object]) -> Refined:
    """Compare a model of the library with the one that it claims to refine."""
    concrete = library.find(model).system(settings)
    claim = concrete.refinements[0]
    return refine(concrete, claim, unobserved(library.find(claim.model).system(claim.parameters), claim.liveness))
