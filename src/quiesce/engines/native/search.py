"""The driver of the native search: levels, batches of the frontier, growth, limits, and what was found."""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.errors import SearchInterruptedError
from quiesce.core.kinds import TRAITS
from quiesce.core.properties import PropertyKind
from quiesce.core.verdicts import Finding, Found
from quiesce.engines.native.budget import Budget, MemoryLimitError
from quiesce.engines.native.checkpoint import Checkpoint
from quiesce.engines.native.forecast import forecast
from quiesce.engines.native.initial import initial_states
from quiesce.engines.native.journal import Record
from quiesce.engines.native.loaded import module
from quiesce.engines.native.plans import (
    END,
    LATE,
    NEW,
    REPORT,
    RESUME,
    TRANSITIONS,
    Batch,
    Output,
    Room,
    Worker,
    search_scratch,
)
from quiesce.engines.native.reaching import out_of_reach
from quiesce.engines.native.space import BLOCK, Space
from quiesce.engines.options import Limits, Progress, Strategy, Watcher

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import search as kernels
else:
    kernels = module("search")

Words = NDArray[np.uint64]

NOTHING = (1 << 64) - 1
"""What a filter holds that has seen nothing: no key is all ones."""
NO_WORDS: Words = np.zeros(0, dtype=np.uint64)
LEAST_BATCH, MOST_BATCH = 1 << 12, 1 << 18
"""States of the frontier between two looks at the clock, the memory and the load of the table."""
MOST_SUCCESSORS = 1 << 23
"""Successors of a batch for which each worker reserves room (not memory: pages are untouched until they are needed)."""
ALONE = 1 << 11
"""States that are not worth a second thread."""
CHUNK, LARGEST_CHUNK = 1 << 9, 1 << 14
"""States that a worker takes at once: neighbours have successors in common, and few chunks leave a worker idle."""
TOGETHER = 64
"""States in a worker's block, if their successors fit."""


