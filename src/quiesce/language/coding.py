"""Names as numbers: positions in a list of names, and flat expressions that turn one list into another."""

from __future__ import annotations

from quiesce.core.domains import Domain, Range, Symbols, Value
from quiesce.core.expressions import Apply, Cell, Constant, Expr, Next, Op, apply

NOWHERE = -1
"""The code of a name that the wanted domain lacks."""

Names = tuple[Value, ...]


def alone(expr: Expr) -> Names:
    """Return a number among names as a name: `at == 0` where `at` is one of several names."""
    return (expr.value,) if isinstance(expr, Constant) else ()


def recoded(cell: Expr, domain: Domain, names: Names) -> Expr:
    """Return the position in `names` of a cell's value: a chain over the values of the cell's own domain."""
    wanted = Symbols(names)
    if isinstance(domain, Range):
        codes = [(value, wanted.code(value)) for value in domain.values()]
    else:
        codes = [(position, wanted.code(value)) for position, value in enumerate(domain.values())]
    chain: Expr = Constant(NOWHERE)
    for own, code in reversed(codes):
        if code is not None:
            chain = apply(Op.ITE, apply(Op.EQ, cell, Constant(own)), Constant(code), chain)
    return chain


def primed(expr: Expr) -> Expr:
    """Return a flat state expression as it is after the step."""
    match expr:
        case Cell(slot=slot):
            return Next(slot)
        case Apply(op=op, operands=operands):
            return apply(op, *[primed(operand) for operand in operands])
        case _:
            return expr


def unprimed(expr: Expr) -> Expr:
    """Return a flat step expression as it is where nothing changes."""
    match expr:
        case Next(slot=slot):
            return Cell(slot)
        case Apply(op=op, operands=operands):
            return apply(op, *[unprimed(operand) for operand in operands])
        case _:
            return expr
