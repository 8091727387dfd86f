"""What would make a violated formula hold: the fairness that its counterexample lacks, tried on the same graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from quiesce.core.fairness import FairnessConstraint, passed_over, units
from quiesce.core.properties import Assumption, Property, Strength
from quiesce.core.reference import steps
from quiesce.core.system import System
from quiesce.core.trace import Trace

MOST_TRIED = 12
"""Triggers that are tried one by one, before all of them together."""

Holds = Callable[[tuple[FairnessConstraint, ...]], bool]
"""Tells whether the formula holds under other fairness."""


def remedy(system: System, question: Property, trace: Trace, holds: Holds) -> str:
    """Return in words which fairness would exclude the loop of a counterexample; nothing where none would."""
    if trace.loop is None:
        return ""
    strengths: tuple[Strength, ...] = ("weak", "strong")
    for strength in strengths:
        candidates = _excluding(system, question, trace, strength)
        for trigger in candidates[:MOST_TRIED]:
            if holds(_with(system, question, strength, [trigger])):
                return f"holds if {_named([trigger], strength)}"
    for strength in strengths:
        everything = list(_triggers(system))
        if holds(_with(system, question, strength, everything)):
            needed = _needed(everything, lambda chosen: holds(_with(system, question, strength, chosen)))
            return f"holds if {_named(needed, strength)}"
    candidates = _excluding(system, question, trace, "strong")
    if candidates:
        return f"no fairness makes it hold; this loop is excluded if {_named(candidates[:1], 'strong')}"
    return "no fairness makes it hold"


def _needed(chosen: Sequence[str], enough: Callable[[list[str]], bool]) -> list[str]:
    """Return a part of the triggers that is enough, and of which none can be left out."""
    kept = list(chosen)
    for trigger in chosen:
        fewer = [other for other in kept if other != trigger]
        if enough(fewer):
            kept = fewer
    return kept


def _triggers(system: System) -> Iterable[str]:
    return dict.fromkeys(row.trigger for machine in system.machines if not machine.observer for row in machine.rows)


def _with(
    system: System, question: Property, strength: Strength, triggers: Sequence[str]
) -> tuple[FairnessConstraint, ...]:
    """Return what is fair in a question and, besides, the rows of some triggers."""
    more = units(system, replace(question, assuming=tuple(Assumption(trigger, strength) for trigger in triggers)))
    taken = {(unit.machine, unit.row, unit.copy): unit for unit in units(system, question)}
    for unit in more:
        place = (unit.machine, unit.row, unit.copy)
        if place not in taken or unit.strength == "strong":
            taken[place] = unit
    return tuple(taken.values())


def _excluding(system: System, question: Property, trace: Trace, strength: Strength) -> list[str]:
    """Return the triggers with a row that the loop passes over, if it were fair."""
    assert trace.loop is not None
    states = trace.states()[trace.loop : -1]
    possible = [[step.label.participants for step in steps(system, state)] for state in states]
    found = []
    for trigger in _triggers(system):
        for unit in units(system, replace(question, assuming=(Assumption(trigger, strength),))):
            enabled = [any(map(unit.takes_part, leaving)) for leaving in possible]
            taken = [unit.takes_part(step.label.participants) for step in trace.steps[trace.loop :]]
            if passed_over(unit, enabled, taken):
                found.append(trigger)
                break
    return found


def _named(triggers: Sequence[str], strength: Strength) -> str:
    listed = ", ".join(f"`{trigger}`" for trigger in triggers)
    adverb = {"weak": "weakly", "strong": "strongly"}[strength]
    return f"{listed} {'is' if len(triggers) == 1 else 'are'} {adverb} fair"
