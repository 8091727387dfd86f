"""Where an author wrote something: the nearest calling line outside this package."""

from __future__ import annotations

import sys
from pathlib import Path

from quiesce.core.errors import Place

PACKAGE = str(Path(__file__).parents[1])
_CONTENT = str(Path(PACKAGE) / "library")


def is_engine(file: str) -> bool:
    """Tell whether a file is the engine's own; the library's content inside a wheel is not."""
    return file.startswith(PACKAGE) and not file.startswith(_CONTENT)


def here() -> Place:
    """Return the place of the innermost calling line that is not the engine's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        if not is_engine(frame.f_code.co_filename):
            break
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
