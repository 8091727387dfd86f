"""The reference interpreter means what the design says: every expectation here is counted by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quiesce import EngineError, Machine, SpecificationError, System, after, any_value, argument, enabled, happens
from quiesce.core.judging import judge
from quiesce.core.properties import Property
from quiesce.core.reference import initial_states, steps
from quiesce.core.replaying import replay
from quiesce.core.system import System as SystemData
from quiesce.core.trace import Departure, State, Step, Trace
from quiesce.core.verdicts import explore
from tests.examples.winsock_example import winsock


def taken(system: SystemData, state: State | None = None) -> list[Step]:
    """Return the steps from a state, or from the least initial one."""
    return list(steps(system, initial_states(system)[0] if state is None else state))


def asked(system: SystemData, name: str) -> Property:
    """Return a property by its name."""
    return next(question for question in system.properties if question.name == name)


def counted(written: System) -> tuple[int, int, int]:
    """Return states, transitions and depth."""
    found = explore(written.build()).found
    return found.states, found.transitions, found.depth


# -- events ----------------------------------------------------------------------------------------------------------


def test_the_example_of_the_design() -> None:
    """DESIGN section 3 counts 1,101 states, 7,246 transitions and depth 10."""
    assert counted(winsock()) == (1101, 7246, 10)


def test_an_event_has_one_caller_and_callers_are_alternatives() -> None:
    """Two machines that call `go` give two transitions, in each of which one caller moves and the other stays."""
    a, b, server = Machine("a", states=["s", "t"]), Machine("b", states=["s", "t"]), Machine("server")
    for caller in (a, b):
        caller.calls("go", source="s", dest="t")
    server.on("go")
    system = System("s", a, b, server).build()
    assert [step.target for step in taken(system)] == [("t", "s"), ("s", "t")]
    assert [[part.machine for part in step.label.participants] for step in taken(system)] == [
        ["a", "server"],
        ["b", "server"],
    ]


def test_a_call_and_a_step_of_one_trigger_are_alternatives() -> None:
    """`m.go` as a step of m, and as a call of another machine, are two ways to start one event: 2 transitions."""
    m, other, server = Machine("m"), Machine("other"), Machine("server")
    m.step("go")
    other.calls("m.go")
    server.on("m.go")
    starters = [step.label.participants[0].machine for step in taken(System("s", m, other, server).build())]
    assert starters == ["m", "other"]


@pytest.mark.parametrize(("ready", "transitions"), [(True, 1), (False, 0)])
def test_every_machine_that_is_on_takes_part(ready: bool, transitions: int) -> None:
    """An event of the environment happens with all who are on it, and not at all where one of them cannot."""
    a, b = Machine("a", states=["s", "t"]), Machine("b")
    flag = b.flag("ready", initial=ready)
    a.on("go", source="s", dest="t")
    b.on("go", when=flag)
    assert len(taken(System("s", a, b).build())) == transitions


def test_several_rows_of_each_machine_multiply() -> None:
    """2 rows of one machine with 3 copies and 2 rows of another are 12 ways to take one event."""
    a, b = Machine("a", copies=3), Machine("b")
    for _ in range(2):
        a.on("go")
        b.on("go")
    assert len(taken(System("s", a, b).build())) == 12


def test_results_are_those_that_are_returned_and_accepted() -> None:
    """Of 1, 2, 3 that are returned and 3, 2, 9 that are accepted, 2 and 3 are left, in the order of `returns`."""
    caller, server = Machine("caller"), Machine("server")
    caller.calls("go", gets=[3, 2, 9])
    caller.calls("go", gets=1)
    server.on("go", returns=[1, 2, 3])
    found = [(step.label.participants[0].row, step.label.result) for step in taken(System("s", caller, server).build())]
    assert found == [(0, 2), (0, 3), (1, 1)]


def test_a_caller_that_names_a_result_cannot_take_a_row_that_returns_none() -> None:
    """Without `gets` any result is accepted, none too; with `gets` only those results."""
    caller, server = Machine("caller"), Machine("server")
    caller.calls("go", gets="ok")
    caller.calls("go")
    server.on("go", returns="ok")
    server.on("go")
    found = [(step.label.participants[0].row, step.label.result) for step in taken(System("s", caller, server).build())]
    assert found == [(0, "ok"), (1, "ok"), (1, None)]


def test_all_rows_read_the_state_before() -> None:
    """Two machines that take each other's value in one event exchange them; so does one machine with two variables."""
    a, b = Machine("a"), Machine("b")
    x, y = a.count("x", up_to=3, initial=1), b.count("y", up_to=3, initial=2)
    z = a.count("z", up_to=3, initial=3)
    a.on("swap", then={x: y, z: x})
    b.on("swap", then={y: x})
    assert [step.target for step in taken(System("s", a, b).build())] == [(2, 1, 1)]


