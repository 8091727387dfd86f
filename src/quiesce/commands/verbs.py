"""All verbs, and what the command does without one: its help and its version."""

from __future__ import annotations

import textwrap
from typing import Annotated

from quiesce.commands import checking, comparing, looking
from quiesce.commands.options import WIDTH, Option, Parser, Verb, paragraphs, parameters
from quiesce.statuses import HOLDS

PROGRAM = "model-check"
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
) -> int:
    """Prove that life cycles come to rest: check, draw and simulate state-machine specifications."""
    if version:
        from quiesce import __version__

        print(f"{PROGRAM} (quiesce) {__version__}")
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
