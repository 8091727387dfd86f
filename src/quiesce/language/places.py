"""Where an author wrote something: the nearest calling line outside this package."""

from __future__ import annotations

import sys
from pathlib import Path

from quiesce.core.errors import Place

_PACKAGE = str(Path(__file__).resolve().parents[1])
_CONTENT = str(Path(_PACKAGE) / "library")


def here() -> Place:
    """Return the place of the innermost calling line that is not the engine's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_PACKAGE) or file.startswith(_CONTENT):
            break
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
