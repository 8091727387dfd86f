"""What a Winsock transport service provider promises: the contract W0, from the seed sentences alone.

Ws2_32.dll and every layered protocol call WSPCleanup once for each successful WSPStartup. Each call takes one off a
counter of the process; at zero the provider first transmits what it owes on sockets set for graceful close, then
frees everything, and can be started again at once. Calls are atomic here, but for the last WSPCleanup: it takes time,
and returns as an event of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from quiesce import Copy, F, G, Machine, System, Term, after, all_of, any_of, argument, happens, sum_of, where
from spec.promises import as_good_as_new

OK, PENDING, ERROR, UNSTARTED = "0", "pending", "SOCKET_ERROR", "WSANOTINITIALISED"
FAILURES = ["WSAEPROCLIM", "WSASYSNOTREADY"]
CALLS = ["WSPSocket", "WSPSend", "WSPCloseSocket"]
RESOURCES = ["heap", "table", "thread", "event"]

OpenAtCleanup = Literal["drain", "reset"]
SurplusCleanup = Literal["error", "success"]
StartDuringTeardown = Literal["waits", "fails"]
Matched = Literal["successful", "every"]


@dataclass(frozen=True)
class Contract:
    """The machines of W0 and the terms that its rules and properties share."""

    provider: Machine
    socket: Machine
    books: Machine
    client: Machine
    held: Term
    references: Term
    registrations: Term
    resources: Mapping[str, Term]
    owner: Term
    graceful: Term
    unsent: Term
    surplus: Term
    cycles: Term
    owed: Mapping[Copy, Term]
    released: Term
    data: int
    open_at_cleanup: OpenAtCleanup

    @property
    def down(self) -> Term:
        """Not started, or completely cleaned up: nobody can tell the two apart (WSP-09)."""
        return self.provider.state == "down"

    @property
    def quiet(self) -> Term:
        """No socket has data that the provider owes."""
        return all_of(~owed for owed in self.owed.values())


def contract(
    client: Machine,
    held: Term,
    *,
    references: int,
    sockets: int,
    data: int = 1,
    failures: bool = True,
    matched: Matched = "successful",
    open_at_cleanup: OpenAtCleanup = "drain",
    surplus_cleanup: SurplusCleanup = "error",
    start_during_teardown: StartDuringTeardown = "waits",
) -> Contract:
    """Return the provider, its sockets and the books that watch them, for clients that are given."""
    provider = Machine("provider", states=["down", "up", "draining", "freeing"])
    socket = Machine("socket", copies=sockets, states=["none", "open", "closing"])
    books = Machine("books", observer=True)
    owed_from = ["open", "closing"] if open_at_cleanup == "drain" else ["closing"]
    graceful, unsent = socket.flag("graceful"), socket.count("unsent", up_to=data)
    owed = {s: socket.state[s].is_in(owed_from) & graceful[s] & (unsent[s] > 0) for s in socket}
    resources = {name: provider.count(name, up_to=2) for name in RESOURCES}
    released = all_of(resource == 0 for resource in resources.values())
    w = Contract(
        provider=provider,
        socket=socket,
        books=books,
        client=client,
        held=held,
        references=provider.integer("references", -1, references),
        registrations=provider.count("registrations", up_to=references),
        resources=resources,
        owner=socket.one_of("owner", client, optional=True),
        graceful=graceful,
        unsent=unsent,
        surplus=books.integer("surplus", -1, references),
        cycles=books.count("cycles", up_to=3),
        owed=owed,
        released=released & all_of(socket.state[s] == "none" for s in socket),
        data=data,
        open_at_cleanup=open_at_cleanup,
    )
    _starting(w, failures, start_during_teardown)
    _cleaning_up(w, surplus_cleanup)
    _using_sockets(w)
    _tearing_down(w, open_at_cleanup)
    _keeping_books(w, matched)
    return w


def _starting(w: Contract, failures: bool, during_teardown: StartDuringTeardown) -> None:
    provider, count = w.provider, w.references
    counted = {count: count + 1, w.registrations: w.registrations + 1}
    allocated = {resource: resource + 1 for resource in w.resources.values()}
    provider.on(
        "WSPStartup", source="down", dest="up", then=counted | allocated, returns=OK, clause=["WSP-09", "WSP-14"]
    )
    provider.on("WSPStartup", source="up", then=counted, returns=OK, clause="WSP-14")
    if failures:
        provider.on("WSPStartup", source=["down", "up"], returns=FAILURES, clause=["WSP-11", "WSP-17"])
    if during_teardown == "fails":
        provider.on("WSPStartup", source=["draining", "freeing"], returns="WSASYSNOTREADY", clause="WSP-17")


def _cleaning_up(w: Contract, surplus: SurplusCleanup) -> None:
    provider, count = w.provider, w.references
    uncounted = {count: count - 1, w.registrations: w.registrations - 1}
    provider.on("WSPCleanup", source="up", when=count > 1, then=uncounted, returns=OK, clause=["WSP-02", "WSP-05"])
    provider.on(
        "WSPCleanup", source="up", dest="draining", when=count == 1, then=uncounted, returns=PENDING, clause="WSP-04"
    )
    result = UNSTARTED if surplus == "error" else OK
    provider.on("WSPCleanup", source="down", returns=result, clause="WSP-23")


def _using_sockets(w: Contract) -> None:
    provider, socket, unsent, graceful = w.provider, w.socket, w.unsent, w.graceful
    kind, mine = argument("graceful", [False, True]), w.owner == w.client.acting
    provider.on(CALLS, source="up", returns=OK, clause="WSP-13")
    socket.on("WSPSocket", kind, source="none", dest="open", then={w.owner: w.client.acting, graceful: kind})
    socket.on("WSPSend", source="open", when=mine & (unsent < w.data), then={unsent: unsent + 1})
    queued = graceful & (unsent > 0)
    socket.on(
        "WSPCloseSocket", source="open", dest="closing", when=mine & queued, then={w.owner: None}, clause="SOCK-10"
    )
    socket.on("WSPCloseSocket", source="open", dest="none", when=mine & ~queued, then=blank(w), clause="SOCK-12")


def blank(w: Contract) -> dict[Term, object]:
    """Return what a socket's variables are when there is no socket."""
    return {w.owner: None, w.graceful: False, w.unsent: 0}


