"""Random systems as the second oracle's plain data: paired arguments and partners, owners, copies, departures.

`systems()` draws a system that its author could have written: results have callers that accept them, whoever acts is
determined, arguments are declared where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from hypothesis import strategies as st

from tests.oracle.data import TRUE, Argument, Copy, Expression, Machine, Row, System, Value, Variable
from tests.oracle_drawing import Drawing, Place, values_of
from tests.oracle_questions import Asking

MOST_STARTS = 12
RESULTS = ("ok", "no")


@dataclass
class Event:
    """A trigger before its rows are written."""

    trigger: str
    kind: str
    callers: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    arguments: tuple[Argument, ...] = ()
    declared: set[str] = field(default_factory=set)
    returner: str | None = None
    every: set[str] = field(default_factory=set)

    def determined(self, machines: dict[str, Machine]) -> tuple[str, ...]:
        """Return the machines one copy of which certainly acts in it."""
        sole = self.callers if len(self.callers) == 1 else []
        return tuple(
            name for name in (*sole, *self.parts) if machines[name].copies is not None and name not in self.every
        )


class Maker:
    """One system under construction."""

    def __init__(self, random: Random) -> None:
        self.drawing = Drawing(random)
        self.machines: dict[str, Machine] = {}
        self.rows: dict[str, list[Row]] = {}
        self.starts = 1
        self.leaving = self.drawing.chance(2)
        self.pinning = self.drawing.chance(4)
        self.naming = not self.pinning and self.drawing.chance(3)

    def made(self) -> System:
        """Draw machines, then their variables, events and rows, then the questions."""
        drawing = self.drawing
        self._declare("client", drawing.pick([2, 3, 3, 1, 3, 2, 3, 0]), "copies")
        if drawing.chance(3):
            self._declare("disk", drawing.pick([2, 2, 1, 3]), "copies")
        self._declare("hub", None, "single")
        if drawing.chance(4):
            self._declare("timer", None, "single")
        watching = drawing.chance(2)
        if watching:
            self._declare("log", None, "observer")
        events = [self._event(number) for number in range(drawing.number(3, 5))]
        for event in events:
            self._write(event)
        if watching:
            for _ in range(drawing.number(1, 3)):
                self._observe(drawing.pick(events))
        order = [replace(machine, rows=tuple(self.rows[name])) for name, machine in self.machines.items()]
        if drawing.chance(3):
            order.reverse()
        place = Place(tuple(order), naming=self.naming)
        rest = drawing.truth(place, 1) if drawing.chance(3) else None
        initially = drawing.truth(place, 1) if self.starts > 1 and drawing.chance(4) else TRUE
        asking = Asking(
            drawing, tuple(order), events, naming=self.naming or drawing.chance(3), paired=1 if self.pinning else 5
        )
        return System(tuple(order), asking.questions(), rest, initially)

    # -- machines -----------------------------------------------------------------------------------------------------

    def _declare(self, name: str, copies: int | None, role: str) -> None:
        drawing = self.drawing
        variables = []
        factor = 1 if copies is None else copies
        if drawing.chance(2) or role == "copies":
            size = 1 if factor > 2 else drawing.number(1, 2)
            variables.append(self._variable("state", "state", size, factor))
        kinds = ["count", "flag", "integer", "names"]
        if copies is None:
            kinds += ["index", "index", "index"]
        wanted = drawing.pick([0, 1, 0]) if factor > 2 else drawing.number(1, 2)
        for number in range(wanted if variables or wanted else 1):
            kind = drawing.pick(kinds)
            size = 1 if factor > 2 else drawing.number(1, 2)
            variables.append(self._variable(f"v{number}", kind, size, factor))
        self.machines[name] = Machine(name, copies, tuple(variables), (), observer=role == "observer")
        self.rows[name] = []

    def _variable(self, name: str, kind: str, size: int, factor: int) -> Variable:
        drawing = self.drawing
        of = None
        if kind == "index":
            of = drawing.pick([machine for machine in self.machines.values() if machine.copies is not None])
            numbers = tuple(Copy(of.name, number) for number in range(of.copies or 0))
            values: tuple[Value, ...] = (None, *numbers) if drawing.chance(2) or not numbers else numbers
        else:
            values = values_of(kind, size)
        initial = self._initial(kind, values, factor)
        return Variable(name, kind, values, initial, of.name if of is not None else None)

    def _initial(self, kind: str, values: tuple[Value, ...], factor: int) -> tuple[Value, ...]:
        """Return what a variable starts with: mostly one value; of an index that has to be one, any."""
        several = values if kind == "index" else values[:2]
        if self.starts * len(several) ** factor <= MOST_STARTS and (self.drawing.chance(4) or values[0] is not None):
            if kind == "index" or self.drawing.chance(4):
                self.starts *= len(several) ** factor
                return several
        return (0,) if kind == "integer" else values[:1]

    # -- events -------------------------------------------------------------------------------------------------------

    def _event(self, number: int) -> Event:
        drawing = self.drawing
        names = [name for name, machine in self.machines.items() if not machine.observer]
        kind = drawing.pick(["calls", "step", "calls", "environment"])
        event = Event(f"e{number}", kind)
        if kind == "step":
            event.callers = [drawing.pick(names)]
            event.trigger = f"{event.callers[0]}.e{number}"
            others = [name for name in names if name not in event.callers]
            event.parts = list(drawing.some(others)) if drawing.chance(3) else []
        elif kind == "calls":
            event.callers = [drawing.pick(names)]
            others = [name for name in names if name not in event.callers]
            if len(others) > 1 and drawing.chance(5):
                event.callers.append(others.pop())
            event.parts = list(drawing.some(others)) if drawing.chance(3) else [drawing.pick(others)]
        else:
            event.parts = list(drawing.some(names))
        event.arguments = self._arguments()
        with_copies = [name for name in (*event.callers, *event.parts) if self.machines[name].copies is not None]
        able = [name for name in with_copies if name in event.parts or kind == "step"]
        if able and drawing.chance(4):
            event.every.add(drawing.pick(able))
        if event.parts and kind != "step" and drawing.chance(2):
            event.returner = drawing.pick(event.parts)
        return event

    def _arguments(self) -> tuple[Argument, ...]:
        drawing = self.drawing
        found: list[Argument] = []
        with_copies = [machine for machine in self.machines.values() if machine.copies]
        if with_copies and (self.pinning or drawing.chance(3)):
            of = drawing.pick(with_copies)
            found.append(Argument("who", tuple(Copy(of.name, at) for at in range(of.copies or 0)), of.name))
            found[0] = replace(found[0], name=f"who_{of.name}")
        if drawing.chance(5):
            choices: list[Argument] = [
                Argument("n", (0, 1)),
                Argument("how", ("soft", "hard")),
                Argument("b", (False, True)),
            ]
            found.append(drawing.pick(choices))
        return tuple(found)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _write(self, event: Event) -> None:
        drawing = self.drawing
        if event.returner is not None:
            for _ in range(drawing.number(1, 2)):
                self._row(event, event.returner, "on", returns=drawing.some(RESULTS))
        for name in event.parts:
            if name != event.returner:
                for _ in range(drawing.pick([1, 1, 2])):
                    self._row(event, name, "on")
        for name in event.callers:
            kind = "step" if event.kind == "step" else "calls"
            for _ in range(drawing.pick([1, 1, 2])):
                gets = drawing.some(RESULTS) if event.returner and drawing.chance(2) else None
                self._row(event, name, kind, gets=gets)
        returned = {result for row in self._of(event) for result in row.returns or ()}
        silent = [row for row in self._of(event) if row.kind == "calls"]
        missing = [one for one in RESULTS if one in returned and not any(_accepts(row, one) for row in silent)]
        if event.kind == "calls" and missing:
            self._row(event, event.callers[0], "calls")

    def _of(self, event: Event) -> list[Row]:
        return [row for rows in self.rows.values() for row in rows if row.trigger == event.trigger]

    def _row(
        self,
        event: Event,
        name: str,
        kind: str,
        *,
        returns: tuple[str, ...] | None = None,
        gets: tuple[str, ...] | None = None,
    ) -> None:
        drawing, machine = self.drawing, self.machines[name]
        arguments = tuple(given for given in event.arguments if not drawing.chance(4))
        event.declared |= {given.name for given in arguments}
        place = self._place(event, machine, arguments)
        states = next((variable for variable in machine.variables if variable.kind == "state"), None)
        sources, dest, then = self._moves(machine, states, place)
        row = Row(
            kind,
            event.trigger,
            arguments,
            sources,
            dest,
            self._guard(place),
            then,
            returns,
            gets,
            every=name in event.every and kind != "calls" and (not drawing.chance(4)),
            fair=drawing.pick([None, None, None, None, "weak", "strong"]) if not machine.observer else None,
        )
        self.rows[name].append(row)

    def _place(self, event: Event, machine: Machine, arguments: tuple[Argument, ...]) -> Place:
        readable = [one for one in self.machines.values() if not one.observer or one is machine]
        acting = tuple(name for name in event.determined(self.machines) if name != machine.name)
        return Place(tuple(readable), machine, acting, arguments, naming=self.naming)

    def _guard(self, place: Place) -> Expression:
        """Return a condition; whoever has an argument, or a partner, mostly asks who it is."""
        drawing = self.drawing
        paired = [given for given in place.arguments if given.of is not None]
        tests = []
        if paired and self.pinning:
            given = drawing.pick(paired)
            pinned: Expression = ("==", ("arg", given.name), ("const", drawing.pick(given.values)))
            tests.append(("or", pinned, drawing.test(replace(place, arguments=(), naming=False))))
        elif paired and drawing.chance(2):
            test = drawing.of_argument(drawing.pick(paired), place)
            tests.append(("or", test, drawing.test(place)) if drawing.chance(4) else test)
        owners = [] if place.own is None else [one for one in place.own.variables if one.kind == "index"]
        if owners and drawing.chance(3):
            owner = drawing.pick(owners)
            read: Expression = ("var", place.own.name, owner.name, None)
            tests.append(("==", read, drawing.named(owner, place)))
        if drawing.chance(5):
            tests.append(drawing.truth(place, 1))
        return TRUE if not tests else tests[0] if len(tests) == 1 else ("and", *tests)

    def _moves(
        self, machine: Machine, states: Variable | None, place: Place
    ) -> tuple[tuple[Value, ...] | None, Value, tuple[tuple[str, Expression], ...]]:
        drawing = self.drawing
        sources, dest = None, None
        if states is not None:
            if not drawing.chance(3):
                sources = (drawing.pick(states.values),)
            if not drawing.chance(3):
                dest = drawing.pick([value for value in states.values if sources is None or value not in sources])
        then: list[tuple[str, Expression]] = []
        for variable in machine.variables:
            if variable is not states and not drawing.chance(4):
                then.append((variable.name, drawing.effect(machine, variable, place, self.leaving)))
        return sources, dest, tuple(then)

    def _observe(self, event: Event) -> None:
        """Write a row of the observer, about a result or about all."""
        drawing, log = self.drawing, self.machines["log"]
        arguments = tuple(given for given in event.arguments if given.name in event.declared and not drawing.chance(3))
        place = self._place(event, log, arguments)
        states = next((variable for variable in log.variables if variable.kind == "state"), None)
        sources, dest, then = self._moves(log, states, place)
        results = [one for one in RESULTS if any(one in (row.returns or ()) for row in self._of(event))]
        gets = drawing.some(results) if results and drawing.chance(2) else None
        self.rows["log"].append(Row("on", event.trigger, arguments, sources, dest, self._guard(place), then, gets=gets))


def _accepts(row: Row, result: str) -> bool:
    return row.gets is None or result in row.gets


def drawn(seed: int) -> System:
    """Return the system of a number; `initially` may leave it without a start."""
    return Maker(Random(seed)).made()


def systems() -> st.SearchStrategy[System]:
    """Draw systems with questions. Each is made from one number: what fails is made smaller by `smaller`, not here."""
    return st.integers(0, 2**40).map(drawn)
