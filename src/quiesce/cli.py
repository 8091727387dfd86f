"""The `model-check` command: reads the command line, and turns whatever happens into a message and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches

import typer

from quiesce import endings
from quiesce.commands import app, checking, comparing, looking
from quiesce.core.errors import EngineError, SearchInterruptedError, SpecificationError
from quiesce.endings import OutputError
from quiesce.statuses import BUG, INTERRUPTED, UNKNOWN, UNREAD, WRONG

_OWNERS = (checking, looking, comparing)
"""The modules that give the app its verbs, by being imported."""
VERBS = [
    command.name or command.callback.__name__ for command in app.registered_commands if command.callback is not None
]

_USAGE: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What typer raises for a command line that it cannot read; releases differ in where they keep it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status; no verb means `check`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if endings.is_command():
        endings.watch_signals()
    endings.open_streams()
    status = _flushed(_run(given))
    endings.said(status)
    sys.exit(status)


def _flushed(status: int) -> int:
    """Return the status of a command when its output has arrived; a status is worth nothing without it."""
    try:
        sys.stdout.flush()
    except (OutputError, ValueError) as problem:
        return _unwritten(problem) if isinstance(problem, OutputError) else status
    finally:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
    return status


def _unwritten(problem: OutputError) -> int:
    endings.drop(sys.stdout)
    if problem.unread:
        return UNREAD
    print(f"the output cannot be written: {problem}", file=sys.stderr)
    return WRONG


def _with_verb(given: list[str]) -> list[str]:
    """Return a command line with its verb; raises SpecificationError (Q43) for a word that is none, and no target."""
    if given[:1] in (["--help"], ["-h"], ["--version"]) or (given and given[0] in VERBS):
        return given
    if given and not given[0].startswith("-") and not _is_target(given[0]):
        from quiesce import library

        near = get_close_matches(given[0], [*VERBS, *library.models()], n=2)
        guess = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise SpecificationError(
            "Q43",
            f"there is no verb and no target {given[0]!r}",
            hint=f"{guess}verbs are {', '.join(VERBS)}; a target is a file.py, a checks file or one of the library's "
            f"models: {', '.join(library.models())}",
        )
    return ["check", *given]


def _is_target(word: str) -> bool:
    """Tell whether a word may be what a verb is about, judged by its look."""
    if any(letter in word for letter in "./\\:") or os.path.exists(word):
        return True
    from quiesce import library

    return word in library.models()


def _run(given: list[str]) -> int:
    """Return the exit status of a command line; a user's mistake is never a traceback."""
    try:
        status = int(app(_with_verb(given), standalone_mode=False) or 0)
        if status == INTERRUPTED:  # typer turns Ctrl-C into a status of its own
            raise KeyboardInterrupt
        return status
    except typer.Exit as leave:
        return leave.exit_code
    except OutputError as problem:
        return _unwritten(problem)
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
        print(f"{endings.INTERRUPT}; {interrupt}", file=sys.stderr)
        return INTERRUPTED
    except (KeyboardInterrupt, typer.Abort):
        print(endings.INTERRUPT, file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print("unknown: out of memory; give --max-states, or smaller parameters", file=sys.stderr)
        return UNKNOWN
    except Exception:
        traceback.print_exc()
        print("a bug in quiesce, and no answer; please report it with the lines above", file=sys.stderr)
        return BUG
