"""The reference interpreter: the definition of what a system means, in the plainest code that says it.

It runs the machines as their authors wrote them, before composition is flattened, so that flattening is tested too.
Every engine is compared with it on random systems, and every trace is replayed through it before it is shown.

A *transition* is (state, joint rows, copies, arguments, result); self-loops count, initial states do not. A step that
leaves a domain is a transition that is not followed. The depth of an initial state is 0. States are ordered by the
ordinals of their values, first declared first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import product

from quiesce.core.domains import Copy, Value, shown
from quiesce.core.errors import EngineError, SpecificationError
from quiesce.core.expressions import (
    MEANING,
    TRUE,
    Accepts,
    Acting,
    After,
    Apply,
    Argument,
    Constant,
    Enabled,
    Expr,
    Fresh,
    Happens,
    Implies,
    Read,
    Unchanged,
    walk,
)
from quiesce.core.flat import Participant, happened
from quiesce.core.system import STATE, Machine, Row, RowKind, System
from quiesce.core.trace import Departure, Label, State, Step

MOST_INITIAL_STATES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an expression may look at: the state, whose row it is, who acts, the arguments, and the step if any."""

    system: System
    state: State
    own: tuple[str, int | None] | None = None
    acting: Mapping[str, Copy] = field(default_factory=dict)
    arguments: Mapping[str, Value] = field(default_factory=dict)
    step: Step | None = None


# -- expressions -----------------------------------------------------------------------------------------------------


def evaluate(expr: Expr, scope: Scope) -> Value:
    """Return the value of a machine expression; raises EngineError where it asks for what the scope lacks."""
    return _EVALUATE[type(expr)](expr, scope)


def _read(expr: Read, scope: Scope) -> Value:
    index: int | None = None
    if expr.copy is not None:
        copy = evaluate(expr.copy, scope)
        if not isinstance(copy, Copy):
            raise EngineError(f"{expr.machine}.{expr.variable} is read at {copy!r}, which is no copy")
        index = copy.index
    elif scope.own is not None and scope.own[0] == expr.machine:
        index = scope.own[1]
    return scope.state[scope.system.slots[expr.machine, expr.variable, index]]


def _apply(expr: Apply, scope: Scope) -> Value:
    return MEANING[expr.op](*[evaluate(operand, scope) for operand in expr.operands])


def _acting(expr: Acting, scope: Scope) -> Value:
    if scope.own is not None and scope.own[0] == expr.machine and scope.own[1] is not None:
        return Copy(expr.machine, scope.own[1])
    return scope.acting[expr.machine]


def _implies(expr: Implies, scope: Scope) -> Value:
    return not evaluate(expr.premise, scope) or evaluate(expr.conclusion, scope)


def _after(expr: After, scope: Scope) -> Value:
    if scope.step is None or scope.step.target is None:
        raise EngineError("after() where there is no step")
    return evaluate(expr.operand, replace(scope, state=scope.step.target, step=None))


def _happens(expr: Happens, scope: Scope) -> Value:
    if scope.step is None:
        raise EngineError("happens() where there is no step")
    label = scope.step.label
    return label.trigger == expr.trigger and happened(expr, label.event)  # most steps are by another trigger


def _enabled(expr: Enabled, scope: Scope) -> Value:
    possible = possible_triggers(scope.system, scope.state)
    return bool(possible) if expr.trigger is None else expr.trigger in possible


def _accepts(expr: Accepts, scope: Scope) -> Value:
    machine = scope.system.by_name[expr.machine]
    return any(
        _acceptable(machine, row, scope)
        for row in machine.rows
        if row.kind is RowKind.ON
        and row.trigger == expr.trigger
        and (expr.results is None or set(expr.results) & set(row.returns or ()))
    )


def _acceptable(machine: Machine, row: Row, scope: Scope) -> bool:
    """Some copy (all, for an `every` row) can take the row, for some arguments and some acting copies."""
    others = sorted({node.machine for node in walk(row.guard) if isinstance(node, Acting)} - {machine.name})
    names = [declaration.name for declaration in row.arguments]
    for values in product(*[tuple(declaration.domain.values()) for declaration in row.arguments]):
        for copies in product(*[scope.system.copies_of(other) for other in others]):
            bound = Scope(
                system=scope.system,
                state=scope.state,
                acting=dict(zip(others, copies, strict=True)),
                arguments=dict(zip(names, values, strict=True)),
            )
            verdicts = [_enabled_row(machine, row, index, bound) for index in machine.indices()]
            if all(verdicts) if row.every else any(verdicts):
                return True
    return False


