"""F1's unload race: while one thread flushes, another may free the SSP, and load it again at another address.

With GetModuleHandle, as the contract prescribes, nothing keeps the module mapped between the question and the call.
The call is safe under a stated assumption (the owner of the SSP's reference keeps it during the flush), or when the
handle is taken with a reference.
"""

from typing import Literal

from quiesce import Machine, System, after, happens
from spec.ssp import CALL, NULL, TRUE


def ssp_race(
    *,
    acquire: Literal["GetModuleHandle", "GetModuleHandleEx"] = "GetModuleHandle",
    owner: Literal["keeps", "may free"] = "keeps",
) -> System:
    """Return one flush against one owner of the SSP.

    `acquire` is how the handle is taken: with GetModuleHandleEx it carries a reference, freed at the end. `owner`
    says whether the owner of the SSP's reference keeps it while the flush runs (A-24).
    """
    app = Machine("app", states=["idle", "handle", "proc", "called", "done", "no module", "no export"])
    held = app.count("held generation", up_to=1)
    ssp = Machine("ssp", states=["mapped", "unmapped"])
    references = ssp.count("references", up_to=2, initial=1)
    generation, cache = ssp.count("generation", up_to=1), ssp.count("cache", up_to=1, initial=[0, 1])
    component = Machine("owner", states=["holds", "gone"])

    ssp.on("GetModuleHandle", source="unmapped", returns=NULL, clause="SSP-12")
    if acquire == "GetModuleHandle":
        ssp.on("GetModuleHandle", source="mapped", returns="handle", clause=["SSP-07", "MOD-02", "MOD-04"])
    else:
        taken = {references: references + 1}
        ssp.on("GetModuleHandle", source="mapped", then=taken, returns="handle", clause="MOD-05")
        app.calls("FreeLibrary", source=["called", "no export"], dest="done", clause="MOD-05")
    app.calls("GetModuleHandle", source="idle", dest="handle", then={held: generation}, gets="handle", clause="SSP-09")
    app.calls("GetModuleHandle", source="idle", dest="no module", gets=NULL, clause="SSP-12")
    same = (ssp.state == "mapped") & (held == generation)
    ssp.on("GetProcAddress", when=same, returns="address", clause="SSP-08")
    ssp.on("GetProcAddress", when=~same, returns=["address", NULL], clause="MOD-04")
    app.calls("GetProcAddress", source="handle", dest="proc", gets="address", clause="SSP-09")
    app.calls("GetProcAddress", source="handle", dest="no export", gets=NULL, clause="SSP-12")
    ssp.on(CALL, then={cache: 0}, returns=TRUE, clause="SSP-05")
    app.calls(CALL, source="proc", dest="called", gets=TRUE, clause="SSP-10")

    ssp.on("FreeLibrary", source="mapped", when=references > 1, then={references: references - 1}, clause="MOD-01")
    gone = {references: 0, cache: 0}
    ssp.on("FreeLibrary", source="mapped", dest="unmapped", when=references == 1, then=gone, clause="MOD-01")
    ssp.on("LoadLibrary", source="mapped", then={references: references + 1}, clause="MOD-01")
    loaded = {references: 1, generation: 1 - generation}
    ssp.on("LoadLibrary", source="unmapped", dest="mapped", then=loaded, clause=["MOD-04", "MOD-13"])
    free = owner == "may free"
    component.calls("FreeLibrary", source="holds", dest="gone", when=free, clause="MOD-04")
    component.calls("LoadLibrary", source="gone", dest="holds", when=free)

    ended = app.state.is_in(["called", "done", "no module", "no export"])
    system = System("ssp_race", app, ssp, component, rest=ended)
    call = happens(CALL)
    system.always(
        "the call never enters an unmapped module",
        call.implies(same),
        id="PS-10",
        clause=["MOD-04", "MOD-09"],
    )
    system.always("the call returns TRUE", call.implies(happens(CALL, returns=TRUE)), id="PS-06", clause="SSP-05")
    system.always("the cache is empty at return", call.implies(after(cache) == 0), id="PS-07", clause="SSP-01")
    holders = (component.state == "holds") & (references == 1) | (component.state == "gone") & (references == 0)
    finished = app.state.is_in(["done", "no module"]) if acquire == "GetModuleHandleEx" else ended
    system.always("every reference is given back", finished.implies(holders), id="PS-09", clause=["MOD-03", "MOD-05"])
    system.no_deadlock("every attempt ends", id="PL-05")
    system.sometimes("a full cache is flushed", call & (cache > 0), id="PX-09")
    return system
