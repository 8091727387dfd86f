"""The product of a graph and an automaton, its fair cycles, and a short run into one.

Acceptance is generalised Büchi on edges (untils, weak fairness) and Streett (strong fairness): a component that
enables a strong unit and never takes it loses the states where it is enabled, and what is left is looked at again
(Emerson and Lei, Science of Computer Programming 8, 1987, §5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.formulas import Formula
from quiesce.engines.automata import Automaton, Proposition, TooLargeError
from quiesce.engines.fairness import Fairness, Obligations
from quiesce.engines.graph import Graph, GraphPath, States
from quiesce.engines.native.loaded import module
from quiesce.engines.native.plans import NONE, Atoms, Collecting, Core, Edges, Moves

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import product as kernels
else:
    kernels = module("product")

MOST_ATOMS = 64
MOST_CODES = 1 << 31


@dataclass(frozen=True, slots=True)
class Valuation:
    """Truths of states and of steps: those of states for each state, those of steps for each edge.

    `seen` are the edges whose steps are known in full (None: all): a letter that looks at a step needs one of them.
    """

    is_step: Callable[[Proposition], bool]
    truth: Callable[[Proposition], States]
    seen: States | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledAutomaton:
    """An automaton in arrays, as the kernels want it, with the bits of states and edges that its moves look at."""

    first: NDArray[np.int64]
    moves: NDArray[np.uint64]
    move_bits: NDArray[np.uint64]
    cores: NDArray[np.int64]
    untils: int
    sink: int
    state_bits: NDArray[np.uint64]
    edge_bits: NDArray[np.uint64]
    again: Sequence[States] = ()


def compiled_automaton(
    automaton: Automaton, valuation: Valuation, states: int, again: Sequence[States] = ()
) -> CompiledAutomaton:
    """Return an automaton in arrays, for runs that also come again and again into each of some sets of states.

    Raises TooLargeError for more than 64 atoms of states or of steps.
    """
    lines = [move for moves in automaton.moves for move in moves]
    seen = dict.fromkeys(atom for letter, _, _ in lines for atom in sorted(letter.true | letter.false, key=repr))
    of_steps = [atom for atom in seen if valuation.is_step(atom)]
    of_states = [atom for atom in seen if atom not in of_steps]
    if max(len(of_steps) + (valuation.seen is not None), len(of_states)) > MOST_ATOMS:
        raise TooLargeError(f"its automaton reads more than {MOST_ATOMS} different predicates")
    known = 0 if valuation.seen is None else 1 << (MOST_ATOMS - 1)
    moves = np.zeros((max(1, len(lines)), 5), dtype=np.uint64)
    for number, (letter, target, _) in enumerate(lines):
        moves[number, 0] = target
        for column, listed in ((1, of_states), (3, of_steps)):
            bits = {atom: 1 << bit for bit, atom in enumerate(listed)}
            moves[number, column + 1] = sum(bits.get(atom, 0) for atom in letter.true)
            moves[number, column] = sum(bits.get(atom, 0) for atom in letter.true | letter.false)
        if moves[number, 3]:
            moves[number, 3:] |= np.uint64(known)
    accepting: frozenset[Formula] = frozenset()
    return CompiledAutomaton(
        first=np.cumsum([0, *(len(moves) for moves in automaton.moves)], dtype=np.int64),
        moves=moves,
        move_bits=np.array([collected for _, _, collected in lines] or [0], dtype=np.uint64),
        cores=np.array(_cores(automaton, ending=not again), dtype=np.int64),
        untils=automaton.untils,
        sink=automaton.states.index(accepting) if accepting in automaton.states and not again else -1,
        state_bits=_bits(of_states, valuation, states),
        edge_bits=_edge_bits(of_steps, valuation, known),
        again=again,
    )


def staying_in(states: States) -> CompiledAutomaton:
    """Return the automaton that lets a run go on while it stays in a set."""
    return CompiledAutomaton(
        first=np.array([0, 1], dtype=np.int64),
        moves=np.array([[0, 1, 1, 0, 0]], dtype=np.uint64),
        move_bits=np.zeros(1, dtype=np.uint64),
        cores=np.zeros(1, dtype=np.int64),
        untils=0,
        sink=-1,
        state_bits=states.astype(np.uint64),
        edge_bits=np.empty(0, dtype=np.uint64),
    )


def passing_over(enabled: States, taken: States, *, again: bool) -> CompiledAutomaton:
    """Return the automaton of runs that take none of some edges forever, and are forever in some states.

    With `again` they come back to these states again and again.
    """
    never = [0, 0, 0, 1, 1] if again else [0, 1, 1, 1, 1]
    moves = [never, [0, 1, 1, 1, 1]] if again else [never]
    return CompiledAutomaton(
        first=np.array([0, len(moves)], dtype=np.int64),
        moves=np.array(moves, dtype=np.uint64),
        move_bits=np.array([0, 1] if again else [0], dtype=np.uint64),
        cores=np.zeros(1, dtype=np.int64),
        untils=1 if again else 0,
        sink=-1,
        state_bits=enabled.astype(np.uint64),
        edge_bits=(~taken).astype(np.uint64),
    )


def _cores(automaton: Automaton, *, ending: bool) -> list[int]:
    """Return for each state of an automaton the component in which all untils can be collected, or -1.

    A state that accepts whatever comes is in none where that is the end: a run is accepted where it comes there.
    """
    ends = [target for moves in automaton.moves for _, target, _ in moves]
    starts = np.cumsum([0, *(len(moves) for moves in automaton.moves)], dtype=np.int64)
    alive = np.ones(len(automaton.states), dtype=np.bool_)
    component, _ = kernels.components(starts, np.array(ends, dtype=np.uint32), alive)
    collected: dict[int, int] = {}
    for state, moves in enumerate(automaton.moves):
        for _, target, bits in moves:
            if component[state] == component[target] != NONE:
                own = int(component[state])
                collected[own] = collected.get(own, 0) | bits
    cores = [int(own) if collected.get(int(own)) == automaton.everything else -1 for own in component]
    return [-1 if ending and not state else core for state, core in zip(automaton.states, cores, strict=True)]


def _bits(atoms: Sequence[Proposition], valuation: Valuation, length: int) -> NDArray[np.uint64]:
    bits = np.zeros(length, dtype=np.uint64)
    for position, atom in enumerate(atoms):
        truth = valuation.truth(atom).astype(np.uint64) << np.uint64(position)
        bits = truth if len(bits) != len(truth) else bits | truth
    return bits


def _edge_bits(atoms: Sequence[Proposition], valuation: Valuation, known: int) -> NDArray[np.uint64]:
    bits = _bits(atoms, valuation, 0)
    if atoms and valuation.seen is not None:
        bits |= np.where(valuation.seen, np.uint64(known), np.uint64(0))
    return bits


class Product:
    """The nodes that are reachable from some states; with `stopping` the search ends where nothing more is asked."""

    def __init__(
        self, graph: Graph, compiled: CompiledAutomaton, fairness: Fairness, initial: Sequence[int], *, stopping: bool
    ) -> None:
        self.graph, self.compiled, self.fairness = graph.total, compiled, fairness
        self.width = len(compiled.first) - 1
        if self.graph.count * self.width > MOST_CODES:
            raise TooLargeError(f"its automaton has {self.width:,} states, too many beside {self.graph.count:,}")
        self.edges_of_graph = Edges(self.graph.offsets, self.graph.targets)
        self.moves = Moves(compiled.first, compiled.moves, compiled.cores)
        self.atoms = Atoms(compiled.state_bits, compiled.edge_bits)
        starts = np.asarray(initial, dtype=np.int64)
        self.numbers, self.codes, self.parents, self.size, self.reached = kernels.product_nodes(
            self.edges_of_graph, self.moves, self.atoms, starts, compiled.sink, stopping
        )

    @cached_property
    def core(self) -> NDArray[np.int64]:
        """The codes of the nodes where a run can be accepted, in order of arrival: cycles are sought among them."""
        inside: NDArray[np.int64] = self.codes[self.compiled.cores[self.codes % self.width] >= 0]
        return inside

    @cached_property
    def edges(self) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """The edges inside the core: starts and ends."""
        return kernels.product_edges(self.edges_of_graph, self.moves, self.atoms, self.core, self.size)

    @cached_property
    def _collecting(self) -> Collecting:
        """Rows of edges, and what moves, rows and idle states collect."""
        found = self._obligations
        move_bits = np.zeros((len(self.compiled.move_bits), len(found.always)), dtype=np.uint64)
        move_bits[:, 0] = self.compiled.move_bits
        return Collecting(found.rows, move_bits, found.row_bits, found.idle_bits)

    @cached_property
    def _obligations(self) -> Obligations:
        """What a fair loop must collect; the sets that it must come back to have the bits after those of untils."""
        again, untils = self.compiled.again, self.compiled.untils
        found = self.fairness.obligations(self.graph, untils + len(again))
        idle_bits = found.idle_bits.copy() if again else found.idle_bits
        for bit, states in enumerate(again, start=untils):
            idle_bits[:, bit // 64] |= states.astype(np.uint64) << np.uint64(bit % 64)
        return replace(found, idle_bits=idle_bits)

    @cached_property
    def fair(self) -> tuple[States, NDArray[np.uint32], NDArray[np.uint64]]:
        """Of the core the nodes on fair cycles, their components, and what each component must collect."""
        starts, ends = self.edges
        always, enabled_bits = self._obligations.always, self._obligations.enabled_bits
        core = self.core
        alive = np.ones(len(core), dtype=np.bool_)
        fair = np.zeros(len(core), dtype=np.bool_)
        places = np.full(len(core), NONE, dtype=np.uint32)
        needs: list[NDArray[np.uint64]] = [np.zeros((0, len(always)), dtype=np.uint64)]
        offset = 0
        while alive.any():
            component, found = kernels.components(starts, ends, alive)
            core_part = Core(core, starts, ends, component)
            total, enabled = kernels.collected(
                self.graph.offsets, self.moves, self.atoms, core_part, self._collecting, enabled_bits, found
            )
            missing = enabled & ~total
            possible = ((total & always) == always).all(axis=1)
            accepted = possible & ~missing.any(axis=1)
            again = possible & missing.any(axis=1)
            inside = component != NONE
            own = component[inside]
            held = np.flatnonzero(inside)
            chosen = held[accepted[own]]
            fair[chosen] = True
            places[chosen] = component[chosen] + offset
            needs.append(always | enabled)
            offset += found
            alive[:] = False
            left = held[again[own]]
            stuck = (enabled_bits[core[left] // self.width] & missing[component[left]]).any(axis=1)
            alive[left[~stuck]] = True
        return fair, places, np.concatenate(needs)

    def nonempty(self) -> bool:
        """Tell whether some run from the initial states is accepted."""
        return self.reached >= 0 or bool(self.fair[0].any())

    @cached_property
    def lost(self) -> States:
        """The nodes from which a run can leave what was explored: what is still asked of it then, nobody knows."""
        states, own = self.codes // self.width, self.codes % self.width
        found = np.zeros(len(self.codes), dtype=np.bool_)
        s = self.compiled
        for number in np.unique(own[self.graph.leaving[states]]):
            here = np.flatnonzero((own == number) & self.graph.leaving[states])
            for move in s.moves[s.first[number] : s.first[number + 1]]:
                found[here] |= (s.state_bits[states[here]] & move[1]) == move[2]
        return found

    def satisfying(self, *, perhaps: bool = False) -> States:
        """Return the states of the graph from which, in the first state of the automaton, some run is accepted.

        Where `perhaps`, those as well from which some run may be, for it leaves what was explored.
        """
        goal = self.codes % self.width == self.compiled.sink
        if perhaps:
            goal |= self.lost
        goal[self.numbers[self.core[self.fair[0]]]] = True
        reaching = kernels.reaching(
            self.edges_of_graph, self.moves, self.atoms, self.compiled.sink, self.numbers, self.codes, goal
        )
        found = np.zeros(self.graph.count, dtype=np.bool_)
        firsts = self.codes % self.width == 0
        found[self.codes[firsts & reaching] // self.width] = True
        return found

    # -- a run --------------------------------------------------------------------------------------------------------

    def graph_path(self) -> GraphPath | None:
        """Return a run that is accepted: a shortest way to where that is decided, then a short fair loop."""
        if self.reached >= 0:
            return self._way(self.reached)
        fair, places, needs = self.fair
        if not fair.any():
            return None
        node = int(np.argmax(fair))
        way = self._way(int(self.numbers[self.core[node]]))
        loop = self._loop(node, places, needs[places[node]])
        return GraphPath(way.start, way.edges + loop, loop=len(way.edges))

    def _way(self, node: int) -> GraphPath:
        """Return the way on which the search came to a node."""
        edges: list[int] = []
        while self.parents[node] != NONE:
            before = int(self.parents[node])
            codes = int(self.codes[before]), int(self.codes[node])
            edges.append(kernels.edge_between(self.edges_of_graph, self.moves, self.atoms, *codes))
            node = before
        return GraphPath(int(self.codes[node]) // self.width, tuple(reversed(edges)))

    def _loop(self, node: int, places: NDArray[np.uint32], needs: NDArray[np.uint64]) -> tuple[int, ...]:
        """Return a loop at a node that collects everything: always the nearest that is missing, and home."""
        rows, move_bits, row_bits, idle_bits = collecting = self._collecting
        core = Core(self.core, *self.edges, places)
        edges: list[int] = []
        missing, at = needs.copy(), node
        while True:
            home = not missing.any()
            if home and at == node and edges:
                return tuple(edges)
            goal = node if home else -1
            for move, edge, end in kernels.loop_part(
                self.graph.offsets, self.moves, self.atoms, core, collecting, missing, at, goal
            ):
                row = rows[edge] if len(rows) else 0
                missing &= ~(move_bits[move] | row_bits[row] | idle_bits[int(self.core[at]) // self.width])
                edges.append(int(edge))
                at = int(end)
