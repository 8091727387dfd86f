"""Defects of the flush, each as a few rows taken from the contract F0 and others put in their place.

The ids are those of the defect catalogue (requirements, section 4.7). No caller of the routine was found in public
sources; these are derived from the contract.
"""

from collections.abc import Callable

from spec.ssp import CALL, FALSE, KNOWN, NULL, OTHER, TRUE, Flushing, bring, export, typed


def no_known_check(f: Flushing) -> None:
    """S01: whatever SSP is loaded is taken for one of the two."""
    bring(f, OTHER)
    f.app.drop("app.check known")
    f.app.step("check known", source="asked", dest="known", when=f.allowed & (f.ssp != None), fair="weak")
    f.app.step("check known", source="asked", dest="not known", when=f.allowed & (f.ssp == None), fair="weak")


def null_address_called(f: Flushing) -> None:
    """S02: the address is called although GetProcAddress answered NULL."""
    for name in KNOWN:
        resolve, mine = f"{name}.GetProcAddress", (f.handle == name) & (export() == CALL)
        f.app.drop(resolve)
        f.app.calls(
            resolve,
            export(),
            source="handle",
            dest="proc",
            when=mine,
            then={f.address: name},
            gets="address",
            fair="weak",
        )
        f.app.calls(resolve, export(), source="handle", dest="proc", when=mine, gets=NULL, fair="weak")
    f.app.step("call NULL", source="proc", dest="done", when=f.address == None, fair="weak")


def null_module_passed_on(f: Flushing) -> None:
    """S03: GetProcAddress is asked although GetModuleHandle answered NULL."""
    for name in KNOWN:
        get, asked = f"{name}.GetModuleHandle", f.ssp == name
        f.app.drop(get)
        f.app.calls(get, source="known", dest="handle", when=asked, then={f.handle: name}, gets="handle", fair="strong")
        f.app.calls(get, source="known", dest="handle", when=asked, gets=NULL, fair="weak")
    f.app.step("search the program", source="handle", dest="no export", when=f.handle == None, fair="weak")


def module_loaded(f: Flushing) -> None:
    """S04: LoadLibrary in the place of GetModuleHandle: the SSP is loaded just to be flushed, and the reference
    leaks.
    """
    for name, module in f.modules.items():
        module.machine.drop(f"{name}.GetModuleHandle", returns="handle")
        taken = {module.references: module.references + 1}
        module.machine.on(f"{name}.GetModuleHandle", dest="mapped", then=taken, returns="handle")


def _context_ignored(f: Flushing, context: str) -> None:
    desktop, known = (f.host == "desktop") & (f.context == context), f.ssp.is_in(KNOWN)
    for answer, dest in ((known, "known"), (~known, "not known")):
        f.app.step("check known", source="asked", dest=dest, when=desktop & answer, fair="weak")


def flush_from_dllmain(f: Flushing) -> None:
    """S08: the procedure runs from DllMain."""
    _context_ignored(f, "DllMain")


def flush_from_destructor(f: Flushing) -> None:
    """S09: the destructor of a global object logs off."""
    _context_ignored(f, "globalDtor")


def flush_in_service(f: Flushing) -> None:
    """S10: the procedure runs in a service."""
    service = (f.host == "service") & (f.context == "normal") & f.ssp.is_in(KNOWN)
    f.app.step("check known", source="asked", dest="known", when=service, fair="weak")


def name_misspelt(f: Flushing) -> None:
    """S11: the export is asked for in another case; NULL comes back and is taken for nothing to do."""
    for name in KNOWN:
        resolve, mine = f"{name}.GetProcAddress", (f.handle == name) & (export() != CALL)
        f.app.drop(resolve)
        got = ["address", NULL]
        f.app.calls(resolve, export(), source="handle", dest="done", when=mine, gets=got, fair="weak")


def true_misread(f: Flushing) -> None:
    """S12: TRUE is compared with something else, and what is taken for a failure is tried again forever."""
    for name in KNOWN:
        f.app.drop(f"{name}.{CALL}")
        f.app.calls(
            f"{name}.{CALL}",
            typed(),
            source="proc",
            when=(f.address == name) & typed(),
            gets=[TRUE, FALSE],
            fair="weak",
        )


def mistyped_call(f: Flushing) -> None:
    """S13: the function pointer has another calling convention or parameter list; what comes of it nobody promised."""
    for name in KNOWN:
        f.app.drop(f"{name}.{CALL}")
        ready = (f.address == name) & ~typed()
        f.app.calls(f"{name}.{CALL}", typed(), source="proc", dest="done", when=ready, fair="weak")
        f.modules[name].machine.on(f"{name}.{CALL}", typed(), source="mapped", when=~typed(), returns=[TRUE, FALSE])


