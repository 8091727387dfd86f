"""Loops over explored graphs, compiled by numba: reversal, CTL fixpoints, shortest paths, what is enabled.

A graph of n states is `offsets` (n + 1 numbers) and `targets`: the successors of state s are
targets[offsets[s]:offsets[s + 1]].
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import kernel
from quiesce.engines.native.plans import Flags, Lines, Numbers, Offsets


@kernel
def reverse(offsets: Offsets, targets: Numbers) -> tuple[Offsets, Numbers]:
    """Return the reversed graph in the same form: the predecessors of state n."""
    count = len(offsets) - 1
    starts = np.zeros(count + 1, dtype=np.int64)
    for target in targets:
        starts[np.int64(target) + 1] += 1
    for number in range(count):
        starts[number + 1] += starts[number]
    sources = np.empty(len(targets), dtype=np.uint32)
    fill = starts[:-1].copy()
    for number in range(count):
        for edge in range(offsets[number], offsets[number + 1]):
            sources[fill[targets[edge]]] = number
            fill[targets[edge]] += 1
    return starts, sources


@kernel
def sweep(offsets: Offsets, targets: Numbers, marked: Flags, rounds: int) -> bool:
    """Mark every state with a marked successor, in sweeps from the last state and from the first in turn.

    Returns whether nothing changed any more within the rounds given: most graphs need few, a long chain numbered the
    wrong way one for each state.
    """
    count = len(marked)
    for turn in range(rounds):
        changed = False
        for step in range(count):
            number = count - 1 - step if turn % 2 == 0 else step
            if not marked[number]:
                for edge in range(offsets[number], offsets[number + 1]):
                    if marked[targets[edge]]:
                        marked[number] = True
                        changed = True
                        break
        if not changed:
            return True
    return False


@kernel
def some_successor(offsets: Offsets, targets: Numbers, marked: Flags) -> Flags:
    """Return the states with a marked successor: EX."""
    found = np.zeros(len(marked), dtype=np.bool_)
    for number in range(len(marked)):
        for edge in range(offsets[number], offsets[number + 1]):
            if marked[targets[edge]]:
                found[number] = True
                break
    return found


@kernel
def until(starts: Offsets, sources: Numbers, stay: Flags, goal: Flags) -> Flags:
    """Return the states from which some run stays in `stay` until `goal`: E[stay U goal], backwards from the goal."""
    found = goal.copy()
    queue = np.empty(len(goal), dtype=np.uint32)
    tail = 0
    for number in range(len(goal)):
        if found[number]:
            queue[tail] = number
            tail += 1
    head = 0
    while head < tail:
        number = queue[head]
        head += 1
        for edge in range(starts[number], starts[number + 1]):
            source = sources[edge]
            if stay[source] and not found[source]:
                found[source] = True
                queue[tail] = source
                tail += 1
    return found


@kernel
def for_ever(offsets: Offsets, targets: Numbers, starts: Offsets, sources: Numbers, stay: Flags) -> Flags:
    """Return the states from which some maximal run stays in `stay`: EG; those that must leave are taken away."""
    count = len(stay)
    kept = stay.copy()
    ways = np.zeros(count, dtype=np.int64)
    queue = np.empty(count, dtype=np.uint32)
    tail = 0
    for number in range(count):
        if kept[number]:
            for edge in range(offsets[number], offsets[number + 1]):
                if stay[targets[edge]]:
                    ways[number] += 1
            if ways[number] == 0 and offsets[number + 1] > offsets[number]:
                queue[tail] = number
                tail += 1
    for position in range(tail):
        kept[queue[position]] = False
    head = 0
    while head < tail:
        number = queue[head]
        head += 1
        for edge in range(starts[number], starts[number + 1]):
            source = sources[edge]
            if kept[source]:
                ways[source] -= 1
                if ways[source] == 0:
                    kept[source] = False
                    queue[tail] = source
                    tail += 1
    return kept


@kernel
def arrivals(offsets: Offsets, targets: Numbers, sources: Offsets, within: Flags, goal: Flags) -> tuple[Offsets, int]:
    """Go breadth first from sources through `within` to the nearest goal.

    Returns by which edge each state was arrived at (-1: a source, -2: not at all), and the goal, or -1. Ties go to the
    edge that comes first.
    """
    count = len(offsets) - 1
    arrived = np.full(count, -2, dtype=np.int64)
    queue = np.empty(count, dtype=np.uint32)
    tail = 0
    for source in sources:
        if arrived[source] == -2:
            arrived[source] = -1
            queue[tail] = source
            tail += 1
    head = 0
    while head < tail:
        number = np.int64(queue[head])
        head += 1
        if goal[number]:
            return arrived, number
        if not within[number]:
            continue
        for edge in range(offsets[number], offsets[number + 1]):
            target = targets[edge]
            if arrived[target] == -2:
                arrived[target] = edge
                queue[tail] = target
                tail += 1
    return arrived, np.int64(-1)


@kernel
def enabled_bits(offsets: Offsets, rows: Numbers, row_bits: Lines) -> Lines:
    """Return for each state the bits of all rows by which a step leaves it; a row's bits are a line of `row_bits`."""
    count = len(offsets) - 1
    found = np.zeros((count, row_bits.shape[1]), dtype=np.uint64)
    for number in range(count):
        for edge in range(offsets[number], offsets[number + 1]):
            for word in range(row_bits.shape[1]):
                found[number, word] |= row_bits[rows[edge], word]
    return found


