"""One state of each orbit is searched: orbits are counted by brute force, verdicts are those of the search of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from math import exp, floor, log10
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from quiesce import Machine, System, all_of, any_of, any_value, argument, count_of, happens, library
from quiesce.core.domains import Copy, Value
from quiesce.core.replaying import replay
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.symmetry import Symmetry
from quiesce.core.system import System as SystemData
from quiesce.core.trace import State
from quiesce.core.verdicts import Explored, explore
from quiesce.engines.checking import check
from quiesce.engines.native.forecast import forecast
from quiesce.engines.native.layout import layout
from quiesce.engines.native.symmetry import Canon
from quiesce.engines.options import Strategy
from tests.known.peterson import interchangeable_peterson
from tests.known.two_phase import two_phase
from tests.strategies import DRAWING, described

RANDOM = settings(DRAWING, max_examples=60, phases=[Phase.generate])
BY_SYMMETRY = Strategy(symmetry=True, workers=2)


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


# -- published numbers -----------------------------------------------------------------------------------------------


def test_two_phase_commit_has_314_orbits() -> None:
    """Five managers: 8,832 states (Stateright's 2pc), 314 of which are not alike (with its symmetry: 314 or 665)."""
    result = check(two_phase(managers=5).build(), strategy=BY_SYMMETRY)
    assert result.states == 314
    assert result.reduction is not None
    assert "8,832 states" in result.reduction


@pytest.mark.parametrize(
    ("processes", "orbits", "transitions", "states"),
    [(3, 172, 516, "882"), (5, 6_770, 33_850, "628,868"), (6, 35_159, 210_954, None), (7, 163_298, 1_143_086, None)],
)
def test_orbits_of_peterson(processes: int, orbits: int, transitions: int, states: str | None) -> None:
    """CMurphi's n_peterson with a scalarset, states and rules fired; and without, for 3 and 5 processes."""
    result = check(interchangeable_peterson(processes=processes).build(), strategy=BY_SYMMETRY)
    assert (result.states, result.transitions) == (orbits, transitions)
    assert result.verdict is Verdict.HOLDS
    assert states is None or f"for {states} states" in (result.reduction or "")


# -- orbits by brute force -------------------------------------------------------------------------------------------


def exchanges(system: SystemData, names: Sequence[str], state: State) -> Iterator[State]:
    """Yield what every exchange of the copies of some machines makes of a state."""
    orders = [tuple(permutations(range(system.by_name[name].copies or 0))) for name in names]
    for chosen in product(*orders):
        to = dict(zip(names, chosen, strict=True))

        def moved(value: Value, to: dict[str, tuple[int, ...]] = to) -> Value:
            if isinstance(value, Copy) and value.machine in to:
                return Copy(value.machine, to[value.machine][value.index])
            return value

        target = list(state)
        for cell, value in zip(system.flat.cells, state, strict=True):
            copy = to[cell.machine][cell.copy] if cell.machine in to and cell.copy is not None else cell.copy
            target[system.slots[cell.machine, cell.variable, copy]] = moved(value)
        yield tuple(target)


def check_forms(system: SystemData, states: Sequence[State]) -> set[frozenset[State]]:
    """Check that forms tell orbits apart, are least in them, and that their sizes are right; return the orbits."""
    symmetry = Symmetry(system)
    names = [machine.name for machine in symmetry.machines]
    canon = Canon(symmetry, layout(system.flat.cells))
    orbits: dict[State, frozenset[State]] = {}
    for state in states:
        if state not in orbits:
            orbit = frozenset(exchanges(system, names, state))
            orbits |= dict.fromkeys(orbit, orbit)
    every = list(orbits)
    words = np.concatenate([canon.layout.pack(state) for state in every])
    forms, alike = canon.of(words)
    found: dict[bytes, frozenset[State]] = {}
    for number, (state, form) in enumerate(zip(every, forms.reshape(-1, canon.layout.words), strict=True)):
        orbit = orbits[state]
        assert found.setdefault(form.tobytes(), orbit) is orbit
        assert canon.layout.unpack(form) in orbit
        assert canon.orbits(alike[number : number + 1]) == len(orbit)
    assert len(found) == len(set(orbits.values()))
    return set(orbits.values())


def check_reduced(system: SystemData, explored: Explored) -> SystemAnswers:
    """Check a reduced search against all orbits of the reference search."""
    reached = [state for level in explored.levels for state in level]
    orbits = check_forms(system, reached)
    result = check(system, strategy=BY_SYMMETRY)
    assert result.states == len(orbits)
    assert sum(map(len, orbits)) == len(reached)
    assert f"for {len(reached):,} states" in (result.reduction or "")
    assert result.depth == explored.found.depth
    return result


def linked() -> System:
    """Return nodes that name nodes of their own machine: a list that grows at its head and shrinks there."""
    node = Machine("node", copies=4, states=["free", "used"])
    after = node.one_of("after", node, optional=True)
    hub = Machine("hub")
    head = hub.one_of("head", node, optional=True)
    node.calls("push", source="free", dest="used", then={after: head})
    hub.on("push", then={head: node.acting})
    node.calls("pop", source="used", dest="free", then={after: None})
    hub.on("pop", when=head == node.acting, then={head: after[node.acting]})
    system = System("linked", hub, node)
    system.never("all are used", count_of(node.state[each] == "used" for each in node) == 4)
    system.always_possible("empty", head == None)
    return system


def waiting() -> System:
    """Return members who wait for each other or for nobody, and three singletons that name members."""
    member = Machine("member", copies=3)
    turn = member.flag("turn")
    whom = member.one_of("whom", member, optional=True)
    boss = Machine("boss")
    first, second, third = (boss.one_of(name, member, optional=True) for name in ("first", "second", "third"))
    member.calls("come", when=~turn, then={turn: True, whom: first})
    boss.on("come", then={first: member.acting, second: first, third: second})
    member.step("rest", when=turn & ~any_of(whom[each] == member.acting for each in member), then={turn: False})
    system = System("waiting", member, boss)
    system.never("waits for himself", any_of(whom[each] == each for each in member))
    system.always("two at a time", count_of(turn[each] for each in member) <= 2)
    return system


NAMING = {
    "list": linked,
    "waiting": waiting,
    "two phase": lambda: two_phase(managers=3),
    "peterson": lambda: interchangeable_peterson(processes=3),
}


@pytest.mark.parametrize("name", NAMING)
def test_orbits_where_copies_name_copies(name: str) -> None:
    """Lists, who waits for whom, turns: as many states as orbits, and their sizes add up to all states."""
    system = NAMING[name]().build()
    explored = explore(system)
    result = check_reduced(system, explored)
    assert result.states < explored.found.states
    same_verdicts(check(system), result)


def test_orbits_of_owners() -> None:
    """Winsock with sockets that have owners: orbits are those that exchange clients and sockets together."""
    system = library.find("winsock").system({"clients": 2, "sockets": 2, "data": 1, "starts": 1})
    assert {machine.name for machine in Symmetry(system).machines} == {"client", "socket"}
    check_reduced(system, explore(system))


@RANDOM
@given(st.sampled_from(["list", "waiting"]), st.integers(0, 2**32 - 1))
def test_forms_of_states_that_no_run_reaches(name: str, seed: int) -> None:
    """Forms are exact in any state: copies that name themselves, each other in circles, all the same one."""
    system = NAMING[name]().build()
    random = np.random.default_rng(seed)
    domains = [tuple(cell.domain.values()) for cell in system.flat.cells]
    states = [tuple(domain[random.integers(len(domain))] for domain in domains) for _ in range(6)]
    check_forms(system, states)


# -- random systems --------------------------------------------------------------------------------------------------


@st.composite
def exchangeable(draw: st.DrawFn) -> System:
    """Draw a system whose copies nobody tells apart: they move, take turns, link to each other, own other copies."""
    a, hub = Machine("a", copies=draw(st.integers(2, 3)), states=["s", "t"]), Machine("hub")
    b = Machine("b", copies=draw(st.integers(1, 3)))
    k = a.count("k", up_to=draw(st.integers(1, 2)), initial=draw(st.sampled_from([0, any_value])))
    names = draw(st.lists(st.sampled_from(["peer", "other"]), unique=True))
    peers = [a.one_of(name, a, optional=True) for name in names]
    turn = hub.one_of("turn", a, optional=True)
    last = hub.one_of("last", a, optional=True, initial=draw(st.sampled_from([None, any_value])))
    owner = b.one_of("owner", a, optional=True)
    up = [a.state[each] == "t" for each in a]
    guards = [True, count_of(up) < 2, turn == None, turn != a.acting, last == turn, k == 0]
    guards += [~any_of(peer[each] == a.acting for each in a) for peer in peers]

    def when() -> object:
        return draw(st.sampled_from(guards))

    def then() -> dict[object, object]:
        effects: dict[object, object] = {k: draw(st.sampled_from([0, 1, k]))}
        return effects | {peer: draw(st.sampled_from([None, turn, last, a.acting, peer])) for peer in peers}

    a.step("rise", source="s", dest="t", when=when(), then=then())
    a.step("fall", source="t", dest="s", when=when(), then=then())
    if draw(st.booleans()):
        a.calls("take", when=when(), then=then())
        hub.on("take", when=turn == None, then={turn: a.acting, last: draw(st.sampled_from([turn, last, None]))})
        a.calls("give", when=when())
        hub.on("give", when=turn == a.acting, then={turn: None, last: draw(st.sampled_from([turn, last]))})
    if draw(st.booleans()):
        a.calls("buy", source="t", when=when())
        b.on("buy", when=owner == None, then={owner: a.acting})
        a.calls("sell", when=when(), then=then())
        b.on("sell", when=owner == a.acting, then={owner: None})
    system = System("random", *draw(st.permutations([a, hub, b])))
    system.never("all up", count_of(up) == len(up))
    system.never("turn is last", (turn == last) & (turn != None))
    system.sometimes("all owned", count_of(owner[each] != None for each in b) == len(list(b)))
    system.always_possible("all down", count_of(up) == 0)
    system.never("first is up", up[0])
    system.no_deadlock()
    return system


SIZES: Counter[str] = Counter()


def test_orbits_of_random_systems() -> None:
    """Random systems with owners, turns and links: orbits by brute force, the same verdicts, runs that are real."""
    _compare_exchangeable()
    assert SIZES["reduced"] >= 25
    assert SIZES["violated"] >= 25


@RANDOM
@given(exchangeable())
def _compare_exchangeable(written: System) -> None:
    system = written.build()
    note(described(system))
    explored = explore(system, max_states=600)
    if explored.found.stopped or explored.found.states < 6:
        return
    names = {machine.name for machine in Symmetry(system).machines}
    assert names >= ({"a"} if len(list(system.copies_of("b"))) < 2 else {"a", "b"})
    result = check(system, strategy=BY_SYMMETRY)
    same_verdicts(check(system), result)
    assert result.reduction is not None
    assert "1 of 7 properties by a search of all" in result.reduction
    orbits = check_forms(system, [state for level in explored.levels for state in level])
    assert result.states == len(orbits)
    SIZES["reduced"] += result.states < explored.found.states
    SIZES["violated"] += result.verdict is Verdict.VIOLATED


def same_verdicts(full: SystemAnswers, reduced: SystemAnswers) -> None:
    """Check that a reduced search has the verdicts of a full one, and as short runs, which the reference can walk."""
    assert reduced.stopped is full.stopped is None
    for expected, answer in zip(full.properties, reduced.properties, strict=True):
        assert (answer.property, answer.verdict, answer.value) == (expected.property, expected.verdict, expected.value)
        assert (answer.trace is None) is (expected.trace is None)
        if answer.trace is not None and expected.trace is not None:
            assert answer.trace.length == expected.trace.length
            replay(reduced.system, answer.trace)


# -- copies that somebody picks out ----------------------------------------------------------------------------------


def sockets(*, guard: bool = False, question: bool = False, start: bool = False) -> System:
    """Return three sockets that are filled, one of which may be picked out in a guard, a question or at the start."""
    socket, hub = Machine("socket", copies=3), Machine("hub")
    unsent = socket.count("unsent", up_to=2)
    first = next(iter(socket))
    last = hub.one_of("last", socket, initial=first if start else any_value)
    full = unsent[first] == 2
    socket.calls("fill", when=(unsent < 2) & full if guard else unsent < 2, then={unsent: unsent + 1})
    hub.on("fill", then={last: socket.acting})
    system = System("sockets", socket, hub)
    system.sometimes("one is full", full if question else any_of(unsent[each] == 2 for each in socket))
    system.never("all are full", count_of(unsent[each] == 2 for each in socket) == 3)
    return system


def test_a_copy_that_is_picked_out() -> None:
    """In a guard or at the start it makes its machine asymmetric; a question about it is asked of all states."""
    symmetric = Symmetry(sockets().build())
    assert [machine.name for machine in symmetric.machines] == ["socket"]
    for system in (sockets(guard=True), sockets(start=True)):
        assert Symmetry(system.build()).machines == ()
        reduction = check(system.build(), strategy=BY_SYMMETRY).reduction
        assert reduction == "symmetry: no machine is symmetric; all states were searched"
    asked = sockets(question=True).build()
    covers = {question.property.name: Symmetry(asked).covers(question) for question in asked.flat.properties}
    assert covers == {"one is full": False, "all are full": True, "domains": True}
    result = check(asked, strategy=BY_SYMMETRY)
    assert result.states < check(asked).states
    assert "1 of 3 properties by a search of all" in (result.reduction or "")
    same_verdicts(check(asked), result)


def test_a_folder_for_a_search_by_symmetry_and_one_apart(tmp_path: Path) -> None:
    """With --symmetry and a property that picks out a copy there are two searches, and both can be kept."""
    machine = Machine("m", copies=3)
    x = machine.count("x", up_to=3)
    machine.step("go", when=x < 3, then={x: x + 1})
    system = System("s", machine)
    system.never("the first", x[next(iter(machine))] == 3)
    strategies = (Strategy(symmetry=True), Strategy(symmetry=True, checkpoint=tmp_path))
    first, second = (check(system.build(), strategy=strategy) for strategy in strategies)
    assert first.properties == second.properties


def desk() -> tuple[System, Machine]:
    """Return clients, one of whom takes the only turn and then goes."""
    client, turn = (
        Machine("client", copies=2, states=["here", "next", "gone"]),
        Machine("turn", states=["free", "taken"]),
    )
    who = argument("who", client)
    client.calls("take", source="here", dest="next")
    turn.on("take", source="free", dest="taken")
    client.calls("go", who, source="next", dest="gone", when=client.acting == who)
    turn.on("go", who, source="taken")
    return System("desk", client, turn), client


def test_an_event_that_names_a_copy_is_exchanged_too() -> None:
    """Orbits have one member in which somebody goes: a question about one copy is asked of all states, about any not.

    Before, the last client's step was looked for in the orbits alone, where it need not be: `never` held.
    """
    system, client = desk()
    for copy in client:
        system.never(f"{copy.index} goes", happens("go", who=copy))
    system.sometimes("somebody goes", any_of(happens("go", who=copy) for copy in client))
    built = system.build()
    covered = [Symmetry(built).covers(question) for question in built.flat.properties[:3]]
    assert covered == [False, False, True]
    result = check(built, strategy=BY_SYMMETRY)
    assert [answer.verdict.value for answer in result.properties[:3]] == ["violated", "violated", "holds"]


def filled_by_hand(row: str) -> System:
    """Return three counters up to 2; each may go up while a certain one is at 0, or while they are in order."""
    counter, hub = Machine("counter", copies=3), Machine("hub")
    x = counter.count("x", up_to=2)
    first, second, third = counter
    guards = {"first": x[first] == 0, "second": x[second] == 0, "third": x[third] == 0, "none": x == x}
    counter.calls("go", when=(x < 2) & guards[row], then={x: x + 1})
    hub.on("go")
    system = System("filled", counter, hub)
    system.sometimes("two are full, the third is not", count_of(x[each] == 2 for each in counter) == 2)
    for one in counter:
        alone = all_of(x[each] == (2 if each == one else 0) for each in counter)
        system.sometimes(f"{one.index} is full, no other moved", alone)
    system.never("all are full", count_of(x[each] == 2 for each in counter) == 3)
    return system


@pytest.mark.parametrize("row", ["first", "second", "third", "none"])
def test_every_copy_can_be_the_one_picked_out(row: str) -> None:
    """Whichever copy a guard speaks of is told apart: one exchange of two others is not all exchanges.

    The one that is at 0 moves once and stops all: two of three are full, it alone is never, and all three never are.
    """
    system = filled_by_hand(row).build()
    picked = ["first", "second", "third", "none"].index(row)
    assert bool(Symmetry(system).machines) is (row == "none")
    alone = [Verdict.VIOLATED if number == picked else Verdict.HOLDS for number in range(3)]
    wanted = [Verdict.HOLDS, *alone, Verdict.VIOLATED if row == "none" else Verdict.HOLDS, Verdict.HOLDS]
    for strategy in (None, BY_SYMMETRY):
        assert [answer.verdict for answer in check(system, strategy=strategy).properties] == wanted


def test_more_is_not_less_among_copies() -> None:
    """`a < b or b > a` is one order of two copies, which their exchange turns round: it is no question of orbits.

    The first may be one below the last and the other way round: both questions are violated, in one step.
    """
    counter, hub = Machine("counter", copies=2), Machine("hub")
    x = counter.count("x", up_to=2)
    counter.calls("go", when=x < 2, then={x: x + 1})
    hub.on("go")
    first, last = counter
    system = System("ordered", counter, hub)
    system.never("first behind", any_of(x[first] < x[last], x[last] > x[first]))
    system.never("last behind", any_of(x[last] < x[first], x[first] > x[last]))
    system.never("not before", any_of(x[first] <= x[last], x[last] >= x[first]) & (x[last] == 2))
    built = system.build()
    assert [machine.name for machine in Symmetry(built).machines] == ["counter"]
    assert not any(Symmetry(built).covers(question) for question in built.flat.properties[:3])
    for strategy in (None, BY_SYMMETRY):
        answers = check(built, strategy=strategy).properties[:3]
        assert [(answer.verdict, answer.trace and answer.trace.length) for answer in answers] == [
            (Verdict.VIOLATED, 1),
            (Verdict.VIOLATED, 1),
            (Verdict.VIOLATED, 2),
        ]


def test_rest_may_pick_out_a_copy() -> None:
    """Where only the first copy may have come to rest, the copies are told apart: the last one's end is a deadlock."""

    def rested(*, picking: bool) -> SystemData:
        runner, hub = Machine("runner", copies=2, states=["off", "on"]), Machine("hub", states=["free", "used"])
        runner.calls("go", source="off", dest="on")
        hub.on("go", source="free", dest="used")
        ended = [runner.state[each] == "on" for each in runner]
        system = System("rests", runner, hub, rest=ended[0] if picking else any_of(ended))
        system.no_deadlock("rests")
        return system.build()

    assert [machine.name for machine in Symmetry(rested(picking=False)).machines] == ["runner"]
    assert Symmetry(rested(picking=True)).machines == ()
    for strategy in (None, BY_SYMMETRY):
        assert check(rested(picking=False), strategy=strategy).answer("rests").verdict is Verdict.HOLDS
        answer = check(rested(picking=True), strategy=strategy).answer("rests")
        assert (answer.verdict, answer.trace and answer.trace.length) == (Verdict.VIOLATED, 1)


# -- the forecast ----------------------------------------------------------------------------------------------------


def levels_of(widths: Sequence[float]) -> list[int]:
    """Return the numbers of the first states of levels of these widths, and the number of all states."""
    return [0, *(int(number) for number in np.cumsum([round(width) for width in widths]))]


@pytest.mark.parametrize(("top", "middle", "spread"), [(1e9, 20, 6), (1e10, 30, 8), (3e9, 15, 4)])
def test_a_forecast_of_levels_like_a_bell(top: float, middle: int, spread: float) -> None:
    """Of level widths of a Gaussian, every forecast is within 2 % of their sum, but for its rounding to two digits."""
    widths = [top * exp(-(((level - middle) / spread) ** 2) / 2) for level in range(2 * middle + 1)]
    told = 0
    for known in range(5, len(widths)):
        levels = levels_of(widths[:known])
        if min(widths[known - 5 : known]) < 10_000:
            continue  # rounded widths of few states are no Gaussian
        found = forecast(levels)
        assert found is not None
        assert abs(found - sum(widths)) <= 0.02 * sum(widths) + 0.5 * 10 ** (floor(log10(found)) - 1)
        told += 1
    assert told >= 8


def test_no_forecast_while_levels_grow_faster_and_faster() -> None:
    """Of n^n, n! and 2^(n^2) nothing is said, and nothing before there are five levels."""
    for faster in (lambda n: n**n, lambda n: 2 ** (n * n // 2)):
        for known in range(1, 12):
            assert forecast(levels_of([faster(level) for level in range(1, known + 1)])) is None
    assert forecast(levels_of([10_000, 9_000, 7_000, 4_000])) is None


def test_no_forecast_of_levels_that_do_not_bend() -> None:
    """Levels that double each time, or are all alike, tell nothing: not 10^31 states."""
    for known in range(6, 30):
        assert forecast(levels_of([3**level for level in range(known)])) is None
        assert forecast(levels_of([3000] * known)) is None
