"""A system as live `transitions` machines over one shared store: every event is fired through the library.

A machine is a `transitions.Machine`, a copy of it a model, a row some transitions: its guard is their condition, its
effects their `before` callback. Which state a copy is in, and whether it can take a row there, is the library's answer;
of the reference interpreter only the evaluation of expressions is used.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from types import MappingProxyType
from typing import Protocol, TypeVar

from transitions import EventData, MachineError
from transitions import Machine as LiveMachine

from quiesce.core.domains import Copy, Value, shown
from quiesce.core.errors import EngineError, SpecificationError, known
from quiesce.core.expressions import Constant, Expr
from quiesce.core.flat import Participant
from quiesce.core.reference import Scope, evaluate, initial_states
from quiesce.core.system import STATE, Machine, Row, RowKind, System
from quiesce.core.trace import Departure, Label, State, Step, Trace

Key = tuple[str, str, int | None]
"""(machine, variable, copy): what the store is indexed by."""
Option = TypeVar("Option")
IMPOSSIBLE, UNDETERMINED, DEPARTED = "Q48", "Q29", "Q10"
MOST_OPTIONS_SHOWN = 12
STATELESS = "-"
"""The one state that a machine without states has in the library."""


class Choose(Protocol):
    """What decides where a system leaves a choice: among labels, or among initial states."""

    def __call__(self, options: Sequence[Option], /) -> Option:
        """Return one of the options."""


class RefusedError(SpecificationError, MachineError):
    """An event that cannot happen now; users of `transitions` may catch it as `MachineError`."""


class DepartureError(SpecificationError):
    """An event that is not followed because it writes outside a domain; `departure` says what and where."""

    def __init__(self, trigger: str, departure: Departure) -> None:
        message = f"{trigger} sets {departure.cell} to {departure.value}, outside its domain {departure.domain}"
        super().__init__(DEPARTED, message, hint="nothing has changed; guard the row, or widen the domain")
        self.departure = departure


class Model:
    """A copy of a machine: the library sets `state`, the name of its state, and adds the triggers."""

    state: str
    trigger: Callable[..., bool]
    may_trigger: Callable[..., bool]

    def __init__(self, machine: str, copy: int | None) -> None:
        self.machine, self.copy = machine, copy

    def __str__(self) -> str:
        return self.machine if self.copy is None else str(Copy(self.machine, self.copy))


# -- rows as transitions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Event:
    """An event under way: what it is, the state before it as scope, and what will be written when all have moved."""

    label: Label
    scope: Scope
    writes: dict[Key, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A row with its callbacks. All of them read the state before the event, whoever has moved already."""

    machine: Machine
    number: int
    row: Row

    def fits(self, data: EventData) -> bool:
        """Tell whether this is the row to take (for an observer, whether it fits the result), and its guard holds."""
        event, scope, _ = self._under_way(data)
        if self.machine.observer:
            mine = self.row.gets is None or event.label.result in self.row.gets
        else:
            mine = (self.machine.name, self.number) in [(part.machine, part.row) for part in event.label.participants]
        return mine and bool(evaluate(self.row.guard, scope))

    def leads_to(self, effect: Expr, value: Value) -> Callable[[EventData], bool]:
        """Return the condition that the state which the row computes is this one."""
        return lambda data: bool(evaluate(effect, self._under_way(data)[1]) == value)

    def write(self, data: EventData) -> None:
        """Compute the effects; raises DepartureError."""
        event, scope, model = self._under_way(data)
        for name, effect in self.row.effects:
            value, domain = evaluate(effect, scope), self.machine.variable(name).domain
            if domain.code(value) is None:
                left = value if isinstance(value, int) and not isinstance(value, bool) else shown(value)
                departure = Departure(cell=f"{model}.{name}", domain=str(domain), value=left)
                raise DepartureError(event.label.trigger, departure)
            if name != STATE:  # which is what the library makes of it
                event.writes[model.machine, name, model.copy] = value

    def _under_way(self, data: EventData) -> tuple[_Event, Scope, Model]:
        event, model = data.kwargs.get("event"), data.model
        if not isinstance(event, _Event) or not isinstance(model, Model):
            raise MachineError(f"{model} takes part in {data.event.name} only with the others: use Live.fire")
        return event, replace(event.scope, own=(model.machine, model.copy)), model


