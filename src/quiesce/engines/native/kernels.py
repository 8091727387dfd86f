"""The search loops, compiled by numba: expand a block of states, hash and prefetch all successors, then probe the
table.

All kernels stand in this one file and are cached under a folder named by its content and by the versions of numba and
llvmlite, because numba does not notice that a called function changed. They know nothing of systems: they see words,
and call the compiled `expand` by address.

The table is open, with linear probing. A slot's key is the state's word plus 1 where a state has one word, else a
hash of its words that is compared in full on the states; 0 is empty. `numbers` holds the state's number: its position
in order of arrival.

Arrays are handed to inner functions as addresses, not as numba arrays: numba counts references to an array at every
call that it inlines, and these atomic operations took two thirds of the search.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from quiesce.engines.native.kernel_cache import enter_cache, leave_cache

_before = enter_cache(__file__)

EMPTY = np.uint64(0)
FIRST_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SECOND_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
HALF = np.uint64(32)
ONE = np.uint64(1)


@intrinsic
def _expand(typingctx, address, state, successors, info):  # type: ignore[no-untyped-def]
    """Call the compiled `expand` at an address."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        word = ir.IntType(64)
        pointer = ir.FunctionType(word, [word, word, word]).as_pointer()
        return builder.call(builder.inttoptr(arguments[0], pointer), arguments[1:])

    return types.int64(types.int64, types.int64, types.int64, types.int64), code


