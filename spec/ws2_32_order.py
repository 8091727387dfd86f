"""What follows what in W2: the steps of each call in their order, and answers that say what was done."""

from collections.abc import Mapping, Sequence

from quiesce import System, Term, after, all_of, any_of, happens, where
from spec.ws2_32 import (
    FAILED,
    HANDLE,
    HOLE,
    INVALID,
    NULL,
    OK,
    OLD,
    PENDING,
    SUCCESSES,
    UNSTARTED,
    WOULD_BLOCK,
    Caller,
    Provider,
)
from spec.ws2_32_promises import Layered, refused_late

Order = dict[str, Sequence[str]]
"""State -> what comes next."""

OUTSIDER: Order = {"started": ["to clean"], "to free": ["to load", "surplus"], "surplus": ["to free"]}
LIBRARY: Order = {
    "to open": ["opening"],
    "opening": ["opened", "refused"],
    "to close": ["closing"],
    "closing": ["closed", "not closed"],
    **{answering: ["idle"] for answering in ("opened", "refused", "closed", "not closed", "ended")},
}
LAYER: Order = {
    "to open": ["opening"],
    "opening": ["to register"],
    "to register": ["opened"],
    "to close": ["closing"],
    "closing": ["to unregister", "not closed"],
    "to unregister": ["closed"],
    "to send": ["sending"],
    "sending": ["sent"],
    "draining": ["to close all"],
    "to close all": ["closing all", "to clean", "to forget"],
    "to forget": ["cleaned"],
}
LAZY_LAYER: Order = LAYER | {"opening": ["to register", "not opened"]}
CLOSING_ALL: Order = {"closing all": ["to return all", "to close all"], "to return all": ["to close all"]}
"""What the top layer does besides: a layer below it has no socket left when it is cleaned up for the last time."""

ENTERED: Order = {
    "WSPStartup": ["started", "failed"],
    "WSPCleanup": ["cleaned", "refused"],
    "WSPSocket": ["opened"],
    "WSPCloseSocket": ["closed", "not closed"],
    "WSPSend": ["sent"],
}
"""Call -> where a base is that has it to answer; after a cleanup first where the last one ends."""
LAYER_ENTERED: Order = {
    "WSPStartup": ["started", "failed", "to load"],
    "WSPCleanup": ["draining", "cleaned", "refused"],
    "WSPSocket": ["to open", "to load"],
    "WSPCloseSocket": ["to close"],
    "WSPSend": ["to send"],
}
"""Call -> where a layer is that has it to do."""
ANSWERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "WSPStartup": {"started": SUCCESSES, "failed": [FAILED]},
    "WSPCleanup": {"cleaned": [OK], "refused": [UNSTARTED]},
    "WSPSocket": {"opened": [OK]},
    "WSPCloseSocket": {"closed": [OK], "not closed": [WOULD_BLOCK]},
}
"""Call -> what is answered, by what became of it."""
LAZY_ANSWERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    **ANSWERS,
    "WSPSocket": {"opened": [OK], "not opened": [FAILED]},
}


def order(system: System, w: Layered) -> None:
    """Ask of each caller and each provider that it goes on as the clauses say, and answers what it did."""
    _caller(system, w.library.caller, LIBRARY)
    _caller(system, w.outsider, OUTSIDER)
    for x, c, _ in w.pairs:
        own = LAZY_LAYER if _lazy(c) else LAYER
        _caller(system, c, own | CLOSING_ALL if x is w.top else own)
        _started_below(system, x, c)
    _closing_all(system, *w.chain[:2])
    for p in w.chain:
        _answers(system, w, p, ENTERED if p.caller is None else LAYER_ENTERED)
        _module(system, p, w.loads[p.name])
    _library(system, w)


def _lazy(c: Caller) -> bool:
    """Whether a layer starts what is below at its first socket."""
    return c.then == "to open"


def left(state: Term, now: str) -> Term:
    """True of steps out of a state."""
    return (state == now) & (after(state) != now)


def _caller(system: System, c: Caller, own: Order) -> None:
    """A provider is loaded, started and looked at, and given up in the opposite order."""
    state, answered = c.machine.state, f"{c.below}.WSPStartup.return"
    follows = {
        "to load": ["to start", c.otherwise],
        "to start": ["starting"],
        "starting": [c.then, "to undo", "to unload"],
        "to undo": ["undoing"],
        "undoing": ["to unload"],
        "to unload": [c.otherwise],
        "to clean": ["cleaning"],
        "cleaning": ["to free"],
        "to free": [c.ended],
        **own,
    }
    system.always(
        f"{c.name} begins with {c.below} and gives it up in order",
        all_of(left(state, now).implies(after(state).is_in(then)) for now, then in follows.items()),
        id=f"PW-24.{c.name}.order",
        clause=["WSP-32", "WSP-33", "LSP-11"],
    )
    loaded = (after(state) == "to start") == happens(f"{c.below}.LoadLibrary", returns=HANDLE)
    begun = (after(state) == c.then) == happens(answered, returns=OK)
    undone = (after(state) == "to undo") == happens(answered, returns=[OLD, HOLE])
    system.always(
        f"{c.name} goes by what {c.below} answers",
        left(state, "to load").implies(loaded) & left(state, "starting").implies(begun & undone),
        id=f"PW-12.{c.name}",
        clause=["WSP-16", "WSP-20", "WSP-34"],
    )


