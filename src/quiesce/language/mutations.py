"""Mutants of a system: every small change of one row or one initial value, in a fixed order.

A property that no mutant breaks says little, and a mutant that breaks no property shows what nobody asked. Operators
are those of DeMillo, Lipton and Sayward (Computer 11, 1978) for rows: drop a row; drop or negate a conjunct of a guard;
drop or shift an effect; another destination, result or initial value; less fairness. Observers are left alone: they are
part of what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from quiesce.core.domains import Boolean, Domain, Range, Symbols, Value, shown
from quiesce.core.errors import Place
from quiesce.core.expressions import FALSE, Apply, Constant, Expr, Op, apply
from quiesce.core.mutants import Mutant
from quiesce.core.printing import expression
from quiesce.core.system import STATE, Machine, Row, System, Variable
from quiesce.language.flattening import flatten


def mutated(original: System, mutant: Mutant) -> System:
    """Return the changed system, with the properties of the original; raises SpecificationError if it has none."""
    flat = flatten(mutant.machines, original.properties, initially=original.initially, rest=original.rest)
    return replace(original, machines=mutant.machines, flat=flat)


def mutants(system: System) -> Iterator[Mutant]:
    """Yield every mutant of a system, numbered from 0, machine by machine and row by row."""
    number = 0
    for at, machine in enumerate(system.machines):
        if machine.observer:
            continue
        for kind, what, place, clauses, before, after, changed in _changes(machine, _results(system)):
            machines = (*system.machines[:at], changed, *system.machines[at + 1 :])
            yield Mutant(
                number=number,
                kind=kind,
                machine=machine.name,
                place=place,
                what=what,
                before=before,
                after=after,
                clauses=clauses,
                machines=machines,
            )
            number += 1


_Change = tuple[str, str, Place, tuple[str, ...], str, str, Machine]


def _changes(machine: Machine, results: dict[str, tuple[Value, ...]]) -> Iterator[_Change]:
    for at, row in enumerate(machine.rows):
        for kind, what, changed in _rows(machine, row, results.get(row.trigger, ())):
            rows = (*machine.rows[:at], changed, *machine.rows[at + 1 :])
            after = "" if kind == "row" else told(changed)
            yield kind, what, row.place, row.clauses, told(row), after, replace(machine, rows=rows)
    for at, variable in enumerate(machine.variables):
        for value in _others(variable.domain, variable.initial):
            other = replace(variable, initial=(value,))
            variables = (*machine.variables[:at], other, *machine.variables[at + 1 :])
            what = f"{variable.name} starts as {shown(value)}"
            yield (
                "initial",
                what,
                variable.place,
                (),
                _declared(variable),
                _declared(other),
                replace(machine, variables=variables),
            )


def _rows(machine: Machine, row: Row, results: Sequence[Value]) -> Iterator[tuple[str, str, Row]]:
    """Yield the changes of a row: their kind, what they are, and the changed row."""
    yield "row", "the row is dropped", replace(row, guard=FALSE)
    yield from _guards(row)
    yield from _sources(row)
    if row.dest is not None:
        yield from _destinations(machine, row)
    yield from _effects(machine, row)
    if row.returns is not None:
        for result in row.returns:
            rest = tuple(other for other in row.returns if other != result)
            if rest:
                yield "result", f"never returns {shown(result)}", replace(row, returns=rest)
        for result in results:
            if result not in row.returns:
                yield "result", f"returns {shown(result)} instead", replace(row, returns=(result,))
    if row.fair is not None:
        less: Literal["weak"] | None = "weak" if row.fair == "strong" else None
        yield "fairness", f"fairness is {less or 'gone'}", replace(row, fair=less)


def _guards(row: Row) -> Iterator[tuple[str, str, Row]]:
    parts = _conjuncts(row.guard)
    for at, part in enumerate(parts):
        others = (*parts[:at], *parts[at + 1 :])
        yield "guard", f"{expression(part)} is dropped", replace(row, guard=apply(Op.AND, *others))
        negated = apply(Op.AND, *others, apply(Op.NOT, part))
        yield "guard", f"{expression(part)} is negated", replace(row, guard=negated)


def _conjuncts(guard: Expr) -> tuple[Expr, ...]:
    if isinstance(guard, Constant):
        return ()
    return guard.operands if isinstance(guard, Apply) and guard.op is Op.AND else (guard,)


def _sources(row: Row) -> Iterator[tuple[str, str, Row]]:
    if row.sources is None:
        return
    yield "source", "from every state", replace(row, sources=None)
    for state in row.sources:
        rest = tuple(other for other in row.sources if other != state)
        if rest:
            yield "source", f"not from {shown(state)}", replace(row, sources=rest)


def _destinations(machine: Machine, row: Row) -> Iterator[tuple[str, str, Row]]:
    yield "dest", "stays where it is", replace(row, dest=None)
    for state in machine.variable(STATE).domain.values():
        if state != row.dest:
            yield "dest", f"goes to {shown(state)}", replace(row, dest=state)


def _effects(machine: Machine, row: Row) -> Iterator[tuple[str, str, Row]]:
    for at, (name, effect) in enumerate(row.effects):
        others = (*row.effects[:at], *row.effects[at + 1 :])
        yield "effect", f"{name} is not changed", replace(row, effects=others)
        for shifted in _shifted(machine.variable(name).domain, effect):
            effects = (*row.effects[:at], (name, shifted), *row.effects[at + 1 :])
            yield "effect", f"{name} becomes {expression(shifted)}", replace(row, effects=effects)


def _shifted(domain: Domain, effect: Expr) -> Iterator[Expr]:
    """Yield what an effect could be by mistake: one more or less, the opposite, another name."""
    match domain:
        case Boolean():
            yield apply(Op.NOT, effect)
        case Range():
            yield apply(Op.ADD, effect, Constant(1))
            yield apply(Op.SUB, effect, Constant(1))
        case Symbols() if isinstance(effect, Constant):
            yield from (Constant(name) for name in _others(domain, (effect.value,)))
        case _:
            pass


def _others(domain: Domain, values: Sequence[Value]) -> Iterator[Value]:
    """Yield the next values of a domain after some: the neighbours of a number, the opposite, the following name."""
    match domain:
        case Boolean():
            yield from (value for value in domain.values() if value not in values)
        case Range():
            numbers = [value for value in values if isinstance(value, int)]
            yield from (value for value in (min(numbers) - 1, max(numbers) + 1) if domain.code(value) is not None)
        case Symbols(names=names):
            last = max(names.index(value) for value in values)
            yield from (name for name in (*names[last + 1 :], *names)[:1] if name not in values)


def _results(system: System) -> dict[str, tuple[Value, ...]]:
    """Return for each trigger every result that some row of it returns."""
    found: dict[str, dict[Value, None]] = {}
    for machine in system.machines:
        for row in machine.rows:
            found.setdefault(row.trigger, {}).update(dict.fromkeys(row.returns or ()))
    return {trigger: tuple(results) for trigger, results in found.items()}


# -- as text ----------------------------------------------------------------------------------------------------------


def told(row: Row) -> str:
    """Return a row as one line, in the words of the language."""
    parts = [f"{row.kind.value} {row.trigger}"]
    if row.sources is not None:
        parts.append(f"from {', '.join(shown(state) for state in row.sources)}")
    if row.dest is not None:
        parts.append(f"to {shown(row.dest)}")
    if not isinstance(row.guard, Constant):
        parts.append(f"when {expression(row.guard)}")
    if row.effects:
        parts.append(f"then {', '.join(f'{name} := {expression(effect)}' for name, effect in row.effects)}")
    for word, results in (("returns", row.returns), ("gets", row.gets)):
        if results is not None:
            parts.append(f"{word} {', '.join(shown(result) for result in results)}")
    if row.fair is not None:
        parts.append(f"fair {row.fair}")
    return " ".join(parts)


def _declared(variable: Variable) -> str:
    return f"{variable.name}: {variable.domain}, initially {', '.join(shown(value) for value in variable.initial)}"
