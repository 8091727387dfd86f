"""Searches of some states that stand for all give the verdicts of full ones; orbits are in test_symmetry.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, reject, settings

from quiesce import SpecificationError, System, expectations, library
from quiesce.core.replaying import replay
from quiesce.core.result import SystemResult, Verdict
from quiesce.core.system import PropertyKind
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.engines.native import Limits, Strategy
from quiesce.engines.reducible import refusal
from tests.strategies import DRAWING, described, systems

EXAMPLES = int(os.environ.get("QUIESCE_RANDOM_SYSTEMS", "0"))
MOST_STATES = 150
CHECKS = [
    row for file in library.checks() if file.name != library.BENCH_CHECKS for row in expectations.read(Path(file))
]


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def same(system: SystemData, strategy: Strategy, *, shortest: bool) -> SystemResult:
    """Check that a reduced search gives the verdicts of the full one, with real runs; return it."""
    asked = [
        question.property.name
        for question in system.flat.properties
        if not strategy.partial_order or refusal(question) is None
    ]
    limits = Limits(max_states=20_000)
    full = check(system, properties=asked, limits=limits, linted=False)
    other = check(system, properties=asked, limits=limits, strategy=strategy, linted=False)
    for ours, theirs in zip(full.properties, other.properties, strict=True):
        assert ours.verdict is theirs.verdict
        assert (ours.trace is None) == (theirs.trace is None)
        if ours.trace is not None and theirs.trace is not None:
            replay(system, theirs.trace, theirs.property)
            temporal = ours.property.kind in (PropertyKind.TEMPORAL, PropertyKind.BISIMILAR)
            assert temporal or not shortest or ours.trace.length == theirs.trace.length
    assert other.states <= full.states
    return other


@pytest.mark.parametrize("row", CHECKS, ids=lambda row: f"{row.place}")
def test_library_verdicts(row: expectations.Check) -> None:
    """Every model, reading and defect of the library has the same verdicts by symmetry and by partial order."""
    system = library.find(row.model).system(row.parameters)
    same(system, Strategy(symmetry=True), shortest=True)
    same(system, Strategy(partial_order=True), shortest=False)


SEEN: set[str] = set()
LESS = {"partial order": 0, "violated": 0}


@settings(DRAWING, max_examples=EXAMPLES or 200)
@given(systems())
def _compare(written: System) -> None:
    system = written.build()
    if described(system) in SEEN:
        return
    try:
        full = check(system, limits=Limits(max_states=MOST_STATES), linted=False)
    except SpecificationError:
        reject()
    if full.stopped is not None:
        reject()
    SEEN.add(described(system))
    same(system, Strategy(symmetry=True), shortest=True)
    stubborn = same(system, Strategy(partial_order=True), shortest=False)
    LESS["partial order"] += stubborn.states < full.states
    LESS["violated"] += full.verdict is Verdict.VIOLATED


def test_random_verdicts() -> None:
    """So have random systems; partial order does reduce, and many properties are violated.

    By symmetry these are hardly ever reduced: those of test_symmetry.py are."""
    _compare()
    assert EXAMPLES or (len(SEEN) > 80 and min(LESS.values()) > 5), (len(SEEN), LESS)


def test_what_partial_order_does_not_answer_is_refused() -> None:
    """Properties of steps and of runs are unknown under --por, with the reason."""
    system = library.find("winsock").system({"clients": 1, "sockets": 1})
    result = check(system, strategy=Strategy(partial_order=True))
    for question in system.flat.properties:
        answer = result.answer(question.property.name)
        assert (answer.verdict is Verdict.UNKNOWN) == (refusal(question) is not None)
        assert answer.verdict is not Verdict.UNKNOWN or "leave out --por" in answer.scope
