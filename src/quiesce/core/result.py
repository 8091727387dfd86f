"""What an engine answers: a verdict for each property, with the scope that it speaks of and its flags."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from enum import StrEnum

from quiesce.core.evidence import Evidence
from quiesce.core.lint import SUSPICIOUS, Remark
from quiesce.core.properties import Property
from quiesce.core.system import System
from quiesce.core.trace import State, Trace


class Verdict(StrEnum):
    """The three answers. Truncated is never `holds`."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


def worst(*verdicts: Verdict) -> Verdict:
    """Return violated if any verdict is, else unknown if any is, else holds."""
    for one in (Verdict.VIOLATED, Verdict.UNKNOWN):
        if one in verdicts:
            return one
    return Verdict.HOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyAnswer:
    """The verdict on one property.

    `evidence` is what it rests on; `flags` qualify it ("truncated", "reduced", "vacuous"). `trace` is the shortest
    counterexample, or for a `sometimes` that holds its witness. `value` is the answer to a question for a number.
    `note` says more of the answer: which fairness would make a formula hold. `seconds` is what it took beyond the
    search that all share.
    """

    property: Property
    verdict: Verdict
    evidence: Evidence
    flags: tuple[str, ...] = ()
    trace: Trace | None = None
    value: int | None = None
    note: str = ""
    seconds: float = field(default=0.0, compare=False, repr=False)

    @builtins.property  # a field has the name of the other one
    def scope(self) -> str:
        """What the verdict speaks of, in words."""
        return self.evidence.scope


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemAnswers:
    """The answers for one system. `seconds` is the search alone, `total_seconds` all.

    `stopped` names a limit, and `forecast` is then about how many states there are, if the levels tell. `reduction`
    says which states were searched, where not all were. `remarks` are those of lint; None where the search was not
    complete, or nobody asked.
    """

    system: System
    engine: str
    states: int
    transitions: int
    depth: int
    seconds: float
    total_seconds: float
    properties: tuple[PropertyAnswer, ...]
    stopped: str | None = None
    forecast: int | None = None
    reduction: str | None = None
    remarks: tuple[Remark, ...] | None = None

    @property
    def verdict(self) -> Verdict:
        """Violated if any property is, else unknown if any is, else holds."""
        return worst(*(answer.verdict for answer in self.properties))

    @property
    def has_suspicions(self) -> bool:
        """Whether a property is vacuous or a row dead."""
        return any(remark.kind in SUSPICIOUS for remark in self.remarks or ())

    def answer(self, word: str) -> PropertyAnswer:
        """Return the answer for a property by name or id; raises KeyError."""
        for candidate in self.properties:
            if word in (candidate.property.name, candidate.property.id):
                return candidate
        raise KeyError(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refined:
    """Whether every step of the concrete system is an abstract step or a stutter.

    `coverage` tells how much of the abstract one occurs. A violation has the run to the step (or the initial state)
    that the abstract system lacks, and what the states before and after it are there. `liveness` are its properties of
    runs, asked of the concrete one.
    """

    concrete: System
    abstract: System
    verdict: Verdict
    scope: str
    coverage: str = ""
    trace: Trace | None = None
    images: tuple[State, ...] = ()
    liveness: tuple[PropertyAnswer, ...] = ()

    @property
    def overall(self) -> Verdict:
        """The verdict on the steps and on all that is claimed of runs together."""
        return worst(self.verdict, *(answer.verdict for answer in self.liveness))
