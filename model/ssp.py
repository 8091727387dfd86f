"""F0 closed: one application, the two SSPs, every context and host, and an owner that uses, loads and frees them."""

from typing import Annotated, Literal

from model.ssp_defects import DEFECTS
from quiesce import Between, System
from spec.ssp import Flush, ServiceUse, flushing
from spec.ssp_promises import promises

Defect = Literal[
    "none",
    "S01",
    "S02",
    "S03",
    "S04",
    "S08",
    "S09",
    "S10",
    "S11",
    "S12",
    "S13",
    "S14",
    "S16",
    "S17",
    "S19",
    "S22",
    "S23",
]


def ssp(
    *,
    entries: Annotated[int, Between(1, 4)] = 1,
    flush: Flush = "strict",
    service_use: ServiceUse = "violation",
    defect: Defect = "none",
) -> System:
    """Return the closed system; what is mapped, exported and cached at first are its many initial states.

    `flush` (A-23): whether entries in use leave the cache too; `service_use` (A-26): whether a service is a violation.
    """
    f = flushing(entries=entries, flush=flush, service_use=service_use)
    if defect != "none":
        DEFECTS[defect](f)
    machines = [module.machine for module in f.modules.values()]
    system = System("ssp", f.app, *machines, f.log, initially=f.possible, rest=f.app.state == "idle")
    promises(system, f)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", f.app.state == "idle")
    return system
