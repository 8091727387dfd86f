"""Fairness: which rows of which copies may not be passed over forever, and whether a loop passes one over.

Fairness belongs to a row of one copy; arguments and partners are left open. A run that ends is fair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quiesce.core.flat import Participant
from quiesce.core.properties import Property, Strength
from quiesce.core.system import System


@dataclass(frozen=True, slots=True)
class FairnessConstraint:
    """A row of one copy (None: the only one, or every copy by one row) that is fair, and how."""

    machine: str
    row: int
    copy: int | None
    strength: Strength

    def takes_part(self, participants: Iterable[Participant]) -> bool:
        """Tell whether a step with these participants is by this row of this copy."""
        return any((part.machine, part.row, part.copy) == (self.machine, self.row, self.copy) for part in participants)


def units(system: System, question: Property) -> tuple[FairnessConstraint, ...]:
    """Return what is fair in a question: what it assumes, or what the rows say where it assumes nothing."""
    assumed = question.assuming
    by_strength = sorted(assumed or (), key=lambda given: given.strength == "strong")
    strengths = {given.trigger: given.strength for given in by_strength}
    found = []
    for machine in system.machines:
        for number, row in enumerate(machine.rows):
            strength = row.fair if assumed is None else strengths.get(row.trigger)
            if strength is not None and not machine.observer:
                copies = (None,) if row.every else machine.indices()
                found += [FairnessConstraint(machine.name, number, copy, strength) for copy in copies]
    return tuple(found)


def passed_over(unit: FairnessConstraint, enabled: Sequence[bool], taken: Sequence[bool]) -> bool:
    """Tell whether a loop is unfair to a unit, from whether it is enabled in each state and takes each step."""
    waiting = all(enabled) if unit.strength == "weak" else any(enabled)
    return waiting and not any(taken)
