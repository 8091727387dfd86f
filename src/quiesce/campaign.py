"""A campaign: all mutants of a target, judged in several processes, with a journal from which it goes on."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from quiesce import library
from quiesce.core.errors import SpecificationError
from quiesce.core.mutants import Campaign, Mutant, MutantResult
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.mutating import judge
from quiesce.engines.native.journal import Journal, Record
from quiesce.engines.options import Limits
from quiesce.language.mutations import mutants, mutated
from quiesce.processes import mapping
from quiesce.version import __version__

TOGETHER = 4
"""Mutants that a process judges before it reports."""


@dataclass(frozen=True, slots=True)
class Named:
    """A system by the name of its target and its parameters, as another process can make it again."""

    target: str
    settings: tuple[tuple[str, object], ...]

    def system(self) -> System:
        """Return the system; raises SpecificationError for every mistake in it."""
        return library.find(self.target).system(dict(self.settings))


Source = Named | System


def run(
    source: Source,
    *,
    processes: int = 1,
    max_states: int | None = None,
    journal: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Campaign:
    """Judge every mutant of a system, in this process or, with several `processes`, in as many others.

    Raises SpecificationError: Q48 where the system itself does not hold, or cannot be sent to other processes; Q50 for
    a journal that was altered, Q51 for one of another campaign, in use by another process, or that cannot be written.
    """
    system, every = _prepared(source)
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
        with _judging(source, system, every, max_states, processes) as judged:
            for found in judged(parts):
                known |= dict(found)
                if kept is not None:
                    _keep(kept, found)
                if progress is not None:
                    progress(len(known), len(every))
    return Campaign(system, every, tuple(known[mutant.number] for mutant in every))


# -- processes --------------------------------------------------------------------------------------------------------

Found = list[tuple[int, MutantResult]]


@contextmanager
def _judging(
    source: Source, system: System, every: tuple[Mutant, ...], max_states: int | None, processes: int
) -> Iterator[Callable[[Sequence[Sequence[int]]], Iterator[Found]]]:
    """Yield what judges groups of mutants, in this process or in others."""
    if processes == 1:
        yield partial(map, partial(_judge, system, every, max_states))
        return
    _check_sent(source)
    with mapping(processes, _begin, source) as mapped:
        yield partial(mapped, partial(_judge_there, max_states))


def _check_sent(source: Source) -> None:
    """Accept what another process can be sent; raises SpecificationError (Q48)."""
    try:
        pickle.dumps(source)
    except Exception:
        raise SpecificationError(
            "Q48",
            "the system cannot be sent to other processes: it has values of a class that they cannot import",
            hint='give a target by its name (file.py:function), or on="here"',
        ) from None


_given: list[tuple[System, tuple[Mutant, ...]]] = []
"""In a process of the pool: what it judges."""


def _begin(source: Source) -> None:
    _given.append(_prepared(source))


def _prepared(source: Source) -> tuple[System, tuple[Mutant, ...]]:
    system = source.system() if isinstance(source, Named) else source
    return system, tuple(mutants(system))


def _judge_there(max_states: int | None, numbers: Sequence[int]) -> Found:
    """Judge some mutants in a process of the pool."""
    system, every = _given[0]
    return _judge(system, every, max_states, numbers)


def _judge(system: System, every: tuple[Mutant, ...], max_states: int | None, numbers: Sequence[int]) -> Found:
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


def _known(journal: Journal) -> dict[int, MutantResult]:
    """Return what a journal tells already."""
    return {
        record.pop("mutant"): MutantResult(**record | {"killed_by": tuple(record["killed_by"])})
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
