"""LTL formulas as generalised Büchi automata with acceptance on transitions (Couvreur, FM'99, LNCS 1708, §3).

A state is the set of formulas that must hold from here on. Expanding it gives transitions: what must be true now,
what must hold from the next position on, and which untils are put off. A run is accepting when no until is put off
forever.

Formulas are numbered, and sets of them are the bits of integers. A formula that others in its state ask for anyway is
left out of it, which leaves fewer states (after Somenzi and Bloem, CAV 2000, LNCS 1855, §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from quiesce.core.errors import EngineError
from quiesce.core.expressions import Expr, Temporal
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, normal
from quiesce.engines.native import plans
from quiesce.engines.native.loaded import module
from quiesce.engines.simplifying import simplified

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import product as kernels
else:
    kernels = module("product")

MOST_STATES = 20_000
MOST_MOVES = 10_000
MOST_UNTILS = 64
MOST_WORK = 4_000_000
"""Pairs of moves that are joined, and ten times as many that are compared: some seconds."""


Proposition = Expr | Quantified
"""What an automaton reads: a predicate of a state or a step, or a quantified formula about a state."""


class TooLargeError(Exception):
    """A formula whose automaton is beyond a budget; the message says which."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What must be true of a state: the predicates that hold, and those that do not."""

    true: frozenset[Proposition]
    false: frozenset[Proposition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """States by number, the first initial; per state its moves as (letter, target, bits of what is not put off).

    Untils that are never put off in the same component have one bit together.
    """

    states: tuple[frozenset[Formula], ...]
    moves: tuple[tuple[tuple[Letter, int, int], ...], ...]
    untils: int

    @property
    def everything(self) -> int:
        """The bits of all untils: what a fair cycle must collect."""
        return (1 << self.untils) - 1


@lru_cache(maxsize=4)
def automaton(formula: Formula) -> Automaton:
    """Return an automaton whose runs are those that satisfy an LTL formula; the last ones are kept.

    Raises TooLargeError for a formula whose automaton would be too large.
    """
    table = _Table()
    initial = table.reduced(table.conjuncts(table.number(simplified(normal(formula)))))
    numbers = {initial: 0}
    moves: list[list[_Move]] = []
    queue = [initial]
    for state in queue:
        found = table.moves(state)
        moves.append(found)
        for move in found:
            if move.later not in numbers:
                numbers[move.later] = len(queue)
                queue.append(move.later)
        if len(queue) > MOST_STATES:
            raise TooLargeError(f"its automaton has more than {MOST_STATES:,} states")
    collected, untils = _collected([[(numbers[move.later], move.off) for move in found] for found in moves])
    letters = _Letters(table.formulas)
    return Automaton(
        states=tuple(frozenset(table.formulas[number] for number in _bits(state)) for state in queue),
        moves=tuple(
            tuple((letters.of(move), numbers[move.later], bits) for move, bits in zip(found, gained, strict=True))
            for found, gained in zip(moves, collected, strict=True)
        ),
        untils=untils,
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """A way to meet some formulas: atoms that are true and false now, what must hold later, which untils are put off.

    All four are sets of numbers, as bits.
    """

    true: int
    false: int
    later: int
    off: int

    @property
    def size(self) -> int:
        """How much it asks for."""
        return sum(part.bit_count() for part in (self.true, self.false, self.later, self.off))


class _Table:
    """The subformulas of one formula by number, and the ways to meet each of them."""

    def __init__(self) -> None:
        self.formulas: list[Formula] = []
        self.operands: list[tuple[int, ...]] = []
        self.known: dict[Formula, int] = {}
        self.parts: list[int] = []
        self.ways: dict[int, list[_Move]] = {}
        self.lean: dict[int, int] = {}
        self.work = 0

    def number(self, formula: Formula) -> int:
        """Return the number of a formula; those in it have smaller ones."""
        if formula in self.known:
            return self.known[formula]
        match formula:
            case Atom():
                operands: tuple[int, ...] = ()
            case Not(operand=Atom() as atom):
                operands = (self.number(atom),)
            case And(operands=inner) | Or(operands=inner) | Path(operands=inner):
                operands = tuple(map(self.number, inner))
            case _:
                raise EngineError(f"{formula} is not in normal form")
        number = self.known[formula] = len(self.formulas)
        self.formulas.append(formula)
        self.operands.append(operands)
        self.parts.append(self._asked_by(formula, operands))
        return number

    def _asked_by(self, formula: Formula, operands: tuple[int, ...]) -> int:
        """Return what a formula asks for whichever way it is met: what is kept until a release."""
        if isinstance(formula, Path) and formula.op is Temporal.RELEASE:
            kept = self.conjuncts(operands[1])
            return kept | self._parts_of(kept)
        return 0

    def _parts_of(self, formulas: int) -> int:
        asked = 0
        for number in _bits(formulas):
            asked |= self.parts[number]
        return asked

    def conjuncts(self, number: int) -> int:
        """Return the formulas that a formula is the conjunction of."""
        if not isinstance(self.formulas[number], And):
            return 1 << number
        found = 0
        for operand in self.operands[number]:
            found |= self.conjuncts(operand)
        return found

    def reduced(self, formulas: int) -> int:
        """Return a set of formulas without those that the others ask for, or that are true because of others."""
        if formulas not in self.lean:
            self.lean[formulas] = self._without_implied(formulas)
        return self.lean[formulas]

    def _without_implied(self, formulas: int) -> int:
        asked = self._parts_of(formulas)
        given = formulas | asked
        left = formulas & ~asked
        for number in _bits(left):
            match self.formulas[number]:
                case Path(op=Temporal.UNTIL):
                    enough: Iterable[int] = self.operands[number][1:]
                case Or():
                    enough = self.operands[number]
                case _:
                    continue
            if any(self.conjuncts(operand) & ~given == 0 for operand in enough):
                left &= ~(1 << number)
        return left

    # -- moves --------------------------------------------------------------------------------------------------------

    def moves(self, state: int) -> list[_Move]:
        """Return the moves of a state: the ways to meet all its formulas that ask for no more than they must.

        Raises TooLargeError.
        """
        total = [_Move(0, 0, 0, 0)]
        for ways in sorted((self._ways(number) for number in _bits(state)), key=len):
            total = self._both(total, ways)
        return total

    def _ways(self, number: int) -> list[_Move]:
        """Return the ways to meet one formula."""
        if number not in self.ways:
            self.ways[number] = self._expanded(number)
        return self.ways[number]

    def _expanded(self, number: int) -> list[_Move]:
        operands, bit = self.operands[number], 1 << number
        match self.formulas[number]:
            case Atom():
                return [_Move(bit, 0, 0, 0)]
            case Not():
                return [_Move(0, 1 << operands[0], 0, 0)]
            case And():
                total = [_Move(0, 0, 0, 0)]
                for ways in sorted(map(self._ways, operands), key=len):
                    total = self._both(total, ways)
                return total
            case Or():
                return self._smallest(way for operand in operands for way in self._ways(operand))
            case Path(op=Temporal.NEXT):
                return [_Move(0, 0, self.reduced(self.conjuncts(operands[0])), 0)]
            case Path(op=Temporal.UNTIL):
                waiting = self._both(self._ways(operands[0]), [_Move(0, 0, bit, bit)])
                return self._smallest([*self._ways(operands[1]), *waiting])
            case _:
                release = [*self._ways(operands[0]), _Move(0, 0, bit, 0)]
                return self._both(self._ways(operands[1]), release)

    def _both(self, some: Sequence[_Move], others: Sequence[_Move]) -> list[_Move]:
        """Return the ways to meet two formulas at once."""
        self._spend(10 * len(some) * len(others))
        return self._smallest(
            _Move(true, false, self.reduced(one.later | other.later), one.off | other.off)
            for one in some
            for other in others
            if not (true := one.true | other.true) & (false := one.false | other.false)
        )

    def _smallest(self, moves: Iterable[_Move]) -> list[_Move]:
        """Drop every move that asks for all that another one asks for."""
        kept: list[tuple[int, int, int, int]] = []
        found: list[_Move] = []
        for move in sorted(dict.fromkeys(moves), key=_order):
            true, false, later, off = move.true, move.false, move.later, move.off
            self._spend(len(kept))
            for a, b, c, d in kept:
                if a & true == a and b & false == b and c & later == c and d & off == d:
                    break
            else:
                kept.append((true, false, later, off))
                found.append(move)
        if len(found) > MOST_MOVES:
            raise TooLargeError(f"a state of its automaton has more than {MOST_MOVES:,} moves")
        return found

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > 10 * MOST_WORK:
            raise TooLargeError(f"its automaton takes more than {MOST_WORK:,} steps to make")


def _order(move: _Move) -> tuple[int, int, int, int, int]:
    return move.size, move.true, move.false, move.later, move.off


def _bits(number: int) -> Iterator[int]:
    """Yield the positions of the bits of a number, from the lowest."""
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


class _Letters:
    """The letters of moves, each made once."""

    def __init__(self, formulas: Sequence[Formula]) -> None:
        self.formulas = formulas
        self.known: dict[tuple[int, int], Letter] = {}

    def of(self, move: _Move) -> Letter:
        """Return what a move reads."""
        key = move.true, move.false
        if key not in self.known:
            self.known[key] = Letter(*(frozenset(map(self._read, _bits(part))) for part in key))
        return self.known[key]

    def _read(self, number: int) -> Proposition:
        formula = self.formulas[number]
        assert isinstance(formula, Atom)
        return formula.expr


def _collected(moves: Sequence[Sequence[tuple[int, int]]]) -> tuple[list[list[int]], int]:
    """Return what each move collects, and how many bits there are: one for each until that a component puts off.

    Only a run that stays in a component can put an until off forever; so each component counts its own.
    """
    ends = np.array([target for found in moves for target, _ in found], dtype=np.uint32)
    starts = np.cumsum([0, *map(len, moves)], dtype=np.int64)
    component, count = kernels.components(starts, ends, np.ones(len(moves), dtype=np.bool_))
    order: list[dict[int, int]] = [{} for _ in range(int(count))]
    for state, found in enumerate(moves):
        for target, off in found:
            if component[state] == component[target] != plans.NONE:
                own = order[int(component[state])]
                for until in _bits(off):
                    own.setdefault(until, len(own))
    bits = max(map(len, order), default=0)
    if bits > MOST_UNTILS:
        raise TooLargeError(f"{bits:,} untils wait for each other in its automaton, more than {MOST_UNTILS}")
    everything = (1 << bits) - 1
    collected = [
        [
            everything & ~sum(1 << order[int(component[state])][until] for until in _bits(off))
            if component[state] == component[target] != plans.NONE
            else everything
            for target, off in found
        ]
        for state, found in enumerate(moves)
    ]
    return collected, bits
