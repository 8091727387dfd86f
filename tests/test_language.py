"""The front end: what the words of a specification mean as data."""

from __future__ import annotations

import enum
import signal
import time
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import pytest

from quiesce import (
    Between,
    Machine,
    SpecificationError,
    System,
    Term,
    after,
    all_of,
    any_of,
    any_value,
    argument,
    count_of,
    enabled,
    happens,
    maximum,
    minimum,
    sum_of,
    unbounded,
    where,
)
from quiesce.core.domains import BOOLEAN, Boolean, Copy, Domain, Range, Symbols, Value
from quiesce.core.expressions import FALSE, TRUE, Constant, Op, Read, apply, walk
from quiesce.core.printing import expression
from quiesce.core.reference import initial_states, steps
from quiesce.core.system import Row
from quiesce.core.system import System as SystemData
from quiesce.language import patience
from quiesce.language.parameters import Parameter, instantiate, parameters, read_value


class Light(enum.Enum):
    """States that are members of an Enum."""

    RED = "r"
    GREEN = "g"


def machine() -> Machine:
    """Return a machine with states and nothing else."""
    return Machine("door", states=["open", "shut"])


def rows(made: Machine) -> tuple[Row, ...]:
    """Return the rows of a machine as data."""
    return made.data().rows


def closed(*machines: Machine) -> SystemData:
    """Return machines as a closed system."""
    return System("s", *machines).build()


def targets(system: SystemData) -> list[tuple[Value, ...] | None]:
    """Return the states after each step from the least initial state."""
    return [step.target for step in steps(system, initial_states(system)[0])]


# -- domains ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "optional", "domain"),
    [
        ([0, 1, 2], False, Range(0, 2)),
        (range(-1, 3), False, Range(-1, 2)),
        ([7], False, Range(7, 7)),
        ([1, 3], False, Symbols((1, 3))),
        ([2, 1], False, Symbols((2, 1))),
        ([1, 2], True, Symbols((None, 1, 2))),
        ([False, True], False, BOOLEAN),
        ([True, False], False, BOOLEAN),
        (["slow", "fast"], False, Symbols(("slow", "fast"))),
        (["slow"], True, Symbols((None, "slow"))),
        (["none", 1], False, Symbols(("none", 1))),
        (list(Light), False, Symbols((Light.RED, Light.GREEN))),
        ((name for name in ("a", "b")), False, Symbols(("a", "b"))),
    ],
)
def test_listed_values_make_a_domain(values: Iterable[Any], optional: bool, domain: Domain) -> None:
    """A run of integers is a number and two truth values are one; gaps, falling order, None and texts make names."""
    assert machine().one_of("x", values, optional=optional).domain == domain


def test_copies_make_a_domain_of_indices() -> None:
    """The copies of a machine are indices of it, None first where there may be none."""
    client = Machine("client", copies=2)
    copies = (Copy("client", 0), Copy("client", 1))
    assert tuple(client) == copies
    assert machine().one_of("owner", client).domain == Symbols(copies, of="client")
    assert machine().one_of("owner", client, optional=True).domain == Symbols((None, *copies), of="client")
    assert client.acting.domain == Symbols(copies, of="client")
    assert argument("who", client).domain == Symbols(copies, of="client")


def test_declared_numbers_and_flags_have_their_domains() -> None:
    """A count goes from 0, an integer from its lower bound, both bounds included; unbounded has no upper one."""
    door = machine()
    assert door.count("n", up_to=3).domain == Range(0, 3)
    assert door.count("m", up_to=unbounded).domain == Range(0, None)
    assert door.integer("i", -2, 2).domain == Range(-2, 2)
    assert door.integer("j", -2, unbounded).domain == Range(-2, None)
    assert isinstance(door.flag("f").domain, Boolean)


@pytest.mark.parametrize(
    ("initial", "expected"),
    [
        (1, (1,)),
        ([2, 0], (2, 0)),
        ((0, 2), (0, 2)),
        (range(1, 3), (1, 2)),
        ([1, 1], (1,)),
        (any_value, (0, 1, 2)),
    ],
)
def test_initial_is_a_value_a_list_or_any(initial: object, expected: tuple[Value, ...]) -> None:
    """`initial=` takes one value, several, or `any_value`; a value named twice is one."""
    door = Machine("door")
    door.count("n", up_to=2, initial=initial)
    assert door.data().variable("n").initial == expected
    assert initial_states(closed(door)) == sorted((value,) for value in expected)


