"""Finite domains: the values that a variable or an argument can take, in a fixed order.

The order is the meaning of "least": a state is ordered by the ordinals of its values, first declared variable first.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from quiesce.core.errors import SpecificationError


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a machine with `copies=`: an index, which has only == and !=."""

    machine: str
    index: int

    def __str__(self) -> str:
        return f"{self.machine}[{self.index}]"

    def _not_a_number(self, _other: object = None) -> NoReturn:
        raise SpecificationError(
            "Q32",
            f"{self} is an index, not a number: copies are interchangeable and have only == and !=",
            hint=f"give {self.machine} a count() to compute with, or make one machine for each number in a Python loop",
        )

    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _not_a_number
    __mod__ = __floordiv__ = __truediv__ = __pow__ = __neg__ = __abs__ = __int__ = __index__ = _not_a_number
    __rmod__ = __rfloordiv__ = __rtruediv__ = __rpow__ = __divmod__ = __rdivmod__ = __round__ = _not_a_number

    def __format__(self, layout: str) -> str:
        return format(str(self), layout)


Value = bool | int | str | None | Copy | enum.Enum
"""A value of a variable, an argument or a result (a result is never a bool, a Copy or None)."""


def shown(value: Value) -> str:
    """Return a value as a reader wants it: `None`, `true`, an enum's name, a number, else a name as it is.

    A name that reads like one of the first stands in quotes: `"true"`.
    """
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, str):
        return f'"{value}"' if value in ("None", "true", "false") else value
    return str(value)


@dataclass(frozen=True, slots=True)
class Boolean:
    """The truth values, False before True."""

    @property
    def low(self) -> int:
        """Least code: 0."""
        return 0

    @property
    def high(self) -> int:
        """Greatest code: 1."""
        return 1

    def values(self) -> Iterator[Value]:
        """Yield False, then True."""
        return iter((False, True))

    def code(self, value: Value) -> int | None:
        """Return 0 or 1, or None for anything but a bool."""
        return int(value) if isinstance(value, bool) else None

    def value(self, code: int) -> Value:
        """Return the truth value of a code."""
        return bool(code)

    def __str__(self) -> str:
        return "false, true"


@dataclass(frozen=True, slots=True)
class Range:
    """The integers from `low` to `high`, both included; `high` None is unbounded (for proofs, not for exploration)."""

    low: int
    top: int | None

    @property
    def high(self) -> int:
        """Greatest code.

        Raises SpecificationError (Q13) for an unbounded range.
        """
        if self.top is None:
            raise SpecificationError("Q13", "an unbounded count cannot be enumerated")
        return self.top

    def values(self) -> Iterator[Value]:
        """Yield the integers in rising order."""
        return iter(range(self.low, self.high + 1))

    def code(self, value: Value) -> int | None:
        """Return the integer itself, or None when it is outside or not an integer."""
        if isinstance(value, bool) or not isinstance(value, int) or isinstance(value, enum.Enum):
            return None
        return value if value >= self.low and (self.top is None or value <= self.top) else None

    def value(self, code: int) -> Value:
        """Return the integer of a code: the code."""
        return code

    def __str__(self) -> str:
        return f"{self.low}..{'unbounded' if self.top is None else self.top}"


@dataclass(frozen=True, slots=True)
class Symbols:
    """Distinct names (strings, numbers, enum members, copies, None) in the order in which they were listed.

    `of` is the machine whose copies are listed (with None or without), or None where the names are no copies.
    """

    names: tuple[Value, ...]
    of: str | None = None
    _positions: dict[tuple[bool, Value], int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions: dict[tuple[bool, Value], int] = {}
        for position, name in enumerate(self.names):
            positions.setdefault((isinstance(name, bool), name), position)
        object.__setattr__(self, "_positions", positions)

    @property
    def low(self) -> int:
        """Least code: 0."""
        return 0

    @property
    def high(self) -> int:
        """Greatest code: the number of names minus 1."""
        return len(self.names) - 1

    def values(self) -> Iterator[Value]:
        """Yield the names in their order."""
        return iter(self.names)

    def code(self, value: Value) -> int | None:
        """Return the position of a name, or None. A bool is never a name, though Python says True == 1."""
        try:
            return self._positions.get((isinstance(value, bool), value))
        except TypeError:  # what has no hash is no name
            return None

    def value(self, code: int) -> Value:
        """Return the name at a position."""
        return self.names[code]

    def __str__(self) -> str:
        return ", ".join(shown(name) for name in self.names)


Domain = Boolean | Range | Symbols
BOOLEAN = Boolean()


def size(domain: Domain) -> int:
    """Return how many values a domain has; raises SpecificationError (Q13) when it is unbounded."""
    return domain.high - domain.low + 1
