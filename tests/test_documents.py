"""What the documents show is what the command prints today."""

from __future__ import annotations

import re

import pytest

from tests.documents import ROOT, Shown, documents, run, shown

BLOCKS = [block for document in documents() for block in shown(document)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.document.name}: {block.command}"[:60])
def test_shown_output_is_real(block: Shown) -> None:
    """A command in a document prints what the document shows, and ends with the status that it says."""
    assert run(block.command) == (block.output, block.status)


def test_documents_show_commands() -> None:
    """The collector finds the README's commands and those of the guide: one that finds nothing would prove nothing."""
    assert {"README.md", "guide.md"} <= {block.document.name for block in BLOCKS}


def test_links_lead_somewhere() -> None:
    """Every relative link of a document names a file that exists."""
    for document in documents():
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document.relative_to(ROOT)}: {link}"


def test_first_specification_has_twelve_lines() -> None:
    """The README's first screen shows the twelve lines of docs/examples/pool.py, blank lines not counted."""
    source = (ROOT / "docs" / "examples" / "pool.py").read_text(encoding="utf-8")
    assert source in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len([line for line in source.splitlines() if line]) == 12
