"""What the library holds, as text: models, a model's parameters and properties, and where a clause is used."""

from __future__ import annotations

import re
import textwrap

from quiesce import library, traceability
from quiesce.core.errors import SpecificationError, known
from quiesce.core.properties import Clause
from quiesce.language.parameters import parameters
from quiesce.show import matrix
from quiesce.traceability import Catch

WIDTH = 100
_CLAUSE_ID = re.compile(r"[A-Z]+-[0-9A-F]+")


def listing(what: str | None, form: str = "text") -> str:
    """Return the library's models and checks; or of a target its parameters, machines and properties; or of a clause
    its uses; or the defects, as a table in Markdown too.

    Raises SpecificationError: Q07 for an unknown clause, Q48 for a format that there is not, and what `library.find`
    raises for a target.
    """
    if form != "text" and (form, what) != ("markdown", "defects"):
        raise SpecificationError("Q48", f"--format {form}: there is text, and markdown for defects")
    if what is None:
        return _library()
    if what == "defects":
        return _defects() if form == "text" else matrix.defects(traceability.defects(), traceability.caught())
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
    found = traceability.matrix()
    if name not in found:
        raise SpecificationError("Q07", f"no clause {name!r}", hint=known(name, found))
    one = found[name]
    lines = _wrapped(one.clause)
    for word, texts in (("row", one.rows), ("property", one.properties)):
        lines += [f"  {word:<9} {text}" for text in texts]
    catalogued, catches = traceability.defects(), traceability.caught()
    for defect in one.defects:
        lines += textwrap.wrap(
            f"{defect} {catalogued[defect].text}{_by(catches.get(defect))}",
            WIDTH,
            initial_indent="  defect    ",
            subsequent_indent=" " * 16,
        )
    if one.checks:
        lines.append("  checks    " + ", ".join(f"{file} ({number})" for file, number in one.checks.items()))
    if not one.covered:
        lines.append("  no row, no property and no defect names it")
    return "\n".join(lines)


def _by(catch: Catch | None) -> str:
    """Return in words what catches a defect."""
    if catch is None:
        return ""
    broken = ", ".join(word if length is None else f"{word} in {length} steps" for word, length in catch.broken)
    return f" ({catch.check.model}: {broken})"


def _wrapped(clause: Clause) -> list[str]:
    core = "core" if clause.core else "extended"
    lines = textwrap.wrap(f"{clause.id} ({clause.level}, {core}): {clause.text}", WIDTH, subsequent_indent="    ")
    return [*lines, f"    source: {clause.source}"]


# -- defects ---------------------------------------------------------------------------------------------------------


def _defects() -> str:
    """Return the catalogue of defects with the properties that catch each, as its check says."""
    catalogued, catches = traceability.defects(), traceability.caught()
    lines = []
    for name, defect in catalogued.items():
        about = f"{name:<5} {defect.text}{_by(catches.get(name)) or ': not caught'}"
        lines += textwrap.wrap(about, WIDTH, subsequent_indent=" " * 6)
    return "\n".join([*lines, f"{sum(name in catches for name in catalogued)} of {len(catalogued)} defects are caught"])
