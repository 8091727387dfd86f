"""A whole system inside another, under a prefix: `P1.provider` is its provider, `P1.WSPStartup` its start.

Two processes are two inclusions. A machine that they share keeps its name and is there once; it takes part in the
events of each. Whatever has a machine's or an event's name in the data of a system is renamed, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from quiesce.core.domains import Symbols
from quiesce.core.errors import Place, known
from quiesce.core.properties import Property
from quiesce.core.system import Machine as MachineData
from quiesce.language.machines import Machine
from quiesce.language.names import usable, wrong
from quiesce.language.terms import Term, VariableTerm

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Names:
    """The machines and events that get a prefix; all others keep their names."""

    prefix: str
    machines: frozenset[str]
    triggers: frozenset[str]

    def machine(self, name: str) -> str:
        """Return what a machine of the included system is called."""
        return f"{self.prefix}.{name}" if name in self.machines else name

    def trigger(self, name: str) -> str:
        """Return what an event of the included system is called."""
        return f"{self.prefix}.{name}" if name in self.triggers else name

    def of(self, value: T) -> T:
        """Return data with the names in it as they are here."""
        return cast(T, self._of(value))

    def _of(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._of(element) for element in value)
        if isinstance(value, Place) or not is_dataclass(value) or isinstance(value, type):
            return value
        given = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        return type(value)(**{name: self._field(value, name, held) for name, held in given.items()})

    def _field(self, owner: Any, name: str, held: Any) -> Any:
        if not isinstance(held, str):
            return self._of(held)
        if name == "trigger":
            return self.trigger(held)
        of_machine = name == "machine" or (type(owner), name) in ((Symbols, "of"), (MachineData, "name"))
        return self.machine(held) if of_machine else held


def naming(machines: Sequence[Machine], prefix: str, shared: Sequence[Machine]) -> Names:
    """Return the names under a prefix: an event keeps its name where only machines that are shared take part in it.

    Raises SpecificationError: Q53 for a shared machine that is not one of the system's, Q35 for no list.
    """
    if not isinstance(shared, list | tuple):
        raise wrong("Q35", f"shared={shared!r} is no list of machines", "write shared=[kernel]")
    for machine in shared:
        if not any(machine is other for other in machines):
            raise wrong("Q53", f"{machine!r} is no machine of the system {prefix}", "share machines that it is made of")
    own = [machine for machine in machines if machine not in shared]
    triggers = frozenset(row.trigger for machine in own for row in machine.data().rows)
    return Names(prefix, frozenset(machine.name for machine in own), triggers)


def merged(known_machine: Machine, found: Machine) -> Machine:
    """Return a shared machine with the rows that another inclusion has for it.

    Raises SpecificationError (Q53) where the two are not the same machine.
    """
    first, second = known_machine.data(), found.data()
    if (first.copies, first.observer, first.variables) != (second.copies, second.observer, second.variables):
        raise wrong(
            "Q53",
            f"two inclusions share {first.name}, and it is not the same machine in both",
            "make it in the same way, with the same states and variables",
        )
    known_machine.extend(row for row in second.rows if row not in first.rows)
    return known_machine


@dataclass(frozen=True, slots=True)
class Inclusion:
    """What became of a system that was included: its machines and terms, as they are called now."""

    names: Names
    machines: Mapping[str, Machine]

    def machine(self, name: str) -> Machine:
        """Return a machine by the name that it has in its own system, to give it rows or take some away.

        Raises SpecificationError (Q04) for a name that it does not have.
        """
        if not isinstance(name, str) or name not in self.machines:
            raise wrong("Q04", f"{self.names.prefix} has no machine {name!r}", known(name, self.machines))
        return self.machines[name]

    def trigger(self, name: str) -> str:
        """Return what an event of the included system is called; raises SpecificationError (Q02) for no name."""
        usable(name, "trigger")
        return self.names.trigger(name)

    def term(self, term: Term) -> Term:
        """Return a term of the included system as it reads here; a variable stays one that rows can write."""
        if not isinstance(term, Term):
            raise wrong("Q35", f"{term!r} is not a term", "give a term of the included system")
        domain = self.names.of(term.domain)
        if isinstance(term, VariableTerm):
            return VariableTerm(self.names.machine(term.machine), term.name, domain, term.copies)
        return Term(self.names.of(term.expr), domain)


def included(question: Property, here: Names) -> Property:
    """Return a property of the included system; `PW-01` is `PW-01.P1` here."""
    label = None if question.id is None else f"{question.id}.{here.prefix}"
    return replace(here.of(question), name=f"{here.prefix}: {question.name}", id=label)
