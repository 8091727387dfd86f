"""How many states there will be, from the widths of the levels so far.

A parabola is laid through the logarithms of the last widths and followed until a level has no state: most spaces widen
and narrow like that. A space that widens again later has more: it is a forecast, and rather too low than too high.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

import numpy as np

LAST = 5
"""Levels that the parabola goes through."""
METHOD = f"a parabola through the logarithms of the last {LAST} level widths"
LEAST_STATES = 10_000
"""With fewer states the widths say nothing yet."""
LEAST_BEND = -1e-6
"""A parabola that bends less is a line, as far as the arithmetic can tell."""
MOST_LEVELS = 100_000


def forecast(levels: Sequence[int]) -> int | None:
    """Return about how many states there will be; None while the levels do not bend down.

    `levels` are the numbers of the first states of the levels, and at the end the number of all states found.
    """
    widths = np.diff(np.asarray(levels[-LAST - 1 :]))
    if len(widths) < LAST or levels[-1] < LEAST_STATES or not widths.all():
        return None
    bend, slope, level = np.polyfit(np.arange(LAST) - (LAST - 1), [log(width) for width in widths], 2)
    if bend > LEAST_BEND:
        return None
    total = float(levels[-1])
    for ahead in range(1, MOST_LEVELS):
        width = exp(min(60.0, float(bend * ahead * ahead + slope * ahead + level)))
        if width < 1:
            return int(float(f"{total:.2g}"))
        total += width
    return None