@intrinsic
def _prefetch(typingctx, address):  # type: ignore[no-untyped-def]
    """Ask for the cache line at an address, for writing."""

    def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        byte = ir.IntType(8).as_pointer()
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        place = builder.inttoptr(arguments[0], byte)
        builder.call(function, [place, flag(1), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(types.int64), code


def _memory(width: int) -> tuple[Any, Any]:
    """Make the pair (load, store) of unsigned integers of a width: element `index` behind an address."""
    integer = ir.IntType(width)
    unsigned = {32: types.uint32, 64: types.uint64}[width]

    def place(builder: Any, base: Any, index: Any) -> Any:
        return builder.gep(builder.inttoptr(base, integer.as_pointer()), [index])

    @intrinsic
    def load(typingctx, base, index):  # type: ignore[no-untyped-def]
        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            return builder.load(place(builder, *arguments))

        return unsigned(types.int64, types.int64), code

    @intrinsic
    def store(typingctx, base, index, value):  # type: ignore[no-untyped-def]
        def code(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            builder.store(arguments[2], place(builder, arguments[0], arguments[1]))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, unsigned), code

    return load, store


_get, _put = _memory(64)
_get_number, _put_number = _memory(32)


@njit(inline="always")
def _mixed(word):  # type: ignore[no-untyped-def]
    """Spread the bits of a word over all 64 (multiply, fold, multiply)."""
    spread = word * FIRST_MULTIPLIER
    spread ^= spread >> HALF
    return spread * SECOND_MULTIPLIER


@njit(inline="always")
def _hashed(states, at, words):  # type: ignore[no-untyped-def]
    """Return the hash of the state whose first word is word `at` behind an address."""
    spread = _mixed(_get(states, at))
    for word in range(1, words):
        spread = _mixed(spread ^ _get(states, at + word) ^ (spread >> np.uint64(29)))
    return spread


@njit(inline="always")
def _key(states, at, home, words):  # type: ignore[no-untyped-def]
    return _get(states, at) + ONE if words == 1 else home | ONE


@njit(inline="always")
def _same(states, at, others, where, words):  # type: ignore[no-untyped-def]
    for word in range(words):
        if _get(states, at + word) != _get(others, where + word):
            return False
    return True


@njit(inline="always")
def _precedes(states, at, others, where, words):  # type: ignore[no-untyped-def]
    """Tell whether one state comes before another, word by word."""
    for word in range(words):
        if _get(states, at + word) != _get(others, where + word):
            return _get(states, at + word) < _get(others, where + word)
    return False


@njit(inline="always")
def _find(slots, mask, numbers, shift, key, home, states, successors, at, words):  # type: ignore[no-untyped-def]
    """Return the slot of a state, or of the empty place where it belongs."""
    slot = np.int64(home >> shift)
    held = _get(slots, slot)
    while held != EMPTY:
        if held == key and (
            words == 1 or _same(states, np.int64(_get_number(numbers, slot)) * words, successors, at, words)
        ):
            break
        slot = (slot + 1) & mask
        held = _get(slots, slot)
    return slot


@njit(cache=True, nogil=True)
def insert(given, states_, words, slots_, numbers_, shift):  # type: ignore[no-untyped-def]
    """Enter given states, in their order, into an empty table; return how many different ones there are."""
    states, slots, numbers, base = states_.ctypes.data, slots_.ctypes.data, numbers_.ctypes.data, given.ctypes.data
    mask = np.int64(len(slots_) - 1)
    count = np.int64(0)
    for at in range(0, len(given), words):
        home = _hashed(base, at, words)
        key = _key(base, at, home, words)
        slot = _find(slots, mask, numbers, shift, key, home, states, base, at, words)
        if _get(slots, slot) == EMPTY:
            _put(slots, slot, key)
            _put_number(numbers, slot, np.uint32(count))
            for word in range(words):
                _put(states, count * words + word, _get(base, at + word))
            count += 1
    return count


@njit(cache=True, nogil=True)
def expand_range(  # type: ignore[no-untyped-def]
    expand,
    first,
    last,
    count,
    states_,
    words,
    slots_,
    numbers_,
    shift,
    room,
    branching,
    buffer_,
    hashes_,
    info_,
    pending,
    best,
    edges,
    offsets,
    targets_,
):
    """Expand states `first` to `last` - 1; stop early where there is no room for a block's successors.

    Returns (next state to expand, number of states, transitions taken, number of edges). `best[p]` becomes the least
    state that decides the pending property p (-1: none). Where `targets_` has room, the graph is kept: the successors
    of state n are `targets_[offsets[n]:offsets[n + 1]]`, as numbers, and `edges` is how many are there so far.
    """
    states, slots, numbers = states_.ctypes.data, slots_.ctypes.data, numbers_.ctypes.data
    buffer, hashes, info, targets = buffer_.ctypes.data, hashes_.ctypes.data, info_.ctypes.data, targets_.ctypes.data
    keeping = len(targets_) > 0
    mask = np.int64(len(slots_) - 1)
    transitions = np.int64(0)
    block = len(hashes_) // branching
    while first < last:
        size = min(block, last - first)
        if count + size * branching > room or (keeping and edges + size * branching > len(targets_)):
            break
        made = np.int64(0)
        for position in range(first, first + size):
            if keeping:
                offsets[position] = edges + made
            made += _expand(expand, states + position * words * 8, buffer + made * words * 8, info)
            transitions += np.int64(_get(info, 0))
            for word in range(len(pending)):
                hits = _get(info, 1 + word) & pending[word]
                if hits != EMPTY:
                    _note(hits, word, position, states, words, best)
        for successor in range(made):
            home = _hashed(buffer, successor * words, words)
            _put(hashes, successor, home)
            slot = np.int64(home >> shift)
            _prefetch(slots + slot * 8)
            if keeping or words > 1:
                _prefetch(numbers + slot * 4)
        for successor in range(made):
            at = successor * words
            home = _get(hashes, successor)
            key = _key(buffer, at, home, words)
            slot = _find(slots, mask, numbers, shift, key, home, states, buffer, at, words)
            if _get(slots, slot) == EMPTY:
                _put(slots, slot, key)
                _put_number(numbers, slot, np.uint32(count))
                for word in range(words):
                    _put(states, count * words + word, _get(buffer, at + word))
                count += 1
            if keeping:
                _put_number(targets, edges + successor, _get_number(numbers, slot))
        edges += made
        first += size
    return first, count, transitions, edges


@njit(cache=True)
def _note(hits, word, position, states, words, best):  # type: ignore[no-untyped-def]
    """Remember the least state of the level that decides each pending property."""
    for bit in range(64):
        if (hits >> np.uint64(bit)) & ONE:
            number = word * 64 + bit
            if best[number] < 0 or _precedes(states, position * words, states, best[number] * words, words):
                best[number] = position


@njit(cache=True, nogil=True)
def rehash(count, states_, words, slots_, numbers_, shift):  # type: ignore[no-untyped-def]
    """Enter the states 0 to `count` - 1, all different, into an empty table."""
    states, slots, numbers = states_.ctypes.data, slots_.ctypes.data, numbers_.ctypes.data
    mask = np.int64(len(slots_) - 1)
    for number in range(count):
        home = _hashed(states, number * words, words)
        slot = np.int64(home >> shift)
        while _get(slots, slot) != EMPTY:
            slot = (slot + 1) & mask
        _put(slots, slot, _key(states, number * words, home, words))
        _put_number(numbers, slot, np.uint32(number))


@njit(cache=True, nogil=True)
def least_predecessor(expand, first, last, target_, states_, words, buffer_, info_):  # type: ignore[no-untyped-def]
    """Return the least of the states `first` to `last` - 1 that has a step to the target, or -1."""
    states, buffer, info, target = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data, target_.ctypes.data
    best = np.int64(-1)
    for position in range(first, last):
        made = _expand(expand, states + position * words * 8, buffer, info)
        for successor in range(made):
            if _same(buffer, successor * words, target, 0, words):
                if best < 0 or _precedes(states, position * words, states, best * words, words):
                    best = np.int64(position)
                break
    return best


@njit(cache=True, nogil=True)
def number_rows(expand, count, states_, words, buffer_, info_, rows_, marks_):  # type: ignore[no-untyped-def]
    """Fill in the joint row and the marks of each edge, by an `expand` that stores them in the order of the successors.

    Where `marks_` has no room, there are none.
    """
    states, buffer, info, rows = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data, rows_.ctypes.data
    marks = marks_.ctypes.data
    edge = np.int64(0)
    for position in range(count):
        made = _expand(expand, states + position * words * 8, buffer, info)
        for successor in range(made):
            word = _get(buffer, successor)
            _put_number(rows, edge + successor, np.uint32(word & np.uint64(0xFFFFFFFF)))
            if len(marks_):
                _put_number(marks, edge + successor, np.uint32(word >> np.uint64(32)))
        edge += made


@njit(cache=True, nogil=True)
def survey(expand, first, last, states_, words, buffer_, info_, taken, flags):  # type: ignore[no-untyped-def]
    """Mark the joint rows that are taken from some states, by an `expand` that stores rows, and collect its flags."""
    states, buffer, info = states_.ctypes.data, buffer_.ctypes.data, info_.ctypes.data
    for position in range(first, last):
        made = _expand(expand, states + position * words * 8, buffer, info)
        for successor in range(made):
            taken[np.int64(_get(buffer, successor))] = True
        for word in range(len(flags)):
            flags[word] |= _get(info, 1 + word)


@njit(cache=True, nogil=True)
def values_seen(states_, count, words, places, seen):  # type: ignore[no-untyped-def]
    """Mark which values fields have in some states: a place is (word, shift, mask, first entry in `seen`)."""
    states = states_.ctypes.data
    for number in range(count):
        for field in range(len(places)):
            word = _get(states, number * words + places[field, 0])
            value = (word >> np.uint64(places[field, 1])) & np.uint64(places[field, 2])
            seen[places[field, 3] + np.int64(value)] = True


@njit(cache=True, nogil=True)
def least_unmarked(first, last, states_, words, marked):  # type: ignore[no-untyped-def]
    """Return the least unmarked state of a range, or -1."""
    states = states_.ctypes.data
    best = np.int64(-1)
    for number in range(first, last):
        if not marked[number] and (best < 0 or _precedes(states, number * words, states, best * words, words)):
            best = np.int64(number)
    return best


leave_cache(_before)
