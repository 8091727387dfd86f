"""Entering keys in the table: hashing, probing, and moving a sub-table to a larger one.

**The table** (`table.py`) is 64 sub-tables of 64-byte buckets. A key is hashed by a bijection on `bits` bits; the top 6
bits choose the sub-table, the rest is divided by its number of buckets: the remainder is the home bucket, the quotient
is what a slot holds, with the number of probes that it is away from home. Where keys get more bits later, these stand
above the rest; keys without them stay where they are. So a slot of 32 bits (16 in a bucket), or of
64 (8), holds a key without loss, and 0 is an empty one. Slots of a bucket fill in order and are never emptied, so that
threads need no lock: a slot is claimed by compare-and-swap.
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import inlined, kernel
from quiesce.engines.native.kernels.instructions import (
    claim_number,
    claim_word,
    first_bit,
    get,
    get_number,
    prefetch,
    put,
    scan_numbers,
    scan_words,
    upper_product,
)
from quiesce.engines.native.plans import (
    CROWDED,
    EXTENSION,
    EXTENSIONS,
    LATE,
    LINE,
    LONGEST,
    MOVED,
    NEW,
    PROBE_BITS,
    PROBES,
    SUB_BITS,
    SUB_TABLES,
    USED,
    WIDE,
    Output,
    SubTable,
    TableView,
    Words,
)

ZERO, ONE, ALL = np.uint64(0), np.uint64(1), np.uint64(0xFFFFFFFFFFFFFFFF)
FIRST_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SECOND_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
# -- hashing ----------------------------------------------------------------------------------------------------------


@inlined
def _squeezed(key, bits, right):
    """Return the lowest bits of both numbers of a key: `right` of the right one, the rest of `bits` of the left one."""
    left = (key >> np.uint64(32)) & (ALL >> np.uint64(64 - bits + right))
    return (left << np.uint64(right)) | (key & (ALL >> np.uint64(64 - right)))


@inlined
def _beyond(table, key):
    """Return the other bits of a key, in the order in which the table was extended by them."""
    extra = ZERO
    for extension in range(np.int64(get(table, EXTENSIONS))):
        taken = (key >> get(table, EXTENSIONS + 1 + extension)) & np.uint64((1 << EXTENSION) - 1)
        extra |= taken << np.uint64(extension * EXTENSION)
    return extra


@inlined
def _hashed(key, bits):
    """Spread `bits` bits (24 to 64) over each other, one to one: multiply, fold, multiply."""
    keep = ALL >> np.uint64(64 - bits)
    spread = (key * FIRST_MULTIPLIER) & keep
    spread ^= spread >> np.uint64((bits + 1) >> 1)
    return (spread * SECOND_MULTIPLIER) & keep


@inlined
def divided(rest, buckets, magic):
    """Return quotient and remainder by a number of buckets, of which `magic` is the reciprocal times 2^64."""
    quotient = upper_product(rest, magic)
    remainder = rest - quotient * buckets
    if remainder >= buckets:
        remainder -= buckets
        quotient += ONE
    return quotient, remainder


@inlined
def scan(bucket, stamp, wide):
    """Compare a bucket's slots with a stamp, and with 0 (see `scanning`)."""
    return scan_words(bucket, stamp) if wide else scan_numbers(bucket, np.uint32(stamp))


@inlined
def _claim(bucket, free, stamp, wide):
    return claim_word(bucket + free * 8, stamp) if wide else claim_number(bucket + free * 4, np.uint32(stamp))


@inlined
def probed(bucket, stamp, wide):
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
def away(quotient, probe):
    """Return how many buckets a probe is away from the home of a key."""
    return probe * (1 + np.int64(quotient & np.uint64(7))) + probe * (probe - 1) // 2


@inlined
def _entered(home, quotient, wide):
    """Enter a key from its home bucket on; return 1 where it is new, 0 where it was there, -1 where no room is near."""
    for probe in range(PROBES):
        stamp = (quotient << np.uint64(PROBE_BITS)) + np.uint64(probe + 1)
        entered = probed(home + away(quotient, probe) * LINE, stamp, wide)
        if entered >= 0:
            return entered
    return -1


@inlined
def home_of(view, key):
    """Return the sub-table of a key, its home bucket's address (bit 0: wide slots) and its quotient."""
    table, bits, right = view.plan, view.bits, view.right
    extra = ZERO
    if right != 0:
        extra = _beyond(table, key)
        key = _squeezed(key, bits, right) ^ ((extra * FIRST_MULTIPLIER) >> np.uint64(64 - bits))
    hashed = _hashed(key, bits)
    part = np.int64(hashed >> np.uint64(bits - SUB_BITS))
    rest = hashed & (ALL >> np.uint64(64 - (bits - SUB_BITS)))
    if right != 0:
        rest |= extra << np.uint64(bits - SUB_BITS)
    quotient, remainder = divided(rest, get(table, SUB_TABLES + part), get(table, 2 * SUB_TABLES + part))
    return part, np.int64(get(table, part)) + np.int64(remainder) * LINE, quotient


@kernel
def enter(table: TableView, keys_: Words, output: Output) -> None:
    """Enter keys; the output gets those that are new, in their order, and those for which no room is near."""
    keys, fresh, late, report = (
        keys_.ctypes.data,
        output.fresh.ctypes.data,
        output.overflow.ctypes.data,
        output.report.ctypes.data,
    )
    new = np.int64(0)
    lost = np.int64(0)
    for number in range(len(keys_)):
        key = get(keys, number)
        part, home, quotient = home_of(table, key)
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


@kernel
def move(old: SubTable, new: SubTable, queue_: Words) -> bool:
    """Enter all of a sub-table in a larger, empty one; return False where no room is near.

    `queue_` has room for `MOVE_SCRATCH` words. It is the caller's: an array of our own would be freed as soon as its
    address was taken, which is its last use.
    """
    slots = 8 if old.wide else 16
    queue = queue_.ctypes.data
    for begin in range(0, old.buckets + LONGEST, MOVED):
        waiting = np.int64(0)
        for bucket in range(begin, min(begin + MOVED, old.buckets + LONGEST)):
            line = old.address + bucket * LINE
            for slot in range(slots):
                stamp = get(line, slot) if old.wide else np.uint64(get_number(line, slot))
                if stamp == ZERO:
                    break
                stamp -= ONE
                probe = np.int64(stamp & np.uint64(31))
                quotient = stamp >> np.uint64(5)
                rest = quotient * np.uint64(old.buckets) + np.uint64(bucket - away(quotient, probe))
                quotient, remainder = divided(rest, np.uint64(new.buckets), np.uint64(new.magic))
                home = new.address + np.int64(remainder) * LINE
                prefetch(home)
                put(queue, 2 * waiting, np.uint64(home))
                put(queue, 2 * waiting + 1, quotient)
                waiting += 1
        for entry in range(waiting):
            if _entered(np.int64(get(queue, 2 * entry)), get(queue, 2 * entry + 1), new.wide) < 0:
                return False
    return True
