"""Terms: what authors write in guards, effects and properties, with Python's operators.

A `Term` stands for a value that is known only in a state. It builds a `core` expression, checks the kinds of its
operands where it is written, and is never a Python bool.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from itertools import islice
from typing import Any, NoReturn

from quiesce.core.domains import BOOLEAN, Boolean, Copy, Domain, Range, Symbols, Value, shown
from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.expressions import (
    COMPARISONS,
    Argument,
    Constant,
    Expr,
    Op,
    Read,
    apply,
    depth,
    imply,
)
from quiesce.core.printing import expression
from quiesce.core.system import STATE, ArgumentDeclaration
from quiesce.language.names import usable, wrong
from quiesce.language.refusing import Refusing

Operand = "Term | bool | int | str | Copy | enum.Enum | None"
LARGEST = 2**40
DEEPEST = 200
"""Operators inside each other: what follows calls itself for each."""
MOST_TESTS = 1 << 16
"""Values that `is_in` compares with one by one."""


class Term(Refusing):
    """A value in a state: a variable, a constant, or an operator on terms.

    Truth values take `&`, `|`, `~` and `implies`; numbers `+`, `-`, `*` and the comparisons; names and indices `==`
    and `!=`. Raises SpecificationError: Q30 for operands that do not fit together, Q10 and Q03 for constants that the
    other side can never have, Q31 where Python asks for a truth value, Q32 where an index is used as a number.
    """

    __slots__ = ("domain", "expr")
    __hash__ = object.__hash__

    def __init__(self, expr: Expr, domain: Domain) -> None:
        self.expr, self.domain = expr, domain

    def __repr__(self) -> str:
        return f"<term {expression(self.expr)}>"

    def __bool__(self) -> NoReturn:
        raise wrong(
            "Q31",
            f"a term is not a Python bool: {expression(self.expr)}",
            "write & for and, | for or, ~ for not, p.implies(q), all_of(...), any_of(...), count_of(...), sum_of(...), "
            "where(p, a, b); put each comparison in parentheses",
        )

    def __iter__(self) -> NoReturn:
        raise wrong("Q35", f"a term has no elements: {expression(self.expr)}", "iterate over a machine with copies")

    def __contains__(self, _item: object) -> NoReturn:
        raise wrong("Q35", f"a term has no elements: {expression(self.expr)}", "write x.is_in([...])")

    __next__ = __iter__

    def __getitem__(self, _index: object) -> NoReturn:
        raise wrong("Q34", f"{expression(self.expr)} is no variable of a machine with copies", "index a variable")

    # comparisons
    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return compare(Op.EQ, self, other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return compare(Op.NE, self, other)

    def __lt__(self, other: object) -> Term:
        return compare(Op.LT, self, other)

    def __le__(self, other: object) -> Term:
        return compare(Op.LE, self, other)

    def __gt__(self, other: object) -> Term:
        return compare(Op.GT, self, other)

    def __ge__(self, other: object) -> Term:
        return compare(Op.GE, self, other)

    def is_in(self, values: Iterable[object]) -> Term:
        """Return the term that is true where this one equals one of the values."""
        if isinstance(values, str | Term) or not isinstance(values, Iterable):
            raise wrong("Q35", f"is_in takes a list of values, not {values!r}", "write x.is_in([...])")
        tests = [(self == value).expr for value in islice(values, MOST_TESTS + 1)]
        if len(tests) > MOST_TESTS:
            raise wrong("Q16", f"is_in of more than {MOST_TESTS:,} values", "compare numbers with < and <=")
        return Term(apply(Op.OR, *tests), BOOLEAN)

    # numbers
    def __add__(self, other: object) -> Term:
        return compute(Op.ADD, self, other)

    def __radd__(self, other: object) -> Term:
        return compute(Op.ADD, other, self)

    def __sub__(self, other: object) -> Term:
        return compute(Op.SUB, self, other)

    def __rsub__(self, other: object) -> Term:
        return compute(Op.SUB, other, self)

    def __mul__(self, other: object) -> Term:
        return compute(Op.MUL, self, other)

    def __rmul__(self, other: object) -> Term:
        return compute(Op.MUL, other, self)

    def __neg__(self) -> Term:
        return compute(Op.SUB, 0, self)

    def _refused(self) -> SpecificationError:
        return wrong(
            "Q30",
            f"terms have no such operator: {expression(self.expr)}",
            "numbers have + - * and comparisons, minimum(a, b) and maximum(a, b); truth values & | ~",
        )

    __len__ = Refusing._refuse

    # truth values
    def __and__(self, other: object) -> Term:
        return _connect(Op.AND, self, other)

    def __rand__(self, other: object) -> Term:
        return _connect(Op.AND, other, self)

    def __or__(self, other: object) -> Term:
        return _connect(Op.OR, self, other)

    def __ror__(self, other: object) -> Term:
        return _connect(Op.OR, other, self)

    def __invert__(self) -> Term:
        return Term(apply(Op.NOT, truth(self, "~").expr), BOOLEAN)

    def implies(self, other: object) -> Term:
        """Return the term that is false only where this one is true and the other is false."""
        return Term(imply(truth(self, "implies").expr, truth(other, "implies").expr), BOOLEAN)


class VariableTerm(Term):
    """A variable of a machine: in its own rows its own copy's; elsewhere `variable[copy]`."""

    __slots__ = ("copies", "machine", "name")

    def __init__(self, machine: str, name: str, domain: Domain, copies: int | None) -> None:
        super().__init__(Read(machine, name, domain=domain), domain)
        self.machine, self.name, self.copies = machine, name, copies

    def __getitem__(self, index: object) -> Term:  # type: ignore[override]
        """Return the variable of one copy; the index is a copy or a term for one (`client.acting`).

        Raises SpecificationError: Q29 where the machine has no copies or the index may be none, Q30 for an index of
        another machine.
        """
        if self.copies is None:
            raise wrong("Q29", f"{self.machine} has no copies, so {self.machine}.{self.name} takes no index")
        copy = lift(index)
        if not isinstance(copy.domain, Symbols) or copy.domain.of != self.machine:
            raise wrong(
                "Q30",
                f"{expression(copy.expr)} is not an index of {self.machine}",
                f"index {self.name} by a copy of {self.machine}, as in "
                f"all_of({self.name}[c] == ... for c in {self.machine})",
            )
        if None in copy.domain.names:
            text = expression(copy.expr)
            raise wrong(
                "Q29",
                f"{text} may be none, so {self.name}[{text}] is not determined",
                f"write any_of(({text} == c) & (... {self.name}[c] ...) for c in {self.machine})",
            )
        return Term(Read(self.machine, self.name, copy.expr, self.domain), self.domain)


