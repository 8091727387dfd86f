"""Path formulas in normal form made smaller without another meaning, before they become automata.

The rules are those of Etessami and Holzmann (CONCUR 2000, LNCS 1877, §3) and of Somenzi and Bloem (CAV 2000, LNCS 1855,
§3). A formula is *eventual* if it holds wherever it will hold later, as `F p` and `G F p` do, and *universal* if it
stays true once it is, as `G p` and `F G p` do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quiesce.core.expressions import Temporal
from quiesce.core.formulas import FALSE_FORMULA, TRUE_FORMULA, And, Atom, Formula, Not, Or, Path, is_predicate


def simplified(formula: Formula) -> Formula:
    """Return a formula over X, U and R, negated at atoms alone, in a form with fewer operators where there is one."""
    match formula:
        case And(operands=operands):
            return _joined(And, [simplified(operand) for operand in operands])
        case Or(operands=operands):
            return _joined(Or, [simplified(operand) for operand in operands])
        case Path(op=Temporal.NEXT, operands=(operand,)):
            inner = simplified(operand)
            return inner if _is_eventual(inner) and _is_universal(inner) else Path(Temporal.NEXT, (inner,))
        case Path(op=op, operands=(left, right)):
            make = _until if op is Temporal.UNTIL else _release
            return make(simplified(left), simplified(right))
        case _:
            return formula


def _joined(kind: type[And] | type[Or], operands: Sequence[Formula]) -> Formula:
    """Return a conjunction or a disjunction: nested ones are joined, doubles dropped, what is decided is decided."""
    absorbing = FALSE_FORMULA if kind is And else TRUE_FORMULA
    kept: dict[Formula, None] = {}
    for operand in operands:
        for part in operand.operands if isinstance(operand, kind) else (operand,):
            opposite = part.operand if isinstance(part, Not) else Not(part) if isinstance(part, Atom) else None
            if part == absorbing or opposite in kept:
                return absorbing
            kept[part] = None
    parts = _merged(kind, list(kept))
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _merged(kind: type[And] | type[Or], parts: list[Formula]) -> list[Formula]:
    """Make one of several: G p & G q is G(p & q), FG p & FG q is FG(p & q), and F p | F q, GF p | GF q likewise."""
    outer, inner = (_globally, _finally) if kind is And else (_finally, _globally)
    wide = _is_eventual if kind is And else _is_universal
    single: list[Formula] = []
    double: list[Formula] = []
    rest: list[Formula] = []
    for part in parts:
        below = outer(part)
        within = inner(part)
        lowest = None if within is None else outer(within)
        if below is not None and not wide(below):
            single.append(below)
        elif lowest is not None:
            double.append(lowest)
        else:
            rest.append(part)
    if len(single) < 2 and len(double) < 2:
        return parts
    make = _release if kind is And else _until
    back = _until if kind is And else _release
    neutral, other = (FALSE_FORMULA, TRUE_FORMULA) if kind is And else (TRUE_FORMULA, FALSE_FORMULA)
    if single:
        rest.append(make(neutral, _joined(kind, single)))
    if double:
        rest.append(back(other, make(neutral, _joined(kind, double))))
    return rest


def _globally(formula: Formula) -> Formula | None:
    """Return p where a formula is G p."""
    if isinstance(formula, Path) and formula.op is Temporal.RELEASE and formula.operands[0] == FALSE_FORMULA:
        return formula.operands[1]
    return None


def _finally(formula: Formula) -> Formula | None:
    """Return p where a formula is F p."""
    if isinstance(formula, Path) and formula.op is Temporal.UNTIL and formula.operands[0] == TRUE_FORMULA:
        return formula.operands[1]
    return None


def recurring(formula: Formula, fits: Callable[[Formula], bool]) -> tuple[Formula, tuple[Formula, ...]]:
    """Return a simplified formula without the parts GF p that it is a conjunction with, and their p, where they fit."""
    parts = formula.operands if isinstance(formula, And) else (formula,)
    rest: list[Formula] = []
    again: list[Formula] = []
    for part in parts:
        always = _globally(part)
        goal = None if always is None else _finally(always)
        if goal is not None and is_predicate(goal) and fits(goal):
            again.append(goal)
        else:
            rest.append(part)
    return _joined(And, rest), tuple(again)


def _until(stay: Formula, goal: Formula) -> Formula:
    if _is_eventual(goal) or stay in (FALSE_FORMULA, goal):
        return goal
    if isinstance(goal, Path) and goal.op is Temporal.UNTIL and stay in (TRUE_FORMULA, goal.operands[0]):
        return Path(Temporal.UNTIL, (stay, goal.operands[1]))
    if isinstance(goal, Or) and any(map(_is_eventual, goal.operands)):
        # an eventual part is reached as soon as the rest need not be
        now = [part for part in goal.operands if _is_eventual(part)]
        later = [part for part in goal.operands if not _is_eventual(part)]
        return _joined(Or, [*now, _until(stay, _joined(Or, later))])
    if stay == TRUE_FORMULA and isinstance(goal, And) and any(map(_is_lasting, goal.operands)):
        lasting = [part for part in goal.operands if _is_lasting(part)]
        rest = [part for part in goal.operands if not _is_lasting(part)]
        return _joined(And, [*lasting, _until(stay, _joined(And, rest))])
    return Path(Temporal.UNTIL, (stay, goal))


def _release(release: Formula, kept: Formula) -> Formula:
    if _is_universal(kept) or release in (TRUE_FORMULA, kept):
        return kept
    if isinstance(kept, Path) and kept.op is Temporal.RELEASE and release in (FALSE_FORMULA, kept.operands[0]):
        return Path(Temporal.RELEASE, (release, kept.operands[1]))
    if isinstance(kept, And) and any(map(_is_universal, kept.operands)):
        now = [part for part in kept.operands if _is_universal(part)]
        later = [part for part in kept.operands if not _is_universal(part)]
        return _joined(And, [*now, _release(release, _joined(And, later))])
    if release == FALSE_FORMULA and isinstance(kept, Or) and any(map(_is_lasting, kept.operands)):
        lasting = [part for part in kept.operands if _is_lasting(part)]
        rest = [part for part in kept.operands if not _is_lasting(part)]
        return _joined(Or, [*lasting, _release(release, _joined(Or, rest))])
    return Path(Temporal.RELEASE, (release, kept))


def _is_lasting(formula: Formula) -> bool:
    """Tell whether a formula holds everywhere on a run or nowhere."""
    return _is_eventual(formula) and _is_universal(formula)


def _is_eventual(formula: Formula) -> bool:
    match formula:
        case And(operands=operands) | Or(operands=operands):
            return all(map(_is_eventual, operands))
        case Path(op=Temporal.UNTIL, operands=(stay, goal)):
            return stay == TRUE_FORMULA or _is_eventual(goal)
        case Path(operands=operands):
            return _is_eventual(operands[-1])
        case _:
            return False


def _is_universal(formula: Formula) -> bool:
    match formula:
        case And(operands=operands) | Or(operands=operands):
            return all(map(_is_universal, operands))
        case Path(op=Temporal.RELEASE, operands=(release, kept)):
            return release == FALSE_FORMULA or _is_universal(kept)
        case Path(operands=operands):
            return _is_universal(operands[-1])
        case _:
            return False
