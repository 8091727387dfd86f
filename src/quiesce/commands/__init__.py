"""The verbs of the `model-check` command: this file has what they share, each of its neighbours some verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quiesce.core.errors import SpecificationError
from quiesce.engines.native.options import MOST_WORKERS

app = typer.Typer(add_completion=False, no_args_is_help=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Targets = Annotated[
    list[str] | None,
    typer.Argument(help="A library model, file.py[:function], module:function, or checks file (.toml)."),
]
Constants = Annotated[list[str] | None, typer.Option("-c", "--constant", metavar="NAME=VALUE", help="Set a parameter.")]
Plain = Annotated[bool, typer.Option("--plain", help="Print nothing that varies from run to run.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 4 if all holds, but one is vacuous or a row dead.")]
Form = Annotated[str, typer.Option("--format", help="text or json (data on stdout, text on stderr).")]
Memory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Stop before using more: 4G, 512M (default: 80 % of what is free).")
]
Workers = Annotated[
    int, typer.Option(min=0, max=MOST_WORKERS, help="Threads (0: one for each core); the answers are the same.")
]


def _version(wanted: bool) -> None:
    if wanted:
        from quiesce import __version__

        print(f"model-check (quiesce) {__version__}")
        raise typer.Exit


@app.callback(help="Prove that life cycles come to rest: check, draw and simulate state-machine specifications.")
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold the options that belong to no verb."""


def check_format(form: str) -> None:
    """Accept a format of data; raises SpecificationError (Q48)."""
    if form not in ("text", "json"):
        raise SpecificationError("Q48", f"--format {form}: there are text and json")


def settings_of(constants: list[str] | None) -> dict[str, object]:
    """Return the values of `-c NAME=VALUE`; raises SpecificationError (Q48)."""
    settings: dict[str, object] = {}
    for constant in constants or []:
        name, equals, value = constant.partition("=")
        if not equals or not name:
            raise SpecificationError("Q48", f"-c {constant}: write -c NAME=VALUE")
        settings[name] = value
    return settings


def write(file: Path, content: bytes) -> None:
    """Write what `-o` asks for; raises SpecificationError (Q48) where that cannot be."""
    try:
        file.write_bytes(content)
    except OSError as problem:
        raise SpecificationError("Q48", f"{file.as_posix()} cannot be written: {problem.strerror}") from None


def bytes_of(text: str | None) -> int | None:
    """Return the bytes of `4G`; raises SpecificationError (Q48)."""
    from quiesce.engines.native.budget import size

    found = None if text is None else size(text)
    if text is not None and found is None:
        raise SpecificationError("Q48", f"--memory {text} is no amount of memory", hint="write 4G, 512M or bytes")
    return found
