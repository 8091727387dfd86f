"""Flat expressions over all states at once: a column of codes for each cell, and numpy for each operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from quiesce.core.domains import Boolean
from quiesce.core.errors import EngineError
from quiesce.core.expressions import Apply, Cell, Constant, Expr, Op
from quiesce.engines.native.layout import Layout

Column = NDArray[np.generic]

FUNCTION: dict[Op, Callable[..., Column]] = {
    Op.EQ: np.equal,
    Op.NE: np.not_equal,
    Op.LT: np.less,
    Op.LE: np.less_equal,
    Op.GT: np.greater,
    Op.GE: np.greater_equal,
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.MUL: np.multiply,
    Op.MIN: np.minimum,
    Op.MAX: np.maximum,
    Op.NOT: np.logical_not,
    Op.AND: lambda *columns: np.logical_and.reduce(columns),
    Op.OR: lambda *columns: np.logical_or.reduce(columns),
    Op.ITE: np.where,
}
"""Operator -> numpy function."""

if set(FUNCTION) != set(Op):
    raise AssertionError("an operator without a numpy function")


Result = TypeVar("Result", NDArray[np.bool_], NDArray[np.int64])
Reader = Callable[[int, int], NDArray[np.uint64]]
"""From two numbers of states to the words of those from the first to before the last."""
BLOCK = 1 << 16
"""States that are looked at together, so that the columns of one expression stay small."""


class Columns:
    """States on which expressions are evaluated block by block."""

    def __init__(self, layout: Layout, count: int, read: Reader) -> None:
        self.layout, self.count, self.read = layout, count, read

    def truth(self, expr: Expr) -> NDArray[np.bool_]:
        """Return for each state whether a flat truth holds; raises EngineError for what is not flat."""
        return self._evaluated(expr, np.empty(self.count, dtype=np.bool_))

    def value(self, expr: Expr) -> NDArray[np.int64]:
        """Return a number in each state; raises EngineError for what is not flat."""
        return self._evaluated(expr, np.empty(self.count, dtype=np.int64))

    def _evaluated(self, expr: Expr, result: Result) -> Result:
        for first in range(0, self.count, BLOCK):
            last = min(self.count, first + BLOCK)
            words = self.read(first, last).reshape(-1, self.layout.words)
            result[first:last] = Block(partial(_read, self.layout, words)).value(expr)
        return result


class Block:
    """Expressions on a column of values for each cell; what was computed is kept, for the parts may be shared."""

    def __init__(self, column: Callable[[int], Column]) -> None:
        self.column = column
        self.known: dict[Expr, Column] = {}

    def value(self, expr: Expr) -> Column:
        """Return the column of an expression, a constant as one number; raises EngineError for what is not flat."""
        if isinstance(expr, Constant):
            return np.asarray(expr.value)
        if expr not in self.known:
            self.known[expr] = self._value(expr)
        return self.known[expr]

    def _value(self, expr: Expr) -> Column:
        match expr:
            case Cell(slot=slot):
                return self.column(slot)
            case Apply(op=op, operands=operands):
                return FUNCTION[op](*np.broadcast_arrays(*[self.value(operand) for operand in operands]))
            case _:
                raise EngineError(f"{expr} is no flat expression of these columns")


def _read(layout: Layout, words: NDArray[np.uint64], slot: int) -> Column:
    """Return a cell's column from the words of some states."""
    place = layout.fields[slot]
    column = words[:, place.word] >> np.uint64(place.shift) & np.uint64((1 << place.bits) - 1)
    truth = isinstance(layout.cells[slot].domain, Boolean)
    return column.astype(np.bool_) if truth else column.astype(np.int64) + place.low
