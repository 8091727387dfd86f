"""The `model-check` command: verbs, targets, exit statuses. Answers come from the engines, words from `show`."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quiesce.core.errors import EngineError, SearchInterruptedError, SpecificationError
from quiesce.statuses import BUG, HOLDS, INTERRUPTED, SUSPICIOUS, UNKNOWN, VIOLATED, WRONG

if TYPE_CHECKING:
    pass

VERBS = ("check", "list", "draw", "lint", "simulate", "export", "bench")

_USAGE: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a command line that it cannot read; releases differ in where they keep it."""

app = typer.Typer(add_completion=False, no_args_is_help=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Targets = Annotated[
    list[str] | None,
    typer.Argument(help="A library model, file.py[:function], module:function, or checks file (.toml)."),
]
Constants = Annotated[list[str] | None, typer.Option("-c", "--constant", metavar="NAME=VALUE", help="Set a parameter.")]
Plain = Annotated[bool, typer.Option("--plain", help="Print nothing that varies from run to run.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 4 if all holds, but one is vacuous or a row dead.")]
Form = Annotated[str, typer.Option("--format", help="text or json (data on stdout, text on stderr).")]

Memory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Stop before using more: 4G, 512M (default: 80 % of what is free).")
]
Workers = Annotated[int, typer.Option(min=0, help="Threads (0: one for each core); the answers are the same.")]


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
    except SearchInterruptedError as interrupt:
        print(f"interrupted: no verdict; {interrupt}", file=sys.stderr)
        return INTERRUPTED
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
    asked: Annotated[
        list[str] | None,
        typer.Option("--ask", metavar="FORMULA", help="Ask only this formula: AG(EF(provider.state == down))."),
    ] = None,
    unfair: Annotated[
        list[str] | None, typer.Option(metavar="TRIGGER", help="Let no row of this trigger be fair.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All checks of the library, defects included.")] = False,
    max_states: Annotated[int | None, typer.Option(min=1, help="Stop after the level that reaches this many.")] = None,
    max_seconds: Annotated[float | None, typer.Option(min=0, help="Stop after this many seconds of search.")] = None,
    memory: Memory = None,
    workers: Workers = 0,
    symmetry: Annotated[
        bool, typer.Option("--symmetry", help="Search one state of each orbit of interchangeable copies.")
    ] = False,
    partial_order: Annotated[
        bool, typer.Option("--por", help="Take some of the enabled rows where that decides states and deadlocks.")
    ] = False,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the search in this folder, so that it can go on there.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with the search in this folder.")] = None,
    bound: Annotated[int | None, typer.Option(min=1, help="Of a .pnml net: tokens in a place.")] = None,
    formulas: Annotated[
        list[Path] | None, typer.Option(help="Of a .pnml net: a formula file of the Model Checking Contest.")
    ] = None,
    strict: Strict = False,
    form: Form = "text",
    plain: Plain = False,
) -> int:
    """Search every reachable state and answer every property (the default verb).

    Without a target: the library's default set. Exit status: 0 all hold or came out as a checks file expects, 1
    violated or not as expected, 2 a mistake in the specification or the command line, 3 undecided, 4 suspicious under
    --strict, 70 internal error, 130 interrupted.
    """
    started = time.perf_counter()
    _check_format(form)
    from quiesce.engines.native import Limits, Strategy
    from quiesce.session import Session, Wanted

    limits = Limits(max_states=max_states, max_seconds=max_seconds, memory=_bytes(memory))
    if symmetry and partial_order:
        raise SpecificationError("Q48", "--symmetry and --por do not work together", hint="give one of them")
    strategy = Strategy(
        workers=workers, symmetry=symmetry, partial_order=partial_order, checkpoint=checkpoint, resume=resume
    )
    session = Session(form == "json", plain, limits, started, strict=strict, strategy=strategy)
    wanted = Wanted(settings=_settings(constants), properties=properties or [], asked=asked or [], unfair=unfair or [])
    chosen = _chosen_targets(targets, everything)
    _check_folders(chosen, checkpoint, resume)
    for target in chosen:
        try:
            if (bound is not None or formulas) and not target.endswith(".pnml"):
                raise SpecificationError("Q48", "--bound and --formulas are for a .pnml net")
            if target.endswith(".pnml"):
                if option := _given(constants=constants, properties=properties, unfair=unfair):
                    raise SpecificationError("Q48", f"{option} says nothing of a .pnml net")
                session.check_net(Path(target), bound, formulas or [], asked or [])
            elif target.endswith(".toml"):
                if option := _given(constants=constants, properties=properties, asked=asked, unfair=unfair):
                    raise SpecificationError(
                        "Q48",
                        f"{option} says nothing for a checks file, whose rows say it",
                        hint="name a model instead",
                    )
                session.check_file(Path(target))
            else:
                session.check_target(target, wanted)
        except SpecificationError as problem:
            print(problem, file=sys.stderr)
            session.statuses.append(WRONG)
        except EngineError as problem:
            print(f"a bug in quiesce, and no answer for {target}: {problem}", file=sys.stderr)
            session.statuses.append(BUG)
    return session.finish()


