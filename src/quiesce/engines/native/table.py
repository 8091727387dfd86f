"""The table of keys: 64 sub-tables that grow one by one, so that no growth takes long or needs much memory.

A key costs about 5 bytes where slots have 32 bits (by sub-table 4.4 to 5.8, for the load is 0.9 to 0.69), twice that
where they have 64: in small tables of keys with many bits.
Sub-tables start with different sizes, so that they do not all grow at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.engines.native.loaded import module
from quiesce.engines.native.memory import HUGE_PAGE, LARGE, Pages
from quiesce.engines.native.plans import (
    CROWDED,
    EXTENSION,
    EXTENSIONS,
    LATE,
    LINE,
    LONGEST,
    MOST_EXTENSIONS,
    MOVE_SCRATCH,
    NEW,
    REPORT,
    SUB_BITS,
    SUB_TABLES,
    USED,
    WIDE,
    Output,
    SubTable,
    TableView,
)
from quiesce.engines.native.thread_pool import ThreadPool

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import table as kernels
else:
    kernels = module("table")

Words = NDArray[np.uint64]

NARROW_SLOTS, WIDE_SLOTS = LINE // 4, LINE // 8
LEAST_BITS = 24
LEAST_SLOTS = 256
"""Slots of the smallest sub-table at first."""
FULL = 0.9
"""Load at which a sub-table grows."""
GROWTH = ((8 << 20, 4.0), (32 << 20, 2.0), (1 << 30, 1.3), (1 << 62, 1.2))
"""Bytes of the table, and what a sub-table grows by below that."""
PATIENT = 64 << 20
"""Bytes of the table from which on only some sub-tables grow at a time: a batch fills the others little."""
MOST_AT_ONCE = 1 << 18
GREATEST_QUOTIENT = (1 << 27) - 1
"""What a slot of 32 bits can hold beside five bits for the probe and one value for `empty`."""


class Table:
    """A set of keys of a number of bits; of wide states, the lower number of a key has `right` of them (0: one word).

    `extend` lets keys have more bits than that. There is room for `expected` keys at first.

    `permit` is asked before the table takes that many bytes more; it raises MemoryError where they are too many.
    """

    def __init__(
        self, bits: int, right: int, threads: ThreadPool, permit: Callable[[int], None], expected: int = 0
    ) -> None:
        self.bits, self.right, self.threads, self.permit = max(bits, LEAST_BITS), right, threads, permit
        self.extended = 0
        self.used = np.zeros(SUB_TABLES, dtype=np.int64)
        self._pages: list[Pages] = []
        self._plan: Words = np.zeros(EXTENSIONS + 1 + MOST_EXTENSIONS, dtype=np.uint64)
        least = max(LEAST_SLOTS, int(expected / FULL / SUB_TABLES))
        factor = min(2.0, self._factor(least * SUB_TABLES * LINE // NARROW_SLOTS))
        for part in range(SUB_TABLES):
            pages, buckets, wide = self._new(int(least * factor ** (part / SUB_TABLES)))
            self._pages.append(pages)
            self._note(part, pages, buckets, wide)

    @property
    def view(self) -> TableView:
        """What the kernels are told of the table: the addresses, sizes and reciprocals of the sub-tables."""
        return TableView(int(self._plan.ctypes.data), self.bits, self.right)

    @property
    def bytes(self) -> int:
        """Memory of all sub-tables."""
        return sum(pages.bytes for pages in self._pages)

    @property
    def is_wide(self) -> bool:
        """Whether slots have 64 bits, at least in the first sub-table."""
        return bool(int(self._plan[0]) & WIDE)

    @property
    def count(self) -> int:
        """How many keys there are."""
        return int(self.used.sum())

    def count_in(self, report: Words) -> None:
        """Add what a kernel entered, as its report says."""
        self.used += report[USED : USED + SUB_TABLES].astype(np.int64)

    def crowded(self, *reports: Words) -> list[int]:
        """Return the sub-tables that must grow: without room near some key of a report, or too full.

        Of a large table, only as many that are too full as there are workers: the others wait for the next time.
        """
        load = self.used / self._capacities()
        must = np.zeros(SUB_TABLES, dtype=np.bool_)
        for report in reports:
            must |= report[CROWDED : CROWDED + SUB_TABLES] != 0
        parts = [int(part) for part in np.argsort(-load) if must[part] or load[part] > FULL]
        if self.bytes < PATIENT:
            return parts
        return [part for number, part in enumerate(parts) if must[part] or number < self.threads.workers]

    def growth(self, parts: list[int]) -> int:
        """Return about how many bytes more the table has when some sub-tables have grown, and while they do."""
        factor = self._factor(self.bytes) - 1
        copies = max((self._pages[part].bytes for part in parts), default=0) * self.threads.workers
        return int(sum(self._pages[part].bytes for part in parts) * factor) + copies

    def grow(self, parts: list[int]) -> None:
        """Let some sub-tables grow, in parallel; what `permit` raises leaves them as they are."""
        self.permit(self.growth(parts))
        factor = self._factor(self.bytes)
        self.threads.map(lambda part: self._grow(part, factor), parts)

    def extend(self, place: int) -> None:
        """Let keys have `EXTENSION` bits more, which begin at a place of a key; all that is there stays."""
        extension = self.extended // EXTENSION
        buckets = self._plan[SUB_TABLES : 2 * SUB_TABLES]
        narrow = self._plan[:SUB_TABLES] & np.uint64(WIDE) == 0
        tight = narrow & (self._greatest(self.extended + EXTENSION) // buckets > GREATEST_QUOTIENT)
        parts = [int(part) for part in np.flatnonzero(tight)]
        if parts:
            self.permit(2 * self.bytes)
        self.extended += EXTENSION
        self.threads.map(lambda part: self._grow(part, 1), parts)
        self._plan[EXTENSIONS + 1 + extension] = np.uint64(place)
        self._plan[EXTENSIONS] = np.uint64(extension + 1)

    def enter(self, keys: Words) -> Words:
        """Enter keys, growing as needed; return those that are new."""
        fresh = [self._enter(keys[at : at + MOST_AT_ONCE]) for at in range(0, len(keys), MOST_AT_ONCE)]
        return np.concatenate(fresh) if fresh else keys

    def slots(self) -> list[int]:
        """Return how many slots each sub-table has, those beyond its last home included."""
        wide = (self._plan[:SUB_TABLES] & np.uint64(WIDE)).astype(np.int64)
        buckets = self._plan[SUB_TABLES : 2 * SUB_TABLES].astype(np.int64) + LONGEST
        return [int(slots) for slots in np.where(wide, WIDE_SLOTS, NARROW_SLOTS) * buckets]

    def free(self) -> None:
        """Give the memory back."""
        for pages in self._pages:
            pages.free()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _enter(self, keys: Words) -> Words:
        found: list[Words] = []
        while len(keys):
            fresh, late = np.empty_like(keys), np.empty_like(keys)
            report = np.zeros(REPORT, dtype=np.uint64)
            kernels.enter(self.view, keys, Output(fresh, late, report))
            self.count_in(report)
            crowded = self.crowded(report)
            if crowded:
                self.grow(crowded)
            found.append(fresh[: int(report[NEW])])
            keys = late[: int(report[LATE])].copy()
        return np.concatenate(found) if found else keys

    @staticmethod
    def _factor(size: int) -> float:
        return next((factor for most, factor in GROWTH if size < most), GROWTH[-1][1])

    def _capacities(self) -> NDArray[np.int64]:
        wide = (self._plan[:SUB_TABLES] & np.uint64(WIDE)).astype(np.int64)
        buckets = self._plan[SUB_TABLES : 2 * SUB_TABLES].astype(np.int64)
        return np.where(wide, WIDE_SLOTS, NARROW_SLOTS) * buckets

    def _greatest(self, extended: int) -> np.uint64:
        """Return the greatest number that a sub-table divides by its number of buckets."""
        return np.uint64((1 << (self.bits + extended - SUB_BITS)) - 1)

    def _new(self, slots: int) -> tuple[Pages, int, bool]:
        """Return memory for a sub-table of at least so many slots, its buckets, and whether its slots are wide."""
        narrow = max(-(-slots // NARROW_SLOTS), int(self._greatest(self.extended)) // (GREATEST_QUOTIENT + 1) + 1)
        wide = -(-slots // WIDE_SLOTS)
        length = (min(narrow, wide) + LONGEST) * LINE
        if length >= LARGE:
            length = -(-length // HUGE_PAGE) * HUGE_PAGE
        return Pages(length), length // LINE - LONGEST, narrow > wide

    def _note(self, part: int, pages: Pages, buckets: int, wide: bool) -> None:
        self._plan[part] = np.uint64(pages.address | (WIDE if wide else 0))
        self._plan[SUB_TABLES + part] = np.uint64(buckets)
        self._plan[2 * SUB_TABLES + part] = np.uint64(((1 << 64) - 1) // buckets)

    def _grow(self, part: int, factor: float) -> None:
        old = self._pages[part]
        slots = int(self._capacities()[part])
        queue = np.empty(MOVE_SCRATCH, dtype=np.uint64)
        count, reciprocal = int(self._plan[SUB_TABLES + part]), int(self._plan[2 * SUB_TABLES + part])
        before = SubTable(old.address, count, reciprocal, int(self._plan[part]) & WIDE)
        while True:
            slots = int(slots * factor) + 1
            pages, buckets, wide = self._new(slots)
            larger = SubTable(pages.address, buckets, ((1 << 64) - 1) // buckets, int(wide))
            if kernels.move(before, larger, queue):
                break
            pages.free()
        self._pages[part] = pages
        self._note(part, pages, buckets, wide)
        old.free()
