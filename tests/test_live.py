"""Live `transitions` machines do, step for step, what the reference interpreter says, and refuse the rest clearly."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from random import Random

import pytest
import transitions
from hypothesis import given, settings
from hypothesis import strategies as st

from quiesce import Machine, SpecificationError, System, any_of, any_value, argument, where
from quiesce.bridges.live import DepartureError, Live, Option, RefusedError, live, walk
from quiesce.core import reference
from quiesce.core.domains import Copy
from quiesce.core.replaying import replay
from quiesce.core.system import System as SystemData
from quiesce.core.trace import Label, Step
from quiesce.language.parameters import instantiate
from tests.examples.winsock_example import winsock


def compare(system: SystemData, running: Live) -> list[Step]:
    """Check the enabled events against the reference, and that a departing one changes nothing; return the steps."""
    before = running.state
    steps = list(reference.steps(system, before))
    assert running.enabled() == [step.label for step in steps]
    for step in steps:
        if step.target is None:
            with pytest.raises(DepartureError) as caught:
                running.fire(step.label)
            assert caught.value.departure == step.departure
            assert running.state == before
    return [step for step in steps if step.target is not None]


def run(system: SystemData, running: Live, random: Random, length: int) -> None:
    """Fire events that are drawn at random, and compare labels, targets, results and control states at every step."""
    for _ in range(length):
        steps = compare(system, running)
        if not steps:
            return
        step = random.choice(steps)
        assert running.fire(step.label) == step.label.result
        assert running.state == step.target
        for (machine, variable, copy), value in running.store.items():
            if variable == "state":
                owner = machine if copy is None else f"{machine}[{copy}]"
                assert running[owner].state == str(value)
    replay(system, running.trace)


# -- step for step ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_the_example_runs_as_the_reference_says(seed: int) -> None:
    """At each of 300 random steps of the provider the enabled events and the state reached are the reference's."""
    system = instantiate(winsock)
    run(system, live(system), Random(seed), 300)


def test_the_walks_of_the_example_visit_its_whole_life_cycle() -> None:
    """The walks that are compared are not trivial: together they contain every trigger of the example."""
    system = instantiate(winsock)
    traces = [walk(system, steps=300, seed=seed) for seed in range(3)]
    assert {step.label.trigger for trace in traces for step in trace.steps} == {
        row.trigger for machine in system.machines for row in machine.rows
    }


@st.composite
def systems(draw: st.DrawFn) -> SystemData:
    """Draw a caller with copies, a machine that answers, one that is on only, and an observer, with rows at random."""
    alpha = Machine("alpha", states=["a", "b", "c"], initial=draw(st.sampled_from(["a", ["a", "b"], any_value])))
    beta = Machine("beta", copies=draw(st.integers(1, 2)), states=[1, 2])
    plain = Machine("plain")
    watch = Machine("watch", observer=True, states=draw(st.sampled_from([None, ["even", "odd"]])))
    n, flag = alpha.count("n", up_to=2), beta.flag("flag")
    friend, total = beta.one_of("friend", beta, optional=True), plain.integer("total", -1, 2)
    seen, k = watch.count("seen", up_to=3), argument("k", [0, 1, 2])
    some = any_of(flag[c] for c in beta)

    def pick(*values: object) -> object:
        return draw(st.sampled_from(values))

    def chosen(options: dict[object, list[object]]) -> dict[object, object]:
        keys = draw(st.lists(st.sampled_from(range(len(options))), unique=True))
        return {key: pick(*values) for number, (key, values) in enumerate(options.items()) if number in keys}

    guards = [True, n > 0, n == k, alpha.state == "a", some, total != 1]
    for trigger in ("go", "env"):
        acting = [flag[beta.acting]] if trigger == "go" else []
        for _ in range(draw(st.integers(1, 3))):
            alpha.on(
                trigger,
                k,
                source=pick(None, "a", ["a", "b"]),
                when=pick(*guards, *acting),
                returns=pick(None, "ok", "no", ["ok", "no"]),
                **pick(  # type: ignore[arg-type]
                    {"dest": pick("a", "b", "c", None), "then": chosen({n: [n + 1, n - 1, k, 0]})},
                    {"then": {alpha.state: where(n == 0, "b", where(some, "a", "c")), n: 2 - n}},
                    {"then": {alpha.state: "c"}},
                    {"then": {alpha.state: where(n == 2, "nowhere", alpha.state)}},
                ),
            )
    for _ in range(draw(st.integers(1, 2))):
        beta.calls(
            "go",
            source=pick(None, 1),
            dest=pick(None, 1, 2),
            when=pick(True, flag, friend == None, ~flag),
            then=chosen({flag: [True, False, ~flag, some], friend: [None, beta.acting]}),
            gets=pick(None, "ok", ["ok", "no"]),
        )
        beta.on("env", source=pick(None, 2), every=draw(st.booleans()), then=chosen({flag: [True, n == 0]}))
        beta.step("turn", k, dest=pick(1, 2), when=pick(True, n == k, flag), then=chosen({friend: [None, beta.acting]}))
        watch.on(
            str(pick("go", "env", "beta.turn")), k, when=pick(True, some, k > 0), then=chosen({seen: [seen + 1, k]})
        )
    beta.calls("go", when=n == 0)
    plain.on(str(pick("go", "env")), when=pick(True, total < 2), then=chosen({total: [total + 1, n - 1]}))
    watch.on("go", gets=None, then={seen: 0})
    alpha.on("go", k, source="c", dest="a", returns="ok")
    return System("random", alpha, beta, plain, watch).build()


