"""`System`: machines put together, with the properties that are asked of them; `build` closes it into core data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from quiesce.core.domains import BOOLEAN, Domain
from quiesce.core.errors import SpecificationError, known
from quiesce.core.expressions import Expr, Op, Read, apply, is_temporal, judges_steps, walk
from quiesce.core.flat import Flat
from quiesce.core.printing import expression
from quiesce.core.properties import Assumption, Property, PropertyKind, Refinement
from quiesce.core.system import Machine as MachineData
from quiesce.core.system import System as SystemData
from quiesce.language.checking import check_assumptions, check_machines, check_property, check_state_term
from quiesce.language.clauses import used_clauses
from quiesce.language.flattening import flat_properties, flat_values, flatten
from quiesce.language.inclusion import Inclusion, included, merged, naming
from quiesce.language.machines import Machine
from quiesce.language.names import usable, wrong
from quiesce.language.places import here
from quiesce.language.rows import clause_ids, ids_of
from quiesce.language.temporal import F, assumptions, at_most_once, formula_of, leads_to, precedes
from quiesce.language.terms import Term, lift, shallow, truth

DOMAINS = "domains"
_OF_ALL = (PropertyKind.NO_DEADLOCK, PropertyKind.BISIMILAR)
"""What is asked of a whole system, and of no part of it."""


class System:
    """Machines that run together, where they may start and rest, and what is asked of them.

    `rest` says where it is right to stop (for `no_deadlock`); `initially` restricts the product of the variables'
    initial values. Properties are added with the methods; each has a name, and may have an `id` and the `clause` it
    comes from. Raises SpecificationError for what is wrong at its line; what needs the whole system is checked by
    `build`.
    """

    def __init__(self, name: str, *machines: Machine, rest: object = None, initially: object = True) -> None:
        usable(name, "system", "give a short text first, then the machines")
        for machine in machines:
            if not isinstance(machine, Machine):
                raise wrong("Q35", f"{machine!r} is not a machine", "System(name, machine, machine, ..., rest=...)")
        self.name, self.machines, self.place = name, machines, here()
        self.rest = None if rest is None else check_state_term(truth(rest, "rest"), "rest")
        self.initially = check_state_term(truth(initially, "initially"), "initially")
        self._properties: list[Property] = []
        self._refinements: list[Refinement] = []
        self._images: list[dict[str, Term]] = []

    def __repr__(self) -> str:
        return f"<system {self.name}>"

    def always(self, name: str, term: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that the term is true of every reachable state, or of every step if it speaks of steps."""
        self._ask(PropertyKind.ALWAYS, name, term, id, clause)

    def never(self, name: str, term: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that the term is true of no reachable state, or of no step if it speaks of steps."""
        self._ask(PropertyKind.NEVER, name, term, id, clause)

    def sometimes(self, name: str, term: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that the term is true of some reachable state, or of some step; the answer shows a shortest witness."""
        self._ask(PropertyKind.SOMETIMES, name, term, id, clause)

    def always_possible(self, name: str, term: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that from every reachable state some run reaches a state where the term is true (CTL: AG EF)."""
        checked = Term(check_state_term(truth(term, "always_possible"), "always_possible"), BOOLEAN)
        self._ask(PropertyKind.ALWAYS_POSSIBLE, name, checked, id, clause)

    def no_deadlock(
        self,
        name: str = "no deadlock",
        *,
        stuttering: bool = False,
        id: str | None = None,
        clause: object = None,
    ) -> None:
        """Ask that every reachable state outside `rest` has a step; with `stuttering`, one that changes something."""
        if not isinstance(stuttering, bool):
            raise wrong("Q25", f"stuttering={stuttering!r} is neither True nor False", "write stuttering=True")
        self._ask(PropertyKind.NO_DEADLOCK, name, True, id, clause, stuttering=stuttering)

    def bisimilar(self, name: str, term: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that every reachable state where the term is true behaves like an initial one.

        The two can do the same events with the same arguments and results, and go on alike, forever (strong
        bisimulation). What observers keep does not count.
        """
        checked = Term(check_state_term(truth(term, "bisimilar"), "bisimilar"), BOOLEAN)
        self._ask(PropertyKind.BISIMILAR, name, checked, id, clause)

    # -- of runs ------------------------------------------------------------------------------------------------------

    def holds(
        self, name: str, formula: object, *, assuming: object = None, id: str | None = None, clause: object = None
    ) -> None:
        """Ask that a temporal formula is true: of every run if it has no quantifier, else of every initial state.

        `assuming` replaces the rows' `fair=`: `[weak("transmit")]`, or `[]` for no fairness at all.
        """
        term = truth(formula, name)
        given = assumptions(assuming)
        self._ask(PropertyKind.TEMPORAL, name, Term(formula_of(term), BOOLEAN), id, clause, assuming=given)

    def eventually(
        self, name: str, term: object, *, assuming: object = None, id: str | None = None, clause: object = None
    ) -> None:
        """Ask that every run comes to the term: F term."""
        self.holds(name, F(term), assuming=assuming, id=id, clause=clause)

    def leads_to(
        self,
        name: str,
        premise: object,
        goal: object,
        *,
        assuming: object = None,
        id: str | None = None,
        clause: object = None,
    ) -> None:
        """Ask that whenever the premise is true, the goal is true then or later: G(premise -> F goal)."""
        self.holds(name, leads_to(premise, goal), assuming=assuming, id=id, clause=clause)

    def precedes(self, name: str, first: object, then: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that the second does not come before the first has come: (not then) W first."""
        self.holds(name, precedes(first, then), assuming=[], id=id, clause=clause)

    def at_most_once(self, name: str, event: object, *, id: str | None = None, clause: object = None) -> None:
        """Ask that an event happens once at most in a run; or that a state is not come back to once it was left."""
        self.holds(name, at_most_once(event), assuming=[], id=id, clause=clause)

    # -- of another system --------------------------------------------------------------------------------------------

    def include(
        self, system: System, prefix: str, *, shared: Sequence[Machine] = (), asking: Sequence[str] | bool = False
    ) -> Inclusion:
        """Add the machines of another system under a prefix: `P1.provider`, its events `P1.WSPStartup`.

        Machines that are `shared` keep their name, are there once however many systems include them, and take part in
        the events of each. Both may rest where each of them may; both start as each of them does. `asking` are ids of
        properties that are asked here as well, or True for all but those about a whole system (`no_deadlock`,
        `bisimilar`); `PW-01` is `PW-01.P1`. Returns what the machines and terms of the
        included system are here. Raises SpecificationError: Q01 for a prefix that is taken, Q02 for one that is not
        usable, Q08 for an id that no property has, Q53 for machines that cannot be shared.
        """
        usable(prefix, "prefix")
        if not isinstance(system, System):
            raise wrong("Q35", f"{system!r} is not a system", "include(system, prefix)")
        if any(machine.name.startswith(f"{prefix}.") for machine in self.machines):
            raise wrong("Q01", f"{self.name} has a system {prefix!r} already", "choose another prefix")
        names = naming(system.machines, prefix, shared)
        known_machines = {machine.name: machine for machine in self.machines}
        inside: dict[str, Machine] = {}
        for machine in system.machines:
            moved = Machine.of(names.of(machine.data()))
            there = known_machines.get(moved.name)
            inside[machine.name] = moved if there is None else merged(there, moved)
        self.machines = (*self.machines, *(made for made in inside.values() if made.name not in known_machines))
        both = [expr for expr in (self.rest, names.of(system.rest)) if expr is not None]
        self.rest = apply(Op.AND, *both) if both else None
        self.initially = apply(Op.AND, self.initially, names.of(system.initially))
        self._properties += [included(question, names) for question in system._wanted(asking)]
        return Inclusion(names, inside)

    def refines(
        self,
        model: str,
        mapping: Mapping[str, object],
        *,
        parameters: Mapping[str, object] | None = None,
        liveness: Sequence[str] = (),
    ) -> None:
        """Claim that every step of this system is a step of another, or a stutter there (`model-check refine`).

        `model` is a target, made with `parameters`; `mapping` says what each of its variables is here: a term for
        `provider.state`, a list of terms for the copies of `socket.unsent`. Variables that are not named are those of
        the same machine, copy and name here; what observers keep is left out. `liveness` are ids of its properties of
        runs that are true here as well, with what is fair here. Raises SpecificationError (Q52, Q33) for what has no
        meaning here; whether it fits the other system is checked when it is compared.
        """
        usable(model, "model")
        ids = ids_of(liveness, "liveness")
        for table in (mapping, {} if parameters is None else parameters):
            if not isinstance(table, Mapping):
                raise wrong("Q35", f"{table!r} is no table", 'write refines(model, {"machine.variable": term})')
        images: dict[str, Term] = {}
        for name, given in mapping.items():
            machine, dot, variable = name.rpartition(".") if isinstance(name, str) else ("", "", "")
            if not (machine and dot and variable):
                raise wrong("Q52", f"{name!r} is no variable of {model}", 'write "machine.variable"')
            labelled = {name: given}
            if isinstance(given, list | tuple):
                labelled = {f"{machine}[{copy}].{variable}": term for copy, term in enumerate(given)}
            for label, value in labelled.items():
                term = lift(value)
                images[label] = Term(check_state_term(term, "a refinement"), term.domain)
        self._images.append(images)
        self._refinements.append(
            Refinement(
                model=model,
                parameters=dict(parameters or {}),
                values={},
                liveness=ids,
                place=here(),
            )
        )

    def _wanted(self, asking: Sequence[str] | bool) -> list[Property]:
        """Return the properties of some ids, or those that an inclusion can ask; raises SpecificationError (Q08)."""
        if isinstance(asking, bool):
            return [question for question in self._properties if asking and question.kind not in _OF_ALL]
        found: dict[str, Property] = {}
        for word in ids_of(asking, "asking"):
            meant = {question.name: question for question in self._properties if question.called(word)}
            if not meant:
                ids = [question.id or question.name for question in self._properties]
                raise wrong("Q08", f"{self.name} has no property {word!r}", known(word, ids))
            found |= meant
        return list(found.values())

    def _ask(
        self,
        kind: PropertyKind,
        name: str,
        term: object,
        id: str | None,
        clause: object,
        *,
        stuttering: bool = False,
        assuming: tuple[Assumption, ...] | None = None,
    ) -> None:
        usable(name, "property", "give a short text first, then the term")
        taken = {DOMAINS, *(word for known in self._properties for word in (known.name, known.id) if word)}
        if id is not None:
            usable(id, "property's id")
        for word in (name, id):
            if word in taken:
                raise wrong("Q01", f"{self.name} has a property {word!r} already", "choose another name")
        formula: Expr = shallow(truth(term, name).expr)
        if kind is not PropertyKind.TEMPORAL and is_temporal(formula):
            raise wrong(
                "Q36",
                f"{kind.value} asks about states and steps, and {expression(formula)} speaks of runs",
                f"write system.holds({name!r}, ...)",
            )
        self._properties.append(
            Property(
                name=name,
                id=id,
                kind=kind,
                formula=formula,
                step=kind is not PropertyKind.TEMPORAL and judges_steps(formula),
                stuttering=stuttering,
                assuming=assuming,
                clauses=clause_ids(clause),
                place=here(),
            )
        )

    def build(self, parameters: Mapping[str, object] | None = None) -> SystemData:
        """Return the closed system as data, with the implied property `domains`.

        Raises SpecificationError for a mistake that shows only in the whole: Q01, Q05 to Q07, Q09, Q20 to Q29.
        """
        machines = tuple(machine.data() for machine in self.machines)
        check_machines(self.name, machines, self.place)
        for word, expr in (("rest", self.rest), ("initially", self.initially)):
            if expr is not None:
                check_property(machines, expr, self.place, word)
        for question in self._properties:
            assert question.place is not None
            check_property(machines, question.formula, question.place, question.name)
            check_assumptions(machines, question)
        for claim, images in zip(self._refinements, self._images, strict=True):
            for label, term in images.items():
                check_property(machines, term.expr, claim.place, label)
        domains = Property(name=DOMAINS, kind=PropertyKind.DOMAINS, step=True)
        properties = (*self._properties, domains)
        flat = flatten(machines, properties, initially=self.initially, rest=self.rest)
        return SystemData(
            name=self.name,
            machines=machines,
            properties=properties,
            flat=flat,
            initially=self.initially,
            rest=self.rest,
            parameters=dict(parameters or {}),
            clauses=used_clauses(machines, properties),
            refinements=tuple(
                replace(claim, values=_coded(machines, flat, images))
                for claim, images in zip(self._refinements, self._images, strict=True)
            ),
            place=self.place,
        )


def _coded(machines: Sequence[MachineData], flat: Flat, images: Mapping[str, Term]) -> dict[str, tuple[Expr, Domain]]:
    """Return terms as flat expressions, each with the domain that its code belongs to."""
    values = flat_values(machines, flat, {label: (term.expr, term.domain) for label, term in images.items()})
    return {label: (value, images[label].domain) for label, value in values.items()}


def unobserved(system: SystemData, kept: Sequence[str]) -> SystemData:
    """Return a built system without its observers, and with the properties of some ids alone.

    Raises SpecificationError: Q08 for an id that no property has, Q52 where a property reads an observer.
    """
    observers = {machine.name for machine in system.machines if machine.observer}
    machines = tuple(machine for machine in system.machines if not machine.observer)
    properties = tuple(question for id in kept for question in system.called(id))
    asked = [(question.formula, question.name) for question in properties]
    for expr, name in (*asked, (system.initially, "initially")):
        if _reads(expr, observers):
            raise SpecificationError(
                "Q52", f"{name!r} of {system.name} reads an observer, and observers are left out", place=system.place
            )
    rest = None if system.rest is None or _reads(system.rest, observers) else system.rest
    return replace(
        system,
        machines=machines,
        properties=properties,
        flat=flatten(machines, properties, initially=system.initially, rest=rest),
        rest=rest,
    )


def _reads(expr: Expr, machines: Collection[str]) -> bool:
    return any(isinstance(node, Read) and node.machine in machines for node in walk(expr))


def asking(system: SystemData, questions: Sequence[Property]) -> SystemData:
    """Return a built system with other questions in the place of its own, `domains` always among them."""
    domains = [question for question in system.flat.properties if question.property.kind is PropertyKind.DOMAINS]
    flat = (*flat_properties(system, questions), *domains)
    return replace(
        system,
        properties=tuple(question.property for question in flat),
        flat=replace(system.flat, properties=flat),
    )


def unfair(system: SystemData, triggers: Sequence[str]) -> SystemData:
    """Return a built system in which no row of some triggers is fair, nor assumed to be, to see what depends on it.

    Raises SpecificationError (Q05) for a trigger that no fair row has.
    """
    fair = dict.fromkeys(row.trigger for machine in system.machines for row in machine.rows if row.fair is not None)
    for trigger in triggers:
        if trigger not in fair:
            raise SpecificationError(
                "Q05", f"no fair row of {system.name} is on {trigger!r}", hint=known(trigger, fair)
            )
    machines = tuple(
        replace(
            machine,
            rows=tuple(replace(row, fair=None) if row.trigger in triggers else row for row in machine.rows),
        )
        for machine in system.machines
    )
    properties = tuple(_assuming_less(question, triggers) for question in system.properties)
    asked = tuple(
        replace(
            flat,
            property=_assuming_less(flat.property, triggers),
            stronger=tuple(
                replace(other, property=_assuming_less(other.property, triggers)) for other in flat.stronger
            ),
        )
        for flat in system.flat.properties
    )
    return replace(system, machines=machines, properties=properties, flat=replace(system.flat, properties=asked))


def _assuming_less(question: Property, triggers: Sequence[str]) -> Property:
    if question.assuming is None:
        return question
    return replace(question, assuming=tuple(given for given in question.assuming if given.trigger not in triggers))
