"""The kernels' machine code: the text that is shipped was built from today's sources, and runs without numba."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from quiesce.core.errors import EngineError
from quiesce.engines.native import loaded
from quiesce.engines.native.kernels import build
from quiesce.engines.native.loaded import module
from quiesce.engines.native.plans import Atoms, Edges, Moves, Numbers, Offsets
from tests.documents import ROOT


def test_the_text_is_of_these_sources() -> None:
    """Whoever changes a kernel builds the text again: `python -m quiesce.engines.native.kernels.build`."""
    first = loaded.TEXT.read_text(encoding="utf-8").partition("\n")[0]
    assert first == build.SOURCES + build.digest()


def test_the_text_is_for_every_processor() -> None:
    """Nothing in it is of one processor, or of Python."""
    text = loaded.TEXT.read_text(encoding="utf-8")
    assert "llvm.x86" not in text
    assert "target triple" not in text
    assert "@Py" not in text


def test_a_check_needs_no_numba(tmp_path: Path) -> None:
    """Temporal answers, symmetry and stubborn sets are found where numba cannot be imported."""
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import quiesce\n"
        "print(quiesce.check('winsock', clients=1, sockets=1).holds)\n"
        "print(quiesce.check('winsock', symmetry=True).holds)\n"
        "print(quiesce.check('chain', por=True)['domains'].holds)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3


def test_kernels_return_what_they_make() -> None:
    """The predecessors in 0 -> 1 -> 2, 0 -> 2 are those of each target, in the order of the states."""
    offsets = np.array([0, 2, 3, 3], dtype=np.int64)
    targets = np.array([1, 2, 2], dtype=np.uint32)
    starts, sources = module("graph").reverse(offsets, targets)
    assert starts.tolist() == [0, 0, 1, 3]
    assert sources.tolist() == [0, 0, 1]
    assert (starts.dtype, sources.dtype) == (np.int64, np.uint32)


def test_an_empty_array_is_one() -> None:
    """A graph without a state has no edge, and its reverse is empty, too."""
    starts, sources = module("graph").reverse(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint32))
    assert starts.tolist() == [0]
    assert sources.tolist() == []


def test_what_a_kernel_made_lives_as_long_as_a_view_of_it() -> None:
    """Memory is freed when the last array that shows it is gone, not before, and not never."""
    count = 1 << 20
    offsets = np.arange(count + 1, dtype=np.int64)
    targets = np.arange(count, dtype=np.uint32)
    kept = [module("graph").reverse(offsets, targets)[1][-1:] for _ in range(5)]
    assert [view.tolist() for view in kept] == [[count - 1]] * 5
    import psutil

    memory = psutil.Process().memory_info().rss
    for _ in range(40):
        module("graph").reverse(offsets, targets)
    assert psutil.Process().memory_info().rss - memory < 200 << 20  # all of them together are 480 MiB


def test_too_little_memory_is_a_memory_error() -> None:
    """A product of 2^40 nodes does not fit: that is told as want of memory, and the process goes on."""
    offsets = np.zeros(1 << 20, dtype=np.int64)
    graph = Edges(offsets, np.zeros(0, dtype=np.uint32))
    moves = Moves(offsets, np.zeros((1, 5), dtype=np.uint64), np.zeros(1 << 20, dtype=np.int64))
    atoms = Atoms(np.zeros(1 << 20, dtype=np.uint64), np.zeros(0, dtype=np.uint64))
    with pytest.raises(MemoryError):
        module("product").product_nodes(graph, moves, atoms, np.zeros(0, dtype=np.int64), -1, 0)


@pytest.mark.parametrize(
    ("offsets", "targets"),
    [
        (np.array([0, 1, 1], dtype=np.int32), np.array([1], dtype=np.uint32)),
        (np.array([0, 1, 1], dtype=np.int64), np.array([1], dtype=np.int64)),
        (np.array([[0, 1, 1]], dtype=np.int64), np.array([1], dtype=np.uint32)),
        (np.array([0, 9, 1, 9, 1, 9], dtype=np.int64)[::2], np.array([1], dtype=np.uint32)),
    ],
)
def test_another_array_is_refused(offsets: Offsets, targets: Numbers) -> None:
    """Numbers of another size, another shape, or with gaps between them would be read as others than they are."""
    with pytest.raises(EngineError, match=r"the kernel graph\.reverse takes an array"):
        module("graph").reverse(offsets, targets)


def test_a_kernel_that_there_is_not_is_an_attribute_error() -> None:
    """A wrong name is told as such."""
    with pytest.raises(AttributeError, match=r"no kernel graph\.revers"):
        module("graph").revers  # noqa: B018
