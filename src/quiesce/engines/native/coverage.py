"""A second look at the states of a complete search: which rows are taken, which premises come true, which values occur.

It goes over the states in the order of their discovery and stops as soon as nothing is left to be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.domains import Value
from quiesce.core.expressions import Expr
from quiesce.core.flat import FlatFormula, FlatProperty
from quiesce.core.lint import MOST_VALUES, Pair, Seen, overlapping, rows_of
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.system import System
from quiesce.engines.native.codegen import row_program
from quiesce.engines.native.flags import Flags, flags_of
from quiesce.engines.native.loaded import module
from quiesce.engines.native.machine_code import compiled
from quiesce.engines.native.space import Space
from quiesce.engines.protocol import Coverage

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import reading as kernels
else:
    kernels = module("reading")

CHUNK = 1 << 13
"""States between two looks at what is left; it doubles from one to the next."""


def coverage(space: Space, stronger: Sequence[FlatProperty]) -> Coverage:
    """Look over the states of a space; `stronger` are properties of states and steps with a conclusion taken away."""
    system = space.system
    overlaps, complete = overlapping(system)
    hidden = [*stronger, *(_sometimes(condition) for condition in overlaps.values())]
    taken = np.zeros(len(system.flat.rows), dtype=np.bool_)
    numbers = flags_of(hidden)
    flags = np.zeros(numbers.words, dtype=np.uint64)
    code = compiled(row_program(system.flat, space.layout, hidden), space.care)
    buffer = np.empty(space.branching, dtype=np.uint64)
    info = np.zeros(1 + len(flags), dtype=np.int64)
    first, chunk = 0, CHUNK
    while first < space.count and not (_raised(flags, numbers).all() and _rows(system, taken) == _all_rows(system)):
        last = min(space.count, first + chunk)
        for _, states in space.blocks(first, last):
            kernels.survey(code.address("expand"), states, space.words, buffer, info, taken, flags)
        first, chunk = last, 2 * chunk
    found = _raised(flags, numbers)
    pairs: list[Pair] = [pair for pair, hit in zip(overlaps, found[len(stronger) :], strict=True) if hit]
    return Coverage(
        seen=Seen(rows=_rows(system, taken), values=_values(space), overlaps=pairs, all_overlaps=complete),
        refuted=tuple(bool(hit) for hit in found[: len(stronger)]),
    )


def _sometimes(condition: Expr) -> FlatProperty:
    asked = Property(name="overlap", kind=PropertyKind.SOMETIMES)
    return FlatProperty(property=asked, predicate=FlatFormula(state=condition))


def _raised(words: NDArray[np.uint64], flags: Flags) -> NDArray[np.bool_]:
    """Tell for each property whether some step, or some state, decides it."""
    bits = np.arange(flags.count, dtype=np.uint64)
    raised: NDArray[np.bool_] = (words[bits // np.uint64(64)] >> (bits % np.uint64(64))) & np.uint64(1) == 1
    for number, end in flags.ends.items():
        raised[number] |= raised[end]
    return raised[: flags.count - len(flags.ends)]


def _rows(system: System, taken: NDArray[np.bool_]) -> frozenset[tuple[str, int]]:
    rows = system.flat.rows
    return frozenset(pair for number in np.flatnonzero(taken) for pair in rows_of(rows[number].participants))


def _all_rows(system: System) -> frozenset[tuple[str, int]]:
    machines = [machine for machine in system.machines if not machine.observer]
    return frozenset((machine.name, number) for machine in machines for number in range(len(machine.rows)))


def _values(space: Space) -> dict[tuple[str, str], set[Value]]:
    """Return the values that occur, for each variable of all copies together."""
    layout = space.layout
    places, slots, entries = [], [], 0
    for slot, field in enumerate(layout.fields):
        if 1 << field.bits <= MOST_VALUES:
            places.append((field.word, field.shift, (1 << field.bits) - 1, entries))
            slots.append((slot, entries, 1 << field.bits))
            entries += 1 << field.bits
    seen = np.zeros(entries, dtype=np.bool_)
    if places:
        for _, states in space.blocks(0, space.count):
            kernels.values_seen(states, space.words, np.array(places, dtype=np.int64), seen)
    found: dict[tuple[str, str], set[Value]] = {}
    for slot, start, length in slots:
        cell, field = layout.cells[slot], layout.fields[slot]
        codes = np.flatnonzero(seen[start : start + length]) + field.low
        found.setdefault((cell.machine, cell.variable), set()).update(cell.domain.value(int(code)) for code in codes)
    return found
