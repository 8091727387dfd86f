"""`System`, the waist of the house: closed, typed machines as data, and the same system flattened to joint rows.

Front ends make it, engines read it, and neither knows the other. The machine view (machines, copies, source rows)
serves the reference interpreter, traces and diagrams; the flat view (cells, joint rows, integers only) serves the
engines. `System` checks both when it is made, so that nobody checks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Literal

from quiesce.core.domains import Boolean, Copy, Domain, Value
from quiesce.core.errors import EngineError, Place, SpecificationError, known
from quiesce.core.expressions import (
    COMPARISONS,
    CONNECTIVES,
    FALSE,
    TRUE,
    Apply,
    Cell,
    Constant,
    Expr,
    Happens,
    Next,
    Op,
    walk,
)

STATE = "state"
"""The name of the variable that holds a machine's state."""


class RowKind(Enum):
    """What a row does in its event."""

    STEP = "step"
    CALLS = "calls"
    ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause of a contract: what the specification is held against.

    `level` is MUST, MUST NOT, SHOULD, SHOULD NOT, MAY or FACT; `core` tells whether the seed documents carry it.
    """

    id: str
    level: str
    core: bool
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentDeclaration:
    """A value chosen anew in every event, from a domain, shared by name by all rows of the event that declare it."""

    name: str
    domain: Domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of a machine (of each of its copies); it starts with any of its `initial` values."""

    name: str
    domain: Domain
    initial: tuple[Value, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a machine: under a trigger, from some states and under a guard, what changes and what is returned.

    `sources` None means every state, `dest` None the same state. `effects` are (variable, expression) pairs. `gets`
    None accepts every result. `every` moves all copies by this row.
    """

    kind: RowKind
    trigger: str
    arguments: tuple[ArgumentDeclaration, ...] = ()
    sources: tuple[Value, ...] | None = None
    dest: Value | None = None
    guard: Expr = TRUE
    effects: tuple[tuple[str, Expr], ...] = ()
    returns: tuple[Value, ...] | None = None
    gets: tuple[Value, ...] | None = None
    every: bool = False
    fair: Strength | None = None
    clauses: tuple[str, ...] = ()
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine as data: variables (its state among them), rows, and how many interchangeable copies there are.

    `copies` None is a single machine; an observer watches events, never blocks, and is read by nobody.
    """

    name: str
    copies: int | None
    observer: bool
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    place: Place = field(compare=False)

    def indices(self) -> tuple[int | None, ...]:
        """Return the copies' numbers, or (None,) for a machine without copies."""
        return (None,) if self.copies is None else tuple(range(self.copies))

    def variable(self, name: str) -> Variable:
        """Return a variable by name; raises KeyError."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise KeyError(name)


class PropertyKind(Enum):
    """What a property says of the reachable states, or of the steps between them."""

    ALWAYS = "always"
    NEVER = "never"
    SOMETIMES = "sometimes"
    NO_DEADLOCK = "no_deadlock"
    ALWAYS_POSSIBLE = "always_possible"
    DOMAINS = "domains"
    TEMPORAL = "temporal"
    BOUND = "bound"
    BISIMILAR = "bisimilar"


Strength = Literal["weak", "strong"]


@dataclass(frozen=True, slots=True)
class Assumption:
    """That the rows of a trigger are fair: enabled forever (`weak`) or again and again (`strong`) means taken."""

    trigger: str
    strength: Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A named question; `step` tells whether a step decides it, as it does for `domains` and with `after`, `happens`.

    `formula` is TRUE for `domains` and `no_deadlock`, a number for `bound`, and for `bisimilar` the states that are
    compared with the initial ones. `assuming` says which rows are fair in a `temporal` question: None means those that
    say so themselves.
    """

    name: str
    kind: PropertyKind
    id: str | None = None
    formula: Expr = TRUE
    step: bool = False
    stuttering: bool = False
    assuming: tuple[Assumption, ...] | None = None
    clauses: tuple[str, ...] = ()
    place: Place | None = field(default=None, compare=False)

    def called(self, word: str) -> bool:
        """Tell whether a user means this property by the word: its name, its id, or the id up to a dot (`PS-06`)."""
        return word in (self.name, self.id) or (self.id or "").startswith(f"{word}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """That a system does only what another one may do: `values` say what each variable of that one is here.

    A value is a flat expression with the domain that its code belongs to, by the label of the other's cell
    (`socket[0].unsent`); a cell that is not named is the one of the same label here. `model` is a target like those of
    the command, `parameters` are what it is made with, `liveness` are ids of its properties that hold here as well.
    """

    model: str
    parameters: Mapping[str, object]
    values: Mapping[str, tuple[Expr, Domain]]
    liveness: tuple[str, ...]
    place: Place = field(compare=False)


# -- the flat view ---------------------------------------------------------------------------------------------------


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


# -- the waist -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class System:
    """A closed system in both views, checked when it is made.

    `initially` restricts the product of the initial values; `rest` says where it is right to stop (None: nowhere);
    `parameters` are those the author's function was called with.
    """

    name: str
    machines: tuple[Machine, ...]
    properties: tuple[Property, ...]
    flat: Flat
    initially: Expr = TRUE
    rest: Expr | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    clauses: Mapping[str, Clause] = field(default_factory=dict)
    refinements: tuple[Refinement, ...] = ()
    place: Place = field(compare=False)

    def __post_init__(self) -> None:
        _check_machines(self)
        _check_flat(self.flat)

    @cached_property
    def slots(self) -> Mapping[tuple[str, str, int | None], int]:
        """(machine, variable, copy) -> position of its cell in a state."""
        return {(cell.machine, cell.variable, cell.copy): slot for slot, cell in enumerate(self.flat.cells)}

    @cached_property
    def by_name(self) -> Mapping[str, Machine]:
        """Name -> machine."""
        return {machine.name: machine for machine in self.machines}

    def machine(self, name: str) -> Machine:
        """Return a machine by name; raises SpecificationError (Q09) and lists those that exist."""
        if name not in self.by_name:
            raise SpecificationError("Q09", f"no machine {name!r} in {self.name}", hint=known(name, self.by_name))
        return self.by_name[name]

    def called(self, word: str) -> list[Property]:
        """Return the properties that a word means; raises SpecificationError (Q08) and lists those that exist."""
        meant = [candidate for candidate in self.properties if candidate.called(word)]
        if meant:
            return meant
        names = [candidate.name for candidate in self.properties]
        raise SpecificationError("Q08", f"no property {word!r} in {self.name}", hint=known(word, names))

    def copies_of(self, machine: str) -> tuple[Copy, ...]:
        """Return the copies of a machine as values."""
        return tuple(Copy(machine, index) for index in self.by_name[machine].indices() if index is not None)


def _check_machines(system: System) -> None:
    for machine in system.machines:
        for variable in machine.variables:
            if not variable.initial or any(variable.domain.code(value) is None for value in variable.initial):
                raise EngineError(f"{machine.name}.{variable.name} starts outside its domain")
        for row in machine.rows:
            names = {variable.name for variable in machine.variables}
            if any(name not in names for name, _ in row.effects):
                raise EngineError(f"{machine.name} writes a variable that it does not have")


def _check_flat(flat: Flat) -> None:
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
