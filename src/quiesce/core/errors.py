"""What can go wrong, as data: every code of a user's mistake, and the two exceptions that carry them.

A code is never reused. `docs/errors.md` lists the same table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

CODES: dict[str, str] = {
    # names
    "Q01": "a name is used twice",
    "Q02": "a name is not usable",
    "Q03": "an unknown state",
    "Q04": "an unknown variable",
    "Q05": "an unknown trigger",
    "Q06": "an unknown result",
    "Q07": "an unknown clause",
    "Q08": "an unknown property",
    "Q09": "an unknown machine",
    # values and domains
    "Q10": "a constant outside its domain",
    "Q11": "a domain without values or with an impossible bound",
    "Q12": "a result that is not a name or a number",
    "Q13": "an unbounded count where states are enumerated",
    "Q14": "too many initial states to list",
    "Q15": "no initial state",
    "Q16": "numbers too large",
    # rows and events
    "Q20": "a call that nobody is on",
    "Q21": "a result that no caller accepts",
    "Q22": "two machines that return a result for one trigger",
    "Q23": "a write to another machine's variable",
    "Q24": "a machine that takes part in its own call",
    "Q25": "a row option that has no meaning here",
    "Q26": "an argument with two domains or without a declaration",
    "Q27": "an observer that is read",
    "Q28": "an observer that tries to act",
    "Q29": "a copy that is not determined",
    # terms
    "Q30": "operands that do not fit together",
    "Q31": "a term is not a Python bool",
    "Q32": "an index is not a number",
    "Q33": "a step operator in a place that has no step",
    "Q34": "an expression where a variable is wanted",
    "Q35": "something that is not a term",
    "Q36": "a temporal operator in a place that has no run",
    # parameters and targets
    "Q40": "a parameter out of its bounds",
    "Q41": "an unknown parameter",
    "Q42": "a parameter without a usable type",
    "Q43": "a target that does not exist",
    "Q44": "a specification that does not load",
    "Q45": "a target with several systems, or none",
    "Q46": "a broken checks file",
    "Q47": "a module found in another place",
    "Q48": "incompatible options",
    "Q49": "a formula that cannot be read",
    "Q50": "a file of states that was cut short or altered",
    "Q51": "a folder that a search cannot begin or go on in",
    "Q52": "a refinement that does not fit its two systems",
    "Q53": "machines that two inclusions cannot share",
    "Q56": "too many combinations to write out",
}
"""Code of a user's mistake -> what kind of mistake it is, in a few words."""


MOST_LISTED = 24
"""Names that a hint lists at most."""
MOST_SHOWN = 240
"""Letters of a line that an error shows."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of an author's file: where a row, a property or a mistake was written."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{shortened(self.file)}:{self.line}"

    def source_line(self) -> str | None:
        """Return the beginning of the line without its indentation, or None where the file cannot be read."""
        try:
            line = Path(self.file).read_text(encoding="utf-8").split("\n")[self.line - 1].strip()
            shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in line[:MOST_SHOWN])
            return shown + " …" if len(line) > MOST_SHOWN else shown
        except (OSError, IndexError, UnicodeDecodeError):
            return None


def shortened(file: str) -> str:
    """Return the path as a reader names it: relative to the current folder, else from the content folder on."""
    path = Path(file)
    here = current_folder()
    if not path.is_absolute():
        return path.as_posix()
    try:
        return path.relative_to(here or path).as_posix() if here else path.as_posix()
    except ValueError:
        for anchor in ("spec", "model", "checks", "tests"):
            if anchor in path.parts[:-1]:
                start = len(path.parts) - 1 - path.parts[::-1].index(anchor)
                return Path(*path.parts[start:]).as_posix()
        return path.name


def current_folder() -> Path | None:
    """Return the folder in which the command runs; None where somebody deleted it."""
    try:
        return Path.cwd()
    except OSError:
        return None


class SpecificationError(Exception):
    """A user's mistake, in a specification or on the command line (exit status 2).

    `code` is a key of `CODES`; `message` says what is wrong; `hint` says what to write instead; `place` may be None.
    """

    def __init__(self, code: str, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.place, self.hint = code, message, place, hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process as it is: exceptions would be made anew there from the message alone."""
        return type(self).__new__, (type(self), *self.args), self.__dict__

    def __str__(self) -> str:
        """`spec/winsock.py:12: Q31 message`, the source line, and what to write instead."""
        head = f"{self.place}: " if self.place else ""
        lines = [f"{head}{self.code} {self.message}"]
        source = self.place.source_line() if self.place else None
        if source:
            lines.append(f"    {source}")
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


class SearchInterruptedError(Exception):
    """Ctrl-C, after the search was written to its folder (exit status 130); the message says how to go on."""


class EngineError(Exception):
    """A bug of quiesce: two of its parts disagree (exit status 70). No answer is given."""


def unknown(what: str, given: object, choices: Iterable[object]) -> str:
    """Return what is said of a word that is none of some: `unknown format 'x' (choose text or json)`."""
    *others, last = map(str, choices)
    return f"unknown {what} {str(given)!r} (choose {', '.join(others)} or {last})"


def known(wanted: object, names: Iterable[object]) -> str:
    """Return a hint that lists the names that exist, the likely one first."""
    existing = [str(name) for name in names]
    listed = ", ".join(existing[:MOST_LISTED])
    if len(existing) > MOST_LISTED:
        listed += f" and {len(existing) - MOST_LISTED} more"
    if not existing:
        return "there are none here"
    near = get_close_matches(str(wanted), existing, n=1)
    guess = f"did you mean {near[0]!r}? " if near else ""
    return f"{guess}there are: {listed}"
