"""How much the reductions save on the models of the library and on published ones, and that no verdict changes."""

from __future__ import annotations

from collections.abc import Iterator

from quiesce import library
from quiesce.core.result import SystemAnswers
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.options import Strategy
from quiesce.engines.reducible import refusal
from tests.known.peterson import interchangeable_peterson
from tests.known.two_phase import two_phase

LIBRARY = ("winsock", "chain", "ssp", "ssp_race", "waiting")


def subjects() -> Iterator[tuple[str, System]]:
    """Yield models with a name."""
    for name in LIBRARY:
        yield name, library.find(name).system()
    yield (
        "winsock(clients=2, sockets=4, data=2, starts=3)",
        library.find("winsock").system({"clients": 2, "sockets": 4, "data": 2, "starts": 3}),
    )
    yield "two-phase commit, 5 managers", two_phase(managers=5).build()
    for processes in (3, 5):
        yield f"n_peterson, {processes} processes", interchangeable_peterson(processes=processes).build()


def table() -> Iterator[str]:
    """Yield the lines of a table."""
    yield ""
    yield "## Reductions"
    yield ""
    yield "Properties of states and deadlocks, for all three searches. The verdicts are the same, or this stops."
    yield ""
    yield "| model | states | `--symmetry` | factor | `--por` | factor |"
    yield "|---|---|---|---|---|---|"
    for name, system in subjects():
        asked = [question.property.name for question in system.flat.properties if refusal(question) is None]
        full, orbits, stubborn = (
            check(system, properties=asked, strategy=strategy, linted=False)
            for strategy in (Strategy(), Strategy(symmetry=True), Strategy(partial_order=True))
        )
        for other in (orbits, stubborn):
            if _verdicts(full) != _verdicts(other):
                raise AssertionError(f"a reduction changes a verdict of {name}")
        yield (
            f"| {name} | {full.states:,} | {orbits.states:,} | {full.states / orbits.states:.1f} "
            f"| {stubborn.states:,} | {full.states / stubborn.states:.1f} |"
        )


def _verdicts(result: SystemAnswers) -> list[str]:
    return [answer.verdict.value for answer in result.properties]
