"""PNML files as place/transition nets (ISO/IEC 15909-2, §5 and §7), as the Model Checking Contest publishes them.

What such a net cannot have is refused where it stands, for a net without it would be another one: arcs of other kinds,
capacities, priorities, times, markings of high-level nets, whatever the standard does not name. What stands in
`<toolspecific>`, `<name>` and `<graphics>` is no part of a net. Beyond the standard, nodes may stand in a net without a
page around them, elements may have no namespace, and an arc may say that it is a normal one: many tools write so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from quiesce.bridges.coverability import bounded
from quiesce.bridges.markup import Document, Node, parsed, shown
from quiesce.bridges.nets import NET, Net, Transition, system
from quiesce.core.errors import SpecificationError
from quiesce.language.terms import LARGEST

__all__ = ["NET", "Net", "Transition", "bounded", "read", "system"]

_NAMESPACE = re.compile(r"(https?://www\.pnml\.org/version-\d{4}/grammar/pnml)?")
_TYPE = re.compile(r"https?://www\.pnml\.org/version-\d{4}/grammar/ptnet(\.pntd)?")
_NUMBER = re.compile(r"(-?)\+?([0-9]+)", re.ASCII)
_BLANK = " \t\r\n"

_NODES = ("page", "place", "transition", "arc", "referencePlace", "referenceTransition")
_PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pnml": ((), ("net",)),
    "net": (("id", "type"), ("name", *_NODES)),
    "page": (("id",), ("name", "graphics", *_NODES)),
    "place": (("id",), ("name", "graphics", "initialMarking")),
    "transition": (("id",), ("name", "graphics")),
    "arc": (("id", "source", "target"), ("name", "graphics", "inscription")),
    "referencePlace": (("id", "ref"), ("name", "graphics")),
    "referenceTransition": (("id", "ref"), ("name", "graphics")),
    "initialMarking": ((), ("text", "graphics")),
    "inscription": ((), ("text", "graphics")),
    "text": ((), ()),
}
"""Element -> its attributes, all of which it must have, and the elements that may stand in it."""
_OPAQUE = ("name", "graphics")
"""Elements that say nothing of the net, whatever stands in them."""
_KINDS = ("type", "arctype", "arcType")
"""How tools write of which kind an arc is, as an attribute or as an element."""
_PLAIN = "plain place/transition nets alone are read: what a tool keeps for itself belongs in <toolspecific>"
_REMEDIES = {
    "capacity": "write a capacity as a second place, which holds the room that is left",
    "hlinitialMarking": "unfold a high-level net first",
    "hlinscription": "unfold a high-level net first",
    "declaration": "unfold a high-level net first",
    "condition": "unfold a high-level net first",
}
_ARCS = (
    "plain arcs alone are read: write a read arc as one arc there and one back, an inhibitor arc of a bounded place "
    "as both arcs to a second place, which holds the room that is left"
)


def read(file: Path) -> Net:
    """Return the net of a PNML file; several arcs between the same nodes are one, with the sum of their weights.

    Raises SpecificationError: Q43 for a file that cannot be read, Q44 for one that is no place/transition net, Q01 and
    Q02 for its ids, Q16 for numbers that are too large.
    """
    return _Reader(parsed(file, without="toolspecific")).net()


class _Reader:
    """The elements of one file, by kind and by id."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes: dict[str, Node] = {}
        self.meant: dict[str, Node] = {}

    def net(self) -> Net:
        """Return the net."""
        self._check_root()
        for node in self._elements():
            if "id" in _PARTS[node.tag][0]:
                self._enter(node)
        net = self.document.root.children[0]
        places = {node.attributes["id"]: self._labelled(node, "initialMarking") for node in self._all("place")}
        transitions = {node.attributes["id"]: Transition(takes={}, puts={}) for node in self._all("transition")}
        for node in (*self._all("referencePlace"), *self._all("referenceTransition")):
            self._meant(node)
        for node in self._all("arc"):
            self._connect(node, places, transitions)
        return Net(
            name=net.attributes["id"],
            places=places,
            transitions=transitions,
            lines={id: self.document.place(self.nodes[id]) for id in (*places, *transitions)},
        )

    def _all(self, tag: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.tag == tag]

    # -- what the standard has ----------------------------------------------------------------------------------------

    def _check_root(self) -> None:
        """Accept one place/transition net."""
        root, wrong = self.document.root, self.document.wrong
        if root.tag != "pnml" or not _NAMESPACE.fullmatch(root.space):
            raise wrong(root, f"this is no PNML: its outermost element is <{root.tag}>")
        nets = root.named("net")
        if len(nets) != 1:
            where = nets[1] if nets else root
            raise wrong(where, f"there must be one net in the file, not {len(nets)}", "give each net a file of its own")
        kind = nets[0].attributes.get("type", "")
        if not _TYPE.fullmatch(kind.strip(_BLANK)):
            hint = "its type must be http://www.pnml.org/version-2009/grammar/ptnet; unfold a high-level net first"
            raise wrong(nets[0], f"this is no place/transition net, but a net of the type {shown(kind)}", hint)

    def _elements(self) -> list[Node]:
        """Return the elements that say something of the net, in the order of the file; all are as they must be."""
        found: list[Node] = []
        waiting = [self.document.root]
        while waiting:
            node = waiting.pop()
            found.append(node)
            self._check(node)
            waiting.extend(child for child in reversed(node.children) if child.tag in _PARTS)
        return found

    def _check(self, node: Node) -> None:
        """Accept an element with the attributes and elements that it may have, and no text between them."""
        attributes, elements = _PARTS[node.tag]
        wrong = self.document.wrong
        for name in attributes:
            if name not in node.attributes:
                raise wrong(node, f"<{node.tag}> has no {name}", f'write <{node.tag} {name}="...">')
        for name, value in node.attributes.items():
            if name not in attributes and not self._is_normal(node, name, value):
                raise self._refused(node, f"the attribute {name}={shown(value)}", name)
        if node.tag != "text" and node.text.strip(_BLANK):
            raise wrong(node, f"text stands in <{node.tag}>: {shown(node.text.strip(_BLANK))}", "delete it")
        for child in node.children:
            if child.space != self.document.root.space:
                raise wrong(child, f"<{child.tag}> is of another namespace, {shown(child.space)}", _PLAIN)
            if child.tag not in elements and not self._is_normal(node, child.tag, _value(child)):
                raise self._refused(child, f"<{child.tag}>", child.tag, node.tag)
        for name in ("text", "initialMarking", "inscription"):
            if len(node.named(name)) > 1:
                raise wrong(node.named(name)[1], f"there is a second <{name}> in <{node.tag}>", "leave one of them")

    def _is_normal(self, node: Node, word: str, value: str) -> bool:
        """Tell whether a word says that an arc is a plain one."""
        return node.tag == "arc" and word in _KINDS and value.strip(_BLANK).lower() == "normal"

    def _refused(self, node: Node, what: str, name: str, parent: str | None = None) -> SpecificationError:
        owner = node.tag if parent is None else parent
        if owner == "arc" and name in _KINDS:
            kind = node.attributes.get(name, "") if parent is None else _value(node)
            return self.document.wrong(node, f"an arc of the kind {shown(kind.strip(_BLANK))} is no plain arc", _ARCS)
        message = f"{what} is no part of a place/transition net in <{owner}>"
        return self.document.wrong(node, message, _REMEDIES.get(name, _PLAIN))

    def _enter(self, node: Node) -> None:
        """Keep an element by its id; raises SpecificationError: Q02 for one that is no name, Q01 for one used twice."""
        id = node.attributes["id"]
        wrong = self.document.wrong
        if not id or id != id.strip() or not id.isprintable():
            hint = "give an id of printable characters, without blanks around it"
            raise wrong(node, f"{shown(id)} cannot be the id of <{node.tag}>", hint, code="Q02")
        if id in self.nodes:
            first = self.nodes[id]
            message = f"the id {shown(id)} is that of <{first.tag}> in line {first.line} already"
            raise wrong(node, message, "give every element an id of its own", code="Q01")
        self.nodes[id] = node

    # -- numbers and arcs ---------------------------------------------------------------------------------------------

    def _labelled(self, node: Node, label: str) -> int:
        """Return the initial marking of a place, or the weight of an arc: 0 and 1 where nothing is written."""
        least, what = (0, "marking") if label == "initialMarking" else (1, "weight")
        labels = node.named(label)
        if not labels:
            return least
        hint = f"write <{label}><text>{least}</text></{label}>, with {least} or a larger integer"
        texts = labels[0].named("text")
        text = texts[0].text.strip(_BLANK) if texts else ""
        found = _NUMBER.fullmatch(text)
        where = texts[0] if texts else labels[0]
        of = f"<{node.tag}> {shown(node.attributes['id'])}"
        if found is None or "-+" in text:
            raise self.document.wrong(where, f"the {what} of {of} is no integer: {shown(text)}", hint)
        sign, digits = found[1], found[2].lstrip("0") or "0"
        if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
            message = f"the {what} of {of} is beyond {LARGEST:,}: {shown(text)}"
            raise self.document.wrong(where, message, "use smaller numbers", code="Q16")
        number = -int(digits) if sign else int(digits)
        if number < least:
            raise self.document.wrong(where, f"the {what} of {of} is {number}, below {least}", hint)
        return number

    def _meant(self, node: Node) -> Node:
        """Return the place or the transition that a reference stands for; any other element stands for itself."""
        passed: set[str] = set()
        while node.tag.startswith("reference"):
            id = node.attributes["id"]
            if id in self.meant:
                node = self.meant[id]
                break
            if id in passed:
                raise self.document.wrong(node, "references go round in a circle", "let one name a node")
            passed.add(id)
            ref, wanted = node.attributes["ref"], node.tag.removeprefix("reference").lower()
            target = self.nodes.get(ref)
            if target is None or target.tag.lower().removeprefix("reference") != wanted:
                raise self.document.wrong(node, f"{shown(ref)} is no {wanted} of the net", "name one by its id")
            node = target
        self.meant |= dict.fromkeys(passed, node)
        return node

    def _connect(self, node: Node, places: Mapping[str, int], transitions: Mapping[str, Transition]) -> None:
        """Add an arc to its transition."""
        ends: list[Node] = []
        for word in ("source", "target"):
            end = self.nodes.get(node.attributes[word])
            if end is None or end.tag in ("arc", "page", "net"):
                message = f"the {word} of the arc is {shown(node.attributes[word])}, which is no node of the net"
                raise self.document.wrong(node, message, "name a place or a transition by its id")
            ends.append(self._meant(end))
        source, target = (end.attributes["id"] for end in ends)
        if (source in places) == (target in places):
            message = f"an arc goes from the {ends[0].tag} {shown(source)} to the {ends[1].tag} {shown(target)}"
            raise self.document.wrong(node, message, "an arc goes from a place to a transition, or back")
        side = transitions[target].takes if source in places else transitions[source].puts
        place = source if source in places else target
        assert isinstance(side, dict)
        side[place] = side.get(place, 0) + self._labelled(node, "inscription")
        if side[place] > LARGEST:
            message = f"the arcs from {shown(source)} to {shown(target)} together weigh more than {LARGEST:,}"
            raise self.document.wrong(node, message, "use smaller weights", code="Q16")


def _value(node: Node) -> str:
    """Return what an element of a tool says: its value, or the text in it."""
    return node.attributes.get("value") or node.text.strip(_BLANK) or "".join(text.text for text in node.named("text"))
