"""States of several words as keys of one word (`interning.py`): the nodes of the tree, behind addresses.

A node numbers values: `slots` is a hash table of numbers plus 1, `values` gives the value of a number. Threads read
without a lock; who meets a new value takes the node's lock, looks again, and numbers it. The values of a leaf are some
bits of one word; those of an inner node are the numbers of its two children.
"""

from __future__ import annotations

import numpy as np

from quiesce.engines.native.kernels.decorators import inlined, kernel
from quiesce.engines.native.kernels.instructions import (
    claim_word,
    get,
    get_number,
    publish,
    put,
    release,
)
from quiesce.engines.native.plans import (
    BITS,
    COUNT,
    LEFT,
    LIMIT,
    LOCK,
    MASK,
    NODE,
    RIGHT,
    SHIFT,
    SLOTS,
    VALUES,
    WORD,
    TreeView,
    Words,
)

ZERO, ONE = np.uint64(0), np.uint64(1)
FIRST_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
SECOND_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)


@inlined
def _slot(value):
    """Return the slot of a value, before it is cut to the number of slots."""
    spread = value * FIRST_MULTIPLIER
    return (spread ^ (spread >> np.uint64(32))) * SECOND_MULTIPLIER >> np.uint64(32)


@inlined
def _interned(node, value):
    """Return the number of a value at a node, a new one where it is new; there is room (`_is_full`)."""
    slots, values = np.int64(get(node, SLOTS)), np.int64(get(node, VALUES))
    mask = get(node, MASK)
    slot = _slot(value) & mask
    locked = False
    while True:
        held = get_number(slots, np.int64(slot))
        if held != 0:
            if get(values, np.int64(held) - 1) == value:
                break
            slot = (slot + ONE) & mask
        elif not locked:
            while not claim_word(node + LOCK * 8, ONE):
                pass
            locked = True
        else:
            count = get(node, COUNT)
            put(values, np.int64(count), value)
            put(node, COUNT, count + ONE)
            held = np.uint32(count + ONE)
            publish(slots + np.int64(slot) * 4, held)
            break
    if locked:
        release(node + LOCK * 8)
    return np.uint64(held) - ONE


@inlined
def is_full(tree):
    """Tell whether some node may not have room for as many new values as a block can bring."""
    for node in range(2 * tree.leaves - 2):
        place = tree.plan + node * NODE * 8
        if np.int64(get(place, COUNT)) + tree.margin > np.int64(get(place, LIMIT)):
            return True
    return False


@inlined
def _part(state, place):
    """Return the bits of a state that are a leaf's."""
    return (get(state, np.int64(get(place, WORD))) >> get(place, SHIFT)) & get(place, BITS)


@inlined
def _key(leaves, numbers):
    return (get(numbers, 2 * leaves - 4) << np.uint64(32)) | get(numbers, 2 * leaves - 3)


@inlined
def unpacked(tree, words, key, numbers, state):
    """Fill in the words of a state, and the numbers of its nodes, from its key."""
    leaves = tree.leaves
    for word in range(words):
        put(state, word, ZERO)
    put(numbers, 2 * leaves - 4, key >> np.uint64(32))
    put(numbers, 2 * leaves - 3, key & np.uint64(0xFFFFFFFF))
    for node in range(2 * leaves - 3, -1, -1):
        place = tree.plan + node * NODE * 8
        value = get(np.int64(get(place, VALUES)), np.int64(get(numbers, node)))
        if node < leaves:
            at = np.int64(get(place, WORD))
            put(state, at, get(state, at) | (value << get(place, SHIFT)))
        else:
            put(numbers, np.int64(get(place, LEFT)), value >> np.uint64(32))
            put(numbers, np.int64(get(place, RIGHT)), value & np.uint64(0xFFFFFFFF))


@kernel
def keys_of(tree: TreeView, words: int, states_: Words, numbers_: Words, keys_: Words) -> None:
    """Fill in the keys of states; there is room for all their values."""
    states, numbers, keys = states_.ctypes.data, numbers_.ctypes.data, keys_.ctypes.data
    leaves = tree.leaves
    for number in range(len(keys_)):
        for node in range(2 * leaves - 2):
            place = tree.plan + node * NODE * 8
            if node < leaves:
                value = _part(states + number * words * 8, place)
            else:
                left, right = np.int64(get(place, LEFT)), np.int64(get(place, RIGHT))
                value = (get(numbers, left) << np.uint64(32)) | get(numbers, right)
            put(numbers, node, _interned(place, value))
        put(keys, number, _key(leaves, numbers))


@kernel
def states_of(tree: TreeView, words: int, keys_: Words, numbers_: Words, states_: Words) -> None:
    """Fill in the words of states from their keys."""
    keys, numbers, states = keys_.ctypes.data, numbers_.ctypes.data, states_.ctypes.data
    for number in range(len(keys_)):
        unpacked(tree, words, get(keys, number), numbers, states + number * words * 8)


@kernel
def number_again(values: int, count: int, slots: int, mask_: int) -> None:
    """Enter the values of a node, numbered as they stand, in an empty array of slots."""
    mask = np.uint64(mask_)
    for number in range(count):
        slot = _slot(get(values, number)) & mask
        while get_number(slots, np.int64(slot)) != 0:
            slot = (slot + ONE) & mask
        publish(slots + np.int64(slot) * 4, np.uint32(number + 1))


@inlined
def intern(tree, words, state, numbers, changed, successors, count, keys):
    """Fill in the keys of a state's successors; a part that did not change has the parent's number.

    Node by node: first the values that did change are listed without a branch, then they are looked up, which none of
    them delays. `changed` has room for a number of each node, and for two more, for each successor.
    """
    leaves = tree.leaves
    nodes = 2 * leaves - 2
    listed = changed + count * nodes * 8
    for node in range(nodes):
        place, mine = tree.plan + node * NODE * 8, changed + node * count * 8
        left, right = np.int64(get(place, LEFT)), np.int64(get(place, RIGHT))
        number, waiting = get(numbers, node), np.int64(0)
        for successor in range(count):
            put(mine, successor, number)
        if node < leaves:
            shift, bits = get(place, SHIFT), get(place, BITS)
            own = (get(state, left) >> shift) & bits
            for successor in range(count):
                value = (get(successors, successor * words + left) >> shift) & bits
                put(listed, 2 * waiting, np.uint64(successor))
                put(listed, 2 * waiting + 1, value)
                waiting += np.int64(value != own)
        else:
            own = (get(numbers, left) << np.uint64(32)) | get(numbers, right)
            lefts, rights = changed + left * count * 8, changed + right * count * 8
            for successor in range(count):
                value = (get(lefts, successor) << np.uint64(32)) | get(rights, successor)
                put(listed, 2 * waiting, np.uint64(successor))
                put(listed, 2 * waiting + 1, value)
                waiting += np.int64(value != own)
        for entry in range(waiting):
            put(mine, np.int64(get(listed, 2 * entry)), _interned(place, get(listed, 2 * entry + 1)))
    lefts, rights = changed + (nodes - 2) * count * 8, changed + (nodes - 1) * count * 8
    for successor in range(count):
        put(keys, successor, (get(lefts, successor) << np.uint64(32)) | get(rights, successor))
