"""A reachable state space as a networkx graph, for users' own analysis of small systems."""

from __future__ import annotations

import networkx

from quiesce.core.domains import shown
from quiesce.core.errors import SpecificationError
from quiesce.core.system import System
from quiesce.core.trace import State
from quiesce.core.verdicts import explore


def to_networkx(system: System, *, limit: int = 20_000) -> networkx.MultiDiGraph:
    """Return the reachable states of a system as a directed multigraph with an edge for each transition.

    A node is a state, the tuple of its values; it has `depth`, `initial`, and `values`, cell name -> value. An edge has
    `trigger`, `result`, `arguments` and `participants`. A step that leaves a domain has no edge. The reference
    interpreter explores, so the graph is meant to be small: raises SpecificationError (Q48) beyond `limit` states.
    """
    explored = explore(system, max_states=limit + 1)
    if explored.found.stopped is not None or explored.found.states > limit:
        raise SpecificationError(
            "Q48",
            f"{system.name} has more than {limit:,} states: too many for a graph of Python objects",
            hint="choose smaller parameters, or give a larger limit=",
        )
    graph = networkx.MultiDiGraph(name=system.name)
    for depth, level in enumerate(explored.levels):
        for state in level:
            graph.add_node(state, depth=depth, initial=depth == 0, values=_values(system, state))
    for state, steps in explored.successors.items():
        for step in steps:
            if step.target is not None:
                label = step.label
                graph.add_edge(
                    state,
                    step.target,
                    trigger=label.trigger,
                    result=label.result,
                    arguments=dict(label.arguments),
                    participants=label.participants,
                )
    return graph


def _values(system: System, state: State) -> dict[str, str]:
    return {cell.label: shown(value) for cell, value in zip(system.flat.cells, state, strict=True)}
