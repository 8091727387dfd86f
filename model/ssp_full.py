"""F1 closed: threads that flush, an owner that loads and frees the SSP, a context that uses it, and another module."""

from typing import Annotated, Literal

from model.ssp_full_defects import DEFECTS
from quiesce import Between, System, all_of, where
from spec.ssp import Flush
from spec.ssp_full import Acquire, Foreign, Full, Lookup, Owner, contract
from spec.ssp_full_promises import promises

Defect = Literal["none", "S05", "S06", "S07", "S15", "S18", "S20", "S21"]


def ssp_full(
    *,
    threads: Annotated[int, Between(1, 3)] = 2,
    entries: Annotated[int, Between(1, 3)] = 1,
    flush: Flush = "strict",
    acquire: Acquire = "GetModuleHandle",
    owner: Owner = "keeps",
    foreign: Foreign = "other name",
    lookup: Lookup = "name",
    defect: Defect = "none",
) -> System:
    """Return the closed system.

    `flush` (A-23): whether entries in use leave the cache too; `owner` (A-24): whether the owner of the SSP's reference
    keeps it while a flush runs; `acquire`: how the handle is taken; `foreign` and `lookup` (A-28): whether another
    module has the SSP's base name, and whether the handle is asked for by name or by path.
    """
    if defect == "S20":
        acquire, owner = "GetModuleHandleEx", "may free"  # a defect of that way alone
    f = contract(
        threads=threads,
        entries=entries,
        flush=flush,
        acquire=acquire,
        owner=owner,
        foreign=foreign,
        lookup=lookup,
    )
    if defect != "none":
        DEFECTS[defect](f)
    rest = all_of(f.thread.state[t] == "idle" for t in f.thread)
    system = System("ssp_full", f.thread, f.ssp, f.owner, f.context, f.foreign, rest=rest)
    promises(system, f)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("every attempt can end", rest)
    _refines_f0(system, f)
    return system


def _refines_f0(system: System, f: Full) -> None:
    """F1 does nothing that F0 does not do: the first thread is F0's application, another's flush is for it the owner
    that forgets, and a module that DllMain is still attached to is there already.
    """
    first = next(iter(f.thread))
    state, there = f.thread.state[first], f.ssp.state.is_in(["attaching", "mapped"])
    seen = {"called": "done"} | ({} if f.borrowed else {"unresolved": "no export"})
    shown = state
    for here, below in seen.items():
        shown = where(state == here, below, shown)
    found = ["handle", "proc", "called", "done", "no export", *([] if f.borrowed else ["unresolved"])]
    mapping: dict[str, object] = {
        "app.state": shown,
        "app.context": "normal",
        "app.host": "desktop",
        "app.ssp": "MSNSSPC",
        "app.module": where(state.is_in(found), "MSNSSPC", None),
        "app.address": where(state.is_in(["proc", "called", "done"]), "MSNSSPC", None),
        "MSNSSPC.state": where(there, "mapped", "unmapped"),
        "MSNSSPC.references": where(there, 1, 0),
        "MSNSSPC.exports": f.exports,
        "MSNSSPC.cache": f.cache,
        "MSAPSSPC.state": "unmapped",
        "MSAPSSPC.references": 0,
        "MSAPSSPC.exports": True,
        "MSAPSSPC.cache": 0,
    }
    if f.flush == "lenient":
        mapping |= {"MSNSSPC.in_use": where(f.context.state == "cached", 1, 0), "MSAPSSPC.in_use": 0}
    system.refines("ssp", mapping, parameters={"entries": f.entries, "flush": f.flush}, liveness=["PS-13"])
