"""Finds content: the library's models and checks, and whatever a target on the command line names.

Content is imported with its folders first on `sys.path`, and its modules are its own: nothing of it is left in the
interpreter, so that two projects, or a program that calls us, may use the same names.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import io
import os
import sys
import sysconfig
import threading
import traceback
import typing
from collections.abc import Callable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from quiesce.content_modules import CHECKS as CHECKS
from quiesce.content_modules import MODELS, NOWHERE, Home, inside, place_of_module
from quiesce.content_modules import root as root
from quiesce.core.errors import EngineError, Place, SpecificationError, current_folder, known, shortened
from quiesce.core.system import System as SystemData
from quiesce.endings import OutputError
from quiesce.language.machines import Machine
from quiesce.language.parameters import Specification, instantiate, parameters, place_of
from quiesce.language.patience import patience
from quiesce.language.places import is_engine
from quiesce.language.systems import System

OF_THE_COMMAND_LINE = ("Q40", "Q41")
"""Mistakes in values of parameters: whoever gives them made them, not the author of the model."""
DEFAULT_CHECKS, BENCH_CHECKS = "default.toml", "bench.toml"


def models() -> list[str]:
    """Return the names of the library's models: files in `model/` with a function of the same name."""
    files = sorted((root() / MODELS).glob("*.py"))
    return [file.stem for file in files if f"\ndef {file.stem}(" in file.read_text(encoding="utf-8")]


def checks() -> list[Path]:
    """Return the library's checks files."""
    return sorted((root() / CHECKS).glob("*.toml"))


@dataclass(frozen=True, slots=True)
class Target:
    """A specification function and the name by which it was asked for."""

    name: str
    function: Specification
    home: Home = NOWHERE

    def system(self, settings: Mapping[str, object] | None = None) -> SystemData:
        """Return the closed system for some settings.

        Raises SpecificationError for every mistake of the author's, whatever Python made of it (Q44).
        """
        with inside(self.home), _mistakes(self.name, self.function):
            return instantiate(self.function, settings)


def built(system: System | Machine | SystemData) -> SystemData:
    """Return the closed system of what somebody has made already; raises SpecificationError for its mistakes."""
    with _mistakes(system.name):
        made = System(system.name, system) if isinstance(system, Machine) else system
        return made.build() if isinstance(made, System) else made


def find(target: str) -> Target:
    """Return what a target names: `winsock`, `mine.py`, `mine.py:system`, `package.module:system`.

    Raises SpecificationError: Q43 for a target that does not exist, Q44 for one that does not load, Q45 where it is
    not clear which function is meant, Q47 for a module found in another place.
    """
    where, _, function = target.rpartition(":")
    if not where or not function.isidentifier():
        where, function = target, ""
    if where.endswith(".py"):
        module, home = _from_file(Path(where))
        return Target(target, _chosen(module, function, Path(where).stem, target), home)
    if where in models():
        module, home = _from_library(f"{MODELS}.{where}")
        return Target(target, _chosen(module, function, where, target), home)
    if "." in where or function:
        module, home = _from_module(where, target)
        return Target(target, _chosen(module, function, where.rpartition(".")[2], target), home)
    raise SpecificationError(
        "Q43",
        f"there is no target {target!r}",
        hint=f"a library model, a file.py or a checks file; {known(where, models())}",
    )


# -- loading ----------------------------------------------------------------------------------------------------------


@contextmanager
def _mistakes(name: str, function: Specification | None = None) -> typing.Iterator[None]:
    """Turn whatever an author's code raises, in any thread, into a specification error with the author's own line."""
    elsewhere: list[BaseException] = []
    here = current_folder()
    hook, threading.excepthook = threading.excepthook, lambda raised: elsewhere.append(raised.exc_value or SystemExit())
    try:
        yield
        if elsewhere:
            raise elsewhere[0]
        if gone := [stream for stream in ("stdout", "stderr") if getattr(getattr(sys, stream), "closed", True)]:
            for stream in gone:  # what is written there from now on goes nowhere, and breaks nothing
                setattr(sys, stream, io.StringIO())
            raise SpecificationError("Q44", f"{name} does not load: it closes {gone[0]}", place=_home(function))
    except (KeyboardInterrupt, OutputError):
        raise
    except SpecificationError as problem:
        if problem.code not in OF_THE_COMMAND_LINE:
            problem.place = problem.place or _author_place(problem) or _home(function)
        raise
    except SyntaxError as problem:
        place = Place(problem.filename, problem.lineno or 1) if problem.filename else None
        raise SpecificationError("Q44", f"{name} does not load: {problem.msg}", place=place) from None
    except BaseException as problem:
        if isinstance(problem, EngineError) and _raised_by_engine(problem):
            raise
        place = _author_place(problem) or _home(function)
        raise SpecificationError("Q44", f"{name} does not load: {_described(problem)}", place=place) from None
    finally:
        threading.excepthook = hook
        if here is not None:
            with suppress(OSError):
                os.chdir(here)


def _home(function: Specification | None) -> Place | None:
    return None if function is None else place_of(function)


