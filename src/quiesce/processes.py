"""Several processes for one command: tasks are handed out, and their results come back in the order of the tasks."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from typing import TypeVar

from quiesce import endings
from quiesce.core.errors import SpecificationError
from quiesce.engines.native.thread_pool import all_cores

HERE = "here"
MOST = 256

Task = TypeVar("Task")
Result = TypeVar("Result")


def number_of(on: str) -> int:
    """Return how many processes `--on` means: `here` (1), `processes` (one for each core) or `processes:N`.

    Raises SpecificationError (Q48).
    """
    if on == HERE:
        return 1
    found = re.fullmatch(r"processes(?::([0-9]{1,3}))?", on)
    number = int(found[1] or all_cores()) if found else 0
    if not 1 <= number <= MOST:
        raise SpecificationError("Q48", f"--on {on}: give here, processes or processes:N (1 to {MOST})")
    return number


@contextmanager
def mapping(
    processes: int, prepare: Callable[..., None] | None = None, *given: object, forked: bool = False
) -> Iterator[Callable[[Callable[[Task], Result], Sequence[Task]], Iterator[Result]]]:
    """Yield what does a task for each item of a sequence in some processes.

    Each process begins with `prepare(*given)`. Where they are `forked`, and that can be, they have all that this one
    has imported; else they import it themselves. They end with the process that started them, whatever ends it.
    """
    method = "fork" if forked and sys.platform == "linux" and threading.active_count() == 1 else "spawn"
    with _pool(processes, method, prepare, given) as pool, endings.tidied(_end_others):

        def mapped(task: Callable[[Task], Result], items: Sequence[Task]) -> Iterator[Result]:
            with _interrupts_blocked():  # Ctrl-C is none of their business
                return pool.map(task, items)

        yield mapped


def _pool(
    processes: int, method: str, prepare: Callable[..., None] | None, given: Sequence[object]
) -> ProcessPoolExecutor:
    """Return a pool of processes. What a killed one leaves is cleared away, and need not be told."""
    untold = "ignore:resource_tracker:UserWarning"
    sys.warnoptions.append(untold)
    try:
        begin = partial(_begin, prepare, *given)
        return ProcessPoolExecutor(processes, mp_context=get_context(method), initializer=begin)
    finally:
        sys.warnoptions.remove(untold)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_others() -> None:
    """End the processes of the pool."""
    for process in active_children():
        process.terminate()


def _begin(prepare: Callable[..., None] | None, *given: object) -> None:
    """Begin in a process of the pool, which ends when the one that started it is killed."""

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    if prepare is not None:
        prepare(*given)
