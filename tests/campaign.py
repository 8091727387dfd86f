"""A campaign: which single-point mutants of the engine do the tests notice? `python -m tests.campaign --help`.

The mutants named in `campaign_named.toml` must all be noticed. Others are drawn with a fixed seed, in turns from every
module of `core`, `language` and `engines`; what survives must be listed in `campaign_survivors.toml`, with the reason.
Each is put into a copy of the source tree, and the tests of its module (`campaign_tests.toml`) are run there.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.campaign_mutants import Mutant, changes_code, mutants

ROOT = Path(__file__).parent.parent
PACKAGE = Path("src") / "quiesce"
PARTS = ("core", "language", "engines")
COPIED = ("src", "tests", "spec", "model", "checks", "docs", "benchmarks", "diagrams", "pyproject.toml", "README.md")
KERNELS = "engines/native/kernels/"
TEXT = PACKAGE / KERNELS / "kernels.ll"
BUILT = (KERNELS, "engines/native/plans.py")
"""What the kernels' text is built of: it is built anew with a mutant of these."""
COMPILING = ("engines/native/machine_code.py",)
"""Mutants of these may leave wrong objects under right names."""
SEED = 17
KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A mutant, or none, and the tests that are run against it."""

    name: str
    mutant: Mutant | None
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a mutant: the last line of the tests says which test noticed it."""

    task: Task
    verdict: str
    seconds: float
    told: str


# -- what is tried ---------------------------------------------------------------------------------------------------


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))


def named() -> Iterator[Task]:
    """Yield the mutants that were found once and must be noticed; raises ValueError for one whose text is gone."""
    for entry in _read("campaign_named.toml")["mutant"]:
        text = (ROOT / PACKAGE / entry["file"]).read_text(encoding="utf-8")
        if text.count(entry["old"]) != 1:
            raise ValueError(f"{entry['file']} does not have once what {entry['name']!r} replaces")
        start = text.index(entry["old"])
        mutant = Mutant(file=entry["file"], text=text, start=start, end=start + len(entry["old"]), new=entry["new"])
        yield Task(name=f"{entry['name']} ({entry['file']}:{mutant.line})", mutant=mutant, tests=tuple(entry["tests"]))


def drawn(limit: int, seed: int, only: str, *, quick: bool = False) -> Iterator[Task]:
    """Yield mutants that change code, in turns from every module whose path holds a text, in an order by the seed."""
    rng = random.Random(seed)
    waiting: list[list[Mutant]] = []
    for part in PARTS:
        for path in sorted((ROOT / PACKAGE / part).rglob("*.py")):
            file = path.relative_to(ROOT / PACKAGE).as_posix()
            found = list(mutants(file, path.read_text(encoding="utf-8"))) if only in file else []
            rng.shuffle(found)
            waiting.append(found)
    rng.shuffle(waiting)
    given = 0
    while given < limit and any(waiting):
        for found in filter(None, waiting):
            mutant = found.pop()
            if given < limit and changes_code(mutant):
                given += 1
                yield Task(name=str(mutant), mutant=mutant, tests=_tests_of(mutant.file, quick=quick))


def _tests_of(file: str, *, quick: bool) -> tuple[str, ...]:
    """Return the tests of a module: those of the longest path in each table that its own begins with."""
    found: list[str] = []
    for table in [_read("campaign_tests.toml")[speed] for speed in ("quick", *(() if quick else ("slow",)))]:
        found += table[max((path for path in table if file.startswith(path)), key=len)]
    return tuple(found)


# -- one mutant ------------------------------------------------------------------------------------------------------


