"""How much memory a search may use, and how much the process uses: what ends a search before the system kills it."""

from __future__ import annotations

SHARE = 0.8
"""Part of the free memory that a search may use when nobody says otherwise."""
UNCHECKED = 64 << 20
"""Bytes of a space below which nobody looks, unless a limit was given."""
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class MemoryLimitError(MemoryError):
    """The next step needs more than the limit allows; the message names the limit."""


class Budget:
    """The memory that the whole process may use: a number of bytes, or None for a share of what is free now."""

    def __init__(self, most: int | None, share: float = SHARE) -> None:
        self.given, self.share = most, share
        self.most = 0

    def check(self, in_use: int, more: int) -> None:
        """Raise MemoryLimitError where `more` bytes are too many; `in_use` is what the space itself has."""
        if self.given is None and in_use + more < UNCHECKED:
            return
        most = self.allowed()
        if _resident() + more > most:
            raise MemoryLimitError(f"{shown(most)} of memory")

    def allowed(self) -> int:
        """Return how many bytes the process may use; the first look at what is free decides."""
        if not self.most:
            import psutil

            self.most = self.given or int(self.share * (psutil.virtual_memory().available + _resident()))
        return self.most


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def shown(size: int) -> str:
    """Return a number of bytes as people read it: `4.0 GiB`."""
    unit = next((name for name, bytes_ in reversed(UNITS.items()) if size >= bytes_), "K")
    return f"{size / UNITS[unit]:.1f} {unit}iB"


def size(text: str) -> int | None:
    """Return the bytes of `4G`, `512M`, `1.5GiB` or a plain number; None for anything else."""
    number = text.strip().upper().removesuffix("IB").removesuffix("B")
    unit = UNITS.get(number[-1:], 1)
    try:
        found = float(number.rstrip("KMGT")) * unit
    except ValueError:
        return None
    return int(found) if 0 < found < float("inf") else None
