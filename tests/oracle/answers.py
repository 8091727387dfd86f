"""The answers to what states and steps decide, and to `always_possible`, `bisimilar` and the questions about runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.oracle import bisimulation, temporal
from tests.oracle.data import FALSE, TRUE, Expression, Question, State, Step, Trace, speaks_of_steps
from tests.oracle.graph import Graph
from tests.oracle.meaning import SILENCE, View

HOLDS, VIOLATED, UNKNOWN = "holds", "violated", "unknown"
LOCAL = ("always", "never", "sometimes", "no_deadlock", "domains")
"""Questions that one state or one step decides."""


@dataclass(frozen=True)
class Answer:
    """What may be answered, what has to be, and how the run goes that shows it.

    There is one verdict, except where steps leave a domain: then a checker may know less than can be known. `trace` is
    the very run to show, where the reference fixes it; `length` the number of its steps.
    """

    verdicts: frozenset[str]
    trace: Trace | None = None
    vacuous: bool | None = False


def exactly(verdict: str, trace: Trace | None = None, *, vacuous: bool = False) -> Answer:
    """Return an answer without a choice."""
    return Answer(frozenset({verdict}), trace, vacuous)


def answered(graph: Graph, question: Question) -> Answer:
    """Return the answer to a question of a completely searched system."""
    if question.kind in LOCAL:
        return _local(graph, question)
    if question.kind == "always_possible":
        return _always_possible(graph, question)
    if question.kind == "bisimilar":
        return _bisimilar(graph, question)
    return _holds(graph, question)


# -- of states and steps ----------------------------------------------------------------------------------------------


def _local(graph: Graph, question: Question) -> Answer:
    trace = deciding(graph, question)
    seeking = question.kind == "sometimes"
    if trace is not None:
        return exactly(HOLDS if seeking else VIOLATED, trace)
    if graph.leaves:
        return exactly(UNKNOWN)
    return exactly(VIOLATED if seeking else HOLDS, vacuous=_says_nothing(graph, question))


def deciding(graph: Graph, question: Question, *, of_steps: bool | None = None) -> Trace | None:
    """Return the run that decides a question: shortest, then to the least state, then by its first deciding step.

    In one level a state that decides by itself comes before one that decides by a step, which makes a longer run.
    `of_steps` tells whether steps are judged, where the formula does not.
    """
    if of_steps is None:
        of_steps = speaks_of_steps(question.formula)
    for level in graph.levels:
        for state in level:
            if decides_alone(graph, question, state, of_steps):
                return graph.run_to(state)
        for state in level:
            for step in graph.steps(state):
                if decides_by(graph, question, state, step, of_steps):
                    return graph.run_to(state, step)
    return None


def decides_alone(graph: Graph, question: Question, state: State, of_steps: bool) -> bool:
    """Tell whether a state decides a question without a step: where steps are judged, only one that has none."""
    if question.kind == "domains":
        return False
    if question.kind == "no_deadlock":
        moving = [step for step in graph.steps(state) if step.target != state or not question.stuttering]
        return not moving and not graph.meaning.rests(state)
    if of_steps and graph.steps(state):
        return False
    view = View(state, step=SILENCE if of_steps else None)
    return _is_decisive(question, bool(graph.meaning.value(question.formula, view)))


def decides_by(graph: Graph, question: Question, state: State, step: Step, of_steps: bool) -> bool:
    """Tell whether a step decides a question."""
    if question.kind == "domains":
        return step.target is None
    if question.kind == "no_deadlock" or step.target is None or not of_steps:
        return False
    return _is_decisive(question, bool(graph.meaning.value(question.formula, View(state, step=step))))


def _is_decisive(question: Question, truth: bool) -> bool:
    return truth is (question.kind != "always")


# -- saying nothing ---------------------------------------------------------------------------------------------------


def without_conclusions(formula: Expression) -> list[Expression]:
    """Return the formula once for each implication that is not under a negation, its conclusion replaced by false.

    A conclusion that is the constant true stays: the formula says nothing by it as it is.
    """
    match formula:
        case ("implies", premise, conclusion):
            inner = without_conclusions(conclusion)
            return [("implies", premise, other) for other in inner or [TRUE if conclusion == TRUE else FALSE]]
        case ("and" | "or" | "X" | "F" | "G" | "U" | "R" | "W" | "A" | "E" as word, *parts):
            return [
                (word, *parts[:at], other, *parts[at + 1 :])
                for at, part in enumerate(parts)
                for other in without_conclusions(part)
            ]
        case _:
            return []


def _says_nothing(graph: Graph, question: Question) -> bool:
    """Tell whether an `always` holds as well without one of its conclusions; of steps it stays one of steps."""
    of_steps = speaks_of_steps(question.formula)
    return question.kind == "always" and any(
        deciding(graph, replace(question, formula=formula), of_steps=of_steps) is None
        for formula in without_conclusions(question.formula)
    )


# -- of the graph -----------------------------------------------------------------------------------------------------


def hopeless(graph: Graph, question: Question) -> list[State]:
    """Return the states from which no run comes to the goal, in the order of the search.

    Behind a step that leaves a domain there may be one.
    """
    can = {state for state in graph.depths if graph.meaning.value(question.formula, View(state))}
    can |= {state for state in graph.depths if any(step.target is None for step in graph.steps(state))}
    size = -1
    while size != len(can):
        size = len(can)
        can |= {state for state in graph.depths if graph.successors(state) & can}
    return [state for state in graph.depths if state not in can]


def _always_possible(graph: Graph, question: Question) -> Answer:
    lost = hopeless(graph, question)
    if lost:
        return exactly(VIOLATED, graph.run_to(lost[0]))
    return exactly(UNKNOWN if graph.leaves else HOLDS)


def _bisimilar(graph: Graph, question: Question) -> Answer:
    if graph.leaves:
        return exactly(UNKNOWN)
    for state in bisimulation.unlike_initial(graph):
        if graph.meaning.value(question.formula, View(state)):
            return exactly(VIOLATED, graph.run_to(state))
    return exactly(HOLDS)


def _holds(graph: Graph, question: Question) -> Answer:
    known = temporal.judged(graph, question)
    verdicts = {True: {HOLDS}, False: {VIOLATED}, None: {UNKNOWN}}[known.truth]
    if not known.shown:
        verdicts = verdicts | {UNKNOWN}
    vacuous = known.truth is True and any(
        temporal.judged(graph, replace(question, formula=formula)).truth is True
        for formula in without_conclusions(question.formula)
    )
    return Answer(frozenset(verdicts), vacuous=None if graph.leaves else vacuous)
