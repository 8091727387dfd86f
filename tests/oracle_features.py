"""What a random system of the second oracle shows, in words: so that nobody loses by accident what it is drawn for."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.data import Copy, Expression, Machine, Row, System, nodes, speaks_of_steps
from tests.oracle_comparing import Case
from tests.oracle_refining import Compared


def features(case: Case) -> set[str]:
    """Return what a system and its answers show."""
    found = set(_of_machines(case.plain)) | set(_of_graph(case)) | set(_of_answers(case))
    for machine in case.plain.machines:
        for row in machine.rows:
            found |= set(_of_row(machine, row))
    return found


def _of_machines(system: System) -> Iterator[str]:
    for machine in system.machines:
        if machine.copies is not None:
            yield f"copies: {min(machine.copies, 3)}"
        if machine.observer:
            yield "observer"
        for variable in machine.variables:
            yield f"variable: {variable.kind}"
            if variable.of is not None and None in variable.values:
                yield "owner"
            if len(variable.initial) > 1:
                yield "several initial values"
    if system.rest is not None:
        yield "rest"
    if len(system.initially) > 2:
        yield "initially"


def _of_row(machine: Machine, row: Row) -> Iterator[str]:
    if row.every:
        yield "every"
    for word in ("returns", "gets"):
        if getattr(row, word) is not None:
            yield f"observer: {word}" if machine.observer else word
    if row.fair is not None:
        yield f"fair: {row.fair}"
    for given in row.arguments:
        yield "argument"
        if given.of is not None:
            yield "argument: a copy"
    for expression in (row.when, *(effect for _, effect in row.then)):
        yield from _of_expression(expression, "row")


def _of_expression(expression: Expression, where: str) -> Iterator[str]:
    for node in nodes(expression):
        if node[0] == "const" and isinstance(node[1], Copy):
            yield f"{where}: a named copy"
        if node[0] == "acting":
            yield f"{where}: acting"
        if node[0] in ("==", "!=") and {node[1][0], node[2][0]} & {"acting", "arg"}:
            yield f"{where}: paired"


def _of_graph(case: Case) -> Iterator[str]:
    graph = case.graph
    yield f"states: 10^{len(str(len(graph.depths))) - 1}"
    for state in graph.depths:
        steps = graph.steps(state)
        if not steps:
            yield "deadlock"
        elif all(step.target is None for step in steps):
            yield "a state that can only leave"
        for step in steps:
            if step.target is None:
                yield "departure"
                numbers = [value for value in step.left if isinstance(value, int)]
                yield from ("departure: below" if value < 0 else "departure: above" for value in numbers)
            elif step.result is not None:
                yield "result"
    if case.reduced:
        yield "reduced"
    if any((case.plain.machine(name).copies or 0) > 2 for name in case.reduced):
        yield "reduced: three copies"


def _of_answers(case: Case) -> Iterator[str]:
    for question in case.plain.questions:
        answer = case.answers[question.name]
        of = " of steps" if question.kind != "holds" and speaks_of_steps(question.formula) else ""
        yield from (f"{question.kind}{of}: {verdict}" for verdict in answer.verdicts if len(answer.verdicts) == 1)
        yield from _of_expression(question.formula, "question")
        if answer.vacuous:
            yield "vacuous"
        if question.assuming:
            yield "assumed"
        trace = case.searched_plainly.answer(question.name).trace
        if trace is not None:
            yield "lasso" if trace.loop is not None else f"trace: {min(trace.length, 3)}"


def features_of_pair(compared: Compared) -> set[str]:
    """Return what a pair of systems shows."""
    concrete, abstract, wanted = compared.comparison.concrete, compared.comparison.abstract, compared.wanted
    assert wanted is not None
    found = {wanted.verdict, compared.pair.change, *(f"liveness: {verdict}" for verdict in wanted.liveness.values())}
    found |= {"concrete leaves"} if concrete.leaves else set()
    found |= {"abstract leaves"} if abstract.leaves else set()
    found |= {f"{wanted.verdict}, and it leaves"} if concrete.leaves or abstract.leaves else set()
    images = compared.comparison.images
    if any(images[state] == images[target] for state in concrete.depths for target in concrete.successors(state)):
        found.add("stutters")
    return found
