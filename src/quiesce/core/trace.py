"""A trace as data of nobody's engine: states and the steps between them, in the author's values."""

from __future__ import annotations

from dataclasses import dataclass

from quiesce.core.domains import Value
from quiesce.core.flat import Event, Participant, parts
from quiesce.core.system import System

State = tuple[Value, ...]
"""The values of all cells, in the order of `System.flat.cells`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Who did what in a step: trigger, result (None: nobody returned one), rows and copies, arguments."""

    trigger: str
    result: Value
    participants: tuple[Participant, ...]
    arguments: tuple[tuple[str, Value], ...]

    @property
    def event(self) -> Event:
        """What of it can be seen from outside."""
        return self.trigger, self.result, self.arguments, parts(self.participants)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A write outside a domain: the cell, the domain in words, and the value that did not fit."""

    cell: str
    domain: str
    value: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transition from a state: its label and its target, or what left its domain (then `target` is None)."""

    label: Label
    target: State | None
    departure: Departure | None = None


NO_EVENT = Label(trigger="", result=None, participants=(), arguments=())
"""What happens where a run has ended: nothing by any name."""


def stutter(state: State) -> Step:
    """Return what a run that has ended does forever: no event, and the same state again."""
    return Step(label=NO_EVENT, target=state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A run from an initial state. `loop` is the position of the state to which the last step returns, if any."""

    start: State
    steps: tuple[Step, ...] = ()
    loop: int | None = None

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(self.steps)

    def states(self) -> tuple[State, ...]:
        """Return the visited states, the start first; a last step that leaves a domain adds none."""
        return (self.start, *(step.target for step in self.steps if step.target is not None))

    @property
    def last(self) -> State:
        """The last state that lies in its domains."""
        return self.states()[-1]


def rolled(trace: Trace) -> Trace:
    """Return the same run with the shortest beginning: what comes before the loop may be its end already."""
    while trace.loop and trace.steps[trace.loop - 1] == trace.steps[-1]:
        states = trace.states()
        if states[trace.loop - 1] != states[-2]:
            break
        trace = Trace(start=trace.start, steps=trace.steps[:-1], loop=trace.loop - 1)
    return trace


def changed(system: System, before: State, after: State) -> list[tuple[str, Value]]:
    """Return (cell, new value) for every cell that differs, in the order of the cells."""
    return [
        (cell.label, new)
        for cell, old, new in zip(system.flat.cells, before, after, strict=True)
        if old != new or type(old) is not type(new)
    ]
