"""Answers as JSON, with traces in the Informal Trace Format (ITF, Apalache ADR-015)."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from quiesce.core.domains import Copy, Value, shown
from quiesce.core.lint import Remark
from quiesce.core.result import PropertyAnswer, SystemAnswers
from quiesce.core.system import System
from quiesce.core.trace import State, Trace
from quiesce.show.text import does, who

SCHEMA = "model-check/result/1"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def results(answers: Sequence[SystemAnswers], verdict: str, *, plain: bool = False) -> dict[str, Json]:
    """Return the answers for systems as one JSON document; with `plain` all times are 0."""
    return {"schema": SCHEMA, "verdict": verdict, "systems": [_system(answer, plain) for answer in answers]}


def _system(result: SystemAnswers, plain: bool) -> dict[str, Json]:
    return {
        "name": result.system.name,
        "parameters": {name: _parameter(value) for name, value in result.system.parameters.items()},
        "engine": result.engine,
        "states": result.states,
        "transitions": result.transitions,
        "depth": result.depth,
        "seconds": 0.0 if plain else round(result.seconds, 6),
        "total_seconds": 0.0 if plain else round(result.total_seconds, 6),
        "stopped": result.stopped,
        "forecast": result.forecast,
        "reduction": result.reduction,
        "properties": [_property(result.system, answer, plain) for answer in result.properties],
        "lint": None if result.remarks is None else [_remark(remark) for remark in result.remarks],
    }


def _parameter(value: object) -> Json:
    return value if isinstance(value, bool | int | str) else str(value)


def _property(system: System, answer: PropertyAnswer, plain: bool) -> dict[str, Json]:
    question = answer.property
    return {
        "name": question.name,
        "id": question.id,
        "kind": question.kind.value,
        "verdict": answer.verdict.value,
        "scope": answer.scope,
        "evidence": {
            "kind": answer.evidence.kind.value,
            "counts": dict(answer.evidence.counts),
            "bounds": list(answer.evidence.bounds),
        },
        "seconds": 0.0 if plain else round(answer.seconds, 6),
        "flags": list(answer.flags),
        "clauses": list(question.clauses),
        "trace": None if answer.trace is None else itf(system, answer.trace),
        **({} if answer.value is None else {"value": answer.value}),
        **({"note": answer.note} if answer.note else {}),
    }


def _remark(remark: Remark) -> Json:
    place = None if remark.place is None else str(remark.place)
    return {"kind": remark.kind.value, "about": remark.about, "place": place}


def itf(system: System, trace: Trace) -> dict[str, Json]:
    """Return a trace in the Informal Trace Format.

    A state's `#meta` names the step that led to it. A last step that leaves a domain has no state: it is described by
    `departure` in the trace's own `#meta`.
    """
    meta: dict[str, Json] = {"format": "ITF", "system": system.name}
    states = [_state(system, trace.start, {"index": 0})]
    for index, step in enumerate(trace.steps, start=1):
        label: dict[str, Json] = {
            "index": index,
            "action": step.label.trigger,
            "by": who(system, step.label),
            "text": does(system, step.label),
            "result": _value(step.label.result),
            "arguments": {name: _value(value) for name, value in step.label.arguments},
        }
        if step.target is not None:
            states.append(_state(system, step.target, label))
        elif step.departure is not None:
            left = step.departure
            meta["departure"] = {**label, "cell": left.cell, "domain": left.domain, "value": left.value}
    document: dict[str, Json] = {
        "#meta": meta,
        "vars": [cell.label for cell in system.flat.cells],
        "states": list(states),
    }
    if trace.loop is not None:
        document["loop"] = trace.loop
    return document


def _state(system: System, state: State, meta: dict[str, Json]) -> dict[str, Json]:
    cells = zip(system.flat.cells, state, strict=True)
    return {"#meta": meta, **{cell.label: _value(value) for cell, value in cells}}


def _value(value: Value) -> Json:
    if isinstance(value, enum.Enum | Copy):
        return shown(value)
    return value
