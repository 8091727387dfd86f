"""Temporal operators for authors: X F G U R W on runs, A and E over them, fairness, and the short forms people ask for.

A formula without A or E speaks of every run (LTL); with one before each temporal operator it is CTL; both may be mixed.
"""

from __future__ import annotations

from typing import Any

from quiesce.core.domains import BOOLEAN
from quiesce.core.expressions import Enabled, Expr, Op, Path, Quantified, Temporal, apply, judges_steps
from quiesce.core.formulas import taken_apart
from quiesce.core.printing import expression
from quiesce.core.properties import Assumption
from quiesce.language.names import usable, wrong
from quiesce.language.terms import Term, truth


def _path(op: Temporal, *operands: object) -> Term:
    return Term(Path(op, tuple(truth(operand, op.value).expr for operand in operands)), BOOLEAN)


def X(formula: object) -> Term:
    """Return: in the next state of the run (where the run has ended: in its last state again)."""
    return _path(Temporal.NEXT, formula)


def F(formula: object) -> Term:
    """Return: now or later in the run (finally, eventually)."""
    return _path(Temporal.FINALLY, formula)


def G(formula: object) -> Term:
    """Return: from now on, forever (globally)."""
    return _path(Temporal.GLOBALLY, formula)


def U(stay: object, goal: object) -> Term:
    """Return: the goal comes, and until then the first one holds."""
    return _path(Temporal.UNTIL, stay, goal)


def R(release: object, kept: object) -> Term:
    """Return: the second one holds up to and including where the first one does, or forever (release)."""
    return _path(Temporal.RELEASE, release, kept)


def W(stay: object, goal: object) -> Term:
    """Return: the first one holds until the goal comes, or forever (weak until)."""
    return _path(Temporal.WEAK_UNTIL, stay, goal)


def A(formula: object) -> Term:
    """Return: on every maximal run from this state. A run that ends is maximal: there AX p holds and EX p does not."""
    return Term(Quantified(True, truth(formula, "A").expr), BOOLEAN)


def E(formula: object) -> Term:
    """Return: on some maximal run from this state."""
    return Term(Quantified(False, truth(formula, "E").expr), BOOLEAN)


def AX(formula: object) -> Term:
    """Return: in every next state (true where there is none)."""
    return A(X(formula))


def EX(formula: object) -> Term:
    """Return: in some next state."""
    return E(X(formula))


def AF(formula: object) -> Term:
    """Return: on every run, now or later."""
    return A(F(formula))


def EF(formula: object) -> Term:
    """Return: some run comes to it."""
    return E(F(formula))


def AG(formula: object) -> Term:
    """Return: in every state that can be reached from here."""
    return A(G(formula))


def EG(formula: object) -> Term:
    """Return: some maximal run stays with it."""
    return E(G(formula))


deadlock = Term(apply(Op.NOT, Enabled(None)), BOOLEAN)
"""True of states in which no step is possible."""


# -- fairness ----------------------------------------------------------------------------------------------------------


def weak(trigger: str) -> Assumption:
    """Return the assumption that each row of the trigger, of each copy, is taken if it stays enabled forever."""
    usable(trigger, "trigger")
    return Assumption(trigger, "weak")


def strong(trigger: str) -> Assumption:
    """Return the assumption that each row of the trigger, of each copy, is taken if it is enabled again and again."""
    usable(trigger, "trigger")
    return Assumption(trigger, "strong")


def assumptions(given: object) -> tuple[Assumption, ...] | None:
    """Return what `assuming=` says as a tuple; None stays None: the rows' own `fair=`.

    Raises SpecificationError (Q35) for anything but assumptions.
    """
    if given is None:
        return None
    listed: list[Any] = list(given) if isinstance(given, list | tuple) else [given]
    for assumption in listed:
        if not isinstance(assumption, Assumption):
            raise wrong("Q35", f"{assumption!r} is no assumption", 'write assuming=[weak("transmit"), strong("grant")]')
    return tuple(dict.fromkeys(listed))


# -- what people ask ---------------------------------------------------------------------------------------------------


def leads_to(premise: object, goal: object) -> Term:
    """Return: whenever the first one holds, the second one holds then or later."""
    return G(truth(premise, "leads_to").implies(F(goal)))


def precedes(first: object, then: object) -> Term:
    """Return: the second one does not come before the first one has come."""
    return W(~truth(then, "precedes"), first)


def at_most_once(event: object) -> Term:
    """Return: an event that happens never happens again; what is true of states is true for one stretch at most."""
    term = truth(event, "at_most_once")
    if judges_steps(term.expr):
        return G(term.implies(X(G(~term))))
    return W(~term, W(term, G(~term)))


def formula_of(term: Term) -> Expr:
    """Return the expression of a temporal formula; raises SpecificationError (Q36) for one that is no truth of runs."""
    try:
        taken_apart(term.expr)
    except ValueError as problem:
        part = problem.args[0]
        raise wrong(
            "Q36",
            f"a temporal operator inside {expression(part)}, where a value of one state is wanted",
            "combine formulas with & | ~ and .implies(...) only",
        ) from None
    return term.expr
