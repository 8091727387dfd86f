"""Parameters of a specification: typed keyword arguments with defaults, and values given for them as text."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.system import System as SystemData
from quiesce.language.machines import Machine
from quiesce.language.names import wrong
from quiesce.language.patience import patience
from quiesce.language.systems import System


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of an integer parameter, both included: `clients: Annotated[int, Between(1, 8)] = 2`."""

    low: int
    high: int

    def __post_init__(self) -> None:
        """Raise SpecificationError (Q42) for bounds that are no integers, or between which there is none."""
        if type(self.low) is not int or type(self.high) is not int or self.low > self.high:
            raise wrong("Q42", f"Between({self.low!r}, {self.high!r}) has no integers", "give the lower bound first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter: its name, default, and what it may be: a kind (int, bool, str) with bounds or choices."""

    name: str
    default: object
    kind: type
    bounds: Between | None = None
    choices: tuple[object, ...] | None = None

    def __str__(self) -> str:
        if self.choices is not None:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        if self.bounds is not None:
            return f"an integer from {self.bounds.low} to {self.bounds.high}"
        return {int: "an integer, 0 or more", bool: "true or false"}.get(self.kind, "a text")


Specification = Callable[..., object]


def place_of(function: Specification) -> Place:
    """Return where a specification function is written."""
    code = inspect.unwrap(function).__code__
    return Place(code.co_filename, code.co_firstlineno)


def parameters(function: Specification) -> dict[str, Parameter]:
    """Return the parameters of a specification function by name.

    Raises SpecificationError (Q42) for one without a default or without a usable type.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except SpecificationError as problem:
        problem.place = place_of(function)  # annotations are read by Python's library, far from the author's line
        raise
    except (NameError, TypeError, SyntaxError, AttributeError) as problem:
        raise SpecificationError(
            "Q42", f"a parameter of {function.__name__} has an unknown type: {problem}", place=place_of(function)
        ) from None
    return {
        name: _parameter(name, given, hints.get(name), place_of(function))
        for name, given in inspect.signature(function).parameters.items()
    }


def _parameter(name: str, given: inspect.Parameter, hint: object, place: Place) -> Parameter:
    if given.default is inspect.Parameter.empty or given.kind is not inspect.Parameter.KEYWORD_ONLY:
        raise SpecificationError(
            "Q42",
            f"the parameter {name!r} needs a default and a name",
            place=place,
            hint=f"write def model(*, {name}: int = 2)",
        )
    bounds: Between | None = None
    if typing.get_origin(hint) is typing.Annotated:
        hint, *extras = typing.get_args(hint)
        bounds = next((extra for extra in extras if isinstance(extra, Between)), None)
    if typing.get_origin(hint) is typing.Literal:
        choices = typing.get_args(hint)
        if not choices:
            raise SpecificationError("Q42", f"the parameter {name!r} has no values", place=place, hint="list them")
        return _checked(Parameter(name=name, default=given.default, kind=type(choices[0]), choices=choices), place)
    if hint in (int, bool, str):
        assert isinstance(hint, type)
        return _checked(Parameter(name=name, default=given.default, kind=hint, bounds=bounds), place)
    raise SpecificationError(
        "Q42",
        f"the parameter {name!r} has no usable type",
        place=place,
        hint="annotate it as int, bool, Literal[...] or Annotated[int, Between(low, high)]",
    )


def _checked(parameter: Parameter, place: Place) -> Parameter:
    """Refuse a default that the parameter itself could not be given."""
    try:
        read_value(parameter, parameter.default)
    except SpecificationError:
        raise SpecificationError(
            "Q42",
            f"the default {parameter.default!r} of {parameter.name!r} is none of its values",
            place=place,
            hint=f"{parameter.name} is {parameter}",
        ) from None
    return parameter


def read_value(parameter: Parameter, given: object) -> object:
    """Return a value for a parameter, read from text where it is one.

    Raises SpecificationError (Q40) for a value that the parameter cannot take.
    """
    value: object = given
    if parameter.choices is not None:
        for choice in parameter.choices:
            same = given == choice and type(given) is type(choice)
            if same or (isinstance(given, str) and given == str(choice)):
                return choice
        raise _refused(parameter, given)
    if isinstance(given, str) and parameter.kind is int:
        try:
            value = int(given)
        except ValueError:
            raise _refused(parameter, given) from None
    if isinstance(given, str) and parameter.kind is bool:
        value = {"true": True, "false": False, "1": True, "0": False}.get(given.lower(), given)
    if type(value) is not parameter.kind:
        raise _refused(parameter, given)
    if parameter.kind is int:
        assert isinstance(value, int)
        low = parameter.bounds.low if parameter.bounds else 0
        if value < low or (parameter.bounds is not None and value > parameter.bounds.high):
            raise _refused(parameter, given)
    return value


def _refused(parameter: Parameter, given: object) -> SpecificationError:
    return SpecificationError(
        "Q40", f"{parameter.name}={given}: {parameter.name} is {parameter}", hint=f"its default is {parameter.default}"
    )


def instantiate(function: Specification, settings: Mapping[str, object] | None = None) -> SystemData:
    """Return the closed system that a specification function gives for some settings, with the defaults for the rest.

    Raises SpecificationError: Q40 to Q42 for the parameters, Q35 where the function returns no system, and every
    mistake of the specification itself.
    """
    declared = parameters(function)
    chosen = {name: parameter.default for name, parameter in declared.items()}
    for name, given in (settings or {}).items():
        if name not in declared:
            raise SpecificationError(
                "Q41", f"{function.__name__} has no parameter {name!r}", hint=known(name, declared)
            )
        chosen[name] = read_value(declared[name], given)
    with patience(function.__name__):
        made = function(**chosen)
    if isinstance(made, Machine):
        made = System(made.name, made)
    if not isinstance(made, System):
        raise SpecificationError(
            "Q35",
            f"{function.__name__} returns {type(made).__name__}, not a System",
            place=place_of(function),
            hint="end it with `return system`",
        )
    return made.build(chosen)
