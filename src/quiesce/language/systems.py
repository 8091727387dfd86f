"""`System`: machines put together, with the properties that are asked of them; `build` closes it into core data."""

from __future__ import annotations

from collections.abc import Mapping

from quiesce.core.domains import BOOLEAN
from quiesce.core.expressions import Expr, judges_steps
from quiesce.core.system import Property, PropertyKind
from quiesce.core.system import System as SystemData
from quiesce.language.checking import check_machines, check_property, check_state_term, used_clauses
from quiesce.language.flattening import flatten
from quiesce.language.machines import Machine
from quiesce.language.places import here
from quiesce.language.rows import clause_ids
from quiesce.language.terms import Term, truth, usable, wrong

DOMAINS = "domains"


class System:
    """Machines that run together, where they may start and rest, and what is asked of them.

    `rest` says where it is right to stop (for `no_deadlock`); `initially` restricts the product of the variables'
    initial values. Properties are added with the methods; each has a name, and may have an `id` and the `clause` it
    comes from. Raises SpecificationError for what is wrong at its line; what needs the whole system is checked by
    `build`.
    """

    def __init__(self, name: str, *machines: Machine, rest: object = None, initially: object = True) -> None:
        if not isinstance(name, str) or not name:
            raise wrong("Q02", f"{name!r} cannot name a system", "give a short text first, then the machines")
        for machine in machines:
            if not isinstance(machine, Machine):
                raise wrong("Q35", f"{machine!r} is not a machine", "System(name, machine, machine, ..., rest=...)")
        self.name, self.machines, self.place = name, machines, here()
        self.rest = None if rest is None else check_state_term(truth(rest, "rest"), "rest")
        self.initially = check_state_term(truth(initially, "initially"), "initially")
        self._properties: list[Property] = []

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
        self._ask(PropertyKind.NO_DEADLOCK, name, True, id, clause, stuttering=stuttering)

    def _ask(
        self,
        kind: PropertyKind,
        name: str,
        term: object,
        id: str | None,
        clause: object,
        *,
        stuttering: bool = False,
    ) -> None:
        if not isinstance(name, str) or not name:
            raise wrong("Q02", f"{name!r} cannot name a property", "give a short text first, then the term")
        taken = {DOMAINS, *(word for known in self._properties for word in (known.name, known.id) if word)}
        if id is not None:
            usable(id, "property's id")
        for word in (name, id):
            if word in taken:
                raise wrong("Q01", f"{self.name} has a property {word!r} already", "choose another name")
        formula: Expr = truth(term, name).expr
        self._properties.append(
            Property(
                name=name,
                id=id,
                kind=kind,
                formula=formula,
                step=judges_steps(formula),
                stuttering=stuttering,
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
        domains = Property(name=DOMAINS, kind=PropertyKind.DOMAINS, step=True)
        properties = (*self._properties, domains)
        return SystemData(
            name=self.name,
            machines=machines,
            properties=properties,
            flat=flatten(machines, properties, initially=self.initially, rest=self.rest),
            initially=self.initially,
            rest=self.rest,
            parameters=dict(parameters or {}),
            clauses=used_clauses(machines, properties),
            place=self.place,
        )
