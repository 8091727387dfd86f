"""From the oracle's plain data to the public language, and from the engine's answers back to plain data."""

from __future__ import annotations

from functools import reduce
from typing import Any

import quiesce
from quiesce.core import domains, trace
from quiesce.core.result import PropertyAnswer
from quiesce.core.system import System as SystemData
from tests.oracle.data import Claim, Copy, Expression, Part, Question, Row, Step, System, Trace, Value, Variable

BINARY = {
    "implies": lambda a, b: a.implies(b),
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "min": quiesce.minimum,
    "max": quiesce.maximum,
    "U": quiesce.U,
    "R": quiesce.R,
    "W": quiesce.W,
}
UNARY = {
    "not": lambda a: ~a,
    "after": quiesce.after,
    "X": quiesce.X,
    "F": quiesce.F,
    "G": quiesce.G,
    "A": quiesce.A,
    "E": quiesce.E,
}


class Author:
    """Writes one plain system through the public language."""

    def __init__(self, plain: System) -> None:
        self.plain = plain
        self.machines: dict[str, quiesce.Machine] = {}
        self.variables: dict[tuple[str, str], Any] = {}

    def written(self) -> quiesce.System:
        """Return the system as an author writes it."""
        for machine in self.plain.machines:
            states = next((one for one in machine.variables if one.kind == "state"), None)
            self.machines[machine.name] = quiesce.Machine(
                machine.name,
                states=None if states is None else list(states.values),
                initial=None if states is None else list(states.initial),
                copies=machine.copies,
                observer=machine.observer,
            )
        for machine in self.plain.machines:
            for variable in machine.variables:
                self.variables[machine.name, variable.name] = self._declared(machine.name, variable)
        for machine in self.plain.machines:
            for row in machine.rows:
                self._write(machine.name, row)
        rest = self.plain.rest
        system = quiesce.System(
            "plain",
            *self.machines.values(),
            rest=None if rest is None else self.term(rest),
            initially=self.term(self.plain.initially),
        )
        for question in self.plain.questions:
            self._ask(system, question)
        return system

    def _declared(self, name: str, variable: Variable) -> Any:
        machine, initial = self.machines[name], [self.value(value) for value in variable.initial]
        match variable.kind:
            case "state":
                return machine.state
            case "count":
                return machine.count(variable.name, up_to=int(variable.values[-1]), initial=initial)
            case "integer":
                low, high = variable.values[0], variable.values[-1]
                return machine.integer(variable.name, low, high, initial=initial)
            case "flag":
                return machine.flag(variable.name, initial=initial)
            case "index":
                assert variable.of is not None
                of, optional = self.machines[variable.of], None in variable.values
                return machine.one_of(variable.name, of, optional=optional, initial=initial)
        names = [value for value in variable.values if value is not None]
        return machine.one_of(variable.name, names, optional=None in variable.values, initial=initial)

    def _write(self, name: str, row: Row) -> None:
        machine = self.machines[name]
        arguments = [self._argument(given.name, given.values, given.of) for given in row.arguments]
        options: dict[str, Any] = {
            "source": None if row.sources is None else list(row.sources),
            "dest": row.dest,
            "when": self.term(row.when),
            "then": {self.variables[name, variable]: self.term(effect) for variable, effect in row.then},
        }
        for word in ("returns", "gets"):
            if getattr(row, word) is not None:
                options[word] = list(getattr(row, word))
        options |= {"every": True} if row.every else {}
        options |= {"fair": row.fair} if row.fair else {}
        if row.kind == "step":
            machine.step(row.trigger.removeprefix(f"{name}."), *arguments, **options)
        elif row.kind == "calls":
            machine.calls(row.trigger, *arguments, **options)
        else:
            machine.on(row.trigger, *arguments, **options)

    def _argument(self, name: str, values: tuple[Value, ...], of: str | None) -> Any:
        return quiesce.argument(name, self.machines[of] if of is not None else list(values))

    def _ask(self, system: quiesce.System, question: Question) -> None:
        match question.kind:
            case "domains":
                return
            case "no_deadlock":
                system.no_deadlock(question.name, stuttering=question.stuttering)
            case "holds":
                given = question.assuming
                fair = None
                if given is not None:
                    fair = [{"weak": quiesce.weak, "strong": quiesce.strong}[how](trigger) for trigger, how in given]
                system.holds(question.name, self.term(question.formula), assuming=fair)
            case kind:
                getattr(system, kind)(question.name, self.term(question.formula))

    # -- terms --------------------------------------------------------------------------------------------------------

    def value(self, value: Value) -> Any:
        """Return a value as the package has it."""
        return domains.Copy(value.machine, value.number) if isinstance(value, Copy) else value

    def term(self, expression: Expression) -> Any:
        """Return an expression as a term, or as a constant."""
        match expression:
            case ("const", value):
                return self.value(value)
            case ("var", machine, variable, index):
                term = self.variables[machine, variable]
                return term if index is None else term[self.term(index)]
            case ("arg", name):
                of = next(given for given in self._declarations() if given.name == name)
                return self._argument(name, of.values, of.of)
            case ("acting", machine):
                return self.machines[machine].acting
            case ("happens", trigger, results, arguments, by):
                return self._happens(trigger, results, dict(arguments), by)
            case ("unchanged" | "fresh" as word, machine):
                return getattr(self.machines[machine], word)
            case ("enabled", trigger):
                return quiesce.enabled(trigger)
            case ("deadlock",):
                return quiesce.deadlock
            case ("accepts", machine, trigger, results):
                return self.machines[machine].accepts(trigger, returns=None if results is None else list(results))
            case ("and", *parts):
                return quiesce.all_of([self.term(part) for part in parts])
            case ("or", *parts):
                return quiesce.any_of([self.term(part) for part in parts])
            case ("where", condition, one, other):
                return quiesce.where(self.term(condition), self.term(one), self.term(other))
            case ("+", *parts) if len(parts) > 2:
                return reduce(lambda a, b: a + b, map(self.term, parts))
            case (word, part):
                return UNARY[word](self.term(part))
            case (word, left, right):
                return BINARY[word](self.term(left), self.term(right))
        raise ValueError(expression)

    def _declarations(self) -> list[Any]:
        return [given for machine in self.plain.machines for row in machine.rows for given in row.arguments]

    def _happens(
        self,
        trigger: str,
        results: tuple[str, ...] | None,
        arguments: dict[str, Value],
        by: tuple[str, int | None] | None,
    ) -> Any:
        who: Any = None
        if by is not None:
            who = self.machines[by[0]] if by[1] is None else domains.Copy(by[0], by[1])
        given = {name: self.value(value) for name, value in arguments.items()}
        return quiesce.happens(trigger, returns=None if results is None else list(results), by=who, **given)