@settings(max_examples=80, deadline=None)
@given(systems(), st.randoms(use_true_random=False))
def test_random_systems_run_as_the_reference_says(system: SystemData, random: Random) -> None:
    """With copies, shared triggers, arguments, results and observers drawn at random, steps are the reference's."""
    run(system, live(system, choose=random.choice), random, 10)


def test_every_copy_moves_by_one_row() -> None:
    """An `every` row moves all copies, each with its own values, and is possible only where all of them can take it."""
    door, key = Machine("door", copies=3, states=["open", "shut"]), Machine("key", states=["out", "in"])
    mark = door.one_of("mark", door, optional=True)
    door.step("shut", source="open", dest="shut")
    door.on("reopen", source="shut", dest="open", every=True, then={mark: door.acting})
    key.on("reopen", source="out", dest="in")
    system = System("doors", door, key).build()
    running = live(system)
    for copy in door:
        assert "reopen" not in [label.trigger for label in running.enabled()]
        running.fire("door.shut", by=str(copy))
    steps = compare(system, running)
    running.fire("reopen", by=["door[2]", "key"])
    assert [running.state] == [step.target for step in steps]
    assert [running.store["door", "mark", copy.index] for copy in door] == list(door)
    assert {running[copy].state for copy in door} == {"open"}


def test_a_walk_is_a_run_and_repeats_with_its_seed() -> None:
    """A walk has the length asked for, is replayed by the reference, and depends on the seed alone."""
    system = instantiate(winsock)
    trace = walk(system, steps=50, seed=7)
    assert trace.length == 50
    replay(system, trace)
    assert walk(system, steps=50, seed=7) == trace
    assert walk(system, steps=50, seed=8) != trace


def test_a_walk_may_be_guided() -> None:
    """With `choose=` it and not the seed decides every step."""

    def last(options: Sequence[Option], /) -> Option:
        return options[-1]

    trace = walk(counter(), steps=4, seed=1, choose=last)
    assert [step.label.trigger for step in trace.steps] == ["shrink"]
    assert walk(counter(), steps=4, seed=2, choose=last) == trace


def test_a_walk_ends_where_nothing_is_enabled() -> None:
    """A walk into a deadlock is shorter than asked for, and no error."""
    machine = Machine("once", states=["new", "used"])
    machine.on("use", source="new", dest="used")
    trace = walk(System("once", machine).build(), steps=9, seed=0)
    assert [step.target for step in trace.steps] == [("used",)]


# -- what is refused -------------------------------------------------------------------------------------------------


