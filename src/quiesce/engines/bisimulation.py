"""Bisimulation by partition refinement (Kanellakis and Smolka, Information and Computation 86, 1990, §3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.fairness import FairnessConstraint
from quiesce.core.flat import Event, JointRow
from quiesce.engines.graph import Graph
from quiesce.engines.native.loaded import module

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import graph as kernels
else:
    kernels = module("graph")


@dataclass(frozen=True, slots=True)
class Partition:
    """The block of each state, and after how many rounds nothing was split any more."""

    block: NDArray[np.uint32]
    rounds: int


def partition(graph: Graph, rows: Sequence[JointRow], fair: Collection[FairnessConstraint] = ()) -> Partition:
    """Return the classes of bisimilar states of a graph.

    Two joint rows are the same label if they have the same event and take the same of some fair units: then bisimilar
    states have the same fair runs, too.
    """
    numbers: dict[tuple[Event, frozenset[FairnessConstraint]], int] = {}
    seen = [(row.event, frozenset(unit for unit in fair if unit.takes_part(row.participants))) for row in rows]
    names = np.array([numbers.setdefault(label, len(numbers)) for label in seen] or [0], dtype=np.uint32)
    labels = names[graph.rows]
    block = np.zeros(graph.count, dtype=np.uint32)
    blocks, rounds = 1, 0
    while True:
        block, found = kernels.refined(graph.offsets, graph.targets, labels, block)
        if found == blocks:
            return Partition(block, rounds)
        blocks, rounds = found, rounds + 1
