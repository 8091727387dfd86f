"""What F1 promises: the properties of the flush (requirements, section 3.5) where others go on meanwhile."""

from quiesce import F, G, System, Term, after, all_of, any_of, count_of, enabled, happens, where
from spec.ssp import CALL, NULL, TRUE
from spec.ssp_full import ELSEWHERE, EXITS, LOADER_FREE, RELEASE, Full


def promises(system: System, f: Full) -> None:
    """Ask of a system everything that the contract promises."""
    _order(system, f)
    _pointers(system, f)
    _effect(system, f)
    _frame(system, f)
    _locks(system, f)
    _not_vacuous(system, f)


def _next(f: Full) -> dict[str, list[str]]:
    """Return the stages of an attempt, and what may follow each."""
    out = ["no export"] if f.borrowed else ["no export", "unresolved"]
    stages = {
        "idle": ["asked"],
        "asked": ["known"],
        "known": ["handle", "no module"],
        "handle": ["proc", *out],
        "proc": ["called"],
        "called": ["done"],
    }
    return stages | ({} if f.borrowed else {"unresolved": ["no export"]}) | {end: ["idle"] for end in EXITS}


def _goes(f: Full, t: object, source: str, *dest: str) -> Term:
    """Return whether a thread goes from one stage to one of others."""
    state = f.thread.state[t]
    return (state == source) & after(state).is_in(dest)


def _entering(f: Full, t: object) -> Term:
    """Return whether a thread calls the routine."""
    return happens(CALL) & _goes(f, t, "proc", "called")


def _strange(f: Full, t: object) -> Term:
    """Return whether a thread points at the other module."""
    return (f.target[t] == ELSEWHERE) & (f.foreign.state == "mapped")


def _order(system: System, f: Full) -> None:
    """Say in which order each attempt goes, what NULL means, and that the attempt comes to an end."""
    state, threads = f.thread.state, list(f.thread)
    follows = [
        (state[t] == at).implies(after(state[t]).is_in([at, *to])) for t in threads for at, to in _next(f).items()
    ]
    system.always(
        "check, handle, address, call: in this order",
        all_of(follows),
        id="PS-01",
        clause=["SSP-06", "SSP-07", "SSP-08", "SSP-09"],
    )
    begun = all_of(state[t] == "idle" for t in threads)
    system.precedes(
        "nothing is done before it is asked for", happens("thread.asked to flush"), ~begun, id="PS-01.asked"
    )
    events = {"known": f.ask, "handle": "GetProcAddress", "proc": CALL}
    stages = [
        (state[t] == at).implies((after(state[t]) == at) | happens(event))
        for t in threads
        for at, event in events.items()
    ]
    asked = [any_of(_goes(f, t, at, *_next(f)[at]) for t in threads) for at in events]
    once = [happens(event).implies(moved) for event, moved in zip(events.values(), asked, strict=True)]
    system.always("each stage by its own call", all_of(stages + once), id="PS-01.calls", clause="SSP-09")
    null = [
        happens(f.ask, returns=NULL).implies(all_of(~_goes(f, t, "known", "handle") for t in threads)),
        happens("GetProcAddress", returns=NULL).implies(all_of(~_goes(f, t, "handle", "proc") for t in threads)),
    ]
    system.always("NULL ends the attempt", all_of(null), id="PS-02", clause="SSP-12")
    system.holds(
        "a flush that is asked for comes to an end",
        all_of(G((state[t] == "asked").implies(F(state[t].is_in(EXITS)))) for t in threads),
        id="PS-13",
        clause="SSP-09",
    )


def _pointers(system: System, f: Full) -> None:
    """Say what handles and addresses point at when they are used."""
    threads = list(f.thread)
    system.never(
        "no module but the SSP is called",
        any_of(_entering(f, t) & _strange(f, t) for t in threads),
        id="PS-03",
        clause=["SSP-04", "SSP-06", "MOD-07"],
    )
    system.always(
        "the call enters the SSP that was found, in the same life",
        all_of(_entering(f, t).implies(f.valid(t)) for t in threads),
        id="PS-10",
        clause=["MOD-04", "MOD-09"],
    )
    inside = [(f.thread.state[t] == "called").implies(f.valid(t)) for t in threads]
    system.always("it stays mapped until the call returns", all_of(inside), id="PS-10.inside", clause="MOD-04")
    resolves = [_goes(f, t, "handle", *_next(f)["handle"]).implies(f.valid(t)) for t in threads]
    system.always("a handle is used while it is good", all_of(resolves), id="PS-10.handle", clause=["MOD-04", "MOD-06"])
    system.always(
        "the SSP is mapped while its function table is in use",
        (f.context.state != "none").implies(f.ssp.state == "mapped"),
        id="PS-10.table",
        clause="SSP-16",
    )
    sound = any_of(_goes(f, t, "handle", *_next(f)["handle"]) & f.valid(t) for t in threads)
    system.always(
        "what is there is found, and nothing else",
        happens(f.ask, returns=NULL).implies(f.ssp.state == "unmapped")
        & happens(f.ask, returns="handle").implies(f.ssp.state == "mapped")
        & sound.implies(happens("GetProcAddress", returns="address") == f.exports),
        id="PS-02.found",
        clause=["MOD-02", "MOD-08", "SSP-13"],
    )


