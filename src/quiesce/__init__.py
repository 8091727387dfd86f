"""quiesce: specify a life cycle as state machines, and prove that it comes to rest.

Everything that a specification needs is imported from here, and what checks it; heavy parts are imported when they are
used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from quiesce import endings

if endings.is_command():  # before anything else is imported, which takes a while
    endings.watch_signals()

from quiesce.core.domains import Copy
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
from quiesce.language.terms import Term, VariableTerm
from quiesce.language.values import any_value, argument, unbounded
from quiesce.version import __version__ as __version__

__all__ = [  # noqa: RUF022 - in plain order
    "A",
    "AF",
    "AG",
    "AX",
    "Between",
    "Copy",
    "E",
    "EF",
    "EG",
    "EX",
    "EngineError",
    "F",
    "G",
    "Inclusion",
    "Limits",
    "Machine",
    "MutationResult",
    "PropertyResult",
    "R",
    "RefinementResult",
    "Space",
    "SpecificationError",
    "StateView",
    "StepView",
    "System",
    "SystemResult",
    "Term",
    "TraceView",
    "U",
    "VariableTerm",
    "Verdict",
    "W",
    "X",
    "after",
    "all_of",
    "any_of",
    "any_value",
    "argument",
    "check",
    "count_of",
    "deadlock",
    "draw",
    "enabled",
    "export",
    "happens",
    "lint",
    "load",
    "maximum",
    "minimum",
    "mutate",
    "refine",
    "simulate",
    "space",
    "strong",
    "sum_of",
    "unbounded",
    "weak",
    "where",
]

if TYPE_CHECKING:
    from quiesce.api import check, draw, export, lint, load, mutate, refine, simulate, space
    from quiesce.core.result import Verdict
    from quiesce.engines.options import Limits
    from quiesce.results import (
        MutationResult,
        PropertyResult,
        RefinementResult,
        StateView,
        StepView,
        SystemResult,
        TraceView,
    )
    from quiesce.walking import Space

_LATER = {
    "quiesce.api": ("check", "draw", "export", "lint", "load", "mutate", "refine", "simulate", "space"),
    "quiesce.core.result": ("Verdict",),
    "quiesce.engines.options": ("Limits",),
    "quiesce.results": (
        "MutationResult",
        "PropertyResult",
        "RefinementResult",
        "StateView",
        "StepView",
        "SystemResult",
        "TraceView",
    ),
    "quiesce.walking": ("Space",),
}
"""What is for checking, not for writing a specification: imported when it is first used."""


def __getattr__(name: str) -> object:
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'quiesce' has no attribute {name!r}")
