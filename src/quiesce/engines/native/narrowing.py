"""What is left of a formula about a step, where a row's guard says what its cells are and its updates what they become.

Most properties speak of other rows, or of states that a row does not lead from: of those nothing is left to compute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quiesce.core.domains import Boolean
from quiesce.core.expressions import COMPARISONS, MEANING, Apply, Cell, Constant, Expr, Next, Op, apply
from quiesce.core.flat import FlatCell

ABSORBING = {Op.AND: False, Op.OR: True}


class Narrowing:
    """Formulas on the steps of one row; `codes` are those that its guard allows some cells, `updates` what it writes.

    The formulas that are returned are equal to those that are given wherever the guard holds.
    """

    def __init__(
        self, cells: Sequence[FlatCell], codes: Mapping[int, frozenset[int]], updates: Mapping[int, Expr]
    ) -> None:
        self.cells, self.codes, self.updates = cells, codes, updates
        self.known: dict[Expr, Expr] = {}

    def of(self, expr: Expr) -> Expr:
        """Return what is left of a flat formula."""
        if isinstance(expr, Constant):
            return expr
        if expr not in self.known:
            self.known[expr] = self._of(expr)
        return self.known[expr]

    def _of(self, expr: Expr) -> Expr:
        match expr:
            case Next(slot=slot):
                update = self.updates.get(slot)
                return self.of(Cell(slot)) if update is None else update if isinstance(update, Constant) else expr
            case Cell(slot=slot) if len(self.codes.get(slot, ())) == 1:
                (code,) = self.codes[slot]
                return Constant(bool(code) if isinstance(self.cells[slot].domain, Boolean) else code)
            case Apply(op=Op.AND | Op.OR as op, operands=operands):
                return self._connected(op, operands)
            case Apply(op=op, operands=operands):
                return self._decided(apply(op, *[self.of(operand) for operand in operands]))
            case _:
                return expr

    def _connected(self, op: Op, operands: Sequence[Expr]) -> Expr:
        """Look at operands until one decides."""
        left = []
        for operand in operands:
            one = self.of(operand)
            if isinstance(one, Constant) and bool(one.value) is ABSORBING[op]:
                return one
            left.append(one)
        return apply(op, *left)

    def _decided(self, expr: Expr) -> Expr:
        """Return the one value of a comparison of a cell with a constant, if all codes that are left agree on it."""
        match expr:
            case Apply(op=op, operands=(Cell(slot=slot), Constant(value=value))) if (
                op in COMPARISONS and slot in self.codes
            ):
                answers = {bool(MEANING[op](code, value)) for code in self.codes[slot]}
                return Constant(*answers) if len(answers) == 1 else expr
            case _:
                return expr
