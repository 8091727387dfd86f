"""How soon there is an answer: whole processes as multiples of `python -c "import numpy"`, all in one run.

`python -m benchmarks.latency [--runs N]` prints the table. Figures are minima over alternating runs: what else a
machine does makes a run slower, never faster. Ratios of wall time hold on a quiet machine, those of processor time
on any.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAMP = str(ROOT / "docs" / "examples" / "lamp.py")
PYTHON = (sys.executable, "-c")
COMMAND = (sys.executable, "-m", "quiesce")
UNIT = (*PYTHON, "import numpy")
TWICE = f"""
import time, quiesce
quiesce.check({LAMP!r})
times = []
for _ in range(9):
    begun = time.perf_counter()
    quiesce.check({LAMP!r})
    times.append(time.perf_counter() - begun)
print(min(times) * 1000)
"""
MUTANT = """
import time
from quiesce import library
from quiesce.engines.mutating import judge
from quiesce.engines.options import Limits
from quiesce.language.mutations import mutants, mutated
system = library.find("ws2_32").system({"starts": 1})
every = tuple(mutants(system))
chosen = every[:: max(1, len(every) // 12)][:12]
judge(system, mutated(system, every[1]), Limits())
begun = time.process_time()
for mutant in chosen:
    judge(system, mutated(system, mutant), Limits())
print((time.process_time() - begun) / len(chosen))
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A whole process that is measured; `cold`: with an empty cache of compiled code."""

    name: str
    words: Sequence[str]
    cold: bool = False


ROWS = (
    Row("import quiesce", (*PYTHON, "import quiesce")),
    Row("model-check of a four-state model", (*COMMAND, LAMP, "--plain")),
    Row("model-check winsock (7,204 states, 42 properties)", (*COMMAND, "winsock", "--plain")),
    Row("the default set (23 systems)", (*COMMAND, "--plain")),
    Row("the default set, first run after installation", (*COMMAND, "--plain"), cold=True),
    Row("the first verdict after installation", (*COMMAND, LAMP, "--plain"), cold=True),
)


def measured(words: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Return the wall and the processor seconds of a process; raises CalledProcessError where it fails."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run(words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - begun, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def printed(code: str) -> float:
    """Return the number that a program prints."""
    return float(subprocess.run((*PYTHON, code), cwd=ROOT, capture_output=True, check=True).stdout)


def table(runs: int) -> list[str]:
    """Return the lines of the table."""
    with tempfile.TemporaryDirectory() as folder:

        def environment(cold: bool, run: int) -> Mapping[str, str]:
            return os.environ | ({"QUIESCE_CACHE_DIR": f"{folder}/{run}-{time.monotonic_ns()}"} if cold else {})

        units = [measured(UNIT, os.environ) for _ in range(2)]
        found: dict[str, list[tuple[float, float]]] = {row.name: [] for row in ROWS}
        for run in range(runs):
            units.append(measured(UNIT, os.environ))
            for row in ROWS:
                if run < 2 or not row.cold:
                    found[row.name].append(measured(row.words, environment(row.cold, run)))
    unit = tuple(min(column) for column in zip(*units, strict=True))
    lines = [
        f"unit: {UNIT[-1]}, {unit[0]:.3f} s wall, {unit[1]:.3f} s of processor",
        "",
        "| whole process, warm unless it says otherwise | wall | processor |",
        "|---|---|---|",
    ]
    for name, times in found.items():
        wall, processor = (min(column) / one for column, one in zip(zip(*times, strict=True), unit, strict=True))
        lines.append(f"| {name} | {wall:.1f} | {processor:.1f} |")
    lines.append(f"| quiesce.check of it in a running process, not the first, milliseconds | {printed(TWICE):.1f} | |")
    lines.append(f"| one mutant of ws2_32 -c starts=1, seconds of processor | | {printed(MUTANT):.2f} |")
    return lines


def main(measure: Callable[[int], list[str]] = table) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.latency", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each process runs (5; twice without a cache)")
    print("\n".join(measure(parser.parse_args().runs)))


if __name__ == "__main__":
    main()
