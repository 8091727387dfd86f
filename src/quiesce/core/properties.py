"""What is asked of a system, as data: properties, what they assume, refinements, and the clauses they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from quiesce.core.domains import Domain
from quiesce.core.errors import Place
from quiesce.core.expressions import TRUE, Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause of a contract: what the specification is held against.

    `level` is MUST, MUST NOT, SHOULD, SHOULD NOT, MAY or FACT; `core` tells whether the seed documents carry it.
    """

    id: str
    level: str
    core: bool
    text: str
    source: str


class PropertyKind(Enum):
    """What a property says of the reachable states, or of the steps between them."""

    ALWAYS = "always"
    NEVER = "never"
    SOMETIMES = "sometimes"
    NO_DEADLOCK = "no_deadlock"
    ALWAYS_POSSIBLE = "always_possible"
    DOMAINS = "domains"
    TEMPORAL = "temporal"
    BOUND = "bound"
    BISIMILAR = "bisimilar"


Strength = Literal["weak", "strong"]


@dataclass(frozen=True, slots=True)
class Assumption:
    """That the rows of a trigger are fair: enabled forever (`weak`) or again and again (`strong`) means taken."""

    trigger: str
    strength: Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A named question; `step` tells whether a step decides it, as it does for `domains` and with `after`, `happens`.

    `formula` is TRUE for `domains` and `no_deadlock`, a number for `bound`, and for `bisimilar` the states that are
    compared with the initial ones. `assuming` says which rows are fair in a `temporal` question: None means those that
    say so themselves.
    """

    name: str
    kind: PropertyKind
    id: str | None = None
    formula: Expr = TRUE
    step: bool = False
    stuttering: bool = False
    assuming: tuple[Assumption, ...] | None = None
    clauses: tuple[str, ...] = ()
    place: Place | None = field(default=None, compare=False)

    def called(self, word: str) -> bool:
        """Tell whether a user means this property by the word: its name, its id, or the id up to a dot (`PS-06`)."""
        return word in (self.name, self.id) or (self.id or "").startswith(f"{word}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """That a system does only what another one may do: `values` say what each variable of that one is here.

    A value is a flat expression with the domain that its code belongs to, by the label of the other's cell
    (`socket[0].unsent`); a cell that is not named is the one of the same label here. `model` is a target like those of
    the command, `parameters` are what it is made with, `liveness` are ids of its properties that hold here as well.
    """

    model: str
    parameters: Mapping[str, object]
    values: Mapping[str, tuple[Expr, Domain]]
    liveness: tuple[str, ...]
    place: Place = field(compare=False)
