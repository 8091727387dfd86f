"""Documents whose output is real: every command shown in a document is run, and what it prints is compared.

A block starts with a fence `console` and a line `$ model-check ...`; below it stands the output. `<!-- exit N -->`
before the fence says with which status the command ends (default 0). A block `mermaid` after `<!-- $ model-check ...
-->` is compared likewise. `python -m tests.documents --promote` writes what is printed today into the documents; read
the difference before you commit it.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(
    r"(?:<!-- exit (?P<exit>\d+) -->\n)?```console\n\$ (?P<command>model-check[^\n]*)\n(?P<output>.*?)```"
    r"|<!-- \$ (?P<drawn>model-check[^\n]*) -->\n```mermaid\n(?P<picture>.*?)```",
    re.DOTALL,
)


@dataclass(frozen=True)
class Shown:
    """A command in a document, with the output and the exit status that the document shows."""

    document: Path
    command: str
    output: str
    status: int
    span: tuple[int, int]


def documents() -> list[Path]:
    """Return the documents that are read: README, everything under docs/, and the transcripts under tests/."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "tests").rglob("*.md"))]


def shown(document: Path) -> list[Shown]:
    """Return the commands that a document shows."""
    text = document.read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        group = "output" if block["command"] else "picture"
        command = block["command"] or block["drawn"]
        found.append(Shown(document, command, block[group], int(block["exit"] or 0), block.span(group)))
    return found


def run(command: str) -> tuple[str, int]:
    """Return what a command prints, on both streams in the order given, and its exit status."""
    words = [sys.executable, "-m", "quiesce", *shlex.split(command)[1:]]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=300, check=False)
    printed = (done.stdout + done.stderr).decode().replace("\r\n", "\n")
    return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n", done.returncode


def promote() -> int:
    """Write today's output into the documents; return how many blocks changed."""
    changed = 0
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for block in reversed(shown(document)):
            output, status = run(block.command)
            if status != block.status:
                raise SystemExit(f"{document.name}: {block.command} ends with {status}, not {block.status}")
            changed += output != block.output
            text = text[: block.span[0]] + output + text[block.span[1] :]
        document.write_text(text, encoding="utf-8", newline="\n")
    return changed


if __name__ == "__main__":
    if sys.argv[1:] != ["--promote"]:
        raise SystemExit("python -m tests.documents --promote")
    print(f"{promote()} blocks changed")
