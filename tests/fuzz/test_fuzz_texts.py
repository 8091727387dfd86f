"""Formulas, checks files and the files of searches with random mistakes: each is read as what it is, or refused with
its place. QUIESCE_DEEP=1 tries ten thousand of each.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quiesce import expectations, library
from quiesce.core.errors import SpecificationError
from quiesce.engines.checking import check
from quiesce.engines.native import search
from quiesce.engines.native.checkpoint import JOURNAL
from quiesce.engines.native.journal import Journal
from quiesce.engines.options import Limits, Strategy
from quiesce.language.asking import question
from quiesce.language.systems import asking
from tests.fuzz.test_fuzz_specifications import listed
from tests.test_checkpoint import race, small, told

DEEP = os.environ.get("QUIESCE_DEEP") == "1"
EXAMPLES = 10_000 if DEEP else 600
CHECKED = 100 if DEEP else 10
FUZZING = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=not DEEP, database=None, suppress_health_check=list(HealthCheck)
)

FORMULAS = (
    "AG(EF(provider.state == down))",
    "forall c in client: G(client.state[c] == waiting -> F(client.state[c] == idle))",
    "G(happens(WSPCleanup, returns=pending) -> F happens(WSPCleanup.return))",
    "exists c in client: client[c].held >= 1 U (deadlock | ~enabled(WSPStartup))",
    'E[ provider.references + 2 * books.surplus - 1 < 3 W "provider".fresh ] <-> A X true',
    "after(provider.references) == provider.references & accepts(provider, WSPCleanup, returns=[pending, '0'])",
)
NAMES = (
    *listed("c|client|provider|books|state|down|idle|pending|fresh|unchanged|references|held|WSPStartup|nobody"),
    "é",
)
WORDS = (
    *listed("(|)|[|]|.|,|:|=|==|!=|<|<=|>|>=|+|-|*|&|~|!|->|<->|X|F|G|U|R|W|A|E|AX|EG|true|false|none|None|deadlock"),
    *listed(
        "forall|exists|in|0|1|-1|99999999999999999999|1.5|happens|enabled|after|accepts|returns|and|or|not|implies"
    ),
    *listed("state[c]|client[0]|client[7]|WSPCleanup.return|lambda|_|__class__|;|{|}|%|\"|'|#|$|\\|²"),
    *("|", "||", "\x00", "\n", "\t", "\u202e", "\ud800", '"quoted words"'),
    *NAMES,
)
TABLES = """[[check]]
model = "chain"
parameters = { defect = "M50" }
unfair = []
why = "a defect"
states = 12
depth = 3
[check.expect]
"PW-05" = { verdict = "violated", length = 4 }
[[check]]
model = "chain"
expect = "holds"
"""
VALUES = (
    *listed('0|-1|1.5|nan|inf|true|"x"|""|"chain"|"holds"|"violated"|"unknown"|"nobody"|[]|[1]|["x"]|{}|{ x = 1 }'),
    *listed("{ clients = 2 }|1979-05-27|07:32:00|1e400|9223372036854775808|0x10|[[check]]|[check]|[[checks]]|# x|="),
    *listed('"\\u202e"|"\\u0000"|{ verdict = "holds" }|{ verdict = 1, length = 2 }|2|12|[["x"]]|{ defect = "none" }'),
    "'''\n'''",
)

Draw = Callable[[st.SearchStrategy[Any]], Any]


def shown(problem: SpecificationError, lines: int = 1 << 30) -> str:
    """Check that a mistake can be shown, and that its line is one of the file's; return its code."""
    assert problem.place is None or 1 <= problem.place.line <= lines
    assert problem.code in str(problem)
    return problem.code


@st.composite
def formulas(draw: Draw) -> str:
    """Draw a formula that is a good one but for some words."""
    words = re.findall(r"\w+|\s+|[^\w\s]+", draw(st.sampled_from(FORMULAS)))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 5]))):
        at = draw(st.integers(0, len(words) - 1))
        match draw(
            st.sampled_from(["renamed"] * 5 + ["exchanged", "exchanged", "added", "left out", "repeated", "nested"])
        ):
            case "exchanged":
                words[at] = draw(st.sampled_from(WORDS))
            case "added":
                words.insert(at, draw(st.sampled_from(WORDS)))
            case "left out" if len(words) > 1:
                del words[at]
            case "repeated":
                words[at] = words[at] * draw(st.sampled_from([2, 300]))
            case "nested":
                words = [
                    draw(st.sampled_from(["(", "~", "G ", "A[", "F(", "- "])) * draw(st.sampled_from([1, 400])),
                    *words,
                ]
    return "".join(words)


