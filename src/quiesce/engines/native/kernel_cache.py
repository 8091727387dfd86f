"""Where numba keeps the kernels of a file: a folder named by what the file holds and by the versions of the compilers.

numba does not notice that a called function in another file changed, and would run the old one. So a file of kernels
names the files that it calls, and has a folder of its own for each state of their sources. Nor does numba notice that
its files were altered, or that two processes write them at once: so each compiled function is one file of ours.
"""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import caching, serialize

from quiesce.engines.native.cache_files import cache_folder, keep, kept


class _Locator:
    """What numba asks for the folder of a function."""

    folder = Path()

    def __init__(self, line: int) -> None:
        self._line, self._folder = line, self.folder

    @classmethod
    def from_function(cls, function: Any, _file: str) -> _Locator:
        return cls(function.__code__.co_firstlineno)

    def ensure_cache_path(self) -> None:
        """Leave it to who writes."""

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._folder.name

    def get_disambiguator(self) -> str:
        return str(self._line)


class _Files:
    """What numba asks for the compiled forms of a function: a file for each signature and processor."""

    def __init__(self, cache_path: str, filename_base: str, source_stamp: str) -> None:
        self._start = Path(cache_path) / filename_base

    def flush(self) -> None:
        """Forget nothing: the folder's name says what its files are of."""

    def save(self, key: object, data: object) -> None:
        keep(self._file(key), serialize.dumps((key, data)))

    def load(self, key: object) -> object:
        content = kept(self._file(key))
        if content is None:
            return None
        there, data = pickle.loads(content)
        return data if there == key else None

    def _file(self, key: object) -> Path:
        return self._start.with_name(f"{self._start.name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:24]}.kernel")


Before = tuple[Any, Any]


def enter_cache(file: str, *called: str) -> Before:
    """Let numba keep what is compiled from now on in the folder of a file; return the setting to go back to.

    `called` are the other files whose functions the file's kernels call.
    """
    before = caching.CacheImpl._locator_classes, caching.IndexDataCacheFile
    sources = b"".join(Path(source).read_bytes() for source in (file, *called))
    stamp = hashlib.sha256(sources + f"{numba.__version__} {llvmlite.__version__}".encode())
    folder = cache_folder() / f"{Path(file).stem}-{stamp.hexdigest()[:24]}"
    caching.CacheImpl._locator_classes = [type("Locator", (_Locator,), {"folder": folder})]
    caching.IndexDataCacheFile = _Files
    return before


def leave_cache(before: Before) -> None:
    """Go back to a setting that `enter_cache` returned: users of numba have their own."""
    caching.CacheImpl._locator_classes, caching.IndexDataCacheFile = before
