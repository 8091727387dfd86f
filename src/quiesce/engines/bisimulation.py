"""Bisimulation by partition refinement (Kanellakis and Smolka, Information and Computation 86, 1990, §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quiesce.core.system import Event, JointRow
from quiesce.engines.graph import Graph
from quiesce.engines.native import graph_kernels as kernels


@dataclass(frozen=True, slots=True)
class Partition:
    """The block of each state, and after how many rounds nothing was split any more."""

    block: NDArray[np.uint32]
    rounds: int


def partition(graph: Graph, rows: Sequence[JointRow]) -> Partition:
    """Return the classes of bisimilar states of a graph; two joint rows with the same event are the same label."""
    numbers: dict[Event, int] = {}
    names = np.array([numbers.setdefault(row.event, len(numbers)) for row in rows] or [0], dtype=np.uint32)
    labels = names[graph.rows]
    block = np.zeros(graph.count, dtype=np.uint32)
    blocks, rounds = 1, 0
    while True:
        block, found = kernels.refined(graph.offsets, graph.targets, labels, block)
        if found == blocks:
            return Partition(block, rounds)
        blocks, rounds = found, rounds + 1