def test_initial_defaults() -> None:
    """Without `initial=` a state is the first, a count 0, a flag False, a name the first, or None if optional."""
    door, client = machine(), Machine("client", copies=1)
    door.count("n", up_to=2)
    door.flag("f")
    door.one_of("a", ["x", "y"])
    door.one_of("b", ["x", "y"], optional=True)
    door.one_of("c", client)
    door.one_of("d", [5, 6])
    assert initial_states(closed(door)) == [("open", 0, False, "x", None, Copy("client", 0), 5)]


def test_initial_states_are_the_product_that_initially_leaves() -> None:
    """The initial states are all combinations of initial values of which `initially` is true, least first."""
    door = Machine("door", states=["open", "shut"], initial=any_value)
    count = door.count("n", up_to=2, initial=any_value)
    system = System("s", door, initially=(door.state == "shut").implies(count > 1)).build()
    assert initial_states(system) == [("open", 0), ("open", 1), ("open", 2), ("shut", 2)]


# -- states, rows ----------------------------------------------------------------------------------------------------


def test_enum_members_are_states_and_results() -> None:
    """Members of an Enum are states and results as they are; their values and names are not."""
    lamp = Machine("lamp", states=list(Light))
    lamp.on("turn", source=Light.RED, dest=Light.GREEN, returns=Light.GREEN)
    system = closed(lamp)
    (step,) = steps(system, (Light.RED,))
    assert (step.target, step.label.result) == ((Light.GREEN,), Light.GREEN)
    assert list(steps(system, (Light.GREEN,))) == []
    with pytest.raises(SpecificationError, match="Q03"):
        lamp.on("turn", source="r")


def test_source_star_is_every_state() -> None:
    """`source="*"` is the same as no `source=`: the row is enabled in every state."""
    door = machine()
    door.on("a", source="*", dest="shut")
    door.on("a", dest="shut")
    assert rows(door)[0] == rows(door)[1]
    assert rows(door)[0].sources is None
    assert [len(list(steps(closed(door), (state,)))) for state in ("open", "shut")] == [2, 2]


def test_dest_equals_stays() -> None:
    """`dest="="` is the same as no `dest=`: the state stays."""
    door = machine()
    door.on("a", source=["open", "shut"], dest="=")
    door.on("a", source=["open", "shut"])
    assert rows(door)[0] == rows(door)[1]
    assert targets(closed(door)) == [("open",), ("open",)]


def test_list_of_triggers_makes_a_row_for_each() -> None:
    """A list of triggers is a row for each, equal but for the trigger; a step's name has the machine before it."""
    door = machine()
    door.on(["a", "b"], source="open", returns=["x", "y"])
    door.step(["c", "d"])
    assert [row.trigger for row in rows(door)] == ["a", "b", "door.c", "door.d"]
    assert {row.returns for row in rows(door)[:2]} == {("x", "y")}
    assert rows(door)[0].sources == rows(door)[1].sources == ("open",)


def test_state_is_written_as_dest_or_as_effect() -> None:
    """`then={machine.state: ...}` moves like `dest=`, and takes a term."""
    door = machine()
    door.on("a", then={door.state: "shut"})
    door.on("a", then={door.state: where(door.state == "open", "shut", "open")})
    assert targets(closed(door)) == [("shut",), ("shut",)]


def test_rows_of_an_event_read_the_state_before_it() -> None:
    """Two variables are exchanged without a third: every effect reads the state before the step."""
    door = Machine("door")
    a, b = door.count("a", up_to=2, initial=1), door.count("b", up_to=2, initial=2)
    door.step("exchange", then={a: b, b: a})
    assert targets(closed(door)) == [(2, 1)]


def test_places_ignore_equality() -> None:
    """Two equal rows, variables or machines that are written in two places are equal, and each knows its place."""
    first, second = Machine("door", states=["open"]), Machine("door", states=["open"])
    one, two = first.flag("f"), second.flag("f")
    first.on("a", source="open", when=one, then={one: False}, returns="x")
    second.on("a", source="open", when=two, then={two: False}, returns="x")
    assert first.data() == second.data()
    assert rows(first)[0].place.line + 1 == rows(second)[0].place.line
    assert rows(first)[0].place.file == __file__


