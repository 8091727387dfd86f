"""Stubborn sets: in each state, some of its enabled rows from which all deadlocks can still be reached.

A set of rows is closed when it holds, with an enabled row, all rows that do not accord with it, and with a disabled
row, all rows that can make one of its false conjuncts true. Of the closed sets that the enabled rows give, the one with
fewest enabled rows is taken. `stubborn.py` says what makes a property a deadlock, and so needs no proviso for cycles.

Sets of rows are bits in words; the plan is an array of 64-bit numbers.
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import callback, helper, inlined
from quiesce.engines.native.kernels.instructions import expand, first_bit, get, put
from quiesce.engines.native.plans import Stubborn

ROWS, GOALS, CONJUNCTS = Stubborn.ROWS, Stubborn.GOALS, Stubborn.CONJUNCTS
NUMBERING, TESTS, HEADER = Stubborn.NUMBERING, Stubborn.TESTS, Stubborn.HEADER
ZERO, ONE = np.uint64(0), np.uint64(1)
BITS = np.uint64(63)


ROW = np.uint64(0xFFFFFFFF)


@inlined
def _add(base, number):
    put(base, number >> 6, get(base, number >> 6) | (ONE << (np.uint64(number) & BITS)))


@inlined
def _has(base, number):
    return (get(base, number >> 6) >> (np.uint64(number) & BITS)) & ONE != ZERO


@helper
def _close(waiting, most, width, relations, truths, enabled, member, stack):
    """Close a set over the rows on the stack; return how many enabled rows came in, or `most` where it is no fewer."""
    discord, enabling, starts, lists = relations
    found = np.int64(0)
    while waiting:
        waiting -= 1
        row = np.int64(get(stack, waiting))
        if _has(enabled, row):
            found += 1
            if found >= most:
                return most
            needed = discord + row * width * 8
        else:
            needed = enabling + _false_conjunct(row, starts, lists, truths) * width * 8
        for word in range(width):
            more = get(needed, word) & ~get(member, word)
            put(member, word, get(member, word) | more)
            while more != ZERO:
                put(stack, waiting, np.uint64(word * 64 + first_bit(more)))
                waiting += 1
                more &= more - ONE
    return found


@inlined
def _false_conjunct(row, starts, lists, truths):
    """Return the first false conjunct of a row, or -1: the plan lists first those that few rows make true."""
    for at in range(np.int64(get(starts, row)), np.int64(get(starts, row + 1))):
        conjunct = np.int64(get(lists, at))
        if not _has(truths, conjunct):
            return conjunct
    return np.int64(-1)


@callback
def chosen(plan: int, words: int, state: int, successors: int, count: int, scratch: int) -> int:
    """Keep the successors by the rows of a stubborn set, in their order; return how many there are."""
    if count < 2:
        return count
    rows, goals, conjuncts = np.int64(get(plan, ROWS)), np.int64(get(plan, GOALS)), np.int64(get(plan, CONJUNCTS))
    width = (rows + goals + 63) >> 6
    discord = plan + HEADER * 8
    enabling = discord + rows * width * 8
    starts = enabling + conjuncts * width * 8
    lists = starts + (rows + goals + 1) * 8
    relations = (discord, enabling, starts, lists)
    numbers = scratch
    truths = numbers + rows * 8
    enabled = truths + ((conjuncts + 63) >> 6) * 8
    closed = enabled + width * 8
    member = closed + width * 8
    best = member + width * 8
    stack = best + width * 8
    info = stack + (rows + goals) * 8
    expand(np.int64(get(plan, NUMBERING)), state, numbers, info)
    expand(np.int64(get(plan, TESTS)), state, truths, info)
    for word in range(width):
        put(enabled, word, ZERO)
        put(closed, word, ZERO)
    for successor in range(count):
        _add(enabled, np.int64(get(numbers, successor) & ROW))
    waiting = np.int64(0)
    for goal in range(rows, rows + goals):
        if _false_conjunct(goal, starts, lists, truths) >= 0:
            _add(closed, goal)
            put(stack, waiting, np.uint64(goal))
            waiting += 1
    fewest = _close(waiting, count, width, relations, truths, enabled, closed, stack)
    if fewest >= count:
        return count
    if fewest == 0:
        fewest = count
        for successor in range(count):
            row = np.int64(get(numbers, successor) & ROW)
            for word in range(width):
                put(member, word, get(closed, word))
            _add(member, row)
            put(stack, 0, np.uint64(row))
            found = _close(1, fewest, width, relations, truths, enabled, member, stack)
            if found < fewest:
                fewest = found
                for word in range(width):
                    put(best, word, get(member, word))
    else:
        for word in range(width):
            put(best, word, get(closed, word))
    if fewest == count:
        return count
    kept = np.int64(0)
    for successor in range(count):
        if _has(best, np.int64(get(numbers, successor) & ROW)):
            for word in range(words):
                put(successors, kept * words + word, get(successors, successor * words + word))
            kept += 1
    return kept
