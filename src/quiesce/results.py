"""What Python is given: the answers for a system, and runs that can be walked, in the author's names and values.

Engines answer with plain data (`core.result`, `core.trace`); these are views of it that are pleasant at a prompt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, overload

from quiesce.core.domains import Value, shown
from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.evidence import Evidence
from quiesce.core.lint import Remark
from quiesce.core.mutants import Campaign, Mutant
from quiesce.core.result import PropertyAnswer, Refined, SystemAnswers, Verdict
from quiesce.core.system import System
from quiesce.core.trace import Departure, Step, Trace, changed
from quiesce.show import comparisons, data, text


def _no_bool(what: str) -> NoReturn:
    raise SpecificationError("Q31", f"{what} is not a Python bool", hint="write .holds, or compare .verdict")


class StateView(Mapping[str, Value]):
    """A state: the value of each variable by its label, `provider.count` or `client[0].state`. It can be hashed."""

    __slots__ = ("_system", "cells")

    def __init__(self, system: System, values: tuple[Value, ...]) -> None:
        self._system, self.cells = system, values

    def __getitem__(self, label: str) -> Value:
        for cell, value in zip(self._system.flat.cells, self.cells, strict=True):
            if cell.label == label:
                return value
        raise KeyError(known(label, self))

    def __iter__(self) -> Iterator[str]:
        return (cell.label for cell in self._system.flat.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StateView):
            return self.cells == other.cells
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.cells)

    def __repr__(self) -> str:
        return ", ".join(f"{label}={shown(value)}" for label, value in self.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One transition of a run.

    `who` starts it: a machine, a copy, or `(environment)`; `text` is what happens, with the copies that take part.
    `arguments` and `changes` map names to values. `state` is the state that it leads to; None where it leaves a domain:
    then `departure` says which, and what did not fit.
    """

    number: int
    who: str
    text: str
    trigger: str
    arguments: Mapping[str, Value]
    result: Value
    changes: Mapping[str, Value]
    state: StateView | None
    departure: Departure | None

    def __str__(self) -> str:
        result = "" if self.result is None else f" returns {shown(self.result)}"
        return f"{self.number}. {self.who}: {self.text}{result}"


class TraceView(Sequence[StepView]):
    """A run: its steps in order, the `initial` state before them, and `loop`.

    `loop` is the position of the state to which the last step returns (0: the initial one); None where the run does not
    repeat. Where there is no run, it has no steps and `initial` is None.
    """

    def __init__(self, system: System, trace: Trace | None) -> None:
        self._system, self._trace = system, trace
        self.initial = None if trace is None else StateView(system, trace.start)
        self.loop = None if trace is None else trace.loop
        self._steps = () if trace is None else tuple(_steps(system, trace))

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> StepView: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[StepView]: ...
    def __getitem__(self, index: int | slice) -> StepView | Sequence[StepView]:
        return self._steps[index]

    def __bool__(self) -> bool:
        """Whether there is a run; it may have no step."""
        return self._trace is not None

    def __str__(self) -> str:
        """Return the table that a report shows: only what changes."""
        return "no run" if self._trace is None else "\n".join(text.table(self._system, self._trace))

    def __repr__(self) -> str:
        return f"<run of {text.counted(len(self), 'step')} of {self._system.name}>"

    def to_itf(self) -> dict[str, Any]:
        """Return the run in the Informal Trace Format (Apalache ADR-015); raises ValueError where there is none."""
        if self._trace is None:
            raise ValueError("there is no run")
        return data.itf(self._system, self._trace)


def _steps(system: System, trace: Trace) -> Iterator[StepView]:
    before = trace.start
    for number, step in enumerate(trace.steps, 1):
        yield step_of(system, number, before, step)
        before = before if step.target is None else step.target


def step_of(system: System, number: int, before: tuple[Value, ...], step: Step) -> StepView:
    """Return the view of a step from a state."""
    return StepView(
        number=number,
        who=text.who(system, step.label),
        text=text.does(system, step.label),
        trigger=step.label.trigger,
        arguments=dict(step.label.arguments),
        result=step.label.result,
        changes={} if step.target is None else dict(changed(system, before, step.target)),
        state=None if step.target is None else StateView(system, step.target),
        departure=step.departure,
    )


class PropertyResult:
    """The verdict on one property, and why.

    `evidence` is data, `scope` the same in words; `flags` are words like "vacuous", "truncated", "reduced". `clauses`
    are the ids of the clauses that it comes from, `location` is the line that asks it. `value` is the answer to a
    question for a number. `seconds` is what the answer took beyond the search that all share.
    """

    def __init__(self, system: System, answer: PropertyAnswer) -> None:
        question = answer.property
        self._answer = answer
        self.name: str = question.name
        self.id: str | None = question.id
        self.kind: str = question.kind.value
        self.verdict: Verdict = answer.verdict
        self.evidence: Evidence = answer.evidence
        self.flags: tuple[str, ...] = answer.flags
        self.value: int | None = answer.value
        self.note: str = answer.note
        self.seconds: float = answer.seconds
        self.clauses: tuple[str, ...] = question.clauses
        self.location: Place | None = question.place
        self.trace = TraceView(system, answer.trace)

    @property
    def holds(self) -> bool:
        """Whether the verdict is `holds`: false for one that is violated, and for one that is unknown."""
        return self.verdict is Verdict.HOLDS

    @property
    def scope(self) -> str:
        """What the verdict rests on, in words: `all 1,101 states`."""
        return self.evidence.scope

    def __bool__(self) -> NoReturn:
        _no_bool(f"the result of {self.name!r}")

    def __repr__(self) -> str:
        return f"<{self.name}: {self.verdict.value}, {self.scope}>"


