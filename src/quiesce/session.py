"""The answers of one command: searched, printed as they come, and added up to an exit status."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quiesce import endings, expectations, library
from quiesce.core.errors import SpecificationError
from quiesce.core.properties import Property
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.engines.native.forecast import METHOD
from quiesce.engines.native.thread_pool import all_cores
from quiesce.engines.options import Limits, Progress, Strategy, Watcher
from quiesce.engines.requests import CheckRequest, answered, questions
from quiesce.expectations import Check
from quiesce.language.systems import asking
from quiesce.processes import mapping
from quiesce.show import data, text
from quiesce.statuses import BUG, HOLDS, SEVERITY, SUSPICIOUS, UNKNOWN, VIOLATED, WRONG

if TYPE_CHECKING:
    from quiesce.bridges.nets import Net


class Session:
    """The answers of one command, printed as they come."""

    def __init__(
        self,
        as_json: bool,
        plain: bool,
        limits: Limits,
        started: float,
        *,
        strict: bool = False,
        strategy: Strategy | None = None,
        processes: int = 1,
    ) -> None:
        self.as_json, self.plain, self.limits, self.started, self.strict = as_json, plain, limits, started, strict
        self.strategy, self.processes = strategy or Strategy(), processes
        self.results: list[SystemAnswers] = []
        self.statuses: list[int] = []
        self.expected = self.deviating = 0

    def check_target(self, name: str, settings: Mapping[str, object], request: CheckRequest) -> None:
        """Check one target and print its report: with all its properties, or those named and the formulas asked."""
        begun = time.perf_counter()
        system = library.find(name).system(settings)
        result = self._searched(system.name, lambda watch: self._answered(system, request, begun, watch))
        self.print_report(result)
        self.statuses.append({Verdict.HOLDS: HOLDS, Verdict.VIOLATED: VIOLATED}.get(result.verdict, UNKNOWN))

    def _answered(self, system: System, request: CheckRequest, begun: float, watch: Watcher | None) -> SystemAnswers:
        return answered(system, request, limits=self.limits, strategy=self.strategy, watch=watch, started=begun)

    def check_net(self, file: Path, bound: int | None, formulas: list[Path], asked: list[str]) -> None:
        """Check a Petri net: its bound, the formulas of contest files, and those asked, with the run that shows why."""
        from quiesce.bridges import contest, pnml

        begun = time.perf_counter()
        net = pnml.read(file)
        posed = [question for name in formulas for question in contest.read(name, net)]
        closed = self._bounded(net) if bound is None else pnml.system(net, bound=bound)
        plain = [question for question in posed if isinstance(question, Property)]
        system = asking(closed, [*plain, *questions(closed, asked)])
        result = self._searched(
            system.name,
            lambda watch: check(
                system,
                limits=self.limits,
                strategy=self.strategy,
                watch=watch,
                started=begun,
                explained=bool(asked),
                linted=False,
            ),
        )
        result = self.results[-1] = contest.with_refused(posed, result)
        self.print_report(result)
        self.statuses.append({Verdict.HOLDS: HOLDS, Verdict.VIOLATED: VIOLATED}.get(result.verdict, UNKNOWN))

    def _bounded(self, net: Net) -> System:
        from quiesce.bridges import pnml

        with self._watching(net.name) as watch:
            return pnml.bounded(net, limits=self.limits, watch=watch)

    def check_file(self, file: Path) -> None:
        """Check every row of a checks file, and print what comes out in the order of the rows."""
        if not file.is_file():
            raise SpecificationError("Q43", f"there is no file {file.as_posix()}")
        rows = expectations.read(file)
        with self._answering(min(self.processes, len(rows))) as answers:
            for row, answer in zip(rows, answers(rows), strict=True):
                self.results.append(answer)
                if self.strict and answer.has_suspicions:
                    self.statuses.append(SUSPICIOUS)
                self.report_row(row, answer)

    @contextmanager
    def _answering(self, processes: int) -> Iterator[Callable[[Sequence[Check]], Iterator[SystemAnswers]]]:
        """Yield what answers the rows of a checks file in their order, here or in several processes."""
        if processes == 1:
            yield lambda rows: map(self._row, rows)
            return
        strategy = replace(self.strategy, workers=self.strategy.workers or max(1, all_cores() // processes))
        memory = None if self.limits.memory is None else self.limits.memory // processes
        limits = replace(self.limits, memory=memory, share=self.limits.share / processes)
        with mapping(processes, forked=True) as mapped:
            yield partial(mapped, partial(row_answers, limits, strategy))

    def _row(self, row: Check) -> SystemAnswers:
        with self._watching(row.model) as watch:
            return row_answers(self.limits, self.strategy, row, watch)

    def report_row(self, row: Check, result: SystemAnswers) -> None:
        """Print what came out for a row; one that holds nothing but what holds is reported in full."""
        wrong = expectations.deviations(row, result)
        stopped = result.stopped is not None
        if row.expect is None:
            self.print_report(result)
        else:
            first = f"expected  {row.why or row.model}" if not wrong else f"NOT AS EXPECTED  {row.why or row.model}"
            details = [
                f"  {answer.property.name}: {text.WORD[answer.verdict]}, {answer.scope}"
                for answer in result.properties
                if any(answer.property.called(word) for word in row.expect)
            ]
            self.say("\n".join([first, *details, f"  {text.summary(result, plain=self.plain)}"]))
        for deviation in wrong:
            self.say(f"  {row.place}: {deviation}")
        self.expected += 1
        self.deviating += bool(wrong)
        self.statuses.append(UNKNOWN if stopped and wrong else VIOLATED if wrong else HOLDS)

    def _searched(self, name: str, search: Callable[[Watcher | None], SystemAnswers]) -> SystemAnswers:
        """Return what a search finds, with a progress line after the first second."""
        with self._watching(name) as watch:
            result = search(watch)
        self.results.append(result)
        if self.strict and result.has_suspicions:
            self.statuses.append(SUSPICIOUS)
        return result

    @contextmanager
    def _watching(self, name: str) -> Iterator[Watcher | None]:
        """Show how far a search is; yield what it calls, None where no line is wanted."""
        shown = not self.plain and sys.stderr.isatty()
        with _Watch(name, shown=shown) as watch, endings.tidied(watch.wipe):
            yield watch.update

    def print_report(self, result: SystemAnswers) -> None:
        """Print the answers for one system."""
        self.say(text.report(result, plain=self.plain))

    def say(self, words: str) -> None:
        """Print text on stdout, or on stderr where stdout carries data."""
        print(words, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    def finish(self) -> int:
        """Print the verdict line, or the JSON document; return the exit status."""
        status = next(code for code in SEVERITY if code in (*self.statuses, HOLDS))
        seconds = "" if self.plain else f" ({time.perf_counter() - self.started:.2f} s)"
        if self.results:
            missing = self.statuses.count(WRONG) + self.statuses.count(BUG)
            unchecked = f"; {text.counted(missing, 'target')} not checked" if missing else ""
            self.say(text.verdict_line(self.results, self.expected, self.deviating) + unchecked + seconds)
        if self.as_json:
            verdict = {HOLDS: "holds", SUSPICIOUS: "holds", VIOLATED: "violated"}.get(status, "unknown")
            print(json.dumps(data.results(self.results, verdict, plain=self.plain), indent=1))
        return status


def row_answers(limits: Limits, strategy: Strategy, row: Check, watch: Watcher | None = None) -> SystemAnswers:
    """Return the answers for a row of a checks file; a mistake without a place gets that of the row."""
    begun = time.perf_counter()
    try:
        system = library.find(row.model).system(row.parameters)
        request = CheckRequest(properties=tuple(row.expect or ()), unfair=row.unfair)
        return answered(system, request, limits=limits, strategy=strategy, watch=watch, started=begun)
    except SpecificationError as problem:
        if problem.place is None:
            problem.place = row.place
        raise


class _Watch:
    """A line on stderr that shows how far a search is, from its first second on."""

    def __init__(self, name: str, *, shown: bool) -> None:
        self.name, self.shown = name, shown
        self.status: object | None = None

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_problem: object) -> None:
        if self.status is not None:
            self.status.stop()  # type: ignore[attr-defined]

    def wipe(self) -> None:
        """Take the line away, and give the cursor back, while the process ends."""
        if self.status is not None:
            os.write(2, b"\r\x1b[2K\x1b[?25h")

    @property
    def update(self) -> Watcher | None:
        """What the search calls; None where no line is wanted."""
        return self._update if self.shown else None

    def _update(self, progress: Progress) -> None:
        if progress.seconds < 1:
            return
        if self.status is None:
            from rich.console import Console

            self.status = Console(stderr=True).status("")
            self.status.start()
        rate = progress.transitions / progress.seconds / 1e6
        ahead = "" if progress.forecast is None else f", about {progress.forecast:,} states or more ({METHOD})"
        self.status.update(  # type: ignore[attr-defined]
            f"{self.name}: {progress.states:,} states, {progress.transitions:,} transitions ({rate:.1f} M/s), "
            f"depth {progress.depth}, {progress.queue:,} to expand, "
            f"{progress.memory / 2**20:,.0f} MiB (the process may use {progress.allowed / 2**20:,.0f}){ahead}"
        )
