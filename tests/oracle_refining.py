"""Random pairs of a concrete and a abstract plain system, and the engine against the second oracle on each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st

from quiesce.core.result import Refined as Result
from quiesce.engines.refinement import refine
from quiesce.language.systems import unobserved
from tests.oracle import traces
from tests.oracle.answers import HOLDS
from tests.oracle.data import (
    FALSE,
    TRUE,
    Claim,
    Copy,
    Expression,
    Machine,
    Question,
    Row,
    System,
    Value,
    Variable,
    nodes,
)
from tests.oracle.graph import searched
from tests.oracle.refinement import Comparison, without_observers
from tests.oracle_comparing import MOST_STATES
from tests.oracle_drawing import Drawing, Place
from tests.oracle_language import built, claiming, of_trace
from tests.oracle_strategies import drawn

CHANGES = (
    "nothing",
    "row lost",
    "row lost",
    "guard",
    "fairness",
    "domain",
    "initial",
    "row gained",
    "mapped",
    "mapped",
)
FORMS = ("F p", "G p", "G F p", "F G p", "p leads to q", "p U q", "AG EF p", "AF p", "EG p")


@dataclass(frozen=True)
class Pair:
    """A concrete system, a abstract one, and the claim that the first refines the second."""

    concrete: System
    abstract: System
    claim: Claim
    change: str


def pairs() -> st.SearchStrategy[Pair]:
    """Draw pairs, each made from one number."""
    return st.integers(0, 2**40).map(drawn_pair)


def drawn_pair(seed: int) -> Pair:
    """Return the pair of a number: a system, and what a small change leaves of it; the first with a clock too."""
    drawing = Drawing(Random(seed))
    base = replace(drawn(seed), questions=(), rest=None)
    if any(node[0] == "var" and node[1] == "log" for node in nodes(base.initially)):
        base = replace(base, initially=TRUE)
    abstract = without_observers(base)
    change = drawing.pick(CHANGES)
    mapping: tuple[tuple[tuple[str, int | None, str], Expression], ...] = ()
    if change == "mapped":
        mapping = _mapped(drawing, abstract)
    else:
        abstract = _changed(drawing, abstract, change)
    asked = tuple(
        Question(f"live{number}", "holds", _formula(drawing, abstract), assuming=_assumed(drawing, abstract))
        for number in range(drawing.number(1, 2))
    )
    concrete = _ticking(drawing, base) if drawing.chance(2) else base
    claim = Claim(mapping, tuple(question.name for question in asked))
    return Pair(concrete, replace(abstract, questions=asked), claim, change)


# -- changes ----------------------------------------------------------------------------------------------------------


def _changed(drawing: Drawing, system: System, change: str) -> System:
    machine = drawing.pick([one for one in system.machines if one.rows])
    if change in ("row lost", "guard", "fairness", "row gained"):
        at = drawing.number(0, len(machine.rows) - 1)
        rows = list(machine.rows)
        rows[at] = _changed_row(drawing, machine, rows[at], system, change)
        return _with(system, replace(machine, rows=tuple(rows)))
    if change in ("domain", "initial") and machine.variables:
        at = drawing.number(0, len(machine.variables) - 1)
        variables = list(machine.variables)
        variables[at] = _changed_variable(drawing, variables[at], change)
        return _with(system, replace(machine, variables=tuple(variables)))
    return system


def _changed_row(drawing: Drawing, machine: Machine, row: Row, system: System, change: str) -> Row:
    match change:
        case "row lost":
            return replace(row, when=FALSE)
        case "row gained":
            return replace(row, when=TRUE, sources=None)
        case "fairness":
            return replace(row, fair=drawing.pick([None, "weak", "strong"]))
    return replace(row, when=drawing.truth(Place(system.machines, machine), 0))


def _changed_variable(drawing: Drawing, variable: Variable, change: str) -> Variable:
    """Return a variable that starts elsewhere, or, if it is a number that starts low, one that does not go so high."""
    if change == "initial":
        return replace(variable, initial=(drawing.pick(variable.values),))
    if (
        variable.kind in ("count", "integer")
        and variable.values[-1] not in variable.initial
        and len(variable.values) > 2
    ):
        return replace(variable, values=variable.values[:-1])
    return variable


def _with(system: System, machine: Machine) -> System:
    machines = tuple(machine if one.name == machine.name else one for one in system.machines)
    return replace(system, machines=machines)


def _ticking(drawing: Drawing, system: System) -> System:
    """Return a system with a clock beside it, which goes round, stops at its top, or leaves it."""
    own: Expression = ("var", "clock", "hand", None)
    turn: Expression = ("where", ("<", own, ("const", 1)), ("+", own, ("const", 1)), ("const", 0))
    after = {"round": turn, "stops": ("const", 1), "leaves": ("+", own, ("const", 1))}
    how = drawing.pick(["round", "stops", "round", "leaves"])
    hand = Variable("hand", "count", (0, 1), (0,))
    when: Expression = ("<", own, ("const", 1)) if how == "stops" else TRUE
    row = Row("step", "clock.tick", when=when, then=(("hand", after[how]),), fair=drawing.pick([None, "weak"]))
    return replace(system, machines=(*system.machines, Machine("clock", None, (hand,), (row,))))


def _mapped(drawing: Drawing, system: System) -> tuple[tuple[tuple[str, int | None, str], Expression], ...]:
    """Return what one variable is said to be, in each copy: another value, now and then."""
    machine = drawing.pick([one for one in system.machines if one.variables and one.copies != 0])
    variable = drawing.pick(machine.variables)
    other: Value = drawing.pick(variable.values)
    mapping = []
    for number in machine.numbers:
        index: Expression | None = None if number is None else ("const", Copy(machine.name, number))
        own: Expression = ("var", machine.name, variable.name, index)
        test = drawing.test(Place(system.machines, naming=True))
        mapping.append(((machine.name, number, variable.name), ("where", test, ("const", other), own)))
    return tuple(mapping)


def _formula(drawing: Drawing, system: System) -> Expression:
    """Return a formula over predicates of states."""
    p, q = (drawing.truth(Place(system.machines, naming=True), 1) for _ in "pq")
    match drawing.pick(FORMS).split():
        case ["p", "leads", "to", "q"]:
            return ("G", ("implies", p, ("F", q)))
        case ["p", "U", "q"]:
            return ("U", p, q)
        case [one, "p"] if len(one) == 2:
            return (one[0], (one[1], p))
        case ["AG", "EF", "p"]:
            return ("A", ("G", ("E", ("F", p))))
        case [one, "p"]:
            return (one, p)
        case [one, two, "p"]:
            return (one, (two, p))
    raise AssertionError


def _assumed(drawing: Drawing, system: System) -> tuple[tuple[str, str], ...] | None:
    if not drawing.chance(3):
        return None
    triggers = sorted({row.trigger for machine in system.machines for row in machine.rows})
    return tuple((trigger, drawing.pick(["weak", "strong"])) for trigger in triggers if drawing.chance(2))


# -- comparing --------------------------------------------------------------------------------------------------------


class Compared:
    """A pair as both sides judge it; raises SpecificationError for one that nobody could write."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.concrete = claiming(pair.concrete, pair.claim)
        self.abstract = unobserved(built(pair.abstract), pair.claim.liveness)
        concrete, abstract = searched(pair.concrete, MOST_STATES), searched(pair.abstract, MOST_STATES)
        self.comparison = Comparison(concrete, abstract, pair.claim)
        self.wanted = self.comparison.refined() if concrete.levels and abstract.levels else None

    def result(self) -> Result:
        """Return the engine's answer."""
        return refine(self.concrete, self.concrete.refinements[0], self.abstract)

    def differences(self) -> list[str]:
        """Return what the engine says otherwise."""
        assert self.wanted is not None
        result, wanted = self.result(), self.wanted
        if result.verdict.value != wanted.verdict:
            return [f"{result.verdict.value}, not {wanted.verdict}"]
        found = self._trace(result)
        told = {answer.property.name: answer.verdict.value for answer in result.liveness}
        if wanted.verdict == HOLDS and told != wanted.liveness:
            found.append(f"of runs {told}, not {wanted.liveness}")
        return found

    def _trace(self, result: Result) -> list[str]:
        """The run to what is refused: possible, shortest, and refused indeed."""
        assert self.wanted is not None
        if result.trace is None:
            return [] if self.wanted.length is None else ["there is no run"]
        trace = of_trace(result.trace)
        found = traces.illegal(self.comparison.concrete, trace)
        if len(trace.steps) != self.wanted.length:
            found.append(f"a run of {len(trace.steps)} steps, and {self.wanted.length} are enough")
        if not found and trace.steps and self.comparison.allows(*trace.states[-2:]):
            found.append("the step at its end is allowed")
        return found
