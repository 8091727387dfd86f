"""Symmetric machines as the plan that the kernels follow, orbits, and concrete runs from runs of representatives."""

from __future__ import annotations

from math import factorial, prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.domains import Copy, Symbols
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System
from quiesce.core.trace import State
from quiesce.engines.native.layout import Layout
from quiesce.engines.native.loaded import module
from quiesce.engines.native.plans import Orbits, canonical_scratch

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import symmetry as kernels
else:
    kernels = module("symmetry")

Words = NDArray[np.uint64]

NOBODY = (1 << 64) - 1


class Canon:
    """The canonical forms of a system's states."""

    def __init__(self, symmetry: Symmetry, layout: Layout) -> None:
        self.layout = layout
        self.names = tuple(machine.name for machine in symmetry.machines)
        self.group = prod(factorial(machine.copies or 1) for machine in symmetry.machines)
        self._plan = _plan(symmetry, layout)
        copies = sum(machine.copies or 0 for machine in symmetry.machines)
        self.scratch_words = canonical_scratch(len(layout.cells), len(self.names), copies, layout.words)

    @property
    def address(self) -> int:
        """Where the kernels find the plan."""
        return int(self._plan.ctypes.data)

    def of(self, states: Words) -> tuple[Words, Words]:
        """Return the canonical forms of states, and factors of how many exchanges leave each as it is, in rows."""
        forms = states.copy()
        alike = np.empty((len(states) // self.layout.words, 1 + len(self.names)), dtype=np.uint64)
        scratch = np.empty(self.scratch_words, dtype=np.uint64)
        kernels.canonical_forms(self.address, self.layout.words, forms, scratch, alike)
        return forms, alike

    def form(self, state: State) -> Words:
        """Return the words of a state's canonical form."""
        return self.of(self.layout.pack(state))[0]

    def orbits(self, alike: Words) -> int:
        """Return how many states there are in the orbits of states with these rows of factors."""
        rows, counts = np.unique(alike, axis=0, return_counts=True)
        return sum(self.group // prod(map(int, row)) * int(count) for row, count in zip(rows, counts, strict=True))


def _plan(symmetry: Symmetry, layout: Layout) -> Words:
    system: System = symmetry.system
    machines = [machine.name for machine in symmetry.machines]
    domains = [cell.domain for cell in layout.cells]
    named = {name for name in machines if any(isinstance(domain, Symbols) and domain.of == name for domain in domains)}
    copies = sum(machine.copies or 0 for machine in symmetry.machines)
    head = [module("symmetry").canonical.address, len(layout.cells), len(machines), copies]
    maps: list[int] = []
    start = Orbits.HEADER + len(layout.cells) * Orbits.CELL + len(machines) * Orbits.MACHINE
    cells: list[int] = []
    for cell, field in zip(layout.cells, layout.fields, strict=True):
        owner = machines.index(cell.machine) if cell.machine in machines else NOBODY
        variables = [variable.name for variable in system.by_name[cell.machine].variables]
        told = to_copy = from_copy = NOBODY
        if isinstance(cell.domain, Symbols) and cell.domain.of in machines:
            told, to_copy = machines.index(cell.domain.of), start + len(maps)
            maps += [value.index if isinstance(value, Copy) else NOBODY for value in cell.domain.names]
            from_copy = start + len(maps)
            maps += [_code(cell.domain, copy) for copy in system.copies_of(cell.domain.of)]
        copy = NOBODY if cell.copy is None else cell.copy
        mask = (1 << field.bits) - 1
        place = variables.index(cell.variable)
        cells += [field.word, field.shift, mask, owner, copy, place, told, to_copy, from_copy]
    return np.array([*head, *cells, *_machines(symmetry, layout, named), *maps], dtype=np.uint64)


def _machines(symmetry: Symmetry, layout: Layout, named: set[str]) -> list[int]:
    found: list[int] = []
    base = 0
    for machine in symmetry.machines:
        first = next(slot for slot, cell in enumerate(layout.cells) if cell.machine == machine.name)
        copies = machine.copies or 0
        found += [copies, len(machine.variables), int(machine.name in named), first, base]
        base += copies
    return found


def _code(domain: Symbols, copy: Copy) -> int:
    code = domain.code(copy)
    assert code is not None
    return code
