"""Fairness: rows of one copy that no fair run passes over forever, and the fair cycles of a graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.oracle.data import Question, Step, System

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True)
class Fair:
    """A row of one copy that is fair, weakly or strongly; the copy is None for a single machine and for every copy."""

    machine: str
    row: int
    copy: int | None
    strength: str

    def takes(self, step: Step) -> bool:
        """Tell whether a step is by this row of this copy."""
        return any((part.machine, part.row, part.copy) == (self.machine, self.row, self.copy) for part in step.parts)


def fair_rows(system: System, question: Question) -> list[Fair]:
    """Return what is fair in a question: what it assumes, or else what the rows say."""
    found = []
    for machine in system.machines:
        for number, row in enumerate(machine.rows):
            strength = row.fair
            if question.assuming is not None:
                assumed = [given for trigger, given in question.assuming if trigger == row.trigger]
                strength = "strong" if "strong" in assumed else assumed[0] if assumed else None
            if strength is not None and not machine.observer:
                copies = (None,) if row.every else machine.numbers
                found += [Fair(machine.name, number, copy, strength) for copy in copies]
    return found


def components(nodes: Iterable[Node], following: Callable[[Node], Iterable[Node]]) -> list[set[Node]]:
    """Return the strongly connected components of the graph of some nodes.

    By reachability there and back: two passes, the second against the edges in the order in which the first ended
    (Kosaraju's).
    """
    inside = set(nodes)
    before: dict[Node, list[Node]] = {node: [] for node in inside}
    for node in inside:
        for after in following(node):
            if after in inside:
                before[after].append(node)
    left = set(inside)
    found = []
    for node in reversed(_finished(inside, following)):
        if node in left:
            component = _reached(node, left, before)
            left -= component
            found.append(component)
    return found


def _finished(inside: set[Node], following: Callable[[Node], Iterable[Node]]) -> list[Node]:
    """Return the nodes in the order in which a depth-first search leaves them."""
    seen: set[Node] = set()
    order: list[Node] = []
    for root in inside:
        stack = [(root, iter(following(root)))] if root not in seen else []
        seen.add(root)
        while stack:
            node, after = stack[-1]
            unseen = next((one for one in after if one in inside and one not in seen), None)
            if unseen is None:
                order.append(node)
                stack.pop()
            else:
                seen.add(unseen)
                stack.append((unseen, iter(following(unseen))))
    return order


def _reached(root: Node, inside: set[Node], following: Mapping[Node, Sequence[Node]]) -> set[Node]:
    found, waiting = {root}, [root]
    while waiting:
        for node in following[waiting.pop()]:
            if node in inside and node not in found:
                found.add(node)
                waiting.append(node)
    return found


@dataclass(frozen=True)
class Edge:
    """An edge of a product: where it leads, by which step, and what it puts off."""

    target: Hashable
    step: Step
    put_off: frozenset[object]


def fair_nodes(
    nodes: Iterable[Node],
    edges: Mapping[Node, Sequence[Edge]],
    steps: Callable[[Node], Sequence[Step]],
    promises: Sequence[object],
    fair: Sequence[Fair],
) -> Iterator[set[Node]]:
    """Yield sets of nodes in which a run can go round fairly forever and keep every promise.

    Such a set is strongly connected, has for each promise an edge that does not put it off, for each row that is weakly
    fair a step by it or a state where it is not enabled, and for each that is strongly fair a step by it or no state
    where it is enabled. Where the last is missing, what is left without those states is looked at again.
    """
    for component in components(nodes, lambda node: [edge.target for edge in edges[node]]):
        inner = [edge for node in component for edge in edges[node] if edge.target in component]
        if not inner or any(all(promise in edge.put_off for edge in inner) for promise in promises):
            continue
        passed = [one for one in fair if not any(one.takes(edge.step) for edge in inner)]
        enabled = {one: {node for node in component if any(map(one.takes, steps(node)))} for one in passed}
        if any(one.strength == "weak" and len(enabled[one]) == len(component) for one in passed):
            continue
        waiting = [one for one in passed if one.strength == "strong" and enabled[one]]
        if not waiting:
            yield component
        else:
            rest = component.difference(*[enabled[one] for one in waiting])
            yield from fair_nodes(rest, edges, steps, promises, fair)
