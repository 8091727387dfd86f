"""The command line of a verb: declared in the signature of its function, and read by an argparse parser made of that.

The annotation of a parameter says which option or argument gives it. Defaults are the function's own: a parser knows
none, and calls the function with what was given.
"""

from __future__ import annotations

import argparse
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from quiesce.core.errors import SpecificationError, known
from quiesce.statuses import HOLDS

Verb = Callable[..., int]

WIDTH = 80
"""Columns of a help text, whatever the terminal has: it is the same everywhere."""
_METAVARS: dict[type, str] = {int: "N", float: "NUMBER", str: "NAME", Path: "FILE"}
_NUMBERS: dict[type, str] = {int: "an integer", float: "a number"}
_REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Declares a parameter that is given without an option."""

    help: str
    metavar: str = "TARGET"


class Option:
    """Declares a parameter that is given by an option, `--like-the-parameter` unless it has `names` of its own.

    A number may have bounds. A truth value that is true by default has a second option, `--no-like-the-parameter`.
    """

    def __init__(
        self, *names: str, help: str, metavar: str | None = None, least: int | None = None, most: int | None = None
    ) -> None:
        self.names, self.help, self.metavar, self.least, self.most = names, help, metavar, least, most

    @property
    def bounds(self) -> str:
        """Return what follows `an integer`: ` from 0 to 256`, `, 1 or more`, or nothing."""
        if self.least is None:
            return ""
        return f", {self.least} or more" if self.most is None else f" from {self.least} to {self.most}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a verb: its declaration, and the type of one value, of which there may be several."""

    name: str
    kind: type
    several: bool
    default: object
    declared: Argument | Option

    @property
    def options(self) -> tuple[str, ...]:
        """Return the names of its option; nothing for an argument."""
        if isinstance(self.declared, Argument):
            return ()
        return self.declared.names or (f"--{self.name.replace('_', '-')}",)

    @property
    def help(self) -> str:
        """Return its help, with its bounds and its default."""
        bounds = self.declared.bounds.strip(", ") if isinstance(self.declared, Option) else ""
        unsaid = self.default is False or self.default in (_REQUIRED, None)
        default = "" if unsaid else f"default: {self.options[-1] if self.default is True else self.default}"
        notes = "; ".join(filter(None, [bounds, default]))
        return f"{self.declared.help} [{notes}]" if notes else self.declared.help

    @property
    def settings(self) -> dict[str, Any]:
        """Return how argparse is to read it."""
        if isinstance(self.declared, Argument):
            nargs = "*" if self.several else None if self.default is _REQUIRED else "?"
            return {"metavar": self.declared.metavar, "nargs": nargs}
        if self.kind is bool:
            return {"dest": self.name, "action": argparse.BooleanOptionalAction if self.default else "store_true"}
        return {
            "dest": self.name,
            "action": "append" if self.several else "store",
            "metavar": self.declared.metavar or _METAVARS[self.kind],
            "type": partial(_number, self, self.declared) if self.kind in _NUMBERS else self.kind,
        }


def _number(parameter: Parameter, option: Option, text: str) -> float:
    """Return a number within the bounds of an option; raises SpecificationError (Q48)."""
    least = float("-inf") if option.least is None else option.least
    most = float("inf") if option.most is None else option.most
    try:
        value: float = parameter.kind(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        wanted = f"{_NUMBERS[parameter.kind]}{option.bounds}"
        raise SpecificationError("Q48", f"{parameter.options[-1]} {text}: give {wanted}")
    return value


def parameters(verb: Verb) -> Iterator[Parameter]:
    """Yield the parameters of a verb."""
    hints = get_type_hints(verb, include_extras=True)
    for name, given in inspect.signature(verb).parameters.items():
        annotated, declared = get_args(hints[name])
        (kind,) = {*(get_args(annotated) if isinstance(annotated, UnionType) else [annotated])} - {NoneType}
        several = get_origin(kind) is list
        kind = get_args(kind)[0] if several else kind
        yield Parameter(name=name, kind=kind, several=several, default=given.default, declared=declared)


def paragraphs(verb: Verb) -> list[str]:
    """Return the paragraphs of a verb's docstring, each in one line."""
    return [" ".join(part.split()) for part in (verb.__doc__ or "").split("\n\n")]


def _without_end(words: Sequence[str]) -> list[str]:
    """Return a command line without `--`: what looks like an option after it is a file here, and is written as one.

    What argparse itself makes of `--` among intermixed words is not the same in all releases.
    """
    end = words.index("--") if "--" in words else len(words)
    return [*words[:end], *(f"./{word}" if word.startswith("-") else word for word in words[end + 1 :])]


class Parser(argparse.ArgumentParser):
    """Reads the command line of a verb; every mistake in it is a SpecificationError (Q48)."""

    def __init__(self, *, verb: Verb, **settings: Any) -> None:
        super().__init__(
            description="\n\n".join(textwrap.fill(part, WIDTH) for part in paragraphs(verb)),
            formatter_class=partial(argparse.RawDescriptionHelpFormatter, width=WIDTH, max_help_position=30),
            argument_default=argparse.SUPPRESS,
            allow_abbrev=False,
            add_help=False,
            **settings,
        )
        self.verb = verb
        self.parameters = list(parameters(verb))
        self.actions = [self._action(parameter) for parameter in self.parameters]
        self.actions.append(self.add_argument("-h", "--help", action="store_true", help="Show this message and exit."))

    def _action(self, parameter: Parameter) -> argparse.Action:
        names = parameter.options or (parameter.name,)
        action = self.add_argument(*names, help=parameter.help.replace("%", "%%"), **parameter.settings)
        action.required = False  # `call` says what is missing, but first which option does not exist
        return action

    @property
    def _help(self) -> str:
        return f"{self.prog} --help shows what it takes"

    @property
    def options(self) -> list[str]:
        """Return all options, as they are written."""
        return [option for action in self.actions for option in action.option_strings]

    def call(self, words: Sequence[str], instead: Sequence[str] = ()) -> int:
        """Call the verb with what a command line gives, or show its help; return the exit status.

        `instead` are options of no verb, which could have stood in place of the first word.
        """
        read, rest = self.parse_known_intermixed_args(_without_end(words))
        given = vars(read)
        if given.pop("help", False):
            print(self.format_help(), end="")
            return HOLDS
        self._refuse(rest, [*self.options, *(instead if rest[:1] == [*words[:1]] else ())])
        for parameter in self.parameters:
            if parameter.default is _REQUIRED and parameter.name not in given:
                raise SpecificationError("Q48", f"{self.prog} needs a {parameter.name}", hint=self._help)
        return self.verb(**given)

    def error(self, message: str) -> NoReturn:
        """Refuse a command line in argparse's words."""
        hint = f"{self._help}; a value that begins with - is written --option=VALUE"
        raise SpecificationError("Q48", message, hint=hint)

    def _refuse(self, rest: Sequence[str], options: Sequence[str]) -> None:
        """Refuse the words that nothing takes: an option first, for a word after it may be its value."""
        for word in rest:
            if word.startswith("-"):
                option = word.partition("=")[0]
                raise SpecificationError("Q48", f"there is no option {option!r}", hint=known(option, options))
        if rest:
            raise SpecificationError("Q48", f"{self.prog} has no use for {rest[0]!r}", hint=self._help)
