"""Flattening: from machines with copies, shared triggers and observers to joint rows over integer cells.

A joint row fixes which rows take part, by which copies, with which arguments and result; what is left is a guard and
the cells it writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from quiesce.core import formulas
from quiesce.core.domains import Copy, Domain, Symbols, Value, size
from quiesce.core.errors import SpecificationError
from quiesce.core.expressions import FALSE, Cell, Constant, Expr, Happens, Op, apply, judges_steps, walk
from quiesce.core.flat import Event, Flat, FlatCell, FlatFormula, FlatProperty, JointRow, Participant, happened
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.system import STATE, Machine, Row, RowKind, System
from quiesce.core.trace import NO_EVENT
from quiesce.core.vacuity import without_conclusions
from quiesce.language.coding import Names, unprimed
from quiesce.language.translating import MOST_COMBINATIONS, Context, Translation


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to fill a role of an event: a row by a copy (None: the only one, or every copy)."""

    machine: Machine
    row: Row
    number: int
    copy: int | None

    @property
    def copies(self) -> tuple[int | None, ...]:
        return self.machine.indices() if self.row.every else (self.copy,)


def _combinations(roles: Sequence[Sequence[_Way]]) -> int:
    """Return in how many ways the roles of an event can be filled, for all values of its arguments, or a bit more.

    Arguments are counted once where all rows declare them, and row by row where each has its own: the less of both.
    """
    domains = {given.name: given.domain for ways in roles for way in ways for given in way.row.arguments}
    shared = prod(len(ways) for ways in roles) * prod(size(domain) for domain in domains.values())
    apart = prod(sum(prod(size(given.domain) for given in way.row.arguments) for way in ways) for ways in roles)
    return min(shared, apart)


def flatten(machines: Sequence[Machine], properties: Sequence[Property], *, initially: Expr, rest: Expr | None) -> Flat:
    """Return the flat view of closed machines, whose names and triggers have been checked."""
    flattener = _Flattener(machines)
    nothing = Context()
    return Flat(
        cells=flattener.cells,
        initial=flattener.translation.truth(initially, nothing),
        rest=FALSE if rest is None else flattener.translation.truth(rest, nothing),
        rows=flattener.rows,
        properties=tuple(flattener.property(question) for question in properties),
    )


def flat_properties(system: System, properties: Sequence[Property]) -> tuple[FlatProperty, ...]:
    """Return properties over the cells of a built system, for questions that are asked of it later."""
    flattener = _Flattener(system.machines, system.flat)
    return tuple(flattener.property(question) for question in properties)


def flat_values(machines: Sequence[Machine], flat: Flat, terms: Mapping[str, tuple[Expr, Domain]]) -> dict[str, Expr]:
    """Return values of states over the cells of a flat system, each as a code of its domain."""
    translation = _Flattener(machines, flat).translation
    return {
        label: translation.number(expr, Context(), domain.names if isinstance(domain, Symbols) else None)
        for label, (expr, domain) in terms.items()
    }