def test_arguments_multiply_transitions_and_are_shared_by_name() -> None:
    """A truth value and one of 3 numbers give 6 transitions; a guard on a shared argument of 3 leaves 2 of them."""
    a, b = Machine("a"), Machine("b")
    kind, size = argument("kind", [False, True]), argument("size", range(3))
    a.on("go", kind, size)
    b.on("go", size, when=size == 1)
    assert [step.label.arguments for step in taken(System("s", a, b).build())] == [
        (("kind", False), ("size", 1)),
        (("kind", True), ("size", 1)),
    ]
    alone = Machine("a")
    alone.on("go", kind, size)
    assert len(taken(System("s", alone).build())) == 6


def test_self_loops_are_transitions_and_initial_states_are_none() -> None:
    """A flag with both initial values and a step that changes nothing: 2 states, 2 transitions, depth 0."""
    m = Machine("m")
    m.flag("f", initial=any_value)
    m.step("idle")
    assert counted(System("s", m)) == (2, 2, 0)


def test_different_rows_to_one_target_are_different_transitions() -> None:
    """Two equal rows from the first of two states: 2 states, 2 transitions, depth 1."""
    m = Machine("m", states=["s", "t"])
    for _ in range(2):
        m.step("go", source="s", dest="t")
    assert counted(System("s", m)) == (2, 2, 1)


# -- copies ----------------------------------------------------------------------------------------------------------


def test_one_copy_takes_part_and_may_be_named_by_its_partners() -> None:
    """Each of 3 copies can call; the server keeps which one did: 3 transitions from the start."""
    client, server = Machine("client", copies=3, states=["s", "t"]), Machine("server")
    last = server.one_of("last", client, optional=True)
    client.calls("go", source="s", dest="t")
    server.on("go", then={last: client.acting})
    system = System("s", client, server).build()
    copies = system.copies_of("client")
    assert [step.target for step in taken(system)] == [
        ("t", "s", "s", copies[0]),
        ("s", "t", "s", copies[1]),
        ("s", "s", "t", copies[2]),
    ]


def test_every_moves_all_copies_from_the_state_before() -> None:
    """With `every=True` one transition moves each copy by its own values."""
    m = Machine("m", copies=2)
    x = m.count("x", up_to=3, initial=[0, 2])
    m.on("go", every=True, then={x: x + 1})
    system = System("s", m).build()
    assert [step.target for step in taken(system, (0, 2))] == [(1, 3)]


def test_every_is_blocked_by_one_copy() -> None:
    """An `every` row needs its source and guard in every copy: with one of two elsewhere the event cannot happen."""
    m, other = Machine("m", copies=2, states=["s", "t"]), Machine("other")
    m.on("go", source="s", every=True)
    other.on("go")
    system = System("s", m, other).build()
    assert len(taken(system, ("s", "s"))) == 1
    assert taken(system, ("s", "t")) == []


def test_a_machine_of_no_copies_blocks_its_events_but_not_by_every() -> None:
    """No copy can take part, so the event cannot happen; every one of none can, so it happens."""
    for every, transitions in ((False, 0), (True, 1)):
        m, other = Machine("m", copies=0), Machine("other")
        m.on("go", every=every)
        other.on("go")
        assert len(taken(System("s", m, other).build())) == transitions


def test_an_argument_over_no_copies_blocks_its_event() -> None:
    """A value is chosen in every event, and there is none to choose."""
    nobody, m = Machine("nobody", copies=0), Machine("m")
    m.on("go", argument("who", nobody))
    assert taken(System("s", m, nobody).build()) == []


# -- observers -------------------------------------------------------------------------------------------------------


