"""CTL over an explored graph, by fixpoints on sets of states (Clarke, Emerson and Sistla, TOPLAS 8(2), 1986, §3).

Sets are arrays of truth values by state number. Runs are maximal: a deadlock has no successor, and its run ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quiesce.core.errors import EngineError
from quiesce.core.expressions import Expr
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, Temporal
from quiesce.engines.native import graph_kernels as kernels

States = NDArray[np.bool_]


class Graph:
    """The edges of an explored state space, forwards and, once it is asked for, backwards."""

    def __init__(self, offsets: NDArray[np.int64], targets: NDArray[np.uint32]) -> None:
        self.offsets, self.targets = offsets, targets

    @property
    def count(self) -> int:
        """Number of states."""
        return len(self.offsets) - 1

    @cached_property
    def backwards(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The reversed edges: offsets and sources."""
        starts, sources = kernels.reverse(self.offsets, self.targets)
        return starts, sources


class Checker:
    """Answers CTL formulas over one graph; `predicate` gives the states where an atom holds."""

    def __init__(self, graph: Graph, predicate: Callable[[Expr], States]) -> None:
        self.graph, self.predicate = graph, predicate
        self.known: dict[Formula, States] = {}

    def states(self, formula: Formula) -> States:
        """Return the states in which a CTL formula holds; raises EngineError for a formula that is not CTL."""
        if formula not in self.known:
            self.known[formula] = self._states(formula)
        return self.known[formula]

    def _states(self, formula: Formula) -> States:
        match formula:
            case Atom(expr=expr):
                return self.predicate(expr)
            case Not(operand=operand):
                return ~self.states(operand)
            case And(operands=operands):
                return self._all(operands)
            case Or(operands=operands):
                return ~self._all([Not(operand) for operand in operands])
            case Quantified(universal=universal, operand=Path(op=op, operands=operands)):
                sets = [self.states(operand) for operand in operands]
                return self._universal(op, sets) if universal else self._existential(op, sets)
            case _:
                raise EngineError("a formula that is not CTL came to the CTL checker")

    def _all(self, formulas: Sequence[Formula]) -> States:
        total = np.ones(self.graph.count, dtype=np.bool_)
        for formula in formulas:
            total &= self.states(formula)
        return total

    def _existential(self, op: Temporal, sets: Sequence[States]) -> States:
        graph = self.graph
        everything = np.ones(graph.count, dtype=np.bool_)
        if op is Temporal.NEXT:
            return _set(kernels.some_successor(graph.offsets, graph.targets, sets[0]))
        if op is Temporal.FINALLY:
            return _set(kernels.until(*graph.backwards, everything, sets[0]))
        if op is Temporal.GLOBALLY:
            return _set(kernels.for_ever(graph.offsets, graph.targets, *graph.backwards, sets[0]))
        stay, goal = sets
        if op is Temporal.UNTIL:
            return _set(kernels.until(*graph.backwards, stay, goal))
        if op is Temporal.WEAK_UNTIL:
            return self._existential(Temporal.UNTIL, sets) | self._existential(Temporal.GLOBALLY, [stay])
        # a R b is b W (a and b)
        return self._existential(Temporal.WEAK_UNTIL, [goal, stay & goal])

    def _universal(self, op: Temporal, sets: Sequence[States]) -> States:
        """Return A(op) as the complement of E of the dual operator on the complements."""
        if op is Temporal.WEAK_UNTIL:
            stay, goal = sets
            return self._universal(Temporal.RELEASE, [goal, stay | goal])
        dual = {
            Temporal.NEXT: Temporal.NEXT,
            Temporal.FINALLY: Temporal.GLOBALLY,
            Temporal.GLOBALLY: Temporal.FINALLY,
            Temporal.UNTIL: Temporal.RELEASE,
            Temporal.RELEASE: Temporal.UNTIL,
        }[op]
        return ~self._existential(dual, [~states for states in sets])


def _set(states: object) -> States:
    assert isinstance(states, np.ndarray)
    return states