def _state_names(machine: Machine) -> dict[Value, str]:
    """Return state -> its name in the library: a text, unlike the others, and not one of the library's own words."""
    names: dict[Value, str] = {}
    for value in next((var.domain.values() for var in machine.variables if var.name == STATE), iter([STATELESS])):
        name = shown(value)
        while name in ("", "*", "=", *names.values()):
            name = repr(name)
        names[value] = name
    return names


def _machine(name: str, rules: Sequence[_Rule], names: Mapping[Value, str]) -> LiveMachine:
    """Return a machine of the library with transitions for every row, in the order in which it tries them."""
    states = list(names.values())
    made = LiveMachine(None, states=states, initial=None, auto_transitions=False, send_event=True, name=name)
    for rule in rules:
        row = rule.row
        if row.trigger == made.model_attribute:
            raise SpecificationError(
                "Q02", f"a live machine has no trigger {STATE!r}", place=row.place, hint="rename it"
            )
        computed = dict(row.effects).get(STATE)
        ways: list[tuple[str | None, list[Callable[[EventData], bool]]]]
        if computed is None:
            ways = [(None if row.dest is None else names[row.dest], [])]
        elif isinstance(computed, Constant):
            ways = [(names[computed.value], [])]
        else:  # destinations are fixed there: one for each state, and none for a value that `write` will refuse
            ways = [(text, [rule.leads_to(computed, value)]) for value, text in names.items()] + [(None, [])]
        sources = states if row.sources is None else [names[source] for source in row.sources]
        for dest, also in ways:
            made.add_transition(row.trigger, [*sources], dest, conditions=[rule.fits, *also], before=rule.write)
    return made


# -- the live system -------------------------------------------------------------------------------------------------

_Way = tuple[_Rule, int | None]
"""One way to fill a role of an event: a row by a copy (None: the only one, or every copy)."""


