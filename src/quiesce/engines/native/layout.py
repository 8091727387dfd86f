"""Packing: where each cell of a flat state lies in its 64-bit words.

The first cell takes the most significant bits of the first word, and no cell straddles two words: unsigned words
compared one after the other order states as the reference interpreter does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quiesce.core.domains import size
from quiesce.core.errors import EngineError, SpecificationError
from quiesce.core.flat import FlatCell
from quiesce.core.trace import State

WORD = 63
"""Usable bits of a word; the last one stays free, so that a word plus 1 is never 0, the empty slot."""


@dataclass(frozen=True, slots=True)
class Field:
    """The bits of one cell: `word`, `shift` from its least significant bit, `bits` wide; 0 stands for `low`."""

    word: int
    shift: int
    bits: int
    low: int

    @property
    def mask(self) -> int:
        """The bits, in place."""
        return ((1 << self.bits) - 1) << self.shift


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of all cells, and how many words a state takes."""

    cells: tuple[FlatCell, ...]
    fields: tuple[Field, ...]
    words: int

    def pack(self, state: State) -> NDArray[np.uint64]:
        """Return the words of a state; raises EngineError for a value outside its domain."""
        packed = [0] * self.words
        for cell, place, value in zip(self.cells, self.fields, state, strict=True):
            code = cell.domain.code(value)
            if code is None:
                raise EngineError(f"{cell.label} has no code for {value!r}")
            packed[place.word] |= (code - place.low) << place.shift
        return np.array(packed, dtype=np.uint64)

    def unpack(self, words: NDArray[np.uint64]) -> State:
        """Return the state of its words."""
        numbers = [int(word) for word in words]
        return tuple(
            cell.domain.value(((numbers[place.word] & place.mask) >> place.shift) + place.low)
            for cell, place in zip(self.cells, self.fields, strict=True)
        )


def layout(cells: Sequence[FlatCell]) -> Layout:
    """Return a layout of cells, in their order; words share the bits fairly, for then each has few values.

    Raises SpecificationError (Q13) for an unbounded cell: states are enumerated here.
    """
    widths = [_bits(cell) for cell in cells]
    fair = -(-sum(widths) // max(1, -(-sum(widths) // WORD)))
    words: list[list[int]] = [[]]
    filled = 0
    for number, bits in enumerate(widths):
        if filled + bits > WORD or filled >= fair:
            words.append([])
            filled = 0
        words[-1].append(number)
        filled += bits
    fields: list[Field] = []
    for word, members in enumerate(words):
        shift = sum(widths[number] for number in members)
        for number in members:
            shift -= widths[number]
            fields.append(Field(word, shift, widths[number], cells[number].domain.low))
    return Layout(tuple(cells), tuple(fields), len(words))


def _bits(cell: FlatCell) -> int:
    try:
        return (size(cell.domain) - 1).bit_length()
    except SpecificationError:
        raise SpecificationError(
            "Q13",
            f"{cell.label} is unbounded, and this search enumerates states",
            hint="give it a bound (up_to=...)",
        ) from None
