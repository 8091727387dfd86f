"""A run as a sequence diagram in Mermaid: a lane for each machine and copy that takes part, an arrow for each call."""

from __future__ import annotations

import re

from quiesce.core.domains import shown
from quiesce.core.flat import Participant
from quiesce.core.system import RowKind, System
from quiesce.core.trace import Label, Step, Trace
from quiesce.show.text import does, named, who


def sequence(system: System, trace: Trace) -> str:
    """Return the diagram's text; what is repeated forever stands in a loop."""
    lanes: dict[str, str] = {}
    for step in trace.steps:
        for name in (who(system, step.label), *_others(system, step.label)):
            lanes.setdefault(name, f"L{len(lanes)}")
    lines = ["sequenceDiagram", *(f"  participant {lane} as {_text(name)}" for name, lane in lanes.items())]
    for number, step in enumerate(trace.steps):
        if trace.loop == number:
            lines.append("  loop forever")
        lines += _arrows(system, step, lanes)
    if trace.loop is not None:
        lines.append("  end")
    return "\n".join(lines) + "\n"


def _others(system: System, label: Label) -> list[str]:
    """Return who takes part in an event that somebody else starts."""
    rows = [(part, system.by_name[part.machine].rows[part.row]) for part in label.participants]
    return [named(part) for part, row in rows if row.kind is RowKind.ON]


def _arrows(system: System, step: Step, lanes: dict[str, str]) -> list[str]:
    caller, others = who(system, step.label), _others(system, step.label)
    words = re.sub(r" with .*", "", does(system, step.label))
    lines = [f"  {lanes[caller]}->>{lanes[other]}: {_text(words)}" for other in others or [caller]]
    if step.label.result is not None:
        answering = next((part for part in step.label.participants if _returns(system, part)), None)
        if answering is not None and named(answering) != caller:
            lines.append(f"  {lanes[named(answering)]}-->>{lanes[caller]}: {_text(shown(step.label.result))}")
    if step.departure is not None:
        left = step.departure
        lines.append(f"  Note over {lanes[caller]}: {_text(f'{left.cell} would be {left.value}')}")
    return lines


def _returns(system: System, part: Participant) -> bool:
    return system.by_name[part.machine].rows[part.row].returns is not None


def _text(words: str) -> str:
    """Return words without the signs that Mermaid reads as its own."""
    return words.replace(";", ",").replace("#", "no. ").replace(":", " ")
