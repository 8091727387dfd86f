"""The library's checks come out as their rows expect, and what the rows say is the reference interpreter's, not the
engine's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from quiesce import SpecificationError, expectations, library, traceability
from quiesce.core.result import Verdict
from quiesce.core.system import System
from quiesce.engines.checking import check
from quiesce.expectations import Check
from quiesce.language.parameters import parameters
from quiesce.language.systems import unfair
from tests.promote import promoted

ROWS = [row for file in library.checks() if file.name != library.BENCH_CHECKS for row in expectations.read(file)]
SMALL = 300
"""Rows with at most this many states are computed again by the reference here, all of them by `promote --verify`."""

NAMED = {
    "M01": ["PW-01", "PW-03"],
    "M02": ["PW-05", "PW-10"],
    "M03": ["PW-01", "PW-10"],
    "M04": ["PW-01", "PW-09"],
    "M05": ["PW-09"],
    "M06": ["PW-11"],
    "M07": ["PW-11"],
    "M08": ["PW-11"],
    "M09": ["PW-09"],
    "M10": ["PW-05", "PR-03"],
    "M11": ["PW-16"],
    "M12": ["PW-05"],
    "M13": ["PW-10", "PW-24"],
    "M14": ["PW-15"],
    "M15": ["PW-01"],
    "M16": ["PW-01"],
    "M17": ["PW-03"],
    "M18": ["PW-22", "PL-05"],
    "M19": ["PW-22"],
    "M20": ["PW-05"],
    "M21": ["PW-05"],
    "M22": ["PW-12"],
    "M23": ["PW-04"],
    "M24": ["PW-06"],
    "M25": ["PW-06"],
    "M26": ["PW-04"],
    "M27": ["PW-07", "PW-24"],
    "M28": ["PL-01"],
    "M29": ["PL-05"],
    "M30": ["PW-07", "PW-24"],
    "M31": ["PW-20"],
    "M32": ["PW-20", "PW-21"],
    "M33": ["PW-05"],
    "M34": ["PW-05"],
    "M35": ["PW-21"],
    "M36": ["PW-08"],
    "M37": ["PW-08"],
    "M38": ["PW-19"],
    "M39": ["PW-19"],
    "M40": ["PW-06"],
    "M41": ["PR-01", "PR-02"],
    "M42": ["PW-14"],
    "M43": ["PW-05"],
    "M44": ["PW-13"],
    "M45": ["PW-18"],
    "M46": ["PW-09", "PR-01"],
    "M47": ["PR-01"],
    "M48": ["PR-05"],
    "M49": ["PR-02", "PL-04"],
    "M50": ["PW-16"],
    "M51": ["PW-16", "PW-17"],
    "M52": ["PW-16"],
    "M53": ["PW-17", "PW-24"],
    "M54": ["PW-18"],
    "M55": ["PW-18"],
    "M56": ["PW-16"],
    "M57": ["PW-18"],
    "M58": ["PL-05"],
    "M59": ["PW-11", "PW-14"],
    "M60": ["PW-26"],
    "M61": ["PW-01", "PW-16"],
    "M62": ["PW-12"],
    "M63": ["PW-02", "PW-16"],
    "M64": ["PW-25", "PW-17"],
    "M65": ["PW-23", "PL-05"],
    "M66": ["PW-23"],
    "M67": ["PW-25", "PW-05"],
    "M68": ["PL-05"],
    "M69": ["PW-05"],
    "M70": ["PW-01", "PW-02"],
    "M71": ["PW-02"],
    "M72": ["PW-02"],
    "M73": ["PW-01"],
    "M74": ["PW-02"],
    "M75": ["PW-14"],
    "M76": ["PW-14"],
    "M77": ["PR-02"],
    "M78": ["PW-06"],
    "S01": ["PS-01", "PS-03"],
    "S02": ["PS-02"],
    "S03": ["PS-02"],
    "S04": ["PS-08"],
    "S05": ["PS-09", "PS-08"],
    "S06": ["PS-10"],
    "S07": ["PS-10"],
    "S08": ["PS-04"],
    "S09": ["PS-04"],
    "S10": ["PS-05"],
    "S11": ["PS-02", "PS-07"],
    "S12": ["PS-06", "PS-13"],
    "S13": ["PS-02"],
    "S14": ["PS-07", "PS-08"],
    "S15": ["PS-07"],
    "S16": ["PS-06", "PS-11"],
    "S17": ["PS-12"],
    "S18": ["PS-10", "PS-03"],
    "S19": ["PS-01"],
    "S20": ["PS-09"],
    "S21": ["PS-14"],
    "S22": ["PS-07"],
    "S23": ["PS-08", "PS-12"],
}
"""The properties that the requirements, section 4, name for each defect."""


SWITCHES = {
    "winsock": ["matched", "open_at_cleanup", "surplus_cleanup", "start_during_teardown"],
    "winsock_full": ["open_at_cleanup", "network_down", "timeout"],
    "ws2_32": ["start"],
    "leaving": ["exit"],
    "ssp": ["flush", "service_use"],
    "ssp_race": ["acquire", "owner"],
    "ssp_full": ["flush", "acquire", "owner", "foreign", "lookup"],
}
"""The ambiguities of the sources that are parameters, by model."""


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
    """What is left to `python -m tests.promote --verify` stays small enough for that."""
    large = [row.counts["states"] for row in ROWS if row.counts["states"] > SMALL]
    assert sum(large) < 500_000


DEFECTS = [(model, defect) for model in library.models() for defect in library.defects(model)]


@pytest.mark.parametrize(("model", "defect"), DEFECTS)
def test_defects_are_caught_at_the_default_bounds(model: str, defect: str) -> None:
    """At a model's default bounds too, each defect breaks the properties that its check names."""
    row = next(row for row in ROWS if row.model == model and row.parameters.get("defect") == defect)
    switches = {name: value for name, value in row.parameters.items() if isinstance(value, str)}
    result = check(library.find(model).system(switches))
    assert row.expect is not None
    assert {result.answer(word).verdict for word in row.expect} == {Verdict.VIOLATED}


