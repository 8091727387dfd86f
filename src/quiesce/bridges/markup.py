"""XML files as elements that know their lines: read with care, for what comes as a file may be anything.

Entities and document types with declarations are refused, by defusedxml: they are how a small file grows without end,
or reads another one. The encoding is found as the XML standard has it (Extensible Markup Language 1.0, appendix F), and
a file whose bytes do not fit it is refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers.expat import ErrorString

from quiesce.core.errors import Place, SpecificationError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""How a file begins -> its encoding; the longer marks first."""
_STARTS = ((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
"""How a file without a mark begins where a character has several bytes."""
_NOT_OF_FILES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""What Python calls encodings of text and no file is written in."""
_DECLARATION = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]*)["'][^>]*>""")
_XML = "{http://www.w3.org/XML/1998/namespace}"
_SCHEMA = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(slots=True)
class Node:
    """An element: its name, the namespace of that, its attributes, the text in it, and the elements in it.

    `attributes` are without those of XML itself and of schemas. `text` is all text between the elements, joined.
    """

    tag: str
    space: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def named(self, tag: str) -> list[Node]:
        """Return the children with a name."""
        return [child for child in self.children if child.tag == tag]

    def walk(self) -> Iterator[Node]:
        """Yield this element and all in it, in the order of the file."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class Document:
    """A file and its outermost element."""

    file: Path
    root: Node

    def place(self, node: Node) -> Place:
        """Return where an element begins."""
        return Place(self.file.as_posix(), node.line)

    def wrong(self, node: Node, message: str, hint: str = "", *, code: str = "Q44") -> SpecificationError:
        """Return the error for an element that is not as it must be."""
        return SpecificationError(code, message, place=self.place(node), hint=hint)


def parsed(file: Path, *, without: str | None = None) -> Document:
    """Return the elements of an XML file, without those of one name in the namespace of the outermost.

    Raises SpecificationError: Q43 for a file that cannot be read, Q44 for one that is no XML, or more than that.
    """
    try:
        data = file.read_bytes()
    except OSError as problem:
        raise SpecificationError("Q43", f"{file.as_posix()} cannot be read: {problem.strerror}") from None
    return Document(file, _Parse(file, without).of(_decoded(file, data)))


def shown(name: str) -> str:
    """Return a name from a file between quotes, in one line and not too long."""
    return repr(name if len(name) <= 60 else f"{name[:60]}…")


# -- encodings -------------------------------------------------------------------------------------------------------


def _decoded(file: Path, data: bytes) -> str:
    """Return an XML file as text; raises SpecificationError (Q44) where its encoding is not the declared one."""
    marked = next(((len(mark), name) for mark, name in _MARKS if data.startswith(mark)), None)
    length, own = marked or (0, next((name for start, name in _STARTS if data.startswith(start)), None))
    head = data[:1024].decode("latin-1")
    declared = _declared(head) if own is None else None
    text = _strictly(file, data[length:], own or declared or "utf-8")
    if own is None:
        found = _DECLARATION.match(head)
        fits = found is None or text[: found.end()] == found[0]
    else:
        declared = _declared(text)
        fits = declared is None or _is_one(declared, own)
    if not fits:
        message = f"the file declares the encoding {shown(str(declared))}, and it is written in another one"
        raise _at(file, 1, message, "declare the encoding that it has, or save it in UTF-8")
    return text


def _declared(text: str) -> str | None:
    found = _DECLARATION.match(text)
    return None if found is None else found[1]


def _is_one(declared: str, own: str) -> bool:
    """Tell whether a declared encoding is the one that a file begins with: UTF-16 is of either order."""
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return False
    return name in (own, own.rsplit("-", 1)[0])


def _strictly(file: Path, data: bytes, encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError):
        codec = None
    if codec is None or codec.name.replace("_", "-") in _NOT_OF_FILES or not getattr(codec, "_is_text_encoding", True):
        raise _at(file, 1, f"there is no encoding {shown(encoding)}", "save the file in UTF-8")
    try:
        return data.decode(encoding)
    except UnicodeError as problem:
        start = getattr(problem, "start", 0)
        message = f"this is no text in the encoding {encoding.upper()}: byte {start:,} does not belong there"
        hint = 'declare its encoding, <?xml version="1.0" encoding="..."?>, or save it in UTF-8'
        raise _at(file, data.count(b"\n", 0, start) + 1, message, hint) from None


def _at(file: Path, line: int, message: str, hint: str = "") -> SpecificationError:
    return SpecificationError("Q44", message, place=Place(file.as_posix(), line), hint=hint)


# -- elements --------------------------------------------------------------------------------------------------------


class _Parse:
    """One pass of the parser over a text, in which elements are made; it is what the parser calls its target."""

    def __init__(self, file: Path, without: str | None) -> None:
        self.file, self.without = file, without
        self.open: list[Node] = []
        self.root: Node | None = None
        self.ignored = 0

    def of(self, text: str) -> Node:
        """Return the outermost element of a text; raises SpecificationError (Q44)."""
        from defusedxml.common import DefusedXmlException
        from defusedxml.ElementTree import ParseError, XMLParser

        parser: Any = XMLParser(target=self)
        self.expat = parser.parser
        self.expat.StartDoctypeDeclHandler = self._doctype
        try:
            parser.feed(text)
            parser.close()
        except ParseError as problem:
            line, column = problem.position
            why = ErrorString(problem.code) or "it ends too soon"
            raise _at(self.file, line, f"this is no well-formed XML: {why}, column {column + 1}") from None
        except DefusedXmlException:
            self._doctype("", None, None, True)
        assert self.root is not None
        return self.root

    def _doctype(self, _name: str, system: str | None, public: str | None, declares: bool) -> None:
        if system or public or declares:
            self._refuse("entities and document types are not read", "delete <!DOCTYPE ...>; write the text out")

    def _refuse(self, message: str, hint: str) -> NoReturn:
        raise _at(self.file, self.expat.CurrentLineNumber, message, hint)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        space, _, tag = name.rpartition("}")
        space = space[1:]
        if self.ignored or (self.root is not None and tag == self.without and space == self.root.space):
            self.ignored += 1
            return
        kept = {key: value for key, value in attributes.items() if not key.startswith((_XML, _SCHEMA))}
        node = Node(tag, space, kept, self.expat.CurrentLineNumber)
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, _name: str) -> None:
        """End an element; where one was left out, the text around it does not grow together."""
        if not self.ignored:
            self.open.pop()
            return
        self.ignored -= 1
        if not self.ignored:
            self.open[-1].text += " "

    def data(self, text: str) -> None:
        """Take up text."""
        if not self.ignored:
            self.open[-1].text += text

    def close(self) -> None:
        """End the file."""
