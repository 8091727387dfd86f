"""Temporal questions about a system: search all states, keep the graph, and answer CTL, LTL and bounds on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from quiesce.core.expressions import Expr
from quiesce.core.formulas import Formula, Quantified, is_ctl
from quiesce.core.result import PropertyResult, SystemResult, Verdict
from quiesce.core.system import Property, PropertyKind, System
from quiesce.core.verdicts import conclude
from quiesce.engines import ltl
from quiesce.engines.ctl import Checker, Graph
from quiesce.engines.native.search import NAME, Limits, Space, Watcher
from quiesce.language.flattening import flat_predicates


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question by name: a formula (CTL, or LTL under one universal quantifier), or the greatest value of a number."""

    id: str
    formula: Formula | None = None
    bound: Expr | None = None

    @property
    def kind(self) -> PropertyKind:
        """Which of the three kinds of question it is."""
        if self.formula is None:
            return PropertyKind.BOUND
        return PropertyKind.CTL if is_ctl(self.formula) else PropertyKind.LTL


def answer(
    system: System,
    questions: Iterable[Question],
    *,
    limits: Limits | None = None,
    watch: Watcher | None = None,
    started: float | None = None,
) -> SystemResult:
    """Return the answers to temporal questions, and to `domains`, of a system.

    A search that stopped, or a step that left a domain, leaves every question `unknown`. Raises what `native.check`
    raises, and SpecificationError (Q16) for a formula whose automaton is too large.
    """
    begun = time.perf_counter() if started is None else started
    domains = [question for question in system.flat.properties if question.property.kind is PropertyKind.DOMAINS]
    space = Space(system, domains, keep_graph=True)
    searched = time.perf_counter()
    found = space.search(limits or Limits(), watch)
    implied = conclude(system, tuple(question.property for question in domains), found, space.predecessor)
    complete = all(result.verdict is Verdict.HOLDS for result in implied)
    judge = _judge(system, space) if complete else _undecided(found.stopped)
    answers = tuple(judge(question) for question in questions)
    return SystemResult(
        system=system,
        engine=NAME,
        states=found.states,
        transitions=found.transitions,
        depth=found.depth,
        seconds=time.perf_counter() - searched,
        total_seconds=time.perf_counter() - begun,
        properties=(*answers, *implied),
        stopped=found.stopped,
    )


Judge = Callable[[Question], PropertyResult]


def _undecided(stopped: str | None) -> Judge:
    reason = "a step leaves a domain and is not followed" if stopped is None else f"stopped: {stopped}"

    def judge(question: Question) -> PropertyResult:
        return PropertyResult(property=_property(question), verdict=Verdict.UNKNOWN, scope=reason, flags=("truncated",))

    return judge


def _judge(system: System, space: Space) -> Judge:
    columns, flat = space.columns(), flat_predicates(system.machines)
    graph = Graph(*space.graph())
    initial = list(range(space.levels[1]))
    checker = Checker(graph, lambda expr: columns.truth(flat(expr)))
    scope = f"all {space.count:,} states"

    def judge(question: Question) -> PropertyResult:
        if question.bound is not None:
            value = int(np.max(columns.value(flat(question.bound))))
            return PropertyResult(property=_property(question), verdict=Verdict.HOLDS, scope=scope, value=value)
        assert question.formula is not None
        if question.kind is PropertyKind.CTL:
            true = bool(checker.states(question.formula)[initial].all())
        else:
            true = ltl.holds(graph, initial, _for_every_run(question.formula), checker.predicate)
        verdict = Verdict.HOLDS if true else Verdict.VIOLATED
        return PropertyResult(property=_property(question), verdict=verdict, scope=scope)

    return judge


def _for_every_run(formula: Formula) -> Formula:
    """Return an LTL formula without the universal quantifier that may stand before it."""
    return formula.operand if isinstance(formula, Quantified) and formula.universal else formula


def _property(question: Question) -> Property:
    return Property(name=question.id, kind=question.kind)
