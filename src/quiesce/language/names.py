"""Names that authors give, by one rule, and what an author is told where something is wrong."""

from __future__ import annotations

import unicodedata

from quiesce.core.errors import Place, SpecificationError
from quiesce.core.system import STATE
from quiesce.language.places import here

LONGEST = 200
"""Characters of a name."""
BIDIRECTIONAL = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def wrong(code: str, message: str, hint: str = "", place: Place | None = None) -> SpecificationError:
    """Return an author's mistake, placed at the line that is being executed unless a place is given."""
    return SpecificationError(code, message, hint=hint, place=place or here())


def a(noun: str) -> str:
    """Return a noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def usable(name: object, what: str, hint: str = "give a short text") -> None:
    """Raise SpecificationError (Q02) for a name that is not usable: one rule for all that authors name.

    A name is a text that is not blank, of one line without control characters, and short enough to be read.
    """
    if not isinstance(name, str) or not name.strip():
        raise wrong("Q02", f"{name!r} cannot name {a(what)}", hint)
    if any(is_control(character) for character in name):
        raise wrong("Q02", f"{name[:LONGEST]!r} cannot name {a(what)}: it has a control character", "leave it out")
    if len(name) > LONGEST:
        raise wrong("Q02", f"{a(what)} has a name of {len(name):,} characters", f"give one of {LONGEST} at most")
    if what == "variable" and name == STATE:
        raise wrong("Q02", "the variable 'state' is the machine's state", "declare it with states=[...]")


def is_control(character: str) -> bool:
    """Tell whether a character ends a line, moves the cursor, or turns the direction of writing, or is half of one."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in BIDIRECTIONAL
