"""Machines and systems as small graphs, and graphs as DOT and Mermaid text: the same input gives the same bytes.

A *final* state is one in which the system may rest as far as this machine can tell: `rest` is evaluated with the
machine's state known (for a machine with copies: one copy's) and everything else unknown, and does not come out false.
States are marked only where `rest` speaks of the machine's state. *Initial* states are marked likewise by `initially`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
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
    """Return one edge for all entries between the same nodes; neighbours that differ in their names alone are one entry."""
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
    drawn = [_drawn(system, machine, _title(machine) if framed else None) for machine in machines]
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


def _drawn(system: System, machine: Machine, group: str | None) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Return a machine's nodes, and an edge for each pair of states that rows lead from and to."""
    states = _states(machine) or (machine.name,)
    names = [shown(state) for state in states]
    prefix = f"{machine.name}." if group is not None else ""
    ids = [
        f"{prefix}{name}" if names.count(name) == 1 else f"{prefix}{name} ({number})"
        for number, name in enumerate(names)
    ]
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
        for targets, moved in [_targets(row, source, states)]
        for target in targets
    )
    return nodes, edges


def _states(machine: Machine) -> tuple[Value, ...]:
    domain = next((variable.domain for variable in machine.variables if variable.name == STATE), None)
    return domain.names if isinstance(domain, Symbols) else ()


def _targets(row: Row, source: Value, states: tuple[Value, ...]) -> tuple[tuple[Value, ...], bool]:
    """Return where a row may lead, and whether the arrow says it all: a computed next state is also written out."""
    if row.dest is not None:
        return (row.dest,), True
    written = dict(row.effects).get(STATE)
    if written is None:
        return (source,), True
    leaves = set(_leaves(written, source, states))
    return tuple(state for state in states if state in leaves), isinstance(written, Constant)


def _leaves(expr: Expr, source: Value, states: tuple[Value, ...]) -> Iterator[Value]:
    match expr:
        case Constant(value=value):
            yield value
        case Apply(op=Op.ITE, operands=(_, then, otherwise)):
            yield from _leaves(then, source, states)
            yield from _leaves(otherwise, source, states)
        case Read(variable=variable, copy=None) if variable == STATE:
            yield source
        case _:
            yield from states


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


# -- lines of text ---------------------------------------------------------------------------------------------------

_WIDTH = 46
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _wrapped(entry: Entry) -> list[tuple[str, str]]:
    """Break an entry into lines of (names, the rest); what fits on a line is not broken."""
    *above, head = _filled(", ".join(entry.names), "", "  ")
    lines, text = [(line, "") for line in above], ""
    for part in entry.parts:
        if len(head) + len(text) + 1 + len(part) <= _WIDTH + 10:
            text += f" {part}"
            continue
        lines.append((head, text))
        *more, text = _filled(part, "  ", "    ")
        lines += [("", line) for line in more]
        head = ""
    return [*lines, (head, text)]


def _filled(text: str, first: str, others: str) -> list[str]:
    """Break a text after commas and before `and`, `or`; at other spaces only where that leaves too long a piece."""
    pieces = re.split(r"(?<=,) | (?=(?:and|or) )", text)
    kept = " ".join(piece if len(piece) > _WIDTH - 4 else piece.replace(" ", "\0") for piece in pieces)
    filler = textwrap.TextWrapper(
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
    )
    return [line.replace("\0", " ") for line in filler.wrap(kept)] or [""]


def _visible(line: str) -> str:
    """Return a text with something to see in it, without signs that no format can carry."""
    return _UNPRINTABLE.sub("\ufffd", line) if line.strip() else "''"


# -- DOT -------------------------------------------------------------------------------------------------------------

_GROUP = 'fontcolor="#1c2733", fontname="Helvetica", fontsize=13, labeljust="l", margin=32, peripheries=0'
_STYLE = """\
  graph [fontname="Helvetica", fontsize=10, labeljust="l", labelloc="t", nodesep=0.5, ranksep=0.55, pad=0.2];
  node [color="#4a6a8f", fillcolor="#eef3fa", fontcolor="#1c2733", fontname="Helvetica", fontsize=11, shape=box, \
style="rounded,filled", margin="0.16,0.08"];
  edge [arrowsize=0.7, color="#6b7785", fontcolor="#3a4654", fontname="Helvetica", fontsize=9];
"""
_POINT = 'color="#6b7785", fillcolor="#6b7785", shape=point, width=0.09'
_MARKED = {
    "deadlock": ', color="#b03a2e", fillcolor="#fbe9e7"',
    "outside": ', color="#b03a2e", fillcolor="#ffffff", style="dashed"',
    "": "",
}


def dot(diagram: Diagram) -> str:
    """Return a diagram as a DOT digraph, for Graphviz `dot`; labels are HTML-like."""
    out = [f"// {line}\n" for line in diagram.legend]
    out.append(f"digraph {_quoted(diagram.title)} {{\n{_STYLE}  label={_heading(diagram)};\n")
    order = {node.id: number for number, node in enumerate(diagram.nodes)}
    looped = [edge.source for edge in diagram.edges if edge.source == edge.target]
    for number, (group, nodes, edges) in enumerate(_grouped(diagram)):
        if group is not None:
            label = f"<<B>{_html(group)}</B>>"
            out.append(f"  subgraph cluster_{number} {{\n  graph [label={label}, {_GROUP}];\n")
        for node in nodes:
            beside = sum(_lines_of(edge) for edge in edges if edge.source == edge.target == node.id)
            out.append(f"  {_dot_node(node, beside)}\n")
            if node.initial:
                start = _quoted(f"-> {node.id}")
                out.append(f'  {start} [label="", {_POINT}];\n  {start} -> {_quoted(node.id)}:n;\n')
        for edge in edges:
            out.append(f"  {_dot_arrow(edge, order, looped)}label={_dot_label(edge)}];\n")
        out += ["  }\n"] * (group is not None)
    return "".join((*out, "}\n"))


