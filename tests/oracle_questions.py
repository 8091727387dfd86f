"""Random questions to a plain system: of states, of steps, of the graph and of runs, under random fairness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.data import Copy, Expression, Machine, Question
from tests.oracle_drawing import Drawing, Place

LINEAR = ("F p", "G p", "p leads to q", "G F p", "F G p", "p U q", "p W q", "p R q", "X p", "random", "random")
BRANCHING = ("AG EF p", "EF p", "AF p", "EG p", "AX p", "EX p", "A U", "AG AF p", "AF AG p", "E U")
MIXED = ("E G F p", "A F G p", "AG E F G p", "both", "F AG p", "E random", "A random")


@dataclass
class Asking:
    """Draws the questions of one system."""

    drawing: Drawing
    machines: tuple[Machine, ...]
    events: Sequence[Any]
    naming: bool
    paired: int
    """One question in so many is about whom an event is by, or about."""

    def questions(self) -> tuple[Question, ...]:
        """Return several questions, `domains` last."""
        local = ["always", "never", "sometimes", "always", "never", "sometimes", "always_possible", "no_deadlock"]
        kinds = [self.drawing.pick(local) for _ in range(self.drawing.number(2, 4))]
        kinds += ["holds"] * self.drawing.number(1, 3)
        kinds += ["bisimilar"] if self.drawing.chance(4) else []
        return (*[self._question(f"p{at}", kind) for at, kind in enumerate(kinds)], Question("domains", "domains"))

    def _question(self, name: str, kind: str) -> Question:
        if kind == "no_deadlock":
            return Question(name, kind, stuttering=self.drawing.chance(2))
        if kind == "holds":
            return Question(name, kind, self._temporal(), assuming=self._assumed())
        if kind in ("always_possible", "bisimilar"):
            return Question(name, kind, self.of_states())
        formula = self.of_steps() if self.drawing.chance(2) else self.of_states()
        if self.drawing.chance(self.paired) and (paired := self._paired()) is not None:
            formula = paired
        elif kind == "always" and not self.drawing.chance(3):
            premise = self.of_steps() if self.drawing.chance(2) else self.of_states()
            formula = self.drawing.joined(
                "implies", premise, self.of_steps if self.drawing.chance(2) else self.of_states
            )
        return Question(name, kind, formula)

    # -- predicates ---------------------------------------------------------------------------------------------------

    def of_states(self) -> Expression:
        """Return a predicate of states."""
        drawing = self.drawing
        if drawing.chance(5):
            return drawing.pick([self._enabled(), ("fresh", drawing.pick(self.machines).name), self._accepts()])
        return drawing.truth(Place(self.machines, naming=self.naming), 1)

    def of_steps(self) -> Expression:
        """Return a predicate of steps, with states in it perhaps."""
        drawing = self.drawing
        step = drawing.pick([self._happens(), self._after(), self._happens(), self._unchanged()])
        if drawing.chance(2):
            return step
        if drawing.chance(4):
            return ("not", step)
        word = drawing.pick(["and", "or", "implies"])
        return drawing.joined(word, step, lambda: drawing.pick([self._after, self.of_states, self._happens])())

    def _after(self) -> Expression:
        return self.drawing.truth(Place(self.machines, naming=self.naming, step=True), 1)

    def _unchanged(self) -> Expression:
        unchanged: Expression = ("unchanged", self.drawing.pick(self.machines).name)
        return ("not", unchanged) if self.drawing.chance(2) else unchanged

    def _rows(self, trigger: str) -> list[Any]:
        return [
            (machine, row)
            for machine in self.machines
            if not machine.observer
            for row in machine.rows
            if row.trigger == trigger
        ]

    def _happens(self) -> Expression:
        drawing = self.drawing
        trigger = drawing.pick(self.events).trigger
        rows = self._rows(trigger)
        returned = [result for result in ("ok", "no") if any(result in (row.returns or ()) for _, row in rows)]
        results = (drawing.pick(returned),) if returned and drawing.chance(2) else None
        given = list({one.name: one for _, row in rows for one in row.arguments}.values())
        given = [one for one in given if one.of is None or self.naming]
        chosen = drawing.pick(given) if given and drawing.chance(2) else None
        arguments = () if chosen is None else ((chosen.name, drawing.pick(chosen.values)),)
        by = None
        if drawing.chance(3):
            machine = drawing.pick([machine for machine, _ in rows])
            by = (machine.name, None)
            if self.naming and machine.copies:
                by = (machine.name, drawing.number(0, machine.copies - 1))
        return ("happens", trigger, results, arguments, by)

    def _enabled(self) -> Expression:
        return ("enabled", self.drawing.pick(self.events).trigger)

    def _accepts(self) -> Expression:
        parts = [(name, event.trigger) for event in self.events for name in event.parts]
        if not parts:
            return self._enabled()
        name, trigger = self.drawing.pick(parts)
        return ("accepts", name, trigger, None)

    def _paired(self) -> Expression | None:
        """Return a predicate about all copies alike: an event is by one, or about one, that is in some state."""
        drawing = self.drawing
        event = drawing.pick(self.events)
        rows = self._rows(event.trigger)
        given = {one.name: one for _, row in rows for one in row.arguments if one.of is not None}
        names = {machine.name for machine, _ in rows if machine.copies} | {one.of for one in given.values()}
        machines = [machine for machine in self.machines if machine.name in names]
        if not machines:
            return None
        machine = drawing.pick(machines)
        takes_part = machine.name in {one.name for one, _ in rows}
        arguments = [name for name, one in given.items() if one.of == machine.name]
        variable = drawing.pick(machine.variables)
        value = drawing.pick(variable.values)
        kinds = ["by"] * takes_part + ["argument"] * bool(arguments) + ["both"] * (takes_part and bool(arguments))
        kind, after = drawing.pick(kinds), drawing.chance(2)
        together = None
        if drawing.chance(2):
            together = drawing.over_copies(machine, variable, Place(self.machines), ["count"])
        tests = []
        for number in range(machine.copies or 0):
            copy = Copy(machine.name, number)
            read: Expression = ("var", machine.name, variable.name, ("const", copy))
            test = ("==", ("after", read) if after else read, ("const", value))
            about = ((arguments[0], copy),) if kind != "by" else ()
            happens = ("happens", event.trigger, None, about, (machine.name, number) if kind != "argument" else None)
            tests.append(("and", happens, test, together) if together is not None else ("and", happens, test))
        return (drawing.pick(["or", "or", "and"]), *tests)

    # -- formulas -----------------------------------------------------------------------------------------------------

    def _assumed(self) -> tuple[tuple[str, str], ...] | None:
        drawing = self.drawing
        if drawing.chance(2):
            return None
        chosen = [event.trigger for event in self.events if drawing.chance(2)]
        return tuple((trigger, drawing.pick(["weak", "strong"])) for trigger in chosen)

    def _atom(self) -> Expression:
        if self.drawing.chance(6):
            return ("deadlock",)
        return self.of_steps() if self.drawing.chance(3) else self.of_states()

    def _atoms(self) -> tuple[Expression, Expression]:
        """Return two predicates, of different variables if possible."""
        both = self.drawing.joined("both", self._atom(), self._atom)
        return (both[1], both[2]) if both[0] == "both" else (both, ("deadlock",))

    def _temporal(self) -> Expression:
        match self.drawing.pick(["linear", "branching", "linear", "mixed"]):
            case "linear":
                return self._linear(self.drawing.pick(LINEAR))
            case "branching":
                return self._branching(self.drawing.pick(BRANCHING))
        return self._mixed(self.drawing.pick(MIXED))

    def _linear(self, form: str) -> Expression:
        p, q = self._atoms()
        match form:
            case "F p":
                return ("F", p)
            case "G p":
                return ("G", p)
            case "p leads to q":
                return ("G", ("implies", p, ("F", q)))
            case "G F p":
                return ("G", ("F", p))
            case "F G p":
                return ("F", ("G", p))
            case "X p":
                return ("X", p)
            case "random":
                return self.path(2)
        return (form[2], p, q)

    def path(self, depth: int) -> Expression:
        """Return a random path formula."""
        drawing = self.drawing
        word = drawing.pick(["X", "F", "G", "U", "R", "W", "and", "or", "not", "implies"])
        if depth == 0:
            return self._atom()
        if word in ("X", "F", "G", "not"):
            return (word, self.path(depth - 1))
        return drawing.joined(word, self.path(depth - 1), lambda: self.path(depth - 1))

    def _branching(self, form: str) -> Expression:
        p, q = self.of_states(), self.of_states()
        match form.split():
            case [one, "p"]:
                return (one[0], (one[1], p))
            case [one, two, "p"]:
                return (one[0], (one[1], (two[0], (two[1], p))))
        return (form[0], ("U", p, q))

    def _mixed(self, form: str) -> Expression:
        p, q = self._atoms()
        match form:
            case "E G F p":
                return ("E", ("G", ("F", p)))
            case "A F G p":
                return ("A", ("F", ("G", p)))
            case "AG E F G p":
                return ("A", ("G", ("E", ("F", ("G", p)))))
            case "both":
                word = self.drawing.pick(["and", "or", "implies"])
                return (word, ("A", ("F", p)), ("E", ("G", q)))
            case "F AG p":
                return ("F", ("A", ("G", self.of_states())))
        return (form[0], self.path(2))
