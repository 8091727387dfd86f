"""What is read off the states of a search, block by block: predecessors, joint rows, values, and the graph itself."""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import inlined, kernel
from quiesce.engines.native.kernels.instructions import (
    expand,
    first_bit,
    get,
    get_number,
    prefetch,
    put,
    put_number,
)
from quiesce.engines.native.kernels.interning import intern, unpacked
from quiesce.engines.native.kernels.search import canonical, chosen, precedes
from quiesce.engines.native.kernels.table import home_of, scan
from quiesce.engines.native.plans import (
    LINE,
    SUB_BITS,
    SUB_TABLES,
    WIDE,
    Flags,
    Numbers,
    Offsets,
    Program,
    Room,
    Scratch,
    TableView,
    TreeView,
    Triples,
    Words,
)

ZERO, ONE = np.uint64(0), np.uint64(1)


@kernel
def least_predecessor(program: Program, states_: Words, target_: Words, scratch: Scratch) -> int:
    """Return the least of some states that has a step to the target, or -1."""
    code, stubborn, canon, words = program.expand, program.stubborn, program.canon, program.words
    states, target = states_.ctypes.data, target_.ctypes.data
    buffer, info = scratch.buffer.ctypes.data, scratch.info.ctypes.data
    best = np.int64(-1)
    for position in range(len(states_) // words):
        state = states + position * words * 8
        made = expand(code, state, buffer, info)
        if stubborn != 0 and get(info, 0) == np.uint64(made):
            made = chosen(stubborn, words, state, buffer, made, scratch.stubborn.ctypes.data)
        for successor in range(made):
            if canon != 0:
                canonical(canon, words, buffer + successor * words * 8, scratch.canon.ctypes.data)
            same = True
            for word in range(words):
                same = same and get(buffer, successor * words + word) == get(target, word)
            if same:
                if best < 0 or precedes(states + position * words * 8, states + best * words * 8, words):
                    best = np.int64(position)
                break
    return best


@kernel
def number_rows(
    code: int, states_: Words, words: int, buffer_: Words, info_: Offsets, rows_: Numbers, marks_: Numbers
) -> int:
    """Fill in the joint row and the marks of each edge, by an `expand` that stores them in the order of the successors.

    Where `marks_` has no room, there are none. Returns the number of edges.
    """
    states, buffer, info, rows = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data, rows_.ctypes.data
    marks = marks_.ctypes.data
    edge = np.int64(0)
    for position in range(len(states_) // words):
        made = expand(code, states + position * words * 8, buffer, info)
        for successor in range(made):
            word = get(buffer, successor)
            put_number(rows, edge + successor, np.uint32(word & np.uint64(0xFFFFFFFF)))
            if len(marks_):
                put_number(marks, edge + successor, np.uint32(word >> np.uint64(32)))
        edge += made
    return edge


@kernel
def survey(code: int, states_: Words, words: int, buffer_: Words, info_: Offsets, taken: Flags, flags: Words) -> None:
    """Mark the joint rows that are taken from some states, by an `expand` that stores rows, and collect its flags."""
    states, buffer, info = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data
    for position in range(len(states_) // words):
        made = expand(code, states + position * words * 8, buffer, info)
        for successor in range(made):
            taken[np.int64(get(buffer, successor))] = True
        for word in range(len(flags)):
            flags[word] |= get(info, 1 + word)


@kernel
def values_seen(states_: Words, words: int, places: Triples, seen: Flags) -> None:
    """Mark which values fields have in some states: a place is (word, shift, mask, first entry in `seen`)."""
    states = states_.ctypes.data
    for number in range(len(states_) // words):
        for field in range(len(places)):
            word = get(states, number * words + places[field, 0])
            value = (word >> np.uint64(places[field, 1])) & np.uint64(places[field, 2])
            seen[places[field, 3] + np.int64(value)] = True


@kernel
def least_unmarked(states_: Words, words: int, marked: Flags) -> int:
    """Return the least unmarked one of some states, or -1."""
    states = states_.ctypes.data
    best = np.int64(-1)
    for number in range(len(marked)):
        if not marked[number] and (best < 0 or precedes(states + number * words * 8, states + best * words * 8, words)):
            best = np.int64(number)
    return best


# -- the graph --------------------------------------------------------------------------------------------------------


@kernel
def count_edges(code: int, states_: Words, words: int, buffer_: Words, info_: Offsets, degrees: Offsets) -> None:
    """Fill in how many successors each of some states has."""
    states, buffer, info = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data
    for position in range(len(degrees)):
        degrees[position] = expand(code, states + position * words * 8, buffer, info)


@inlined
def _slot(part, bucket, quotient, table, slots):
    """Return where the number of a key stands that is in the table: in the array beside its sub-table."""
    wide = bucket & WIDE
    base = np.int64(get(table, part))
    bucket &= ~WIDE
    step = LINE * (1 + np.int64(quotient & np.uint64(7)))
    stamp = (quotient << np.uint64(5)) + ONE
    while True:
        found = scan(bucket, stamp, wide) & np.uint64(0xFFFF)
        if found != ZERO:
            break
        bucket += step
        step += LINE
        stamp += ONE
    lane = first_bit(found)
    width = 8 if wide else 16
    return np.int64(get(slots, part)) + ((bucket - (base & ~WIDE)) // LINE * width + lane) * 4


@kernel
def number_keys(table: TableView, slots: int, keys_: Words, first: int) -> None:
    """Number keys of the table, from a first number on; `slots` is where the addresses of the numbers' arrays stand."""
    keys = keys_.ctypes.data
    for number in range(len(keys_)):
        part, home, quotient = home_of(table, get(keys, number))
        put_number(_slot(part, home, quotient, table.plan, slots), 0, np.uint32(first + number))


@kernel
def link(
    program: Program,
    keys_: Words,
    table: TableView,
    slots: int,
    tree: TreeView,
    room: Room,
    memory: Scratch,
    targets_: Numbers,
) -> int:
    """Fill in the numbers of all successors of some states, in order; return how many there are.

    `slots` is where the addresses of the arrays of numbers stand; `link_scratch` says how large the buffer is.
    """
    code, canon, words, leaves = program.expand, program.canon, program.words, tree.leaves
    scratch, frontier, targets = memory.buffer.ctypes.data, keys_.ctypes.data, targets_.ctypes.data
    info = memory.info.ctypes.data
    parent, numbers = scratch, scratch + words * 8
    changed = numbers + 2 * leaves * 8
    queue = changed + 2 * leaves * room.successors * 8
    keys = queue + 2 * room.successors * 8
    buffer = keys if leaves == 0 else keys + room.successors * 8
    edges = np.int64(0)
    for begin in range(0, len(keys_), room.states):
        made = np.int64(0)
        for position in range(begin, min(begin + room.states, len(keys_))):
            state = frontier + position * 8
            if leaves > 0:
                state = parent
                unpacked(tree, words, get(frontier, position), numbers, parent)
            successors = buffer if leaves > 0 else buffer + made * words * 8
            count = expand(code, state, successors, info)
            if canon != 0:
                for successor in range(count):
                    canonical(canon, words, successors + successor * words * 8, memory.canon.ctypes.data)
            if leaves > 0:
                intern(tree, words, state, numbers, changed, successors, count, keys + made * 8)
            made += count
        for successor in range(made):
            part, home, quotient = home_of(table, get(keys, successor))
            prefetch(home)
            put(queue, 2 * successor, np.uint64(home))
            put(queue, 2 * successor + 1, (quotient << np.uint64(SUB_BITS)) | np.uint64(part))
        for successor in range(made):
            quotient = get(queue, 2 * successor + 1)
            part = np.int64(quotient & np.uint64(SUB_TABLES - 1))
            place = _slot(part, np.int64(get(queue, 2 * successor)), quotient >> np.uint64(SUB_BITS), table.plan, slots)
            prefetch(place)
            put(queue, 2 * successor, np.uint64(place))
        for successor in range(made):
            put_number(targets, edges + successor, get_number(np.int64(get(queue, 2 * successor)), 0))
        edges += made
    return edges