def test_every_defect_of_the_catalogue_is_caught() -> None:
    """Each of the 101 defects is a variation of some model, has a check, and is named by a model once only."""
    named = [defect for _, defect in DEFECTS]
    assert len(named) == len(set(named))
    assert set(traceability.defects()) == set(named) == set(traceability.caught())
    wanted = {*(f"M{number:02}" for number in range(1, 79)), *(f"S{number:02}" for number in range(1, 24))}
    assert set(named) == wanted


def test_properties_that_catch_are_of_the_catalogue() -> None:
    """Each defect is caught by one of the properties that the requirements name for it."""
    for name, catch in traceability.caught().items():
        assert any(word.startswith(tuple(NAMED[name])) for word, _ in catch.broken), name


def test_first_two_answers_are_the_missions() -> None:
    """The report opens with the two sentences of the mission."""
    result = check(system(ROWS[[row.model for row in ROWS].index("winsock")]))
    assert [answer.property.name for answer in result.properties[:2]] == [
        "cleanups match startups",
        "resources reach zero",
    ]


def test_every_switch_has_a_row_for_each_value() -> None:
    """Each value of the switches of docs/ambiguities.md stands in a row without a defect."""
    for model, names in SWITCHES.items():
        declared = parameters(library.find(model).function)
        for switch in names:
            rows = [row.parameters for row in ROWS if row.model == model and "defect" not in row.parameters]
            used = {given.get(switch, declared[switch].default) for given in rows}
            assert used == set(declared[switch].choices or (False, True)), (model, switch)


def test_core_clauses_are_covered() -> None:
    """Every core clause has a row, a property or a defect; `model-check matrix` ends with 1 where one has none."""
    found = traceability.matrix()
    assert [name for name, one in found.items() if one.clause.core and not one.covered] == []


@pytest.mark.parametrize("table", ['{ verdict = "holds", lenght = 3 }', '{ verdict = "holds", states = 3 }'])
def test_an_expectation_has_no_other_keys(table: str, tmp_path: Path) -> None:
    """A misspelt length would be no length at all: it is refused, with the line of its check."""
    file = tmp_path / "checks.toml"
    file.write_text(f'[[check]]\nmodel = "winsock"\nexpect = {{ "PW-01" = {table} }}\n', encoding="utf-8")
    with pytest.raises(SpecificationError, match="an expected verdict is one of") as caught:
        expectations.read(file)
    assert caught.value.place is not None
    assert caught.value.place.line == 1
