"""Bisimulation by its definition: what one state can do that another cannot answer, within some steps.

An event counts with its trigger, arguments, result, and the copies that take part in it; what observers keep does not.
"""

from __future__ import annotations

from quiesce.core.domains import shown
from quiesce.core.errors import EngineError
from quiesce.core.reference import steps
from quiesce.core.system import System
from quiesce.core.trace import Label, State, Step


def told(label: Label) -> str:
    """Return an event in words: `WSPStartup returning 0`."""
    arguments = ", ".join(f"{name}={shown(value)}" for name, value in label.arguments)
    result = "" if label.result is None else f" returning {shown(label.result)}"
    copies = [f"{part.machine}[{part.copy}]" for part in label.participants if part.copy is not None]
    by = f" with {', '.join(copies)}" if copies else ""
    return f"{label.trigger}{f'({arguments})' if arguments else ''}{by}{result}"


def distinction(system: System, one: State, other: State, rounds: int) -> str | None:
    """Return a shortest play that tells two states apart within some rounds, in words; None where none does.

    Each event but the last can be answered; the last is one that one side can do and the other cannot.
    """
    compared = _Comparison(system)
    for enough in range(1, rounds + 1):
        if not compared.alike(one, other, enough):
            *before, last = compared.play(one, other, enough)
            return f"after {', '.join(before)}: {last}" if before else last
    return None


class _Comparison:
    """Which states are alike for some rounds; what was found is kept."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.known: dict[tuple[State, State, int], bool] = {}

    def alike(self, left: State, right: State, rounds: int) -> bool:
        """Tell whether each side can answer the other for some rounds."""
        if rounds == 0:
            return True
        key = (left, right, rounds)
        if key not in self.known:
            self.known[key] = all(
                self._answered(step, against, rounds)
                for side, against in ((left, right), (right, left))
                for step in self._moves(side)
            )
        return self.known[key]

    def play(self, left: State, right: State, rounds: int) -> list[str]:
        """Return the events of a play that the second side cannot answer any more."""
        for side, against, word in ((left, right, "here"), (right, left, "in the initial state")):
            for step, target in self._moves(side).items():
                if not self._answered(step, against, rounds):
                    replies = self._replies(step, against)
                    if not replies:
                        return [f"{told(step.label)} is possible only {word}"]
                    reply = max(replies, key=lambda reply: self._endures(target, reply, rounds))
                    pair = (target, reply) if side is left else (reply, target)
                    return [told(step.label), *self.play(*pair, rounds - 1)]
        raise EngineError("two states that are alike are told apart")

    def _endures(self, one: State, other: State, rounds: int) -> int:
        """Return for how many rounds two states that are told apart within some are alike."""
        return max(enough for enough in range(rounds) if self.alike(one, other, enough))

    def _answered(self, step: Step, against: State, rounds: int) -> bool:
        assert step.target is not None
        return any(self.alike(step.target, reply, rounds - 1) for reply in self._replies(step, against))

    def _moves(self, state: State) -> dict[Step, State]:
        return {step: step.target for step in steps(self.system, state) if step.target is not None}

    def _replies(self, step: Step, state: State) -> list[State]:
        return [target for reply, target in self._moves(state).items() if reply.label.event == step.label.event]
