"""A small reachable state space as a graph, by the reference search."""

from __future__ import annotations

from quiesce.core.domains import Value, shown
from quiesce.core.errors import SpecificationError
from quiesce.core.reference import Scope, evaluate, initial_states
from quiesce.core.system import STATE, System
from quiesce.core.trace import State, Step
from quiesce.core.verdicts import explore
from quiesce.show.diagrams import Diagram, Entry, Node, joined


def space(system: System, *, limit: int = 200) -> Diagram:
    """Return the reachable states of a system, numbered level by level and least first, and the steps between them.

    State 0 is written out; the others show what differs from it. Where the system rests is final; another state without
    a step is a deadlock. A step that leaves a domain leads to a node that names the value. Raises SpecificationError
    (Q48) for more than `limit` states.
    """
    if len(initial_states(system)) > limit:
        raise _too_large(system, limit)
    explored = explore(system, max_states=limit + 1)
    if explored.found.stopped is not None or explored.found.states > limit:
        raise _too_large(system, limit)
    states = [state for level in explored.levels for state in level]
    numbers = {state: str(number) for number, state in enumerate(states)}
    nodes = [
        _node(system, state, numbers[state], states[0], initial=state in explored.levels[0], taken=taken)
        for state in states
        for taken in [explored.successors[state]]
    ]
    arrows: list[tuple[str, str, Entry]] = []
    outside: dict[str, None] = {}
    for state in states:
        for step in explored.successors[state]:
            if step.target is not None:
                target = numbers[step.target]
            else:
                assert step.departure is not None
                target = f"{step.departure.cell} = {step.departure.value}"
                outside[target] = None
            arrows.append((numbers[state], target, _entry(step)))
    nodes += [Node(id=text, lines=(text, "outside its domain"), mark="outside") for text in outside]
    return Diagram(
        title=f"{system.name}: {_counted(len(states), 'state')}, {_counted(explored.found.transitions, 'transition')}",
        nodes=tuple(nodes),
        edges=joined(arrows),
        legend=_legend(nodes),
    )


def _too_large(system: System, limit: int) -> SpecificationError:
    sizes = [f"{name}={value}" for name, value in system.parameters.items() if type(value) is int]
    smaller = f"smaller parameters than {', '.join(sizes)}" if sizes else "a smaller system"
    return SpecificationError(
        "Q48",
        f"{system.name} has more than {_counted(limit, 'state')}: too many to draw",
        hint=f"draw {smaller}, or its machines",
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _node(system: System, state: State, number: str, first: State, *, initial: bool, taken: tuple[Step, ...]) -> Node:
    resting = system.rest is not None and bool(evaluate(system.rest, Scope(system=system, state=state)))
    stuck = not taken and not resting
    return Node(
        id=number,
        lines=(number, *(["deadlock"] if stuck else []), *_text(system, state, None if state == first else first)),
        initial=initial,
        final=resting,
        mark="deadlock" if stuck else "",
    )


def _text(system: System, state: State, first: State | None) -> list[str]:
    """Return a line for each machine or copy: the values of its cells, those equal to the first state's left out."""
    lines: dict[str, list[str]] = {}
    for slot, cell in enumerate(system.flat.cells):
        if first is None or state[slot] != first[slot]:
            owner = cell.label.removesuffix(f".{cell.variable}")
            lines.setdefault(owner, []).append(_value(cell.variable, state[slot]))
    return [f"{owner}: {', '.join(values)}" for owner, values in lines.items()]


def _value(variable: str, value: Value) -> str:
    return shown(value) if variable == STATE else f"{variable} {shown(value)}"


def _entry(step: Step) -> Entry:
    label = step.label
    arguments = ", ".join(f"{name} {shown(value)}" for name, value in label.arguments)
    who = [
        f"every {part.machine}" if part.every else f"{part.machine}[{part.copy}]"
        for part in label.participants
        if part.every or part.copy is not None
    ]
    result = [] if label.result is None else [f"-> {shown(label.result)}"]
    name = f"{label.trigger}({arguments})" if arguments else label.trigger
    return Entry(names=(name,), parts=(*([f"by {', '.join(who)}"] if who else []), *result))


def _legend(nodes: list[Node]) -> tuple[str, ...]:
    signs = [
        (True, "arrow from a point: initial"),
        (any(node.final for node in nodes), "double border: the system may rest"),
        (any(node.mark == "deadlock" for node in nodes), "red: deadlock"),
        (any(node.mark == "outside" for node in nodes), "dashed: a value outside its domain"),
    ]
    return (
        "state 0 is written out, the others show what differs from it",
        "; ".join(text for used, text in signs if used),
    )
