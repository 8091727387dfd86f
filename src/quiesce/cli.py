"""The `model-check` command: reads the command line, and turns whatever happens into a message and an exit status."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches

from quiesce import endings
from quiesce.commands.verbs import COMMON, VERBS, common_parser, parser
from quiesce.core.errors import EngineError, SearchInterruptedError, SpecificationError
from quiesce.endings import OutputError
from quiesce.statuses import BUG, INTERRUPTED, UNKNOWN, UNREAD, WRONG


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its status; no verb means `check`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if endings.is_command():
        endings.watch_signals()
        _start_lightly()
    endings.open_streams()
    status = _flushed(_run(given))
    endings.said(status)
    sys.exit(status)


def _start_lightly() -> None:
    """Spend no time on what few runs need: threads for linear algebra, and a search for garbage at every turn."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(100_000, 20, 50)


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
    """Return a command line with its verb, unless it begins with an option that belongs to none.

    Raises SpecificationError (Q43) for a word that is no verb, and no target.
    """
    if given and (given[0] in VERBS or given[0].partition("=")[0] in ("-h", "--help", *COMMON)):
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


def answer(given: list[str]) -> int:
    """Do what a command line asks for and return the exit status; raises SpecificationError for a mistake in it."""
    words = _with_verb(given)
    if words[0] not in VERBS:
        return common_parser().call(words)
    return parser(words[0]).call(words[1:], instead=[] if words == given else COMMON)


def _run(given: list[str]) -> int:
    """Return the exit status of a command line; a user's mistake is never a traceback."""
    try:
        return answer(given)
    except OutputError as problem:
        return _unwritten(problem)
    except SpecificationError as problem:
        print(problem, file=sys.stderr)
        return WRONG
    except EngineError as problem:
        print(f"internal error in quiesce; no verdict: {problem}", file=sys.stderr)
        return BUG
    except SearchInterruptedError as interrupt:
        print(f"{endings.INTERRUPT}; {interrupt}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print(endings.INTERRUPT, file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print("unknown: out of memory; give --max-states, or smaller parameters", file=sys.stderr)
        return UNKNOWN
    except Exception:
        traceback.print_exc()
        print("internal error in quiesce; no verdict; please report it with the lines above", file=sys.stderr)
        return BUG
