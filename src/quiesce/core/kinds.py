"""What decides a property, by its kind, and which searches can leave something out for it: one table for all."""

from __future__ import annotations

from dataclasses import dataclass

from quiesce.core.properties import PropertyKind


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of the questions of a kind.

    `local`: one state, or one step, decides them; `predicate`: by a formula of their own. `graph`: they are about all
    edges together. `afterwards`: they are answered when the search has ended. `orbit`: they have one answer for all
    states of an orbit (a temporal one may follow single copies). `stubborn`: a partial-order reduction keeps what
    decides them, as long as they are about states.
    """

    local: bool = False
    predicate: bool = False
    graph: bool = False
    afterwards: bool = False
    orbit: bool = False
    stubborn: bool = False


_OF_STATES_AND_STEPS = Traits(local=True, predicate=True, orbit=True, stubborn=True)

TRAITS: dict[PropertyKind, Traits] = {
    PropertyKind.ALWAYS: _OF_STATES_AND_STEPS,
    PropertyKind.NEVER: _OF_STATES_AND_STEPS,
    PropertyKind.SOMETIMES: _OF_STATES_AND_STEPS,
    PropertyKind.NO_DEADLOCK: Traits(local=True, orbit=True, stubborn=True),
    PropertyKind.DOMAINS: Traits(local=True, orbit=True, stubborn=True),
    PropertyKind.ALWAYS_POSSIBLE: Traits(graph=True, orbit=True),
    PropertyKind.BISIMILAR: Traits(graph=True, afterwards=True),
    PropertyKind.TEMPORAL: Traits(graph=True, afterwards=True),
    PropertyKind.BOUND: Traits(afterwards=True),
}

if set(TRAITS) != set(PropertyKind):
    raise AssertionError("a kind of property without traits")
