"""Which mutants of a system its properties notice, and which behave as the system itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quiesce.core.errors import SpecificationError
from quiesce.core.fairness import FairnessConstraint, units
from quiesce.core.flat import JointRow
from quiesce.core.mutants import MutantResult
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.bisimulation import partition
from quiesce.engines.checking import check
from quiesce.engines.fairness import Fairness
from quiesce.engines.graph import Graph
from quiesce.engines.native.search import Search
from quiesce.engines.native.space import Space, space_for
from quiesce.engines.options import Limits, Strategy
from quiesce.engines.product import Product, passing_over


def judge(original: System, mutant: System, limits: Limits, *, fair: bool = False) -> MutantResult:
    """Return which of the properties that hold of a system a mutant breaks.

    `fair` says that the mutant differs in fairness alone: then it is equivalent if its fair runs are those of the
    original. A mutant with which something is wrong as a specification is noticed by the language itself.
    """
    try:
        result = check(mutant, limits=limits, strategy=Strategy(workers=1), explained=False, linted=False)
    except SpecificationError as problem:
        return MutantResult(refused=True, note=f"{problem.code} {problem.message}")
    broken = tuple(
        answer.property.id or answer.property.name for answer in result.properties if answer.verdict is Verdict.VIOLATED
    )
    if broken:
        return MutantResult(killed_by=broken)
    if result.stopped is not None:
        return MutantResult(note=f"stopped: {result.stopped}")
    return MutantResult(equivalent=(as_fair if fair else bisimilar)(original, mutant))


def as_fair(original: System, mutant: System) -> bool:
    """Tell whether every run that is fair where a mutant's rows are is fair where the original's are.

    They have the same rows but for their fairness. It is so unless some reachable loop takes no step of a row that lost
    its fairness, however it is enabled in it, and is fair to all that the mutant's rows ask.
    """
    nothing = Property(name="fairness", kind=PropertyKind.TEMPORAL)
    kept, asked = units(mutant, nothing), units(original, nothing)
    with _searched(original) as space:
        rows = original.flat.rows
        graph = Graph(*space.graph, lambda: space.rows()[0], len(rows)).total
        return not any(_passes_over(graph, rows, kept, unit) for unit in asked if unit not in kept)


def _passes_over(
    graph: Graph, rows: Sequence[JointRow], kept: Sequence[FairnessConstraint], unit: FairnessConstraint
) -> bool:
    """Tell whether some run is fair to the units that are kept, and not to another."""
    by_unit = np.array([*(unit.takes_part(row.participants) for row in rows), False])
    taken = by_unit[graph.rows]
    enabled = np.zeros(graph.count, dtype=np.bool_)
    enabled[graph.sources[taken]] = True
    compiled = passing_over(enabled, taken, again=unit.strength == "strong")
    everywhere = range(graph.count)  # the states are all reachable, and a run may do anything at first
    return Product(graph, compiled, Fairness(rows, kept), everywhere, stopping=False).nonempty()


def bisimilar(left: System, right: System) -> bool:
    """Tell whether two systems behave alike: each initial state of one like some initial state of the other.

    They have the same rows, changed or not. Where questions about runs are asked, a step by a fair row is not like one
    by another row with the same event.
    """
    fair = {
        unit
        for system in (left, right)
        for question in system.properties
        if question.kind is PropertyKind.TEMPORAL
        for unit in units(system, question)
    }
    with _searched(left) as first, _searched(right) as second:
        rows = (*left.flat.rows, *right.flat.rows)
        shift = np.uint32(first.count)
        (starts, ends), (more_starts, more_ends) = first.graph, second.graph
        offsets = np.concatenate([starts, more_starts[1:] + starts[-1]])
        targets = np.concatenate([ends, more_ends + shift])
        numbers = np.concatenate([first.rows()[0], second.rows()[0] + np.uint32(len(left.flat.rows))])
        block = partition(Graph(offsets, targets, lambda: numbers, len(rows)), rows, fair).block
        mine, other = block[: first.levels[1]], block[first.count : first.count + second.levels[1]]
        return set(mine.tolist()) == set(other.tolist())


def _searched(system: System) -> Space:
    domains = [question for question in system.flat.properties if question.property.kind is PropertyKind.DOMAINS]
    space = space_for(system, domains, Strategy(workers=1))
    Search(space).run()
    return space
