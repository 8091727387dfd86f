"""What the library holds, as text: models, a model's parameters and properties, and where a clause is used."""

from __future__ import annotations

import re
import textwrap

from quiesce import expectations, library
from quiesce.core.errors import SpecificationError, known
from quiesce.core.result import Verdict
from quiesce.core.system import Clause, System
from quiesce.expectations import Check
from quiesce.language.clauses import catalogue
from quiesce.language.parameters import parameters

WIDTH = 100
_CLAUSE_ID = re.compile(r"[A-Z]+-[0-9A-F]+")


def listing(what: str | None) -> str:
    """Return the library's models and checks; or of a target its parameters, machines and properties; or of a clause
    its uses.

    Raises SpecificationError: Q07 for an unknown clause, and what `library.find` raises for a target.
    """
    if what is None:
        return _library()
    if what == "defects":
        return _defects()
    if _CLAUSE_ID.fullmatch(what):
        return _clause(what)
    return _target(what)


def _library() -> str:
    lines = ["models:"]
    for name in library.models():
        system = library.find(name).system()
        lines.append(
            f"  {name:<10} {len(system.machines)} machines, {len(system.flat.rows)} joint rows, "
            f"{len(system.properties)} properties"
        )
    lines += ["checks:", *(f"  {file.name}" for file in library.checks())]
    lines.append("`model-check list MODEL` shows its parameters and properties, `model-check list WSP-06` a clause.")
    return "\n".join(lines)


def _target(target: str) -> str:
    found = library.find(target)
    lines = [f"{target}:"]
    for parameter in parameters(found.function).values():
        lines.append(f"  -c {parameter.name}={parameter.default}  ({parameter})")
    system = found.system()
    lines.append("machines:")
    for machine in system.machines:
        kind = "observer" if machine.observer else "machine" if machine.copies is None else f"{machine.copies} copies"
        lines.append(f"  {machine.name} ({kind}): {', '.join(variable.name for variable in machine.variables)}")
    lines.append("properties:")
    for question in system.properties:
        clauses = f"  [{', '.join(question.clauses)}]" if question.clauses else ""
        lines.append(f"  {question.id or '':<12} {question.kind.value:<15} {question.name}{clauses}")
    return "\n".join(lines)


def _clause(name: str) -> str:
    clauses = catalogue(library.root()) or {}
    if name not in clauses:
        raise SpecificationError("Q07", f"no clause {name!r}", hint=known(name, clauses))
    clause = clauses[name]
    lines = _wrapped(clause)
    used = False
    for model in library.models():
        system = library.find(model).system()
        rows, questions = _uses(system, name)
        for word, found in (("row", rows), ("property", questions)):
            lines += [f"  {model}: {word} {text}" for text in found]
            used = used or bool(found)
    if not used:
        lines.append("  no row and no property names it")
    return "\n".join(lines)


def _wrapped(clause: Clause) -> list[str]:
    core = "core" if clause.core else "extended"
    lines = textwrap.wrap(f"{clause.id} ({clause.level}, {core}): {clause.text}", WIDTH, subsequent_indent="    ")
    return [*lines, f"    source: {clause.source}"]


def _uses(system: System, clause: str) -> tuple[list[str], list[str]]:
    rows = [
        f"{machine.name} {row.kind.value} {row.trigger} ({row.place})"
        for machine in system.machines
        for row in machine.rows
        if clause in row.clauses
    ]
    questions = [
        f"{question.id or '-'} {question.name} ({question.place})"
        for question in system.properties
        if clause in question.clauses
    ]
    return list(dict.fromkeys(rows)), questions


# -- defects ---------------------------------------------------------------------------------------------------------


def _defects() -> str:
    """Return which properties each defect of the checks files breaks, the shortest counterexample first."""
    lines = ["defect  properties that it breaks (steps of the shortest run that shows it); * is named by the catalogue"]
    for file in library.checks():
        for check in expectations.read(file):
            if "defect" in check.parameters:
                lines += _broken(check)
    return "\n".join(lines)


def _broken(check: Check) -> list[str]:
    from quiesce.engines.checking import check as search

    result = search(library.find(check.model).system(check.parameters))
    named = set(check.expect or {})
    lengths = []
    for order, answer in enumerate(result.properties):
        if answer.verdict is Verdict.VIOLATED:
            word = answer.property.id or answer.property.name
            length = answer.trace.length if answer.trace is not None else None
            mark = "*" if named & {answer.property.id, answer.property.name} else ""
            lengths.append(
                (length is None, length or 0, order, f"{word}{mark} ({'never' if length is None else length})")
            )
    defect, _, what = check.why.partition(": ")
    broken = ", ".join(text for *_, text in sorted(lengths))
    return [f"{defect:<7} {what}", *textwrap.wrap(broken, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)]
