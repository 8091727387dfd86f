"""Clauses of a contract, looked up by id in the `clauses.toml` nearest above the file that names them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.properties import Clause, Property
from quiesce.core.system import Machine

FILE = "clauses.toml"


@cache
def catalogue(folder: Path) -> Mapping[str, Clause] | None:
    """Return the clauses that hold in a folder: of `clauses.toml` there or in `spec/`, else of the nearest folder
    above.

    None where no folder above has one. Raises SpecificationError (Q07) for a file that is no catalogue.
    """
    for candidate in (folder / FILE, folder / "spec" / FILE):
        if candidate.is_file():
            return _read(candidate)
    return None if folder.parent == folder else catalogue(folder.parent)


def _read(file: Path) -> Mapping[str, Clause]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        return {
            name: Clause(
                id=name, level=table["level"], core=table["core"], text=table["text"], source=table.get("source", "")
            )
            for name, table in tables.items()
        }
    except (tomllib.TOMLDecodeError, KeyError, TypeError, UnicodeDecodeError) as problem:
        raise SpecificationError(
            "Q07",
            f"{file.name} is no catalogue of clauses: {problem}",
            place=Place(str(file), 1),
            hint='each clause is a table: [WSP-06] with level = "MUST", core = true, text = "...", source = "..."',
        ) from None


def resolve(ids: Iterable[str], place: Place) -> dict[str, Clause]:
    """Return the clauses of ids written at a place; raises SpecificationError (Q07) for an unknown one."""
    found: dict[str, Clause] = {}
    for name in ids:
        clauses = catalogue(Path(place.file).resolve().parent)
        if clauses is None:
            raise SpecificationError(
                "Q07",
                f"no clause {name!r}: there is no {FILE} in this folder or above it",
                place=place,
                hint=f"write {FILE} beside the specification, or leave clause= out",
            )
        if name not in clauses:
            near = [other for other in clauses if other.split("-")[0] == name.split("-")[0]] or list(clauses)
            raise SpecificationError("Q07", f"no clause {name!r}", place=place, hint=known(name, near))
        found[name] = clauses[name]
    return found


def used_clauses(machines: Iterable[Machine], properties: Iterable[Property]) -> dict[str, Clause]:
    """Return the clauses that rows and properties name; raises SpecificationError (Q07) for an unknown one."""
    found: dict[str, Clause] = {}
    for machine in machines:
        for row in machine.rows:
            found |= resolve(row.clauses, row.place)
    for question in properties:
        if question.place is not None:
            found |= resolve(question.clauses, question.place)
    return found
