"""The search loop, compiled by numba: expand a block of states, hash and prefetch all successors, then probe the table.

It knows nothing of systems: it sees words, and calls the compiled `expand` by address. A state is known by its *key*,
one word: the state's only word, or the numbers of its two halves (`interning.py`). `table_kernels.py` says how the
table is made.
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import helper, inlined, kernel
from quiesce.engines.native.kernels.instructions import (
    add_to,
    call_four,
    call_six,
    expand,
    first_bit,
    get,
    prefetch,
    put,
)
from quiesce.engines.native.kernels.interning import intern, is_full, unpacked
from quiesce.engines.native.kernels.table import ALL, FIRST_MULTIPLIER, ONE, ZERO, away, home_of, probed
from quiesce.engines.native.plans import (
    CROWDED,
    END,
    FILTER,
    LATE,
    LINE,
    NEW,
    PROBE_BITS,
    PROBES,
    RESUME,
    SUB_BITS,
    SUB_TABLES,
    TRANSITIONS,
    USED,
    WIDE,
    Batch,
    Output,
    Program,
    Room,
    TableView,
    TreeView,
    Worker,
)

# -- reductions: compiled where somebody asks for them, and called by the address in their plan ------------------------


@inlined
def canonical(plan, words, state, scratch):
    """Replace a state by its canonical form (`symmetry_kernels.py`)."""
    return call_four(np.int64(get(plan, 0)), plan, words, state, scratch)


@inlined
def chosen(plan, words, state, successors, count, scratch):
    """Keep the successors by the rows of a stubborn set; return how many there are (`stubborn_kernels.py`)."""
    return call_six(np.int64(get(plan, 0)), plan, words, state, successors, count, scratch)


# -- search -----------------------------------------------------------------------------------------------------------


@inlined
def _probing(queue, waiting, fresh, new, late, lost, report, at_home):
    """Look up each waiting key in one bucket; keys whose bucket is full wait for the next one, which is fetched.

    An entry of the queue is the key, its home bucket with the number of probes in bits 1 to 5, and its quotient with
    the sub-table.
    """
    again = np.int64(0)
    for entry in range(waiting):
        key = get(queue, 3 * entry)
        place = np.int64(get(queue, 3 * entry + 1))
        rest = get(queue, 3 * entry + 2)
        home = place & ~(LINE - 1)
        probe = np.int64(0) if at_home else (place >> 1) & PROBES
        quotient = rest >> np.uint64(SUB_BITS)
        stamp = (quotient << np.uint64(PROBE_BITS)) + np.uint64(probe + 1)
        entered = probed(home + away(quotient, probe) * LINE, stamp, place & WIDE)
        if entered == 0:
            continue
        part = np.int64(rest & np.uint64(SUB_TABLES - 1))
        if entered > 0:
            put(fresh, new, key)
            new += 1
            put(report, USED + part, get(report, USED + part) + ONE)
        elif probe + 1 == PROBES:
            put(late, lost, key)
            lost += 1
            put(report, CROWDED + part, ONE)
        else:
            prefetch(home + away(quotient, probe + 1) * LINE)
            put(queue, 3 * again, key)
            put(queue, 3 * again + 1, np.uint64(place + 2))
            put(queue, 3 * again + 2, rest)
            again += 1
    return again, new, lost


@kernel
def work(
    program: Program, batch: Batch, table: TableView, tree: TreeView, room: Room, worker: Worker, output: Output
) -> None:
    """Expand states of the frontier, chunk after chunk, until none of `batch.first` to `batch.last` - 1 is left.

    The output has room for all successors of the frontier. The report tells how many keys there are of each kind, and
    where this thread stopped for want of room in the tree (`RESUME` = `END`: nowhere).
    """
    code, stubborn, canon, words = program.expand, program.stubborn, program.canon, program.words
    frontier, last, leaves = batch.frontier, batch.last, tree.leaves
    scratch, pending, best = worker.scratch.ctypes.data, worker.pending.ctypes.data, worker.best.ctypes.data
    fresh, late, report = output.fresh.ctypes.data, output.overflow.ctypes.data, output.report.ctypes.data
    stubborn_scratch, canon_scratch = worker.stubborn.ctypes.data, worker.canon.ctypes.data
    parent, numbers, changed, info, filter_, queue, buffer, keys = _parts(
        scratch, words, leaves, len(worker.pending), room.successors
    )
    transitions, new, lost = np.int64(0), np.int64(0), np.int64(0)
    begin, end = last, last
    stopped = False
    while not stopped:
        begin = batch.first + add_to(batch.taken, batch.chunk)
        if begin >= last:
            begin, end = last, last
            break
        end = min(last, begin + batch.chunk)
        while begin < end:
            if leaves > 0 and is_full(tree):
                stopped = True
                break
            size = min(room.states, end - begin)
            made = np.int64(0)
            waiting = np.int64(0)
            for position in range(begin, begin + size):
                state = frontier + position * 8
                if leaves > 0:
                    state = parent
                    unpacked(tree, words, get(frontier, position), numbers, parent)
                successors = buffer if leaves > 0 else buffer + made * words * 8
                count = expand(code, state, successors, info)
                fired = np.int64(get(info, 0))
                for word in range(len(worker.pending)):
                    hits = get(info, 1 + word) & get(pending, word)
                    if hits != ZERO:
                        _note(hits, word, state, words, best)
                if stubborn != 0 and fired == count:
                    fired = count = chosen(stubborn, words, state, successors, count, stubborn_scratch)
                transitions += fired
                if canon != 0:
                    for successor in range(count):
                        canonical(canon, words, successors + successor * words * 8, canon_scratch)
                if leaves > 0:
                    intern(tree, words, state, numbers, changed, successors, count, keys + made * 8)
                for successor in range(made, made + count):
                    key = get(keys, successor)
                    place = np.int64((key * FIRST_MULTIPLIER) >> np.uint64(64 - 15))
                    if get(filter_, place) == key and key != ALL:
                        continue
                    put(filter_, place, key)
                    part, home, quotient = home_of(table, key)
                    prefetch(home)
                    put(queue, 3 * waiting, key)
                    put(queue, 3 * waiting + 1, np.uint64(home))
                    put(queue, 3 * waiting + 2, (quotient << np.uint64(SUB_BITS)) | np.uint64(part))
                    waiting += 1
                made += count
            waiting, new, lost = _probing(queue, waiting, fresh, new, late, lost, report, True)
            while waiting > 0:
                waiting, new, lost = _probing(queue, waiting, fresh, new, late, lost, report, False)
            begin += size
    put(report, TRANSITIONS, np.uint64(transitions))
    put(report, NEW, np.uint64(new))
    put(report, LATE, np.uint64(lost))
    put(report, RESUME, np.uint64(begin))
    put(report, END, np.uint64(end))


@inlined
def _parts(scratch, words, leaves, flag_words, room):
    """Return the addresses of what a worker keeps for itself; `search_scratch` says how much it is."""
    parent = scratch
    numbers = parent + words * 8
    changed = numbers + 2 * leaves * 8
    info = changed + 2 * leaves * room * 8
    filter_ = info + (1 + flag_words) * 8
    queue = filter_ + FILTER * 8
    buffer = queue + 3 * room * 8
    keys = buffer if leaves == 0 else buffer + room * words * 8
    return parent, numbers, changed, info, filter_, queue, buffer, keys


@inlined
def precedes(state, other, words):
    """Tell whether one state comes before another, word by word."""
    for word in range(words):
        if get(state, word) != get(other, word):
            return get(state, word) < get(other, word)
    return False


@helper
def _note(hits, word, state, words, best):
    """Keep the least state that decides each pending property: per property, whether there is one, and its words."""
    while hits != ZERO:
        number = word * 64 + first_bit(hits)
        hits &= hits - ONE
        kept = best + number * (words + 1) * 8
        if get(kept, 0) == ZERO or precedes(state, kept + 8, words):
            put(kept, 0, ONE)
            for position in range(words):
                put(kept, 1 + position, get(state, position))