def _dot_arrow(edge: Edge, order: Mapping[str, int], looped: Collection[str]) -> str:
    """Return an edge; at a node with a self-loop it comes in above or leaves below, clear of what stands beside.

    For that, such an edge is written from the earlier node to the later one, whichever way the arrow points.
    """
    upper, lower = sorted((edge.source, edge.target), key=order.__getitem__)
    if upper == lower or not {upper, lower} & set(looped):
        return f"{_quoted(edge.source)} -> {_quoted(edge.target)} ["
    below, above = ":s" if upper in looped else "", ":n" if lower in looped else ""
    back = "" if upper == edge.source else "dir=back, "
    return f"{_quoted(upper)}{below} -> {_quoted(lower)}{above} [{back}"


def _dot_label(edge: Edge) -> str:
    lines = "".join(
        f'{f"<B>{_html(head)}</B>" if head else ""}{_html(text)}<BR ALIGN="LEFT"/>'
        for entry in edge.entries
        for head, text in _wrapped(entry)
    )
    return f'<<TABLE BORDER="0" CELLPADDING="3"><TR><TD ALIGN="LEFT">{lines}</TD></TR></TABLE>>'


def _heading(diagram: Diagram) -> str:
    title = f'<FONT POINT-SIZE="14"><B>{_html(diagram.title)}</B></FONT><BR ALIGN="LEFT"/>'
    legend = "".join(f'<FONT COLOR="#6b7785">{_html(line)}</FONT><BR ALIGN="LEFT"/>' for line in diagram.legend)
    return f'<{title}{legend}<BR ALIGN="LEFT"/>>'


def _dot_node(node: Node, beside: int) -> str:
    """Return a node as high as the lines of its self-loop, so that no other edge runs through them."""
    name, *more = node.lines
    lines = "".join(f'<BR/><FONT POINT-SIZE="9">{_html(line)}</FONT>' for line in more)
    border = ", peripheries=2" if node.final else ""
    height = f", height={0.16 * beside:.2f}" if beside > 3 else ""
    return f"{_quoted(node.id)} [label=<<B>{_html(name)}</B>{lines}>{border}{height}{_MARKED[node.mark]}];"


def _lines_of(edge: Edge) -> int:
    return sum(len(_wrapped(entry)) for entry in edge.entries)


def _grouped(diagram: Diagram) -> list[tuple[str | None, list[Node], list[Edge]]]:
    """Return the groups with their nodes and the edges that leave these, all in the diagram's order."""
    groups: dict[str | None, list[Node]] = {}
    for node in diagram.nodes:
        groups.setdefault(node.group, []).append(node)
    group_of = {node.id: node.group for node in diagram.nodes}
    return [
        (group, nodes, [edge for edge in diagram.edges if group_of[edge.source] == group])
        for group, nodes in groups.items()
    ]


def _quoted(name: str) -> str:
    """Return a quoted name for DOT and for YAML; a doubled backslash keeps the last one from eating the quote."""
    doubled = _visible(name).replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{doubled}"'


def _html(text: str) -> str:
    """Return text for an HTML-like label; a newline breaks the line, leading spaces stay."""
    text = _UNPRINTABLE.sub("\ufffd", text)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(sign, entity)
    indent = len(text) - len(text.lstrip(" "))
    return ("&#160;" * indent + text[indent:] if indent > 1 else text).replace("\n", "<BR/>")


# -- Mermaid ---------------------------------------------------------------------------------------------------------


def mermaid(diagram: Diagram) -> str:
    """Return a diagram as a Mermaid `stateDiagram-v2`."""
    ids = {node.id: f"s{number}" for number, node in enumerate(diagram.nodes)}
    out = [f"---\ntitle: {_quoted(diagram.title)}\n---\nstateDiagram-v2\n"]
    out += [f"    %% {line}\n" for line in diagram.legend]
    for number, (group, nodes, edges) in enumerate(_grouped(diagram)):
        if group is not None:
            out.append(f'    state "{_mermaid(group)}" as g{number} {{\n')
        out += [f'    state "{_lines(node.lines)}" as {ids[node.id]}\n' for node in nodes]
        out += [f"    [*] --> {ids[node.id]}\n" for node in nodes if node.initial]
        for edge in edges:
            label = _lines(f"{head}{text}" for entry in edge.entries for head, text in _wrapped(entry))
            out.append(f"    {ids[edge.source]} --> {ids[edge.target]} : {label}\n")
        out += [f"    {ids[node.id]} --> [*]\n" for node in nodes if node.final]
        out += ["    }\n"] * (group is not None)
    stuck = [ids[node.id] for node in diagram.nodes if node.mark]
    out += ["    classDef stuck fill:#fbe9e7,stroke:#b03a2e\n"] * bool(stuck)
    return "".join((*out, *[f"    class {id} stuck\n" for id in stuck]))


def _lines(lines: Iterable[str]) -> str:
    return "<br/>".join(_mermaid(line.strip()) for line in lines)


def _mermaid(text: str) -> str:
    """Return text in which every sign that could mean something to Mermaid is a numbered entity."""
    kept = "".join(
        sign if sign.isalnum() or sign in " _.,()[]+-=/!?'\n" else f"#{ord(sign)};" for sign in _visible(text)
    )
    return kept.replace("\n", "<br/>")
