"""Replay: no trace is shown before the reference interpreter has walked it and agrees that it decides its property."""

from __future__ import annotations

from quiesce.core.errors import EngineError
from quiesce.core.fairness import passed_over, units
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, for_every_run, taken_apart
from quiesce.core.judging import judge
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.reference import Scope, evaluate, is_initial, ordinals, steps
from quiesce.core.runs import truth_on
from quiesce.core.system import System
from quiesce.core.trace import State, Step, Trace

MOST_FOLLOWED = 2000


def replay(system: System, trace: Trace, question: Property | None = None, *, saying: bool = False) -> None:
    """Check that a trace is a run of the system and, where a property is given, that it decides the property.

    For `always_possible` the states that can follow the last one are searched for the goal, as far as `MOST_FOLLOWED`.
    Of a `bisimilar` only its predicate is looked at: what tells the two states apart is found by `distinction`.
    Of a temporal question a trace must say that it is false, or that it is true where it is `saying` so; but a formula
    that is not about every run alone may say more than any one run shows. A loop must be fair. Raises EngineError:
    the engine that made the trace is wrong, and its answer must not be shown.
    """
    if not is_initial(system, trace.start):
        raise EngineError("a trace starts in a state that is not initial")
    state = trace.start
    for number, step in enumerate(trace.steps, start=1):
        if not any(_same_step(system, step, possible) for possible in steps(system, state)):
            raise EngineError(f"step {number} of a trace ({step.label.trigger}) is not a step of {system.name}")
        if step.target is None:
            if number != trace.length:
                raise EngineError("a trace goes on after it left a domain")
            if question is not None and question.kind is not PropertyKind.DOMAINS:
                raise EngineError(f"a trace for {question.name!r} leaves a domain")
        else:
            state = step.target
    if trace.loop is not None and trace.states()[trace.loop : trace.loop + 1] != (trace.last,):
        raise EngineError("a trace does not return to the state where its loop starts")
    if question is not None and question.kind is PropertyKind.TEMPORAL:
        _check_fairness(system, trace, question)
        formula = for_every_run(taken_apart(question.formula))
        said = truth_on(system, formula, trace)
        if said is not saying and (said is not None or _about_every_run(formula)):
            raise EngineError(f"a trace for {question.name!r} does not say of it what it should")
    elif question is not None and not _decides(system, trace, question):
        raise EngineError(f"a trace for {question.name!r} does not decide it")


def _same_step(system: System, step: Step, possible: Step) -> bool:
    """Compare steps by codes of values, for Python says that 0 == False."""
    if (step.target is None) is not (possible.target is None) or step.label != possible.label:
        return False
    if step.target is None or possible.target is None:
        return step.departure == possible.departure
    return ordinals(system, step.target) == ordinals(system, possible.target)


def _check_fairness(system: System, trace: Trace, question: Property) -> None:
    if trace.loop is None:
        return
    loop = trace.steps[trace.loop :]
    states = trace.states()[trace.loop : -1]
    possible = [[step.label.participants for step in steps(system, state)] for state in states]
    for unit in units(system, question):
        enabled = [any(map(unit.takes_part, leaving)) for leaving in possible]
        taken = [unit.takes_part(step.label.participants) for step in loop]
        if passed_over(unit, enabled, taken):
            raise EngineError(f"the loop of a trace for {question.name!r} is not fair to {unit.machine}")


def _about_every_run(formula: Formula) -> bool:
    """Tell whether a formula is LTL: one run can always refute it."""
    return isinstance(formula, Quantified) and formula.universal and not _quantifies(formula.operand)


def _quantifies(formula: Formula) -> bool:
    match formula:
        case Quantified():
            return True
        case Atom(expr=expr):
            return isinstance(expr, Quantified)
        case Not(operand=operand):
            return _quantifies(operand)
        case And(operands=operands) | Or(operands=operands) | Path(operands=operands):
            return any(map(_quantifies, operands))


def shortened(system: System, formula: Formula, trace: Trace, *, saying: bool) -> Trace:
    """Return a trace without the last steps that it does not need to say what it says."""
    while trace.loop is None and trace.steps:
        shorter = Trace(start=trace.start, steps=trace.steps[:-1])
        if truth_on(system, formula, shorter) is not saying:
            break
        trace = shorter
    return trace


def _decides(system: System, trace: Trace, question: Property) -> bool:
    if question.kind is PropertyKind.BISIMILAR:
        return bool(evaluate(question.formula, Scope(system=system, state=trace.last)))
    if question.kind is PropertyKind.ALWAYS_POSSIBLE:
        return not _reaches(system, question, trace.last)
    if trace.steps[-1:] and question.step:
        before = Trace(start=trace.start, steps=trace.steps[:-1]).last
        if judge(system, question, before) == trace.steps[-1:]:
            return True
    return judge(system, question, trace.last) == ()


def _reaches(system: System, question: Property, state: State) -> bool:
    """Tell whether the goal of an `always_possible` is seen among the first states that can follow a state."""
    seen, frontier = {state}, [state]
    while frontier and len(seen) < MOST_FOLLOWED:
        if any(evaluate(question.formula, Scope(system=system, state=at)) for at in frontier):
            return True
        found = {step.target for at in frontier for step in steps(system, at) if step.target is not None}
        frontier = [at for at in found if at not in seen]
        seen |= found
    return False