def lift(value: object) -> Term:
    """Return a term for a constant, or the term itself.

    Raises SpecificationError: Q16 for a number that is too large, Q35 for what is neither.
    """
    if isinstance(value, Term):
        return value
    if isinstance(value, bool):
        return Term(Constant(value), BOOLEAN)
    if isinstance(value, Copy):
        return Term(Constant(value), Symbols((value,), of=value.machine))
    if isinstance(value, enum.Enum | str) or value is None:
        return Term(Constant(value), Symbols((value,)))
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise wrong(
                "Q16", f"{_written(value)} is beyond {LARGEST:,}", f"numbers reach from -{LARGEST:,} to {LARGEST:,}"
            )
        return Term(Constant(value), Range(value, value))
    raise wrong("Q35", f"{value!r} is neither a term nor a value", "give a term, a bool, an integer, a name or None")


def _written(number: int) -> str:
    """Return a number in digits, a very long one by its length: Python refuses to write that out."""
    return f"{number:,}" if number.bit_length() < 200 else f"a number of {number.bit_length():,} bits"


def truth(value: object, operator: str) -> Term:
    """Return a truth-valued term; raises SpecificationError (Q30) for any other."""
    term = lift(value)
    if not isinstance(term.domain, Boolean):
        raise wrong(
            "Q30",
            f"{operator} takes truth values, and {expression(term.expr)} is {kind_of(term.domain)}",
            "put each comparison in parentheses: (x == 1) & (y == 2)",
        )
    return term