def _tearing_down(w: Contract, open_at_cleanup: OpenAtCleanup) -> None:
    """First the data that is owed, then everything else, then the return of the last WSPCleanup."""
    provider, socket, unsent, graceful = w.provider, w.socket, w.unsent, w.graceful
    provider.on("transmit", source=["up", "draining"], clause="WSP-06")
    sending = graceful | (provider.state == "up")
    socket.on("transmit", source="open", when=(unsent > 0) & sending, then={unsent: unsent - 1}, fair="weak")
    if w.data > 1:
        socket.on("transmit", source="closing", when=unsent > 1, then={unsent: unsent - 1}, fair="weak")
    socket.on("transmit", source="closing", dest="none", when=unsent == 1, then=blank(w), fair="weak")
    provider.calls("drained", source="draining", dest="freeing", when=w.quiet, fair="weak", clause=["WSP-06", "WSP-07"])
    kept = graceful if open_at_cleanup == "drain" else graceful & (socket.state == "closing")
    socket.on("drained", every=True, then={unsent: where(kept, unsent, 0)}, clause="SOCK-03")
    for name, resource in w.resources.items():
        provider.step(
            f"free {name}",
            source="freeing",
            when=resource > 0,
            then={resource: resource - 1},
            fair="weak",
            clause="WSP-08",
        )
    provider.on("release socket", source="freeing", clause="WSP-27")
    socket.on("release socket", source=["open", "closing"], dest="none", then=blank(w), fair="weak")
    provider.on(
        "WSPCleanup.return", source="freeing", dest="down", when=w.released, returns=OK, fair="weak", clause="WSP-29"
    )


def _keeping_books(w: Contract, matched: Matched) -> None:
    """The books count what callers were told: successful starts less successful cleanups, and complete cycles."""
    books, surplus = w.books, w.surplus
    books.on("WSPStartup", gets=OK if matched == "successful" else None, then={surplus: surplus + 1}, clause="WSP-11")
    books.on("WSPCleanup", gets=[OK, PENDING], then={surplus: surplus - 1}, clause="WSP-01")
    books.on("WSPCleanup.return", when=w.cycles < 3, then={w.cycles: w.cycles + 1})


# -- what is promised -------------------------------------------------------------------------------------------------


