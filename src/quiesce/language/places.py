"""Where an author wrote something: the nearest calling line outside this package."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from quiesce.core.errors import Place

PACKAGE = Path(__file__).parents[1]
_ENGINE = tuple(str(PACKAGE / name) + os.sep for name in ("core", "language", "engines", "bridges", "show", "commands"))
_MODULES = frozenset(str(file) for file in PACKAGE.glob("*.py"))


def is_engine(file: str) -> bool:
    """Tell whether a file is the engine's own: not the library's content inside a wheel, nor a neighbour.

    Code without a file is nobody's: what `dataclass` writes, and annotations that are texts.
    """
    return file in _MODULES or file.startswith(_ENGINE) or file == "<string>"


def here() -> Place:
    """Return the place of the innermost calling line that is not the engine's own."""
    frame = sys._getframe(1)
    while frame.f_back is not None:
        if not is_engine(frame.f_code.co_filename):
            break
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno)
