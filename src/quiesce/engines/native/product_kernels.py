"""Loops over the product of an explored graph and an automaton, compiled by numba: nodes, edges, components, loops.

A node is a pair of a state n and an automaton state q, with the code n * (number of automaton states) + q. `first`
and `moves` are the automaton: the moves of q are moves[first[q]:first[q + 1]], each a line (target, mask, value, step
mask, step value) of 64-bit words. A move fits a state whose bits under the mask are the value, and a step likewise.
The graph has no deadlocks here: a run that ended repeats its last state.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from quiesce.engines.native import instructions
from quiesce.engines.native.instructions import inlined
from quiesce.engines.native.kernel_cache import enter_cache, leave_cache

_before = enter_cache(__file__, instructions.__file__)

NONE = np.uint32(0xFFFFFFFF)


@inlined
def _fits(moves, move, state_bits, state):
    return state_bits[state] & moves[move, 1] == moves[move, 2]


@inlined
def _fits_step(moves, move, edge_bits, edge):
    return len(edge_bits) == 0 or edge_bits[edge] & moves[move, 3] == moves[move, 4]


@njit(cache=True, nogil=True)
def product_nodes(offsets, targets, initial, first, moves, cores, state_bits, edge_bits, sink, stopping):
    """Return the reachable nodes, breadth first from automaton state 0.

    Nodes of the automaton state `sink` (-1: there is none) are not expanded, and end the search where `stopping`.
    `cores` is the part of the automaton in which a run can be accepted that each of its states belongs to, or -1.
    Returns (number of each code, NONE where unreachable; codes in order of arrival; the node from which each was
    reached first; number of edges inside cores; the first node in the sink, or -1).
    """
    width = len(first) - 1
    numbers = np.full((len(offsets) - 1) * width, NONE, dtype=np.uint32)
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
        for move in range(first[inner], first[inner + 1]):
            if not _fits(moves, move, state_bits, state):
                continue
            for edge in range(offsets[state], offsets[state + 1]):
                if not _fits_step(moves, move, edge_bits, edge):
                    continue
                code = np.int64(targets[edge]) * width + np.int64(moves[move, 0])
                edges += cores[inner] >= 0 and cores[inner] == cores[np.int64(moves[move, 0])]
                if numbers[code] == NONE:
                    if found == len(codes):
                        codes, parents = _longer(codes, parents)
                    numbers[code] = found
                    codes[found] = code
                    parents[found] = position
                    found += 1
        position += 1
    return numbers, codes[:found].copy(), parents[:found].copy(), edges, reached


@njit(cache=True)
def _longer(codes, parents):
    more_codes = np.empty(2 * len(codes), dtype=np.int64)
    more_parents = np.empty(2 * len(parents), dtype=np.uint32)
    for number in range(len(codes)):  # numba needs seconds to compile the assignment of a slice
        more_codes[number] = codes[number]
        more_parents[number] = parents[number]
    return more_codes, more_parents


@njit(cache=True, nogil=True)
def product_edges(offsets, targets, first, moves, cores, state_bits, edge_bits, core, edges):
    """Return the edges inside cores as a graph: starts and ends.

    `core` are the codes of the nodes in cores; their positions in it are their numbers here. The edges of a node are in
    the order of its moves, and for each of the edges of its state: what else is asked of them is found by going through
    them again in this order.
    """
    width = len(first) - 1
    numbers = np.full((len(offsets) - 1) * width, NONE, dtype=np.uint32)
    for position in range(len(core)):
        numbers[core[position]] = position
    starts = np.empty(len(core) + 1, dtype=np.int64)
    ends = np.empty(edges, dtype=np.uint32)
    total = np.int64(0)
    for position in range(len(core)):
        starts[position] = total
        state = core[position] // width
        inner = core[position] % width
        for move in range(first[inner], first[inner + 1]):
            if cores[np.int64(moves[move, 0])] != cores[inner] or not _fits(moves, move, state_bits, state):
                continue
            for edge in range(offsets[state], offsets[state + 1]):
                if _fits_step(moves, move, edge_bits, edge):
                    ends[total] = numbers[np.int64(targets[edge]) * width + np.int64(moves[move, 0])]
                    total += 1
    starts[len(core)] = total
    return starts, ends


@njit(cache=True, nogil=True)
def edge_between(offsets, targets, first, moves, state_bits, edge_bits, code, next_code):
    """Return the first edge of the graph by which the product goes from one code to another; -1 where none does."""
    width = len(first) - 1
    state, inner = code // width, code % width
    for move in range(first[inner], first[inner + 1]):
        if np.int64(moves[move, 0]) != next_code % width or not _fits(moves, move, state_bits, state):
            continue
        for edge in range(offsets[state], offsets[state + 1]):
            if np.int64(targets[edge]) == next_code // width and _fits_step(moves, move, edge_bits, edge):
                return np.int64(edge)
    return np.int64(-1)


@njit(cache=True, nogil=True)
def components(starts, ends, alive):
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


@njit(cache=True)
def _loops(starts, ends, node):
    for edge in range(starts[node], starts[node + 1]):
        if ends[edge] == node:
            return True
    return False


@njit(cache=True, nogil=True)
def reaching(offsets, targets, first, moves, state_bits, edge_bits, sink, numbers, codes, goal):
    """Return the nodes from which a goal node can be reached, over all edges of the product, backwards."""
    width = len(first) - 1
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
            for move in range(first[inner], first[inner + 1]):
                if not _fits(moves, move, state_bits, state):
                    continue
                for edge in range(offsets[state], offsets[state + 1]):
                    if _fits_step(moves, move, edge_bits, edge):
                        end = np.int64(numbers[np.int64(targets[edge]) * width + np.int64(moves[move, 0])])
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
def _collects(word, state, move, edge, rows, move_bits, row_bits, idle_bits):
    """Return a word of what an edge collects: by its move, by the row that it takes, and by what is idle before it."""
    row = rows[edge] if len(rows) else np.uint32(0)
    return move_bits[move, word] | row_bits[row, word] | idle_bits[state, word]


@njit(cache=True, nogil=True)
def collected(
    offsets, first, moves, cores, state_bits, edge_bits, core, starts, ends, component, found,
    rows, move_bits, row_bits, idle_bits, enabled_bits,
):  # fmt: skip
    """Return for each component what its edges collect together, and what is enabled in some state of it."""
    width = len(first) - 1
    words = move_bits.shape[1]
    total = np.zeros((found, words), dtype=np.uint64)
    enabled = np.zeros((found, words), dtype=np.uint64)
    for node in range(len(core)):
        own = component[node]
        if own == NONE:
            continue
        state, inner = core[node] // width, core[node] % width
        for word in range(words):
            enabled[own, word] |= enabled_bits[state, word]
        position = starts[node]
        for move in range(first[inner], first[inner + 1]):
            if cores[np.int64(moves[move, 0])] != cores[inner] or not _fits(moves, move, state_bits, state):
                continue
            for edge in range(offsets[state], offsets[state + 1]):
                if not _fits_step(moves, move, edge_bits, edge):
                    continue
                if component[ends[position]] == own:
                    for word in range(words):
                        total[own, word] |= _collects(word, state, move, edge, rows, move_bits, row_bits, idle_bits)
                position += 1
    return total, enabled


@njit(cache=True, nogil=True)
def loop_part(
    offsets, first, moves, cores, state_bits, edge_bits, core, starts, ends, component,
    rows, move_bits, row_bits, idle_bits, source, missing, target,
):  # fmt: skip
    """Return a shortest path of one edge or more inside the component of a node: lines (move, edge of the graph, node).

    It ends with the first edge that collects a missing bit; or where `target` is not -1, at that node.
    """
    width = len(first) - 1
    count = len(core)
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
        state, inner = core[at] // width, core[at] % width
        position = starts[at]
        for move in range(first[inner], first[inner + 1]):
            if cores[np.int64(moves[move, 0])] != cores[inner] or not _fits(moves, move, state_bits, state):
                continue
            for edge in range(offsets[state], offsets[state + 1]):
                if not _fits_step(moves, move, edge_bits, edge):
                    continue
                end = np.int64(ends[position])
                position += 1
                if component[end] != component[source] or last[0] >= 0:
                    continue
                hit = end == target
                if target < 0:
                    for word in range(len(missing)):
                        bits = _collects(word, state, move, edge, rows, move_bits, row_bits, idle_bits)
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


leave_cache(_before)
