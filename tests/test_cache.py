"""Compiled code between runs: what was damaged is never run, what others can write is never read, and nothing is lost
but time.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from quiesce.engines.native import cache_files
from quiesce.engines.native.cache_files import cache_folder, keep, kept
from tests.documents import ROOT

DAMAGED = "the cache of compiled code was damaged; what is needed of it is compiled anew\n"
KERNELS = """
import ctypes
from quiesce.engines.native import machine_code

made = []
compile_text = machine_code._compile

def counted(*given):
    made.append(given)
    return compile_text(*given)

machine_code._compile = counted
told = []
for number in (12, 6, 8):
    code = machine_code.compiled(f"define i64 @answer() {{ ret i64 {number} }}")
    told.append(ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("answer"))())
print(told, 3 - len(made))
"""
ANSWER = "[12, 6, 8]"


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """Return a small program that compiles three texts, and prints what they answer and how many were in the cache."""
    file = tmp_path / "small.py"
    file.write_text(KERNELS, encoding="utf-8")
    return file


def started(kernels: Path) -> subprocess.Popen[str]:
    """Start a process that runs the kernels, with a cache beside them."""
    return subprocess.Popen(
        [sys.executable, str(kernels)],
        env=os.environ | {"QUIESCE_CACHE_DIR": str(kernels.parent / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(kernels: Path) -> tuple[str, str]:
    """Return what the kernels print, on stdout and stderr."""
    out, err = started(kernels).communicate(timeout=60)
    return out.strip(), err


def files(kernels: Path) -> list[Path]:
    """Return the files of the cache."""
    return sorted(file for file in (kernels.parent / "cache").rglob("*") if file.is_file())


def test_damaged_files_are_compiled_anew(kernels: Path) -> None:
    """Whatever is done to the files, the answers are right; damage is one line, and the next run finds all whole."""
    assert told(kernels) == (f"{ANSWER} 0", "")
    assert told(kernels) == (f"{ANSWER} 3", "")
    whole = {file: file.read_bytes() for file in files(kernels)}
    assert len(whole) == 3
    random = Random(0)
    for way in ("cut", "bit", "foreign", "exchanged"):
        for file, content in whole.items():
            place = random.randrange(len(content))
            other = random.choice([each for each in whole if each != file])
            file.write_bytes(
                {
                    "cut": content[:place],
                    "bit": content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
                    "foreign": b"import os\n",
                    "exchanged": whole[other][:32] + content[32:],
                }[way]
            )
        assert told(kernels) == (f"{ANSWER} 0", DAMAGED), way
        assert told(kernels) == (f"{ANSWER} 3", ""), way


def test_files_that_are_missing_or_strange_are_no_damage(kernels: Path) -> None:
    """A file that is missing is compiled anew without a word, and one that nobody asked for is not looked at."""
    told(kernels)
    first = next(file for file in files(kernels) if file.suffix == ".o")
    first.with_name("small.o").write_bytes(b"something else")
    first.unlink()
    assert told(kernels) == (f"{ANSWER} 2", "")


def test_a_cold_cache_for_several_processes(kernels: Path) -> None:
    """Processes that compile the same at once answer right, say nothing, and leave a whole cache."""
    processes = [started(kernels) for _ in range(4)]
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (out.rpartition(" ")[0], err) == (ANSWER, "")
    assert told(kernels) == (f"{ANSWER} 3", "")


@pytest.fixture
def fresh() -> Iterator[None]:
    """Forget which folders were looked at."""
    for each in (cache_files._usable, cache_files._own_folder, cache_files._say):
        each.cache_clear()
    yield
    for each in (cache_files._usable, cache_files._own_folder, cache_files._say):
        each.cache_clear()


@pytest.mark.skipif(os.name == "nt", reason="folders have no such modes there")
@pytest.mark.usefixtures("fresh")
def test_a_folder_is_made_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is the user's alone, whatever the mask of new files is."""
    monkeypatch.setenv("QUIESCE_CACHE_DIR", str(tmp_path / "new"))
    mask = os.umask(0)
    try:
        keep(cache_folder() / "objects" / "a", b"a")
    finally:
        os.umask(mask)
    assert [stat.S_IMODE(place.stat().st_mode) for place in (tmp_path / "new", tmp_path / "new" / "objects")] == [
        0o700,
        0o700,
    ]
    assert kept(tmp_path / "new" / "objects" / "a") == b"a"
    (tmp_path / "new" / "objects").chmod(0o777)
    assert kept(tmp_path / "new" / "objects" / "a") is None


@pytest.mark.skipif(os.name == "nt", reason="folders have no such modes there")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_not_used(mode: int, kernels: Path) -> None:
    """Code is compiled anew in a folder of its own, which is gone at the end; one line says so."""
    told(kernels)
    folder, before = kernels.parent / "cache", files(kernels)
    folder.chmod(mode)
    out, err = told(kernels)
    assert out == f"{ANSWER} 0"
    why = "others can write there, or own it; this run compiles anew"
    assert err == f"{folder.as_posix()} is not used for compiled code: {why}\n"
    assert files(kernels) == before


def test_no_folder_at_all(kernels: Path) -> None:
    """Where a file stands in place of the folder, code is compiled for this run."""
    (kernels.parent / "cache").write_text("a file", encoding="utf-8")
    out, err = told(kernels)
    assert (out, err.count("\n")) == (f"{ANSWER} 0", 1)
    assert "is not used for compiled code: File exists" in err


@pytest.mark.skipif(os.name == "nt", reason="limits of a process are not the same there")
def test_a_cold_cache_on_a_full_disk(tmp_path: Path) -> None:
    """Where no file may grow, the command compiles for itself, and answers as it does elsewhere, without a word."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); "
        "from quiesce import cli; cli.main(['chain', '-c', 'defect=M50', '--plain'])"
    )
    environment = os.environ | {"QUIESCE_CACHE_DIR": str(tmp_path / "cache")}
    words = [sys.executable, "-c", code]
    full = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    words = [sys.executable, "-m", "quiesce", "chain", "-c", "defect=M50", "--plain"]
    other = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (full.returncode, full.stdout, full.stderr) == (1, other.stdout, "")
    assert list((tmp_path / "cache").rglob("*.*")) == []
