"""How one state decides a property: by itself, or by a step from it."""

from __future__ import annotations

from quiesce.core.kinds import TRAITS
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.reference import Scope, evaluate, steps
from quiesce.core.system import System
from quiesce.core.trace import State, Step, stutter


def judge(
    system: System, question: Property, state: State, taken: tuple[Step, ...] | None = None
) -> tuple[Step, ...] | None:
    """Return how a state decides a property: None if it does not, () by itself, (step,) by its first deciding step.

    What decides is a violation, and for `sometimes` a witness. What is not local is not decided by one state.
    A property of steps is judged in a state without a step, too, as G judges it there: no event happens, and `after(x)`
    is `x`. `taken` saves computing the state's steps again.
    """
    kind = question.kind
    if not TRAITS[kind].local:
        return None
    wanted = kind is not PropertyKind.ALWAYS
    if TRAITS[kind].predicate and not question.step:
        return () if bool(evaluate(question.formula, Scope(system=system, state=state))) is wanted else None
    leaving = tuple(steps(system, state)) if taken is None else taken
    if kind is PropertyKind.DOMAINS:
        return next(((step,) for step in leaving if step.departure), None)
    if kind is PropertyKind.NO_DEADLOCK:
        resting = system.rest is not None and evaluate(system.rest, Scope(system=system, state=state))
        moving = any(step.target != state or not question.stuttering for step in leaving)
        return None if resting or moving else ()
    for step in leaving or (stutter(state),):
        if step.target is not None:
            scope = Scope(system=system, state=state, step=step)
            if bool(evaluate(question.formula, scope)) is wanted:
                return (step,) if leaving else ()
    return None
