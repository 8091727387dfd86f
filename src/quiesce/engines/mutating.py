"""Which mutants of a system its properties notice, and which behave as the system itself."""

from __future__ import annotations

import numpy as np

from quiesce.core.errors import SpecificationError
from quiesce.core.mutants import Judged
from quiesce.core.result import Verdict
from quiesce.core.system import PropertyKind, System
from quiesce.engines.bisimulation import partition
from quiesce.engines.checking import check
from quiesce.engines.graph import Graph
from quiesce.engines.native.options import Limits, Strategy
from quiesce.engines.native.search import Search, space_for
from quiesce.engines.native.space import Space


def judge(original: System, mutant: System, limits: Limits, *, fair: bool = False) -> Judged:
    """Return which of the properties that hold of a system a mutant breaks.

    `fair` says that the mutant differs in fairness alone, about which bisimulation says nothing. A mutant with which
    something is wrong as a specification is noticed by the language itself.
    """
    try:
        result = check(mutant, limits=limits, strategy=Strategy(workers=1), explained=False, linted=False)
    except SpecificationError as problem:
        return Judged(refused=True, note=f"{problem.code} {problem.message}")
    broken = tuple(
        answer.property.id or answer.property.name for answer in result.properties if answer.verdict is Verdict.VIOLATED
    )
    if broken:
        return Judged(killed_by=broken)
    if result.stopped is not None:
        return Judged(note=f"stopped: {result.stopped}")
    return Judged(equivalent=None if fair else bisimilar(original, mutant))


def bisimilar(left: System, right: System) -> bool:
    """Tell whether two systems behave alike: each initial state of one like some initial state of the other."""
    with _searched(left) as first, _searched(right) as second:
        rows = (*left.flat.rows, *right.flat.rows)
        shift = np.uint32(first.count)
        (starts, ends), (more_starts, more_ends) = first.graph, second.graph
        offsets = np.concatenate([starts, more_starts[1:] + starts[-1]])
        targets = np.concatenate([ends, more_ends + shift])
        numbers = np.concatenate([first.rows()[0], second.rows()[0] + np.uint32(len(left.flat.rows))])
        block = partition(Graph(offsets, targets, lambda: numbers, len(rows)), rows).block
        mine, other = block[: first.levels[1]], block[first.count : first.count + second.levels[1]]
        return set(mine.tolist()) == set(other.tolist())


def _searched(system: System) -> Space:
    domains = [question for question in system.flat.properties if question.property.kind is PropertyKind.DOMAINS]
    space = space_for(system, domains, Strategy(workers=1))
    Search(space).run()
    return space
