"""quiesce: specify a life cycle as state machines, and prove that it comes to rest.

Everything that a specification needs is imported from here; heavy parts are imported when they are used.
"""

from quiesce.core.errors import EngineError, SpecificationError
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
from quiesce.language.terms import Term
from quiesce.language.values import any_value, argument, unbounded

__all__ = [
    "Between",
    "EngineError",
    "Machine",
    "SpecificationError",
    "System",
    "Term",
    "after",
    "all_of",
    "any_of",
    "any_value",
    "argument",
    "count_of",
    "enabled",
    "happens",
    "maximum",
    "minimum",
    "sum_of",
    "unbounded",
    "where",
]
__version__ = "0.1.0"
