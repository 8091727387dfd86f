"""Quantified formulas over an explored graph: CTL by fixpoints on sets of states (Clarke, Emerson and Sistla, TOPLAS
8(2), 1986, §3), with fair paths (§4 there), and any other path formula by a product with its automaton.

Sets are arrays of truth values by state number. Runs are maximal: a deadlock has no successor, and its run ends there.
From every state some fair run goes on, so fairness matters to the operators on infinite runs alone: EG and its duals.

Where steps left a domain, a formula has three truths: it holds whatever comes after them, it fails whatever comes, or
it depends. So each set comes twice: where a formula holds for sure, and where it holds `perhaps` (for sure or
depending). Both are computed alike; the node outside is in no set of the first kind and in every one of the second.
Negation turns one kind into the other (Bruns and Godefroid, CAV'99, LNCS 1633).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quiesce.core.errors import EngineError
from quiesce.core.expressions import Expr, Temporal
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, atoms, is_state_formula, normal
from quiesce.engines.automata import Proposition, automaton
from quiesce.engines.fairness import Fairness
from quiesce.engines.graph import Graph, States
from quiesce.engines.native.loaded import module
from quiesce.engines.product import Product, Valuation, compiled_automaton, staying_in
from quiesce.engines.simplifying import recurring, simplified

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import graph as kernels
else:
    kernels = module("graph")


class Checker:
    """Answers formulas over one graph; `predicate` gives the states where a predicate holds, `step_predicate` the edges
    of the graph without ends.
    """

    def __init__(
        self,
        graph: Graph,
        fairness: Fairness,
        predicate: Callable[[Expr], States],
        step_predicate: Callable[[Expr], States],
        judges_steps: Callable[[Expr], bool],
    ) -> None:
        self.graph, self.fairness = graph, fairness
        self.predicate, self.step_predicate, self.judges_steps = predicate, step_predicate, judges_steps
        self.known: dict[tuple[Formula, bool], States] = {}
        self.last: tuple[Formula, list[int], bool, Product] | None = None

    def forget(self) -> None:
        """Let go of all sets and products: they are large, and one question shares none with the next."""
        self.known, self.last = {}, None

    # -- sets of states -----------------------------------------------------------------------------------------------

    def states(self, formula: Formula, *, perhaps: bool = False) -> States:
        """Return the states in which a state formula holds, or `perhaps` does; raises EngineError for one about a run.

        Raises UndecidedError for a formula that this method cannot decide on a graph that is not complete.
        """
        perhaps = perhaps and self.graph.outside is not None
        if (formula, perhaps) not in self.known:
            found = self._states(formula, perhaps)
            if self.graph.outside is not None:
                found[self.graph.outside] = perhaps
            self.known[formula, perhaps] = found
        return self.known[formula, perhaps]

    def decided(self, formula: Formula, *, holds: bool) -> States:
        """Return the states in which a state formula holds for sure, or fails for sure."""
        return self.states(formula) if holds else ~self.states(formula, perhaps=True)

    def _states(self, formula: Formula, perhaps: bool) -> States:
        other = not perhaps and self.graph.outside is not None
        match formula:
            case Atom(expr=expr):
                found = self.states(expr, perhaps=perhaps) if isinstance(expr, Quantified) else self.predicate(expr)
                return found.copy()
            case Not(operand=operand):
                return ~self.states(operand, perhaps=other)
            case And(operands=operands):
                return self._all(operands, perhaps)
            case Or(operands=operands):
                return ~self._all([Not(operand) for operand in operands], other)
            case Quantified(universal=universal, operand=Path(op=op, operands=operands)) if all(
                map(is_state_formula, operands)
            ):
                sets = [self.states(operand, perhaps=perhaps) for operand in operands]
                return self._universal(op, sets) if universal else self._existential(op, sets)
            case Quantified(universal=True, operand=operand):
                return ~self._some_run(Not(operand), other)
            case Quantified(operand=operand):
                return self._some_run(operand, perhaps)
            case Path():
                raise EngineError("a formula about a run came to where one about states is wanted")

    def _some_run(self, path: Formula, perhaps: bool) -> States:
        return self.product(path, range(self.graph.count), stopping=False).satisfying(perhaps=perhaps)

    def _all(self, formulas: Sequence[Formula], perhaps: bool) -> States:
        total = np.ones(self.graph.count, dtype=np.bool_)
        for formula in formulas:
            total &= self.states(formula, perhaps=perhaps)
        return total

    def _existential(self, op: Temporal, sets: Sequence[States]) -> States:
        graph = self.graph
        everything = np.ones(graph.count, dtype=np.bool_)
        match op:
            case Temporal.NEXT:
                return _set(kernels.some_successor(graph.offsets, graph.targets, sets[0]))
            case Temporal.FINALLY:
                return _set(kernels.until(*graph.backwards, everything, sets[0]))
            case Temporal.GLOBALLY if not self.fairness.units:
                return _set(kernels.for_ever(graph.offsets, graph.targets, *graph.backwards, sets[0]))
            case Temporal.GLOBALLY:
                inside = sets[0]
                perhaps = graph.outside is not None and bool(inside[graph.outside])
                return self.staying(inside, np.flatnonzero(inside).tolist()).satisfying(perhaps=perhaps)
            case Temporal.UNTIL:
                return _set(kernels.until(*graph.backwards, *sets))
            case Temporal.WEAK_UNTIL:
                stay = sets[0]
                return self._existential(Temporal.UNTIL, sets) | self._existential(Temporal.GLOBALLY, [stay])
            case Temporal.RELEASE:
                # a R b is b W (a and b)
                release, kept = sets
                return self._existential(Temporal.WEAK_UNTIL, [kept, release & kept])

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

    # -- products -----------------------------------------------------------------------------------------------------

    def staying(self, inside: States, initial: Sequence[int]) -> Product:
        """Return the product whose accepted runs stay in a set forever."""
        return Product(self.graph, staying_in(inside), self.fairness, initial, stopping=False)

    def product(self, path: Formula, initial: Sequence[int], *, stopping: bool) -> Product:
        """Return the product whose accepted runs satisfy a path formula.

        Raises TooLargeError for a formula too large.
        """
        asked = (path, list(initial), stopping)
        if self.last is None or self.last[:3] != asked:
            seen = None if self.graph.outside is None else self.graph.total.targets != self.graph.outside
            valuation = Valuation(self._is_step, self._truth, seen)
            rest, again = recurring(simplified(normal(path)), self._is_of_states)
            sets = [self._one_truth(goal) for goal in again]
            compiled = compiled_automaton(automaton(rest), valuation, self.graph.count, sets)
            self.last = (*asked, Product(self.graph, compiled, self.fairness, initial, stopping=stopping))
        return self.last[3]

    def _is_of_states(self, goal: Formula) -> bool:
        return not any(map(self.judges_steps, atoms(goal)))

    def _is_step(self, atom: Proposition) -> bool:
        return not isinstance(atom, Quantified) and self.judges_steps(atom)

    def _truth(self, atom: Proposition) -> States:
        if isinstance(atom, Quantified):
            return self._one_truth(atom)
        return self.step_predicate(atom) if self.judges_steps(atom) else self.predicate(atom)

    def _one_truth(self, formula: Formula) -> States:
        """Return the states of a formula inside one about runs: a letter has no third truth."""
        surely, perhaps = self.states(formula), self.states(formula, perhaps=True)
        if self.graph.outside is not None and (surely != perhaps)[: self.graph.outside].any():
            raise UndecidedError(
                "a quantified formula inside one about runs depends on what comes after a domain is left"
            )
        return surely


class UndecidedError(Exception):
    """What is asked depends on what comes after a step that leaves a domain, or is too much to tell."""


def _set(states: object) -> States:
    assert isinstance(states, np.ndarray)
    return states
