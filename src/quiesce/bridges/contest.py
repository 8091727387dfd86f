"""The formulas of the Model Checking Contest, in its XML, as questions of ours about the system that a net becomes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path as File

from quiesce.bridges.pnml import NET
from quiesce.core.errors import SpecificationError
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
from quiesce.core.system import Property, PropertyKind

NAMESPACE = "{http://mcc.lip6.fr/}"


def questions(file: File) -> Iterator[Property]:
    """Yield the questions of a formula file, each with the contest's id; a bound is of some places together.

    Raises SpecificationError: Q43 for a file that cannot be read, Q44 for what is no formula of the contest.
    """
    try:
        root = ElementTree.parse(file).getroot()
    except OSError as problem:
        raise SpecificationError("Q43", f"{file.as_posix()} cannot be read: {problem.strerror}") from None
    except ElementTree.ParseError as problem:
        raise SpecificationError("Q44", f"{file.as_posix()} is no XML: {problem}") from None
    for node in root.iterfind(f"{NAMESPACE}property"):
        (formula,) = next(node.iterfind(f"{NAMESPACE}formula"))
        id = node.findtext(f"{NAMESPACE}id", "")
        if _tag(formula) == "place-bound":
            yield Property(name=id, kind=PropertyKind.BOUND, formula=_tokens(formula))
        else:
            yield Property(name=id, kind=PropertyKind.TEMPORAL, formula=_formula(formula), assuming=())


def _tag(node: ElementTree.Element) -> str:
    return node.tag.removeprefix(NAMESPACE)


def _tokens(node: ElementTree.Element) -> Expr:
    total: Expr = Constant(0)
    for place in node:
        total = apply(Op.ADD, Read(NET, (place.text or "").strip()), total)
    return total


def _number(node: ElementTree.Element) -> Expr:
    return Constant(int(node.text or "0")) if _tag(node) == "integer-constant" else _tokens(node)


def _fireable(node: ElementTree.Element) -> Expr:
    names = [(transition.text or "").strip() for transition in node]
    return apply(Op.OR, FALSE, *[Enabled(f"{NET}.{name}") for name in names])


def _at_most(node: ElementTree.Element) -> Expr:
    left, right = node
    return apply(Op.LE, _number(left), _number(right))


def _operands(node: ElementTree.Element) -> tuple[Expr, ...]:
    return tuple(_formula(child) for child in node)


def _until(node: ElementTree.Element) -> Expr:
    before, reach = node
    return Path(Temporal.UNTIL, (*_operands(before), *_operands(reach)))


_READ: dict[str, Callable[[ElementTree.Element], Expr]] = {
    "all-paths": lambda node: Quantified(True, *_operands(node)),
    "exists-path": lambda node: Quantified(False, *_operands(node)),
    "finally": lambda node: Path(Temporal.FINALLY, _operands(node)),
    "globally": lambda node: Path(Temporal.GLOBALLY, _operands(node)),
    "next": lambda node: Path(Temporal.NEXT, _operands(node)),
    "until": _until,
    "negation": lambda node: apply(Op.NOT, *_operands(node)),
    "conjunction": lambda node: apply(Op.AND, TRUE, *_operands(node)),
    "disjunction": lambda node: apply(Op.OR, FALSE, *_operands(node)),
    "is-fireable": _fireable,
    "integer-le": _at_most,
}
"""Tag -> how its element becomes a formula."""


def _formula(node: ElementTree.Element) -> Expr:
    try:
        return _READ[_tag(node)](node)
    except KeyError:
        raise SpecificationError("Q44", f"<{_tag(node)}> is no part of a contest formula") from None
