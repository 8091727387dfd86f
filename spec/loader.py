"""W3, the loader: threads that load modules, make sockets and clean up, and two locks that they need.

The loader runs DllMain with its lock. Ws2_32.dll takes the lock of its catalog before it loads a provider, so whoever
runs in DllMain must not ask it for anything, nor wait for a thread: a thread that ends needs the loader's lock
(CTX-05 to CTX-07). The catalog's lock is left before providers are cleaned up, for their threads may ask the catalog.
"""

from dataclasses import dataclass

from quiesce import Machine, System, Term, VariableTerm, after, all_of, any_of, happens, strong, weak

NORMAL = ["idle", "to load", "to choose", "choosing", "loading", "to list", "listing", "ending", "to free", "freeing"]
"""A thread: idle; before and in LoadLibrary; in socket before and with the catalog's lock, and with the loader's too;
in the last WSACleanup before and with the catalog's lock, while it waits, and before and with the loader's lock."""
IN_DLLMAIN = ["DllMain"]
WINSOCK = [state for state in NORMAL if state not in ("idle", "to load")]
WITH_CATALOG = ["choosing", "loading", "listing"]
WITH_LOADER = ["loading", "freeing"]


CONTENDED = ["take loader", "take catalog", "ask catalog", "ends", "worker.is to end"]
GOING_ON = ["leave loader", "found", "WSPStartup", "nothing to do", "told"]
GOING_ON += ["WSPCleanup", "WSPCleanup.return", "FreeLibrary"]
"""What is fair for a cleanup to return: locks are handed to everybody in the end, and no thread stops in a call."""


@dataclass(frozen=True)
class Loader:
    """The machines, and the terms that rules, properties and defects share; `in_dllmain` is where a thread is."""

    thread: Machine
    provider: Machine
    worker: Machine
    locks: Machine
    in_dllmain: VariableTerm
    loader: Term
    catalog: Term
    querying: Term

    @property
    def catalog_free(self) -> Term:
        """Neither a thread nor the worker has the catalog's lock."""
        return (self.catalog == None) & ~self.querying


def contract(*, threads: int) -> Loader:
    """Return the threads, a provider with its worker thread, and the locks."""
    thread = Machine("thread", copies=threads, states=[*NORMAL, *IN_DLLMAIN])
    locks = Machine("locks")
    w = Loader(
        thread=thread,
        provider=Machine("provider", states=["down", "up", "ending"]),
        worker=Machine("worker", states=["none", "running", "to ask", "asking", "to end"]),
        locks=locks,
        in_dllmain=thread.flag("in_DllMain"),
        loader=locks.one_of("loader", thread, optional=True),
        catalog=locks.one_of("catalog", thread, optional=True),
        querying=locks.flag("worker_has_catalog"),
    )
    _loading(w)
    _opening(w)
    _cleaning_up(w)
    _working(w)
    return w


def takes_loader(w: Loader, source: str, dest: str, *, inside: bool = False) -> None:
    """Let a thread take the loader's lock, to run DllMain or to bring a provider in or out."""
    then: dict[Term, object] = {w.in_dllmain: True} if inside else {}
    w.thread.calls("take loader", source=source, dest=dest, then=then, clause="CTX-05")


def _loading(w: Loader) -> None:
    t, locks = w.thread, w.locks
    t.step("LoadLibrary", source="idle", dest="to load", clause="CTX-05")
    takes_loader(w, "to load", "DllMain", inside=True)
    locks.on("take loader", when=w.loader == None, then={w.loader: t.acting}, clause="CTX-05")
    t.calls("leave loader", source="DllMain", dest="idle", then={w.in_dllmain: False})
    locks.on("leave loader", when=w.loader == t.acting, then={w.loader: None})


def _opening(w: Loader) -> None:
    """socket() with a provider that is not in memory: the catalog's lock, then the loader's."""
    t, locks = w.thread, w.locks
    t.step("socket", source="idle", dest="to choose", clause="WSP-33")
    t.calls("take catalog", source="to choose", dest="choosing", clause="CTX-07")
    locks.on("take catalog", when=w.catalog_free, then={w.catalog: t.acting})
    t.calls("found", source="choosing", dest="idle", clause="WSP-33")
    w.provider.on("found", source=["up", "ending"])
    locks.on("found", when=w.catalog == t.acting, then={w.catalog: None})
    t.calls("take loader", source="choosing", dest="loading", when=w.provider.state == "down", clause="WSP-33")
    t.calls("WSPStartup", source="loading", dest="idle", clause=["WSP-33", "WSP-35"])
    w.provider.on("WSPStartup", source="down", dest="up", clause="WSP-09")
    w.worker.on("WSPStartup", source="none", dest="running", clause="WSP-35")
    mine = (w.loader == t.acting) & (w.catalog == t.acting)
    locks.on("WSPStartup", when=mine, then={w.loader: None, w.catalog: None})


