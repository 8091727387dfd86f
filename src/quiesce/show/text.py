"""Answers as text: a line for each property, a table for each trace that shows only what changes."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence

from quiesce.core.domains import shown
from quiesce.core.flat import Participant
from quiesce.core.lint import Kind
from quiesce.core.result import PropertyAnswer, SystemAnswers, Verdict
from quiesce.core.system import RowKind, System
from quiesce.core.trace import Label, State, Step, Trace, changed

WORD = {Verdict.HOLDS: "holds", Verdict.VIOLATED: "VIOLATED", Verdict.UNKNOWN: "unknown"}
WIDTH = 118


def report(result: SystemAnswers, *, plain: bool = False, traces: bool = True) -> str:
    """Return the answers for a system: one line each, violations with their counterexample and clause, then the counts.

    With `plain` nothing is printed that varies from run to run.
    """
    width = max(len(answer.property.name) for answer in result.properties)
    ids = max(len(answer.property.id or "") for answer in result.properties)
    lines: list[str] = []
    for answer in result.properties:
        lines.append(_line(answer, width, ids))
        if answer.note:
            lines.append(f"          {answer.note}")
        if traces and answer.trace is not None and answer.verdict is Verdict.VIOLATED:
            lines += ["", *clauses(result.system, answer), *table(result.system, answer.trace), ""]
    lines.append(f"  {summary(result, plain=plain)}")
    if result.reduction:
        lines.append(f"  {result.reduction}")
    lines += [f"  {line}" for line in lint_line(result)]
    return "\n".join(lines)


def _line(answer: PropertyAnswer, width: int, ids: int) -> str:
    flags = f"  [{', '.join(answer.flags)}]" if answer.flags else ""
    name, id = answer.property.name, answer.property.id or ""
    scope = answer.scope if answer.value is None else f"at most {answer.value} ({answer.scope})"
    return f"{WORD[answer.verdict]:<9} {name:<{width}}  {id:<{ids}}  {scope}{flags}".rstrip()


def summary(result: SystemAnswers, *, plain: bool = False) -> str:
    """Return the line with the system's name, parameters and counts."""
    counts = f"{counted(result.states, 'state')}, {counted(result.transitions, 'transition')}, depth {result.depth}"
    speed = "" if plain else f", {result.seconds:.3f} s of search"
    about = f"; estimated ≥ {result.forecast:,} states (from level widths)" if result.forecast else ""
    stopped = f" (stopped: {result.stopped}{about})" if result.stopped else ""
    return f"{title(result.system)}: {counts}{speed}{stopped}"


def lint_line(result: SystemAnswers) -> list[str]:
    """Return a line about what lint found; none where nobody asked."""
    if result.remarks is None:
        return []
    if not result.remarks:
        return ["lint: nothing vacuous, nothing dead"]
    numbers = Counter(remark.kind for remark in result.remarks)
    return ["lint: " + ", ".join(_many(numbers[kind], kind.value) for kind in Kind if numbers[kind])]


def _many(number: int, kind: str) -> str:
    """Return a number of remarks in words: `3 rows never taken`."""
    first, _, rest = kind.partition(" ")
    if number == 1:
        return f"1 {kind}"
    return f"{number} {first} properties" if rest == "property" else f"{counted(number, first)} {rest}"


def lint(result: SystemAnswers) -> str:
    """Return every remark on a system, with its place, and how many there are."""
    lines = [
        f"{f'{remark.place}: ' if remark.place else ''}{remark.kind.value}: {remark.about}"
        for remark in result.remarks or ()
    ]
    unseen = ["lint: not judged, for not every state was seen"] if result.remarks is None else lint_line(result)
    return "\n".join([*lines, *(f"{title(result.system)}: {line}" for line in unseen)])


def title(system: System) -> str:
    """Return a system's name with its parameters."""
    given = ", ".join(f"{name}={_parameter(value)}" for name, value in system.parameters.items())
    return f"{system.name}({given})"


def _parameter(value: object) -> str:
    return shown(value) if isinstance(value, bool | int | str) else str(value)


def clauses(system: System, answer: PropertyAnswer) -> list[str]:
    """Return the clauses of a property, each with its level and paraphrase."""
    lines = []
    for name in answer.property.clauses:
        clause = system.clauses[name]
        lines += textwrap.wrap(
            f"{clause.id} ({clause.level}): {clause.text}", WIDTH, initial_indent="    ", subsequent_indent="        "
        )
    return lines


