"""An explored state space as a graph in arrays: forwards, backwards, with the joint row of each edge, without ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.engines.native.loaded import module

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import graph as kernels
else:
    kernels = module("graph")

States = NDArray[np.bool_]
"""A set of states: a truth value by state number."""
Offsets = NDArray[np.int64]
Numbers = NDArray[np.uint32]
NO_ROWS: Numbers = np.empty(0, dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class GraphPath:
    """A run on a graph without ends: a state, the edges taken from it, and the position to which the last returns.

    `loop` None: the run is cut off there, whatever comes next.
    """

    start: int
    edges: tuple[int, ...] = ()
    loop: int | None = None


class Graph:
    """The edges of a state space: the successors of state n are targets[offsets[n]:offsets[n + 1]].

    `number_rows` gives the joint row of each edge, when it is asked for. `outside` is the node of the steps that leave
    a domain, the last one, where there are any: no run ends there, and none goes on that anybody knows.
    """

    def __init__(
        self,
        offsets: Offsets,
        targets: Numbers,
        number_rows: Callable[[], Numbers],
        silence: int,
        *,
        outside: int | None = None,
    ) -> None:
        self.offsets, self.targets, self.silence, self.outside = offsets, targets, silence, outside
        self._number_rows = number_rows

    @property
    def count(self) -> int:
        """Number of states."""
        return len(self.offsets) - 1

    @cached_property
    def rows(self) -> Numbers:
        """The number of the joint row of each edge."""
        return self._number_rows()

    @cached_property
    def backwards(self) -> tuple[Offsets, Numbers]:
        """The reversed edges: offsets and sources."""
        starts, sources = kernels.reverse(self.offsets, self.targets)
        return starts, sources

    @cached_property
    def deadlocks(self) -> States:
        """The states without a successor."""
        found: States = self.offsets[1:] == self.offsets[:-1]
        if self.outside is not None:
            found[self.outside] = False
        return found

    @cached_property
    def total(self) -> Graph:
        """The graph in which a run that ended repeats its last state, by the row `silence`; itself if nothing ends."""
        if not self.deadlocks.any():
            return self
        silence = self.silence
        starts, ends, _ = kernels.with_stuttering(self.offsets, self.targets, NO_ROWS, False, silence)
        last = len(ends)
        if self.outside is not None:  # the kernel gave it a loop like that of a deadlock: the last edge
            last = starts[-1] = last - 1

        def number_rows() -> Numbers:
            kinds: Numbers = kernels.with_stuttering(self.offsets, self.targets, self.rows, True, silence)[2]
            return kinds[:last]

        return Graph(starts, ends[:last], number_rows, self.silence, outside=self.outside)

    @cached_property
    def sources(self) -> Numbers:
        """The state that each edge leaves."""
        return np.repeat(np.arange(self.count, dtype=np.uint32), np.diff(self.offsets))

    @cached_property
    def leaving(self) -> States:
        """The states from which an edge leads outside."""
        found = np.zeros(self.count, dtype=np.bool_)
        if self.outside is not None:
            found[self.sources[self.targets == self.outside]] = True
        return found

    def shortest(self, sources: Sequence[int], within: States, goal: States) -> GraphPath | None:
        """Return a shortest path through a set to a goal; None where there is none."""
        begun = np.asarray(sources, dtype=np.int64)
        arrived, number = kernels.arrivals(self.offsets, self.targets, begun, within, goal)
        if number < 0:
            return None
        edges: list[int] = []
        while arrived[number] >= 0:
            edges.append(int(arrived[number]))
            number = int(np.searchsorted(self.offsets, edges[-1], side="right")) - 1
        return GraphPath(int(number), tuple(reversed(edges)))
