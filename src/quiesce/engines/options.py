"""What a search is asked to do, where it has to stop, and what it tells on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quiesce.core.errors import SpecificationError

MOST_WORKERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a search is: `queue` is the number of states still to expand in this level.

    `memory` is what the states take in bytes, `allowed` what the whole process may use. `forecast` is about how many
    states there will be, if the levels tell.
    """

    states: int
    transitions: int
    depth: int
    queue: int
    seconds: float
    memory: int
    allowed: int
    forecast: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where to stop: after the level in which a number of states is reached, after some seconds, or before the process
    uses more bytes of memory (None: the `share` of what is free at first).
    """

    max_states: int | None = None
    max_seconds: float | None = None
    memory: int | None = None
    share: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        for name, given, kinds in (
            ("max_states", self.max_states, (int,)),
            ("max_seconds", self.max_seconds, (int, float)),
            ("memory", self.memory, (int,)),
        ):
            least = 0 if name == "max_seconds" else 1
            if given is not None and (not isinstance(given, kinds) or isinstance(given, bool) or given < least):
                raise SpecificationError("Q48", f"{name}={given!r}: give a number, {least} or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """How to search: by which engine, by how many threads (0: one for each core), in which folder it is kept.

    `symmetry` searches one state of each orbit, `partial_order` takes some of the enabled rows. None of this changes a
    verdict. Raises SpecificationError (Q48) for what does not go together.
    """

    engine: str = "native"
    workers: int = 0
    symmetry: bool = False
    partial_order: bool = False
    checkpoint: Path | None = None
    resume: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if self.symmetry and self.partial_order:
            raise SpecificationError("Q48", "--symmetry and --por do not work together", hint="give one of them")
        if self.checkpoint is not None and self.resume is not None:
            raise SpecificationError(
                "Q48", "--checkpoint begins a search and --resume goes on with one", hint="give one"
            )
        if type(self.workers) is not int or not 0 <= self.workers <= MOST_WORKERS:
            raise SpecificationError(
                "Q48", f"workers={self.workers!r}: give a number of threads from 0 to {MOST_WORKERS}"
            )


Watcher = Callable[[Progress], None]
