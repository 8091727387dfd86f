"""Automata say of every run what the definitions of the operators say; what is beyond a budget is unknown by itself.

Random formulas are looked at on random runs: a word that becomes periodic, letter by letter.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Sequence

import networkx as nx
import pytest

from quiesce import F, G, Machine, System, Term, U, X, all_of, any_of
from quiesce.core.expressions import Constant, Temporal
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, answered_apart, normal
from quiesce.core.result import PropertyAnswer, Verdict
from quiesce.engines import automata
from quiesce.engines.automata import Automaton, TooLargeError, automaton
from quiesce.engines.checking import check
from quiesce.engines.simplifying import recurring, simplified

FORMULAS = 20_000 if os.environ.get("QUIESCE_DEEP") == "1" else 1_500
RUNS = 6
ATOMS = [Atom(Constant(number)) for number in range(3)]
Run = tuple[list[frozenset[Formula]], int]
"""Which atoms are true at each position, and the position that comes after the last."""


def drawn(rng: random.Random, depth: int) -> Formula:
    """Return a random formula of LTL."""
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(ATOMS)

    def operand() -> Formula:
        return drawn(rng, depth - 1)

    kind = rng.choice(["not", "and", "or", "X", "F", "G", "F", "G", "U", "R", "W"])
    match kind:
        case "not":
            return Not(operand())
        case "and":
            return And(tuple(operand() for _ in range(rng.choice([0, 1, 2, 2, 2, 3]))))
        case "or":
            return Or(tuple(operand() for _ in range(rng.choice([0, 1, 2, 2, 2, 3]))))
        case "X" | "F" | "G":
            return Path(Temporal(kind), (operand(),))
        case _:
            return Path(Temporal(kind), (operand(), operand()))


def a_run(rng: random.Random) -> Run:
    """Return a random run."""
    length = rng.randint(1, 6)
    letters: list[frozenset[Formula]] = [frozenset(rng.sample(ATOMS, rng.randint(0, 3))) for _ in range(length)]
    return letters, rng.randrange(length)


def truths(formula: Formula, run: Run) -> list[bool]:
    """Return at which positions of a run a formula is true, by the definitions of the operators."""
    letters, back = run
    size = len(letters)

    def after(at: int) -> int:
        return at + 1 if at + 1 < size else back

    match formula:
        case Atom():
            return [formula in letter for letter in letters]
        case Not(operand=operand):
            return [not truth for truth in truths(operand, run)]
        case And(operands=operands):
            return [all(each) for each in zip(*(truths(each, run) for each in operands), [True] * size, strict=True)]
        case Or(operands=operands):
            return [any(each) for each in zip(*(truths(each, run) for each in operands), [False] * size, strict=True)]
        case Path(op=op, operands=operands):
            inner = [truths(operand, run) for operand in operands]
            ways = [[at] for at in range(size)]
            for way in ways:
                for _ in range(2 * size):
                    way.append(after(way[-1]))
            return [_of_a_way(op, inner, way) for way in ways]
    raise AssertionError(formula)


def _of_a_way(op: Temporal, inner: Sequence[Sequence[bool]], way: Sequence[int]) -> bool:
    """Tell whether an operator holds at the first position of a way that is long enough to see every position."""
    first = [inner[0][at] for at in way]
    match op:
        case Temporal.NEXT:
            return first[1]
        case Temporal.FINALLY:
            return any(first)
        case Temporal.GLOBALLY:
            return all(first)
    second = [inner[1][at] for at in way]
    match op:
        case Temporal.UNTIL:
            return any(second[at] and all(first[:at]) for at in range(len(way)))
        case Temporal.WEAK_UNTIL:
            return all(first) or any(second[at] and all(first[:at]) for at in range(len(way)))
        case _:
            return all(second) or any(first[at] and all(second[: at + 1]) for at in range(len(way)))


def accepts(made: Automaton, run: Run, again: Sequence[Formula] = ()) -> bool:
    """Tell whether an automaton accepts a run that comes again and again to where some predicates are true."""
    letters, back = run
    seen = [truths(goal, run) for goal in again]
    graph = nx.DiGraph()
    waiting = [(0, 0)]
    graph.add_nodes_from(waiting)
    for at, state in waiting:
        here = {atom.expr for atom in letters[at] if isinstance(atom, Atom)}
        for letter, target, bits in made.moves[state]:
            if letter.true <= here and not letter.false & here:
                end = (at + 1 if at + 1 < len(letters) else back, target)
                if end not in graph:
                    waiting.append(end)
                found = graph.get_edge_data((at, state), end, {"bits": 0})["bits"]
                graph.add_edge((at, state), end, bits=found | bits)
    for component in nx.strongly_connected_components(graph):
        inside = list(graph.subgraph(component).edges(data="bits"))
        collected = 0
        for _, _, bits in inside:
            collected |= bits
        comes = all(any(truth[at] for (at, _), _, _ in inside) for truth in seen)
        if inside and collected == made.everything and comes:
            return True
    return False


def pairs() -> Iterator[tuple[Formula, list[Run]]]:
    """Yield random formulas, each with random runs."""
    rng = random.Random(20)
    for _ in range(FORMULAS):
        yield drawn(rng, rng.choice([2, 3, 3, 4])), [a_run(rng) for _ in range(RUNS)]


def test_automata_accept_what_the_definitions_say() -> None:
    """A formula, its normal form, its simplified form and its automaton have one truth on every run."""
    said = {True: 0, False: 0}
    smaller = apart = 0
    for formula, runs in pairs():
        usual = normal(formula)
        short = simplified(usual)
        made = automaton(formula)
        rest, again = recurring(short, lambda goal: True)
        smaller += short != usual
        apart += bool(again)
        for run in runs:
            truth = truths(formula, run)[0]
            said[truth] += 1
            assert truths(usual, run)[0] == truth
            assert truths(short, run)[0] == truth, formula
            assert accepts(made, run) == truth, formula
            assert accepts(automaton(rest), run, again) == truth, formula
    assert min(said.values()) > FORMULAS
    assert smaller > FORMULAS / 4
    assert apart > FORMULAS / 50


def compound(rng: random.Random, depth: int) -> Formula:
    """Return a goal that takes more than one position to meet, or has to be met forever."""
    if depth == 0:
        return rng.choice([*ATOMS, Not(rng.choice(ATOMS))])
    first, second = compound(rng, depth - 1), compound(rng, rng.randrange(depth))
    kinds = [And((first, second)), And((first, NEXT(second))), NEXT(first), GLOBALLY(first), FINALLY(first)]
    return rng.choice([*kinds, Path(Temporal.UNTIL, (first, second)), Path(Temporal.WEAK_UNTIL, (first, second))])


def test_compound_goals_under_g_x_f() -> None:
    """`G(X(F(goal)))` and its negation: what is put off is told from what is met, on runs of either kind."""
    rng = random.Random(59)
    said = {True: 0, False: 0}
    for _ in range(FORMULAS // 3):
        goal = compound(rng, rng.choice([1, 1, 2]))
        formula = GLOBALLY(NEXT(FINALLY(goal)))
        made, denied = automaton(formula), automaton(Not(formula))
        for run in (a_run(rng) for _ in range(RUNS)):
            truth = truths(formula, run)[0]
            said[truth] += 1
            assert accepts(made, run) == truth, formula
            assert accepts(denied, run) != truth, formula
    assert min(said.values()) > FORMULAS / 5


GOALS: dict[str, tuple[Callable[[Term, Term], Term], Verdict]] = {
    "p & q": (lambda p, q: p & q, Verdict.VIOLATED),
    "G(p)": (lambda p, q: G(p), Verdict.VIOLATED),
    "G(p & ~q)": (lambda p, q: G(p & ~q), Verdict.HOLDS),
    "p & X(q) & F(q)": (lambda p, q: p & X(q) & F(q), Verdict.VIOLATED),
    "p & q & X(X(p))": (lambda p, q: p & q & X(X(p)), Verdict.VIOLATED),
    "G(p) & F(q)": (lambda p, q: G(p) & F(q), Verdict.VIOLATED),
    "G(F(p)) & G(F(~p))": (lambda p, q: G(F(p)) & G(F(~p)), Verdict.VIOLATED),
    "p & X(X(p) & ~X(p))": (lambda p, q: p & X(X(p) & ~X(p)), Verdict.HOLDS),
    "X(~p & q) & X(X(p & ~q))": (lambda p, q: X(~p & q) & X(X(p & ~q)), Verdict.HOLDS),
}


@pytest.mark.parametrize("name", GOALS)
def test_no_run_meets_a_goal_again_and_again(name: str) -> None:
    """Two flags that are turned in any order, one at a time: `~G(X(F(goal)))` is violated where one run meets it.

    A run can turn both, in turn or one of them alone; but it turns one in every step, and never two.
    """
    goal, verdict = GOALS[name]
    machine = Machine("m")
    p, q = machine.flag("p"), machine.flag("q")
    machine.step("flip p", then={p: ~p})
    machine.step("flip q", then={q: ~q})
    system = System("s", machine)
    system.holds("not again", ~G(X(F(goal(p, q)))))
    assert check(system.build()).answer("not again").verdict is verdict


def nested(operands: Sequence[Formula], op: Temporal) -> Formula:
    """Return operators inside each other, the last operand innermost."""
    formula = operands[-1]
    for operand in reversed(operands[:-1]):
        formula = Path(op, (operand, formula))
    return formula


WIDE = [Atom(Constant(number)) for number in range(80)]


def path(op: Temporal) -> Callable[[Formula], Formula]:
    """Return what puts an operator before a formula."""
    return lambda operand: Path(op, (operand,))


NEXT, FINALLY, GLOBALLY = map(path, (Temporal.NEXT, Temporal.FINALLY, Temporal.GLOBALLY))


@pytest.mark.parametrize(
    ("formula", "most"),
    [
        (GLOBALLY(FINALLY(GLOBALLY(FINALLY(WIDE[0])))), 1),
        (FINALLY(GLOBALLY(FINALLY(GLOBALLY(WIDE[0])))), 2),
        (Not(nested(WIDE[:40], Temporal.UNTIL)), 41),
        (nested(WIDE[:40], Temporal.UNTIL), 41),
        (Or(tuple(GLOBALLY(FINALLY(atom)) for atom in WIDE)), 1),
        (And(tuple(FINALLY(GLOBALLY(atom)) for atom in WIDE)), 2),
        (Or(tuple(FINALLY(GLOBALLY(atom)) for atom in WIDE)), 161),
    ],
)
def test_automata_stay_small(formula: Formula, most: int) -> None:
    """Formulas of the contest's kind, and untils inside each other, have automata with few states and one bit."""
    made = automaton(formula)
    assert len(made.states) <= most
    assert made.untils <= 1