def promises(system: System, w: Contract) -> None:
    """Ask of a system everything that the contract promises; the mission's two sentences come first."""
    _matching(system, w)
    _order(system, w)
    _sockets(system, w)
    _results(system, w)
    _starting_again(system, w)
    _coming_to_rest(system, w)


def _matching(system: System, w: Contract) -> None:
    idle = all_of(w.client.state[c] == "idle" for c in w.client)
    balanced = (w.surplus == 0) & idle
    system.always(
        "cleanups match startups",
        (w.references == w.surplus) & (w.references >= 0),
        id="PW-01",
        clause=["WSP-01", "WSP-02", "WSP-11", "WSP-14"],
    )
    system.always(
        "resources reach zero",
        (w.down | balanced).implies(w.released & (w.registrations == 0)),
        id="PW-05",
        clause=["WSP-08", "WSP-10"],
    )
    system.always("the books balance at rest", w.down.implies(w.surplus == 0), id="PW-02", clause="WSP-01")


def _order(system: System, w: Contract) -> None:
    tearing = w.provider.state.is_in(["draining", "freeing"])
    last = happens("WSPCleanup", returns=[OK, PENDING]) & (w.surplus == 1)
    system.always(
        "teardown starts with the last cleanup and only then",
        (~tearing & after(tearing)) == last,
        id="PW-03",
        clause=["WSP-04", "WSP-05", "WSP-24"],
    )
    ends = {s: (w.socket.state[s] != "none") & (after(w.socket.state[s]) == "none") for s in w.socket}
    released = tearing & any_of(ends.values()) & ~happens("transmit")
    frees = any_of(after(resource) < resource for resource in w.resources.values()) | released
    system.always("drain before free", frees.implies(w.quiet), id="PW-04", clause=["WSP-06", "WSP-07", "SOCK-01"])
    works = w.provider.state.is_in(["up", "draining"])
    system.always(
        "what is needed is held until it is drained",
        works.implies(all_of(resource == 1 for resource in w.resources.values())),
        id="PW-04.held",
        clause=["WSP-07", "WSP-13"],
    )
    closing = happens("WSPCloseSocket") | happens("transmit")
    system.always(
        "a socket ends when it is closed or torn down",
        (~tearing & any_of(ends.values())).implies(closing),
        clause=["SOCK-06", "WSP-28"],
    )
    kept = [full.implies(_kept(w, s, full)) for s, full in _full(w).items()]
    sent = sum_of(after(w.unsent[s]) for s in w.socket) == sum_of(w.unsent[s] for s in w.socket) - 1
    system.always(
        "no graceful data is lost",
        all_of(kept) & happens("transmit").implies(sent),
        id="PW-06",
        clause=["WSP-06", "WSP-28", "SOCK-02"],
    )


def _full(w: Contract) -> dict[Copy, Term]:
    """Return for each socket whether it is set for graceful close and has data in the provider."""
    return {s: (w.socket.state[s] != "none") & w.graceful[s] & (w.unsent[s] > 0) for s in w.socket}


def _kept(w: Contract, s: object, full: Term) -> Term:
    """Say what may become of a graceful socket's data: it stays, is sent, or the final cleanup resets the socket."""
    stays = after(full) & (after(w.unsent[s]) >= w.unsent[s])
    reset = (w.socket.state[s] == "open") & happens("drained") if w.open_at_cleanup == "reset" else False
    return stays | happens("transmit") | reset


