"""A campaign: all mutants of a target, judged in several processes, with a journal from which it goes on."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import cache, partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path

from quiesce import __version__, endings, library
from quiesce.core.errors import SpecificationError
from quiesce.core.mutants import Campaign, Judged, Mutant
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.mutating import judge
from quiesce.engines.native.journal import Journal, Record
from quiesce.engines.native.options import Limits
from quiesce.language.mutations import mutants, mutated

TOGETHER = 4
"""Mutants that a process judges before it reports."""


def run(
    target: str,
    settings: Mapping[str, object],
    *,
    jobs: int,
    max_states: int | None,
    journal: Path | None,
    progress: Callable[[int, int], None] | None = None,
) -> Campaign:
    """Judge every mutant of a target.

    Raises SpecificationError: Q48 where the system itself does not hold, Q50 for a journal that was altered, Q51 for
    one of another campaign, in use by another process, or that cannot be written.
    """
    system = library.find(target).system(settings)
    every = tuple(mutants(system))
    limits = Limits(max_states=max_states)
    answers = check(system, limits=limits, linted=False, explained=False).properties
    failing = next((answer for answer in answers if answer.verdict is not Verdict.HOLDS), None)
    if failing is not None:
        raise SpecificationError(
            "Q48",
            f"{failing.property.name!r} of {system.name} is {failing.verdict.value}",
            hint="mutants are judged by the properties that hold: choose other parameters, or mend it",
        )
    with _kept(journal, _identity(system, every)) as kept:
        known = {} if kept is None else _known(kept)
        left = [mutant.number for mutant in every if mutant.number not in known]
        parts = [left[at : at + TOGETHER] for at in range(0, len(left), TOGETHER)]
        task = partial(_judge, target, tuple(settings.items()), max_states)
        with _pool(jobs) as pool, endings.tidied(_end_others):
            for found in _mapped(pool, task, parts):
                known |= dict(found)
                if kept is not None:
                    _keep(kept, found)
                if progress is not None:
                    progress(len(known), len(every))
    return Campaign(system, every, tuple(known[mutant.number] for mutant in every))


# -- processes --------------------------------------------------------------------------------------------------------

Found = list[tuple[int, Judged]]


def _pool(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of processes. What a killed campaign leaves is cleared away, and need not be told."""
    untold = "ignore:resource_tracker:UserWarning"
    sys.warnoptions.append(untold)
    try:
        return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_follow)
    finally:
        sys.warnoptions.remove(untold)


def _mapped(
    pool: ProcessPoolExecutor, task: Callable[[Sequence[int]], Found], parts: Sequence[Sequence[int]]
) -> Iterator[Found]:
    """Start the processes of a pool; Ctrl-C is none of their business."""
    if not hasattr(signal, "pthread_sigmask"):
        return pool.map(task, parts)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return pool.map(task, parts)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_others() -> None:
    """End the processes of the pool."""
    for process in active_children():
        process.terminate()


def _follow() -> None:
    """End this process of the pool when the one that started it is killed."""

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@cache
def _prepared(target: str, settings: tuple[tuple[str, object], ...]) -> tuple[System, tuple[Mutant, ...]]:
    system = library.find(target).system(dict(settings))
    return system, tuple(mutants(system))


def _judge(
    target: str, settings: tuple[tuple[str, object], ...], max_states: int | None, numbers: Sequence[int]
) -> Found:
    """Judge some mutants, in a process of its own."""
    system, every = _prepared(target, settings)
    limits = Limits(max_states=max_states)
    return [
        (number, judge(system, mutated(system, every[number]), limits, fair=every[number].kind == "fairness"))
        for number in numbers
    ]


def _identity(system: System, every: tuple[Mutant, ...]) -> str:
    text = repr((__version__, system.machines, system.properties, [mutant.what for mutant in every]))
    return hashlib.sha256(text.encode()).hexdigest()


# -- the journal ------------------------------------------------------------------------------------------------------


@contextmanager
def _kept(path: Path | None, identity: str) -> Iterator[Journal | None]:
    """Open the journal of a campaign; a new one begins with the identity of the campaign."""
    if path is None:
        yield None
        return
    try:
        journal = Journal(path)
    except OSError as problem:
        raise _unkept(path, problem) from None
    with closing(journal):
        records = journal.records()
        if not records:
            _write(journal, {"campaign": identity})
        elif records[0] != {"campaign": identity}:
            raise SpecificationError(
                "Q51",
                f"{path.as_posix()} is of another campaign",
                hint="name the same target and parameters, or another file",
            )
        yield journal


def _known(journal: Journal) -> dict[int, Judged]:
    """Return what a journal tells already."""
    return {
        record.pop("mutant"): Judged(**record | {"killed_by": tuple(record["killed_by"])})
        for record in journal.records()[1:]
    }


def _keep(journal: Journal, found: Found) -> None:
    _write(journal, *({"mutant": number, **asdict(one)} for number, one in found))


def _write(journal: Journal, *records: Record) -> None:
    try:
        journal.write(*records)
    except OSError as problem:
        raise _unkept(journal.path, problem) from None


def _unkept(path: Path, problem: OSError) -> SpecificationError:
    return SpecificationError("Q51", f"{path.as_posix()} cannot be kept: {problem.strerror}")