def test_an_observer_takes_its_first_fitting_row_and_never_blocks() -> None:
    """x = 0: no row fits and nothing is written; x = 1: both fit, the first writes; x = 2: the second writes."""
    m, books = Machine("m"), Machine("books", observer=True)
    x = m.count("x", up_to=2)
    seen = books.one_of("seen", ["nothing", "first", "second"])
    m.step("go")
    books.on("m.go", when=x == 1, then={seen: "first"})
    books.on("m.go", when=x >= 1, then={seen: "second"})
    system = System("s", m, books).build()
    assert [taken(system, (value, "nothing"))[0].target for value in range(3)] == [
        (0, "nothing"),
        (1, "first"),
        (2, "second"),
    ]


def test_an_observer_row_fits_by_result_and_by_declared_arguments() -> None:
    """Only the row that declares the argument brings the value that the books ask for; only "ok" is written down."""
    m, books = Machine("m"), Machine("books", observer=True)
    amount = argument("amount", range(1, 3))
    total = books.count("total", up_to=9)
    m.on("go", amount, returns=["ok", "no"])
    m.on("go", returns="ok")
    books.on("go", amount, gets="ok", then={total: total + amount})
    books.on("go", gets="ok", then={total: 9})
    found = [(step.label.arguments, step.label.result, step.target) for step in taken(System("s", m, books).build())]
    assert found == [
        ((("amount", 1),), "ok", (1,)),
        ((("amount", 1),), "no", (0,)),
        ((("amount", 2),), "ok", (2,)),
        ((("amount", 2),), "no", (0,)),
        ((), "ok", (9,)),
    ]


# -- domains, deadlocks, starts ---------------------------------------------------------------------------------------


def test_a_step_that_leaves_a_domain_says_how() -> None:
    """x = 2 + 1 in 0..2 has no target; the departure names cell, domain and value."""
    m = Machine("m", copies=1)
    x = m.count("x", up_to=2, initial=2)
    m.step("up", then={x: x + 1})
    (step,) = taken(System("s", m).build())
    assert (step.target, step.departure) == (None, Departure(cell="m[0].x", domain="0..2", value=3))


@pytest.mark.parametrize("stuttering", [False, True])
@pytest.mark.parametrize("resting", [False, True])
def test_deadlock_stuttering_and_rest(stuttering: bool, resting: bool) -> None:
    """A state with only a self-loop is a deadlock where stuttering is asked for, and none where it is right to rest."""
    m = Machine("m")
    x = m.count("x", up_to=1)
    m.step("idle")
    system = System("s", m, rest=x == (0 if resting else 1))
    system.no_deadlock("quiet", stuttering=stuttering)
    built = system.build()
    assert (judge(built, asked(built, "quiet"), (0,)) == ()) is (stuttering and not resting)


def test_initially_restricts_the_product_of_initial_values() -> None:
    """Of 3 * 3 combinations 3 have x < y, and they come least first; none left is the author's mistake (Q15)."""
    m = Machine("m")
    x, y = m.count("x", up_to=2, initial=any_value), m.count("y", up_to=2, initial=[2, 1, 0])
    assert initial_states(System("s", m, initially=x < y).build()) == [(0, 1), (0, 2), (1, 2)]
    with pytest.raises(SpecificationError) as caught:
        initial_states(System("s", m, initially=x > 2).build())
    assert caught.value.code == "Q15"


def test_always_possible_is_about_every_state() -> None:
    """0 -> 1 -> 2 and 0 -> 3: from 3 no run reaches 2, and 3 is at depth 1."""
    m = Machine("m")
    x = m.count("x", up_to=3)
    for source, target in ((0, 1), (1, 2), (0, 3)):
        m.step(f"to{target}", when=x == source, then={x: target})
    system = System("s", m)
    system.always_possible("two", x == 2)
    finding = explore(system.build()).found.findings["two"]
    assert (finding.depth, finding.state) == (1, (3,))


# -- replay ----------------------------------------------------------------------------------------------------------


@pytest.fixture(name="counter")
def _counter() -> SystemData:
    """A counter 0, 1, 2 that leaves its domain at 3, by a call with an argument and a result."""
    user, m = Machine("user"), Machine("m")
    x, by = m.count("x", up_to=2), argument("by", range(1, 3))
    user.calls("add", by)
    m.on("add", by, when=by == 1, then={x: x + 1}, returns=["ok", "fine"])
    system = System("s", user, m)
    system.never("two", x == 2)
    system.always("no step to two", after(x) != 2)
    system.sometimes("fine", happens("add", returns="fine") & (x == 1))
    system.always_possible("zero", x == 0)
    system.always_possible("still", enabled("add"))
    return system.build()


