"""The verbs of the `model-check` command: this file has what they share, each of its neighbours some verbs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from quiesce.commands.options import Argument, Option
from quiesce.core.errors import SpecificationError, unknown
from quiesce.engines.options import MOST_WORKERS

Targets = Annotated[
    list[str] | None,
    Argument(help="A library model, file.py[:function], module:function, or checks file (.toml)."),
]
Constants = Annotated[list[str] | None, Option("-c", "--constant", metavar="NAME=VALUE", help="Set a parameter.")]
MaxStates = Annotated[int | None, Option(least=1, help="Stop after the BFS level that reaches N states.")]
Memory = Annotated[
    str | None, Option(metavar="SIZE", help="Stop before using more: 4G, 512M (default: 80 % of what is free).")
]
Workers = Annotated[
    int, Option(least=0, most=MOST_WORKERS, help="Threads (0: one for each core); the answers are the same.")
]
On = Annotated[str, Option(metavar="WHERE", help="Where to work: here, processes (one for each core) or processes:N.")]
Form = Annotated[str, Option("--format", metavar="FORMAT", help="text or json (data on stdout, text on stderr).")]
File = Annotated[Path | None, Option("-o", "--output", help="Write to this file.")]


def check_format(form: str) -> None:
    """Accept a format of data; raises SpecificationError (Q48)."""
    if form not in ("text", "json"):
        raise SpecificationError("Q48", unknown("format", form, ("text", "json")))


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
