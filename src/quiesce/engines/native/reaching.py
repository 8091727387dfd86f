"""`always_possible` on the graph of a finished search: the first state from which a goal cannot be reached any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quiesce.core.properties import PropertyKind
from quiesce.core.verdicts import Finding
from quiesce.engines.native.loaded import module
from quiesce.engines.native.space import Space

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import graph as kernels
else:
    kernels = module("graph")

SWEEPS = 12
"""Sweeps over the graph before it is reversed instead."""


def out_of_reach(space: Space, departed: bool) -> dict[str, Finding]:
    """For each `always_possible`: the first, least state from which its goal cannot be reached any more."""
    findings = {}
    for question in space.asked:
        if question.property.kind is PropertyKind.ALWAYS_POSSIBLE:
            offsets, targets = space.graph
            assert question.predicate.state is not None
            marked = space.columns().truth(question.predicate.state)
            if departed:
                for _, leaving in space.departing():  # the goal may lie behind a step that leaves a domain
                    marked |= leaving
            if not kernels.sweep(offsets, targets, marked, SWEEPS):
                marked = kernels.until(*kernels.reverse(offsets, targets), np.ones_like(marked), marked)
            outside = space.least_outside(marked)
            if outside is not None:
                findings[question.property.name] = Finding(depth=outside[0], state=outside[1])
    return findings
