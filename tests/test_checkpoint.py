"""What a long search needs: its states in files, and a folder to go on from, whenever it ends and whatever is full."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from quiesce import AF, Machine, System, cli, library
from quiesce.core.errors import SpecificationError
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.engines.native import checkpoint, search, space, store
from quiesce.engines.native.budget import Budget, MemoryLimitError
from quiesce.engines.native.budget import size as size_of
from quiesce.engines.native.checkpoint import JOURNAL, STATES, Checkpoint
from quiesce.engines.native.store import Store
from quiesce.engines.options import Limits, Strategy
from tests.documents import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and limits of a child are not the same on Windows")

KILLS = 5
"""Of each of four models."""
FULL = f"the disk: {os.strerror(errno.ENOSPC)}"


# -- killed and resumed ----------------------------------------------------------------------------------------------


def wide() -> SystemData:
    """Return the provider in several words, whose formulas hold."""
    return library.find(str(ROOT / "benchmarks" / "provider.py")).system({"sockets": 3, "padding": 40})


def race(top: int, goal: int, words: int = 0, graph: bool = False) -> SystemData:
    """Return two counters that race to the top, with questions that are decided on the way or on the graph."""
    left, right = Machine("left"), Machine("right")
    x, y = left.count("x", up_to=top), right.count("y", up_to=top)
    left.step("go", when=x < top, then={x: x + 1})
    right.step("go", when=y < top, then={y: y + 1})
    for number in range(words):
        left.count(f"padding{number}", up_to=2**39, initial=number)
    system = System("race", left, right)
    system.never("goal", x + y == goal)
    system.sometimes("even", (x == y) & (x == goal // 3))
    if graph:
        system.always_possible("apart", (x == top) & (y == 0))
        system.holds("ends", AF(x + y == 2 * top))
    return system.build()


MODELS: dict[str, Callable[[], SystemData]] = {
    "one word": lambda: library.find("winsock").system({"clients": 2, "sockets": 2}),
    "several words": wide,
    "violated": lambda: race(60, 40, words=2),
    "graph": lambda: race(50, 200, graph=True),
}


def small(patch: pytest.MonkeyPatch) -> None:
    """Let batches be small, and every one of them be recorded."""
    for name, size in {"ALONE": 16, "CHUNK": 8, "LEAST_BATCH": 16, "MOST_BATCH": 64}.items():
        patch.setattr(search, name, size)
    patch.setattr(checkpoint, "SECONDS", -1.0)
    patch.setattr(store, "PAGE", 64)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make small batches, and record every one."""
    small(monkeypatch)


def told(result: SystemAnswers) -> str:
    """Return everything that a search says, but for its time."""
    return repr((result.states, result.transitions, result.depth, result.stopped, result.properties))


def searched(system: SystemData, folder: Path, **limits: int) -> SystemAnswers:
    """Begin a search in a folder, or go on with the one that is there."""
    there = (folder / JOURNAL).exists()
    strategy = Strategy(workers=2, resume=folder) if there else Strategy(workers=2, checkpoint=folder)
    return check(system, strategy=strategy, limits=Limits(**limits), linted=False)


def child(name: str, folder: str, limit: str = "") -> None:
    """Search in a process of its own, with files up to a size as on a full disk, and print what was found."""
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        print(told(searched(MODELS[name](), Path(folder))), flush=True)


def started(code: str, *words: str) -> subprocess.Popen[str]:
    """Start a Python that knows this module."""
    code = f"import sys; from tests import test_checkpoint; {code}"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def records(folder: Path) -> int:
    """Return how many lines a journal has."""
    return (folder / JOURNAL).read_bytes().count(b"\n") if (folder / JOURNAL).exists() else 0


