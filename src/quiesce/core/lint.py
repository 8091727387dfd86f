"""Lint: what a complete search never saw, and what nobody looks at. A green result says little about dead rows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from quiesce.core.domains import Value, shown
from quiesce.core.errors import Place
from quiesce.core.expressions import FALSE, Expr, Fresh, Op, Read, Unchanged, apply, walk
from quiesce.core.flat import Participant
from quiesce.core.guards import Guards
from quiesce.core.system import STATE, Machine, Row, System

MOST_VALUES = 1 << 12
"""Values of a domain up to which they are looked for one by one."""
MOST_NAMED = 6
MOST_PAIRS = 512
"""Pairs of rows whose overlap is looked for in every state."""
MOST_COMPARED = 1 << 18
"""Pairs of rows with one event and one result whose guards are compared."""


class Kind(Enum):
    """What a remark is about. Vacuous properties and dead rows make a green result suspicious (`--strict`)."""

    VACUOUS = "vacuous property"
    TAUTOLOGY = "tautological property"
    DEAD_ROW = "row never taken"
    DEAD_STATE = "state never entered"
    UNREACHED = "value never reached"
    UNREAD = "variable never read"
    OVERLAP = "overlap of rows"
    UNJUDGED = "search for overlaps cut short"


SUSPICIOUS = frozenset({Kind.VACUOUS, Kind.DEAD_ROW})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that an author may not have meant: what kind, of what, and where it was written."""

    kind: Kind
    about: str
    place: Place | None


Pair = tuple[str, int, int]
"""A machine and two of its rows, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a complete search saw: (machine, row) taken, values by (machine, variable), and pairs of rows that some copy
    could take in one state by the same event with the same result.

    A variable whose domain is larger than `MOST_VALUES` is not in `values`. `all_overlaps` tells whether
    every pair of rows was looked at.
    """

    rows: Collection[tuple[str, int]]
    values: Mapping[tuple[str, str], Collection[Value]]
    overlaps: Collection[Pair]
    all_overlaps: bool = True


def remarks(system: System, seen: Seen) -> Iterator[Remark]:
    """Yield what is worth a remark, machine by machine in the order of their lines.

    Rows of observers are left out: they take no part in events.
    """
    read = set(_read(system))
    for machine in system.machines:
        for number, row in enumerate(machine.rows):
            if not machine.observer and (machine.name, number) not in seen.rows:
                yield Remark(kind=Kind.DEAD_ROW, about=described(machine, row), place=row.place)
        for variable in machine.variables:
            yield from _missing(machine, variable.name, seen)
            if variable.name != STATE and (machine.name, variable.name) not in read:
                about = f"{machine.name}.{variable.name}"
                yield Remark(kind=Kind.UNREAD, about=about, place=variable.place)
        for name, first, second in sorted(seen.overlaps):
            if name == machine.name:
                rows = machine.rows
                about = f"{described(machine, rows[first])} and the row of line {rows[second].place.line}"
                yield Remark(kind=Kind.OVERLAP, about=about, place=rows[first].place)
    if not seen.all_overlaps:
        about = f"too many rows with one event and one result: {MOST_PAIRS:,} pairs at most are looked at"
        yield Remark(kind=Kind.UNJUDGED, about=about, place=system.place)


def described(machine: Machine, row: Row) -> str:
    """Return a row in few words: `provider on WSPCleanup, from up`."""
    word = {"step": "step", "calls": "calls", "on": "on"}[row.kind.value]
    sources = "" if row.sources is None else f", from {' or '.join(shown(source) for source in row.sources)}"
    return f"{machine.name} {word} {row.trigger.removeprefix(machine.name + '.')}{sources}"


def _missing(machine: Machine, name: str, seen: Seen) -> Iterator[Remark]:
    variable = machine.variable(name)
    found = seen.values.get((machine.name, name))
    if found is None or machine.copies == 0:
        return
    missing = [value for value in variable.domain.values() if value not in found]
    if name == STATE:
        for value in missing:
            yield Remark(kind=Kind.DEAD_STATE, about=f"{machine.name}: {shown(value)}", place=variable.place)
    elif missing:
        listed = ", ".join(shown(value) for value in missing[:MOST_NAMED])
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        about = f"{machine.name}.{name}: {listed}{more}"
        yield Remark(kind=Kind.UNREACHED, about=about, place=variable.place)


