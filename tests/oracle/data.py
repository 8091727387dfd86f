"""What a system, a question and a trace are here: plain data, and expressions as nested tuples.

An expression is a tuple whose first item names it:

- values: `("const", value)`, `("var", machine, variable, index)`, `("arg", name)`, `("acting", machine)`
- operators: `not and or implies == != < <= > >= + - * min max where`, then the operands
- of steps: `("after", x)`, `("happens", trigger, results, arguments, by)`, `("unchanged", machine)`
- of states: `("fresh", machine)`, `("enabled", trigger)`, `("accepts", machine, trigger, results)`, `("deadlock",)`
- of runs: `X F G U R W`, and `A E` over them

An index is None for a variable of one's own copy, or of a machine without copies. In `happens` the results may be None
(any), the arguments are (name, value) pairs, and `by` is None or (machine, copy), the copy None for any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Expression = tuple[Any, ...]
TRUE: Expression = ("const", True)
FALSE: Expression = ("const", False)
STEP_WORDS = frozenset({"after", "happens", "unchanged"})
PATH_WORDS = frozenset("XFGURW")
QUANTIFIERS = frozenset("AE")


@dataclass(frozen=True, order=True)
class Copy:
    """One copy of a machine with copies."""

    machine: str
    number: int


Value = bool | int | str | Copy | None
State = tuple[Value, ...]


@dataclass(frozen=True)
class Variable:
    """A variable of a machine, or of each of its copies: its values in their order, and those it may start with.

    `kind` is state, count, integer, flag, names or index; `of` is the machine whose copies an index names.
    """

    name: str
    kind: str
    values: tuple[Value, ...]
    initial: tuple[Value, ...]
    of: str | None = None


@dataclass(frozen=True)
class Argument:
    """A value chosen in each event, and shared by name."""

    name: str
    values: tuple[Value, ...]
    of: str | None = None


@dataclass(frozen=True)
class Row:
    """One row; `kind` is step, calls or on, and the trigger of a step is the full one: `machine.name`."""

    kind: str
    trigger: str
    arguments: tuple[Argument, ...] = ()
    sources: tuple[Value, ...] | None = None
    dest: Value = None
    when: Expression = TRUE
    then: tuple[tuple[str, Expression], ...] = ()
    returns: tuple[str, ...] | None = None
    gets: tuple[str, ...] | None = None
    every: bool = False
    fair: str | None = None


@dataclass(frozen=True)
class Machine:
    """A machine: `copies` is None for a single one."""

    name: str
    copies: int | None
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    observer: bool = False

    @property
    def numbers(self) -> tuple[int | None, ...]:
        """The numbers of the copies; a machine without copies has one part, None."""
        return (None,) if self.copies is None else tuple(range(self.copies))


@dataclass(frozen=True)
class Question:
    """A property: always, never, sometimes, always_possible, no_deadlock, domains, bisimilar or holds.

    `assuming` are (trigger, strength) pairs that replace the rows' fairness, or None.
    """

    name: str
    kind: str
    formula: Expression = TRUE
    stuttering: bool = False
    assuming: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class System:
    """Machines with what is asked of them."""

    machines: tuple[Machine, ...]
    questions: tuple[Question, ...] = ()
    rest: Expression | None = None
    initially: Expression = TRUE

    def machine(self, name: str) -> Machine:
        """Return a machine by name."""
        return next(machine for machine in self.machines if machine.name == name)


@dataclass(frozen=True)
class Cell:
    """One variable of one copy: a position in a state."""

    machine: str
    copy: int | None
    variable: Variable


@dataclass(frozen=True)
class Part:
    """Who takes part in a step, by which of its rows; the copy is None for a machine without, and for every copy."""

    machine: str
    copy: int | None
    row: int


@dataclass(frozen=True)
class Step:
    """One transition; the target is None where the step leaves a domain, and `left` are then the values outside."""

    trigger: str
    result: str | None
    arguments: tuple[tuple[str, Value], ...]
    parts: tuple[Part, ...]
    target: State | None
    left: tuple[Value, ...] = field(default=(), compare=False)

    @property
    def event(self) -> tuple[object, ...]:
        """What can be seen of it: not by which rows, and not what observers keep."""
        return self.trigger, self.result, self.arguments, tuple((part.machine, part.copy) for part in self.parts)


@dataclass(frozen=True)
class Trace:
    """A run from an initial state; `loop` is the position to which the last step comes back, if it does."""

    start: State
    steps: tuple[Step, ...] = ()
    loop: int | None = None

    @property
    def states(self) -> tuple[State, ...]:
        """The states on the way; a step that leaves a domain adds none."""
        return (self.start, *(step.target for step in self.steps if step.target is not None))


@dataclass(frozen=True)
class Claim:
    """That a system refines another one: what each cell of the other is here, and its questions that hold here too.

    The mapping is from (machine, copy, variable) of the abstract system to an expression of the concrete one; what is
    not named is the cell of the same name.
    """

    mapping: tuple[tuple[tuple[str, int | None, str], Expression], ...] = ()
    liveness: tuple[str, ...] = ()


def cells(system: System) -> list[Cell]:
    """Return the cells of a state: machine by machine, copy by copy, in the order of the declarations."""
    return [
        Cell(machine.name, copy, variable)
        for machine in system.machines
        for copy in machine.numbers
        for variable in machine.variables
    ]


def nodes(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all expressions in it."""
    yield expression
    for operand in operands(expression):
        yield from nodes(operand)


def operands(expression: Expression) -> tuple[Expression, ...]:
    """Return the expressions that stand directly in another one."""
    match expression:
        case ("const" | "arg" | "acting" | "happens" | "unchanged" | "fresh" | "enabled" | "accepts", *_):
            return ()
        case ("var", _, _, index):
            return () if index is None else (index,)
        case _:
            return expression[1:]


@cache
def speaks_of_steps(expression: Expression) -> bool:
    """Tell whether a step part stands in an expression."""
    return any(node[0] in STEP_WORDS for node in nodes(expression))


@cache
def speaks_of_runs(expression: Expression) -> bool:
    """Tell whether a temporal operator stands in an expression."""
    return any(node[0] in PATH_WORDS | QUANTIFIERS for node in nodes(expression))
