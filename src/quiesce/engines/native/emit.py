"""An LLVM function under construction, and expressions as its instructions: one table, operator to instruction.

Text is built, not objects: it is the fastest way from Python, and it is the key of the object cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quiesce.core.domains import Boolean
from quiesce.core.expressions import COMPARISONS, CONNECTIVES, Apply, Cell, Constant, Expr, Next, Op
from quiesce.core.flat import Flat, is_truth
from quiesce.engines.native.layout import Layout

INSTRUCTION = {
    Op.EQ: "icmp eq",
    Op.NE: "icmp ne",
    Op.LT: "icmp slt",
    Op.LE: "icmp sle",
    Op.GT: "icmp sgt",
    Op.GE: "icmp sge",
    Op.ADD: "add",
    Op.SUB: "sub",
    Op.MUL: "mul",
    Op.MIN: "@llvm.smin.i64",
    Op.MAX: "@llvm.smax.i64",
    Op.NOT: "xor",
    Op.AND: "and",
    Op.OR: "or",
    Op.ITE: "select",
}
"""Operator -> LLVM instruction. Truth values are i1, numbers and positions of names i64."""

if set(INSTRUCTION) != set(Op):
    raise AssertionError("an operator without an instruction")

HEADER = "declare i64 @llvm.smin.i64(i64, i64)\ndeclare i64 @llvm.smax.i64(i64, i64)\n"


class Function:
    """The lines of a function under construction, and the values that are known where the next line goes."""

    def __init__(self, flat: Flat, layout: Layout) -> None:
        self.flat, self.layout = flat, layout
        self.lines: list[str] = []
        self.known: dict[Expr, str] = {}
        self.next: dict[int, str] = {}
        self.known_after: dict[Expr, str] = {}
        self.primed: dict[Expr, bool] = {}
        self.registers = 0
        self.words = [self.emit(f"load i64, ptr {self.address('%state', word)}") for word in range(layout.words)]

    def emit(self, instruction: str) -> str:
        """Add an instruction and return its register."""
        self.registers += 1
        register = f"%r{self.registers}"
        self.lines.append(f"  {register} = {instruction}")
        return register

    def do(self, instruction: str) -> None:
        """Add an instruction without a value."""
        self.lines.append(f"  {instruction}")

    def address(self, base: str, word: int | str) -> str:
        """Return the address of a 64-bit word behind a base."""
        return base if word == 0 else self.emit(f"getelementptr i64, ptr {base}, i64 {word}")

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Forget at the end what was computed inside: a value is known only in the blocks that its own dominates."""
        before = dict(self.known)
        yield
        self.known = before

    def step(self, written: dict[int, str]) -> None:
        """Say what a step writes, from here on: registers of some cells' next codes."""
        self.next, self.known_after = written, {}

    # -- expressions --------------------------------------------------------------------------------------------------

    def is_truth(self, expr: Expr) -> bool:
        """Tell whether an expression is a truth value (i1) rather than a number (i64)."""
        return is_truth(expr, self.flat.cells)

    def truth(self, expr: Expr) -> str:
        """Return the i1 value of a truth."""
        if isinstance(expr, Constant):
            return "true" if expr.value else "false"
        return self.value(expr)

    def number(self, expr: Expr) -> str:
        """Return the i64 value of a number, a name's position, or a truth value as 0 or 1."""
        if isinstance(expr, Constant):
            assert isinstance(expr.value, int)
            return str(int(expr.value))
        if self.is_truth(expr):
            return self.emit(f"zext i1 {self.value(expr)} to i64")
        return self.value(expr)

    def value(self, expr: Expr) -> str:
        """Return the register of an expression that is no constant, computing it once in a block."""
        if isinstance(expr, Next) and expr.slot in self.next:
            return self.next[expr.slot]
        if isinstance(expr, Next):
            expr = Cell(expr.slot)
        known = self.known_after if self.is_after(expr) else self.known
        if expr not in known:
            known[expr] = self.cell(expr.slot) if isinstance(expr, Cell) else self.applied(expr)
        return known[expr]

    def is_after(self, expr: Expr) -> bool:
        """Tell whether an expression speaks of what a step writes."""
        if isinstance(expr, Apply):
            if expr not in self.primed:
                self.primed[expr] = any(map(self.is_after, expr.operands))
            return self.primed[expr]
        return isinstance(expr, Next)

    def cell(self, slot: int) -> str:
        """Return a cell's code: i1 for truth values, else i64 with the least code added."""
        place = self.layout.fields[slot]
        truth = isinstance(self.flat.cells[slot].domain, Boolean)
        shifted = self.emit(f"lshr i64 {self.words[place.word]}, {place.shift}")
        if truth:
            return self.emit(f"trunc i64 {shifted} to i1")
        code = self.emit(f"and i64 {shifted}, {(1 << place.bits) - 1}")
        return self.emit(f"add i64 {code}, {place.low}") if place.low else code

    def applied(self, expr: Expr) -> str:
        """Return an operator applied, through the table."""
        assert isinstance(expr, Apply)
        op, operands = expr.op, expr.operands
        if op is Op.ITE:
            kind, read = ("i1", self.truth) if self.is_truth(expr) else ("i64", self.number)
            condition = self.truth(operands[0])
            then, otherwise = (read(branch) for branch in operands[1:])
            return self.emit(f"{INSTRUCTION[op]} i1 {condition}, {kind} {then}, {kind} {otherwise}")
        if op is Op.NOT:
            return self.emit(f"{INSTRUCTION[op]} i1 {self.truth(operands[0])}, true")
        if op in CONNECTIVES:
            total = self.truth(operands[0])
            for operand in operands[1:]:
                total = self.emit(f"{INSTRUCTION[op]} i1 {total}, {self.truth(operand)}")
            return total
        if op in COMPARISONS:
            truths = any(self.is_truth(side) for side in operands if not isinstance(side, Constant))
            kind, read = ("i1", self.truth) if truths else ("i64", self.number)
            return self.emit(f"{INSTRUCTION[op]} {kind} {read(operands[0])}, {read(operands[1])}")
        left, right = self.number(operands[0]), self.number(operands[1])
        if op in (Op.MIN, Op.MAX):
            return self.emit(f"call i64 {INSTRUCTION[op]}(i64 {left}, i64 {right})")
        return self.emit(f"{INSTRUCTION[op]} i64 {left}, {right}")

    def bit(self, truth: str, position: int) -> str:
        """Return a truth value as a bit of an i64."""
        wide = self.emit(f"zext i1 {truth} to i64")
        return self.emit(f"shl i64 {wide}, {position}") if position else wide

    def both(self, *truths: str) -> str:
        """Return the conjunction of truth values."""
        total = "true"
        for truth in truths:
            if truth != "true":
                total = truth if total == "true" else self.emit(f"and i1 {total}, {truth}")
        return total


def truths_program(flat: Flat, layout: Layout, truths: Sequence[Expr]) -> str:
    """Return the LLVM text of `truths(state, out, info)`: bit n of `out` tells whether truth n holds in the state."""
    out = Function(flat, layout)
    for word in range(0, len(truths), 64):
        total = "0"
        for position, truth in enumerate(truths[word : word + 64]):
            total = out.emit(f"or i64 {total}, {out.bit(out.truth(truth), position)}")
        out.do(f"store i64 {total}, ptr {out.address('%out', word // 64)}")
    out.do("ret i64 0")
    body = "\n".join(out.lines)
    arguments = "ptr noalias readonly %state, ptr noalias writeonly %out, ptr noalias writeonly %info"
    return f"{HEADER}define i64 @truths({arguments}) {{\nentry:\n{body}\n}}\n"
