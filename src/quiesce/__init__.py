"""quiesce: specify a life cycle as state machines, and prove that it comes to rest.

Everything that a specification needs is imported from here; heavy parts are imported when they are used.
"""

from quiesce import endings

if endings.is_command():  # before anything else is imported, which takes a while
    endings.watch_signals()

from quiesce.core.errors import EngineError, SpecificationError
from quiesce.language.inclusion import Inclusion
from quiesce.language.machines import Machine
from quiesce.language.operators import (
    after,
    all_of,
    any_of,
    count_of,
    enabled,
    happens,
    maximum,
    minimum,
    sum_of,
    where,
)
from quiesce.language.parameters import Between
from quiesce.language.systems import System
from quiesce.language.temporal import AF, AG, AX, EF, EG, EX, A, E, F, G, R, U, W, X, deadlock, strong, weak
from quiesce.language.terms import Term
from quiesce.language.values import any_value, argument, unbounded

__all__ = [  # noqa: RUF022 - in plain order
    "A",
    "AF",
    "AG",
    "AX",
    "Between",
    "E",
    "EF",
    "EG",
    "EX",
    "EngineError",
    "F",
    "G",
    "Inclusion",
    "Machine",
    "R",
    "SpecificationError",
    "System",
    "Term",
    "U",
    "W",
    "X",
    "after",
    "all_of",
    "any_of",
    "any_value",
    "argument",
    "count_of",
    "deadlock",
    "enabled",
    "happens",
    "maximum",
    "minimum",
    "strong",
    "sum_of",
    "unbounded",
    "weak",
    "where",
]
__version__ = "0.1.0"
