"""What is read off the states of a search, block by block: predecessors, joint rows, values, and the graph itself."""

from __future__ import annotations

import numpy as np
from numba import njit

from quiesce.engines.native import kernels
from quiesce.engines.native.instructions import (
    LINE,
    expand,
    first_bit,
    get,
    get_number,
    inlined,
    prefetch,
    put,
    put_number,
)
from quiesce.engines.native.interning_kernels import intern, unpacked
from quiesce.engines.native.kernel_cache import enter_cache, leave_cache
from quiesce.engines.native.kernels import canonical, chosen, precedes
from quiesce.engines.native.table_kernels import SUB_BITS, SUB_TABLES, WIDE, home_of, scan

_before = enter_cache(__file__, kernels.__file__, *kernels.PARTS)

ZERO, ONE = np.uint64(0), np.uint64(1)


@njit(cache=True, nogil=True)
def least_predecessor(
    code, stubborn, canon, states_, words, target_, buffer_, stubborn_scratch_, canon_scratch_, info_
):
    """Return the least of some states that has a step to the target, or -1."""
    states, buffer, info, target = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data, target_.ctypes.data
    best = np.int64(-1)
    for position in range(len(states_) // words):
        state = states + position * words * 8
        made = expand(code, state, buffer, info)
        if stubborn != 0 and get(info, 0) == np.uint64(made):
            made = chosen(stubborn, words, state, buffer, made, stubborn_scratch_.ctypes.data)
        for successor in range(made):
            if canon != 0:
                canonical(canon, words, buffer + successor * words * 8, canon_scratch_.ctypes.data)
            same = True
            for word in range(words):
                same = same and get(buffer, successor * words + word) == get(target, word)
            if same:
                if best < 0 or precedes(states + position * words * 8, states + best * words * 8, words):
                    best = np.int64(position)
                break
    return best


@njit(cache=True, nogil=True)
def number_rows(code, states_, words, buffer_, info_, rows_, marks_):
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


@njit(cache=True, nogil=True)
def survey(code, states_, words, buffer_, info_, taken, flags):
    """Mark the joint rows that are taken from some states, by an `expand` that stores rows, and collect its flags."""
    states, buffer, info = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data
    for position in range(len(states_) // words):
        made = expand(code, states + position * words * 8, buffer, info)
        for successor in range(made):
            taken[np.int64(get(buffer, successor))] = True
        for word in range(len(flags)):
            flags[word] |= get(info, 1 + word)


@njit(cache=True, nogil=True)
def values_seen(states_, words, places, seen):
    """Mark which values fields have in some states: a place is (word, shift, mask, first entry in `seen`)."""
    states = states_.ctypes.data
    for number in range(len(states_) // words):
        for field in range(len(places)):
            word = get(states, number * words + places[field, 0])
            value = (word >> np.uint64(places[field, 1])) & np.uint64(places[field, 2])
            seen[places[field, 3] + np.int64(value)] = True


@njit(cache=True, nogil=True)
def least_unmarked(states_, words, marked):
    """Return the least unmarked one of some states, or -1."""
    states = states_.ctypes.data
    best = np.int64(-1)
    for number in range(len(marked)):
        if not marked[number] and (best < 0 or precedes(states + number * words * 8, states + best * words * 8, words)):
            best = np.int64(number)
    return best


# -- the graph --------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def count_edges(code, states_, words, buffer_, info_, degrees):
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


@njit(cache=True, nogil=True)
def number_keys(table, bits, right, slots, keys_, first):
    """Number keys of the table, from a first number on; `slots` is where the addresses of the numbers' arrays stand."""
    keys = keys_.ctypes.data
    for number in range(len(keys_)):
        part, home, quotient = home_of(table, get(keys, number), bits, right)
        put_number(_slot(part, home, quotient, table, slots), 0, np.uint32(first + number))


@njit(cache=True, nogil=True)
def link(
    code,
    canon,
    words,
    keys_,
    table,
    bits,
    right,
    slots,
    tree,
    leaves,
    room,
    block,
    scratch_,
    canon_scratch_,
    info_,
    targets_,
):
    """Fill in the numbers of all successors of some states, in order; return how many there are.

    `block` states at most are looked up together, with `room` successors at most; `link_scratch` says how much scratch
    they need.
    """
    scratch, frontier, targets = scratch_.ctypes.data, keys_.ctypes.data, targets_.ctypes.data
    info = info_.ctypes.data
    parent, numbers = scratch, scratch + words * 8
    changed = numbers + 2 * leaves * 8
    queue = changed + 2 * leaves * room * 8
    keys = queue + 2 * room * 8
    buffer = keys if leaves == 0 else keys + room * 8
    edges = np.int64(0)
    for begin in range(0, len(keys_), block):
        made = np.int64(0)
        for position in range(begin, min(begin + block, len(keys_))):
            state = frontier + position * 8
            if leaves > 0:
                state = parent
                unpacked(tree, leaves, words, get(frontier, position), numbers, parent)
            successors = buffer if leaves > 0 else buffer + made * words * 8
            count = expand(code, state, successors, info)
            if canon != 0:
                for successor in range(count):
                    canonical(canon, words, successors + successor * words * 8, canon_scratch_.ctypes.data)
            if leaves > 0:
                intern(tree, leaves, words, state, numbers, changed, successors, count, keys + made * 8)
            made += count
        for successor in range(made):
            part, home, quotient = home_of(table, get(keys, successor), bits, right)
            prefetch(home)
            put(queue, 2 * successor, np.uint64(home))
            put(queue, 2 * successor + 1, (quotient << np.uint64(SUB_BITS)) | np.uint64(part))
        for successor in range(made):
            quotient = get(queue, 2 * successor + 1)
            part = np.int64(quotient & np.uint64(SUB_TABLES - 1))
            place = _slot(part, np.int64(get(queue, 2 * successor)), quotient >> np.uint64(SUB_BITS), table, slots)
            prefetch(place)
            put(queue, 2 * successor, np.uint64(place))
        for successor in range(made):
            put_number(targets, edges + successor, get_number(np.int64(get(queue, 2 * successor)), 0))
        edges += made
    return edges


leave_cache(_before)


def link_scratch(words: int, leaves: int, room: int) -> int:
    """Return how many words of scratch `link` needs."""
    return words + 2 * leaves + room * (words + 3 + 2 * leaves)
