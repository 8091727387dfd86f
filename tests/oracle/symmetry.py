"""Symmetry by brute force: every exchange of copies is applied to the whole graph, and orbits are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from tests.oracle.data import Copy, State, Step, System, Value, nodes
from tests.oracle.graph import Graph
from tests.oracle.meaning import Meaning

Exchange = Mapping[str, Sequence[int]]
"""For each machine, what number each copy gets."""


@dataclass(frozen=True)
class Orbits:
    """How many orbits the reachable states have, and how many transitions one state of each has together."""

    orbits: int
    transitions: int


def exchanges(system: System, names: Sequence[str]) -> Iterator[Exchange]:
    """Yield every exchange of the copies of some machines."""
    orders = [list(permutations(range(system.machine(name).copies or 0))) for name in names]
    for chosen in product(*orders):
        yield dict(zip(names, chosen, strict=True))


def moved_value(value: Value, exchange: Exchange) -> Value:
    """Return what becomes of a value."""
    if isinstance(value, Copy) and value.machine in exchange:
        return Copy(value.machine, exchange[value.machine][value.number])
    return value


def moved_state(meaning: Meaning, state: State, exchange: Exchange) -> State:
    """Return what becomes of a state: each copy's values go to another copy, and names are changed in them."""
    target = list(state)
    for cell, value in zip(meaning.cells, state, strict=True):
        copy = cell.copy
        if cell.machine in exchange and copy is not None:
            copy = exchange[cell.machine][copy]
        target[meaning.places[cell.machine, copy, cell.variable.name]] = moved_value(value, exchange)
    return tuple(target)


def moved_step(meaning: Meaning, step: Step, exchange: Exchange) -> tuple[object, ...]:
    """Return what becomes of a step: its trigger, its result and its target.

    Who takes part, and with which arguments, is asked about by properties alone, and those are compared on their own.
    """
    target = None if step.target is None else moved_state(meaning, step.target, exchange)
    return step.trigger, step.result, target


def is_exchangeable(graph: Graph, name: str) -> bool:
    """Tell whether the copies of a machine may be exchanged: each exchange makes the graph into itself."""
    return all(_is_kept(graph, exchange) for exchange in exchanges(graph.system, [name]))


def _is_kept(graph: Graph, exchange: Exchange) -> bool:
    meaning = graph.meaning
    nothing: Exchange = {}
    if {moved_state(meaning, state, exchange) for state in graph.levels[0]} != set(graph.levels[0]):
        return False
    for state in graph.depths:
        moved = moved_state(meaning, state, exchange)
        if moved not in graph.depths or meaning.rests(state) != meaning.rests(moved):
            return False
        here = Counter(moved_step(meaning, step, exchange) for step in graph.steps(state))
        if here != Counter(moved_step(meaning, step, nothing) for step in graph.steps(moved)):
            return False
    return True


def unnamed(system: System) -> list[str]:
    """Return the machines with several copies of which no row, no initial value and no place of rest picks one out."""
    several = [machine.name for machine in system.machines if (machine.copies or 0) > 1]
    return [name for name in several if not _is_named(system, name)]


def _is_named(system: System, name: str) -> bool:
    said = [system.initially, system.rest or system.initially]
    for machine in system.machines:
        for variable in machine.variables:
            values = [value for value in variable.values if isinstance(value, Copy) and value.machine == name]
            first = [value for value in variable.initial if value in values]
            if 0 < len(first) < len(values):
                return True
        said += [part for row in machine.rows for part in (row.when, *[effect for _, effect in row.then])]
    return any(
        node[0] == "const" and isinstance(node[1], Copy) and node[1].machine == name
        for expression in said
        for node in nodes(expression)
    )


def counted(graph: Graph, names: Sequence[str]) -> Orbits:
    """Return the orbits of the reachable states under all exchanges of the copies of some machines."""
    least: dict[State, State] = {}
    for state in graph.depths:
        if state not in least:
            for exchange in exchanges(graph.system, names):
                least[moved_state(graph.meaning, state, exchange)] = state
    ones = set(least.values())
    return Orbits(len(ones), sum(len(graph.steps(state)) for state in ones))