def _sockets(system: System, w: Contract) -> None:
    """Say who may use a socket, what its close does, and what becomes of one that is not set for graceful close."""
    state, held = w.socket.state, w.held
    closes = {s: (state[s] == "open") & (after(state[s]) != "open") & happens("WSPCloseSocket") for s in w.socket}
    used = [
        ((state[s] == "none") & (after(w.owner[s]) == c) | (w.owner[s] == c) & (sends | closes[s])).implies(held[c] > 0)
        for s, sends in ((s, after(w.unsent[s]) > w.unsent[s]) for s in w.socket)
        for c in w.client
    ]
    system.always("sockets are used by clients that have started", all_of(used), id="PW-14", clause="WSP-13")
    chosen = [
        (happens("WSPSocket", graceful=kind) & (after(state[s]) != state[s])).implies(after(w.graceful[s]) == kind)
        for kind in (False, True)
        for s in w.socket
    ]
    system.always("a socket is set as it was asked for", all_of(chosen), id="PW-28.kind", clause="SOCK-01")
    kept = [(closes[s] & (after(state[s]) == "closing")).implies(w.graceful[s] & (w.unsent[s] > 0)) for s in w.socket]
    closed = happens("WSPCloseSocket").implies(any_of(closes.values()))
    system.always("a close waits for graceful data alone", all_of(kept) & closed, id="PW-28", clause="SOCK-12")
    gone = [(state[s] == "none").implies((w.unsent[s] == 0) & (w.owner[s] == None)) for s in w.socket]
    system.always("a socket that is gone has no data", all_of(gone), id="PW-28.gone", clause=["SOCK-06", "SOCK-03"])
    tearing = w.provider.state.is_in(["draining", "freeing"])
    hard = [(state[s] == "open") & ~w.graceful[s] & (after(w.unsent[s]) < w.unsent[s]) for s in w.socket]
    stays = [((state[s] == "open") & happens("transmit")).implies(after(state[s]) == "open") for s in w.socket]
    system.always(
        "the teardown sends graceful data alone, and ends no open socket by it",
        ~(tearing & happens("transmit") & any_of(hard)) & all_of(stays),
        id="PW-06.hard",
        clause=["SOCK-01", "SOCK-03", "WSP-06"],
    )
    released = any_of((state[s] != "none") & (after(state[s]) == "none") for s in w.socket)
    system.always("what is released was there", happens("release socket").implies(released), clause="WSP-27")
    ends = any_of(closes[s] & (after(state[s]) == "none") for s in w.socket)
    if len(list(w.socket)) and len(list(w.client)):
        system.sometimes("a socket is closed at once", ends, id="PX-04.closed")


def _results(system: System, w: Contract) -> None:
    nothing = w.provider.unchanged & w.socket.unchanged
    system.always(
        "a failed start changes nothing",
        happens("WSPStartup", returns=FAILURES).implies(nothing),
        id="PW-09",
        clause=["WSP-11", "WSP-17"],
    )
    refused = happens("WSPCleanup", returns=UNSTARTED) & nothing
    system.always(
        "a surplus cleanup is refused and changes nothing",
        (w.down & happens("WSPCleanup")).implies(refused),
        id="PW-10",
        clause="WSP-23",
    )
    told = happens("WSPCleanup", returns=[OK, PENDING])
    system.always(
        "a cleanup that counts says so",
        (after(w.references) < w.references).implies(told) & ~happens("WSPCleanup.return", returns=ERROR),
        id="PW-11",
        clause="WSP-22",
    )


def _starting_again(system: System, w: Contract) -> None:
    as_good_as_new(system, w)
    startable = w.provider.accepts("WSPStartup", returns=OK)
    system.always("it can be started when it is down", w.down.implies(startable), id="PR-04", clause="WSP-09")
    system.always(
        "it can be started the moment the last cleanup returns",
        happens("WSPCleanup.return").implies(after(startable)),
        id="PR-04.return",
        clause="WSP-09",
    )
    idle = all_of(w.client.state[c] == "idle" for c in w.client)
    system.bisimilar("cleaned up behaves as new", w.down & idle, id="PR-02", clause=["WSP-09", "MOD-13"])


def _coming_to_rest(system: System, w: Contract) -> None:
    """Say what the future brings where the rows marked fair are fair: the network moves, and the provider goes on."""
    tearing = w.provider.state.is_in(["draining", "freeing"])
    system.leads_to(
        "the last cleanup comes to an end",
        tearing,
        w.down,
        id="PL-01",
        clause=["WSP-06", "WSP-07", "WSP-08", "SOCK-10"],
    )
    leaves = {s: after(w.unsent[s]) < w.unsent[s] for s in w.socket}
    system.holds(
        "every unit of graceful data leaves the provider",
        all_of(G(full.implies(F(leaves[s]))) for s, full in _full(w).items()),
        id="PL-02",
        clause=["WSP-06", "WSP-28"],
    )
    system.leads_to(
        "a start that comes during the teardown is answered",
        tearing,
        w.provider.accepts("WSPStartup"),
        id="PL-03",
        clause="WSP-09",
    )
    system.holds(
        "a socket that is closing is gone in the end",
        all_of(G((w.socket.state[s] == "closing").implies(F(w.socket.state[s] == "none"))) for s in w.socket),
        id="PL-06",
        clause=["SOCK-02", "SOCK-10"],
    )
