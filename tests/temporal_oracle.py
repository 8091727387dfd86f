"""A checker of temporal formulas for the tests: slow, plain, and built in another way than the engine.

It knows the reference interpreter's steps and nothing of `quiesce.engines`, `core.runs` or normal forms. Quantified
formulas with one operator are answered by fixpoints on Python sets (Clarke, Emerson and Sistla 1986). Any other path
formula is answered by a tableau (Lichtenstein and Pnueli 1985): its nodes are a move of the system together with a
guess of what holds at the next position, and a run is a path through nodes whose guesses come true, forever.
`GraphPath` evaluates a formula on one lasso by the definitions of the operators, without any of this.

A node is about a *move*, a step from a state, for predicates may speak of steps. A run that ended goes on by a silent
move, which is no event; so all runs are infinite.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import networkx as nx

from quiesce.core.expressions import Expr, Temporal, judges_steps
from quiesce.core.fairness import FairnessConstraint, units
from quiesce.core.formulas import And, Atom, Formula, Not, Or, Path, Quantified, taken_apart
from quiesce.core.properties import Property
from quiesce.core.reference import Scope, evaluate, initial_states, steps
from quiesce.core.system import System
from quiesce.core.trace import Label, State, Step, Trace

Fairness = tuple[FairnessConstraint, ...]


class LeavesDomainError(Exception):
    """A step of the system leaves a domain, so that no question about runs has an answer."""


class TooLargeError(Exception):
    """The system has more states than this checker is asked to look at."""


@dataclass(frozen=True, eq=False)
class Move:
    """A step from a state; silent where the run has ended. Every move is itself alone."""

    source: State
    step: Step
    silent: bool = False

    @property
    def target(self) -> State:
        """The state after it."""
        assert self.step.target is not None
        return self.step.target

    def takes(self, unit: FairnessConstraint) -> bool:
        """Tell whether the row of the copy takes part."""
        place = (unit.machine, unit.row, unit.copy)
        return any((part.machine, part.row, part.copy) == place for part in self.step.label.participants)


class Node(NamedTuple):
    """A move, and a guess: which promises of a path formula hold at the next position."""

    move: Move
    guess: tuple[bool, ...] = ()


class Oracle:
    """Answers questions on all states of a small system. `graph` has the states, and the moves as its edges."""

    def __init__(self, system: System, *, most_states: int = 10_000) -> None:
        self.system = system
        self.initial = initial_states(system)
        self.graph = nx.MultiDiGraph()
        self.graph.add_nodes_from(self.initial)
        waiting = list(self.initial)
        for state in waiting:
            for step in self._steps(state):
                if step.target not in self.graph:
                    waiting.append(step.target)
                self.graph.add_edge(state, step.target, move=Move(state, step))
            if len(self.graph) > most_states:
                raise TooLargeError
        self.states = frozenset(self.graph)
        self.deadlocks = frozenset(state for state in self.states if not self.graph.out_degree(state))
        nobody = Label(trigger="", result=None, participants=(), arguments=())
        for state in self.deadlocks:
            self.graph.add_edge(state, state, move=Move(state, Step(label=nobody, target=state), silent=True))
        self.leaving = {state: [move for _, _, move in self.graph.out_edges(state, data="move")] for state in waiting}
        self.moves = [move for moves in self.leaving.values() for move in moves]
        self._sets: dict[tuple[Formula, Fairness], frozenset[State]] = {}
        self._fair: dict[Fairness, frozenset[State]] = {}
        self._tableaux: dict[tuple[Formula, Fairness], Tableau] = {}

    def _steps(self, state: State) -> list[Step]:
        found = list(steps(self.system, state))
        if any(step.target is None for step in found):
            raise LeavesDomainError
        return found

    # -- questions ----------------------------------------------------------------------------------------------------

    def holds(self, question: Property, fairness: Fairness | None = None) -> bool:
        """Tell whether a question is true of the system, under its own fairness or another one.

        A formula that is about runs is true of every fair run from an initial state, and one that is about states is
        true of every initial state.
        """
        fairness = units(self.system, question) if fairness is None else fairness
        formula = taken_apart(question.formula)
        if about_states(formula):
            return self.satisfying(formula, fairness) >= set(self.initial)
        return not self.tableau(Not(formula), fairness).satisfying() & set(self.initial)

    def satisfying(self, formula: Formula, fairness: Fairness) -> frozenset[State]:
        """Return the states in which a formula about states is true."""
        if (formula, fairness) not in self._sets:
            self._sets[formula, fairness] = frozenset(self._satisfying(formula, fairness))
        return self._sets[formula, fairness]

    def _satisfying(self, formula: Formula, fairness: Fairness) -> Iterable[State]:
        match formula:
            case Atom(expr=expr):
                return {state for state in self.states if self.is_true(expr, self.leaving[state][0])}
            case Not(operand=operand):
                return self.states - self.satisfying(operand, fairness)
            case And(operands=operands):
                return self.states.intersection(*(self.satisfying(operand, fairness) for operand in operands))
            case Or(operands=operands):
                return frozenset().union(*(self.satisfying(operand, fairness) for operand in operands))
            case Quantified(universal=universal, operand=Path(op=op, operands=operands)) if all(
                map(about_states, operands)
            ):
                sets = [self.satisfying(operand, fairness) for operand in operands]
                return self.for_all(op, sets, fairness) if universal else self.for_some(op, sets, fairness)
            case Quantified(universal=True, operand=operand):
                return self.states - self.tableau(Not(operand), fairness).satisfying()
            case Quantified(universal=False, operand=operand):
                return self.tableau(operand, fairness).satisfying()
        raise AssertionError(f"{formula} is about runs")

    def tableau(self, path: Formula, fairness: Fairness) -> Tableau:
        """Return the tableau of a path formula; the last ones are kept."""
        if (path, fairness) not in self._tableaux:
            while len(self._tableaux) > 4:
                self._tableaux.pop(next(iter(self._tableaux)))
            self._tableaux[path, fairness] = Tableau(self, path, fairness)
        return self._tableaux[path, fairness]

    def is_true(self, expr: Expr, move: Move) -> bool:
        """Tell whether a predicate is true of a state, the source of the move, or of the move itself."""
        step = move.step if judges_steps(expr) else None
        return bool(evaluate(expr, Scope(system=self.system, state=move.source, step=step)))

    # -- one operator under a quantifier ------------------------------------------------------------------------------

    def for_some(self, op: Temporal, sets: Sequence[frozenset[State]], fairness: Fairness) -> frozenset[State]:
        """Return the states from which on some fair run a temporal operator is true of sets of states."""
        match op:
            case Temporal.NEXT:
                good = sets[0] & self.fair_states(fairness)
                return frozenset(move.source for move in self.moves if move.target in good and not move.silent)
            case Temporal.FINALLY:
                return self.until(self.states, sets[0], fairness)
            case Temporal.GLOBALLY:
                return self.for_ever(sets[0], fairness)
            case Temporal.UNTIL:
                return self.until(*sets, fairness)
            case Temporal.WEAK_UNTIL:
                return self.until(*sets, fairness) | self.for_ever(sets[0], fairness)
            case Temporal.RELEASE:
                release, kept = sets
                return self.until(kept, kept & release, fairness) | self.for_ever(kept, fairness)

    def for_all(self, op: Temporal, sets: Sequence[frozenset[State]], fairness: Fairness) -> frozenset[State]:
        """Return the states from which on every fair run a temporal operator is true of sets of states.

        These are the states from which on no fair run its opposite is true.
        """
        never = [self.states - states for states in sets]
        match op:
            case Temporal.NEXT:
                opposite = self.for_some(Temporal.NEXT, never, fairness)
            case Temporal.FINALLY:
                opposite = self.for_ever(never[0], fairness)
            case Temporal.GLOBALLY:
                opposite = self.until(self.states, never[0], fairness)
            case Temporal.UNTIL:
                stay, goal = never
                opposite = self.until(goal, stay & goal, fairness) | self.for_ever(goal, fairness)
            case Temporal.WEAK_UNTIL:
                stay, goal = never
                opposite = self.until(goal, stay & goal, fairness)
            case Temporal.RELEASE:
                release, kept = never
                opposite = self.until(release, kept, fairness)
        return self.states - opposite

    def until(self, stay: frozenset[State], goal: frozenset[State], fairness: Fairness) -> frozenset[State]:
        """E(stay U goal): the least set with the goal, and with every `stay` state that has a move into the set."""
        found = goal & self.fair_states(fairness)
        while True:
            more = {move.source for move in self.moves if move.target in found and move.source in stay}
            if more <= found:
                return found
            found |= more

    def for_ever(self, inside: frozenset[State], fairness: Fairness) -> frozenset[State]:
        """E(G inside): the states with a way to a fair component, through states in the set alone."""
        graph = nx.DiGraph()
        graph.add_nodes_from(Node(move) for move in self.moves if move.source in inside)
        graph.add_edges_from(
            (node, after)
            for node in list(graph)
            for after in map(Node, self.leaving[node.move.target])
            if after in graph
        )
        return frozenset(node.move.source for node in leading_to(graph, self.fair_components(graph, [], fairness)))

    def fair_states(self, fairness: Fairness) -> frozenset[State]:
        """Return the states from which some run is fair. (A theorem says that these are all.)"""
        if fairness not in self._fair:
            self._fair[fairness] = self.for_ever(self.states, fairness)
        return self._fair[fairness]

    # -- fairness -----------------------------------------------------------------------------------------------------

    def fair_components(
        self, graph: nx.DiGraph, fulfilled: Sequence[set[Node]], fairness: Fairness
    ) -> Iterator[set[Node]]:
        """Yield strongly connected parts of a graph through all of whose nodes a run can go forever, and is fair.

        It must come to each of the sets of nodes again and again. A run that stays in a part where a strong unit is
        enabled and never taken must keep away from where it is enabled: what is left is looked at again.
        """
        for component in nx.strongly_connected_components(graph):
            turning = any(after in component for node in component for after in graph[node])
            if not turning or not all(component & nodes for nodes in fulfilled):
                continue
            moves = {node.move for node in component}
            idle = [unit for unit in fairness if not any(move.takes(unit) for move in moves)]
            if any(unit.strength == "weak" and all(self.enables(move, unit) for move in moves) for unit in idle):
                continue
            starving = [
                unit for unit in idle if unit.strength == "strong" and any(self.enables(move, unit) for move in moves)
            ]
            if not starving:
                yield component
            else:
                left = [node for node in component if not any(self.enables(node.move, unit) for unit in starving)]
                yield from self.fair_components(graph.subgraph(left), fulfilled, fairness)

    def enables(self, move: Move, unit: FairnessConstraint) -> bool:
        """Tell whether the unit could act where the move starts."""
        return any(other.takes(unit) for other in self.leaving[move.source])

    def is_fair(self, loop: Sequence[Move], fairness: Fairness) -> bool:
        """Tell whether going round some moves forever is fair, by the definition of fairness."""
        for unit in fairness:
            enabled = [self.enables(move, unit) for move in loop]
            waiting = all(enabled) if unit.strength == "weak" else any(enabled)
            if waiting and not any(move.takes(unit) for move in loop):
                return False
        return True

    # -- runs ---------------------------------------------------------------------------------------------------------

    def graph_path(self, trace: Trace) -> GraphPath:
        """Return a trace as moves; raises AssertionError where it is no run of the system."""
        assert trace.start in self.initial
        state, moves = trace.start, []
        for step in trace.steps:
            fitting = [move for move in self.leaving[state] if not move.silent and move.step == step]
            assert len(fitting) == 1, f"{step.label} is {len(fitting)} steps of {state}"
            moves.append(fitting[0])
            state = fitting[0].target
        if trace.loop is not None:
            assert 0 <= trace.loop < len(moves)
            assert moves[trace.loop].source == state, "the loop does not return"
            return GraphPath(self, tuple(moves), trace.loop, state)
        if state in self.deadlocks:
            return GraphPath(self, (*moves, self.leaving[state][0]), len(moves), state)
        return GraphPath(self, tuple(moves), None, state)


def about_states(formula: Formula) -> bool:
    """Tell whether a state decides a formula: outside quantifiers nothing in it speaks of a run or a step."""
    match formula:
        case Atom(expr=expr):
            return not judges_steps(expr)
        case Not(operand=operand):
            return about_states(operand)
        case And(operands=operands) | Or(operands=operands):
            return all(map(about_states, operands))
        case Quantified():
            return True
        case Path():
            return False


def leading_to(graph: nx.DiGraph, parts: Iterable[set[Node]]) -> set[Node]:
    """Return the nodes with a path to one of the parts, those in it included."""
    found = {node for part in parts for node in part}
    waiting = deque(found)
    while waiting:
        for before in graph.predecessors(waiting.popleft()):
            if before not in found:
                found.add(before)
                waiting.append(before)
    return found


# -- path formulas -----------------------------------------------------------------------------------------------------


class Tableau:
    """All fair runs of a system, with the truth of every part of a path formula at each of their positions.

    The truth of a part at a position follows from the move there and from a few truths at the next position, the
    *promises*: of p where the part is X p, of the part itself where it is another operator. A node guesses them, and
    has edges to the nodes in which they come true. Every run is a path through the nodes; and a path is what it says
    of a run if no until waits forever for its goal (and no release says that it is broken, and never is).
    """

    def __init__(self, oracle: Oracle, path: Formula, fairness: Fairness) -> None:
        self.oracle, self.fairness = oracle, fairness
        self.parts = list(dict.fromkeys(_parts(path)))
        positions = {part: position for position, part in enumerate(self.parts)}
        self.operands = [[positions[operand] for operand in _operands(part)] for part in self.parts]
        self.promises = sorted(
            {
                self.operands[position][0] if part.op is Temporal.NEXT else position
                for position, part in enumerate(self.parts)
                if isinstance(part, Path)
            }
        )
        self.leaves = {move: self._leaves(move) for move in oracle.moves}
        self.truths = {
            node: self.truths_at(node.move, node.guess)
            for move in oracle.moves
            for node in (Node(move, guess) for guess in product((False, True), repeat=len(self.promises)))
        }
        self.graph = self._graph()
        parts = oracle.fair_components(self.graph, self._fulfilled(), fairness)
        self.nodes = leading_to(self.graph, parts)

    def _leaves(self, move: Move) -> list[bool | None]:
        """Return the truth of each part that is not temporal at a move; None for the other ones."""
        found: list[bool | None] = []
        for part in self.parts:
            match part:
                case Atom(expr=expr):
                    found.append(self.oracle.is_true(expr, move))
                case Quantified():
                    found.append(move.source in self.oracle.satisfying(part, self.fairness))
                case _:
                    found.append(None)
        return found

    def truths_at(self, move: Move, guess: Sequence[bool]) -> tuple[bool, ...]:
        """Return the truth of each part at a move, operands first, where the promises have some truths after it."""
        later = dict(zip(self.promises, guess, strict=True))
        truths: list[bool] = []
        for position, (part, known, below) in enumerate(zip(self.parts, self.leaves[move], self.operands, strict=True)):
            now = [truths[operand] for operand in below]
            match part:
                case Not():
                    truths.append(not now[0])
                case And():
                    truths.append(all(now))
                case Or():
                    truths.append(any(now))
                case Path(op=Temporal.NEXT):
                    truths.append(later[below[0]])
                case Path(op=op):
                    truths.append(_unrolled(op, now, later[position]))
                case _:
                    assert known is not None
                    truths.append(known)
        return tuple(truths)

    def promised(self, truths: Sequence[bool]) -> tuple[bool, ...]:
        """Return the guess that comes true at a position with some truths."""
        return tuple(truths[position] for position in self.promises)

    def _graph(self) -> nx.DiGraph:
        fitting: dict[tuple[State, tuple[bool, ...]], list[Node]] = {}
        for node, truths in self.truths.items():
            fitting.setdefault((node.move.source, self.promised(truths)), []).append(node)
        graph = nx.DiGraph()
        graph.add_nodes_from(self.truths)
        graph.add_edges_from(
            (node, after) for node in self.truths for after in fitting.get((node.move.target, node.guess), [])
        )
        return graph

    def _fulfilled(self) -> list[set[Node]]:
        """Return for each operator the nodes of which a run that keeps its word sees some again and again."""
        return [
            {
                node
                for node, truths in self.truths.items()
                if not _waits(part.op, truths[position], [truths[operand] for operand in self.operands[position]])
            }
            for position, part in enumerate(self.parts)
            if isinstance(part, Path) and part.op is not Temporal.NEXT
        ]

    def satisfying(self) -> frozenset[State]:
        """Return the states from which some fair run satisfies the formula."""
        return frozenset(node.move.source for node in self.nodes if self.truths[node][-1])

    def truths_after(self, beginning: Sequence[Move], last: State) -> set[bool]:
        """Return the truths that the formula has on the fair runs that begin with some moves, to the last state."""
        found = {self.truths[node] for node in self.nodes if node.move.source == last}
        for move in reversed(beginning):
            found = {self.truths_at(move, self.promised(truths)) for truths in found}
        return {truths[-1] for truths in found}


def _parts(formula: Formula) -> Iterator[Formula]:
    """Yield the parts of a path formula, operands first; what is quantified is one part."""
    for operand in _operands(formula):
        yield from _parts(operand)
    yield formula


def _operands(formula: Formula) -> tuple[Formula, ...]:
    match formula:
        case Not(operand=operand):
            return (operand,)
        case And(operands=operands) | Or(operands=operands) | Path(operands=operands):
            return operands
        case _:
            return ()


def _unrolled(op: Temporal, now: Sequence[bool], later: bool) -> bool:
    """Return the truth of an operator from the truths of its operands now, and its own at the next position."""
    match op:
        case Temporal.FINALLY:
            return now[0] or later
        case Temporal.GLOBALLY:
            return now[0] and later
        case Temporal.UNTIL:
            stay, goal = now
            return goal or (stay and later)
        case Temporal.WEAK_UNTIL:
            stay, goal = now
            return goal or (stay and later)
        case Temporal.RELEASE:
            release, kept = now
            return kept and (release or later)
        case Temporal.NEXT:
            raise AssertionError("X has nothing to unroll")


def _waits(op: Temporal, truth: bool, now: Sequence[bool]) -> bool:
    """Tell whether an operator says what must still show: that a goal will come, or that something will break."""
    match op:
        case Temporal.FINALLY:
            return truth and not now[0]
        case Temporal.UNTIL:
            return truth and not now[1]
        case Temporal.GLOBALLY:
            return not truth and now[0]
        case Temporal.RELEASE:
            return not truth and now[1]
        case Temporal.WEAK_UNTIL:
            return not truth and any(now)
        case Temporal.NEXT:
            raise AssertionError("X waits for nothing")


# -- one run -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GraphPath:
    """A run as moves. `loop` is the number of the move that comes after the last one; None: the run is cut off."""

    oracle: Oracle
    moves: tuple[Move, ...]
    loop: int | None
    last: State

    def is_fair(self, fairness: Fairness) -> bool:
        """Tell whether the run is fair; where it is cut off, some fair run begins with it."""
        return self.loop is None or self.oracle.is_fair(self.moves[self.loop :], fairness)

    def truths(self, path: Formula, fairness: Fairness) -> set[bool]:
        """Return the truth of a path formula on the run; its truths on the fair runs that begin with it if cut off."""
        if self.loop is None:
            return self.oracle.tableau(path, fairness).truths_after(self.moves, self.last)
        return {self.values(path, fairness)[0]}

    def values(self, path: Formula, fairness: Fairness) -> list[bool]:
        """Return by the definitions of the operators the truth of a path formula at each position of a lasso."""
        match path:
            case Atom(expr=expr):
                return [self.oracle.is_true(expr, move) for move in self.moves]
            case Quantified():
                states = self.oracle.satisfying(path, fairness)
                return [move.source in states for move in self.moves]
            case Not(operand=operand):
                return [not value for value in self.values(operand, fairness)]
            case And(operands=operands) | Or(operands=operands):
                join = all if isinstance(path, And) else any
                listed = [self.values(operand, fairness) for operand in operands]
                return [join(values[position] for values in listed) for position in range(len(self.moves))]
            case Path(op=op, operands=operands):
                sides = [self.values(operand, fairness) for operand in operands]
                return [
                    _defined(op, [[values[at] for at in self._ahead(position)] for values in sides])
                    for position in range(len(self.moves))
                ]

    def _ahead(self, position: int) -> list[int]:
        """Return the positions from one on, until nothing new comes."""
        assert self.loop is not None
        found = [position]
        for _ in self.moves:
            at = found[-1] + 1
            found.append(at if at < len(self.moves) else self.loop)
        return found


def _defined(op: Temporal, sides: Sequence[Sequence[bool]]) -> bool:
    """Tell whether an operator is true at the first of some positions, after which nothing new comes."""
    match op:
        case Temporal.FINALLY:
            return any(sides[0])
        case Temporal.GLOBALLY:
            return all(sides[0])
        case Temporal.UNTIL:
            stay, goal = sides
            return any(here and all(stay[:at]) for at, here in enumerate(goal))
        case Temporal.WEAK_UNTIL:
            return all(sides[0]) or _defined(Temporal.UNTIL, sides)
        case Temporal.RELEASE:
            release, kept = sides
            return all(here or any(release[:at]) for at, here in enumerate(kept))
        case Temporal.NEXT:
            return sides[0][1]
