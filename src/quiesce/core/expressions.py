"""The expressions of rows and properties, as plain frozen data.

Two stages share the operators. *Machine* expressions, which the reference interpreter evaluates, read variables of
machines and copies: `Read`, `Acting`, `Argument`, `Implies`, in properties `After`, `Happens`, `Enabled`, `Accepts`,
`Fresh`, `Unchanged`, and in temporal formulas `Path` and `Quantified`. *Flat* expressions, which the engines compile,
know only integers: `Constant` of an int, `Cell`, `Next`.
`apply` folds constants, so that a flattened row mentions nothing that is already decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from quiesce.core.domains import Domain, Value


class Op(Enum):
    """The operators of both stages; truth values are 0 and 1 in flat expressions."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    ADD = "+"
    SUB = "-"
    MUL = "*"
    MIN = "min"
    MAX = "max"
    NOT = "~"
    AND = "&"
    OR = "|"
    ITE = "where"


COMPARISONS = frozenset({Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE})
ARITHMETIC = frozenset({Op.ADD, Op.SUB, Op.MUL, Op.MIN, Op.MAX})
CONNECTIVES = frozenset({Op.NOT, Op.AND, Op.OR})

MEANING: dict[Op, Callable[..., int]] = {
    Op.EQ: lambda a, b: a == b,
    Op.NE: lambda a, b: a != b,
    Op.LT: lambda a, b: a < b,
    Op.LE: lambda a, b: a <= b,
    Op.GT: lambda a, b: a > b,
    Op.GE: lambda a, b: a >= b,
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.MIN: min,
    Op.MAX: max,
    Op.NOT: lambda a: not a,
    Op.AND: lambda *operands: all(operands),
    Op.OR: lambda *operands: any(operands),
    Op.ITE: lambda condition, then, otherwise: then if condition else otherwise,
}
"""What each operator means on Python values. Every operator is total: no operand is ever skipped for its effect."""

if set(MEANING) != set(Op) or COMPARISONS | ARITHMETIC | CONNECTIVES | {Op.ITE} != set(Op):
    raise AssertionError("an operator lacks a meaning or a group")


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written by the author (machine stage) or an integer code (flat stage)."""

    value: Value


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a variable; `copy` says whose: None is the only one, or in a machine's own row its own copy's.

    `domain` is the variable's, as the author's term had it: a term of another machine of the same name is told apart.
    """

    machine: str
    variable: str
    copy: Expr | None = None
    domain: Domain | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Acting:
    """The copy of a machine that takes part in the event."""

    machine: str


@dataclass(frozen=True, slots=True)
class Argument:
    """The value of an event's argument."""

    name: str


@dataclass(frozen=True, slots=True)
class Implies:
    """The conclusion, wherever the premise is true; kept as the author wrote it, so that vacuity can be seen."""

    premise: Expr
    conclusion: Expr


@dataclass(frozen=True, slots=True)
class After:
    """The operand's value in the state after the step (properties only)."""

    operand: Expr


@dataclass(frozen=True, slots=True)
class By:
    """A machine takes part in the step: by this copy (None: by any, or by its only one)."""

    machine: str
    copy: int | None

    def covers(self, part: tuple[str, int | None]) -> bool:
        """Tell whether a machine's part in an event, by a copy or by all, is one that is asked for."""
        machine, copy = part
        return machine == self.machine and (self.copy is None or copy is None or copy == self.copy)


@dataclass(frozen=True, slots=True)
class Happens:
    """The step is by this trigger, with one of these results (None: any), these values of arguments, and by whom."""

    trigger: str
    results: tuple[Value, ...] | None
    arguments: tuple[tuple[str, Value], ...] = ()
    by: By | None = None


@dataclass(frozen=True, slots=True)
class Enabled:
    """Some step by this trigger (None: any) is possible in the state."""

    trigger: str | None


@dataclass(frozen=True, slots=True)
class Accepts:
    """Some row of the machine for the trigger, returning one of the results (None: any), has a true guard."""

    machine: str
    trigger: str
    results: tuple[Value, ...] | None


@dataclass(frozen=True, slots=True)
class Fresh:
    """Every variable of every copy of the machine has one of its initial values."""

    machine: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """No variable of any copy of the machine changes in the step."""

    machine: str


class Temporal(Enum):
    """The temporal operators. `a W b` is weak until, `a R b` release."""

    NEXT = "X"
    FINALLY = "F"
    GLOBALLY = "G"
    UNTIL = "U"
    RELEASE = "R"
    WEAK_UNTIL = "W"


@dataclass(frozen=True, slots=True)
class Path:
    """A temporal operator on one operand, or on two: a truth about the run from here on."""

    op: Temporal
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Quantified:
    """A truth about every maximal run from this state (`universal`), or about some."""

    universal: bool
    operand: Expr


@dataclass(frozen=True, slots=True)
class Cell:
    """The code of the value in one cell of the flat state."""

    slot: int


