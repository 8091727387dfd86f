"""From a verdict on a formula to a run that shows it: why "for every run" fails, or "for some run" holds.

A run is shown as far as one run can: what holds of every run, or of none, ends the explanation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quiesce.core.expressions import Temporal
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, is_predicate, is_state_formula
from quiesce.engines.ctl import Checker
from quiesce.engines.graph import GraphPath, States


def explain(checker: Checker, formula: Formula, sources: Sequence[int], *, wanted: bool) -> GraphPath:
    """Return a run from one of the states, in all of which a state formula has the truth wanted, that shows it."""
    match formula:
        case Atom(expr=Quantified() as inner):
            return explain(checker, inner, sources, wanted=wanted)
        case Atom():
            return GraphPath(sources[0])
        case Not(operand=operand):
            return explain(checker, operand, sources, wanted=not wanted)
        case And(operands=operands) | Or(operands=operands):
            return _joined(checker, operands, sources, wanted, one_decides=wanted is isinstance(formula, Or))
        case Quantified(universal=universal, operand=operand) if universal is not wanted:
            return _run(checker, operand if wanted else Not(operand), sources)
        case _:
            return GraphPath(sources[0])


def _joined(
    checker: Checker, operands: Sequence[Formula], sources: Sequence[int], wanted: bool, *, one_decides: bool
) -> GraphPath:
    """Explain the operand that decides; or where all of them must be seen, the one that is no predicate."""
    if one_decides:
        for operand in sorted(operands, key=lambda operand: not is_predicate(operand)):
            truth = checker.decided(operand, holds=wanted)
            fitting = [state for state in sources if truth[state]]
            if fitting:
                return explain(checker, operand, fitting, wanted=wanted)
    temporal = [operand for operand in operands if not is_predicate(operand)]
    return explain(checker, temporal[0], sources, wanted=wanted) if len(temporal) == 1 else GraphPath(sources[0])


def _run(checker: Checker, path: Formula, sources: Sequence[int]) -> GraphPath:
    """Return a run that satisfies a path formula; some run from each of the states does."""
    match path:
        case Not(operand=Path(op=op, operands=operands)) if all(map(is_state_formula, operands)):
            return _operator(checker, *_dual(op, operands), sources)
        case Path(op=op, operands=operands) if all(map(is_state_formula, operands)):
            return _operator(checker, op, operands, sources)
        case _:
            graph_path = checker.product(path, sources, stopping=True).graph_path()
            assert graph_path is not None
            return graph_path


def _dual(op: Temporal, operands: Sequence[Formula]) -> tuple[Temporal, tuple[Formula, ...]]:
    """Return a path operator that says that another one fails."""
    negated = tuple(Not(operand) for operand in operands)
    match op:
        case Temporal.NEXT:
            return Temporal.NEXT, negated
        case Temporal.FINALLY:
            return Temporal.GLOBALLY, negated
        case Temporal.GLOBALLY:
            return Temporal.FINALLY, negated
        case Temporal.UNTIL:
            return Temporal.RELEASE, negated
        case Temporal.RELEASE:
            return Temporal.UNTIL, negated
        case Temporal.WEAK_UNTIL:
            stay, goal = negated
            return Temporal.UNTIL, (goal, And((stay, goal)))


def _operator(checker: Checker, op: Temporal, operands: Sequence[Formula], sources: Sequence[int]) -> GraphPath:
    graph = checker.graph
    everything = np.ones(graph.count, dtype=np.bool_)
    sets = [checker.states(operand) for operand in operands]
    match op:
        case Temporal.NEXT:
            return _step(checker, operands[0], sets[0], sources)
        case Temporal.FINALLY:
            return _onwards(checker, operands[0], sources, everything, sets[0])
        case Temporal.UNTIL:
            return _onwards(checker, operands[1], sources, *sets)
        case Temporal.GLOBALLY:
            return _for_ever(checker, sets[0], sources)
        case Temporal.WEAK_UNTIL:
            goal, kept, last = sets[1], sets[0], operands[1]
        case Temporal.RELEASE:
            goal, kept, last = sets[0] & sets[1], sets[1], And(tuple(operands))
    if graph.shortest(sources, kept, goal) is not None:
        return _onwards(checker, last, sources, kept, goal)
    return _for_ever(checker, kept, sources)


def _step(checker: Checker, operand: Formula, goal: States, sources: Sequence[int]) -> GraphPath:
    graph = checker.graph
    for source in sources:
        for edge in range(int(graph.offsets[source]), int(graph.offsets[source + 1])):
            target = int(graph.targets[edge])
            if goal[target]:
                way = GraphPath(source, (_in_total(checker, edge),))
                return _joined_to(way, explain(checker, operand, [target], wanted=True))
    return GraphPath(sources[0])


def _onwards(checker: Checker, operand: Formula, sources: Sequence[int], within: States, goal: States) -> GraphPath:
    way = checker.graph.total.shortest(sources, within, goal)
    assert way is not None
    end = int(checker.graph.total.targets[way.edges[-1]]) if way.edges else way.start
    return _joined_to(way, explain(checker, operand, [end], wanted=True))


def _for_ever(checker: Checker, inside: States, sources: Sequence[int]) -> GraphPath:
    graph_path = checker.staying(inside, [source for source in sources if inside[source]]).graph_path()
    assert graph_path is not None
    return graph_path


def _in_total(checker: Checker, edge: int) -> int:
    """Return the number that an edge has in the graph without ends, which has a loop more for each deadlock before."""
    graph = checker.graph
    if graph.total is graph:
        return edge
    source = int(np.searchsorted(graph.offsets, edge, side="right")) - 1
    return int(graph.total.offsets[source]) + edge - int(graph.offsets[source])


def _joined_to(way: GraphPath, rest: GraphPath) -> GraphPath:
    loop = None if rest.loop is None else rest.loop + len(way.edges)
    return GraphPath(way.start, way.edges + rest.edges, loop)