class _Flattener:
    """The cells and joint rows of some machines, and the translation of expressions to them."""

    def __init__(self, machines: Sequence[Machine], flat: Flat | None = None) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self.cells = flat.cells if flat is not None else tuple(self._cells())
        self.translation = Translation(machines, self.cells)
        self.rows = flat.rows if flat is not None else tuple(self._joint_rows())
        for row in self.rows:
            self.translation.guards.setdefault(row.trigger, []).append(row.guard)
        self.events = tuple(dict.fromkeys(row.event for row in self.rows))

    def _cells(self) -> Iterable[FlatCell]:
        return (
            FlatCell(
                machine=machine.name,
                copy=copy,
                variable=variable.name,
                domain=variable.domain,
                initial=variable.initial,
            )
            for machine in self.machines.values()
            for copy in machine.indices()
            for variable in machine.variables
        )

    # -- joint rows ---------------------------------------------------------------------------------------------------

    def _joint_rows(self) -> Iterable[JointRow]:
        actors = [machine for machine in self.machines.values() if not machine.observer]
        triggers = dict.fromkeys(row.trigger for machine in actors for row in machine.rows)
        tried = 0
        for trigger in triggers:
            roles = self._roles(trigger, actors)
            tried += _combinations(roles)
            if tried > MOST_COMBINATIONS:
                raise SpecificationError(
                    "Q56",
                    f"{trigger!r} and what comes before it have {tried:,} combinations of rows, copies and arguments, "
                    f"more than {MOST_COMBINATIONS:,}",
                    place=next(way.row.place for ways in roles for way in ways),
                    hint="give arguments smaller domains, use fewer copies, or keep a choice in a variable",
                )
            for ways in product(*roles):
                domains = {given.name: given.domain for way in ways for given in way.row.arguments}
                for values in product(*[tuple(domain.values()) for domain in domains.values()]):
                    bound = {
                        name: (value, domain) for (name, domain), value in zip(domains.items(), values, strict=True)
                    }
                    yield from self._joint(trigger, ways, bound)

    def _roles(self, trigger: str, actors: Sequence[Machine]) -> list[list[_Way]]:
        """One role for all callers together, and one for each machine that is on the trigger."""
        calling: list[_Way] = []
        roles: list[list[_Way]] = []
        called = False
        for machine in actors:
            rows = [(number, row) for number, row in enumerate(machine.rows) if row.trigger == trigger]
            ways = [
                _Way(machine, row, number, copy)
                for number, row in rows
                for copy in ((None,) if row.every else machine.indices())
            ]
            if rows and rows[0][1].kind is not RowKind.ON:
                calling.extend(ways)
                called = True
            elif rows:
                roles.append(ways)
        return [calling, *roles] if called else roles

    def _joint(
        self, trigger: str, ways: tuple[_Way, ...], arguments: Mapping[str, tuple[Value, Domain]]
    ) -> Iterable[JointRow]:
        acting = {way.machine.name: Copy(way.machine.name, way.copy) for way in ways if way.copy is not None}
        context = Context(acting=acting, arguments=arguments)
        guard = apply(Op.AND, *[self.translation.enabled(way.machine, way.row, way.copies, context) for way in ways])
        if guard == FALSE:
            return
        written: dict[int, Expr] = {}
        for way in ways:
            for copy in way.copies:
                written |= self._written(way.machine, way.row, copy, context)
        given: Names = (None,)
        for way in ways:
            given = way.row.returns if way.row.returns is not None else given
        for result in given:
            if all(way.row.gets is None or result in way.row.gets for way in ways):
                updates = written | self._observed(trigger, result, context)
                yield JointRow(
                    trigger=trigger,
                    result=result,
                    participants=tuple(
                        Participant(machine=way.machine.name, copy=way.copy, row=way.number, every=way.row.every)
                        for way in ways
                    ),
                    arguments=tuple((name, value) for name, (value, _) in arguments.items()),
                    guard=guard,
                    updates=tuple(sorted(updates.items())),
                )

    def _written(self, machine: Machine, row: Row, copy: int | None, context: Context) -> dict[int, Expr]:
        own = replace(context, own=(machine.name, copy))
        effects = dict(row.effects)
        if row.dest is not None:
            effects[STATE] = Constant(row.dest)
        written = {}
        for name, effect in effects.items():
            slot = self.translation.slots[machine.name, name, copy]
            domain = self.cells[slot].domain
            names = domain.names if isinstance(domain, Symbols) else None
            update = self.translation.number(effect, own, names)
            if update != Cell(slot):
                written[slot] = update
        return written

    def _observed(self, trigger: str, result: Value, context: Context) -> dict[int, Expr]:
        """What observers write: for each cell, the first fitting row's value, else the cell unchanged."""
        written: dict[int, Expr] = {}
        for machine in self.machines.values():
            if not machine.observer:
                continue
            rows = [
                row
                for row in machine.rows
                if row.trigger == trigger
                and (row.gets is None or result in row.gets)
                and all(given.name in context.arguments for given in row.arguments)
            ]
            for row in reversed(rows):
                guard = self.translation.enabled(machine, row, (None,), context)
                effects = self._written(machine, row, None, context)
                for slot in effects.keys() | written.keys():
                    if self.cells[slot].machine == machine.name:
                        otherwise = written.get(slot, Cell(slot))
                        chosen = apply(Op.ITE, guard, effects.get(slot, Cell(slot)), otherwise)
                        written[slot] = chosen
        return {slot: update for slot, update in written.items() if update != Cell(slot)}

    # -- properties ----------------------------------------------------------------------------------------------------

    def property(self, question: Property, *, strengthen: bool = True) -> FlatProperty:
        """Return a property over cells: its predicate, or one for each atom of a temporal formula."""
        kind = question.kind
        predicate = FlatFormula()
        atoms: dict[Expr, FlatFormula] = {}
        if kind is PropertyKind.TEMPORAL:
            atoms = {expr: self.predicate(expr) for expr in formulas.atoms(formulas.taken_apart(question.formula))}
        elif kind not in (PropertyKind.DOMAINS, PropertyKind.NO_DEADLOCK):
            predicate = self.predicate(question.formula, of_steps=question.step)
        stronger = []
        if strengthen and kind in (PropertyKind.ALWAYS, PropertyKind.TEMPORAL):
            asked = [replace(question, formula=formula) for formula in without_conclusions(question.formula)]
            stronger = [self.property(other, strengthen=False) for other in asked]
        return FlatProperty(property=question, predicate=predicate, atoms=atoms, stronger=tuple(stronger))

    def predicate(self, expr: Expr, *, of_steps: bool = False) -> FlatFormula:
        """Return a predicate, or a number, over cells: one formula for states, or one for each kind of event.

        One `of_steps` speaks of steps although nothing is left in it that does.
        """
        if not (of_steps or judges_steps(expr)):
            return FlatFormula(state=self.translation.truth(expr, Context()))
        asked = list(dict.fromkeys(node for node in walk(expr) if isinstance(node, Happens)))
        alike: dict[tuple[bool, ...], Expr] = {}
        steps: dict[Event, Expr] = {}
        for event in self.events:
            answers = tuple(happened(question, event) for question in asked)
            if answers not in alike:
                alike[answers] = self.translation.truth(expr, Context(event=event))
            steps[event] = alike[answers]
        return FlatFormula(steps=steps, stutter=unprimed(self.translation.truth(expr, Context(event=NO_EVENT.event))))
