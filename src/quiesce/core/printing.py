"""Expressions as text in the author's words: for errors, diagrams and reports."""

from __future__ import annotations

from quiesce.core.domains import Value, shown
from quiesce.core.expressions import (
    Accepts,
    Acting,
    After,
    Apply,
    Argument,
    Cell,
    Constant,
    Enabled,
    Expr,
    Fresh,
    Happens,
    Implies,
    Next,
    Op,
    Path,
    Quantified,
    Read,
    Unchanged,
)

_BINDING = {Op.OR: 1, Op.AND: 2, Op.NOT: 5, Op.ADD: 4, Op.SUB: 4, Op.MUL: 5}
_COMPARISON = 3
_WORDS = {Op.AND: " and ", Op.OR: " or "}


def expression(expr: Expr) -> str:
    """Return an expression as readable text: `references > 1 and not graceful`."""
    return _text(expr, 0)


def _text(expr: Expr, outer: int) -> str:
    match expr:
        case Constant(value=value):
            return shown(value)
        case Read(machine=machine, variable=variable, copy=None):
            return f"{machine}.{variable}"
        case Read(machine=machine, variable=variable, copy=Constant(value=value)):
            return f"{shown(value)}.{variable}"
        case Read(machine=machine, variable=variable, copy=copy) if copy is not None:
            return f"{machine}[{_text(copy, 0)}].{variable}"
        case Acting(machine=machine):
            return f"the acting {machine}"
        case Argument(name=name):
            return name
        case After(operand=operand):
            return f"after({_text(operand, 0)})"
        case Happens(trigger=trigger, results=results, arguments=arguments, by=by):
            given = ", ".join(f"{name}={shown(value)}" for name, value in arguments)
            index = "" if by is None or by.copy is None else f"[{by.copy}]"
            whose = "" if by is None else f" by {by.machine}{index}"
            return f"{trigger}{f'({given})' if given else ''} happens{whose}{_returning(results)}"
        case Enabled(trigger=trigger):
            return f"{trigger or 'something'} is enabled"
        case Accepts(machine=machine, trigger=trigger, results=results):
            return f"{machine} accepts {trigger}{_returning(results)}"
        case Fresh(machine=machine):
            return f"{machine} is fresh"
        case Unchanged(machine=machine):
            return f"{machine} is unchanged"
        case Implies(premise=premise, conclusion=conclusion):
            text = f"{_text(premise, 1)} -> {_text(conclusion, 0)}"
            return f"({text})" if outer else text
        case Path(op=op, operands=(operand,)):
            return f"{op.value}({_text(operand, 0)})"
        case Path(op=op, operands=(left, right)):
            return f"({_text(left, 1)} {op.value} {_text(right, 1)})"
        case Quantified(universal=universal, operand=operand):
            return _quantified("A" if universal else "E", operand)
        case Cell(slot=slot):
            return f"#{slot}"
        case Next(slot=slot):
            return f"#{slot}'"
        case Apply(op=op, operands=operands):
            return _applied(op, operands, outer)
        case _:
            raise AssertionError(f"no text for {type(expr).__name__}")


def _quantified(word: str, operand: Expr) -> str:
    text = _text(operand, 0)
    return f"{word}{text}" if isinstance(operand, Path) else f"{word}({text})"


def _returning(results: tuple[Value, ...] | None) -> str:
    return "" if results is None else " returning " + " or ".join(shown(result) for result in results)


def _applied(op: Op, operands: tuple[Expr, ...], outer: int) -> str:
    if op is Op.ITE:
        condition, then, otherwise = (_text(operand, 0) for operand in operands)
        return f"({then} if {condition} else {otherwise})"
    if op in (Op.MIN, Op.MAX):
        return f"{op.value}({', '.join(_text(operand, 0) for operand in operands)})"
    binding = _BINDING.get(op, _COMPARISON)
    if op is Op.NOT:
        text = f"not {_text(operands[0], binding)}"
    else:
        first, *others = operands
        sides = [
            _text(first, binding if op in _BINDING else binding + 1),
            *(_text(other, binding + 1) for other in others),
        ]
        text = _WORDS.get(op, f" {op.value} ").join(sides)
    return f"({text})" if binding < outer else text
