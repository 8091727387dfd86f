"""States as keys of one word with few bits: every part is numbered, then pairs of numbers, until two are left.

The parts, words or halves of the only word, are the leaves of a binary tree; a node numbers the values that it has seen
in the order of their arrival. A key is the pair of the two topmost numbers, 32 bits each; the table keeps as many bits
of each as are in use. Few states of a machine occur in many states of a system, so the numbers are small and their
tables stay in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quiesce.core.errors import EngineError
from quiesce.engines.native.loaded import module
from quiesce.engines.native.memory import Pages
from quiesce.engines.native.plans import (
    BITS,
    COUNT,
    EXTENSION,
    LEFT,
    LIMIT,
    MASK,
    NODE,
    RIGHT,
    SHIFT,
    SLOTS,
    VALUES,
    WORD,
    TreeView,
)

if TYPE_CHECKING:
    from quiesce.engines.native.kernels import interning as kernels
else:
    kernels = module("interning")

Words = NDArray[np.uint64]

ALL = (1 << 64) - 1
LEAST_WIDTH = 16
"""Bits of each number in a key at first; they grow by `EXTENSION`."""
GREATEST_WIDTH = 32


class Tree:
    """The nodes of the interning tree over a state's bits (their number by word).

    `margin`: how many values may arrive at a node before it is asked to grow.
    """

    def __init__(self, bits: Sequence[int], margin: int) -> None:
        self.words, self.margin = len(bits), margin
        parts = [(word, 0, ALL) for word in range(len(bits))] if len(bits) > 1 else _split(bits[0])
        self.leaves = len(parts)
        self.nodes = 2 * self.leaves - 2
        self._plan: Words = np.zeros(self.nodes * NODE, dtype=np.uint64)
        self._values: list[Pages] = []
        self._slots: list[Pages] = []
        for leaf, (word, shift, mask) in enumerate(parts):
            self._set(leaf, WORD, word)
            self._set(leaf, SHIFT, shift)
            self._set(leaf, BITS, mask)
        for node, (left, right) in enumerate(_pairs(self.leaves), start=self.leaves):
            self._set(node, LEFT, left)
            self._set(node, RIGHT, right)
        self.left = self.right = LEAST_WIDTH
        capacity = 1 << max(LEAST_WIDTH - 1, (2 * margin - 1).bit_length())
        for node in range(self.nodes):
            self._values.append(Pages(capacity * 8))
            self._slots.append(Pages(capacity * 2 * 4))
            self._note(node, capacity)

    @property
    def view(self) -> TreeView:
        """What the kernels are told of the tree."""
        return TreeView(int(self._plan.ctypes.data), self.leaves, self.margin)

    @property
    def bytes(self) -> int:
        """Memory of all nodes."""
        return sum(pages.bytes for pages in (*self._values, *self._slots))

    @property
    def bits(self) -> int:
        """Bits of a key that are in use."""
        return self.left + self.right

    def count(self, node: int) -> int:
        """Return how many values a node has numbered."""
        return int(self._plan[node * NODE + COUNT])

    def values(self, node: int) -> Words:
        """Return the values of a node, in the order of their numbers."""
        return self._values[node].read(self.count(node))

    def restore(self, node: int, values: Words) -> None:
        """Number values as they stand, at a node that has none."""
        while self._capacity(node) < len(values) + 2 * self.margin:
            self._double(node)
        self._values[node].write(values)
        self._set(node, COUNT, len(values))
        self._number_again(node)

    def grow(self) -> list[int]:
        """Make room for `margin` more values everywhere; return where keys have `EXTENSION` bits more now.

        Raises EngineError where a node has seen 2^32 values.
        """
        for node in range(self.nodes):
            while self._capacity(node) < self.count(node) + self.margin:
                self._double(node)
        left, right = self.left, self.right
        self.left = self._width(self.nodes - 2, left)
        self.right = self._width(self.nodes - 1, right)
        for node in range(self.nodes):
            self._limit(node)
        return [*range(32 + left, 32 + self.left, EXTENSION), *range(right, self.right, EXTENSION)]

    def keys(self, states: Words) -> Words:
        """Return the keys of states, numbering what is new."""
        keys = np.empty(len(states) // self.words, dtype=np.uint64)
        step = self.margin
        for at in range(0, len(keys), step):
            self.grow()
            part = keys[at : at + step]
            some = states[at * self.words : (at + step) * self.words]
            kernels.keys_of(self.view, self.words, some, self._numbers(), part)
        return keys

    def states(self, keys: Words) -> Words:
        """Return the words of states from their keys."""
        states = np.empty(len(keys) * self.words, dtype=np.uint64)
        kernels.states_of(self.view, self.words, keys, self._numbers(), states)
        return states

    def free(self) -> None:
        """Give the memory back."""
        for pages in (*self._values, *self._slots):
            pages.free()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _numbers(self) -> Words:
        return np.empty(2 * self.leaves, dtype=np.uint64)

    def _set(self, node: int, what: int, value: int) -> None:
        self._plan[node * NODE + what] = np.uint64(value)

    def _capacity(self, node: int) -> int:
        return self._values[node].bytes // 8

    def _note(self, node: int, capacity: int) -> None:
        self._set(node, SLOTS, self._slots[node].address)
        self._set(node, MASK, capacity * 2 - 1)
        self._set(node, VALUES, self._values[node].address)
        self._limit(node)

    def _limit(self, node: int) -> None:
        widths = {self.nodes - 2: self.left, self.nodes - 1: self.right}
        self._set(node, LIMIT, min(self._capacity(node), 1 << widths.get(node, GREATEST_WIDTH)))

    def _width(self, node: int, width: int) -> int:
        while 1 << width < self.count(node) + self.margin:
            width += EXTENSION
        if width > GREATEST_WIDTH:
            raise EngineError(f"a part of the state has more than 4,294,967,295 values (word tree node {node})")
        return width

    def _double(self, node: int) -> None:
        capacity = self._capacity(node) * 2
        values, slots = Pages(capacity * 8), Pages(capacity * 2 * 4)
        values.write(self.values(node))
        self._values[node].free()
        self._slots[node].free()
        self._values[node], self._slots[node] = values, slots
        self._note(node, capacity)
        self._number_again(node)

    def _number_again(self, node: int) -> None:
        mask = int(self._plan[node * NODE + MASK])
        kernels.number_again(self._values[node].address, self.count(node), self._slots[node].address, mask)


def _split(bits: int) -> list[tuple[int, int, int]]:
    """Return the halves of an only word: its number, a shift and a mask."""
    half = bits // 2
    return [(0, half, (1 << (bits - half)) - 1), (0, 0, (1 << half) - 1)]


def _pairs(words: int) -> list[tuple[int, int]]:
    """Return the children of the inner nodes of a balanced tree, deepest nodes first, without the root."""
    levels: list[list[tuple[int, int]]] = [[(0, words)]]
    while any(last - first > 1 for first, last in levels[-1]):
        halves = [_halves(first, last) for first, last in levels[-1] if last - first > 1]
        levels.append([part for pair in halves for part in pair])
    spans = [span for level in reversed(levels[1:]) for span in level if span[1] - span[0] > 1]
    number = {(word, word + 1): word for word in range(words)}
    for node, span in enumerate(spans, start=words):
        number[span] = node
    return [(number[left], number[right]) for left, right in (_halves(*span) for span in spans)]


def _halves(first: int, last: int) -> tuple[tuple[int, int], tuple[int, int]]:
    middle = (first + last + 1) // 2
    return (first, middle), (middle, last)
