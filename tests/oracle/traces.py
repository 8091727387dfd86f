"""A checker of traces: that every step is one, that the run decides the question, and that no shorter one does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle import answers
from tests.oracle.data import Expression, Question, State, Trace, operands, speaks_of_runs, speaks_of_steps
from tests.oracle.fairness import Fair, fair_rows
from tests.oracle.graph import Graph
from tests.oracle.meaning import SILENCE, View
from tests.oracle.temporal import Checker, Truth, both, is_of_states, opposite

Truths = list[Truth]


def faults(graph: Graph, question: Question, trace: Trace, verdict: str, *, shortest: bool = True) -> list[str]:
    """Return what is wrong with a trace that comes with a verdict; nothing where it shows that verdict."""
    wrong = list(illegal(graph, trace))
    if wrong:
        return wrong
    if question.kind in answers.LOCAL:
        return _of_local(graph, question, trace, shortest)
    if question.kind == "always_possible":
        lost = answers.hopeless(graph, question)
        return _of_state(graph, trace, lost)
    if question.kind == "bisimilar":
        unlike = answers.bisimulation.unlike_initial(graph)
        return _of_state(graph, trace, [s for s in unlike if graph.meaning.value(question.formula, View(s))])
    return _of_run(graph, question, trace, verdict)


def illegal(graph: Graph, trace: Trace) -> list[str]:
    """Return what is wrong with the steps of a trace, whatever it shows."""
    wrong = []
    if trace.start not in graph.levels[0]:
        wrong.append("it does not start in an initial state")
    state = trace.start
    for number, step in enumerate(trace.steps):
        if state is None or step not in graph.meaning.steps(state):
            return [*wrong, f"step {number + 1} is none: {step} from {state}"]
        state = step.target
    if trace.loop is not None and (trace.loop >= len(trace.steps) or state != trace.states[trace.loop]):
        wrong.append(f"the last state is not that at position {trace.loop}")
    return wrong


def _of_local(graph: Graph, question: Question, trace: Trace, shortest: bool) -> list[str]:
    wrong = []
    if not _decides(graph, question, trace):
        wrong.append("its end does not decide the question")
    best = answers.deciding(graph, question)
    if best is None:
        wrong.append("nothing decides the question")
    elif shortest and len(trace.steps) != len(best.steps):
        wrong.append(f"it has {len(trace.steps)} steps, and {len(best.steps)} are enough")
    return wrong


def _decides(graph: Graph, question: Question, trace: Trace) -> bool:
    """Tell whether the last step of a trace decides a question, or its last state does."""
    of_steps = speaks_of_steps(question.formula)
    if trace.steps:
        last = trace.steps[-1]
        if answers.decides_by(graph, question, trace.states[len(trace.steps) - 1], last, of_steps):
            return True
        if last.target is None:
            return False
    return answers.decides_alone(graph, question, trace.states[-1], of_steps)


def _of_state(graph: Graph, trace: Trace, wanted: list[State]) -> list[str]:
    """The last state has to be one of those that decide, which come in the order of the search."""
    if trace.states[-1] not in wanted:
        return ["its last state does not decide the question"]
    if len(trace.steps) != graph.depths[wanted[0]]:
        return [f"it has {len(trace.steps)} steps, and {graph.depths[wanted[0]]} are enough"]
    return []


# -- runs -------------------------------------------------------------------------------------------------------------


def _of_run(graph: Graph, question: Question, trace: Trace, verdict: str) -> list[str]:
    fair = fair_rows(graph.system, question)
    wrong = [f"its loop passes over {one}" for one in fair if _is_passed_over(graph, trace, one)]
    truth = Run(graph, Checker(graph, fair), trace).shown(question.formula)
    if truth is None and question.formula[0] in ("and", "or", "not", "implies") and is_of_states(question.formula):
        return wrong  # several runs would have to show it
    if truth is not (verdict == answers.HOLDS):
        wrong.append(f"the formula is {truth} on it")
    return wrong


def _is_passed_over(graph: Graph, trace: Trace, one: Fair) -> bool:
    """Tell whether a loop is unfair to a row; a run that ends is fair."""
    if trace.loop is None or any(one.takes(step) for step in trace.steps[trace.loop :]):
        return False
    enabled = [any(map(one.takes, graph.steps(state))) for state in trace.states[trace.loop : -1]]
    return all(enabled) if one.strength == "weak" else any(enabled)


@dataclass(frozen=True)
class Run:
    """The positions of a trace; where it is cut off, what comes later is not known.

    A run that ends in a state without steps stays there, and no event happens.
    """

    graph: Graph
    checker: Checker
    trace: Trace

    @property
    def length(self) -> int:
        """The number of positions."""
        stopped_outside = bool(self.trace.steps) and self.trace.steps[-1].target is None
        return len(self.trace.steps) + (self.trace.loop is None and not stopped_outside)

    @property
    def ended(self) -> bool:
        """Whether no step is possible any more."""
        return self.trace.loop is None and not self.graph.steps(self.trace.states[-1])  # none: none outside either

    def following(self, position: int) -> int | None:
        """Return the next position; None where the trace is cut off."""
        if position + 1 < self.length:
            return position + 1
        return self.trace.loop if self.trace.loop is not None else position if self.ended else None

    def shown(self, formula: Expression) -> Truth:
        """Return what this run shows of a formula: "every run" it can refute, and "some run" confirm.

        What no run can show is the checker's word. None where another run would have to show it.
        """
        if not (is_of_states(formula) and speaks_of_runs(formula)):
            return self.truths(formula)[0]
        match formula:
            case ("A" | "E" as word, path):
                wanted = word == "E"
                if self.truths(path)[0] is wanted:
                    return wanted
                known = self.checker.of_state(formula, self.trace.start)
                return None if known is wanted else known
            case ("not", part):
                return opposite(self.shown(part))
            case ("and", *parts):
                return both([self.shown(part) for part in parts])
            case ("or", *parts):
                return either([self.shown(part) for part in parts])
            case ("implies", premise, conclusion):
                return either([opposite(self.shown(premise)), self.shown(conclusion)])
        raise ValueError(formula)

    def truths(self, formula: Expression) -> Truths:
        """Return the truth of a path formula at each position."""
        positions = range(self.length)
        if is_of_states(formula):
            return [self.checker.of_state(formula, self.trace.states[at]) for at in positions]
        if not speaks_of_runs(formula):
            return [self._at(formula, at) for at in positions]
        sides = [self.truths(part) for part in operands(formula)]
        match formula[0]:
            case "not":
                return [opposite(value) for value in sides[0]]
            case "and":
                return [both([side[at] for side in sides]) for at in positions]
            case "or":
                return [either([side[at] for side in sides]) for at in positions]
            case "implies":
                return [either([opposite(sides[0][at]), sides[1][at]]) for at in positions]
            case "X":
                return [self._later(sides[0], at) for at in positions]
            case "F":
                return self._fixed(False, lambda at, later: either([sides[0][at], later]))
            case "G":
                return self._fixed(True, lambda at, later: both([sides[0][at], later]))
            case "U":
                return self._fixed(False, lambda at, later: either([sides[1][at], both([sides[0][at], later])]))
            case "W":
                return self._fixed(True, lambda at, later: either([sides[1][at], both([sides[0][at], later])]))
            case "R":
                return self._fixed(True, lambda at, later: both([sides[1][at], either([sides[0][at], later])]))
        raise ValueError(formula)

    def _at(self, predicate: Expression, position: int) -> Truth:
        """Return the truth of a predicate of steps at a position; where the trace is cut off, if all steps agree."""
        state = self.trace.states[position]
        taken = self.trace.steps[position : position + 1] or self.graph.steps(state) or (SILENCE,)
        truths = {self.checker.predicate(predicate, state, step) for step in taken}
        return truths.pop() if len(truths) == 1 else None

    def _later(self, values: Truths, position: int) -> Truth:
        following = self.following(position)
        return None if following is None else values[following]

    def _fixed(self, first: bool, equation: Callable[[int, Truth], Truth]) -> Truths:
        """Return the least solution (from false) or the greatest (from true) of an equation along the run."""
        values: Truths = [first] * self.length
        while True:
            found = [equation(at, self._later(values, at)) for at in range(self.length)]
            if found == values:
                return values
            values = found


def either(truths: list[Truth]) -> Truth:
    """Return the truth of a disjunction."""
    return True if True in truths else None if None in truths else False