def _cleaning_up(w: Loader) -> None:
    """The last WSACleanup: list what is to be cleaned up, leave the catalog's lock, wait for the worker, free."""
    t, locks, provider = w.thread, w.locks, w.provider
    t.step("WSACleanup", source="idle", dest="to list", when=provider.state == "up", clause="WSA-05")
    t.calls("take catalog", source="to list", dest="listing")
    t.calls("nothing to do", source="listing", dest="idle")
    provider.on("nothing to do", source=["down", "ending"])
    locks.on("nothing to do", when=w.catalog == t.acting, then={w.catalog: None})
    t.calls("WSPCleanup", source="listing", dest="ending", clause=["WSP-04", "CTX-06"])
    provider.on("WSPCleanup", source="up", dest="ending", clause="WSP-04")
    locks.on("WSPCleanup", when=w.catalog == t.acting, then={w.catalog: None}, clause="CTX-06")
    t.calls("WSPCleanup.return", source="ending", dest="to free", clause=["WSP-29", "WSP-10"])
    w.worker.on("WSPCleanup.return", source="none", clause="WSP-10")
    t.calls("take loader", source="to free", dest="freeing", clause="WSP-32")
    t.calls("FreeLibrary", source="freeing", dest="idle", clause=["WSP-32", "MOD-01"])
    provider.on("FreeLibrary", source="ending", dest="down", clause="MOD-01")
    locks.on("FreeLibrary", when=w.loader == t.acting, then={w.loader: None})


def _working(w: Loader) -> None:
    """The provider's thread asks the catalog now and then, and ends when it is told to; its end needs the loader."""
    m, locks = w.worker, w.locks
    m.step("wants to know", source="running", dest="to ask", clause="WSP-37")
    m.calls("ask catalog", source="to ask", dest="asking")
    locks.on("ask catalog", when=w.catalog == None, then={w.querying: True})
    m.calls("told", source="asking", dest="running")
    locks.on("told", then={w.querying: False})
    ending = w.provider.state == "ending"
    m.step("is to end", source="running", dest="to end", when=ending, clause="WSP-10")
    m.calls("ends", source="to end", dest="none", clause="CTX-05")
    locks.on("ends", when=w.loader == None, clause="CTX-05")


def promises(system: System, w: Loader) -> None:
    """Ask that the locks are taken in one order, and that nobody in DllMain asks for Winsock or waits."""
    state = w.thread.state
    for x in w.thread:
        system.always(
            f"thread {x.index} makes no call of Winsock in DllMain",
            w.in_dllmain[x].implies(~state[x].is_in(WINSOCK)),
            id=f"PW-23.{x.index}",
            clause=["CTX-05", "CTX-06", "CTX-11", "WSA-09", "MOD-10"],
        )
        has = state[x].is_in(WITH_LOADER) | w.in_dllmain[x]
        system.always(
            f"thread {x.index} leaves every lock that it took",
            ((w.loader == x) == has) & ((w.catalog == x) == state[x].is_in(WITH_CATALOG)),
            id=f"PW-22.{x.index}",
            clause="CTX-06",
        )
    wants_catalog = [state[x].is_in(["to choose", "to list"]) & (w.loader == x) for x in w.thread]
    wants_loader = [state[x].is_in(["to load", "choosing", "to free"]) & (w.catalog == x) for x in w.thread]
    system.never(
        "two threads wait for each other's lock",
        any_of(wants_catalog) & any_of(wants_loader),
        id="PW-23.cycle",
        clause=["CTX-06", "CTX-07"],
    )
    in_use = (w.provider.state == "down").implies(w.worker.state == "none")
    system.always("the module is not freed while its thread runs", in_use, id="PW-24", clause=["WSP-10", "MOD-11"])
    _one_after_the_other(system, w)
    fair = [*map(strong, CONTENDED), *map(weak, GOING_ON)]
    for x in w.thread:
        system.leads_to(
            f"a cleanup of thread {x.index} returns",
            state[x].is_in(["to list", "listing", "to free", "freeing"]),
            state[x] == "idle",
            assuming=fair,
            id=f"PL-01.{x.index}",
            clause="WSP-29",
        )


FOLLOWS = {
    "DllMain": ["idle"],
    "choosing": ["loading", "idle"],
    "loading": ["idle"],
    "listing": ["ending", "idle"],
    "freeing": ["idle"],
}
"""What comes next for a thread that has a lock."""


def _one_after_the_other(system: System, w: Loader) -> None:
    """What a thread and the worker do next, and what of the provider they go by."""
    state, provider, worker = w.thread.state, w.provider.state, w.worker.state
    for x in w.thread:
        moves = {now: (state[x] == now) & (after(state[x]) != now) for now in [*FOLLOWS, "idle"]}
        goes_on = [moves[now].implies(after(state[x]).is_in(then)) for now, then in FOLLOWS.items()]
        system.always(
            f"thread {x.index} leaves a lock to go on with its call, or is free again",
            all_of(goes_on),
            id=f"PW-22.next.{x.index}",
            clause=["CTX-05", "CTX-06"],
        )
        free = after(state[x]) == "idle"
        system.always(
            f"thread {x.index} goes by what the provider is",
            (moves["choosing"] & free).implies(provider != "down")
            & (moves["listing"] & free).implies(provider != "up")
            & (moves["idle"] & (after(state[x]) == "to list")).implies(provider == "up"),
            id=f"PW-01.{x.index}",
            clause=["WSP-01", "WSP-33", "WSA-05"],
        )
    ask = (worker == "asking") == w.querying
    both = (w.catalog != None) & w.querying
    system.always("the worker has the catalog's lock while it asks", ask & ~both, id="PW-22.worker", clause="CTX-06")
    ends = (worker != "none") & (after(worker) == "none")
    told = (worker != "to end") & (after(worker) == "to end")
    system.always(
        "the worker ends when it is told to, and with the loader's lock free",
        (ends == happens("ends")) & ends.implies(w.loader == None) & told.implies(provider == "ending"),
        id="PW-24.worker",
        clause=["WSP-10", "CTX-05"],
    )
    begins = happens("WSPStartup").implies(after(worker) == "running")
    system.always("a start makes the worker run", begins, id="PW-11", clause="WSP-35")
