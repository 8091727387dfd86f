"""F1's unload race: while one thread flushes, the owner of the SSP may free it, and load it again at another address.

With GetModuleHandle, as the contract prescribes, nothing keeps the module mapped between the question and the call. The
call is safe under a stated assumption (the owner of the SSP's reference keeps it while the flush runs), or when the
handle is taken with a reference of its own.
"""

from typing import Literal

from quiesce import Machine, System, Term, after, happens
from spec.ssp import CALL, NULL, TRUE

Acquire = Literal["GetModuleHandle", "GetModuleHandleEx"]
Owner = Literal["keeps", "may free"]
LIVES = 2
"""How often the SSP is loaded again at most: a limit on the environment, so that no two lives are mixed up."""


def ssp_race(*, acquire: Acquire = "GetModuleHandle", owner: Owner = "keeps") -> System:
    """Return one flush against one owner of the SSP.

    `acquire` is how the handle is taken: with GetModuleHandleEx it carries a reference, freed at the end. `owner` says
    whether the owner of the SSP's reference keeps it while the flush runs; before and after it may free it (A-24).
    """
    app = Machine("app", states=["idle", "handle", "proc", "called", "done", "no module", "no export"])
    life = app.count("life of the handle", up_to=LIVES)
    ssp = Machine("ssp", states=["mapped", "unmapped"])
    references, exports = ssp.count("references", up_to=2, initial=1), ssp.flag("exports", [False, True])
    lives, cache = ssp.count("life", up_to=LIVES), ssp.count("cache", up_to=1, initial=[0, 1])
    component = Machine("owner", states=["holds", "gone"])
    same = (ssp.state == "mapped") & (life == lives)

    app.calls("GetModuleHandle", source="idle", dest="handle", then={life: lives}, gets="handle", clause="SSP-09")
    app.calls("GetModuleHandle", source="idle", dest="no module", gets=NULL, clause="SSP-12")
    taken = {references: references + 1} if acquire == "GetModuleHandleEx" else {}
    ssp.on("GetModuleHandle", source="mapped", then=taken, returns="handle", clause=["SSP-07", "MOD-02", "MOD-05"])
    ssp.on("GetModuleHandle", source="unmapped", returns=NULL, clause="SSP-12")
    app.calls("GetProcAddress", source="handle", dest="proc", gets="address", clause="SSP-09")
    app.calls("GetProcAddress", source="handle", dest="no export", gets=NULL, clause="SSP-12")
    ssp.on("GetProcAddress", when=same & exports, returns="address", clause="SSP-08")
    ssp.on("GetProcAddress", when=same & ~exports, returns=NULL, clause="SSP-12")
    ssp.on("GetProcAddress", when=~same, returns=["address", NULL], clause="MOD-04")
    app.calls(CALL, source="proc", dest="called", gets=TRUE, clause="SSP-10")
    ssp.on(CALL, then={cache: 0}, returns=TRUE, clause="SSP-05")
    if acquire == "GetModuleHandleEx":
        app.calls("FreeLibrary", source=["called", "no export"], dest="done", clause="MOD-05")

    running = app.state.is_in(["handle", "proc"])
    free = ~running if owner == "keeps" else True
    component.calls("FreeLibrary", source="holds", dest="gone", when=free, clause="MOD-04")
    component.calls("LoadLibrary", source="gone", dest="holds", when=lives < LIVES, clause="MOD-01")
    _loader(ssp, references, lives, cache)

    ends = ["done", "no module"] if acquire == "GetModuleHandleEx" else ["called", "no module", "no export"]
    ended = app.state.is_in(ends)
    system = System("ssp_race", app, ssp, component, rest=ended)
    call = happens(CALL)
    system.always(
        "the call never enters an unmapped module", call.implies(same), id="PS-10", clause=["MOD-04", "MOD-09"]
    )
    system.always("the call returns TRUE", call.implies(happens(CALL, returns=TRUE)), id="PS-06", clause="SSP-05")
    system.always("the cache is empty at return", call.implies(after(cache) == 0), id="PS-07", clause="SSP-01")
    kept = (component.state == "holds").implies(references == 1) & (component.state == "gone").implies(references == 0)
    system.always("every reference is given back", ended.implies(kept), id="PS-09", clause=["MOD-03", "MOD-05"])
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("every attempt can end", ended)
    system.sometimes("a full cache is flushed", call & (cache > 0), id="PX-09")
    for name in ("GetModuleHandle", "GetProcAddress"):
        system.sometimes(f"{name} answers NULL", happens(name, returns=NULL), id=f"PX-10.{name}", clause="SSP-12")
    return system


def _loader(ssp: Machine, references: Term, lives: Term, cache: Term) -> None:
    """Count references as the loader does: at zero the module is unmapped; a load after that is a new life of it."""
    ssp.on("FreeLibrary", source="mapped", when=references > 1, then={references: references - 1}, clause="MOD-01")
    gone = {references: 0, cache: 0}
    ssp.on("FreeLibrary", source="mapped", dest="unmapped", when=references == 1, then=gone, clause="MOD-01")
    ssp.on("LoadLibrary", source="mapped", then={references: references + 1}, clause="MOD-01")
    loaded = {references: 1, lives: lives + 1}
    ssp.on("LoadLibrary", source="unmapped", dest="mapped", then=loaded, clause=["MOD-04", "MOD-13"])
