"""What is asked of a system: its properties by name, formulas as text, and which triggers are not to be fair."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from quiesce.core.properties import Property, PropertyKind
from quiesce.core.result import SystemAnswers
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.options import Limits, Strategy, Watcher
from quiesce.language.systems import asking, unfair


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """Which properties are asked (none named: all), which formulas instead of all, and which triggers are not fair."""

    properties: Sequence[str] = ()
    formulas: Sequence[str] = ()
    unfair: Sequence[str] = ()


def answered(
    system: System,
    request: CheckRequest,
    *,
    limits: Limits | None = None,
    strategy: Strategy | None = None,
    watch: Watcher | None = None,
    started: float | None = None,
) -> SystemAnswers:
    """Return the answers to a request; lint looks over a system of which no formula is asked as text.

    Raises what `check` raises, and SpecificationError: Q05 for a trigger that no fair row has, Q49 and others, with the
    place in the text, for a formula.
    """
    begun = time.perf_counter() if started is None else started
    posed, properties = _posed(unfair(system, request.unfair), request)
    return check(
        posed,
        properties=properties,
        limits=limits,
        strategy=strategy,
        watch=watch,
        started=begun,
        linted=not request.formulas,
    )


def _posed(system: System, request: CheckRequest) -> tuple[System, list[str] | None]:
    """Return the system that is searched, and the names of the properties that are asked of it; None for all."""
    if not request.formulas:
        return system, list(request.properties) or None
    named = [question for word in request.properties for question in system.called(word)]
    kept = [each for each in system.properties if each in named and each.kind is not PropertyKind.DOMAINS]
    return asking(system, [*kept, *questions(system, request.formulas)]), None


def questions(system: System, formulas: Sequence[str]) -> list[Property]:
    """Return what texts ask of a system; their parser is imported where there are any."""
    if not formulas:
        return []
    from quiesce.language.asking import question

    return [question(system, text) for text in dict.fromkeys(formulas)]
