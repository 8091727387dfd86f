"""Mutants: which there are, which are noticed, and which behave as the system does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

import networkx as nx
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from quiesce import Machine, SpecificationError, System, campaign, library
from quiesce.core.fairness import FairnessConstraint, units
from quiesce.core.mutants import Campaign, MutantResult
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.verdicts import Explored, explore
from quiesce.engines.mutating import as_fair, bisimilar, judge
from quiesce.engines.native.journal import Journal
from quiesce.engines.options import Limits
from quiesce.language.mutations import mutants, mutated
from quiesce.show import comparisons
from tests.documents import ROOT
from tests.strategies import DRAWING, described, systems
from tests.test_bisimulation import moves, reached, told_apart

LIMITS = Limits()


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def test_the_mutants_of_a_small_system() -> None:
    """Each operator of the list is applied wherever it can be, in the order of the rows, then to the initial values."""
    machine = Machine("counter", states=["running", "stopped"])
    x, lit = machine.count("x", up_to=2), machine.flag("lit")
    machine.step("up", source="running", when=(x < 2) & ~lit, then={x: x + 1}, fair="weak")
    machine.on("ask", dest="stopped", then={lit: True}, returns=["yes", "no"])
    machine.on("ask", source="stopped", returns="never")
    built = System("s", machine).build()
    found = [(mutant.kind, mutant.what) for mutant in mutants(built)]
    assert all(mutant.machines != built.machines for mutant in mutants(built)), "a mutant changes something"
    dropped = next(mutant for mutant in mutants(built) if mutant.what == "x is not changed")
    assert dropped.machines[0].rows[0].effects == ()
    assert found == [
        ("row", "the row is dropped"),
        ("guard", "counter.x < 2 is dropped"),
        ("guard", "counter.x < 2 is negated"),
        ("guard", "not counter.lit is dropped"),
        ("guard", "not counter.lit is negated"),
        ("source", "from every state"),
        ("effect", "x is not changed"),
        ("effect", "x becomes counter.x + 1 + 1"),
        ("effect", "x becomes counter.x + 1 - 1"),
        ("fairness", "fairness is gone"),
        ("row", "the row is dropped"),
        ("dest", "stays where it is"),
        ("dest", "goes to running"),
        ("effect", "lit is not changed"),
        ("effect", "lit becomes false"),
        ("result", "never returns yes"),
        ("result", "never returns no"),
        ("result", "returns never instead"),
        ("row", "the row is dropped"),
        ("source", "from every state"),
        ("result", "returns yes instead"),
        ("result", "returns no instead"),
        ("initial", "state starts as stopped"),
        ("initial", "x starts as 1"),
        ("initial", "lit starts as true"),
    ]


SEEN: dict[str, bool] = {}


@settings(DRAWING, max_examples=250, phases=[Phase.generate])
@given(systems(), st.integers(0, 2**16))
def _compare(written: System, number: int) -> None:
    system = written.build()
    every = [mutant for mutant in mutants(system) if mutant.kind != "fairness"]
    if not every:
        return
    chosen = every[number % len(every)]
    note(described(system))
    note(f"{chosen.what}: {chosen.before} / {chosen.after}")
    try:
        other = mutated(system, chosen)
        sides = [reached(side) for side in (system, other)]
    except SpecificationError:
        return
    if any(side is None for side in sides):
        return
    can = {}
    for at, side in enumerate(sides):
        assert side is not None
        for state, events in moves(side[1]).items():
            can[at, state] = {event: {(at, target) for target in targets} for event, targets in events.items()}
    apart = told_apart(can)  # type: ignore[arg-type]
    firsts = [[(at, state) for state in side[0][0]] for at, side in enumerate(sides) if side is not None]

    def alike(one: object, two: object) -> bool:
        return (one, two) not in apart and (two, one) not in apart

    expected = all(any(alike(one, two) for two in firsts[1]) for one in firsts[0]) and all(
        any(alike(one, two) for one in firsts[0]) for two in firsts[1]
    )
    assert bisimilar(system, other) == expected
    SEEN[described(system) + chosen.what] = expected


def test_equivalent_is_bisimilar() -> None:
    """A mutant is called equivalent where the greatest bisimulation on the states of both relates their first ones."""
    _compare()
    verdicts = list(SEEN.values())
    assert min(verdicts.count(True), verdicts.count(False)) >= 15, (verdicts.count(True), verdicts.count(False))


@pytest.mark.parametrize(
    ("found", "survives"),
    [
        (MutantResult(), True),
        (MutantResult(equivalent=False), True),
        (MutantResult(equivalent=True), False),
        (MutantResult(refused=True), False),
        (MutantResult(killed_by=("P",)), False),
    ],
)
def test_a_mutant_survives_where_nothing_tells_it_apart(found: MutantResult, survives: bool) -> None:
    """It is noticed by a property or by the language, or it is no other system; else it survives."""
    assert found.survives is survives


def test_what_notices_a_mutant() -> None:
    """A mutant is noticed by the properties that it breaks; without a property only an equivalent one is no loss."""
    machine = Machine("lamp", states=["off", "on"])
    machine.step("switch on", source="off", dest="on")
    machine.step("switch off", source="on", dest="off")
    system = System("lamp", machine)
    every = list(mutants(system.build()))
    blind = [judge(system.build(), mutated(system.build(), mutant), LIMITS) for mutant in every]
    assert all(found.survives != bool(found.equivalent) for found in blind)
    lit = machine.state == "on"
    system.always_possible("it can be lit", lit, id="lit")
    system.always_possible("it can be dark", ~lit, id="dark")
    told = {
        mutant.what: judge(system.build(), mutated(system.build(), mutant), LIMITS).killed_by
        for mutant in every
        if mutant.place.line == every[0].place.line and mutant.kind in ("row", "dest")
    }
    assert told == {
        "the row is dropped": ("lit",),
        "stays where it is": ("lit",),
        "goes to off": ("lit",),
    }


@pytest.mark.parametrize("of_runs", [False, True])
def test_a_step_that_moves_to_an_unfair_row_makes_a_difference_to_runs(of_runs: bool) -> None:
    """Without the fair row the same events are possible, and none of them must come: a question about runs may ask."""
    machine = Machine("lamp", states=["off", "on"])
    machine.step("switch", source="off", dest="on", fair="weak")
    machine.step("switch", source=["off", "on"], dest="on")
    machine.step("wait", source="off")
    system = System("lamp", machine)
    if of_runs:
        system.holds("dark at first", machine.state == "off")
    built = system.build()
    dropped = next(mutant for mutant in mutants(built) if mutant.kind == "row")
    found = judge(built, mutated(built, dropped), LIMITS)
    assert not found.killed_by
    assert found.equivalent is not of_runs


MODEL = """
from quiesce import Machine, System

