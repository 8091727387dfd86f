"""What is checked when machines are put together: every mistake that no single line shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from quiesce.core.domains import Value, shown
from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.expressions import (
    STEP_NODES,
    TEMPORAL_NODES,
    Accepts,
    Acting,
    Argument,
    By,
    Constant,
    Enabled,
    Expr,
    Fresh,
    Happens,
    Read,
    Unchanged,
    walk,
)
from quiesce.core.printing import expression
from quiesce.core.properties import Property
from quiesce.core.system import Machine, Row, RowKind
from quiesce.language.names import wrong
from quiesce.language.terms import Term, fit, shallow


@dataclass(slots=True)
class _Trigger:
    """Who does what under one trigger, observers left out."""

    callers: list[tuple[Machine, Row]] = field(default_factory=list)
    parts: list[tuple[Machine, Row]] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[Machine, Row]]:
        return self.callers + self.parts

    @property
    def results(self) -> list[Value]:
        """Every result that a row returns or accepts, in the order of first mention."""
        named = [value for _, row in self.rows for value in (*(row.returns or ()), *(row.gets or ()))]
        return list(dict.fromkeys(named))


def check_machines(system: str, machines: Sequence[Machine], place: Place) -> None:
    """Check the machines of a system against each other; raises SpecificationError with the row's place."""
    for number, machine in enumerate(machines):
        if machine.name in [other.name for other in machines[:number]]:
            raise SpecificationError(
                "Q01", f"two machines of {system} are called {machine.name!r}", place=machine.place, hint="rename one"
            )
    _check_labels(system, machines)
    triggers = _triggers(machines)
    for name, trigger in triggers.items():
        _check_steps(name, trigger)
        _check_calls(name, trigger, triggers)
        _check_results(name, trigger)
        _check_arguments(name, trigger)
    for machine in machines:
        for row in machine.rows:
            if machine.observer:
                _check_observed(machine, row, triggers)
            _check_row(machine, row, machines, triggers)


def _check_labels(system: str, machines: Sequence[Machine]) -> None:
    """Refuse two variables that traces would call the same: `a.b` of a machine, and `b` of the machine `x.a`."""
    labels: dict[str, str] = {}
    for machine in machines:
        for copy in machine.indices():
            owner = machine.name if copy is None else f"{machine.name}[{copy}]"
            for variable in machine.variables:
                label = f"{owner}.{variable.name}"
                if label in labels:
                    raise SpecificationError(
                        "Q01",
                        f"two variables of {system} are called {label!r}: of {labels[label]} and of {machine.name}",
                        place=variable.place,
                        hint="leave dots and brackets out of the names of machines and variables",
                    )
                labels[label] = machine.name


def _check_steps(name: str, trigger: _Trigger) -> None:
    """Refuse one name for the steps of two machines: each step is a move of one machine alone."""
    owners = {machine.name: row for machine, row in trigger.callers if row.kind is RowKind.STEP}
    if len(owners) > 1:
        (first, _), (second, row) = list(owners.items())[:2]
        raise SpecificationError(
            "Q01",
            f"a step of {first} and a step of {second} are both called {name!r}",
            place=row.place,
            hint="leave dots out of the names of machines and steps",
        )


def _triggers(machines: Iterable[Machine]) -> dict[str, _Trigger]:
    triggers: dict[str, _Trigger] = {}
    for machine in machines:
        for row in () if machine.observer else machine.rows:
            trigger = triggers.setdefault(row.trigger, _Trigger())
            (trigger.parts if row.kind is RowKind.ON else trigger.callers).append((machine, row))
    return triggers


def _check_calls(name: str, trigger: _Trigger, triggers: Mapping[str, _Trigger]) -> None:
    called = [(machine, row) for machine, row in trigger.callers if row.kind is RowKind.CALLS]
    if called and not trigger.parts:
        machine, row = called[0]
        offered = [other for other, seen in triggers.items() if seen.parts]
        raise SpecificationError(
            "Q20", f"{machine.name} calls {name!r}, but nobody is on it", place=row.place, hint=known(name, offered)
        )
    calling = {machine.name for machine, _ in trigger.callers}
    for machine, row in trigger.parts:
        if machine.name in calling:
            raise SpecificationError(
                "Q24",
                f"{machine.name} calls {name!r} and is on it too",
                place=row.place,
                hint="write what the caller itself does into its calls() row",
            )


