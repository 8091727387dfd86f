"""Graphs as pictures: DOT and Mermaid text, SVG and PNG. Only this module imports pygraphviz, which brings Graphviz.

The same graph gives the same text, everywhere: DOT and Mermaid are what is compared. SVG and PNG are for people: the
same Graphviz with the same fonts gives the same bytes, but Graphviz measures text with whatever fonts it finds for the
name Helvetica, and its releases lay out differently, so nothing is promised across machines.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Set

from quiesce.show.diagrams import Diagram, Edge, Entry, Node

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
    names = _names(diagram)
    looped = {edge.source for edge in diagram.edges if edge.source == edge.target}
    for number, (group, nodes, edges) in enumerate(_grouped(diagram)):
        if group is not None:
            label = f"<<B>{_html(_visible(group))}</B>>"
            out.append(f"  subgraph cluster_{number} {{\n  graph [label={label}, {_GROUP}];\n")
        for node in nodes:
            beside = sum(
                len(_wrapped(entry))
                for edge in edges
                if {edge.source, edge.target} == {node.id}
                for entry in edge.entries
            )
            name, start = names[node.id]
            out.append(f"  {name} {_dot_node(node, beside)};\n")
            if node.initial:
                out.append(f'  {start} [label="", {_POINT}];\n  {start} -> {name}:n;\n')
        for edge in edges:
            out.append(f"  {_dot_arrow(edge, names, looped)}label={_dot_label(edge)}];\n")
        out += ["  }\n"] * (group is not None)
    return "".join((*out, "}\n"))


def _names(diagram: Diagram) -> dict[str, tuple[str, str]]:
    """Return for each node a name, and one for the point of the arrow to it; all differ, and nodes keep their order."""
    taken: set[str] = set()

    def free(wanted: str) -> str:
        while wanted in taken:
            wanted = f"{wanted[:-1]}'\""
        taken.add(wanted)
        return wanted

    names = {node.id: free(_quoted(node.id)) for node in diagram.nodes}
    return {id: (name, free(_quoted(f"-> {id}"))) for id, name in names.items()}


def _dot_arrow(edge: Edge, names: Mapping[str, tuple[str, str]], looped: Set[str]) -> str:
    """Return an edge; at a node with a self-loop it comes in above or leaves below, clear of what stands beside.

    For that, such an edge is written from the earlier node to the later one, whichever way the arrow points.
    """
    upper, lower = sorted((edge.source, edge.target), key=list(names).index)
    if upper == lower or not {upper, lower} & looped:
        return f"{names[edge.source][0]} -> {names[edge.target][0]} ["
    below, above = ":s" if upper in looped else "", ":n" if lower in looped else ""
    back = "" if upper == edge.source else "dir=back, "
    return f"{names[upper][0]}{below} -> {names[lower][0]}{above} [{back}"


def _dot_label(edge: Edge) -> str:
    lines = "".join(
        f'{f"<B>{_html(head)}</B>" if head else ""}{_html(text)}<BR ALIGN="LEFT"/>'
        for entry in edge.entries
        for head, text in _wrapped(entry)
    )
    return f'<<TABLE BORDER="0" CELLPADDING="3"><TR><TD ALIGN="LEFT">{lines}</TD></TR></TABLE>>'


def _heading(diagram: Diagram) -> str:
    title = f'<FONT POINT-SIZE="14"><B>{_html(_visible(diagram.title))}</B></FONT><BR ALIGN="LEFT"/>'
    legend = "".join(f'<FONT COLOR="#6b7785">{_html(line)}</FONT><BR ALIGN="LEFT"/>' for line in diagram.legend)
    return f'<{title}{legend}<BR ALIGN="LEFT"/>>'


def _dot_node(node: Node, beside: int) -> str:
    """Return how a node looks: as high as the lines of its self-loop, so that no other edge runs through them."""
    name, *more = node.lines
    lines = "".join(f'<BR/><FONT POINT-SIZE="9">{_html(_visible(line))}</FONT>' for line in more)
    border = ", peripheries=2" if node.final else ""
    height = f", height={0.16 * beside:.2f}" if beside > 3 else ""
    return f"[label=<<B>{_html(_visible(name))}</B>{lines}>{border}{height}{_MARKED[node.mark]}]"


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


# -- images ----------------------------------------------------------------------------------------------------------

_COMMENT = re.compile(rb"<!-- (?:Generated by graphviz|Title:).*?-->\s*", re.DOTALL)


def svg(dot_text: str) -> bytes:
    """Return the drawing as SVG, without the comments in which Graphviz names its version and build."""
    return _COMMENT.sub(b"", _drawn(dot_text, "svg")).replace(b"\r\n", b"\n")


def png(dot_text: str) -> bytes:
    """Return the drawing as PNG, at twice the resolution of a plain screen."""
    return _drawn(dot_text.replace("{\n", "{\n  graph [dpi=144];\n", 1), "png")


def _drawn(dot_text: str, form: str) -> bytes:
    from pygraphviz import AGraph

    graph = AGraph(string=dot_text)
    try:
        drawn: bytes = graph.draw(format=form, prog="dot")
    finally:
        graph.close()
    return drawn
