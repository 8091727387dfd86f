"""What a green answer is worth: states where runs end, premises and conclusions that are constant, tautologies, and
what is decided although a step leaves a domain. Expected values are reasoned about beside each system.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from quiesce import EF, EG, E, F, G, Machine, System, Term, after, any_of, argument, deadlock, happens
from quiesce.core.result import PropertyAnswer, SystemAnswers, Verdict
from quiesce.engines.checking import check
from quiesce.engines.options import Strategy

HOLDS, VIOLATED, UNKNOWN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNKNOWN


def answers(system: System, **strategy: bool) -> SystemAnswers:
    """Check a system in one thread."""
    return check(system.build(), strategy=Strategy(workers=1, **strategy))


def shown(answer: PropertyAnswer) -> tuple[Verdict, int | None]:
    """Return a verdict, and the number of steps of the run that comes with it."""
    return answer.verdict, None if answer.trace is None else answer.trace.length


# -- where runs end ---------------------------------------------------------------------------------------------------


def counter(*, leaves: bool = False) -> tuple[System, Term]:
    """Return a counter that goes to two and ends there, or is then counted out of its domain."""
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    machine.step("up", when=True if leaves else x < 2, then={x: x + 1})
    return System("counter", machine), x


def test_a_property_of_steps_is_judged_where_a_run_ends() -> None:
    """In the end x is 2, no event happens and after(x) is x: each of these is decided after two steps, as by G."""
    system, x = counter()
    mixed = (x < 2) & happens("m.up").implies(after(x) == x + 1)
    system.always("always", mixed)
    system.never("never", (x == 2) | (after(x) < x))
    system.sometimes("sometimes", (x == 2) & (after(x) == x) & ~happens("m.up"))
    system.holds("G", G(mixed))
    result = answers(system)
    expected = {"always": VIOLATED, "never": VIOLATED, "sometimes": HOLDS, "G": VIOLATED}
    assert {name: shown(result.answer(name)) for name in expected} == {
        name: (verdict, 2) for name, verdict in expected.items()
    }
    assert "no step leaves the last state" in result.answer("always").note


def test_an_end_is_shown_before_a_step_of_the_same_level() -> None:
    """From the start one run ends after a step, at 9, where after(x) is not 7; another goes on after it: the end is
    nearer, though the other state is less.
    """
    machine = Machine("m")
    x = machine.integer("x", 0, 9)
    machine.step("go", when=x == 0, then={x: 1})
    machine.step("end", when=x == 0, then={x: 9})
    machine.step("on", when=x == 1, then={x: 2})
    machine.step("stay", when=x == 2)
    system = System("s", machine)
    system.always("p", (x == 0) | (after(x) == 7))
    answer = answers(system).answer("p")
    assert shown(answer) == (VIOLATED, 1)
    assert answer.trace is not None
    assert answer.trace.last == (9,)


def test_a_state_whose_only_step_leaves_a_domain_ends_no_run() -> None:
    """At 2 the counter leaves its domain: nobody knows what follows, so the property of steps is not refuted there."""
    system, x = counter(leaves=True)
    system.always("p", (x < 2) | (after(x) != x))
    system.no_deadlock()
    result = answers(system)
    assert [answer.verdict for answer in result.properties] == [UNKNOWN, UNKNOWN, VIOLATED]


# -- what says nothing ------------------------------------------------------------------------------------------------

CONSTANT: dict[str, Callable[[System, Term], None]] = {
    "premise false": lambda system, x: system.leads_to("p", False, x == 2),
    "premise folded to false": lambda system, x: system.always("p", (x != x).implies(x == 1)),
    "premise false by &": lambda system, x: system.always("p", ((x == 1) & False).implies(x == 1)),
    "conclusion true": lambda system, x: system.leads_to("p", x == 2, True),
    "conclusion folded to true": lambda system, x: system.always("p", (x == 1).implies(x == x)),
    "conclusion about a step": lambda system, x: system.always("p", happens("m.up").implies(after(x) == after(x))),
}


@pytest.mark.parametrize("ask", CONSTANT.values(), ids=CONSTANT)
def test_a_constant_premise_or_conclusion_is_vacuous(ask: Callable[[System, Term], None]) -> None:
    """An implication with a false premise or a true conclusion says nothing, whoever folded it."""
    system, x = counter()
    ask(system, x)
    assert "vacuous" in answers(system).answer("p").flags


TAUTOLOGIES: dict[str, tuple[bool, Callable[[System, Term, Term], None]]] = {
    "by an interval": (True, lambda system, x, y: system.always("p", x >= 0)),
    "by its values": (True, lambda system, x, y: system.always("p", x * x >= x)),
    "never": (True, lambda system, x, y: system.never("p", x + y > 200)),
    "of steps": (True, lambda system, x, y: system.always("p", happens("m.up").implies(after(x) >= 0))),
    "of runs": (True, lambda system, x, y: system.holds("p", G(x >= 0) & F(y <= 100))),
    "not of all values": (False, lambda system, x, y: system.always("p", x + y <= 199)),
    "of reachable states": (False, lambda system, x, y: system.always("p", y == 0)),
    "of steps that happen": (False, lambda system, x, y: system.always("p", after(x) >= x)),
}


@pytest.mark.parametrize(("tautology", "ask"), TAUTOLOGIES.values(), ids=TAUTOLOGIES)
def test_a_tautology_is_noted(tautology: bool, ask: Callable[[System, Term, Term], None]) -> None:
    """What holds of all values of its variables, reachable or not, is noted; it never is an error by itself."""
    machine = Machine("m")
    x, y = machine.count("x", up_to=100), machine.count("y", up_to=100)
    machine.step("up", when=x < 100, then={x: x + 1})
    system = System("s", machine)
    ask(system, x, y)
    result = answers(system)
    assert (result.answer("p").verdict, "tautology" in result.answer("p").flags) == (HOLDS, tautology)
    assert not result.has_suspicions or result.remarks is None or tautology is False


def test_too_many_values_are_not_tried() -> None:
    """Of 2^40 values the intervals tell something, and the rest is left alone: it takes no time."""
    machine = Machine("m")
    x, y = machine.count("x", up_to=2**20 - 1), machine.count("y", up_to=2**20 - 1)
    machine.step("stay")
    system = System("s", machine)
    system.always("told", x + y >= 0)
    system.always("not told", (x != y) | (x * 2 == x + y))
    result = answers(system)
    assert ["tautology" in result.answer(name).flags for name in ("told", "not told")] == [True, False]


# -- what a run decides -----------------------------------------------------------------------------------------------

DECIDED: dict[str, tuple[Verdict, Callable[[Term], Term]]] = {
    "bad at once": (VIOLATED, lambda x: G(x > 0)),
    "bad prefix": (VIOLATED, lambda x: G(x < 2)),
    "good prefix": (HOLDS, lambda x: F(x == 1)),
    "needs what follows": (UNKNOWN, lambda x: G(x < 3)),
    "ends nowhere": (UNKNOWN, lambda x: F(deadlock)),
}


@pytest.mark.parametrize(("verdict", "formula"), DECIDED.values(), ids=DECIDED)
def test_what_a_run_decides_is_decided_although_a_step_leaves_a_domain(
    verdict: Verdict, formula: Callable[[Term], Term]
) -> None:
    """The only run counts 0, 1, 2 and leaves: what its beginning says is known, and nothing else."""
    system, x = counter(leaves=True)
    system.holds("p", formula(x))
    assert answers(system).answer("p").verdict is verdict


def test_a_predicate_of_steps_is_that_of_its_own_step_beside_one_that_leaves() -> None:
    """In x = 1 one row leaves the domain, and `back` does not: every step that stays is `up` or `back`, and a run can
    take `back` again and again. So the marks of edges are those of the right edges, whatever stands between them.
    """
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    machine.step("up", when=x < 2, then={x: x + 1})
    machine.step("over", when=x == 1, then={x: x + 2})
    machine.step("back", when=x > 0, then={x: x - 1})
    system = System("s", machine)
    system.holds("back at once", G(happens("m.back").implies(x > 0)))
    system.holds("never back", G(~happens("m.back")))
    system.holds("never up from 1", G(~(happens("m.up") & (x == 1))))
    system.holds("never back from 0", G(~(happens("m.back") & (x == 0))))
    system.holds("sometimes back forever", E(G(F(happens("m.back")) & ~(happens("m.back") & (x == 2)))))
    found = [answers(system).answer(name) for name in ("never back", "never up from 1", "sometimes back forever")]
    assert [answer.verdict for answer in found] == [VIOLATED, VIOLATED, HOLDS]
    assert [answer.trace.length for answer in found[:2] if answer.trace] == [2, 2]
    assert answers(system).answer("never back from 0").verdict is not VIOLATED


def test_a_premise_of_states_is_not_vacuous_for_a_property_of_steps() -> None:
    """Where runs end such a property has a flag of its own, which is no flag of what lint asks besides."""
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    machine.step("up", when=x < 2, then={x: x + 1})
    system = System("s", machine)
    system.always("grows", (x > 0).implies(after(x) > 0))
    system.always("vacuous", ((x > 0) & (after(x) < x)).implies(after(x) > 0))
    result = answers(system)
    assert [answer.verdict for answer in result.properties[:2]] == [HOLDS, HOLDS]
    assert [answer.flags for answer in result.properties[:2]] == [(), ("vacuous",)]


@pytest.mark.parametrize("nested", [False, True])
def test_the_note_names_the_premise_that_is_never_true(nested: bool) -> None:
    """x is never 2: the note says so of the inner premise, not of the outer one, which comes true."""
    system, x = counter(leaves=False)
    inner = (x > 5).implies(x == 0)
    system.always("p", (x >= 0).implies(inner) if nested else inner)
    answer = answers(system).answer("p")
    assert answer.flags == ("vacuous",)
    assert answer.note == "never true: m.x > 5"


def test_a_loop_behind_a_way_is_where_it_is() -> None:
    """x goes 0, 1, 2 and stays there: the run that shows EF EG(x == 2) comes to its loop after two steps."""
    system, x = counter()
    system.holds("p", EF(EG(x == 2)))
    trace = answers(system).answer("p").trace
    assert trace is not None
    assert (trace.length, trace.loop) == (2, None)
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("up", when=x < 2, then={x: x + 1})
    machine.step("on", when=x == 2, then={x: 3})
    machine.step("back", when=x == 3, then={x: 2})
    system = System("loop", machine)
    system.holds("p", EF(EG(x >= 2)))
    trace = answers(system).answer("p").trace
    assert trace is not None
    assert (trace.length, trace.loop) == (4, 2)


# -- symmetry ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["p", "q"])
def test_an_argument_picks_a_copy_out(value: str) -> None:
    """Copy 0 goes to t by p and copy 1 by q: after the other one is gone each value still makes t, and only the copy
    tells by which. Exchanged copies would go by the other value, so no copies may be exchanged.
    """
    machine = Machine("m", copies=2, states=["s", "x", "t", "u"])
    first, second = machine
    way = argument("way", ["p", "q"])
    straight = ((machine.acting == first) & (way == "p")) | ((machine.acting == second) & (way == "q"))
    machine.step("e", way, source="s", dest="t", when=straight)
    machine.step("e", way, source="s", dest="u", when=~straight)
    machine.step("fin", source="s", dest="x")
    system = System("s", machine)
    gone = any_of(machine.state[c] == "x" for c in machine)
    comes = after(any_of(machine.state[c] == "t" for c in machine))
    system.never("never", happens("m.e", way=value) & gone & comes)
    system.sometimes("sometimes", happens("m.e", way=value) & gone & comes)
    system.always("always", (happens("m.e", way=value) & gone).implies(~comes))
    result = answers(system, symmetry=True)
    assert [shown(answer) for answer in result.properties[:3]] == [(VIOLATED, 2), (HOLDS, 2), (VIOLATED, 2)]
    assert result.reduction == "symmetry: no machine is symmetric; all states were searched"