@dataclass(frozen=True, slots=True)
class Next:
    """The code that a step gives to one cell of the flat state."""

    slot: int


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator on operands. The hash is kept: engines use expressions as keys."""

    op: Op
    operands: tuple[Expr, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.op.value, self.operands)))

    def __hash__(self) -> int:
        return self._hash


Expr = (
    Constant
    | Read
    | Acting
    | Argument
    | Implies
    | After
    | Happens
    | Enabled
    | Accepts
    | Fresh
    | Unchanged
    | Path
    | Quantified
    | Cell
    | Next
    | Apply
)
TRUE, FALSE = Constant(True), Constant(False)
STEP_NODES = (After, Happens, Unchanged, Next)
TEMPORAL_NODES = (Path, Quantified)


def children(expr: Expr) -> tuple[Expr, ...]:
    """Return the direct sub-expressions."""
    match expr:
        case Apply(operands=operands) | Path(operands=operands):
            return operands
        case Implies(premise=premise, conclusion=conclusion):
            return (premise, conclusion)
        case Quantified(operand=operand):
            return (operand,)
        case Read(copy=copy) if copy is not None:
            return (copy,)
        case After(operand=operand):
            return (operand,)
        case _:
            return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Yield the expression and everything in it, each object once."""
    seen: set[int] = set()
    stack = [expr]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        stack.extend(children(node))


def depth(expr: Expr) -> int:
    """Return how deeply operators are nested in an expression; a shared part is looked at once."""
    known: dict[int, int] = {}
    waiting = [expr]
    while waiting:
        node = waiting[-1]
        missing = [part for part in children(node) if id(part) not in known]
        if missing:
            waiting += missing
        else:
            known[id(waiting.pop())] = 1 + max((known[id(part)] for part in children(node)), default=0)
    return known[id(expr)]


def judges_steps(expr: Expr) -> bool:
    """Tell whether an expression speaks of a step, not of a state alone."""
    return any(isinstance(node, STEP_NODES) for node in walk(expr))


def is_temporal(expr: Expr) -> bool:
    """Tell whether an expression speaks of a run, not of a state or a step alone."""
    return any(isinstance(node, TEMPORAL_NODES) for node in walk(expr))


def imply(premise: Expr, conclusion: Expr) -> Expr:
    """Return an implication; one that says nothing, for a side of it is constant, is kept: vacuity is to show it."""
    return conclusion if premise == TRUE else Implies(premise, conclusion)


def apply(op: Op, *operands: Expr) -> Expr:
    """Return the operator applied to operands, with constants folded and neutral operands dropped."""
    if op is Op.AND or op is Op.OR:
        return _connect(op, operands)
    if op is Op.NOT:
        return _negate(operands[0])
    if op is Op.ITE:
        return _choose(*operands)
    values = [operand.value for operand in operands if isinstance(operand, Constant)]
    if len(values) == len(operands):
        return Constant(MEANING[op](*values))
    if op in COMPARISONS and operands[0] == operands[1]:
        return Constant(op in (Op.EQ, Op.LE, Op.GE))
    if op in (Op.ADD, Op.SUB) and operands[1] == Constant(0):
        return operands[0]
    return Apply(op, operands)


def _connect(op: Op, operands: tuple[Expr, ...]) -> Expr:
    """Fold a conjunction or a disjunction: nested ones are joined, doubles dropped, `x & ~x` decided."""
    absorbing, neutral = (False, True) if op is Op.AND else (True, False)
    kept: dict[Expr, None] = {}
    stack = list(reversed(operands))
    while stack:
        operand = stack.pop()
        if isinstance(operand, Constant):
            if bool(operand.value) is absorbing:
                return Constant(absorbing)
        elif isinstance(operand, Apply) and operand.op is op:
            stack.extend(reversed(operand.operands))
        elif _negate(operand) in kept:
            return Constant(absorbing)
        else:
            kept[operand] = None
    if len(kept) < 2:
        return next(iter(kept), Constant(neutral))
    return Apply(op, tuple(kept))


_OPPOSITE = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}


def _negate(operand: Expr) -> Expr:
    if isinstance(operand, Constant):
        return Constant(not operand.value)
    if isinstance(operand, Apply):
        if operand.op is Op.NOT:
            return operand.operands[0]
        if operand.op in _OPPOSITE:
            return Apply(_OPPOSITE[operand.op], operand.operands)
    return Apply(Op.NOT, (operand,))


def _choose(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    if isinstance(condition, Constant):
        return then if condition.value else otherwise
    if then == otherwise:
        return then
    # A choice with a constant truth is a connective: so no ITE of flat expressions has a truth and a number as
    # branches.
    if isinstance(then, Constant) and isinstance(then.value, bool):
        return _connect(*((Op.OR, (condition, otherwise)) if then.value else (Op.AND, (_negate(condition), otherwise))))
    if isinstance(otherwise, Constant) and isinstance(otherwise.value, bool):
        return _connect(*((Op.OR, (_negate(condition), then)) if otherwise.value else (Op.AND, (condition, then))))
    return Apply(Op.ITE, (condition, then, otherwise))
