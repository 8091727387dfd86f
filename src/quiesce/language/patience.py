"""How long an author's code may run: a model that does not come to an end says so, and at last is ended."""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from quiesce.core.errors import Place, SpecificationError
from quiesce.language.places import is_engine

WORTH_A_WORD, TOO_LONG = 5.0, 30.0
"""Seconds after which a model that still runs is mentioned, and after which it is stopped."""


AGAIN = 1.0
"""Seconds after which a model that caught its end is told so again."""


class _TooLongError(BaseException):
    """Raised in an author's code that does not come to an end; no `except Exception` of his own catches it."""


@contextmanager
def patience(name: str) -> Iterator[None]:
    """Say where an author's code is if it runs for long, and end it if it does not come to an end.

    Raises SpecificationError (Q44) with the line at which it was stopped. Only Python code in the main thread can be;
    signals have no part in it, for a process in the background may ignore them, and so may a model.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over = threading.Event()
    stopped: list[Place | None] = []
    main = threading.get_ident()

    def watch() -> None:
        if over.wait(WORTH_A_WORD):
            return
        print(f"{name} is still being loaded, at {_at(main)}; Ctrl-C ends it", file=sys.stderr, flush=True)
        wait = TOO_LONG - WORTH_A_WORD
        while not over.wait(wait):
            stopped.append(_at(main))
            _raise_in(main, _TooLongError)
            wait = AGAIN

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except _TooLongError:
        raise SpecificationError(
            "Q44",
            f"{name} does not load: it was still running after {TOO_LONG:.0f} seconds",
            place=stopped[0],
            hint="does a loop of it come to an end?",
        ) from None
    finally:
        over.set()
        if stopped:
            watcher.join()
            _raise_in(main, None)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise an error in a thread as soon as it runs Python code again; None takes back one that it has not met yet."""
    raised = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), raised)


def _at(thread: int) -> Place | None:
    """Return the line of the author's at which a thread is."""
    frame = sys._current_frames().get(thread)
    listed = [] if frame is None else traceback.extract_stack(frame)
    own = [entry for entry in listed if not is_engine(entry.filename) and not entry.filename.startswith("<")]
    return Place(own[-1].filename, own[-1].lineno or 1) if own else None
