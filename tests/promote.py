"""Fill the counts and trace lengths of checks files from the reference interpreter: `python -m tests.promote [FILE
...]`.

The verdicts are written by hand, and a verdict that the reference does not give is an error, not a new expectation.
`--verify` compares without writing. Nothing here runs the engine under test.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from quiesce import expectations, library
from quiesce.core.result import PropertyAnswer, Verdict
from quiesce.core.verdicts import Explored, explore
from quiesce.expectations import Check, Expected


class DisagreementError(Exception):
    """The reference gives another verdict than the file."""


def promoted(check: Check) -> str:
    """Return a check as TOML with the counts and lengths that the reference gives.

    Raises DisagreementError where the reference gives another verdict than the one that is written.
    """
    explored = _explored(check.model, tuple(check.parameters.items()))
    lines = ["[[check]]", f'model = "{check.model}"']
    if check.parameters:
        given = ", ".join(f"{name} = {_toml(value)}" for name, value in check.parameters.items())
        lines.append(f"parameters = {{ {given} }}")
    if check.unfair:
        listed = ", ".join(f'"{trigger}"' for trigger in check.unfair)
        lines.append(f"unfair = [{listed}]")
    if check.why:
        lines.append(f'why = "{check.why}"')
    counts = explored.found
    lines += [f"states = {counts.states}", f"transitions = {counts.transitions}", f"depth = {counts.depth}"]
    if check.expect is None:
        for answer in explored.answers:
            _same(check, answer, Expected(verdict=Verdict.HOLDS))
        return "\n".join([*lines, 'expect = "holds"'])
    lines.append("[check.expect]")
    lines += [f'"{word}" = {_row(check, explored, word, expected)}' for word, expected in check.expect.items()]
    return "\n".join(lines)


@lru_cache(maxsize=4)
def _explored(model: str, parameters: tuple[tuple[str, object], ...]) -> Explored:
    """Search a system with the reference; rows that differ only in what is fair stand together and share it."""
    return explore(library.find(model).system(dict(parameters)))


def _row(check: Check, explored: Explored, word: str, expected: Expected) -> str:
    answer = next((answer for answer in explored.answers if answer.property.called(word)), None)
    if answer is None:
        return _written(expected)
    _same(check, answer, expected)
    if answer.trace is None:
        return f'"{answer.verdict.value}"'
    return f'{{ verdict = "{answer.verdict.value}", length = {answer.trace.length} }}'


def _written(expected: Expected) -> str:
    """Return an expectation as it stands: the reference search answers nothing about runs."""
    if expected.length is None:
        return f'"{expected.verdict.value}"'
    return f'{{ verdict = "{expected.verdict.value}", length = {expected.length} }}'


def _same(check: Check, answer: PropertyAnswer, expected: Expected) -> None:
    if answer.verdict is not expected.verdict:
        raise DisagreementError(
            f"{check.place}: {answer.property.name}: the reference says {answer.verdict.value}, "
            f"the file {expected.verdict.value}"
        )


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else f'"{value}"'


def run_all(rows: Sequence[Check]) -> list[str]:
    """Return some checks as TOML; those of one system, which are searched once."""
    return [promoted(check) for check in rows]


def main(arguments: list[str]) -> int:
    """Promote the named files, or all; return 1 where `--verify` finds a difference."""
    verify = "--verify" in arguments
    named = [Path(word) for word in arguments if not word.startswith("--")]
    files = named or [file for file in library.checks() if file.name != "bench.toml"]
    checks = [(file, check) for file in files for check in expectations.read(file)]
    alike = groupby(checks, key=lambda pair: (pair[0], pair[1].model, pair[1].parameters))
    groups = [list(found) for _, found in alike]
    with ProcessPoolExecutor() as pool:
        written = pool.map(run_all, [[check for _, check in group] for group in groups])
        texts = [text for group in written for text in group]
    rows = [(file, text) for (file, _), text in zip(checks, texts, strict=True)]
    stale = 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        head = text[: text.index("[[check]]")]
        fresh = head + "\n\n".join(row for owner, row in rows if owner == file) + "\n"
        if fresh != text:
            stale += 1
            if not verify:
                file.write_text(fresh, encoding="utf-8", newline="\n")
        print(f"{file.name}: {'changed' if fresh != text else 'as it was'}", flush=True)
    return 1 if verify and stale else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DisagreementError as problem:
        sys.exit(str(problem))