class Live:
    """A running system: one store, a machine of `transitions` for each machine, a model for each copy, and the past.

    `machines` takes callbacks of yours: they see the store before the event, and one that raises undoes it.
    """

    def __init__(self, system: System, choose: Choose | None, start: State) -> None:
        self.system, self.choose, self.machines = system, choose, dict[str, LiveMachine]()
        self._start, self._steps, self._firing = start, list[Step](), False
        self._store: dict[Key, Value] = {key: start[slot] for key, slot in system.slots.items()}
        self._models: dict[str, Model] = {}
        self._states: dict[str, dict[str, Value]] = {}
        roles: dict[str, dict[str, list[_Way]]] = {}
        for machine in system.machines:
            rules, names = [_Rule(machine, *row) for row in enumerate(machine.rows)], _state_names(machine)
            made = self.machines[machine.name] = _machine(machine.name, rules, names)
            self._states[machine.name] = {text: value for value, text in names.items()}
            for copy in machine.indices():
                model = Model(machine.name, copy)
                self._models[str(model)] = model
                made.add_model(model, initial=names[self._store.get((machine.name, STATE, copy), STATELESS)])
            for rule in () if machine.observer else rules:
                role = machine.name if rule.row.kind is RowKind.ON else ""  # all callers share one role
                ways = roles.setdefault(rule.row.trigger, {}).setdefault(role, [])
                ways.extend((rule, copy) for copy in ((None,) if rule.row.every else machine.indices()))
        # A label names the caller first.
        self._roles = {trigger: [found[role] for role in sorted(found, key=bool)] for trigger, found in roles.items()}

    def __getitem__(self, owner: str | Copy) -> Model:
        """Return the model of a machine ("provider") or of a copy ("client[0]"); raises SpecificationError (Q09)."""
        if str(owner) not in self._models:
            raise SpecificationError("Q09", f"no live machine {str(owner)!r}", hint=known(owner, self._models))
        return self._models[str(owner)]

    @property
    def store(self) -> Mapping[Key, Value]:
        """Every variable's value by (machine, variable, copy), to read."""
        return MappingProxyType(self._store)

    @property
    def state(self) -> State:
        """The values of all cells, in the order of `System.flat.cells`."""
        return tuple(self._store[cell.machine, cell.variable, cell.copy] for cell in self.system.flat.cells)

    @property
    def results(self) -> list[tuple[str, Value]]:
        """(trigger, result) of every event so far."""
        return [(step.label.trigger, step.label.result) for step in self._steps]

    @property
    def trace(self) -> Trace:
        """The run so far."""
        return Trace(start=self._start, steps=tuple(self._steps))

    def enabled(self) -> list[Label]:
        """Return every event that can happen now, in the order of triggers, rows and copies as they were declared."""
        return [label for trigger in self._roles for label in self._options(trigger)]

    def fire(
        self, event: str | Label, /, *, result: Value = None, by: str | Iterable[str] = (), **arguments: Value
    ) -> Value:
        """Let an event happen, and return its result (None: nobody returns one).

        `event` is a trigger, narrowed by the result, by the machines or copies that take part ("client[0]") and by
        arguments; or a label, which says it all. `choose` decides what is left open. Raises SpecificationError: Q05 for
        an unknown trigger, Q29 for a choice that nobody makes, RefusedError (Q48) for an event that is not possible,
        DepartureError (Q10) for one that leaves a domain. After an error nothing has changed.
        """
        trigger = event.trigger if isinstance(event, Label) else event
        if trigger not in self._roles:
            raise SpecificationError("Q05", f"no trigger {trigger!r}", hint=known(trigger, self._roles))
        if self._firing:
            raise RefusedError(
                IMPOSSIBLE, f"{trigger} cannot happen inside another event", hint="fire it when that is over"
            )
        options, owners = list(self._options(trigger)), {by} if isinstance(by, str) else set(by)
        fitting = [
            option
            for option in options
            if event in (trigger, option)
            and result in (None, option.result)
            and owners <= {name for part in option.participants for name in (part.machine, *self._moved(part))}
            and arguments.items() <= dict(option.arguments).items()
        ]
        if not fitting and options:
            raise RefusedError(IMPOSSIBLE, f"{trigger} is not possible like this", hint=self._listed(options))
        if not fitting:
            possible = ", ".join(dict.fromkeys(label.trigger for label in self.enabled())) or "nothing"
            raise RefusedError(IMPOSSIBLE, f"{trigger} is not possible now", hint=f"possible now: {possible}")
        if len(fitting) > 1 and self.choose is None:
            message = f"{trigger} can happen in {len(fitting)} ways"
            raise SpecificationError(
                UNDETERMINED, message, hint=f"give result=, by= or arguments, or choose=; {self._listed(fitting)}"
            )
        chosen = fitting[0] if len(fitting) == 1 or self.choose is None else self.choose(fitting)
        if chosen not in fitting:
            raise RefusedError(IMPOSSIBLE, f"choose= gives no way for {trigger}", hint=self._listed(fitting))
        self._perform(chosen)
        return chosen.result

    def _listed(self, labels: Sequence[Label]) -> str:
        def told(label: Label) -> str:
            given = ", ".join(f"{name}={shown(value)}" for name, value in label.arguments)
            result = "" if label.result is None else f" -> {shown(label.result)}"
            rows = [(part, self.system.by_name[part.machine].rows[part.row]) for part in label.participants]
            parts = [f"{', '.join(self._moved(part))} (line {row.place.line})" for part, row in rows]
            return f"{label.trigger}{f'({given})' if given else ''}{result} by {', '.join(parts)}"

        lines = [told(label) for label in labels[:MOST_OPTIONS_SHOWN]]
        lines += [f"and {len(labels) - len(lines)} more"] if len(labels) > len(lines) else []
        return "\n    ".join(["the ways are:", *lines])

    # -- events ------------------------------------------------------------------------------------------------------

    def _options(self, trigger: str) -> Iterator[Label]:
        for ways in product(*self._roles[trigger]):
            participants = tuple(
                Participant(machine=rule.machine.name, copy=copy, row=rule.number, every=rule.row.every)
                for rule, copy in ways
            )
            declared = {given.name: given.domain for rule, _ in ways for given in rule.row.arguments}
            for values in product(*[tuple(domain.values()) for domain in declared.values()]):
                arguments = tuple(zip(declared, values, strict=True))
                label = Label(trigger=trigger, result=None, participants=participants, arguments=arguments)
                event, moved = self._event(label), [name for part in participants for name in self._moved(part)]
                if all(self._models[name].may_trigger(trigger, event=event) for name in moved):
                    for result in _results([rule.row for rule, _ in ways]):
                        yield replace(label, result=result)

    def _event(self, label: Label) -> _Event:
        acting = {part.machine: Copy(part.machine, part.copy) for part in label.participants if part.copy is not None}
        arguments = dict(label.arguments)
        return _Event(label, Scope(system=self.system, state=self.state, acting=acting, arguments=arguments))

    def _moved(self, part: Participant) -> list[str]:
        """Return the names of the copies that a participant moves."""
        copies = self.system.by_name[part.machine].indices() if part.every else (part.copy,)
        return [str(Model(part.machine, copy)) for copy in copies]

    def _perform(self, label: Label) -> None:
        """Trigger the machines of all who take part, then the observers'; the store follows when all have moved."""
        event, before = self._event(label), {name: model.state for name, model in self._models.items()}
        self._firing = True
        try:
            for name in [name for part in label.participants for name in self._moved(part)]:
                if not self._models[name].trigger(label.trigger, event=event):
                    raise EngineError(f"{name} does not take its part in {label.trigger}")
            for model in [self._models[machine.name] for machine in self.system.machines if machine.observer]:
                if model.may_trigger(label.trigger, event=event):
                    model.trigger(label.trigger, event=event)
        except BaseException:
            for name, model in self._models.items():
                self.machines[model.machine].set_state(before[name], model)
            raise
        finally:
            self._firing = False
        self._store.update(event.writes)
        for model in self._models.values():
            if (model.machine, STATE, model.copy) in self._store:
                self._store[model.machine, STATE, model.copy] = self._states[model.machine][model.state]
        self._steps.append(Step(label=label, target=self.state))