def counter() -> SystemData:
    """Return a tally that can grow out of its domain, asked by two users, with a choice of results."""
    tally, user = Machine("tally", states=["open", "shut"]), Machine("user", copies=2)
    n, size = tally.count("n", up_to=2), argument("size", [1, 2])
    tally.on("grow", size, source="open", then={n: n + size}, returns="ok")
    tally.on("grow", source="open", returns="busy")
    user.calls("grow")
    tally.on("shut", source="open", dest="shut")
    tally.on("shrink", then={n: n - 1})
    return System("counter", tally, user).build()


def lines(system: SystemData, *rows: tuple[str, int]) -> list[int]:
    """Return where rows are written."""
    return [system.by_name[machine].rows[number].place.line for machine, number in rows]


def test_a_choice_that_nobody_makes_is_an_error() -> None:
    """An ambiguous event names its ways, and what tells them apart; nothing happens."""
    system = counter()
    ok, busy, calls = lines(system, ("tally", 0), ("tally", 1), ("user", 0))
    running = live(system)
    with pytest.raises(SpecificationError) as caught:
        running.fire("grow")
    assert str(caught.value) == (
        "Q29 grow can happen in 6 ways\n"
        "  give result=, by= or arguments, or choose=; the ways are:\n"
        f"    grow(size=1) -> ok by user[0] (line {calls}), tally (line {ok})\n"
        f"    grow(size=2) -> ok by user[0] (line {calls}), tally (line {ok})\n"
        f"    grow -> busy by user[0] (line {calls}), tally (line {busy})\n"
        f"    grow(size=1) -> ok by user[1] (line {calls}), tally (line {ok})\n"
        f"    grow(size=2) -> ok by user[1] (line {calls}), tally (line {ok})\n"
        f"    grow -> busy by user[1] (line {calls}), tally (line {busy})"
    )
    assert running.results == []


def test_long_lists_of_ways_are_cut() -> None:
    """More than a dozen ways are counted, not listed."""
    machine = Machine("wide")
    machine.on("pick", argument("x", range(20)))
    with pytest.raises(SpecificationError, match=r"wide \(line \d+\)\n    and 8 more$"):
        live(System("wide", machine).build()).fire("pick")


def test_choices_are_narrowed_by_result_participants_and_arguments() -> None:
    """Result, participants, arguments or a label say which event is meant; its result is returned and remembered."""
    running = live(counter())
    assert running.fire("grow", result="busy", by="user[1]") == "busy"
    assert running.fire("grow", size=2, by=["tally", "user[0]"]) == "ok"
    assert running.fire("shrink") is None
    shut = next(label for label in running.enabled() if label.trigger == "shut")
    running.fire(shut)
    assert running.results == [("grow", "busy"), ("grow", "ok"), ("shrink", None), ("shut", None)]
    assert running.store == {("tally", "state", None): "shut", ("tally", "n", None): 1}
    assert [type(step.label) for step in running.trace.steps] == [Label] * 4


def test_choose_decides_what_is_left_open() -> None:
    """`choose` is given the labels that fit, only where there are several, and what it returns happens."""
    asked: list[int] = []

    def last(options: Sequence[Option], /) -> Option:
        asked.append(len(options))
        return options[-1]

    running = live(counter(), choose=last)
    assert running.fire("grow", by="user[0]") == "busy"
    running.fire("shut")
    assert asked == [3]


def test_choose_must_choose_an_option() -> None:
    """What is no option does not happen."""
    system = counter()
    foreign = live(system).enabled()[-1]
    ok, calls = lines(system, ("tally", 0), ("user", 0))
    with pytest.raises(RefusedError) as caught:
        live(system, choose=lambda options: foreign).fire("grow", size=1)  # type: ignore[arg-type]
    assert str(caught.value) == (
        "Q48 choose= gives no way for grow\n"
        "  the ways are:\n"
        f"    grow(size=1) -> ok by user[0] (line {calls}), tally (line {ok})\n"
        f"    grow(size=1) -> ok by user[1] (line {calls}), tally (line {ok})"
    )


def test_an_event_that_is_not_possible_is_refused() -> None:
    """An impossible event names what is possible, and is a `MachineError` for users of `transitions`."""
    running = live(counter())
    running.fire("shut")
    with pytest.raises(transitions.MachineError) as caught:
        running.fire("grow")
    assert isinstance(caught.value, SpecificationError)
    assert str(caught.value) == "Q48 grow is not possible now\n  possible now: shrink"


