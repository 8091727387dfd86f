"""A system as a Murphi model for Rumur or CMurphi: a rule for each joint row, an invariant for a property of states."""

from __future__ import annotations

from collections.abc import Iterator

from quiesce.bridges.exporting import Dialect, Exported, conjunction, outside, remark
from quiesce.core.domains import Boolean, Domain
from quiesce.core.expressions import Op, apply
from quiesce.core.flat import JointRow
from quiesce.core.system import System

WORDS = """
alias array assert assume assumption begin bitand bitnot bitor bitxor boolean by case clear const cover do
else elsif end endalias endexists endfor endforall endfunction endif endprocedure endrecord endrule
endruleset endstartstate endswitch endwhile enum error exists false flush for forall function if in
interleaved invariant isundefined liveness log multiset multisetadd multisetchoose multisetcount
multisetremove multisetremovepred not of procedure process program property put real record return rule
ruleset scalarset startstate switch then to traceuntil true type undefine union var while
"""
"""The words of the language itself."""

MURPHI = Dialect(
    operators={
        Op.EQ: " = ",
        Op.NE: " != ",
        Op.LT: " < ",
        Op.LE: " <= ",
        Op.GT: " > ",
        Op.GE: " >= ",
        Op.ADD: " + ",
        Op.SUB: " - ",
        Op.MUL: " * ",
        Op.MIN: "",
        Op.MAX: "",
        Op.NOT: "!",
        Op.AND: " & ",
        Op.OR: " | ",
    },
    true="true",
    false="false",
    choice="({} ? {} : {})",
    keywords=frozenset(WORDS.split()),
)


def text(system: System, *, properties: bool = True) -> str:
    """Return the Murphi text of a system; `properties` become invariants, and assertions in the rules.

    Raises SpecificationError: Q13 for an unbounded variable, Q48 for too many initial states.
    """
    return "\n".join(_lines(Exported(system, MURPHI), properties)) + "\n"


def _lines(out: Exported, properties: bool) -> Iterator[str]:
    counting = [
        "rumur --deadlock-detection off --output model.c FILE; gcc -O3 -march=native model.c -lpthread",
        "States and rules fired are as many as our states and transitions, if no step leaves a domain.",
    ]
    yield from (f"-- {line}" for line in out.head(counting))
    if out.constants:
        yield "const"
        yield from (f"  {name}: {code};" for name, code in out.constants.items())
    body = list(_body(out, properties))
    yield from _wide(out)
    yield "var"
    for cell, name in zip(out.cells, out.names, strict=True):
        yield f"  {name}: {_type(cell.domain)};"
    yield from body


def _wide(out: Exported) -> Iterator[str]:
    """Yield a type for the numbers on the way to a value: Rumur computes in the narrowest that holds all types."""
    least, most = out.computed
    domains = [cell.domain for cell in out.cells]
    lowest, highest = (least, most) if not domains else (min(d.low for d in domains), max(d.high for d in domains))
    if least < lowest or most > highest:
        yield "type"
        yield f"  {out.free('computed')}: {least}..{most};"


def _body(out: Exported, properties: bool) -> Iterator[str]:
    for number, start in enumerate(out.starts()):
        yield f'startstate "start {number}" begin'
        yield from (f"  {out.names[slot]} := {out.code(slot, code)};" for slot, code in start)
        yield "end;"
    for number, row in enumerate(out.system.flat.rows):
        yield from _rule(out, number, row, properties)
    if properties:
        for name, claim in out.state_claims():
            yield f'invariant "{remark(name)}" {out.truth(claim)};'


def _rule(out: Exported, number: int, row: JointRow, properties: bool) -> Iterator[str]:
    departs = outside(row, out.cells)
    guard = row.guard if properties else conjunction(row.guard, apply(Op.NOT, departs))
    yield f'rule "{number} {remark(out.told(row))}"'
    yield f"  {out.truth(guard)} ==>"
    if row.updates:
        yield "var"
        for slot, _ in row.updates:
            yield f"  next_{out.names[slot]}: {_type(out.cells[slot].domain)};"
    yield "begin"
    if properties:
        for name, claim in [("domains", apply(Op.NOT, departs)), *out.step_claims(row)]:
            if out.truth(claim) != MURPHI.true:
                yield f'  assert "{remark(name)}" {out.truth(claim)};'
    for slot, update in row.updates:
        yield f"  next_{out.names[slot]} := {out.value(slot, update)};"
    for slot, _ in row.updates:
        yield f"  {out.names[slot]} := next_{out.names[slot]};"
    yield "end;"


def _type(domain: Domain) -> str:
    return "boolean" if isinstance(domain, Boolean) else f"{domain.low}..{domain.high}"