def shallow(expr: Expr) -> Expr:
    """Return an expression that what follows can go through; raises SpecificationError (Q16) for one nested deeply."""
    if depth(expr) > DEEPEST:
        raise wrong(
            "Q16",
            f"a term is nested more than {DEEPEST} deep",
            "combine many terms with all_of, any_of, sum_of or count_of, or give parts of it to variables",
        )
    return expr


def kind_of(domain: Domain) -> str:
    """Return what a value of a domain is, in words."""
    if isinstance(domain, Boolean):
        return "a truth value"
    if isinstance(domain, Range):
        return "a number"
    return f"an index of {domain.of}" if domain.of else "a name"


def fit(constant: Constant, domain: Domain, what: str, place: Place | None = None) -> Expr:
    """Check that a constant belongs to a domain, and return it; `what` names the variable in the message.

    Raises SpecificationError: Q03 for an unknown state, Q10 for any other constant outside the domain.
    """
    value = constant.value
    if domain.code(value) is not None:
        return constant
    if isinstance(domain, Symbols) and what.endswith("." + STATE):
        owner = what.removesuffix("." + STATE)
        raise wrong("Q03", f"{owner} has no state {shown(value)!r}", known(shown(value), _texts(domain)), place)
    raise wrong("Q10", f"{what} can never be {shown(value)}", f"its values are: {domain}", place)


def _texts(domain: Symbols) -> list[str]:
    return [shown(name) for name in domain.names]


def compare(op: Op, left: object, right: object) -> Term:
    """Return a comparison of two operands of one kind."""
    a, b = lift(left), lift(right)
    for one, other in ((a, b), (b, a)):
        if isinstance(one.expr, Constant) and isinstance(other.domain, Symbols) and _none_fits(one, other.domain):
            fit(one.expr, other.domain, expression(other.expr))
    symbolic = isinstance(a.domain, Symbols) or isinstance(b.domain, Symbols)
    adapted = isinstance(a.expr, Constant) or isinstance(b.expr, Constant)
    if not (type(a.domain) is type(b.domain) or _number_among_names(a, b) or _number_among_names(b, a)):
        raise wrong(
            "Q30",
            f"{expression(a.expr)} is {kind_of(a.domain)} and {expression(b.expr)} is {kind_of(b.domain)}",
            "compare two values of one kind",
        )
    if isinstance(a.domain, Symbols) and isinstance(b.domain, Symbols) and not adapted and a.domain.of != b.domain.of:
        raise wrong(
            "Q30",
            f"{expression(a.expr)} is {kind_of(a.domain)} and {expression(b.expr)} is {kind_of(b.domain)}",
            "they can never be equal",
        )
    if symbolic and op not in (Op.EQ, Op.NE):
        _refuse_number(a if isinstance(a.domain, Symbols) else b, op)
    if isinstance(a.domain, Boolean) and op not in (Op.EQ, Op.NE):
        raise wrong("Q30", f"truth values have no order: {expression(a.expr)} {op.value} {expression(b.expr)}")
    return Term(apply(op, a.expr, b.expr), BOOLEAN)


def _number_among_names(constant: Term, other: Term) -> bool:
    """Tell whether a constant number is compared with a variable that has numbers among its names."""
    given = isinstance(constant.expr, Constant) and isinstance(constant.domain, Range)
    return given and isinstance(other.domain, Symbols) and not isinstance(other.expr, Constant)


