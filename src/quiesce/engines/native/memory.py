"""Memory from the system itself: pages that cost nothing until they are touched, and are given back when freed."""

from __future__ import annotations

import mmap

import numpy as np

LARGE = 4 << 20
"""Bytes from which on a block asks for large pages: below, they only cost memory."""


class Pages:
    """Zeroed memory at an address that is a multiple of a page; raises MemoryError where the system has none left."""

    def __init__(self, length: int) -> None:
        self.bytes = length
        try:
            if hasattr(mmap, "MAP_PRIVATE"):
                self._map = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            else:
                self._map = mmap.mmap(-1, length)
        except OSError as problem:
            raise MemoryError(f"the system refuses {length:,} bytes: {problem}") from problem
        if length >= LARGE and hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)
        self.address = int(np.frombuffer(self._map, dtype=np.uint8).ctypes.data)

    def free(self) -> None:
        """Give the memory back."""
        self._map.close()
