"""Translation: an expression over machines, copies and events as one over integer cells.

Names and indices become positions in a domain; a value that a domain lacks becomes -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product

from quiesce.core.domains import Copy, Domain, Symbols, Value
from quiesce.core.expressions import (
    COMPARISONS,
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
    walk,
)
from quiesce.core.flat import Event, FlatCell, happened
from quiesce.core.printing import expression
from quiesce.core.system import STATE, Machine, Row, RowKind
from quiesce.language.coding import NOWHERE, Names, alone, primed, recoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the free names of an expression stand for in one joint row or one step formula."""

    own: tuple[str, int | None] | None = None
    acting: Mapping[str, Copy] = field(default_factory=dict)
    arguments: Mapping[str, tuple[Value, Domain]] = field(default_factory=dict)
    event: Event | None = None
    primed: bool = False


def _is_among(listed: Symbols, value: Value) -> bool:
    code = listed.code(value)
    return code is not None and type(value) is type(listed.names[code])


MOST_COMBINATIONS = 1 << 18
"""Combinations of rows, copies and values of arguments that are written out."""


class Translation:
    """Translates expressions of some machines to cells; `guards` are those of the joint rows of each trigger."""

    def __init__(self, machines: Sequence[Machine], cells: Sequence[FlatCell]) -> None:
        self.machines = {machine.name: machine for machine in machines}
        self.cells = cells
        self.slots = {(cell.machine, cell.variable, cell.copy): slot for slot, cell in enumerate(cells)}
        self.guards: dict[str, list[Expr]] = {}
        self._lists: dict[int, Symbols] = {}

    def _symbols(self, names: Names) -> Symbols:
        """Return names as a domain, made once for each list: looking a name up in it takes no time then."""
        if (known := self._lists.get(id(names))) is None or known.names is not names:
            known = self._lists[id(names)] = Symbols(names)
        return known

    def enabled(self, machine: Machine, row: Row, copies: Iterable[int | None], context: Context) -> Expr:
        """Return the guard of a row for copies: in one of its sources, and under its condition."""
        parts = []
        for copy in copies:
            own = replace(context, own=(machine.name, copy))
            if row.sources is not None:
                state = Read(machine.name, STATE)
                tests = [self.truth(Apply(Op.EQ, (state, Constant(source))), own) for source in row.sources]
                parts.append(apply(Op.OR, *tests))
            parts.append(self.truth(row.guard, own))
        return apply(Op.AND, *parts)

    def truth(self, expr: Expr, context: Context) -> Expr:
        """Return a truth value as a flat expression."""
        return self.number(expr, context, None)

    def number(self, expr: Expr, context: Context, names: Names | None) -> Expr:
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
            case Happens():
                assert context.event is not None
                return Constant(happened(expr, context.event))
            case Enabled(trigger=trigger):
                every = list(self.guards) if trigger is None else [trigger]
                guards = [guard for name in every for guard in self.guards.get(name, ())]
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
        code = self._symbols(names).code(value)
        return Constant(NOWHERE if code is None else code)

    def _acting(self, machine: str, context: Context) -> Copy:
        if context.own is not None and context.own[0] == machine and context.own[1] is not None:
            return Copy(machine, context.own[1])
        return context.acting[machine]

    def _at(self, expr: Expr, context: Context) -> Expr:
        return primed(expr) if context.primed else expr

    def _read(self, expr: Read, context: Context, names: Names | None) -> Expr:
        if expr.copy is None:
            own = context.own
            copy = own[1] if own is not None and own[0] == expr.machine else None
            return self._cell(expr, copy, context, names)
        if isinstance(expr.copy, Constant) and isinstance(expr.copy.value, Copy):
            return self._cell(expr, expr.copy.value.index, context, names)
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

    def _cell(self, expr: Read, copy: int | None, context: Context, names: Names | None) -> Expr:
        slot = self.slots[expr.machine, expr.variable, copy]
        cell: Expr = Next(slot) if context.primed else Cell(slot)
        domain = self.cells[slot].domain
        if names is None or (isinstance(domain, Symbols) and domain.names == names):
            return cell
        return recoded(cell, domain, names)

    def _applied(self, op: Op, operands: tuple[Expr, ...], context: Context, names: Names | None) -> Expr:
        if op is Op.ITE:
            condition = self.truth(operands[0], context)
            return apply(Op.ITE, condition, *[self.number(branch, context, names) for branch in operands[1:]])
        inner = self._shared_names(operands, context) if op in COMPARISONS else None
        return apply(op, *[self.number(operand, context, inner) for operand in operands])

    def _shared_names(self, operands: tuple[Expr, ...], context: Context) -> Names | None:
        """The names to which both sides of a comparison are coded, or None where they are numbers or truth values."""
        listed = [self._names(operand, context) for operand in operands]
        if all(names is None for names in listed):
            return None
        own = [alone(operand) if names is None else names for operand, names in zip(operands, listed, strict=True)]
        # The longest list first: most often it is a variable's own, and has the other side's names already.
        longest = self._symbols(max(own, key=len))
        if all(names is longest.names or all(map(partial(_is_among, longest), names)) for names in own):
            return longest.names
        shared: dict[tuple[type, Value], Value] = {}
        for names in sorted(own, key=len, reverse=True):
            shared |= {(type(name), name): name for name in names}
        return tuple(shared.values())

    def _names(self, expr: Expr, context: Context) -> Names | None:
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
                    context = Context(acting=acting, arguments=bound)
                    if row.every:
                        ways.append(self.enabled(machine, row, machine.indices(), context))
                    else:
                        ways += [self.enabled(machine, row, (copy,), context) for copy in machine.indices()]
        return apply(Op.OR, *ways)
