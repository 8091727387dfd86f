"""Which copies may be exchanged: checked on the flat system, not believed.

Copies of a machine are interchangeable by construction of the language, as long as an author does not pick one out. So
every exchange of copies is applied to the flat system: where it gives the same rows, the same initial states and the
same places of rest, the machine is symmetric, and a property is symmetric where it gives the same predicate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quiesce.core.domains import Copy, Domain, Symbols, Value
from quiesce.core.expressions import COMPARISONS, Apply, Cell, Constant, Expr, Next, Op
from quiesce.core.flat import Event, FlatProperty
from quiesce.core.kinds import TRAITS
from quiesce.core.system import Machine, System

ASSOCIATIVE = frozenset({Op.AND, Op.OR, Op.ADD, Op.MUL, Op.MIN, Op.MAX})
MIRRORED = {Op.GT: Op.LT, Op.GE: Op.LE}


MOST_COPIES = 20
"""With more copies a machine counts as not symmetric: 21! exchanges are more than 64 bits count."""


class _PickedOutError(Exception):
    """An expression computes with a copy in a way that no exchange can be applied to."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A permutation of the copies of one machine: copy number -> copy number."""

    machine: str
    to: tuple[int, ...]

    def value(self, value: Value) -> Value:
        """Return what becomes of a value."""
        if isinstance(value, Copy) and value.machine == self.machine:
            return Copy(value.machine, self.to[value.index])
        return value

    def event(self, event: Event) -> Event:
        """Return what becomes of an event: by whom it is, and what its result and its arguments are, may be copies."""
        trigger, result, arguments, parts = event
        given = tuple((name, self.value(value)) for name, value in arguments)
        return (
            trigger,
            self.value(result),
            given,
            tuple((machine, self._copy(machine, copy)) for machine, copy in parts),
        )

    def _copy(self, machine: str, copy: int | None) -> int | None:
        return copy if copy is None or machine != self.machine else self.to[copy]


