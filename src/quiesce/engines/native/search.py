"""The driver of the native search: levels, batches of the frontier, growth, limits, and what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quiesce.core.system import FlatProperty, PropertyKind, System
from quiesce.core.verdicts import Finding, Found
from quiesce.engines.native import graph_kernels, kernels
from quiesce.engines.native.crew import all_cores
from quiesce.engines.native.initial import initial_states
from quiesce.engines.native.kernels import END, LATE, NEW, REPORT, RESUME, TRANSITIONS
from quiesce.engines.native.space import BLOCK, READ, Space
from quiesce.engines.native.table import Table

Words = NDArray[np.uint64]

NAME = "native"
ON_GRAPH = frozenset({PropertyKind.ALWAYS_POSSIBLE, PropertyKind.TEMPORAL, PropertyKind.BISIMILAR})
"""The questions that are answered on the graph of all edges."""
LEAST_BATCH, MOST_BATCH = 1 << 12, 1 << 18
"""States of the frontier between two looks at the clock, the memory and the load of the table."""
MOST_SUCCESSORS = 1 << 23
"""Successors of a batch for which each worker reserves room (not memory: pages are untouched until they are needed)."""
ALONE = 1 << 11
"""States that are not worth a second thread."""
CHUNK = 1 << 9
"""States that a worker takes at once."""
TOGETHER = 64
"""States in a worker's block, if their successors fit."""
SWEEPS = 12
"""Sweeps over the graph before it is reversed instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search is: `queue` is the number of states still to expand in this level, `memory` in bytes."""

    states: int
    transitions: int
    depth: int
    queue: int
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where to stop: after the level in which a number of states is reached, or after some seconds.

    `workers` is the number of threads; 0 is one for each core.
    """

    max_states: int | None = None
    max_seconds: float | None = None
    workers: int = 0


Watcher = Callable[[Progress], None]


def space_for(system: System, asked: Sequence[FlatProperty], limits: Limits) -> Space:
    """Return the space of a system before its search."""
    return Space(system, asked, limits.workers or all_cores())


def search(space: Space, limits: Limits, watch: Watcher | None) -> Found:
    """Search level by level until nothing new is found or a limit is reached."""
    return _Search(space, limits, watch).run()


class _Search:
    """One search: its workers' memory, and what they report."""

    def __init__(self, space: Space, limits: Limits, watch: Watcher | None) -> None:
        self.space, self.limits, self.watch = space, limits, watch
        workers = space.crew.workers
        asked = len(space.asked)
        self.keeps_order = any(question.property.kind in ON_GRAPH for question in space.asked)
        self.pending = np.zeros(space.flag_words, dtype=np.uint64)
        for number in range(asked):
            self.pending[number // 64] |= np.uint64(1) << np.uint64(number % 64)
        self.batch = max(ALONE, min(MOST_BATCH, MOST_SUCCESSORS // space.branching))
        self.block = max(1, min(TOGETHER, BLOCK // space.branching))
        scratch = kernels.scratch_words(space.words, space.flag_words, space.margin)
        self.scratch = [np.full(scratch, kernels.ALL, dtype=np.uint64) for _ in range(workers)]
        self.best = [np.zeros(64 * space.flag_words * (space.words + 1), dtype=np.uint64) for _ in range(workers)]
        room = self.batch * space.branching
        self.fresh = [np.empty(room, dtype=np.uint64) for _ in range(workers)]
        self.late = [np.empty(room, dtype=np.uint64) for _ in range(workers)]
        self.reports = [np.zeros(REPORT, dtype=np.uint64) for _ in range(workers)]
        self.transitions = 0
        self.expanded = 0
        self.findings: dict[str, Finding] = {}

    def run(self) -> Found:
        """Search, and return what was found."""
        space = self.space
        self.begun = self.shown = time.perf_counter()
        space.store.append(self._ordered(space.table.enter(space.pack(initial_states(space.system)))))
        stopped: str | None = None
        while stopped is None and space.levels[-1] < space.count:
            stopped = self._level()
        left = any(
            question.property.kind is PropertyKind.DOMAINS and question.property.name in self.findings
            for question in space.asked
        )
        if stopped is None and not left:
            self.findings |= _impossible(space)
        return Found(
            states=space.count,
            transitions=self.transitions,
            depth=len(space.levels) - 2,
            findings=self.findings,
            stopped=stopped,
        )

    def _level(self) -> str | None:
        """Expand the newest level; return the limit that was reached, if any."""
        space = self.space
        last = space.count
        depth = len(space.levels) - 1
        space.levels.append(last)
        stopped = None
        while self.expanded < last and stopped is None:
            size = min(self.batch, max(LEAST_BATCH, space.count))
            end = min(last, self.expanded + size)
            frontier = np.ascontiguousarray(space.store.read(self.expanded, end))
            space.store.append(self._batch(frontier))
            self.expanded = end
            stopped = self._looked(depth, last)
        self._note(depth)
        most = self.limits.max_states
        if stopped is None and last < space.count and most is not None and space.count >= most:
            stopped = f"{most:,} states"
        return stopped

    def _looked(self, depth: int, last: int) -> str | None:
        """Show progress; return the limit of time if it is over and something is left to do."""
        now = time.perf_counter()
        if self.watch is not None and now - self.shown > 0.1:
            self.shown = now
            self.watch(
                Progress(
                    states=self.space.count,
                    transitions=self.transitions,
                    depth=depth,
                    queue=last - self.expanded,
                    seconds=now - self.begun,
                    memory=self.space.memory,
                )
            )
        most = self.limits.max_seconds
        over = most is not None and now - self.begun > most
        return f"{most:g} seconds" if over and self.expanded < self.space.count else None

    def _batch(self, frontier: Words) -> Words:
        """Expand some states; return the keys that are new, in an order that the workers' race does not change."""
        found: list[Words] = []
        left = [(0, len(frontier))]
        while left:
            ranges, left = left, []
            for first, last in ranges:
                late = self._worked(frontier, first, last, found, left)
                self._make_room(found)
                if late:
                    found.append(self.space.table.enter(np.concatenate(late)))
        return self._ordered(np.concatenate(found))

    def _worked(
        self, frontier: Words, first: int, last: int, found: list[Words], left: list[tuple[int, int]]
    ) -> list[Words]:
        """Let the crew expand a range of the frontier; return the keys for which the table had no room nearby."""
        space = self.space
        ticket = np.zeros(1, dtype=np.int64)
        workers = 1 if last - first < ALONE else space.crew.workers
        table = space.table

        for report in self.reports:
            report[:] = 0

        def work(number: int) -> None:
            kernels.work(
                space.expand,
                space.normal,
                space.words,
                frontier.ctypes.data,
                first,
                last,
                ticket.ctypes.data,
                CHUNK,
                table.address,
                table.bits,
                table.right,
                space.tree_address,
                space.margin * space.crew.workers,
                space.margin,
                self.block,
                self.scratch[number],
                self.pending,
                self.best[number],
                self.fresh[number],
                self.late[number],
                self.reports[number],
            )

        space.crew.together(work, workers)
        late = []
        for number in range(workers):
            report = self.reports[number]
            self.transitions += int(report[TRANSITIONS])
            found.append(self.fresh[number][: int(report[NEW])].copy())
            table.count_in(report)
            if report[LATE]:
                late.append(self.late[number][: int(report[LATE])].copy())
            if report[RESUME] < report[END]:
                left.append((int(report[RESUME]), int(report[END])))
        untaken = first + int(ticket[0])
        if untaken < last:
            left.append((untaken, last))
        return late

    def _make_room(self, found: list[Words]) -> None:
        """Let the tree and the sub-tables grow where they must; where keys have more bits, all go to a new table."""
        space = self.space
        if space.tree is not None and space.tree.grow():
            space.table.free()
            space.table = Table(space.tree.bits, space.tree.right, space.crew)
            for first in range(0, space.count, READ):
                space.table.enter(space.store.read(first, min(space.count, first + READ)))
            for keys in found:
                space.table.enter(keys)
        crowded = space.table.crowded(*self.reports)
        if crowded:
            space.table.grow(crowded)

    def _ordered(self, keys: Words) -> Words:
        space = self.space
        if space.tree is None:
            keys.sort()
        elif self.keeps_order and len(keys):
            columns = space.tree.states(keys).reshape(-1, space.words)
            keys = keys[np.lexsort(columns.T[::-1])]
        return keys

    def _note(self, depth: int) -> None:
        """Keep what a level decided, and take it out of the pending bits."""
        words = self.space.words
        for number, question in enumerate(self.space.asked):
            at = number * (words + 1)
            kept = [best[at + 1 : at + 1 + words] for best in self.best if best[at]]
            if kept:
                least = min(kept, key=lambda state: tuple(map(int, state)))
                state = self.space.layout.unpack(least)
                self.findings[question.property.name] = Finding(depth=depth, state=state)
                self.pending[number // 64] &= ~(np.uint64(1) << np.uint64(number % 64))
        for best in self.best:
            best[:] = 0


def _impossible(space: Space) -> dict[str, Finding]:
    """For each `always_possible`: the first, least state from which its goal cannot be reached any more."""
    findings = {}
    for question in space.asked:
        if question.property.kind is PropertyKind.ALWAYS_POSSIBLE:
            offsets, targets = space.graph
            assert question.predicate.state is not None
            marked = space.columns().truth(question.predicate.state)
            if not graph_kernels.sweep(offsets, targets, marked, SWEEPS):
                marked = graph_kernels.until(*graph_kernels.reverse(offsets, targets), np.ones_like(marked), marked)
            outside = space.least_outside(marked)
            if outside is not None:
                findings[question.property.name] = Finding(depth=outside[0], state=outside[1])
    return findings
