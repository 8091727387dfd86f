"""The rate of random memory access: lines of a table, touched with as much overlap as the search has."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
from numba import njit

from quiesce.engines.native.kernels.instructions import get, prefetch, put
from quiesce.engines.native.memory import Pages
from quiesce.engines.native.plans import LINE
from quiesce.engines.native.thread_pool import ThreadPool

TOGETHER = 64
"""Lines that are asked for before the first of them is used."""
TOUCHED = 30_000_000
SEED = 88172645463325253


@njit(nogil=True)
def touch(address, lines, count, seed):  # type: ignore[no-untyped-def]
    """Read and write random lines, block by block: prefetch all, then use all."""
    places = np.empty(TOGETHER, dtype=np.int64)
    state = np.uint64(seed)
    for _ in range(count // TOGETHER):
        for number in range(TOGETHER):
            state ^= state << np.uint64(13)
            state ^= state >> np.uint64(7)
            state ^= state << np.uint64(17)
            places[number] = address + np.int64((state >> np.uint64(20)) % np.uint64(lines)) * LINE
            prefetch(places[number])
        for number in range(TOGETHER):
            put(places[number], 0, get(places[number], 0) + np.uint64(1))


def lines_a_second(size: int, threads: int, runs: int = 3) -> float:
    """Return how many random lines of a memory of some bytes some threads touch in a second: a median."""
    pages, pool = Pages(size), ThreadPool(threads)
    lines = size // LINE
    touch(pages.address, lines, TOUCHED, SEED)
    rates = []
    for run in range(runs):
        begun = time.perf_counter()
        pool.run_all(lambda thread, run=run: touch(pages.address, lines, TOUCHED, SEED + run * threads + thread))
        rates.append(threads * TOUCHED / (time.perf_counter() - begun))
    pool.shutdown()
    pages.free()
    return median(rates)
