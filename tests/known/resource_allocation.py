"""Processes that cross a field of resources, even rows to the right and odd ones to the left, as many as fit.

Published: Model Checking Contest 2020 (yanntm/pnmcc-models-2020): ResAllocation-PT-R002C002: 8 markings, 12 firings;
R003C002 (two rows of three resources): 20 and 34; R003C003: 92 and 257. All have deadlocks.

A process needs the resource of its square, and of the one above it. Resources have places of their own in the net;
here they follow from where the processes are. A firing is a pair of marking and transition, which is a transition of
ours.
"""

from itertools import pairwise
from typing import Annotated

from quiesce import Between, Machine, System, Term, all_of


def resource_allocation(
    *, rows: Annotated[int, Between(1, 5)] = 3, columns: Annotated[int, Between(1, 5)] = 3
) -> System:
    """Return the field, with a flag for each square where a process can be."""
    field = Machine("field")
    busy = {(row, column): field.flag(f"{row} {column}") for row in range(rows) for column in range(columns)}

    def available(row: int, column: int) -> Term:
        """Tell whether the resource of a square is used neither there nor from the square below it."""
        return all_of(~busy[row, column], *([~busy[row + 1, column]] if row + 1 < rows else []))

    for row in range(rows):
        route: list[int | None] = [None, *range(columns), None]
        for here, there in pairwise(route):
            start, end = (here, there) if row % 2 == 0 else (there, here)
            ready: list[Term] = []
            effects: dict[Term, bool] = {}
            if start is not None:
                ready.append(busy[row, start])
                effects[busy[row, start]] = False
            if end is not None:
                ready += [available(needed, end) for needed in (row - 1, row) if needed >= 0]
                effects[busy[row, end]] = True
            field.step(f"row {row} from {start} to {end}", when=all_of(ready), then=effects)
    system = System("resource allocation", field)
    system.no_deadlock()
    return system
