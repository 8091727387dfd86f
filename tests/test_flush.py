"""The flush with threads is the flush of one thread, where the assumption on the owner or a reference of its own
holds.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from quiesce import library
from quiesce.core.result import Refined, Verdict
from quiesce.engines.checking import check
from quiesce.engines.refinement import fitting, refine
from quiesce.language.clauses import catalogue
from quiesce.language.systems import unobserved

WITH_REFERENCE = "GetModuleHandleEx"
SETTINGS: list[dict[str, object]] = [
    {},
    {"threads": 1},
    {"flush": "lenient", "entries": 2},
    {"acquire": WITH_REFERENCE},
    {"acquire": WITH_REFERENCE, "owner": "may free"},
    {"acquire": "GetModuleHandleEx pin", "owner": "may free"},
    {"foreign": "same name", "lookup": "path"},
]


def refined(settings: Mapping[str, object]) -> Refined:
    """Hold F1 against F0."""
    concrete = library.find("ssp_full").system(settings)
    claim = fitting(concrete, "ssp", ["ssp"])
    abstract = library.find("ssp").system(claim.parameters)
    return refine(concrete, claim, unobserved(abstract, claim.liveness))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_flush_with_threads_refines_the_flush(settings: Mapping[str, object]) -> None:
    """Every step of F1 is one of F0 or changes nothing of it, and an attempt comes to an end in both."""
    result = refined(settings)
    assert result.verdict is Verdict.HOLDS
    assert [(answer.property.id, answer.verdict) for answer in result.liveness] == [("PS-13", Verdict.HOLDS)]


def test_borrowed_handle_needs_the_assumption() -> None:
    """With GetModuleHandle and an owner that may free, the refused step is the free that F0's assumption excludes."""
    result = refined({"owner": "may free"})
    assert result.verdict is Verdict.VIOLATED
    assert result.trace is not None
    assert result.trace.steps[-1].label.trigger == "FreeLibrary"
    assert "handle" in result.images[0]


DEFECTS = {
    "S05": ["PS-08", "PS-09"],
    "S06": ["PS-10"],
    "S07": ["PS-10"],
    "S15": ["PS-07"],
    "S18": ["PS-03", "PS-10"],
    "S20": ["PS-09"],
    "S21": ["PS-14", "PL-05"],
}
"""The properties that the catalogue names for each."""


def test_each_defect_has_its_properties() -> None:
    """The list is that of the model."""
    assert list(DEFECTS) == list(library.defects("ssp_full"))


@pytest.mark.parametrize("defect", DEFECTS)
def test_defects_are_caught_at_the_default_bounds(defect: str) -> None:
    """At F1's default bounds each of its defects breaks the properties that the catalogue names."""
    result = check(library.find("ssp_full").system({"defect": defect}))
    assert {result.answer(word).verdict for word in DEFECTS[defect]} == {Verdict.VIOLATED}


def test_every_clause_of_the_flush_is_named() -> None:
    """Each clause on the flush, on module handles and on where it may be called is named by F0 or F1."""
    clauses = catalogue(library.root())
    assert clauses is not None
    wanted = {name for name in clauses if name.startswith("SSP-")}
    wanted |= {f"MOD-{number:02}" for number in range(1, 10)} | {f"CTX-{number:02}" for number in (1, 2, 3, 4, 7)}
    named = {name for model in ("ssp", "ssp_full") for name in library.find(model).system().clauses}
    assert wanted - named == set()
