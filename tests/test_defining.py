"""The reference interpreter as an engine: behind the same door it gives the answers that machine code gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import Phase, given, note, settings

import quiesce
from quiesce import Limits, SpecificationError, System
from quiesce.core.reference import initial_states
from quiesce.core.result import SystemAnswers
from quiesce.core.verdicts import explore
from quiesce.engines.checking import check
from quiesce.engines.options import Strategy
from tests.strategies import DRAWING, described, systems
from tests.temporal_strategies import questions, written

REFERENCE = Strategy(engine="reference", workers=1)
MOST_STATES = 300
COUNTED: list[bool] = []


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def small(system: System) -> bool:
    """Tell whether a system has few states, and a start."""
    built = system.build()
    try:
        return bool(initial_states(built)) and explore(built, max_states=MOST_STATES).found.stopped is None
    except SpecificationError:
        return False


def both(system: System) -> tuple[SystemAnswers, SystemAnswers]:
    """Return the answers of the two engines."""
    built = system.build()
    return check(built, strategy=REFERENCE), check(built, strategy=Strategy(workers=1))


@settings(DRAWING, max_examples=200, phases=[Phase.generate])
@given(systems())
def test_random_systems(system: System) -> None:
    """Counts, verdicts, evidence, flags, traces and the remarks of lint are the same."""
    note(described(system.build()))
    if not small(system):
        return
    reference, native = both(system)
    assert replace(reference, engine="native", seconds=0.0, total_seconds=0.0) == replace(
        native, seconds=0.0, total_seconds=0.0
    )


@settings(DRAWING, max_examples=150, phases=[Phase.generate])
@given(questions())
def test_random_questions_about_runs(system: System) -> None:
    """Verdicts, flags and values of temporal questions are the same; each run is replayed, and may be another one."""
    note(written(system.build()))
    if not small(system):
        return
    reference, native = both(system)
    for one, other in zip(reference.properties, native.properties, strict=True):
        assert (one.verdict, one.flags, one.value) == (other.verdict, other.flags, other.value), one.property.name
        assert (one.trace is None) == (other.trace is None)
        COUNTED.append(one.trace is not None)


def test_there_were_runs() -> None:
    """The comparison saw many questions with runs and many without: else it would say nothing."""
    assert COUNTED.count(True) > 50
    assert COUNTED.count(False) > 50


def test_a_limit_is_kept() -> None:
    """The reference stops after the level that reaches a number of states, as the native engine does."""
    stopped = [quiesce.check("chain", engine=name, limits=Limits(max_states=20)) for name in ("reference", "native")]
    assert [result.states for result in stopped] == [stopped[0].states] * 2
    assert {result.stopped for result in stopped} == {"20 states"}
    assert [result.engine for result in stopped] == ["reference", "native"]
