"""A search that is killed and resumed comes to the same result, and spoiled files are found."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quiesce import library
from quiesce.core.result import SystemResult
from quiesce.engines.checking import check
from quiesce.engines.native import Strategy, checkpoint
from quiesce.engines.native import search as searching
from quiesce.engines.native.store import Store

KILLS = 5
"""Kills of each search: twenty in all."""
CHILD = """
import json, sys
from pathlib import Path
from quiesce import library
from quiesce.engines.checking import check
from quiesce.engines.native import Strategy, checkpoint
from quiesce.engines.native import search
checkpoint.SECONDS = 0
search.LEAST_BATCH = search.MOST_BATCH = search.ALONE = 256
folder, begun, model, settings = Path(sys.argv[1]), sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
strategy = Strategy(workers=2, **{"resume" if begun == "True" else "checkpoint": folder})
result = check(library.find(model).system(settings), strategy=strategy, linted=False)
answers = [(a.property.name, a.verdict.value, a.scope, repr(a.trace)) for a in result.properties]
print(json.dumps([result.states, result.transitions, result.depth, answers]))
"""
SEARCHES = [
    ("winsock", {"clients": 2, "sockets": 2, "data": 2}),
    ("winsock", {"clients": 2, "sockets": 2, "defect": "M05"}),
    ("ssp", {"flush": "lenient"}),
    ("winsock", {"clients": 3, "sockets": 2}),
]


def told(result: SystemResult) -> list[object]:
    """Return a result as the child prints it."""
    answers = [[a.property.name, a.verdict.value, a.scope, repr(a.trace)] for a in result.properties]
    return [result.states, result.transitions, result.depth, answers]


def records(folder: Path) -> int:
    """Return how many records a journal has."""
    journal = folder / checkpoint.JOURNAL
    return journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("model", "settings"), SEARCHES, ids=["holds", "violated", "ssp", "three-clients"])
def test_killed_and_resumed(model: str, settings: dict[str, object], tmp_path: Path) -> None:
    """Killed at random moments and resumed, a search gives the counts, verdicts and runs of one that was left alone."""
    expected = told(check(library.find(model).system(settings), linted=False))
    folder = tmp_path / "kept"
    chance = random.Random(f"{model} {settings}")
    landed = 0
    for kill in range(KILLS + 1):
        before = records(folder)
        words = [sys.executable, "-c", CHILD, str(folder), str(before >= 0 and (folder / checkpoint.JOURNAL).exists())]
        child = subprocess.Popen([*words, model, json.dumps(settings)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        if kill < KILLS:
            while records(folder) <= before and child.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.03))
            child.send_signal(signal.SIGKILL)
        output = child.stdout.read()
        child.stdout.close()
        landed += child.wait() == -signal.SIGKILL
        if output:
            assert json.loads(output) == expected
    assert json.loads(output) == expected
    assert landed > 0


def kept(folder: Path, settings: dict[str, object]) -> SystemResult:
    """Search with a checkpoint."""
    return check(library.find("winsock").system(settings), strategy=Strategy(checkpoint=folder), linted=False)


def resumed(folder: Path, settings: dict[str, object]) -> SystemResult:
    """Go on with a search."""
    return check(library.find("winsock").system(settings), strategy=Strategy(resume=folder), linted=False)


def test_a_torn_last_line_is_forgotten(tmp_path: Path) -> None:
    """A journal that ends in the middle of a line goes on from the line before."""
    settings: dict[str, object] = {"clients": 1, "sockets": 1}
    expected = told(kept(tmp_path, settings))
    with open(tmp_path / checkpoint.JOURNAL, "ab") as journal:
        journal.write(b'0123abcd {"counts"')
    assert told(resumed(tmp_path, settings)) == expected
    assert told(resumed(tmp_path, settings)) == expected


def test_a_full_disk_is_no_answer_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk is full, what is undecided is unknown, with the reason; with room again the search goes on."""
    settings: dict[str, object] = {"clients": 2, "sockets": 1}
    expected = told(check(library.find("winsock").system(settings), linted=False))
    monkeypatch.setattr(checkpoint, "SECONDS", 0)
    monkeypatch.setattr(searching, "LEAST_BATCH", 64)
    monkeypatch.setattr(searching, "MOST_BATCH", 64)
    monkeypatch.setattr(searching, "ALONE", 64)
    append, left = Store.append, [12]

    def full(store: Store, keys: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        append(store, keys)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Store, "append", full)
        result = kept(tmp_path, settings)
    assert result.stopped == "the disk: No space left on device"
    assert result.answer("PW-01").verdict.value == "unknown"
    assert told(resumed(tmp_path, settings)) == expected
