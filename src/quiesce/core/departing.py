"""Where a step leaves a domain, as truths about the state before it."""

from __future__ import annotations

from collections.abc import Sequence

from quiesce.core.expressions import FALSE, Constant, Expr, Op, apply
from quiesce.core.flat import FlatCell, JointRow
from quiesce.core.intervals import bounds


def departures(row: JointRow, cells: Sequence[FlatCell]) -> list[Expr]:
    """Return for each bound that a row's updates can pass the flat truth that they do, wherever its guard holds."""
    found = []
    for slot, update in row.updates:
        domain = cells[slot].domain
        low, high = bounds(update, cells)
        if high > domain.high:
            found.append(apply(Op.GT, update, Constant(domain.high)))
        if low < domain.low:
            found.append(apply(Op.LT, update, Constant(domain.low)))
    return found


def departs(row: JointRow, cells: Sequence[FlatCell]) -> Expr:
    """Return the flat truth that a row has a step from a state, and that it leaves a domain; FALSE if none can."""
    ways = departures(row, cells)
    return apply(Op.AND, row.guard, apply(Op.OR, *ways)) if ways else FALSE
