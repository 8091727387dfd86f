"""Lists of mutants speak of the code as it is: a campaign that cannot begin is noticed before a release."""

from __future__ import annotations

from tests.campaign import PACKAGE, ROOT, known_survivors, named
from tests.campaign_mutants import changes_code


def test_every_named_mutant_fits_the_code_and_changes_it() -> None:
    """What a named mutant replaces stands once in its file, and the code is another one then."""
    tasks = list(named())
    assert len(tasks) > 20
    assert [task.name for task in tasks if task.mutant is None or not changes_code(task.mutant)] == []


def test_every_listed_survivor_fits_the_code() -> None:
    """A line that no test can tell from its mutant is still there."""
    for file, code, old, _ in known_survivors():
        lines = [line.strip() for line in (ROOT / PACKAGE / file).read_text(encoding="utf-8").splitlines()]
        assert code in lines, f"{file} has no line {code!r}"
        assert old in code