# -- budgets ---------------------------------------------------------------------------------------------------------


def asked(formula: Callable[[Callable[[int], object]], object], top: int = 40) -> PropertyAnswer:
    """Return the answer to a formula about a number that goes round from 0 to 40."""
    machine = Machine("m")
    count = machine.count("c", up_to=top)
    machine.step("up", when=count < top, then={count: count + 1})
    machine.step("back", when=count == top, then={count: 0})
    system = System("s", machine)
    system.holds("p", formula(lambda number: count == number))  # type: ignore[arg-type]
    return check(system.build()).answer("p")


NUMBERS = range(41)
LARGE: dict[str, tuple[Callable[[Callable[[int], object]], object], Verdict]] = {
    "all F": (lambda is_: all_of(F(is_(n)) for n in NUMBERS), Verdict.HOLDS),
    "all GF": (lambda is_: all_of(G(F(is_(n))) for n in NUMBERS), Verdict.HOLDS),
    "any FG": (lambda is_: any_of(F(G(is_(n))) for n in NUMBERS), Verdict.VIOLATED),
    "not all GF": (lambda is_: ~all_of(G(F(is_(n))) for n in NUMBERS), Verdict.VIOLATED),
    "all GF implies": (lambda is_: all_of(G(F(is_(n))) for n in NUMBERS).implies(F(is_(40))), Verdict.HOLDS),
    "responses": (lambda is_: G(all_of(is_(n).implies(F(is_((n + 1) % 41))) for n in NUMBERS)), Verdict.HOLDS),
    "all XF": (lambda is_: all_of(X(F(is_(n))) for n in NUMBERS), Verdict.HOLDS),
    "more than 64 predicates": (lambda is_: all_of(U(~is_(n), is_(n)) for n in range(70)), Verdict.HOLDS),
    "not all F": (lambda is_: ~all_of(F(is_(n)) for n in NUMBERS), Verdict.UNKNOWN),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_formulas_are_answered_or_unknown_in_seconds(name: str) -> None:
    """41 untils are answered in their usual forms; what has no small automaton is unknown, and says why."""
    formula, verdict = LARGE[name]
    begun = time.perf_counter()
    answer = asked(formula, top=70 if "64" in name else 40)
    assert time.perf_counter() - begun < 60
    assert answer.verdict is verdict
    assert ("its automaton" in answer.scope) is (verdict is Verdict.UNKNOWN)


def test_one_formula_beyond_the_budget_leaves_the_others() -> None:
    """Of two questions of one system, one is unknown with the reason, the other is answered."""
    machine = Machine("m", states=["a", "b"])
    numbers = [machine.count(f"c{n}", up_to=1) for n in range(14)]
    machine.step("go", source="a", dest="b", then=dict.fromkeys(numbers, 1))
    system = System("s", machine)
    system.holds("large", ~all_of(F(number == 1) for number in numbers))
    system.holds("small", F(machine.state == "b"))
    result = check(system.build())
    assert [answer.verdict for answer in result.properties] == [Verdict.UNKNOWN, Verdict.HOLDS, Verdict.HOLDS]
    assert result.answer("large").scope.startswith("its automaton takes more than 4,000,000 steps")


@pytest.mark.parametrize(
    ("budget", "least"), [("MOST_STATES", 3), ("MOST_MOVES", 2), ("MOST_WORK", 1), ("MOST_UNTILS", 1)]
)
def test_budgets_are_named(budget: str, least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each budget ends the making of an automaton, and the reason names its size."""
    monkeypatch.setattr(automata, budget, least)
    automaton.cache_clear()
    formula = GLOBALLY(And(tuple(Or((WIDE[n], FINALLY(WIDE[n + 9]))) for n in range(4))))
    with pytest.raises(TooLargeError, match=f"more than {least}"):
        automaton(formula)


def test_parts_are_taken_apart_where_that_is_the_same() -> None:
    """A conjunction on every run is one of its parts on every run; one on some run is not."""
    parts = (FINALLY(WIDE[0]), NEXT(WIDE[1]))
    every = answered_apart(Quantified(True, And(parts)))
    assert every == And((Quantified(True, parts[0]), Quantified(True, And((parts[1],)))))
    for kept in (Quantified(False, And(parts)), Quantified(True, Or(parts)), Quantified(True, FINALLY(And(parts)))):
        assert answered_apart(kept) == kept
