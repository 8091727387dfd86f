"""A failing plain system made smaller, one change at a time, as long as it still fails; and written as a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.oracle.data import PATH_WORDS, QUANTIFIERS, TRUE, Copy, Expression, Machine, Question, Row, System, Value

CONNECTIVES = frozenset({"and", "or", "not", "implies"}) | PATH_WORDS | QUANTIFIERS


def least(system: System, fails: Callable[[System], bool], tries: int = 600) -> System:
    """Return a system that fails and has no smaller one that does, as far as so many tries tell.

    After a change that was of use the next one is tried where that stood: what came before it was of none.
    """
    start = 0
    while True:
        others = list(smaller(system))
        for offset in range(min(len(others), tries)):
            at = (start + offset) % len(others)
            if fails(others[at]):
                system, start, tries = others[at], at, tries - offset - 1
                break
        else:
            return system


def smaller(system: System) -> Iterator[System]:
    """Yield systems that are a little smaller; some of them could not be written."""
    for at in range(len(system.questions)):
        yield replace(system, questions=_without(system.questions, at))
    for at, machine in enumerate(system.machines):
        yield replace(system, machines=_without(system.machines, at))
        for other in _machines(machine):
            yield replace(system, machines=(*system.machines[:at], other, *system.machines[at + 1 :]))
        if machine.copies:
            yield _fewer(system, Copy(machine.name, machine.copies - 1))
    if system.rest is not None:
        yield replace(system, rest=None)
    for formula in _formulas(system.initially):
        yield replace(system, initially=formula)
    for at, question in enumerate(system.questions):
        for asked in _questions(question):
            yield replace(system, questions=(*system.questions[:at], asked, *system.questions[at + 1 :]))


def _questions(question: Question) -> Iterator[Question]:
    for formula in _formulas(question.formula):
        yield replace(question, formula=formula)
    if question.assuming:
        yield replace(question, assuming=None)
        yield replace(question, assuming=question.assuming[1:])


def _machines(machine: Machine) -> Iterator[Machine]:
    for at in range(len(machine.rows)):
        yield replace(machine, rows=_without(machine.rows, at))
    for at, variable in enumerate(machine.variables):
        yield replace(machine, variables=_without(machine.variables, at))
        if len(variable.initial) > 1:
            first = replace(variable, initial=variable.initial[:1])
            yield replace(machine, variables=(*machine.variables[:at], first, *machine.variables[at + 1 :]))
    for at, row in enumerate(machine.rows):
        for other in _rows(row):
            yield replace(machine, rows=(*machine.rows[:at], other, *machine.rows[at + 1 :]))


def _fewer(system: System, gone: Copy) -> System:
    """Return a system without the last copy of a machine; nobody can be it any more."""

    def left(values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple(value for value in values if value != gone)

    def of(machine: Machine) -> Machine:
        variables = [replace(one, values=left(one.values), initial=left(one.initial)) for one in machine.variables]
        rows = [
            replace(row, arguments=tuple(replace(one, values=left(one.values)) for one in row.arguments))
            for row in machine.rows
        ]
        copies = gone.number if machine.name == gone.machine else machine.copies
        return replace(machine, copies=copies, variables=tuple(variables), rows=tuple(rows))

    return replace(system, machines=tuple(map(of, system.machines)))


def _rows(row: Row) -> Iterator[Row]:
    for at in range(len(row.arguments)):
        yield replace(row, arguments=_without(row.arguments, at))
    for at in range(len(row.then)):
        yield replace(row, then=_without(row.then, at))
    for formula in _formulas(row.when):
        yield replace(row, when=formula)
    for word, plain in (("sources", None), ("dest", None), ("returns", None), ("gets", None), ("fair", None)):
        if getattr(row, word) is not None:
            yield replace(row, **{word: plain})
    if row.every:
        yield replace(row, every=False)


def _formulas(formula: Expression) -> Iterator[Expression]:
    """Yield simpler truth values: true, a part of it, or itself with a simpler part."""
    if formula == TRUE:
        return
    yield TRUE
    if formula[0] in CONNECTIVES:
        word, *parts = formula
        yield from parts
        for at, part in enumerate(parts):
            if word in ("and", "or") and len(parts) > 1:
                yield (word, *_without(tuple(parts), at))
            for other in _formulas(part):
                yield (word, *parts[:at], other, *parts[at + 1 :])


def _without(items: tuple, at: int) -> tuple:
    return items[:at] + items[at + 1 :]