def _author_place(problem: BaseException) -> Place | None:
    """Return the innermost line of an author's that an exception went through: not ours, not of Python's library."""
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if not is_engine(frame.filename) and not frame.filename.startswith(("<", _STANDARD))
    ]
    return Place(frames[-1].filename, frames[-1].lineno or 1) if frames else None


_STANDARD = sysconfig.get_path("stdlib") + os.sep


def _raised_by_engine(problem: BaseException) -> bool:
    frames = traceback.extract_tb(problem.__traceback__)
    return bool(frames) and is_engine(frames[-1].filename)


def _described(problem: BaseException) -> str:
    """Return an exception in words; the text of one of an author's own may itself raise."""
    kind = type(problem).__name__
    try:
        text = str(problem)
    except BaseException:
        return f"{kind} (whose text cannot be read)"
    return f"{kind}: {text}" if text else kind


def _from_library(name: str) -> tuple[ModuleType, Home]:
    home = root()
    with inside(Home((home,))):
        for taken in (name.partition(".")[0], "spec"):
            _check_place(sys.modules.get(taken), home)
        with _mistakes(name), patience(name):
            module = importlib.import_module(name)
        for taken, loaded in list(sys.modules.items()):
            if taken.partition(".")[0] in (name.partition(".")[0], "spec"):
                _check_place(loaded, home)
    return module, Home((home,))


def _check_place(module: ModuleType | None, home: Path) -> None:
    """Refuse a module that Python found elsewhere under a name of the library's."""
    if module is None:
        return
    place = place_of_module(module)
    if place is not None and not place.is_relative_to(home):
        raise SpecificationError(
            "Q47",
            f"the module {module.__name__!r} was found in {_folder(place)}, not in the library",
            hint=f"an installed package has the name {module.__name__!r}, too: use an environment without it",
        )


def _folder(path: Path) -> str:
    """Return where a module was found, from the current folder on if it is inside."""
    return shortened(str(path.parent if path.name == "__init__.py" else path))


def _from_file(file: Path) -> tuple[ModuleType, Home]:
    if not file.is_file():
        raise SpecificationError(
            "Q43", f"there is no file {file.as_posix()}", hint="give a path from the current folder"
        )
    resolved = file.resolve()
    home = root()
    if resolved.parent == home / MODELS:
        return _from_library(f"{MODELS}.{resolved.stem}")
    folders = [home, resolved.parent]
    if resolved.parent.name == MODELS:  # a project laid out like this one: its own spec/ before the library's
        folders.insert(1, resolved.parent.parent)
    spec = importlib.util.spec_from_file_location(resolved.stem, resolved)
    if spec is None or spec.loader is None:
        raise SpecificationError("Q44", f"{file.as_posix()} is no Python file")
    module, where = importlib.util.module_from_spec(spec), Home(tuple(folders))
    with inside(where):
        sys.modules.setdefault(resolved.stem, module)
        with _mistakes(file.as_posix()), patience(file.as_posix()):
            spec.loader.exec_module(module)
    return module, where


def _from_module(name: str, target: str) -> tuple[ModuleType, Home]:
    """Import a module as Python does, also from the current folder: it may be the caller's own, and is not isolated."""
    home = Home(tuple(filter(None, [current_folder()])), isolated=False)
    with inside(home):
        return _imported(name, target), home


def _imported(name: str, target: str) -> ModuleType:
    with _mistakes(name):
        try:
            found = importlib.util.find_spec(name)
        except (ModuleNotFoundError, ValueError):
            found = None
    if found is None:
        raise SpecificationError(
            "Q43", f"there is no target {target!r}: no module {name!r} is found", hint=known(name, models())
        )
    with _mistakes(name), patience(name):
        return importlib.import_module(name)


def _chosen(module: ModuleType, function: str, stem: str, target: str) -> Specification:
    """Return the named function of a module, or the only one, or the one named like the module."""
    offered = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and _gives_system(value)
    }
    if function:
        named = getattr(module, function, None)
        if not inspect.isfunction(named):
            raise SpecificationError(
                "Q43", f"{target}: there is no function {function!r}", hint=known(function, offered)
            )
        return typing.cast(Callable[..., object], named)
    if stem in offered:
        return offered[stem]
    if len(offered) == 1:
        return next(iter(offered.values()))
    if not offered:
        raise SpecificationError(
            "Q45",
            f"{target} has no function that returns a System",
            hint="write def model(*, clients: int = 2) -> System: ...",
        )
    raise SpecificationError(
        "Q45", f"{target} has several systems", hint=f"write {target}:NAME; {known(stem, offered)}"
    )


def _gives_system(function: Callable[..., object]) -> bool:
    returned = function.__annotations__.get("return")
    name = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
    return name.rpartition(".")[2] in ("System", "Machine") and not function.__name__.startswith("_")


def defects(model: str) -> list[str]:
    """Return the defects that a model of the library can be given."""
    declared = parameters(find(model).function).get("defect")
    return [str(choice) for choice in (declared.choices if declared else None) or () if choice != "none"]
