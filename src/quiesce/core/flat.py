"""The flat view of a system: cells of integers, joint rows with a guard and updates, and predicates on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from quiesce.core.domains import Boolean, Domain, Value
from quiesce.core.errors import EngineError
from quiesce.core.expressions import (
    COMPARISONS,
    CONNECTIVES,
    FALSE,
    Apply,
    Cell,
    Constant,
    Expr,
    Happens,
    Next,
    Op,
    walk,
)
from quiesce.core.properties import Property


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatCell:
    """One cell of the flat state: a variable of one copy."""

    machine: str
    copy: int | None
    variable: str
    domain: Domain
    initial: tuple[Value, ...]

    @property
    def label(self) -> str:
        """`socket[0].unsent`, as traces name it."""
        owner = self.machine if self.copy is None else f"{self.machine}[{self.copy}]"
        return f"{owner}.{self.variable}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One machine's part in a joint row: which of its rows, by which copy (None: the only one, or every copy)."""

    machine: str
    copy: int | None
    row: int
    every: bool = False


Parts = tuple[tuple[str, int | None], ...]
"""Machines that take part in an event, each with the copy (None: its only one, or every one)."""
Event = tuple[str, Value, tuple[tuple[str, Value], ...], Parts]
"""A trigger, a result, the values of the arguments by name, and who takes part."""


def parts(participants: Iterable[Participant]) -> Parts:
    """Return who takes part, without by which rows."""
    return tuple((part.machine, part.copy) for part in participants)


def happened(question: Happens, event: Event) -> bool:
    """Tell whether an event is one that is asked about."""
    trigger, result, given, parts = event
    if trigger != question.trigger or not (question.results is None or result in question.results):
        return False
    return set(question.arguments) <= set(given) and (question.by is None or any(map(question.by.covers, parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class JointRow:
    """A transition of the flat system: fixed rows, copies, arguments and result, a guard and what is written.

    `updates` are (slot, flat expression) pairs in rising slot order. What observers write is among them.
    """

    trigger: str
    result: Value
    participants: tuple[Participant, ...]
    arguments: tuple[tuple[str, Value], ...]
    guard: Expr
    updates: tuple[tuple[int, Expr], ...]

    @property
    def event(self) -> Event:
        """What of it can be seen from outside, and a property of steps may ask about."""
        return self.trigger, self.result, self.arguments, parts(self.participants)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatFormula:
    """A predicate over cells: one formula for states, or one for each event that a step may be.

    `stutter` is what a predicate of steps says where a run has ended and its last state is repeated.
    """

    state: Expr | None = None
    steps: Mapping[Event, Expr] | None = None
    stutter: Expr = FALSE

    def expressions(self) -> Iterator[tuple[Expr, bool]]:
        """Yield the flat expressions, once each, with whether it may speak of the state after a step."""
        if self.state is not None:
            yield self.state, False
        for formula in {id(formula): formula for formula in (self.steps or {}).values()}.values():
            yield formula, True
        yield self.stutter, False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatProperty:
    """A property over cells. A temporal one has a predicate for each of its atoms, any other one predicate.

    `stronger` are the same question with one conclusion replaced by false: where one of them holds as well, the
    conclusion says nothing.
    """

    property: Property
    predicate: FlatFormula
    atoms: Mapping[Expr, FlatFormula] = field(default_factory=dict)
    stronger: tuple[FlatProperty, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """The flat view. `rest` is where a deadlock is right; `initial` restricts the product of the cells' initial
    values.
    """

    cells: tuple[FlatCell, ...]
    initial: Expr
    rest: Expr
    rows: tuple[JointRow, ...]
    properties: tuple[FlatProperty, ...]


def is_truth(expr: Expr, cells: Sequence[FlatCell]) -> bool:
    """Tell whether a flat expression is a truth value rather than a number."""
    match expr:
        case Constant(value=value):
            return isinstance(value, bool)
        case Cell(slot=slot) | Next(slot=slot):
            return isinstance(cells[slot].domain, Boolean)
        case Apply(op=Op.ITE, operands=(_, then, otherwise)):
            return any(is_truth(branch, cells) for branch in (then, otherwise) if not isinstance(branch, Constant))
        case Apply(op=op):
            return op in COMPARISONS or op in CONNECTIVES
        case _:
            raise AssertionError(f"{expr} is not flat")


def check_flat(flat: Flat) -> None:
    """Accept only expressions of the flat stage: integer constants, cells, and `Next` in step formulas alone."""
    width = len(flat.cells)

    def check(expr: Expr, *, step: bool) -> None:
        for node in walk(expr):
            match node:
                case Constant(value=value) if isinstance(value, int):
                    continue
                case Cell(slot=slot) if 0 <= slot < width:
                    continue
                case Next(slot=slot) if step and 0 <= slot < width:
                    continue
                case Apply():
                    continue
            raise EngineError(f"{node} has no place in a flat expression")

    check(flat.initial, step=False)
    check(flat.rest, step=False)
    for row in flat.rows:
        check(row.guard, step=False)
        for _, update in row.updates:
            check(update, step=False)
        if [slot for slot, _ in row.updates] != sorted({slot for slot, _ in row.updates}):
            raise EngineError(f"a joint row of {row.trigger} writes a cell twice or out of order")
    for question in flat.properties:
        for predicate in (question.predicate, *question.atoms.values()):
            for expr, step in predicate.expressions():
                check(expr, step=step)
