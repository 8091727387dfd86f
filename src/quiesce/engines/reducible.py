"""Which questions a partial-order reduction answers, and why not the others."""

from __future__ import annotations

from quiesce.core.flat import FlatProperty
from quiesce.core.kinds import TRAITS
from quiesce.core.properties import PropertyKind


def refusal(question: FlatProperty) -> str | None:
    """Return why a reduced search says nothing of a property; None where it does."""
    kind = question.property.kind
    if not TRAITS[kind].stubborn:
        return "a partial-order reduction keeps states, not the paths between them"
    if question.predicate.steps is not None:
        return "a partial-order reduction leaves out steps, and this speaks of steps"
    if kind is PropertyKind.NO_DEADLOCK and question.property.stuttering:
        return "a partial-order reduction keeps deadlocks, not states where only self-loops are left"
    return None
