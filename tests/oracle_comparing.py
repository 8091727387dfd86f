"""The engine against the second oracle on one plain system: what differs, in words, one list for each way to search."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from quiesce.core.errors import EngineError, SpecificationError
from quiesce.core.result import PropertyAnswer, SystemAnswers
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.engines.native.checkpoint import JOURNAL
from quiesce.engines.options import Limits, Strategy
from tests.oracle import symmetry, traces
from tests.oracle.answers import LOCAL, UNKNOWN, Answer, answered
from tests.oracle.data import Question, System, speaks_of_steps
from tests.oracle.graph import Graph, TooLargeError, searched
from tests.oracle_language import built, plain_trace

MOST_STATES = 80
STOPPED_AT = 4
"""So many states are enough for the first part of a search that is stopped and gone on with."""


class Case:
    """A plain system, what the oracle says of it, and what the engine says, searching in some way."""

    def __init__(self, plain: System) -> None:
        self.plain = plain
        self.graph: Graph = searched(plain, MOST_STATES)

    @cached_property
    def built(self) -> SystemData:
        """The system as the package has it."""
        return built(self.plain)

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """The oracle's answers by the names of the questions."""
        return {question.name: answered(self.graph, question) for question in self.plain.questions}

    @cached_property
    def searched_plainly(self) -> SystemAnswers:
        """The engine's answers by one thread."""
        return check(self.built, strategy=Strategy(workers=1))

    @cached_property
    def searched_by_symmetry(self) -> SystemAnswers:
        """The engine's answers by one state of each orbit."""
        return check(self.built, strategy=Strategy(workers=1, symmetry=True))

    @property
    def reduced(self) -> list[str]:
        """The machines that were taken for symmetric; none where the engine refutes its own answer."""
        try:
            told = re.match(r"symmetry of (.*): one state", self.searched_by_symmetry.reduction or "")
        except EngineError:
            return []
        return [] if told is None else told[1].split(" and ")


# -- each way to search -----------------------------------------------------------------------------------------------


def counts(case: Case) -> list[str]:
    """A search of all states by one thread: how many, how many transitions, and how deep."""
    return _counts(case, case.searched_plainly)


def states_and_steps(case: Case) -> list[str]:
    """What states and steps decide: the verdict, and the very trace, step by step."""
    return _questions(case, case.searched_plainly, _exactly, LOCAL)


def graphs(case: Case) -> list[str]:
    """What the graph decides, `always_possible` and `bisimilar`: the verdict, and the very trace."""
    return _questions(case, case.searched_plainly, _exactly, ("always_possible", "bisimilar"))


def runs(case: Case) -> list[str]:
    """What runs decide: the verdict, and a run that is possible, fair, and shows it."""
    return _questions(case, case.searched_plainly, _exactly, ("holds",))


def vacuity(case: Case) -> list[str]:
    """Which properties say nothing."""
    found = []
    for question in case.plain.questions:
        answer, wanted = case.searched_plainly.answer(question.name), case.answers[question.name]
        judged = answer.verdict.value in wanted.verdicts and wanted.vacuous is not None
        if judged and ("vacuous" in answer.flags) is not wanted.vacuous:
            found.append(f"{question.name} ({question.kind}): vacuous should be {wanted.vacuous}")
    return found


def two_threads(case: Case) -> list[str]:
    """A search by two threads: the same as by one, traces included."""
    return _alike(case, check(case.built, strategy=Strategy(workers=2)))


