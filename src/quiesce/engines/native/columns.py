"""Flat expressions over all states at once: a column of codes for each cell, and numpy for each operator."""

from __future__ import annotations

from collections.abc import Callable

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


class Columns:
    """The states of a search as columns; columns and values of expressions are kept, for formulas share them."""

    def __init__(self, layout: Layout, states: NDArray[np.uint64]) -> None:
        self.layout = layout
        self.words = states.reshape(-1, layout.words)
        self.known: dict[Expr, Column] = {}

    def truth(self, expr: Expr) -> NDArray[np.bool_]:
        """Return for each state whether a flat truth holds."""
        return np.broadcast_to(self.value(expr), len(self.words)).astype(np.bool_)

    def value(self, expr: Expr) -> Column:
        """Return the value of a flat state expression in each state; raises EngineError for any other expression."""
        if isinstance(expr, Constant):
            return np.asarray(expr.value)
        if expr not in self.known:
            self.known[expr] = self._value(expr)
        return self.known[expr]

    def _value(self, expr: Expr) -> Column:
        match expr:
            case Cell(slot=slot):
                place = self.layout.fields[slot]
                column = self.words[:, place.word] >> np.uint64(place.shift) & np.uint64((1 << place.bits) - 1)
                truth = isinstance(self.layout.cells[slot].domain, Boolean)
                return column.astype(np.bool_) if truth else column.astype(np.int64) + place.low
            case Apply(op=op, operands=operands):
                return FUNCTION[op](*np.broadcast_arrays(*[self.value(operand) for operand in operands]))
            case _:
                raise EngineError(f"{expr} is no flat state expression")