def _check_results(name: str, trigger: _Trigger) -> None:
    giving = {machine.name: (machine, row) for machine, row in trigger.parts if row.returns is not None}
    if len(giving) > 1:
        (first, _), (second, row) = list(giving.values())[:2]
        raise SpecificationError(
            "Q22",
            f"{first.name} and {second.name} both return a result for {name!r}",
            place=row.place,
            hint="let one machine return it; the other may guard the event",
        )
    if not trigger.callers:
        return
    for machine, row in trigger.parts:
        if machine.name in giving and row.returns is None and all(caller.gets for _, caller in trigger.callers):
            raise SpecificationError(
                "Q21",
                f"this row of {machine.name} returns nothing for {name!r}, and every caller wants a result",
                place=row.place,
                hint="give it returns=, as the machine's other rows have",
            )
        for result in row.returns or ():
            if not any(caller.gets is None or result in caller.gets for _, caller in trigger.callers):
                accepted = [value for _, caller in trigger.callers for value in caller.gets or ()]
                raise SpecificationError(
                    "Q21",
                    f"{machine.name} returns {shown(result)!r} for {name!r}, and no caller accepts it",
                    place=row.place,
                    hint=f"add it to a caller's gets=, or leave gets= out; {known(result, map(shown, accepted))}",
                )
    if not giving:
        for machine, row in trigger.callers:
            if row.gets is not None:
                raise SpecificationError(
                    "Q06",
                    f"{machine.name} gets {shown(row.gets[0])!r} from {name!r}, and nobody returns anything",
                    place=row.place,
                    hint="give a row that is on it returns=, or leave gets= out",
                )


def _check_arguments(name: str, trigger: _Trigger) -> None:
    domains: dict[str, object] = {}
    for _, row in trigger.rows:
        for given in row.arguments:
            domain = domains.setdefault(given.name, given.domain)
            if domain != given.domain:
                raise _two_domains(given.name, name, domain, given.domain, row.place)


def _two_domains(name: str, trigger: str, first: object, second: object, place: Place) -> SpecificationError:
    return SpecificationError(
        "Q26",
        f"the argument {name!r} of {trigger!r} has two domains: {first} and {second}",
        place=place,
        hint="make the argument once and give the same term to both rows",
    )


def _check_observed(machine: Machine, row: Row, triggers: Mapping[str, _Trigger]) -> None:
    trigger = _known_trigger(row.trigger, triggers, row.place)
    for result in row.gets or ():
        _known_result(result, row.trigger, trigger, row.place)
    declared = {given.name: given.domain for _, other in trigger.rows for given in other.arguments}
    for given in row.arguments:
        if given.name in declared and declared[given.name] != given.domain:
            raise _two_domains(given.name, row.trigger, declared[given.name], given.domain, row.place)
        if given.name not in declared:
            raise SpecificationError(
                "Q26",
                f"the observer {machine.name} names the argument {given.name!r}, which {row.trigger!r} does not have",
                place=row.place,
                hint=known(given.name, declared),
            )


def _known_trigger(name: str, triggers: Mapping[str, _Trigger], place: Place) -> _Trigger:
    if name not in triggers:
        raise SpecificationError("Q05", f"no trigger {name!r}", place=place, hint=known(name, triggers))
    return triggers[name]


def _known_result(result: Value, name: str, trigger: _Trigger, place: Place) -> None:
    if result not in trigger.results:
        raise SpecificationError(
            "Q06",
            f"{name!r} has no result {shown(result)!r}",
            place=place,
            hint=known(shown(result), map(shown, trigger.results)),
        )


def _takes_part(by: By, name: str, trigger: _Trigger, place: Place) -> None:
    taking = {machine.name: machine for machine, _ in trigger.rows if not machine.observer}
    if by.machine not in taking:
        raise SpecificationError(
            "Q09", f"{by.machine} takes no part in {name!r}", place=place, hint=known(by.machine, taking)
        )
    copies = taking[by.machine].copies
    if by.copy is not None and by.copy >= (copies or 0):
        hint = f"its copies are numbered from 0 to {copies - 1}" if copies else "it has no copies"
        raise SpecificationError("Q10", f"{by.machine} has no copy {by.copy}", place=place, hint=hint)


def _known_argument(argument: str, value: Value, name: str, trigger: _Trigger, place: Place) -> None:
    declared = {given.name: given.domain for _, row in trigger.rows for given in row.arguments}
    if argument not in declared:
        raise SpecificationError(
            "Q26", f"{name!r} does not have the argument {argument!r}", place=place, hint=known(argument, declared)
        )
    fit(Constant(value), declared[argument], f"the argument {argument!r} of {name!r}", place)


def _check_row(machine: Machine, row: Row, machines: Sequence[Machine], triggers: Mapping[str, _Trigger]) -> None:
    declared = {given.name for given in row.arguments}
    for expr in (row.guard, *(effect for _, effect in row.effects)):
        for node in walk(expr):
            match node:
                case Read():
                    other = _known_variable(node, machines, row.place)
                    if other.observer and other.name != machine.name:
                        raise SpecificationError(
                            "Q27",
                            f"a row of {machine.name} reads {expression(node)}, but {other.name} is an observer",
                            place=row.place,
                            hint="only properties read observers; let a machine keep what others need",
                        )
                    if node.copy is None and other.copies is not None and other.name != machine.name:
                        raise _undetermined(node, other, row.place)
                case Acting(machine=name):
                    _known_machine(name, machines, row.place)
                    _check_acting(name, machine, row, triggers[row.trigger])
                case Argument(name=name) if name not in declared:
                    raise SpecificationError(
                        "Q26",
                        f"{machine.name} uses the argument {name!r}, and this row does not declare it",
                        place=row.place,
                        hint=f"write on({row.trigger!r}, {name}, ...)",
                    )