def lamp(*, top: int = 3) -> System:
    machine = Machine("lamp", states=["off", "on"])
    times = machine.count("times", up_to=top)
    machine.step("on", source="off", dest="on", when=times < top, then={times: times + 1})
    machine.step("off", source="on", dest="off")
    machine.step("rest", source="off", when=times == top)
    system = System("lamp", machine)
    system.sometimes("it is lit at last", (machine.state == "on") & (times == top))
    system.no_deadlock()
    return system
"""


def test_a_campaign_goes_on(tmp_path: Path) -> None:
    """Two processes find what one finds, and a journal that was torn is gone on with; another's, an altered one and one
    that another process has open are refused.
    """
    file, journal = tmp_path / "lamp.py", tmp_path / "journal"
    file.write_text(MODEL, encoding="utf-8")

    def found(jobs: int, kept: Path | None, **settings: object) -> Campaign:
        return campaign.run(campaign.Named(str(file), tuple(settings.items())), processes=jobs, journal=kept)

    first = found(1, None)
    assert found(2, journal).judged == first.judged
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == len(first.mutants) + 1
    journal.write_bytes(b"".join(lines[:5]) + lines[5][:9])
    assert found(1, journal).judged == first.judged
    with pytest.raises(SpecificationError, match="of another campaign"):
        found(1, journal, top=2)
    whole, random = b"".join(lines), Random(0)
    for _ in range(25):
        altered = bytearray(whole)
        altered[random.randrange(len(whole) - len(lines[-1]))] ^= 1 << random.randrange(8)
        journal.write_bytes(altered)
        with pytest.raises(SpecificationError, match="Q50"):
            found(1, journal)
    with closing(Journal(journal)), pytest.raises(SpecificationError, match=r"Q51.* in use by another process"):
        found(1, journal)
    told = comparisons.campaign(first)
    assert told.startswith(f"lamp(top=3): {len(first.mutants)} mutants")
    assert all(f"survives  {mutant.place}" in told for mutant, _ in first.survivors)


# -- fairness ---------------------------------------------------------------------------------------------------------

FAIR: dict[str, bool] = {}


@settings(DRAWING, max_examples=200, phases=[Phase.generate])
@given(systems(), st.integers(0, 2**16))
def _compare_fairness(written: System, seed: int) -> None:
    """Make some rows of a random system weakly fair, take one of these away, and compare with plain graphs."""
    random = Random(seed)
    try:
        drawn = written.build()
        if not drawn.machines:
            return
        rows = [(machine, row) for machine in written.machines if not machine.observer for row in machine.data().rows]
        chosen = [pair for pair in rows if random.random() < 0.5]
        if not chosen:
            return
        for machine in written.machines:
            picked = [row for owner, row in chosen if owner is machine]
            kept = [replace(row, fair="weak" if row in picked else None) for row in machine.data().rows]
            machine._rows[:] = kept
        system = written.build()
        found = explore(system, max_states=60)
    except SpecificationError:
        return
    if found.found.stopped is not None or any(step.departure for steps in found.successors.values() for step in steps):
        return
    weakened = [mutant for mutant in mutants(system) if mutant.kind == "fairness"]
    mutant = mutated(system, weakened[random.randrange(len(weakened))])
    nothing = Property(name="p", kind=PropertyKind.TEMPORAL)
    kept_units, lost = units(mutant, nothing), set(units(system, nothing)) - set(units(mutant, nothing))
    expected = not any(_unfair_loop(found, unit, kept_units) for unit in lost)
    assert as_fair(system, mutant) == expected
    FAIR[described(system) + str(sorted(map(str, lost)))] = expected


def _unfair_loop(found: Explored, unit: FairnessConstraint, kept: tuple[FairnessConstraint, ...]) -> bool:
    """Tell whether some loop keeps a unit enabled, never takes it, and is fair to the others, all of them weak.

    A loop inside a component takes all of its edges, if it may: the largest components decide.
    """
    enabled = {
        (one, state): any(one.takes_part(step.label.participants) for step in steps)
        for one in (unit, *kept)
        for state, steps in found.successors.items()
    }
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    for state, steps in found.successors.items():
        for step in steps:
            waits = enabled[unit, state] and not unit.takes_part(step.label.participants)
            if waits and step.target is not None and enabled[unit, step.target]:
                graph.add_edge(state, step.target, parts=step.label.participants)
    for component in nx.strongly_connected_components(graph):
        inside = graph.subgraph(component)
        if inside.number_of_edges() and all(
            any(one.takes_part(parts) for _, _, parts in inside.edges(data="parts"))
            or not all(enabled[one, state] for state in component)
            for one in kept
        ):
            return True
    return False


def test_less_fairness_is_equivalent_where_no_loop_passes_the_row_over() -> None:
    """The verdict is that of plain graphs: components in which the row is enabled and not taken, fair to the others."""
    _compare_fairness()
    verdicts = list(FAIR.values())
    assert min(verdicts.count(True), verdicts.count(False)) >= 10, (verdicts.count(True), verdicts.count(False))


def test_strong_fairness_that_weak_fairness_replaces() -> None:
    """A row that is enabled again and again needs strong fairness; one that stays enabled does not."""
    for flickers in (True, False):
        machine = Machine("m", states=["a", "b", "end"])
        machine.step("turn", source="a", dest="b")
        machine.step("return", source="b", dest="a")
        machine.step("finish", source="a" if flickers else ["a", "b"], dest="end", fair="strong")
        system = System("s", machine).build()
        mutant = next(mutant for mutant in mutants(system) if mutant.kind == "fairness")
        assert mutant.what == "fairness is weak"
        assert as_fair(system, mutated(system, mutant)) is not flickers


class Survivor(NamedTuple):
    """A mutant that docs/mutation.md explains: of which target, and its machine, change and row."""

    target: str
    machine: str
    what: str
    before: str


def survivors() -> list[Survivor]:
    """Return what the document explains, in its order."""
    text = (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8")
    _, _, explained = text.partition("one by one")
    found = []
    for section in explained.split("\n### ")[1:]:
        target = section.partition("\n")[0]
        rows = re.findall(r"^\| (\S+) \| (.+?) \| `(.+?)` \| .+ \|$", section, re.MULTILINE)
        found += [Survivor(target, *row) for row in rows]
    return found


@pytest.mark.parametrize("target", sorted({one.target for one in survivors()}))
def test_what_is_explained_survives(target: str) -> None:
    """A mutant of the library that the document explains is one, makes a difference, and breaks no property."""
    explained = {one[1:] for one in survivors() if one.target == target}
    system = library.find(target).system({})
    chosen = [mutant for mutant in mutants(system) if (mutant.machine, mutant.what, mutant.before) in explained]
    assert {(mutant.machine, mutant.what, mutant.before) for mutant in chosen} == explained
    for mutant in chosen:
        told = judge(system, mutated(system, mutant), LIMITS, fair=mutant.kind == "fairness")
        assert (told.killed_by, told.equivalent, told.refused) == ((), False, False), mutant.what
