"""Breadth-first search: the reachable states in levels, least first, and shortest runs to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from tests.oracle.data import State, Step, System, Trace
from tests.oracle.meaning import Meaning


class TooLargeError(Exception):
    """More states than somebody wanted to see."""


@dataclass(frozen=True, eq=False)
class Graph:
    """All reachable states of a system, level by level, and their steps."""

    meaning: Meaning
    levels: list[list[State]]

    @property
    def system(self) -> System:
        """The system that was searched."""
        return self.meaning.system

    @cached_property
    def depths(self) -> dict[State, int]:
        """The depth of each state, in the order in which the states are found."""
        return {state: depth for depth, level in enumerate(self.levels) for state in level}

    @property
    def transitions(self) -> int:
        """How many transitions there are, those that leave a domain among them."""
        return sum(len(self.steps(state)) for state in self.depths)

    @cached_property
    def leaves(self) -> bool:
        """Whether a step leaves a domain."""
        return any(step.target is None for state in self.depths for step in self.steps(state))

    def steps(self, state: State) -> tuple[Step, ...]:
        """Return the transitions of a state."""
        return self.meaning.steps(state)

    def successors(self, state: State) -> set[State]:
        """Return where the steps of a state lead, as far as they stay inside the domains."""
        return {step.target for step in self.steps(state) if step.target is not None}

    def shortest(self, state: State) -> list[State]:
        """Return the states of a shortest run to a state: before each, the least that a step leads from."""
        run = [state]
        for level in reversed(self.levels[: self.depths[state]]):
            run.append(next(before for before in level if run[-1] in self.successors(before)))
        return run[::-1]

    def run_to(self, state: State, *last: Step) -> Trace:
        """Return a shortest run to a state as a trace, with a last step perhaps."""
        states = self.shortest(state)
        taken = [
            next(step for step in self.steps(before) if step.target == after) for before, after in pairwise(states)
        ]
        return Trace(states[0], (*taken, *last))


def searched(system: System, most: int = 10_000) -> Graph:
    """Search breadth first; raises TooLargeError for more than `most` states."""
    meaning = Meaning(system)
    levels = []
    level = meaning.initial
    seen = set(level)
    while level:
        levels.append(level)
        found = {step.target for state in level for step in meaning.steps(state) if step.target is not None} - seen
        seen |= found
        if len(seen) > most:
            raise TooLargeError
        level = sorted(found, key=meaning.rank)
    return Graph(meaning, levels)