def _check_acting(name: str, machine: Machine, row: Row, trigger: _Trigger) -> None:
    if name == machine.name:
        return
    callers = {other.name for other, _ in trigger.callers}
    own_rows = [other_row for other, other_row in trigger.rows if other.name == name]
    single = own_rows and not any(other_row.every for other_row in own_rows)
    if single and (name not in callers or callers == {name}):
        return
    reason = "takes no part in it" if not own_rows else "need not be a single copy in it"
    raise SpecificationError(
        "Q29",
        f"{name}.acting in {row.trigger!r} is not determined: {name} {reason}",
        place=row.place,
        hint=f"name a copy that takes part, or write any_of(... for c in {name})",
    )


def _undetermined(node: Read, machine: Machine, place: Place) -> SpecificationError:
    return SpecificationError(
        "Q29",
        f"{expression(node)} is not determined here: {machine.name} has {machine.copies} copies",
        place=place,
        hint=f"say which: {node.variable}[{machine.name}.acting], or all_of({node.variable}[c] ... for c in "
        f"{machine.name})",
    )


def _known_machine(name: str, machines: Sequence[Machine], place: Place) -> Machine:
    for machine in machines:
        if machine.name == name:
            return machine
    raise SpecificationError(
        "Q09",
        f"{name} is read here, but it is no machine of the system",
        place=place,
        hint=f"give it to System(...); {known(name, [machine.name for machine in machines])}",
    )


def _known_variable(node: Read, machines: Sequence[Machine], place: Place) -> Machine:
    """Return the machine whose variable is read: that of the system, which another of the same name is not."""
    machine = _known_machine(node.machine, machines, place)
    names = [variable.name for variable in machine.variables]
    if node.variable in names and node.domain not in (None, machine.variable(node.variable).domain):
        raise SpecificationError(
            "Q04",
            f"{expression(node)} is the term of another machine that is called {machine.name!r}, too",
            place=place,
            hint="give the machines of one file different names",
        )
    if node.variable not in names:
        raise SpecificationError(
            "Q04",
            f"the machine {machine.name!r} of this system has no variable {node.variable!r}",
            place=place,
            hint=f"the term is another machine's of the same name; {known(node.variable, names)}",
        )
    return machine


# -- properties ------------------------------------------------------------------------------------------------------


def check_state_term(term: Term, where: str) -> Expr:
    """Return the expression of a term that speaks of states only; raises SpecificationError (Q33) otherwise."""
    for node in walk(shallow(term.expr)):
        if isinstance(node, (*STEP_NODES, *TEMPORAL_NODES)):
            raise wrong("Q33", f"{expression(node)} has no meaning in {where}, which speaks of states")
    return term.expr


def check_property(machines: Sequence[Machine], expr: Expr, place: Place, name: str) -> None:
    """Check what a property mentions: machines, copies, triggers and results; raises SpecificationError."""
    triggers = _triggers(machines)
    for node in walk(expr):
        match node:
            case Read():
                machine = _known_variable(node, machines, place)
                if node.copy is None and machine.copies is not None:
                    raise _undetermined(node, machine, place)
            case Acting(machine=acting):
                raise SpecificationError(
                    "Q29",
                    f"{acting}.acting is not known in {name!r}: a property is about no copy in particular",
                    place=place,
                    hint=f"write all_of(... for c in {acting})",
                )
            case Argument(name=argument):
                raise SpecificationError(
                    "Q26",
                    f"the argument {argument!r} is not known in {name!r}",
                    place=place,
                    hint="write happens(trigger, name=value), or let an observer keep it",
                )
            case Happens(trigger=trigger, results=results, arguments=arguments, by=by):
                found = _known_trigger(trigger, triggers, place)
                if by is not None:
                    _takes_part(by, trigger, found, place)
                for result in results or ():
                    _known_result(result, trigger, found, place)
                for argument, value in arguments:
                    _known_argument(argument, value, trigger, found, place)
            case Enabled(trigger=str() as trigger):
                _known_trigger(trigger, triggers, place)
            case Accepts(machine=owner, trigger=trigger, results=results):
                found = _known_trigger(trigger, triggers, place)
                if owner not in [machine.name for machine, _ in found.parts]:
                    parts = dict.fromkeys(machine.name for machine, _ in found.parts)
                    raise SpecificationError(
                        "Q05", f"{owner} is never on {trigger!r}", place=place, hint=known(owner, parts)
                    )
                for result in results or ():
                    _known_result(result, trigger, found, place)
            case Fresh(machine=owner) | Unchanged(machine=owner):
                _known_machine(owner, machines, place)


def check_assumptions(machines: Sequence[Machine], question: Property) -> None:
    """Check the triggers that a question assumes to be fair; raises SpecificationError (Q05)."""
    triggers = _triggers(machines)
    for assumption in question.assuming or ():
        assert question.place is not None
        _known_trigger(assumption.trigger, triggers, question.place)
