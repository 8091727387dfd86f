"""How the command ends in hostile surroundings: outputs that take nothing, signals, folders that are gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from quiesce import SpecificationError, cli
from quiesce.engines.checking import check
from quiesce.engines.native.checkpoint import JOURNAL
from quiesce.engines.native.journal import Journal
from quiesce.engines.options import Strategy
from tests.documents import ROOT
from tests.test_checkpoint import race

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals and devices are not the same on Windows")

COMMAND = [sys.executable, "-m", "quiesce"]
LARGE = ["winsock", "-c", "clients=4", "-c", "sockets=8"]
FULL = "the output cannot be written: No space left on device\n"


def ended(words: list[str], **options: object) -> tuple[int, str, str]:
    """Return status, stdout and stderr of the command in a process of its own."""
    given: dict[str, object] = {"cwd": ROOT, "stdout": subprocess.PIPE} | options
    done = subprocess.run([*COMMAND, *words], stderr=subprocess.PIPE, text=True, check=False, **given)  # type: ignore
    return done.returncode, done.stdout or "", done.stderr


# -- outputs ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", ["chain", "list", "--help", "draw chain", "export chain", "simulate chain"])
def test_a_full_output_is_told(words: str, unbuffered: str) -> None:
    """What cannot be written is one line on stderr and status 2, whatever the verdict; no traceback."""
    with open("/dev/full", "w") as full:
        environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
        assert ended(words.split(), stdout=full, env=environment) == (2, "", FULL)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_output_of_data_is_told() -> None:
    """With --format json the text arrives on stderr, and the last line says that the data did not."""
    with open("/dev/full", "w") as full:
        status, _, err = ended(["chain", "--format", "json"], stdout=full)
    assert (status, err.endswith(FULL), "Traceback" in err) == (2, True, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_full_errors_change_no_status() -> None:
    """Where stderr takes nothing the status is that of the answer, and stdout has its data."""
    with open("/dev/full", "w") as full:
        for words, status in (["chain"], 0), (["chain", "-c", "defect=M50"], 1), (["nobody"], 2):
            done = subprocess.run([*COMMAND, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=full, check=False)
            assert done.returncode == status


def test_an_output_that_nobody_reads() -> None:
    """Behind a closed pipe the command ends quietly with 141, also where something is violated."""
    for words in (["chain"], ["chain", "-c", "defect=M50"], ["export", "winsock"]):
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w") as pipe:
            assert ended(words, stdout=pipe) == (141, "", "")


def test_an_output_that_is_closed() -> None:
    """Without a stdout the status is still the answer, and no file of the command takes its number."""
    for words, status in (["chain"], 0), (["chain", "-c", "defect=M50"], 1), (["draw", "chain"], 0):
        line = " ".join([*COMMAND, *words, ">&-"])
        done = subprocess.run(line, shell=True, cwd=ROOT, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (status, b"")


# -- signals ----------------------------------------------------------------------------------------------------------


def struck(words: list[str], number: signal.Signals, seconds: float, **options: object) -> tuple[int, str]:
    """Return status and stderr of a command that gets a signal after a while."""
    with subprocess.Popen(
        [*COMMAND, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options
    ) as process:  # type: ignore
        time.sleep(seconds)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGALRM], ids=lambda each: each.name)
def test_a_signal_is_told(number: signal.Signals) -> None:
    """A signal in mid-search is one line and 128 + its number."""
    assert struck(LARGE, number, 3) == (128 + number, f"ended by {number.name}: no verdict\n")


def test_an_interrupt_at_any_moment(tmp_path: Path) -> None:
    """Ctrl-C while modules are imported, kernels compiled or states searched is one line and 130."""
    for number in range(8):
        cache = {"env": os.environ | {"QUIESCE_CACHE_DIR": str(tmp_path / str(number))}}
        seconds = 0.15 + Random(number).uniform(number, number + 1) / 3
        assert struck(LARGE, signal.SIGINT, seconds, **cache) == (130, "interrupted: no verdict\n")


def test_a_signal_that_was_to_be_ignored() -> None:
    """Who started the command with SIGHUP ignored, as nohup does, goes on being ignored."""
    line = "import os, signal, sys; signal.signal(1, signal.SIG_IGN); os.execv(sys.executable, sys.argv[1:])"
    words = [sys.executable, "-c", line, *COMMAND, "winsock"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        time.sleep(0.5)
        process.send_signal(signal.SIGHUP)
    assert process.returncode == 0


def test_a_model_that_sets_an_alarm(tmp_path: Path) -> None:
    """A signal that a model asks for ends the command as any other does, and is no verdict."""
    text = "import signal, time\nsignal.alarm(1)\ntime.sleep(9)\n"
    (tmp_path / "late.py").write_text(text, encoding="utf-8")
    assert ended([str(tmp_path / "late.py")]) == (142, "", "ended by SIGALRM: no verdict\n")


def test_an_interrupted_campaign_leaves_no_process() -> None:
    """Ctrl-C in a terminal reaches all processes of `mutate`, and one line is printed."""
    words = [*COMMAND, "mutate", "winsock", "--on", "processes:2"]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        time.sleep(4)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)  # returns when the last process has closed its streams
    assert (process.returncode, out, err) == (130, "", "interrupted: no verdict\n")


# -- surroundings -----------------------------------------------------------------------------------------------------


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """In a folder that was deleted a model of the library is checked; a file there is said to be none."""
    for words, status in ("chain --plain", 0), ("mine.py", 2), ("list", 0), ("no.toml", 2):
        gone = tmp_path / "gone"
        gone.mkdir()
        line = f"cd {gone} && rmdir {gone} && {' '.join(COMMAND)} {words}"
        done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["serve", "--help"], ["winsok"], ["lnit", "winsock"], [""], ["chekc", "chain"]])
def test_a_word_that_is_no_verb(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A first word that is no verb and cannot be a target is a mistake, and no help of another verb."""
    with pytest.raises(SystemExit) as leave:
        cli.main(words)
    printed = capsys.readouterr()
    assert (leave.value.code, printed.out) == (2, "")
    assert f"there is no verb and no target {words[0]!r}" in printed.err


@pytest.mark.parametrize(
    "words", [["chain"], ["checks/liveness.toml"], ["model.chain:chain"], ["docs/examples/lamp.py"]]
)
def test_a_target_needs_no_verb(words: list[str]) -> None:
    """A model, a file and a function in a module are targets of `check`."""
    assert cli._with_verb(words) == ["check", *words]


# -- one process at a time --------------------------------------------------------------------------------------------


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """Two searches in one folder: the second is Q51; a killed process leaves no lock."""
    code = f"""
import sys, time
from pathlib import Path
from quiesce.engines.native.journal import Journal
held = Journal(Path({str(tmp_path / JOURNAL)!r}))
print("held", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for strategy in (Strategy(checkpoint=tmp_path), Strategy(resume=tmp_path)):
            with pytest.raises(SpecificationError, match=r"Q51 .*journal is in use by another process"):
                check(race(3, 2), strategy=strategy)
        process.kill()
    assert check(race(3, 2), strategy=Strategy(checkpoint=tmp_path)).states == 16


def test_a_journal_is_no_device(tmp_path: Path) -> None:
    """A folder, or a device that never ends, is no journal."""
    for place in (tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match=r"file|directory"), closing(Journal(place)):
            pass
