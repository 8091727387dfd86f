"""What terms are combined with: over copies, choices, and the operators of properties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from quiesce.core.domains import BOOLEAN, Copy, Domain, Range, Symbols, Value
from quiesce.core.expressions import After, By, Constant, Enabled, Happens, Op, apply, judges_steps
from quiesce.core.printing import expression
from quiesce.language.names import usable, wrong
from quiesce.language.terms import Term, compute, kind_of, lift, results, truth
from quiesce.language.values import Indexed

MOST_OPERANDS = 1 << 20
"""Terms that one operator combines: an iterable without end is a mistake."""


def _listed(terms: Sequence[object], function: str) -> list[object]:
    """Return the operands of `all_of(a, b)` or `all_of(x for ...)` as a list."""
    if len(terms) == 1 and not isinstance(terms[0], Term | bool):
        if not isinstance(terms[0], Iterable):
            raise wrong("Q35", f"{function} takes terms, not {terms[0]!r}", f"write {function}(... for c in machine)")
        terms = tuple(islice(terms[0], MOST_OPERANDS + 1))
    if len(terms) > MOST_OPERANDS:
        raise wrong("Q16", f"{function} of more than {MOST_OPERANDS:,} terms", "does its iterable come to an end?")
    return list(terms)


def all_of(*terms: object) -> Term:
    """Return the conjunction of truth-valued terms, given one by one or as one iterable; true of none."""
    operands = [truth(term, "all_of").expr for term in _listed(terms, "all_of")]
    return Term(apply(Op.AND, *operands), BOOLEAN)


def any_of(*terms: object) -> Term:
    """Return the disjunction of truth-valued terms, given one by one or as one iterable; false of none."""
    operands = [truth(term, "any_of").expr for term in _listed(terms, "any_of")]
    return Term(apply(Op.OR, *operands), BOOLEAN)


def sum_of(*terms: object) -> Term:
    """Return the sum of numbers, given one by one or as one iterable; 0 of none."""
    return _total([lift(term) for term in _listed(terms, "sum_of")])


def _total(terms: Sequence[Term]) -> Term:
    """Add terms up in halves, so that a long sum is no deep expression."""
    if len(terms) < 2:
        return terms[0] + 0 if terms else lift(0)
    middle = len(terms) // 2
    return _total(terms[:middle]) + _total(terms[middle:])


def count_of(*terms: object) -> Term:
    """Return how many of the truth-valued terms are true."""
    return sum_of([where(term, 1, 0) for term in _listed(terms, "count_of")])


def where(condition: object, then: object, otherwise: object) -> Term:
    """Return `then` where the condition is true, else `otherwise`; both of one kind."""
    chosen, a, b = truth(condition, "where"), lift(then), lift(otherwise)
    if isinstance(a.domain, Symbols) != isinstance(b.domain, Symbols):
        a, b = (_as_name(a), _as_name(b))
    if type(a.domain) is not type(b.domain):
        raise wrong(
            "Q30",
            f"where gives {kind_of(a.domain)} or {kind_of(b.domain)}: {expression(a.expr)}, {expression(b.expr)}",
            "give two values of one kind",
        )
    return Term(apply(Op.ITE, chosen.expr, a.expr, b.expr), _joined(a.domain, b.domain))


def _as_name(term: Term) -> Term:
    if isinstance(term.expr, Constant) and not isinstance(term.expr.value, bool):
        return Term(term.expr, Symbols((term.expr.value,)))
    return term


def _joined(a: Domain, b: Domain) -> Domain:
    if isinstance(a, Range) and isinstance(b, Range):
        unbounded = a.top is None or b.top is None
        return Range(min(a.low, b.low), None if unbounded else max(a.high, b.high))
    if isinstance(a, Symbols) and isinstance(b, Symbols):
        extra = tuple(name for name in b.names if name not in a.names)
        return Symbols(a.names + extra, of=a.of or b.of)
    return a


def minimum(left: object, right: object) -> Term:
    """Return the smaller of two numbers."""
    return compute(Op.MIN, left, right)


def maximum(left: object, right: object) -> Term:
    """Return the larger of two numbers."""
    return compute(Op.MAX, left, right)


# -- of properties -----------------------------------------------------------------------------------------------------


def after(value: object) -> Term:
    """Return the value that a term has after the step (in properties only).

    Raises SpecificationError (Q33) where the term itself speaks of a step.
    """
    term = lift(value)
    if judges_steps(term.expr):
        raise wrong("Q33", f"after() of a term that speaks of a step already: {expression(term.expr)}")
    return Term(After(term.expr), term.domain)


def happens(trigger: str, *, returns: object = None, by: Indexed | Copy | None = None, **arguments: Value) -> Term:
    """Return the term that is true of steps by a trigger, returning one of the results if any are given.

    `by` is a machine that takes part, or one of its copies: `happens("WSPSocket", by=c)`. Arguments of the event may
    be named: `happens("WSPSocket", graceful=True)`. Raises SpecificationError: Q02 where the trigger is not one name,
    Q09 where `by` is neither a machine nor a copy.
    """
    usable(trigger, "trigger")
    for name, value in arguments.items():
        if not isinstance(lift(value).expr, Constant):
            raise wrong("Q35", f"{name}={value!r} is no value of an argument", "name one of its values")
    return Term(Happens(trigger, results(returns), tuple(arguments.items()), _by(by)), BOOLEAN)


def _by(by: object) -> By | None:
    match by:
        case None:
            return None
        case Copy(machine=machine, index=index):
            return By(machine, index)
        case Indexed(name=name):
            return By(name, None)
        case _:
            raise wrong("Q09", f"by={by!r} is no machine", "give a machine, or one of its copies: for c in machine")


def enabled(trigger: str) -> Term:
    """Return the term that is true of states in which some step by the trigger is possible; raises Q02 likewise."""
    usable(trigger, "trigger")
    return Term(Enabled(trigger), BOOLEAN)
