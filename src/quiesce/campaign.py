"""A campaign: all mutants of a target, judged in several processes, with a journal from which it goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from quiesce import __version__, library
from quiesce.core.errors import SpecificationError
from quiesce.core.mutants import Campaign, Judged, Mutant
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.mutating import judge
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

    Raises SpecificationError: Q48 where the system itself does not hold, Q51 for a journal of another campaign, or one
    that cannot be written.
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
    known = {} if journal is None else _known(journal, _identity(system, every))
    left = [mutant.number for mutant in every if mutant.number not in known]
    parts = [left[at : at + TOGETHER] for at in range(0, len(left), TOGETHER)]
    task = partial(_judge, target, tuple(settings.items()), max_states)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for found in pool.map(task, parts):
            known |= dict(found)
            if journal is not None:
                with journal.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps({"mutant": number, **asdict(one)}) + "\n" for number, one in found)
            if progress is not None:
                progress(len(known), len(every))
    return Campaign(system, every, tuple(known[mutant.number] for mutant in every))


@cache
def _prepared(target: str, settings: tuple[tuple[str, object], ...]) -> tuple[System, tuple[Mutant, ...]]:
    system = library.find(target).system(dict(settings))
    return system, tuple(mutants(system))


def _judge(
    target: str, settings: tuple[tuple[str, object], ...], max_states: int | None, numbers: Sequence[int]
) -> list[tuple[int, Judged]]:
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


def _known(journal: Path, identity: str) -> dict[int, Judged]:
    """Return what a journal tells already; a new one begins with the identity of the campaign."""
    try:
        lines = journal.read_text(encoding="utf-8", errors="replace").splitlines() if journal.exists() else []
        if not lines:
            journal.write_text(json.dumps({"campaign": identity}) + "\n", encoding="utf-8")
            return {}
    except OSError as problem:
        raise SpecificationError("Q51", f"{journal.as_posix()} cannot be kept: {problem.strerror}") from None
    known: dict[int, Judged] = {}
    for number, line in enumerate(lines):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        record = record if isinstance(record, dict) else {}
        if number == 0 and record.get("campaign") != identity:
            raise SpecificationError(
                "Q51",
                f"{journal.as_posix()} is of another campaign",
                hint="name the same target and parameters, or another file",
            )
        if "mutant" in record:
            mutant = record.pop("mutant")
            known[mutant] = Judged(**record | {"killed_by": tuple(record["killed_by"])})
    return known
