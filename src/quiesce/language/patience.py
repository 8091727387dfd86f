"""How long an author's code may run: a model that does not come to an end says so, and at last is ended."""

from __future__ import annotations

import _thread
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from quiesce import endings
from quiesce.core.errors import Place, SpecificationError
from quiesce.language.places import is_engine

WORTH_A_WORD, TOO_LONG = 5.0, 30.0
"""Seconds after which a model that still runs is mentioned, and after which it is stopped."""


@contextmanager
def patience(name: str) -> Iterator[None]:
    """Say where an author's code is if it runs for long, and end it if it does not come to an end.

    Raises SpecificationError (Q44) with the line at which it was stopped. Only Python code in the main thread can be.
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
        if not over.wait(TOO_LONG - WORTH_A_WORD):
            stopped.append(_at(main))
            endings.raise_interrupts(True)
            _thread.interrupt_main()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    except KeyboardInterrupt:
        if not stopped:
            raise
        raise SpecificationError(
            "Q44",
            f"{name} does not load: it was still running after {TOO_LONG:.0f} seconds",
            place=stopped[0],
            hint="does a loop of it come to an end?",
        ) from None
    finally:
        over.set()
        if stopped:
            endings.raise_interrupts(False)


def _at(thread: int) -> Place | None:
    """Return the line of the author's at which a thread is."""
    frame = sys._current_frames().get(thread)
    listed = [] if frame is None else traceback.extract_stack(frame)
    own = [entry for entry in listed if not is_engine(entry.filename) and not entry.filename.startswith("<")]
    return Place(own[-1].filename, own[-1].lineno or 1) if own else None