class Workshop:
    """A copy of the source tree, in which one mutant at a time is put in and taken out again."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        for name in COPIED:
            source, target = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)

    def outcome(self, task: Task) -> Outcome:
        """Run the tests of a mutant until one fails."""
        begun = time.monotonic()
        verdict, told = SURVIVED, ""
        mutant = task.mutant
        try:
            if mutant is not None:
                self._put_in(mutant)
                if mutant.file.startswith(BUILT):
                    verdict, told = self._built()
            for tests in task.tests if verdict == SURVIVED else ():
                left = self.seconds - (time.monotonic() - begun)
                verdict, told = self._run(tests, max(1.0, left), mutant)
                if verdict != SURVIVED:
                    break
        finally:
            if mutant is not None:
                (self.folder / PACKAGE / mutant.file).write_text(mutant.text, encoding="utf-8")
                shutil.copy(ROOT / TEXT, self.folder / TEXT)
        return Outcome(task=task, verdict=verdict, seconds=time.monotonic() - begun, told=told)

    def _put_in(self, mutant: Mutant) -> None:
        """Write a mutant's text; raises RuntimeError where the copy was made of another one: its tests tell nothing."""
        file = self.folder / PACKAGE / mutant.file
        if file.read_text(encoding="utf-8") != mutant.text:
            raise RuntimeError(f"{mutant.file} was changed while the campaign ran: run it in a clone of its own")
        file.write_text(mutant.mutated, encoding="utf-8")

    def _built(self) -> tuple[str, str]:
        """Build the kernels' text of the copy: a mutant that does not compile is noticed."""
        words = [sys.executable, "-m", "quiesce.engines.native.kernels.build"]
        environment = os.environ | {"PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        return (SURVIVED, "") if done.returncode == 0 else (KILLED, f"it does not compile: {done.stderr[-100:]}")

    def _run(self, tests: str, seconds: float, mutant: Mutant | None) -> tuple[str, str]:
        """Run tests in the copy; their objects are kept apart from those of other programs.

        An object is named by its text: only where a mutant changes how they are named or compiled, what it compiles is
        thrown away.
        """
        path, *options = shlex.split(tests)
        words = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "--tb=no"]
        apart = mutant is not None and mutant.file in COMPILING
        kept = self.folder / ("cache of a mutant" if apart else "cache")
        environment = os.environ | {
            "PYTHONPATH": str(self.folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "QUIESCE_CACHE_DIR": str(kept),
        }
        running = subprocess.Popen(
            [*words, f"tests/{path}", *options],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            told, _ = running.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return TIMEOUT, tests
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
            if apart:
                shutil.rmtree(kept, ignore_errors=True)
        if running.returncode == 0:
            return SURVIVED, ""
        failed = [line for line in told.splitlines() if line.startswith(("FAILED", "ERROR"))]
        return KILLED, (failed or told.splitlines() or ["no word"])[-1 if not failed else 0][:160]


# -- a campaign ------------------------------------------------------------------------------------------------------


def outcomes(tasks: Sequence[Task], jobs: int, seconds: float) -> Iterator[Outcome]:
    """Yield what becomes of mutants, in their order, several at a time."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        free: queue.SimpleQueue[Workshop] = queue.SimpleQueue()
        for number in range(jobs):
            free.put(Workshop(Path(folder) / str(number), seconds))

        def one(task: Task) -> Outcome:
            workshop = free.get()
            try:
                return workshop.outcome(task)
            finally:
                free.put(workshop)

        with ThreadPoolExecutor(jobs) as pool:
            yield from pool.map(one, tasks)


def unmutated(tasks: Sequence[Task]) -> list[Task]:
    """Return each of the tests once, without a mutant: they must pass, or they tell nothing."""
    return [
        Task(name=tests, mutant=None, tests=(tests,))
        for tests in dict.fromkeys(one for task in tasks for one in task.tests)
    ]


@cache
def known_survivors() -> dict[tuple[str, str, str, str], str]:
    """Return the mutants of which no test can tell, with the reasons."""
    listed = _read("campaign_survivors.toml")["survivor"]
    return {(entry["file"], entry["code"], entry["old"], entry["new"]): entry["reason"] for entry in listed}


def judged(outcome: Outcome) -> str:
    """Return in a word what an outcome means: a survivor is a known one, or one that a test is missing for."""
    mutant = outcome.task.mutant
    known = mutant is not None and mutant.key in known_survivors()
    return "equivalent" if outcome.verdict == SURVIVED and known else outcome.verdict


def said(outcome: Outcome, word: str) -> str:
    """Return an outcome in a line, and how an unknown survivor would be listed."""
    line = f"{word:<10} {outcome.seconds:6.1f} s  {outcome.task.name}"
    if outcome.told:
        line += f"\n{'':<21}{outcome.told}"
    mutant = outcome.task.mutant
    if word == SURVIVED and mutant is not None:
        line += f"\n{'':<21}in the line: {mutant.code}"
    return line


def passing(outcome: Outcome) -> bool:
    """Tell whether tests pass without a mutant, and say so."""
    passed = outcome.verdict == SURVIVED
    print(said(outcome, "passed" if passed else "broken"), flush=True)
    return passed


def campaign(tasks: Sequence[Task], jobs: int, seconds: float, journal: Path | None) -> Counter[str]:
    """Try mutants, say what becomes of each, and return how often which word was said; a journal knows some already."""
    known = {} if journal is None or not journal.exists() else dict(map(json.loads, journal.read_text().splitlines()))
    words: Counter[str] = Counter(known[task.name] for task in tasks if task.name in known)
    for outcome in outcomes([task for task in tasks if task.name not in known], jobs, seconds):
        word = judged(outcome)
        words[word] += 1
        print(said(outcome, word), flush=True)
        if journal is not None:
            with journal.open("a") as file:
                file.write(json.dumps([outcome.task.name, word]) + "\n")
    return words


def main() -> int:
    """Run a campaign; 1 where a mutant survives that is not known to be equivalent, 2 where the tests fail without."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--only", default="", help="modules whose path holds this text")
    parser.add_argument("--limit", type=int, default=160, help="how many mutants are drawn (160)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"which ones ({SEED})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--seconds", type=float, default=300, help="the time limit of a mutant (300)")
    parser.add_argument("--quick", action="store_true", help="without the slow tests: more survive than should")
    parser.add_argument("--named", action="store_true", help="the named mutants alone")
    parser.add_argument("--journal", type=Path, help="keep what is judged in this file, and go on with it")
    parser.add_argument("--trusting", action="store_true", help="do not run the tests without a mutant first")
    parser.add_argument("--list", action="store_true", help="print the mutants, and run nothing")
    given = parser.parse_args()
    chosen = [task for task in named() if task.mutant is not None and given.only in task.mutant.file]
    chosen += [] if given.named else list(drawn(given.limit, given.seed, given.only, quick=given.quick))
    if given.list:
        print("\n".join(task.name for task in chosen))
        return 0
    plain = [] if given.trusting else unmutated(chosen)
    print(f"{len(plain)} selections of tests without a mutant", flush=True)
    passed = [passing(each) for each in outcomes(plain, given.jobs, 4 * given.seconds)]
    if not all(passed):
        return 2
    words = campaign(chosen, given.jobs, given.seconds, given.journal)
    print(f"{len(chosen)} mutants: {', '.join(f'{count} {word}' for word, count in sorted(words.items()))}")
    return 1 if words[SURVIVED] else 0


if __name__ == "__main__":
    sys.exit(main())
