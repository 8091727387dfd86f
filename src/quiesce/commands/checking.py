"""The verb `check`: search every reachable state and answer every property."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from quiesce.commands import (
    Constants,
    Form,
    MaxStates,
    Memory,
    On,
    Targets,
    Workers,
    bytes_of,
    check_format,
    settings_of,
)
from quiesce.commands.options import Option
from quiesce.core.errors import EngineError, SpecificationError
from quiesce.statuses import BUG, WRONG


def check(
    targets: Targets = None,
    constants: Constants = None,
    properties: Annotated[list[str] | None, Option("--property", help="Ask only this property.")] = None,
    asked: Annotated[
        list[str] | None,
        Option("--ask", metavar="FORMULA", help="Ask only this formula: AG(EF(provider.state == down))."),
    ] = None,
    unfair: Annotated[list[str] | None, Option(metavar="TRIGGER", help="Let no row of this trigger be fair.")] = None,
    everything: Annotated[bool, Option("--all", help="All checks of the library, defects included.")] = False,
    max_states: MaxStates = None,
    max_seconds: Annotated[
        float | None, Option(least=0, metavar="SECONDS", help="Stop after this many seconds of search.")
    ] = None,
    memory: Memory = None,
    engine: Annotated[
        str, Option(help="native (machine code), or reference: the definition itself, slow, for anyone who doubts.")
    ] = "native",
    on: On = "",
    workers: Workers = 0,
    symmetry: Annotated[bool, Option(help="Search one state of each orbit of interchangeable copies.")] = False,
    partial_order: Annotated[
        bool, Option("--por", help="Partial-order reduction (state properties and deadlocks only).")
    ] = False,
    checkpoint: Annotated[
        Path | None, Option(metavar="DIR", help="Keep the search in this folder, so that it can go on there.")
    ] = None,
    resume: Annotated[Path | None, Option(metavar="DIR", help="Go on with the search in this folder.")] = None,
    bound: Annotated[int | None, Option(least=1, help="Of a .pnml net: tokens in a place.")] = None,
    formulas: Annotated[
        list[Path] | None, Option(help="Of a .pnml net: a formula file of the Model Checking Contest.")
    ] = None,
    strict: Annotated[bool, Option(help="Exit with 4 if all holds, but one is vacuous or a row dead.")] = False,
    form: Form = "text",
    plain: Annotated[bool, Option(help="Print nothing that varies from run to run.")] = False,
) -> int:
    """Search every reachable state and answer every property (the default verb).

    Without a target: the library's default set. Exit status: 0 all hold or came out as a checks file expects, 1
    violated or not as expected, 2 a mistake in the specification or the command line, 3 undecided, 4 suspicious under
    --strict, 70 internal error, 130 interrupted, 141 nobody reads the output.
    """
    started = time.perf_counter()
    check_format(form)
    from quiesce.engines.options import Limits, Strategy
    from quiesce.engines.requests import CheckRequest
    from quiesce.session import Session

    limits = Limits(max_states=max_states, max_seconds=max_seconds, memory=bytes_of(memory))
    strategy = Strategy(
        engine=engine,
        workers=workers,
        symmetry=symmetry,
        partial_order=partial_order,
        checkpoint=checkpoint,
        resume=resume,
    )
    session = Session(
        form == "json", plain, limits, started, strict=strict, strategy=strategy, processes=_processes(on, workers)
    )
    settings = settings_of(constants)
    request = CheckRequest(properties=properties or [], formulas=asked or [], unfair=unfair or [])
    chosen = _chosen_targets(targets, everything)
    _check_folders(chosen, checkpoint, resume)
    for target in chosen:
        try:
            if (bound is not None or formulas) and not target.endswith(".pnml"):
                raise SpecificationError("Q48", "--bound and --formulas are for a .pnml net")
            if target.endswith(".pnml"):
                if option := _given(constants=constants, properties=properties, unfair=unfair):
                    raise SpecificationError("Q48", f"{option} does not apply to .pnml nets")
                session.check_net(Path(target), bound, formulas or [], asked or [])
            elif target.endswith(".toml"):
                if option := _given(constants=constants, properties=properties, asked=asked, unfair=unfair):
                    raise SpecificationError(
                        "Q48",
                        f"{option} does not apply to checks files: their rows set it",
                        hint="name a model instead",
                    )
                session.check_file(Path(target))
            else:
                session.check_target(target, settings, request)
        except SpecificationError as problem:
            print(problem, file=sys.stderr)
            session.statuses.append(WRONG)
        except EngineError as problem:
            print(f"internal error in quiesce; no verdict on {target}: {problem}", file=sys.stderr)
            session.statuses.append(BUG)
    return session.finish()


def _check_folders(targets: Sequence[str], checkpoint: Path | None, resume: Path | None) -> None:
    """Accept the folder of a search where there is one search; raises SpecificationError (Q48)."""
    if (checkpoint or resume) and (len(targets) != 1 or targets[0].endswith((".toml", ".pnml"))):
        raise SpecificationError("Q48", "--checkpoint and --resume are for one model", hint="name one, with -c")


def _processes(on: str, workers: int) -> int:
    """Return in how many processes the systems of a checks file are checked: those that are not told, on every core.

    Raises SpecificationError (Q48) where there would be more threads than cores.
    """
    from quiesce.engines.native.thread_pool import all_cores
    from quiesce.processes import HERE, number_of

    cores = all_cores()
    if not on:
        on = "processes" if sys.platform == "linux" and workers == 0 and cores > 1 else HERE
    number = number_of(on)
    if number > 1 and number * max(1, workers) > cores and workers > 1:
        raise SpecificationError(
            "Q48", f"--on {on} --workers {workers}: there are {cores} cores", hint="give fewer of either"
        )
    return number


_OPTIONS = {"constants": "-c", "properties": "--property", "asked": "--ask", "unfair": "--unfair"}


def _given(**options: list[str] | None) -> str | None:
    """Return the first of some options that was given, as the user writes it."""
    return next((_OPTIONS[name] for name, value in options.items() if value), None)


def _chosen_targets(targets: list[str] | None, everything: bool) -> list[str]:
    from quiesce import library

    if everything:
        if targets:
            raise SpecificationError("Q48", "--all and a target", hint="give one of them")
        return [str(file) for file in library.checks() if file.name != library.BENCH_CHECKS]
    return targets or [str(library.root() / library.CHECKS / library.DEFAULT_CHECKS)]
