"""Random closed systems, written through the public language: the food of the differential tests.

`systems()` draws a system that is valid by construction: its operands fit, its indices are determined, and every result
that is returned has a caller that accepts it. `features` tells what a system contains, `described` writes it out.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from quiesce import (
    Machine,
    SpecificationError,
    System,
    Term,
    after,
    all_of,
    any_of,
    any_value,
    argument,
    count_of,
    enabled,
    happens,
    maximum,
    minimum,
    sum_of,
    where,
)
from quiesce.core.domains import Boolean, Copy, Domain, Range, Symbols, shown, size
from quiesce.core.expressions import Acting, Apply, Constant, Expr, Happens, Op, Read, judges_steps, walk
from quiesce.core.printing import expression
from quiesce.core.result import PropertyAnswer
from quiesce.core.system import STATE, Row, RowKind
from quiesce.core.system import System as SystemData
from quiesce.core.verdicts import OF_ALL_VALUES, TAUTOLOGY
from quiesce.engines.native.layout import layout
from quiesce.language.terms import ArgumentTerm, VariableTerm, lift

DRAWING = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
"""How differential tests draw: the same systems in every run, in as much time as they take."""

Item = TypeVar("Item")


def as_searched(answers: Sequence[PropertyAnswer]) -> tuple[PropertyAnswer, ...]:
    """Return answers without what no search finds: that a property is a tautology."""
    return tuple(
        replace(
            answer,
            flags=tuple(flag for flag in answer.flags if flag != TAUTOLOGY),
            note="" if answer.note == OF_ALL_VALUES else answer.note,
        )
        for answer in answers
    )


MOST_JOINT_ROWS = 24
"""Of one event."""
MOST_STARTS = 16
"""Combinations of initial values."""
MEDIUM = 40
"""A range of more values than this is stepped through by a few constants."""
LARGEST = 2**40
SWITCH_SIZES = (100, 255, 256, 257)


class Colour(enum.Enum):
    """Names that are neither texts nor numbers."""

    RED = "red"
    BLUE = 2


class Level(enum.IntEnum):
    """Names that Python takes for numbers."""

    LOW = 1
    HIGH = 3


class Word(enum.StrEnum):
    """Names that Python takes for texts."""

    A = "a"
    Z = "z"


NAMES: tuple[list[Any], ...] = (
    ["a", "b"],
    ["a", "b", "c"],
    [1, 3, 5],
    [3, 1],
    ["a", 3],
    ["only"],
    [Colour.RED, Colour.BLUE],
    [Level.LOW, Level.HIGH],
    [Word.A, Word.Z],
)
RESULTS: tuple[Any, ...] = ("ok", "no", 1, 0, Colour.RED)


@dataclass(frozen=True)
class Env:
    """What an expression may mention where it stands."""

    own: Machine | None = None
    acting: tuple[Machine, ...] = ()
    arguments: tuple[ArgumentTerm, ...] = ()
    readable: tuple[Machine, ...] = ()
    place: str = "row"
    """row, state or step."""


@dataclass
class Event:
    """A trigger before its rows are written: who calls it, who is on it, what they may say."""

    trigger: str
    callers: list[Machine] = field(default_factory=list)
    stepper: Machine | None = None
    parts: list[Machine] = field(default_factory=list)
    arguments: list[ArgumentTerm] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    returner: Machine | None = None
    results: list[Any] = field(default_factory=list)
    every: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def actors(self) -> list[Machine]:
        """Everybody who has rows for it, observers left out."""
        return [*([self.stepper] if self.stepper else []), *self.callers, *self.parts]

    def determined(self) -> tuple[Machine, ...]:
        """The machines with copies one of which certainly acts in it."""
        calling = {machine.name for machine in self.callers} | ({self.stepper.name} if self.stepper else set())
        return tuple(
            machine
            for machine in self.actors
            if machine.copies is not None
            and machine.name not in self.every
            and (machine.name not in calling or calling == {machine.name})
        )


class _Maker:
    """One system under construction."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.machines: list[Machine] = []
        self.observers: list[Machine] = []
        self.variables: dict[str, list[VariableTerm]] = {}
        self.frozen: set[tuple[str, str]] = set()
        self.events: list[Event] = []
        self.starts = 1

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

    def some(self, items: Sequence[Item], least: int, most: int) -> list[Item]:
        """Several different ones, in their order."""
        wanted = min(len(items), self.number(least, most))
        left = list(range(len(items)))
        chosen = sorted(left.pop(self.number(0, len(left) - 1)) for _ in range(wanted))
        return [items[position] for position in chosen]

    # -- machines and variables ---------------------------------------------------------------------------------------

    def make(self) -> System:
        """Draw everything, in an order in which every choice knows what it needs."""
        for number in range(self.number(1, 4)):
            self.machine(f"m{number}", None if self.chance(2) else self.pick([2, 1, 3, 2, 3, 0]))
        for number in range(self.pick([0, 1, 1, 2])):
            self.machine(f"o{number}", None, observer=True)
        for machine in (*self.machines, *self.observers):
            few = machine.copies is not None and machine.copies > 1
            for number in range(self.number(0 if machine.name in self.variables else 1, 2 if few else 3)):
                self.variable(machine, f"v{number}")
        if self.chance(2):
            self.pad()
        for number in range(self.number(1, 5)):
            self.event(f"e{number}")
        for event in self.events:
            self.rows(event)
        for machine in self.machines:
            if self.variables.get(machine.name) and self.chance(2):
                self.turn(machine)
        for observer in self.observers:
            for _ in range(self.number(1, 4)):
                self.observed(observer, self.pick(self.events))
        order = [*self.machines, *self.observers]
        if self.chance(4):
            order.reverse()
        everything = Env(readable=tuple(order), place="state")
        rest = self.truth(everything, 2) if self.chance(3) else None
        initially = self.truth(everything, 2) if self.starts > 1 and self.chance(3) else True
        system = System("random", *order, rest=rest, initially=initially)
        self.properties(system, everything)
        return system

    def machine(self, name: str, copies: int | None, *, observer: bool = False) -> None:
        """Make a machine, with states or without."""
        states: list[Any] | None = None
        if not self.chance(3 if not observer else 2):
            choices: list[list[Any]] = [["s", "t"], ["s", "t", "u"], ["s", 2, Colour.RED], ["s"]]
            states = self.pick(choices)
        initial: Any = None
        if states is not None and self.afford(len(states), copies) and self.chance(5):
            initial = self.pick([any_value, states[:2], states[-1]])
        made = Machine(name, states=states, initial=initial, copies=copies, observer=observer)
        (self.observers if observer else self.machines).append(made)
        if states is not None:
            self.variables[name] = [made.state]

    def afford(self, values: int, copies: int | None) -> bool:
        """Tell whether a variable can start with that many values, and count them if so."""
        factor = values ** (1 if copies is None else copies)
        if self.starts * factor > MOST_STARTS:
            return False
        self.starts *= factor
        return True

    def initial(self, domain: Domain, copies: int | None) -> Any:
        """Initial values of a domain: mostly one."""
        low, high = domain.low, domain.high
        code = self.pick([low, high, low, (low + high) // 2])
        if not self.chance(4):
            return domain.value(code)
        if size(domain) <= 3 and self.chance(2) and self.afford(size(domain), copies):
            return any_value
        other = domain.value(self.pick([high, low, min(low + 1, high)]))
        return [domain.value(code), other] if self.afford(2, copies) else domain.value(code)

    def variable(self, machine: Machine, name: str) -> None:
        """Declare a variable of some kind."""
        copies = machine.copies
        kind = self.pick(["count", "flag", "integer", "names", "index", "switch", "optional", "index", "count"])
        if kind == "index":
            of = self.pick([other for other in self.machines if other.copies is not None] or [machine])
            if of.copies is None:
                kind = "flag"
            else:
                optional = of.copies == 0 or self.chance(2)
                made = Symbols((None, *of) if optional else tuple(of), of=of.name)
                start = self.initial(made, copies)
                made_term = machine.one_of(name, of, optional=optional, initial=start)
        if kind == "count":
            top = self.number(1, 3)
            made_term = machine.count(name, up_to=top, initial=self.initial(Range(0, top), copies))
        elif kind == "flag":
            made_term = machine.flag(name, initial=self.initial(Boolean(), copies))
        elif kind == "integer":
            low = self.number(-3, -1)
            high = low + self.number(0, 3)
            made_term = machine.integer(name, low, high, initial=self.initial(Range(low, high), copies))
        elif kind == "switch":
            low = self.pick([0, -5, 7])
            high = low + self.pick(SWITCH_SIZES) - 1
            made_term = machine.integer(name, low, high, initial=self.initial(Range(low, high), copies))
        elif kind in ("names", "optional"):
            optional = kind == "optional"
            names = self.pick(NAMES)
            made = Symbols(tuple([None] if optional else []) + tuple(names))
            made_term = machine.one_of(name, names, optional=optional, initial=self.initial(made, copies))
        self.variables.setdefault(machine.name, []).append(made_term)

    def pad(self) -> None:
        """Declare big variables until a state takes several words."""
        wanted = self.number(1, 6)
        chosen = [self.pick([*self.machines, *self.observers]) for _ in range(wanted)]
        for number, machine in enumerate(chosen, start=1):
            top = self.pick([LARGEST, 2**32, 2**31 - 1, 2**40 - 1, 2**20])
            low = self.pick([0, -(2**20), -LARGEST])
            start = self.initial(Range(low, top), machine.copies)
            made = machine.integer(f"pad{number}", low, top, initial=start)
            self.variables.setdefault(machine.name, []).append(made)
            if self.chance(3):
                self.frozen.add((machine.name, made.name))

    # -- reading ------------------------------------------------------------------------------------------------------

    def candidates(self, env: Env, fits: Callable[[Domain], bool]) -> list[VariableTerm]:
        """The variables that can be read here and have a domain that fits."""
        return [
            variable
            for machine in env.readable
            if machine.copies != 0 or env.own is machine
            for variable in self.variables.get(machine.name, [])
            if fits(variable.domain)
        ]

    def read(self, variable: VariableTerm, env: Env, depth: int) -> Term:
        """A variable, of its own copy or of an indexed one."""
        if variable.copies is None:
            return variable
        machine = next(machine for machine in env.readable if machine.name == variable.machine)
        if env.own is machine and (variable.copies == 0 or not self.chance(3)):
            return variable
        return variable[self.index(machine, env, depth)]

    def index(self, machine: Machine, env: Env, depth: int) -> Term:
        """A copy of a machine with at least one copy, as a term."""
        known: list[Term] = []
        if machine in env.acting or machine is env.own:
            known.append(machine.acting)
        known = [given for given in env.arguments if _of(given.domain) == machine.name] + known
        constants = [lift(copy) for copy in machine]
        if depth > 0:
            holders = self.candidates(
                env,
                lambda domain: isinstance(domain, Symbols) and domain.of == machine.name and None not in domain.names,
            )
            if holders and not self.chance(3):
                held = self.read(self.pick(holders), env, depth - 1)
                speaking = env.place == "step" and not judges_steps(held.expr)
                return after(held) if speaking and self.chance(3) else held
            if self.chance(4):
                condition = self.truth(env, depth - 1)
                return where(condition, self.pick(known + constants), self.pick(constants))
        if known and not self.chance(3):
            return self.pick(known)
        return self.pick(constants)

    # -- expressions --------------------------------------------------------------------------------------------------

    def literal(self, domain: Range) -> int:
        """A number near the bounds of a domain, or beyond them."""
        low, high = domain.low, domain.high
        near = [low, high, low + 1, high - 1, (low + high) // 2, low - 1, high + 1]
        return min(max(self.pick(near), -LARGEST), LARGEST)

    def numeric(self, env: Env, depth: int) -> Term:
        """A number."""
        if depth <= 0 or self.chance(3):
            readable = self.candidates(env, lambda domain: isinstance(domain, Range))
            given = [one for one in env.arguments if isinstance(one.domain, Range)]
            if given and self.chance(2):
                return self.pick(given)
            if readable and not self.chance(5):
                return self.read(self.pick(readable), env, depth)
            return lift(self.number(-2, 4))
        kind = self.pick(["+", "-", "min", "max", "where", "*", "count", "sum", "copies", "0 or 1"])
        if kind == "copies":
            return self.over_copies(env, "sum")
        if kind == "0 or 1":
            return where(self.truth(env, depth - 1), *self.pick([(1, 0), (0, 1), (2, -1)]))
        if kind == "count":
            return count_of([self.truth(env, depth - 1) for _ in range(self.number(0, 2))])
        left, right = self.numeric(env, depth - 1), self.numeric(env, depth - 1)
        if self.chance(4):
            right = lift(self.number(-2, 3))
        try:
            match kind:
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
                case "min":
                    return minimum(left, right)
                case "max":
                    return maximum(left, right)
                case "sum":
                    return sum_of(left, right, self.number(-1, 1))
                case _:
                    return where(self.truth(env, depth - 1), left, right)
        except SpecificationError as error:
            if error.code != "Q16":
                raise
            return left

    def over_copies(self, env: Env, kind: str) -> Term:
        """An aggregate over the copies of a machine, of which there may be none."""
        copied = [machine for machine in env.readable if machine.copies is not None]
        if not copied:
            return lift(2) if kind == "sum" else all_of()
        machine = self.pick(copied)
        variables = self.variables.get(machine.name, [])
        if not variables:
            return count_of() if kind == "sum" else any_of()
        variable = self.pick(variables)
        domain = variable.domain
        if isinstance(domain, Range):
            if kind == "sum" and self.chance(2) and abs(domain.low) + abs(domain.high) < 1000:
                return sum_of(variable[copy] for copy in machine)
            literal = self.literal(domain)
            tests = [self.pick(_ORDERED)(variable[copy], literal) for copy in machine]
        elif isinstance(domain, Boolean):
            tests = [~variable[copy] if self.chance(3) else variable[copy] for copy in machine]
        elif not domain.names:
            tests = []
        else:
            name = self.pick(domain.names)
            tests = [variable[copy] == name for copy in machine]
        if kind == "sum":
            return count_of(tests)
        return self.pick([all_of, any_of])(tests)

    def name(self, env: Env, depth: int, of: str | None) -> Term | None:
        """A name, or an index of a machine, that is no constant; None where there is none."""
        variables = self.candidates(env, lambda domain: isinstance(domain, Symbols) and domain.of == of)
        given: list[Term] = [
            one for one in env.arguments if isinstance(one.domain, Symbols) and one.domain.of == of and one.domain.names
        ]
        given += [machine.acting for machine in env.acting if machine.name == of and machine.copies]
        if env.own is not None and env.own.name == of and env.own.copies:
            given.append(env.own.acting)
        if given and (not variables or self.chance(2)):
            chosen = self.pick(given)
        elif variables:
            chosen = self.read(self.pick(variables), env, depth)
        else:
            return None
        if depth > 0 and self.chance(5):
            other = self.name(env, depth - 1, of)
            extra: Any = 7 if of is None else None
            if other is None or self.chance(3):
                other = lift(self.pick([extra, *_names(chosen.domain)]))
            made = where(self.truth(env, depth - 1), *((chosen, other) if self.chance(2) else (other, chosen)))
            return chosen if isinstance(made.expr, Constant) else made
        return chosen

    def truth(self, env: Env, depth: int) -> Term:
        """A truth value."""
        if env.place != "row" and self.chance(3):
            return self.of_properties(env, depth)
        if depth <= 0 or self.chance(3):
            kind = self.pick(["number", "flag", "name", "index", "constant", "number", "name"])
            if kind == "flag":
                flags = self.candidates(env, lambda domain: isinstance(domain, Boolean))
                given = [one for one in env.arguments if isinstance(one.domain, Boolean)]
                if given and self.chance(2):
                    return self.pick(given)
                if flags:
                    return self.read(self.pick(flags), env, depth)
            if kind in ("name", "index"):
                tested = self.names_compared(env, depth, kind)
                if tested is not None:
                    return tested
            if kind == "constant" and self.chance(2):
                return lift(self.chance(2))
            if kind == "constant":
                return self.over_copies(env, "truth")
            return self.numbers_compared(env, depth)
        kind = self.pick(["and", "or", "not", "implies", "where", "equal", "copies", "all", "any", "constants"])
        if kind == "not":
            return ~self.truth(env, depth - 1)
        if kind == "copies":
            return self.over_copies(env, "truth")
        left = self.truth(env, depth - 1)
        if kind == "constants":
            return where(left, *self.pick([(True, False), (False, True), (True, True)]))
        if kind == "where" and self.chance(2):
            right = self.truth(env, depth - 1)
            one, constant = lift(self.chance(2)), self.chance(2)
            return where(left, *((one, right) if constant else (right, one)))
        right = self.truth(env, depth - 1)
        match kind:
            case "and":
                return left & right
            case "or":
                return left | right
            case "implies":
                return left.implies(right)
            case "equal":
                return left == right if self.chance(2) else left != right
            case "all":
                return all_of(left, right, *([self.truth(env, 0)] if self.chance(2) else []))
            case "any":
                return any_of([left, right])
            case _:
                return where(left, right, self.truth(env, depth - 1))

    def numbers_compared(self, env: Env, depth: int) -> Term:
        """A comparison of numbers, mostly with a constant."""
        left = self.numeric(env, min(depth, 1))
        if self.chance(4):
            return self.pick(_ORDERED)(left, self.numeric(env, 1))
        assert isinstance(left.domain, Range)
        if self.chance(6):
            return left.is_in([self.literal(left.domain) for _ in range(self.number(0, 3))])
        literal = self.literal(left.domain)
        test = self.pick(_ORDERED)
        return test(literal, left) if self.chance(5) else test(left, literal)

    def names_compared(self, env: Env, depth: int, kind: str) -> Term | None:
        """A comparison of names or of indices; None where there are none to compare."""
        owners = [machine.name for machine in self.machines if machine.copies is not None]
        of = self.pick(owners) if kind == "index" and owners else None
        left = self.name(env, depth, of)
        if left is None:
            return None
        known = _names(left.domain)
        if self.chance(6):
            return left.is_in(self.some(known, 0, 2))
        right = self.name(env, 0, of) if self.chance(2) else lift(self.pick(known))
        if right is None:
            right = lift(self.pick(known))
        if not self.chance(4):
            return left == right
        return left != right

    def of_properties(self, env: Env, depth: int) -> Term:
        """What only a property can say."""
        if env.place == "step" and not self.chance(4):
            state = replace(env, place="state")
            kind = self.pick(["happens", "after", "number", "unchanged", "name"])
            event = self.pick(self.events)
            if kind == "happens":
                telling = [other for other in self.events if len(other.results) > 1]
                if telling and not self.chance(3):
                    event = self.pick(telling)
                    wanted = self.some(event.results, 1, 2)
                    return happens(event.trigger, returns=wanted[0] if len(wanted) == 1 else wanted)
                return happens(event.trigger, by=self.taking_part(event) if self.chance(2) else None)
            if kind == "unchanged":
                return self.pick(env.readable).unchanged
            if kind == "number":
                return self.pick(_ORDERED)(after(self.numeric(state, 1)), self.numeric(state, 1))
            if kind == "name":
                left, right = self.name(state, 0, None), self.name(state, 0, None)
                if left is not None and right is not None:
                    return after(left) == right
            return after(self.truth(state, max(depth - 1, 0)))
        kind = self.pick(["enabled", "accepts", "fresh"])
        event = self.pick(self.events)
        if kind == "fresh":
            return self.pick(env.readable).fresh
        whole = [other for other in self.events if other.every & {machine.name for machine in other.parts}]
        if kind == "accepts" and whole and self.chance(2):
            event = self.pick(whole)
        if kind == "accepts" and event.parts:
            machine = self.pick(event.parts)
            if event.results and self.chance(2):
                return machine.accepts(event.trigger, returns=self.some(event.results, 1, 2))
            return machine.accepts(event.trigger)
        return enabled(event.trigger)

    def taking_part(self, event: Event) -> Machine | Copy:
        """A machine that takes part in an event, or one of its copies."""
        machine = self.pick([*event.callers, *event.parts, *([event.stepper] if event.stepper else [])])
        return self.pick(list(machine)) if machine.copies and self.chance(2) else machine

    # -- events and rows ----------------------------------------------------------------------------------------------

    def event(self, name: str) -> None:
        """Plan an event: who calls, who is on it, with which arguments and results."""
        kind = self.pick(["step", "called", "environment", "called"])
        everybody = list(self.machines)
        event = Event(name)
        if kind == "step":
            event.stepper = self.pick(everybody)
            event.trigger = f"{event.stepper.name}.{name}"
            others = [machine for machine in everybody if machine is not event.stepper]
            event.parts = self.some(others, 1, 2) if self.chance(4) else []
            rest = [machine for machine in others if machine not in event.parts]
            if event.parts and rest and self.chance(3):
                event.callers = [self.pick(rest)]
        elif kind == "called" and len(everybody) > 1:
            event.callers = self.some(everybody, 1, min(2, len(everybody) - 1))
            event.parts = self.some([machine for machine in everybody if machine not in event.callers], 1, 2)
        else:
            event.parts = self.some(everybody, 1, 2)
        if not event.actors:
            event.parts = [everybody[0]]
        ways = 1
        for machine in event.actors:
            can = machine.copies is not None and machine not in event.callers
            if can and self.chance(4):
                event.every.add(machine.name)
            copies = 1 if machine.copies is None or machine.name in event.every else machine.copies
            rows = self.number(1, 3)
            while rows > 1 and ways * rows * copies > MOST_JOINT_ROWS:
                rows -= 1
            event.rows[machine.name] = rows
            ways *= max(1, rows * copies)
        for number in range(self.pick([0, 0, 1, 1, 2])):
            values: Any = self.pick([[False, True], range(1, 3), None, ["a", "b"], [3, 1], range(-1, 2), None])
            if values is None:
                values = self.pick([one for one in everybody if one.copies is not None] or [[None, "a"]])
            made = argument(f"x{number}", values)
            if ways * size(made.domain) <= MOST_JOINT_ROWS:
                assert isinstance(made, ArgumentTerm)
                event.arguments.append(made)
                ways *= size(made.domain)
        if event.parts and not self.chance(3):
            event.returner = self.pick(event.parts)
        self.events.append(event)

    def rows(self, event: Event) -> None:
        """Write the rows of an event into its machines."""
        returned: list[Any] = []
        silent = False
        for machine in event.parts:
            for number in range(event.rows[machine.name]):
                options = self.row(machine, event)
                if machine is event.returner and (number == 0 or not self.chance(4)):
                    results = self.some(RESULTS, 1, 3)
                    returned += results
                    options["returns"] = results[0] if len(results) == 1 else results
                elif machine is event.returner:
                    silent = True
                machine.on(event.trigger, *options.pop("arguments"), **options)
        event.results = list(dict.fromkeys(returned))
        calling = []
        for machine in event.callers:
            for _ in range(event.rows[machine.name]):
                options = self.row(machine, event)
                wanted: list[Any] | None = None
                if event.results and not self.chance(3):
                    wanted = self.some(event.results, 1, 3)
                calling.append((machine, options, wanted))
        if event.stepper is None and all(wanted is not None for _, _, wanted in calling):
            accepted = [result for _, _, wanted in calling for result in wanted or ()]
            missing = [result for result in event.results if result not in accepted]
            if calling and (missing or silent):
                machine, options, wanted = calling[-1]
                calling[-1] = machine, options, None if silent else [*(wanted or ()), *missing]
        for machine, options, wanted in calling:
            if wanted is not None:
                options["gets"] = wanted[0] if len(wanted) == 1 else wanted
            machine.calls(event.trigger, *options.pop("arguments"), **options)
        if event.stepper is not None:
            for _ in range(event.rows[event.stepper.name]):
                options = self.row(event.stepper, event)
                name = event.trigger.removeprefix(f"{event.stepper.name}.")
                event.stepper.step(name, *options.pop("arguments"), **options)

    def row(self, machine: Machine, event: Event) -> dict[str, Any]:
        """What every row has: arguments, sources, destination, guard, effects."""
        arguments = [given for given in event.arguments if not self.chance(3)]
        event.declared |= {given.declaration.name for given in arguments}
        env = Env(
            own=machine,
            acting=event.determined(),
            arguments=tuple(arguments),
            readable=(*self.machines, *([machine] if machine.observer else [])),
        )
        options: dict[str, Any] = {"arguments": arguments}
        if machine.name in event.every and self.chance(2):
            options["every"] = True
        options |= self.moves(machine, env)
        if self.chance(6) and not machine.observer:
            options["fair"] = self.pick(["weak", "strong"])
        return options

    def moves(self, machine: Machine, env: Env) -> dict[str, Any]:
        """Sources, destination, guard and effects of a row."""
        options: dict[str, Any] = {}
        variables = self.variables.get(machine.name, [])
        states = next((variable.domain for variable in variables if variable.name == STATE), None)
        if isinstance(states, Symbols):
            if not self.chance(3):
                chosen = self.some(states.names, 1, 2)
                options["source"] = chosen[0] if len(chosen) == 1 else chosen
            if not self.chance(3):
                options["dest"] = "=" if self.chance(8) else self.pick(states.names)
        guards = [self.guard(env) for _ in range(self.pick([0, 1, 0, 1, 2]))]
        if guards:
            options["when"] = guards[0] if len(guards) == 1 else guards[0] & guards[1]
        effects: dict[Any, Any] = {}
        for variable in variables:
            taken = variable.name == STATE and options.get("dest") not in (None, "=")
            if (machine.name, variable.name) in self.frozen or taken or self.chance(3):
                continue
            if variable.name == STATE and not self.chance(3):
                continue
            effects[variable] = self.effect(variable, env)
        if effects:
            options["then"] = effects
        return options

    def guard(self, env: Env) -> Term:
        """A condition that is often true, or one that a switch can decide."""
        own = env.own
        ranges = [
            variable
            for variable in self.variables.get(own.name if own else "", [])
            if isinstance(variable.domain, Range)
        ]
        if ranges and self.chance(3):
            variable = self.pick(ranges)
            assert isinstance(variable.domain, Range)
            literals = [self.literal(variable.domain) for _ in range(self.number(1, 2))]
            test = variable.is_in(literals)
            return ~test if self.chance(2) else test
        return self.truth(env, self.pick([1, 0, 2]))

    def effect(self, variable: VariableTerm, env: Env) -> Any:
        """A new value of a variable; now and then one outside its domain."""
        domain = variable.domain
        if isinstance(domain, Boolean):
            return self.pick([True, False]) if self.chance(2) else self.truth(env, 2)
        if isinstance(domain, Symbols):
            kept = [variable, *domain.names]
            if self.chance(2) or not domain.names:
                return self.pick(kept[1:] or kept)
            taken = self.name(env, 1, domain.of)
            if taken is None:
                return self.pick(kept)
            if set(map(_key, _names(taken.domain))) <= set(map(_key, domain.names)) or self.chance(6):
                return taken
            return where(self.truth(env, 1), self.pick(domain.names), variable)
        low, high = domain.low, domain.high
        big = size(domain) > MEDIUM
        kind = self.pick(["constant", "turn", "clamped", "copied", "raw" if self.chance(3) else "turn"])
        if kind == "constant":
            return self.pick([low, high, min(low + 1, high), (low + high) // 2])
        if kind == "turn" and not big:
            return where(variable < high, variable + 1, low)
        if kind == "turn":
            return where(variable == low, self.pick([high, low + 1, low + 63 if low + 63 <= high else high]), low)
        if kind == "raw":
            raw = variable + 1 if self.chance(2) and high < LARGEST else self.numeric(env, 2)
            return low if isinstance(raw.expr, Constant) else raw
        try:
            return minimum(maximum(self.numeric(env, 2), low), high)
        except SpecificationError as error:
            if error.code != "Q16":
                raise
            return low

    def turn(self, machine: Machine) -> None:
        """Write a step without a guard that keeps a variable moving, so that there is something to explore."""
        variable = self.pick(self.variables[machine.name][::-1])
        domain = variable.domain
        if isinstance(domain, Boolean):
            value = ~variable
        elif isinstance(domain, Range) and size(domain) > 1000:
            value = where(variable == domain.low, domain.high, domain.low)
        elif isinstance(domain, Range):
            value = where(variable < min(domain.high, domain.low + 3), variable + 1, domain.low)
        else:
            value = variable
            for old, new in pairwise((*domain.names, *domain.names[:1])):
                value = where(variable == old, new, value)
        machine.step("turn", then={variable: value}, every=machine.copies is not None and self.chance(6))

    def observed(self, observer: Machine, event: Event) -> None:
        """Write a row of an observer."""
        given = [one for one in event.arguments if one.declaration.name in event.declared and not self.chance(3)]
        env = Env(
            own=observer,
            acting=event.determined(),
            arguments=tuple(given),
            readable=(*self.machines, observer),
        )
        options = self.moves(observer, env)
        if event.results and self.chance(2):
            options["gets"] = self.some(event.results, 1, 2)
        observer.on(event.trigger, *given, **options)

    # -- properties ---------------------------------------------------------------------------------------------------

    def point(self, env: Env) -> Term:
        """Some variables have certain values, which may take a while to reach."""
        tests = []
        for _ in range(self.pick([2, 1, 3, 0])):
            variables = self.candidates(env, lambda domain: domain.low <= domain.high)
            if variables:
                variable = self.pick(variables)
                low, high = variable.domain.low, variable.domain.high
                value = variable.domain.value(self.pick([high, min(low + 1, high), low, min(low + 2, high)]))
                read = self.read(variable, replace(env, place="state"), 1)
                tests.append((after(read) if env.place == "step" else read) == value)
        return all_of(tests)

    def properties(self, system: System, env: Env) -> None:
        """Ask several properties, of every kind."""
        step = replace(env, place="step")
        for number in range(self.number(1, 6)):
            name = f"p{number}"
            match self.pick(["never", "always", "sometimes", "possible", "deadlock", "never", "sometimes", "possible"]):
                case "always":
                    system.always(name, self.truth(self.pick([env, step]), 2) | ~self.point(env))
                case "never":
                    system.never(name, self.truth(self.pick([env, step]), 2) & self.point(self.pick([env, step])))
                case "sometimes":
                    system.sometimes(name, self.truth(self.pick([env, step]), 2) & self.point(self.pick([env, step])))
                case "possible":
                    system.always_possible(name, self.truth(env, 2) | self.point(env))
                case _:
                    system.no_deadlock(name, stuttering=self.chance(2))


def _names(domain: Domain) -> tuple[Any, ...]:
    assert isinstance(domain, Symbols)
    return domain.names


def _of(domain: Domain) -> str | None:
    return domain.of if isinstance(domain, Symbols) else None


def _key(name: object) -> tuple[type, object]:
    return type(name), name


_ORDERED: tuple[Callable[[Any, Any], Term], ...] = (
    lambda a, b: a == b,
    lambda a, b: a != b,
    lambda a, b: a < b,
    lambda a, b: a <= b,
    lambda a, b: a > b,
    lambda a, b: a >= b,
)


@st.composite
def systems(draw: Callable[[st.SearchStrategy[Any]], Any]) -> System:
    """Draw a closed system with properties; only `initially` can make it one without a start (Q15)."""
    return _Maker(draw).make()


# -- what a system contains ------------------------------------------------------------------------------------------


def expressions(system: SystemData) -> Iterator[Expr]:
    """Yield every expression of rows and properties."""
    for machine in system.machines:
        for row in machine.rows:
            yield row.guard
            yield from (effect for _, effect in row.effects)
    yield from (question.formula for question in system.properties)
    yield system.initially
    if system.rest is not None:
        yield system.rest


def features(system: SystemData) -> set[str]:
    """Return what a system contains, in words."""
    found = {f"{len([one for one in system.machines if not one.observer])} machines"}
    triggers: dict[str, list[tuple[str, Row]]] = {}
    for machine in system.machines:
        if machine.copies is not None:
            found.add(f"copies: {machine.copies}")
        for variable in machine.variables:
            found.add(f"variable: {_kind(variable.domain)}")
            if len(variable.initial) > 1:
                found.add("several initial values")
        for row in machine.rows:
            if machine.observer:
                found |= {"observer row", *(["observer: gets"] if row.gets else [])}
                found |= {"observer: argument"} if row.arguments else set()
            else:
                triggers.setdefault(row.trigger, []).append((machine.name, row))
            found |= {"every"} if row.every else set()
    for rows in triggers.values():
        callers = {name for name, row in rows if row.kind is not RowKind.ON}
        parts = {name for name, row in rows if row.kind is RowKind.ON}
        found.add(f"event: {min(len(callers), 2)} callers, {min(len(parts), 2)} on it")
        found |= {"returns"} if any(row.returns for _, row in rows) else set()
        found |= {"gets"} if any(row.gets for _, row in rows) else set()
        for _, row in rows:
            found |= {f"argument: {_kind(given.domain)}" for given in row.arguments}
        declared = {tuple(given.name for given in row.arguments) for _, row in rows}
        found |= {"argument: some rows only"} if len(declared) > 1 else set()
    for expr in expressions(system):
        for node in walk(expr):
            found.add(f"node: {node.op.value}" if isinstance(node, Apply) else f"node: {type(node).__name__}")
            if isinstance(node, Read) and node.copy is not None:
                found.add(f"index by {type(node.copy).__name__}")
            if isinstance(node, Acting):
                found.add("acting")
            if isinstance(node, Happens) and node.by is not None:
                found.add(f"happens: by a {'machine' if node.by.copy is None else 'copy'}")
    for question in system.properties:
        form = " of steps" if question.step and question.kind.value != "domains" else ""
        found.add(f"property: {question.kind.value}{form}{' stuttering' if question.stuttering else ''}")
    found |= {"rest"} if system.rest is not None else set()
    found |= {"initially"} if isinstance(system.initially, Apply | Read) else set()
    found.add(f"words: {min(layout(system.flat.cells).words, 6)}")
    found |= {"large switch"} if any(_large_test(row.guard, system) for row in system.flat.rows) else set()
    return found


def _kind(domain: Domain) -> str:
    if isinstance(domain, Boolean):
        return "flag"
    if isinstance(domain, Range):
        if size(domain) > 1000:
            return "big"
        return f"range of {size(domain)}" if size(domain) > MEDIUM else "negative" if domain.low < 0 else "count"
    kind = "index" if domain.of else "numbers" if all(isinstance(name, int) for name in domain.names) else "names"
    return f"{kind}, optional" if None in domain.names else kind


def _large_test(guard: Expr, system: SystemData) -> bool:
    return any(
        isinstance(node, Apply)
        and node.op in (Op.EQ, Op.NE)
        and any(size(cell.domain) > MEDIUM for slot, cell in enumerate(system.flat.cells) if _is_cell(node, slot))
        for node in walk(guard)
    )


def _is_cell(node: Apply, slot: int) -> bool:
    return any(getattr(operand, "slot", None) == slot for operand in node.operands)


def described(system: SystemData) -> str:
    """Return a system as text, so that a failing example can be written down again."""
    lines = []
    for machine in system.machines:
        copies = "" if machine.copies is None else f" copies={machine.copies}"
        lines.append(f"machine {machine.name}{copies}{' observer' if machine.observer else ''}")
        lines += [
            f"  {variable.name}: {variable.domain} = {[shown(value) for value in variable.initial]}"
            for variable in machine.variables
        ]
        for row in machine.rows:
            effects = {name: expression(effect) for name, effect in row.effects}
            given = ", ".join(f"{one.name} in {one.domain}" for one in row.arguments)
            lines.append(
                f"  {row.kind.value} {row.trigger}({given}) {row.sources} -> {row.dest} when {expression(row.guard)} "
                f"then {effects} returns {row.returns} gets {row.gets}{' every' if row.every else ''}"
            )
    lines.append(f"initially {expression(system.initially)}")
    lines.append(f"rest {None if system.rest is None else expression(system.rest)}")
    for question in system.properties:
        stutter = " stuttering" if question.stuttering else ""
        lines.append(f"{question.kind.value}{stutter} {question.name}: {expression(question.formula)}")
    return "\n".join(lines)


__all__ = ["Copy", "described", "expressions", "features", "systems"]