def found(system: SystemData, name: str) -> tuple[Property, Trace]:
    """Return a property and the trace that the textbook search gives for it."""
    (answer,) = [answer for answer in explore(system).answers if answer.property.name == name]
    assert answer.trace is not None
    return answer.property, answer.trace


@pytest.mark.parametrize(("name", "length"), [("two", 2), ("no step to two", 2), ("fine", 2), ("domains", 3)])
def test_replay_accepts_what_the_search_found(counter: SystemData, name: str, length: int) -> None:
    """Shortest traces of known lengths are runs and decide their properties."""
    question, trace = found(counter, name)
    assert trace.length == length
    replay(counter, trace, question)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda trace: replace(trace, start=(1,)), id="start"),
        pytest.param(lambda trace: replace(trace, start=(False,)), id="a start that only Python takes for initial"),
        pytest.param(lambda trace: replace(trace, steps=trace.steps[1:]), id="first step missing"),
        pytest.param(lambda trace: replace(trace, steps=trace.steps[:1]), id="last step missing"),
        pytest.param(lambda trace: replace(trace, steps=()), id="all steps missing"),
        pytest.param(lambda trace: replace(trace, steps=(*trace.steps, trace.steps[0])), id="a step too many"),
        pytest.param(lambda trace: _altered(trace, target=(1,)), id="target"),
        pytest.param(lambda trace: _altered(trace, target=None), id="no target"),
        pytest.param(
            lambda trace: _altered(trace, target=None, departure=Departure(cell="m.x", domain="0..2", value=3)),
            id="departure",
        ),
        pytest.param(lambda trace: _relabelled(trace, trigger="sub"), id="trigger"),
        pytest.param(lambda trace: _relabelled(trace, result="no"), id="result"),
        pytest.param(lambda trace: _relabelled(trace, result=None), id="no result"),
        pytest.param(lambda trace: _relabelled(trace, arguments=(("by", 2),)), id="argument"),
        pytest.param(lambda trace: _relabelled(trace, arguments=()), id="no argument"),
        pytest.param(lambda trace: _relabelled(trace, participants=()), id="participants"),
        pytest.param(lambda trace: replace(trace, loop=0), id="loop"),
        pytest.param(lambda trace: replace(trace, loop=9), id="loop beyond the end"),
    ],
)
def test_replay_refuses_a_corrupted_trace(counter: SystemData, wrong: object) -> None:
    """Whatever is changed in a trace for `two` is either no run or does not decide the property."""
    question, trace = found(counter, "two")
    assert callable(wrong)
    with pytest.raises(EngineError):
        replay(counter, wrong(trace), question)


def test_replay_refuses_a_trace_for_another_property(counter: SystemData) -> None:
    """A run that decides one property does not decide the others, which are decided by a state, a step or nothing."""
    _, trace = found(counter, "two")
    replay(counter, trace)
    for name in ("fine", "domains"):
        with pytest.raises(EngineError):
            replay(counter, trace, asked(counter, name))
    replay(counter, trace, asked(counter, "zero"))
    with pytest.raises(EngineError):
        replay(counter, Trace(start=trace.start), asked(counter, "zero"))
    with pytest.raises(EngineError):
        replay(counter, trace, asked(counter, "still"))


def test_replay_refuses_a_departure_told_wrongly(counter: SystemData) -> None:
    """The last step of a trace for `domains` must leave the domain that it names with the value that it names."""
    question, trace = found(counter, "domains")
    for change in ({"value": 4}, {"cell": "m.y"}, {"domain": "0..3"}):
        assert trace.steps[-1].departure is not None
        wrong = replace(trace.steps[-1].departure, **change)
        with pytest.raises(EngineError):
            replay(
                counter, replace(trace, steps=(*trace.steps[:-1], replace(trace.steps[-1], departure=wrong))), question
            )


def _altered(trace: Trace, **change: Any) -> Trace:
    """Return a trace whose last step is changed."""
    return replace(trace, steps=(*trace.steps[:-1], replace(trace.steps[-1], **change)))


def _relabelled(trace: Trace, **change: Any) -> Trace:
    """Return a trace whose last label is changed."""
    return _altered(trace, label=replace(trace.steps[-1].label, **change))
