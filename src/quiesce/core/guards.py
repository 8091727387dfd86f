"""A guard as tests of single cells, on which a switch can be made, and what else it asks; and tests as expressions."""

from __future__ import annotations

from collections.abc import Sequence

from quiesce.core.domains import Boolean, size
from quiesce.core.expressions import COMPARISONS, MEANING, Apply, Cell, Constant, Expr, Op, apply
from quiesce.core.flat import FlatCell

SWITCHABLE = 256
"""A cell with more values than this is never switched on: its tests stay conjuncts."""

Test = tuple[int, frozenset[int]]
"""A conjunct of a guard that looks at one cell: its slot, and the codes that pass."""


class Guards:
    """Guards over some cells, taken apart.

    Of a cell with more than `most` values no test is made; of one with more than `SWITCHABLE` values those alone that
    let single codes pass: sets of nearly all codes are large.
    """

    def __init__(self, cells: Sequence[FlatCell], most: int = SWITCHABLE) -> None:
        self.cells, self.most = cells, most

    def split(self, guard: Expr) -> tuple[dict[int, frozenset[int]], tuple[Expr, ...]]:
        """Return the codes that a guard lets pass, for each cell that it tests alone, and its other conjuncts."""
        conjuncts = guard.operands if isinstance(guard, Apply) and guard.op is Op.AND else (guard,)
        tests: dict[int, frozenset[int]] = {}
        others = []
        for conjunct in conjuncts:
            test = self.test(conjunct)
            if test is None:
                if conjunct != Constant(True):
                    others.append(conjunct)
            else:
                slot, codes = test
                tests[slot] = tests[slot] & codes if slot in tests else codes
        return tests, tuple(others)

    def test(self, expr: Expr) -> Test | None:
        """Return an expression as a test of one cell against constants, or None if it is anything else."""
        match expr:
            case Cell(slot=slot) if isinstance(self.cells[slot].domain, Boolean):
                return slot, frozenset({1})
            case Apply(op=Op.NOT, operands=(operand,)):
                inner = self.test(operand)
                if inner is None or size(self.cells[inner[0]].domain) > SWITCHABLE:
                    return None
                return inner[0], self.codes(inner[0]) - inner[1]
            case (
                Apply(op=Op.EQ | Op.NE as op, operands=(Cell(slot=slot), Constant(value=value)))
                | Apply(op=Op.EQ | Op.NE as op, operands=(Constant(value=value), Cell(slot=slot)))
            ):
                assert isinstance(value, int)
                domain = self.cells[slot].domain
                if size(domain) > (self.most if op is Op.EQ else SWITCHABLE):
                    return None
                chosen = frozenset({int(value)} if domain.low <= value <= domain.high else ())
                return slot, chosen if op is Op.EQ else self.codes(slot) - chosen
            case Apply(op=op, operands=(Cell(slot=slot), Constant(value=value))) if self.is_binary(slot, op):
                assert isinstance(value, int)
                return slot, frozenset(code for code in self.codes(slot) if MEANING[op](code, value))
            case Apply(op=Op.OR, operands=operands):
                inners = [self.test(operand) for operand in operands]
                if any(inner is None for inner in inners) or len({inner[0] for inner in inners if inner}) != 1:
                    return None
                slots = [inner for inner in inners if inner is not None]
                return slots[0][0], frozenset().union(*(codes for _, codes in slots))
            case _:
                return None

    def is_binary(self, slot: int, op: Op) -> bool:
        """Tell whether an order test is as good as an equality: the cell has two values, as a place of a safe net."""
        return op in COMPARISONS and size(self.cells[slot].domain) == 2

    def codes(self, slot: int) -> frozenset[int]:
        """Return all codes of a cell that can be switched on."""
        domain = self.cells[slot].domain
        return frozenset(range(domain.low, domain.high + 1))

    def condition(self, slot: int, codes: frozenset[int]) -> Expr:
        """Return the open test of a cell as an expression again."""
        if isinstance(self.cells[slot].domain, Boolean):
            if len(codes) != 1:
                return Constant(bool(codes))
            return Cell(slot) if 1 in codes else apply(Op.NOT, Cell(slot))
        everything = self.codes(slot)
        if len(codes) > len(everything) / 2:
            excluded = [apply(Op.NE, Cell(slot), Constant(code)) for code in sorted(everything - codes)]
            return apply(Op.AND, *excluded)
        return apply(Op.OR, *[apply(Op.EQ, Cell(slot), Constant(code)) for code in sorted(codes)])
