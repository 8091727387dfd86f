"""The verbs that hold a system against something else: `refine`, `mutate`, `export`, `bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from quiesce.commands import Constants, MaxStates, Memory, On, Workers, bytes_of, settings_of, write
from quiesce.commands.options import Argument, Option
from quiesce.statuses import HOLDS, UNKNOWN, VIOLATED


def refine(
    target: Annotated[str, Argument(help="The concrete system, which claims the refinement.")],
    constants: Constants = None,
    to: Annotated[str | None, Option(metavar="TARGET", help="The abstract system: a library model or file.py.")] = None,
    max_states: MaxStates = None,
    memory: Memory = None,
    workers: Workers = 0,
) -> int:
    """Show that every step of a system is an abstract step or a stutter.

    The concrete system has the mapping: system.refines(model, mapping). Exit status: 0 it is so, 1 a step is not, 2 a
    mistake, 3 undecided.
    """
    from quiesce import library
    from quiesce.core.result import Verdict
    from quiesce.engines import refinement
    from quiesce.engines.options import Limits, Strategy
    from quiesce.language.systems import unobserved
    from quiesce.show import comparisons

    concrete = library.find(target).system(settings_of(constants))
    claim = refinement.fitting(concrete, to, [] if to is None else [to, Path(to).stem])
    abstract = unobserved(library.find(to or claim.model).system(claim.parameters), claim.liveness)
    limits = Limits(max_states=max_states, memory=bytes_of(memory))
    result = refinement.refine(concrete, claim, abstract, limits=limits, strategy=Strategy(workers=workers))
    print(comparisons.refinement(result))
    return {Verdict.HOLDS: HOLDS, Verdict.VIOLATED: VIOLATED}.get(result.overall, UNKNOWN)


def mutate(
    target: Annotated[str, Argument(help="Whose properties are put to the test.")],
    constants: Constants = None,
    on: On = "processes",
    journal: Annotated[Path | None, Option(help="Keep what is judged in this file, and go on with it.")] = None,
    max_states: Annotated[int | None, Option(least=1, help="Stop the search of a mutant there.")] = None,
) -> int:
    """List the mutants that no property kills.

    Exit status: 0 every mutant is noticed or equivalent, 1 some survive, 2 a mistake.
    """
    from quiesce import campaign
    from quiesce.processes import number_of
    from quiesce.show import comparisons

    named = campaign.Named(target, tuple(settings_of(constants).items()))
    found = campaign.run(named, processes=number_of(on), max_states=max_states, journal=journal)
    print(comparisons.campaign(found))
    return VIOLATED if found.survivors else HOLDS


def export(
    target: Annotated[str, Argument(help="What to export.")],
    constants: Constants = None,
    to: Annotated[str, Option(metavar="FORMAT", help="promela (Spin), murphi (Rumur) or tla (TLC).")] = "promela",
    properties: Annotated[bool, Option(help="Properties as assertions and invariants.")] = True,
    output: Annotated[Path | None, Option("-o", "--output", help="A file instead of stdout.")] = None,
) -> int:
    """Write a system for another checker: the same states, steps and properties, with the author's names."""
    from quiesce import library
    from quiesce.bridges.checkers import exported

    text = exported(library.find(target).system(settings_of(constants)), to, properties=properties)
    if output is None:
        print(text, end="")
    else:
        write(output, text.encode())
    return HOLDS


def bench(
    target: Annotated[str, Argument(help="What to measure.")] = "winsock",
    constants: Constants = None,
    runs: Annotated[int, Option(least=1, help="Searches; the median is the last line.")] = 3,
    workers: Workers = 1,
) -> int:
    """Measure the search: states, transitions a second, bytes a state; at the library's benchmark size unless -c is
    given.
    """
    from quiesce import expectations, library
    from quiesce.engines.native.bench import measure
    from quiesce.engines.options import Strategy

    settings: dict[str, object] = settings_of(constants)
    if not settings:
        for row in expectations.read(library.root() / library.CHECKS / library.BENCH_CHECKS):
            if row.model == target:
                settings = dict(row.parameters)
    for line in measure(library.find(target).system(settings), runs, Strategy(workers=workers)):
        print(line, flush=True)
    return HOLDS
