"""Reference search and native engine give one answer on random systems: counts, verdicts and the very traces."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, event, given, note, reject, settings

from quiesce import SpecificationError, System
from tests.strategies import described, features, systems
from tests.test_engines import agreed

MOST_STATES = 120
EXAMPLES = int(os.environ.get("QUIESCE_RANDOM_SYSTEMS", "0"))
"""How many systems to try beyond the 500 that are always the same: set it for a long run, with --hypothesis-seed."""


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


SEEN: Counter[str] = Counter()


@settings(
    max_examples=EXAMPLES or 500,
    deadline=None,
    derandomize=EXAMPLES == 0,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(systems())
def test_both_engines_give_one_answer_on_random_systems(written: System) -> None:
    """States, transitions, depth, stop, and each property's verdict, scope, flags and trace are the same."""
    system = written.build()
    note(described(system))
    try:
        answer = agreed(written, max_states=MOST_STATES)
    except SpecificationError as error:
        SEEN["discarded"] += 1
        if error.code != "Q15":
            raise
        reject()
    seen = features(system)
    seen |= {f"{each.property.kind.value} {each.verdict.value}" for each in answer.properties}
    seen.add("stopped" if answer.stopped else "complete")
    seen.add(f"states: 10^{len(str(answer.states)) - 1}")
    seen |= {f"trace: {min(each.trace.length, 4)}" for each in answer.properties if each.trace}
    SEEN["systems"] += 1
    SEEN.update(seen)
    for feature in seen:
        event(feature)