def test_formulas_are_asked_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """No text of --ask ends in anything but a question that is answered, or an error that shows the text."""
    system, seen, known = library.find("winsock").system({"clients": 1, "sockets": 0}), Counter[str](), set[object]()

    @FUZZING
    @given(formulas())
    def read(text: str) -> None:
        try:
            asked = question(system, text)
        except SpecificationError as problem:
            seen[shown(problem)] += 1
            return
        seen["accepted"] += 1
        if asked.formula not in known and len(known) < CHECKED:
            known.add(asked.formula)
            check(asking(system, [asked]), linted=False)

    read()
    with capsys.disabled():
        print(f"\nformulas as text: {dict(seen.most_common())}, {len(known)} asked")
    assert min(seen["accepted"], seen["Q49"]) > EXAMPLES / 50


@st.composite
def tables(draw: Draw) -> bytes:
    """Draw a checks file that is a good one but for some changes."""
    text = TABLES
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        parts = re.split(r"(\"[^\"\n]*\"|[\w-]+|[=\[\]{},])", text)
        held = [at for at in range(1, len(parts), 2) if parts[at - 1].endswith(" ") and parts[at] not in ("=", "}")]
        at = draw(st.sampled_from(held or [0]) if draw(st.booleans()) else st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(["exchanged"] * 5 + ["left out", "twice"])):
            case "exchanged":
                parts[at] = draw(st.sampled_from(VALUES))
            case "left out":
                parts[at] = ""
            case "twice":
                parts[at] *= 2
        text = "".join(parts)
    data = text.encode()
    if draw(st.sampled_from([False] * 9 + [True])):
        at = draw(st.integers(0, len(data) - 1))
        data = data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    return data


def test_checks_files_are_read_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No checks file ends in anything but rows, or an error; each row's model is found, or refused."""
    file, seen = tmp_path / "checks.toml", Counter[str]()

    @FUZZING
    @given(tables())
    def read(data: bytes) -> None:
        file.write_bytes(data)
        try:
            rows = expectations.read(file)
            for row in rows:
                assert Path(row.place.file) == file
                library.find(row.model).system(row.parameters)
        except SpecificationError as problem:
            seen[shown(problem, lines=data.count(b"\n") + 1)] += 1
            return
        seen["accepted"] += 1

    read()
    with capsys.disabled():
        print(f"\nchecks files: {dict(seen.most_common())}")
    assert min(seen["accepted"], seen["Q46"]) > EXAMPLES / 50


@st.composite
def damage(draw: Draw) -> Callable[[bytes], bytes]:
    """Draw something that happens to a file."""
    way, place, bits = (
        draw(st.sampled_from(["cut", "bit", "more", "out", "byte"])),
        draw(st.floats(0, 1)),
        draw(st.binary()),
    )

    def done(content: bytes) -> bytes:
        at = int(place * max(0, len(content) - 1))
        return {
            "cut": content[:at],
            "bit": content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] if content else b"",
            "more": content + bits,
            "out": content[:at] + content[at + 1 + len(bits) :],
            "byte": content[:at] + bits + content[at:],
        }[way]

    return done


def test_damaged_searches_go_on_or_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever happens to a file of a search, going on finds all that there is, or is refused (Q50, Q51)."""
    small(monkeypatch)
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    system = race(8, 100, words=2)
    whole = told(check(system, linted=False, strategy=Strategy(workers=1)))
    kept, seen = tmp_path / "kept", Counter[str]()
    stopped = check(system, linted=False, limits=Limits(max_states=40), strategy=Strategy(workers=1, checkpoint=kept))
    assert stopped.stopped
    assert search.MOST_BATCH == 64

    @settings(FUZZING, max_examples=EXAMPLES // 3)
    @given(st.sampled_from([JOURNAL, "states", "words-0", "words-1"]), damage())
    def go_on(name: str, happens: Callable[[bytes], bytes]) -> None:
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(kept, copy)
        (copy / name).write_bytes(happens((copy / name).read_bytes()))
        try:
            found = check(system, linted=False, strategy=Strategy(workers=1, resume=copy))
        except SpecificationError as problem:
            seen[shown(problem)] += 1
            return
        assert told(found) == whole
        seen["went on"] += 1

    go_on()
    with capsys.disabled():
        print(f"\nsearches: {dict(seen)}")
    assert min(seen["went on"], seen["Q50"]) > 0
    assert seen.keys() <= {"went on", "Q50", "Q51"}


def test_damaged_journals_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a damaged journal of a campaign the first lines are told as they were, or it is refused (Q50)."""
    path, seen = tmp_path / "journal", Counter[str]()
    records = [{"campaign": "a"}, *({"mutant": number, "killed_by": ["P"], "é": None} for number in range(6))]
    with closing(Journal(path)) as journal:
        journal.write(*records)
    content = path.read_bytes()

    @FUZZING
    @given(damage())
    def read(happens: Callable[[bytes], bytes]) -> None:
        path.write_bytes(happens(content))
        try:
            with closing(Journal(path)) as journal:
                found = journal.records()
        except SpecificationError as problem:
            seen[problem.code] += 1
            return
        assert found == records[: len(found)]
        seen["read"] += 1

    read()
    with capsys.disabled():
        print(f"\njournals: {dict(seen)}")
    assert min(seen["read"], seen["Q50"]) > EXAMPLES / 50
