"""Temporal formulas on one run: what a lasso, a run that ended, or the beginning of a run says about them.

Truth has three values here. The beginning of a run leaves open what comes later; and one run alone can refute "for
every run" and confirm "for some run", never the reverse. So None means that this run does not decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quiesce.core.expressions import Expr, Temporal, judges_steps
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, is_state_formula
from quiesce.core.reference import Scope, evaluate, steps
from quiesce.core.system import System
from quiesce.core.trace import Step, Trace, stutter

Truth = bool | None
Values = list[Truth]


@dataclass(frozen=True, slots=True)
class Run:
    """The positions of a trace: position i has a state and, but where the trace is cut off, a step and a successor.

    A run that ends in a deadlock repeats its last state by a step that is no event.
    """

    system: System
    trace: Trace

    @property
    def ended(self) -> bool:
        """Whether the last state has no step at all."""
        return self.trace.loop is None and next(iter(steps(self.system, self.trace.last)), None) is None

    @property
    def length(self) -> int:
        """Number of positions; the state to which a loop returns is not counted again."""
        return self.trace.length + (self.trace.loop is None)

    def successors(self) -> list[int | None]:
        """Return the position after each one; None where the trace is cut off."""
        following: list[int | None] = list(range(1, self.length + 1))
        following[-1] = self.trace.loop if self.trace.loop is not None else self.length - 1 if self.ended else None
        return following

    def step(self, position: int) -> Step | None:
        """Return the step taken at a position; None where the trace is cut off."""
        if position < self.trace.length:
            return self.trace.steps[position]
        return stutter(self.trace.last) if self.ended else None


def truth_on(system: System, formula: Formula, trace: Trace) -> Truth:
    """Return what a trace says about a formula at its first state; None where it does not decide."""
    run = Run(system, trace)
    return _Evaluation(run).values(formula)[0]


class _Evaluation:
    def __init__(self, run: Run) -> None:
        self.run, self.next = run, run.successors()

    def values(self, formula: Formula) -> Values:
        """Return the truth of a formula at each position."""
        match formula:
            case Atom(expr=expr):
                if isinstance(expr, Quantified):
                    return self.values(expr)
                return [self.atom(expr, position) for position in range(self.run.length)]
            case Not(operand=operand):
                return [_not(value) for value in self.values(operand)]
            case And(operands=operands):
                return self._together(operands, _all)
            case Or(operands=operands):
                return self._together(operands, _any)
            case Path(op=op, operands=operands):
                return self._path(op, [self.values(operand) for operand in operands])
            case Quantified(universal=universal, operand=operand):
                values = [value if value is not universal else None for value in self.values(operand)]
                if self.run.ended and _is_next_state(operand):
                    values[-1] = universal
                return values

    def atom(self, expr: Expr, position: int) -> Truth:
        """Return the truth of a predicate; None for one of steps where no step is known."""
        step = self.run.step(position)
        if judges_steps(expr) and step is None:
            return None
        state = self.run.trace.states()[position]
        return bool(evaluate(expr, Scope(system=self.run.system, state=state, step=step)))

    def _together(self, operands: Sequence[Formula], join: Callable[[Values], Truth]) -> Values:
        listed = [self.values(operand) for operand in operands]
        return [join([values[position] for values in listed]) for position in range(self.run.length)]

    def _path(self, op: Temporal, sides: list[Values]) -> Values:
        everywhere: Values = [True] * self.run.length
        nowhere: Values = [False] * self.run.length
        match op:
            case Temporal.NEXT:
                return [self._after(sides[0], position) for position in range(self.run.length)]
            case Temporal.FINALLY:
                return self._least(everywhere, sides[0])
            case Temporal.UNTIL:
                return self._least(*sides)
            case Temporal.GLOBALLY:
                return self._greatest(nowhere, sides[0])
            case Temporal.RELEASE:
                return self._greatest(*sides)
            case Temporal.WEAK_UNTIL:
                stay, goal = sides
                return self._greatest(goal, [_any([a, b]) for a, b in zip(stay, goal, strict=True)])

    def _after(self, values: Values, position: int) -> Truth:
        following = self.next[position]
        return None if following is None else values[following]

    def _least(self, stay: Values, goal: Values) -> Values:
        """Return stay U goal: the least solution of x = goal or (stay and X x)."""
        return self._solution(False, lambda here, later: _any([goal[here], _all([stay[here], later])]))

    def _greatest(self, release: Values, kept: Values) -> Values:
        """Return release R kept: the greatest solution of x = kept and (release or X x)."""
        return self._solution(True, lambda here, later: _all([kept[here], _any([release[here], later])]))

    def _solution(self, first: bool, equation: Callable[[int, Truth], Truth]) -> Values:
        values: Values = [first] * self.run.length
        changing = True
        while changing:
            changing = False
            for position in reversed(range(self.run.length)):
                value = equation(position, self._after(values, position))
                changing |= value is not values[position]
                values[position] = value
        return values


def _is_next_state(path: Formula) -> bool:
    """Tell whether a quantifier makes this AX or EX, which at a deadlock are true and false."""
    return isinstance(path, Path) and path.op is Temporal.NEXT and all(map(is_state_formula, path.operands))


def _not(value: Truth) -> Truth:
    return None if value is None else not value


def _all(values: Values) -> Truth:
    return False if False in values else None if None in values else True


def _any(values: Values) -> Truth:
    return True if True in values else None if None in values else False
