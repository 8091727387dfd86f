"""Checks files: which verdicts and counts a model must have, and whether an answer came out so.

    [[check]]
    model = "winsock"
    parameters = { defect = "M01", clients = 2 }
    why = "no counter: the first cleanup tears everything down"
    states = 45639
    transitions = 197824
    depth = 39
    expect = { "PW-01" = { verdict = "violated", length = 3 }, "PW-09" = "holds" }

Counts may be left out. `unfair = ["transmit"]` takes the fairness of some triggers away. With `expect = "holds"` every
property must hold. Only the properties named are searched for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.result import SystemAnswers, Verdict

KEYS = ("model", "parameters", "unfair", "why", "states", "transitions", "depth", "expect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a property must come out as; `length` is that of the counterexample or witness, in steps."""

    verdict: Verdict
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A model, its parameters, the triggers whose fairness is taken away, and what must come out.

    `expect` None: every property holds.
    """

    model: str
    parameters: Mapping[str, object]
    unfair: tuple[str, ...]
    expect: Mapping[str, Expected] | None
    counts: Mapping[str, int]
    why: str
    place: Place = field(compare=False)


def read(file: Path) -> list[Check]:
    """Return the checks of a file; raises SpecificationError (Q43, Q46) with the place of what is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SpecificationError("Q46", f"{file.as_posix()} is no UTF-8 text", hint="save it as UTF-8") from None
    except OSError as problem:
        raise SpecificationError("Q43", f"{file.as_posix()} cannot be read: {problem.strerror}") from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r"line (\d+)", str(problem))
        raise _broken(str(problem), Place(str(file), int(line.group(1)) if line else 1)) from None
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*check\s*\]\]", line)]
    rows = tables.get("check")
    if set(tables) != {"check"} or not isinstance(rows, list) or not rows or len(lines) != len(rows):
        raise _broken("there are only tables [[check]], and at least one", Place(str(file), 1))
    return [_check(row, Place(str(file), line)) for row, line in zip(rows, lines, strict=True)]


def _broken(message: str, place: Place) -> SpecificationError:
    return SpecificationError("Q46", message, place=place, hint="see docs/reference.md, “Checks files”")


def _check(row: Mapping[str, object], place: Place) -> Check:
    for key in row:
        if key not in KEYS:
            raise SpecificationError("Q46", f"a check has no {key!r}", place=place, hint=known(key, KEYS))
    model, parameters, why = row.get("model"), row.get("parameters", {}), row.get("why", "")
    if not isinstance(model, str) or not isinstance(parameters, dict) or not isinstance(why, str):
        raise _broken('a check needs model = "..."; parameters is a table and why a text', place)
    unfair = row.get("unfair", [])
    if not isinstance(unfair, list) or not all(isinstance(trigger, str) for trigger in unfair):
        raise _broken("unfair is a list of triggers", place)
    counts: dict[str, int] = {}
    for key in ("states", "transitions", "depth"):
        value = row.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            counts[key] = value
        elif key in row:
            raise _broken(f"{key} is a number", place)
    return Check(
        model=model,
        parameters=parameters,
        unfair=tuple(unfair),
        expect=_expect(row.get("expect"), place),
        counts=counts,
        why=why,
        place=place,
    )


def _expect(given: object, place: Place) -> dict[str, Expected] | None:
    if given == "holds":
        return None
    if not isinstance(given, dict) or not given:
        raise _broken('a check needs expect = { "PROPERTY" = "holds" } or expect = "holds"', place)
    return {name: _expected(value, place) for name, value in given.items()}


def _expected(value: object, place: Place) -> Expected:
    table = value if isinstance(value, dict) else {"verdict": value}
    words = [verdict.value for verdict in Verdict]
    length = table.get("length")
    if table.get("verdict") not in words or set(table) - {"verdict", "length"}:
        raise _broken(f"an expected verdict is one of {', '.join(words)}, with a length where there is a trace", place)
    if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
        raise _broken("a length is a number of steps", place)
    return Expected(verdict=Verdict(str(table["verdict"])), length=length)


def deviations(check: Check, result: SystemAnswers) -> list[str]:
    """Return in words what did not come out as a check expects; nothing where all did."""
    wrong = [
        f"{key}: {getattr(result, key):,} instead of {value:,}"
        for key, value in check.counts.items()
        if getattr(result, key) != value
    ]
    expect = check.expect
    if expect is None:
        expect = {answer.property.name: Expected(verdict=Verdict.HOLDS) for answer in result.properties}
    for word, expected in expect.items():
        answer = result.answer(word)
        if answer.verdict is not expected.verdict:
            wrong.append(f"{answer.property.name}: {answer.verdict.value} instead of {expected.verdict.value}")
        elif expected.length is not None and (answer.trace is None or answer.trace.length != expected.length):
            found = "no trace" if answer.trace is None else f"{answer.trace.length} steps"
            wrong.append(f"{answer.property.name}: {found} instead of {expected.length} steps")
    return wrong
