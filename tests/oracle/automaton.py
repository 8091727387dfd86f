"""Path formulas as obligations: what has to be true now, and what is left for the next position.

A formula in negation normal form is a set of obligations. With the truth of the predicates at a position it comes to
some sets of obligations for the next position; each tells which untils it has put off. A run satisfies the formula if
some way of going on never gets stuck, and no until is put off forever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.oracle.data import FALSE, QUANTIFIERS, TRUE, Expression, speaks_of_runs

Obligations = frozenset[Expression]
Choice = tuple[Obligations, Obligations]
"""What is left for the next position, and the untils that were put off."""
Literal = Callable[[Expression], bool]
"""Whether a predicate, or the negation of one, may be taken for true."""
NOTHING: Obligations = frozenset()


def normal(formula: Expression, negated: bool = False) -> Expression:
    """Return a path formula over X, U and R with negations only before predicates; quantified parts are predicates."""
    if formula[0] in QUANTIFIERS or not speaks_of_runs(formula):
        return ("not", formula) if negated else formula
    match formula:
        case ("not", part):
            return normal(part, not negated)
        case ("and" | "or" as word, *parts):
            dual = {"and": "or", "or": "and"}[word] if negated else word
            return (dual, *[normal(part, negated) for part in parts])
        case ("implies", premise, conclusion):
            return normal(("or", ("not", premise), conclusion), negated)
        case ("X", part):
            return ("X", normal(part, negated))
        case ("F", part):
            return normal(("U", TRUE, part), negated)
        case ("G", part):
            return normal(("R", FALSE, part), negated)
        case ("W", stay, goal):
            return normal(("R", goal, ("or", stay, goal)), negated)
        case ("U" | "R" as word, left, right):
            dual = {"U": "R", "R": "U"}[word] if negated else word
            return (dual, normal(left, negated), normal(right, negated))
    raise ValueError(formula)


def untils(formula: Expression) -> list[Expression]:
    """Return the untils in a formula in normal form."""
    if formula[0] not in {"and", "or", "X", "U", "R"} or not speaks_of_runs(formula):
        return []
    inner = [found for part in formula[1:] for found in untils(part)]
    return list(dict.fromkeys([formula, *inner] if formula[0] == "U" else inner))


def choices(obligations: Obligations, literal: Literal) -> set[Choice]:
    """Return the ways to meet obligations at a position, given the truth of predicates there."""
    return set(_met(sorted(obligations, key=repr), frozenset(), NOTHING, NOTHING, literal))


def _met(
    waiting: list[Expression], met: Obligations, later: Obligations, put_off: Obligations, literal: Literal
) -> Iterator[Choice]:
    if not waiting:
        yield later, put_off
        return
    formula, *rest = waiting
    if formula in met:
        yield from _met(rest, met, later, put_off, literal)
        return
    met = met | {formula}
    if not speaks_of_runs(formula) or formula[0] in QUANTIFIERS or formula[0] == "not":
        if literal(formula):
            yield from _met(rest, met, later, put_off, literal)
        return
    match formula:
        case ("and", *parts):
            yield from _met([*parts, *rest], met, later, put_off, literal)
        case ("or", *parts):
            for part in parts:
                yield from _met([part, *rest], met, later, put_off, literal)
        case ("X", part):
            yield from _met(rest, met, later | _kept(part), put_off, literal)
        case ("U", stay, goal):
            yield from _met([goal, *rest], met, later, put_off, literal)
            yield from _met([stay, *rest], met, later | {formula}, put_off | {formula}, literal)
        case ("R", release, kept):
            yield from _met([kept, release, *rest], met, later, put_off, literal)
            yield from _met([kept, *rest], met, later | {formula}, put_off, literal)


def _kept(part: Expression) -> Obligations:
    return NOTHING if part == TRUE else frozenset({part})
