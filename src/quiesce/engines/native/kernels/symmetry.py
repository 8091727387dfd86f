"""A state's canonical form under exchanges of copies: the least state that any exchange makes of it.

Copies of a machine that nobody names are sorted. Copies that are named by somebody (an owner) are first ordered by what
they are and by who names them, which no exchange changes; where that leaves ties, all orders of those copies are tried,
the names are changed with them, and the least state wins. So the form is exact: two states have the same one if and
only if an exchange leads from one to the other. Hashes only order the copies; where two different ones share a hash,
one more order is tried.

The plan and the scratch are arrays of 64-bit numbers (`symmetry.py`).
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import callback, helper, inlined, kernel
from quiesce.engines.native.kernels.instructions import call_four, get, put
from quiesce.engines.native.plans import Lines, Orbits, Words

CODE, CELLS, MACHINES, TOTAL, HEADER = Orbits.CODE, Orbits.CELLS, Orbits.MACHINES, Orbits.TOTAL, Orbits.HEADER
WORD, SHIFT, MASK, OWNER, COPY, FIELD = (
    Orbits.WORD,
    Orbits.SHIFT,
    Orbits.MASK,
    Orbits.OWNER,
    Orbits.COPY,
    Orbits.FIELD,
)
NAMED, TO_COPY, FROM_COPY, CELL = Orbits.NAMED, Orbits.TO_COPY, Orbits.FROM_COPY, Orbits.CELL
COPIES, FIELDS, IS_NAMED = Orbits.COPIES, Orbits.FIELDS, Orbits.IS_NAMED
FIRST, BASE, MACHINE = Orbits.FIRST, Orbits.BASE, Orbits.MACHINE

NOBODY = np.int64(-1)
ONE = np.uint64(1)


@inlined
def _read(base, index):
    return np.int64(get(base, index))


@inlined
def _write(base, index, value):
    put(base, index, np.uint64(value))


@inlined
def _mixed(word):
    word = (word ^ (word >> np.uint64(31))) * np.uint64(0x7FB5D329728EA185)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x81DADEF4BC2DD44D)
    return word ^ (word >> np.uint64(33))


@inlined
def _compared(words, state, other):
    """Return -1, 0 or 1: how one state compares with another, word by word."""
    for word in range(words):
        if get(state, word) != get(other, word):
            return np.int64(-1) if get(state, word) < get(other, word) else np.int64(1)
    return np.int64(0)


@helper
def _order_named(plan, sizes, cell_plan, machine_plan, values, copies_of, factors):
    """Order the copies of each named machine; its factor is how many exchanges of unnamed ones change nothing."""
    cells, machines, copies = sizes
    contents, keys, named, order = copies_of
    for copy in range(copies):
        put(contents, copy, np.uint64(0))
        put(named, copy, np.uint64(0))
    for cell in range(cells):
        entry = cell_plan + cell * CELL * 8
        if _read(entry, OWNER) != NOBODY and _read(entry, NAMED) == NOBODY:
            own = _read(machine_plan + _read(entry, OWNER) * MACHINE * 8, BASE) + _read(entry, COPY)
            field = np.uint64(_read(entry, FIELD) + 1) << np.uint64(48)
            put(contents, own, get(contents, own) + _mixed(field ^ get(values, cell)))
    for copy in range(copies):
        put(keys, copy, get(contents, copy))
    for cell in range(cells):
        entry = cell_plan + cell * CELL * 8
        if _read(entry, NAMED) == NOBODY:
            continue
        told = _read(plan, _read(entry, TO_COPY) + np.int64(get(values, cell)))
        if told == NOBODY:
            continue
        who = np.uint64(cell + 1) << np.uint64(40)
        if _read(entry, OWNER) != NOBODY:
            holder = _read(machine_plan + _read(entry, OWNER) * MACHINE * 8, BASE) + _read(entry, COPY)
            kind = _mixed(np.uint64((_read(entry, OWNER) + 1) * 4096 + _read(entry, FIELD)))
            who = kind ^ get(contents, holder)
            put(keys, holder, get(keys, holder) + kind)
            put(named, holder, get(named, holder) + ONE)
        target = _read(machine_plan + _read(entry, NAMED) * MACHINE * 8, BASE) + told
        put(keys, target, get(keys, target) + _mixed(who))
        put(named, target, get(named, target) + ONE)
    for machine in range(machines):
        entry = machine_plan + machine * MACHINE * 8
        if _read(entry, IS_NAMED):
            free = np.int64(1)
            base, count = _read(entry, BASE), _read(entry, COPIES)
            _sort(base, count, keys, order)
            first = np.int64(0)
            while first < count:
                last = _tie(base, first, count, keys, order)
                if not _is_live(base, first, last, named, order):
                    free *= _factorial(last - first)
                first = last
            _write(factors, machine, free)


@inlined
def _sort(base, count, keys, order):
    """Sort the copies of a machine by their keys, those with one key by their numbers."""
    for position in range(1, count):
        copy = _read(order, base + position)
        at = position
        while at > 0 and get(keys, base + _read(order, base + at - 1)) > get(keys, base + copy):
            put(order, base + at, get(order, base + at - 1))
            at -= 1
        _write(order, base + at, copy)


@inlined
def _tie(base, first, count, keys, order):
    """Return where the copies end that have the key of the one at position `first`."""
    last = first + 1
    while last < count and get(keys, base + _read(order, base + last)) == get(keys, base + _read(order, base + first)):
        last += 1
    return last


@inlined
def _is_live(base, first, last, named, order):
    """Tell whether a copy of a tie names somebody or is named: only then does their order matter."""
    for position in range(first, last):
        if get(named, base + _read(order, base + position)):
            return True
    return False


@inlined
def _factorial(number):
    product = np.int64(1)
    for factor in range(2, number + 1):
        product *= factor
    return product


@helper
def _next_order(machines, machine_plan, keys, named, order):
    """Go to the next order of the ties that matter; return False after the last one."""
    for machine in range(machines):
        entry = machine_plan + machine * MACHINE * 8
        if not _read(entry, IS_NAMED):
            continue
        base, count = _read(entry, BASE), _read(entry, COPIES)
        first = np.int64(0)
        while first < count:
            last = _tie(base, first, count, keys, order)
            if last - first > 1 and _is_live(base, first, last, named, order):
                if _next_permutation(base + first, base + last, order):
                    return True
            first = last
    return False


@inlined
def _next_permutation(first, last, order):
    """Go to the next permutation of a range; after the last one, back to the first, and return False."""
    at = last - 1
    while at > first and _read(order, at - 1) > _read(order, at):
        at -= 1
    rising = at > first
    if rising:
        other = last - 1
        while _read(order, other) < _read(order, at - 1):
            other -= 1
        _swap(order, at - 1, other)
    low, high = at, last - 1
    while low < high:
        _swap(order, low, high)
        low += 1
        high -= 1
    return rising


@inlined
def _swap(base, one, other):
    held = get(base, one)
    put(base, one, get(base, other))
    put(base, other, held)


@helper
def _move(plan, cells, cell_plan, machine_plan, values, moved, place):
    """Move the copies of named machines to their places, and change their names everywhere."""
    for cell in range(cells):
        entry = cell_plan + cell * CELL * 8
        owner, named = _read(entry, OWNER), _read(entry, NAMED)
        target = cell
        if owner != NOBODY and _read(machine_plan + owner * MACHINE * 8, IS_NAMED):
            holder = machine_plan + owner * MACHINE * 8
            position = _read(place, _read(holder, BASE) + _read(entry, COPY))
            target = _read(holder, FIRST) + position * _read(holder, FIELDS) + _read(entry, FIELD)
        value = get(values, cell)
        if named != NOBODY:
            told = _read(plan, _read(entry, TO_COPY) + np.int64(value))
            if told != NOBODY:
                position = _read(place, _read(machine_plan + named * MACHINE * 8, BASE) + told)
                value = get(plan, _read(entry, FROM_COPY) + position)
        put(moved, target, value)


@helper
def _sort_unnamed(machines, machine_plan, moved, factors):
    """Sort the copies of machines that nobody names; their factors are how many exchanges of them change nothing."""
    for machine in range(machines):
        entry = machine_plan + machine * MACHINE * 8
        if _read(entry, IS_NAMED):
            continue
        first, count, fields = _read(entry, FIRST), _read(entry, COPIES), _read(entry, FIELDS)
        run, alike = np.int64(1), np.int64(1)
        for copy in range(1, count):
            at = first + copy * fields
            while at > first and _compared(fields, moved + at * 8, moved + (at - fields) * 8) < 0:
                for field in range(fields):
                    _swap(moved, at + field, at - fields + field)
                at -= fields
        for copy in range(1, count):
            at = first + copy * fields
            run = run + 1 if _compared(fields, moved + at * 8, moved + (at - fields) * 8) == 0 else np.int64(1)
            alike *= run
        _write(factors, machine, alike)


@callback
def canonical(plan: int, words: int, state: int, scratch: int) -> int:
    """Replace a state by its canonical form.

    Returns how many of the orders that were tried give this form; the first words of the scratch get, for each machine,
    how many exchanges of its copies change nothing besides. The product is the number of exchanges that leave the state
    as it is.
    """
    cells, machines, copies = _read(plan, CELLS), _read(plan, MACHINES), _read(plan, TOTAL)
    cell_plan = plan + HEADER * 8
    machine_plan = cell_plan + cells * CELL * 8
    factors = scratch
    values = factors + machines * 8
    moved = values + cells * 8
    contents = moved + cells * 8
    keys = contents + copies * 8
    named = keys + copies * 8
    order = named + copies * 8
    place = order + copies * 8
    candidate = place + copies * 8
    best = candidate + words * 8
    for cell in range(cells):
        entry = cell_plan + cell * CELL * 8
        put(values, cell, (get(state, _read(entry, WORD)) >> get(entry, SHIFT)) & get(entry, MASK))
    for machine in range(machines):
        entry = machine_plan + machine * MACHINE * 8
        base = _read(entry, BASE)
        for copy in range(_read(entry, COPIES)):
            _write(order, base + copy, copy)
    sizes, copies_of = (cells, machines, copies), (contents, keys, named, order)
    _order_named(plan, sizes, cell_plan, machine_plan, values, copies_of, factors)
    alike = np.int64(0)
    while True:
        for machine in range(machines):
            base = _read(machine_plan + machine * MACHINE * 8, BASE)
            for position in range(_read(machine_plan + machine * MACHINE * 8, COPIES)):
                _write(place, base + _read(order, base + position), position)
        _move(plan, cells, cell_plan, machine_plan, values, moved, place)
        _sort_unnamed(machines, machine_plan, moved, factors)
        for word in range(words):
            put(candidate, word, np.uint64(0))
        for cell in range(cells):
            entry = cell_plan + cell * CELL * 8
            word = _read(entry, WORD)
            put(candidate, word, get(candidate, word) | (get(moved, cell) << get(entry, SHIFT)))
        comparison = np.int64(-1)
        if alike > 0:
            comparison = _compared(words, candidate, best)
        if comparison < 0:
            for word in range(words):
                put(best, word, get(candidate, word))
            alike = np.int64(1)
        elif comparison == 0:
            alike += 1
        if not _next_order(machines, machine_plan, keys, named, order):
            break
    for word in range(words):
        put(state, word, get(best, word))
    return alike


@kernel
def canonical_forms(plan: int, words: int, states_: Words, scratch_: Words, alike: Lines) -> None:
    """Replace states by their canonical forms; a row of `alike` gets factors of how many exchanges leave each alone."""
    states, scratch = states_.ctypes.data, scratch_.ctypes.data
    for number in range(alike.shape[0]):
        state = states + number * words * 8
        alike[number, 0] = call_four(np.int64(get(plan, CODE)), plan, words, state, scratch)
        for factor in range(1, alike.shape[1]):
            alike[number, factor] = get(scratch, factor - 1)