def _effect(system: System, f: Full) -> None:
    """Say what a flush does to the cache, to entries in use, and to those who authenticate afterwards."""
    cache, context, call = f.cache, f.context.state, happens(CALL)
    sound = any_of(_entering(f, t) & f.valid(t) for t in f.thread)
    system.always(
        "the answer is TRUE", call.implies(happens(CALL, returns=TRUE)), id="PS-06", clause=["SSP-03", "SSP-05"]
    )
    lives = (context != "none").implies(after(context) != "none")
    there = (context == "cached").implies(cache >= 1)
    system.always(
        "the flush empties the cache, and what is in use lives on",
        sound.implies((after(cache) == f.left) & lives & after(there)),
        id="PS-07",
        clause=["SSP-01", "SSP-15"],
    )
    system.always("an entry that is in use is there", there, id="PS-07.use", clause="SSP-15")
    held = f.owner.state == "holds"
    begins = happens("context.begins").implies((context == "none") & (after(context) == "cached") & held)
    ends = happens("context.is deleted") == (context != "none") & (after(context) == "none")
    system.always(
        "an entry is in use from a context's begin to its end", begins & ends, id="PS-07.context", clause="SSP-15"
    )
    empty = sound & (cache == f.left) & (context != "cached")
    system.always(
        "flushing an empty cache changes nothing", empty.implies(f.ssp.unchanged), id="PS-11", clause="SSP-01"
    )
    works = (after(cache) >= 1) & (after(cache) >= cache) & (f.ssp.state == "mapped") & held
    system.always(
        "the SSP can be used again after a flush",
        (sound & held).implies(after(f.ssp.accepts("Authenticate"))) & happens("Authenticate").implies(works),
        id="PS-12",
        clause="SSP-01",
    )


def _frame(system: System, f: Full) -> None:
    """Say what the procedure leaves alone, and whose references there are."""
    ssp, references, owner = f.ssp, f.references, f.owner.state
    held = [] if f.reference is None else [f.reference[t] & (f.target[t] != ELSEWHERE) for t in f.thread]
    owned = where(owner == "holds", 1, 0) + (count_of(held) if held else 0)
    library = happens("LoadLibrary") | happens("FreeLibrary")
    taken = library if f.borrowed else library | happens(f.ask, returns="handle") | happens(RELEASE)
    loader = happens("ssp.DllMain attach") | happens("DllMain detach")
    last = (after(ssp.state) == "detaching") & (after(references) == 0)
    moved = (after(ssp.state) != ssp.state).implies(loader | last | happens("LoadLibrary"))
    counted = (after(references) != references).implies(taken)
    emptied = (after(f.cache) != f.cache).implies(happens(CALL) | happens("Authenticate") | last)
    system.always(
        "nothing else changes: the count is that of those who hold the SSP",
        (references == owned) & moved & counted & emptied,
        id="PS-08",
        clause=["SSP-07", "MOD-02", "MOD-03"],
    )
    there = ssp.state.is_in(["attaching", "mapped"])
    kept = (references > 0) if f.pinned is None else (references > 0) | f.pinned
    gone = (ssp.state != "mapped").implies(f.cache == 0)
    system.always(
        "the SSP is mapped as long as it is counted", (there == kept) & gone, id="PS-08.counts", clause="MOD-01"
    )
    if f.reference is None:
        freed = (after(references) < references).implies(happens("FreeLibrary"))
        name = "the borrowed handle is never freed"
        system.always(name, freed, id="PS-09", clause=["MOD-03", "MOD-05"])
    else:
        using = [f.reference[t] == f.thread.state[t].is_in(f.holding) for t in f.thread]
        name = "the reference is given back once, at every exit"
        system.always(name, all_of(using), id="PS-09", clause=["MOD-03", "MOD-05"])
    _owner(system, f)


