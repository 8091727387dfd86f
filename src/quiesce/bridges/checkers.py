"""Texts for other checkers, by the name of the language."""

from __future__ import annotations

from importlib import import_module

from quiesce.core.errors import SpecificationError, unknown
from quiesce.core.system import System

LANGUAGES = {"promela": "Spin", "murphi": "Rumur", "tla": "TLC"}
"""Language -> the checker that reads it; a module here has the name of each language."""


def exported(system: System, language: str, *, properties: bool = True) -> str:
    """Return a system as a text of a language; `properties` become what that language has for them.

    Raises SpecificationError: Q48 for an unknown language and for too many initial states, Q13 for an unbounded
    variable.
    """
    if language not in LANGUAGES:
        raise SpecificationError("Q48", unknown("language", language, LANGUAGES))
    text: str = import_module(f"quiesce.bridges.{language}").text(system, properties=properties)
    return text