def test_an_event_that_is_not_possible_like_this_is_refused() -> None:
    """A result, participant or argument that an event cannot have now names the ways it has."""
    running = live(counter())
    for options in ({"result": "late"}, {"by": "user[2]"}, {"colour": "red"}):
        with pytest.raises(
            RefusedError, match=r"^Q48 shut is not possible like this\n  the ways are:\n    shut by tally"
        ):
            running.fire("shut", **options)


def test_an_unknown_trigger_is_an_error() -> None:
    """A trigger that the system does not have names those it has."""
    with pytest.raises(SpecificationError) as caught:
        live(counter()).fire("grov")
    assert str(caught.value) == "Q05 no trigger 'grov'\n  did you mean 'grow'? there are: grow, shut, shrink"


def test_a_step_that_leaves_a_domain_changes_nothing() -> None:
    """The error names variable, value and domain; store, models and history stay as they were; a walk ends there."""
    system = counter()
    running = live(system)
    before = running.state
    with pytest.raises(DepartureError) as caught:
        running.fire("shrink")
    assert str(caught.value) == (
        "Q10 shrink sets tally.n to -1, outside its domain 0..2\n"
        "  nothing has changed; guard the row, or widen the domain"
    )
    assert (running.state, running.results, running["tally"].state) == (before, [], "open")
    traces = [walk(system, steps=30, seed=seed) for seed in range(5)]
    assert all(trace.steps[-1].departure is not None for trace in traces)
    for trace in traces:
        replay(system, trace)


def test_a_departure_puts_back_machines_that_have_moved() -> None:
    """Where one machine has moved when the next leaves a domain, the first is put back."""
    mover, other = Machine("mover", states=["here", "there"]), Machine("other")
    n = other.count("n", up_to=0)
    mover.on("go", dest="there")
    other.on("go", then={n: n + 1})
    running = live(System("pair", mover, other).build())
    with pytest.raises(DepartureError):
        running.fire("go")
    assert running["mover"].state == "here"


# -- the machines of the library -------------------------------------------------------------------------------------


def test_the_machines_are_the_librarys() -> None:
    """Machines and models are those of `transitions`, in the states that the store says."""
    running = live(instantiate(winsock))
    running.fire("WSPStartup", result="0", by="client[1]")
    running.fire("WSPCleanup", by="client[1]")
    assert all(type(machine) is transitions.Machine for machine in running.machines.values())
    assert (running["provider"].state, running["client[0]"].state, running[Copy("client", 1)].state) == (
        "draining",
        "idle",
        "waiting",
    )
    assert running.results == [("WSPStartup", "0"), ("WSPCleanup", "pending")]
    assert [model.state for model in running.machines["socket"].models] == ["none", "none"]
    assert running.machines["provider"].get_triggers("freeing") == ["release", "WSPCleanup.return"]


def test_the_library_refuses_what_no_row_has() -> None:
    """A transition that no row has raises the library's own error."""
    running = live(instantiate(winsock))
    with pytest.raises(transitions.MachineError, match=r"Can't trigger event provider\.drained from state down!"):
        running["provider"].trigger("provider.drained")


def test_the_library_refuses_a_part_of_an_event() -> None:
    """A machine does not move without the others of its event."""
    running = live(instantiate(winsock))
    with pytest.raises(transitions.MachineError, match=r"provider takes part in WSPStartup only with the others"):
        running["provider"].trigger("WSPStartup")
    assert running["provider"].state == "down"


def test_callbacks_of_the_library_run_and_may_undo() -> None:
    """A user's callbacks run with the event; one that raises undoes it, and none may fire another event."""
    running = live(counter())
    calls: list[str] = []
    running.machines["tally"].on_enter_shut(lambda event: calls.append(event.model.state))
    running.machines["tally"].on_enter_shut(lambda event: running.fire("shrink"))
    with pytest.raises(
        RefusedError, match=r"^Q48 shrink cannot happen inside another event\n  fire it when that is over$"
    ):
        running.fire("shut")
    assert (calls, running["tally"].state, running.results) == (["shut"], "open", [])
    assert running.fire("grow", result="busy", by="user[0]") == "busy"


