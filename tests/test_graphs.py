"""The networkx graph of a system, and what networkx says of it beside what the engine says."""

from __future__ import annotations

import networkx
import pytest

from quiesce import SpecificationError, library
from quiesce.bridges.graphs import to_networkx
from quiesce.core.properties import PropertyKind
from quiesce.core.reference import Scope, evaluate
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check

SMALL: list[tuple[str, dict[str, object]]] = [
    ("winsock", {"clients": 1, "sockets": 1}),
    ("winsock", {"clients": 1, "sockets": 1, "defect": "M34"}),
    ("chain", {"layers": 3, "start": "lazy"}),
    ("chain", {"layers": 2, "defect": "M50"}),
    ("chain", {"layers": 1, "defect": "M51"}),
    ("ssp_race", {"owner": "may free"}),
]


@pytest.fixture(params=SMALL, ids=lambda given: f"{given[0]} {given[1]}")
def system(request: pytest.FixtureRequest) -> System:
    """Return a small system of the library."""
    model, parameters = request.param
    return library.find(model).system(parameters)


def test_graph_has_the_counts_of_the_search(system: System) -> None:
    """Nodes are the states, edges the transitions, and the greatest depth is the search's."""
    graph, result = to_networkx(system), check(system)
    assert (len(graph), graph.size()) == (result.states, result.transitions)
    assert max(depth for _, depth in graph.nodes(data="depth")) == result.depth


def test_depths_are_shortest_distances(system: System) -> None:
    """A node's depth is its distance from the nearest initial state, as networkx computes it."""
    graph = to_networkx(system)
    initial = [state for state, first in graph.nodes(data="initial") if first]
    distance = networkx.multi_source_dijkstra_path_length(graph, set(initial), weight=None)
    assert distance == dict(graph.nodes(data="depth"))


def test_always_possible_is_reachability_in_the_graph(system: System) -> None:
    """AG EF p holds exactly where every node is a goal or an ancestor of one; the trace leads to one that is not."""
    graph, result = to_networkx(system), check(system)
    asked = [answer for answer in result.properties if answer.property.kind is PropertyKind.ALWAYS_POSSIBLE]
    for answer in asked:
        goals = [at for at in graph if evaluate(answer.property.formula, Scope(system=system, state=at))]
        fine = set(goals).union(*(networkx.ancestors(graph, goal) for goal in goals))
        assert (answer.verdict is Verdict.HOLDS) == (fine == set(graph))
        if answer.trace is not None:
            nearest = min(graph.nodes[state]["depth"] for state in set(graph) - fine)
            assert answer.trace.last not in fine
            assert answer.trace.length == nearest


def test_too_many_states_are_refused() -> None:
    """A space larger than the limit is refused with a remedy."""
    with pytest.raises(SpecificationError) as refused:
        to_networkx(library.find("winsock").system({"clients": 1, "sockets": 1}), limit=100)
    assert str(refused.value) == (
        "Q48 winsock has more than 100 states: too many for a graph of Python objects\n"
        "  choose smaller parameters, or give a larger limit="
    )
