"""From what a search found to verdicts, traces and scopes: one place, so that every engine words its answers alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from quiesce.core.errors import EngineError
from quiesce.core.evidence import Evidence, EvidenceKind, exhaustive, shown_by, without
from quiesce.core.expressions import Expr
from quiesce.core.judging import judge
from quiesce.core.kinds import TRAITS
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.reference import Scope, evaluate, initial_states, ordinals, steps
from quiesce.core.replaying import replay
from quiesce.core.result import PropertyAnswer, Verdict
from quiesce.core.system import System
from quiesce.core.trace import State, Step, Trace
from quiesce.core.vacuity import never_true, without_conclusions

VACUOUS, TAUTOLOGY = "vacuous", "tautology"
"""The flags of an answer that says nothing: of the steps or states that its premise is about, or of the system."""
REDUCED = "reduced"
"""The flag of an answer from a search of some states that stand for all."""


OF_ALL_VALUES = "true of all values of its variables, reachable or not"
"""The note of a tautology."""
DEPARTED = "a step leaves a domain and is not followed"
"""Why there is no verdict where what comes after a step is not known."""
ENDED = "no step leaves the last state: no event happens there, and after(x) is x"
"""What a reader must know of a property of steps that a state without a step decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The least state of the first level in which a property was decided, and the number of that level."""

    depth: int
    state: State


Run = Callable[[State, int], list[State]]
"""From a state that was found, and its depth, to a shortest run to it, or to a state like it: depth + 1 states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search saw.

    `stopped` names the limit that ended it early (None: every reachable state was visited), `ungraphed` what kept the
    graph of all edges from being made; `forecast` is about how many states there would have been. In a search of one
    state of each orbit `orbits_of` is how many states the orbits have together; `partial` where some enabled rows were
    not taken.
    """

    states: int
    transitions: int
    depth: int
    findings: Mapping[str, Finding]
    stopped: str | None = None
    ungraphed: str | None = None
    forecast: int | None = None
    orbits_of: int | None = None
    partial: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """What qualifies every answer."""
        return (REDUCED,) if self.partial or self.orbits_of is not None else ()

    @property
    def evidence(self) -> Evidence:
        """What an answer about all states rests on."""
        if self.partial:
            return Evidence(kind=EvidenceKind.REDUCED, counts={"states": self.states})
        if self.orbits_of is None:
            return exhaustive(states=self.states)
        return Evidence(kind=EvidenceKind.REDUCED, counts={"orbits": self.states, "states": self.orbits_of})


def conclude(system: System, asked: tuple[Property, ...], found: Found, run: Run) -> tuple[PropertyAnswer, ...]:
    """Return the verdicts on the asked properties; every trace is replayed first.

    Raises EngineError where the reference interpreter does not confirm a finding.
    """
    left = any(question.kind is PropertyKind.DOMAINS and question.name in found.findings for question in asked)
    answers = []
    for question in asked:
        begun = time.perf_counter()
        answer = _answer(system, question, found, run, left)
        answers.append(replace(answer, seconds=time.perf_counter() - begun))
    return tuple(answers)


def _answer(system: System, question: Property, found: Found, run: Run, left: bool) -> PropertyAnswer:
    finding = found.findings.get(question.name)
    witnessed = question.kind is PropertyKind.SOMETIMES
    if finding is not None:
        trace = _trace(system, question, run(finding.state, finding.depth))
        verdict = Verdict.HOLDS if witnessed else Verdict.VIOLATED
        evidence = shown_by(trace, witness=witnessed, bounds=("perhaps not the shortest",) if found.partial else ())
        note = ENDED if question.step and judge(system, question, trace.last) == () else ""
        return PropertyAnswer(
            property=question, verdict=verdict, evidence=evidence, flags=found.flags, trace=trace, note=note
        )
    if found.stopped is not None or (left and question.kind is not PropertyKind.DOMAINS):
        return undecided(question, found.stopped)
    if question.kind is PropertyKind.ALWAYS_POSSIBLE and found.ungraphed is not None:
        return undecided(question, found.ungraphed)
    of_steps = question.step and not found.flags
    evidence = exhaustive(transitions=found.transitions) if of_steps else found.evidence
    verdict = Verdict.VIOLATED if witnessed else Verdict.HOLDS
    return PropertyAnswer(property=question, verdict=verdict, evidence=evidence, flags=found.flags)


def undecided(question: Property, stopped: str | None) -> PropertyAnswer:
    """Return the answer where not every state was seen: a limit `stopped` the search, or else a step left a domain."""
    evidence = without(DEPARTED if stopped is None else f"stopped: {stopped}")
    return PropertyAnswer(property=question, verdict=Verdict.UNKNOWN, evidence=evidence, flags=("truncated",))


def _trace(system: System, question: Property, path: list[State]) -> Trace:
    """Return a run over some states as a trace that shows a verdict, replayed."""
    run = run_over(system, path)
    tail = () if question.kind is PropertyKind.ALWAYS_POSSIBLE else judge(system, question, path[-1])
    if tail is None:
        raise EngineError(f"the reference does not confirm what was found for {question.name!r}")
    trace = Trace(start=run.start, steps=(*run.steps, *tail))
    replay(system, trace, question)
    return trace


def run_over(system: System, path: Sequence[State]) -> Trace:
    """Return a run over some states as a trace, by the first step from each to the next."""
    return Trace(start=path[0], steps=tuple(_step(system, before, after) for before, after in pairwise(path)))


def first_step(system: System, before: State, after: State) -> Step | None:
    """Return the first step from one state to another; None where there is none."""
    return next((step for step in steps(system, before) if step.target == after), None)


def _step(system: System, before: State, after: State) -> Step:
    step = first_step(system, before, after)
    if step is None:
        raise EngineError(f"there is no step from {before} to {after}")
    return step


# -- the textbook search ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Explored:
    """A reachable state space in levels, with the steps of every state."""

    system: System
    levels: tuple[tuple[State, ...], ...]
    successors: Mapping[State, tuple[Step, ...]]
    found: Found

    def run_to(self, state: State, depth: int) -> list[State]:
        """Return a shortest run to a state of a level, over least states."""
        path = [state]
        for level in reversed(self.levels[:depth]):
            path.append(next(at for at in level if any(step.target == path[-1] for step in self.successors[at])))
        return path[::-1]

    @cached_property
    def answers(self) -> tuple[PropertyAnswer, ...]:
        """The verdicts on what states and steps decide, and on `always_possible`."""
        local = tuple(question for question in self.system.properties if not TRAITS[question.kind].afterwards)
        answers = conclude(self.system, local, self.found, self.run_to)
        left = any(step.departure for taken in self.successors.values() for step in taken)
        if self.found.stopped is not None or left:
            return answers
        return tuple(_flagged(self.system, answer, self.levels, self.successors) for answer in answers)


def explore(system: System, *, max_states: int | None = None) -> Explored:
    """Search breadth first, level by level, in plain Python: the oracle that the engines are compared with.

    It answers what states and steps decide, and `always_possible`. `max_states` stops after the level in which it is
    reached.
    """
    frontier = initial_states(system)
    seen = set(frontier)
    levels: list[tuple[State, ...]] = []
    successors: dict[State, tuple[Step, ...]] = {}
    findings: dict[str, Finding] = {}
    stopped = None
    while frontier:
        levels.append(tuple(frontier))
        for state in frontier:
            successors[state] = tuple(steps(system, state))
        for question in system.properties:
            if question.name not in findings:
                decided = _first_decision(system, question, frontier, successors)
                if decided is not None:
                    findings[question.name] = Finding(depth=len(levels) - 1, state=decided)
        found = {step.target for state in frontier for step in successors[state] if step.target is not None}
        frontier = sorted(found - seen, key=lambda state: ordinals(system, state))
        seen |= found
        if frontier and max_states is not None and len(seen) >= max_states:
            stopped = f"{max_states:,} states"
            break
    if stopped is None:
        findings |= _impossible(system, levels, successors)
    result = Found(
        states=len(seen),
        transitions=sum(map(len, successors.values())),
        depth=len(levels) - 1,
        findings=findings,
        stopped=stopped,
    )

    return Explored(system=system, levels=tuple(levels), successors=successors, found=result)


def _first_decision(
    system: System, question: Property, level: list[State], successors: Mapping[State, tuple[Step, ...]]
) -> State | None:
    """Return the least state of a level that decides a property by itself, else the least that has a deciding step.

    So the run that shows it is a shortest one.
    """
    by_step = None
    for state in level:
        decision = judge(system, question, state, successors[state])
        if decision == ():
            return state
        if decision is not None and by_step is None:
            by_step = state
    return by_step


def _flagged(
    system: System,
    answer: PropertyAnswer,
    levels: Sequence[tuple[State, ...]],
    successors: Mapping[State, tuple[Step, ...]],
) -> PropertyAnswer:
    """Return an answer with its flag where one of its conclusions says nothing."""
    question = answer.property
    if question.kind is PropertyKind.ALWAYS and answer.verdict is Verdict.HOLDS:
        for formula in without_conclusions(question.formula):
            stronger = replace(question, formula=formula)
            states = (state for level in levels for state in level)
            if all(judge(system, stronger, state, successors[state]) is None for state in states):
                return vacuous(answer, formula)
    return answer


def vacuous(answer: PropertyAnswer, stronger: Expr) -> PropertyAnswer:
    """Return an answer flagged, for a stronger formula without one of its conclusions holds as well."""
    return replace(answer, flags=(*answer.flags, VACUOUS), note=never_true(stronger))


def tautological(answer: PropertyAnswer) -> PropertyAnswer:
    """Return an answer flagged, for the property holds of all values of the variables that it reads."""
    return replace(answer, flags=(*answer.flags, TAUTOLOGY), note=answer.note or OF_ALL_VALUES)


def _impossible(
    system: System, levels: list[tuple[State, ...]], successors: Mapping[State, tuple[Step, ...]]
) -> dict[str, Finding]:
    """For each `always_possible`: the first, least state from which its goal cannot be reached any more.

    Behind a step that leaves a domain it may be reached.
    """
    findings = {}
    for question in system.properties:
        if question.kind is not PropertyKind.ALWAYS_POSSIBLE:
            continue
        can = {state for state in successors if evaluate(question.formula, Scope(system=system, state=state))}
        growing = True
        while growing:
            more = {
                state
                for state, taken in successors.items()
                if state not in can and any(step.target in can or step.departure for step in taken)
            }
            can |= more
            growing = bool(more)
        for depth, level in enumerate(levels):
            stuck = next((state for state in level if state not in can), None)
            if stuck is not None:
                findings[question.name] = Finding(depth=depth, state=stuck)
                break
    return findings
