"""A journal: lines of JSON that one process at a time adds to, of which none can be altered or lost unnoticed.

Each line begins with a checksum, which goes on from that of the line before. A last line without its end was torn when
a process was killed, and is forgotten.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from pathlib import Path
from typing import IO, Any

from quiesce.core.errors import SpecificationError

Record = dict[str, Any]


class Journal:
    """A journal that is open, and locked until it is closed or its process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._chain = 0
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is no file")
        self._file: IO[bytes] = open(path, "a+b", buffering=0)  # noqa: SIM115
        try:
            _lock(self._file, path)
        except BaseException:
            self._file.close()
            raise

    def records(self) -> list[Record]:
        """Return what stands there, and cut off what was torn; raises SpecificationError (Q50) if it was altered."""
        content = self.path.read_bytes()
        records: list[Record] = []
        length = chain = 0
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            check, _, text = line.partition(b" ")
            chain = zlib.crc32(text, chain)
            if b"%08x" % chain != check:
                raise SpecificationError(
                    "Q50",
                    f"{self.path.as_posix()} was altered (line {number})",
                    hint="search again from the beginning",
                )
            records.append(json.loads(text))
            length += len(line) + 1
        if length < len(content):
            os.truncate(self.path, length)
        self._chain = chain
        return records

    def write(self, *records: Record) -> None:
        """Add records, and wait until they are on the disk; raises OSError where it is full."""
        lines, chain = b"", self._chain
        for record in records:
            text = json.dumps(record, separators=(",", ":")).encode()
            chain = zlib.crc32(text, chain)
            lines += b"%08x %s\n" % (chain, text)
        rest = lines
        while rest:
            rest = rest[self._file.write(rest) :]
        os.fsync(self._file.fileno())
        self._chain = chain

    def close(self) -> None:
        """Let go of the file, and of its lock."""
        self._file.close()


def _lock(file: IO[bytes], path: Path) -> None:
    """Lock an open file; raises SpecificationError (Q51) where another process has it. Not every disk has locks."""
    try:
        _system_lock(file)
    except OSError as problem:
        if problem.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise SpecificationError(
                "Q51", f"{path.as_posix()} is in use by another process", hint="wait for its end, or name another place"
            ) from None


def _system_lock(file: IO[bytes]) -> None:
    if os.name == "nt":
        import msvcrt

        file.seek(1 << 30)  # where nothing stands: what is locked there cannot be read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
