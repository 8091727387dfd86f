"""The native engine behind the door that all engines have."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from quiesce.core.flat import FlatProperty
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System
from quiesce.core.verdicts import Found
from quiesce.engines.native.coverage import coverage
from quiesce.engines.native.search import Search
from quiesce.engines.native.space import Space, space_for
from quiesce.engines.options import Limits, Strategy, Watcher
from quiesce.engines.protocol import Coverage


@dataclass(slots=True)
class Searched:
    """A finished search."""

    found: Found
    seconds: float
    graph: Space

    def coverage(self, stronger: Sequence[FlatProperty]) -> Coverage:
        """Look over all states once more."""
        return coverage(self.graph, stronger)


class NativeEngine:
    """Searches all states in machine code, in several threads, with reductions, limits and checkpoints."""

    name = "native"

    @contextmanager
    def explored(
        self,
        system: System,
        asked: Sequence[FlatProperty],
        *,
        limits: Limits,
        strategy: Strategy,
        watch: Watcher | None = None,
        symmetry: Symmetry | None = None,
    ) -> Iterator[Searched]:
        """Search a system; its memory is given back at the end of the context."""
        with space_for(system, asked, strategy, symmetry) as space:
            search = Search(space, limits, strategy, watch)
            begun = time.perf_counter()
            found = search.run()
            yield Searched(found, time.perf_counter() - begun, space)
