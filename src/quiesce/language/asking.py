"""Temporal formulas as text: what `--ask` takes becomes a question about a built system.

The text is read into the terms that authors write, so it means what they mean, and their checks are its checks. Names
of states and results are bare words, resolved where they stand: against the other side of a comparison, or among the
results of a trigger. Names with blanks or dashes stand in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from quiesce.core.domains import BOOLEAN, Boolean, Copy, Domain, Range, Symbols, Value, shown
from quiesce.core.errors import Place, SpecificationError, known
from quiesce.core.expressions import Accepts, Expr, Fresh, Op, Unchanged, is_temporal
from quiesce.core.printing import expression
from quiesce.core.properties import Property, PropertyKind
from quiesce.core.system import Machine, System
from quiesce.language.checking import check_property
from quiesce.language.grammar import GRAMMAR
from quiesce.language.operators import after, all_of, any_of, enabled, happens
from quiesce.language.temporal import AF, AG, AX, EF, EG, EX, A, E, F, G, R, U, W, X, deadlock
from quiesce.language.terms import Term, VariableTerm, compare, compute, kind_of, lift

_operators: tuple[Callable[..., Term], ...] = (X, F, G, U, R, W, A, E, AX, EX, AF, EF, AG, EG)
OPERATORS = {operator.__name__: operator for operator in _operators}
LITERALS: dict[str, Term | bool | None] = {
    "true": True,
    "false": False,
    "none": None,
    "None": None,
    "deadlock": deadlock,
}
PREDICATES: dict[str, Callable[[str], Expr]] = {"fresh": Fresh, "unchanged": Unchanged}
CALLS = ("after", "enabled", "happens", "accepts")

WORDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "INTEGER": "a number",
    "LITERAL": "true, false, none, deadlock",
    "PATH": "a temporal operator",
    "COPIES": "forall, exists",
    "COMPARISON": "== != < <= > >=",
    "UNTIL": "U R W",
    "_NOT": "!",
    "_AND": "&",
    "_OR": "|",
    "DOT": "a dot",
    "COMMA": "a comma",
}
"""Terminal -> what a reader calls it, where it has a pattern or is hard to see."""

INSTEAD = {"=": "write == to compare", "=>": "write -> for implies"} | dict.fromkeys("\"'", "the quote is not closed")
LONGEST = 100  # digits of a number: Python refuses to read very long ones
DEEPEST = 100  # levels of a formula: what follows calls itself for each
WIDEST = 60  # characters of a line that are shown on either side of a mistake

Node = Tree[Token]


def question(system: System, text: str) -> Property:
    """Return the temporal question that a text asks of a system; the rows' own `fair=` holds.

    Raises SpecificationError, whose hint shows the text with a caret under the place: Q49 for what cannot be read;
    Q01 to Q06, Q09, Q10, Q16, Q29, Q30, Q32, Q33 and Q36 for what has no meaning in this system.
    """
    tree, reader = _parsed(system, text), _Reader(system)
    try:
        term = reader.of_kind(tree, Boolean, "--ask")
    except SpecificationError as problem:
        problem.place, problem.hint = None, _pointed(text, reader.here, problem.hint)
        raise
    return Property(name=" ".join(text.split()), kind=PropertyKind.TEMPORAL, formula=term.expr)


# -- reading -----------------------------------------------------------------------------------------------------------


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, start="formula", parser="lalr", propagate_positions=True)


def _parsed(system: System, text: str) -> Node:
    interactive: Any = _parser().parse_interactive(text)  # lark leaves half of its methods without types
    try:
        interactive.exhaust_lexer()
        tree: Node = interactive.feed_eof()
    except UnexpectedInput as problem:
        raise _unreadable(system, text, problem) from None
    return tree


def _unreadable(system: System, text: str, problem: UnexpectedInput) -> SpecificationError:
    """Return the error for a text that the grammar refuses: what stands there, what may stand there, which names."""
    place = problem.pos_in_stream or 0
    found = problem.token if isinstance(problem, UnexpectedToken) else text[place]
    what = f"unexpected {str(found)!r}"
    if not found:  # the end is a token without text
        place, what = len(text.rstrip()), "it ends too early"
    before: Any = _parser().parse_interactive(text[:place])
    before.exhaust_lexer()
    accepted = before.accepts()
    name = re.search(r"([^\W\d]\w*)\s*$", text[:place])
    if name and found == "(":
        hint = known(name[1], [*CALLS, *(call for call in OPERATORS if call not in "URW")])
    elif name and found[:1].isalpha() and "DOT" in accepted:
        hint = "a name with blanks stands in quotes; between two names stands an operator"
    else:
        hint = INSTEAD.get(text[place : place + 2]) or INSTEAD.get(found) or _wanted(accepted)
        if names := _names(system, text[:place], accepted):
            hint += f"\n  {known('', names)}"
    return SpecificationError("Q49", f"the formula cannot be read: {what}", hint=_pointed(text, place, hint))


def _wanted(accepted: set[str]) -> str:
    """Return what may stand in a place, in words; a pattern without a word goes without saying."""
    terminals = [terminal for terminal in _parser().terminals if terminal.name in accepted]
    words = [WORDS.get(each.name, each.pattern.value if each.pattern.type == "str" else "") for each in terminals]
    return "here may stand: " + ", ".join(filter(None, [*words, "the end" if "$END" in accepted else ""]))


def _names(system: System, before: str, accepted: set[str]) -> list[str]:
    """Return the names that go on a text: triggers, machines, values of the variable that is compared, variables."""
    if re.search(r"\b(happens|enabled)\s*\(\s*$", before):
        return list(dict.fromkeys(row.trigger for machine in system.machines for row in machine.rows))
    if re.search(r"\b(in|accepts\s*\()\s*$", before):
        return list(system.by_name)
    compared = re.search(r"(\w+)(?:\[\w+\])?\.(\w+)(?:\[\w+\])?\s*[=!]=\s*$", before)
    variables = [(machine.name, variable) for machine in system.machines for variable in machine.variables]
    for machine, variable in variables:
        names = variable.domain.names if isinstance(variable.domain, Symbols) and not variable.domain.of else ()
        if names and compared and compared.groups() == (machine, variable.name):
            return [shown(name) for name in names]
    return [f"{machine}.{variable.name}" for machine, variable in variables] if "LITERAL" in accepted else []


def _pointed(text: str, place: int, hint: str) -> str:
    """Return the line of a text with a caret under a place, and a hint below; of a long line, what is around it."""
    first = text.rfind("\n", 0, place) + 1
    line, column = text[first:].partition("\n")[0].replace("\t", " "), place - first
    before, after = max(0, column - WIDEST), column + WIDEST
    shown = ("…" if before else "") + line[before:after] + ("…" if line[after:] else "")
    caret = " " * (column - before + (1 if before else 0))
    return f"  {shown}\n    {caret}^" + (f"\n  {hint}" if hint else "")


# -- meaning -----------------------------------------------------------------------------------------------------------


class _Reader:
    """Turns what the grammar read into terms: one method for each of its rules.

    `here` is the position in the text of what is being judged; `bound` are the names of forall and exists.
    """

    def __init__(self, system: System) -> None:
        self.system, self.here, self.depth = system, 0, 0
        self.bound: dict[str, Copy] = {}

    def term(self, node: Node) -> Term:
        """Return what a node means; raises Q49 for one that is nested too deeply for all that follows."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.at(node)
            raise SpecificationError("Q49", f"the formula cannot be read: it is nested more than {DEEPEST} deep")
        term: Term = getattr(self, str(node.data))(*node.children)
        self.depth -= 1
        return term

    def at(self, node: Node | Token) -> None:
        """Remember where what is judged next stands in the text."""
        self.here = (node.meta.start_pos if isinstance(node, Tree) else node.start_pos) or 0

    def of_kind(self, node: Node, wanted: type[Domain], operator: str) -> Term:
        """Return what a node means, where an operator takes truth values, or numbers, alone; raises Q30."""
        term = self.term(node)
        if not isinstance(term.domain, wanted):
            self.at(node)
            takes, hint = ("numbers", "") if wanted is Range else ("truth values", "compare it with a value: x == 1")
            given = f"{expression(term.expr)} is {kind_of(term.domain)}"
            raise SpecificationError("Q30", f"{operator} takes {takes}, and {given}", hint=hint)
        return term

    def value(self, node: Node) -> Term:
        """Return what a node means, where a value of one state is wanted; raises Q36."""
        term = self.term(node)
        if is_temporal(term.expr):
            self.at(node)
            problem = f"{expression(term.expr)} speaks of runs, where a value of one state is wanted"
            raise SpecificationError("Q36", problem, hint="put the temporal operator around the whole: G(x == 1)")
        return term

    def checked(self, term: Term) -> Term:
        """Return a term that the checks of every property let through; `question` takes their place away."""
        check_property(self.system.machines, term.expr, Place("--ask", 1), "--ask")
        return term

    def equivalence(self, left: Node, right: Node) -> Term:
        a, b = self.of_kind(left, Boolean, "<->"), self.of_kind(right, Boolean, "<->")
        if not (is_temporal(a.expr) or is_temporal(b.expr)):
            return compare(Op.EQ, a, b)
        return a.implies(b) & b.implies(a)

    def implication(self, premise: Node, conclusion: Node) -> Term:
        return self.of_kind(premise, Boolean, "->").implies(self.of_kind(conclusion, Boolean, "->"))

    def disjunction(self, *operands: Node) -> Term:
        return any_of(self.of_kind(operand, Boolean, "|") for operand in operands)

    def conjunction(self, *operands: Node) -> Term:
        return all_of(self.of_kind(operand, Boolean, "&") for operand in operands)

    def negation(self, operand: Node) -> Term:
        return ~self.of_kind(operand, Boolean, "!")

    def until(self, left: Node, operator: Token, right: Node) -> Term:
        return OPERATORS[operator](*[self.of_kind(side, Boolean, operator) for side in (left, right)])

    def path(self, operator: Token, operand: Node) -> Term:
        return OPERATORS[operator](self.of_kind(operand, Boolean, operator))

    def copies(self, word: Token, name: Token, owner: Token, body: Node) -> Term:
        machine = self.machine(owner)
        if machine.copies is None:
            raise SpecificationError("Q29", f"{machine.name} has no copies", hint=f"leave {word} and its index out")
        self.at(name)
        if name in self.bound:
            raise SpecificationError("Q01", f"{name} stands for {self.bound[name].machine} already", hint="rename one")
        terms = []
        # Where there are no copies the body is judged all the same.
        for copy in self.system.copies_of(machine.name) or (Copy(machine.name, 0),):
            self.bound[name] = copy
            terms.append(self.of_kind(body, Boolean, word))
        del self.bound[name]
        return (all_of if word == "forall" else any_of)(terms[: machine.copies])

    def comparison(self, left: Node, operator: Token, right: Node) -> Term:
        a = None if self.is_bare(left) else self.value(left)
        b = None if self.is_bare(right) else self.value(right)
        self.at(operator)
        if a is None:
            a = self.value(left) if b is None else self.named(left, b.domain)
        if b is None:
            b = self.named(right, a.domain)
        return compare(Op(operator), a, b)

    def added(self, first: Node, *others: Any) -> Term:
        self.depth += len(others) // 2  # a sum leans to the left
        total = self.of_kind(first, Range, others[0])
        for operator, operand in zip(others[::2], others[1::2], strict=True):
            other = self.of_kind(operand, Range, operator)
            self.at(operator)
            total = compute(Op(operator), total, other)
        self.depth -= len(others) // 2
        return total

    multiplied = added

    def negative(self, operator: Token, operand: Node) -> Term:
        return -self.of_kind(operand, Range, operator)

    def number(self, digits: Token) -> Term:
        self.at(digits)
        if len(digits) > LONGEST:
            raise SpecificationError("Q16", f"a number of {len(digits):,} digits is too large")
        return lift(int(digits))

    def literal(self, word: Token) -> Term:
        return lift(LITERALS[word])

    def after(self, operand: Node) -> Term:
        value = self.value(operand)
        self.at(operand)
        return after(value)

    def is_bare(self, node: Node) -> bool:
        """Tell whether a node is one word that no forall or exists has bound."""
        if node.data == "reference":
            return len(node.children) == 1 and node.children[0] not in self.bound
        return node.data == "literal"

    def named(self, node: Node, domain: Domain) -> Term:
        """Return the value that one word is beside a value of a domain."""
        self.at(node)
        (word,) = node.children
        text, quoted = _plain(word), isinstance(word, Token) and word.type == "QUOTED"
        for value in domain.names if isinstance(domain, Symbols) else ():
            if (value == text if quoted else shown(value) == text) and not isinstance(value, Copy):
                return lift(value)
        return lift(LITERALS.get(str(word), text))

    def reference(self, name: Token, *tails: Node) -> Term:
        if not tails and name in self.bound:
            return lift(self.bound[name])
        members: list[Any] = [tail.children[0] for tail in tails if tail.data == "member"]
        indices: list[Any] = [tail.children[0] for tail in tails if tail.data == "index"]
        if len(members) == 1 and len(indices) < 2:
            return self.variable(self.machine(name), members[0], *indices)
        self.at(name)
        text = ".".join(map(_plain, (name, *members)))
        existing = _names(self.system, "", {"LITERAL"})
        near = [word for word in existing if text in word.split(".")]
        raise SpecificationError("Q04", f"no variable {text!r}", hint=known(near[0] if near else text, existing))

    def variable(self, machine: Machine, member: Token, index: Token | None = None) -> Term:
        name, variables = _plain(member), {variable.name: variable for variable in machine.variables}
        self.at(index or member)
        if name in variables:
            term = VariableTerm(machine.name, name, variables[name].domain, machine.copies)
            if machine.copies is None:
                return term if index is None else term[index]
            return term[self.copy(machine, name, index)]
        if name in PREDICATES and index is None:
            return Term(PREDICATES[name](machine.name), BOOLEAN)
        self.at(member)
        hint = known(name, [*variables, *(PREDICATES if index is None else ())])
        raise SpecificationError("Q04", f"{machine.name} has no variable {name!r}", hint=hint)

    def copy(self, machine: Machine, variable: str, index: Token | None) -> Copy:
        """Return the copy that an index stands for; raises Q04, Q29, Q30 and Q32."""
        owner = machine.name
        hint = f"write forall c in {owner}: ... {owner}.{variable}[c] ..., or exists"
        if index is None:
            problem = f"{owner}.{variable} is not determined: {owner} has {machine.copies} copies"
            raise SpecificationError("Q29", problem, hint=hint)
        if index.type == "NUMBER":
            raise SpecificationError("Q32", f"{index} is no index: copies of {owner} are interchangeable", hint=hint)
        if index not in self.bound:
            raise SpecificationError("Q04", f"no forall or exists binds {index}", hint=hint)
        copy = self.bound[index]
        if copy.machine != owner:
            raise SpecificationError("Q30", f"{index} is a copy of {copy.machine}, not of {owner}", hint=hint)
        return copy

    def machine(self, name: Token) -> Machine:
        self.at(name)
        return self.system.machine(_plain(name))

    def enabled(self, trigger: Node) -> Term:
        return enabled(self.trigger(trigger))

    def happens(self, trigger: Node, results: Node | None = None) -> Term:
        name = self.trigger(trigger)
        return happens(name, returns=self.results(name, results))

    def accepts(self, owner: Token, trigger: Node, results: Node | None = None) -> Term:
        machine, name = self.machine(owner), self.trigger(trigger)
        returned = self.results(name, results)
        self.at(owner)
        return self.checked(Term(Accepts(machine.name, name, returned), BOOLEAN))

    def trigger(self, node: Node) -> str:
        """Return the name of a trigger that the system has; raises Q05."""
        name = ".".join(map(_plain, node.children))
        self.at(node)
        self.checked(enabled(name))
        return name

    def results(self, trigger: str, node: Node | None) -> tuple[Value, ...] | None:
        """Return the results of a trigger that a text names; raises Q06."""
        if node is None:
            return None
        rows = [row for machine in self.system.machines for row in machine.rows if row.trigger == trigger]
        returned = {shown(value): value for row in rows for value in (*(row.returns or ()), *(row.gets or ()))}
        found: list[Value] = []
        for token in node.children:
            self.at(token)
            text = _plain(token)
            found.append(returned.get(text, text))
            self.checked(happens(trigger, returns=found[-1]))
        return tuple(dict.fromkeys(found))


def _plain(token: Any) -> str:
    """Return a name without its quotes."""
    return str(token)[1:-1] if token.type == "QUOTED" else str(token)
