"""Path formulas in normal form made smaller without another meaning, before they become automata.

The rules are those of Etessami and Holzmann (CONCUR 2000, LNCS 1877, §3) and of Somenzi and Bloem (CAV 2000, LNCS 1855,
§3). A formula is *eventual* if it holds wherever it will hold later, as `F p` and `G F p` do, and *universal* if it
stays true once it is, as `G p` and `F G p` do.
"""

from __future__ import annotations

from collections.abc import Sequence

from quiesce.core.expressions import Temporal
from quiesce.core.formulas import FALSE_FORMULA, TRUE_FORMULA, And, Atom, Formula, Not, Or, Path


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
    return next(iter(kept)) if len(kept) == 1 else kind(tuple(kept))


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
