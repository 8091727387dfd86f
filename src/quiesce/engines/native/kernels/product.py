"""Loops over the product of an explored graph and an automaton, compiled by numba: nodes, edges, components, loops.

A node is a pair of a state n and an automaton state q, with the code n * (number of automaton states) + q. `first`
and `moves` are the automaton: the moves of q are moves[first[q]:first[q + 1]], each a line (target, mask, value, step
mask, step value) of 64-bit words. A move fits a state whose bits under the mask are the value, and a step likewise.
The graph has no deadlocks here: a run that ended repeats its last state.
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native import plans
from quiesce.engines.native.kernels.decorators import helper, inlined, kernel
from quiesce.engines.native.plans import (
    Atoms,
    Collecting,
    Core,
    Edges,
    Flags,
    Lines,
    Moves,
    Numbers,
    Offsets,
    Triples,
    Words,
)

NONE = np.uint32(plans.NONE)


@inlined
def _fits(moves, move, atoms, state):
    return atoms.states[state] & moves.lines[move, 1] == moves.lines[move, 2]


@inlined
def _stays(moves, inner, move):
    """Tell whether a move of a state in a core leads to its own core."""
    return moves.cores[np.int64(moves.lines[move, 0])] == moves.cores[inner]


@inlined
def _fits_step(moves, move, atoms, edge):
    return len(atoms.edges) == 0 or atoms.edges[edge] & moves.lines[move, 3] == moves.lines[move, 4]


@kernel
def product_nodes(
    graph: Edges, moves: Moves, atoms: Atoms, initial: Offsets, sink: int, stopping: int
) -> tuple[Numbers, Offsets, Numbers, int, int]:
    """Return the reachable nodes, breadth first from automaton state 0.

    Nodes of the automaton state `sink` (-1: there is none) are not expanded, and end the search where `stopping`.
    `cores` is the part of the automaton in which a run can be accepted that each of its states belongs to, or -1.
    Returns (number of each code, NONE where unreachable; codes in order of arrival; the node from which each was
    reached first; number of edges inside cores; the first node in the sink, or -1).
    """
    width = len(moves.first) - 1
    numbers = np.full((len(graph.offsets) - 1) * width, NONE, dtype=np.uint32)
    codes = np.empty(1024, dtype=np.int64)
    parents = np.empty(1024, dtype=np.uint32)
    found = np.int64(0)
    reached = np.int64(-1)
    for state in initial:
        code = np.int64(state) * width
        if numbers[code] == NONE:
            if found == len(codes):
                codes, parents = _longer(codes, parents)
            numbers[code] = found
            codes[found] = code
            parents[found] = NONE
            found += 1
    edges = np.int64(0)
    position = np.int64(0)
    while position < found:
        state = codes[position] // width
        inner = codes[position] % width
        if inner == sink:
            if reached < 0:
                reached = position
            if stopping:
                break
            position += 1
            continue
        for move in range(moves.first[inner], moves.first[inner + 1]):
            if not _fits(moves, move, atoms, state):
                continue
            for edge in range(graph.offsets[state], graph.offsets[state + 1]):
                if not _fits_step(moves, move, atoms, edge):
                    continue
                code = np.int64(graph.targets[edge]) * width + np.int64(moves.lines[move, 0])
                edges += moves.cores[inner] >= 0 and moves.cores[inner] == moves.cores[np.int64(moves.lines[move, 0])]
                if numbers[code] == NONE:
                    if found == len(codes):
                        codes, parents = _longer(codes, parents)
                    numbers[code] = found
                    codes[found] = code
                    parents[found] = position
                    found += 1
        position += 1
    return numbers, codes[:found].copy(), parents[:found].copy(), edges, reached


@helper
def _longer(codes, parents):
    more_codes = np.empty(2 * len(codes), dtype=np.int64)
    more_parents = np.empty(2 * len(parents), dtype=np.uint32)
    for number in range(len(codes)):  # numba needs seconds to compile the assignment of a slice
        more_codes[number] = codes[number]
        more_parents[number] = parents[number]
    return more_codes, more_parents


@kernel
def product_edges(graph: Edges, moves: Moves, atoms: Atoms, core: Offsets, edges: int) -> tuple[Offsets, Numbers]:
    """Return the edges inside cores as a graph: starts and ends.

    `core` are the codes of the nodes in cores; their positions in it are their numbers here. The edges of a node are in
    the order of its moves, and for each of the edges of its state: what else is asked of them is found by going through
    them again in this order.
    """
    width = len(moves.first) - 1
    numbers = np.full((len(graph.offsets) - 1) * width, NONE, dtype=np.uint32)
    for position in range(len(core)):
        numbers[core[position]] = position
    starts = np.empty(len(core) + 1, dtype=np.int64)
    ends = np.empty(edges, dtype=np.uint32)
    total = np.int64(0)
    for position in range(len(core)):
        starts[position] = total
        state = core[position] // width
        inner = core[position] % width
        for move in range(moves.first[inner], moves.first[inner + 1]):
            if moves.cores[np.int64(moves.lines[move, 0])] != moves.cores[inner] or not _fits(
                moves, move, atoms, state
            ):
                continue
            for edge in range(graph.offsets[state], graph.offsets[state + 1]):
                if _fits_step(moves, move, atoms, edge):
                    ends[total] = numbers[np.int64(graph.targets[edge]) * width + np.int64(moves.lines[move, 0])]
                    total += 1
    starts[len(core)] = total
    return starts, ends


@kernel
def edge_between(graph: Edges, moves: Moves, atoms: Atoms, code: int, next_code: int) -> int:
    """Return the first edge of the graph by which the product goes from one code to another; -1 where none does."""
    width = len(moves.first) - 1
    state, inner = code // width, code % width
    for move in range(moves.first[inner], moves.first[inner + 1]):
        if np.int64(moves.lines[move, 0]) != next_code % width or not _fits(moves, move, atoms, state):
            continue
        for edge in range(graph.offsets[state], graph.offsets[state + 1]):
            if np.int64(graph.targets[edge]) == next_code // width and _fits_step(moves, move, atoms, edge):
                return np.int64(edge)
    return np.int64(-1)


@kernel
def components(starts: Offsets, ends: Numbers, alive: Flags) -> tuple[Numbers, int]:
    """Return the strongly connected component of each node among those alive (Tarjan 1972, without recursion).

    Components with an edge inside are numbered from 0; NONE stands for all other nodes. Returns also how many there
    are.
    """
    count = len(starts) - 1
    order = np.full(count, NONE, dtype=np.uint32)
    low = np.empty(count, dtype=np.uint32)
    component = np.full(count, NONE, dtype=np.uint32)
    done = np.zeros(count, dtype=np.bool_)
    path = np.empty(count, dtype=np.uint32)
    held = np.empty(count, dtype=np.uint32)
    at = np.empty(count, dtype=np.int64)
    arrivals = np.uint32(0)
    found = np.uint32(0)
    holding = np.int64(0)
    for root in range(count):
        if order[root] != NONE or not alive[root]:
            continue
        depth = np.int64(0)
        path[0] = root
        at[0] = starts[root]
        order[root] = low[root] = arrivals
        arrivals += np.uint32(1)
        held[holding] = root
        holding += 1
        while depth >= 0:
            node = np.int64(path[depth])
            if at[depth] < starts[node + 1]:
                end = np.int64(ends[at[depth]])
                at[depth] += 1
                if not alive[end]:
                    continue
                if order[end] == NONE:
                    order[end] = low[end] = arrivals
                    arrivals += np.uint32(1)
                    held[holding] = end
                    holding += 1
                    depth += 1
                    path[depth] = end
                    at[depth] = starts[end]
                elif not done[end]:
                    low[node] = min(low[node], order[end])
            else:
                if low[node] == order[node]:
                    single = np.int64(held[holding - 1]) == node
                    inside = not single or _loops(starts, ends, node)
                    while True:
                        holding -= 1
                        member = np.int64(held[holding])
                        done[member] = True
                        if inside:
                            component[member] = found
                        if member == node:
                            break
                    if inside:
                        found += np.uint32(1)
                depth -= 1
                if depth >= 0:
                    above = np.int64(path[depth])
                    low[above] = min(low[above], low[node])
    return component, np.int64(found)


@helper
def _loops(starts, ends, node):
    for edge in range(starts[node], starts[node + 1]):
        if ends[edge] == node:
            return True
    return False


@kernel
def reaching(
    graph: Edges, moves: Moves, atoms: Atoms, sink: int, numbers: Numbers, codes: Offsets, goal: Flags
) -> Flags:
    """Return the nodes from which a goal node can be reached, over all edges of the product, backwards."""
    width = len(moves.first) - 1
    count = len(codes)
    starts = np.zeros(count + 1, dtype=np.int64)
    for turn in range(2):
        if turn == 1:
            for node in range(count):
                starts[node + 1] += starts[node]
            sources = np.empty(starts[count], dtype=np.uint32)
            fill = starts[:-1].copy()
        for position in range(count):
            state = codes[position] // width
            inner = codes[position] % width
            if inner == sink:
                continue
            for move in range(moves.first[inner], moves.first[inner + 1]):
                if not _fits(moves, move, atoms, state):
                    continue
                for edge in range(graph.offsets[state], graph.offsets[state + 1]):
                    if _fits_step(moves, move, atoms, edge):
                        end = np.int64(numbers[np.int64(graph.targets[edge]) * width + np.int64(moves.lines[move, 0])])
                        if turn == 0:
                            starts[end + 1] += 1
                        else:
                            sources[fill[end]] = position
                            fill[end] += 1
    found = goal.copy()
    queue = np.empty(count, dtype=np.uint32)
    tail = 0
    for node in range(count):
        if found[node]:
            queue[tail] = node
            tail += 1
    head = 0
    while head < tail:
        here = np.int64(queue[head])
        head += 1
        for edge in range(starts[here], starts[here + 1]):
            source = sources[edge]
            if not found[source]:
                found[source] = True
                queue[tail] = source
                tail += 1
    return found


@inlined
def _collects(collecting, word, state, move, edge):
    """Return a word of what an edge collects: by its move, by the row that it takes, and by what is idle before it."""
    row = collecting.rows[edge] if len(collecting.rows) else np.uint32(0)
    return collecting.moves[move, word] | collecting.of_rows[row, word] | collecting.idle[state, word]


@kernel
def collected(
    offsets: Offsets, moves: Moves, atoms: Atoms, core: Core, collecting: Collecting, enabled_bits: Lines, found: int
) -> tuple[Lines, Lines]:
    """Return for each component what its edges collect together, and what is enabled in some state of it."""
    width = len(moves.first) - 1
    words = collecting.moves.shape[1]
    total = np.zeros((found, words), dtype=np.uint64)
    enabled = np.zeros((found, words), dtype=np.uint64)
    for node in range(len(core.codes)):
        own = core.component[node]
        if own == NONE:
            continue
        state, inner = core.codes[node] // width, core.codes[node] % width
        for word in range(words):
            enabled[own, word] |= enabled_bits[state, word]
        position = core.starts[node]
        for move in range(moves.first[inner], moves.first[inner + 1]):
            if moves.cores[np.int64(moves.lines[move, 0])] != moves.cores[inner] or not _fits(
                moves, move, atoms, state
            ):
                continue
            for edge in range(offsets[state], offsets[state + 1]):
                if not _fits_step(moves, move, atoms, edge):
                    continue
                if core.component[core.ends[position]] == own:
                    for word in range(words):
                        total[own, word] |= _collects(collecting, word, state, move, edge)
                position += 1
    return total, enabled


@kernel
def loop_part(
    offsets: Offsets,
    moves: Moves,
    atoms: Atoms,
    core: Core,
    collecting: Collecting,
    missing: Words,
    source: int,
    target: int,
) -> Triples:
    """Return a shortest path of one edge or more inside the component of a node: lines (move, edge of the graph, node).

    It ends with the first edge that collects a missing bit; or where `target` is not -1, at that node.
    """
    width = len(moves.first) - 1
    count = len(core.codes)
    before = np.full(count, NONE, dtype=np.uint32)
    by_move = np.empty(count, dtype=np.uint32)
    by_edge = np.empty(count, dtype=np.uint32)
    queue = np.empty(count, dtype=np.uint32)
    queue[0] = source
    head, tail = 0, 1
    last = np.full(3, -1, dtype=np.int64)
    at = np.int64(source)
    while head < tail and last[0] < 0:
        at = np.int64(queue[head])
        head += 1
        state, inner = core.codes[at] // width, core.codes[at] % width
        position = core.starts[at]
        for move in range(moves.first[inner], moves.first[inner + 1]):
            if moves.cores[np.int64(moves.lines[move, 0])] != moves.cores[inner] or not _fits(
                moves, move, atoms, state
            ):
                continue
            for edge in range(offsets[state], offsets[state + 1]):
                if not _fits_step(moves, move, atoms, edge):
                    continue
                end = np.int64(core.ends[position])
                position += 1
                if core.component[end] != core.component[source] or last[0] >= 0:
                    continue
                hit = end == target
                if target < 0:
                    for word in range(len(missing)):
                        bits = _collects(collecting, word, state, move, edge)
                        hit = hit or bits & missing[word] != 0
                if hit:
                    last[0], last[1], last[2] = move, edge, end
                elif end != source and before[end] == NONE:
                    before[end], by_move[end], by_edge[end] = at, move, edge
                    queue[tail] = end
                    tail += 1
    length = 1
    node = at
    while node != source:
        node = np.int64(before[node])
        length += 1
    path = np.empty((length, 3), dtype=np.int64)
    path[length - 1] = last
    node = at
    while node != source:
        length -= 1
        path[length - 1, 0], path[length - 1, 1], path[length - 1, 2] = by_move[node], by_edge[node], node
        node = np.int64(before[node])
    return path