def first_found_flushed(f: Flushing) -> None:
    """S14: of the two SSPs the first that is mapped is flushed, whichever the scheme in use names."""
    first, second = KNOWN
    found, known = f.modules[first].mapped, f.ssp.is_in(KNOWN)
    for name, asked in ((first, known & found), (second, known & ~found)):
        get, taken = f"{name}.GetModuleHandle", {f.handle: name}
        f.app.drop(get)
        f.app.calls(get, source="known", dest="handle", when=asked, then=taken, gets="handle", fair="strong")
        f.app.calls(get, source="known", dest="no module", when=asked, gets=NULL, fair="weak")


def false_when_empty(f: Flushing) -> None:
    """S16: the implementation returns FALSE for an empty cache."""
    for name in KNOWN:
        m, cache = f.modules[name].machine, f.modules[name].cache
        assert cache is not None
        m.drop(f"{name}.{CALL}")
        m.on(f"{name}.{CALL}", typed(), source="mapped", when=cache > 0, then={cache: 0}, returns=TRUE)
        m.on(f"{name}.{CALL}", typed(), source="mapped", when=cache == 0, returns=FALSE)


def cache_destroyed(f: Flushing) -> None:
    """S17: the flush destroys the cache object instead of emptying it, and the next authentication fails."""
    for name in KNOWN:
        m, cache = f.modules[name].machine, f.modules[name].cache
        assert cache is not None
        destroyed = m.flag("destroyed")
        m.drop(f"{name}.{CALL}")
        m.drop(f"{name}.Authenticate")
        m.on(f"{name}.{CALL}", typed(), source="mapped", then={cache: 0, destroyed: True}, returns=TRUE)
        m.on(f"{name}.Authenticate", source="mapped", when=~destroyed, then={cache: f.entries}, returns="ok")
        m.on(f"{name}.Authenticate", source="mapped", when=destroyed, returns="no cache")


def handle_before_check(f: Flushing) -> None:
    """S19: the handle is asked for first, and only then whether the SSP is one of the two."""
    bring(f, OTHER)
    f.app.drop("app.check known")
    for name in f.modules:
        get, asked = f"{name}.GetModuleHandle", f.allowed & (f.ssp == name)
        f.app.drop(get)
        f.app.calls(get, source="asked", dest="known", when=asked, then={f.handle: name}, gets="handle", fair="strong")
        f.app.calls(get, source="asked", dest="no module", when=asked, gets=NULL, fair="weak")
    f.app.step("check known", source="asked", dest="not known", when=f.allowed & (f.ssp == None), fair="weak")
    f.app.step("check known", source="known", dest="handle", when=f.ssp.is_in(KNOWN), fair="weak")
    f.app.step("check known", source="known", dest="not known", when=~f.ssp.is_in(KNOWN), fair="weak")


def nothing_called(f: Flushing) -> None:
    """S22: the procedure stops once it has the address, and calls nothing."""
    for name in KNOWN:
        f.app.drop(f"{name}.{CALL}")
        f.app.calls(f"{name}.{CALL}", typed(), source="proc", when=False, gets=[TRUE, FALSE])
    f.app.step("stop", source="proc", dest="done", fair="weak")


def flush_unloads(f: Flushing) -> None:
    """S23: the flush takes the SSP out of the process, as if it were done with it."""
    for name in KNOWN:
        m, module = f.modules[name].machine, f.modules[name]
        assert module.cache is not None
        m.drop(f"{name}.{CALL}")
        gone = {module.references: 0, module.cache: 0}
        m.on(f"{name}.{CALL}", typed(), source="mapped", dest="unmapped", then=gone, returns=TRUE)


DEFECTS: dict[str, Callable[[Flushing], None]] = {
    "S01": no_known_check,
    "S02": null_address_called,
    "S03": null_module_passed_on,
    "S04": module_loaded,
    "S08": flush_from_dllmain,
    "S09": flush_from_destructor,
    "S10": flush_in_service,
    "S11": name_misspelt,
    "S12": true_misread,
    "S13": mistyped_call,
    "S14": first_found_flushed,
    "S16": false_when_empty,
    "S17": cache_destroyed,
    "S19": handle_before_check,
    "S22": nothing_called,
    "S23": flush_unloads,
}
"""Id -> the change that makes the defect."""
