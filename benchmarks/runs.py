"""One run of one checker on one model: what it counted, how long it took, and how much memory it used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from benchmarks import pauses
from quiesce.bridges import murphi, promela
from quiesce.core.system import System
from quiesce.engines.native.search import Search
from quiesce.engines.native.space import space_for
from quiesce.engines.options import Strategy

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Counts, seconds of the search alone and of the whole from the specification to the verdict, bytes of memory.

    `pause`: seconds of the longest growth of our table.
    """

    states: int
    transitions: int
    search: float
    whole: float
    memory: int
    words: int = 1
    pause: float = 0.0


def timed(folder: Path, *words: str) -> tuple[str, float, int]:
    """Run a command in a folder; return what it printed, its seconds and its peak memory in bytes."""
    begun = time.perf_counter()
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        peaks = [0]
        watcher = Thread(target=_watch, args=(process, peaks))
        watcher.start()
        told = process.communicate()[0]
        seconds = time.perf_counter() - begun
    watcher.join()
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}:\n{told}")
    return told, seconds, peaks[-1]


def _watch(process: subprocess.Popen[str], peaks: list[int]) -> None:
    """Note the peak memory of a process until it ends; what the system says afterwards counts its parent's, too."""
    status = Path(f"/proc/{process.pid}/status")
    while process.returncode is None:
        with suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
            if found:
                peaks.append(int(found[1]) * 1024)
        time.sleep(0.02)


def quiesce(model: Path, settings: Sequence[str], *options: str) -> Run:
    """Run `model-check` as a process of its own, its caches warm, that says how long its growths took."""
    command = [sys.executable, "-m", "benchmarks.pauses"]
    told, whole, memory = timed(ROOT, *command, str(model), *settings, "--format", "json", *options)
    result = json.JSONDecoder().raw_decode(told, told.index("{\n"))[0]["systems"][0]
    return Run(
        states=result["states"],
        transitions=result["transitions"],
        search=result["seconds"],
        whole=whole,
        memory=memory,
        pause=float(told.rpartition(pauses.SAID)[2].split()[0]),
    )


def inside(system: System, workers: int) -> Run:
    """Search in this process; `memory` is that of the table of states."""
    space = space_for(system, system.flat.properties, Strategy(workers=workers))
    search = Search(space)
    with pauses.timed() as growths:
        begun = time.perf_counter()
        found = search.run()
        seconds = time.perf_counter() - begun
    table = space.table.bytes + (0 if space.tree is None else space.tree.bytes)
    words = space.words
    space.free()
    return Run(
        states=found.states,
        transitions=found.transitions,
        search=seconds,
        whole=seconds,
        memory=table,
        words=words,
        pause=max(growths, default=0.0),
    )


def spin(folder: Path, system: System) -> Run:
    """Build and run the exported model with Spin, without partial-order reduction."""
    begun = time.perf_counter()
    (folder / "model.pml").write_text(promela.text(system), encoding="utf-8")
    timed(folder, "spin", "-o2", "-a", "model.pml")
    timed(folder, "gcc", "-O3", "-w", "-DSAFETY", "-DNOREDUCE", "-DMEMLIM=12000", "-o", "pan", "pan.c")
    built = time.perf_counter() - begun
    told, seconds, memory = timed(folder, "./pan", "-E", "-m2000000", "-w26")
    states, transitions = (_number(pattern, told) for pattern in (r"(\d+) states, stored", r"(\d+) transitions"))
    return Run(states=states, transitions=transitions - 1, search=seconds, whole=built + seconds, memory=memory)


def rumur(folder: Path, system: System, workers: int) -> Run:
    """Build and run the exported model with Rumur."""
    begun = time.perf_counter()
    (folder / "model.m").write_text(murphi.text(system), encoding="utf-8")
    made = ["rumur", "--deadlock-detection", "off", "--threads", str(workers), "--output", "model.c", "model.m"]
    timed(folder, *made)
    timed(folder, "gcc", "-O3", "-w", "-march=native", "-mcx16", "-o", "model", "model.c", "-lpthread")
    built = time.perf_counter() - begun
    told, seconds, memory = timed(folder, "./model")
    states, transitions = _number(r"(\d+) states", told), _number(r"(\d+) rules fired", told)
    return Run(states=states, transitions=transitions, search=seconds, whole=built + seconds, memory=memory)


def _number(pattern: str, told: str) -> int:
    found = re.findall(pattern, told)
    if not found:
        raise RuntimeError(f"no {pattern} in what was printed:\n{told}")
    return int(found[-1])
