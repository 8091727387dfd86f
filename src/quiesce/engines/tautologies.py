"""Properties that hold of all values of the variables they read, reachable or not: they say nothing of the system."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from quiesce.core.domains import Boolean, size
from quiesce.core.expressions import Accepts, Apply, Cell, Constant, Enabled, Expr, Happens, Next, Temporal, apply, walk
from quiesce.core.flat import FlatCell, FlatFormula, FlatProperty, happened
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, taken_apart
from quiesce.core.intervals import bounds
from quiesce.core.properties import PropertyKind
from quiesce.core.trace import NO_EVENT
from quiesce.engines.native.columns import Block, Column

MOST_CASES = 1 << 16
"""Combinations of values that are tried where intervals do not tell; with more, a property is not judged."""
OF_STATES_AND_STEPS = frozenset(
    {PropertyKind.ALWAYS, PropertyKind.NEVER, PropertyKind.SOMETIMES, PropertyKind.ALWAYS_POSSIBLE}
)


def is_tautology(asked: FlatProperty, cells: Sequence[FlatCell]) -> bool:
    """Tell whether a property holds whatever the system does; False also where that is too much to find out."""
    kind = asked.property.kind
    if _speaks_of_rows(asked.property.formula, [asked.predicate, *asked.atoms.values()]):
        return False
    if kind in OF_STATES_AND_STEPS:
        return _constant(asked.predicate, cells) is (kind is not PropertyKind.NEVER)
    if kind is PropertyKind.TEMPORAL:
        return _value(taken_apart(asked.property.formula), asked, cells) is True
    return False


def _speaks_of_rows(formula: Expr, predicates: Sequence[FlatFormula]) -> bool:
    """Tell whether a formula depends on what rows there are: on their guards, or on which events there can be.

    That a call never returns an error says something of the rows, though no value of a variable makes it false.
    """
    nodes = list(walk(formula))
    if any(isinstance(node, Accepts | Enabled) for node in nodes):
        return True
    asked = [node for node in nodes if isinstance(node, Happens)]
    events = {event for predicate in predicates for event in predicate.steps or ()} | {NO_EVENT.event}
    answers = {tuple(happened(node, event) for node in asked) for event in events}
    return len(answers) < 1 << len(asked)


def _constant(predicate: FlatFormula, cells: Sequence[FlatCell]) -> bool | None:
    """Return the one truth that a predicate has for all values, or None."""
    of_steps = [*(predicate.steps or {}).values(), predicate.stutter]
    judged = of_steps if predicate.state is None else [predicate.state]
    truths = {_truth(expr, cells) for expr in dict.fromkeys(judged)}
    return truths.pop() if len(truths) == 1 else None


def _truth(expr: Expr, cells: Sequence[FlatCell]) -> bool | None:
    """Return the one truth that a flat expression has for all codes of its cells, or None."""
    low, high = bounds(expr, cells)
    if low == high:
        return bool(low)
    width = len(cells)
    plain = _without_next(expr, width)
    slots = sorted({node.slot for node in walk(plain) if isinstance(node, Cell)})
    domains = [cells[slot % width].domain for slot in slots]
    if prod(map(size, domains)) > MOST_CASES:
        return None
    grid = np.indices([size(domain) for domain in domains]).reshape(len(slots), -1)
    columns: dict[int, Column] = {
        slot: codes.astype(np.bool_) if isinstance(domain, Boolean) else codes + domain.low
        for slot, domain, codes in zip(slots, domains, grid, strict=True)
    }
    values = np.asarray(Block(columns.__getitem__).value(plain), dtype=np.bool_)
    return bool(values.flat[0]) if values.all() or not values.any() else None


def _without_next(expr: Expr, width: int) -> Expr:
    """Return an expression in which what a cell becomes is a cell of its own, behind all others."""
    match expr:
        case Next(slot=slot):
            return Cell(width + slot)
        case Apply(op=op, operands=operands):
            return apply(op, *[_without_next(operand, width) for operand in operands])
        case _:
            return expr


def _value(formula: Formula, asked: FlatProperty, cells: Sequence[FlatCell]) -> bool | None:
    """Return the one truth that a temporal formula has whatever happens, as far as its atoms tell; None otherwise."""
    match formula:
        case Atom(expr=Constant(value=value)):
            return bool(value)
        case Atom(expr=expr):
            return None if isinstance(expr, Quantified) else _constant(asked.atoms[expr], cells)
        case Not(operand=operand):
            inner = _value(operand, asked, cells)
            return None if inner is None else not inner
        case And(operands=operands) | Or(operands=operands):
            absorbing = isinstance(formula, Or)
            values = [_value(operand, asked, cells) for operand in operands]
            return absorbing if absorbing in values else None if None in values else not absorbing
        case Path(op=Temporal.NEXT) | Quantified(operand=Path(op=Temporal.NEXT)):
            return None  # true or false of a state without a step
        case Path(op=op, operands=operands):
            values = [_value(operand, asked, cells) for operand in operands]
            if op is Temporal.WEAK_UNTIL:
                return True if True in values else None if None in values else False
            return values[-1]
        case Quantified(operand=operand):
            return _value(operand, asked, cells)
