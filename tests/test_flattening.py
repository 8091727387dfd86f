"""The flat view says what the machines say: its joint rows are counted by hand, and run against the reference."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, note, settings

from quiesce import Machine, System, any_of, argument, enabled
from quiesce.core.expressions import MEANING, TRUE, Apply, Cell, Constant, Expr, Next, Op
from quiesce.core.flat import FlatProperty, JointRow
from quiesce.core.reference import Scope, evaluate, ordinals, steps
from quiesce.core.system import System as SystemData
from quiesce.core.trace import Label, State, Step
from quiesce.core.verdicts import explore
from quiesce.engines.checking import check
from tests.examples.winsock_example import winsock
from tests.strategies import DRAWING, described, systems

Codes = tuple[int, ...]


# -- a second interpreter: of the flat view, in integers ---------------------------------------------------------------


def value(expr: Expr, codes: Codes, following: Codes | None = None) -> int:
    """Return the value of a flat expression in a state of codes, or in a step."""
    match expr:
        case Constant(value=known):
            assert isinstance(known, int)
            return known
        case Cell(slot=slot):
            return codes[slot]
        case Next(slot=slot):
            assert following is not None
            return following[slot]
        case Apply(op=op, operands=operands):
            return MEANING[op](*[value(operand, codes, following) for operand in operands])
        case _:
            raise AssertionError(f"{expr} is not flat")


def flat_step(system: SystemData, row: JointRow, codes: Codes) -> Step:
    """Take a joint row; of several cells that it would leave, any may be told."""
    target = list(codes)
    departed = False
    for slot, update in row.updates:
        target[slot] = int(value(update, codes))
        domain = system.flat.cells[slot].domain
        departed = departed or not domain.low <= target[slot] <= domain.high
    label = Label(trigger=row.trigger, result=row.result, participants=row.participants, arguments=row.arguments)
    if departed:
        return Step(label=label, target=None)
    return Step(label=label, target=tuple(target))


def same(system: SystemData, state: State) -> None:
    """Check that a state has the same steps, the same properties and the same place to rest in both views."""
    codes = ordinals(system, state)
    expected = list(steps(system, state))
    enabled_rows = [row for row in system.flat.rows if value(row.guard, codes)]
    flat = [flat_step(system, row, codes) for row in enabled_rows]
    assert Counter((step.label, step.target) for step in flat) == Counter(
        (step.label, None if step.target is None else ordinals(system, step.target)) for step in expected
    )
    if system.rest is not None:
        assert bool(value(system.flat.rest, codes)) is bool(evaluate(system.rest, Scope(system=system, state=state)))
    for question in system.flat.properties:
        judged_alike(system, question, state, expected)


def judged_alike(system: SystemData, question: FlatProperty, state: State, expected: list[Step]) -> None:
    """Check that a property's flat formula and its own have one value in a state, or in each of its steps."""
    codes, formula = ordinals(system, state), question.property.formula
    if question.predicate.state is not None:
        scope = Scope(system=system, state=state)
        assert bool(value(question.predicate.state, codes)) is bool(evaluate(formula, scope))
    if question.predicate.steps is not None:
        for step in expected:
            if step.target is not None:
                flat = question.predicate.steps[step.label.event]
                scope = Scope(system=system, state=state, step=step)
                assert bool(value(flat, codes, ordinals(system, step.target))) is bool(evaluate(formula, scope))


def test_the_flat_example_takes_the_steps_of_its_machines() -> None:
    """In all 1,101 states of the design's example both views have the same labelled steps and the same properties."""
    system = winsock().build()
    reached = explore(system).successors
    assert len(reached) == 1101
    for state in reached:
        same(system, state)


@settings(DRAWING, max_examples=60)
@given(systems())
def test_flat_systems_take_the_steps_of_their_machines(written: System) -> None:
    """In the first states of random systems both views have the same labelled steps and the same properties."""
    system = written.build()
    note(described(system))
    start = tuple(cell.initial[0] for cell in system.flat.cells)
    seen, frontier = {start: None}, [start]
    while frontier and len(seen) < 20:
        found = [step.target for state in frontier for step in steps(system, state) if step.target is not None]
        frontier = [state for state in dict.fromkeys(found) if state not in seen]
        seen |= dict.fromkeys(frontier)
    for state in list(seen)[:40]:
        same(system, state)


