"""How long a search stands still while its table grows; `python -m benchmarks.pauses WORDS` is `model-check WORDS`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from quiesce import cli
from quiesce.engines.native.search import Search

SAID = "longest growth:"


@contextmanager
def timed() -> Iterator[list[float]]:
    """Give the seconds of every growth of the table, and of the numbers of wide states, in this process."""
    seconds: list[float] = []
    real = Search._make_room

    def make_room(search: Search) -> None:
        begun = time.perf_counter()
        real(search)
        seconds.append(time.perf_counter() - begun)

    Search._make_room = make_room  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        Search._make_room = real  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.argv[0] = "model-check"
    with timed() as found:
        try:
            cli.main()
        finally:
            print(f"{SAID} {max(found, default=0.0):.4f} s", file=sys.stderr)
