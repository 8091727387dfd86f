"""The verbs that look at one system: `list`, `draw`, `lint`, `simulate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from quiesce import endings
from quiesce.commands import Constants, File, Form, check_format, settings_of, write
from quiesce.commands.options import Argument, Option
from quiesce.core.errors import SpecificationError, unknown
from quiesce.statuses import HOLDS, SUSPICIOUS, UNKNOWN, VIOLATED


def list_(
    what: Annotated[
        str | None, Argument(metavar="WHAT", help="A target, a clause id, or defects; without it, the library.")
    ] = None,
    form: Annotated[str, Option("--format", metavar="FORMAT", help="text, or markdown for defects.")] = "text",
) -> int:
    """List the library's models, a model's parameters and properties, what stands for a clause, or the defects."""
    from quiesce.show import catalogue

    print(catalogue.listing(what, form))
    return HOLDS


def matrix(
    form: Annotated[str, Option("--format", metavar="FORMAT", help="text, json or html.")] = "text",
    output: File = None,
) -> int:
    """Show for every clause which rows, properties, defects and checks stand for it; fail if a core clause has none."""
    from quiesce import traceability
    from quiesce.show import matrix as shown

    made = {"text": shown.text, "json": shown.data, "html": shown.page}
    if form not in made:
        raise SpecificationError("Q48", unknown("format", form, made))
    found = traceability.matrix()
    content = made[form](found)
    if output is None:
        print(content)
    else:
        write(output, f"{content}\n".encode())
    return HOLDS if all(one.covered for one in found.values() if one.clause.core) else VIOLATED


def draw(
    target: Annotated[str | None, Argument(help="What to draw.")] = None,
    constants: Constants = None,
    machine: Annotated[str | None, Option(help="Draw only this machine.")] = None,
    space: Annotated[bool, Option(help="Draw the reachable states instead of the machines.")] = False,
    form: Annotated[str, Option("--format", metavar="FORMAT", help="dot, mermaid, svg or png.")] = "dot",
    output: File = None,
    everything: Annotated[bool, Option("--all", help="Draw the whole library into --into.")] = False,
    into: Annotated[Path | None, Option(metavar="DIR", help="The folder for --all (default: diagrams/).")] = None,
    stale: Annotated[bool, Option("--check", help="With --all: write nothing, fail if a file is stale.")] = False,
) -> int:
    """Draw a machine, a system or a small state space as DOT, Mermaid, SVG or PNG."""
    from quiesce import library
    from quiesce.show import gallery

    if everything:
        if target is not None or output is not None or constants or machine or space:
            raise SpecificationError("Q48", "--all draws the whole library", hint="leave the other options out")
        try:
            changed = gallery.draw_all(into, write=not stale)
        except OSError as problem:
            raise SpecificationError("Q48", f"the pictures cannot be written: {problem.strerror}") from None
        for file in changed:
            print(f"{'stale' if stale else 'drawn'}: {file}")
        if not changed:
            print("diagrams: all up to date")
        return VIOLATED if stale and changed else HOLDS
    if stale or into is not None:
        raise SpecificationError("Q48", "--check and --into go with --all")
    if target is None:
        raise SpecificationError("Q48", "nothing to draw", hint="name a target, or give --all")
    system = library.find(target).system(settings_of(constants))
    picture = gallery.picture(system, machine=machine, space=space, form=form)
    if output is not None:
        write(output, picture)
    elif form == "png" and sys.stdout.isatty():
        raise SpecificationError("Q48", "a PNG is no text for a terminal", hint="write -o FILE.png")
    else:
        endings.put(picture)
    return HOLDS


def lint(
    target: Annotated[str, Argument(help="What to look over.")],
    constants: Constants = None,
    strict: Annotated[bool, Option(help="Exit with 4 if a property is vacuous or a row dead.")] = False,
) -> int:
    """Search a system and show what it never did: dead rows, vacuous properties, values never reached, overlaps."""
    from quiesce import library
    from quiesce.engines.checking import check as search
    from quiesce.show import text

    result = search(library.find(target).system(settings_of(constants)))
    print(text.lint(result))
    if result.remarks is None:
        return UNKNOWN
    return SUSPICIOUS if strict and result.has_suspicions else HOLDS


def simulate(
    target: Annotated[str, Argument(help="What to run.")],
    constants: Constants = None,
    steps: Annotated[int, Option(least=1, help="Steps at most.")] = 20,
    seed: Annotated[int, Option(help="The same seed gives the same walk.")] = 0,
    form: Form = "text",
) -> int:
    """Run a system as live `transitions` machines on a random walk, and show the steps."""
    from quiesce import library
    from quiesce.bridges.live import walk
    from quiesce.core.replaying import replay
    from quiesce.show import data, text

    check_format(form)
    system = library.find(target).system(settings_of(constants))
    trace = walk(system, steps=steps, seed=seed)
    replay(system, trace)
    if form == "json":
        print(json.dumps(data.itf(system, trace), indent=1))
    else:
        print(f"{text.title(system)}: {trace.length} steps, seed {seed}")
        print("\n".join(text.table(system, trace)))
        if trace.length < steps:
            print("  it stops here: no step is possible")
    return HOLDS
