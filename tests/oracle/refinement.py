"""Refinement by a mapping: every step of a system is, by the images of its states, a step of another or a stutter."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from tests.oracle.answers import HOLDS, UNKNOWN, VIOLATED
from tests.oracle.data import Claim, Question, State, System
from tests.oracle.fairness import fair_rows
from tests.oracle.graph import Graph
from tests.oracle.meaning import View, fits
from tests.oracle.temporal import Checker

Image = State | None
"""What a state is in the abstract system; None where a value is in no domain there."""


@dataclass(frozen=True)
class Refined:
    """The verdict; after how many steps the abstract system lacks something; and what its questions come to here."""

    verdict: str
    length: int | None = None
    liveness: dict[str, str] = field(default_factory=dict)


def without_observers(system: System) -> System:
    """Return a system without its observers, and without what rests."""
    return System(
        tuple(machine for machine in system.machines if not machine.observer),
        system.questions,
        initially=system.initially,
    )


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two searched systems, and what each state of the concrete one is in the abstract one, which has no observers."""

    concrete: Graph
    abstract: Graph
    claim: Claim

    @cached_property
    def images(self) -> dict[State, Image]:
        """The image of each state."""
        return {state: self.image(state) for state in self.concrete.depths}

    def image(self, state: State) -> Image:
        """Return what a state is in the abstract system."""
        mapped = dict(self.claim.mapping)
        values = []
        for cell in self.abstract.meaning.cells:
            name = (cell.machine, cell.copy, cell.variable.name)
            if name in mapped:
                value = self.concrete.meaning.value(mapped[name], View(state))
            else:
                value = state[self.concrete.meaning.places[name]]
            if not fits(cell.variable.values, value):
                return None
            values.append(value)
        return tuple(values)

    def allows(self, before: State, after: State) -> bool:
        """Tell whether the abstract system can do a step, or sees none."""
        there, then = self.images[before], self.images[after]
        return there == then or (there is not None and then in self.abstract.successors(there))

    def refused(self) -> int | None:
        """Return after how many steps the concrete system first does what the abstract one does not; None for never."""
        if any(self.images[state] not in self.abstract.levels[0] for state in self.concrete.levels[0]):
            return 0
        for state, depth in self.concrete.depths.items():
            if not all(self.allows(state, target) for target in self.concrete.successors(state)):
                return depth + 1
        return None

    def refined(self) -> Refined:
        """Return the verdict: a run decides, whatever leaves a domain; without one all has to be seen."""
        length = self.refused()
        if length is not None:
            return Refined(VIOLATED, length)
        if self.concrete.leaves or self.abstract.leaves:
            return Refined(UNKNOWN)
        asked = [question for question in self.abstract.system.questions if question.name in self.claim.liveness]
        return Refined(HOLDS, liveness={question.name: self._claimed(question) for question in asked})

    def _claimed(self, question: Question) -> str:
        """Return the verdict on a question of the abstract system about the concrete one's runs, and its fairness."""
        checker = Checker(self.concrete, fair_rows(self.concrete.system, question), image=self._lifted)
        holds = all(checker.of_every_run(question.formula, state) for state in self.concrete.levels[0])
        return HOLDS if holds else VIOLATED

    def _lifted(self, state: State) -> tuple[Graph, State]:
        image = self.images[state]
        assert image is not None
        return self.abstract, image
