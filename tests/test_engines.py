"""The native engine gives the reference interpreter's answer: counts, depth, verdicts and the very traces."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

import pytest

from quiesce import Machine, System, after, where
from quiesce.core.result import PropertyAnswer, SystemAnswers, Verdict
from quiesce.core.verdicts import explore
from quiesce.engines.checking import check
from quiesce.engines.options import Limits
from tests.strategies import as_searched


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def agreed(written: System, *, max_states: int | None = None) -> SystemAnswers:
    """Check that both engines give one answer, traces included, and return it."""
    system = written.build()
    expected = explore(system, max_states=max_states)
    answer = check(system, limits=Limits(max_states=max_states))
    found = expected.found
    assert (answer.states, answer.transitions, answer.depth) == (found.states, found.transitions, found.depth)
    assert answer.stopped == found.stopped
    assert as_searched(answer.properties) == expected.answers
    return answer


def counts(answer: SystemAnswers | System) -> tuple[int, int, int]:
    """Return states, transitions and depth; of a system, after both engines are found to agree."""
    result = agreed(answer) if isinstance(answer, System) else answer
    return result.states, result.transitions, result.depth


def chain(length: int) -> System:
    """Return a machine that counts 0, 1, ..., length - 1 and stops there."""
    line = Machine("line")
    at = line.count("at", up_to=length - 1)
    line.step("go", when=at < length - 1, then={at: at + 1})
    return System("chain", line)


def cycles(*periods: int, copies_of_words: int = 0) -> System:
    """Return machines that turn independently, each through its own number of values, and idle words beside them."""
    wheels = []
    for number, period in enumerate(periods):
        wheel = Machine(f"wheel{number}")
        at = wheel.count("at", up_to=period - 1)
        wheel.step("turn", then={at: where(at == period - 1, 0, at + 1)})
        for padding in range(copies_of_words):
            wheel.count(f"padding{padding}", up_to=2**39, initial=2**38 + padding)
        wheels.append(wheel)
    return System("cycles", *wheels)


# -- regressions -----------------------------------------------------------------------------------------------------


def test_a_guard_compares_a_variable_of_more_than_64_values_with_a_constant() -> None:
    """`x == 5` and `x != 20` on 100 values are no switch and no `false`; both rows fire where they should.

    Found by reading: `codes` of a large domain is empty, so every such test became the empty set.
    """
    machine = Machine("m")
    x = machine.count("x", up_to=99)
    machine.step("up", when=x < 9, then={x: x + 1})
    machine.step("jump", when=x == 5, then={x: 20})
    machine.step("leave", when=x != 20, then={x: 30})
    assert counts(System("s", machine)) == (12, 21, 9)


@pytest.mark.parametrize("top", [62, 63, 64, 65, 2**38, 2**40 - 1, 2**40])
@pytest.mark.parametrize("negated", [False, True])
def test_equality_guards_on_both_sides_of_the_switch_limit(top: int, negated: bool) -> None:
    """0 -> 1 -> top by `==`, or by `~(!=)`: 3 states whether or not the domain is small enough for a switch."""
    machine = Machine("m")
    x = machine.count("x", up_to=top)
    for source, target in ((0, 1), (1, top)):
        machine.step(f"from{source}", when=~(x != source) if negated else x == source, then={x: target})
    assert counts(System("s", machine)) == (3, 2, 2)


def test_where_between_two_truth_constants_is_a_truth_value() -> None:
    """`where(p, True, False)` can be an effect, a guard and an operand.

    Found by reading: an ITE whose branches are both constants was emitted as a number, and LLVM refused the text.
    """
    machine = Machine("m")
    flag, x = machine.flag("flag"), machine.count("x", up_to=3)
    machine.step("a", then={flag: where(x == 1, True, False), x: where(x < 3, x + 1, 0)})
    machine.step("b", when=where(x == 1, True, False) == flag, then={x: 0})
    system = System("s", machine)
    system.always("p", where(flag, False, True))
    agreed(system)


def test_an_observer_sets_a_flag_in_one_row_and_clears_it_in_the_next() -> None:
    """Two constant writes to a flag, the second unguarded, are `where(guard, true, false)`: 4 states on a line."""
    machine, books = Machine("m"), Machine("books", observer=True)
    x = machine.count("x", up_to=3)
    machine.step("a", when=x < 3, then={x: x + 1})
    seen = books.flag("seen")
    books.on("m.a", when=x == 2, then={seen: True})
    books.on("m.a", then={seen: False})
    assert counts(System("s", machine, books)) == (4, 3, 3)


def test_true_and_1_stay_apart_where_they_stand_in_equal_expressions() -> None:
    """`where(c, 1, 0)` and `where(c, True, False)` are equal as data, for Python says True == 1, and not in kind."""
    machine = Machine("m")
    c, n, flag = machine.flag("c"), machine.count("n", up_to=3), machine.flag("flag")
    machine.step("a", then={n: where(c, 1, 0), flag: where(c, True, False), c: ~c})
    assert counts(System("s", machine)) == (3, 3, 2)


def test_constants_of_where_that_no_variable_has_stay_different() -> None:
    """`where(c, v, 7) == where(d, v, 8)` is false where both constants are chosen, though v can be neither.

    Found by reading: both constants were coded as the position of a missing name, and so were equal.
    """
    machine = Machine("m")
    v, c, d = machine.one_of("v", [1, 3, 5]), machine.flag("c", [False, True]), machine.flag("d", [False, True])
    machine.step("a", when=where(c, v, 7) == where(d, v, 8), then={v: 3})
    assert counts(System("s", machine)) == (5, 2, 1)


# -- theorems --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("periods", [(1,), (2, 3), (3, 4, 5), (2, 2, 2, 2, 2)])
@pytest.mark.parametrize("padding", [0, 3])
def test_independent_cycles_multiply(periods: tuple[int, ...], padding: int) -> None:
    """k cycles of n_i values: prod n_i states, k transitions from each, depth sum (n_i - 1), in one word or many."""
    states = prod(periods)
    expected = (states, len(periods) * states, sum(period - 1 for period in periods))
    assert counts(cycles(*periods, copies_of_words=padding)) == expected


def test_three_hundred_bits_of_state() -> None:
    """A state of more than 300 bits in several words is packed, hashed and compared as a whole: 3 * 4 * 5 states."""
    system = cycles(3, 4, 5, copies_of_words=3).build()
    widths = [(cell.domain.high - cell.domain.low).bit_length() for cell in system.flat.cells]
    assert sum(widths) > 300
    assert counts(check(system)) == (60, 180, 9)


def test_the_table_grows() -> None:
    """70 * 60 * 50 = 210,000 states, more than the first table holds, are found once each, in 1 word and in more."""
    for padding in (0, 1):
        answer = check(cycles(70, 60, 50, copies_of_words=padding).build())
        assert counts(answer) == (210_000, 630_000, 177)


@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 200])
def test_a_chain_is_as_deep_as_it_is_long(length: int) -> None:
    """A chain of n states has n - 1 transitions and depth n - 1, and its only deadlock has a trace of n - 1 steps."""
    system = chain(length)
    system.no_deadlock()
    answer = agreed(system)
    assert counts(answer) == (length, length - 1, length - 1)
    trace = answer.answer("no deadlock").trace
    assert trace is not None
    assert trace.length == length - 1


# -- verdicts --------------------------------------------------------------------------------------------------------


def verdict(answer: PropertyAnswer) -> tuple[Verdict, tuple[str, ...], int | None]:
    """Return a verdict, its flags and the length of its trace."""
    return answer.verdict, answer.flags, None if answer.trace is None else answer.trace.length


def test_a_step_that_leaves_a_domain_is_counted_and_not_followed() -> None:
    """0, 1, 2 and the step to 3: 3 transitions, `domains` violated after 3 steps, what has no trace is unknown."""
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    machine.step("up", then={x: x + 1})
    system = System("s", machine)
    system.always("small", x <= 2)
    system.always("not two", x != 2)
    system.sometimes("one", x == 1)
    system.sometimes("down", after(x) < x)
    system.always_possible("back", x == 0)
    answer = agreed(system)
    assert counts(answer) == (3, 3, 2)
    truncated = (Verdict.UNKNOWN, ("truncated",), None)
    assert [verdict(each) for each in answer.properties] == [
        truncated,
        (Verdict.VIOLATED, (), 2),
        (Verdict.HOLDS, (), 1),
        truncated,
        truncated,
        (Verdict.VIOLATED, (), 3),
    ]


def test_a_limit_gives_unknown_and_never_holds() -> None:
    """A search that stops at 5 of 10 states answers `unknown` except where it has a trace."""
    system = chain(10)
    system.always_possible("end", True)
    system.always("true", True)
    system.no_deadlock()
    answer = agreed(system, max_states=5)
    assert answer.stopped == "5 states"
    assert answer.states == 5
    assert {each.verdict for each in answer.properties} == {Verdict.UNKNOWN}
    assert all(each.flags == ("truncated",) for each in answer.properties)


def test_a_sometimes_that_is_violated_has_no_trace() -> None:
    """Nothing that happens nowhere can be shown."""
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    system = System("s", machine)
    system.sometimes("two", x == 2)
    assert verdict(agreed(system).answer("two")) == (Verdict.VIOLATED, (), None)


@pytest.mark.parametrize("padding", [0, 2])
def test_the_least_state_of_the_first_level_is_shown(padding: int) -> None:
    """Where several states of one level decide, the least wins, though the search meets it last; so do predecessors."""
    machine = Machine("m")
    x = machine.count("x", up_to=9, initial=0)
    for number in range(padding):
        machine.count(f"padding{number}", up_to=2**39)
    y = machine.count("y", up_to=9, initial=0)
    for value in (7, 9, 4, 6):
        machine.step(f"to{value}", when=x == 0, then={x: value})
    machine.step("far", when=x >= 6, then={x: 1, y: 1})
    system = System("s", machine)
    system.never("four or more", x >= 4)
    system.never("far", y == 1)
    answer = agreed(system)
    first, second = answer.answer("four or more").trace, answer.answer("far").trace
    assert first is not None
    assert second is not None
    assert first.last[0] == 4
    assert [state[0] for state in second.states()] == [0, 6, 1]


@pytest.mark.parametrize("number", [62, 63, 64, 130])
def test_more_properties_than_a_word_has_bits(number: int) -> None:
    """Property n of many, beside the implied one, is decided at state n mod 12, or not at all beyond the tenth."""
    machine = Machine("m")
    x = machine.count("x", up_to=11)
    machine.step("up", when=x < 9, then={x: x + 1})
    system = System("s", machine)
    for position in range(number):
        system.never(f"p{position}", x == position % 12)
    for position, each in enumerate(agreed(system).properties[:-1]):
        value = position % 12
        assert verdict(each) == ((Verdict.VIOLATED, (), value) if value < 10 else (Verdict.HOLDS, (), None))


def test_altered_object_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object in the cache that was cut short or altered is noticed, and the answer stays the same."""
    monkeypatch.setenv("QUIESCE_CACHE_DIR", str(tmp_path))
    system = cycles(2, 3).build()
    first = check(system)
    for change in (lambda code: code[:-9], lambda code: code[:90] + b"\x00" + code[91:], lambda code: b""):
        for file in (tmp_path / "objects").glob("*.o"):
            file.write_bytes(change(file.read_bytes()))
        again = check(system)
        assert (again.states, again.transitions, again.depth) == (first.states, first.transitions, first.depth)


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (["never three"], Verdict.HOLDS),
        (["never one", "never three"], Verdict.VIOLATED),
        (["never three", "never one"], Verdict.VIOLATED),
        (["never three", "one"], Verdict.HOLDS),
    ],
)
def test_a_result_is_as_good_as_its_worst_answer(asked: list[str], verdict: Verdict) -> None:
    """One violated property is a violation of all; what a limit leaves open is unknown, unless one is violated."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("go", when=x < 2, then={x: x + 1})
    system = System("s", machine)
    system.never("never one", x == 1)
    system.never("never three", x == 3)
    system.sometimes("one", x == 1)
    built = system.build()
    assert check(built, properties=asked).verdict is verdict
    cut = check(built, properties=asked, limits=Limits(max_states=2))
    answers = {answer.verdict for answer in cut.properties}
    assert Verdict.UNKNOWN in answers
    assert cut.verdict is (Verdict.VIOLATED if Verdict.VIOLATED in answers else Verdict.UNKNOWN)
