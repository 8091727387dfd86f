"""A system inside another: under its prefix it does what it does alone, two side by side do both in every order, and a
machine that they share takes part in the events of each.
"""

from __future__ import annotations

import pytest
from hypothesis import given, note, reject, settings

from quiesce import Machine, SpecificationError, System, Term, after, happens
from quiesce.core.domains import Copy, Value
from quiesce.core.properties import PropertyKind
from quiesce.core.reference import initial_states
from quiesce.core.verdicts import Explored, explore
from tests.strategies import DRAWING, described, systems

MOST_STATES = 40
WHOLE = (PropertyKind.NO_DEADLOCK, PropertyKind.BISIMILAR, PropertyKind.DOMAINS)


def included(*written: System, shared: bool = False) -> System:
    """Return some systems side by side, `P0` and so on, sharing nothing or all of their machines."""
    whole = System("whole")
    for number, one in enumerate(written):
        whole.include(one, f"P{number}", shared=one.machines if shared else (), asking=not shared)
    return whole


def plain(value: Value) -> Value:
    """Return a value without the name of the machine whose copy it is."""
    return value.index if isinstance(value, Copy) else value


def shape(explored: Explored) -> list[set[tuple[Value, ...]]]:
    """Return the levels of a search as sets of plain states."""
    return [{tuple(map(plain, state)) for state in level} for level in explored.levels]


def verdicts(explored: Explored) -> dict[str, object]:
    """Return the verdict on each property that can be asked of a part, by its name."""
    return {
        answer.property.name.removeprefix("P0: "): answer.verdict
        for answer in explored.answers
        if answer.property.kind not in WHOLE
    }


def small(written: System) -> Explored:
    """Return what the reference finds in a system; a large one is not compared."""
    try:
        system = written.build()
        note(described(system))
        found = explore(system, max_states=MOST_STATES)
    except SpecificationError:
        reject()
    if found.found.stopped is not None:
        reject()
    return found


@settings(DRAWING, max_examples=80)
@given(systems())
def test_alone_under_a_prefix_nothing_changes_but_names(written: System) -> None:
    """States, levels, transitions and verdicts are those of the system itself."""
    alone, inside = small(written), explore(included(written).build())
    assert shape(inside) == shape(alone)
    assert inside.found.transitions == alone.found.transitions
    assert verdicts(inside) == verdicts(alone)


@settings(DRAWING, max_examples=30)
@given(systems(), systems())
def test_two_that_share_nothing_are_a_product(first: System, second: System) -> None:
    """Every pair of states is reachable, and in it the steps of both are: n1 n2 states, t1 n2 + t2 n1 transitions."""
    one, other = small(first), small(second)
    both = explore(included(first, second).build()).found
    states = (one.found.states, other.found.states)
    assert both.states == states[0] * states[1]
    assert both.transitions == one.found.transitions * states[1] + other.found.transitions * states[0]
    assert both.depth == one.found.depth + other.found.depth


@settings(DRAWING, max_examples=30)
@given(systems())
def test_two_that_share_everything_are_one(written: System) -> None:
    """Two inclusions of one system that share all machines are that system."""
    alone, twice = small(written), explore(included(written, written, shared=True).build())
    assert shape(twice) == shape(alone)
    assert twice.found.transitions == alone.found.transitions


def line_for(*hands: tuple[Machine, str]) -> tuple[Machine, Term]:
    """Let hands put things on a line, each by its own event; return the line, which drops them, and its length."""
    line = Machine("line")
    length = line.count("length", up_to=2)
    for hand, put in hands:
        hand.step("fetch", source="empty", dest="full")
        hand.calls(put, source="full", dest="empty")
        line.on(put, when=length < 2, then={length: length + 1})
    line.step("drop", when=length > 0, then={length: length - 1})
    return line, length


def producer() -> tuple[System, Machine, Term]:
    """Return somebody who puts things on a line, the line, and how many are on it."""
    hand = Machine("hand", states=["empty", "full"])
    line, length = line_for((hand, "put"))
    system = System("producer", hand, line)
    system.always("what is put is on the line", happens("put").implies(after(length) == length + 1), id="P")
    system.always("the line is short", length <= 2, id="L")
    return system, line, length


def by_hand() -> System:
    """Return two producers and one line, written out."""
    hands = [Machine(f"P{number}.hand", states=["empty", "full"]) for number in range(2)]
    line, _ = line_for(*((hand, f"P{number}.put") for number, hand in enumerate(hands)))
    return System("by hand", hands[0], line, hands[1])


def beside() -> System:
    """Return two producers that share a line, by inclusion."""
    whole = System("whole")
    for number in range(2):
        one, line, _ = producer()
        whole.include(one, f"P{number}", shared=[line], asking=["P"])
    return whole


def test_a_shared_machine_takes_part_in_the_events_of_each() -> None:
    """Two inclusions with a line between them are the system that one would write by hand."""
    system, written = beside().build(), by_hand().build()
    assert [machine.name for machine in system.machines] == [machine.name for machine in written.machines]
    for made, hand in zip(system.machines, written.machines, strict=True):
        assert set(made.rows) == set(hand.rows)
    assert initial_states(system) == initial_states(written)
    found = explore(system)
    assert found.levels == explore(written).levels
    assert [question.id for question in system.properties] == ["P.P0", "P.P1", None]
    assert {answer.verdict.value for answer in found.answers} == {"holds"}


def test_what_was_included_can_be_asked_about_and_edited() -> None:
    """Terms, machines and events are given by the names of their own system; a variable stays one to write."""
    whole = System("whole")
    one, line, length = producer()
    part = whole.include(one, "P0", shared=[])
    hand, count = part.machine("hand"), part.term(length)
    assert (hand.name, part.trigger("put"), part.machine("line").name) == ("P0.hand", "P0.put", "P0.line")
    part.machine("line").step("clear", when=count == 1, then={count: 0})
    whole.never("two at once", count == 2)
    hand.drop("P0.put")
    hand.calls("P0.put", source="full", dest="empty", when=count == 0)
    assert [answer.verdict.value for answer in explore(whole.build()).answers] == ["holds", "holds"]
    assert line.name == "line"


def test_rest_and_beginning_are_those_of_all() -> None:
    """A system rests where each of its parts may, and begins as each of them does."""
    parts = []
    for start in ("a", "b"):
        machine = Machine("m", states=["a", "b"], initial=["a", "b"])
        parts.append(System("s", machine, rest=machine.state == "a", initially=machine.state == start))
    whole = included(*parts)
    whole.no_deadlock()
    assert initial_states(whole.build()) == [("a", "b")]
    answers = explore(whole.build()).answers
    assert [answer.verdict.value for answer in answers] == ["violated", "holds"]


def test_an_observer_is_not_shared_with_a_machine_that_is_none() -> None:
    """An observer never refuses an event and another machine does: they are not the same machine."""
    whole, parts = System("whole"), []
    for name, observer in (("a", True), ("b", False)):
        line, mover = Machine("line", observer=observer), Machine("m")
        mover.step("go")
        line.on("m.go", then={line.flag("f"): True})
        parts.append((System(name, mover, line), line))
    (first, observing), (second, acting) = parts
    whole.include(first, "A", shared=[observing])
    with pytest.raises(SpecificationError, match="not the same machine in both"):
        whole.include(second, "B", shared=[acting])
