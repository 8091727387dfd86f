"""Bisimulation by its definition: the greatest relation in which each side can answer every event of the other."""

from __future__ import annotations

from tests.oracle.data import State
from tests.oracle.graph import Graph


def classes(graph: Graph) -> dict[State, int]:
    """Return the number of the class of each state: classes are split as long as somebody can tell their states apart.

    What tells them apart is an event with its arguments, its result and the copies that take part, and the class where
    it leads. What observers keep does not count, for no event depends on it.
    """
    found = dict.fromkeys(graph.depths, 0)
    while True:
        offers = {
            state: (found[state], frozenset((step.event, found[step.target]) for step in graph.steps(state)))
            for state in graph.depths
        }
        numbers = {offer: number for number, offer in enumerate(dict.fromkeys(offers.values()))}
        if len(numbers) == len(set(found.values())):
            return found
        found = {state: numbers[offer] for state, offer in offers.items()}


def unlike_initial(graph: Graph) -> list[State]:
    """Return the states that behave like no initial one, in the order of the search."""
    found = classes(graph)
    initial = {found[state] for state in graph.levels[0]}
    return [state for state in graph.depths if found[state] not in initial]
