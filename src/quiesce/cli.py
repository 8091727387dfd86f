"""The `model-check` command: verbs, targets, exit statuses. Answers come from the engines, words from `show`."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quiesce.core.errors import EngineError, SpecificationError
from quiesce.core.result import SystemResult, Verdict

if TYPE_CHECKING:
    from quiesce.core.system import System
    from quiesce.engines.native import Limits
    from quiesce.expectations import Check

HOLDS, VIOLATED, WRONG, UNKNOWN, SUSPICIOUS, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 70, 130
SEVERITY = (BUG, INTERRUPTED, WRONG, VIOLATED, UNKNOWN, SUSPICIOUS, HOLDS)
"""Exit statuses, the one that wins first."""
VERBS = ("check", "list", "draw", "simulate", "bench")

_USAGE: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a command line that it cannot read; releases differ in where they keep it."""

app = typer.Typer(add_completion=False, no_args_is_help=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Targets = Annotated[
    list[str] | None,
    typer.Argument(help="A library model, file.py[:function], module:function, or checks file (.toml)."),
]
Constants = Annotated[list[str] | None, typer.Option("-c", "--constant", metavar="NAME=VALUE", help="Set a parameter.")]
Plain = Annotated[bool, typer.Option("--plain", help="Print nothing that varies from run to run.")]
Form = Annotated[str, typer.Option("--format", help="text or json (data on stdout, text on stderr).")]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status; no verb means `check`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not any(word in VERBS for word in given[:1]) and given[:1] not in (["--help"], ["-h"], ["--version"]):
        given.insert(0, "check")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(_run(given))


def _run(given: list[str]) -> int:
    """Return the exit status of a command line; a user's mistake is never a traceback."""
    try:
        status = int(app(given, standalone_mode=False) or 0)
        if status == INTERRUPTED:  # typer turns Ctrl-C into a status of its own
            raise KeyboardInterrupt
        return status
    except typer.Exit as leave:
        return leave.exit_code
    except _USAGE as problem:
        problem.show()  # type: ignore[attr-defined]
        return WRONG
    except SpecificationError as problem:
        print(problem, file=sys.stderr)
        return WRONG
    except EngineError as problem:
        print(f"a bug in quiesce, and no answer: {problem}", file=sys.stderr)
        return BUG
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted: no verdict", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HOLDS
    except MemoryError:
        print("unknown: out of memory; give --max-states, or smaller parameters", file=sys.stderr)
        return UNKNOWN
    except Exception:
        traceback.print_exc()
        print("a bug in quiesce, and no answer; please report it with the lines above", file=sys.stderr)
        return BUG


def _version(wanted: bool) -> None:
    if wanted:
        from quiesce import __version__

        print(f"model-check (quiesce) {__version__}")
        raise typer.Exit


@app.callback(help="Prove that life cycles come to rest: check, draw and simulate state-machine specifications.")
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold the options that belong to no verb."""


# -- check ------------------------------------------------------------------------------------------------------------


@app.command()
def check(
    targets: Targets = None,
    constants: Constants = None,
    properties: Annotated[list[str] | None, typer.Option("--property", help="Ask only this property.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All checks of the library, defects included.")] = False,
    max_states: Annotated[int | None, typer.Option(min=1, help="Stop after the level that reaches this many.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this many seconds of search.")] = None,
    bound: Annotated[int | None, typer.Option(min=1, help="Of a .pnml net: tokens in a place.")] = None,
    formulas: Annotated[
        list[Path] | None, typer.Option(help="Of a .pnml net: a formula file of the Model Checking Contest.")
    ] = None,
    form: Form = "text",
    plain: Plain = False,
) -> int:
    """Search every reachable state and answer every property (the default verb).

    Without a target: the library's default set. Exit status: 0 all hold or came out as a checks file expects, 1
    violated or not as expected, 2 a mistake in the specification or the command line, 3 undecided, 70 internal error,
    130 interrupted.
    """
    from quiesce.engines.native import Limits

    started = time.perf_counter()
    _check_format(form)
    session = _Session(form == "json", plain, Limits(max_states=max_states, max_seconds=max_seconds), started)
    settings = _settings(constants)
    for target in _chosen_targets(targets, everything):
        try:
            if (bound is not None or formulas) and not target.endswith(".pnml"):
                raise SpecificationError("Q48", "--bound and --formulas are for a .pnml net")
            if target.endswith(".pnml"):
                if settings or properties:
                    raise SpecificationError("Q48", "-c and --property say nothing of a .pnml net")
                session.check_net(Path(target), bound, formulas or [])
            elif target.endswith(".toml"):
                if settings or properties:
                    option = "-c" if settings else "--property"
                    raise SpecificationError(
                        "Q48",
                        f"{option} says nothing for a checks file, whose rows say it",
                        hint="name a model instead",
                    )
                session.check_file(Path(target))
            else:
                session.check_target(target, settings, properties)
        except SpecificationError as problem:
            print(problem, file=sys.stderr)
            session.statuses.append(WRONG)
        except EngineError as problem:
            print(f"a bug in quiesce, and no answer for {target}: {problem}", file=sys.stderr)
            session.statuses.append(BUG)
    return session.finish()


def _check_format(form: str) -> None:
    if form not in ("text", "json"):
        raise SpecificationError("Q48", f"--format {form}: there are text and json")


def _chosen_targets(targets: list[str] | None, everything: bool) -> list[str]:
    from quiesce import library

    if everything:
        if targets:
            raise SpecificationError("Q48", "--all and a target", hint="give one of them")
        return [str(file) for file in library.checks() if file.name != library.BENCH_CHECKS]
    return targets or [str(library.root() / library.CHECKS / library.DEFAULT_CHECKS)]


def _settings(constants: list[str] | None) -> dict[str, object]:
    settings: dict[str, object] = {}
    for constant in constants or []:
        name, equals, value = constant.partition("=")
        if not equals or not name:
            raise SpecificationError("Q48", f"-c {constant}: write -c NAME=VALUE")
        settings[name] = value
    return settings


class _Session:
    """The answers of one command, printed as they come."""

    def __init__(self, as_json: bool, plain: bool, limits: Limits, started: float) -> None:
        self.as_json, self.plain, self.limits, self.started = as_json, plain, limits, started
        self.results: list[SystemResult] = []
        self.statuses: list[int] = []
        self.expected = self.deviating = 0

    def check_target(self, name: str, settings: dict[str, object], properties: list[str] | None) -> None:
        """Check one target and print its report."""
        from quiesce import library

        begun = time.perf_counter()
        system = library.find(name).system(settings)
        result = self.search(system, properties, begun)
        self.print_report(result)
        self.statuses.append({Verdict.HOLDS: HOLDS, Verdict.VIOLATED: VIOLATED}.get(result.verdict, UNKNOWN))

    def check_net(self, file: Path, bound: int | None, formulas: list[Path]) -> None:
        """Check a Petri net: its bound, and the formulas of contest files."""
        from quiesce.bridges import contest, pnml
        from quiesce.engines import temporal

        begun = time.perf_counter()
        net = pnml.read(file)
        system = pnml.bounded(net, limits=self.limits) if bound is None else pnml.system(net, bound=bound)
        asked = [question for name in formulas for question in contest.questions(name)]
        result = temporal.answer(system, asked, limits=self.limits, started=begun)
        self.results.append(result)
        self.print_report(result)
        self.statuses.append({Verdict.HOLDS: HOLDS, Verdict.VIOLATED: VIOLATED}.get(result.verdict, UNKNOWN))

    def check_file(self, file: Path) -> None:
        """Check every row of a checks file; a row that holds nothing but what holds is reported in full."""
        from quiesce import expectations

        if not file.is_file():
            raise SpecificationError("Q43", f"there is no file {file.as_posix()}")
        for row in expectations.read(file):
            try:
                self.check_row(row)
            except SpecificationError as problem:
                if problem.place is None:
                    problem.place = row.place
                raise

    def check_row(self, row: Check) -> None:
        """Check one row and print what came out."""
        from quiesce import expectations, library
        from quiesce.show import text

        begun = time.perf_counter()
        system = library.find(row.model).system(row.parameters)
        asked = None if row.expect is None else list(row.expect)
        result = self.search(system, asked, begun)
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

    def search(self, system: System, properties: list[str] | None, begun: float) -> SystemResult:
        """Search a system, with a progress line after the first second."""
        from quiesce.engines.native import check as search

        with _Watch(system.name, shown=not self.plain and sys.stderr.isatty()) as watch:
            result = search(system, properties=properties, limits=self.limits, watch=watch.update, started=begun)
        self.results.append(result)
        return result

    def print_report(self, result: SystemResult) -> None:
        """Print the answers for one system."""
        from quiesce.show import text

        self.say(text.report(result, plain=self.plain))

    def say(self, words: str) -> None:
        """Print text on stdout, or on stderr where stdout carries data."""
        print(words, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    def finish(self) -> int:
        """Print the verdict line, or the JSON document; return the exit status."""
        from quiesce.show import data, text

        status = next(code for code in SEVERITY if code in (*self.statuses, HOLDS))
        seconds = "" if self.plain else f" ({time.perf_counter() - self.started:.2f} s)"
        if self.results:
            self.say(text.verdict_line(self.results, self.expected, self.deviating) + seconds)
        if self.as_json:
            verdict = {HOLDS: "holds", VIOLATED: "violated"}.get(status, "unknown")
            print(json.dumps(data.results(self.results, verdict, plain=self.plain), indent=1))
        return status


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

    @property
    def update(self) -> Callable[[object], None] | None:
        """What the search calls; None where no line is wanted."""
        return self._update if self.shown else None

    def _update(self, progress: object) -> None:
        from quiesce.engines.native import Progress

        assert isinstance(progress, Progress)
        if progress.seconds < 1:
            return
        if self.status is None:
            from rich.console import Console

            self.status = Console(stderr=True).status("")
            self.status.start()
        rate = progress.transitions / progress.seconds / 1e6
        self.status.update(  # type: ignore[attr-defined]
            f"{self.name}: {progress.states:,} states, {progress.transitions:,} transitions ({rate:.1f} M/s), "
            f"depth {progress.depth}, {progress.queue:,} to expand, {progress.memory / 2**20:,.0f} MiB"
        )


# -- the other verbs --------------------------------------------------------------------------------------------------


@app.command(name="list")
def list_(
    what: Annotated[
        str | None, typer.Argument(help="A target, a clause id, or defects; without it, the library.")
    ] = None,
) -> int:
    """List the library's models, a model's parameters and properties, or where a clause is used."""
    from quiesce.show import catalogue

    print(catalogue.listing(what))
    return HOLDS


@app.command()
def draw(
    target: Annotated[str | None, typer.Argument(help="What to draw.")] = None,
    constants: Constants = None,
    machine: Annotated[str | None, typer.Option(help="Draw only this machine.")] = None,
    space: Annotated[bool, typer.Option("--space", help="Draw the reachable states instead of the machines.")] = False,
    form: Annotated[str, typer.Option("--format", help="dot, mermaid, svg or png.")] = "dot",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Draw the whole library into --into.")] = False,
    into: Annotated[Path | None, typer.Option(help="The folder for --all (default: diagrams/).")] = None,
    stale: Annotated[bool, typer.Option("--check", help="With --all: write nothing, fail if a file is stale.")] = False,
) -> int:
    """Draw a machine, a system or a small state space as DOT, Mermaid, SVG or PNG."""
    from quiesce.show import gallery

    if everything:
        if target is not None or output is not None or constants or machine or space:
            raise SpecificationError("Q48", "--all draws the whole library", hint="leave the other options out")
        try:
            changed = gallery.draw_all(into, write=not stale)
        except OSError as problem:
            raise SpecificationError("Q48", f"the pictures cannot be written: {problem.strerror}") from None
        for file in changed:
            print(f"{'stale' if stale else 'drawn'}: {file}")
        if not changed:
            print("diagrams: all up to date")
        return VIOLATED if stale and changed else HOLDS
    if stale or into is not None:
        raise SpecificationError("Q48", "--check and --into go with --all")
    if target is None:
        raise SpecificationError("Q48", "nothing to draw", hint="name a target, or give --all")
    picture = gallery.picture(target, _settings(constants), machine=machine, space=space, form=form)
    if output is not None:
        try:
            output.write_bytes(picture)
        except OSError as problem:
            raise SpecificationError("Q48", f"{output.as_posix()} cannot be written: {problem.strerror}") from None
    elif form == "png" and sys.stdout.isatty():
        raise SpecificationError("Q48", "a PNG is no text for a terminal", hint="write -o FILE.png")
    else:
        sys.stdout.buffer.write(picture)
    return HOLDS


@app.command()
def simulate(
    target: Annotated[str, typer.Argument(help="What to run.")],
    constants: Constants = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps at most.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed gives the same walk.")] = 0,
    form: Form = "text",
) -> int:
    """Run a system as live `transitions` machines on a random walk, and show the steps."""
    from quiesce import library
    from quiesce.bridges.live import walk
    from quiesce.core.reference import replay
    from quiesce.show import data, text

    _check_format(form)
    system = library.find(target).system(_settings(constants))
    trace = walk(system, steps=steps, seed=seed)
    replay(system, trace)
    if form == "json":
        print(json.dumps(data.itf(system, trace), indent=1))
    else:
        print(f"{text.title(system)}: {trace.length} steps, seed {seed}")
        print("\n".join(text.table(system, trace)))
        if trace.length < steps:
            print("  it stops here: no step is possible")
    return HOLDS


@app.command()
def bench(
    target: Annotated[str, typer.Argument(help="What to measure.")] = "winsock",
    constants: Constants = None,
    runs: Annotated[int, typer.Option(min=1, help="Searches; the median is the last line.")] = 3,
) -> int:
    """Measure the search: states, transitions a second, bytes a state; at the library's benchmark size unless -c is
    given.
    """
    from quiesce import expectations, library
    from quiesce.engines.native.bench import measure

    settings: dict[str, object] = _settings(constants)
    if not settings:
        for row in expectations.read(library.root() / library.CHECKS / library.BENCH_CHECKS):
            if row.model == target:
                settings = dict(row.parameters)
    for line in measure(library.find(target).system(settings), runs):
        print(line, flush=True)
    return HOLDS
