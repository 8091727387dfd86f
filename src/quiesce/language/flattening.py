"""Flattening: from machines with copies, shared triggers and observers to joint rows over integer cells.

A joint row fixes which rows take part, by which copies, with which arguments and result; what is left is a guard and
the cells it writes. Names and indices become positions in a domain; a value that a domain lacks becomes -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from quiesce.core import formulas
from quiesce.core.domains import Copy, Domain, Symbols, Value
from quiesce.core.expressions import (
    COMPARISONS,
    FALSE,
    Accepts,
    Acting,
    After,
    Apply,
    Argument,
    Cell,
    Constant,
    Enabled,
    Expr,
    Fresh,
    Happens,
    Implies,
    Next,
    Op,
    Path,
    Quantified,
    Read,
    Unchanged,
    apply,
    judges_steps,
    walk,
)
from quiesce.core.printing import expression
from quiesce.core.system import (
    STATE,
    Flat,
    FlatCell,
    FlatFormula,
    FlatProperty,
    JointRow,
    Machine,
    Participant,
    Property,
    PropertyKind,
    Row,
    RowKind,
    System,
)
from quiesce.core.vacuity import without_conclusions
from quiesce.language.coding import NOWHERE, Names, alone, primed, recoded, unprimed

NO_EVENT = ("", None)
"""What happens where a run has ended: nothing by any name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Context:
    """What the free names of an expression stand for in one joint row or one step formula."""

    own: tuple[str, int | None] | None = None
    acting: Mapping[str, Copy] = field(default_factory=dict)
    arguments: Mapping[str, tuple[Value, Domain]] = field(default_factory=dict)
    event: tuple[str, Value] | None = None
    primed: bool = False


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


def flatten(machines: Sequence[Machine], properties: Sequence[Property], *, initially: Expr, rest: Expr | None) -> Flat:
    """Return the flat view of closed machines, whose names and triggers have been checked."""
    flattener = _Flattener(machines)
    nothing = _Context()
    return Flat(
        cells=flattener.cells,
        initial=flattener.truth(initially, nothing),
        rest=FALSE if rest is None else flattener.truth(rest, nothing),
        rows=flattener.rows,
        properties=tuple(flattener.property(question) for question in properties),
    )


def flat_properties(system: System, properties: Sequence[Property]) -> tuple[FlatProperty, ...]:
    """Return properties over the cells of a built system, for questions that are asked of it later."""
    flattener = _Flattener(system.machines, system.flat)
    return tuple(flattener.property(question) for question in properties)