def test_drop_takes_rows_away() -> None:
    """`drop` takes the rows of a trigger, or those of them from a source or with a result, and leaves the others."""

    def doors() -> Machine:
        door = machine()
        door.on("a", source="open", returns=["x", "y"], clause="1")
        door.on("a", source="shut", returns="y", clause="2")
        door.on("a", returns="z", clause="3")
        door.step("a", clause="4")
        return door

    def left(**options: object) -> str:
        door = doors()
        door.drop("a", **options)
        return "".join(row.clauses[0] for row in rows(door))

    assert left() == "4"
    assert left(source="open") == "24"
    assert left(source=["open", "shut"]) == "4"
    assert left(returns="x") == "234"
    assert left(returns="y") == "34"
    assert left(source="open", returns=["x", "z"]) == "24"
    named = doors()
    named.drop("door.a")
    assert [row.trigger for row in rows(named)] == ["a", "a", "a"]


def test_drop_takes_one_of_two_equal_rows_only_with_the_other() -> None:
    """Rows that are equal but for their places are dropped together, and a row can be written anew."""
    door = machine()
    door.on("a", source="open")
    door.on("a", source="open")
    door.drop("a")
    assert rows(door) == ()
    door.on("a", source="open", dest="shut")
    assert [row.dest for row in rows(door)] == ["shut"]


# -- copies ----------------------------------------------------------------------------------------------------------


def test_every_moves_all_copies_or_none() -> None:
    """A row with `every=True` moves all copies, and is not possible while one of them cannot take it."""
    client = Machine("client", copies=2, states=["idle", "busy"])
    client.on("stop", source="busy", dest="idle", every=True)
    system = closed(client)
    assert list(steps(system, ("busy", "idle"))) == []
    assert [step.target for step in steps(system, ("busy", "busy"))] == [("idle", "idle")]


def test_every_of_no_copies_takes_part_of_itself() -> None:
    """With no copies at all a row with `every=True` hinders nobody; one for a single copy always does."""
    door, ghost = machine(), Machine("ghost", copies=0, states=["a"])
    door.on(["all", "one"], dest="shut")
    ghost.on("all", every=True)
    ghost.on("one")
    assert [(step.label.trigger, step.target) for step in steps(closed(door, ghost), ("open",))] == [("all", ("shut",))]


def test_one_copy_takes_part() -> None:
    """Without `every` one copy takes part, and each that can is a way for the event to happen."""
    client = Machine("client", copies=3)
    held = client.flag("held")
    client.on("take", when=~held, then={held: True})
    assert [step.target for step in steps(closed(client), (False, True, False))] == [
        (True, True, False),
        (False, True, True),
    ]


# -- terms -----------------------------------------------------------------------------------------------------------


def test_operators_of_nothing() -> None:
    """All of nothing is true, any of nothing is false, and the sum and the count of nothing are 0."""
    assert all_of().expr == all_of([]).expr == TRUE
    assert any_of().expr == any_of([]).expr == FALSE
    assert (sum_of().expr, sum_of([]).domain) == (Constant(0), Range(0, 0))
    assert (count_of().expr, count_of([]).domain) == (Constant(0), Range(0, 0))
    assert machine().state.is_in([]).expr == FALSE


def test_operators_take_terms_or_one_iterable() -> None:
    """`all_of(a, b)`, `all_of([a, b])` and `all_of(x for x in ...)` are the same, and likewise the others."""
    door = machine()
    a, b = door.flag("a"), door.flag("b")
    for operator in (all_of, any_of, count_of):
        assert operator(a, b).expr == operator([a, b]).expr == operator(x for x in (a, b)).expr
    assert all_of(a, b).expr == (a & b).expr
    assert any_of(a, b).expr == (a | b).expr
    assert all_of(a).expr == any_of(a).expr == a.expr
    n = door.count("n", up_to=2)
    assert sum_of(n, 1, n).expr == sum_of([n, 1, n]).expr
    assert sum_of(n, 1, n).domain == Range(1, 5)
    assert sum_of(n).expr == n.expr


def numbers() -> tuple[Term, Term, Term, Term]:
    """Return terms from 0 to 3, from -2 to 5, from 0 up, and a truth value."""
    door = Machine("door")
    return (
        door.count("n", up_to=3),
        door.integer("i", -2, 5),
        door.count("u", up_to=unbounded),
        door.flag("p"),
    )


