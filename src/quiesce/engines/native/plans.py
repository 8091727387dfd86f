"""What kernels and their callers agree on: what they hand to each other, and what stands where in plans and reports.

Kernels (`kernels/`) are compiled when the package is built; their callers find them in the machine code (`loaded.py`).
Both import this module, and nothing else of each other. An address is that of memory which the caller keeps.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

Address = int
Words = NDArray[np.uint64]
Numbers = NDArray[np.uint32]
Offsets = NDArray[np.int64]
Flags = NDArray[np.bool_]
Lines = Annotated[NDArray[np.uint64], 2]
"""Words in lines: an array with two dimensions."""
Triples = Annotated[NDArray[np.int64], 2]

LINE = 64
"""Bytes of a cache line, and of a bucket of the table."""
NONE = 0xFFFFFFFF
"""The number of nothing, where numbers have 32 bits."""

# -- what is handed over ----------------------------------------------------------------------------------------------


class Program(NamedTuple):
    """What is done with a state: addresses of compiled functions and of their plans (0: none), and its words."""

    expand: Address
    stubborn: Address
    canon: Address
    words: int


class TableView(NamedTuple):
    """The table of keys: its plan, the bits of a key, and those of its lower number (0: it is one number)."""

    plan: Address
    bits: int
    right: int


class SubTable(NamedTuple):
    """A part of the table: how many of its buckets are homes, the reciprocal of that, whether slots have 64 bits."""

    address: Address
    buckets: int
    magic: int
    wide: int


class TreeView(NamedTuple):
    """The tree that numbers the parts of wide states; `margin` values may come to a node before it is asked to grow."""

    plan: Address
    leaves: int
    margin: int


class Room(NamedTuple):
    """How many states are expanded together, with how many successors, at most."""

    states: int
    successors: int


class Batch(NamedTuple):
    """A part of the frontier: threads take `chunk` states at a time; `taken` is how many they have, all together."""

    frontier: Address
    first: int
    last: int
    taken: Address
    chunk: int


class Worker(NamedTuple):
    """The memory of a thread; `best` keeps for each pending property the least state that decides it."""

    scratch: Words
    stubborn: Words
    canon: Words
    pending: Words
    best: Words


class Output(NamedTuple):
    """What a thread finds: keys that are new, keys for which no room is near, and its report."""

    fresh: Words
    overflow: Words
    report: Words


class Scratch(NamedTuple):
    """Memory for the successors of one state at a time, or of some together."""

    buffer: Words
    stubborn: Words
    canon: Words
    info: Offsets


class Edges(NamedTuple):
    """A graph: the successors of node n are targets[offsets[n]:offsets[n + 1]]."""

    offsets: Offsets
    targets: Numbers


class Moves(NamedTuple):
    """An automaton: the moves of state q are lines first[q] to first[q + 1] - 1: target, mask, value, step mask, value.

    `cores` is the part in which a run can be accepted that each of its states belongs to, or -1.
    """

    first: Offsets
    lines: Lines
    cores: Offsets


class Atoms(NamedTuple):
    """Which atoms are true of each state, and of each edge (nothing: none speaks of steps), as bits."""

    states: Words
    edges: Words


class Core(NamedTuple):
    """The nodes of a product in which a run can be accepted: their codes, their edges, and their components."""

    codes: Offsets
    starts: Offsets
    ends: Numbers
    component: Numbers


class Collecting(NamedTuple):
    """What edges collect: the row of each (nothing: no row matters), and bits of moves, of rows, of idle states."""

    rows: Numbers
    moves: Lines
    of_rows: Lines
    idle: Lines


# -- the table of keys ------------------------------------------------------------------------------------------------

SUB_BITS = 6
SUB_TABLES = 1 << SUB_BITS
PROBE_BITS = 5
PROBES = (1 << PROBE_BITS) - 1
"""Probes 0 to 30: what five bits of a slot can tell."""
LONGEST = (PROBES - 1) * 8 + (PROBES - 1) * (PROBES - 2) // 2
"""Buckets between home and the last probe; a sub-table has as many beyond its last home."""
WIDE = 1
"""Lowest bit of a sub-table's address: its slots have 64 bits."""
MOVED = 16
"""Buckets of a growing sub-table that are moved together."""
MOVE_SCRATCH = 2 * MOVED * 16
EXTENSIONS = 3 * SUB_TABLES
"""Where the table's plan says by how many parts of keys it was extended, and then where each begins in a key."""
EXTENSION = 4
"""Bits of such a part."""
MOST_EXTENSIONS = 8

# Words that a worker reports.
TRANSITIONS, NEW, LATE, RESUME, END, USED = 0, 1, 2, 3, 4, 5
CROWDED = USED + SUB_TABLES
REPORT = CROWDED + SUB_TABLES

FILTER = 1 << 15
"""Entries of a worker's filter of successors that it has just seen: 256 KiB."""


def search_scratch(words: int, leaves: int, flag_words: int, room: int) -> int:
    """Return how many words a worker of the search needs for itself, for `room` successors in a block."""
    return words + 2 * leaves + 1 + flag_words + FILTER + room * (words + 4 + 2 * leaves)


def link_scratch(words: int, leaves: int, room: int) -> int:
    """Return how many words linking the edges of a graph needs."""
    return words + 2 * leaves + room * (words + 3 + 2 * leaves)


# -- the tree of wide states ------------------------------------------------------------------------------------------

# Words of a node; an inner one has children, a leaf has a word, and a shift and a mask for its bits.
SLOTS, MASK, VALUES, LIMIT, COUNT, LOCK, LEFT, RIGHT, BITS, NODE = range(10)
WORD, SHIFT = LEFT, RIGHT

# -- reductions -------------------------------------------------------------------------------------------------------


class Stubborn:
    """Words of the plan's head; behind it, in this order: what does not accord with each row, what can make each
    conjunct true, where each row's conjuncts begin, and the conjuncts of all rows. The goals are rows behind the real
    ones.
    """

    CODE, ROWS, GOALS, CONJUNCTS, NUMBERING, TESTS, HEADER = range(7)


def stubborn_scratch(rows: int, goals: int, conjuncts: int) -> int:
    """Return how many words choosing a stubborn set needs."""
    return 2 * rows + goals + (conjuncts + 63) // 64 + 4 * ((rows + goals + 63) // 64) + 2


class Orbits:
    """Words of the plan of canonical forms (its head, each cell, each machine)."""

    CODE, CELLS, MACHINES, TOTAL, HEADER = range(5)
    WORD, SHIFT, MASK, OWNER, COPY, FIELD, NAMED, TO_COPY, FROM_COPY, CELL = range(10)
    COPIES, FIELDS, IS_NAMED, FIRST, BASE, MACHINE = range(6)


def canonical_scratch(cells: int, machines: int, copies: int, words: int) -> int:
    """Return how many words finding a canonical form needs."""
    return machines + 2 * cells + 5 * copies + 2 * words
