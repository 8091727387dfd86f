"""Two processes side by side: the same process twice, with the kernel between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Literal

from quiesce import Between, Inclusion, System, all_of
from spec.process import Process, contract, promises

Defect = Literal["none", "M14", "M19", "M64", "M67"]


@dataclass(frozen=True)
class Included:
    """A process as it is here, and as it was written."""

    here: Inclusion
    process: Process


def processes(
    *,
    processes: Annotated[int, Between(1, 3)] = 2,
    starts: Annotated[int, Between(1, 3)] = 2,
    queue: Annotated[int, Between(1, 3)] = 1,
    defect: Defect = "none",
) -> System:
    """Return the closed system; a program holds at most `starts` starts, the kernel has `queue` units of data."""
    system = System("processes")
    names = [f"P{number}" for number in range(1, processes + 1)]
    included = {name: _included(system, name, starts, queue, defect) for name in names}
    if defect == "M14":
        shared_section(included)
    for first, second in combinations(included.values(), 2):
        _isolated(system, first, second)
    system.no_deadlock("something can always happen", id="PL-05")
    return system


def _included(system: System, name: str, starts: int, queue: int, defect: Defect) -> Included:
    p = contract(starts=starts, queue=queue)
    if defect in DEFECTS:
        DEFECTS[defect](p)
    one = System("process", p.program, p.provider, p.base, p.kernel)
    promises(one, p)
    return Included(system.include(one, name, shared=[p.kernel], asking=True), p)


def _isolated(system: System, first: Included, second: Included) -> None:
    """Ask that no step changes both processes: what is of one process is of no other (MOD-14)."""
    changed = []
    names = []
    for one in (first, second):
        p = one.process
        machines = [one.here.machine(machine.name) for machine in (p.program, p.provider, p.base)]
        changed.append(~all_of(machine.unchanged for machine in machines))
        names.append(one.here.names.prefix)
    system.never(
        f"a step of {names[0]} changes {names[1]}",
        changed[0] & changed[1],
        id=f"PW-15.{names[0]}{names[1]}",
        clause=["WSP-03", "MOD-06", "MOD-14"],
    )


def shared_section(included: Mapping[str, Included]) -> None:
    """M14: the counter is in a section of the module that all processes share: what one writes, the others have."""
    for name, one in included.items():
        others = [other for word, other in included.items() if word != name]
        for call, more in (("WSPStartup", 1), ("WSPCleanup", -1)):
            for other in others:
                count = other.here.term(other.process.count)
                other.here.machine("provider").on(one.here.trigger(call), then={count: count + more})


def lock_not_taken(p: Process) -> None:
    """M19: a cleanup after the detach leaves by the common exit, which leaves a lock that it never entered."""
    p.provider.drop("WSPCleanup at exit")
    p.provider.on("WSPCleanup at exit", source="detached", then={p.lock: p.lock - 1}, returns="WSANOTINITIALISED")


def exit_cascades(p: Process) -> None:
    """M64: at the end of the process the provider cleans up the base, whose module may be detached already."""
    p.provider.drop("provider.DllMain")
    p.provider.step("DllMain", source="down", dest="detached", when=p.exiting)
    p.provider.calls("provider.DllMain", source="up", dest="detached", when=p.exiting)
    p.base.on("provider.DllMain", source=["up", "detached"], dest="unmapped")
    p.base.on("provider.DllMain", source="unmapped")


def reserved_reversed(p: Process) -> None:
    """M67: DllMain reads its reserved argument the wrong way round: it cleans up at exit, and leaks at FreeLibrary."""
    p.provider.drop("FreeLibrary")
    p.provider.on("FreeLibrary", source="down", dest="unmapped")
    p.provider.drop("provider.DllMain")
    cleaned = {p.storage: 0, p.heap: 0, p.count: 0}
    p.provider.step("DllMain", source=["down", "up"], dest="detached", when=p.exiting, then=cleaned)


DEFECTS: dict[str, Callable[[Process], None]] = {
    "M19": lock_not_taken,
    "M64": exit_cascades,
    "M67": reserved_reversed,
}
"""Id -> the change that makes the defect in each process; M14 is one of several processes together."""
