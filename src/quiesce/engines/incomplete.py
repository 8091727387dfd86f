"""The graph of a search in which steps left a domain: one more node stands for what comes after them, and is unknown.

A departing step keeps its place among the edges, with its row, for fairness asks what is enabled. It leads to the node
`outside`, the last one, where every run is lost from sight. What is decided by the runs that stay inside is decided.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quiesce.engines.graph import Graph, Numbers, States
from quiesce.engines.protocol import ExploredGraph


class Departures:
    """The steps of a finished search that leave a domain: from which states, by which joint rows."""

    def __init__(self, space: ExploredGraph) -> None:
        sources: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        rows: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        for number, states in space.departing():
            found = np.flatnonzero(states)
            sources.append(found)
            rows.append(np.full(len(found), number, dtype=np.int64))
        listed, by_row = np.concatenate(sources), np.concatenate(rows)
        order = np.argsort(listed, kind="stable")
        self.count, self.sources, self.rows = space.count, listed[order], by_row[order].astype(np.uint32)

    def added_to(self, graph: Graph) -> Graph:
        """Return a graph with these steps, behind the other edges of their states, and with the node outside."""
        after = graph.offsets[self.sources + 1]
        more = np.bincount(self.sources, minlength=self.count)
        offsets = np.append(graph.offsets + np.concatenate([[0], np.cumsum(more)]), 0)
        offsets[-1] = offsets[-2]
        targets: Numbers = np.insert(graph.targets, after, np.uint32(self.count))
        return Graph(
            offsets, targets, lambda: np.insert(graph.rows, after, self.rows), graph.silence, outside=self.count
        )

    def among(self, graph: Graph, truth: States) -> States:
        """Return a truth of the edges of a graph as one of the edges with these steps, of which it is false."""
        found: States = np.insert(truth, graph.offsets[self.sources + 1], False)
        return found
