"""What a random system of the second oracle is drawn with: choices, and expressions that fit where they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from tests.oracle.data import Argument, Copy, Expression, Machine, Value, Variable, nodes

Item = TypeVar("Item")
NUMBERS = ("count", "integer")


@dataclass(frozen=True)
class Place:
    """Where an expression stands: whose row, who certainly acts, which arguments are declared, what can be read.

    `naming` lets single copies be named; `step` lets a step be spoken of.
    """

    machines: tuple[Machine, ...]
    own: Machine | None = None
    acting: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    naming: bool = False
    step: bool = False


@dataclass
class Drawing:
    """Draws choices and expressions."""

    random: Random

    # -- choices ------------------------------------------------------------------------------------------------------

    def number(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`."""
        return self.random.randint(low, high)

    def chance(self, one_in: int) -> bool:
        """Return True once in so many cases."""
        return self.number(1, one_in) == one_in

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of several."""
        return items[self.number(0, len(items) - 1)]

    def some(self, items: Sequence[Item], least: int = 1) -> tuple[Item, ...]:
        """Return several, in their order, at least so many."""
        kept = [item for item in items if self.chance(2)]
        return tuple(kept if len(kept) >= least else items[:least])

    # -- values -------------------------------------------------------------------------------------------------------

    def readable(self, place: Place, fits: Callable[[Variable], bool]) -> list[tuple[Machine, Variable]]:
        """Return the variables that can be read at a place."""
        return [
            (machine, variable)
            for machine in place.machines
            if machine.copies != 0
            for variable in machine.variables
            if fits(variable)
        ]

    def read(self, machine: Machine, variable: Variable, place: Place) -> Expression | None:
        """Return a read of one variable, if it can be said whose; after the step, now and then."""
        index: Expression | None = None
        if machine.copies is not None and (place.own is not machine or self.chance(4)):
            index = self.copy(machine, place)
            if index is None:
                return ("var", machine.name, variable.name, None) if place.own is machine else None
        read = ("var", machine.name, variable.name, index)
        return ("after", read) if place.step and self.chance(2) else read

    def copy(self, machine: Machine, place: Place) -> Expression | None:
        """Return which copy of a machine: who acts, an argument, or one that is named."""
        known: list[Expression] = [("acting", machine.name)] if machine.name in place.acting else []
        known += [("acting", machine.name)] if place.own is machine else []
        known += [("arg", given.name) for given in place.arguments if given.of == machine.name]
        if place.naming and machine.copies:
            known.append(("const", Copy(machine.name, self.number(0, machine.copies - 1))))
        return self.pick(known) if known else None

    # -- truths -------------------------------------------------------------------------------------------------------

    def truth(self, place: Place, depth: int) -> Expression:
        """Return a truth value."""
        if depth > 0 and self.chance(2):
            word = self.pick(["and", "or", "not", "or", "and", "implies"])
            if word == "not":
                return ("not", self.truth(place, depth - 1))
            return self.joined(word, self.truth(place, depth - 1), lambda: self.truth(place, depth - 1))
        return self.test(place)

    def joined(self, word: str, left: Expression, right: Callable[[], Expression]) -> Expression:
        """Return two truths put together, of different variables: what is trivial is simplified as it is written."""
        for _ in range(4):
            other = right()
            if not subjects(left) & subjects(other):
                return (word, left, other)
        return left

    def test(self, place: Place) -> Expression:
        """Return a test of one variable, of one argument, or of all copies."""
        if place.arguments and self.chance(2):
            return self.of_argument(self.pick(place.arguments), place)
        found = self.readable(place, lambda variable: True)
        if not found:
            return ("const", True)
        machine, variable = self.pick(found)
        read = self.read(machine, variable, place)
        if read is None:
            return self.over_copies(machine, variable, place)
        return self.compared(read, variable, place)

    def over_copies(
        self, machine: Machine, variable: Variable, place: Place, words: Sequence[str] = ("or", "and", "count")
    ) -> Expression:
        """Return a test of all copies alike: of each, of some, or of how many."""
        prototype: Expression = ("var", machine.name, variable.name, ("const", "?"))
        bare = replace(place, own=None, acting=(), step=False)
        test = self.compared(prototype, variable, bare)
        stepping = place.step and self.chance(2)
        tests = [
            with_copy(test, Copy(machine.name, number), stepping=stepping) for number in range(machine.copies or 0)
        ]
        word = self.pick(words)
        if word != "count":
            return (word, *tests)
        numbers = [("where", test, ("const", 1), ("const", 0)) for test in tests]
        total = numbers[0] if len(numbers) == 1 else ("+", *numbers)
        return (self.pick([">=", "==", "<"]), total, ("const", self.number(1, 2)))

    def compared(self, read: Expression, variable: Variable, place: Place) -> Expression:
        """Return a variable compared with a value of its kind."""
        if variable.kind == "flag":
            return read if self.chance(2) else ("not", read)
        if variable.kind in NUMBERS:
            other = self.numeral(place, variable) if self.chance(3) else ("const", self.pick(variable.values))
            if subjects(read) & subjects(other):
                other = ("const", self.pick(variable.values))
            return (self.pick(["==", "<", ">=", "!=", ">", "<="]), read, other)
        word = self.pick(["==", "!=", "=="])
        if variable.kind == "index":
            return (word, read, self.named(variable, place))
        return (word, read, ("const", self.pick(variable.values)))

    def numeral(self, place: Place, variable: Variable) -> Expression:
        """Return a number: another variable, an argument or a constant."""
        numbers = [given for given in place.arguments if isinstance(given.values[0], int) and given.of is None]
        numbers = [given for given in numbers if not isinstance(given.values[0], bool)]
        if numbers and self.chance(2):
            return ("arg", self.pick(numbers).name)
        found = self.readable(place, lambda other: other.kind in NUMBERS)
        read = self.read(*self.pick(found), place) if found else None
        return read if read is not None else ("const", self.pick(variable.values))

    def named(self, variable: Variable, place: Place) -> Expression:
        """Return a copy, or none, to compare an index with."""
        of = next((machine for machine in place.machines if machine.name == variable.of), None)
        copy = None if of is None else self.copy(of, place)
        others = [("const", None)] if None in variable.values else []
        others += [copy, copy] if copy is not None else []
        if not others and of is not None:
            return ("const", Copy(of.name, 0))
        return self.pick(others)

    def of_argument(self, given: Argument, place: Place) -> Expression:
        """Return a test of an argument: with a value, with who acts, or with a variable that names copies."""
        if given.of is None:
            if isinstance(given.values[0], bool):
                return ("arg", given.name)
            return (self.pick(["==", "!="]), ("arg", given.name), ("const", self.pick(given.values)))
        pairs: list[Expression] = [("acting", given.of)] if given.of in place.acting else []
        if place.own is not None and place.own.name == given.of:
            pairs.append(("acting", given.of))
        for machine, variable in self.readable(place, lambda other: other.of == given.of):
            read = self.read(machine, variable, replace(place, step=False))
            pairs += [read] if read is not None else []
        if place.naming or not pairs:
            pairs.append(("const", self.pick(given.values)))
        return (self.pick(["==", "==", "!="]), ("arg", given.name), self.pick(pairs))

    # -- effects ------------------------------------------------------------------------------------------------------

    def effect(self, machine: Machine, variable: Variable, place: Place, leaving: bool) -> Expression:
        """Return a new value of a variable of the own machine; where `leaving`, one that may be no value of it."""
        own: Expression = ("var", machine.name, variable.name, None)
        match variable.kind:
            case "flag":
                return self.pick(
                    [("const", True), ("not", own), ("const", False), self.test(replace(place, step=False))]
                )
            case "count" | "integer":
                return self._number(own, variable, place, leaving)
            case "index":
                return self._index(variable, place, own)
        here, there = self.pick(variable.values), self.pick(variable.values)
        if self.chance(2):
            return ("const", here)
        return ("where", ("==", own, ("const", here)), ("const", there), own)

    def _number(self, own: Expression, variable: Variable, place: Place, leaving: bool) -> Expression:
        low, high = variable.values[0], variable.values[-1]
        raw: Expression = (self.pick(["+", "-"]), own, ("const", 1))
        if self.chance(3):
            raw = self.numeral(place, variable)
        if leaving and not self.chance(4):
            return ("+", own, ("const", self.pick([1, -1]))) if raw[0] == "const" else raw
        turn: Expression = ("where", ("<", own, ("const", high)), ("+", own, ("const", 1)), ("const", low))
        kept: Expression = ("min", ("max", raw, ("const", low)), ("const", high))
        return self.pick([turn, kept, ("const", self.pick(variable.values))])

    def _index(self, variable: Variable, place: Place, own: Expression) -> Expression:
        of = next(machine for machine in place.machines if machine.name == variable.of)
        copy = self.copy(of, place)
        choices: list[Expression] = [own] if copy is None else [copy, copy]
        return self.pick([*choices, ("const", None)] if None in variable.values else choices)


def subjects(expression: Expression) -> set[tuple[str, ...]]:
    """Return what an expression is about: its variables, events and arguments, whatever the copy."""
    return {
        node[:3] if node[0] == "var" else node[:2]
        for node in nodes(expression)
        if node[0] in ("var", "happens", "unchanged", "enabled", "accepts", "fresh", "deadlock", "arg")
    }


def with_copy(expression: Expression, copy: Copy, *, stepping: bool) -> Expression:
    """Return an expression about one copy: where `?` stands for it, after the step where `stepping`."""
    match expression:
        case ("var", machine, variable, ("const", "?")):
            read = ("var", machine, variable, ("const", copy))
            return ("after", read) if stepping else read
        case ("const" | "var" | "arg" | "acting", *_):
            return expression
        case (word, *parts):
            return (word, *[with_copy(part, copy, stepping=stepping) for part in parts])
    raise ValueError(expression)


def values_of(kind: str, size: int) -> tuple[Value, ...]:
    """Return the values of a variable of a kind that is no index."""
    match kind:
        case "count":
            return tuple(range(size + 1))
        case "integer":
            return tuple(range(-1, size))
        case "flag":
            return (False, True)
        case "state":
            return ("s", "t", "u")[: size + 1]
    return ("a", "b", "c")[: size + 1]
