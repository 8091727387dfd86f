"""F1: the flush with threads. Others flush at the same time, load and free the SSP, use its entries, run DllMain.

The procedure is that of F0, in the steps between which something can happen; the handle can be taken in three ways.
What a handle or an address points at is kept by its kind and not by its number: the SSP in the life in which it was
found, or elsewhere: memory that was freed since, or another module that came to that address (MOD-04). Requirements,
section 2.6.
"""

from dataclasses import dataclass
from typing import Literal

from quiesce import Machine, Term, all_of, any_of, any_value, minimum, where
from spec.ssp import CALL, NULL, TRUE, Flush

Acquire = Literal["GetModuleHandle", "GetModuleHandleEx", "GetModuleHandleEx pin"]
Owner = Literal["keeps", "may free"]
Foreign = Literal["other name", "same name"]
Lookup = Literal["name", "path"]

SSP, ELSEWHERE = "SSP", "elsewhere"
OF_ANOTHER = "handle of another"
RELEASE = "FreeLibrary after flush"
LOADER_FREE = ["mapped", "unmapped"]
"""States of the SSP in which no DllMain runs under the loader lock."""
EXITS = ["no module", "no export", "done"]


@dataclass(frozen=True)
class Full:
    """The machines of F1 and the terms that its rules, properties and defects share."""

    thread: Machine
    ssp: Machine
    owner: Machine
    context: Machine
    foreign: Machine
    target: Term
    locked: Term
    reference: Term | None
    references: Term
    pinned: Term | None
    exports: Term
    cache: Term
    entries: int
    flush: Flush
    acquire: Acquire
    keeping: Owner

    @property
    def ask(self) -> str:
        """The call that gives the handle."""
        return self.acquire.removesuffix(" pin")

    @property
    def borrowed(self) -> bool:
        """Whether the handle comes without a reference that must be given back."""
        return self.acquire != "GetModuleHandleEx"

    @property
    def holding(self) -> list[str]:
        """The stages of an attempt in which it has a handle."""
        return ["handle", "proc", "called", *([] if self.borrowed else ["unresolved"])]

    @property
    def lock_free(self) -> Term:
        """No thread holds the application's lock."""
        return all_of(~self.locked[t] for t in self.thread)

    @property
    def free(self) -> Term:
        """The owner may let the SSP go: none of its security contexts is alive, and if it keeps to the assumption of
        A-24, no flush has a handle.
        """
        waits = self.holding if self.keeping == "keeps" else []
        quiet = [~self.thread.state[t].is_in(waits) for t in self.thread if waits]
        return all_of(quiet) & (self.context.state == "none")

    @property
    def left(self) -> Term:
        """How many entries a flush leaves in the cache (A-23)."""
        return where((self.context.state == "cached") if self.flush == "lenient" else False, 1, 0)

    def valid(self, t: object) -> Term:
        """Whether what a thread points at is the SSP that it found, and still there."""
        return (self.target[t] == SSP) & (self.ssp.state == "mapped")


def contract(
    *, threads: int, entries: int, flush: Flush, acquire: Acquire, owner: Owner, foreign: Foreign, lookup: Lookup
) -> Full:
    """Return the flushing threads, the SSP, its owner, a security context that uses an entry, and another module."""
    counted = acquire == "GetModuleHandleEx"
    stages = ["idle", "asked", "known", "handle", "proc", "called", "done", "no module", "no export"]
    thread = Machine("thread", copies=threads, states=stages + (["unresolved"] if counted else []))
    ssp = Machine("ssp", states=["mapped", "detaching", "unmapped", "attaching"])
    f = Full(
        thread=thread,
        ssp=ssp,
        owner=Machine("owner", states=["holds", "gone"]),
        context=Machine("context", states=["none", "cached", *(["detached"] if flush == "strict" else [])]),
        foreign=Machine("foreign", states=["unmapped", "mapped"], initial=any_value),
        target=thread.one_of("target", [SSP, ELSEWHERE], optional=True),
        locked=thread.flag("locked"),
        reference=thread.flag("reference") if counted else None,
        references=ssp.count("references", up_to=1 + (threads if counted else 0), initial=1),
        pinned=ssp.flag("pinned") if acquire == "GetModuleHandleEx pin" else None,
        exports=ssp.flag("exports", [False, True]),
        cache=ssp.count("cache", up_to=entries, initial=list(range(entries + 1))),
        entries=entries,
        flush=flush,
        acquire=acquire,
        keeping=owner,
    )
    _beginning(f)
    asking(f)
    _answering(f)
    _calling(f)
    _ending(f)
    _owning(f)
    _mapping(f)
    _using(f)
    if foreign == "same name" and lookup == "name":
        found_by_name(f)
    return f


