"""The search loops, compiled by numba: expand a block of states, hash and prefetch all successors, then probe the
table.

They know nothing of systems: they see words, and call the compiled `expand` by address. A state is known by its *key*,
one word: the state's only word, or the numbers of its two halves (`interning.py`).

**The table** (`table.py`) is 64 sub-tables of 64-byte buckets. A key is hashed by a bijection on `bits` bits; the top 6
bits choose the sub-table, the rest is divided by its number of buckets: the remainder is the home bucket, the quotient
is what a slot holds, with the number of probes that it is away from home. Where keys get more bits later, these stand
above the rest; keys without them stay where they are. So a slot of 32 bits (16 in a bucket), or of
64 (8), holds a key without loss, and 0 is an empty one. Slots of a bucket fill in order and are never emptied, so that
threads need no lock: a slot is claimed by compare-and-swap.

numba does not notice that a called function in another file changed: `enter_cache` is told of all files that these
kernels are made of.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from quiesce.engines.native import instructions, interning_kernels
from quiesce.engines.native.instructions import (
    LINE,
    add_to,
    call_four,
    call_six,
    claim_number,
    claim_word,
    expand,
    first_bit,
    get,
    get_number,
    inlined,
    prefetch,
    put,
    scan_numbers,
    scan_words,
    upper_product,
)
from quiesce.engines.native.interning_kernels import intern, is_full, unpacked
from quiesce.engines.native.kernel_cache import enter_cache, leave_cache

PARTS = (instructions.__file__, interning_kernels.__file__)
"""The files that these kernels are made of."""
_before = enter_cache(__file__, *PARTS)

ZERO, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)
FIRST_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SECOND_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
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
FILTER = 1 << 15
"""Entries of a worker's filter of successors that it has just seen: 256 KiB."""

EXTENSIONS = 3 * SUB_TABLES
"""Where the table's plan says by how many parts of keys it was extended, and then where each begins in a key."""
EXTENSION = 4
"""Bits of such a part."""
MOST_EXTENSIONS = 8

# Words that a worker reports.
TRANSITIONS, NEW, LATE, RESUME, END, USED = 0, 1, 2, 3, 4, 5
CROWDED = USED + SUB_TABLES
REPORT = CROWDED + SUB_TABLES


# -- hashing ----------------------------------------------------------------------------------------------------------


@inlined
def _squeezed(key, bits, right):  # type: ignore[no-untyped-def]
    """Return the lowest bits of both numbers of a key: `right` of the right one, the rest of `bits` of the left one."""
    left = (key >> np.uint64(32)) & (ALL >> np.uint64(64 - bits + right))
    return (left << np.uint64(right)) | (key & (ALL >> np.uint64(64 - right)))


@inlined
def _beyond(table, key):  # type: ignore[no-untyped-def]
    """Return the other bits of a key, in the order in which the table was extended by them."""
    extra = ZERO
    for extension in range(np.int64(get(table, EXTENSIONS))):
        taken = (key >> get(table, EXTENSIONS + 1 + extension)) & np.uint64((1 << EXTENSION) - 1)
        extra |= taken << np.uint64(extension * EXTENSION)
    return extra


@inlined
def _hashed(key, bits):  # type: ignore[no-untyped-def]
    """Spread `bits` bits (24 to 64) over each other, one to one: multiply, fold, multiply."""
    keep = ALL >> np.uint64(64 - bits)
    spread = (key * FIRST_MULTIPLIER) & keep
    spread ^= spread >> np.uint64((bits + 1) >> 1)
    return (spread * SECOND_MULTIPLIER) & keep


@inlined
def _divided(rest, buckets, magic):  # type: ignore[no-untyped-def]
    """Return quotient and remainder by a number of buckets, of which `magic` is the reciprocal times 2^64."""
    quotient = upper_product(rest, magic)
    remainder = rest - quotient * buckets
    if remainder >= buckets:
        remainder -= buckets
        quotient += ONE
    return quotient, remainder


@inlined
def scan(bucket, stamp, wide):  # type: ignore[no-untyped-def]
    """Compare a bucket's slots with a stamp, and with 0 (see `scanning`)."""
    return scan_words(bucket, stamp) if wide else scan_numbers(bucket, np.uint32(stamp))


@inlined
def _claim(bucket, free, stamp, wide):  # type: ignore[no-untyped-def]
    return claim_word(bucket + free * 8, stamp) if wide else claim_number(bucket + free * 4, np.uint32(stamp))


@inlined
def _probed(bucket, stamp, wide):  # type: ignore[no-untyped-def]
    """Enter a key in one bucket; return 1 where it is new, 0 where it was there, -1 where the bucket is full."""
    while True:
        found = scan(bucket, stamp, wide)
        if found & np.uint64(0xFFFF) != ZERO:
            return 0
        free = found >> np.uint64(16)
        if free == ZERO:
            return -1
        if _claim(bucket, first_bit(free), stamp, wide):
            return 1  # else another thread was faster, perhaps with this very key


