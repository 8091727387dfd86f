"""Machines and whole systems as small graphs, which `pictures` writes; `statespace` makes the same graphs of runs.

A *final* state is one in which the system may rest as far as this machine can tell: `rest` is evaluated with the
machine's state known (for a machine with copies: one copy's) and everything else unknown, and does not come out false.
States are marked only where `rest` speaks of the machine's state. *Initial* states are marked likewise by `initially`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from quiesce.core.domains import Copy, Symbols, Value, shown
from quiesce.core.expressions import MEANING, TRUE, Apply, Argument, Constant, Expr, Fresh, Op, Read, children, walk
from quiesce.core.printing import expression
from quiesce.core.system import STATE, Machine, Row, RowKind, System

# -- the graph -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A state, or a machine without states. The first of `lines` is its name; nodes of one `group` are framed."""

    id: str
    lines: tuple[str, ...]
    group: str | None = None
    initial: bool = False
    final: bool = False
    mark: Literal["", "deadlock", "outside"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is written at an edge for a row or a step; rows that differ in their triggers alone share an entry."""

    names: tuple[str, ...]
    parts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((", ".join(self.names), *self.parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An arrow between two nodes by their ids, with its entries in the order of the specification."""

    source: str
    target: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """A graph to draw; `legend` explains its signs, a sentence a line."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    legend: tuple[str, ...] = ()


def joined(arrows: Iterable[tuple[str, str, Entry]]) -> tuple[Edge, ...]:
    """Return one edge for all entries between the same nodes; neighbours that differ only in their names become one."""
    edges: dict[tuple[str, str], list[Entry]] = {}
    for source, target, entry in arrows:
        entries = edges.setdefault((source, target), [])
        if entries and entries[-1].parts == entry.parts:
            entry = replace(entry, names=entries.pop().names + entry.names)
        entries.append(entry)
    return tuple(
        Edge(source=source, target=target, entries=tuple(entries)) for (source, target), entries in edges.items()
    )


# -- from machines to graphs -----------------------------------------------------------------------------------------


def of_machine(system: System, name: str) -> Diagram:
    """Return the diagram of one machine; raises SpecificationError (Q09) where there is none of that name."""
    machine = system.machine(name)
    return _diagram(system, f"{system.name}: {_title(machine)}", [machine], framed=False)


def of_system(system: System) -> Diagram:
    """Return all machines side by side; equal trigger names show who takes part in whose calls."""
    return _diagram(system, system.name, list(system.machines), framed=True)


def _diagram(system: System, title: str, machines: list[Machine], *, framed: bool) -> Diagram:
    taken: set[str] = set()
    drawn = [_drawn(system, machine, _title(machine) if framed else None, taken) for machine in machines]
    return Diagram(
        title=title,
        nodes=tuple(node for nodes, _ in drawn for node in nodes),
        edges=tuple(edge for _, edges in drawn for edge in edges),
        legend=_legend(system, machines),
    )


def _title(machine: Machine) -> str:
    if machine.observer:
        return f"{machine.name} (observer)"
    if machine.copies is not None:
        return f"{machine.name} ({machine.copies} {'copy' if machine.copies == 1 else 'copies'})"
    return machine.name


def _drawn(
    system: System, machine: Machine, group: str | None, taken: set[str]
) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return a machine's nodes, and an edge for each pair of states that rows lead from and to."""
    states = _states(machine) or (machine.name,)
    names = [shown(state) for state in states]
    ids = [_free(name if group is None else f"{machine.name}.{name}", taken) for name in names]
    nodes = tuple(
        Node(
            id=id,
            lines=(name,),
            group=group,
            initial=_starts(system, machine, state),
            final=_decides(system.rest, machine) and _may(system.rest or TRUE, machine, state),
        )
        for id, name, state in zip(ids, names, states, strict=True)
    )
    edges = joined(
        (ids[states.index(source)], ids[states.index(target)], _entry(machine, row, moved=moved))
        for row in machine.rows
        for source in (states if row.sources is None else row.sources)
        for targets, moved in [_targets(machine, row, source)]
        for target in targets
    )
    return nodes, edges


def _free(id: str, taken: set[str]) -> str:
    while id in taken:
        id += "'"
    taken.add(id)
    return id


def _states(machine: Machine) -> tuple[Value, ...]:
    domain = next((variable.domain for variable in machine.variables if variable.name == STATE), None)
    return domain.names if isinstance(domain, Symbols) else ()


def _targets(machine: Machine, row: Row, source: Value) -> tuple[tuple[Value, ...], bool]:
    """Return where a row may lead, and whether the arrow says it all: a computed next state is also written out."""
    if row.dest is not None:
        return (row.dest,), True
    written = dict(row.effects).get(STATE)
    if written is None:
        return (source,), True
    leaves = set(_leaves(written, machine, source))
    return tuple(state for state in _states(machine) if state in leaves), isinstance(written, Constant)


def _leaves(expr: Expr, machine: Machine, source: Value) -> Iterator[Value]:
    """Yield what a computed next state can be: the branches of conditions, the state itself, or else every state."""
    match expr:
        case Constant(value=value):
            yield value
        case Apply(op=Op.ITE, operands=(_, then, otherwise)):
            yield from _leaves(then, machine, source)
            yield from _leaves(otherwise, machine, source)
        case Read(machine=owner, variable=variable, copy=None) if owner == machine.name and variable == STATE:
            yield source
        case _:
            yield from _states(machine)


def _entry(machine: Machine, row: Row, *, moved: bool) -> Entry:
    """Return the text of a row: its trigger with its sign, then condition, effects, results and options."""
    sign = {RowKind.CALLS: "!", RowKind.ON: "?", RowKind.STEP: ""}[row.kind]
    name = row.trigger.removeprefix(f"{machine.name}.") if row.kind is RowKind.STEP else row.trigger
    arguments = ", ".join(argument.name for argument in row.arguments)
    parts = []
    if row.guard != TRUE:
        parts.append(f"[{expression(_own(row.guard, machine, row))}]")
    effects = [
        f"{expression(_own(Read(machine.name, variable), machine, row))} := {expression(_own(effect, machine, row))}"
        for variable, effect in row.effects
        if variable != STATE or not moved
    ]
    if effects:
        parts.append(f"/ {', '.join(effects)}")
    if row.returns is not None:
        parts.append(f"-> {' or '.join(map(shown, row.returns))}")
    if row.gets is not None:
        parts.append(f"gets {' or '.join(map(shown, row.gets))}")
    options = [*(["every copy"] if row.every else []), *([row.fair] if row.fair else [])]
    if options:
        parts.append(f"{{{', '.join(options)}}}")
    return Entry(names=(f"{name}{sign}{f'({arguments})' if arguments else ''}",), parts=tuple(parts))


def _own(expr: Expr, machine: Machine, row: Row) -> Expr:
    """Call a machine's own variables by their bare names, but for one that an argument of the row is named like."""
    match expr:
        case Read(machine=owner, variable=variable, copy=None) if owner == machine.name:
            taken = any(argument.name == variable for argument in row.arguments)
            return expr if taken else Argument(variable)
        case Read(machine=owner, variable=variable, copy=copy) if copy is not None:
            return Read(owner, variable, _own(copy, machine, row))
        case Apply(op=op, operands=operands):
            return Apply(op, tuple(_own(operand, machine, row) for operand in operands))
        case _:
            return expr


# -- what one machine's state decides --------------------------------------------------------------------------------


_UNKNOWN = object()
"""What a condition comes to where one machine's state does not decide it."""


def _starts(system: System, machine: Machine, state: Value) -> bool:
    initial = machine.variable(STATE).initial if _states(machine) else ()
    return state in initial and _may(system.initially, machine, state)


def _decides(rest: Expr | None, machine: Machine) -> bool:
    """Tell whether `rest` speaks of the machine's state."""
    return bool(_states(machine)) and any(
        (isinstance(node, Read) and node.machine == machine.name and node.variable == STATE)
        or (isinstance(node, Fresh) and node.machine == machine.name)
        for node in walk(rest or TRUE)
    )


def _may(expr: Expr, machine: Machine, state: Value) -> bool:
    """Tell whether a condition can be true while some copy of the machine is in the state."""
    return any(_known(expr, machine, copy, state) is not False for copy in machine.indices() or (None,))


def _known(expr: Expr, machine: Machine, copy: int | None, state: Value) -> object:
    match expr:
        case Constant(value=value):
            return value
        case Read(machine=owner, variable=variable, copy=whose) if owner == machine.name and variable == STATE:
            mine = whose is None if copy is None else whose == Constant(Copy(machine.name, copy))
            return state if mine else _UNKNOWN
        case Fresh(machine=owner) if owner == machine.name:
            return _UNKNOWN if state in machine.variable(STATE).initial else False
        case Apply(op=op):
            operands = [_known(operand, machine, copy, state) for operand in children(expr)]
            if op in (Op.AND, Op.OR) and any(operand is (op is Op.OR) for operand in operands):
                return op is Op.OR
            if op is Op.ITE and operands[0] is not _UNKNOWN:
                return operands[1] if operands[0] else operands[2]
            return _UNKNOWN if _UNKNOWN in operands else MEANING[op](*operands)
        case _:
            return _UNKNOWN


def _legend(system: System, machines: list[Machine]) -> tuple[str, ...]:
    rows = [row for machine in machines for row in machine.rows]
    signs = [
        (any(row.kind is RowKind.CALLS for row in rows), "name! calls"),
        (any(row.kind is RowKind.ON for row in rows), "name? takes part in a call"),
        (any(row.kind is RowKind.STEP for row in rows), "name alone is a step of its own"),
        (any(row.guard != TRUE for row in rows), "[condition]"),
        (any(row.effects for row in rows), "/ changes"),
        (any(row.returns is not None for row in rows), "-> what it returns"),
        (any(row.gets is not None for row in rows), "gets what it accepts"),
        (any(row.every for row in rows), "{every copy} all move at once"),
        (any(row.fair for row in rows), "{weak}, {strong} fairness"),
    ]
    marks = "arrow from a point: initial; double border: the system may rest in this state"
    if not any(_decides(system.rest, machine) for machine in machines):
        why = "the system has no `rest`" if system.rest is None else "`rest` does not speak of it"
        marks = f"arrow from a point: initial; no state is marked as final, since {why}"
    lines = (
        ";  ".join(text for used, text in signs[:3] if used),
        ";  ".join(text for used, text in signs[3:] if used),
        marks if any(map(_states, machines)) else "",
    )
    return tuple(line for line in lines if line)
