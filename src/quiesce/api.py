"""What `import quiesce` offers for checking: each function is a verb of the command, prints nothing, and returns data.

A target is a name of the library's, a file, `module:function`, a function that returns a system, a `System`, or a
machine. Further keywords are the target's parameters; one that has the name of an option is given by `parameters=`.
Options that are left out (None) are those of the command.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from quiesce import library
from quiesce.core.errors import SpecificationError
from quiesce.core.system import System as SystemData
from quiesce.engines.native.options import Limits, Strategy, Watcher
from quiesce.engines.requests import CheckRequest, answered
from quiesce.language.machines import Machine
from quiesce.language.parameters import Specification
from quiesce.language.parameters import parameters as declared
from quiesce.language.systems import System
from quiesce.results import SystemResult

Folder = str | os.PathLike[str]
Target = str | os.PathLike[str] | Specification | System | Machine | SystemData


def load(target: Target, /, *, parameters: Mapping[str, object] | None = None, **constants: object) -> SystemData:
    """Return the closed system of a target for its parameters, as engines read it; what is not given has its default.

    Raises SpecificationError for every mistake in the specification, at its line; Q40 and Q41 for the parameters, Q43
    to Q47 for a target that cannot be found or loaded.
    """
    return _system(load, target, parameters, constants, ())


def check(
    target: Target,
    /,
    *,
    properties: Sequence[str] | None = None,
    ask: Sequence[str] | str | None = None,
    unfair: Sequence[str] | None = None,
    limits: Limits | None = None,
    workers: int | None = None,
    symmetry: bool | None = None,
    por: bool | None = None,
    checkpoint: Folder | None = None,
    resume: Folder | None = None,
    watch: Watcher | None = None,
    parameters: Mapping[str, object] | None = None,
    **constants: object,
) -> SystemResult:
    """Search every reachable state of a target and answer its properties. Nothing is printed.

    `properties` are names or ids of those that are asked, `ask` formulas as text that are asked instead of all, and
    `unfair` triggers whose rows are not to be fair. `limits` say where to stop. `workers` is the number of threads (1;
    0: one for each core); `symmetry` and `por` (partial-order reduction) search fewer states; `checkpoint` keeps the
    search in a folder, and `resume` goes on with it there. `watch` is called about ten times a second.

    Raises SpecificationError for every mistake in the specification, and Q48 for options that do not go together;
    EngineError where the reference interpreter does not confirm an answer.
    """
    given = {name for name, value in locals().items() if value is not None}
    system = _system(check, target, parameters, constants, given)
    request = CheckRequest(
        properties=properties or (), formulas=[ask] if isinstance(ask, str) else ask or (), unfair=unfair or ()
    )
    strategy = Strategy(
        workers=1 if workers is None else workers,
        symmetry=bool(symmetry),
        partial_order=bool(por),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        resume=None if resume is None else Path(resume),
    )
    return SystemResult(answered(system, request, limits=limits, strategy=strategy, watch=watch))


# -- targets ----------------------------------------------------------------------------------------------------------


def _system(
    verb: Callable[..., object],
    target: Target,
    parameters: Mapping[str, object] | None,
    constants: Mapping[str, object],
    given: Sequence[str] | set[str],
) -> SystemData:
    """Return the system of a target; `given` are the options that the caller of a verb gave."""
    settings = {**constants, **(parameters or {})}
    if isinstance(target, System | Machine | SystemData):
        if settings:
            name = next(iter(settings))
            raise SpecificationError(
                "Q41", f"the system {target.name} is made already: {name!r} says nothing to it", hint=HINT
            )
        return library.built(target)
    found = library.Target(_name(target), target) if callable(target) else library.find(os.fspath(target))
    _check_clash(verb, found, settings, given)
    return found.system(settings)


HINT = "give the function that makes it, and the parameters"


def _name(function: Specification) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


def _check_clash(
    verb: Callable[..., object], target: library.Target, settings: Mapping[str, object], given: Sequence[str] | set[str]
) -> None:
    """Refuse a keyword that is an option and a parameter of the target; raises SpecificationError (Q41)."""
    options = (set(inspect.signature(verb).parameters) & set(given)) - {"target", "parameters", "constants"}
    for name in declared(target.function):
        if name in options and name not in settings:
            raise SpecificationError(
                "Q41",
                f"{name!r} is an option of {verb.__name__} and a parameter of {target.name}",
                hint=f"give the parameter by parameters={{{name!r}: ...}}, and the option by {name}=",
            )
