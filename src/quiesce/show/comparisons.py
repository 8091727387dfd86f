"""Comparisons of systems as text: whether one refines another, and which mutants of one its properties notice."""

from __future__ import annotations

from quiesce.core.domains import shown
from quiesce.core.mutants import Campaign, MutantResult
from quiesce.core.reference import steps
from quiesce.core.result import Refined, Verdict
from quiesce.core.trace import State, changed
from quiesce.show.text import WORD, does, table, title


def refinement(result: Refined) -> str:
    """Return the verdict; where a step is refused, the run to it and what its two states are in the abstract system."""
    about = f"{title(result.concrete)} refines {title(result.abstract)}"
    lines = [f"{WORD[result.verdict]:<9} {about}  {result.scope}"]
    if result.trace is not None:
        lines += ["", *table(result.concrete, result.trace), "", *_refused(result), ""]
    for answer in result.liveness:
        lines.append(f"{WORD[answer.verdict]:<9} {answer.property.name}  {answer.property.id or ''}  {answer.scope}")
    if result.verdict is Verdict.HOLDS:
        lines.append(f"  what occurs of {result.abstract.name}: {result.coverage}")
    return "\n".join(lines)


def _refused(result: Refined) -> list[str]:
    """Return what a refused step, or initial state, is in the abstract system, and what that system can do there."""
    abstract = result.abstract
    lines = [f"    in {abstract.name}: {_told(result, result.images[0])}"]
    if len(result.images) == 1:
        return [*lines, f"    and {abstract.name} does not start there"]
    change = ", ".join(f"{cell}={shown(value)}" for cell, value in changed(abstract, *result.images))
    ways = dict.fromkeys(
        does(abstract, step.label) + (", which leaves a domain" if step.departure else "")
        for step in steps(abstract, result.images[0])
    )
    return [*lines, f"    the step makes {change}", f"    {abstract.name} can do there: {'; '.join(ways) or 'nothing'}"]


def _told(result: Refined, state: State) -> str:
    """Return what a reader must know of a state: where its machines are, and what is not as it was at the start."""
    return ", ".join(
        f"{cell.label}={shown(value)}"
        for cell, value in zip(result.abstract.flat.cells, state, strict=True)
        if cell.variable == "state" or value not in cell.initial
    )


# -- mutants ----------------------------------------------------------------------------------------------------------


def campaign(found: Campaign) -> str:
    """Return the score, every survivor with its place and what changed, and how many mutants each property notices."""
    survivors, total = found.survivors, len(found.mutants)
    counted = total - found.equivalent
    noticed = counted - len(survivors)
    score = f"{100 * noticed / counted:.1f} %" if counted else "none"
    lines = [
        f"{title(found.system)}: {total} mutants, {found.equivalent} of them equivalent; "
        f"{noticed} of {counted} noticed: {score}"
    ]
    for mutant, judged in survivors:
        lines += ["", f"survives  {mutant.place}: {mutant.machine}: {mutant.what}{_because(judged)}"]
        lines.append(f"    - {mutant.before}")
        lines += [f"    + {mutant.after}"] if mutant.after else []
    lines += ["", "property (mutants that it notices, and that no other one does)"]
    for question in found.system.properties:
        word = question.id or question.name
        kills = [judged.killed_by for judged in found.judged if word in judged.killed_by]
        alone = sum(len(broken) == 1 for broken in kills)
        lines.append(f"  {question.id or '':<12} {question.name}  {len(kills)} ({alone})")
    lines += ["", "clause (mutants of its rows that are noticed)"]
    clauses: dict[str, list[bool]] = {}
    for mutant, judged in zip(found.mutants, found.judged, strict=True):
        if not judged.equivalent:
            for name in mutant.clauses:
                clauses.setdefault(name, []).append(not judged.survives)
    lines += [f"  {name:<8} {sum(told)} of {len(told)}" for name, told in sorted(clauses.items())]
    return "\n".join(lines)


def _because(judged: MutantResult) -> str:
    return f" ({judged.note})" if judged.note else ""
