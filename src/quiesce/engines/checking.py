"""One search, all answers: what states and steps decide while it runs, and what the whole graph decides after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from quiesce.core.errors import EngineError
from quiesce.core.evidence import without
from quiesce.core.flat import FlatProperty
from quiesce.core.kinds import TRAITS
from quiesce.core.lint import Kind, Remark, remarks
from quiesce.core.properties import PropertyKind
from quiesce.core.result import PropertyAnswer, SystemAnswers, Verdict
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System
from quiesce.core.verdicts import TAUTOLOGY, VACUOUS, Found, conclude, tautological, undecided, vacuous
from quiesce.engines.native.checkpoint import JOURNAL
from quiesce.engines.options import Limits, Strategy, Watcher
from quiesce.engines.protocol import Engine, Exploration, ExploredGraph, engine
from quiesce.engines.reducible import refusal
from quiesce.engines.tautologies import is_tautology

MOST_CONFIRMED = 10_000
"""States of a full search with which a reduced one is compared."""


def check(
    system: System,
    *,
    properties: Sequence[str] | None = None,
    limits: Limits | None = None,
    strategy: Strategy | None = None,
    watch: Watcher | None = None,
    started: float | None = None,
    explained: bool = True,
    linted: bool = True,
) -> SystemAnswers:
    """Search all reachable states of a system breadth first, and answer its properties (all, or those named).

    `domains` is always among them. `watch` is called about ten times a second; `started` is the `time.perf_counter()`
    from which the total time is counted. Where `explained`, a temporal answer that a run shows comes with that run,
    and a violated formula is asked again under more fairness. Where `linted`, a complete search is looked over for
    what it never saw. A strategy with symmetry searches one state of each orbit for the properties that no exchange of
    copies changes, and all states for the others. Raises SpecificationError: Q08 for an unknown property,
    Q13 for an unbounded variable, Q14 and Q15 for the initial states, Q50 and Q51 for a
    folder that a search cannot go on with; EngineError where
    the reference interpreter does not confirm an answer.
    """
    begun = time.perf_counter() if started is None else started
    asked = _asked(system, properties)
    strategy = strategy or Strategy()
    symmetry = Symmetry(system) if strategy.symmetry else None
    reduced = [question for question in asked if symmetry is not None and symmetry.covers(question)]
    search = _Search(engine(strategy.engine), system, limits or Limits(), strategy, watch, explained, linted)
    if strategy.partial_order:
        result = _confirmed(_partly(asked, search), search)
    elif symmetry is None:
        result = search.of(asked, None)
    elif not symmetry.machines:
        result = replace(
            search.of(asked, None), reduction="symmetry: no machine is symmetric; all states were searched"
        )
    else:
        result = search.of(reduced, symmetry)
        apart = [question for question in asked if question not in reduced]
        if apart:
            full = replace(search, strategy=_apart(strategy)).of([*apart, *_domains(asked)], None)
            result = _together(asked, result, full)
        result = _confirmed(result, search)
    return replace(result, total_seconds=time.perf_counter() - begun)


@dataclass(frozen=True, slots=True)
class _Search:
    """How the questions of a system are searched for."""

    engine: Engine
    system: System
    limits: Limits
    strategy: Strategy
    watch: Watcher | None
    explained: bool
    linted: bool

    def of(self, asked: Sequence[FlatProperty], symmetry: Symmetry | None) -> SystemAnswers:
        """Return the answers of one search, of representatives where there is a symmetry."""
        system, seen = self.system, None
        with self.engine.explored(
            system, asked, limits=self.limits, strategy=self.strategy, watch=self.watch, symmetry=symmetry
        ) as explored:
            found, seconds = explored.found, explored.seconds
            answers = _answers(system, asked, explored, self.explained)
            if self.linted and not found.flags and found.stopped is None and not _left(answers):
                answers, seen = _linted(asked, explored, answers)
        return SystemAnswers(
            system=system,
            engine=self.engine.name,
            states=found.states,
            transitions=found.transitions,
            depth=found.depth,
            seconds=seconds,
            total_seconds=seconds,
            properties=answers,
            stopped=found.stopped,
            forecast=found.forecast,
            reduction=_told(symmetry, found),
            remarks=seen,
        )


def _told(symmetry: Symmetry | None, found: Found) -> str | None:
    """Return in words which states were searched, where not all were."""
    if found.partial:
        return "partial order: in each state a stubborn set of the enabled rows"
    if symmetry is None:
        return None
    names = " and ".join(machine.name for machine in symmetry.machines)
    return f"symmetry of {names}: one state of each orbit, for {found.orbits_of:,} states"


def _partly(asked: Sequence[FlatProperty], search: _Search) -> SystemAnswers:
    """Return the answers of a search with stubborn sets; what it says nothing of is refused, with the reason."""
    result = search.of([question for question in asked if refusal(question) is None], None)
    found = {answer.property: answer for answer in result.properties}
    for question in asked:
        if (reason := refusal(question)) is not None:
            found[question.property] = PropertyAnswer(
                property=question.property, verdict=Verdict.UNKNOWN, evidence=without(f"{reason}; leave out --por")
            )
    return replace(result, properties=tuple(found[question.property] for question in asked))


def _apart(strategy: Strategy) -> Strategy:
    """Return the strategy of a second search: what it keeps on disk has a folder inside that of the first."""
    folder = strategy.resume or strategy.checkpoint
    if folder is None:
        return strategy
    inner = folder / "apart"
    begun = strategy.resume is not None and (inner / JOURNAL).exists()
    return replace(strategy, checkpoint=None if begun else inner, resume=inner if begun else None)


def _confirmed(reduced: SystemAnswers, search: _Search) -> SystemAnswers:
    """Return the answers of a reduced search, compared with those of the full one where that is small.

    Raises EngineError where a verdict is another one there: then the reduction is wrong.
    """
    kept = search.strategy.checkpoint or search.strategy.resume
    if reduced.stopped is not None or reduced.states > MOST_CONFIRMED or kept is not None:
        return reduced
    limits = replace(search.limits, max_states=min(MOST_CONFIRMED, search.limits.max_states or MOST_CONFIRMED))
    plainly = replace(search, limits=limits, strategy=Strategy(workers=search.strategy.workers), linted=False)
    named = {answer.property.name for answer in reduced.properties if answer.verdict is not Verdict.UNKNOWN}
    full = plainly.of([question for question in search.system.flat.properties if question.property.name in named], None)
    if full.stopped is not None:
        return reduced
    for answer in full.properties:
        other = reduced.answer(answer.property.name)
        if answer.verdict is not other.verdict and Verdict.UNKNOWN not in (answer.verdict, other.verdict):
            name, without = answer.property.name, answer.verdict.value
            raise EngineError(f"{name!r} is {other.verdict.value} in the reduced search and {without} in the full one")
    note = f"{reduced.reduction}; the full search of {full.states:,} states gives the same verdicts"
    return replace(reduced, reduction=note)


def _together(asked: Sequence[FlatProperty], reduced: SystemAnswers, full: SystemAnswers) -> SystemAnswers:
    """Return the answers of a reduced search and of a full one for the properties that it does not cover."""
    found = {answer.property: answer for answer in (*full.properties, *reduced.properties)}
    apart = len(asked) - len(reduced.properties)
    return replace(
        reduced,
        properties=tuple(found[question.property] for question in asked),
        seconds=reduced.seconds + full.seconds,
        stopped=reduced.stopped or full.stopped,
        reduction=f"{reduced.reduction}; {apart} of {len(asked)} properties by a search of all {full.states:,} states",
    )


def _domains(asked: Sequence[FlatProperty]) -> list[FlatProperty]:
    return [question for question in asked if question.property.kind is PropertyKind.DOMAINS]


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
    system: System, asked: Sequence[FlatProperty], explored: Exploration, explained: bool
) -> tuple[PropertyAnswer, ...]:
    space, found = explored.graph, explored.found
    at_once = tuple(question.property for question in asked if not TRAITS[question.property.kind].afterwards)
    concluded = conclude(system, at_once, found, space.run_to)
    answerable = found.stopped is None and found.ungraphed is None
    reason = found.stopped or found.ungraphed
    later = (
        _later(space, explained, _left(concluded))
        if answerable
        else lambda question: undecided(question.property, reason)
    )
    in_turn = iter(concluded)
    return tuple(
        _timed(later, question) if TRAITS[question.property.kind].afterwards else next(in_turn) for question in asked
    )


def _timed(later: Callable[[FlatProperty], PropertyAnswer], question: FlatProperty) -> PropertyAnswer:
    begun = time.perf_counter()
    return replace(later(question), seconds=time.perf_counter() - begun)


def _later(space: ExploredGraph, explained: bool, departed: bool) -> Callable[[FlatProperty], PropertyAnswer]:
    """Return what answers questions on the whole graph; what it needs is imported when it is used."""
    if not any(TRAITS[question.property.kind].afterwards for question in space.asked):
        return lambda question: undecided(question.property, None)
    from quiesce.engines.temporal import Answers

    return Answers(space, explained=explained, departed=departed).answer


def _left(answers: Sequence[PropertyAnswer]) -> bool:
    """Tell whether a step left a domain."""
    return any(
        answer.property.kind is PropertyKind.DOMAINS and answer.verdict is Verdict.VIOLATED for answer in answers
    )


def _linted(
    asked: Sequence[FlatProperty], explored: Exploration, answers: Sequence[PropertyAnswer]
) -> tuple[tuple[PropertyAnswer, ...], tuple[Remark, ...]]:
    """Return the answers with what is vacuous among them flagged, and the remarks about all that was seen."""
    suspects = [
        (number, other)
        for number, (question, answer) in enumerate(zip(asked, answers, strict=True))
        if question.property.kind is PropertyKind.ALWAYS and answer.verdict is Verdict.HOLDS
        for other in question.stronger
    ]
    system = explored.graph.system
    found = explored.coverage([other for _, other in suspects])
    flagged = list(answers)
    for (number, other), refuted in zip(suspects, found.refuted, strict=True):
        if not refuted and VACUOUS not in flagged[number].flags:
            flagged[number] = vacuous(flagged[number], other.property.formula)
    for number, question in enumerate(asked):
        holds = flagged[number].verdict is Verdict.HOLDS and VACUOUS not in flagged[number].flags
        if holds and is_tautology(question, system.flat.cells):
            flagged[number] = tautological(flagged[number])
    saying_nothing = [
        Remark(kind=kind, about=f"{answer.property.name}: {answer.note}", place=answer.property.place)
        for answer in flagged
        for kind, flag in ((Kind.VACUOUS, VACUOUS), (Kind.TAUTOLOGY, TAUTOLOGY))
        if flag in answer.flags
    ]
    return tuple(flagged), (*saying_nothing, *remarks(system, found.seen))
