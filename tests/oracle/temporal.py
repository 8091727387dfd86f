"""Temporal formulas on an explored graph, with fairness, and with what is unknown behind a step that leaves a domain.

A quantified formula is true of a state if some run from there (or every run) satisfies its path formula; from inside
out, each becomes a predicate of states. A run that ends goes on in its last state, where no event happens.

Behind a step that leaves a domain anything may follow. So "some run satisfies it" has three readings: a run inside the
explored part *shows* it, whatever follows; one is *there* whatever follows; or one is *possible*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.oracle.automaton import NOTHING, Obligations, choices, normal, untils
from tests.oracle.data import FALSE, Expression, Question, State, Step, operands, speaks_of_runs, speaks_of_steps
from tests.oracle.fairness import Edge, Fair, fair_nodes, fair_rows
from tests.oracle.graph import Graph
from tests.oracle.meaning import SILENCE, View

Truth = bool | None
Node = tuple[State, Obligations]
SHOWN, THERE, POSSIBLE = "shown", "there", "possible"
READINGS = (SHOWN, THERE, POSSIBLE)
OUTSIDE: tuple[str, Obligations] = ("outside", NOTHING)
"""Where a step leads that leaves a domain."""


@dataclass(frozen=True)
class MutantResult:
    """The truth of a formula, None where it depends on what is unknown; and whether a run within the graph shows it.

    Without a step that leaves a domain everything is shown.
    """

    truth: Truth
    shown: bool


def judged(graph: Graph, question: Question) -> MutantResult:
    """Return whether a formula is true of every run from every initial state."""
    checker = Checker(graph, fair_rows(graph.system, question))
    truths = [checker.of_every_run(question.formula, state) for state in graph.levels[0]]
    truth = False if False in truths else None if None in truths else True
    if not graph.leaves:
        return MutantResult(truth, True)
    showing = question.formula[0] == "E"
    shown = truth is showing and _is_shown(checker, question.formula, graph.levels[0])
    return MutantResult(truth, truth is None or shown)


def _is_shown(checker: Checker, formula: Expression, initial: list[State]) -> bool:
    """Tell whether runs inside the graph decide: one refutes "every run", or from each initial state one is good."""
    path = formula[1] if formula[0] in ("A", "E") else formula
    if any(node[0] in ("A", "E") for node in operands_below(path)):
        return False
    if formula[0] == "E":
        shown = checker.some_run(path)[SHOWN]
        return all(state in shown for state in initial)
    shown = checker.some_run(("not", path))[SHOWN]
    return any(state in shown for state in initial)


def operands_below(formula: Expression) -> list[Expression]:
    """Return a formula and the temporal formulas in it."""
    inner = [found for part in operands(formula) for found in operands_below(part)] if speaks_of_runs(formula) else []
    return [formula, *inner]


def is_of_states(formula: Expression) -> bool:
    """Tell whether a state alone decides a formula: no temporal operator and no step stands outside quantifiers."""
    if formula[0] in ("A", "E"):
        return True
    if not speaks_of_runs(formula):
        return not speaks_of_steps(formula)
    return formula[0] not in ("X", "F", "G", "U", "R", "W") and all(map(is_of_states, operands(formula)))


Lift = Callable[[State], tuple[Graph, State]]


@dataclass
class Checker:
    """Formulas on one graph under one fairness.

    `image` gives predicates of states another state to look at: that of a abstract system, in a refinement.
    """

    graph: Graph
    fair: list[Fair]
    image: Lift | None = None
    known: dict[Expression, dict[str, set[State]]] = field(default_factory=dict)

    def of_every_run(self, formula: Expression, state: State) -> Truth:
        """Return whether a formula is true of every run from a state, without a quantifier or with."""
        if is_of_states(formula):
            return self.of_state(formula, state)
        found = self.some_run(("not", formula))
        return False if state in found[THERE] else None if state in found[POSSIBLE] else True

    def of_state(self, formula: Expression, state: State) -> Truth:
        """Return the truth of a formula that a state decides."""
        if not speaks_of_runs(formula):
            return self.predicate(formula, state, None)
        match formula:
            case ("not", part):
                return opposite(self.of_state(part, state))
            case ("and", *parts):
                return both([self.of_state(part, state) for part in parts])
            case ("or", *parts):
                return opposite(both([opposite(self.of_state(part, state)) for part in parts]))
            case ("implies", premise, conclusion):
                return self.of_state(("or", ("not", premise), conclusion), state)
            case ("E", path):
                return self._some(path, state)
            case ("A", path):
                return opposite(self._some(opposed(path), state))
        raise ValueError(formula)

    def _some(self, path: Expression, state: State) -> Truth:
        """Some run satisfies it; of an end, `EX p` is false and so `AX p` is true, where p speaks of states."""
        if path[0] == "X" and is_of_states(path[1]) and not self.graph.steps(state):
            return False
        found = self.some_run(path)
        return True if state in found[THERE] else None if state in found[POSSIBLE] else False

    def predicate(self, expression: Expression, state: State, step: Step | None) -> Truth:
        """Return the truth of a predicate; None where it speaks of what is not known."""
        graph = self.graph
        if self.image is not None:
            graph, state = self.image(state)
        if step is not None and step.target is None and step is not SILENCE and speaks_of_steps(expression):
            return self._at_departure(expression, state, step)
        return bool(graph.meaning.value(expression, View(state, step=step)))

    def _at_departure(self, expression: Expression, state: State, step: Step) -> Truth:
        """Of a step that leaves a domain the event is known, and not what comes after it."""
        match expression:
            case ("not", part):
                return opposite(self.predicate(part, state, step))
            case ("and", *parts):
                return both([self.predicate(part, state, step) for part in parts])
            case ("or", *parts):
                return opposite(both([opposite(self.predicate(part, state, step)) for part in parts]))
            case ("implies", premise, conclusion):
                return self.predicate(("or", ("not", premise), conclusion), state, step)
            case ("happens", *_):
                return bool(self.graph.meaning.value(expression, View(state, step=step)))
        return None

    # -- some run -----------------------------------------------------------------------------------------------------

    def some_run(self, path: Expression) -> dict[str, set[State]]:
        """Return for each reading the states from which some fair run satisfies a path formula."""
        formula = normal(path)
        if formula not in self.known:
            readings = READINGS if self.graph.leaves else (SHOWN,)
            found = {reading: self._satisfying(formula, reading) for reading in readings}
            self.known[formula] = {reading: found.get(reading, found[SHOWN]) for reading in READINGS}
        return self.known[formula]

    def _satisfying(self, formula: Expression, reading: str) -> set[State]:
        begin = {state: (state, frozenset({formula})) for state in self.graph.depths}
        edges = self._product(list(begin.values()), reading)
        good = {node for node in edges if not node[1]}
        inner = [node for node in edges if node != OUTSIDE]
        for component in fair_nodes(inner, edges, self._steps_at, untils(formula), self.fair):
            good |= component
        hopeful = _reaching(good, edges)
        return {state for state, node in begin.items() if node in hopeful}

    def _steps_at(self, node: Node) -> tuple[Step, ...]:
        return self.graph.steps(node[0])

    def _product(self, begin: list[Node], reading: str) -> dict[Node, list[Edge]]:
        """Return the edges of all pairs of a state and obligations that can be reached."""
        edges: dict[Node, list[Edge]] = {}
        waiting = list(begin)
        while waiting:
            node = waiting.pop()
            if node in edges:
                continue
            edges[node] = [] if node == OUTSIDE else self._edges(node, reading)
            waiting += [edge.target for edge in edges[node]]
        return edges

    def _edges(self, node: Node, reading: str) -> list[Edge]:
        state, obligations = node
        found = []
        for step in self.graph.steps(state) or (SILENCE,):
            for later, put_off in choices(obligations, partial(self._literal, state, step, reading)):
                target = state if step is SILENCE else step.target
                if target is not None:
                    found.append(Edge((target, later), step, put_off))
                elif not later or (reading == POSSIBLE and FALSE not in later):
                    found.append(Edge(OUTSIDE, step, put_off))
        return found

    def _literal(self, state: State, step: Step, reading: str, formula: Expression) -> bool:
        """Tell whether a reading takes a predicate, or its negation, for true at a position."""
        negated = formula[0] == "not"
        truth = self._truth(formula[1] if negated else formula, state, step, reading)
        truth = opposite(truth) if negated else truth
        return reading == POSSIBLE if truth is None else truth

    def _truth(self, formula: Expression, state: State, step: Step, reading: str) -> Truth:
        if speaks_of_runs(formula):
            return self.of_state(formula, state)
        if reading == SHOWN and step.target is None and step is not SILENCE and speaks_of_steps(formula):
            return None
        return self.predicate(formula, state, step)


def opposed(path: Expression) -> Expression:
    """Return the negation of a path formula, a lone X still being one."""
    return ("X", ("not", path[1])) if path[0] == "X" else ("not", path)


def opposite(truth: Truth) -> Truth:
    """Return the truth of a negation."""
    return None if truth is None else not truth


def both(truths: list[Truth]) -> Truth:
    """Return the truth of a conjunction."""
    return False if False in truths else None if None in truths else True


def _reaching(good: set[Node], edges: dict[Node, list[Edge]]) -> set[Node]:
    """Return the nodes from which a good one can be reached."""
    before: dict[object, list[Node]] = {}
    for node, leaving in edges.items():
        for edge in leaving:
            before.setdefault(edge.target, []).append(node)
    found, waiting = set(good), list(good)
    while waiting:
        for node in before.get(waiting.pop(), []):
            if node not in found:
                found.add(node)
                waiting.append(node)
    return found
