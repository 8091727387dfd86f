"""One search, all answers: what states and steps decide while it runs, and what the whole graph decides after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from quiesce.core.result import PropertyResult, SystemResult, Verdict
from quiesce.core.system import FlatProperty, PropertyKind, System
from quiesce.core.verdicts import Found, conclude, undecided
from quiesce.engines.native.search import NAME, Limits, Space, Watcher

AFTER_SEARCH = frozenset({PropertyKind.TEMPORAL, PropertyKind.BOUND, PropertyKind.BISIMILAR})


def check(
    system: System,
    *,
    properties: Sequence[str] | None = None,
    limits: Limits | None = None,
    watch: Watcher | None = None,
    started: float | None = None,
    explained: bool = True,
) -> SystemResult:
    """Search all reachable states of a system breadth first, and answer its properties (all, or those named).

    `domains` is always among them. `watch` is called about ten times a second; `started` is the `time.perf_counter()`
    from which the total time is counted. Where `explained`, a temporal answer that a run shows comes with that run,
    and a violated formula is asked again under more fairness. Raises SpecificationError: Q08 for an unknown property,
    Q13 for an unbounded variable, Q14 and Q15 for the initial states, Q16 for a formula too large; EngineError where
    the reference interpreter does not confirm an answer.
    """
    begun = time.perf_counter() if started is None else started
    asked = _asked(system, properties)
    space = Space(system, asked)
    searched = time.perf_counter()
    found = space.search(limits or Limits(), watch)
    seconds = time.perf_counter() - searched
    answers = _answers(system, asked, space, found, explained)
    return SystemResult(
        system=system,
        engine=NAME,
        states=found.states,
        transitions=found.transitions,
        depth=found.depth,
        seconds=seconds,
        total_seconds=time.perf_counter() - begun,
        properties=answers,
        stopped=found.stopped,
    )


def _asked(system: System, words: Sequence[str] | None) -> list[FlatProperty]:
    if words is None:
        return list(system.flat.properties)
    named = {question.name for word in words for question in system.called(word)}
    return [
        question
        for question in system.flat.properties
        if question.property.name in named or question.property.kind is PropertyKind.DOMAINS
    ]


def _answers(
    system: System, asked: Sequence[FlatProperty], space: Space, found: Found, explained: bool
) -> tuple[PropertyResult, ...]:
    at_once = tuple(question.property for question in asked if question.property.kind not in AFTER_SEARCH)
    concluded = conclude(system, at_once, found, space.predecessor)
    left = any(
        answer.property.kind is PropertyKind.DOMAINS and answer.verdict is Verdict.VIOLATED for answer in concluded
    )
    complete = found.stopped is None and not left
    later = _later(space, explained) if complete else lambda question: undecided(question.property, found.stopped)
    in_turn = iter(concluded)
    return tuple(later(question) if question.property.kind in AFTER_SEARCH else next(in_turn) for question in asked)


def _later(space: Space, explained: bool) -> Callable[[FlatProperty], PropertyResult]:
    """Return what answers questions on the whole graph; what it needs is imported when it is used."""
    if not any(question.property.kind in AFTER_SEARCH for question in space.asked):
        return lambda question: undecided(question.property, None)
    from quiesce.engines.temporal import Answers

    return Answers(space, explained=explained).answer