def built(plain: System) -> SystemData:
    """Return a plain system as the package's closed data."""
    return Author(plain).written().build()


def claiming(plain: System, claim: Claim) -> SystemData:
    """Return a plain system with the claim that it refines another one."""
    author = Author(plain)
    system = author.written()
    mapping: dict[str, Any] = {}
    for (machine, copy, variable), expression in claim.mapping:
        if copy is None:
            mapping[f"{machine}.{variable}"] = author.term(expression)
        else:
            mapping.setdefault(f"{machine}.{variable}", []).append(author.term(expression))
    system.refines("abstract", mapping, liveness=list(claim.liveness))
    return system.build()


# -- back -------------------------------------------------------------------------------------------------------------


def plain_value(value: Any) -> Value:
    """Return a value of the package as plain data."""
    return Copy(value.machine, value.index) if isinstance(value, domains.Copy) else value


def plain_step(step: trace.Step) -> Step:
    """Return a step of the package as plain data."""
    return Step(
        step.label.trigger,
        None if step.label.result is None else str(step.label.result),
        tuple((name, plain_value(value)) for name, value in step.label.arguments),
        tuple(Part(part.machine, part.copy, part.row) for part in step.label.participants),
        None if step.target is None else tuple(map(plain_value, step.target)),
    )


def plain_trace(answer: PropertyAnswer) -> Trace | None:
    """Return the trace of an answer as plain data."""
    if answer.trace is None:
        return None
    return of_trace(answer.trace)


def of_trace(given: trace.Trace) -> Trace:
    """Return a trace of the package as plain data."""
    return Trace(tuple(map(plain_value, given.start)), tuple(map(plain_step, given.steps)), given.loop)
