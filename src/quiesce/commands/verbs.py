"""All verbs, and what the command does without one: its help, its version, and what completes it in a shell."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Annotated

from quiesce.commands import checking, comparing, looking
from quiesce.commands.options import WIDTH, Option, Parser, Verb, paragraphs, parameters
from quiesce.core.errors import SpecificationError, unknown
from quiesce.statuses import HOLDS

PROGRAM = "model-check"
SHELLS = ("bash", "zsh", "tcsh")
VERBS: dict[str, Verb] = {
    "check": checking.check,
    "refine": comparing.refine,
    "mutate": comparing.mutate,
    "export": comparing.export,
    "bench": comparing.bench,
    "list": looking.list_,
    "matrix": looking.matrix,
    "draw": looking.draw,
    "lint": looking.lint,
    "simulate": looking.simulate,
}


def command(
    version: Annotated[bool, Option(help="Show the version.")] = False,
    shell: Annotated[
        str | None,
        Option("--print-completion", metavar="SHELL", help="Print what completes this command in bash, zsh or tcsh."),
    ] = None,
) -> int:
    """Prove that life cycles come to rest: check, draw and simulate state-machine specifications."""
    if version:
        from quiesce.version import __version__

        print(f"{PROGRAM} (quiesce) {__version__}")
    if shell is not None:
        print(completion(shell))
    return HOLDS


COMMON = [option for parameter in parameters(command) for option in parameter.options]
"""The options that belong to no verb."""


def parser(verb: str) -> Parser:
    """Return the parser of one verb."""
    return Parser(verb=VERBS[verb], prog=f"{PROGRAM} {verb}")


def common_parser() -> Parser:
    """Return the parser of a command line without a verb, whose help lists the verbs."""
    listed = [
        textwrap.fill(paragraphs(verb)[0], WIDTH, initial_indent=f"  {name:10}", subsequent_indent=12 * " ")
        for name, verb in VERBS.items()
    ]
    last = f"Without a verb: check. {PROGRAM} VERB --help shows what a verb takes."
    return Parser(
        verb=command,
        prog=PROGRAM,
        usage=f"{PROGRAM} [VERB] [OPTION ...] [TARGET ...]",
        epilog="\n".join(["verbs:", *listed, "", last]),
    )


def completion(shell: str) -> str:
    """Return a script with which a shell completes the command; raises SpecificationError (Q48) where none can be."""
    if shell not in SHELLS:
        raise SpecificationError("Q48", unknown("shell", shell, SHELLS))
    try:
        import shtab
    except ImportError:
        hint = "pip install 'quiesce[completion]'"
        raise SpecificationError("Q48", "--print-completion needs the package shtab", hint=hint) from None
    whole = common_parser()
    verbs = whole.add_subparsers(metavar="VERB")
    for name, verb in VERBS.items():
        for action in verbs.add_parser(name, verb=verb, help=paragraphs(verb)[0]).actions:
            if action.type is Path or not action.option_strings:  # a target may be a file
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    return str(shtab.complete(whole, shell))
