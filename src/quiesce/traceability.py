"""What stands for each clause: rows that have it, properties that ask it, defects that break it, checks that show it.

Defects are catalogued in `spec/defects.toml`; which property catches one, and how soon, is in the checks files, whose
lengths are those of the reference interpreter.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from quiesce import expectations, library
from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.properties import Clause
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.expectations import Check
from quiesce.language.clauses import catalogue

DEFECTS = "spec/defects.toml"
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """A defect of the catalogue: what is wrong, the clauses that it breaks, and what is known of it.

    `evidence` is seen (in source code), reported (in public) or hypothetical; `where` names the code or the report.
    """

    id: str
    text: str
    clauses: tuple[str, ...]
    evidence: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """A check of a model with a defect: the properties named by the catalogue that it breaks, with their lengths."""

    check: Check
    file: str
    broken: tuple[tuple[str, int | None], ...]


@dataclass(slots=True, kw_only=True)
class Coverage:
    """What stands for one clause, as texts and places; each list in the order of the library."""

    clause: Clause
    rows: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    checks: dict[str, int] = field(default_factory=dict)

    @property
    def covered(self) -> bool:
        """Some row has the clause, or some property asks it, or some defect breaks it."""
        return bool(self.rows or self.properties or self.defects)


def defects() -> Mapping[str, Defect]:
    """Return the catalogue of defects, if there is one; raises SpecificationError (Q07) for a file that is none."""
    file = library.root() / DEFECTS
    if not file.is_file():
        return {}
    place = Place(str(file), 1)
    clauses = catalogue(library.root()) or {}
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        found = {
            name: Defect(
                id=name,
                text=table["text"],
                clauses=tuple(table["clauses"]),
                evidence=table["evidence"],
                where=table.get("where", ""),
            )
            for name, table in tables.items()
        }
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
        raise SpecificationError("Q07", f"{DEFECTS} is no catalogue of defects: {problem}", place=place) from None
    for defect in found.values():
        for name in defect.clauses:
            if name not in clauses:
                raise SpecificationError("Q07", f"no clause {name!r}", place=place, hint=known(name, clauses))
    return found


def caught() -> Mapping[str, Catch]:
    """Return for each defect the check that shows which properties catch it."""
    found = {}
    for file in library.checks():
        for check in expectations.read(file):
            name = str(check.parameters.get("defect", NONE))
            if name != NONE and check.expect:
                broken = tuple(
                    (word, expected.length)
                    for word, expected in check.expect.items()
                    if expected.verdict is Verdict.VIOLATED
                )
                found[name] = Catch(check=check, file=file.name, broken=broken)
    return found


def correct() -> tuple[tuple[str, Check, System], ...]:
    """Return the systems of all checks without a defect, each with the file of its check."""
    return _correct(library.root())


@cache
def _correct(_root: Path) -> tuple[tuple[str, Check, System], ...]:
    rows = [(file.name, check) for file in library.checks() for check in expectations.read(file)]
    return tuple(
        (file, check, library.find(check.model).system(check.parameters))
        for file, check in rows
        if check.parameters.get("defect", NONE) == NONE and file != library.BENCH_CHECKS
    )


def matrix() -> Mapping[str, Coverage]:
    """Return what stands for each clause of the catalogue, over all correct models of the checks files."""
    found = {name: Coverage(clause=clause) for name, clause in (catalogue(library.root()) or {}).items()}
    for file, check, system in correct():
        for name in system.clauses:
            one = found[name]
            one.checks[file] = one.checks.get(file, 0) + 1
            rows, questions = _uses(system, check.model, name)
            one.rows += [text for text in rows if text not in one.rows]
            one.properties += [text for text in questions if text not in one.properties]
    catches = caught()
    for defect in defects().values():
        for name in defect.clauses:
            found[name].defects.append(defect.id)
            if defect.id in catches:
                file = catches[defect.id].file
                found[name].checks[file] = found[name].checks.get(file, 0) + 1
    return found


def _uses(system: System, model: str, clause: str) -> tuple[list[str], list[str]]:
    rows = [
        f"{model}: {machine.name} {row.kind.value} {row.trigger} ({row.place})"
        for machine in system.machines
        for row in machine.rows
        if clause in row.clauses
    ]
    questions = [
        f"{model}: {question.id or '-'} {question.name} ({question.place})"
        for question in system.properties
        if clause in question.clauses
    ]
    return list(dict.fromkeys(rows)), questions
