"""Random small systems with questions about their runs: the food of the differential tests of temporal formulas.

`questions()` draws a system of a few dozen states, whose steps stay in their domains, and asks several formulas of it:
LTL, CTL and mixtures, under random fairness. Everything is written through the public language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import strategies as st

from quiesce import (
    A,
    E,
    F,
    G,
    Machine,
    R,
    System,
    Term,
    U,
    W,
    X,
    after,
    all_of,
    any_of,
    any_value,
    argument,
    deadlock,
    enabled,
    happens,
    strong,
    weak,
    where,
)
from quiesce.core.properties import Assumption
from quiesce.core.system import System as SystemData
from quiesce.language.terms import VariableTerm
from tests.strategies import described

Item = TypeVar("Item")

QUESTIONS = 8
"""Asked of each system."""
MOST_OPERATORS = 5
"""In one path formula: the tests' checker works in a power of two of them."""
RESULTS = ("ok", "no")


@dataclass
class Event:
    """A trigger, and the results that it returns."""

    trigger: str
    results: list[str] = field(default_factory=list)


class _Maker:
    """One system under construction."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.machines: list[Machine] = []
        self.variables: dict[str, list[VariableTerm]] = {}
        self.values: dict[tuple[str, str], Sequence[Any]] = {}
        self.events: dict[str, Event] = {}
        self.left = 0

    # -- choices ------------------------------------------------------------------------------------------------------

    def number(self, low: int, high: int) -> int:
        """A number from `low` to `high`; shrinks to `low`."""
        return int(self.draw(st.integers(low, high)))

    def chance(self, one_in: int) -> bool:
        """True once in so many cases; shrinks to False."""
        return self.number(1, one_in) == one_in

    def pick(self, items: Sequence[Item]) -> Item:
        """One of several; shrinks to the first."""
        return items[self.number(0, len(items) - 1)]

    def some(self, items: Sequence[Item]) -> list[Item]:
        """Any of several, in their order."""
        return [item for item in items if self.chance(2)]

    # -- systems ------------------------------------------------------------------------------------------------------

    def make(self) -> System:
        """Draw machines, rows and questions."""
        for number in range(self.pick([1, 2, 2, 2])):
            self.machine(f"m{number}", self.pick([None, 2]))
        for machine in self.machines:
            for position in range(self.pick([2, 3, 4, 5])):
                self.step(machine, position)
        for number in range(self.pick([0, 1, 1])):
            self.shared(f"e{number}")
        initially = self.of_state() if self.chance(8) else True
        system = System("random", *self.machines, initially=initially)
        for number in range(QUESTIONS):
            system.holds(f"q{number}", self.question(), assuming=self.assuming())
        return system

    def machine(self, name: str, copies: int | None) -> None:
        """Make a machine with states, a number or a flag; of one that has copies, each has few values."""
        names = ["s", "t", "u", "v"][: self.pick([2, 3] if copies else [2, 3, 4, 3])]
        initial = self.pick([None, None, None, any_value, names[:2], names[-1]])
        made = Machine(name, states=names, copies=copies, initial=initial)
        self.machines.append(made)
        self.variables[name] = [made.state]
        self.values[name, "state"] = names
        extra = self.pick(["", "flag", "count"]) if copies is None else ""
        if extra == "flag":
            self.variables[name].append(made.flag("f", initial=self.pick([False, False, any_value])))
            self.values[name, "f"] = [False, True]
        if extra == "count":
            self.variables[name].append(made.count("n", up_to=2, initial=self.pick([0, 0, [0, 2]])))
            self.values[name, "n"] = [0, 1, 2]

    def step(self, machine: Machine, position: int) -> None:
        """Write a step of a machine's own, mostly on a way round all its states; some share their names."""
        name = self.pick(["a", "b", "c"])
        every = machine.copies is not None and self.chance(6)
        options = self.row(machine)
        if not self.chance(4):
            names = self.values[machine.name, "state"]
            options["source"] = names[position % len(names)]
            if not self.chance(3):
                options["dest"] = names[(position + 1) % len(names)]
        machine.step(name, every=every, **options)
        trigger = f"{machine.name}.{name}"
        self.events.setdefault(trigger, Event(trigger))

    def shared(self, trigger: str) -> None:
        """Write an event in which each machine takes part; the first one calls it, or the environment does."""
        called = len(self.machines) > 1 and self.chance(2)
        results: list[str] = self.pick([[], ["ok"], ["ok", "no"]])
        given = [argument("x", [False, True])] if self.chance(4) else []
        for position, machine in enumerate(self.machines):
            for _ in range(self.number(1, 2)):
                options = self.row(machine)
                flags = [variable for variable in self.variables[machine.name] if variable.name == "f"]
                if given and flags:
                    options["then"][flags[0]] = given[0]
                if called and position == 0:
                    machine.calls(trigger, *given, **options)
                else:
                    every = machine.copies is not None and self.chance(6)
                    returns = None if not results or machine is not self.machines[-1] else self.pick([results, "ok"])
                    machine.on(trigger, *given, every=every, returns=returns, **options)
        self.events[trigger] = Event(trigger, results[:1])

    def row(self, machine: Machine) -> dict[str, Any]:
        """What every row has: source, destination, guard, effects that stay in their domains, and fairness."""
        names = self.values[machine.name, "state"]
        options: dict[str, Any] = {"then": {}, "fair": self.pick([None, "strong", "weak"])}
        if not self.chance(5):
            options["source"] = self.pick(names)
        if not self.chance(5):
            options["dest"] = self.pick(names[::-1])
        for variable in self.variables[machine.name][1:]:
            values = self.values[machine.name, variable.name]
            turned = ~variable if variable.name == "f" else where(variable == 2, 0, variable + 1)
            options["then"] |= {variable: self.pick([turned, *values])} if self.chance(2) else {}
        if self.chance(3):
            options["when"] = self.guard(machine)
        return options

    def guard(self, machine: Machine) -> Term:
        """A condition on another variable of the machine, or on another machine."""
        own = self.variables[machine.name][1:]
        if own and self.chance(2):
            return self.compared(own[0], self.values[machine.name, own[0].name])
        return self.pick([self.of_machine(other) for other in self.machines])

    # -- predicates ---------------------------------------------------------------------------------------------------

    def compared(self, term: Term, values: Sequence[Any]) -> Term:
        """A comparison with a value."""
        return term != self.pick(values) if self.chance(3) else term == self.pick(values)

    def of_machine(self, machine: Machine) -> Term:
        """A test of a machine: of one variable, of one copy's, of all copies' or of any."""
        variable = self.pick(self.variables[machine.name])
        values = self.values[machine.name, variable.name]
        if machine.copies is None:
            return self.compared(variable, values)
        kind, value = self.pick(["one", "any", "all"]), self.pick(values)
        if kind == "one":
            return self.compared(variable[self.pick(list(machine))], values)
        tests = [variable[copy] == value for copy in machine]
        return any_of(tests) if kind == "any" else all_of(tests)

    def of_state(self) -> Term:
        """A predicate of states."""
        kind = self.pick(["machine", "machine", "machine", "enabled", "deadlock", "both"])
        if kind == "enabled":
            return enabled(self.pick(list(self.events)))
        if kind == "deadlock":
            return deadlock
        first = self.of_machine(self.pick(self.machines))
        if kind == "both":
            return self.pick([first & self.of_state(), first.implies(self.of_state()), first | self.of_state()])
        return first

    def of_step(self) -> Term:
        """A predicate of steps."""
        kind = self.pick(["happens", "happens", "after", "changes", "moves"])
        if kind == "happens":
            event = self.pick(list(self.events.values()))
            return happens(event.trigger, returns=event.results if event.results and self.chance(2) else None)
        machine = self.pick(self.machines)
        if kind == "moves":
            return ~machine.unchanged
        if kind == "after":
            return after(self.of_state())
        variable = self.pick(self.variables[machine.name])
        one = variable if machine.copies is None else variable[self.pick(list(machine))]
        return after(one) != one

    def predicate(self) -> Term:
        """A predicate of states or of steps."""
        return self.of_step() if self.chance(3) else self.of_state()

    # -- formulas -----------------------------------------------------------------------------------------------------

    def question(self) -> Term:
        """A formula of runs, of branches, or of both."""
        self.left = MOST_OPERATORS
        match self.pick(["shape", "path", "branching", "shape", "path", "branching", "mixed"]):
            case "shape":
                return self.shape()
            case "path":
                return self.path(self.number(1, 4), self.predicate)
            case "branching":
                return self.branching(self.number(1, 4))
            case _:
                return self.mixed(self.number(1, 3))

    def shape(self) -> Term:
        """A formula as people write them."""
        p, q, r = self.predicate(), self.predicate(), self.predicate()
        return self.pick(
            [
                G(p.implies(F(q))),
                G(F(p)),
                F(p),
                F(G(p)),
                G(F(p | q)),
                G(p.implies(F(q | r))),
                G(F(p)).implies(G(F(q))),
                F(G(p)).implies(G(F(q))),
                G(p.implies(U(q, r))),
                G(p.implies(X(W(q, r)))),
                F(p) & F(q) & G(F(r)),
                W(~p, q),
                U(p, U(q, r)),
                G(p.implies(X(F(q)))) | F(G(r)),
            ]
        )

    def path(self, depth: int, leaf: Callable[[], Term]) -> Term:
        """A formula about a run."""
        if depth <= 0 or (depth < 3 and self.chance(5)):
            return leaf()
        kind = self.pick(["F", "G", "U", "X", "R", "W", "and", "or", "not", "implies"])
        if kind in ("F", "G", "U", "X", "R", "W"):
            if not self.left:
                return leaf()
            self.left -= 1
        return self.combined(kind, lambda: self.path(depth - 1, leaf))

    def combined(self, kind: str, operand: Callable[[], Term]) -> Term:
        """An operator on new operands."""
        match kind:
            case "X":
                return X(operand())
            case "F":
                return F(operand())
            case "G":
                return G(operand())
            case "U":
                return U(operand(), operand())
            case "R":
                return R(operand(), operand())
            case "W":
                return W(operand(), operand())
            case "and":
                return operand() & operand()
            case "or":
                return operand() | operand()
            case "implies":
                return operand().implies(operand())
            case _:
                return ~operand()

    def branching(self, depth: int) -> Term:
        """A formula of CTL."""
        if depth <= 0 or (depth < 3 and self.chance(5)):
            return self.of_state()
        kind = self.pick(["F", "G", "U", "X", "R", "W", "F", "G", "and", "or", "not", "implies"])
        made = self.combined(kind, lambda: self.branching(depth - 1))
        if kind in ("and", "or", "not", "implies"):
            return made
        return self.pick([A, E])(made)

    def mixed(self, depth: int) -> Term:
        """A formula about runs in which quantified ones stand."""

        def leaf() -> Term:
            if self.chance(2):
                return self.predicate()
            left, self.left = self.left, 2
            inner = self.pick([A, E])(self.path(self.number(1, 2), self.predicate))
            self.left = left
            return inner

        made = self.path(depth, leaf)
        return made if self.chance(3) else self.pick([A, E])(made)

    def assuming(self) -> list[Assumption] | None:
        """The rows' own fairness, none, or that of some triggers."""
        events = list(self.events)
        match self.pick(["own", "none", "all", "own", "all", "some"]):
            case "own":
                return None
            case "none":
                return []
            case "all":
                strength = self.pick([strong, weak])
                left_out = self.pick([None, None, *events])
                return [strength(trigger) for trigger in events if trigger != left_out]
            case _:
                return [self.pick([weak, strong])(trigger) for trigger in self.some(events)]


@st.composite
def questions(draw: Callable[[st.SearchStrategy[Any]], Any]) -> System:
    """Draw a small system with temporal questions; only `initially` can make it one without a start (Q15)."""
    return _Maker(draw).make()


def written(system: SystemData) -> str:
    """Return a system as text with the fairness of its rows, so that a failing example can be written down again."""
    fair = [
        f"fair: row {number} of {machine.name}, {row.trigger}: {row.fair}"
        for machine in system.machines
        for number, row in enumerate(machine.rows)
        if row.fair
    ]
    return "\n".join(
        [described(system), *fair, *(f"{each.name} assuming {each.assuming}" for each in system.properties)]
    )