def _beginning(f: Full) -> None:
    """The application looks under its own lock which SSP was loaded, and leaves the lock before it asks the loader."""
    taken, given = {f.locked: True}, {f.locked: False}
    f.thread.step("asked to flush", source="idle", dest="asked", when=f.lock_free, then=taken, clause="CTX-07")
    f.thread.step(
        "check known", source="asked", dest="known", then=given, fair="weak", clause=["SSP-06", "SSP-11", "CTX-07"]
    )


def asking(f: Full, *, locked: bool = False) -> None:
    """Ask for the handle; with `locked` the application's lock is held until the answer comes.

    The SSP may come and go while a thread waits for the loader, whose lock is handed over to it in the end.
    """
    then: dict[Term, object] = {f.locked: False} if locked else {}
    taken = then | {f.target: SSP} | ({} if f.reference is None else {f.reference: True})
    clauses = ["SSP-07", "SSP-09", "MOD-06", *([] if f.acquire == "GetModuleHandle" else ["MOD-05"])]
    f.thread.calls(f.ask, source="known", dest="handle", then=taken, gets="handle", fair="strong", clause=clauses)
    f.thread.calls(f.ask, source="known", dest="no module", then=then, gets=NULL, fair="weak", clause="SSP-12")


def _answering(f: Full) -> None:
    """The loader answers while no DllMain runs. What it says of a handle that is stale nobody knows."""
    ssp, sound = f.ssp, f.valid(f.thread.acting)
    taken: dict[Term, object] = {} if f.reference is None else {f.references: f.references + 1}
    taken |= {} if f.pinned is None else {f.pinned: True}
    ssp.on(f.ask, source="mapped", then=taken, returns="handle", clause=["MOD-02", "MOD-05", "CTX-07"])
    ssp.on(f.ask, source="unmapped", returns=NULL, clause=["SSP-12", "MOD-02", "MOD-08"])
    resolve, free = "GetProcAddress", LOADER_FREE
    ssp.on(resolve, source=free, when=~sound | f.exports, returns="address", clause=["SSP-08", "MOD-09"])
    ssp.on(resolve, source=free, when=~sound | ~f.exports, returns=NULL, clause=["SSP-12", "SSP-13"])


def _calling(f: Full) -> None:
    """The routine empties the cache. An entry in use stays, or leaves the cache and lives with its last user (A-23)."""
    thread, sound = f.thread, f.valid(f.thread.acting)
    resolve, state = "GetProcAddress", f.context.state
    stale = f.keeping == "may free" and f.acquire == "GetModuleHandle"
    fair: Literal["weak", "strong"] = "strong" if stale else "weak"
    thread.calls(resolve, source="handle", dest="proc", gets="address", fair=fair, clause="SSP-09")
    nothing = {} if f.reference is not None else {f.target: None}
    out = "unresolved" if f.reference is not None else "no export"
    thread.calls(resolve, source="handle", dest=out, then=nothing, gets=NULL, fair="weak", clause="SSP-12")
    thread.calls(CALL, source="proc", dest="called", gets=TRUE, fair="weak", clause=["SSP-03", "SSP-10"])
    emptied = {f.cache: where(sound, f.left, f.cache)}
    f.ssp.on(CALL, then=emptied, returns=TRUE, clause=["SSP-01", "SSP-02", "SSP-04", "SSP-05"])
    if f.flush == "strict":
        detached = {state: where(sound & (state == "cached"), "detached", state)}
        f.context.on(CALL, then=detached, clause="SSP-15")


def _ending(f: Full) -> None:
    """The routine returns, and a reference that the flush took is given back at every exit."""
    thread = f.thread
    if f.reference is None:
        thread.step("return", source="called", dest="done", then={f.target: None}, fair="weak", clause="SSP-03")
    else:
        over = {f.target: None, f.reference: False}
        for source, dest in (("called", "done"), ("unresolved", "no export")):
            thread.calls(RELEASE, source=source, dest=dest, then=over, fair="weak", clause="MOD-05")
    thread.step("end", source=EXITS, dest="idle")


