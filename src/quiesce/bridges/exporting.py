"""What the exporters to other checkers share: names, expressions through a table of each language, what is left out.

Exported is the flat system: a variable for each cell, a guarded command for each joint row. Names are numbers with
named constants.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quiesce.core.departing import departures
from quiesce.core.domains import Boolean, Symbols, shown
from quiesce.core.errors import SpecificationError
from quiesce.core.expressions import COMPARISONS, TRUE, Apply, Cell, Constant, Expr, Next, Op, apply
from quiesce.core.flat import FlatCell, JointRow, is_truth
from quiesce.core.intervals import bounds
from quiesce.core.properties import PropertyKind
from quiesce.core.system import System
from quiesce.engines.native.initial import initial_states

MOST_INITIAL = 1_000
"""Initial states that an exported text lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A language: how it writes operators and truths, and which words are its own.

    `choice` has three places, for a condition and two values; `next` says how the value after a step is written.
    """

    operators: Mapping[Op, str]
    true: str
    false: str
    choice: str
    keywords: frozenset[str]


class Exported:
    """A system in a language: names of its cells and values, and the texts of its expressions."""

    def __init__(self, system: System, dialect: Dialect) -> None:
        self.system, self.dialect = system, dialect
        self.cells: Sequence[FlatCell] = system.flat.cells
        self._taken: set[str] = set()
        self.names = [self.free(cell.label) for cell in self.cells]
        self.constants: dict[str, int] = {}
        self.computed = (0, 0)
        """The least and the greatest number that the texts so far may compute."""
        self._of: dict[Symbols, list[str]] = {}
        for cell in self.cells:
            if isinstance(cell.domain, Symbols) and cell.domain not in self._of:
                names = [self.free(f"{cell.machine} {cell.variable} {shown(value)}") for value in cell.domain.names]
                self._of[cell.domain] = names
                self.constants |= {name: code for code, name in enumerate(names)}

    # -- expressions --------------------------------------------------------------------------------------------------

    def truth(self, expr: Expr) -> str:
        """Return a truth value."""
        if isinstance(expr, Constant):
            return self.dialect.true if expr.value else self.dialect.false
        if is_truth(expr, self.cells):
            return self._text(expr)
        return f"({self._text(expr)} {self.dialect.operators[Op.NE].strip()} 0)"

    def number(self, expr: Expr, domain: object = None) -> str:
        """Return a number, a constant by the name that it has in a domain."""
        if isinstance(expr, Constant):
            assert isinstance(expr.value, int)
            names = self._of.get(domain, []) if isinstance(domain, Symbols) else []
            return names[expr.value] if 0 <= expr.value < len(names) else str(int(expr.value))
        if isinstance(expr, Apply) and expr.op is Op.ITE and not is_truth(expr, self.cells):
            condition, then, otherwise = expr.operands
            return self.dialect.choice.format(
                self.truth(condition), self.number(then, domain), self.number(otherwise, domain)
            )
        if is_truth(expr, self.cells):
            return self.dialect.choice.format(self._text(expr), "1", "0")
        return self._text(expr)

    def value(self, slot: int, expr: Expr) -> str:
        """Return what a cell is set to."""
        domain = self.cells[slot].domain
        return self.truth(expr) if isinstance(domain, Boolean) else self.number(expr, domain)

    def code(self, slot: int, value: int) -> str:
        """Return a code of a cell by its name."""
        return self.value(slot, Constant(bool(value) if isinstance(self.cells[slot].domain, Boolean) else value))

    def _text(self, expr: Expr) -> str:
        match expr:
            case Cell(slot=slot):
                return self.names[slot]
            case Apply(op=Op.ITE, operands=operands):
                return self.dialect.choice.format(*map(self.truth, operands))
            case Apply(op=Op.NOT, operands=(operand,)):
                return f"{self.dialect.operators[Op.NOT]}({self.truth(operand)})"
            case Apply(op=(Op.AND | Op.OR) as op, operands=operands):
                return f"({self.dialect.operators[op].join(map(self.truth, operands))})"
            case Apply(op=(Op.MIN | Op.MAX) as op, operands=(left, right)):
                smaller = apply(Op.LE if op is Op.MIN else Op.GE, left, right)
                return self.dialect.choice.format(self.truth(smaller), self.number(left), self.number(right))
            case Apply(op=op, operands=operands) if op in COMPARISONS:
                if any(is_truth(side, self.cells) for side in operands if not isinstance(side, Constant)):
                    return f"({self.dialect.operators[op].join(map(self.truth, operands))})"
                domain = next((self.cells[side.slot].domain for side in operands if isinstance(side, Cell)), None)
                return f"({self.dialect.operators[op].join(self.number(side, domain) for side in operands)})"
            case Apply(op=op, operands=operands):
                (least, most), (low, high) = self.computed, bounds(expr, self.cells)
                self.computed = min(least, low), max(most, high)
                return f"({self.dialect.operators[op].join(self.number(side) for side in operands)})"
            case _:
                raise AssertionError(f"{expr} is not flat, or speaks of the next state")

    # -- rows ---------------------------------------------------------------------------------------------------------

    def told(self, row: JointRow) -> str:
        """Return who does what, with which arguments and result, on one line."""
        arguments = ", ".join(f"{name}={shown(value)}" for name, value in row.arguments)
        who = [part.machine if part.copy is None else f"{part.machine}[{part.copy}]" for part in row.participants]
        result = "" if row.result is None else f" -> {shown(row.result)}"
        return remark(f"{row.trigger}({arguments}) by {', '.join(who)}{result}".replace("()", ""))

    def step_claims(self, row: JointRow) -> list[tuple[str, Expr]]:
        """Return what the step properties claim of a row's steps: name, and a truth about the state before it."""
        updates = dict(row.updates)
        claims = []
        for question in self.system.flat.properties:
            if question.predicate.steps is not None and question.property.kind in _CLAIMS:
                formula = _before(question.predicate.steps[row.event], updates)
                claim = apply(Op.NOT, formula) if question.property.kind is PropertyKind.NEVER else formula
                if claim != TRUE:
                    claims.append((question.property.name, claim))
        return claims

    def state_claims(self) -> list[tuple[str, Expr]]:
        """Return what the state properties claim of every state: name and truth."""
        flat = self.system.flat
        claims = []
        for question in flat.properties:
            kind, formula = question.property.kind, question.predicate.state
            if kind is PropertyKind.NO_DEADLOCK and not question.property.stuttering:
                claims.append((question.property.name, apply(Op.OR, flat.rest, *[row.guard for row in flat.rows])))
            elif kind in _CLAIMS:
                ended = question.predicate.stutter if formula is None else formula
                claim = apply(Op.NOT, ended) if kind is PropertyKind.NEVER else ended
                if formula is None and claim != TRUE:  # a property of steps is judged where there is none, too
                    claim = apply(Op.OR, claim, *[row.guard for row in flat.rows])
                if formula is not None or claim != TRUE:
                    claims.append((question.property.name, claim))
        return claims

    def left_out(self) -> list[str]:
        """Return the properties that the text does not ask: kind and name."""
        asked = {PropertyKind.DOMAINS, *_CLAIMS}
        return [
            f"{question.kind.value}: {question.name}"
            for question in self.system.properties
            if question.kind not in asked and (question.kind is not PropertyKind.NO_DEADLOCK or question.stuttering)
        ]

    def starts(self) -> list[list[tuple[int, int]]]:
        """Return the initial states as (slot, code) pairs.

        Raises SpecificationError (Q48) where there are too many to write down.
        """
        found = initial_states(self.system)
        if len(found) > MOST_INITIAL:
            raise SpecificationError(
                "Q48",
                f"{self.system.name} has {len(found):,} initial states, too many to export",
                hint="let a first step choose the values",
            )
        codes = [[cell.domain.code(value) for cell, value in zip(self.cells, state, strict=True)] for state in found]
        return [[(slot, code) for slot, code in enumerate(state) if code is not None] for state in codes]

    def head(self, counting: Sequence[str]) -> Iterator[str]:
        """Yield the lines of the comment at the top."""
        given = ", ".join(f"{name}={shown_parameter(value)}" for name, value in self.system.parameters.items())
        yield remark(f"{self.system.name}({given}), exported by quiesce.")
        yield "Each guarded command is one way to take part in an event: who does what, with which result."
        yield from counting
        for question in self.left_out():
            yield remark(f"Not exported: {question}")
        claimed = {name for row in self.system.flat.rows for name, _ in self.step_claims(row)}
        claimed |= {name for name, _ in self.state_claims()}
        for property_ in self.system.properties:
            if property_.kind in _CLAIMS and property_.name not in claimed:
                yield remark(f"True of every row as it stands: {property_.name}")

    def free(self, label: str) -> str:
        """Return an identifier for a label that no other has."""
        name = re.sub(r"\W+", "_", label, flags=re.ASCII).strip("_")
        if not name or not name[0].isalpha() or name.lower() in self.dialect.keywords:
            name = f"v_{name}"
        base, number = name, 2
        while name.lower() in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name.lower())
        return name


def remark(words: str) -> str:
    """Return words for a comment, or for a text in double quotes, that ends where its line or its quotes end.

    A backslash would go on with a comment in the next line, and begin an escape in a text.
    """
    return re.sub(r"[^ -~]", "?", words).replace("\\", "/").replace('"', "'")


def shown_parameter(value: object) -> str:
    """Return a parameter as the command line takes it."""
    return shown(value) if isinstance(value, bool | int | str) else str(value)


_CLAIMS = frozenset({PropertyKind.ALWAYS, PropertyKind.NEVER})


def _before(expr: Expr, updates: Mapping[int, Expr]) -> Expr:
    """Return a truth about a step as one about the state before it: a next value is what the step makes of it."""
    match expr:
        case Next(slot=slot):
            return updates.get(slot, Cell(slot))
        case Apply(op=op, operands=operands):
            return apply(op, *[_before(operand, updates) for operand in operands])
        case _:
            return expr


def conjunction(*exprs: Expr) -> Expr:
    """Return a conjunction, folded."""
    return apply(Op.AND, *exprs)


def outside(row: JointRow, cells: Sequence[FlatCell]) -> Expr:
    """Return where a row's step leaves a domain: a truth about the state before it."""
    return apply(Op.OR, *departures(row, cells))
