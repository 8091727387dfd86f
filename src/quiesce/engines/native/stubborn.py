"""What partial-order reduction needs to know of a system: which rows accord, and which can make a conjunct true.

Every property becomes a goal: a row that is enabled where the property is decided and after which nothing is possible.
Stubborn sets keep all deadlocks reachable (Valmari 1990), so they keep the goals reachable, and no proviso for cycles
is needed: the goals are in every set, with what can make them true. A step that leaves a domain is such a goal too.

Two rows accord when in every state where both are enabled neither disables the other and both orders end in one state:
here, when neither writes what the other reads or writes, or both are never enabled together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from quiesce.core.departing import departures
from quiesce.core.domains import Boolean
from quiesce.core.expressions import Apply, Cell, Constant, Expr, Op, apply, walk
from quiesce.core.flat import Flat, FlatProperty, JointRow
from quiesce.core.properties import PropertyKind
from quiesce.engines.native.codegen import row_program
from quiesce.engines.native.columns import Block, Column
from quiesce.engines.native.emit import truths_program
from quiesce.engines.native.layout import Layout
from quiesce.engines.native.loaded import module
from quiesce.engines.native.machine_code import Compiled, compiled
from quiesce.engines.native.plans import stubborn_scratch

Words = NDArray[np.uint64]

MOST_CASES = 4096
"""Combinations of codes that are tried to tell whether a row can do something; with more, it can."""
KEPT = 64
"""Sets of cells whose combinations are kept, with what was computed of them: at most some 500 KB each."""
MOST_DISJUNCTS = 64
"""Disjuncts of a goal that become goals of their own; with more, it is one conjunct."""


@dataclass(frozen=True, slots=True)
class _Guarded:
    """A row, or a goal (no row): its conjuncts."""

    conjuncts: tuple[Expr, ...]
    row: JointRow | None = None


class Reduction:
    """The plan by which a state's successors are chosen, for some properties."""

    def __init__(self, flat: Flat, layout: Layout, asked: Sequence[FlatProperty]) -> None:
        self.flat = flat
        rows = [_Guarded(_conjuncts(row.guard), row) for row in flat.rows]
        goals = [_Guarded(_conjuncts(case)) for case in _goals(flat, asked)]
        self.guarded = [*rows, *goals]
        self.conjuncts = list(dict.fromkeys(expr for each in self.guarded for expr in each.conjuncts))
        self._cells = {expr: _cells(expr) for expr in self.conjuncts}
        self._cases = lru_cache(KEPT)(self._every_case)
        self._allowed = [self._codes_allowed(each) for each in rows]
        self._numbering: Compiled = compiled(row_program(flat, layout))
        self._tests: Compiled = compiled(truths_program(flat, layout, self.conjuncts))
        self._plan = self._planned(len(rows), len(goals))
        self.scratch_words = stubborn_scratch(len(rows), len(goals), len(self.conjuncts))

    @property
    def address(self) -> int:
        """Where the kernels find the plan."""
        return int(self._plan.ctypes.data)

    def _planned(self, rows: int, goals: int) -> Words:
        width = (rows + goals + 63) // 64
        reads = [_reads(row) for row in self.flat.rows]
        writes = [frozenset(slot for slot, _ in row.updates) for row in self.flat.rows]
        discord = [
            {
                other
                for other in range(rows)
                if other != number
                and (writes[number] & (reads[other] | writes[other]) or writes[other] & reads[number])
                and self._may_meet(number, other)
            }
            for number in range(rows)
        ]
        enabling = [
            {row for row in range(rows) if self._can_enable(self.flat.rows[row], expr)} for expr in self.conjuncts
        ]
        position = {expr: number for number, expr in enumerate(self.conjuncts)}
        lists: list[int] = []
        starts = [0]
        for each in self.guarded:
            numbers = [position[expr] for expr in each.conjuncts]
            lists += sorted(numbers, key=lambda number: len(enabling[number]))
            starts.append(len(lists))
        head = [module("stubborn").chosen.address, rows, goals, len(self.conjuncts)]
        head += [self._numbering.address("expand"), self._tests.address("truths")]
        sets = [word for numbers in (*discord, *enabling) for word in _bits(numbers, width)]
        return np.array([*head, *sets, *starts, *lists], dtype=np.uint64)

    def _may_meet(self, one: int, other: int) -> bool:
        """Tell whether two rows may be enabled in one state, as far as conjuncts on one cell each can say."""
        mine, theirs = self._allowed[one], self._allowed[other]
        possible = all(mine.values()) and all(theirs.values())
        return possible and all(mine[slot] & theirs[slot] for slot in mine.keys() & theirs.keys())

    def _codes_allowed(self, guarded: _Guarded) -> dict[int, int]:
        """Return the codes of each cell that conjuncts on it alone allow, as bits from its domain's first on."""
        allowed: dict[int, int] = {}
        for expr in guarded.conjuncts:
            if len(self._cells[expr]) == 1 and self._size(*self._cells[expr]) <= MOST_CASES:
                (slot,) = self._cells[expr]
                true = _bits_of(np.flatnonzero(self._cases(self._cells[expr]).value(expr)))
                allowed[slot] = allowed.get(slot, true) & true
        return allowed

    def _can_enable(self, row: JointRow, expr: Expr) -> bool:
        """Tell whether a step by a row can make a false conjunct true."""
        written = {slot: update for slot, update in row.updates if slot in self._cells[expr]}
        if not written:
            return False
        cells = self._cells[expr].union(*(_cells(update) for update in written.values()))
        if self._size(*cells) > MOST_CASES:
            return True
        before = self._cases(cells)
        local = [conjunct for conjunct in _conjuncts(row.guard) if self._cells[conjunct] <= cells]
        starts = reduce(np.logical_and, map(before.value, local), np.logical_not(before.value(expr)))
        if not starts.any():
            return False

        def later(slot: int) -> Column:
            return before.value(written[slot]) if slot in written else before.column(slot)

        return bool(np.logical_and(Block(later).value(expr), starts).any())

    def _every_case(self, cells: frozenset[int]) -> Block:
        """Return expressions on every combination of codes of some cells."""
        ordered = sorted(cells)
        domains = [self.flat.cells[slot].domain for slot in ordered]
        grid = np.indices([domain.high - domain.low + 1 for domain in domains]).reshape(len(ordered), -1)
        columns: dict[int, Column] = {
            slot: codes.astype(np.bool_) if isinstance(domain, Boolean) else codes + domain.low
            for slot, domain, codes in zip(ordered, domains, grid, strict=True)
        }
        return Block(columns.__getitem__)

    def _size(self, *slots: int) -> int:
        """Return how many combinations of codes some cells have."""
        domains = [self.flat.cells[slot].domain for slot in slots]
        return prod(domain.high - domain.low + 1 for domain in domains)


