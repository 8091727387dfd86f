"""Mutants of a system as data: one small change each, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from quiesce.core.errors import Place
from quiesce.core.system import Machine, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change: its kind, where, what in words, the line before and after, and the machines with it."""

    number: int
    kind: str
    machine: str
    place: Place
    what: str
    before: str
    after: str
    clauses: tuple[str, ...]
    machines: tuple[Machine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MutantResult:
    """What became of a mutant: the properties that it breaks, or why it breaks none.

    `equivalent` None: that was not looked at; else whether it does, forever, what the system does. `refused`: the
    language itself noticed it.
    """

    killed_by: tuple[str, ...] = ()
    equivalent: bool | None = None
    refused: bool = False
    note: str = ""

    @property
    def survives(self) -> bool:
        """Whether nothing noticed it, and it is not known to be equivalent."""
        return not (self.killed_by or self.equivalent or self.refused)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A system, its mutants, and what became of each."""

    system: System
    mutants: tuple[Mutant, ...]
    judged: tuple[MutantResult, ...]

    @property
    def survivors(self) -> list[tuple[Mutant, MutantResult]]:
        """The mutants that survive."""
        return [(mutant, found) for mutant, found in zip(self.mutants, self.judged, strict=True) if found.survives]

    @property
    def equivalent(self) -> int:
        """How many mutants behave as the system."""
        return sum(bool(found.equivalent) for found in self.judged)