class _Flattener:
    """The cells and joint rows of some machines, and the translation of expressions to them."""

    def __init__(self, machines: Sequence[Machine], flat: Flat | None = None) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self.cells = flat.cells if flat is not None else tuple(self._cells())
        self.slots = {(cell.machine, cell.variable, cell.copy): slot for slot, cell in enumerate(self.cells)}
        self.rows = flat.rows if flat is not None else tuple(self._joint_rows())
        self.guards: dict[str, list[Expr]] = {}
        for row in self.rows:
            self.guards.setdefault(row.trigger, []).append(row.guard)

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
        for trigger in triggers:
            for ways in product(*self._roles(trigger, actors)):
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
        context = _Context(acting=acting, arguments=arguments)
        guard = apply(Op.AND, *[self._enabled(way.machine, way.row, way.copies, context) for way in ways])
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

    def _enabled(self, machine: Machine, row: Row, copies: Iterable[int | None], context: _Context) -> Expr:
        """The guard of a row for copies: in one of its sources, and under its condition."""
        parts = []
        for copy in copies:
            own = replace(context, own=(machine.name, copy))
            if row.sources is not None:
                state = Read(machine.name, STATE)
                tests = [self.truth(Apply(Op.EQ, (state, Constant(source))), own) for source in row.sources]
                parts.append(apply(Op.OR, *tests))
            parts.append(self.truth(row.guard, own))
        return apply(Op.AND, *parts)

    def _written(self, machine: Machine, row: Row, copy: int | None, context: _Context) -> dict[int, Expr]:
        own = replace(context, own=(machine.name, copy))
        effects = dict(row.effects)
        if row.dest is not None:
            effects[STATE] = Constant(row.dest)
        written = {}
        for name, effect in effects.items():
            slot = self.slots[machine.name, name, copy]
            domain = self.cells[slot].domain
            names = domain.names if isinstance(domain, Symbols) else None
            update = self.number(effect, own, names)
            if update != Cell(slot):
                written[slot] = update
        return written

    def _observed(self, trigger: str, result: Value, context: _Context) -> dict[int, Expr]:
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
                guard = self._enabled(machine, row, (None,), context)
                effects = self._written(machine, row, None, context)
                for slot in effects.keys() | written.keys():
                    if self.cells[slot].machine == machine.name:
                        otherwise = written.get(slot, Cell(slot))
                        chosen = apply(Op.ITE, guard, effects.get(slot, Cell(slot)), otherwise)
                        written[slot] = chosen
        return {slot: update for slot, update in written.items() if update != Cell(slot)}

    # -- expressions --------------------------------------------------------------------------------------------------

    def truth(self, expr: Expr, context: _Context) -> Expr:
        """Return a truth value as a flat expression."""
        return self.number(expr, context, None)

    def number(self, expr: Expr, context: _Context, names: Names | None) -> Expr:
        """Return a value as a flat expression: its position in `names`, or where None the number or truth value."""
        match expr:
            case Constant(value=value):
                return self._constant(value, names)
            case Acting(machine=machine):
                return self._constant(self._acting(machine, context), names)
            case Argument(name=name):
                return self._constant(context.arguments[name][0], names)
            case Read():
                return self._read(expr, context, names)
            case Apply(op=op, operands=operands):
                return self._applied(op, operands, context, names)
            case Implies(premise=premise, conclusion=conclusion):
                return apply(Op.OR, apply(Op.NOT, self.truth(premise, context)), self.truth(conclusion, context))
            case After(operand=operand):
                return self.number(operand, replace(context, primed=True, event=None), names)
            case Happens(trigger=trigger, results=results):
                assert context.event is not None
                happened = context.event[0] == trigger and (results is None or context.event[1] in results)
                return Constant(happened)
            case Enabled(trigger=trigger):
                guards = self.guards.get(trigger, []) if trigger else [row.guard for row in self.rows]
                return self._at(apply(Op.OR, *guards), context)
            case Accepts(machine=machine, trigger=trigger, results=results):
                return self._at(self._accepts(self.machines[machine], trigger, results), context)
            case Fresh(machine=machine):
                return self._at(self._fresh(machine), context)
            case Unchanged(machine=machine):
                slots = [slot for slot, cell in enumerate(self.cells) if cell.machine == machine]
                return apply(Op.AND, *[apply(Op.EQ, Next(slot), Cell(slot)) for slot in slots])
            case Cell() | Next() | Path() | Quantified():
                raise AssertionError(f"{expression(expr)} has no flat form")

    def _constant(self, value: Value, names: Names | None) -> Expr:
        if names is None:
            assert isinstance(value, int)
            return Constant(value)
        code = Symbols(names).code(value)
        return Constant(NOWHERE if code is None else code)

    def _acting(self, machine: str, context: _Context) -> Copy:
        if context.own is not None and context.own[0] == machine and context.own[1] is not None:
            return Copy(machine, context.own[1])
        return context.acting[machine]

    def _at(self, expr: Expr, context: _Context) -> Expr:
        return primed(expr) if context.primed else expr

    def _read(self, expr: Read, context: _Context, names: Names | None) -> Expr:
        if expr.copy is None:
            own = context.own
            copy = own[1] if own is not None and own[0] == expr.machine else None
            return self._cell(expr, copy, context, names)
        copies = tuple(Copy(expr.machine, index or 0) for index in self.machines[expr.machine].indices())
        index = self.number(expr.copy, context, copies)
        if isinstance(index, Constant):
            assert isinstance(index.value, int)
            return self._cell(expr, index.value, context, names)
        chosen = self._cell(expr, len(copies) - 1, context, names)
        for position in reversed(range(len(copies) - 1)):
            here = self._cell(expr, position, context, names)
            chosen = apply(Op.ITE, apply(Op.EQ, index, Constant(position)), here, chosen)
        return chosen

    def _cell(self, expr: Read, copy: int | None, context: _Context, names: Names | None) -> Expr:
        slot = self.slots[expr.machine, expr.variable, copy]
        cell: Expr = Next(slot) if context.primed else Cell(slot)
        domain = self.cells[slot].domain
        if names is None or (isinstance(domain, Symbols) and domain.names == names):
            return cell
        return recoded(cell, domain, names)

    def _applied(self, op: Op, operands: tuple[Expr, ...], context: _Context, names: Names | None) -> Expr:
        if op is Op.ITE:
            condition = self.truth(operands[0], context)
            return apply(Op.ITE, condition, *[self.number(branch, context, names) for branch in operands[1:]])
        inner = self._shared_names(operands, context) if op in COMPARISONS else None
        return apply(op, *[self.number(operand, context, inner) for operand in operands])

    def _shared_names(self, operands: tuple[Expr, ...], context: _Context) -> Names | None:
        """The names to which both sides of a comparison are coded, or None where they are numbers or truth values."""
        listed = [self._names(operand, context) for operand in operands]
        if all(names is None for names in listed):
            return None
        shared: dict[tuple[type, Value], Value] = {}
        for operand, names in sorted(
            zip(operands, listed, strict=True), key=lambda pair: isinstance(pair[0], Constant)
        ):
            own = names if names is not None else alone(operand)
            shared |= {(type(name), name): name for name in own}
        return tuple(shared.values())

    def _names(self, expr: Expr, context: _Context) -> Names | None:
        """The names that an expression can have as values, or None for numbers and truth values."""
        match expr:
            case Constant(value=value):
                return None if isinstance(value, int) and type(value) in (int, bool) else (value,)
            case Acting(machine=machine):
                return (self._acting(machine, context),)
            case Argument(name=name):
                value, domain = context.arguments[name]
                return (value,) if isinstance(domain, Symbols) else None
            case Read(machine=machine, variable=variable):
                domain = self.machines[machine].variable(variable).domain
                return domain.names if isinstance(domain, Symbols) else None
            case After(operand=operand):
                return self._names(operand, context)
            case Apply(op=Op.ITE, operands=(_, then, otherwise)):
                branches = [(branch, self._names(branch, context)) for branch in (then, otherwise)]
                if all(names is None for _, names in branches):
                    return None
                known = [names if names is not None else alone(branch) for branch, names in branches]
                return tuple(dict.fromkeys(name for names in known for name in names))
            case _:
                return None

    # -- the operators of properties ----------------------------------------------------------------------------------

    def property(self, question: Property, *, strengthen: bool = True) -> FlatProperty:
        """Return a property over cells: its predicate, or one for each atom of a temporal formula."""
        kind = question.kind
        predicate = FlatFormula()
        atoms: dict[Expr, FlatFormula] = {}
        if kind is PropertyKind.TEMPORAL:
            atoms = {expr: self.predicate(expr) for expr in formulas.atoms(formulas.taken_apart(question.formula))}
        elif kind not in (PropertyKind.DOMAINS, PropertyKind.NO_DEADLOCK):
            predicate = self.predicate(question.formula)
        stronger = []
        if strengthen and kind in (PropertyKind.ALWAYS, PropertyKind.TEMPORAL):
            asked = [replace(question, formula=formula) for formula in without_conclusions(question.formula)]
            stronger = [self.property(other, strengthen=False) for other in asked]
        return FlatProperty(property=question, predicate=predicate, atoms=atoms, stronger=tuple(stronger))

    def predicate(self, expr: Expr) -> FlatFormula:
        """Return a predicate, or a number, over cells: one formula for states, or one for each kind of event."""
        if not judges_steps(expr):
            return FlatFormula(state=self.truth(expr, _Context()))
        events = dict.fromkeys((row.trigger, row.result) for row in self.rows)
        return FlatFormula(
            steps={event: self.truth(expr, _Context(event=event)) for event in events},
            stutter=unprimed(self.truth(expr, _Context(event=NO_EVENT))),
        )

    def _fresh(self, machine: str) -> Expr:
        cells = [(slot, cell) for slot, cell in enumerate(self.cells) if cell.machine == machine]
        tests = []
        for slot, cell in cells:
            codes = [cell.domain.code(value) for value in cell.initial]
            tests.append(apply(Op.OR, *[apply(Op.EQ, Cell(slot), Constant(code)) for code in codes]))
        return apply(Op.AND, *tests)

    def _accepts(self, machine: Machine, trigger: str, results: Names | None) -> Expr:
        ways = []
        for row in machine.rows:
            if row.kind is not RowKind.ON or row.trigger != trigger:
                continue
            if results is not None and not set(results) & set(row.returns or ()):
                continue
            named = {node.machine for node in walk(row.guard) if isinstance(node, Acting)} - {machine.name}
            others = [self.machines[name] for name in sorted(named)]
            for values in product(*[tuple(given.domain.values()) for given in row.arguments]):
                bound = {given.name: (value, given.domain) for given, value in zip(row.arguments, values, strict=True)}
                for indices in product(*[other.indices() for other in others]):
                    acting = {
                        other.name: Copy(other.name, index or 0) for other, index in zip(others, indices, strict=True)
                    }
                    context = _Context(acting=acting, arguments=bound)
                    if row.every:
                        ways.append(self._enabled(machine, row, machine.indices(), context))
                    else:
                        ways += [self._enabled(machine, row, (copy,), context) for copy in machine.indices()]
        return apply(Op.OR, *ways)
