"""What expressions and rows mean: the value of an expression, and the steps of a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Any

from tests.oracle.data import Cell, Copy, Expression, Machine, Part, Row, State, Step, System, Value, cells, nodes


@dataclass(frozen=True)
class View:
    """What an expression can look at: a state, whose row it stands in, who acts, the arguments, the step."""

    state: State
    own: tuple[str, int | None] | None = None
    acting: Mapping[str, int] = field(default_factory=dict)
    arguments: Mapping[str, Value] = field(default_factory=dict)
    step: Step | None = None


@dataclass(frozen=True)
class Way:
    """One way for a machine to take part in an event: by a row, with one copy, or with every copy."""

    machine: Machine
    number: int
    row: Row
    copy: int | None

    @property
    def copies(self) -> tuple[int | None, ...]:
        """Whose row it is: all copies of a row of every copy."""
        return self.machine.numbers if self.row.every else (self.copy,)


SILENCE = Step("", None, (), (), None)
"""The step of a state without steps: no event happens in it."""

OPERATORS: dict[str, Callable[..., Any]] = {
    "not": lambda a: not a,
    "and": lambda *all_: all(all_),
    "or": lambda *all_: any(all_),
    "implies": lambda a, b: not a or b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda *all_: sum(all_),
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "min": min,
    "max": max,
    "where": lambda condition, a, b: a if condition else b,
}


class Meaning:
    """A system whose expressions can be valued, and whose states can be stepped from."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.cells: list[Cell] = cells(system)
        self.places = {(cell.machine, cell.copy, cell.variable.name): at for at, cell in enumerate(self.cells)}
        self.steps_of: dict[State, tuple[Step, ...]] = {}

    # -- expressions --------------------------------------------------------------------------------------------------

    def value(self, expression: Expression, view: View) -> Any:
        """Return the value of an expression that has no temporal operator."""
        match expression:
            case ("const", value):
                return value
            case ("var", machine, variable, index):
                return self._read(machine, variable, index, view)
            case ("arg", name):
                return view.arguments[name]
            case ("acting", machine):
                own = view.own is not None and view.own[0] == machine
                return Copy(machine, view.own[1] if own else view.acting[machine])
            case ("after", operand):
                return self.value(operand, replace(view, state=self._following(view), step=None))
            case ("happens", trigger, results, arguments, by):
                return happened(view.step, trigger, results, arguments, by)
            case ("unchanged", machine):
                return self._part(machine, view.state) == self._part(machine, self._following(view))
            case ("fresh", machine):
                return self._fresh(machine, view.state)
            case ("enabled", trigger):
                return any(step.trigger == trigger for step in self.steps(view.state))
            case ("deadlock",):
                return not self.steps(view.state)
            case ("accepts", machine, trigger, results):
                return self._accepts(machine, trigger, results, view.state)
            case (word, *operands):
                return OPERATORS[word](*[self.value(operand, view) for operand in operands])
        raise ValueError(expression)

    def _read(self, machine: str, variable: str, index: Expression | None, view: View) -> Value:
        copy: int | None = None
        if index is not None:
            copy = self.value(index, view).number
        elif view.own is not None and view.own[0] == machine:
            copy = view.own[1]
        return view.state[self.places[machine, copy, variable]]

    def _following(self, view: View) -> State:
        """Return the state after the step; where no event happens it is the same one."""
        assert view.step is not None
        if view.step is SILENCE:
            return view.state
        assert view.step.target is not None
        return view.step.target

    def _part(self, machine: str, state: State) -> list[Value]:
        return [value for cell, value in zip(self.cells, state, strict=True) if cell.machine == machine]

    def _fresh(self, machine: str, state: State) -> bool:
        own = [cell for cell in self.cells if cell.machine == machine]
        return all(value in cell.variable.initial for cell, value in zip(own, self._part(machine, state), strict=True))

    def _accepts(self, name: str, trigger: str, results: tuple[str, ...] | None, state: State) -> bool:
        """A row of the machine has a true guard, for some copy, some arguments and some acting copies."""
        machine = self.system.machine(name)
        rows = [row for row in machine.rows if row.kind == "on" and row.trigger == trigger]
        if results is not None:
            rows = [row for row in rows if set(results) & set(row.returns or ())]
        return any(self._acceptable(machine, row, state) for row in rows)

    def _acceptable(self, machine: Machine, row: Row, state: State) -> bool:
        others = sorted({node[1] for node in nodes(row.when) if node[0] == "acting"} - {machine.name})
        for values in product(*[given.values for given in row.arguments]):
            arguments = dict(zip([given.name for given in row.arguments], values, strict=True))
            for copies in product(*[range(self.system.machine(other).copies or 0) for other in others]):
                view = View(state, acting=dict(zip(others, copies, strict=True)), arguments=arguments)
                possible = [self._is_open(machine, row, copy, view) for copy in machine.numbers]
                if all(possible) if row.every else any(possible):
                    return True
        return False

    # -- states -------------------------------------------------------------------------------------------------------

    def rank(self, state: State) -> tuple[int, ...]:
        """Return the key by which states are ordered: values in the order of their domains, first declared first."""
        return tuple(cell.variable.values.index(value) for cell, value in zip(self.cells, state, strict=True))

    @cached_property
    def initial(self) -> list[State]:
        """The initial states, least first."""
        combinations = product(*[cell.variable.initial for cell in self.cells])
        return sorted(filter(self.is_initial, combinations), key=self.rank)

    def is_initial(self, state: State) -> bool:
        """Tell whether a state has initial values, and `initially` is true of it."""
        possible = all(value in cell.variable.initial for cell, value in zip(self.cells, state, strict=True))
        return possible and bool(self.value(self.system.initially, View(state)))

    def rests(self, state: State) -> bool:
        """Tell whether it is right to stop here."""
        return self.system.rest is not None and bool(self.value(self.system.rest, View(state)))

    # -- steps --------------------------------------------------------------------------------------------------------

    @cached_property
    def events(self) -> dict[str, list[list[Way]]]:
        """For each trigger its roles, and the ways to fill each: one role for whoever calls, one for each that is on.

        A machine's calls and steps come before the events that it is on, whatever the order of its rows.
        """
        found: dict[str, list[list[Way]]] = {}
        for machine in self.system.machines:
            if not machine.observer:
                for trigger in sorted({row.trigger: row.kind for row in machine.rows}.items(), key=_is_on):
                    found.setdefault(trigger[0], [])
        for trigger in found:
            found[trigger] = self._roles(trigger)
        return found

    def _roles(self, trigger: str) -> list[list[Way]]:
        calling: list[Way] = []
        roles: list[list[Way]] = []
        called = False
        for machine in self.system.machines:
            rows = [(at, row) for at, row in enumerate(machine.rows) if row.trigger == trigger and not machine.observer]
            if not rows:
                continue
            ways = [
                Way(machine, at, row, copy) for at, row in rows for copy in ((None,) if row.every else machine.numbers)
            ]
            if rows[0][1].kind == "on":
                roles.append(ways)
            else:
                called = True
                calling += ways
        return [calling, *roles] if called else roles

    def steps(self, state: State) -> tuple[Step, ...]:
        """Return every transition of a state, in the order of triggers, rows, copies, arguments and results."""
        if state not in self.steps_of:
            self.steps_of[state] = tuple(self._steps(state))
        return self.steps_of[state]

    def _steps(self, state: State) -> Iterator[Step]:
        for trigger, roles in self.events.items():
            for ways in product(*roles):
                acting = {way.machine.name: way.copy for way in ways if way.copy is not None}
                declared = {given.name: given.values for way in ways for given in way.row.arguments}
                for values in product(*declared.values()):
                    view = View(state, acting=acting, arguments=dict(zip(declared, values, strict=True)))
                    if all(self._is_open(way.machine, way.row, copy, view) for way in ways for copy in way.copies):
                        for result in results_of(ways):
                            yield self._taken(trigger, result, ways, view)

    def _is_open(self, machine: Machine, row: Row, copy: int | None, view: View) -> bool:
        if row.sources is not None and view.state[self.places[machine.name, copy, "state"]] not in row.sources:
            return False
        return bool(self.value(row.when, replace(view, own=(machine.name, copy))))

    def _taken(self, trigger: str, result: str | None, ways: tuple[Way, ...], view: View) -> Step:
        """All rows read the state before the step; each writes its own machine's variables."""
        written: dict[int, Value] = {}
        for way in ways:
            for copy in way.copies:
                written |= self._written(way.machine, way.row, copy, view)
        for observer in self.system.machines:
            if observer.observer:
                seen = self._observed(observer, trigger, result, view)
                written |= {} if seen is None else self._written(observer, seen, None, view)
        left = [value for place, value in written.items() if not fits(self.cells[place].variable.values, value)]
        target = None if left else tuple(written.get(place, value) for place, value in enumerate(view.state))
        parts = tuple(Part(way.machine.name, way.copy, way.number) for way in ways)
        return Step(trigger, result, tuple(view.arguments.items()), parts, target, tuple(left))

    def _written(self, machine: Machine, row: Row, copy: int | None, view: View) -> dict[int, Value]:
        own = replace(view, own=(machine.name, copy))
        written = {self.places[machine.name, copy, name]: self.value(effect, own) for name, effect in row.then}
        if row.dest is not None:
            written[self.places[machine.name, copy, "state"]] = row.dest
        return written

    def _observed(self, observer: Machine, trigger: str, result: str | None, view: View) -> Row | None:
        """Return the first row of an observer that fits the trigger, the result, the arguments and the condition."""
        for row in observer.rows:
            fitting = row.trigger == trigger and (row.gets is None or result in row.gets)
            named = all(given.name in view.arguments for given in row.arguments)
            if fitting and named and self._is_open(observer, row, None, view):
                return row
        return None


