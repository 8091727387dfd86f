"""Exit statuses of the command."""

from __future__ import annotations

HOLDS, VIOLATED, WRONG, UNKNOWN, SUSPICIOUS, BUG, INTERRUPTED, UNREAD = 0, 1, 2, 3, 4, 70, 130, 141
SEVERITY = (BUG, INTERRUPTED, WRONG, VIOLATED, UNKNOWN, SUSPICIOUS, HOLDS)
"""Exit statuses, the one that wins first."""
