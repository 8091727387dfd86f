"""The formulas of the Model Checking Contest, in its XML, as questions of ours about the system that a net becomes.

A formula that cannot be asked costs its own answer alone: it is returned as refused, with what is wrong and where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as File

from quiesce.bridges.markup import Document, Node, parsed, shown
from quiesce.bridges.nets import NET, Net
from quiesce.core.errors import SpecificationError, known
from quiesce.core.evidence import without
from quiesce.core.expressions import (
    FALSE,
    TRUE,
    Constant,
    Enabled,
    Expr,
    Op,
    Path,
    Quantified,
    Read,
    Temporal,
    apply,
)
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.result import PropertyAnswer, SystemAnswers, Verdict
from quiesce.language.systems import DOMAINS
from quiesce.language.terms import LARGEST

NAMESPACE = "http://mcc.lip6.fr/"
MOST_DEEP = 150
"""Elements of a formula inside each other."""
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Refused:
    """A formula that is not asked, and why."""

    name: str
    problem: SpecificationError

    @property
    def answer(self) -> PropertyAnswer:
        """The answer: unknown, with what is wrong and where."""
        question = Property(name=self.name, kind=PropertyKind.TEMPORAL, assuming=(), place=self.problem.place)
        reason = f"{self.problem.place}: {self.problem.code} {self.problem.message}"
        return PropertyAnswer(
            property=question, verdict=Verdict.UNKNOWN, evidence=without(reason), note=self.problem.hint
        )


def questions(file: File, net: Net | None = None) -> Iterator[Property]:
    """Yield the questions of a formula file that can be asked; raises what `read` raises."""
    return (question for question in read(file, net) if isinstance(question, Property))


def read(file: File, net: Net | None = None) -> list[Property | Refused]:
    """Return the questions of a formula file, each with the contest's id; a bound is of some places together.

    A question is refused where it is no formula of the contest, or names what is not in the net (if one is given), or
    has no id of its own. Raises SpecificationError: Q43 for a file that cannot be read, Q44 for what is no file of such
    formulas.
    """
    document = parsed(file)
    root = document.root
    if root.tag != "property-set" or root.space != NAMESPACE:
        message = f"this is no file of contest formulas: its outermost element is <{root.tag}>"
        raise document.wrong(root, message, f'it must be <property-set xmlns="{NAMESPACE}">')
    if not root.children:
        raise document.wrong(root, "there is no formula in the file", "write a <property> for each")
    found: list[Property | Refused] = []
    names = {DOMAINS}
    for number, node in enumerate(root.children, start=1):
        reader = _Reader(document, net)
        name = f"formula {number}"
        names.add(name)
        try:
            name = _id(document, node, names)
            names.add(name)
            found.append(reader.question(name, node))
        except SpecificationError as problem:
            found.append(Refused(name, problem))
    return found


def with_refused(posed: Sequence[Property | Refused], result: SystemAnswers) -> SystemAnswers:
    """Return a result that answers what could be asked with the refused questions among its answers, in their order."""
    answered = iter(result.properties)
    first = [question.answer if isinstance(question, Refused) else next(answered) for question in posed]
    return replace(result, properties=(*first, *answered))


def _id(document: Document, node: Node, names: set[str]) -> str:
    """Return the id of a property; raises SpecificationError: Q44, Q02 or Q01 for one that is not usable."""
    if node.tag != "property" or node.space != NAMESPACE:
        raise document.wrong(node, f"<{node.tag}> is no <property>", "write a <property> for each formula")
    ids = node.named("id")
    if len(ids) != 1:
        raise document.wrong(ids[1] if ids else node, f"the property has {len(ids)} ids", "give it one <id>")
    id = ids[0].text.strip()
    if not id or not id.isprintable() or ids[0].children:
        raise document.wrong(ids[0], f"{shown(id)} cannot be an id", "give a text of one line", code="Q02")
    if id in names:
        raise document.wrong(ids[0], f"the id {shown(id)} is that of another property", "choose another", code="Q01")
    return id


class _Reader:
    """Turns the elements of one formula into an expression; every mistake is an error at its element."""

    def __init__(self, document: Document, net: Net | None) -> None:
        self.wrong, self.net = document.wrong, net

    def question(self, name: str, node: Node) -> Property:
        """Return the question of a property; raises SpecificationError: Q44 for what is no formula, Q16."""
        formulas = node.named("formula")
        if len(formulas) != 1:
            where = formulas[1] if formulas else node
            raise self.wrong(where, f"the property has {len(formulas)} formulas", "give it one <formula>")
        (formula,) = self._operands(formulas[0], 1)
        self._check_depth(formula)
        if formula.tag == "place-bound":
            return Property(name=name, kind=PropertyKind.BOUND, formula=self._tokens(formula))
        return Property(name=name, kind=PropertyKind.TEMPORAL, formula=self._formula(formula), assuming=())

    def _check_depth(self, formula: Node) -> None:
        waiting = [(formula, 1)]
        while waiting:
            node, depth = waiting.pop()
            if depth > MOST_DEEP:
                raise self.wrong(node, f"the formula is more than {MOST_DEEP} operators deep", code="Q16")
            waiting += [(child, depth + 1) for child in node.children]

    def _operands(self, node: Node, least: int, most: int | None = None) -> list[Node]:
        """Return the elements in one, as many as there must be: `least`, or up to `most` of them (0: or more)."""
        if node.attributes or node.text.strip():
            what = next(iter(node.attributes), None) or shown(node.text.strip())
            raise self.wrong(node, f"<{node.tag}> has no meaning with {what}", "delete that")
        for child in node.children:
            if child.space != NAMESPACE:
                raise self.wrong(child, f"<{child.tag}> is of another namespace, {shown(child.space)}")
        count = len(node.children)
        if count < least or (most != 0 and count > (most or least)):
            wanted = f"{least} or more" if most == 0 else str(least)
            raise self.wrong(node, f"<{node.tag}> has {count} operands, not {wanted}", "add or delete some")
        return node.children

    # -- numbers ------------------------------------------------------------------------------------------------------

    def _named(self, node: Node, tag: str) -> list[str]:
        """Return the places or transitions in an element, which all are in the net."""
        names = []
        for child in self._operands(node, 1, 0):
            name = child.text.strip()
            if child.tag != tag or child.children or child.attributes:
                raise self.wrong(child, f"<{child.tag}> stands in <{node.tag}>", f"name a {tag} of the net there")
            if self.net is not None:
                held: Mapping[str, object] = self.net.places if tag == "place" else self.net.transitions
                if name not in held:
                    raise self.wrong(child, f"{shown(name)} is no {tag} of {self.net.name}", known(name, held))
            names.append(name)
        return names

    def _tokens(self, node: Node) -> Expr:
        return _sum([Read(NET, place) for place in self._named(node, "place")])

    def _number(self, node: Node) -> Expr:
        if node.tag == "tokens-count":
            return self._tokens(node)
        if node.tag != "integer-constant" or node.children or node.attributes:
            hint = "write <tokens-count> or <integer-constant> there"
            raise self.wrong(node, f"<{node.tag}> is no number", hint)
        text = node.text.strip()
        if not _INTEGER.fullmatch(text):
            raise self.wrong(node, f"{shown(text)} is no integer", "write an integer in digits")
        digits = text.lstrip("+-").lstrip("0") or "0"
        if len(digits) > len(str(LARGEST)) or int(digits) > LARGEST:
            message = f"the number {shown(text)} is beyond {LARGEST:,}"
            raise self.wrong(node, message, "no place holds more tokens than that", code="Q16")
        return Constant(-int(digits) if text[0] == "-" else int(digits))

    def _compared(self, op: Op, node: Node) -> Expr:
        left, right = self._operands(node, 2)
        return apply(op, self._number(left), self._number(right))

    # -- truths -------------------------------------------------------------------------------------------------------

    def _formula(self, node: Node) -> Expr:
        """Return an element as a formula; raises SpecificationError (Q44) where it is none, (Q16) for large numbers."""
        if node.tag in _COMPARISONS:
            return self._compared(_COMPARISONS[node.tag], node)
        if node.tag in _UNARY:
            (operand,) = self._operands(node, 1)
            return _UNARY[node.tag](self._formula(operand))
        if node.tag in _NARY:
            operator = _NARY[node.tag]
            return apply(operator, *[self._formula(operand) for operand in self._operands(node, 2, 0)])
        match node.tag:
            case "until":
                return Path(Temporal.UNTIL, self._until(node))
            case "implication":
                premise, conclusion = self._operands(node, 2)
                return apply(Op.OR, apply(Op.NOT, self._formula(premise)), self._formula(conclusion))
            case "is-fireable":
                return apply(Op.OR, *[Enabled(f"{NET}.{name}") for name in self._named(node, "transition")])
            case "deadlock" | "true" | "false":
                self._operands(node, 0)
                return {"deadlock": apply(Op.NOT, Enabled(None)), "true": TRUE, "false": FALSE}[node.tag]
        hint = "write a condition there, as <integer-le> or <is-fireable>, or an operator on some"
        raise self.wrong(node, f"<{node.tag}> is no formula", hint)

    def _until(self, node: Node) -> tuple[Expr, Expr]:
        """Return what holds before, and what is reached: they are found by their names."""
        operands = self._operands(node, 2)
        by_name = {operand.tag: operand for operand in operands}
        if by_name.keys() != {"before", "reach"}:
            tags = " and ".join(f"<{operand.tag}>" for operand in operands)
            raise self.wrong(node, f"in <until> stand {tags}", "write one <before> and one <reach>")
        (before,), (reach,) = (self._operands(by_name[word], 1) for word in ("before", "reach"))
        return self._formula(before), self._formula(reach)


def _sum(numbers: Sequence[Expr]) -> Expr:
    """Add numbers up in halves, so that a long sum is no deep expression."""
    if len(numbers) == 1:
        return numbers[0]
    middle = len(numbers) // 2
    return apply(Op.ADD, _sum(numbers[:middle]), _sum(numbers[middle:]))


_COMPARISONS: Mapping[str, Op] = {
    "integer-le": Op.LE,
    "integer-lt": Op.LT,
    "integer-ge": Op.GE,
    "integer-gt": Op.GT,
    "integer-eq": Op.EQ,
    "integer-ne": Op.NE,
}
_NARY: Mapping[str, Op] = {"conjunction": Op.AND, "disjunction": Op.OR}
_UNARY: Mapping[str, Callable[[Expr], Expr]] = {
    "all-paths": lambda operand: Quantified(True, operand),
    "exists-path": lambda operand: Quantified(False, operand),
    "finally": lambda operand: Path(Temporal.FINALLY, (operand,)),
    "globally": lambda operand: Path(Temporal.GLOBALLY, (operand,)),
    "next": lambda operand: Path(Temporal.NEXT, (operand,)),
    "negation": lambda operand: apply(Op.NOT, operand),
}
"""Tag -> what its element says of the operands."""
