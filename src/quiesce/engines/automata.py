"""LTL formulas as generalised Büchi automata with acceptance on transitions (Couvreur, FM'99, LNCS 1708, §3).

A state is the set of formulas that must hold from here on. Expanding it gives transitions: what must be true now,
what must hold from the next position on, and which untils are put off. A run is accepting when no until is put off
for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from quiesce.core.errors import EngineError, SpecificationError
from quiesce.core.expressions import Expr, Temporal
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, normal

MOST_STATES = 20_000
MOST_UNTILS = 40
MOST_MOVES = 4_000


Proposition = Expr | Quantified
"""What an automaton reads: a predicate of a state or a step, or a quantified formula about a state."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What must be true of a state: the predicates that hold, and those that do not."""

    true: frozenset[Proposition]
    false: frozenset[Proposition]


@dataclass(frozen=True, slots=True)
class Move:
    """A transition of an automaton: under a letter to a state; `put_off` are the untils that it does not fulfil."""

    letter: Letter
    target: frozenset[Formula]
    put_off: frozenset[Formula]


@dataclass(frozen=True, slots=True, kw_only=True)
class Automaton:
    """States by number, the first initial; per state its moves as (letter, target, bits of the untils not put off)."""

    states: tuple[frozenset[Formula], ...]
    moves: tuple[tuple[tuple[Letter, int, int], ...], ...]
    untils: int

    @property
    def everything(self) -> int:
        """The bits of all untils: what a fair cycle must collect."""
        return (1 << self.untils) - 1


def automaton(formula: Formula) -> Automaton:
    """Return an automaton whose runs are those that satisfy an LTL formula.

    Raises SpecificationError (Q16) for a formula whose automaton would be too large.
    """
    initial = frozenset({normal(formula)})
    numbers = {initial: 0}
    untils: dict[Formula, int] = {}
    moves: list[list[Move]] = []
    queue = [initial]
    for state in queue:
        expanded = list(islice(_expanded(state), MOST_MOVES + 1))
        found = _smallest(expanded[:MOST_MOVES])
        moves.append(found)
        for move in found:
            for until in move.put_off:
                untils.setdefault(until, len(untils))
            if move.target not in numbers:
                numbers[move.target] = len(queue)
                queue.append(move.target)
        if len(expanded) > MOST_MOVES or len(queue) > MOST_STATES or len(untils) > MOST_UNTILS:
            raise SpecificationError("Q16", "a temporal formula is too large to be turned into an automaton")
    everything = (1 << len(untils)) - 1
    return Automaton(
        states=tuple(queue),
        moves=tuple(
            tuple(
                (move.letter, numbers[move.target], everything & ~sum(1 << untils[until] for until in move.put_off))
                for move in found
            )
            for found in moves
        ),
        untils=len(untils),
    )


@dataclass(slots=True)
class _Branch:
    """One way to meet the formulas of a state, half worked out."""

    todo: list[Formula]
    true: set[Proposition] = field(default_factory=set)
    false: set[Proposition] = field(default_factory=set)
    later: set[Formula] = field(default_factory=set)
    put_off: set[Formula] = field(default_factory=set)

    def fork(self, *formulas: Formula) -> _Branch:
        """Return a copy that must meet some formulas more."""
        return _Branch([*self.todo, *formulas], set(self.true), set(self.false), set(self.later), set(self.put_off))


def _expanded(state: frozenset[Formula]) -> Iterable[Move]:
    """Yield the moves of a state: every consistent way to meet its formulas now and put the rest off."""
    branches = [_Branch(sorted(state, key=repr))]
    while branches:
        branch = branches.pop()
        if not branch.todo:
            yield Move(
                Letter(frozenset(branch.true), frozenset(branch.false)),
                frozenset(branch.later),
                frozenset(branch.put_off),
            )
            continue
        formula = branch.todo.pop()
        match formula:
            case Atom(expr=expr):
                branch.true.add(expr)
                branches += [] if expr in branch.false else [branch]
            case Not(operand=Atom(expr=expr)):
                branch.false.add(expr)
                branches += [] if expr in branch.true else [branch]
            case And(operands=operands):
                branches.append(branch.fork(*operands))
            case Or(operands=operands):
                branches += [branch.fork(operand) for operand in operands]
            case Path(op=Temporal.NEXT, operands=(operand,)):
                branch.later.add(operand)
                branches.append(branch)
            case Path(op=Temporal.UNTIL, operands=(stay, goal)):
                branches.append(branch.fork(goal))
                waiting = branch.fork(stay)
                waiting.later.add(formula)
                waiting.put_off.add(formula)
                branches.append(waiting)
            case Path(op=Temporal.RELEASE, operands=(release, kept)):
                branches.append(branch.fork(kept, release))
                waiting = branch.fork(kept)
                waiting.later.add(formula)
                branches.append(waiting)
            case _:
                raise EngineError(f"{formula} is not in normal form")


def _smallest(moves: Iterable[Move]) -> list[Move]:
    """Drop every move that asks for all that another one asks for."""
    kept: list[Move] = []
    for move in sorted(set(moves), key=_size):
        if not any(_asks_less(other, move) for other in kept):
            kept.append(move)
    return kept


def _size(move: Move) -> tuple[int, str]:
    parts = (move.letter.true, move.letter.false, move.target, move.put_off)
    return sum(map(len, parts)), repr([sorted(map(repr, part)) for part in parts])


def _asks_less(one: Move, other: Move) -> bool:
    return (
        one.letter.true <= other.letter.true
        and one.letter.false <= other.letter.false
        and one.target <= other.target
        and one.put_off <= other.put_off
    )
