"""Values as authors list them: domains, what a variable starts with, arguments, and names that can be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from typing import Any, Protocol, runtime_checkable

from quiesce.core.domains import BOOLEAN, Copy, Domain, Range, Symbols, Value, shown, size
from quiesce.core.expressions import Constant
from quiesce.core.reference import MOST_INITIAL_STATES
from quiesce.core.system import ArgumentDeclaration
from quiesce.language.names import usable, wrong
from quiesce.language.terms import LARGEST, ArgumentTerm, fit, lift


@runtime_checkable
class Indexed(Protocol):
    """What has a name and may have copies, as a machine does: a domain of indices."""

    name: str

    def index_domain(self) -> Symbols:
        """Return the copies as a domain."""


MOST_LISTED = 1 << 16
"""Values that are listed one by one; a range of numbers may have more."""


class AnyValue:
    """The type of `any_value`."""

    def __repr__(self) -> str:
        return "any_value"


any_value = AnyValue()
"""As `initial=`: the variable starts with any value of its domain."""


class Unbounded:
    """The type of `unbounded`."""

    def __repr__(self) -> str:
        return "unbounded"


unbounded = Unbounded()
"""As `up_to=`: no bound. Proofs take it; exploration refuses it (Q13)."""


def argument(name: str, values: Iterable[Any] | Indexed) -> ArgumentTerm:
    """Return a value chosen anew in each event from a domain, and shared by name by all rows that declare it."""
    usable(name, "argument")
    return ArgumentTerm(ArgumentDeclaration(name=name, domain=domain_of(values, name)))


def domain_of(values: Iterable[Any] | Indexed, what: str, *, optional: bool = False) -> Domain:
    """Return the domain of listed values: truth values, a run of integers, the copies of a machine, or names."""
    if not isinstance(optional, bool):
        raise wrong("Q25", f"optional={optional!r} is neither True nor False", "write optional=True")
    if isinstance(values, Indexed):
        copies = values.index_domain()
        return Symbols((None, *copies.names), of=copies.of) if optional else copies
    if isinstance(values, range) and values.step == 1 and values.start < values.stop and not optional:
        return range_of(values.start, values.stop - 1, what)
    listed = _listed(values, what)
    if listed and all(isinstance(value, bool) for value in listed) and not optional:
        if set(listed) != {False, True}:
            raise wrong("Q11", f"{what} has only the truth value {listed[0]}", "give both, or use names")
        return BOOLEAN
    if listed and not optional and all(type(value) is int for value in listed):
        if all(after == before + 1 for before, after in pairwise(listed)):
            return range_of(listed[0], listed[-1], what)
    return Symbols(names_of(([None] if optional else []) + listed, what))


def range_of(low: int, high: int | Unbounded, what: str) -> Range:
    """Return the integers from `low` to `high`, both included; raises SpecificationError: Q11 for no bounds or no
    values, Q16 for a bound that is too large."""
    top = None if isinstance(high, Unbounded) else high
    for given in (low, 0 if isinstance(high, Unbounded) else high):
        if isinstance(given, bool) or not isinstance(given, int):
            raise wrong("Q11", f"{what} has the bound {given!r}", "a bound is an integer or unbounded")
    for bound in (low, top):
        if bound is not None and abs(bound) > LARGEST:
            raise wrong("Q16", f"{what} goes to {bound:,}, beyond {LARGEST:,}", "use a smaller domain")
    if top is not None and top < low:
        raise wrong("Q11", f"{what} has no values: {low}..{top}", "raise the upper bound")
    return Range(low, top)


def names_of(values: Sequence[Any], what: str, noun: str = "value") -> tuple[Value, ...]:
    """Return listed names; raises SpecificationError: Q01 for one that stands twice, Q11 for none or a truth value."""
    names = tuple(_listed(values, what))
    if not names:
        raise wrong("Q11", f"{what} has no values", "give at least one")
    for name in names:
        if isinstance(name, bool):
            raise wrong("Q11", f"{what} has the truth value {name!r} among names", "use a flag, or names")
        lift(name)
        if name is not None and not isinstance(name, Copy):
            usable(shown(name), noun)
    seen: set[Value] = set()
    for name in names:
        if name in seen:
            raise wrong("Q01", f"{what} lists {shown(name)} twice", "name each value once")
        seen.add(name)
    return names


def _listed(values: object, what: str) -> list[Any]:
    """Return listed values as a list; raises SpecificationError (Q11) for what is no list, has no order or no end."""
    if isinstance(values, str):
        raise wrong("Q11", f"{what} are given as one string: {values!r}", f"write a list: [{values!r}]")
    if isinstance(values, set | frozenset) or not isinstance(values, Iterable):
        raise wrong(
            "Q11", f"{what}: expected a list, not {values!r}", "write a list: its order is the order of the values"
        )
    listed = list(islice(values, MOST_LISTED + 1))
    if len(listed) > MOST_LISTED:
        instead = "use a number: count(up_to=) or integer(low, high)"
        raise wrong("Q11", f"{what} has more than {MOST_LISTED:,} listed values", instead)
    return listed


def initial_values(what: str, domain: Domain, initial: object) -> list[Any]:
    """Return what a variable may start with, as a list of values of its domain.

    Raises SpecificationError: Q03 and Q10 for a value that the domain lacks, Q11 for none, Q13 and Q14 for too many.
    """
    if isinstance(initial, AnyValue):
        listed = _all_values(what, domain)
    else:
        several: Iterable[Any] = initial if isinstance(initial, list | tuple | range) else [initial]
        listed = list(islice(several, MOST_INITIAL_STATES + 1))
    if len(listed) > MOST_INITIAL_STATES:
        raise wrong("Q14", f"{what} lists more than {MOST_INITIAL_STATES:,} initial values", "give a few of them")
    if not listed:
        raise wrong("Q11", f"{what} has no initial value", "give at least one")
    for value in listed:
        if type(value) is int and value == 0 and isinstance(domain, Range) and domain.code(value) is None:
            why = "which is the initial value where none is given"
            raise wrong("Q10", f"{what} cannot start with 0, {why}", f"write initial={domain.low}")
        fit(Constant(value), domain, what)
    return listed


def _all_values(what: str, domain: Domain) -> list[Any]:
    """Return every value of a domain as initial values, if they can be listed."""
    if isinstance(domain, Range) and domain.top is None:
        raise wrong("Q13", f"{what} is unbounded, so it cannot start with any value", "give up_to= or a list")
    if size(domain) > MOST_INITIAL_STATES:
        raise wrong("Q14", f"{what} has {size(domain):,} values, too many to start with any", "give a list")
    return list(domain.values())
