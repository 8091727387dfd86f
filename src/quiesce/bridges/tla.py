"""A system as a TLA+ module for TLC: an action for each joint row."""

from __future__ import annotations

from collections.abc import Iterator

from quiesce.bridges.exporting import Dialect, Exported, conjunction, outside, remark
from quiesce.core.domains import Boolean
from quiesce.core.expressions import Op, apply
from quiesce.core.flat import JointRow
from quiesce.core.system import System

WORDS = """
action assume assumption axiom boolean case choose constant constants corollary domain else enabled except
extends false if in init instance int lambda lemma let local module nat next other recursive sf_ spec string
subset then theorem true typeok unchanged union variable variables vars wf_ with
"""
"""The words of the language itself."""

TLA = Dialect(
    operators={
        Op.EQ: " = ",
        Op.NE: " # ",
        Op.LT: " < ",
        Op.LE: " <= ",
        Op.GT: " > ",
        Op.GE: " >= ",
        Op.ADD: " + ",
        Op.SUB: " - ",
        Op.MUL: " * ",
        Op.MIN: "",
        Op.MAX: "",
        Op.NOT: "~",
        Op.AND: " /\\ ",
        Op.OR: " \\/ ",
    },
    true="TRUE",
    false="FALSE",
    choice="(IF {} THEN {} ELSE {})",
    keywords=frozenset(WORDS.split()),
)


def text(system: System, *, properties: bool = True) -> str:
    """Return a TLA+ module named `system`; `properties` become invariants, and assertions in the actions.

    Raises SpecificationError: Q13 for an unbounded variable, Q48 for too many initial states.
    """
    return "\n".join(_lines(Exported(system, TLA), properties)) + "\n"


def _lines(out: Exported, properties: bool) -> Iterator[str]:
    claims = out.state_claims() if properties else []
    configuration = ["SPECIFICATION Spec", *[f"INVARIANT Claim{number}" for number in range(len(claims))]]
    counting = [
        f"system.cfg: {'; '.join([*configuration, 'CHECK_DEADLOCK FALSE'])}",
        "TLC counts the initial states as generated, and levels where we count steps.",
    ]
    yield "---- MODULE system ----"
    yield "EXTENDS Integers, TLC"
    yield from (f"\\* {line}" for line in out.head(counting))
    yield from (f"{name} == {code}" for name, code in out.constants.items())
    yield f"VARIABLES {', '.join(out.names)}"
    yield f"vars == <<{', '.join(out.names)}>>"
    yield "TypeOK =="
    for cell, name in zip(out.cells, out.names, strict=True):
        boolean = isinstance(cell.domain, Boolean)
        yield f"  /\\ {name} \\in {'BOOLEAN' if boolean else f'{cell.domain.low}..{cell.domain.high}'}"
    yield "Init =="
    for start in out.starts():
        yield "  \\/ " + " /\\ ".join(f"{out.names[slot]} = {out.code(slot, code)}" for slot, code in start)
    for number, row in enumerate(out.system.flat.rows):
        yield from _action(out, number, row, properties)
    yield "Next =="
    yield from (f"  \\/ Row{number}" for number in range(len(out.system.flat.rows)))
    if not out.system.flat.rows:
        yield "  FALSE"
    yield "Spec == Init /\\ [][Next]_vars"
    for number, (name, claim) in enumerate(claims):
        yield f"Claim{number} == {out.truth(claim)} \\* {remark(name)}"
    yield "===="


def _action(out: Exported, number: int, row: JointRow, properties: bool) -> Iterator[str]:
    departs = outside(row, out.cells)
    guard = row.guard if properties else conjunction(row.guard, apply(Op.NOT, departs))
    yield f"\\* {out.told(row)}"
    yield f"Row{number} =="
    yield f"  /\\ {out.truth(guard)}"
    if properties:
        for name, claim in [("domains", apply(Op.NOT, departs)), *out.step_claims(row)]:
            if out.truth(claim) != TLA.true:
                yield f'  /\\ Assert({out.truth(claim)}, "{remark(name)}")'
    written = dict(row.updates)
    for slot, update in row.updates:
        yield f"  /\\ {out.names[slot]}' = {out.value(slot, update)}"
    kept = [name for slot, name in enumerate(out.names) if slot not in written]
    if kept:
        yield f"  /\\ UNCHANGED <<{', '.join(kept)}>>"
