"""What the options of a row may be: triggers, arguments, clauses, and expressions that speak of one state only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from quiesce.core.domains import Value
from quiesce.core.expressions import TEMPORAL_NODES, Accepts, After, Enabled, Expr, Fresh, Happens, Unchanged, walk
from quiesce.core.printing import expression
from quiesce.core.system import ArgumentDeclaration
from quiesce.language.names import usable, wrong
from quiesce.language.terms import ArgumentTerm, Term, shallow

_OF_PROPERTIES = (After, Happens, Enabled, Accepts, Fresh, Unchanged, *TEMPORAL_NODES)


class RowOptions(NamedTuple):
    """The options of a row as its author gave them; results are read already."""

    source: object
    dest: object
    when: object
    then: Mapping[Any, Any] | None
    every: bool
    fair: Literal["weak", "strong"] | None
    clause: object
    returns: tuple[Value, ...] | None = None
    gets: tuple[Value, ...] | None = None


def triggers_of(trigger: object) -> list[str]:
    """Return triggers as a list; raises SpecificationError: Q25 for none, Q02 for a name that is not usable."""
    listed: list[Any] = list(trigger) if isinstance(trigger, list | tuple) else [trigger]
    if not listed:
        raise wrong("Q25", "a row without a trigger: []", "name at least one")
    for name in listed:
        usable(name, "trigger")
    return listed


def declarations(arguments: tuple[Term, ...]) -> tuple[ArgumentDeclaration, ...]:
    """Return the declarations of arguments; raises SpecificationError (Q35) for another term."""
    for term in arguments:
        if not isinstance(term, ArgumentTerm):
            raise wrong("Q35", f"{term!r} is not an argument", "make one with argument(name, values)")
    return tuple(term.declaration for term in arguments if isinstance(term, ArgumentTerm))


def of_rows(expr: Expr, option: str) -> Expr:
    """Return an expression of a row; raises SpecificationError (Q33) for the operators of properties in it."""
    for node in walk(shallow(expr)):
        if isinstance(node, _OF_PROPERTIES):
            raise wrong(
                "Q33",
                f"{expression(node)} has no meaning in {option}=",
                "after, happens, enabled, accepts, fresh, unchanged and temporal operators belong to properties",
            )
    return expr


def clause_ids(clause: object) -> tuple[str, ...]:
    """Return clause ids as a tuple; raises SpecificationError (Q07) for anything but texts."""
    listed: list[Any] = [] if clause is None else list(clause) if isinstance(clause, list | tuple) else [clause]
    for name in listed:
        if not isinstance(name, str):
            raise wrong("Q07", f"{name!r} is not a clause id", 'write clause="WSP-06" or a list of ids')
    return tuple(listed)


def ids_of(listed: object, option: str) -> tuple[str, ...]:
    """Return ids of properties as a tuple; raises SpecificationError (Q35) for anything but a list of texts."""
    if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
        raise wrong("Q35", f"{option}={listed!r} is no list of ids", f'write {option}=["PL-01"]')
    return tuple(listed)