def _read(system: System) -> Iterator[tuple[str, str]]:
    """Yield (machine, variable) for all that guards, effects, properties and bounds of the system look at.

    An effect that computes a variable from itself alone does not count as reading it.
    """
    for machine in system.machines:
        for row in machine.rows:
            yield from _reads(row.guard, system)
            for name, effect in row.effects:
                own = (machine.name, name)
                yield from (read for read in _reads(effect, system) if read != own)
    for expr in (system.initially, system.rest, *(question.formula for question in system.properties)):
        if expr is not None:
            yield from _reads(expr, system)


def _reads(expr: Expr, system: System) -> Iterator[tuple[str, str]]:
    for node in walk(expr):
        match node:
            case Read(machine=machine, variable=variable):
                yield machine, variable
            case Fresh(machine=machine) | Unchanged(machine=machine):
                yield from ((machine, variable.name) for variable in system.by_name[machine].variables)


# -- overlaps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Guard:
    """A row in a joint row, with its guard: as a whole, and the codes of cells that it tests alone."""

    row: int
    whole: Expr
    tests: Mapping[int, frozenset[int]]

    def meets(self, other: _Guard) -> bool:
        """Tell whether both may be true in one state, as far as tests of single cells tell."""
        fewer, more = sorted((self.tests, other.tests), key=len)
        return all(slot not in more or not codes.isdisjoint(more[slot]) for slot, codes in fewer.items())


def overlapping(system: System) -> tuple[dict[Pair, Expr], bool]:
    """Return for each pair of rows that may overlap the flat condition under which they do, and whether these are all.

    They belong to one copy of one machine and stand, all else equal, in joint rows of one event with one result. Beyond
    `MOST_PAIRS` pairs, or `MOST_COMPARED` comparisons in one event, no more are looked for.
    """
    guards = Guards(system.flat.cells, most=sys.maxsize)
    groups: dict[tuple[object, ...], list[_Guard]] = {}
    for joint in system.flat.rows:
        tests = guards.split(joint.guard)[0]
        for position, part in enumerate(joint.participants):
            others = (*joint.participants[:position], *joint.participants[position + 1 :])
            key: tuple[object, ...] = (
                part.machine,
                part.copy,
                part.every,
                joint.trigger,
                joint.result,
                joint.arguments,
                others,
            )
            groups.setdefault(key, []).append(_Guard(part.row, joint.guard, tests))
    found: dict[Pair, list[Expr]] = {}
    complete = True
    for key, listed in groups.items():
        for number, (one, other) in enumerate(_near(listed)):
            if number == MOST_COMPARED:
                complete = False
                break
            pair = (str(key[0]), one.row, other.row)
            if one.row == other.row or not one.meets(other):
                continue
            if pair not in found and len(found) == MOST_PAIRS:
                complete = False
            elif (both := apply(Op.AND, one.whole, other.whole)) != FALSE:
                found.setdefault(pair, []).append(both)
    return {pair: apply(Op.OR, *conditions) for pair, conditions in found.items()}, complete


def _near(listed: Sequence[_Guard]) -> Iterator[tuple[_Guard, _Guard]]:
    """Yield the pairs, in order, that let a code of one cell pass together; the others cannot meet.

    The cell is the one that most of them test, in most machines the state: so rows of different states are not even
    compared.
    """
    tested = Counter(slot for guard in listed for slot in guard.tests)
    pivot = max(tested, key=lambda slot: tested[slot], default=-1)
    by_code: dict[int, list[int]] = {}
    for position, guard in enumerate(listed):
        for code in guard.tests.get(pivot, ()):
            by_code.setdefault(code, []).append(position)
    anywhere = [position for position, guard in enumerate(listed) if pivot not in guard.tests]
    for position, guard in enumerate(listed):
        codes = guard.tests.get(pivot)
        near = range(len(listed)) if codes is None else {*anywhere, *(at for code in codes for at in by_code[code])}
        for other in sorted(at for at in near if at > position):
            yield guard, listed[other]


def rows_of(participants: Iterable[Participant]) -> Iterator[tuple[str, int]]:
    """Yield (machine, row) of those who take part in a step."""
    for part in participants:
        yield part.machine, part.row
