"""Interval arithmetic on flat expressions: a domain check that can never fail is not compiled."""

from __future__ import annotations

from quiesce.core.expressions import ARITHMETIC, Apply, Cell, Constant, Expr, Next, Op
from quiesce.core.system import Flat


def bounds(expr: Expr, flat: Flat) -> tuple[int, int]:
    """Return an interval that contains every value of a flat expression (interval arithmetic, not exact)."""
    match expr:
        case Constant(value=value):
            assert isinstance(value, int)
            return int(value), int(value)
        case Cell(slot=slot) | Next(slot=slot):
            domain = flat.cells[slot].domain
            return domain.low, domain.high
        case Apply(op=Op.ITE, operands=(_, then, otherwise)):
            (a, b), (c, d) = bounds(then, flat), bounds(otherwise, flat)
            return min(a, c), max(b, d)
        case Apply(op=op, operands=(left, right)) if op in ARITHMETIC:
            (a, b), (c, d) = bounds(left, flat), bounds(right, flat)
            products = (a * c, a * d, b * c, b * d)
            return {
                Op.ADD: (a + c, b + d),
                Op.SUB: (a - d, b - c),
                Op.MUL: (min(products), max(products)),
                Op.MIN: (min(a, c), min(b, d)),
                Op.MAX: (max(a, c), max(b, d)),
            }[op]
        case _:
            return 0, 1
