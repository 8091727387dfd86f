"""Files of compiled code that are kept between runs: private to one user, and each with a digest of what it holds.

Code is never run that others could have written, or that is not what was kept. A cache that cannot be read or written
costs time, and nothing else. The digest finds damage; against others there is the folder, which is the user's alone.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

from platformdirs import user_cache_path

from quiesce import endings

GIVEN = "QUIESCE_CACHE_DIR"
DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """Return where compiled code is kept between runs; `QUIESCE_CACHE_DIR` overrides the user's cache folder.

    Where others can write, or nothing can be made, a folder for this run takes its place.
    """
    given = os.environ.get(GIVEN)
    return _usable(Path(given) if given else user_cache_path("quiesce", appauthor=False))


@cache
def _usable(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_private(folder):
            return folder
        why = "others can write there, or own it"
    except OSError as problem:
        why = problem.strerror or "it cannot be made"
    _say(f"{folder.as_posix()} is not used for compiled code: {why}; this run compiles anew")
    return _own_folder() or folder


def is_private(folder: Path) -> bool:
    """Tell whether a folder is the user's, and nobody else can write there; raises OSError."""
    if os.name == "nt":  # folders of a user are, there, unless somebody changed it
        return folder.is_dir()
    found = folder.stat()
    mine = found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode)
    return mine and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


@cache
def _own_folder() -> Path | None:
    """Return a folder for this run, which its own processes find too; None where there is no room for one."""
    try:
        folder = tempfile.mkdtemp(prefix="quiesce-")
    except OSError:
        return None
    clear = partial(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(clear)
    endings.tidy_at_end(clear)
    os.environ[GIVEN] = folder
    return Path(folder)


@cache
def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def kept(file: Path) -> bytes | None:
    """Return what is kept in a file; None where there is nothing, or its digest says that it was cut or altered."""
    try:
        if not is_private(file.parent):
            return None
        stored = file.read_bytes()
    except OSError:
        return None
    digest, content = stored[:DIGEST], stored[DIGEST:]
    if digest == hashlib.sha256(content).digest():
        return content
    _say("the cache of compiled code was damaged; what is needed of it is compiled anew")
    return None


def keep(file: Path, content: bytes) -> None:
    """Write a file so that no other process ever reads half of it; a cache that cannot be written is no error."""
    with suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(content).digest() + content)
            os.replace(name, file)
        except OSError:
            os.unlink(name)