def _goals(flat: Flat, asked: Sequence[FlatProperty]) -> Iterator[Expr]:
    """Yield where the properties are decided: each disjunct is a goal of its own."""
    for question in asked:
        formula = question.predicate.state
        if formula is not None:
            yield from _disjuncts(apply(Op.NOT, formula) if question.property.kind is PropertyKind.ALWAYS else formula)
    for row in flat.rows:
        for way in departures(row, flat.cells):
            yield apply(Op.AND, row.guard, way)


def _disjuncts(expr: Expr) -> list[Expr]:
    """Return an expression as a disjunction: negations go inwards, and conjunctions of few disjunctions outwards."""
    match expr:
        case Constant(value=value):
            return [expr] if value else []
        case Apply(op=Op.OR, operands=operands):
            return [part for operand in operands for part in _disjuncts(operand)]
        case Apply(op=Op.NOT, operands=(Apply(op=Op.AND | Op.OR as op, operands=operands),)):
            dual = Op.OR if op is Op.AND else Op.AND
            return _disjuncts(apply(dual, *[apply(Op.NOT, operand) for operand in operands]))
        case Apply(op=Op.AND, operands=operands):
            parts = [_disjuncts(operand) for operand in operands]
            if prod(map(len, parts)) > MOST_DISJUNCTS:
                return [expr]
            return [apply(Op.AND, *chosen) for chosen in product(*parts)]
        case _:
            return [expr]


def _conjuncts(expr: Expr) -> tuple[Expr, ...]:
    if expr == Constant(True):
        return ()
    return expr.operands if isinstance(expr, Apply) and expr.op is Op.AND else (expr,)


def _reads(row: JointRow) -> frozenset[int]:
    return _cells(row.guard).union(*(_cells(update) for _, update in row.updates))


def _cells(expr: Expr) -> frozenset[int]:
    return frozenset(node.slot for node in walk(expr) if isinstance(node, Cell))


def _bits_of(numbers: Iterable[int]) -> int:
    return sum(1 << int(number) for number in numbers)


def _bits(numbers: set[int], width: int) -> list[int]:
    total = _bits_of(numbers)
    return [(total >> (64 * word)) & ((1 << 64) - 1) for word in range(width)]