def _check_folders(targets: Sequence[str], checkpoint: Path | None, resume: Path | None) -> None:
    """Accept the folder of a search where there is one search, and one folder; raises SpecificationError (Q48)."""
    if checkpoint is not None and resume is not None:
        raise SpecificationError("Q48", "--checkpoint begins a search and --resume goes on with one", hint="give one")
    if (checkpoint or resume) and (len(targets) != 1 or targets[0].endswith((".toml", ".pnml"))):
        raise SpecificationError("Q48", "--checkpoint and --resume are for one model", hint="name one, with -c")


def _bytes(text: str | None) -> int | None:
    """Return the bytes of `4G`; raises SpecificationError (Q48)."""
    from quiesce.engines.native.budget import size

    found = None if text is None else size(text)
    if text is not None and found is None:
        raise SpecificationError("Q48", f"--memory {text} is no amount of memory", hint="write 4G, 512M or bytes")
    return found


_OPTIONS = {"constants": "-c", "properties": "--property", "asked": "--ask", "unfair": "--unfair"}


def _given(**options: list[str] | None) -> str | None:
    """Return the first of some options that was given, as the user writes it."""
    return next((_OPTIONS[name] for name, value in options.items() if value), None)


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
def lint(
    target: Annotated[str, typer.Argument(help="What to look over.")],
    constants: Constants = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 if a property is vacuous or a row dead.")
    ] = False,
) -> int:
    """Search a system and show what it never did: dead rows, vacuous properties, values never reached, overlaps."""
    from quiesce import library
    from quiesce.engines.checking import check as search
    from quiesce.show import text

    result = search(library.find(target).system(_settings(constants)))
    print(text.lint(result))
    if result.remarks is None:
        return UNKNOWN
    return SUSPICIOUS if strict and result.has_suspicions else HOLDS


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
    from quiesce.core.replaying import replay
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
def export(
    target: Annotated[str, typer.Argument(help="What to export.")],
    constants: Constants = None,
    to: Annotated[str, typer.Option(help="promela (Spin), murphi (Rumur) or tla (TLC).")] = "promela",
    properties: Annotated[bool, typer.Option(help="Properties as assertions and invariants.")] = True,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file instead of stdout.")] = None,
) -> int:
    """Write a system for another checker: the same states, steps and properties, with the author's names."""
    from importlib import import_module

    from quiesce import library

    if to not in ("promela", "murphi", "tla"):
        raise SpecificationError("Q48", f"--to {to}: there are promela, murphi and tla")
    system = library.find(target).system(_settings(constants))
    text = import_module(f"quiesce.bridges.{to}").text(system, properties=properties)
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
    return HOLDS


@app.command()
def bench(
    target: Annotated[str, typer.Argument(help="What to measure.")] = "winsock",
    constants: Constants = None,
    runs: Annotated[int, typer.Option(min=1, help="Searches; the median is the last line.")] = 3,
    workers: Workers = 1,
) -> int:
    """Measure the search: states, transitions a second, bytes a state; at the library's benchmark size unless -c is
    given.
    """
    from quiesce import expectations, library
    from quiesce.engines.native import Strategy
    from quiesce.engines.native.bench import measure

    settings: dict[str, object] = _settings(constants)
    if not settings:
        for row in expectations.read(library.root() / library.CHECKS / library.BENCH_CHECKS):
            if row.model == target:
                settings = dict(row.parameters)
    for line in measure(library.find(target).system(settings), runs, Strategy(workers=workers)):
        print(line, flush=True)
    return HOLDS
