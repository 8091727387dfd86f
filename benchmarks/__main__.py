"""Speed beside other checkers: `python -m benchmarks [--runs N] [--billion]` prints tables and writes `results.md`.

Every checker gets the same model through the exporters, in turn, several times; what is shown are medians, and ratios
of medians of one run of this program. Wanted are Debian's packages spin and rumur, and gcc.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks import runs
from benchmarks.couriers import couriers
from benchmarks.memory import lines_a_second
from benchmarks.provider import provider
from benchmarks.reductions import table as reductions
from benchmarks.runs import Run
from quiesce import System

HERE = Path(__file__).parent
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Model:
    """A model file with parameters."""

    make: Callable[..., System]
    file: str
    parameters: dict[str, int]

    @property
    def settings(self) -> list[str]:
        """The parameters as the command line takes them."""
        return [word for name, value in self.parameters.items() for word in ("-c", f"{name}={value}")]

    @property
    def label(self) -> str:
        """The model in words."""
        given = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.file.removesuffix('.py')}({given})"


BESIDE = [Model(provider, "provider.py", {"sockets": size}) for size in (4, 5, 6)]
BESIDE.append(Model(couriers, "couriers.py", {"couriers": 3, "stations": 100}))
LARGE, LARGER = (Model(provider, "provider.py", {"sockets": size}) for size in (7, 8))
WIDE = [Model(provider, "provider.py", {"sockets": 7, "padding": padding}) for padding in (12, 40)]
BILLION = Model(provider, "provider.py", {"sockets": 9})


def main() -> None:
    """Run everything, print it, and keep it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each checker on each model")
    parser.add_argument("--billion", action="store_true", help="also the model with 1,049,455,928 states")
    given = parser.parse_args()
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for line in report(Path(folder), given.runs, given.billion):
            print(line, flush=True)
            lines.append(line)
    (HERE / "results.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def report(folder: Path, times: int, billion: bool) -> Iterator[str]:
    """Yield the lines of the report."""
    yield "# Speed, side by side"
    yield ""
    flag = " --billion" if billion else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield f"Printed by `python -m benchmarks --runs {times}{flag}` on {platform.system()}, {cores} cores:"
    yield f"medians of {times} runs, checkers in turn. *Search* is without starting, reading and compiling; *whole* is"
    yield "from the specification to the verdict as a process of its own, for Spin and Rumur with building the checker."
    yield "Spin: `-o2`, `-O3 -DSAFETY -DNOREDUCE`, `-w26`; Rumur: `-O3 -march=native`. All check the properties."
    for model in BESIDE:
        yield from beside(folder, model, times)
    yield from alone(times)
    yield from roof(times)
    yield from reductions()
    if billion:
        yield from the_billion()


def beside(folder: Path, model: Model, times: int) -> Iterator[str]:
    """Yield a table of all checkers on one model."""
    system = model.make(**model.parameters).build()
    checkers: dict[str, Callable[[], Run]] = {
        "quiesce, 1 worker": lambda: runs.quiesce(HERE / model.file, model.settings, "--workers", "1"),
        "quiesce, 2 workers": lambda: runs.quiesce(HERE / model.file, model.settings, "--workers", "2"),
        "Spin": lambda: runs.spin(folder, system),
        "Rumur, 1 thread": lambda: runs.rumur(folder, system, 1),
    }
    checkers["quiesce, 1 worker"]()  # fills the caches of compiled code
    found = in_turn(checkers, times)
    ours = found["quiesce, 1 worker"]
    yield ""
    counts = f"{ours[0].states:,} states, {ours[0].transitions:,} transitions, {len(system.flat.rows)} rows"
    yield f"## {model.label}: {counts}"
    yield ""
    yield "| | search | transitions, M/s | times ours, 1 worker | whole | times ours | peak memory a state |"
    yield "|---|---|---|---|---|---|---|"
    for name, rounds in found.items():
        search, whole = (median(getattr(run, what) for run in rounds) for what in ("search", "whole"))
        memory = median(run.memory for run in rounds) / rounds[0].states
        yield (
            f"| {name} | {search:.3f} s | {rounds[0].transitions / search / 1e6:.1f} "
            f"| {search / median(run.search for run in ours):.1f} | {whole:.2f} s "
            f"| {whole / median(run.whole for run in ours):.1f} | {memory:,.0f} B |"
        )


def alone(times: int) -> Iterator[str]:
    """Yield a table of ours alone: a larger model with one and two workers, and in several words."""
    yield ""
    yield f"## More workers, wider states ({LARGE.label} and the same in more words)"
    yield ""
    yield "| words | workers | states | search | transitions, M/s | of the first | table, a state | longest growth |"
    yield "|---|---|---|---|---|---|---|---|"
    tasks = {(model.parameters.get("padding", 0), workers): model for model in (LARGE, *WIDE) for workers in (1, 2)}
    systems = {key: model.make(**model.parameters).build() for key, model in tasks.items()}
    found = in_turn({key: partial(runs.inside, system, key[1]) for key, system in systems.items()}, times)
    first = median(run.search for run in found[0, 1])
    for (_, workers), rounds in found.items():
        search = median(run.search for run in rounds)
        yield (
            f"| {rounds[0].words} | {workers} | {rounds[0].states:,} | {search:.2f} s "
            f"| {rounds[0].transitions / search / 1e6:.1f} | {first / search:.2f} "
            f"| {rounds[0].memory / rounds[0].states:.2f} B | {max(run.pause for run in rounds):.3f} s |"
        )


def roof(times: int) -> Iterator[str]:
    """Yield how near the search is to the rate of random memory access."""
    yield ""
    yield "## The roof: random memory access"
    yield ""
    yield "Lines of 64 bytes that threads touch at random in as much memory as the table has (the largest model once)."
    yield ""
    yield "| model | table | threads | lines, M/s | transitions, M/s | share |"
    yield "|---|---|---|---|---|---|"
    for model, rounds in ((BESIDE[2], times), (LARGE, times), (LARGER, 1)):
        for threads in (1, 2):
            found = [runs.inside(model.make(**model.parameters).build(), threads) for _ in range(rounds)]
            rate = found[0].transitions / median(run.search for run in found)
            lines = lines_a_second(found[0].memory, threads)
            yield (
                f"| {model.label} | {found[0].memory / 2**20:.0f} MiB | {threads} | {lines / 1e6:.1f} "
                f"| {rate / 1e6:.1f} | {rate / lines:.2f} |"
            )


def the_billion() -> Iterator[str]:
    """Yield the record of the largest model, once, in full and by symmetry."""
    yield ""
    yield "## A billion states"
    yield ""
    yield "| command | states | transitions | search | whole | peak memory | a state | longest growth |"
    yield "|---|---|---|---|---|---|---|---|"
    for options in (["--symmetry"], ["--workers", "2", "--memory", "6G"]):
        run = runs.quiesce(HERE / BILLION.file, BILLION.settings, *options)
        words = " ".join(["model-check benchmarks/provider.py", *BILLION.settings, *options])
        yield (
            f"| `{words}` | {run.states:,} | {run.transitions:,} | {run.search:.2f} s | {run.whole:.2f} s "
            f"| {run.memory / 2**30:.2f} GiB | {run.memory / run.states:.2f} B | {run.pause:.3f} s |"
        )


def in_turn(tasks: Mapping[Key, Callable[[], Run]], times: int) -> dict[Key, list[Run]]:
    """Run tasks in turn, several times; return what each found."""
    found: dict[Key, list[Run]] = {name: [] for name in tasks}
    for _ in range(times):
        for name, task in tasks.items():
            found[name].append(task())
    return found


if __name__ == "__main__":
    main()
