"""Single-point mutants of a module's source: one operator, constant, condition or statement is another one.

What no verdict can depend on is left as it is: annotations, decorators, docstrings, assertions, and what is said when
an error is raised.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARED: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
CALLED = {"any": "all", "all": "any", "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A change of a file of the package: what stood between two offsets of its text is something else."""

    file: str
    text: str
    start: int
    end: int
    new: str

    @property
    def old(self) -> str:
        """What stood there."""
        return self.text[self.start : self.end]

    @property
    def line(self) -> int:
        """The line that the change begins in."""
        return self.text.count("\n", 0, self.start) + 1

    @property
    def code(self) -> str:
        """That line, without what it is indented by."""
        return self.text.splitlines()[self.line - 1].strip()

    @property
    def mutated(self) -> str:
        """The text of the changed file."""
        return self.text[: self.start] + self.new + self.text[self.end :]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a known survivor is found by, wherever its line has moved."""
        return self.file, self.code, self.old, self.new

    def __str__(self) -> str:
        old, new = (" ".join(part.split()) for part in (self.old, self.new))
        return f"{self.file}:{self.line}: {old}  ->  {new or 'nothing'}"


def mutants(file: str, text: str) -> Iterator[Mutant]:
    """Yield the mutants of a file's text, in the order of the nodes of its syntax."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line.encode()))
    data = text.encode()

    def at(line: int, column: int) -> int:
        return len(data[: lines[line - 1] + column].decode())

    for node, new in _changes(ast.parse(text)):
        start, end = at(node.lineno, node.col_offset), at(node.end_lineno or 0, node.end_col_offset or 0)
        yield Mutant(file=file, text=text, start=start, end=end, new=new)


def changes_code(mutant: Mutant) -> bool:
    """Tell whether a mutant is Python, and another program than the one it was made of."""
    try:
        return ast.dump(ast.parse(mutant.mutated)) != ast.dump(ast.parse(mutant.text))
    except SyntaxError:
        return False


def _changes(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    """Yield nodes with the text that stands in their place in a mutant."""
    for node in _judged(tree):
        match node:
            case ast.Compare(ops=[op], left=left, comparators=[right]):
                yield node, _inside(f"{_text(left)} {COMPARED[type(op)]} {_text(right)}")
            case ast.BoolOp(op=op, values=values):
                word = " or " if isinstance(op, ast.And) else " and "
                yield node, _inside(word.join(map(_text, values)))
                yield node, _text(values[0])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield node, _text(operand)
            case ast.BinOp(op=op, left=left, right=right) if type(op) in COMPUTED and not _is_a_type(right):
                yield node, _inside(ast.unparse(ast.BinOp(left, COMPUTED[type(op)](), right)))
                yield node, _text(left)
            case ast.Constant(value=bool(value)):
                yield node, str(not value)
            case ast.Constant(value=int(value)):
                yield node, str(value + 1)
                yield node, _inside(str(value - 1))
            case ast.Call(func=ast.Name(id=name) as called) if name in CALLED:
                yield called, CALLED[name]
            case ast.Call(func=ast.Attribute(value=owner, attr=name) as called) if name in CALLED:
                yield called, f"{ast.unparse(owner)}.{CALLED[name]}"
            case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
                yield test, f"(not {_text(test)})"
            case ast.comprehension(ifs=[*conditions]):
                yield from ((condition, "True") for condition in conditions)
            case ast.Expr(value=ast.Call() | ast.YieldFrom() | ast.Yield()) | ast.AugAssign() | ast.Continue():
                yield node, "pass"


def _judged(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that a mutant may change, from the outermost on."""
    yield node
    match node:
        case ast.FunctionDef(args=args, body=body):
            inner: list[ast.AST] = [*args.defaults, *(each for each in args.kw_defaults if each is not None), *body]
        case ast.ClassDef(body=body):
            inner = [*body]
        case ast.AnnAssign(value=value):
            inner = [value] if value is not None else []
        case ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            inner = []
        case ast.Subscript(value=value, slice=ast.Slice() | ast.Constant() | ast.BinOp() | ast.UnaryOp() as place):
            inner = [value, place]
        case _:
            inner = list(ast.iter_child_nodes(node))
    for each in inner:
        yield from _judged(each)


def _is_a_type(node: ast.expr) -> bool:
    """Tell whether an operand is a type or None, so that `|` makes a union of them."""
    match node:
        case ast.Name(id=name):
            return name[0].isupper() and not name.isupper()
        case ast.Subscript(value=value):
            return _is_a_type(value)
        case ast.Constant(value=value):
            return value is None
    return False


LOOSE = ast.Compare | ast.BoolOp | ast.IfExp | ast.BinOp | ast.UnaryOp | ast.NamedExpr
"""What needs parentheses as an operand."""


def _text(node: ast.expr) -> str:
    return _inside(ast.unparse(node)) if isinstance(node, LOOSE) else ast.unparse(node)


def _inside(text: str) -> str:
    return f"({text})"
