"""Whether a net is bounded: a search for a run that can be repeated forever, with more tokens each time.

A run that leads from a marking to one with as many tokens in each place, and more in some, can be repeated from there:
the net is unbounded (Karp and Miller, Journal of Computer and System Sciences 3, 1969, §4). A search in depth that
looks at the markings on its own path finds such a run or ends, for every infinite sequence of different markings has
two of which the later one covers the earlier (Dickson's lemma). It is tried for about a second; after that the engine
tries bounds, and each run beyond a bound is looked over in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quiesce.bridges.nets import NET, Net, Transition, system
from quiesce.core.errors import SpecificationError
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.engines.options import Limits, Watcher

MOST_WORK = 1_000_000_000
MOST_NUMBERS = 5_000_000
"""How long the search in depth goes on (some nanoseconds each, so that it ends at the same marking everywhere), and how
many numbers of tokens it keeps: one for each place and marking."""
FIRST_STATES = 1 << 14
"""States after which a search for a bound is begun anew with more, so that one that is too small is soon known."""

Marking = tuple[int, ...]


def bounded(net: Net, *, limits: Limits | None = None, most: int = 1 << 16, watch: Watcher | None = None) -> SystemData:
    """Return a net as a system with the least power of two that bounds all its places, found by searching.

    Where no place ever has more tokens than one has at first, that is the bound. Where a search is stopped by a limit,
    the bound that it was for is taken. Raises SpecificationError (Q13) for a net that is unbounded, and where some
    place holds more than `most` tokens.
    """
    found = _explored(net)
    if isinstance(found, _Pump):
        raise _unbounded(net, found)
    if found is not None:
        return system(net, bound=1 if found <= max(net.places.values(), default=0) else 1 << (found - 1).bit_length())
    limits = limits or Limits()
    bound, states = 1, FIRST_STATES
    while bound <= most:
        candidate = system(net, bound=bound)
        own = limits.max_states is None or states < limits.max_states
        tried = replace(limits, max_states=states) if own else limits
        result = check(candidate, limits=tried, watch=watch, explained=False, linted=False)
        if result.verdict is Verdict.VIOLATED:
            _look_over(net, result)
            bound *= 2
        elif own and result.stopped == f"{states:,} states":
            states *= 16
        else:
            return candidate
    raise SpecificationError(
        "Q13", f"{net.name} puts more than {most:,} tokens into a place", hint="it may be unbounded; give --bound N"
    )


@dataclass(frozen=True, slots=True)
class _Pump:
    """A run that leads to a marking, and what is fired from there to come to one with more tokens in some place."""

    way: tuple[str, ...]
    again: tuple[str, ...]
    growing: str


def _unbounded(net: Net, pump: _Pump) -> SpecificationError:
    """Return the error that says why a net is unbounded."""
    way = f" (first after {_listed(pump.way)})" if pump.way else ""
    told = f"{_listed(pump.again)} can be fired again and again, each time with more tokens in {pump.growing!r}"
    hint = "give --bound N to see the markings with at most N tokens in each place"
    place = net.lines.get(pump.growing)
    return SpecificationError("Q13", f"{net.name} is unbounded: {told}{way}", place=place, hint=hint)


def _listed(names: Sequence[str]) -> str:
    """Return the names of a run, or how many they are and the last ones."""
    kept = ", ".join(map(repr, names[-4:]))
    return kept if len(names) <= 4 else f"{len(names):,} transitions (the last ones {kept})"


def _pump(net: Net, markings: Sequence[Marking], fired: Sequence[str]) -> _Pump | None:
    """Return why the last marking of a run shows that a net is unbounded; None if it does not."""
    last = markings[-1]
    for number, earlier in enumerate(markings[:-1]):
        if all(before <= after for before, after in zip(earlier, last, strict=True)) and earlier != last:
            growing = next(
                place for place, before, after in zip(net.places, earlier, last, strict=True) if before < after
            )
            return _Pump(tuple(fired[:number]), tuple(fired[number:]), growing)
    return None


def _look_over(net: Net, result: SystemAnswers) -> None:
    """Raise SpecificationError (Q13) where the run beyond a bound shows that there is none."""
    trace = result.properties[-1].trace
    assert trace is not None
    names = [step.label.trigger.removeprefix(f"{NET}.") for step in trace.steps]
    markings = [tuple(net.places.values())]
    order = {place: position for position, place in enumerate(net.places)}
    for number, name in enumerate(names, start=1):
        after = list(markings[-1])
        for place, change in net.transitions[name].changes.items():
            after[order[place]] += change
        markings.append(tuple(after))
        pump = _pump(net, markings, names[:number])
        if pump is not None:
            raise _unbounded(net, pump)


# -- the search in depth ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Path:
    """The markings on the way to the newest one, in rows of an array, and what was fired between them."""

    rows: NDArray[np.int64]
    markings: list[Marking]
    fired: list[str]

    def covered(self, marking: Marking) -> bool:
        """Tell whether a marking has no fewer tokens in any place than one on the path."""
        return bool((self.rows[: len(self.markings)] <= np.array(marking)).all(axis=1).any())

    def push(self, marking: Marking, name: str | None) -> None:
        """Go on to a marking."""
        if len(self.markings) == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
        self.rows[len(self.markings)] = marking
        self.markings.append(marking)
        self.fired += [] if name is None else [name]

    def pop(self) -> None:
        """Go back."""
        self.markings.pop()
        del self.fired[-1:]


def _explored(net: Net) -> _Pump | int | None:
    """Return why a net is unbounded, or the most tokens that a place ever has; None where that takes too long."""
    work = 0
    moves = _moves(net)
    start = tuple(net.places.values())
    path = _Path(np.empty((64, len(start)), dtype=np.int64), [], [])
    path.push(start, None)
    seen = {start}
    ahead = [_successors(moves, start)]
    while ahead:
        name, marking = next(ahead[-1], (None, start))
        if name is None:
            ahead.pop()
            path.pop()
            continue
        if marking in seen:
            continue
        work += len(path.markings) * len(start) + 200 * len(moves) + 2000
        if len(seen) * len(start) > MOST_NUMBERS or work > MOST_WORK:
            return None
        seen.add(marking)
        covered = path.covered(marking)
        path.push(marking, name)
        if covered:
            return _pump(net, path.markings, path.fired)
        ahead.append(_successors(moves, marking))
    return max((max(marking, default=0) for marking in seen), default=0)


_Move = tuple[str, list[tuple[int, int]], list[tuple[int, int]]]


def _moves(net: Net) -> list[_Move]:
    """Return the transitions, those that make most first: what they take and what they change, by places' numbers."""
    order = {place: position for position, place in enumerate(net.places)}

    def gain(one: tuple[str, Transition]) -> int:
        return -sum(one[1].changes.values())

    return [
        (
            name,
            [(order[place], weight) for place, weight in transition.takes.items()],
            [(order[place], change) for place, change in transition.changes.items()],
        )
        for name, transition in sorted(net.transitions.items(), key=gain)
    ]


def _successors(moves: Sequence[_Move], marking: Marking) -> Iterator[tuple[str | None, Marking]]:
    for name, takes, changes in moves:
        if all(marking[place] >= weight for place, weight in takes):
            after = list(marking)
            for place, change in changes:
                after[place] += change
            yield name, tuple(after)