def _fresh(expr: Fresh, scope: Scope) -> Value:
    return all(
        value in cell.initial
        for cell, value in zip(scope.system.flat.cells, scope.state, strict=True)
        if cell.machine == expr.machine
    )


def _unchanged(expr: Unchanged, scope: Scope) -> Value:
    if scope.step is None or scope.step.target is None:
        raise EngineError("unchanged where there is no step")
    cells = zip(scope.system.flat.cells, scope.state, scope.step.target, strict=True)
    return all(old == new for cell, old, new in cells if cell.machine == expr.machine)


_EVALUATE: dict[type, Callable[..., Value]] = {
    Constant: lambda expr, scope: expr.value,
    Read: _read,
    Apply: _apply,
    Acting: _acting,
    Argument: lambda expr, scope: scope.arguments[expr.name],
    Implies: _implies,
    After: _after,
    Happens: _happens,
    Enabled: _enabled,
    Accepts: _accepts,
    Fresh: _fresh,
    Unchanged: _unchanged,
}


# -- states and steps ------------------------------------------------------------------------------------------------


def ordinals(system: System, state: State) -> tuple[int, ...]:
    """Return the key by which states are ordered: the code of each value, first declared first."""
    codes = [cell.domain.code(value) for cell, value in zip(system.flat.cells, state, strict=True)]
    if any(code is None for code in codes):
        raise EngineError("a state outside its domains")
    return tuple(code for code in codes if code is not None)


def initial_states(system: System) -> list[State]:
    """Return the initial states, least first.

    Raises SpecificationError: Q14 where there are too many to list, Q15 where there is none.
    """
    count = 1
    for cell in system.flat.cells:
        count *= len(cell.initial)
    if count > MOST_INITIAL_STATES:
        raise SpecificationError(
            "Q14",
            f"{system.name} has {count:,} combinations of initial values, more than {MOST_INITIAL_STATES:,}",
            place=system.place,
            hint="let a first step choose the values, or give fewer variables several initial values",
        )
    combinations = product(*[cell.initial for cell in system.flat.cells])
    found = [state for state in combinations if evaluate(system.initially, Scope(system=system, state=state))]
    if not found:
        raise SpecificationError(
            "Q15",
            f"no state of {system.name} satisfies `initially`, so every property would hold of nothing",
            place=system.place,
            hint="weaken `initially=` or widen the variables' `initial=`",
        )
    return sorted(found, key=lambda state: ordinals(system, state))


def is_initial(system: System, state: State) -> bool:
    """Tell whether a state is initial: every value one of its cell's, and `initially` true."""
    ordinals(system, state)
    allowed = all(value in cell.initial for cell, value in zip(system.flat.cells, state, strict=True))
    return allowed and bool(evaluate(system.initially, Scope(system=system, state=state)))


@dataclass(frozen=True, slots=True)
class _Part:
    """One way for a machine to take part: a row by a copy (None: the only one, or every copy)."""

    machine: Machine
    row: Row
    number: int
    copy: int | None


@lru_cache(maxsize=64)
def _events(system: System) -> dict[str, list[list[_Part]]]:
    """Trigger -> for each role, the ways to fill it. All callers share one role; every machine that is `on` has one."""
    events: dict[str, list[list[_Part]]] = {}
    callers: dict[str, list[_Part]] = {}
    for machine in system.machines:
        if machine.observer:
            continue
        roles: dict[str, list[_Part]] = {}
        for number, row in enumerate(machine.rows):
            copies = (None,) if row.every else machine.indices()
            ways = [_Part(machine, row, number, copy) for copy in copies]
            if row.kind is RowKind.ON:
                roles.setdefault(row.trigger, []).extend(ways)
            else:
                if row.trigger not in callers:
                    callers[row.trigger] = []
                    events.setdefault(row.trigger, []).insert(0, callers[row.trigger])
                callers[row.trigger].extend(ways)
        for trigger, ways in roles.items():
            events.setdefault(trigger, []).append(ways)
    return events


MOST_KEPT = 4096
"""States whose steps are kept: runs that show answers of one system begin alike, and each is replayed."""


