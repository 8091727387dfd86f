"""A pool of threads that work on one task together; the caller is one of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")


def all_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ThreadPool:
    """Some workers, numbered from 0; number 0 is the calling thread."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers - 1) if workers > 1 else None

    def run_all(self, task: Callable[[int], None], workers: int | None = None) -> None:
        """Let some workers (None: all) do a task, each with its number; return when all are done, even if one fails."""
        asked = self.workers if workers is None else min(workers, self.workers)
        if self._pool is None or asked == 1:
            task(0)
            return
        others = [self._pool.submit(task, number) for number in range(1, asked)]
        try:
            task(0)
        finally:
            wait(others)
        for other in others:
            other.result()

    def map(self, task: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Let the threads do a task for each item."""
        left = iter(list(items))

        def work(_number: int) -> None:
            for item in left:  # a list's iterator hands out each item once, whichever thread asks
                task(item)

        self.run_all(work)

    def shutdown(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown()