@pytest.mark.parametrize("name", MODELS)
def test_a_search_that_is_killed_again_and_again(name: str, tmp_path: Path) -> None:
    """Killed at five random moments and resumed each time, a search finds what one finds that nobody disturbs."""
    expected = told(check(MODELS[name](), linted=False))
    random, landed, attempt = Random(name), 0, 0
    while True:
        folder = tmp_path / f"attempt{attempt}"
        before = records(folder)
        with started("test_checkpoint.child(*sys.argv[1:])", name, str(folder)) as process:
            while landed < KILLS and process.poll() is None and records(folder) < max(2, before + 1):
                time.sleep(0.001)
            if landed < KILLS:
                time.sleep(random.uniform(0, 0.02))
                process.kill()
            out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            assert out.strip() == expected
            if landed == KILLS:
                break
            attempt += 1
        else:
            assert (process.returncode, out) == (-signal.SIGKILL, ""), err
            landed += 1


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("goal", [100, 9])
@pytest.mark.parametrize("torn", [False, True], ids=["before", "in the middle of"])
def test_a_search_that_ends_at_any_write(
    torn: bool, goal: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a search ends before or in a write, resumed it finds what it would have found.

    The folder is copied as it is in that moment: nothing is flushed or closed afterwards.
    """
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    system = race(8, goal, words=2, graph=True)
    expected = told(check(system, linted=False))
    store_write, journal_write = Store._write, Checkpoint._write
    folder, copy = tmp_path / "kept", tmp_path / "copy"
    wrote = endings = last = 0

    def write(whole: Callable[[], object], half: Callable[[], object]) -> None:
        nonlocal wrote
        wrote += 1
        if wrote == last:
            if torn:
                half()
            shutil.copytree(folder, copy)
            raise Killed
        whole()

    def keep(kept: Store, file: store.File, first: int, keys: store.Words) -> None:
        write(
            lambda: store_write(kept, file, first, keys),
            lambda: store_write(kept, file, first, keys[: len(keys) // 2]),
        )

    def note(kept: Checkpoint, record: checkpoint.Record) -> None:
        write(lambda: journal_write(kept, record), lambda: kept._journal._file.write(b"0123"))

    while True:
        wrote, last = 0, 3 + 2 * endings
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(copy, ignore_errors=True)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "_write", keep)
            patch.setattr(Checkpoint, "_write", note)
            try:
                searched(system, folder)
                break
            except Killed:
                endings += 1
        assert told(searched(system, copy)) == expected
    assert endings > 20


def test_an_interrupted_search_goes_on(tmp_path: Path) -> None:
    """Ctrl-C ends with status 130 and says how to go on; who does so gets the report of an undisturbed search."""
    code = "test_checkpoint.command(sys.argv[1:])"
    words = ["benchmarks/provider.py", "-c", "sockets=4", "--plain"]
    with started(code, *words) as process:
        expected = process.communicate(timeout=60)[0]
    folder = tmp_path / "kept"
    with started(code, *words, "--checkpoint", str(folder)) as process:
        while process.poll() is None and records(folder) < 30:
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    told = f"interrupted: no verdict; go on with --resume {folder.as_posix()}\n"
    assert (process.returncode, out, err) == (130, "", told)
    with started(code, *words, "--resume", str(folder)) as process:
        assert process.communicate(timeout=60)[0] == expected
    assert "holds" in expected


def command(words: list[str]) -> None:
    """Run the command with small batches."""
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        patch.setattr(search, "MOST_BATCH", 4000)
        cli.main(words)


# -- folders that are not what they should be ------------------------------------------------------------------------


@pytest.fixture
def kept(recorded: None, tmp_path: Path) -> Path:
    """Return the folder of a search that was stopped at 700 of 961 states, after some fifty records."""
    folder = tmp_path / "kept"
    assert searched(race(30, 100, words=2), folder, max_states=700).stopped == "700 states"
    assert records(folder) > 30
    return folder


def code_of(system: SystemData, folder: Path) -> str:
    """Return the code of the mistake that going on ends with."""
    with pytest.raises(SpecificationError) as problem:
        searched(system, folder)
    return problem.value.code


def test_a_torn_last_line_is_forgotten(kept: Path) -> None:
    """Wherever the last line of a journal is torn, the search goes on from the line before."""
    expected = told(check(race(30, 100, words=2), linted=False))
    journal = (kept / JOURNAL).read_bytes()
    start = journal.rindex(b"\n", 0, -1) + 1
    for length in (start + 1, start + 9, len(journal) - 1):
        copy = shutil.copytree(kept, kept.parent / str(length))
        (copy / JOURNAL).write_bytes(journal[:length])
        assert told(searched(race(30, 100, words=2), copy)) == expected


@pytest.mark.parametrize("file", [JOURNAL, STATES, "words-0", "words-1"])
def test_an_altered_file_is_noticed(file: str, kept: Path) -> None:
    """A bit that is flipped before a journal's last line, or in a file of states, is Q50; so is the latter's cut."""
    content = (kept / file).read_bytes()
    end = content.rindex(b"\n", 0, -1) if file == JOURNAL else len(content)
    random = Random(file)
    for _ in range(25):
        altered = bytearray(content)
        altered[random.randrange(end)] ^= 1 << random.randrange(8)
        (kept / file).write_bytes(altered)
        assert code_of(race(30, 100, words=2), kept) == "Q50"
    for length in (len(content) - 1, len(content) // 2, 0) if file != JOURNAL else ():
        (kept / file).write_bytes(content[:length])
        assert code_of(race(30, 100, words=2), kept) == "Q50"


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_line_is_noticed(lost: int, kept: Path) -> None:
    """A journal without one of its lines is Q50, for a level would be missing."""
    lines = (kept / JOURNAL).read_bytes().split(b"\n")
    del lines[lost]
    (kept / JOURNAL).write_bytes(b"\n".join(lines))
    assert code_of(race(30, 100, words=2), kept) == "Q50"


def test_a_folder_of_another_search_is_refused(kept: Path, tmp_path: Path) -> None:
    """Another system, other parameters, other questions, a used folder and an empty one are Q51."""
    before = (kept / JOURNAL).read_bytes()
    others = [race(31, 100, words=2), race(30, 101, words=2), race(30, 100, words=2, graph=True), race(30, 100), wide()]
    assert [code_of(other, kept) for other in others] == ["Q51"] * 5
    strategies = [Strategy(checkpoint=kept), Strategy(resume=tmp_path), Strategy(resume=tmp_path / "nowhere")]
    for strategy in strategies:
        with pytest.raises(SpecificationError) as problem:
            check(race(30, 100, words=2), strategy=strategy)
        assert problem.value.code == "Q51"
    assert (kept / JOURNAL).read_bytes() == before


def test_a_search_that_ended_before_its_first_line_can_begin_again(tmp_path: Path) -> None:
    """A folder with an empty journal is one without a search."""
    (tmp_path / JOURNAL).touch()
    assert check(race(3, 2), strategy=Strategy(checkpoint=tmp_path)).states == 16


# -- disks and memory that are full ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("limit", [3_000, 20_000, 60_000])
def test_a_full_disk_leaves_a_search_that_goes_on(limit: int, tmp_path: Path) -> None:
    """Files that may not grow end a search with `unknown` and the reason; what was recorded is gone on with."""
    with started("test_checkpoint.child(*sys.argv[1:])", "several words", str(tmp_path), str(limit)) as process:
        out, err = process.communicate(timeout=60)
    assert "stopped: the disk: File too large" in out, err
    assert "HOLDS" not in out
    assert records(tmp_path) > 1
    assert told(searched(wide(), tmp_path)) == told(check(wide(), linted=False))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.usefixtures("recorded")
def test_a_full_disk_under_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that cannot be written ends a search with `unknown`."""
    real = Checkpoint._write

    def write(kept: Checkpoint, record: checkpoint.Record) -> None:
        if records(tmp_path) == 9:
            kept._journal.close()
            kept._journal._file = open("/dev/full", "ab", buffering=0)  # noqa: SIM115
        real(kept, record)

    monkeypatch.setattr(Checkpoint, "_write", write)
    try:
        result = searched(race(30, 100), tmp_path)
    finally:
        gc.collect()
    assert result.stopped == FULL
    assert {answer.verdict for answer in result.properties} == {Verdict.UNKNOWN}


def test_a_full_disk_when_states_leave_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counterexample that was found before the disk was full is shown."""

    def write(_store: Store, _file: store.File, _first: int, _keys: store.Words) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Store, "_write", write)
    assert Store.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(Store.__init__.__kwdefaults__, "in_memory", 50)
    result = check(race(30, 5))
    assert result.stopped == FULL
    assert result.answer("goal").verdict is Verdict.VIOLATED


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A folder below a file ends a search with `unknown`, or with a mistake that is told."""
    (tmp_path / "file").touch()
    with suppress(SpecificationError):
        assert check(race(3, 100), strategy=Strategy(checkpoint=tmp_path / "file" / "kept")).stopped


def test_going_on_with_too_little_memory_spoils_nothing(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that lacks memory already for what it was resumed with is `unknown`, and can be resumed with more."""
    expected = told(check(race(30, 100, words=2), linted=False))
    with monkeypatch.context() as patch:
        patch.setattr(space.Space, "refill", lambda self: Budget(1).check(self.memory, 1))
        assert searched(race(30, 100, words=2), kept).stopped
    assert told(searched(race(30, 100, words=2), kept)) == expected


@pytest.mark.parametrize(
    ("text", "bytes_"), [("4096", 4096), ("4K", 4096), ("3M", 3 << 20), ("2G", 2 << 30), ("1T", 1 << 40), ("4x", None)]
)
def test_amounts_of_memory_are_read(text: str, bytes_: int | None) -> None:
    """K, M, G and T are 2^10, 2^20, 2^30 and 2^40 bytes."""
    assert size_of(text) == bytes_


def test_a_large_step_is_not_taken_on_trust() -> None:
    """Where no limit is given a small search is not looked at; one step that no memory is enough for is refused."""
    Budget(None).check(0, 1 << 20)
    with pytest.raises(MemoryLimitError):
        Budget(None).check(0, 1 << 60)


def test_a_memory_limit_gives_unknown() -> None:
    """With one megabyte the search ends after a batch, says why, and claims nothing."""
    result = check(wide(), limits=Limits(memory=1 << 20))
    assert result.stopped == "1.0 MiB of memory"
    assert 0 < result.states < check(wide()).states
    assert {answer.verdict for answer in result.properties} == {Verdict.UNKNOWN}
    assert all("of memory" in answer.scope and "truncated" in answer.flags for answer in result.properties)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("name", ["several words", "graph"])
def test_memory_that_ends_at_any_moment_gives_no_wrong_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever request for memory is refused, an answer is `unknown`, or that of the whole search."""
    system = MODELS[name]()
    whole = check(system)
    asked = refused = moments = 0

    def refuse(_budget: Budget, _in_use: int, _more: int) -> None:
        nonlocal asked
        asked += 1
        if asked >= refused:
            raise MemoryLimitError("what there is of memory")

    while asked >= refused:
        asked, refused = 0, refused + 1
        with monkeypatch.context() as patch:
            patch.setattr(Budget, "check", refuse)
            cut = check(system)
        for answer, full in zip(cut.properties, whole.properties, strict=True):
            if cut.stopped is None and asked < refused:
                assert answer == full
            elif answer.verdict is Verdict.UNKNOWN:
                assert "of memory" in answer.scope
            else:
                assert answer.verdict is full.verdict
                assert cut.stopped is None or answer.trace is not None
        moments += cut.stopped is not None
    assert moments >= 3


def test_a_graph_that_is_too_large_leaves_its_questions_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the search fits and the graph does not, its questions are unknown and all others are decided."""
    system = race(9, 5, graph=True)
    monkeypatch.setattr(space.Space, "graph_bytes", lambda _space, _edges: 1 << 50)
    result = check(system, limits=Limits(memory=1 << 49))
    assert result.stopped is None
    for name in ("apart", "ends"):
        assert result.answer(name).verdict is Verdict.UNKNOWN
        assert "of memory" in result.answer(name).scope
    assert result.answer("goal").verdict is Verdict.VIOLATED
    assert result.answer("even").verdict is Verdict.HOLDS