# -- joint rows by hand ------------------------------------------------------------------------------------------------


def rows(*machines: Machine) -> tuple[JointRow, ...]:
    """Return the joint rows of a system of machines."""
    return System("s", *machines).build().flat.rows


def test_rows_copies_arguments_and_results_multiply() -> None:
    """2 caller's copies, 3 copies on it, 2 values of an argument and 2 results: 24 joint rows."""
    caller, server = Machine("caller", copies=2), Machine("server", copies=3)
    kind = argument("kind", [False, True])
    caller.calls("go", kind)
    server.on("go", returns=["ok", "no"])
    assert len(rows(caller, server)) == 24


def test_every_is_one_way_and_no_copies_are_none() -> None:
    """A row of all 3 copies is one joint row; a row by one of no copies is none; one of all of no copies is one."""
    for copies, every, expected in ((3, False, 3), (3, True, 1), (0, False, 0), (0, True, 1)):
        machine = Machine("m", copies=copies)
        machine.on("go", every=every)
        assert len(rows(machine)) == expected


def test_a_row_that_can_never_fire_is_left_out() -> None:
    """A guard on an argument is decided when flattened: of 3 joint rows 1 is left, without a guard."""
    machine = Machine("m")
    size = argument("size", range(3))
    machine.on("go", size, when=size == 2)
    (row,) = rows(machine)
    assert row.guard == TRUE
    assert row.arguments == (("size", 2),)


def test_writing_a_variable_to_itself_writes_nothing() -> None:
    """`then={x: x}` is no update; a destination that is the constant code of a state is one."""
    machine = Machine("m", states=["s", "t"])
    x = machine.count("x", up_to=2)
    machine.step("go", dest="t", then={x: x})
    (row,) = rows(machine)
    assert row.updates == ((0, Constant(1)),)


def test_a_source_is_an_equation_of_codes() -> None:
    """The second state is code 1 of the machine's first cell; two sources are a disjunction."""
    machine = Machine("m", states=["s", "t", "u"])
    machine.step("one", source="t")
    machine.step("two", source=["s", "u"])
    one, two = rows(machine)
    assert one.guard == Apply(Op.EQ, (Cell(0), Constant(1)))
    assert two.guard == Apply(Op.OR, (Apply(Op.EQ, (Cell(0), Constant(0))), Apply(Op.EQ, (Cell(0), Constant(2)))))


def test_an_own_variable_is_the_copys_own_cell() -> None:
    """Cells lie machine by machine, copy by copy, variable by variable; row n of a machine reads copy n's."""
    machine = Machine("m", copies=2)
    machine.flag("f")
    x = machine.count("x", up_to=2)
    machine.step("up", when=x < 2, then={x: x + 1})
    system = System("s", machine).build()
    assert [cell.label for cell in system.flat.cells] == ["m[0].f", "m[0].x", "m[1].f", "m[1].x"]
    assert [row.guard for row in system.flat.rows] == [
        Apply(Op.LT, (Cell(1), Constant(2))),
        Apply(Op.LT, (Cell(3), Constant(2))),
    ]
    assert [row.updates[0][0] for row in system.flat.rows] == [1, 3]


def test_an_index_that_is_read_becomes_a_choice() -> None:
    """`x[who]` with who in 2 copies is x of copy 0 where who is 0, else x of copy 1."""
    pool, machine = Machine("pool", copies=2), Machine("m")
    x = pool.count("x", up_to=2)
    who = machine.one_of("who", pool)
    machine.step("go", when=x[who] > 0)
    (row,) = rows(pool, machine)
    chosen = Apply(Op.ITE, (Apply(Op.EQ, (Cell(2), Constant(0))), Cell(0), Cell(1)))
    assert row.guard == Apply(Op.GT, (chosen, Constant(0)))


def test_names_of_two_domains_meet_in_one_code() -> None:
    """`v == w` with v in a, b and w in b, c holds for b alone, whose codes are 1 and 0."""
    machine = Machine("m")
    v, w = machine.one_of("v", ["a", "b"]), machine.one_of("w", ["b", "c"])
    machine.step("go", when=v == w)
    (row,) = rows(machine)
    assert [(a, b) for a in (0, 1) for b in (0, 1) if value(row.guard, (a, b))] == [(1, 0)]


