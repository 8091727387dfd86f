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

from quiesce import campaign, library
from quiesce.bridges.checkers import exported
from quiesce.core.errors import SpecificationError
from quiesce.core.lint import Remark
from quiesce.core.replaying import replay
from quiesce.core.system import System as SystemData
from quiesce.engines import refinement
from quiesce.engines.options import Limits, Strategy, Watcher
from quiesce.engines.requests import CheckRequest, answered
from quiesce.language.machines import Machine
from quiesce.language.parameters import Specification
from quiesce.language.parameters import parameters as declared
from quiesce.language.systems import System, unobserved
from quiesce.processes import number_of
from quiesce.results import MutationResult, RefinementResult, SystemResult, TraceView
from quiesce.walking import Space

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
    properties: Sequence[str] | str | None = None,
    ask: Sequence[str] | str | None = None,
    unfair: Sequence[str] | str | None = None,
    limits: Limits | None = None,
    engine: str | None = None,
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
    `unfair` triggers whose rows are not to be fair. `limits` say where to stop. `engine` is native, or reference: the
    definition itself, slow. `workers` is the number of threads (1; 0: one for each core); `symmetry` and `por`
    (partial-order reduction) search fewer states; `checkpoint` keeps the search in a folder, and `resume` goes on with
    it there. `watch` is called about ten times a second.

    Raises SpecificationError for every mistake in the specification, and Q48 for options that do not go together;
    EngineError where the reference interpreter does not confirm an answer.
    """
    given = {name for name, value in locals().items() if value is not None}
    system = _system(check, target, parameters, constants, given)
    request = CheckRequest(
        properties=_listed(properties, "properties"), formulas=_listed(ask, "ask"), unfair=_listed(unfair, "unfair")
    )
    strategy = Strategy(
        engine=engine or "native",
        workers=1 if workers is None else workers,
        symmetry=bool(symmetry),
        partial_order=bool(por),
        checkpoint=_folder(checkpoint, "checkpoint"),
        resume=_folder(resume, "resume"),
    )
    return SystemResult(answered(system, request, limits=limits, strategy=strategy, watch=watch))


def refine(
    target: Target,
    /,
    to: Target | None = None,
    *,
    limits: Limits | None = None,
    workers: int | None = None,
    parameters: Mapping[str, object] | None = None,
    **constants: object,
) -> RefinementResult:
    """Show that every step of a target is a step of a more abstract system, or a stutter there.

    The target says so itself: `system.refines(model, mapping)`; `to` names or is that model, where there are several.
    `limits` say where to stop, `workers` is the number of threads (1). Raises what `check` raises, and Q52 for a
    refinement that does not fit.
    """
    given = {name for name, value in locals().items() if value is not None}
    concrete = _system(refine, target, parameters, constants, given)
    name = os.fspath(to) if isinstance(to, str | os.PathLike) else None
    claim = refinement.fitting(concrete, name, [] if name is None else [name, Path(name).stem])
    abstract = _system(refine, claim.model if to is None else to, dict(claim.parameters), {}, ())
    abstract = unobserved(abstract, claim.liveness)
    strategy = Strategy(workers=1 if workers is None else workers)
    return RefinementResult(refinement.refine(concrete, claim, abstract, limits=limits, strategy=strategy))


def mutate(
    target: Target,
    /,
    *,
    on: str | None = None,
    max_states: int | None = None,
    journal: Folder | None = None,
    parameters: Mapping[str, object] | None = None,
    **constants: object,
) -> MutationResult:
    """Change a target in every small way, and tell which changes no property notices.

    `on` is where: here, processes (one for each core) or processes:N. `max_states` ends the search of a mutant, and
    `journal` is a file in which what is judged is kept, and from which it goes on. Raises what `check` raises, and
    Q48 where a property does not hold, Q51 for a journal that cannot be used.
    """
    given = {name for name, value in locals().items() if value is not None}
    system = _system(mutate, target, parameters, constants, given)
    settings = tuple({**constants, **(parameters or {})}.items())
    source = campaign.Named(os.fspath(target), settings) if isinstance(target, str | os.PathLike) else system
    kept = _folder(journal, "journal")
    return MutationResult(campaign.run(source, processes=number_of(on or "here"), max_states=max_states, journal=kept))


def draw(
    target: Target,
    /,
    *,
    machine: str | None = None,
    space: bool | None = None,
    format: str | None = None,
    parameters: Mapping[str, object] | None = None,
    **constants: object,
) -> bytes:
    """Return a picture of a target, of one `machine` of it, or of its reachable states (`space`).

    `format` is dot, mermaid, svg or png (dot; all but png are text in UTF-8). Raises what `load` raises, Q09 for an
    unknown machine, Q48 for an unknown format or too many states to draw.
    """
    given = {name for name, value in locals().items() if value is not None}
    system = _system(draw, target, parameters, constants, given)
    from quiesce.show import gallery

    return gallery.picture(system, machine=machine, space=bool(space), form=format or "dot")


def simulate(
    target: Target,
    /,
    *,
    steps: int | None = None,
    seed: int | None = None,
    parameters: Mapping[str, object] | None = None,
    **constants: object,
) -> TraceView:
    """Run a target as live `transitions` machines on a random walk of at most `steps` (20).

    The same `seed` (0) gives the same walk; the reference interpreter replays it. Raises what `load` raises.
    """
    given = {name for name, value in locals().items() if value is not None}
    system = _system(simulate, target, parameters, constants, given)
    from quiesce.bridges.live import walk

    trace = walk(system, steps=20 if steps is None else steps, seed=seed or 0)
    replay(system, trace)
    return TraceView(system, trace)


def space(target: Target, /, *, parameters: Mapping[str, object] | None = None, **constants: object) -> Space:
    """Return the state space of a target, to walk: initial states, successors, a networkx graph; it is not searched."""
    return Space(_system(space, target, parameters, constants, ()))


def lint(
    target: Target, /, *, parameters: Mapping[str, object] | None = None, **constants: object
) -> tuple[Remark, ...]:
    """Search a target and return the remarks on it: dead rows, vacuous properties, values never reached, overlaps.

    Raises what `check` raises, and SpecificationError (Q48) where not every state was seen.
    """
    remarks = check(target, parameters={**constants, **(parameters or {})}).remarks
    if remarks is None:
        raise SpecificationError("Q48", "not judged, for not every state was seen", hint="check says why")
    return remarks


def export(
    target: Target,
    /,
    *,
    to: str | None = None,
    properties: bool | None = None,
    parameters: Mapping[str, object] | None = None,
    **constants: object,
) -> str:
    """Return a target as a text for another checker: `to` promela (Spin; the default), murphi (Rumur) or tla (TLC).

    With `properties` (the default) they become assertions and invariants as far as the other checker has them. Raises
    what `load` raises, and Q48 for an unknown format or what cannot be exported.
    """
    given = {name for name, value in locals().items() if value is not None}
    system = _system(export, target, parameters, constants, given)
    return exported(system, to or "promela", properties=properties is not False)


# -- targets ----------------------------------------------------------------------------------------------------------


def _system(
    verb: Callable[..., object],
    target: Target,
    parameters: Mapping[str, object] | None,
    constants: Mapping[str, object],
    given: Sequence[str] | set[str],
) -> SystemData:
    """Return the system of a target; `given` are the options that the caller of a verb gave."""
    for name in parameters or {}:
        if name in constants:
            raise SpecificationError("Q41", f"the parameter {name!r} is given twice", hint="leave one of them out")
    settings = {**constants, **(parameters or {})}
    if isinstance(target, System | Machine | SystemData):
        if settings:
            name = next(iter(settings))
            raise SpecificationError(
                "Q41", f"the system {target.name} is made already: {name!r} does not apply to it", hint=HINT
            )
        return library.built(target)
    found = _target(target)
    _check_clash(verb, found, settings, given)
    for name in settings:
        if name in LIMITS and name not in declared(found.function):
            raise SpecificationError("Q41", f"{name!r} is a limit", hint=f"write limits=Limits({name}=...)")
    return found.system(settings)


LIMITS = ("max_states", "max_seconds", "memory")


def _target(target: object) -> library.Target:
    """Return what a name or a function stands for; raises SpecificationError (Q35) for what is no target."""
    if isinstance(target, str) or (isinstance(target, os.PathLike) and isinstance(os.fspath(target), str)):
        return library.find(os.fspath(target))
    if callable(target) and hasattr(inspect.unwrap(target), "__code__"):
        return library.Target(_name(target), target)
    raise SpecificationError(
        "Q35",
        f"{target!r} is no target",
        hint="give a name, a file, a function that returns a System, a System or a Machine",
    )


def _listed(given: Sequence[str] | str | None, option: str) -> Sequence[str]:
    """Return the words of an option, of which one may stand alone; raises SpecificationError (Q48)."""
    words = [given] if isinstance(given, str) else given
    if words is None:
        return ()
    if not isinstance(words, Sequence) or not words or not all(isinstance(word, str) for word in words):
        raise SpecificationError("Q48", f"{option}={given!r}: give one text or several", hint=f"leave out {option}=")
    return words


def _folder(given: Folder | None, option: str) -> Path | None:
    """Return the path of an option; raises SpecificationError (Q48) for what is none."""
    if given is None:
        return None
    if not isinstance(given, str | os.PathLike) or not os.fspath(given):
        raise SpecificationError("Q48", f"{option}={given!r}: give a path")
    return Path(given)


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
