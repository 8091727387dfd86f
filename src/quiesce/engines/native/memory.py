"""Memory from the system itself: zeroed pages, given back when freed."""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

HUGE_PAGE = 2 << 20
"""Bytes of a large page, on most processors: Linux places a block on one if its length is a multiple of it."""
LARGE = 2 * HUGE_PAGE
"""Bytes from which on a block asks for large pages: below, they only cost memory."""
AT_ONCE = 128 << 10
"""Bytes from which on all pages are fetched at once: a page at a time, threads wait for each other at every page."""

POPULATE_WRITE = 23
"""Linux's MADV_POPULATE_WRITE, which Python's mmap does not name."""


class Pages:
    """Zeroed memory at an address that is a multiple of a page; raises MemoryError where the system has none left."""

    def __init__(self, length: int) -> None:
        self.bytes = length
        try:
            self._map = _mapped(length)
        except OSError as problem:
            raise MemoryError(f"the system refuses {length:,} bytes: {problem}") from problem
        if length >= LARGE:
            self._advise(getattr(mmap, "MADV_HUGEPAGE", None))
        if length >= AT_ONCE:
            self._advise(POPULATE_WRITE if sys.platform == "linux" else None)
        self.address = int(np.frombuffer(self._map, dtype=np.uint8).ctypes.data)

    def read(self, count: int) -> NDArray[np.uint64]:
        """Return a copy of the first words; raises ValueError where there are not as many."""
        return np.frombuffer(self._map, dtype=np.uint64, count=count).copy()

    def write(self, words: NDArray[np.uint64]) -> None:
        """Put words at the beginning; raises ValueError where there is no room for them."""
        np.frombuffer(self._map, dtype=np.uint64, count=len(words))[:] = words

    def free(self) -> None:
        """Give the memory back."""
        self._map.close()

    def _advise(self, advice: int | None) -> None:
        """Tell the system what the pages are for; one that knows no such advice does without."""
        if advice is not None:
            with suppress(OSError):
                self._map.madvise(advice)


def _mapped(length: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
        return mmap.mmap(-1, length)
    return mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
