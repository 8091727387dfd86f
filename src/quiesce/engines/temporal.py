"""Questions about the whole graph of a search: temporal formulas with fairness, greatest values; runs as traces."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from quiesce.core.bisimulation import distinction
from quiesce.core.errors import EngineError
from quiesce.core.evidence import Evidence, exhaustive, shown_by, without
from quiesce.core.expressions import Expr
from quiesce.core.fairness import FairnessConstraint, units
from quiesce.core.flat import FlatFormula, FlatProperty
from quiesce.core.formulas import (
    Formula,
    Not,
    Path,
    Quantified,
    answered_apart,
    for_every_run,
    is_state_formula,
    taken_apart,
)
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.replaying import replay, shortened
from quiesce.core.result import PropertyAnswer, Verdict
from quiesce.core.trace import Label, Step, Trace, rolled
from quiesce.core.vacuity import never_true
from quiesce.core.verdicts import VACUOUS, first_step, run_over, undecided
from quiesce.engines.automata import TooLargeError
from quiesce.engines.bisimulation import partition
from quiesce.engines.ctl import Checker, UndecidedError
from quiesce.engines.explaining import explain
from quiesce.engines.fairness import Fairness
from quiesce.engines.graph import Graph, GraphPath, Numbers, States
from quiesce.engines.incomplete import Departures
from quiesce.engines.protocol import Evaluated, ExploredGraph
from quiesce.engines.remedies import remedy

MOST_MARKS = 32
"""Predicates of steps that one pass over the edges decides."""


class Answers:
    """Answers questions on the graph of a finished search.

    Where steps left a domain (`departed`), what the runs that stay inside decide is decided, and the rest is unknown.
    """

    def __init__(
        self, space: ExploredGraph, *, explained: bool = True, columns: Evaluated | None = None, departed: bool = False
    ) -> None:
        self.space, self.system, self.explained = space, space.system, explained
        self.rows = self.system.flat.rows
        self.initial = list(range(space.initial_count))
        self.columns: Evaluated = columns or space.columns()
        self.departures = Departures(space) if departed else None
        self.marked: tuple[int, Numbers] | None = None

    def answer(self, asked: FlatProperty) -> PropertyAnswer:
        """Return the verdict on a temporal question, or the greatest value of a number; unknown beyond a budget."""
        try:
            return self._answer(asked)
        except TooLargeError as budget:
            reason = str(budget)
        except MemoryError:
            reason = "there is not enough memory for its automaton beside all states"
        return PropertyAnswer(property=asked.property, verdict=Verdict.UNKNOWN, evidence=without(reason))

    def _answer(self, asked: FlatProperty) -> PropertyAnswer:
        question = asked.property
        evidence = exhaustive(states=self.space.count)
        if self.departures is not None and question.kind is not PropertyKind.TEMPORAL:
            return undecided(question, None)
        if question.kind is PropertyKind.BOUND:
            assert asked.predicate.state is not None
            value = int(np.max(self.columns.value(asked.predicate.state)))
            return PropertyAnswer(property=question, verdict=Verdict.HOLDS, evidence=evidence, value=value)
        if question.kind is PropertyKind.BISIMILAR:
            return self._compared(asked)
        fair = units(self.system, question)
        posed = _Posed(self, asked, fair)
        holds = posed.holds()
        if holds is None:
            posed.checker.forget()
            return undecided(question, None)
        trace = posed.trace(holds) if self.explained else None
        posed.checker.forget()
        note = ""
        vacuous = None
        if holds and self.explained:
            vacuous = next((other for other in asked.stronger if _surely(self, other, fair)), None)
            note = "" if vacuous is None else never_true(vacuous.property.formula)
        elif trace is not None:
            note = remedy(self.system, question, trace, lambda more: satisfied(self, asked, more))
        return PropertyAnswer(
            property=question,
            verdict=Verdict.HOLDS if holds else Verdict.VIOLATED,
            evidence=_evidence(evidence, question, fair, holds, trace),
            flags=() if vacuous is None else (VACUOUS,),
            trace=trace,
            note=note,
        )

    @cached_property
    def explored(self) -> Graph:
        """The edges of the search."""
        return Graph(*self.space.graph, lambda: self.space.rows()[0], len(self.rows))

    @cached_property
    def graph(self) -> Graph:
        """The edges of the search, and the steps that left a domain."""
        return self.explored if self.departures is None else self.departures.added_to(self.explored)

    def _compared(self, asked: FlatProperty) -> PropertyAnswer:
        """Return whether all states where a predicate holds behave like some initial state."""
        question, graph = asked.property, self.graph
        assert asked.predicate.state is not None
        found = partition(graph, self.rows)
        like_new = np.isin(found.block, found.block[self.initial])
        other = self.columns.truth(asked.predicate.state) & ~like_new
        unlike = self.space.least_outside(~other)
        if unlike is None:
            evidence = exhaustive(states=self.space.count)
            return PropertyAnswer(property=question, verdict=Verdict.HOLDS, evidence=evidence)
        trace = run_over(self.system, self.space.run_to(unlike[1], unlike[0]))
        replay(self.system, trace, question)
        plays = [
            distinction(self.system, trace.last, self.space.state(number), found.rounds) for number in self.initial
        ]
        if any(play is None for play in plays):
            raise EngineError(f"the reference does not tell apart what {question.name!r} compares")
        return PropertyAnswer(
            property=question,
            verdict=Verdict.VIOLATED,
            evidence=shown_by(trace, witness=False),
            trace=trace,
            note=plays[0] or "",
        )

    # -- predicates ---------------------------------------------------------------------------------------------------

    def truth_of_steps(self, predicate: FlatFormula) -> States:
        """Return the edges, of the graph without ends, where a predicate of steps holds."""
        position = next(number for number, known in enumerate(self.step_predicates) if known is predicate)
        marks = self._marks(position // MOST_MARKS)
        truth: States = (marks >> np.uint32(position % MOST_MARKS)) & np.uint32(1) == 1
        if self.departures is not None:
            truth = self.departures.among(self.explored, truth)
        graph = self.graph.total
        if graph is self.graph:
            return truth
        found = np.empty(len(graph.targets), dtype=np.bool_)
        silent = np.zeros(len(graph.targets), dtype=np.bool_)
        silent[graph.offsets[:-1][self.graph.deadlocks]] = True
        found[~silent] = truth
        found[silent] = self.truth(predicate.stutter)[self.graph.deadlocks]
        return found

    def truth(self, expr: Expr) -> States:
        """Return the nodes of the graph in which a flat truth holds."""
        truth = self.columns.truth(expr)
        return truth if self.departures is None else np.append(truth, False)

    @cached_property
    def step_predicates(self) -> list[FlatFormula]:
        """The predicates of steps in all that is asked."""
        asked = [other for question in self.space.asked for other in (question, *question.stronger)]
        return [atom for question in asked for atom in question.atoms.values() if atom.steps is not None]

    def _marks(self, group: int) -> Numbers:
        """Return the marks of all edges by some of the predicates; those used last are kept."""
        if self.marked is None or self.marked[0] != group:
            chosen = self.step_predicates[group * MOST_MARKS : (group + 1) * MOST_MARKS]
            self.marked = (group, self.space.rows(chosen)[1])
        return self.marked[1]

    # -- traces -------------------------------------------------------------------------------------------------------

    def as_trace(self, graph_path: GraphPath, *, exact: bool) -> Trace:
        """Return a run on the graph as a trace; `exact` where it matters by which row a step is taken."""
        graph = self.graph.total
        start = state = self.space.state(graph_path.start)
        taken: list[Step] = []
        loop = graph_path.loop
        for edge in graph_path.edges:
            if graph.targets[edge] == graph.outside or (exact and graph.rows[edge] == graph.silence):
                loop = None
                break
            target = self.space.state(int(graph.targets[edge]))
            if exact:
                row = self.rows[int(graph.rows[edge])]
                label = Label(
                    trigger=row.trigger, result=row.result, participants=row.participants, arguments=row.arguments
                )
                step = Step(label=label, target=target)
            else:
                found = first_step(self.system, state, target)
                if found is None:
                    loop = None
                    break
                step = found
            taken.append(step)
            state = target
        return rolled(Trace(start=start, steps=tuple(taken), loop=loop))


class _Posed:
    """One question under one fairness, with the sets of states that answering it found."""

    def __init__(self, answers: Answers, asked: FlatProperty, fair: tuple[FairnessConstraint, ...]) -> None:
        self.answers, self.asked = answers, asked
        self.formula = for_every_run(taken_apart(asked.property.formula))
        self.exact = bool(fair) or any(atom.steps is not None for atom in asked.atoms.values())
        self.checker = Checker(
            answers.graph,
            Fairness(answers.rows, fair),
            self._truth,
            lambda expr: answers.truth_of_steps(asked.atoms[expr]),
            lambda expr: asked.atoms[expr].steps is not None,
        )

    def _truth(self, expr: Expr) -> States:
        state = self.asked.atoms[expr].state
        assert state is not None
        return self.answers.truth(state)

    def holds(self) -> bool | None:
        """Tell whether the formula holds of every initial state; None where that depends on what nobody explored.

        Its parts are answered apart where it is too large.
        """
        try:
            return self._holds()
        except UndecidedError:
            return None
        except TooLargeError:
            apart = answered_apart(self.formula)
            if apart == self.formula:
                raise
            self.formula = apart
            return self.holds()

    def _holds(self) -> bool | None:
        initial = self.answers.initial
        match self.formula:
            case Quantified(universal=True, operand=path) if not _is_ctl(self.formula):
                product = self.checker.product(Not(path), initial, stopping=True)
                return False if product.nonempty() else None if product.lost.any() else True
            case formula:
                if self.checker.decided(formula, holds=True)[initial].all():
                    return True
                return False if self.checker.decided(formula, holds=False)[initial].any() else None

    def trace(self, holds: bool) -> Trace | None:
        """Return a run that shows the verdict, replayed; None where the verdict is about all runs."""
        match self.formula:
            case Quantified(universal=universal) if universal is holds:
                return None
            case Quantified(universal=True) if not _is_ctl(self.formula):
                sources = self.answers.initial
            case _:
                truth = self.checker.decided(self.formula, holds=holds)
                sources = [state for state in self.answers.initial if truth[state]]
        graph_path = explain(self.checker, self.formula, sources, wanted=holds)
        if holds and not graph_path.edges:
            return None
        trace = self.answers.as_trace(graph_path, exact=self.exact)
        trace = shortened(self.answers.system, self.formula, trace, saying=holds)
        replay(self.answers.system, trace, self.asked.property, saying=holds)
        return trace


def verdict_on(answers: Answers, asked: FlatProperty, fair: tuple[FairnessConstraint, ...]) -> Verdict:
    """Return the verdict on a question's formula under some fairness, and keep nothing; raises TooLargeError."""
    posed = _Posed(answers, asked, fair)
    holds = posed.holds()
    posed.checker.forget()
    return Verdict.UNKNOWN if holds is None else Verdict.HOLDS if holds else Verdict.VIOLATED


def satisfied(answers: Answers, asked: FlatProperty, fair: tuple[FairnessConstraint, ...]) -> bool:
    """Tell whether a question's formula holds under some fairness, for sure."""
    return verdict_on(answers, asked, fair) is Verdict.HOLDS


def _surely(answers: Answers, asked: FlatProperty, fair: tuple[FairnessConstraint, ...]) -> bool:
    """Tell whether a question's formula is known to hold: not where it is too large."""
    try:
        return satisfied(answers, asked, fair)
    except TooLargeError:
        return False


def _is_ctl(formula: Formula) -> bool:
    return (
        isinstance(formula, Quantified)
        and isinstance(formula.operand, Path)
        and all(map(is_state_formula, formula.operand.operands))
    )


def _evidence(
    searched: Evidence, question: Property, fair: tuple[FairnessConstraint, ...], holds: bool, trace: Trace | None
) -> Evidence:
    if trace is not None:
        return shown_by(trace, witness=holds)
    if not fair:
        return searched
    if question.assuming is None:
        return replace(searched, bounds=("where fair rows are fair",))
    given = ", ".join(f"{given.strength} {given.trigger}" for given in question.assuming)
    return replace(searched, bounds=(f"assuming {given}",))
