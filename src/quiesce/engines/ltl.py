"""LTL over an explored graph: the product with an automaton for the negation, and its fair cycles.

A formula holds when no run from an initial state satisfies its negation: when the product has no reachable cycle on
which every until of the automaton is fulfilled again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from quiesce.core.expressions import Expr
from quiesce.core.formulas import Formula, Not
from quiesce.engines.automata import Automaton, Letter, automaton
from quiesce.engines.ctl import Graph, States
from quiesce.engines.native import graph_kernels as kernels


def holds(graph: Graph, initial: Sequence[int], formula: Formula, predicate: Callable[[Expr], States]) -> bool:
    """Tell whether every maximal run from the initial states satisfies an LTL formula.

    `predicate` gives the states where an atom holds. Raises SpecificationError (Q16) for a formula too large.
    """
    return not _has_fair_cycle(graph, initial, automaton(Not(formula)), predicate)


def _has_fair_cycle(
    graph: Graph, initial: Sequence[int], against: Automaton, predicate: Callable[[Expr], States]
) -> bool:
    flat = [move for moves in against.moves for move in moves]
    if not flat:
        return False
    letters = {letter: number for number, letter in enumerate(dict.fromkeys(letter for letter, _, _ in flat))}
    fits = np.stack([_fitting(letter, graph.count, predicate) for letter in letters])
    starts = np.cumsum([0, *(len(moves) for moves in against.moves)], dtype=np.int64)
    moves = (
        starts,
        np.array([target for _, target, _ in flat], dtype=np.int64),
        np.array([letters[letter] for letter, _, _ in flat], dtype=np.int64),
        fits,
        len(against.states),
    )
    bits = np.array([collected for _, _, collected in flat], dtype=np.uint64)
    numbers, codes, edges = kernels.product_nodes(
        graph.offsets, graph.targets, np.array(initial, dtype=np.int64), *moves
    )
    first, ends, collected = kernels.product_edges(
        graph.offsets, graph.targets, *moves[:2], bits, *moves[2:], numbers, codes, edges
    )
    component, found = kernels.components(first, ends)
    total, inside = kernels.collected(first, ends, collected, component, found)
    return bool(np.any(inside & (total == np.uint64(against.everything))))


def _fitting(letter: Letter, count: int, predicate: Callable[[Expr], States]) -> States:
    """Return the states that fit a letter."""
    fitting = np.ones(count, dtype=np.bool_)
    for expr in letter.true:
        fitting &= predicate(expr)
    for expr in letter.false:
        fitting &= ~predicate(expr)
    return fitting