def test_domains_of_numbers_are_the_least_intervals() -> None:
    """A computed number is of the least interval with all that can come out; unbounded operands leave it so."""
    n, i, u, p = numbers()
    assert (n + i).domain == Range(-2, 8)
    assert (n - i).domain == Range(-5, 5)
    assert (1 - n).domain == Range(-2, 1)
    assert (n * i).domain == Range(-6, 15)
    assert (i * i).domain == Range(-10, 25)
    assert minimum(n, i).domain == Range(-2, 3)
    assert maximum(n, i).domain == Range(0, 5)
    assert minimum(u, 4).domain == Range(0, None)
    assert maximum(u, 4).domain == Range(4, None)
    assert (u + 1).domain == Range(1, None)
    assert where(p, n, i).domain == Range(-2, 5)
    assert where(p, n, u).domain == Range(0, None)
    assert where(p, 7, n).domain == Range(0, 7)
    assert sum_of(n, n, 1).domain == Range(1, 7)
    assert count_of(p, p, p).domain == Range(0, 3)


def test_domains_of_names_are_joined() -> None:
    """A choice between names has all of them, in the order of first mention; between truth values it is one."""
    door = machine()
    p, mode, owner = door.flag("p"), door.one_of("mode", ["slow", "open"]), Machine("client", copies=2)
    assert where(p, door.state, mode).domain == Symbols(("open", "shut", "slow"))
    assert where(p, "lost", mode).domain == Symbols(("lost", "slow", "open"))
    assert where(p, 1, door.one_of("at", [1, 3])).domain == Symbols((1, 3))
    assert where(p, p, True).domain == BOOLEAN
    copies = tuple(owner)
    assert where(p, copies[0], owner.acting).domain == Symbols(copies, of="client")


@pytest.mark.parametrize(
    ("state", "count", "expected"), [("open", 0, True), ("open", 2, False), ("shut", 0, False), ("shut", 2, True)]
)
def test_operators_mean_what_they_say(state: str, count: int, expected: bool) -> None:
    """Guards are evaluated as they read: comparisons, connectives, implications, choices, least and largest."""
    door = machine()
    n = door.count("n", up_to=2)
    shut = door.state == "shut"
    same = [
        shut.implies(n > 1) & (~shut).implies(n < 1),
        (shut & (n == 2)) | ~(shut | (n != 0)),
        where(shut, n, 2 - n) == 2,
        where(shut, maximum(n, 1), 2 - minimum(n, 1)) == 2,
        count_of(shut, n == 2) != 1,
        sum_of(where(shut, 1, 0), n) == where(shut, 3, 0),
        n.is_in([0, 2]) & (door.state.is_in(["shut"]) == (n >= 2)),
    ]
    for number, guard in enumerate(same):
        door.step(f"step {number}", when=guard)
    taken = [step.label.trigger for step in steps(closed(door), (state, count))]
    assert taken == ([f"door.step {number}" for number in range(len(same))] if expected else [])


def test_constants_stand_on_either_side() -> None:
    """`1 < n` is `n > 1`, `True & p` is `p`, and `3 - n` is a number."""
    n, _, _, p = numbers()
    assert (1 < n).expr == (n > 1).expr  # noqa: SIM300
    assert (True & p).expr == (p & True).expr == p.expr
    assert (False | p).expr == p.expr
    assert (~~p).expr == p.expr
    assert (n + 0).expr == n.expr
    assert (2 * n).domain == (n * 2).domain == Range(0, 6)


def test_variable_of_a_copy() -> None:
    """A variable without an index is its own copy's; an index says whose."""
    client = Machine("client", copies=2)
    held = client.flag("held")
    assert held.expr == Read("client", "held")
    assert [held[c].expr for c in client] == [Read("client", "held", Constant(copy)) for copy in client]
    assert held[client.acting].domain == BOOLEAN


# -- text ------------------------------------------------------------------------------------------------------------