def steps(system: System, state: State) -> Iterator[Step]:
    """Yield every transition from a state, in the order of triggers, rows and copies as they were declared."""
    return iter(_kept_steps(_Same(system), state, tuple(map(type, state))))


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A system as a key: the very same object, for comparing two would take longer than what is kept saves."""

    system: System

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.system is other.system

    def __hash__(self) -> int:
        return id(self.system)


@lru_cache(MOST_KEPT)
def _kept_steps(same: _Same, state: State, _types: tuple[type, ...]) -> tuple[Step, ...]:
    """Return the steps from a state; the types tell 0 from False, which are equal for Python."""
    return tuple(_steps(same.system, state))


def _steps(system: System, state: State) -> Iterator[Step]:
    for trigger, roles in _events(system).items():
        for parts in product(*[[part for part in ways if _at_source(system, part, state)] for ways in roles]):
            acting = {part.machine.name: Copy(part.machine.name, part.copy) for part in parts if part.copy is not None}
            declared = {declaration.name: declaration.domain for part in parts for declaration in part.row.arguments}
            for values in product(*[tuple(domain.values()) for domain in declared.values()]):
                scope = Scope(
                    system=system, state=state, acting=acting, arguments=dict(zip(declared, values, strict=True))
                )
                if all(_enabled_part(part, scope) for part in parts):
                    for result in _results(parts):
                        yield _fire(trigger, result, parts, scope)


def _results(parts: Iterable[_Part]) -> list[Value]:
    """Return the results of an event: what a participant returns, as far as every caller accepts it."""
    returned: list[Value] = [None]
    for part in parts:
        if part.row.returns is not None:
            returned = list(part.row.returns)
    for part in parts:
        if part.row.gets is not None:
            returned = [result for result in returned if result in part.row.gets]
    return returned


def _owned(part: _Part) -> tuple[int | None, ...]:
    return part.machine.indices() if part.row.every else (part.copy,)


def _enabled_part(part: _Part, scope: Scope) -> bool:
    return all(_enabled_row(part.machine, part.row, copy, scope) for copy in _owned(part))


def _at_source(system: System, part: _Part, state: State) -> bool:
    return all(_from_source(system, part.machine, part.row, copy, state) for copy in _owned(part))


def _from_source(system: System, machine: Machine, row: Row, copy: int | None, state: State) -> bool:
    return row.sources is None or state[system.slots[machine.name, STATE, copy]] in row.sources


def _enabled_row(machine: Machine, row: Row, copy: int | None, scope: Scope) -> bool:
    if not _from_source(scope.system, machine, row, copy, scope.state):
        return False
    return row.guard == TRUE or bool(evaluate(row.guard, _own(scope, machine, copy)))


def _own(scope: Scope, machine: Machine, copy: int | None) -> Scope:
    """Return a scope as seen by one machine, or by one copy of it."""
    return Scope(
        system=scope.system,
        state=scope.state,
        own=(machine.name, copy),
        acting=scope.acting,
        arguments=scope.arguments,
        step=scope.step,
    )


def _fire(trigger: str, result: Value, parts: tuple[_Part, ...], scope: Scope) -> Step:
    """Take a step: every row writes from the state before it; the first fitting row of each observer writes too."""
    system = scope.system
    target = list(scope.state)
    departure: Departure | None = None

    def write(machine: Machine, row: Row, copy: int | None) -> None:
        nonlocal departure
        own = _own(scope, machine, copy)
        effects = [(name, evaluate(effect, own)) for name, effect in row.effects]
        if row.dest is not None:
            effects.insert(0, (STATE, row.dest))
        for name, value in effects:
            slot = system.slots[machine.name, name, copy]
            cell = system.flat.cells[slot]
            if cell.domain.code(value) is not None:
                target[slot] = value
            elif departure is None:
                left = value if isinstance(value, int) and not isinstance(value, bool) else shown(value)
                departure = Departure(cell=cell.label, domain=str(cell.domain), value=left)

    for part in parts:
        for copy in _owned(part):
            write(part.machine, part.row, copy)
    for observer in system.machines:
        if observer.observer:
            row = _observed(observer, trigger, result, scope)
            if row is not None:
                write(observer, row, None)
    label = Label(
        trigger=trigger,
        result=result,
        participants=tuple(
            Participant(machine=part.machine.name, copy=part.copy, row=part.number, every=part.row.every)
            for part in parts
        ),
        arguments=tuple(scope.arguments.items()),
    )
    return Step(label=label, target=None if departure else tuple(target), departure=departure)


def _observed(observer: Machine, trigger: str, result: Value, scope: Scope) -> Row | None:
    """Return the first row of an observer that fits the event, its result and its arguments, or None."""
    for row in observer.rows:
        named = all(given.name in scope.arguments for given in row.arguments)
        if row.trigger == trigger and named and (row.gets is None or result in row.gets):
            if _enabled_row(observer, row, None, scope):
                return row
    return None


@lru_cache(maxsize=1 << 14)
def possible_triggers(system: System, state: State) -> frozenset[str]:
    """Return the triggers by which some step is possible; kept, for a formula asks for many in one state."""
    return frozenset(step.label.trigger for step in steps(system, state))
