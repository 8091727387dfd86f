"""A state space to walk from Python, state by state: the definition itself, by the reference interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from quiesce.core.reference import initial_states, steps
from quiesce.core.system import System
from quiesce.results import StateView, StepView, step_of

if TYPE_CHECKING:
    import networkx


class Space:
    """The states of a system, as far as somebody walks: nothing is searched before it is asked for."""

    def __init__(self, system: System) -> None:
        self.system = system

    def __repr__(self) -> str:
        return f"<state space of {self.system.name}>"

    @property
    def initial(self) -> tuple[StateView, ...]:
        """The initial states, the least first."""
        return tuple(StateView(self.system, values) for values in initial_states(self.system))

    def steps(self, state: StateView) -> tuple[StepView, ...]:
        """Return the transitions from a state, in their order; one that leaves a domain has no state."""
        taken = steps(self.system, state.cells)
        return tuple(step_of(self.system, 1, state.cells, step) for step in taken)

    def successors(self, state: StateView) -> tuple[StateView, ...]:
        """Return the states to which one step leads, each once."""
        return tuple(dict.fromkeys(step.state for step in self.steps(state) if step.state is not None))

    def states(self) -> Iterator[StateView]:
        """Yield every reachable state once, breadth first; it may be stopped at any time."""
        seen = set(self.initial)
        level = list(self.initial)
        while level:
            yield from level
            found = dict.fromkeys(after for state in level for after in self.successors(state))
            level = [state for state in found if state not in seen]
            seen.update(level)

    def to_networkx(self, *, limit: int = 20_000) -> networkx.MultiDiGraph:
        """Return the reachable states as a networkx graph, a node for each state and an edge for each transition.

        A node is the tuple of a state's values; it has `depth`, `initial`, and `values`, label -> value as text. An
        edge has `trigger`, `result`, `arguments` and `participants`. Raises SpecificationError (Q48) beyond `limit`
        states.
        """
        from quiesce.bridges.graphs import to_networkx

        return to_networkx(self.system, limit=limit)
