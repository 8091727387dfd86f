"""Temporal formulas as plain frozen data: one small tree for CTL and LTL over state predicates.

A formula without `Quantified` is LTL and speaks of every run; CTL has a quantifier before each temporal operator.
Meaning at a deadlock: runs are maximal, so AX p holds and EX p does not, and AF p, EG p and p are the same there; LTL
repeats the last state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from quiesce.core.expressions import Expr


class Temporal(Enum):
    """The temporal operators. `a W b` is weak until, `a R b` release."""

    NEXT = "X"
    FINALLY = "F"
    GLOBALLY = "G"
    UNTIL = "U"
    RELEASE = "R"
    WEAK_UNTIL = "W"


@dataclass(frozen=True, slots=True)
class Atom:
    """A predicate of a state."""

    expr: Expr


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    operand: Formula


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction; true of no operands."""

    operands: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction; false of no operands."""

    operands: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """A temporal operator on one operand, or on two."""

    op: Temporal
    operands: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Quantified:
    """Of every maximal run from here (`universal`), or of some."""

    universal: bool
    operand: Formula


Formula = Atom | Not | And | Or | Path | Quantified


def is_ctl(formula: Formula) -> bool:
    """Tell whether every temporal operator stands directly under a quantifier, and every quantifier before one."""
    match formula:
        case Atom():
            return True
        case Not(operand=operand):
            return is_ctl(operand)
        case And(operands=operands) | Or(operands=operands):
            return all(is_ctl(operand) for operand in operands)
        case Quantified(operand=Path(operands=operands)):
            return all(is_ctl(operand) for operand in operands)
        case _:
            return False


def normal(formula: Formula, *, negated: bool = False) -> Formula:
    """Return an LTL formula in negation normal form over X, U and R alone, or its negation."""
    match formula:
        case Atom():
            return Not(formula) if negated else formula
        case Not(operand=operand):
            return normal(operand, negated=not negated)
        case And(operands=operands):
            return (Or if negated else And)(tuple(normal(operand, negated=negated) for operand in operands))
        case Or(operands=operands):
            return (And if negated else Or)(tuple(normal(operand, negated=negated) for operand in operands))
        case Path(op=op, operands=operands):
            return _normal_path(op, operands, negated)
        case Quantified():
            raise AssertionError("a quantified formula is not LTL")


TRUE_FORMULA, FALSE_FORMULA = And(()), Or(())


def _normal_path(op: Temporal, operands: tuple[Formula, ...], negated: bool) -> Formula:
    dual = {Temporal.UNTIL: Temporal.RELEASE, Temporal.RELEASE: Temporal.UNTIL, Temporal.NEXT: Temporal.NEXT}
    if op is Temporal.FINALLY:
        op, operands = Temporal.UNTIL, (TRUE_FORMULA, *operands)
    elif op is Temporal.GLOBALLY:
        op, operands = Temporal.RELEASE, (FALSE_FORMULA, *operands)
    elif op is Temporal.WEAK_UNTIL:
        stay, goal = operands
        op, operands = Temporal.RELEASE, (goal, Or((stay, goal)))
    return Path(dual[op] if negated else op, tuple(normal(operand, negated=negated) for operand in operands))
