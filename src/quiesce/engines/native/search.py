"""The driver of the native search: levels, growth of the arrays, limits, and from what was found to an answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quiesce.core.errors import EngineError
from quiesce.core.system import FlatFormula, FlatProperty, PropertyKind, System
from quiesce.core.trace import State
from quiesce.core.verdicts import Finding, Found
from quiesce.engines.native import graph_kernels, kernels
from quiesce.engines.native.codegen import flag_words, program, row_program
from quiesce.engines.native.columns import Columns
from quiesce.engines.native.initial import initial_states
from quiesce.engines.native.layout import Layout, layout
from quiesce.engines.native.machine_code import Compiled, compiled

Words = NDArray[np.uint64]
Numbers = NDArray[np.uint32]
Number = TypeVar("Number", np.int64, np.uint32, np.uint64)

LEAST_SLOTS = 1 << 14
BLOCK = 1 << 12
"""Successors in one block: 32 KiB a word of a state."""
SLICE = 1 << 16
"""States between two looks at the clock."""
SWEEPS = 12
"""Sweeps over the graph before it is reversed instead."""
NAME = "native"
ON_GRAPH = frozenset({PropertyKind.ALWAYS_POSSIBLE, PropertyKind.TEMPORAL, PropertyKind.BISIMILAR})
"""The questions for which the edges are kept."""


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
    """Where to stop: after the level in which a number of states is reached, or after some seconds."""

    max_states: int | None = None
    max_seconds: float | None = None


Watcher = Callable[[Progress], None]


class Space:
    """The reachable states of a system, in words, in levels, with a table from words to numbers."""

    def __init__(self, system: System, asked: Sequence[FlatProperty]) -> None:
        self.system, self.asked = system, asked
        self.layout: Layout = layout(system.flat.cells)
        self.words = self.layout.words
        self.code: Compiled = compiled(program(system.flat, self.layout, asked))
        self.expand = self.code.address("expand")
        self.branching = max(1, len(system.flat.rows))
        self.buffer: Words = np.empty(max(BLOCK, self.branching) * self.words, dtype=np.uint64)
        self.hashes: Words = np.empty(max(BLOCK, self.branching), dtype=np.uint64)
        self.info = np.zeros(1 + flag_words(len(asked)), dtype=np.int64)
        self.count = 0
        self.edges = 0
        self.keeps_graph = any(question.property.kind in ON_GRAPH for question in asked)
        room = LEAST_SLOTS if self.keeps_graph else 0
        self.offsets = np.zeros(room, dtype=np.int64)
        self.targets = np.empty(room, dtype=np.uint32)
        self.levels: list[int] = [0]
        """Number of the first state of each level, and at the end the number of states."""
        self.states: Words = np.empty(LEAST_SLOTS * self.words, dtype=np.uint64)
        self._new_table(LEAST_SLOTS)
        self._expand(0, 0, self._pending(), np.zeros(64 * len(self._pending()), dtype=np.int64))  # loads the kernel

    # -- arrays -------------------------------------------------------------------------------------------------------

    def _new_table(self, slots: int) -> None:
        self.slots: Words = np.zeros(slots, dtype=np.uint64)
        self.numbers = np.empty(slots, dtype=np.uint32)
        self.shift = np.uint64(64 - (slots.bit_length() - 1))

    @property
    def room(self) -> int:
        """How many states fit: half of the slots, and the array of states."""
        return min(len(self.slots) // 2, len(self.states) // self.words)

    def make_room(self, states: int) -> None:
        """Let the arrays grow until a number of states fits; raises EngineError beyond 2^32 states."""
        if states >= 1 << 32:
            raise EngineError("more than 4,294,967,295 states: this search numbers them with 32 bits")
        slots = len(self.slots)
        while slots // 2 < states:
            slots *= 2
        if slots != len(self.slots):
            self._new_table(slots)
            kernels.rehash(self.count, self.states, self.words, self.slots, self.numbers, self.shift)
        if len(self.states) // self.words < states:
            self.states = _grown(self.states, max(states, slots // 2) * self.words)
        if self.keeps_graph:
            self._make_room_for_edges(len(self.states) // self.words + 1)

    def _make_room_for_edges(self, states: int) -> None:
        """Let the graph's arrays grow: an offset for each state, and room for the edges of another block."""
        if len(self.offsets) < states:
            self.offsets = _grown(self.offsets, states)
        needed = self.edges + len(self.hashes)
        if len(self.targets) < needed:
            self.targets = _grown(self.targets, max(needed, len(self.targets) * 3 // 2))

    @property
    def memory(self) -> int:
        """Bytes of the arrays."""
        arrays = (self.slots, self.numbers, self.states, self.offsets, self.targets)
        return sum(int(array.nbytes) for array in arrays)

    def state(self, number: int) -> State:
        """Return a state by its number."""
        return self.layout.unpack(self.states[number * self.words : (number + 1) * self.words])

    # -- search -------------------------------------------------------------------------------------------------------

    def search(self, limits: Limits, watch: Watcher | None) -> Found:
        """Search level by level until nothing new is found or a limit is reached."""
        self._start()
        begun = shown = time.perf_counter()
        transitions = 0
        findings: dict[str, Finding] = {}
        stopped: str | None = None
        pending = self._pending()
        while stopped is None and self.levels[-1] < self.count:
            first, last = self.levels[-1], self.count
            depth = len(self.levels) - 1
            self.levels.append(last)
            best = np.full(64 * len(pending), -1, dtype=np.int64)
            while first < last:
                first, taken = self._expand(first, min(last, first + SLICE), pending, best)
                transitions += taken
                now = time.perf_counter()
                if watch is not None and now - shown > 0.1:
                    shown = now
                    watch(self._progress(transitions, depth, last - first, now - begun))
                if limits.max_seconds is not None and now - begun > limits.max_seconds and first < last:
                    stopped = f"{limits.max_seconds:g} seconds"
                    break
            findings |= self._noted(best, depth, pending)
            if stopped is None and last < self.count:
                stopped = self._limit(limits, time.perf_counter() - begun)
        left = any(
            question.property.kind is PropertyKind.DOMAINS and question.property.name in findings
            for question in self.asked
        )
        if stopped is None and not left:
            findings |= self._impossible()
        return Found(
            states=self.count,
            transitions=transitions,
            depth=len(self.levels) - 2,
            findings=findings,
            stopped=stopped,
        )

    def _start(self) -> None:
        given = initial_states(self.system)
        packed = np.concatenate([self.layout.pack(state) for state in given])
        self.make_room(len(given))
        self.count = int(kernels.insert(packed, self.states, self.words, self.slots, self.numbers, self.shift))

    def _pending(self) -> Words:
        """Return the bits of the properties that are still undecided: at first all."""
        pending = np.zeros(flag_words(len(self.asked)), dtype=np.uint64)
        for number in range(len(self.asked)):
            pending[number // 64] |= np.uint64(1) << np.uint64(number % 64)
        return pending

    def _expand(self, first: int, last: int, pending: Words, best: NDArray[np.int64]) -> tuple[int, int]:
        """Expand states, growing the arrays as needed; return the next one and the transitions taken."""
        transitions = 0
        while True:
            first, self.count, taken, self.edges = kernels.expand_range(
                self.expand,
                first,
                last,
                self.count,
                self.states,
                self.words,
                self.slots,
                self.numbers,
                self.shift,
                self.room,
                self.branching,
                self.buffer,
                self.hashes,
                self.info,
                pending,
                best,
                self.edges,
                self.offsets,
                self.targets,
            )
            transitions += int(taken)
            if first == last:
                return first, transitions
            self.make_room(self.count + len(self.hashes))

    def _noted(self, best: NDArray[np.int64], depth: int, pending: Words) -> dict[str, Finding]:
        """Return what a level decided, and take it out of the pending bits."""
        findings = {}
        for number, question in enumerate(self.asked):
            if best[number] >= 0:
                findings[question.property.name] = Finding(depth=depth, state=self.state(int(best[number])))
                pending[number // 64] &= ~(np.uint64(1) << np.uint64(number % 64))
        return findings

    def _limit(self, limits: Limits, seconds: float) -> str | None:
        if limits.max_states is not None and self.count >= limits.max_states:
            return f"{limits.max_states:,} states"
        if limits.max_seconds is not None and seconds > limits.max_seconds:
            return f"{limits.max_seconds:g} seconds"
        return None

    def _progress(self, transitions: int, depth: int, queue: int, seconds: float) -> Progress:
        return Progress(
            states=self.count,
            transitions=transitions,
            depth=depth,
            queue=queue,
            seconds=seconds,
            memory=self.memory,
        )

    # -- after the search ---------------------------------------------------------------------------------------------

    def predecessor(self, state: State, depth: int) -> State:
        """Return the least state of the level before that has a step to a state; raises EngineError if none has."""
        number = kernels.least_predecessor(
            self.expand,
            self.levels[depth - 1],
            self.levels[depth],
            self.layout.pack(state),
            self.states,
            self.words,
            self.buffer,
            self.info,
        )
        if number < 0:
            raise EngineError(f"no state of level {depth - 1} has a step to a state of level {depth}")
        return self.state(int(number))

    def graph(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Return all edges: the successors of state n are targets[offsets[n]:offsets[n + 1]].

        They are kept only where a property needs them; a step that leaves a domain has no edge.
        """
        assert self.keeps_graph
        self.offsets[self.count] = self.edges
        return self.offsets[: self.count + 1], self.targets[: self.edges]

    def rows(self, marks: Sequence[FlatFormula] = ()) -> tuple[Numbers, Numbers]:
        """Return for each edge its joint row, and as bits which of up to 32 predicates of steps it satisfies."""
        self.row_code = compiled(row_program(self.system.flat, self.layout, marks=marks))
        rows: Numbers = np.empty(self.edges, dtype=np.uint32)
        marked: Numbers = np.empty(self.edges if marks else 0, dtype=np.uint32)
        buffer: Words = np.empty(self.branching, dtype=np.uint64)
        info = np.zeros(2, dtype=np.int64)
        address = self.row_code.address("expand")
        kernels.number_rows(address, self.count, self.states, self.words, buffer, info, rows, marked)
        return rows, marked

    def columns(self) -> Columns:
        """Return the states found so far as columns."""
        return Columns(self.layout, self.states[: self.count * self.words])

    def _impossible(self) -> dict[str, Finding]:
        """For each `always_possible`: the first, least state from which its goal cannot be reached any more."""
        goals = [question for question in self.asked if question.property.kind is PropertyKind.ALWAYS_POSSIBLE]
        if not goals:
            return {}
        offsets, targets = self.graph()
        findings = {}
        for question in goals:
            assert question.predicate.state is not None
            marked = self.columns().truth(question.predicate.state)
            if not graph_kernels.sweep(offsets, targets, marked, SWEEPS):
                marked = graph_kernels.until(*graph_kernels.reverse(offsets, targets), np.ones_like(marked), marked)
            for depth in range(len(self.levels) - 1):
                number = kernels.least_unmarked(
                    self.levels[depth], self.levels[depth + 1], self.states, self.words, marked
                )
                if number >= 0:
                    findings[question.property.name] = Finding(depth=depth, state=self.state(int(number)))
                    break
        return findings


def _grown(array: NDArray[Number], length: int) -> NDArray[Number]:
    """Return an array made longer in place: where the system can, it moves pages and copies nothing."""
    array.resize(length, refcheck=False)
    return array