def printed() -> list[tuple[Term, str]]:
    """Return terms and the text that a reader wants."""
    door, client = machine(), Machine("client", copies=2)
    n, m, p, q = door.count("n", up_to=9), door.count("m", up_to=9), door.flag("p"), door.flag("q")
    owner, held = door.one_of("owner", client, optional=True), client.flag("held")
    first, _ = client
    kind = argument("kind", ["soft", "hard"])
    return [
        (n + m - 1, "door.n + door.m - 1"),
        (n - (m + 1), "door.n - (door.m + 1)"),
        (n - (m - 1), "door.n - (door.m - 1)"),
        ((n + m) * 2, "(door.n + door.m) * 2"),
        (n * m + 2, "door.n * door.m + 2"),
        (n + 1 == m * 2, "door.n + 1 == door.m * 2"),
        (p & (n > 1) | q, "door.p and door.n > 1 or door.q"),
        (p & ((n > 1) | q), "door.p and (door.n > 1 or door.q)"),
        (~(p & q), "not (door.p and door.q)"),
        (~p & q, "not door.p and door.q"),
        (~(n > 1), "door.n <= 1"),
        ((p & q) == ~q, "(door.p and door.q) == not door.q"),
        ((n > 1) == ~p, "(door.n > 1) == not door.p"),
        (p.implies(q), "door.p -> door.q"),
        (where(p, n, 0) + 1, "(door.n if door.p else 0) + 1"),
        (minimum(n + 1, m), "min(door.n + 1, door.m)"),
        (maximum(n, m) * 2, "max(door.n, door.m) * 2"),
        (door.state == "open", "door.state == open"),
        (owner == None, "door.owner == None"),
        (owner == first, "door.owner == client[0]"),
        (owner != client.acting, "door.owner != the acting client"),
        (held, "client.held"),
        (held[first], "client[0].held"),
        (held[client.acting], "client[the acting client].held"),
        (kind == "soft", "kind == soft"),
        (p & (after(n) == n + 1), "door.p and after(door.n) == door.n + 1"),
        (happens("take"), "take happens"),
        (~happens("take", returns=["yes", 1]), "not take happens returning yes or 1"),
        (enabled("take") & door.accepts("take"), "take is enabled and door accepts take"),
        (door.accepts("take", returns="no"), "door accepts take returning no"),
        (door.fresh.implies(door.unchanged), "door is fresh -> door is unchanged"),
    ]


@pytest.mark.parametrize(("term", "text"), printed(), ids=[text for _, text in printed()])
def test_expressions_are_readable(term: Term, text: str) -> None:
    """An expression is printed in the author's words, with parentheses where it could be read otherwise."""
    assert expression(term.expr) == text
    assert repr(term) == f"<term {text}>"


def test_results_may_be_any_of_a_list() -> None:
    """One result, several, or the same twice: `returns=` is what may come out, in the order of first mention."""
    door = machine()
    door.on("a", returns="x")
    door.on("b", returns=["y", "x", "y", 3])
    assert [row.returns for row in rows(door)] == [("x",), ("y", "x", 3)]
    assert [(step.label.trigger, step.label.result) for step in steps(closed(door), ("open",))] == [
        ("a", "x"),
        ("b", "y"),
        ("b", "x"),
        ("b", 3),
    ]


def test_constants_are_folded() -> None:
    """An operator on constants is the constant that it gives."""
    assert (where(True, 1, 2).expr, sum_of(1, 2, 3).expr) == (Constant(1), Constant(6))
    assert (apply(Op.AND, TRUE, FALSE), apply(Op.MIN, Constant(2), Constant(1))) == (FALSE, Constant(1))


# -- parameters ------------------------------------------------------------------------------------------------------


def model(
    *,
    clients: Annotated[int, Between(1, 8)] = 2,
    starts: int = 0,
    mode: Literal["fast", "safe"] = "fast",
    level: Literal[1, 2, 4] = 1,
    retry: bool = False,
    name: str = "s",
) -> System:
    """Return a system with a parameter of each type."""
    return System(name, Machine("client", copies=clients), Machine(mode, states=[level, starts + 10]))


def test_parameters_are_read_from_the_signature() -> None:
    """A parameter has its name, default and kind; Between gives bounds, and Literal choices."""
    assert parameters(model) == {
        "clients": Parameter(name="clients", default=2, kind=int, bounds=Between(1, 8)),
        "starts": Parameter(name="starts", default=0, kind=int),
        "mode": Parameter(name="mode", default="fast", kind=str, choices=("fast", "safe")),
        "level": Parameter(name="level", default=1, kind=int, choices=(1, 2, 4)),
        "retry": Parameter(name="retry", default=False, kind=bool),
        "name": Parameter(name="name", default="s", kind=str),
    }


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("clients", "1", 1),
        ("clients", 8, 8),
        ("clients", " 3 ", 3),
        ("starts", "0", 0),
        ("mode", "safe", "safe"),
        ("level", "4", 4),
        ("retry", "true", True),
        ("retry", "FALSE", False),
        ("retry", "1", True),
        ("retry", "0", False),
        ("retry", True, True),
        ("name", "7", "7"),
    ],
)
def test_values_are_read_from_text(name: str, given: object, expected: object) -> None:
    """A value given as text is read as the parameter's kind; one given as a value is taken as it is."""
    value = read_value(parameters(model)[name], given)
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("clients", "0"),
        ("clients", 9),
        ("clients", True),
        ("clients", "2.0"),
        ("starts", -1),
        ("mode", "slow"),
        ("level", "3"),
        ("level", True),
        ("retry", "yes"),
        ("retry", 1),
        ("name", 7),
    ],
)
def test_other_values_are_refused(name: str, given: object) -> None:
    """A value out of bounds, not among the choices or of another kind is refused (Q40); a bool is no integer."""
    with pytest.raises(SpecificationError) as caught:
        read_value(parameters(model)[name], given)
    assert caught.value.code == "Q40"