def _results(rows: Sequence[Row]) -> list[Value]:
    """Return the results of an event by these rows: what one of them returns, as far as the caller accepts it."""
    returned: list[Value] = next((list(row.returns) for row in rows if row.returns is not None), [None])
    return [result for result in returned if all(row.gets is None or result in row.gets for row in rows)]


def live(system: System, *, choose: Choose | None = None, state: State | None = None) -> Live:
    """Return a system as live machines, in an initial state or in a given one.

    `choose` decides what the system leaves open: which of several labels happens, which of several initial states it
    starts in (without it, the least). Raises SpecificationError: Q10 for a state that the system cannot have, Q14 and
    Q15 for initial states that cannot be listed, Q02 for a trigger that `transitions` cannot have.
    """
    if state is None:
        starts = initial_states(system)
        return Live(system, choose, choose(starts) if choose is not None and len(starts) > 1 else starts[0])
    cells = system.flat.cells
    if len(state) != len(cells):
        raise SpecificationError("Q10", f"a state of {system.name} has {len(cells)} values, not {len(state)}")
    for cell, value in zip(cells, state, strict=True):
        if cell.domain.code(value) is None:
            raise SpecificationError("Q10", f"{cell.label} can never be {value}", hint=f"its values are: {cell.domain}")
    return Live(system, choose, state)


def walk(system: System, *, steps: int, seed: int, choose: Choose | None = None) -> Trace:
    """Return a run of at most `steps` steps by live machines, each drawn evenly from what is enabled, or by `choose`.

    It ends early where nothing is enabled, and with a step that leaves a domain.
    """
    pick: Choose = choose or random.Random(seed).choice
    running = live(system, choose=pick)
    while len(running.results) < steps and (options := running.enabled()):
        label = pick(options)
        try:
            running.fire(label)
        except DepartureError as left:
            last = Step(label=label, target=None, departure=left.departure)
            return replace(running.trace, steps=(*running.trace.steps, last))
    return running.trace
