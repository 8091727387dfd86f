"""Interval arithmetic on flat expressions: between which numbers every value lies, whatever the state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quiesce.core.expressions import Apply, Cell, Constant, Expr, Next, Op, children
from quiesce.core.flat import FlatCell

Interval = tuple[int, int]


def _product(a: Interval, b: Interval) -> Interval:
    corners = [one * other for one in a for other in b]
    return min(corners), max(corners)


def _truth(never: bool, always: bool) -> Interval:
    return int(always), int(not never)


def _equal(a: Interval, b: Interval) -> Interval:
    return _truth(a[1] < b[0] or b[1] < a[0], a[0] == a[1] == b[0] == b[1])


def _negated(a: Interval) -> Interval:
    return 1 - a[1], 1 - a[0]


def _chosen(condition: Interval, then: Interval, otherwise: Interval) -> Interval:
    if condition[0] == condition[1]:
        return then if condition[0] else otherwise
    return min(then[0], otherwise[0]), max(then[1], otherwise[1])


BOUNDS: dict[Op, Callable[..., Interval]] = {
    Op.EQ: _equal,
    Op.NE: lambda a, b: _negated(_equal(a, b)),
    Op.LT: lambda a, b: _truth(a[0] >= b[1], a[1] < b[0]),
    Op.LE: lambda a, b: _truth(a[0] > b[1], a[1] <= b[0]),
    Op.GT: lambda a, b: _truth(a[1] <= b[0], a[0] > b[1]),
    Op.GE: lambda a, b: _truth(a[1] < b[0], a[0] >= b[1]),
    Op.ADD: lambda a, b: (a[0] + b[0], a[1] + b[1]),
    Op.SUB: lambda a, b: (a[0] - b[1], a[1] - b[0]),
    Op.MUL: _product,
    Op.MIN: lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    Op.MAX: lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    Op.NOT: _negated,
    Op.AND: lambda *parts: (min(part[0] for part in parts), min(part[1] for part in parts)),
    Op.OR: lambda *parts: (max(part[0] for part in parts), max(part[1] for part in parts)),
    Op.ITE: _chosen,
}
"""What is known of an operator's value from what is known of its operands; truth values are 0 and 1."""

if set(BOUNDS) != set(Op):
    raise AssertionError("an operator without bounds")


class Intervals:
    """The intervals of expressions over some cells; each part is looked at once, however often it is shared."""

    def __init__(self, cells: Sequence[FlatCell]) -> None:
        self.cells = cells
        self.known: dict[int, tuple[Expr, Interval]] = {}

    def of(self, expr: Expr) -> Interval:
        """Return an interval that contains every value of a flat expression (not the least one)."""
        waiting = [expr]
        while waiting:
            node = waiting[-1]
            missing = [part for part in children(node) if id(part) not in self.known]
            if missing:
                waiting += missing
            else:
                self.known[id(waiting.pop())] = node, self._of(node)
        return self.known[id(expr)][1]

    def _of(self, expr: Expr) -> Interval:
        match expr:
            case Constant(value=value):
                assert isinstance(value, int)
                return int(value), int(value)
            case Cell(slot=slot) | Next(slot=slot):
                domain = self.cells[slot].domain
                return domain.low, domain.high
            case Apply(op=op, operands=operands):
                return BOUNDS[op](*[self.known[id(operand)][1] for operand in operands])
            case _:
                raise AssertionError(f"{expr} is not flat")


def bounds(expr: Expr, cells: Sequence[FlatCell]) -> Interval:
    """Return an interval that contains every value of a flat expression."""
    return Intervals(cells).of(expr)
