"""Vacuity: an implication that holds only because its premise never does (Beer et al., CAV'97, LNCS 1254).

A property says nothing by a conclusion if it holds as well with that conclusion replaced by false. A conclusion that is
constantly true says nothing either: there the formula itself stands for the stronger one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from quiesce.core.expressions import FALSE, TRUE, Apply, Expr, Implies, Op, Path, Quantified
from quiesce.core.printing import expression


def is_true(expr: Expr) -> bool:
    """Tell whether an expression is the constant true, or says of a run that this is so at some time, or always."""
    return expr == TRUE or (isinstance(expr, Path) and is_true(expr.operands[-1]))


def without_conclusions(expr: Expr) -> Iterator[Expr]:
    """Yield the formula once for each implication that must be true in it, its conclusion replaced by false.

    Of a conjunction only the part with the implication is kept: the others hold where the formula holds.
    """
    if isinstance(expr, Apply) and expr.op is Op.AND:
        for operand in expr.operands:
            yield from without_conclusions(operand)
    else:
        yield from _stronger(expr)


def _stronger(expr: Expr) -> Iterator[Expr]:
    """Go where a stronger conclusion makes a stronger formula: not under `not`, in a premise or in a comparison."""
    match expr:
        case Implies(premise=premise, conclusion=conclusion):
            inner = [Implies(premise, other) for other in _stronger(conclusion)]
            yield from inner or [Implies(premise, conclusion if is_true(conclusion) else FALSE)]
        case Apply(op=Op.AND | Op.OR, operands=operands) | Path(operands=operands):
            for position, operand in enumerate(operands):
                for other in _stronger(operand):
                    yield replace(expr, operands=(*operands[:position], other, *operands[position + 1 :]))
        case Quantified(operand=operand):
            for other in _stronger(operand):
                yield replace(expr, operand=other)


def idle(expr: Expr) -> Implies | None:
    """Return the implication that says nothing: its conclusion was replaced by false, or is true; None without one."""
    match expr:
        case Implies(conclusion=conclusion):
            return expr if conclusion == FALSE or is_true(conclusion) else idle(conclusion)
        case Apply(operands=operands) | Path(operands=operands):
            found = (idle(operand) for operand in operands)
            return next((implication for implication in found if implication is not None), None)
        case Quantified(operand=operand):
            return idle(operand)
        case _:
            return None


def never_true(expr: Expr) -> str:
    """Return in words why a formula says nothing: what is never true in it, or what its conclusion is always."""
    implication = idle(expr)
    if implication is None:
        return ""
    if implication.conclusion == FALSE:
        return f"never true: {expression(implication.premise)}"
    return f"its conclusion is always true: {expression(implication)}"