def test_an_observer_is_folded_into_the_rows_it_sees() -> None:
    """The first fitting row wins, and a row for another result is not there: result "no" writes nothing."""
    machine, books = Machine("m"), Machine("books", observer=True)
    x = machine.count("x", up_to=3)
    last = books.count("last", up_to=3)
    machine.on("go", returns=["ok", "no"])
    books.on("go", gets="ok", when=x == 1, then={last: 1})
    books.on("go", gets="ok", when=x >= 1, then={last: 2})
    good, bad = rows(machine, books)
    assert (good.result, bad.result, bad.updates) == ("ok", "no", ())
    ((slot, update),) = good.updates
    assert slot == 1
    assert [value(update, (number, 3)) for number in range(3)] == [3, 1, 2]


def test_enabled_is_the_disjunction_of_the_guards() -> None:
    """`enabled` of a trigger of two rows, x < 1 and x > 2, is false of 1 and 2 alone."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.on("go", when=x < 1)
    machine.on("go", when=x > 2)
    system = System("s", machine)
    system.always("on", enabled("go"))
    formula = system.build().flat.properties[0].predicate.state
    assert formula is not None
    assert [bool(value(formula, (number,))) for number in range(4)] == [True, False, False, True]


@pytest.mark.parametrize("copies", [0, 1, 3])
def test_accepts_asks_for_one_copy_or_for_every(copies: int) -> None:
    """Of an ordinary row some copy must be ready, of an `every` row each, so of no copies none or all."""
    for every in (False, True):
        machine = Machine("m", copies=copies)
        ready = machine.flag("ready")
        machine.on("go", when=ready, every=every)
        system = System("s", machine)
        system.always("accepted", machine.accepts("go"))
        system.always("some", any_of(ready[copy] for copy in machine))
        built = system.build()
        formula = built.flat.properties[0].predicate.state
        assert formula is not None
        for number in range(2**copies):
            codes = tuple(number >> position & 1 for position in range(copies))
            assert bool(value(formula, codes)) is (all(codes) if every else any(codes))


# -- what the flat forms of names and of results mean ----------------------------------------------------------------


def told(system: SystemData) -> list[list[tuple[str, int | None]]]:
    """Return verdicts and lengths of runs, by the reference and by the engine."""
    found = (explore(system).answers, check(system).properties)
    return [[(answer.verdict.value, answer.trace and answer.trace.length) for answer in each[:-1]] for each in found]


def test_states_of_two_machines_are_compared_by_their_names() -> None:
    """Two lists of the same names in another order: `idle` is `idle`, not what stands in the same place.

    At first one is idle and the other busy; after a step of either, and not before, they are alike.
    """
    one, other = Machine("one", states=["idle", "busy"]), Machine("other", states=["busy", "idle", "done"])
    one.step("go", source="idle", dest="busy")
    other.step("back", source="busy", dest="idle")
    system = System("s", one, other)
    system.sometimes("alike", one.state == other.state)
    system.always("unlike", one.state != other.state)
    system.sometimes("both idle", (one.state == other.state) & (one.state == "idle"))
    system.sometimes("the other way round", (one.state != other.state) & (other.state == "idle"))
    system.never("idle is busy", (one.state == other.state) & (one.state == "idle") & (other.state == "busy"))
    wanted = [("holds", 1), ("violated", 1), ("holds", 1), ("holds", 2), ("holds", None)]
    assert told(system.build()) == [wanted, wanted]


def test_one_of_several_results_is_enough() -> None:
    """A call that is answered with `ok` in one state and with `fail` in the other is always accepted with either."""
    client, provider = Machine("client"), Machine("provider", states=["up", "down"])
    client.calls("go")
    provider.on("go", source="up", dest="down", returns="ok")
    provider.on("go", source="down", dest="up", returns="fail")
    system = System("s", client, provider)
    system.always("either", provider.accepts("go", returns=("ok", "fail")))
    system.always("ok", provider.accepts("go", returns="ok"))
    system.never("fail", provider.accepts("go", returns="fail"))
    wanted = [("holds", None), ("violated", 1), ("violated", 1)]
    assert told(system.build()) == [wanted, wanted]
