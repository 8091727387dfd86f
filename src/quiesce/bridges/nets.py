"""Petri nets as systems: places are counts, transitions are steps of one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quiesce.core.errors import Place, SpecificationError
from quiesce.core.system import STATE
from quiesce.core.system import System as SystemData
from quiesce.language.machines import Machine
from quiesce.language.operators import all_of
from quiesce.language.systems import System
from quiesce.language.terms import LARGEST

NET = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A transition: how many tokens it takes from which places, and puts into which."""

    takes: Mapping[str, int]
    puts: Mapping[str, int]

    @property
    def changes(self) -> dict[str, int]:
        """How many tokens each place has more, or fewer, after a firing; places that keep theirs are left out."""
        both = {place: self.puts.get(place, 0) - self.takes.get(place, 0) for place in (*self.takes, *self.puts)}
        return {place: change for place, change in sorted(both.items()) if change}


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A place/transition net: place id -> initial tokens, and transitions by id; `lines` say where each was written."""

    name: str
    places: Mapping[str, int]
    transitions: Mapping[str, Transition]
    lines: Mapping[str, Place] = field(default_factory=dict, compare=False)


def system(net: Net, *, bound: int) -> SystemData:
    """Return a net as a closed system whose places hold up to `bound` tokens; more violates `domains`.

    Raises SpecificationError: Q16 where more tokens than numbers reach could come into a place, Q02 for a place called
    `state`.
    """
    machine = Machine(NET)
    top = max(bound, *net.places.values(), 1)
    _check_sizes(net, top)
    tokens = {name: machine.count(name, up_to=top, initial=held) for name, held in net.places.items()}
    for name, transition in net.transitions.items():
        machine.step(
            name,
            when=all_of(tokens[place] >= weight for place, weight in transition.takes.items()),
            then={tokens[place]: tokens[place] + change for place, change in transition.changes.items()},
        )
    return System(net.name, machine).build({"bound": top})


def _check_sizes(net: Net, top: int) -> None:
    if STATE in net.places:
        message = f"a place cannot be called {STATE!r}: that is the name of a machine's state"
        raise SpecificationError("Q02", message, place=net.lines.get(STATE), hint="rename it")
    if top > LARGEST:
        raise SpecificationError("Q16", f"a bound of {top:,} tokens is beyond {LARGEST:,}", hint="give a smaller one")
    for name, transition in net.transitions.items():
        for place, change in transition.changes.items():
            if top + change > LARGEST:
                raise SpecificationError(
                    "Q16",
                    f"with up to {top:,} tokens in {place!r}, {name!r} could put it beyond {LARGEST:,}",
                    place=net.lines.get(name),
                    hint="use smaller weights and markings",
                )