def _owning(f: Full) -> None:
    """The owner of the SSP loads and frees it as it likes, and authenticates while it holds it."""
    f.owner.calls("LoadLibrary", source="gone", dest="holds", clause="MOD-01")
    f.owner.calls("FreeLibrary", source="holds", dest="gone", when=f.free, clause=["MOD-01", "MOD-04", "SSP-16"])
    filled, holds = {f.cache: minimum(f.cache + 1, f.entries)}, f.owner.state == "holds"
    f.ssp.on("Authenticate", source="mapped", when=holds, then=filled, clause="SSP-11")


def gone(f: Full) -> dict[Term, object]:
    """Return what the last FreeLibrary does to the SSP's count and cache."""
    return {f.references: 0, f.cache: 0}


def _mapping(f: Full) -> None:
    """Count references as the loader does. The first and the last run DllMain under the loader lock, and that one wants
    the application's lock; at its end what pointed at the SSP points at nothing.
    """
    ssp, references, target = f.ssp, f.references, f.target
    last = (references == 1) if f.pinned is None else (references == 1) & ~f.pinned
    ssp.on("LoadLibrary", source="unmapped", dest="attaching", then={references: 1}, clause="MOD-01")
    ssp.on("FreeLibrary", source="mapped", dest="detaching", when=last, then=gone(f), clause="MOD-01")
    free, clauses = f.lock_free, ["MOD-01", "CTX-07"]
    ssp.step("DllMain attach", source="attaching", dest="mapped", when=free, clause=clauses)
    ssp.calls("DllMain detach", source="detaching", dest="unmapped", when=free, clause=clauses)
    f.thread.on("DllMain detach", every=True, then={target: where(target == SSP, ELSEWHERE, target)}, clause="MOD-09")
    if f.reference is not None:
        _counting(f, last)
    elif f.pinned is not None:
        ssp.on("LoadLibrary", source="mapped", then={references: references + 1}, clause="MOD-01")
        ssp.on("FreeLibrary", source="mapped", when=f.pinned, then={references: references - 1}, clause="MOD-05")
    come, clauses = ssp.state.is_in(LOADER_FREE), ["MOD-01", "MOD-04"]
    held = [] if f.reference is None else [f.reference[t] & (target[t] == ELSEWHERE) for t in f.thread]
    f.foreign.step("is loaded", source="unmapped", dest="mapped", when=come, clause=clauses)
    f.foreign.step("is freed", source="mapped", dest="unmapped", when=come & ~any_of(held), clause=clauses)


def _counting(f: Full, last: Term) -> None:
    """References of flushes beside the owner's: the last one to give back unmaps the SSP, whoever it is."""
    ssp, references = f.ssp, f.references
    own: Term = f.target[f.thread.acting] == SSP
    fewer = {references: references - 1}
    ssp.on(RELEASE, source="mapped", when=own & (references > 1), then=fewer, clause="MOD-05")
    if f.keeping == "may free":
        ssp.on("FreeLibrary", source="mapped", when=references > 1, then=fewer, clause="MOD-01")
        ssp.on(RELEASE, source="mapped", dest="detaching", when=own & last, then=gone(f), clause="MOD-05")
        ssp.on("LoadLibrary", source="mapped", then={references: references + 1}, clause="MOD-01")


def _using(f: Full) -> None:
    """A security context of the owner takes an entry of the cache into use, and is deleted some time."""
    context, there = f.context, (f.owner.state == "holds") & (f.ssp.state == "mapped") & (f.cache > 0)
    context.step("begins", source="none", dest="cached", when=there, clause="SSP-15")
    used = ["cached", "detached"] if f.flush == "strict" else ["cached"]
    context.step("is deleted", source=used, dest="none", clause="SSP-15")


def found_by_name(f: Full) -> None:
    """Let another module have the SSP's base name: GetModuleHandle may find either (MOD-07, A-28)."""
    ssp, other = f.ssp, f.foreign.state == "mapped"
    ssp.drop(f.ask, returns=NULL)
    ssp.on(f.ask, source="unmapped", when=~other, returns=NULL, clause=["SSP-12", "MOD-02"])
    ssp.on(f.ask, source=LOADER_FREE, when=other, returns=OF_ANOTHER, clause="MOD-07")
    then: dict[Term, object] = {f.target: ELSEWHERE} | ({} if f.reference is None else {f.reference: True})
    f.thread.calls(f.ask, source="known", dest="handle", then=then, gets=OF_ANOTHER, fair="strong", clause="MOD-07")
    if f.reference is not None:
        ssp.on(RELEASE, source=LOADER_FREE, when=f.target[f.thread.acting] == ELSEWHERE, clause="MOD-05")
