"""What an engine is: it explores a system, and what it explored can be asked. All answers are made of that.

There are two: machine code (`native/`), and the reference interpreter (`defining.py`), which is slow, and by definition
right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from quiesce.core.errors import SpecificationError, unknown
from quiesce.core.expressions import Expr
from quiesce.core.flat import FlatFormula, FlatProperty
from quiesce.core.lint import Seen
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System
from quiesce.core.trace import State
from quiesce.core.verdicts import Found
from quiesce.engines.options import Limits, Strategy, Watcher

Truths = NDArray[np.bool_]
Offsets = NDArray[np.int64]
Numbers = NDArray[np.uint32]


class Evaluated(Protocol):
    """States on each of which flat expressions have a value."""

    def truth(self, expr: Expr) -> Truths:
        """Return for each state whether a flat truth holds."""

    def value(self, expr: Expr) -> NDArray[np.int64]:
        """Return a number in each state."""


class ExploredGraph(Protocol):
    """All reachable states of a system, numbered level by level, and all steps between them.

    States of a level are numbered in any order; the initial ones are the first `initial_count`.
    """

    system: System
    asked: Sequence[FlatProperty]

    @property
    def count(self) -> int:
        """Number of states."""

    @property
    def initial_count(self) -> int:
        """Number of initial states."""

    @property
    def graph(self) -> tuple[Offsets, Numbers]:
        """All edges: the successors of state n are targets[offsets[n]:offsets[n + 1]].

        A step that leaves a domain has none.
        """

    def rows(self, marks: Sequence[FlatFormula] = ()) -> tuple[Numbers, Numbers]:
        """Return for each edge its joint row, and as bits which of up to 32 predicates of steps it satisfies."""

    def state(self, number: int) -> State:
        """Return a state by its number."""

    def columns(self) -> Evaluated:
        """Return the states, for expressions to be evaluated on."""

    def departing(self) -> Iterator[tuple[int, Truths]]:
        """Yield each joint row whose steps can leave a domain, by its number, with the states in which they do."""

    def least_outside(self, marked: Truths) -> tuple[int, State] | None:
        """Return the first level with an unmarked state, and the least of those; None where all are marked."""

    def run_to(self, state: State, depth: int) -> list[State]:
        """Return a shortest run to a state of a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was seen, and for each stronger property whether some state or step refutes it."""

    seen: Seen
    refuted: tuple[bool, ...]


class Exploration(Protocol):
    """An exploration that has come to its end: what it found, in how many seconds, and what can be asked of it."""

    found: Found
    seconds: float

    @property
    def graph(self) -> ExploredGraph:
        """What was explored."""

    def coverage(self, stronger: Sequence[FlatProperty]) -> Coverage:
        """Look over a complete exploration; `stronger` are properties with a conclusion taken away."""


class Engine(Protocol):
    """A way to explore systems."""

    name: str

    def explored(
        self,
        system: System,
        asked: Sequence[FlatProperty],
        *,
        limits: Limits,
        strategy: Strategy,
        watch: Watcher | None = None,
        symmetry: Symmetry | None = None,
    ) -> AbstractContextManager[Exploration]:
        """Explore a system, of representatives where there is a symmetry; leaving the context gives memory back.

        Raises SpecificationError for a system that cannot be explored, and for options that the engine does not have
        (Q48).
        """


ENGINES = {"native": "quiesce.engines.native.engine:NativeEngine", "reference": "quiesce.engines.defining:Reference"}
"""Name -> where the engine is; what it needs is imported when it is used."""


def engine(name: str) -> Engine:
    """Return an engine by its name; raises SpecificationError (Q48)."""
    if name not in ENGINES:
        raise SpecificationError("Q48", unknown("engine", name, ENGINES))
    module, _, made = ENGINES[name].partition(":")
    return cast(Engine, getattr(import_module(module), made)())
