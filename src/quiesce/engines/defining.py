"""The reference interpreter as an engine: every state and every step as the definition has it, in plain Python."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quiesce.core.domains import size
from quiesce.core.errors import EngineError, SpecificationError
from quiesce.core.expressions import MEANING, Apply, Cell, Constant, Expr, Next
from quiesce.core.flat import FlatFormula, FlatProperty
from quiesce.core.lint import MOST_VALUES, Seen, overlapping
from quiesce.core.reference import ordinals
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System
from quiesce.core.trace import Label, State, Step
from quiesce.core.verdicts import Explored, Found, explore
from quiesce.engines.native.flags import deciding
from quiesce.engines.options import Limits, Strategy, Watcher
from quiesce.engines.protocol import Coverage, Numbers, Offsets, Truths

Codes = tuple[int, ...]


class Reference:
    """Explores by the reference interpreter: for small systems, and for whoever doubts another engine."""

    name = "reference"

    @contextmanager
    def explored(
        self,
        system: System,
        asked: Sequence[FlatProperty],
        *,
        limits: Limits,
        strategy: Strategy,
        watch: Watcher | None = None,
        symmetry: Symmetry | None = None,
    ) -> Iterator[Walked]:
        """Explore a system; nothing is shown meanwhile."""
        _check_options(limits, strategy, symmetry)
        begun = time.perf_counter()
        explored = explore(system, max_states=limits.max_states)
        yield Walked(system, asked, explored, time.perf_counter() - begun)


def _check_options(limits: Limits, strategy: Strategy, symmetry: Symmetry | None) -> None:
    """Refuse what the reference does not have; the number of threads changes no answer, and is of no account."""
    given = {
        "--max-seconds": limits.max_seconds is not None,
        "--memory": limits.memory is not None,
        "--symmetry": strategy.symmetry or symmetry is not None,
        "--por": strategy.partial_order,
        "--checkpoint": strategy.checkpoint is not None,
        "--resume": strategy.resume is not None,
    }
    for option, is_given in given.items():
        if is_given:
            raise SpecificationError(
                "Q48", f"the reference engine has no {option}", hint="leave it out, or use the native engine"
            )


class Walked:
    """What the reference explored, with the codes of all values, as flat expressions read them."""

    def __init__(self, system: System, asked: Sequence[FlatProperty], explored: Explored, seconds: float) -> None:
        self.system, self.asked, self.explored, self.seconds = system, asked, explored, seconds
        self.found: Found = explored.found
        self.states = [state for level in explored.levels for state in level]
        self.numbers = {state: number for number, state in enumerate(self.states)}
        self.codes: list[Codes] = [ordinals(system, state) for state in self.states]

    @property
    def graph(self) -> _Graph:
        """What was explored, as a graph."""
        return _Graph(self)

    def steps(self) -> Iterator[tuple[int, Step]]:
        """Yield every step with the number of the state that it leaves."""
        for number, state in enumerate(self.states):
            for step in self.explored.successors[state]:
                yield number, step

    @cached_property
    def row_numbers(self) -> Mapping[Label, int]:
        """The joint row of each label."""
        return {
            Label(
                trigger=row.trigger, result=row.result, participants=row.participants, arguments=row.arguments
            ): number
            for number, row in enumerate(self.system.flat.rows)
        }

    def coverage(self, stronger: Sequence[FlatProperty]) -> Coverage:
        """Look over all states and steps."""
        taken = [step for _, step in self.steps() if step.target is not None]
        values: dict[tuple[str, str], set[object]] = {}
        for slot, cell in enumerate(self.system.flat.cells):
            if size(cell.domain) <= MOST_VALUES:
                values.setdefault((cell.machine, cell.variable), set()).update(state[slot] for state in self.states)
        overlaps, complete = overlapping(self.system)
        return Coverage(
            seen=Seen(
                rows=frozenset((part.machine, part.row) for step in taken for part in step.label.participants),
                values=values,  # type: ignore[arg-type]
                overlaps=[
                    pair for pair, condition in overlaps.items() if any(truth(condition, codes) for codes in self.codes)
                ],
                all_overlaps=complete,
            ),
            refuted=tuple(self._refutes(question) for question in stronger),
        )

    def _refutes(self, question: FlatProperty) -> bool:
        """Tell whether some state, some step, or some state without a step decides a property."""
        predicate = question.predicate
        if predicate.steps is None:
            assert predicate.state is not None
            return any(truth(deciding(question, predicate.state), codes) for codes in self.codes)
        for number, step in self.steps():
            if step.target is not None:
                formula = deciding(question, predicate.steps[step.label.event])
                if truth(formula, self.codes[number], self.codes[self.numbers[step.target]]):
                    return True
        formula = deciding(question, predicate.stutter)
        ended = (number for number, state in enumerate(self.states) if not self.explored.successors[state])
        return any(truth(formula, self.codes[number]) for number in ended)


@dataclass(frozen=True, slots=True)
class _Graph:
    """The states and steps that the reference walked, in arrays."""

    walked: Walked

    @property
    def system(self) -> System:
        return self.walked.system

    @property
    def asked(self) -> Sequence[FlatProperty]:
        return self.walked.asked

    @property
    def count(self) -> int:
        return len(self.walked.states)

    @property
    def initial_count(self) -> int:
        return len(self.walked.explored.levels[0])

    @property
    def graph(self) -> tuple[Offsets, Numbers]:
        degrees = np.zeros(self.count + 1, dtype=np.int64)
        targets = []
        for number, step in self.walked.steps():
            if step.target is not None:
                degrees[number + 1] += 1
                targets.append(self.walked.numbers[step.target])
        return np.cumsum(degrees), np.array(targets, dtype=np.uint32)

    def rows(self, marks: Sequence[FlatFormula] = ()) -> tuple[Numbers, Numbers]:
        walked = self.walked
        taken = [(number, step) for number, step in walked.steps() if step.target is not None]
        rows = np.array([walked.row_numbers[step.label] for _, step in taken], dtype=np.uint32)
        marked = np.zeros(len(taken) if marks else 0, dtype=np.uint32)
        for edge, (number, step) in enumerate(taken if marks else ()):
            assert step.target is not None
            before, after = walked.codes[number], walked.codes[walked.numbers[step.target]]
            for bit, mark in enumerate(marks):
                assert mark.steps is not None
                marked[edge] |= np.uint32(truth(mark.steps[step.label.event], before, after) << bit)
        return rows, marked

    def state(self, number: int) -> State:
        return self.walked.states[number]

    def columns(self) -> _Columns:
        return _Columns(self.walked.codes)

    def departing(self) -> Iterator[tuple[int, Truths]]:
        found: dict[int, Truths] = {}
        for number, step in self.walked.steps():
            if step.departure is not None:
                row = self.walked.row_numbers[step.label]
                found.setdefault(row, np.zeros(self.count, dtype=np.bool_))[number] = True
        yield from sorted(found.items())

    def least_outside(self, marked: Truths) -> tuple[int, State] | None:
        number = 0
        for depth, level in enumerate(self.walked.explored.levels):
            for state in level:  # the least comes first
                if not marked[number]:
                    return depth, state
                number += 1
        return None

    def run_to(self, state: State, depth: int) -> list[State]:
        return self.walked.explored.run_to(state, depth)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The codes of all states."""

    codes: Sequence[Codes]

    def truth(self, expr: Expr) -> Truths:
        return np.array([truth(expr, codes) for codes in self.codes], dtype=np.bool_)

    def value(self, expr: Expr) -> NDArray[np.int64]:
        return np.array([int(value(expr, codes, codes)) for codes in self.codes], dtype=np.int64)


def truth(expr: Expr, before: Codes, after: Codes | None = None) -> bool:
    """Return whether a flat truth holds in a state, or of a step between two."""
    return bool(value(expr, before, before if after is None else after))


def value(expr: Expr, before: Codes, after: Codes) -> int:
    """Return the value of a flat expression; raises EngineError for what is not flat."""
    match expr:
        case Constant(value=constant):
            return constant  # type: ignore[return-value]
        case Cell(slot=slot):
            return before[slot]
        case Next(slot=slot):
            return after[slot]
        case Apply(op=op, operands=operands):
            return MEANING[op](*[value(operand, before, after) for operand in operands])
        case _:
            raise EngineError(f"{expr} is no flat expression")
