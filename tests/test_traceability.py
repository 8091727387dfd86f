"""What stands for a clause, and the catalogue of defects: each form says the same, and what is written is current."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from quiesce import Machine, System, library, traceability
from quiesce.core.errors import SpecificationError
from quiesce.core.reference import initial_states, steps
from quiesce.core.trace import Trace
from quiesce.show import catalogue, matrix
from quiesce.show.sequence import sequence

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "defects.md"


class Cells(HTMLParser):
    """The ids of rows and how many cells each has, of a page whose tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, int] = {}
        self.open: list[str] = []
        self.row = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a cell, or begin a row."""
        self.open += [] if tag in ("meta", "br") else [tag]
        if tag == "tr":
            self.row = str(dict(attrs).get("id", ""))
            self.rows[self.row] = 0
        self.rows[self.row] = self.rows.get(self.row, 0) + (tag == "td")

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last, and no other."""
        assert self.open.pop() == tag


def test_three_forms_of_the_matrix_say_the_same() -> None:
    """Text, JSON and HTML have every clause, with the same numbers of rows, properties, defects and checks."""
    found = traceability.matrix()
    told = {line.split()[0]: line.split() for line in matrix.text(found).splitlines()[1:-1]}
    data = json.loads(matrix.data(found))
    page = Cells()
    page.feed(matrix.page(found))
    assert set(told) == set(data) == set(page.rows) - {""} == set(found)
    for name, one in data.items():
        counts = [len(one["rows"]), len(one["properties"]), len(one["defects"]), sum(one["checks"].values())]
        assert list(map(int, told[name][-4:])) == counts
        assert page.rows[name] == 5


def test_what_the_matrix_names_is_there() -> None:
    """Places lead to lines that exist, and defects and checks files are those of the library."""
    files = {file.name for file in library.checks()}
    for one in traceability.matrix().values():
        for text in (*one.rows, *one.properties):
            place = re.search(r"\((\S+):(\d+)\)$", text)
            assert place is not None
            assert int(place[2]) <= len((library.root() / place[1]).read_text(encoding="utf-8").splitlines())
        assert set(one.defects) <= set(traceability.defects())
        assert set(one.checks) <= files


def test_every_property_of_the_requirements_is_asked() -> None:
    """PW-01 to 29, PR-01 to 05, PL-01 to 07, PS-01 to 14 and PX-01 to 10 are ids, or begin ids, in correct models.

    PX-11 asks that a defect's bad state is reachable with it and not without: tests/test_checks.py shows that.
    """
    asked = {question.id for _, _, system in traceability.correct() for question in system.properties if question.id}
    counts = {"PW": 29, "PR": 5, "PL": 7, "PS": 14, "PX": 10}
    wanted = [f"{family}-{number:02}" for family, count in counts.items() for number in range(1, count + 1)]
    assert [one for one in wanted if not any(id == one or id.startswith(f"{one}.") for id in asked)] == []


def test_one_command_shows_what_stands_for_a_clause() -> None:
    """`list WSP-06` names the rows that drain, the property that asks for it, the defect that does not, and checks."""
    told = catalogue.listing("WSP-06")
    for line in (
        "WSP-06 (MUST, core)",
        "winsock: provider calls drained",
        "PW-04 drain before free",
        "M23 ",
        "checks ",
    ):
        assert line in told


def test_the_table_of_defects_is_up_to_date() -> None:
    """docs/defects.md is what the command prints, and each of its diagrams is there."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert catalogue.listing("defects", "markdown") + "\n" == text
    links = re.findall(r"\((\.\./[^)]+)\)", text)
    assert len(links) == len(traceability.caught())
    assert all((DOCUMENT.parent / link).is_file() for link in links)


def test_a_catalogue_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table without its text, and a clause that does not exist, are named."""
    (tmp_path / "spec").mkdir()
    monkeypatch.setattr(library, "root", lambda: tmp_path)
    file = tmp_path / "spec" / "defects.toml"
    for text, wrong in (('[M01]\nclauses = []\nevidence = "seen"\n', "'text'"), ("[M01", "no catalogue")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(SpecificationError, match=wrong):
            traceability.defects()
    file.write_text('[M01]\ntext = "t"\nclauses = ["XX-1"]\nevidence = "seen"\n', encoding="utf-8")
    with pytest.raises(SpecificationError, match="no clause 'XX-1'"):
        traceability.defects()


def test_a_run_has_a_lane_for_each_who_takes_part_and_an_arrow_for_each_call() -> None:
    """A call has an arrow to each that is on it, an answer goes back, a step is one's own, the loop is marked."""
    door, bell = Machine("door", states=["shut", "open"]), Machine("bell")
    user = Machine("user")
    user.calls("push", gets="ok")
    door.on("push", source="shut", dest="open", returns="ok")
    bell.on("push")
    door.step("falls shut", source="open", dest="shut")
    door.on("wind", source="open", dest="shut")
    system = System("house", user, door, bell).build()
    (start,) = initial_states(system)
    pushed = next(iter(steps(system, start)))
    assert pushed.target is not None
    shut = next(step for step in steps(system, pushed.target) if step.label.trigger == "door.falls shut")
    wind = next(step for step in steps(system, pushed.target) if step.label.trigger == "wind")
    assert sequence(system, Trace(start=start, steps=(pushed, shut), loop=0)) == (
        "sequenceDiagram\n  participant L0 as user\n  participant L1 as door\n  participant L2 as bell\n"
        "  loop forever\n  L0->>L1: push\n  L0->>L2: push\n  L1-->>L0: ok\n  L1->>L1: falls shut\n  end\n"
    )
    assert "  L3->>L1: wind\n" in sequence(system, Trace(start=start, steps=(pushed, wind)))
