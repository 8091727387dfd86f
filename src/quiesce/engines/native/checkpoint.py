"""A search on disk: killed at any moment, it goes on from its last record as if nothing had happened.

A folder holds the keys of all states, the values of the interning tree, and a journal. A record of the journal says
how much of the other files counts, and how far the search was; each has a checksum. What stands behind the last whole
record is cut off: those batches are searched again.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from pathlib import Path
from typing import IO, Any

from quiesce.core.errors import SpecificationError
from quiesce.engines.native.space import Space
from quiesce.engines.native.store import Store

JOURNAL, STATES = "journal", "states"
SECONDS = 1.0
"""Between two records."""
FORMAT = 1

Record = dict[str, Any]


class Checkpoint:
    """The folder of a search. A new search needs one without a journal, a resumed one needs its own."""

    def __init__(self, folder: Path, space: Space, identity: str, *, resumed: bool) -> None:
        self.folder, self.space = folder, space
        self.records: list[Record] = []
        self.written = time.perf_counter()
        path = folder / JOURNAL
        self._chain = 0
        if resumed:
            self.records, self._chain = _read(path, identity)
        elif path.exists() and b"\n" in path.read_bytes():
            raise SpecificationError(
                "Q51", f"{folder.as_posix()} holds a search already", hint="go on with --resume, or name another folder"
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.stores = [Store(folder, folder / STATES)]
        nodes = 0 if space.tree is None else space.tree.nodes  # a space on disk is compact from the beginning
        self.stores += [Store(folder, folder / f"words-{node}") for node in range(nodes)]
        space.store = self.stores[0]
        space.store.crew = space.crew
        self._journal: IO[bytes] = open(path, "ab" if resumed else "wb", buffering=0)  # noqa: SIM115
        if not resumed:
            self._write({"format": FORMAT, "identity": identity})
        self._told = [0] * len(self.stores)
        self._levels = 0

    def restore(self) -> Record | None:
        """Fill the space with what the records say; return the last one, None where there is none."""
        if not self.records:
            return None
        space, last = self.space, self.records[-1]
        levels: list[int] = []
        checks: list[list[int]] = [[] for _ in self.stores]
        for record in self.records:
            levels[record["level"] :] = record["levels"]
            for known, (page, more) in zip(checks, record["checks"], strict=True):
                known[page:] = more
        for store, count, known in zip(self.stores, last["counts"], checks, strict=True):
            store.resume(count, known)
        for node, store in enumerate(self.stores[1:]):
            assert space.tree is not None
            space.tree.restore(node, store.read(0, store.count))
        space.refill()
        space.levels = levels
        return last

    def is_due(self) -> bool:
        """Tell whether it is time for another record."""
        return time.perf_counter() - self.written > SECONDS

    def record(self, progress: Record) -> None:
        """Write how far the search is; raises OSError where the disk is full."""
        tree = self.space.tree
        for node, store in enumerate(self.stores[1:]):
            assert tree is not None
            store.append(tree.values(node)[store.count :])
        for store in self.stores:
            store.flush()
        checks = [[told, store.checks[told:]] for told, store in zip(self._told, self.stores, strict=True)]
        level, levels = self._levels, self.space.levels
        counts = [store.count for store in self.stores]
        self._write({"counts": counts, "checks": checks, "level": level, "levels": levels[level:], **progress})
        self._told = [max(0, len(store.checks) - 1) for store in self.stores]
        self._levels = len(levels)
        self.written = time.perf_counter()

    def close(self) -> None:
        """Let go of the files."""
        self._journal.close()
        for store in self.stores:
            store.close()

    def _write(self, record: Record) -> None:
        text = json.dumps(record, separators=(",", ":")).encode()
        chain = zlib.crc32(text, self._chain)
        rest = b"%08x %s\n" % (chain, text)
        while rest:
            rest = rest[self._journal.write(rest) :]
        os.fsync(self._journal.fileno())
        self._chain = chain


def _read(path: Path, identity: str) -> tuple[list[Record], int]:
    """Return the records of a journal and the checksum of its last line, and cut off what was torn behind it.

    The checksum of a line goes on from that of the line before, so that a line that is missing is noticed.

    Raises SpecificationError: Q50 for a journal that was altered, Q51 for one of another search or none at all.
    """
    if not path.is_file():
        raise SpecificationError("Q51", f"{path.parent.as_posix()} holds no search", hint="begin one with --checkpoint")
    content = path.read_bytes()
    lines = content.split(b"\n")
    records: list[Record] = []
    length = chain = 0
    for number, line in enumerate(lines[:-1], start=1):
        check, _, text = line.partition(b" ")
        chain = zlib.crc32(text, chain)
        if b"%08x" % chain != check:
            raise SpecificationError(
                "Q50", f"{path.as_posix()} was altered (line {number})", hint="search again from the beginning"
            )
        records.append(json.loads(text))
        length += len(line) + 1
    if not records:
        raise SpecificationError("Q51", f"{path.parent.as_posix()} holds no search", hint="begin one with --checkpoint")
    if length < len(content):
        os.truncate(path, length)
    if records[0] != {"format": FORMAT, "identity": identity}:
        raise SpecificationError(
            "Q51",
            f"{path.parent.as_posix()} holds a search of another system, of other properties or of another version",
            hint="name the same target, parameters and options, or begin anew with --checkpoint in another folder",
        )
    return records[1:], chain