class Phase(enum.Enum):
    """States that are no strings."""

    COLD = 1
    HOT = 2


@pytest.mark.parametrize(
    ("states", "names"),
    [
        ([Phase.COLD, Phase.HOT], ["COLD", "HOT"]),
        ([1, 2], ["1", "2"]),
        ([1, "1"], ["1", "'1'"]),
        ([None, "none", "None"], ["None", "none", '"None"']),
    ],
)
def test_states_have_names_in_the_library(states: list[object], names: list[str]) -> None:
    """Every state value has a name of its own in the library, and comes back from it."""
    machine = Machine("any", states=states)  # type: ignore[arg-type]
    for before, after in zip(states, states[1:] + states[:1], strict=True):
        machine.on("next", when=machine.state == before, then={machine.state: after})
    running = live(System("any", machine).build())
    seen = []
    for state in states:
        assert running.state == (state,)
        seen.append(running["any"].state)
        running.fire("next")
    assert seen == names


def test_triggers_may_have_the_librarys_own_words() -> None:
    """A trigger whose name the library or a model uses works; `state` alone cannot be one."""
    machine = Machine("odd", states=["on", "off"])
    for trigger in ("trigger", "may_trigger", "copy", "machine", "X.return"):
        machine.on(trigger, source="on")
    running = live(System("odd", machine).build())
    for label in running.enabled():
        running.fire(label)
    assert len(running.results) == 5
    machine.on("state", source="on")
    with pytest.raises(SpecificationError, match=r"Q02 a live machine has no trigger 'state'\n.*\n  rename it$"):
        live(System("odd", machine).build())


def test_an_unknown_machine_is_an_error() -> None:
    """A model is found by the name of its machine or copy; another name lists those that exist."""
    with pytest.raises(SpecificationError) as caught:
        live(counter())["user"]
    assert str(caught.value) == (
        "Q09 no live machine 'user'\n  did you mean 'user[1]'? there are: tally, user[0], user[1]"
    )


# -- where it starts -------------------------------------------------------------------------------------------------


def test_the_start_is_the_least_initial_state_or_chosen() -> None:
    """Without `choose` the least initial state is taken, with it the one it picks."""
    machine = Machine("dial", states=["low", "mid", "high"], initial=["high", "mid"])
    system = System("dial", machine).build()

    def starts() -> Iterator[tuple[object, ...]]:
        yield live(system).state
        yield live(system, choose=lambda options: options[-1]).state
        yield live(system, state=("low",)).state

    assert list(starts()) == [("mid",), ("high",), ("low",)]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (("open",), "Q10 a state of counter has 2 values, not 1"),
        (("open", 3), "Q10 tally.n can never be 3\n  its values are: 0..2"),
    ],
)
def test_a_start_outside_the_domains_is_an_error(state: tuple[str | int, ...], message: str) -> None:
    """A given state must be one that the system can have."""
    with pytest.raises(SpecificationError, match=f"^{re.escape(message)}$"):
        live(counter(), state=state)


def test_a_label_names_the_caller_first_and_then_the_machines_as_they_are_declared() -> None:
    """Machines that are not in the order of their names: the label of the reference is one that can be fired."""
    machines = {name: Machine(name) for name in ("z", "b", "a", "c")}
    for name, machine in machines.items():
        if name == "a":
            machine.calls("go")
        else:
            machine.on("go")
    system = System("s", *machines.values()).build()
    running = live(system)
    (step,) = compare(system, running)
    assert [part.machine for part in step.label.participants] == ["a", "z", "b", "c"]
    assert running.fire(step.label) is None


@pytest.mark.parametrize("copies", [11, 12, 13, 14])
def test_the_ways_are_listed_and_the_rest_counted(copies: int) -> None:
    """Twelve ways are shown; of one more it is said that there is one, and of no more nothing."""
    machine = Machine("m", copies=copies)
    machine.step("go")
    with pytest.raises(SpecificationError) as caught:
        live(System("s", machine).build()).fire("m.go")
    found = re.findall(r"and (\d+) more", str(caught.value))
    assert found == ([str(copies - 12)] if copies > 12 else [])
    assert str(caught.value).count("m.go by ") == min(copies, 12)
