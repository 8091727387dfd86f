"""Temporal formulas taken apart: what is temporal or boolean about them, over atoms that speak of a state or a step.

A formula without `Quantified` is LTL and speaks of every run; CTL has a quantifier before each temporal operator;
mixtures are CTL*. Meaning at a deadlock: runs are maximal, so AX p holds and EX p does not, and AF p, EG p and p are
the same there; LTL repeats the last state, and no event happens there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quiesce.core import expressions
from quiesce.core.expressions import Apply, Expr, Implies, Op, Temporal, is_temporal, judges_steps


@dataclass(frozen=True, slots=True)
class Atom:
    """A predicate of a state or of a step; or a quantified formula, where a path formula is about it as a whole."""

    expr: Expr | Quantified


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
TRUE_FORMULA, FALSE_FORMULA = And(()), Or(())


def taken_apart(expr: Expr) -> Formula:
    """Return an expression as a formula over atoms: its largest parts that are not temporal.

    Raises ValueError with a temporal part that stands where only a value can.
    """
    if not is_temporal(expr):
        return Atom(expr)
    match expr:
        case Apply(op=Op.NOT, operands=(operand,)):
            return Not(taken_apart(operand))
        case Apply(op=Op.AND, operands=operands):
            return And(tuple(map(taken_apart, operands)))
        case Apply(op=Op.OR, operands=operands):
            return Or(tuple(map(taken_apart, operands)))
        case Implies(premise=premise, conclusion=conclusion):
            return Or((Not(taken_apart(premise)), taken_apart(conclusion)))
        case expressions.Path(op=op, operands=operands):
            return Path(op, tuple(map(taken_apart, operands)))
        case expressions.Quantified(universal=universal, operand=operand):
            return Quantified(universal, taken_apart(operand))
        case _:
            raise ValueError(expr)


def for_every_run(formula: Formula) -> Formula:
    """Return a formula about states: one that speaks of runs, of every run.

    At a deadlock LTL's X is not AX, so that a lone X is kept apart from the quantifier.
    """
    return _quantified(True, formula)


def _quantified(universal: bool, formula: Formula) -> Formula:
    if is_state_formula(formula):
        return formula
    lone = isinstance(formula, Path) and formula.op is Temporal.NEXT
    return Quantified(universal, And((formula,)) if lone else formula)


def answered_apart(formula: Formula) -> Formula:
    """Return a formula about states with A(f & g) as A f & A g, A G(f & g) as AG f & AG g, and E with | likewise."""
    match formula:
        case Not(operand=operand):
            return Not(answered_apart(operand))
        case And(operands=operands) | Or(operands=operands):
            return type(formula)(tuple(map(answered_apart, operands)))
        case Quantified(universal=universal, operand=operand):
            kind: type[And] | type[Or] = And if universal else Or
            lasting = Temporal.GLOBALLY if universal else Temporal.FINALLY
            match operand:
                case And(operands=operands) | Or(operands=operands) if isinstance(operand, kind) and len(operands) > 1:
                    parts = operands
                case Path(op=op, operands=((And() | Or()) as inner,)) if op is lasting and isinstance(inner, kind):
                    parts = tuple(Path(op, (part,)) for part in inner.operands)
                case _:
                    return formula
            return kind(tuple(answered_apart(_quantified(universal, part)) for part in parts))
        case _:
            return formula


def is_state_formula(formula: Formula) -> bool:
    """Tell whether a formula is decided by a state: no temporal operator, and no step, stands outside quantifiers."""
    match formula:
        case Atom(expr=expr):
            return isinstance(expr, Quantified) or not judges_steps(expr)
        case Not(operand=operand):
            return is_state_formula(operand)
        case And(operands=operands) | Or(operands=operands):
            return all(map(is_state_formula, operands))
        case Quantified():
            return True
        case Path():
            return False


def is_predicate(formula: Formula) -> bool:
    """Tell whether a formula has no temporal operator and no quantifier."""
    match formula:
        case Atom(expr=expr):
            return not isinstance(expr, Quantified)
        case Not(operand=operand):
            return is_predicate(operand)
        case And(operands=operands) | Or(operands=operands):
            return all(map(is_predicate, operands))
        case Path() | Quantified():
            return False


def atoms(formula: Formula) -> Iterator[Expr]:
    """Yield the predicates of states and steps in a formula."""
    match formula:
        case Atom(expr=expr):
            if isinstance(expr, Quantified):
                yield from atoms(expr)
            else:
                yield expr
        case Not(operand=operand) | Quantified(operand=operand):
            yield from atoms(operand)
        case And(operands=operands) | Or(operands=operands) | Path(operands=operands):
            for operand in operands:
                yield from atoms(operand)


def normal(formula: Formula, *, negated: bool = False) -> Formula:
    """Return a path formula in negation normal form over X, U and R alone, or its negation.

    What is quantified in it becomes an atom.
    """
    match formula:
        case Atom():
            return Not(formula) if negated else formula
        case Quantified():
            return Not(Atom(formula)) if negated else Atom(formula)
        case Not(operand=operand):
            return normal(operand, negated=not negated)
        case And(operands=operands):
            return (Or if negated else And)(tuple(normal(operand, negated=negated) for operand in operands))
        case Or(operands=operands):
            return (And if negated else Or)(tuple(normal(operand, negated=negated) for operand in operands))
        case Path(op=op, operands=operands):
            return _normal_path(op, operands, negated)


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
