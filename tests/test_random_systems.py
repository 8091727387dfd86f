"""Reference search and native engine give one answer on random systems: counts, verdicts and the very traces."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import event, given, note, reject, settings

from quiesce import Machine, SpecificationError, System, after, all_of, any_value, argument, happens
from quiesce.core.result import Verdict
from tests.strategies import DRAWING, described, features, systems
from tests.test_engines import agreed

MOST_STATES = 120
EXAMPLES = int(os.environ.get("QUIESCE_RANDOM_SYSTEMS", "0"))
"""How many systems to draw instead of those that are always the same: for a long run, with --hypothesis-seed."""

DRAWN, DIFFERENT = 950, 500
"""Hypothesis repeats itself: so many are drawn, and at least so many of them differ."""


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


SEEN: Counter[str] = Counter()
AGREED: set[str] = set()
"""The systems on which the engines agreed, as text; one that fails is never among them, so that it can be shrunk."""


def test_both_engines_give_one_answer_on_random_systems() -> None:
    """States, transitions, depth, stop, and each property's verdict, scope, flags and trace are the same."""
    _compare()
    assert EXAMPLES or len(AGREED) >= DIFFERENT


@settings(DRAWING, max_examples=EXAMPLES or DRAWN)
@given(systems())
def _compare(written: System) -> None:
    system = written.build()
    text = described(system)
    note(text)
    if text in AGREED:
        SEEN["repeated"] += 1
        return
    try:
        answer = agreed(written, max_states=MOST_STATES)
    except SpecificationError as error:
        SEEN["discarded"] += 1
        if error.code != "Q15":
            raise
        reject()
    AGREED.add(text)
    seen = features(system)
    seen |= {f"{each.property.kind.value} {each.verdict.value}" for each in answer.properties}
    seen.add("stopped" if answer.stopped else "complete")
    seen.add(f"states: 10^{len(str(answer.states)) - 1}")
    seen |= {f"trace: {min(each.trace.length, 4)}" for each in answer.properties if each.trace}
    SEEN["systems"] += 1
    SEEN.update(seen)
    for feature in seen:
        event(feature)


# -- what random systems seldom show ----------------------------------------------------------------------------------


def test_a_step_that_leaves_a_domain_decides_no_step_property() -> None:
    """Only the step from x = 2 is asked about, and it is not followed: unknown."""
    machine = Machine("m")
    x = machine.count("x", up_to=2)
    machine.step("up", then={x: x + 1})
    system = System("s", machine)
    system.never("up from two", happens("m.up") & (x == 2))
    assert agreed(system).answer("up from two").verdict is Verdict.UNKNOWN


def test_a_step_that_leaves_a_domain_is_no_stuttering() -> None:
    """A state whose only step leaves a domain is no deadlock, with stuttering or without: unknown, not violated."""
    machine = Machine("m")
    x = machine.count("x", up_to=0)
    machine.step("up", then={x: x + 1})
    system = System("s", machine)
    system.no_deadlock("moving", stuttering=True)
    system.no_deadlock("alive")
    answers = agreed(system).properties
    assert [each.verdict for each in answers] == [Verdict.UNKNOWN, Verdict.UNKNOWN, Verdict.VIOLATED]


def test_a_product_of_negative_numbers_is_checked_against_its_domain() -> None:
    """y * z with y, z in -2..1: every pair is tried once, and where the product is 1, n = 1 is one more state."""
    machine = Machine("m")
    y, z = (machine.integer(name, -2, 1, initial=any_value) for name in "yz")
    n = machine.count("n", up_to=1)
    machine.step("multiply", when=n == 0, then={n: y * z})
    answer = agreed(System("s", machine))
    products = [a * b for a in range(-2, 2) for b in range(-2, 2)]
    ones = products.count(1)
    assert (answer.states, answer.transitions) == (16 + ones, 16)
    assert answer.answer("domains").verdict is Verdict.VIOLATED


def test_happens_tells_by_whom() -> None:
    """A copy goes when its own state changes, whoever else could have gone; a row of every copy is by each of them."""
    walker, gate = Machine("walker", copies=3, states=["here", "gone"]), Machine("gate")
    walker.calls("go", source="here", dest="gone")
    gate.on("go")
    gate.calls("call back")
    walker.on("call back", dest="here", every=True)
    system = System("s", walker, gate)
    moved = {c: (walker.state[c] == "here") & (after(walker.state[c]) == "gone") for c in walker}
    for c in walker:
        system.always(f"{c.index} goes itself", happens("go", by=c) == moved[c])
        everybody_here = all_of(walker.state[d] == "here" for d in walker)
        system.sometimes(f"{c.index} goes before the others", happens("go", by=c) & everybody_here)
        system.never(f"{c.index} never goes", happens("go", by=c))
    everybody = all_of(happens("call back", by=c) for c in walker) & happens("call back", by=walker)
    system.always("all are called back", happens("call back") == everybody)
    system.never("nobody goes without the gate", happens("go") & ~happens("go", by=gate))
    verdicts = [answer.verdict.value for answer in agreed(system).properties]
    assert verdicts == ["holds", "holds", "violated"] * 3 + ["holds"] * 3


def test_happens_tells_results_apart() -> None:
    """The result "ok" is returned from x = 0 and "no" from x = 1 only, so a step with "no" has a witness of 2 steps."""
    machine = Machine("m")
    x = machine.count("x", up_to=1)
    machine.on("go", when=x == 0, then={x: 1}, returns="ok")
    machine.on("go", when=x == 1, returns="no")
    system = System("s", machine)
    system.sometimes("no", happens("go", returns="no"))
    trace = agreed(system).answer("no").trace
    assert trace is not None
    assert trace.length == 2


def test_happens_tells_arguments_apart() -> None:
    """A door takes key 0 or 2 once the bell was rung softly: key 2 comes at step 2, and key 1 never."""
    machine = Machine("m", states=["shut", "open"])
    rung = machine.one_of("rung", ["no", "soft", "loud"])
    how, key = argument("how", ["soft", "loud"]), argument("key", range(3))
    machine.on("ring", how, source="shut", when=rung == "no", then={rung: how})
    machine.on("turn", key, source="shut", dest="open", when=(rung == "soft") & (key != 1), returns="click")
    system = System("s", machine)
    system.sometimes("rung softly", happens("ring", how="soft") & (after(rung) == "soft"))
    system.never("soft is not loud", happens("ring", how="soft") & (after(rung) == "loud"))
    system.sometimes("key 2", happens("turn", returns="click", key=2))
    system.sometimes("key 1", happens("turn", key=1))
    answer = agreed(system)
    verdicts = [answer.answer(name).verdict for name in ("rung softly", "soft is not loud", "key 2", "key 1")]
    assert verdicts == [Verdict.HOLDS, Verdict.HOLDS, Verdict.HOLDS, Verdict.VIOLATED]
    trace = answer.answer("key 2").trace
    assert trace is not None
    assert trace.length == 2


def test_accepts_of_an_every_row_asks_every_copy() -> None:
    """Two copies become ready one after the other, and the row of every copy is accepted after 2 steps."""
    machine = Machine("m", copies=2)
    ready = machine.flag("ready")
    machine.step("prepare", when=~ready, then={ready: True})
    machine.on("go", when=ready, every=True)
    system = System("s", machine)
    system.sometimes("accepted", machine.accepts("go"))
    trace = agreed(system).answer("accepted").trace
    assert trace is not None
    assert trace.length == 2