def fits(values: tuple[Value, ...], value: Value) -> bool:
    """Tell whether a value is one of a domain; a truth value is no number."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in values)


def results_of(ways: tuple[Way, ...]) -> list[str | None]:
    """Return what can be the result: what somebody returns, as far as the caller accepts it."""
    returned: list[str | None] = [None]
    for way in ways:
        if way.row.returns is not None:
            returned = list(way.row.returns)
    accepting = [way.row.gets for way in ways if way.row.gets is not None]
    return [result for result in returned if all(result in gets for gets in accepting)]


def happened(
    step: Step | None,
    trigger: str,
    results: tuple[str, ...] | None,
    arguments: tuple[tuple[str, Value], ...],
    by: tuple[str, int | None] | None,
) -> bool:
    """Tell whether a step is the event that is asked about."""
    assert step is not None
    if step.trigger != trigger or not (results is None or step.result in results):
        return False
    given = dict(step.arguments)
    if any(name not in given or given[name] != value for name, value in arguments):
        return False
    return by is None or any(_is_by(part, by) for part in step.parts)


def _is_by(part: Part, by: tuple[str, int | None]) -> bool:
    """A row of every copy is by each of them."""
    return part.machine == by[0] and (by[1] is None or part.copy is None or part.copy == by[1])


def _is_on(trigger: tuple[str, str]) -> bool:
    return trigger[1] == "on"