def test_settings_replace_defaults() -> None:
    """A system knows the parameters that it was made with: the defaults, and what was given instead."""
    defaults = {"clients": 2, "starts": 0, "mode": "fast", "level": 1, "retry": False, "name": "s"}
    assert instantiate(model).parameters == defaults
    made = instantiate(model, {"clients": "3", "retry": "true", "name": "t"})
    assert made.parameters == defaults | {"clients": 3, "retry": True, "name": "t"}
    assert (made.name, made.machine("client").copies) == ("t", 3)


def test_one_machine_is_closed_by_the_environment() -> None:
    """A function may return one Machine: a system of its name, whose events come from the environment."""

    def door() -> Machine:
        made = machine()
        made.on("slam", source="open", dest="shut")
        return made

    system = instantiate(door)
    assert (system.name, [part.name for part in system.machines]) == ("door", ["door"])
    assert [question.name for question in system.properties] == ["domains"]
    assert targets(system) == [("shut",)]


# -- properties ------------------------------------------------------------------------------------------------------


def test_properties_know_whether_they_judge_steps() -> None:
    """A formula with after, happens or unchanged is about steps; with enabled, accepts or fresh it is about states."""
    door = machine()
    door.on("slam", dest="shut")
    system = System("s", door)
    for number, term in enumerate((after(door.state) == "shut", happens("slam"), door.unchanged)):
        system.always(f"step {number}", term)
    for number, term in enumerate((door.state == "shut", enabled("slam"), door.accepts("slam"), door.fresh)):
        system.never(f"state {number}", term)
    asked = {question.name: question.step for question in system.build().properties}
    assert asked.pop("domains")
    assert asked == {name: name.startswith("step") for name in asked}


def test_clauses_are_kept_where_they_are_named() -> None:
    """`clause=` takes one id or several."""
    door = machine()
    door.on("a", clause="X-1")
    door.on("a", clause=["X-1", "X-2"])
    door.on("a")
    assert [row.clauses for row in rows(door)] == [("X-1",), ("X-1", "X-2"), ()]


def test_a_formula_is_walked_as_a_graph() -> None:
    """A part that stands in a formula 2^60 times is met once."""
    machine_ = Machine("m")
    x, y = machine_.count("x", up_to=3), machine_.count("y", up_to=3)
    part: Term = x + y
    for _ in range(60):
        part = where(part > x, part, part + y)
    assert len(list(walk(part.expr))) < 200


CAUGHT = """
try:
    while True:
        time.sleep(0.01)
except BaseException:
    while True:
        pass
"""


@pytest.mark.parametrize("handler", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler])
@pytest.mark.parametrize("source", ["while True: pass", CAUGHT])
def test_a_model_without_end_is_stopped_whatever_becomes_of_signals(
    monkeypatch: pytest.MonkeyPatch, handler: object, source: str
) -> None:
    """A process in the background ignores Ctrl-C, a model may do as it likes: neither keeps a loop running forever."""
    monkeypatch.setattr(patience, "WORTH_A_WORD", 0.05)
    monkeypatch.setattr(patience, "TOO_LONG", 0.1)
    monkeypatch.setattr(patience, "AGAIN", 0.1)
    code = compile(source, "endless.py", "exec")
    before = signal.signal(signal.SIGINT, handler)  # type: ignore[arg-type]
    try:
        with pytest.raises(SpecificationError, match=r"Q44 .*still running"), patience.patience("endless"):
            exec(code, {"time": time})
        time.sleep(0.3)  # and nothing comes after
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_has_loaded_is_not_stopped_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once an author's code has come to its end nobody waits for it: nothing is said, and nothing is interrupted."""
    monkeypatch.setattr(patience, "WORTH_A_WORD", 0.05)
    monkeypatch.setattr(patience, "TOO_LONG", 0.1)
    with patience.patience("quick"):
        pass
    time.sleep(0.3)
    assert capsys.readouterr().err == ""
