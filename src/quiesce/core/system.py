"""`System`, the waist of the house: closed, typed machines as data, and the same system flattened to joint rows.

Front ends make it, engines read it, and neither knows the other. The machine view (machines, copies, source rows)
serves the reference interpreter, traces and diagrams; the flat view (cells, joint rows, integers only) serves the
engines. `System` checks both when it is made, so that nobody checks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from quiesce.core.domains import Copy, Domain, Value
from quiesce.core.errors import EngineError, Place, SpecificationError, known
from quiesce.core.expressions import TRUE, Expr
from quiesce.core.flat import Flat, check_flat
from quiesce.core.properties import Clause, Property, Refinement, Strength

STATE = "state"
"""The name of the variable that holds a machine's state."""


class RowKind(Enum):
    """What a row does in its event."""

    STEP = "step"
    CALLS = "calls"
    ON = "on"


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
        check_flat(self.flat)

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
