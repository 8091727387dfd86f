"""How fast the search is on this machine: whole searches of one system, the same work each time, one worker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from quiesce.core.system import System
from quiesce.engines.native.search import Search
from quiesce.engines.native.space import space_for
from quiesce.engines.options import Strategy


def measure(system: System, runs: int, strategy: Strategy) -> Iterator[str]:
    """Yield a line for each search and one for the median, with the counts and the rate."""

    rates = []
    for number in range(1, runs + 1):
        space = space_for(system, system.flat.properties, strategy)
        begun = time.perf_counter()
        found = Search(space, None, strategy).run()
        seconds = time.perf_counter() - begun
        rates.append(found.transitions / seconds / 1e6)
        if number == 1:
            given = ", ".join(f"{name}={value}" for name, value in system.parameters.items())
            yield f"{system.name}({given})"
            yield (
                f"{found.states:,} states, {found.transitions:,} transitions, depth {found.depth}, "
                f"{space.words} word{'' if space.words == 1 else 's'} a state, {len(system.properties)} properties"
            )
        yield (
            f"run {number}: {seconds:.3f} s, {rates[-1]:.1f} million transitions a second, "
            f"{found.states / seconds / 1e6:.2f} million states a second, "
            f"{space.memory / found.states:.0f} bytes a state"
        )
        workers = space.threads.workers
        space.free()
    yield f"median: {median(rates):.1f} million transitions a second with {workers} worker{'' if workers == 1 else 's'}"
