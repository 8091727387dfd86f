"""A system as a Promela model for Spin: one process, an option of its loop for each joint row, each one step."""

from __future__ import annotations

from collections.abc import Iterator

from quiesce.bridges.exporting import Dialect, Exported, conjunction, outside, remark
from quiesce.core.domains import Boolean
from quiesce.core.errors import SpecificationError
from quiesce.core.expressions import Cell, Expr, Op, apply, walk
from quiesce.core.flat import FlatCell, JointRow
from quiesce.core.system import System

WORDS = """
active assert atomic auto bit bool break byte case chan char const continue d_proctype d_step default do
double else empty enabled end enum eval extern false fi float for full goto hidden if in init inline int len
local long main mtype nempty never nfull now np_ od of pc_value pid priority proctype provided register
return run select short show signed sizeof skip static struct switch timeout true typedef union unless
unsigned void volatile while xr xs
"""
"""The words of the language itself."""

PROMELA = Dialect(
    operators={
        Op.EQ: " == ",
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
        Op.AND: " && ",
        Op.OR: " || ",
    },
    true="true",
    false="false",
    choice="({} -> {} : {})",
    keywords=frozenset(WORDS.split()),
)


def text(system: System, *, properties: bool = True) -> str:
    """Return the Promela text of a system; `properties` become assertions.

    Raises SpecificationError: Q13 for an unbounded variable, Q48 for too many initial states.
    """
    return "\n".join(_Promela(Exported(system, PROMELA), properties).lines()) + "\n"


def spin_states(system: System, states: int) -> int:
    """Return how many states Spin stores of a system with a number of states: a choice of the first one is a state."""
    return states + (1 if len(Exported(system, PROMELA).starts()) > 1 else 0)


class _Promela:
    def __init__(self, exported: Exported, properties: bool) -> None:
        self.exported, self.properties = exported, properties
        self.starts = exported.starts()
        self.chosen = len(self.starts) > 1
        self.claims = exported.state_claims() if properties else []

    def lines(self) -> Iterator[str]:
        """Yield the lines of the model."""
        out = self.exported
        counting = [  # -o2: else Spin forgets the values of variables that it takes for dead, and counts fewer states
            "spin -o2 -a FILE; gcc -O3 -DSAFETY -DNOREDUCE -o pan pan.c; ./pan -E -m1000000",
            "States are as many as ours and transitions one more, for the initial state, if no step leaves a domain."
            if not self.chosen
            else "States are one more than ours: here an initial state is chosen by a step.",
        ]
        yield from (f"// {line}" for line in out.head(counting))
        yield from (f"#define {constant} {code}" for constant, code in out.constants.items())
        first = {} if self.chosen else dict(self.starts[0])
        for slot, cell in enumerate(out.cells):
            start = f" = {out.code(slot, first[slot])}" if slot in first else ""
            yield f"{_type(cell)} {out.names[slot]}{start};"
        yield from (f"hidden int t{number};" for number in range(self._temporaries()))
        if self.claims:
            yield "inline claims() {"
            for name, claim in self.claims:
                yield f"  assert({out.truth(claim)}); // {remark(name)}"
            yield "}"
        if self.chosen:
            yield "bool begun;"
        yield "active proctype system() {"
        if self.claims and not self.chosen:
            yield "  d_step { claims() }"
        yield "end: do"
        if self.chosen:
            yield from self._choices()
        for row in out.system.flat.rows:
            yield from self._row(row)
        if not out.system.flat.rows:
            yield "  :: false -> skip"
        yield "  od"
        yield "}"

    def _choices(self) -> Iterator[str]:
        out = self.exported
        for begin in self.starts:
            values = " ".join(f"{out.names[slot]} = {out.code(slot, code)};" for slot, code in begin)
            yield f"  :: d_step {{ !begun -> begun = true; {values} {'claims()' if self.claims else 'skip'} }}"

    def _row(self, row: JointRow) -> Iterator[str]:
        out = self.exported
        departs = outside(row, out.cells)
        guard = row.guard if self.properties else conjunction(row.guard, apply(Op.NOT, departs))
        yield f"  // {out.told(row)}"
        yield f"  :: d_step {{ {'begun && ' if self.chosen else ''}{out.truth(guard)} ->"
        if self.properties:
            for name, claim in [("domains", apply(Op.NOT, departs)), *out.step_claims(row)]:
                if out.truth(claim) != PROMELA.true:
                    yield f"       assert({out.truth(claim)}); // {remark(name)}"
        kept = _kept(row)
        updates = dict(row.updates)
        for number, slot in enumerate(kept):
            yield f"       t{number} = {out.value(slot, updates[slot])};"
        for slot, update in row.updates:
            if slot not in kept:
                yield f"       {out.names[slot]} = {out.value(slot, update)};"
        for number, slot in enumerate(kept):
            yield f"       {out.names[slot]} = t{number};"
        yield "       claims() }" if self.claims else "       skip }"

    def _temporaries(self) -> int:
        return max((len(_kept(row)) for row in self.exported.system.flat.rows), default=0)


def _kept(row: JointRow) -> list[int]:
    """Return the cells whose new value waits, because a later update of the row still reads the old one."""
    slots = [slot for slot, _ in row.updates]
    return [
        slot
        for number, slot in enumerate(slots)
        if any(_reads(update, slot) for _, update in row.updates[number + 1 :])
    ]


def _reads(expr: Expr, slot: int) -> bool:
    return any(isinstance(node, Cell) and node.slot == slot for node in walk(expr))


def _type(cell: FlatCell) -> str:
    domain = cell.domain
    if isinstance(domain, Boolean):
        return "bool"
    for name, low, high in (("byte", 0, 2**8 - 1), ("short", -(2**15), 2**15 - 1), ("int", -(2**31), 2**31 - 1)):
        if low <= domain.low and domain.high <= high:
            return name
    raise SpecificationError("Q48", f"{cell.label} does not fit into Promela's 32 bits", hint="give it smaller bounds")