@kernel
def with_stuttering(
    offsets: Offsets, targets: Numbers, rows: Numbers, numbered: int, silence: int
) -> tuple[Offsets, Numbers, Numbers]:
    """Return the graph with a loop at each deadlock, by the row `silence`; the rows are empty if not `numbered`."""
    count = len(offsets) - 1
    missing = 0
    for number in range(count):
        missing += offsets[number] == offsets[number + 1]
    starts = np.empty(count + 1, dtype=np.int64)
    ends = np.empty(len(targets) + missing, dtype=np.uint32)
    kinds = np.empty(len(rows) + missing if numbered else 0, dtype=np.uint32)
    total = np.int64(0)
    for number in range(count):
        starts[number] = total
        for edge in range(offsets[number], offsets[number + 1]):
            ends[total] = targets[edge]
            if numbered:
                kinds[total] = rows[edge]
            total += 1
        if offsets[number] == offsets[number + 1]:
            ends[total] = number
            if numbered:
                kinds[total] = silence
            total += 1
    starts[count] = total
    return starts, ends, kinds


@kernel
def refined(offsets: Offsets, targets: Numbers, labels: Numbers, block: Numbers) -> tuple[Numbers, int]:
    """Return a finer partition: states stay together that were, and have the same labels to the same blocks.

    A state's signature is the sorted set of (label, block of the target); signatures are compared in full. Returns the
    new block of each state and how many blocks there are; blocks are numbered in order of their first state.
    """
    count = len(offsets) - 1
    signatures = np.empty(len(targets), dtype=np.uint64)
    lengths = np.empty(count, dtype=np.int64)
    slots = np.int64(16)
    while slots < 2 * count:
        slots *= 2
    table = np.full(slots, -1, dtype=np.int64)
    fresh = np.empty(count, dtype=np.uint32)
    found = np.uint32(0)
    for number in range(count):
        first = offsets[number]
        length = np.int64(0)
        for edge in range(first, offsets[number + 1]):
            key = (np.uint64(labels[edge]) << np.uint64(32)) | np.uint64(block[targets[edge]])
            place = length
            while place > 0 and signatures[first + place - 1] > key:
                place -= 1
            if place > 0 and signatures[first + place - 1] == key:
                continue
            for position in range(length, place, -1):
                signatures[first + position] = signatures[first + position - 1]
            signatures[first + place] = key
            length += 1
        lengths[number] = length
        mixed = np.uint64(block[number]) + np.uint64(0x9E3779B97F4A7C15)
        for position in range(length):
            mixed = (mixed ^ signatures[first + position]) * np.uint64(0xD6E8FEB86659FD93)
            mixed ^= mixed >> np.uint64(32)
        slot = np.int64(mixed & np.uint64(slots - 1))
        while True:
            other = table[slot]
            if other < 0:
                table[slot] = number
                fresh[number] = found
                found += np.uint32(1)
                break
            if block[other] == block[number] and lengths[other] == length:
                same = True
                for position in range(length):
                    if signatures[offsets[other] + position] != signatures[first + position]:
                        same = False
                        break
                if same:
                    fresh[number] = fresh[other]
                    break
            slot = (slot + 1) & (slots - 1)
    return fresh, np.int64(found)