def _owner(system: System, f: Full) -> None:
    """Say that the owner and the other module come and go by their own calls, and can."""
    ssp, owner = f.ssp, f.owner.state
    owns, lets_go = (owner == "gone") & (after(owner) == "holds"), (owner == "holds") & (after(owner) == "gone")
    system.always(
        "the owner gives back what it took",
        happens("LoadLibrary").implies(owns) & happens("FreeLibrary").implies(lets_go),
        id="PS-09.owner",
        clause="MOD-01",
    )
    loads = ((owner == "gone") & ssp.state.is_in(LOADER_FREE)).implies(enabled("LoadLibrary"))
    frees = ((owner == "holds") & (ssp.state == "mapped") & f.free).implies(enabled("FreeLibrary"))
    system.always("the owner can load, and let go", loads & frees, id="PS-09.loader", clause="MOD-01")
    other, comes, goes = f.foreign.state, happens("foreign.is loaded"), happens("foreign.is freed")
    came, went = (other == "unmapped") & (after(other) == "mapped"), (other == "mapped") & (after(other) == "unmapped")
    system.always("another module comes and goes by itself", (comes == came) & (goes == went), id="PS-08.other")


def _locks(system: System, f: Full) -> None:
    """Say in which order locks are taken: the loader lock first, which every question to the loader needs."""
    asks = ["known", "handle", *([] if f.borrowed else ["called", "unresolved"])]
    waits = [f.locked[t] & f.thread.state[t].is_in(asks) for t in f.thread]
    system.never("no private lock is held while the loader is asked", any_of(waits), id="PS-14", clause="CTX-07")
    dllmain_waits = ~f.ssp.state.is_in(LOADER_FREE) & ~f.lock_free
    system.never("nobody waits in a circle", dllmain_waits & any_of(waits), id="PS-14.cycle", clause="CTX-07")
    one = count_of(f.locked[t] for t in f.thread) <= 1
    work = [(f.thread.state[t] == "asked").implies(f.locked[t]) for t in f.thread]
    dllmain = happens("ssp.DllMain attach") | happens("DllMain detach")
    system.always(
        "a lock has one holder",
        one & all_of(work) & dllmain.implies(f.lock_free),
        id="PS-14.lock",
        clause="CTX-07",
    )
    state = f.ssp.state
    attached = ((state != "mapped") & (after(state) == "mapped")).implies(happens("ssp.DllMain attach"))
    detached = ((state != "unmapped") & (after(state) == "unmapped")).implies(happens("DllMain detach"))
    system.always("DllMain runs at each load and unload", attached & detached, id="PS-14.dllmain", clause="MOD-01")
    loader = [happens(f.ask), happens("GetProcAddress"), library(f)]
    system.always(
        "the loader answers while no DllMain runs",
        any_of(loader).implies(f.ssp.state.is_in(LOADER_FREE)),
        id="PS-14.loader",
        clause="CTX-07",
    )


def library(f: Full) -> Term:
    """Return whether a module is loaded or freed, by whomever."""
    events = ["LoadLibrary", "FreeLibrary", "foreign.is loaded", "foreign.is freed", *([] if f.borrowed else [RELEASE])]
    return any_of(happens(event) for event in events)


def _not_vacuous(system: System, f: Full) -> None:
    """Ask that what the promises are about can happen at all."""
    call, threads = happens(CALL), list(f.thread)
    system.sometimes("a full cache is flushed", call & (f.cache > 0), id="PX-09.full")
    system.sometimes("an empty cache is flushed", call & (f.cache == 0), id="PX-09.empty")
    for name in (f.ask, "GetProcAddress"):
        system.sometimes(f"{name} answers NULL", happens(name, returns=NULL), id=f"PX-10.{name}", clause="SSP-12")
    system.sometimes("the SSP is loaded while a flush begins", happens("ssp.DllMain attach"))
    waits = ~f.ssp.state.is_in(LOADER_FREE) & any_of(f.thread.state[t] == "known" for t in threads)
    system.sometimes("a flush waits for the loader", waits)
    system.sometimes("DllMain waits for the application", ~f.ssp.state.is_in(LOADER_FREE) & ~f.lock_free)
    system.sometimes("another module is loaded", happens("foreign.is loaded"))
    system.sometimes("another module is freed", happens("foreign.is freed"))
    system.always_possible("every context can be deleted", f.context.state == "none", clause="SSP-15")
    in_cache = f.context.state == "cached"
    system.sometimes("a context ends before a flush", happens("context.is deleted") & in_cache)
    if f.flush == "strict":
        system.sometimes("an entry outlives the flush", f.context.state == "detached")
    if len(threads) > 1:
        system.sometimes("two flushes at once", count_of(f.thread.state[t] == "proc" for t in threads) >= 2)
