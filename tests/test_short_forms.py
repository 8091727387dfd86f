"""The short forms of temporal questions, on a life cycle whose runs one can list: start, use again and again, stop."""

from __future__ import annotations

import pytest

from quiesce import Machine, System, deadlock, enabled, happens
from quiesce.core.result import Verdict
from quiesce.engines.checking import check


def life() -> tuple[Machine, System]:
    """Return a machine that is started, used any number of times, and perhaps stopped for good; stopping is fair."""
    machine = Machine("m", states=["new", "up", "over"])
    machine.step("start", source="new", dest="up")
    machine.step("use", source="up")
    machine.step("stop", source="up", dest="over", fair="weak")
    return machine, System("life", machine, rest=machine.state == "over")


def verdict(system: System) -> str:
    """Return the verdict on the first property."""
    return check(system.build()).properties[0].verdict.value


@pytest.mark.parametrize(("assuming", "expected"), [(None, "holds"), ([], "violated")])
def test_eventually_and_leads_to_need_the_fairness_of_stopping(assuming: object, expected: str) -> None:
    """The machine may be used forever, unless stopping is fair."""
    machine, system = life()
    system.eventually("over", machine.state == "over", assuming=assuming)
    assert verdict(system) == expected
    machine, system = life()
    system.leads_to("up comes down", machine.state == "up", deadlock, assuming=assuming)
    assert verdict(system) == expected


def test_precedes_is_about_the_first_time() -> None:
    """Starting comes before using; stopping does not come before using on the run that is never used."""
    _, system = life()
    system.precedes("start first", happens("m.start"), happens("m.use"))
    system.precedes("use first", happens("m.use"), happens("m.stop"))
    answers = check(system.build()).properties
    assert [answer.verdict for answer in answers[:2]] == [Verdict.HOLDS, Verdict.VIOLATED]
    trace = answers[1].trace
    assert trace is not None
    assert [step.label.trigger for step in trace.steps] == ["m.start", "m.stop"]


def test_at_most_once_of_events_and_of_states() -> None:
    """Starting happens once, using twice after three steps; being up is one stretch, being able to use too."""
    machine, system = life()
    system.at_most_once("start", happens("m.start"))
    system.at_most_once("use", happens("m.use"))
    system.at_most_once("up", machine.state == "up")
    system.at_most_once("usable", enabled("m.use"))
    answers = check(system.build()).properties
    assert [answer.verdict.value for answer in answers[:4]] == ["holds", "violated", "holds", "holds"]
    trace = answers[1].trace
    assert trace is not None
    assert trace.length == 3


def test_at_most_once_of_a_state_that_is_come_back_to() -> None:
    """A door that opens and shuts is open in more than one stretch: shown by opening it twice."""
    machine = Machine("m", states=["shut", "open"])
    machine.step("open", source="shut", dest="open")
    machine.step("shut", source="open", dest="shut")
    system = System("door", machine)
    system.at_most_once("open", machine.state == "open")
    (answer, _) = check(system.build()).properties
    assert answer.verdict is Verdict.VIOLATED
    assert answer.trace is not None
    assert [step.label.trigger for step in answer.trace.steps] == ["m.open", "m.shut", "m.open"]
