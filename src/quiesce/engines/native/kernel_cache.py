"""Where numba keeps the kernels of a file: a folder named by what the file holds and by the versions of the compilers.

numba does not notice that a called function in another file changed, and would run the old one. So a file of kernels
names the files that it calls, and has a folder of its own for each state of their sources.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import llvmlite
import numba

from quiesce.engines.native.machine_code import cache_folder


def enter_cache(file: str, *called: str) -> str:
    """Let numba keep what is compiled from now on in the folder of a file; return the setting to go back to.

    `called` are the other files whose functions the file's kernels call.
    """
    before = str(numba.config.CACHE_DIR)
    sources = b"".join(Path(source).read_bytes() for source in (file, *called))
    stamp = hashlib.sha256(sources + f"{numba.__version__} {llvmlite.__version__}".encode())
    numba.config.CACHE_DIR = str(cache_folder() / f"{Path(file).stem}-{stamp.hexdigest()[:24]}")
    return before


def leave_cache(before: str) -> None:
    """Go back to a setting that `enter_cache` returned: users of numba have their own."""
    numba.config.CACHE_DIR = before
