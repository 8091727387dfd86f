"""A search on disk: killed at any moment, it goes on from its last record as if nothing had happened.

A folder holds the keys of all states, the values of the interning tree, and a journal. A record of the journal says
how much of the other files counts, and how far the search was; each has a checksum. What stands behind the last whole
record is cut off: those batches are searched again.
"""

from __future__ import annotations

import time
from pathlib import Path

from quiesce.core.errors import SpecificationError
from quiesce.engines.native.journal import Journal, Record
from quiesce.engines.native.space import Space
from quiesce.engines.native.store import Store

JOURNAL, STATES = "journal", "states"
SECONDS = 1.0
"""Between two records."""
FORMAT = 1


class Checkpoint:
    """The folder of a search. A new search needs one without a journal, a resumed one needs its own."""

    def __init__(self, folder: Path, space: Space, identity: str, *, resumed: bool) -> None:
        self.folder, self.space = folder, space
        self.written = time.perf_counter()
        if resumed and not (folder / JOURNAL).is_file():
            raise _nothing(folder)
        _make(folder)
        self._journal = Journal(folder / JOURNAL)
        try:
            self.records = _taken_up(self._journal, identity) if resumed else _begun(self._journal)
        except BaseException:
            self._journal.close()
            raise
        self.stores = [Store(folder, folder / STATES)]
        nodes = 0 if space.tree is None else space.tree.nodes  # a space on disk is compact from the beginning
        self.stores += [Store(folder, folder / f"words-{node}") for node in range(nodes)]
        space.store = self.stores[0]
        space.store.threads = space.threads
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
        self._journal.write(record)


def _make(folder: Path) -> None:
    """Make the folder of a new search; raises SpecificationError (Q51) where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / JOURNAL).touch()
    except OSError as problem:
        raise SpecificationError(
            "Q51", f"{folder.as_posix()} cannot be written: {problem.strerror}", hint="name another folder"
        ) from None


def _nothing(folder: Path) -> SpecificationError:
    return SpecificationError("Q51", f"{folder.as_posix()} holds no search", hint="begin one with --checkpoint")


def _begun(journal: Journal) -> list[Record]:
    """Accept a journal without a line; raises SpecificationError (Q51)."""
    folder = journal.path.parent
    if b"\n" in journal.path.read_bytes():
        raise SpecificationError(
            "Q51", f"{folder.as_posix()} holds a search already", hint="go on with --resume, or name another folder"
        )
    return journal.records()


def _taken_up(journal: Journal, identity: str) -> list[Record]:
    """Return the records of a search; raises SpecificationError: Q50 and Q51 for one that cannot be gone on with."""
    folder = journal.path.parent
    records = journal.records()
    if not records:
        raise _nothing(folder)
    if records[0] != {"format": FORMAT, "identity": identity}:
        raise SpecificationError(
            "Q51",
            f"{folder.as_posix()} holds a search of another system, of other properties or of another version",
            hint="name the same target, parameters and options, or begin anew with --checkpoint in another folder",
        )
    return records[1:]
