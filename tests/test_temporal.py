"""Temporal formulas: what the engine answers is what a plain checker, built in another way, answers.

Random systems with random LTL, CTL and CTL* formulas under random fairness, and a handful whose answers are known.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import product

import pytest
from hypothesis import assume, event, given, note, settings

from quiesce import (
    AF,
    AG,
    AX,
    EF,
    EG,
    EX,
    A,
    E,
    F,
    G,
    Machine,
    R,
    SpecificationError,
    System,
    U,
    W,
    X,
    after,
    all_of,
    argument,
    deadlock,
    enabled,
    happens,
    strong,
    weak,
    where,
)
from quiesce.core.expressions import Temporal
from quiesce.core.fairness import FairnessConstraint, units
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, taken_apart
from quiesce.core.properties import Assumption, Property, PropertyKind, Strength
from quiesce.core.result import PropertyAnswer, Verdict
from quiesce.core.system import System as SystemData
from quiesce.core.vacuity import without_conclusions
from quiesce.engines.checking import check
from tests.strategies import DRAWING
from tests.temporal_oracle import Fairness, LeavesDomainError, Oracle, TooLargeError, about_states
from tests.temporal_strategies import questions, written

MOST_STATES = 48
EXAMPLES = int(os.environ.get("QUIESCE_RANDOM_SYSTEMS", "0"))
"""How many systems to draw instead of those that are always the same: for a long run, with --hypothesis-seed."""

DRAWN, PAIRS = 520, 1000
"""Hypothesis repeats itself: so many systems are drawn, and at least so many different questions are asked."""


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache; the kernels are kept there."""
    import_module("quiesce.engines.temporal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


# -- random systems, formulas and fairness -----------------------------------------------------------------------------

COMPARED: set[object] = set()
"""The questions on which both agreed, with their systems; one that fails is never among them, so it can be shrunk."""
KNOWN: set[object] = set()
"""The systems that were asked, so that no time is spent on one that Hypothesis repeats, until one has failed."""
SEEN: Counter[str] = Counter()


def test_random_questions_have_the_answers_of_the_plain_checker() -> None:
    """At least 1,000 pairs of a system and a question: one verdict, runs that show it, remedies that are true.

    The counts at the end keep the test able to fail: both verdicts, all logics, both strengths of fairness and every
    form of a run occur, and fairness decides.
    """
    _compare()
    print(*(f"{count:6,} {what}" for what, count in sorted(SEEN.items())), sep="\n")
    if EXAMPLES:
        return
    assert len(COMPARED) >= PAIRS
    for verdict in ("holds", "violated"):
        assert SEEN[f"verdict: {verdict}"] > 0.25 * len(COMPARED)
        for logic in ("LTL", "CTL", "CTL*"):
            assert SEEN[f"{logic}: {verdict}"] > 0.02 * len(COMPARED)
    for strength in ("weak", "strong"):
        assert SEEN[f"fairness: {strength}"] > 0.25 * len(COMPARED)
    assert SEEN["fairness: none"] > 0.1 * len(COMPARED)
    assert SEEN["fairness decides"] > 0.04 * len(COMPARED)
    assert SEEN["speaks of steps"] > 0.1 * len(COMPARED)
    assert SEEN["ends"] > 0.1 * len(COMPARED)
    for run in ("lasso", "ended", "cut off"):
        assert SEEN[f"run: {run}"] > 0.02 * len(COMPARED)
    for said in ("holds if", "no fairness", "excluded if"):
        assert SEEN[f"note: {said}"] > 0.02 * len(COMPARED)
    assert SEEN["vacuous"] > 0.01 * len(COMPARED)


@settings(DRAWING, max_examples=EXAMPLES or DRAWN, derandomize=EXAMPLES == 0)
@given(questions())
def _compare(asked: System) -> None:
    system = asked.build()
    place = (system.machines, system.initially)
    if place in KNOWN and not SEEN["failed"]:
        return
    note(written(system))
    oracle = small(system)
    assume(oracle is not None)
    assert oracle is not None
    try:
        _agree(oracle, place)
    except Exception:
        SEEN["failed"] += 1
        raise
    KNOWN.add(place)
    SEEN["systems"] += 1


def small(system: SystemData, *, most_states: int = MOST_STATES) -> Oracle | None:
    """Return the plain checker of a system; None where the system is too large for it, or has no run at all."""
    try:
        return Oracle(system, most_states=most_states)
    except (LeavesDomainError, TooLargeError) as reason:
        SEEN[f"discarded: {type(reason).__name__}"] += 1
    except SpecificationError as reason:
        if reason.code != "Q15":
            raise
        SEEN["discarded: no initial state"] += 1
    return None


def _agree(oracle: Oracle, place: object) -> None:
    """Check the answers to all questions of a system that were not asked before."""
    for answer in check(oracle.system).properties:
        pair = (place, answer.property.formula, answer.property.assuming)
        if answer.property.kind is PropertyKind.TEMPORAL and pair not in COMPARED:
            note(f"{answer.property.name}: {answer.verdict.value} {answer.scope} {answer.flags} {answer.note}")
            confirm(oracle, answer)
            COMPARED.add(pair)
            for feature in features(oracle, answer):
                SEEN[feature] += 1
                event(feature)


def confirm(oracle: Oracle, answer: PropertyAnswer) -> None:
    """Check an answer: its verdict, the run that shows it, the fairness that would help, and whether it is vacuous."""
    question = answer.property
    fairness = units(oracle.system, question)
    assert oracle.fair_states(fairness) == oracle.states, "a run that cannot go on fairly"
    assert (answer.verdict is Verdict.HOLDS) == oracle.holds(question)
    confirm_run(oracle, answer, fairness)
    if answer.verdict is Verdict.VIOLATED:
        confirm_remedy(oracle, answer, fairness)
    else:
        stronger = [replace(question, formula=formula) for formula in without_conclusions(question.formula)]
        assert ("vacuous" in answer.flags) == any(map(oracle.holds, stronger))


def confirm_run(oracle: Oracle, answer: PropertyAnswer, fairness: Fairness) -> None:
    """Check that there is a run where there must be one, that it is a fair run, and that it decides the formula.

    On a run that is cut off, the formula has one truth however it goes on.
    """
    formula = taken_apart(answer.property.formula)
    violated = answer.verdict is Verdict.VIOLATED
    assert answer.trace is not None or not (violated and logic(formula) == "LTL")
    if answer.trace is None:
        return
    run = oracle.graph_path(answer.trace)
    assert run.is_fair(fairness)
    if not about_states(formula):
        assert run.truths(formula, fairness) == {False}
    elif isinstance(formula, Quantified) and formula.universal is violated:
        assert run.truths(formula.operand, fairness) == {not violated}


def confirm_remedy(oracle: Oracle, answer: PropertyAnswer, fairness: Fairness) -> None:
    """Check what the note says of more fairness: that the formula holds then, or never, or that the loop is unfair."""
    question, trace = answer.property, answer.trace
    assert bool(answer.note) == (trace is not None and trace.loop is not None)
    holding, excluding = (_assumed(answer.note, words) for words in ("holds if", "excluded if"))
    if holding:
        assert oracle.holds(question, fairness + _units(oracle, question, holding))
    elif answer.note:
        assert answer.note.startswith("no fairness makes it hold")
        for assumptions in _all_fairness(oracle, question):
            assert not oracle.holds(question, fairness + _units(oracle, question, assumptions))
    if excluding:
        assert trace is not None
        assert not oracle.graph_path(trace).is_fair(fairness + _units(oracle, question, excluding))


def _assumed(said: str, words: str) -> list[Assumption]:
    """Return the assumptions that a note names after some words: "holds if `a`, `b` are weakly fair"."""
    found = re.search(rf"{words} ([^;]*) (?:is|are) (weak|strong)ly fair", said)
    if found is None:
        return []
    strength: Strength = "weak" if found[2] == "weak" else "strong"
    return [Assumption(trigger, strength) for trigger in re.findall("`([^`]+)`", found[1])]


def _units(oracle: Oracle, question: Property, assumptions: Sequence[Assumption]) -> tuple[FairnessConstraint, ...]:
    return units(oracle.system, replace(question, assuming=tuple(assumptions)))


def _all_fairness(oracle: Oracle, question: Property) -> Iterator[list[Assumption]]:
    """Yield what could be assumed: for LTL the strongest alone, which leaves the fewest runs."""
    triggers = list(dict.fromkeys(row.trigger for machine in oracle.system.machines for row in machine.rows))
    yield [Assumption(trigger, "strong") for trigger in triggers]
    if logic(taken_apart(question.formula)) != "LTL":
        for chosen in product((False, True), repeat=len(triggers)):
            yield [Assumption(trigger, "strong") for trigger, is_fair in zip(triggers, chosen, strict=True) if is_fair]


def logic(formula: Formula) -> str:
    """Return the least logic that has a formula: "state", "LTL", "CTL" or "CTL*"."""
    has_quantifier = any(isinstance(part, Quantified) for part in _parts(formula))
    if not has_quantifier:
        return "state" if about_states(formula) else "LTL"
    branching = about_states(formula) and all(
        isinstance(part.operand, Path) and all(map(about_states, part.operand.operands))
        for part in _parts(formula)
        if isinstance(part, Quantified)
    )
    return "CTL" if branching else "CTL*"


def _parts(formula: Formula) -> Iterator[Formula]:
    yield formula
    match formula:
        case Not(operand=operand) | Quantified(operand=operand):
            yield from _parts(operand)
        case And(operands=operands) | Or(operands=operands) | Path(operands=operands):
            for operand in operands:
                yield from _parts(operand)


def features(oracle: Oracle, answer: PropertyAnswer) -> set[str]:
    """Return what a question and its answer contain, in words."""
    question = answer.property
    fairness = units(oracle.system, question)
    formula = taken_apart(question.formula)
    parts = list(_parts(formula))
    found = {f"verdict: {answer.verdict.value}", f"{logic(formula)}: {answer.verdict.value}"}
    found |= {f"fairness: {unit.strength}" for unit in fairness} or {"fairness: none"}
    found |= {f"operator: {part.op.value}" for part in parts if isinstance(part, Path)}
    found |= {"speaks of steps"} if any(isinstance(part, Atom) and not about_states(part) for part in parts) else set()
    found |= {"ends"} if oracle.deadlocks else set()
    found |= {"vacuous"} if "vacuous" in answer.flags else set()
    if fairness and answer.verdict is Verdict.HOLDS and not oracle.holds(question, ()):
        found.add("fairness decides")
    if answer.trace is not None:
        ended = answer.trace.last in oracle.deadlocks
        found.add(f"run: {'lasso' if answer.trace.loop is not None else 'ended' if ended else 'cut off'}")
    if answer.verdict is Verdict.VIOLATED and answer.note:
        found |= {f"note: {words}" for words in ("holds if", "no fairness", "excluded if") if words in answer.note}
    return found


@settings(DRAWING, max_examples=100)
@given(questions())
def test_fixpoints_and_tableau_of_the_plain_checker_agree(asked: System) -> None:
    """For each temporal operator but X, E p and A p by fixpoints are what the tableau finds: two proofs of one fact."""
    system = asked.build()
    oracle = small(system, most_states=16)
    assume(oracle is not None)
    assert oracle is not None
    predicates = [part for question in system.properties for part in _parts(taken_apart(question.formula))]
    left, right = [part for part in predicates if isinstance(part, Atom) and about_states(part)][:2]
    for question, op in product(system.properties[:2], set(Temporal) - {Temporal.NEXT}):
        fairness = units(system, question)
        operands = (left,) if op in (Temporal.FINALLY, Temporal.GLOBALLY) else (left, right)
        path = Path(op, operands)
        sets = [oracle.satisfying(operand, fairness) for operand in operands]
        assert oracle.for_some(op, sets, fairness) == oracle.tableau(path, fairness).satisfying()
        assert oracle.for_all(op, sets, fairness) == oracle.states - oracle.tableau(Not(path), fairness).satisfying()


# -- answers that are known --------------------------------------------------------------------------------------------


def verdicts(asked: System) -> dict[str, bool]:
    """Return by name which questions hold, after every answer is confirmed by the plain checker."""
    return {name: answer.verdict is Verdict.HOLDS for name, answer in answered(asked).items()}


def answered(asked: System) -> dict[str, PropertyAnswer]:
    """Return the answers by name, after each is confirmed by the plain checker."""
    system = asked.build()
    oracle = Oracle(system)
    answers = [answer for answer in check(system).properties if answer.property.kind is PropertyKind.TEMPORAL]
    for answer in answers:
        confirm(oracle, answer)
    return {answer.property.name: answer for answer in answers}


def lock() -> tuple[System, Machine]:
    """Return two processes that compete for a lock: idle, waiting, critical."""
    process, mutex = Machine("process", copies=2, states=["idle", "waiting", "critical"]), Machine("mutex")
    taken = mutex.flag("taken")
    process.step("ask", source="idle", dest="waiting")
    process.calls("acquire", source="waiting", dest="critical")
    mutex.on("acquire", when=~taken, then={taken: True})
    process.step("work", source="critical")
    process.calls("release", source="critical", dest="idle")
    mutex.on("release", then={taken: False})
    return System("lock", process, mutex), process


def test_a_lock_needs_strong_fairness() -> None:
    """A waiting process is passed over forever though `acquire` is weakly fair to it; not if it is strongly fair.

    The lock is given away again and again, so `acquire` is never enabled forever (Lamport, The temporal logic of
    actions, 1994).
    """
    system, process = lock()
    first, second = process
    gets = G((process.state[first] == "waiting").implies(F(process.state[first] == "critical")))
    going = [weak("process.ask"), weak("release")]
    system.holds("nothing", gets, assuming=[])
    system.holds("weak", gets, assuming=[*going, weak("acquire")])
    system.holds("strong", gets, assuming=[*going, strong("acquire")])
    system.holds("strong, but nobody releases", gets, assuming=[weak("process.ask"), strong("acquire")])
    system.holds("exclusion", G(~all_of(process.state[one] == "critical" for one in (first, second))))
    answers = answered(system)
    assert {name: answer.verdict is Verdict.HOLDS for name, answer in answers.items()} == {
        "nothing": False,
        "weak": False,
        "strong": True,
        "strong, but nobody releases": False,
        "exclusion": True,
    }
    assert answers["weak"].note == "holds if `acquire` is strongly fair"
    assert answers["strong, but nobody releases"].note == "holds if `release` is weakly fair"


@pytest.mark.parametrize("resting", [False, True])
def test_nobody_waits_for_ever_in_peterson_s_algorithm(resting: bool) -> None:
    """Whoever asks gets in, by weak fairness; and without any, unless the other one can rest forever meanwhile.

    But nobody needs to ask again. (The algorithm as in Baier and Katoen 2008, example 2.25.)
    """
    turn = Machine("turn")
    holder = turn.one_of("holder", ["p", "q"])
    machines = {name: Machine(name, states=["away", "asking", "waiting", "critical"]) for name in "pq"}
    for name, other in (("p", "q"), ("q", "p")):
        one, two = machines[name], machines[other]
        if resting:
            one.step("rest", source="away")
        one.step("ask", source="away", dest="asking")
        one.calls(f"{name}.yield", source="asking", dest="waiting", fair="weak")
        turn.on(f"{name}.yield", then={holder: other})
        free = (two.state == "away") | (holder == name)
        one.step("enter", source="waiting", dest="critical", when=free, fair="weak")
        one.step("leave", source="critical", dest="away", fair="weak")
    p, q = machines.values()
    system = System("peterson", p, q, turn)
    gets = G((p.state == "waiting").implies(F(p.state == "critical")))
    system.holds("gets in", gets)
    system.holds("gets in, unfairly", gets, assuming=[])
    system.holds("comes again", G(F(p.state == "critical")))
    system.holds("exclusion", AG(~((p.state == "critical") & (q.state == "critical"))))
    assert verdicts(system) == {
        "gets in": True,
        "gets in, unfairly": not resting,
        "comes again": False,
        "exclusion": True,
    }


def still(**options: object) -> tuple[System, Machine]:
    """Return a machine that never does anything, in the state "s"; its row for `go` is fair if asked."""
    machine = Machine("m", states=["s", "t"])
    machine.step("go", source="t", dest="s", **options)
    return System("still", machine), machine


@pytest.mark.parametrize("fair", [None, "weak", "strong"])
def test_a_deadlock_has_no_next_state_in_ctl(fair: Strength | None) -> None:
    """At a deadlock AX p holds and EX p does not, whatever p is, and AF p, EG p, AG p, EF p are p."""
    system, machine = still(fair=fair)
    here, there = machine.state == "s", machine.state == "t"
    for name, p in (("here", here), ("there", there)):
        system.holds(f"AX {name}", AX(p))
        system.holds(f"EX {name}", EX(p))
        for operator in (AF, EF, AG, EG):
            system.holds(f"{operator.__name__} {name}", operator(p))
    assert verdicts(system) == {
        "AX here": True,
        "EX here": False,
        "AX there": True,
        "EX there": False,
        **{f"{word} here": True for word in ("AF", "EF", "AG", "EG")},
        **{f"{word} there": False for word in ("AF", "EF", "AG", "EG")},
    }


@pytest.mark.parametrize("fair", [None, "weak", "strong"])
def test_ltl_repeats_the_last_state_in_which_nothing_happens(fair: Strength | None) -> None:
    """At a deadlock the state stays as it is forever, and no event happens: formulas and their negations agree."""
    system, machine = still(fair=fair)
    here, there = machine.state == "s", machine.state == "t"
    true = {
        "G": G(here),
        "XX": X(X(here)),
        "no event": G(~happens("m.go")),
        "same": G(after(machine.state) == machine.state),
        "unchanged": G(machine.unchanged),
        "deadlock": F(G(deadlock)),
    }
    false = {
        "F": F(there),
        "XX there": X(X(there)),
        "XF there": X(F(there)),
        "events": G(F(happens("m.go"))),
        "an event": happens("m.go"),
        "U": U(here, there),
        "enabled": F(enabled("m.go")),
    }
    for name, formula in (true | false).items():
        system.holds(name, formula)
        system.holds(f"not {name}", ~formula)
    assert verdicts(system) == {
        **dict.fromkeys(true, True),
        **{f"not {name}": False for name in true},
        **dict.fromkeys(false, False),
        **{f"not {name}": True for name in false},
    }


def test_a_single_next_of_ltl_repeats_the_last_state_too() -> None:
    """X p is a formula about runs: at a deadlock it is p, unlike AX p; it is ~X(~p), and a part of X p & true."""
    system, machine = still()
    there = machine.state == "t"
    system.holds("X there", X(there))
    system.holds("not X not there", ~X(~there))
    system.holds("X here", X(~there))
    system.holds("AX there", AX(there))
    assert verdicts(system) == {"X there": False, "not X not there": False, "X here": True, "AX there": True}


def test_a_run_comes_to_its_end() -> None:
    """0, 1, 2 and no further: F at the end holds, G F of an event does not, and before the end X moves."""
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    machine.step("up", when=x < 2, then={x: x + 1})
    system = System("s", machine)
    system.holds("end", F(G(deadlock & (x == 2))))
    system.holds("forever", G(F(happens("m.up"))))
    system.holds("two steps", X(X(x == 2)) & X(X(X(x == 2))))
    system.holds("all steps", U(happens("m.up"), x == 2))
    system.holds("EX at the end", AG(EX(True)))
    system.holds("AX at the end", EF(AX(False)))
    system.holds("path of two", E(F(X(x == 2))) & ~E(F(X(x == 0) & (x == 2))))
    assert verdicts(system) == {
        "end": True,
        "forever": False,
        "two steps": True,
        "all steps": True,
        "EX at the end": False,
        "AX at the end": True,
        "path of two": True,
    }


def test_fg_is_not_af_ag() -> None:
    """p forever, or once not p and then p forever: F G p holds and AF AG p does not (Clarke and Draghicescu 1988).

    And AG EF p is no formula of LTL: it holds where G F p does not.
    """
    machine = Machine("m", states=["first", "between", "last"])
    machine.step("stay", source=["first", "last"])
    machine.step("go", source="first", dest="between")
    machine.step("arrive", source="between", dest="last")
    system = System("s", machine)
    p = machine.state != "between"
    system.holds("F G", F(G(p)))
    system.holds("AF AG", AF(AG(p)))
    system.holds("A F G", A(F(G(p))))
    system.holds("AG EF", AG(EF(machine.state == "last")))
    system.holds("G F", G(F(machine.state == "last")))
    system.holds("fair", G(F(machine.state == "last")), assuming=[weak("m.go"), weak("m.arrive")])
    assert verdicts(system) == {
        "F G": True,
        "AF AG": False,
        "A F G": True,
        "AG EF": True,
        "G F": False,
        "fair": True,
    }


def test_fairness_binds_paths_of_ctl() -> None:
    """Quantifiers range over fair runs: AF gains by fairness, EG loses, and AG, EF stay as they are."""
    machine = Machine("m", states=["off", "on"])
    machine.step("wait", source="off")
    machine.step("switch", source="off", dest="on")
    machine.step("rest", source="on")
    system = System("s", machine)
    on = machine.state == "on"
    for name, fairness in (("free", []), ("fair", [weak("m.switch")])):
        system.holds(f"AF {name}", AF(on), assuming=fairness)
        system.holds(f"EG {name}", EG(~on), assuming=fairness)
        system.holds(f"EF {name}", EF(on), assuming=fairness)
        system.holds(f"R {name}", E(R(on, ~on)), assuming=fairness)
        system.holds(f"W {name}", A(W(~on, AG(on))), assuming=fairness)
    assert verdicts(system) == {
        "AF free": False,
        "AF fair": True,
        "EG free": True,
        "EG fair": False,
        "EF free": True,
        "EF fair": True,
        "R free": True,
        "R fair": False,
        "W free": True,
        "W fair": True,
    }


def test_fairness_belongs_to_a_row_of_one_copy() -> None:
    """Each copy and each row gets its turn, and an argument may still be chosen alike every time."""
    machine, other = Machine("m", copies=2), Machine("n")
    lit, last = machine.flag("lit"), other.one_of("last", ["none", "left", "right", "drawn"])
    drawn, coin = other.flag("drawn"), argument("coin", [False, True])
    machine.step("toggle", then={lit: ~lit})
    other.step("move", then={last: "left"})
    other.step("move", then={last: "right"})
    other.step("draw", coin, then={drawn: coin, last: "drawn"})
    system = System("s", machine, other)
    first, second = machine
    each = G(F(lit[first])) & G(F(lit[second]))
    rows = G(F(last == "left")) & G(F(last == "right"))
    system.holds("copies, free", each, assuming=[])
    system.holds("copies", each, assuming=[weak("m.toggle")])
    system.holds("rows, free", rows, assuming=[])
    system.holds("rows", rows, assuming=[weak("n.move")])
    system.holds("draws", G(F(last == "drawn")), assuming=[weak("n.draw")])
    system.holds("arguments", G(F(drawn)), assuming=[strong("n.draw")])
    assert verdicts(system) == {
        "copies, free": False,
        "copies": True,
        "rows, free": False,
        "rows": True,
        "draws": True,
        "arguments": False,
    }


def test_an_assumption_replaces_what_rows_say() -> None:
    """A wheel stops unless its turn is fair: by its row, by an assumption, and not where nothing is assumed."""
    machine = Machine("m")
    at = machine.count("at", up_to=2)
    machine.step("turn", then={at: where(at == 2, 0, at + 1)}, fair="weak")
    machine.step("idle")
    system = System("s", machine)
    comes = G(F(at == 2))
    system.holds("row", comes)
    system.holds("assumed", comes, assuming=strong("m.turn"))
    system.holds("nothing", comes, assuming=[])
    system.holds("another", comes, assuming=weak("m.idle"))
    answers = answered(system)
    found = [answer.verdict is Verdict.HOLDS for answer in answers.values()]
    assert found == [True, True, False, False]
    assert answers["nothing"].note == answers["another"].note == "holds if `m.turn` is weakly fair"


def test_an_implication_without_a_premise_is_vacuous() -> None:
    """G(p -> F q) is flagged where p is never true, and not where p is true of some state."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("turn", then={x: where(x == 2, 0, x + 1)})
    system = System("s", machine)
    for value in range(4):
        system.holds(f"from {value}", G((x == value).implies(F(x == 0))))
        system.holds(f"AG from {value}", AG((x == value).implies(AF(x == 0))))
    answers = answered(system)
    assert all(answer.verdict is Verdict.HOLDS for answer in answers.values())
    assert [name for name, answer in answers.items() if "vacuous" in answer.flags] == ["from 3", "AG from 3"]
