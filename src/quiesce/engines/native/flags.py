"""The bits that `expand` raises: one for each property, and one more for each that a state without a step can decide.

A property of steps is judged in two ways, by steps and where a run ends. They have bits of their own, because in one
level a state that ends a run shows the property by a run that is one step shorter than any step can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quiesce.core.expressions import FALSE, Expr, Op, apply
from quiesce.core.flat import FlatProperty
from quiesce.core.properties import PropertyKind


@dataclass(frozen=True, slots=True)
class Flags:
    """How many bits there are; `ends` is, for a property of steps, the bit of a deciding state without a step."""

    count: int
    ends: Mapping[int, int]

    @property
    def words(self) -> int:
        """How many 64-bit words hold them."""
        return max(1, (self.count + 63) // 64)


def flags_of(asked: Sequence[FlatProperty]) -> Flags:
    """Return the bits for some properties: their own first, in their order."""
    judged = [
        number
        for number, question in enumerate(asked)
        if question.predicate.steps is not None and deciding(question, question.predicate.stutter) != FALSE
    ]
    return Flags(len(asked) + len(judged), {number: len(asked) + more for more, number in enumerate(judged)})


def deciding(question: FlatProperty, formula: Expr) -> Expr:
    """Return the formula that is true where a property is decided: a violation, or for `sometimes` a witness."""
    return apply(Op.NOT, formula) if question.property.kind is PropertyKind.ALWAYS else formula
