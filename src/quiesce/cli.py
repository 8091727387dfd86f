"""The `model-check` command: reads the command line, and turns whatever happens into a message and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from quiesce.commands import app, checking, comparing, looking
from quiesce.core.errors import EngineError, SearchInterruptedError, SpecificationError
from quiesce.statuses import BUG, HOLDS, INTERRUPTED, UNKNOWN, WRONG

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