# -- traces ----------------------------------------------------------------------------------------------------------


def table(system: System, trace: Trace) -> list[str]:
    """Return a trace as the lines of a table: step, who does what, what it returns, and only what changes."""
    rows = [("step", "who", "does", "returns", "what changes"), ("0", "", "", "", _start(system, trace.start))]
    state = trace.start
    for number, step in enumerate(trace.steps, start=1):
        again = trace.loop is not None and number > trace.loop
        rows.append(_row(system, state, step, f"{number} *" if again else str(number)))
        state = step.target or state
    lines = ["    " + line for line in _aligned(rows)]
    if trace.loop is not None:
        lines.append("    * this loop repeats forever")
    return lines


def _start(system: System, state: State) -> str:
    """Return what a reader must know of the first state: where the machines are, and what is not at its first value."""
    told = []
    for cell, value in zip(system.flat.cells, state, strict=True):
        several = len(cell.initial) > 1
        if several or (cell.variable == "state" and not system.by_name[cell.machine].observer):
            told.append(f"{cell.label}={shown(value)}")
    return ", ".join(told)


def _row(system: System, before: State, step: Step, number: str) -> tuple[str, str, str, str, str]:
    result = "" if step.label.result is None else shown(step.label.result)
    if step.departure is not None:
        left = step.departure
        what = f"{left.cell} would be {left.value}, outside {left.domain}"
    else:
        assert step.target is not None
        what = ", ".join(f"{cell}={shown(value)}" for cell, value in changed(system, before, step.target)) or "nothing"
    return number, who(system, step.label), does(system, step.label), result, what


def who(system: System, label: Label) -> str:
    """Return who starts an event: a machine or a copy, or nobody of the system."""
    for part in label.participants:
        if system.by_name[part.machine].rows[part.row].kind is not RowKind.ON:
            return named(part)
    return "(environment)"


def does(system: System, label: Label) -> str:
    """Return what happens: the trigger with its arguments, and which copies take part in it."""
    own = next(
        (
            part.machine
            for part in label.participants
            if system.by_name[part.machine].rows[part.row].kind is RowKind.STEP
        ),
        None,
    )
    name = label.trigger.removeprefix(f"{own}.") if own else label.trigger
    arguments = ", ".join(f"{argument}={shown(value)}" for argument, value in label.arguments)
    others = [
        named(part)
        for part in label.participants
        if part.copy is not None and system.by_name[part.machine].rows[part.row].kind is RowKind.ON
    ]
    return name + (f"({arguments})" if arguments else "") + (f" with {', '.join(others)}" if others else "")


def named(part: Participant) -> str:
    """Return a participant's name: `provider`, `client[0]`."""
    return part.machine if part.copy is None else f"{part.machine}[{part.copy}]"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    indent = sum(widths) + 2 * len(widths)
    for row in rows:
        head = "  ".join(f"{text:<{width}}" for text, width in zip(row[:-1], widths, strict=True))
        wrapped = textwrap.wrap(row[-1], max(40, WIDTH - indent - 4)) or [""]
        yield f"{head}  {wrapped[0]}".rstrip()
        for more in wrapped[1:]:
            yield " " * indent + more


def verdict_line(results: Sequence[SystemAnswers], expected: int, deviating: int) -> str:
    """Return the last line: one verdict over everything. `expected` checks came with expectations, `deviating` missed
    them.
    """
    verdicts = [answer.verdict for result in results for answer in result.properties]
    asked = f"{counted(len(verdicts), 'property')} of {counted(len(results), 'system')}"
    if deviating:
        return f"NOT AS EXPECTED: {deviating} of {counted(expected, 'check')} ({asked})"
    if expected == len(results) and Verdict.VIOLATED in verdicts:
        return f"all as expected: {asked}, {verdicts.count(Verdict.VIOLATED)} of them violated as they should be"
    for verdict in (Verdict.VIOLATED, Verdict.UNKNOWN):
        if verdict in verdicts:
            return f"{WORD[verdict]}: {verdicts.count(verdict)} of {asked}"
    return f"all hold: {asked}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: `1 state`, `2 properties`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
