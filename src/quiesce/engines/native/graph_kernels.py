"""Loops over explored graphs, compiled by numba: reversal, CTL fixpoints, products with automata, components.

A graph of n states is `offsets` (n + 1 numbers) and `targets`: the successors of state s are
targets[offsets[s]:offsets[s + 1]].
"""

from __future__ import annotations

import numpy as np
from numba import njit

from quiesce.engines.native.kernel_cache import enter_cache, leave_cache

_before = enter_cache(__file__)


@njit(cache=True, nogil=True)
def reverse(offsets, targets):  # type: ignore[no-untyped-def]
    """Return the reversed graph in the same form: the predecessors of state n."""
    count = len(offsets) - 1
    starts = np.zeros(count + 1, dtype=np.int64)
    for target in targets:
        starts[np.int64(target) + 1] += 1
    for number in range(count):
        starts[number + 1] += starts[number]
    sources = np.empty(len(targets), dtype=np.uint32)
    fill = starts[:-1].copy()
    for number in range(count):
        for edge in range(offsets[number], offsets[number + 1]):
            sources[fill[targets[edge]]] = number
            fill[targets[edge]] += 1
    return starts, sources


@njit(cache=True, nogil=True)
def sweep(offsets, targets, marked, rounds):  # type: ignore[no-untyped-def]
    """Mark every state with a marked successor, in sweeps from the last state and from the first in turn.

    Returns whether nothing changed any more within the rounds given: most graphs need few, a long chain numbered the
    wrong way one for each state.
    """
    count = len(marked)
    for turn in range(rounds):
        changed = False
        for step in range(count):
            number = count - 1 - step if turn % 2 == 0 else step
            if not marked[number]:
                for edge in range(offsets[number], offsets[number + 1]):
                    if marked[targets[edge]]:
                        marked[number] = True
                        changed = True
                        break
        if not changed:
            return True
    return False


@njit(cache=True, nogil=True)
def some_successor(offsets, targets, marked):  # type: ignore[no-untyped-def]
    """Return the states with a marked successor: EX."""
    found = np.zeros(len(marked), dtype=np.bool_)
    for number in range(len(marked)):
        for edge in range(offsets[number], offsets[number + 1]):
            if marked[targets[edge]]:
                found[number] = True
                break
    return found


@njit(cache=True, nogil=True)
def until(starts, sources, stay, goal):  # type: ignore[no-untyped-def]
    """Return the states from which some run stays in `stay` until `goal`: E[stay U goal], backwards from the goal."""
    found = goal.copy()
    queue = np.empty(len(goal), dtype=np.uint32)
    tail = 0
    for number in range(len(goal)):
        if found[number]:
            queue[tail] = number
            tail += 1
    head = 0
    while head < tail:
        number = queue[head]
        head += 1
        for edge in range(starts[number], starts[number + 1]):
            source = sources[edge]
            if stay[source] and not found[source]:
                found[source] = True
                queue[tail] = source
                tail += 1
    return found


@njit(cache=True, nogil=True)
def for_ever(offsets, targets, starts, sources, stay):  # type: ignore[no-untyped-def]
    """Return the states from which some maximal run stays in `stay`: EG; those that must leave are taken away."""
    count = len(stay)
    kept = stay.copy()
    ways = np.zeros(count, dtype=np.int64)
    queue = np.empty(count, dtype=np.uint32)
    tail = 0
    for number in range(count):
        if kept[number]:
            for edge in range(offsets[number], offsets[number + 1]):
                if stay[targets[edge]]:
                    ways[number] += 1
            if ways[number] == 0 and offsets[number + 1] > offsets[number]:
                queue[tail] = number
                tail += 1
    for position in range(tail):
        kept[queue[position]] = False
    head = 0
    while head < tail:
        number = queue[head]
        head += 1
        for edge in range(starts[number], starts[number + 1]):
            source = sources[edge]
            if kept[source]:
                ways[source] -= 1
                if ways[source] == 0:
                    kept[source] = False
                    queue[tail] = source
                    tail += 1
    return kept


