"""F0 closed: one application, three modules that may be mapped, every context and host, and authentication going on."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, System
from spec.ssp import CALL, FALSE, KNOWN, NULL, OTHER, TRUE, Flush, Flushing, ServiceUse, flushing, promises

Defect = Literal["none", "S01", "S02", "S03", "S04", "S08", "S09", "S10", "S16", "S19", "S22"]


def ssp(
    *,
    entries: Annotated[int, Between(1, 4)] = 1,
    flush: Flush = "strict",
    service_use: ServiceUse = "violation",
    defect: Defect = "none",
) -> System:
    """Return the closed system; what is mapped, exported and cached at first are its many initial states."""
    f = flushing(entries=entries, flush=flush, service_use=service_use)
    if defect != "none":
        DEFECTS[defect](f)
    possible = f.modules[OTHER].possible
    for name in KNOWN:
        possible = possible & f.modules[name].possible
    machines = [module.machine for module in f.modules.values()]
    system = System("ssp", f.app, *machines, f.log, initially=possible, rest=f.app.state == "idle")
    promises(system, f)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", f.app.state == "idle")
    return system


def no_known_check(f: Flushing) -> None:
    """S01: whatever SSP is loaded is taken for one of the two."""
    f.app.drop("app.check known")
    f.app.step("check known", source="asked", dest="known", when=f.allowed & (f.ssp != None))
    f.app.step("check known", source="asked", dest="not known", when=f.allowed & (f.ssp == None))


def null_address_called(f: Flushing) -> None:
    """S02: the address is called although GetProcAddress answered NULL."""
    for name in f.modules:
        f.app.drop(f"{name}.GetProcAddress")
        mine = f.handle == name
        f.app.calls(
            f"{name}.GetProcAddress", source="handle", dest="proc", when=mine, then={f.address: name}, gets="address"
        )
        f.app.calls(f"{name}.GetProcAddress", source="handle", dest="proc", when=mine, gets=NULL)
    f.app.step("call NULL", source="proc", dest="done", when=f.address == None)


def null_module_passed_on(f: Flushing) -> None:
    """S03: GetProcAddress is asked although GetModuleHandle answered NULL."""
    for name in f.modules:
        f.app.drop(f"{name}.GetModuleHandle")
        asked = f.ssp == name
        f.app.calls(
            f"{name}.GetModuleHandle", source="known", dest="handle", when=asked, then={f.handle: name}, gets="handle"
        )
        f.app.calls(f"{name}.GetModuleHandle", source="known", dest="handle", when=asked, gets=NULL)
    f.app.step("search the program", source="handle", dest="no export", when=f.handle == None)


def module_loaded(f: Flushing) -> None:
    """S04: LoadLibrary in the place of GetModuleHandle: the SSP is loaded just to be flushed, and the reference
    leaks.
    """
    for name, module in f.modules.items():
        f.app.drop(f"{name}.GetModuleHandle")
        taken = {module.references: module.references + 1}
        module.machine.drop(f"{name}.GetModuleHandle")
        module.machine.on(f"{name}.GetModuleHandle", dest="mapped", then=taken, returns="handle")
        f.app.calls(
            f"{name}.GetModuleHandle",
            source="known",
            dest="handle",
            when=f.ssp == name,
            then={f.handle: name},
            gets=["handle", NULL],
        )


def _context_ignored(f: Flushing, *contexts: str) -> None:
    desktop = (f.host == "desktop") & (f.context.is_in(contexts))
    for known, dest in ((f.ssp.is_in(KNOWN), "known"), (~f.ssp.is_in(KNOWN), "not known")):
        f.app.step("check known", source="asked", dest=dest, when=desktop & known)


def flush_from_dllmain(f: Flushing) -> None:
    """S08: the procedure runs from DllMain."""
    _context_ignored(f, "DllMain")


def flush_from_destructor(f: Flushing) -> None:
    """S09: the destructor of a global object logs off."""
    _context_ignored(f, "globalDtor")


def flush_in_service(f: Flushing) -> None:
    """S10: the procedure runs in a service."""
    service = (f.host == "service") & (f.context == "normal") & f.ssp.is_in(KNOWN)
    f.app.step("check known", source="asked", dest="known", when=service)


def false_when_empty(f: Flushing) -> None:
    """S16: the implementation returns FALSE for an empty cache."""
    for name in KNOWN:
        module = f.modules[name]
        assert module.cache is not None
        module.machine.drop(f"{name}.{CALL}")
        module.machine.on(
            f"{name}.{CALL}", source="mapped", when=module.cache > 0, then={module.cache: 0}, returns=TRUE
        )
        module.machine.on(f"{name}.{CALL}", source="mapped", when=module.cache == 0, returns=FALSE)


def handle_before_check(f: Flushing) -> None:
    """S19: the handle is asked for first, and only then whether the SSP is one of the two."""
    f.app.drop("app.check known")
    for name in f.modules:
        f.app.drop(f"{name}.GetModuleHandle")
        asked = f.allowed & (f.ssp == name)
        f.app.calls(
            f"{name}.GetModuleHandle", source="asked", dest="known", when=asked, then={f.handle: name}, gets="handle"
        )
        f.app.calls(f"{name}.GetModuleHandle", source="asked", dest="no module", when=asked, gets=NULL)
    f.app.step("check known", source="asked", dest="not known", when=f.allowed & (f.ssp == None))
    f.app.step("check known", source="known", dest="handle", when=f.ssp.is_in(KNOWN))
    f.app.step("check known", source="known", dest="not known", when=~f.ssp.is_in(KNOWN))


def nothing_called(f: Flushing) -> None:
    """S22: the procedure stops once it has the address, and calls nothing."""
    for name in f.modules:
        f.app.drop(f"{name}.{CALL}")
        f.app.calls(f"{name}.{CALL}", source="proc", when=False, gets=[TRUE, FALSE])
    f.app.step("stop", source="proc", dest="done")


DEFECTS: dict[str, Callable[[Flushing], None]] = {
    "S01": no_known_check,
    "S02": null_address_called,
    "S03": null_module_passed_on,
    "S04": module_loaded,
    "S08": flush_from_dllmain,
    "S09": flush_from_destructor,
    "S10": flush_in_service,
    "S16": false_when_empty,
    "S19": handle_before_check,
    "S22": nothing_called,
}
"""Id -> the change that makes the defect."""
