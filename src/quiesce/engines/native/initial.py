"""Initial states, by choosing one cell after the other and dropping a choice as soon as a part of `initially` fails.

The reference interpreter lists the whole product; where `initially` ties the cells of each machine together, the
product is far larger than what is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from quiesce.core.errors import SpecificationError
from quiesce.core.expressions import MEANING, Apply, Cell, Constant, Expr, Op, walk
from quiesce.core.reference import MOST_INITIAL_STATES
from quiesce.core.system import System
from quiesce.core.trace import State

Codes = tuple[int, ...]


def initial_states(system: System) -> list[State]:
    """Return the initial states, least first.

    Raises SpecificationError: Q14 where there are too many to list, Q15 where there is none.
    """
    cells = system.flat.cells
    due = _due(system.flat.initial)
    chosen: list[Codes] = [()]
    for slot, cell in enumerate(cells):
        codes = sorted(code for code in map(cell.domain.code, cell.initial) if code is not None)
        chosen = [(*codes_before, code) for codes_before in chosen for code in codes]
        for conjunct in due.get(slot, ()):
            chosen = [state for state in chosen if _value(conjunct, state)]
        if len(chosen) > MOST_INITIAL_STATES:
            raise SpecificationError(
                "Q14",
                f"{system.name} has more than {MOST_INITIAL_STATES:,} initial states",
                place=system.place,
                hint="let a first step choose the values, or give fewer variables several initial values",
            )
    if due.get(-1) == [Constant(False)] or not chosen:
        raise SpecificationError(
            "Q15",
            f"no state of {system.name} satisfies `initially`, so every property would hold of nothing",
            place=system.place,
            hint="weaken `initially=` or widen the variables' `initial=`",
        )
    return [tuple(cell.domain.value(code) for cell, code in zip(cells, state, strict=True)) for state in chosen]


def _due(initially: Expr) -> dict[int, list[Expr]]:
    """Return the conjuncts of `initially` by the last cell that each reads (-1: none)."""
    conjuncts: Sequence[Expr] = (
        initially.operands if isinstance(initially, Apply) and initially.op is Op.AND else (initially,)
    )
    due: dict[int, list[Expr]] = {}
    for conjunct in conjuncts:
        last = max((node.slot for node in walk(conjunct) if isinstance(node, Cell)), default=-1)
        due.setdefault(last, []).append(conjunct)
    return due


def _value(expr: Expr, codes: Codes) -> int:
    """Return the value of a flat expression."""
    if isinstance(expr, Constant):
        assert isinstance(expr.value, int)
        return expr.value
    if isinstance(expr, Cell):
        return codes[expr.slot]
    assert isinstance(expr, Apply)
    return MEANING[expr.op](*[_value(operand, codes) for operand in expr.operands])
