"""Fairness over a graph: which units each joint row takes, and in which states each unit is enabled, as bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.fairness import FairnessConstraint
from quiesce.core.flat import JointRow
from quiesce.engines.graph import NO_ROWS, Graph, Numbers
from quiesce.engines.native.loaded import module

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import graph as kernels
else:
    kernels = module("graph")

Bits = NDArray[np.uint64]
"""Lines of 64-bit words: one for each row, state or component."""


@dataclass(frozen=True, slots=True)
class Obligations:
    """What a fair loop must collect: `always` in any case, and of `strong` what is enabled in it.

    An edge collects what its row takes (`row_bits`) and what is not enabled before it (`idle_bits`, weak units only).
    """

    rows: Numbers
    row_bits: Bits
    idle_bits: Bits
    enabled_bits: Bits
    always: NDArray[np.uint64]


class Fairness:
    """The fair units of a question on a graph."""

    def __init__(self, rows: Sequence[JointRow], units: Sequence[FairnessConstraint]) -> None:
        self.rows, self.units = rows, tuple(units)

    def obligations(self, graph: Graph, untils: int) -> Obligations:
        """Return the obligations on a graph after a number of bits for untils, which all must be collected."""
        words = max(1, (untils + len(self.units) + 63) // 64)
        always = _line(range(untils), words)
        if not self.units:
            nothing = np.zeros((graph.count, words), dtype=np.uint64)
            return Obligations(NO_ROWS, np.zeros((1, words), dtype=np.uint64), nothing, nothing, always)
        row_bits = np.zeros((len(self.rows) + 1, words), dtype=np.uint64)
        for number, row in enumerate(self.rows):
            taken = [untils + bit for bit, unit in enumerate(self.units) if unit.takes_part(row.participants)]
            row_bits[number] = _line(taken, words)
        weak = _line([untils + bit for bit, unit in enumerate(self.units) if unit.strength == "weak"], words)
        strong = _line([untils + bit for bit, unit in enumerate(self.units) if unit.strength == "strong"], words)
        enabled = kernels.enabled_bits(graph.offsets, graph.rows, row_bits)
        return Obligations(graph.rows, row_bits, ~enabled & weak, enabled & strong, always | weak)


def _line(bits: Sequence[int], words: int) -> NDArray[np.uint64]:
    line = np.zeros(words, dtype=np.uint64)
    for bit in bits:
        line[bit // 64] |= np.uint64(1) << np.uint64(bit % 64)
    return line
