"""Kernels where the package runs: found by name in the machine code of the text that was built, and called from Python.

The text (`kernels/kernels.ll`) says of each kernel what its arguments and its result are. A call hands over numbers and
the places of arrays, and lets other threads run meanwhile. An array that a kernel returns is memory of its own, freed
when nobody needs it any more.
"""

from __future__ import annotations

import ctypes
import json
import pickle
import weakref
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from quiesce.core.errors import EngineError
from quiesce.engines.native.machine_code import Care, Compiled, compiled

TEXT = Path(__file__).parent / "kernels" / "kernels.ll"
HEAD = "; kernel "
FREE = "NRT_MemInfo_call_dtor"
"""What frees an array that a kernel made and returned."""
ARRAY = 5
"""Words of an array before its shape: count of references, parent, length, size of an item, data."""
DATA = 4
NOTHING = -2
"""The status of a kernel that returns None; 0 is that of any other."""

Shape = str | list[Any]
"""A number (`i`), a truth (`b`), an array (`u8x1`: its numbers and its dimensions), nothing (`-`), a tuple of such."""


class Module:
    """The kernels of one source, as attributes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Kernel:
        found = _kernels().get(f"{self._name}.{name}")
        if found is None:
            raise AttributeError(f"there is no kernel {self._name}.{name}")
        setattr(self, name, found)
        return found


def module(name: str) -> Any:
    """Return the kernels of a source: `module("graph").reverse(offsets, targets)`."""
    return Module(name)


class Kernel:
    """A function in machine code. Raises MemoryError where it has not enough memory for what it makes."""

    def __init__(self, name: str, arguments: Sequence[Shape], result: Shape) -> None:
        self.name = name
        self._arguments = list(_flat(arguments))
        self._result = result
        self._words = max(1, _length(result))

    @cached_property
    def address(self) -> int:
        """Where the function is that other code calls: it takes numbers, and returns one."""
        return _code().address(f"{self.name}.called")

    @cached_property
    def _function(self) -> Any:
        types: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for shape in self._arguments:
            types += [ctypes.c_int64] * (1 if shape == "i" else ARRAY + 2 * int(shape[-1]))
        return ctypes.CFUNCTYPE(ctypes.c_int32, *types)(_code().address(self.name))

    def __call__(self, *given: Any) -> Any:
        """Call the function; named tuples are handed over as their fields."""
        words: list[int] = []
        for shape, value in zip(self._arguments, _given(given), strict=True):
            if shape == "i":
                words.append(int(value))
            else:
                self._check(shape, value)
                words += [0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]
        result = (ctypes.c_int64 * self._words)()
        error = ctypes.c_void_p()
        status = self._function(ctypes.addressof(result), ctypes.addressof(error), *words)
        if status not in (0, NOTHING):
            raise _raised(self.name, error.value)
        return _read(result, iter(range(self._words)), self._result)

    def _check(self, shape: str, value: Any) -> None:
        """Accept an array as the machine code reads it; raises EngineError: another one would be read as if it were."""
        kind, _, dimensions = shape.partition("x")
        if value.dtype.str[1:] != kind or value.ndim != int(dimensions) or not value.flags.c_contiguous:
            raise EngineError(
                f"the kernel {self.name} takes an array {shape}, not one of {value.dtype}, {value.ndim}-d"
            )


def _flat(shapes: Sequence[Shape]) -> Iterator[str]:
    for shape in shapes:
        if isinstance(shape, str):
            yield shape
        else:
            yield from _flat(shape)


def _given(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, tuple):
            yield from _given(value)
        else:
            yield value


class _Raised(ctypes.Structure):
    """What a kernel raised: a pickled class, its arguments, and where."""

    _fields_ = (("pickled", ctypes.c_void_p), ("size", ctypes.c_int32))


def _raised(name: str, error: int | None) -> BaseException:
    """Return what a kernel raised: want of memory, or a bug in it (a wrong index, where indices are checked)."""
    if error is None:
        return EngineError(f"the kernel {name} failed")
    found = _Raised.from_address(error)
    kind, arguments, *_ = pickle.loads(ctypes.string_at(found.pickled, found.size))
    if issubclass(kind, MemoryError) or (kind is ValueError and "too big" in str(arguments)):
        return MemoryError()
    return EngineError(f"the kernel {name} failed: {kind.__name__}{arguments}")


# -- results ----------------------------------------------------------------------------------------------------------


def _length(shape: Shape) -> int:
    """Return how many words a result takes."""
    if not isinstance(shape, str):
        return sum(map(_length, shape))
    return {"-": 0, "i": 1, "b": 1}.get(shape, ARRAY + 2 * int(shape[-1]) if "x" in shape else 0)


def _read(words: Any, places: Iterator[int], shape: Shape) -> Any:
    if not isinstance(shape, str):
        return tuple(_read(words, places, part) for part in shape)
    if shape == "-":
        return None
    if shape == "i":
        return int(words[next(places)])
    if shape == "b":
        return bool(words[next(places)] & 1)
    number, _, dimensions = shape.partition("x")
    taken = [words[next(places)] for _ in range(ARRAY + 2 * int(dimensions))]
    return _array(taken, np.dtype(number), int(dimensions))


def _array(words: Sequence[int], number: np.dtype[Any], dimensions: int) -> Any:
    """Return an array that a kernel made, without a copy."""
    extent = tuple(words[ARRAY : ARRAY + dimensions])
    length = int(np.prod(extent)) * number.itemsize
    memory = (ctypes.c_char * length).from_address(words[DATA])
    weakref.finalize(memory, _free(), words[0])
    return np.frombuffer(memory, dtype=number).reshape(extent)  # type: ignore[call-overload]


@cache
def _free() -> Any:
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(_code().address(FREE))


# -- the text ---------------------------------------------------------------------------------------------------------


@cache
def _text() -> str:
    return TEXT.read_text(encoding="utf-8")


@cache
def _code() -> Compiled:
    return compiled(_text(), Care.PREPARED)


@cache
def _kernels() -> dict[str, Kernel]:
    found = {}
    for line in _text().split("\n"):
        if line.startswith(HEAD):
            name, arguments, result = json.loads(line.removeprefix(HEAD))
            found[name] = Kernel(name, arguments, result)
        elif found:
            break
    return found