class Symmetry:
    """The machines of a system whose copies may be exchanged, and the properties that no exchange changes."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._numbers: dict[tuple[object, ...], int] = {}
        self._rows = self._described(None)
        self.machines: tuple[Machine, ...] = tuple(filter(self._is_symmetric, system.machines))
        self._exchanges = [exchange for machine in self.machines for exchange in _generators(machine)]

    def covers(self, question: FlatProperty) -> bool:
        """Tell whether a property has the same answer in all states of an orbit."""
        if not TRAITS[question.property.kind].orbit:
            return False
        predicate = question.predicate
        states = [predicate.stutter] if predicate.state is None else [predicate.state]
        steps = predicate.steps or {}
        try:
            return all(self._is_moved(expr, expr, exchange) for expr in states for exchange in self._exchanges) and all(
                (moved := exchange.event(event)) in steps and self._is_moved(expr, steps[moved], exchange)
                for event, expr in steps.items()
                for exchange in self._exchanges
            )
        except _PickedOutError:
            return False

    def _is_moved(self, expr: Expr, other: Expr, exchange: Exchange) -> bool:
        """Tell whether an exchange makes an expression into another."""
        return self._number(expr, exchange) == self._number(other, None)

    def _is_symmetric(self, machine: Machine) -> bool:
        if machine.copies is None or not 2 <= machine.copies <= MOST_COPIES or not self._has_whole_domains(machine):
            return False
        try:
            return all(self._described(exchange) == self._rows for exchange in _generators(machine))
        except _PickedOutError:
            return False

    def _has_whole_domains(self, machine: Machine) -> bool:
        """Tell whether whoever names a copy of the machine may name all of them, at first, too."""
        every = set(self.system.copies_of(machine.name))
        for cell in self.system.flat.cells:
            if isinstance(cell.domain, Symbols) and cell.domain.of == machine.name:
                for values in (cell.domain.names, cell.initial):
                    named = {value for value in values if isinstance(value, Copy)}
                    if named != every and (named or values is cell.domain.names):
                        return False
        return True

    def _described(self, exchange: Exchange | None) -> object:
        """Return the rows, the initial states and the places of rest as an exchange makes them, comparable.

        A row is all that can be seen of its steps: the event with its result, its arguments and who takes part, the
        guard and the updates. So an exchange that keeps the rows maps each step to a step by the exchanged event.
        """
        flat = self.system.flat
        rows: Counter[object] = Counter()
        for row in flat.rows:
            updates = frozenset(
                (self._slot(slot, exchange), self._number(update, exchange, flat.cells[slot].domain))
                for slot, update in row.updates
            )
            event = row.event if exchange is None else exchange.event(row.event)
            together = tuple(part.every for part in row.participants)
            rows[event, together, self._number(row.guard, exchange), updates] += 1
        return rows, self._number(flat.initial, exchange), self._number(flat.rest, exchange)

    def _slot(self, slot: int, exchange: Exchange | None) -> int:
        cell = self.system.flat.cells[slot]
        if exchange is None or cell.machine != exchange.machine or cell.copy is None:
            return slot
        return self.system.slots[cell.machine, cell.variable, exchange.to[cell.copy]]

    def _number(self, expr: Expr, exchange: Exchange | None, domain: Domain | None = None) -> int:
        """Return a number for an expression after an exchange: equal ones, but for the order of operands, share it."""
        known: dict[tuple[int, Domain | None], int] = {}

        def number(node: Expr, domain: Domain | None) -> int:
            key = (id(node), domain)
            if key not in known:
                known[key] = self._entered(described(node, domain))
            return known[key]

        def described(node: Expr, domain: Domain | None) -> tuple[object, ...]:
            match node:
                case Constant(value=value):
                    return ("constant", _moved(value, domain, exchange))
                case Cell(slot=slot):
                    self._accept(slot, domain)
                    return ("cell", self._slot(slot, exchange))
                case Next(slot=slot):
                    self._accept(slot, domain)
                    return ("next", self._slot(slot, exchange))
                case Apply(op=Op.ITE, operands=(condition, then, otherwise)):
                    return (Op.ITE, number(condition, None), number(then, domain), number(otherwise, domain))
                case Apply(op=op, operands=operands) if op in COMPARISONS:
                    inner = self._naming(operands) if op in (Op.EQ, Op.NE) else None
                    numbers = [number(operand, inner) for operand in operands]
                    if op in (Op.EQ, Op.NE):
                        return (op, *sorted(numbers))
                    return (MIRRORED[op], *reversed(numbers)) if op in MIRRORED else (op, *numbers)
                case Apply(op=op):
                    numbers = [number(operand, None) for operand in _joined(node)]
                    return (op, *(sorted(numbers) if op in ASSOCIATIVE else numbers))
                case _:
                    raise AssertionError(f"{node} is not flat")

        return number(expr, domain)

    def _entered(self, description: tuple[object, ...]) -> int:
        return self._numbers.setdefault(description, len(self._numbers))

    def _naming(self, operands: Sequence[Expr]) -> Domain | None:
        """Return the domain of copies that two sides of an equation speak of, or None."""
        found = {
            domain
            for operand in operands
            for domain in (self._domain(node) for node in _branches(operand))
            if domain is not None
        }
        if len(found) > 1:
            raise _PickedOutError
        return next(iter(found), None)

    def _domain(self, node: Expr) -> Domain | None:
        if not isinstance(node, Cell | Next):
            return None
        domain = self.system.flat.cells[node.slot].domain
        return domain if isinstance(domain, Symbols) and domain.of is not None else None

    def _accept(self, slot: int, domain: Domain | None) -> None:
        own = self._domain(Cell(slot))
        if own is not None and own != domain:
            raise _PickedOutError


def _generators(machine: Machine) -> Iterator[Exchange]:
    """Yield exchanges that make up all others: the first two copies, and all in a circle."""
    assert machine.copies is not None
    numbers = list(range(machine.copies))
    yield Exchange(machine.name, (1, 0, *numbers[2:]))
    if machine.copies > 2:
        yield Exchange(machine.name, (*numbers[1:], 0))


def _moved(value: Value, domain: Domain | None, exchange: Exchange | None) -> object:
    """Return a constant's code after an exchange; a code of a domain of copies is a copy, or none."""
    if exchange is None or not isinstance(domain, Symbols) or domain.of != exchange.machine:
        return int(value) if isinstance(value, int) else value
    assert isinstance(value, int)
    if not 0 <= value < len(domain.names):
        return int(value)
    return domain.code(exchange.value(domain.value(value)))


def _branches(expr: Expr) -> Iterator[Expr]:
    """Yield what an expression can be equal to: the ends of its choices."""
    if isinstance(expr, Apply) and expr.op is Op.ITE:
        for operand in expr.operands[1:]:
            yield from _branches(operand)
    else:
        yield expr


def _joined(node: Apply) -> Iterator[Expr]:
    """Yield the operands, those of the same associative operator inside as well."""
    for operand in node.operands:
        if node.op in ASSOCIATIVE and isinstance(operand, Apply) and operand.op is node.op:
            yield from _joined(operand)
        else:
            yield operand