class Search:
    """One search: its workers' memory, and what they report."""

    def __init__(
        self,
        space: Space,
        limits: Limits | None = None,
        strategy: Strategy | None = None,
        watch: Watcher | None = None,
    ) -> None:
        self.space, self.watch = space, watch
        self.limits, self.strategy = limits or Limits(), strategy or Strategy()
        self.budget = Budget(self.limits.memory, self.limits.share)
        space.permit = lambda more: self.budget.check(space.memory, more)
        workers = space.threads.workers
        self.keeps_order = any(TRAITS[question.property.kind].graph for question in space.asked)
        self.batch = max(ALONE, min(MOST_BATCH, MOST_SUCCESSORS // space.branching))
        self.block = max(1, min(TOGETHER, BLOCK // space.branching))
        self.best = [np.zeros(64 * space.flags.words * (space.words + 1), dtype=np.uint64) for _ in range(workers)]
        room = self.batch * space.branching
        self.output = [
            Output(np.empty(room, dtype=np.uint64), np.empty(room, dtype=np.uint64), np.zeros(REPORT, dtype=np.uint64))
            for _ in range(workers)
        ]
        self._new_scratch()
        self.transitions = 0
        self.expanded = 0
        self.decided: dict[int, tuple[int, Words]] = {}
        self.checkpoint: Checkpoint | None = None
        self.interrupted = self.started = False
        self._worked(np.empty(1, dtype=np.uint64), 0, 0, [], [])  # loads the kernels

    def _new_scratch(self) -> None:
        """Give the workers memory for themselves, and filters that have seen nothing."""
        space = self.space
        length = search_scratch(space.words, space.leaves, space.flags.words, space.margin)
        self.memory = [
            Worker(
                np.full(length, NOTHING, dtype=np.uint64),
                space.reduction_scratch(),
                space.canon_scratch(),
                NO_WORDS,
                best,
            )
            for best in self.best
        ]

    def run(self) -> Found:
        """Search, and return what was found."""
        space = self.space
        self.begun = self.shown = time.perf_counter()
        stopped: str | None = None
        with self._interruptible():
            try:
                self._start()
                self.started = True
                while stopped is None and self.expanded < space.count:
                    stopped = self._level()
                self._record()
            except MemoryLimitError as limit:
                stopped = str(limit)
                self._record()
            except OSError as problem:
                stopped = f"the disk: {problem.strerror}"
            self._note(len(space.levels) - 2)
        return self._found(stopped)

    def _found(self, stopped: str | None) -> Found:
        space = self.space
        findings = self._findings()
        ungraphed = None
        if stopped is None and self.keeps_order:
            try:
                self.budget.check(space.memory, space.graph_bytes(self.transitions))
                departed = any(
                    question.property.kind is PropertyKind.DOMAINS and question.property.name in findings
                    for question in space.asked
                )
                findings |= out_of_reach(space, departed)
            except MemoryLimitError as limit:
                ungraphed = f"{limit}, and the graph needs more"
        return Found(
            states=space.count,
            transitions=self.transitions,
            depth=max(0, len(space.levels) - 2),
            findings=findings,
            stopped=stopped,
            ungraphed=ungraphed,
            orbits_of=None if space.canon is None else space.concrete_states(),
            partial=space.reduction is not None,
            forecast=None if stopped is None else forecast(space.levels[:-1]),
        )

    def _findings(self) -> dict[str, Finding]:
        """Return what decided each property first: in one level a state without a step comes before any step."""
        space = self.space
        findings = {}
        for number, question in enumerate(space.asked):
            flags = [flag for flag in (space.flags.ends.get(number), number) if flag in self.decided]
            if flags:
                depth, words = min((self.decided[flag] for flag in flags), key=lambda decision: decision[0])
                findings[question.property.name] = Finding(depth=depth, state=space.layout.unpack(words))
        return findings

    # -- the search ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        space = self.space
        keys = space.pack(initial_states(space.system))
        folder = self.strategy.resume or self.strategy.checkpoint
        if folder is not None:
            resumed = self.strategy.resume is not None
            self.checkpoint = Checkpoint(folder, space, self._identity(keys), resumed=resumed)
            space.at_end.append(self.checkpoint.close)
            last = self.checkpoint.restore()
            if last is not None:
                self._take_up(last)
                return
        if space.tree is not None:
            space.refill()  # numbering the initial states may have widened their keys
        space.store.append(self._ordered(space.table.enter(keys)))

    def _identity(self, keys: Words) -> str:
        words = keys if self.space.tree is None else self.space.tree.states(keys)
        exchanged = () if self.space.canon is None else self.space.canon.names
        told = repr((self.keeps_order, exchanged, self.space.reduction is not None))
        parts = (self.space.text.encode(), words.tobytes(), told.encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _level(self) -> str | None:
        """Expand the newest level, or what is left of it; return the limit that was reached, if any."""
        space = self.space
        if self.expanded == space.levels[-1]:
            space.levels.append(space.count)
        last = space.levels[-1]
        depth = len(space.levels) - 2
        stopped = None
        while self.expanded < last and stopped is None:
            size = min(self.batch, max(LEAST_BATCH, space.count))
            end = min(last, self.expanded + size)
            frontier = np.ascontiguousarray(space.store.read(self.expanded, end))
            taken = self.transitions
            try:
                found = self._batch(frontier)
            except BaseException:
                self.transitions = taken
                raise
            space.store.append(found)
            self.expanded = end
            space.optimise()
            if space.is_wasteful:
                space.compact()
                self._new_scratch()
            stopped = self._looked(depth, last)
        if self.expanded == last:
            self._note(depth)
        most = self.limits.max_states
        if stopped is None and last < space.count and most is not None and space.count >= most:
            stopped = f"{most:,} states"
        return stopped

    def _looked(self, depth: int, last: int) -> str | None:
        """Show progress, write a record; return the limit of time if it is over and something is left to do."""
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
                    allowed=self.budget.allowed(),
                    forecast=forecast(self.space.levels),
                )
            )
        if self.checkpoint is not None and (self.interrupted or self.checkpoint.is_due()):
            self._record()
        if self.interrupted:
            if self.checkpoint is None:
                raise KeyboardInterrupt
            raise SearchInterruptedError(f"go on with --resume {self.checkpoint.folder.as_posix()}")
        self.budget.check(self.space.memory, 0)
        most = self.limits.max_seconds
        over = most is not None and now - self.begun > most
        return f"{most:g} seconds" if over and self.expanded < self.space.count else None

    def _batch(self, frontier: Words) -> Words:
        """Expand some states; return the keys that are new."""
        found: list[Words] = []
        left = [(0, len(frontier))]
        while left:
            ranges, left = left, []
            for first, last in ranges:
                late = self._worked(frontier, first, last, found, left)
                self._make_room()
                if late:
                    found.append(self.space.table.enter(np.concatenate(late)))
        return self._ordered(np.concatenate(found))

    def _worked(
        self, frontier: Words, first: int, last: int, found: list[Words], left: list[tuple[int, int]]
    ) -> list[Words]:
        """Let the threads expand a range of the frontier; return the keys for which the table had no room nearby."""
        space, table = self.space, self.space.table
        ticket = np.zeros(1, dtype=np.int64)
        workers = 1 if last - first < ALONE else space.threads.workers
        chunk = max(CHUNK, min(LARGEST_CHUNK, (last - first) // (8 * workers)))
        for output in self.output:
            output.report[:] = 0

        program, tree, pending = space.program, space.tree_view, self.pending
        batch = Batch(frontier.ctypes.data, first, last, ticket.ctypes.data, chunk)
        room = Room(self.block, space.margin)

        def work(number: int) -> None:
            memory = self.memory[number]._replace(pending=pending)
            kernels.work(program, batch, space.table.view, tree, room, memory, self.output[number])

        space.threads.run_all(work, workers)
        late = []
        for number in range(workers):
            fresh, overflow, report = self.output[number]
            self.transitions += int(report[TRANSITIONS])
            found.append(fresh[: int(report[NEW])].copy())
            table.count_in(report)
            if report[LATE]:
                late.append(overflow[: int(report[LATE])].copy())
            if report[RESUME] < report[END]:
                left.append((int(report[RESUME]), int(report[END])))
        untaken = first + int(ticket[0])
        if untaken < last:
            left.append((untaken, last))
        return late

    def _make_room(self) -> None:
        """Let the tree and the sub-tables grow where they must."""
        space = self.space
        if space.tree is not None:
            for place in space.tree.grow():
                space.table.extend(place)
        crowded = space.table.crowded(*(output.report for output in self.output))
        if crowded:
            space.table.grow(crowded)

    def _ordered(self, keys: Words) -> Words:
        """Return the new keys of a batch, sorted by their states where numbers of states will be seen.

        What is new in a batch does not depend on the workers' race; sorted, its order does not either.
        """
        space = self.space
        if not self.keeps_order:
            return keys
        if space.tree is None:
            keys.sort()
            return keys
        return keys[np.lexsort(space.tree.states(keys).reshape(-1, space.words).T[::-1])]

    # -- what is decided ----------------------------------------------------------------------------------------------

    @property
    def pending(self) -> Words:
        """The flags that no state has raised yet."""
        pending = np.zeros(self.space.flags.words, dtype=np.uint64)
        for number in range(self.space.flags.count):
            if number not in self.decided:
                pending[number // 64] |= np.uint64(1) << np.uint64(number % 64)
        return pending

    def _note(self, depth: int) -> None:
        """Keep what a level decided: for each flag the least state of all workers."""
        for number, words in self._least().items():
            self.decided[number] = (depth, words)
        for best in self.best:
            best[:] = 0

    def _least(self) -> dict[int, Words]:
        """Return for each flag that the level raised so far the least state that does."""
        words = self.space.words
        least = {}
        for number in range(self.space.flags.count):
            at = number * (words + 1)
            kept = [best[at + 1 : at + 1 + words].copy() for best in self.best if best[at]]
            if kept:
                least[number] = min(kept, key=lambda state: tuple(map(int, state)))
        return least

    # -- checkpoints --------------------------------------------------------------------------------------------------

    def _record(self) -> None:
        if self.checkpoint is not None and self.started:
            decided = [[number, depth, *map(int, words)] for number, (depth, words) in self.decided.items()]
            least = [[number, *map(int, words)] for number, words in self._least().items()]
            progress = {"expanded": self.expanded, "transitions": self.transitions, "decided": decided, "least": least}
            self.checkpoint.record(progress)

    def _take_up(self, last: Record) -> None:
        """Go on where a record stands."""
        self.expanded, self.transitions = last["expanded"], last["transitions"]
        for number, depth, *words in last["decided"]:
            self.decided[number] = (depth, np.array(words, dtype=np.uint64))
        for number, *words in last["least"]:
            at = number * (self.space.words + 1)
            self.best[0][at : at + 1 + self.space.words] = np.array([1, *words], dtype=np.uint64)
        if self.expanded == self.space.levels[-1]:
            self._note(len(self.space.levels) - 2)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let Ctrl-C wait for the end of a batch, so that a record can be written; a second one does not wait."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def interrupt(_signal: int, _frame: object) -> None:
            if self.interrupted:
                raise KeyboardInterrupt
            self.interrupted = True

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
