"""How kernels are compiled: by numba, when the package is built, for the types that their annotations name."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numba import njit, types

Function = TypeVar("Function", bound=Callable[..., Any])
_WITHOUT_PYTHON = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@dataclass(frozen=True, slots=True)
class Made:
    """A kernel: what numba made of it, and its function in Python."""

    name: str
    compiled: Any
    function: Callable[..., Any]
    called_by_address: bool


KERNELS: list[Made] = []
"""All kernels of the modules that are imported."""


def kernel(function: Function) -> Function:
    """Compile a function that Python calls."""
    return _made(function, njit(nogil=True, **_WITHOUT_PYTHON)(function))


def callback(function: Function) -> Function:
    """Compile a function of 64-bit numbers that other kernels call by its address; it returns one."""
    return _made(function, njit(**_WITHOUT_PYTHON)(function), called_by_address=True)


def _made(function: Function, compiled: Any, *, called_by_address: bool = False) -> Function:
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    KERNELS.append(Made(name, compiled, function, called_by_address))
    return typing.cast(Function, compiled)


def helper(function: Function) -> Function:
    """Compile a function that only kernels call."""
    return typing.cast(Function, njit(**_WITHOUT_PYTHON)(function))


def inlined(function: Function) -> Function:
    """Compile a function that only kernels call, into each of them."""
    return typing.cast(Function, njit(forceinline=True, **_WITHOUT_PYTHON)(function))


# -- types ------------------------------------------------------------------------------------------------------------

Shape = str | list["Shape"]
"""What stands for a type in the text's head: a number (`i`), an array (`u8x1`: its numbers and its dimensions), none
(`-`), or a tuple of such."""


def signature(function: Callable[..., Any]) -> tuple[Any, list[Shape], Shape]:
    """Return the numba types of a kernel's arguments, their shapes, and the shape of its result."""
    hints = typing.get_type_hints(function, include_extras=True)
    result = _shape(hints.pop("return"))
    return tuple(_type(hint) for hint in hints.values()), [_shape(hint) for hint in hints.values()], result


def _type(hint: Any) -> Any:
    if hint is int:
        return types.int64
    fields = _fields(hint)
    if fields is not None:
        return types.NamedTuple([_type(field) for field in fields], hint)
    number, dimensions = _array(hint)
    return types.Array(getattr(types, {"bool": "boolean"}.get(number.name, number.name)), dimensions, "C")


def _shape(hint: Any) -> Shape:
    if hint is type(None):
        return "-"
    if hint in (int, bool):
        return "i" if hint is int else "b"
    fields = _fields(hint)
    if fields is None and typing.get_origin(hint) is tuple:
        fields = list(typing.get_args(hint))
    if fields is not None:
        return [_shape(field) for field in fields]
    number, dimensions = _array(hint)
    return f"{number.kind}{number.itemsize}x{dimensions}"


def _fields(hint: Any) -> list[Any] | None:
    """Return the types of a named tuple's fields; None for another type."""
    if not hasattr(hint, "_fields"):
        return None
    return list(typing.get_type_hints(hint, include_extras=True).values())


def _array(hint: Any) -> tuple[Any, int]:
    """Return the numbers of an array and how many dimensions it has."""
    dimensions = 1
    if typing.get_origin(hint) is typing.Annotated:
        hint, dimensions = typing.get_args(hint)
    (number,) = typing.get_args(typing.get_args(hint)[1])
    return np.dtype(number), dimensions
