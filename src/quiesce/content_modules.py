"""Where content is, and how its modules are imported without leaving a trace in the interpreter.

In a checkout the content is the top-level folders; in a wheel it is the copy that travels under `quiesce/library/`.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from quiesce.language.places import is_engine

MODELS, CHECKS = "model", "checks"


def root() -> Path:
    """Return the folder that holds `spec/`, `model/` and `checks/`."""
    package = Path(__file__).resolve().parent
    checkout = package.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / MODELS).is_dir():
        return checkout
    return package / "library"


@dataclass(frozen=True, slots=True)
class Home:
    """Where the modules of a target are looked for first, and whether they are nobody's but its own."""

    folders: tuple[Path, ...] = ()
    isolated: bool = True


NOWHERE = Home()


_lock = threading.RLock()
_own: dict[tuple[Path, ...], dict[str, ModuleType]] = {}
"""For some folders, the modules that were imported from them."""


@contextmanager
def inside(home: Home) -> Iterator[None]:
    """Let imports look into some folders first. Afterwards the interpreter is as it was: the path, and who has a name.

    Two projects may both have a `spec/` or a `helper.py`, and so may the program that calls us: each is checked with
    its own. One thread at a time is inside.
    """
    if not home.folders:
        yield
        return
    folders = home.folders
    with _lock, _path_of(folders):
        if not home.isolated:
            yield
            return
        own = _own.setdefault(folders, {})
        names = {entry.stem for folder in folders if folder.is_dir() for entry in folder.iterdir()}
        hidden = {
            name: module
            for name, module in list(sys.modules.items())  # other threads may import meanwhile
            if name.partition(".")[0] in names and _is_content(module) and not _is_in(module, folders)
        }
        for name in hidden:
            sys.modules.pop(name, None)
        added = {name: module for name, module in own.items() if name not in sys.modules}
        before = set(sys.modules)
        sys.modules.update(added)
        try:
            yield
        finally:
            for name in set(sys.modules) - before:
                module = sys.modules.get(name)  # another thread may have taken it away
                if module is not None and (name in added or (_is_content(module) and _is_in(module, folders))):
                    own[name] = module
                    sys.modules.pop(name, None)
            sys.modules.update(hidden)


@contextmanager
def _path_of(folders: tuple[Path, ...]) -> Iterator[None]:
    """Let imports look into some folders first.

    A finder does so, too: for the path alone a package with an `__init__.py` anywhere comes before a folder without it.
    """
    before, finder = list(sys.path), _Finder(folders[::-1])
    for folder in folders:
        _first_on_path(folder)
    sys.meta_path.insert(sys.meta_path.index(PathFinder), finder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.path[:] = before


class _Finder:
    """Finds modules in some folders."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self._folders = [str(folder) for folder in folders]

    def find_spec(self, name: str, path: object, _target: object = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, self._folders) if path is None else None


def _is_in(module: ModuleType | None, folders: tuple[Path, ...]) -> bool:
    place = place_of_module(module)
    return place is not None and any(place.is_relative_to(folder) for folder in folders)


def place_of_module(module: ModuleType | None) -> Path | None:
    """Return the file of a module, or a folder of it; None for one that has neither."""
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    found = next(filter(None, places), None)
    return None if found is None else Path(str(found)).resolve()


def _is_content(module: ModuleType | None) -> bool:
    """Tell whether a module is an author's: of no installed package and not of Python, or of the library."""
    place = place_of_module(module)
    if place is None or is_engine(str(place)):
        return False
    if any(place.is_relative_to(root() / part) for part in (MODELS, "spec")):
        return True
    return not any(place.is_relative_to(folder) for folder in _installed())


@cache
def _installed() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def _first_on_path(folder: Path) -> None:
    text = str(folder)
    if text in sys.path:
        sys.path.remove(text)
    sys.path.insert(0, text)