class SystemResult(Mapping[str, PropertyResult]):
    """The answers for one system: a mapping from the names of its properties to their results; ids find them, too.

    `seconds` is the search alone, `total_seconds` all. `stopped` names the limit that ended the search early,
    `reduction` says which states were searched where not all were, and `remarks` are those of lint (None: not every
    state was seen, or a formula was asked).
    """

    def __init__(self, answers: SystemAnswers) -> None:
        self.answers = answers
        self.name: str = answers.system.name
        self.parameters: Mapping[str, object] = answers.system.parameters
        self.engine: str = answers.engine
        self.states: int = answers.states
        self.transitions: int = answers.transitions
        self.depth: int = answers.depth
        self.seconds: float = answers.seconds
        self.total_seconds: float = answers.total_seconds
        self.stopped: str | None = answers.stopped
        self.reduction: str | None = answers.reduction
        self.remarks: tuple[Remark, ...] | None = answers.remarks
        self._results = {answer.property.name: PropertyResult(answers.system, answer) for answer in answers.properties}

    @property
    def verdict(self) -> Verdict:
        """Violated if any property is, else unknown if any is, else holds."""
        return self.answers.verdict

    @property
    def holds(self) -> bool:
        """Whether every property holds."""
        return self.verdict is Verdict.HOLDS

    def __getitem__(self, word: str) -> PropertyResult:
        """Return the result for a property by its name or id; raises KeyError, with the names that there are."""
        for name, result in self._results.items():
            if isinstance(word, str) and word in (name, result.id):
                return result
        raise KeyError(f"no property {word!r}: {known(word, self._results)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._results)

    def __len__(self) -> int:
        return len(self._results)

    def __bool__(self) -> NoReturn:
        _no_bool(f"the result of {self.name}")

    def __str__(self) -> str:
        """Return the report that the command prints."""
        return text.report(self.answers)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.verdict.value}, {text.counted(len(self), 'property')}>"

    def to_json(self) -> str:
        """Return the document that `model-check --format json` prints for this system."""
        return json.dumps(data.results([self.answers], self.verdict.value), indent=1)


class RefinementResult:
    """Whether every step of one system is a step of a more abstract one, or a stutter there.

    `trace` is the run of the concrete system to the step, or the initial state, that the abstract one lacks; `images`
    are the abstract states before and after it. `liveness` are the properties of the abstract system about runs, asked
    of the concrete one. `coverage` says how much of the abstract one occurs.
    """

    def __init__(self, refined: Refined) -> None:
        self._refined = refined
        self.verdict: Verdict = refined.overall
        self.scope: str = refined.scope
        self.coverage: str = refined.coverage
        self.trace = TraceView(refined.concrete, refined.trace)
        self.images = tuple(StateView(refined.abstract, image) for image in refined.images)
        self.liveness = tuple(PropertyResult(refined.concrete, answer) for answer in refined.liveness)

    @property
    def holds(self) -> bool:
        """Whether the refinement holds, with all that is claimed of runs."""
        return self.verdict is Verdict.HOLDS

    def __bool__(self) -> NoReturn:
        _no_bool(f"the refinement of {self._refined.abstract.name}")

    def __str__(self) -> str:
        """Return the report that the command prints."""
        return comparisons.refinement(self._refined)

    def __repr__(self) -> str:
        return f"<{self._refined.concrete.name} refines {self._refined.abstract.name}: {self.verdict.value}>"


class MutationResult:
    """What became of the mutants of a system: `total` of them, of which some are `equivalent` to it.

    `killed` are noticed by a property, `survivors` by none: each is a mutant with its place and what was changed.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self.total = len(campaign.mutants)
        self.equivalent = campaign.equivalent
        self.survivors: tuple[Mutant, ...] = tuple(mutant for mutant, _ in campaign.survivors)
        self.killed = self.total - self.equivalent - len(self.survivors)

    @property
    def holds(self) -> bool:
        """Whether every mutant that is not equivalent is noticed."""
        return not self.survivors

    def __bool__(self) -> NoReturn:
        _no_bool(f"the mutants of {self._campaign.system.name}")

    def __str__(self) -> str:
        """Return the report that the command prints."""
        return comparisons.campaign(self._campaign)

    def __repr__(self) -> str:
        return f"<{self.killed} of {self.total - self.equivalent} mutants of {self._campaign.system.name} noticed>"
