"""The library's checks come out as their rows expect, and what the rows say is the reference interpreter's, not the
engine's.
"""

from __future__ import annotations

import pytest

from quiesce import expectations, library
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.expectations import Check
from quiesce.language.clauses import catalogue
from quiesce.language.parameters import parameters
from quiesce.language.systems import unfair
from tests.promote import promoted

ROWS = [row for file in library.checks() if file.name != library.BENCH_CHECKS for row in expectations.read(file)]
SMALL = 2000
"""Rows with at most this many states are computed again by the reference interpreter; the others take it minutes."""


def name(row: Check) -> str:
    """Return a short name of a row for the test report."""
    return f"{row.model} {row.why or dict(row.parameters)}"[:50]


def system(row: Check) -> System:
    """Return the system of a row."""
    return unfair(library.find(row.model).system(row.parameters), row.unfair)


@pytest.mark.parametrize("row", ROWS, ids=name)
def test_native_engine_meets_every_row(row: Check) -> None:
    """The native engine gives the counts, verdicts and trace lengths that the row took from the reference
    interpreter.
    """
    result = check(system(row), properties=None if row.expect is None else list(row.expect))
    assert expectations.deviations(row, result) == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.counts["states"] <= SMALL], ids=name)
def test_rows_are_those_of_the_reference(row: Check) -> None:
    """A row's counts, verdicts and lengths are what the reference interpreter gives today."""
    text = promoted(row)
    assert all(f"{key} = {value}\n" in text + "\n" for key, value in row.counts.items())
    for word, expected in (row.expect or {}).items():
        length = "" if expected.length is None else f", length = {expected.length} "
        assert f'"{word}" = ' in text
        assert f'"{expected.verdict.value}"{length}' in text


def test_large_rows_are_few() -> None:
    """Only models at their default bounds, and the flush, are left to `python -m tests.promote --verify`."""
    large = [row for row in ROWS if row.counts["states"] > SMALL]
    assert {row.model for row in large} == {"winsock", "ssp", "winsock_full", "starting"}
    assert len(large) < 30


MODELS = ("winsock", "chain", "ssp", "winsock_full", "starting")
DEFECTS = [(model, str(defect)) for model in MODELS for defect in library.defects(model)]


@pytest.mark.parametrize(("model", "defect"), DEFECTS)
def test_defects_are_caught_at_the_default_bounds(model: str, defect: str) -> None:
    """At a model's default bounds too, each defect breaks the properties that its check names."""
    row = next(row for row in ROWS if row.model == model and row.parameters.get("defect") == defect)
    result = check(library.find(model).system({"defect": defect}))
    assert row.expect is not None
    assert {result.answer(word).verdict for word in row.expect} == {Verdict.VIOLATED}


def test_every_defect_of_the_minimum_kill_set_is_there() -> None:
    """The defects that W0, F0 and the chain can show, of those that the catalogue wants caught at least, all have
    checks.
    """
    wanted = {
        *("M01", "M02", "M03", "M04", "M05", "M08", "M10", "M15", "M20", "M23", "M24", "M25", "M26", "M34", "M43"),
        *("M50", "M51", "S01", "S02", "S03", "S04", "S08", "S09", "S10", "S16", "S19", "S22"),
    }
    assert wanted <= {row.parameters["defect"] for row in ROWS if "defect" in row.parameters}


def test_first_two_answers_are_the_missions() -> None:
    """The report opens with the two sentences of the mission."""
    result = check(system(ROWS[[row.model for row in ROWS].index("winsock")]))
    assert [answer.property.name for answer in result.properties[:2]] == [
        "cleanups match startups",
        "resources reach zero",
    ]


def test_every_switch_has_a_row_for_each_value() -> None:
    """Each value of the switches A-01, A-02, A-06, A-10, A-23, A-24 and A-26 stands in a row."""
    switches = {
        "winsock": ["matched", "open_at_cleanup", "surplus_cleanup", "start_during_teardown"],
        "ssp": ["flush", "service_use"],
        "ssp_race": ["acquire", "owner"],
    }
    for model, names in switches.items():
        declared = parameters(library.find(model).function)
        for switch in names:
            used = {row.parameters.get(switch, declared[switch].default) for row in ROWS if row.model == model}
            assert used == set(declared[switch].choices or ()), (model, switch)


def test_core_clauses_are_named() -> None:
    """Every core clause is named by a row or a property of the library's models, or is a fact about the texts
    themselves.
    """
    clauses = catalogue(library.root())
    assert clauses is not None
    used = set().union(*(library.find(model).system().clauses for model in library.models()))
    missing = {name for name, clause in clauses.items() if clause.core and name not in used}
    # WSP-03 (the counter is one process's) needs two processes; SSP-02 and SSP-03 are the signature.
    assert missing == {"WSP-03", "SSP-02", "SSP-03"}
