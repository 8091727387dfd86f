"""How the command ends when somebody else wants it to end: signals, and streams that take no more.

A signal is told in one line and ends the process at once. An exception would be lost, or printed, in whatever library
is at work in that moment; and a model may catch everything.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPT = "interrupted: no verdict"
_ENDING = ("SIGTERM", "SIGHUP", "SIGALRM", "SIGXCPU", "SIGVTALRM", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGBREAK")
"""Signals that end a process which does not expect them, as far as a system has them."""


class OutputError(Exception):
    """The standard output takes no more: it is full, or nobody reads it."""

    def __init__(self, problem: OSError) -> None:
        super().__init__(problem.strerror or type(problem).__name__)
        self.unread = isinstance(problem, BrokenPipeError)


class _State:
    """What a signal must know: what to tidy up, and the status if all is said."""

    def __init__(self) -> None:
        self.tidying: list[Callable[[], object]] = []
        self.status: int | None = None


_state = _State()


def is_command() -> bool:
    """Tell whether this process is the `model-check` command, also before its modules are imported."""
    words = sys.orig_argv
    if "--multiprocessing-fork" in words:  # a process that a command has started, and ends
        return False
    if "-m" in words[:-1] and words[words.index("-m") + 1] == "quiesce":
        return True
    return bool(sys.argv) and os.path.basename(sys.argv[0]).partition(".")[0] == "model-check"


def watch_signals() -> None:
    """End the process with one line at a signal that nobody else has a handler for; nothing outside the main thread."""
    with suppress(ValueError):
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)
        for name in _ENDING:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    for tidy in _state.tidying:
        with suppress(Exception):
            tidy()
    if _state.status is not None:
        os._exit(_state.status)
    words = INTERRUPT if number == signal.SIGINT else f"ended by {signal.Signals(number).name}: no verdict"
    with suppress(OSError):
        os.write(2, f"{words}\n".encode())
    os._exit(128 + number)


def said(status: int) -> None:
    """All was said: from now on a signal ends the process with this status, and without a word."""
    _state.status = status


@contextmanager
def tidied(tidy: Callable[[], object]) -> Iterator[None]:
    """Call something, quick and safe at any moment, if a signal ends the process inside."""
    _state.tidying.append(tidy)
    try:
        yield
    finally:
        _state.tidying.remove(tidy)


def tidy_at_end(tidy: Callable[[], object]) -> None:
    """Call something, quick and safe at any moment, if a signal ends the process from now on."""
    _state.tidying.append(tidy)


# -- streams ----------------------------------------------------------------------------------------------------------


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise OutputError(problem) from None


class _Output(io.TextIOWrapper):
    """The standard output: what it cannot take is an OutputError, told from every other file's."""

    def write(self, text: str) -> int:
        with _written():
            return super().write(text)

    def flush(self) -> None:
        with _written():
            super().flush()


class _Words(io.TextIOWrapper):
    """The standard error: nobody can be told that it takes no more."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def open_streams() -> None:
    """Let both streams take every letter, and tell or swallow what they cannot take."""
    for name, kind in (("stdout", _Output), ("stderr", _Words)):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started us: its number must not become that of another file
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif type(stream) is io.TextIOWrapper:
            made = kind(
                stream.buffer,
                encoding=stream.encoding,
                errors="backslashreplace",
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            )
            setattr(sys, name, made)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def put(content: bytes) -> None:
    """Write bytes on the standard output; raises OutputError where it takes no more."""
    sys.stdout.flush()
    with _written():
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def drop(stream: object) -> None:
    """Let what a stream still holds go nowhere, so that the interpreter does not try again at its end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]
