"""Refinement by a mapping: whether every step of a system is an abstract step or a stutter.

Abadi and Lamport, "The existence of refinement mappings", Theoretical Computer Science 82 (1991), §5. Both graphs are
explored; each state of the concrete one has an image, and each of its edges must join equal images or be an edge of the
abstract one. Where a step of either leaves a domain, what comes after it is not compared: then only a run refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quiesce.core.domains import Boolean, Domain, Range, Value
from quiesce.core.errors import EngineError, SpecificationError, known
from quiesce.core.evidence import exhaustive, without
from quiesce.core.expressions import Cell, Enabled, Expr, walk
from quiesce.core.fairness import units
from quiesce.core.flat import FlatFormula, FlatProperty
from quiesce.core.properties import Property, PropertyKind, Refinement
from quiesce.core.reference import steps
from quiesce.core.replaying import replay
from quiesce.core.result import PropertyAnswer, Refined, Verdict
from quiesce.core.system import System
from quiesce.core.trace import State
from quiesce.core.verdicts import undecided
from quiesce.engines.automata import TooLargeError
from quiesce.engines.graph import Graph, States
from quiesce.engines.native.columns import Columns
from quiesce.engines.native.search import Search
from quiesce.engines.native.space import Space, space_for
from quiesce.engines.options import Limits, Strategy, Watcher
from quiesce.engines.protocol import Evaluated
from quiesce.engines.temporal import Answers, verdict_on

Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]
NOWHERE = -1
"""The number of an image that is no reachable state of the abstract system."""
TOGETHER = 1 << 22
"""Edges that are looked up together."""
DOMAINS = FlatProperty(property=Property(name="domains", kind=PropertyKind.DOMAINS, step=True), predicate=FlatFormula())
"""Whether some step leaves a domain: what follows it is not compared."""


def refine(
    concrete: System,
    claim: Refinement,
    abstract: System,
    *,
    limits: Limits | None = None,
    strategy: Strategy | None = None,
    watch: Watcher | None = None,
) -> Refined:
    """Compare a system with a abstract one, which has no observers and only the properties of runs that are claimed.

    Raises SpecificationError (Q52) where the mapping or the claim does not fit.
    """
    values = _values(concrete, claim, abstract)
    limits = limits or Limits()
    for question in abstract.flat.properties:
        _check_claim(question, abstract, concrete.name)
    departed = []
    asked = [*abstract.flat.properties, DOMAINS]
    with space_for(abstract, asked, strategy) as small, space_for(concrete, [DOMAINS], strategy) as large:
        for space in (small, large):
            found = Search(space, limits, strategy, watch).run()
            if found.stopped is not None:
                scope = f"{space.system.name}: {found.stopped}"
                return Refined(concrete=concrete, abstract=abstract, verdict=Verdict.UNKNOWN, scope=scope)
            departed.append(bool(found.findings))
        return _Comparison(concrete, abstract, values, small, large, *departed).result()


@dataclass(frozen=True, slots=True)
class _Lifted:
    """Expressions of the abstract system on the states of the concrete one: their values in the image of each."""

    below: Evaluated
    images: Numbers

    def truth(self, expr: Expr) -> States:
        """Return for each state of the concrete system whether its image satisfies a flat truth."""
        return self.below.truth(expr)[self.images]

    def value(self, expr: Expr) -> Numbers:
        """Return a number in the image of each state of the concrete system."""
        return self.below.value(expr)[self.images]


class _Comparison:
    """The two explored systems, and the image of each state of the concrete one."""

    def __init__(
        self,
        concrete: System,
        abstract: System,
        values: Mapping[int, tuple[Expr, Domain]],
        small: Space,
        large: Space,
        small_departed: bool,
        large_departed: bool,
    ) -> None:
        self.concrete, self.abstract, self.values, self.small, self.large = concrete, abstract, values, small, large
        self.below, self.above = Answers(small), Answers(large)
        self.small_departed, self.large_departed = small_departed, large_departed
        self.images = self._images()

    def result(self) -> Refined:
        """Return the verdict, with a shortest run to a step that the abstract system does not have."""
        graph, width = self.above.graph, np.uint64(self.small.count)
        own = np.unique(self.below.graph.sources * width + self.below.graph.targets)
        own = own[own // width != own % width]
        begin = self.images[self.above.initial]
        if not np.isin(begin, self.below.initial).all():
            return self._refused(int(self.above.initial[int(np.argmin(np.isin(begin, self.below.initial)))]), None)
        seen = np.zeros(len(own), dtype=np.bool_)
        stutters = 0
        for first in range(0, len(graph.targets), TOGETHER):
            part = slice(first, first + TOGETHER)
            before, after = self.images[graph.sources[part]], self.images[graph.targets[part]]
            pairs = before.astype(np.uint64) * width + after.astype(np.uint64)
            places = np.minimum(np.searchsorted(own, pairs), max(0, len(own) - 1))
            same = before == after
            there = (own[places] == pairs) & (after != NOWHERE) if len(own) else np.zeros_like(same)
            wrong = np.flatnonzero(~(same | there))
            if len(wrong):
                return self._refused(*self._first(graph, first + int(wrong[0])))
            seen[places[there]] = True
            stutters += int(np.count_nonzero(same))
        if self.large_departed or self.small_departed:
            return self._unknown(self.concrete if self.large_departed else self.abstract)
        return self._holding(len(graph.targets), stutters, int(np.count_nonzero(seen)), len(own))

    def _unknown(self, departing: System) -> Refined:
        """Return that no step was refused, and that what follows a step out of a domain was not compared."""
        return Refined(
            concrete=self.concrete,
            abstract=self.abstract,
            verdict=Verdict.UNKNOWN,
            scope=f"a step of {departing.name} leaves a domain and is not followed",
            liveness=tuple(self._claimed(question) for question in self.abstract.flat.properties),
        )

    def _holding(self, edges: int, stutters: int, seen: int, own: int) -> Refined:
        states = len(np.unique(self.images))
        return Refined(
            concrete=self.concrete,
            abstract=self.abstract,
            verdict=Verdict.HOLDS,
            scope=f"all {self.large.count:,} states, {edges:,} steps, {stutters:,} of which change nothing there",
            coverage=f"{states:,} of {self.small.count:,} states, {seen:,} of {own:,} steps",
            liveness=tuple(self._claimed(question) for question in self.abstract.flat.properties),
        )

    def _claimed(self, asked: FlatProperty) -> PropertyAnswer:
        """Return whether a property of runs is true of the concrete system too, where what is fair there is fair."""
        lifted = _Lifted(self.below.columns, self.images)
        answers = Answers(self.large, columns=lifted, departed=self.large_departed)
        fair = units(self.concrete, asked.property)
        try:
            verdict = verdict_on(answers, asked, fair)
        except TooLargeError as budget:
            return PropertyAnswer(property=asked.property, verdict=Verdict.UNKNOWN, evidence=without(str(budget)))
        if verdict is Verdict.UNKNOWN:
            return undecided(asked.property, None)
        evidence = exhaustive(states=self.large.count, bounds=("where fair rows are fair",) if fair else ())
        return PropertyAnswer(property=asked.property, verdict=verdict, evidence=evidence)

    # -- what is refused ----------------------------------------------------------------------------------------------

    def _first(self, graph: Graph, edge: int) -> tuple[int, int]:
        return int(graph.sources[edge]), int(graph.targets[edge])

    def _refused(self, source: int, target: int | None) -> Refined:
        """Return the verdict on a step, or on an initial state, after the reference has agreed."""
        goal = np.zeros(self.large.count, dtype=np.bool_)
        goal[source] = True
        graph_path = self.above.graph.total.shortest(self.above.initial, np.ones_like(goal), goal)
        assert graph_path is not None
        trace = self.above.as_trace(graph_path, exact=False)
        images = [self._image(source)]
        if target is not None:
            wanted = self.large.state(target)
            step = next((step for step in steps(self.concrete, trace.last) if step.target == wanted), None)
            images.append(self._image(target))
            if step is None or any(other.target == images[1] for other in steps(self.abstract, images[0])):
                raise EngineError(
                    f"the reference does not refuse the step that a refinement of {self.abstract.name} lacks"
                )
            trace = replace(trace, steps=(*trace.steps, step))
        replay(self.concrete, trace)
        return Refined(
            concrete=self.concrete,
            abstract=self.abstract,
            verdict=Verdict.VIOLATED,
            scope="an initial state" if target is None else f"step {trace.length}",
            trace=trace,
            images=tuple(images),
        )

    def _image(self, number: int) -> State:
        """Return what a state is in the abstract system, in values; those that it lacks are given as they are."""
        columns = Columns(self.large.layout, 1, lambda _first, _last: self.large.read(number, number + 1))
        return tuple(domain.value(int(columns.value(expr)[0])) for expr, domain in self.values.values())

    # -- images -------------------------------------------------------------------------------------------------------

    def _images(self) -> Numbers:
        """Return for each state of the concrete system the number of its image, or `NOWHERE`."""
        layout, columns = self.small.layout, self.large.columns()
        words = np.zeros((self.large.count, self.small.words), dtype=np.uint64)
        lost = np.zeros(self.large.count, dtype=np.bool_)
        for slot, (expr, domain) in self.values.items():
            codes = columns.value(expr)
            wanted = self.abstract.flat.cells[slot].domain
            if isinstance(wanted, Range | Boolean):
                lost |= (codes < wanted.low) | (codes > wanted.high)
            else:
                table = np.array([_code(wanted, domain.value(code)) for code in range(domain.high + 1)], dtype=np.int64)
                codes = table[codes]
                lost |= codes == NOWHERE
            field = layout.fields[slot]
            codes[lost] = field.low
            words[:, field.word] |= (codes - field.low).astype(np.uint64) << np.uint64(field.shift)
        numbers = _found(self.small.read(0, self.small.count).reshape(-1, self.small.words), words)
        numbers[lost] = NOWHERE
        return numbers


def _code(domain: Domain, value: Value) -> int:
    code = domain.code(value)
    return NOWHERE if code is None else code


def _found(known_: Words, wanted: Words) -> Numbers:
    """Return for each wanted line its number among the known ones, or `NOWHERE`."""
    _, ids = np.unique(np.concatenate([known_, wanted]), axis=0, return_inverse=True)
    ids = ids.ravel()
    numbers = np.full(int(ids.max()) + 1, NOWHERE, dtype=np.int64)
    numbers[ids[: len(known_)]] = np.arange(len(known_))
    return numbers[ids[len(known_) :]]


# -- whether a claim fits ---------------------------------------------------------------------------------------------


def _values(concrete: System, claim: Refinement, abstract: System) -> dict[int, tuple[Expr, Domain]]:
    """Return for each cell of the abstract system its value in the concrete one; raises SpecificationError (Q52)."""
    labels = [cell.label for cell in abstract.flat.cells]
    for label in claim.values:
        if label not in labels:
            raise SpecificationError(
                "Q52", f"{abstract.name} has no variable {label!r}", place=claim.place, hint=known(label, labels)
            )
    own = {cell.label: (Cell(slot), cell.domain) for slot, cell in enumerate(concrete.flat.cells)}
    values: dict[int, tuple[Expr, Domain]] = {}
    for slot, cell in enumerate(abstract.flat.cells):
        found = claim.values.get(cell.label) or own.get(cell.label)
        if found is None or type(found[1]) is not type(cell.domain):
            what = "is not mapped" if found is None else f"has values like {cell.domain}, not {found[1]}"
            raise SpecificationError(
                "Q52",
                f"{cell.label} of {abstract.name} {what}",
                place=claim.place,
                hint=f"say in the mapping what it is in {concrete.name}",
            )
        values[slot] = found
    return values


def _check_claim(asked: FlatProperty, abstract: System, concrete: str) -> None:
    """Accept a property of runs whose atoms speak of variables; raises SpecificationError (Q52).

    What is enabled, and where a run ends, is another thing in the concrete system than in the image of its states.
    """
    question = asked.property
    if any(isinstance(node, Enabled) for node in walk(question.formula)):
        raise SpecificationError(
            "Q52",
            f"{question.name!r} of {abstract.name} is about deadlocks or what is enabled, and {concrete} has its own",
            place=question.place,
            hint="ask such a property of the concrete system itself",
        )
    if question.kind is not PropertyKind.TEMPORAL or any(atom.state is None for atom in asked.atoms.values()):
        raise SpecificationError(
            "Q52",
            f"{question.name!r} of {abstract.name} is not about states along runs",
            place=question.place,
            hint="ask such a property of the concrete system itself",
        )


def fitting(concrete: System, wanted: str | None, names: Sequence[str]) -> Refinement:
    """Return the claim that is meant: the only one, or the one to a model; raises SpecificationError (Q52)."""
    claims = [claim for claim in concrete.refinements if wanted is None or claim.model in names]
    if len(claims) == 1:
        return claims[0]
    there = ", ".join(claim.model for claim in concrete.refinements) or "none"
    what = "claims several refinements" if claims else "claims no such refinement"
    raise SpecificationError(
        "Q52",
        f"{concrete.name} {what}",
        place=concrete.place,
        hint=f"there are: {there}; write system.refines(model, mapping)",
    )