def stopped_and_resumed(case: Case) -> list[str]:
    """A search that is stopped after a few states knows nothing that is wrong, and comes to the same result later."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "search"
        stopped = check(
            case.built, strategy=Strategy(workers=2, checkpoint=folder), limits=Limits(max_states=STOPPED_AT)
        )
        found = _questions(case, stopped, _if_decided)
        if not (folder / JOURNAL).exists():
            return [*found, "nothing was kept"]
        return found + _alike(case, check(case.built, strategy=Strategy(workers=2, resume=folder)))


def by_symmetry(case: Case) -> list[str]:
    """A search of one state of each orbit: as many as brute force counts, and the verdicts of the search of all."""
    result = case.searched_by_symmetry
    return _orbits(case, result) + _questions(case, result, _not_placed)


def symmetry_found(case: Case) -> list[str]:
    """Copies are interchangeable as long as nobody picks one out: then they are taken for symmetric."""
    missed = [name for name in symmetry.unnamed(case.plain) if name not in case.reduced]
    return [f"{name} is symmetric, and was not found" for name in missed]


def by_partial_order(case: Case) -> list[str]:
    """A search that leaves out steps: what it answers is right, and it refuses only what is not of states."""
    result = check(case.built, strategy=Strategy(workers=1, partial_order=True))
    found = _questions(case, result, _perhaps_longer)
    if result.states > len(case.graph.depths):
        found.append(f"{result.states} states, more than there are")
    return found


WAYS: dict[str, Callable[[Case], list[str]]] = {
    "counts": counts,
    "states and steps": states_and_steps,
    "graphs": graphs,
    "runs": runs,
    "vacuity": vacuity,
    "two threads": two_threads,
    "stop and resume": stopped_and_resumed,
    "symmetry": by_symmetry,
    "symmetry is found": symmetry_found,
    "partial order": by_partial_order,
}


def differences(case: Case, way: str) -> list[str]:
    """Return what differs in one way to search; an answer that the engine itself refutes is no answer."""
    try:
        return WAYS[way](case)
    except EngineError as error:
        return [f"no answer: {error}"]


def shape(difference: str) -> str:
    """Return a difference without what it is about, so that it can be known again in a smaller system."""
    return re.sub(r"^p\d+ |\d+|'p\d+'", "", difference.partition("Trace(")[0])[:50]


def shapes(plain: System, way: str) -> set[str]:
    """Return how a system differs in one way to search; nothing where it cannot be written, or has no start."""
    try:
        case = Case(plain)
        return {shape(found) for found in differences(case, way)} if case.graph.levels and case.built else set()
    except (SpecificationError, TooLargeError, LookupError, StopIteration, TypeError, ValueError, AttributeError):
        return set()


# -- what is compared -------------------------------------------------------------------------------------------------


def _counts(case: Case, result: SystemAnswers) -> list[str]:
    graph = case.graph
    wanted = {"states": len(graph.depths), "transitions": graph.transitions, "depth": len(graph.levels) - 1}
    return [
        f"{getattr(result, word)} {word}, not {number}"
        for word, number in wanted.items()
        if getattr(result, word) != number
    ]


def _alike(case: Case, result: SystemAnswers) -> list[str]:
    one, other = case.searched_plainly, result
    found = [
        f"{word}: {getattr(one, word)} and {getattr(other, word)}"
        for word in ("states", "transitions", "depth", "stopped")
        if getattr(one, word) != getattr(other, word)
    ]
    pairs = zip(one.properties, other.properties, strict=True)
    return found + [f"{left.property.name} differs" for left, right in pairs if left != right]


Compared = Callable[[Case, Question, PropertyAnswer, Answer], list[str]]


def _questions(case: Case, result: SystemAnswers, compared: Compared, kinds: Sequence[str] | None = None) -> list[str]:
    found = []
    for question in case.plain.questions:
        if kinds is not None and question.kind not in kinds:
            continue
        wrong = compared(case, question, result.answer(question.name), case.answers[question.name])
        found += [f"{question.name} ({question.kind}): {text}" for text in wrong]
    return found


def _exactly(case: Case, question: Question, answer: PropertyAnswer, wanted: Answer) -> list[str]:
    """The verdict, and the very trace where the reference fixes it."""
    found = _not_placed(case, question, answer, wanted)
    trace = plain_trace(answer)
    if not found and wanted.trace is not None and trace != wanted.trace:
        found.append(f"the trace is {trace}, not {wanted.trace}")
    return found


def _not_placed(case: Case, question: Question, answer: PropertyAnswer, wanted: Answer) -> list[str]:
    """The verdict, and a trace that shows it, as short as can be."""
    if answer.verdict.value not in wanted.verdicts:
        return [f"{answer.verdict.value}, not {' or '.join(sorted(wanted.verdicts))}"]
    return _shown(case, question, answer, wanted, shortest=True)


def _perhaps_longer(case: Case, question: Question, answer: PropertyAnswer, wanted: Answer) -> list[str]:
    """The verdict, for a question of states; and a trace that shows it."""
    of_states = question.kind in ("always", "never", "sometimes") and not speaks_of_steps(question.formula)
    if not (of_states or question.kind == "domains" or (question.kind == "no_deadlock" and not question.stuttering)):
        return [] if answer.verdict.value == UNKNOWN else [f"{answer.verdict.value}, and it is not one of states"]
    if answer.verdict.value not in wanted.verdicts:
        return [f"{answer.verdict.value}, not {' or '.join(sorted(wanted.verdicts))}"]
    return _shown(case, question, answer, wanted, shortest=False)


def _if_decided(case: Case, question: Question, answer: PropertyAnswer, wanted: Answer) -> list[str]:
    """Nothing, or what the search of all states says as well."""
    return [] if answer.verdict.value == UNKNOWN else _not_placed(case, question, answer, wanted)


def _shown(case: Case, question: Question, answer: PropertyAnswer, wanted: Answer, *, shortest: bool) -> list[str]:
    trace = plain_trace(answer)
    if trace is None:
        return ["there is no trace"] if wanted.trace is not None else []
    return traces.faults(case.graph, question, trace, answer.verdict.value, shortest=shortest)


def _orbits(case: Case, result: SystemAnswers) -> list[str]:
    """The machines that were taken for symmetric are, and their orbits are as many as were searched."""
    told = re.match(r"symmetry of (.*): one state of each orbit, for ([\d,]+) states", result.reduction or "")
    if told is None:
        return _counts(case, result)
    names = told[1].split(" and ")
    found = [f"{name} is not symmetric" for name in names if not symmetry.is_exchangeable(case.graph, name)]
    if found:
        return found
    orbits = symmetry.counted(case.graph, names)
    states = int(told[2].replace(",", ""))
    if (result.states, result.transitions) != (orbits.orbits, orbits.transitions):
        found.append(f"{result.states} orbits and {result.transitions} transitions, not {orbits}")
    if states != len(case.graph.depths) or result.depth != len(case.graph.levels) - 1:
        found.append(f"they stand for {states} states of depth {result.depth}")
    return found
