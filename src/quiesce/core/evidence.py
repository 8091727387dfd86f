"""What a verdict rests on, as data, and the same in words: the scope that a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from quiesce.core.trace import Trace


class EvidenceKind(Enum):
    """What kind of reason there is for a verdict."""

    EXHAUSTIVE = "exhaustive"
    """Every reachable state, or every transition, was looked at."""
    REDUCED = "reduced"
    """Some states were looked at that stand for all."""
    COUNTEREXAMPLE = "counterexample"
    """A run that violates the property; the reference interpreter has replayed it."""
    WITNESS = "witness"
    """A run that shows what the property asks for; the reference interpreter has replayed it."""
    UNDECIDED = "undecided"
    """None: there is no verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict rests on.

    `counts` are of what was looked at: `states`, `transitions`, `orbits`; of a run, its `steps`, and those of them that
    repeat forever, `repeated`. `bounds` say in words what the verdict is limited to, or why there is none.
    """

    kind: EvidenceKind
    counts: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """The evidence in words: `all 1,101 states, assuming weak close`."""
        return ", ".join(filter(None, (self._counted(), *self.bounds)))

    def _counted(self) -> str:
        counts = self.counts
        match self.kind:
            case EvidenceKind.UNDECIDED:
                return ""
            case EvidenceKind.EXHAUSTIVE:
                ((what, number),) = counts.items()
                return f"all {number:,} {what}"
            case EvidenceKind.REDUCED if "orbits" in counts:
                return f"all {counts['orbits']:,} orbits ({counts['states']:,} states)"
            case EvidenceKind.REDUCED:
                return f"{counts['states']:,} states that stand for all"
            case _:
                return f"{self.kind.value} of {_counted_steps(counts['steps'], counts.get('repeated', 0))}"


def _counted_steps(steps: int, repeated: int) -> str:
    """Return the length of a run in words: `3 steps`, `5 steps, the last 2 repeating forever`."""
    words = f"{steps} step{'' if steps == 1 else 's'}"
    return f"{words}, the last {'one' if repeated == 1 else repeated} repeating forever" if repeated else words


def exhaustive(*, bounds: tuple[str, ...] = (), **counts: int) -> Evidence:
    """Return the evidence of a search of everything: `states=` or `transitions=`."""
    return Evidence(kind=EvidenceKind.EXHAUSTIVE, counts=counts, bounds=bounds)


def shown_by(trace: Trace, *, witness: bool, bounds: tuple[str, ...] = ()) -> Evidence:
    """Return the evidence of a run that was replayed."""
    counts = {"steps": trace.length}
    if trace.loop is not None:
        counts["repeated"] = trace.length - trace.loop
    kind = EvidenceKind.WITNESS if witness else EvidenceKind.COUNTEREXAMPLE
    return Evidence(kind=kind, counts=counts, bounds=bounds)


def without(*reasons: str) -> Evidence:
    """Return the evidence where there is no verdict, with the reasons."""
    return Evidence(kind=EvidenceKind.UNDECIDED, bounds=reasons)