def _none_fits(constant: Term, domain: Symbols) -> bool:
    assert isinstance(constant.expr, Constant)
    return domain.code(constant.expr.value) is None and not (
        isinstance(constant.expr.value, Copy) and constant.expr.value.machine == domain.of
    )


def _refuse_number(term: Term, op: Op) -> NoReturn:
    assert isinstance(term.domain, Symbols)
    text = expression(term.expr)
    if term.domain.of:
        raise wrong(
            "Q32",
            f"{text} is an index, not a number: copies are interchangeable and have only == and !=",
            f"give {term.domain.of} a count() to compute with, or make one machine for each number in a Python loop",
        )
    raise wrong("Q30", f"{op.value} takes numbers, and {text} is a name", "names have only == and !=")


def compute(op: Op, left: object, right: object) -> Term:
    """Return an arithmetic operator applied to two numbers; raises SpecificationError (Q16, Q30, Q32)."""
    a, b = lift(left), lift(right)
    for term in (a, b):
        if isinstance(term.domain, Symbols):
            _refuse_number(term, op)
        if isinstance(term.domain, Boolean):
            raise wrong(
                "Q30",
                f"{op.value} takes numbers, and {expression(term.expr)} is a truth value",
                "write where(p, 1, 0), or count_of(...) to count truths",
            )
    assert isinstance(a.domain, Range)
    assert isinstance(b.domain, Range)
    return Term(apply(op, a.expr, b.expr), _computed(op, a.domain, b.domain))


def _computed(op: Op, a: Range, b: Range) -> Range:
    """Return the interval of a result; an unbounded side stays unbounded above, and as low as is ever computed."""
    top_a, top_b = (LARGEST if side.top is None else side.top for side in (a, b))
    corners = {
        Op.ADD: (a.low + b.low, top_a + top_b),
        Op.SUB: (a.low - top_b, top_a - b.low),
        Op.MIN: (min(a.low, b.low), min(top_a, top_b)),
        Op.MAX: (max(a.low, b.low), max(top_a, top_b)),
        Op.MUL: (a.low * b.low, a.low * top_b, top_a * b.low, top_a * top_b),
    }[op]
    unbounded = a.top is None or b.top is None
    if not unbounded and max(abs(corner) for corner in corners) > LARGEST:
        raise wrong("Q16", f"a number beyond {LARGEST:,} can come out of {op.value}", "use smaller domains")
    return Range(max(min(corners), -LARGEST), None if unbounded else max(corners))


def _connect(op: Op, left: object, right: object) -> Term:
    word = "&" if op is Op.AND else "|"
    return Term(apply(op, truth(left, word).expr, truth(right, word).expr), BOOLEAN)


class ArgumentTerm(Term):
    """A value that is chosen anew in each event and shared, by name, by all rows that declare it."""

    __slots__ = ("declaration",)

    def __init__(self, declaration: ArgumentDeclaration) -> None:
        super().__init__(Argument(declaration.name), declaration.domain)
        self.declaration = declaration


def results(values: object) -> tuple[Value, ...] | None:
    """Return results as a tuple; None stays None.

    Raises SpecificationError: Q12 for anything but names, numbers and enum members, Q16 for a number too large.
    """
    if values is None:
        return None
    listed: list[Any] = list(values) if isinstance(values, list | tuple) else [values]
    for value in listed:
        if isinstance(value, bool) or not isinstance(value, str | int | enum.Enum):
            raise wrong(
                "Q12",
                f"a result is a name or a number, not {value!r}",
                'write returns="TRUE" for a BOOL that is returned',
            )
        usable(shown(value), "result")
        lift(value)
    if not listed:
        raise wrong("Q12", "an empty list of results", "leave the option out to accept every result")
    return tuple(dict.fromkeys(listed))


if {Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE} != COMPARISONS:
    raise AssertionError("a comparison without a method of Term")