def _closing_all(system: System, x: Provider, y: Provider) -> None:
    state = x.machine.state
    closed = (after(state) == "to return all") == happens(y.event("WSPCloseSocket.return"), returns=OK)
    system.always(
        f"{x.name} closes a socket until {y.name} has closed it",
        left(state, "closing all").implies(closed),
        id=f"PW-06.{x.name}",
        clause=["WSP-27", "LSP-11"],
    )


def _started_below(system: System, x: Provider, c: Caller) -> None:
    """An eager layer has started what is below when it is started, a lazy one when it gives out a socket."""
    gives = happens(x.event("WSPSocket.return"), returns=OK)
    starts = any_of() if _lazy(c) else happens(x.event("WSPStartup.return"), returns=[OK, OLD])
    system.always(
        f"{x.name} has started {c.below} when it relies on it",
        (gives | starts).implies((c.owed > 0) & c.loaded),
        id=f"PW-17.{x.name}.started",
        clause=["LSP-02", "LSP-03"],
    )


def _answers(system: System, w: Layered, p: Provider, entered: Order) -> None:
    state = p.machine.state
    asked = [happens(p.event(call)).implies(after(state).is_in(then)) for call, then in entered.items()]
    asked[-1] = asked[-1] | refused_late(w, p)
    told = []
    for call, answers in (LAZY_ANSWERS if p.caller is not None and _lazy(p.caller) else ANSWERS).items():
        returned = p.event(f"{call}.return")
        ways = [(state == now) & happens(returned, returns=answer) for now, answer in answers.items()]
        told.append(happens(returned).implies(any_of(ways)))
    told.append(happens(p.event("WSPSend.return")).implies(state == "sent"))
    system.always(
        f"{p.name} does what it is asked for, and answers what it did",
        all_of(asked) & all_of(told),
        id=f"PW-11.{p.name}",
        clause=["WSP-11", "WSP-17", "WSP-22", "WSP-23"],
    )
    ending = where(p.count == 0, "refused", where(p.count == 1, entered["WSPCleanup"][0], "cleaned"))
    system.always(
        f"the last cleanup of {p.name} ends it, and a surplus one is refused",
        happens(p.event("WSPCleanup")).implies(after(state) == ending),
        id=f"PW-02.{p.name}",
        clause=["WSP-04", "WSP-05", "WSP-23"],
    )


def _module(system: System, p: Provider, loads: Term) -> None:
    """The module is in memory as often as it was loaded; somebody else may have a base's from the beginning."""
    missing = happens(f"{p.name}.LoadLibrary", returns=NULL).implies(~p.mapped)
    counted = after(p.references) + loads == p.references + after(loads)
    exact = [] if p.caller is None else [p.references == loads]
    system.always(
        f"the module of {p.name} is counted, and cannot be missing while it is in memory",
        all_of([missing, counted, *exact]),
        id=f"PW-24.{p.name}.count",
        clause=["MOD-01", "WSP-34"],
    )


def _library(system: System, w: Layered) -> None:
    lib, top = w.library, w.top
    state, then = lib.machine.state, after(lib.machine.state)
    owes, last = lib.caller.owed > 0, lib.api == 1
    asked = [
        happens("socket").implies(((then == "to load") == ~owes) & ((then == "to open") == owes)),
        happens("closesocket").implies(then == "to close"),
        happens("WSACleanup").implies(((then == "to clean") == (last & owes)) & ((then == "ended") == (last & ~owes))),
    ]
    system.always(
        "Ws2_32.dll brings the provider in once, and gives it up at the last WSACleanup",
        all_of(asked),
        id="PW-01.ws2_32",
        clause=["WSP-32", "WSP-33", "WSA-08"],
    )
    opened, closed = happens("socket.return", returns=OK), happens("closesocket.return", returns=OK)
    below, gone = happens(top.event("WSPSocket.return"), returns=OK), top.event("WSPCloseSocket.return")
    told = [
        happens("socket.return").implies(state.is_in(["opened", "refused"]) & (opened == (state == "opened"))),
        happens("closesocket.return").implies(state.is_in(["closed", "not closed"]) & (closed == (state == "closed"))),
        happens("WSACleanup.return").implies(state == "ended"),
        left(state, "opening").implies((then == "opened") == below),
        left(state, "closing").implies((then == "closed") == happens(gone, returns=OK)),
        happens("socket.return", returns=INVALID).implies(w.foreign),
        happens("socket.return", returns=FAILED).implies(~w.foreign),
    ]
    system.always(
        "Ws2_32.dll answers what it did, and why it failed",
        all_of(told),
        id="PW-11.ws2_32",
        clause=["WSP-34", "WSA-04", "SOCK-05"],
    )
    sent = happens(top.event("WSPSend"), returns=PENDING)
    system.always("data goes out over sockets", sent.implies(lib.objects > 0), id="PW-14.send", clause="WSP-13")