@inlined
def _away(quotient, probe):  # type: ignore[no-untyped-def]
    """Return how many buckets a probe is away from the home of a key."""
    return probe * (1 + np.int64(quotient & np.uint64(7))) + probe * (probe - 1) // 2


@inlined
def _entered(home, quotient, wide):  # type: ignore[no-untyped-def]
    """Enter a key from its home bucket on; return 1 where it is new, 0 where it was there, -1 where no room is near."""
    for probe in range(PROBES):
        stamp = (quotient << np.uint64(PROBE_BITS)) + np.uint64(probe + 1)
        entered = _probed(home + _away(quotient, probe) * LINE, stamp, wide)
        if entered >= 0:
            return entered
    return -1


@inlined
def home_of(table, key, bits, right):  # type: ignore[no-untyped-def]
    """Return the sub-table of a key, its home bucket's address (bit 0: wide slots) and its quotient."""
    extra = ZERO
    if right != 0:
        extra = _beyond(table, key)
        key = _squeezed(key, bits, right) ^ ((extra * FIRST_MULTIPLIER) >> np.uint64(64 - bits))
    hashed = _hashed(key, bits)
    part = np.int64(hashed >> np.uint64(bits - SUB_BITS))
    rest = hashed & (ALL >> np.uint64(64 - (bits - SUB_BITS)))
    if right != 0:
        rest |= extra << np.uint64(bits - SUB_BITS)
    quotient, remainder = _divided(rest, get(table, SUB_TABLES + part), get(table, 2 * SUB_TABLES + part))
    return part, np.int64(get(table, part)) + np.int64(remainder) * LINE, quotient


@njit(cache=True, nogil=True)
def enter(table, bits, right, keys, count, fresh, late, report_):  # type: ignore[no-untyped-def]
    """Enter keys; `fresh` gets those that are new, in their order, `late` those for which no room is near."""
    report = report_.ctypes.data
    new = np.int64(0)
    lost = np.int64(0)
    for number in range(count):
        key = get(keys, number)
        part, home, quotient = home_of(table, key, bits, right)
        entered = _entered(home & ~WIDE, quotient, home & WIDE)
        if entered > 0:
            put(fresh, new, key)
            new += 1
            put(report, USED + part, get(report, USED + part) + ONE)
        elif entered < 0:
            put(late, lost, key)
            lost += 1
            put(report, CROWDED + part, ONE)
    put(report, NEW, np.uint64(new))
    put(report, LATE, np.uint64(lost))


@njit(cache=True, nogil=True)
def move(old, buckets, wide, new, new_buckets, new_magic, new_wide, queue_):  # type: ignore[no-untyped-def]
    """Enter all of a sub-table in a larger, empty one; return False where no room is near.

    `queue_` has room for `MOVE_SCRATCH` words. It is the caller's: an array of our own would be freed as soon as its
    address was taken, which is its last use.
    """
    slots = 8 if wide else 16
    queue = queue_.ctypes.data
    for begin in range(0, buckets + LONGEST, MOVED):
        waiting = np.int64(0)
        for bucket in range(begin, min(begin + MOVED, buckets + LONGEST)):
            line = old + bucket * LINE
            for slot in range(slots):
                stamp = get(line, slot) if wide else np.uint64(get_number(line, slot))
                if stamp == ZERO:
                    break
                stamp -= ONE
                probe = np.int64(stamp & np.uint64(31))
                quotient = stamp >> np.uint64(5)
                rest = quotient * np.uint64(buckets) + np.uint64(bucket - _away(quotient, probe))
                quotient, remainder = _divided(rest, np.uint64(new_buckets), new_magic)
                home = new + np.int64(remainder) * LINE
                prefetch(home)
                put(queue, 2 * waiting, np.uint64(home))
                put(queue, 2 * waiting + 1, quotient)
                waiting += 1
        for entry in range(waiting):
            if _entered(np.int64(get(queue, 2 * entry)), get(queue, 2 * entry + 1), new_wide) < 0:
                return False
    return True


# -- reductions: compiled where somebody asks for them, and called by the address in their plan ------------------------


@inlined
def canonical(plan, words, state, scratch):  # type: ignore[no-untyped-def]
    """Replace a state by its canonical form (`symmetry_kernels.py`)."""
    return call_four(np.int64(get(plan, 0)), plan, words, state, scratch)


@inlined
def chosen(plan, words, state, successors, count, scratch):  # type: ignore[no-untyped-def]
    """Keep the successors by the rows of a stubborn set; return how many there are (`stubborn_kernels.py`)."""
    return call_six(np.int64(get(plan, 0)), plan, words, state, successors, count, scratch)


# -- search -----------------------------------------------------------------------------------------------------------