@njit(cache=True, nogil=True)
def product_nodes(offsets, targets, initial, moves, move_targets, letters, fits, states_of_automaton):  # type: ignore[no-untyped-def]
    """Return the reachable pairs of a state and an automaton state, and how many edges they have.

    `moves[q]:moves[q + 1]` are the moves of automaton state q; `fits[letters[m], n]` tells whether state n fits move
    m. A deadlock repeats itself. The pair (n, q) has the code n * (number of automaton states) + q; the result is the
    number of each code in order of arrival (-1: unreachable), the codes in that order, and the number of edges.
    """
    count = len(offsets) - 1
    numbers = np.full(count * states_of_automaton, -1, dtype=np.int64)
    codes = np.empty(1024, dtype=np.int64)
    found = 0
    for state in initial:
        code = np.int64(state) * states_of_automaton
        if numbers[code] < 0:
            if found == len(codes):
                codes = _longer(codes)
            numbers[code] = found
            codes[found] = code
            found += 1
    edges = np.int64(0)
    position = 0
    while position < found:
        state = codes[position] // states_of_automaton
        inner = codes[position] % states_of_automaton
        position += 1
        first, last = offsets[state], offsets[state + 1]
        for move in range(moves[inner], moves[inner + 1]):
            if not fits[letters[move], state]:
                continue
            for edge in range(first, max(last, first + 1)):
                target = np.int64(targets[edge]) if first < last else np.int64(state)
                code = target * states_of_automaton + move_targets[move]
                edges += 1
                if numbers[code] < 0:
                    if found == len(codes):
                        codes = _longer(codes)
                    numbers[code] = found
                    codes[found] = code
                    found += 1
    return numbers, codes[:found], edges


@njit(cache=True)
def _longer(codes):  # type: ignore[no-untyped-def]
    longer = np.empty(2 * len(codes), dtype=np.int64)
    longer[: len(codes)] = codes
    return longer


@njit(cache=True, nogil=True)
def product_edges(  # type: ignore[no-untyped-def]
    offsets, targets, moves, move_targets, move_bits, letters, fits, states_of_automaton, numbers, codes, edges
):
    """Return the edges of a product in the form of a graph, with the bits that each edge collects."""
    starts = np.empty(len(codes) + 1, dtype=np.int64)
    ends = np.empty(edges, dtype=np.int64)
    bits = np.empty(edges, dtype=np.uint64)
    total = np.int64(0)
    for position in range(len(codes)):
        starts[position] = total
        state = codes[position] // states_of_automaton
        inner = codes[position] % states_of_automaton
        first, last = offsets[state], offsets[state + 1]
        for move in range(moves[inner], moves[inner + 1]):
            if not fits[letters[move], state]:
                continue
            for edge in range(first, max(last, first + 1)):
                target = np.int64(targets[edge]) if first < last else np.int64(state)
                ends[total] = numbers[target * states_of_automaton + move_targets[move]]
                bits[total] = move_bits[move]
                total += 1
    starts[len(codes)] = total
    return starts, ends, bits


@njit(cache=True, nogil=True)
def components(starts, ends):  # type: ignore[no-untyped-def]
    """Return the number of the strongly connected component of each node (Tarjan 1972, without recursion)."""
    count = len(starts) - 1
    order = np.full(count, -1, dtype=np.int64)
    low = np.zeros(count, dtype=np.int64)
    component = np.full(count, -1, dtype=np.int64)
    path = np.empty(count, dtype=np.int64)
    held = np.empty(count, dtype=np.int64)
    at = starts[:-1].copy()
    arrivals = np.int64(0)
    found = np.int64(0)
    holding = 0
    for root in range(count):
        if order[root] >= 0:
            continue
        depth = 0
        path[0] = root
        order[root] = low[root] = arrivals
        arrivals += 1
        held[holding] = root
        holding += 1
        while depth >= 0:
            node = path[depth]
            if at[node] < starts[node + 1]:
                end = ends[at[node]]
                at[node] += 1
                if order[end] < 0:
                    order[end] = low[end] = arrivals
                    arrivals += 1
                    held[holding] = end
                    holding += 1
                    depth += 1
                    path[depth] = end
                elif component[end] < 0:
                    low[node] = min(low[node], order[end])
            else:
                if low[node] == order[node]:
                    while True:
                        holding -= 1
                        member = held[holding]
                        component[member] = found
                        if member == node:
                            break
                    found += 1
                depth -= 1
                if depth >= 0:
                    low[path[depth]] = min(low[path[depth]], low[node])
    return component, found


@njit(cache=True, nogil=True)
def collected(starts, ends, bits, component, found):  # type: ignore[no-untyped-def]
    """Return for each component the bits that edges inside it collect, and whether it has such an edge."""
    total = np.zeros(found, dtype=np.uint64)
    inside = np.zeros(found, dtype=np.bool_)
    for node in range(len(starts) - 1):
        for edge in range(starts[node], starts[node + 1]):
            if component[ends[edge]] == component[node]:
                total[component[node]] |= bits[edge]
                inside[component[node]] = True
    return total, inside


leave_cache(_before)
