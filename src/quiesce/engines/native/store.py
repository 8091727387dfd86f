"""All states of a search as keys in the order of their discovery: in memory while they are few, else in a file.

The file is read and written plainly, never mapped: pages of the system's cache are not our memory. Every page of keys
has a checksum, so that a file that was cut short or altered is found.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO

import numpy as np
from numpy.typing import NDArray

from quiesce.core.errors import SpecificationError
from quiesce.engines.native.thread_pool import ThreadPool

Words = NDArray[np.uint64]
File = IO[bytes]

PAGE = 1 << 16
"""Keys under one checksum: 512 KiB."""
ALONE = 1 << 14
"""Keys that are written and summed up by one thread."""
IN_MEMORY = 1 << 22
"""Keys that are kept in memory before they go to a file: 32 MiB."""


class Store:
    """A sequence of keys. With a `file` they are written there from the first on; `folder` is for what spills."""

    def __init__(self, folder: Path, file: Path | None = None, *, in_memory: int = IN_MEMORY) -> None:
        self.count = 0
        self.checks: list[int] = []
        """Checksum of every page; the last one may be partly filled."""
        self._folder, self._path, self._most = folder, file, in_memory
        self._kept: Words = np.empty(0, dtype=np.uint64)
        self._file: IO[bytes] | None = None
        self._one = Lock()
        self.threads: ThreadPool | None = None
        """Who helps with what is written."""
        if file is not None:
            self._file = open(file, "r+b" if file.exists() else "x+b", buffering=0)  # noqa: SIM115

    @property
    def bytes(self) -> int:
        """Memory in use."""
        return int(self._kept.nbytes)

    def append(self, keys: Words) -> None:
        """Add keys at the end; raises OSError where the disk is full."""
        if self._file is None and self.count + len(keys) > self._most:
            self._spill()
        if self._file is None:
            if len(self._kept) < self.count + len(keys):
                self._kept.resize(max(2 * len(self._kept), self.count + len(keys)), refcheck=False)
            self._kept[self.count : self.count + len(keys)] = keys
        else:
            self._write(self._file, self.count, keys)
        self.count += len(keys)

    def read(self, first: int, last: int) -> Words:
        """Return the keys `first` to `last` - 1; raises SpecificationError (Q50) where the file was cut or altered."""
        if self._file is None:
            return self._kept[first:last]
        begin = first // PAGE
        start, end = begin * PAGE, min(-(-last // PAGE) * PAGE, self.count)
        keys: Words = np.empty(end - start, dtype=np.uint64)
        with self._one:
            self._file.seek(start * 8)
            rest = keys.data.cast("B")
            while len(rest):
                got = self._file.readinto(rest)  # type: ignore[attr-defined]
                if not got:
                    raise self._spoiled("ends too early")
                rest = rest[got:]
        for page in range(begin, -(-end // PAGE)):
            part = keys[(page - begin) * PAGE : (page + 1 - begin) * PAGE]
            if zlib.crc32(part.data) != self.checks[page]:
                raise self._spoiled(f"was altered (page {page})")
        return keys[first - start : last - start]

    def flush(self) -> None:
        """Let what was written reach the disk."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def resume(self, count: int, checks: list[int]) -> None:
        """Take over the first `count` keys of the file, and cut off what stands behind them."""
        assert self._file is not None
        if self._file.seek(0, 2) < count * 8 or len(checks) != -(-count // PAGE):
            raise self._spoiled("ends too early")
        self._file.truncate(count * 8)
        self.count, self.checks = count, checks

    def close(self) -> None:
        """Let go of memory and file."""
        self._kept = np.empty(0, dtype=np.uint64)
        if self._file is not None:
            self._file.close()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _spill(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        file = TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115
        try:
            self._write(file, 0, self._kept[: self.count])
        except OSError:
            file.close()
            self.checks = []
            raise
        self._file, self._kept = file, np.empty(0, dtype=np.uint64)

    def _write(self, file: File, first: int, keys: Words) -> None:
        """Write keys from a place on, and their checksums when all are written."""
        keys = np.ascontiguousarray(keys)
        checks = self.checks[-1:] if first % PAGE else []

        def put() -> None:
            file.seek(first * 8)
            rest = keys.data.cast("B")
            while len(rest):
                rest = rest[file.write(rest) :]

        def check() -> None:
            at = 0
            while at < len(keys):
                filled = (first + at) % PAGE
                part = keys[at : at + PAGE - filled]
                if filled:
                    checks[-1] = zlib.crc32(part.data, checks[-1])
                else:
                    checks.append(zlib.crc32(part.data))
                at += len(part)

        if self.threads is None or len(keys) < ALONE:
            put()
            check()
        else:
            self.threads.map(lambda task: task(), [put, check])
        self.checks[first // PAGE :] = checks

    def _spoiled(self, how: str) -> SpecificationError:
        name = "the file of states" if self._path is None else self._path.as_posix()
        hint = "search again from the beginning; if it happens again, look at the disk"
        return SpecificationError("Q50", f"{name} {how}: its states cannot be trusted", hint=hint)