@inlined
def _probing(queue, waiting, fresh, new, late, lost, report, at_home):  # type: ignore[no-untyped-def]
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
        entered = _probed(home + _away(quotient, probe) * LINE, stamp, place & WIDE)
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
            prefetch(home + _away(quotient, probe + 1) * LINE)
            put(queue, 3 * again, key)
            put(queue, 3 * again + 1, np.uint64(place + 2))
            put(queue, 3 * again + 2, rest)
            again += 1
    return again, new, lost


@njit(cache=True, nogil=True)
def work(  # type: ignore[no-untyped-def]
    code,
    stubborn,
    canon,
    words,
    frontier,
    first,
    last,
    ticket,
    chunk,
    table,
    bits,
    right,
    tree,
    leaves,
    margin,
    room,
    block,
    scratch_,
    stubborn_scratch_,
    canon_scratch_,
    pending_,
    best_,
    fresh_,
    late_,
    report_,
):
    """Expand states of the frontier, chunk after chunk, until none of `first` to `last` - 1 is left.

    `ticket` is the number of states that the threads have taken so far. `fresh_` gets the keys that are new, `late_`
    those for which the table has no room nearby; both have room for all successors of the frontier. `best_` keeps for
    each pending property the least state that decides it. The report tells how many there are of each, and where this
    thread stopped for want of room in the tree (`RESUME` = `END`: nowhere). `block` states at most are expanded
    together, with `room` successors at most, and all threads together bring `margin` new values to a node of the tree.
    """
    scratch, pending, best = scratch_.ctypes.data, pending_.ctypes.data, best_.ctypes.data
    fresh, late, report = fresh_.ctypes.data, late_.ctypes.data, report_.ctypes.data
    stubborn_scratch, canon_scratch = stubborn_scratch_.ctypes.data, canon_scratch_.ctypes.data
    parent, numbers, changed, info, filter_, queue, buffer, keys = _parts(scratch, words, leaves, len(pending_), room)
    transitions, new, lost = np.int64(0), np.int64(0), np.int64(0)
    begin, end = last, last
    stopped = False
    while not stopped:
        begin = first + add_to(ticket, chunk)
        if begin >= last:
            begin, end = last, last
            break
        end = min(last, begin + chunk)
        while begin < end:
            if leaves > 0 and is_full(tree, leaves, margin):
                stopped = True
                break
            size = min(block, end - begin)
            made = np.int64(0)
            waiting = np.int64(0)
            for position in range(begin, begin + size):
                state = frontier + position * 8
                if leaves > 0:
                    state = parent
                    unpacked(tree, leaves, words, get(frontier, position), numbers, parent)
                successors = buffer if leaves > 0 else buffer + made * words * 8
                count = expand(code, state, successors, info)
                fired = np.int64(get(info, 0))
                for word in range(len(pending_)):
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
                    intern(tree, leaves, words, state, numbers, changed, successors, count, keys + made * 8)
                for successor in range(made, made + count):
                    key = get(keys, successor)
                    place = np.int64((key * FIRST_MULTIPLIER) >> np.uint64(64 - 15))
                    if get(filter_, place) == key and key != ALL:
                        continue
                    put(filter_, place, key)
                    part, home, quotient = home_of(table, key, bits, right)
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
def _parts(scratch, words, leaves, flag_words, room):  # type: ignore[no-untyped-def]
    """Return the addresses of what a worker keeps for itself; `scratch_words` says how much it is."""
    parent = scratch
    numbers = parent + words * 8
    changed = numbers + 2 * leaves * 8
    info = changed + 2 * leaves * room * 8
    filter_ = info + (1 + flag_words) * 8
    queue = filter_ + FILTER * 8
    buffer = queue + 3 * room * 8
    keys = buffer if leaves == 0 else buffer + room * words * 8
    return parent, numbers, changed, info, filter_, queue, buffer, keys


def scratch_words(words: int, leaves: int, flag_words: int, room: int) -> int:
    """Return how many words a worker needs for itself, for `room` successors in a block."""
    return words + 2 * leaves + 1 + flag_words + FILTER + room * (words + 4 + 2 * leaves)


@inlined
def precedes(state, other, words):  # type: ignore[no-untyped-def]
    """Tell whether one state comes before another, word by word."""
    for word in range(words):
        if get(state, word) != get(other, word):
            return get(state, word) < get(other, word)
    return False


@njit(cache=True)
def _note(hits, word, state, words, best):  # type: ignore[no-untyped-def]
    """Keep the least state that decides each pending property: per property, whether there is one, and its words."""
    while hits != ZERO:
        number = word * 64 + first_bit(hits)
        hits &= hits - ONE
        kept = best + number * (words + 1) * 8
        if get(kept, 0) == ZERO or precedes(state, kept + 8, words):
            put(kept, 0, ONE)
            for position in range(words):
                put(kept, 1 + position, get(state, position))


leave_cache(_before)
