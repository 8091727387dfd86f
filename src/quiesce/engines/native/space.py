"""The reachable states of a system: keys in levels, a table to know them by, and what can be read off them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.departing import departs
from quiesce.core.errors import EngineError
from quiesce.core.expressions import FALSE
from quiesce.core.flat import FlatFormula, FlatProperty
from quiesce.core.reference import steps
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System
from quiesce.core.trace import State
from quiesce.engines.native.cache_files import cache_folder
from quiesce.engines.native.codegen import program, row_program
from quiesce.engines.native.columns import Columns
from quiesce.engines.native.flags import flags_of
from quiesce.engines.native.initial import initial_states
from quiesce.engines.native.interning import Tree
from quiesce.engines.native.layout import Field, Layout, layout
from quiesce.engines.native.loaded import module
from quiesce.engines.native.machine_code import Care, Compiled, compiled
from quiesce.engines.native.memory import Pages
from quiesce.engines.native.plans import Program, Room, Scratch, TreeView, link_scratch
from quiesce.engines.native.store import Store
from quiesce.engines.native.table import Table
from quiesce.engines.native.thread_pool import ThreadPool, all_cores
from quiesce.engines.options import Strategy

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import reading as kernels
else:
    kernels = module("reading")

if TYPE_CHECKING:
    from quiesce.engines.native.stubborn import Reduction
    from quiesce.engines.native.symmetry import Canon

Words = NDArray[np.uint64]
Numbers = NDArray[np.uint32]

BLOCK = 1 << 12
"""Successors that one worker hashes and prefetches together: 32 KiB a word of a state."""
SMALL = 50_000
"""States for which it does not pay to optimise code."""
READ = 1 << 16
"""States that are read together."""
MOST_NUMBERED = 1 << 32
NARROW = 46
"""Bits of a key that fit into narrow slots before the table is large."""
WIDE_AT_MOST = 48 << 20
"""Bytes of a table of wide slots from which on keys are made narrower."""


class Space:
    """The states found so far, by number: in levels, in the order of their discovery."""

    def __init__(
        self,
        system: System,
        asked: Sequence[FlatProperty],
        workers: int = 1,
        symmetry: Symmetry | None = None,
        *,
        partial_order: bool = False,
        compact: bool = False,
    ) -> None:
        self.system, self.asked = system, asked
        self.layout: Layout = layout(system.flat.cells)
        self.words = self.layout.words
        self.text = program(system.flat, self.layout, asked)
        self.code: Compiled = compiled(self.text, Care.QUICK)
        self.expand = self.code.address("expand")
        self.care = Care.QUICK
        self.canon = None if symmetry is None else _canon(symmetry, self.layout)
        self.reduction = _reduction(system, self.layout, asked) if partial_order else None
        self.threads = ThreadPool(workers)
        self.branching = max(1, len(system.flat.rows))
        self.flags = flags_of(asked)
        self.margin = max(BLOCK, self.branching)
        self.bits = [sum(field.bits for field in fields) for fields in _by_word(self.layout)]
        interned = self.words > 1 or (compact and self.bits[0] > NARROW)
        self.tree = Tree(self.bits, self.margin * workers) if interned else None
        self.permit: Callable[[int], None] = lambda more: None
        self.at_end: list[Callable[[], None]] = []
        self.table = self._table(0)
        self.store = self._new_store()
        self.levels: list[int] = [0]
        """Number of the first state of each level, and at the end the number of states."""

    @property
    def initial_count(self) -> int:
        """Number of initial states: the first ones."""
        return self.levels[1]

    @property
    def count(self) -> int:
        """Number of states found so far."""
        return self.store.count

    @property
    def memory(self) -> int:
        """Bytes of the table and of what is kept in memory of the states."""
        return self.table.bytes + self.store.bytes + (0 if self.tree is None else self.tree.bytes)

    @property
    def program(self) -> Program:
        """What the kernels do with a state."""
        reduction = 0 if self.reduction is None else self.reduction.address
        return Program(self.expand, reduction, 0 if self.canon is None else self.canon.address, self.words)

    @property
    def tree_view(self) -> TreeView:
        """Where the kernels find the tree of wide states; without leaves where a state's only word is its key."""
        return TreeView(0, 0, self.margin * self.threads.workers) if self.tree is None else self.tree.view

    @property
    def leaves(self) -> int:
        """Leaves of the interning tree, or 0."""
        return 0 if self.tree is None else self.tree.leaves

    def reduction_scratch(self) -> Words:
        """Return what the kernels need to work out a stubborn set."""
        return np.empty(1 if self.reduction is None else self.reduction.scratch_words, dtype=np.uint64)

    def canon_scratch(self) -> Words:
        """Return what the kernels need to work out a canonical form."""
        return np.empty(1 if self.canon is None else self.canon.scratch_words, dtype=np.uint64)

    def pack(self, states: Sequence[State]) -> Words:
        """Return the keys of states, or of their canonical forms."""
        words = np.concatenate([self.layout.pack(state) for state in states])
        if self.canon is not None:
            words = self.canon.of(words)[0]
        return words if self.tree is None else self.tree.keys(words)

    def read(self, first: int, last: int) -> Words:
        """Return the words of the states `first` to `last` - 1."""
        keys = self.store.read(first, last)
        return keys if self.tree is None else self.tree.states(keys)

    def blocks(self, first: int, last: int, size: int = READ) -> Iterator[tuple[int, Words]]:
        """Yield some states, block by block: the number of the first one, and their words."""
        for begin in range(first, last, size):
            yield begin, self.read(begin, min(last, begin + size))

    def state(self, number: int) -> State:
        """Return a state by its number."""
        return self.layout.unpack(self.read(number, number + 1))

    def columns(self) -> Columns:
        """Return the states found so far as columns."""
        return Columns(self.layout, self.count, self.read)

    def refill(self) -> None:
        """Enter all states in a new table."""
        self.table.free()
        if self.tree is not None:
            self.tree.grow()
        self.table = self._table(self.count)
        for first in range(0, self.count, READ):
            self.table.enter(self.store.read(first, min(self.count, first + READ)))

    def optimise(self) -> None:
        """Compile the system with care, once it has so many states that this pays."""
        if self.care is Care.QUICK and self.count > SMALL:
            self.care = Care.FULL
            self.code = compiled(self.text, self.care)
            self.expand = self.code.address("expand")

    @property
    def is_wasteful(self) -> bool:
        """Whether the table is large and its slots are wide, and interning would make them narrow."""
        return self.tree is None and self.table.is_wide and self.table.bytes > WIDE_AT_MOST

    def compact(self) -> None:
        """Let the keys be pairs of numbers from now on."""
        self.tree = Tree(self.bits, self.margin * self.threads.workers)
        before, self.store = self.store, self._new_store()
        for first in range(0, before.count, READ):
            self.store.append(self.tree.keys(before.read(first, min(before.count, first + READ))))
        before.close()
        self.refill()

    def graph_bytes(self, edges: int) -> int:
        """Return how much memory the graph takes while it is made."""
        return edges * 4 + self.count * 16 + sum(self.table.slots()) * 4

    def free(self) -> None:
        """Give back memory and files."""
        for close in self.at_end:
            close()
        self.threads.shutdown()
        self.table.free()
        self.store.close()
        if self.tree is not None:
            self.tree.free()

    def __enter__(self) -> Space:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.free()

    def run_to(self, state: State, depth: int) -> list[State]:
        """Return a shortest run to a state of a level, over least states; of representatives, a run that is real."""
        path = [state]
        for level in range(depth, 0, -1):
            path.append(self.predecessor(path[-1], level))
        path.reverse()
        return path if self.canon is None else self._concrete(path)

    def _concrete(self, path: list[State]) -> list[State]:
        """Follow representatives by steps of the system itself."""
        assert self.canon is not None
        forms = [self.layout.pack(state) for state in path]
        run = [next(state for state in initial_states(self.system) if np.array_equal(self.canon.form(state), forms[0]))]
        for form in forms[1:]:
            targets = (step.target for step in steps(self.system, run[-1]) if step.target is not None)
            run.append(next(target for target in targets if np.array_equal(self.canon.form(target), form)))
        return run

    def concrete_states(self) -> int:
        """Return how many states there are in the orbits of those found."""
        if self.canon is None:
            return self.count
        return sum(self.canon.orbits(self.canon.of(states)[1]) for _, states in self.blocks(0, self.count))

    # -- what a finished search is asked ------------------------------------------------------------------------------

    def predecessor(self, state: State, depth: int) -> State:
        """Return the least state of the level before that has a step to a state; raises EngineError if none has."""
        target = self.layout.pack(state)
        found: list[Words] = []
        for _, states in self.blocks(self.levels[depth - 1], self.levels[depth]):
            memory = Scratch(self._buffer(), self.reduction_scratch(), self.canon_scratch(), self._info())
            number = kernels.least_predecessor(self.program, states, target, memory)
            if number >= 0:
                found.append(states[number * self.words : (number + 1) * self.words].copy())
        if not found:
            raise EngineError(f"no state of level {depth - 1} has a step to a state of level {depth}")
        return self.layout.unpack(min(found, key=lambda words: tuple(map(int, words))))

    def departing(self) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Yield each joint row whose steps can leave a domain, by its number, with the states in which they do."""
        flat, columns = self.system.flat, self.columns()
        for number, row in enumerate(flat.rows):
            condition = departs(row, flat.cells)
            if condition != FALSE:
                yield number, columns.truth(condition)

    def least_outside(self, marked: NDArray[np.bool_]) -> tuple[int, State] | None:
        """Return the first level with an unmarked state, and the least of those; None where all are marked."""
        for depth in range(len(self.levels) - 1):
            found = []
            for first, states in self.blocks(self.levels[depth], self.levels[depth + 1]):
                part = marked[first : first + len(states) // self.words]
                number = kernels.least_unmarked(states, self.words, part)
                if number >= 0:
                    found.append(states[number * self.words : (number + 1) * self.words].copy())
            if found:
                return depth, self.layout.unpack(min(found, key=lambda words: tuple(map(int, words))))
        return None

    @cached_property
    def graph(self) -> tuple[NDArray[np.int64], Numbers]:
        """All edges: the successors of state n are targets[offsets[n]:offsets[n + 1]].

        A step that leaves a domain has no edge. Raises EngineError beyond 2^32 states.
        """
        if self.count >= MOST_NUMBERED:
            raise EngineError("more than 4,294,967,295 states: a graph numbers them with 32 bits")
        degrees = np.zeros(self.count + 1, dtype=np.int64)
        self._in_ranges(lambda first, last: self._count_edges(first, last, degrees))
        offsets = np.zeros_like(degrees)
        np.cumsum(degrees[:-1], out=offsets[1:])
        targets: Numbers = np.empty(int(offsets[-1]), dtype=np.uint32)
        ranks, slots = self._ranks()
        self._in_ranges(lambda first, last: self._link(first, last, slots, targets[offsets[first] : offsets[last]]))
        for pages in ranks:
            pages.free()
        return offsets, targets

    def rows(self, marks: Sequence[FlatFormula] = ()) -> tuple[Numbers, Numbers]:
        """Return for each edge its joint row, and as bits which of up to 32 predicates of steps it satisfies."""
        row_code = compiled(row_program(self.system.flat, self.layout, marks=marks), self.care)
        offsets, targets = self.graph
        rows: Numbers = np.empty_like(targets)
        marked: Numbers = np.empty(len(targets) if marks else 0, dtype=np.uint32)

        def number(first: int, last: int) -> None:
            part = slice(offsets[first], offsets[last])
            buffer: Words = np.empty(self.branching, dtype=np.uint64)
            info = np.zeros(2, dtype=np.int64)
            states = self.read(first, last)
            row_expand = row_code.address("expand")
            kernels.number_rows(row_expand, states, self.words, buffer, info, rows[part], marked[part])

        self._in_ranges(number)
        return rows, marked

    # -- inside -------------------------------------------------------------------------------------------------------

    def _new_store(self) -> Store:
        store = Store(cache_folder() / "states")
        store.threads = self.threads
        return store

    def _table(self, expected: int) -> Table:
        bits, right = (self.bits[0], 0) if self.tree is None else (self.tree.bits, self.tree.right)
        return Table(bits, right, self.threads, lambda more: self.permit(more), expected)

    def _buffer(self) -> Words:
        return np.empty(self.branching * self.words, dtype=np.uint64)

    def _info(self) -> NDArray[np.int64]:
        return np.zeros(1 + self.flags.words, dtype=np.int64)

    def _in_ranges(self, task: Callable[[int, int], None]) -> None:
        """Let the threads do a task for ranges of all states."""
        starts = range(0, self.count, READ)
        self.threads.map(lambda first: task(first, min(self.count, first + READ)), starts)

    def _count_edges(self, first: int, last: int, degrees: NDArray[np.int64]) -> None:
        states = self.read(first, last)
        kernels.count_edges(self.expand, states, self.words, self._buffer(), self._info(), degrees[first:last])

    def _ranks(self) -> tuple[list[Pages], Words]:
        """Number all keys: an array of numbers beside each sub-table, and the addresses of these arrays."""
        ranks = [Pages(slots * 4) for slots in self.table.slots()]
        slots = np.array([pages.address for pages in ranks], dtype=np.uint64)

        def number(first: int, last: int) -> None:
            keys = np.ascontiguousarray(self.store.read(first, last))
            kernels.number_keys(self.table.view, slots.ctypes.data, keys, first)

        self._in_ranges(number)
        return ranks, slots

    def _link(self, first: int, last: int, slots: Words, targets: Numbers) -> None:
        buffer = np.empty(link_scratch(self.words, self.leaves, self.margin), dtype=np.uint64)
        kernels.link(
            self.program,
            np.ascontiguousarray(self.store.read(first, last)),
            self.table.view,
            slots.ctypes.data,
            self.tree_view,
            Room(self.margin // self.branching, self.margin),
            Scratch(buffer, self.reduction_scratch(), self.canon_scratch(), self._info()),
            targets,
        )


def space_for(
    system: System,
    asked: Sequence[FlatProperty],
    strategy: Strategy | None = None,
    symmetry: Symmetry | None = None,
) -> Space:
    """Return the space of a system before its search, of representatives where there is a symmetry."""
    strategy = strategy or Strategy()
    workers = strategy.workers or all_cores()
    kept = strategy.checkpoint is not None or strategy.resume is not None
    return Space(system, asked, workers, symmetry, partial_order=strategy.partial_order, compact=kept)


def _by_word(layout: Layout) -> list[list[Field]]:
    return [[field for field in layout.fields if field.word == word] for word in range(layout.words)]


def _canon(symmetry: Symmetry, layout: Layout) -> Canon:
    """Return the canonical forms of a system; their kernels are compiled where somebody asks for them."""
    from quiesce.engines.native.symmetry import Canon

    return Canon(symmetry, layout)


def _reduction(system: System, layout: Layout, asked: Sequence[FlatProperty]) -> Reduction:
    from quiesce.engines.native.stubborn import Reduction

    return Reduction(system.flat, layout, asked)
