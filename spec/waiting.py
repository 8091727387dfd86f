"""What takes time in a provider, and what it may wait for: the peer, a timer, a pending operation, a teardown.

The companion of W0 for liveness. One socket is enough for what is asked here. The peer may stay silent as long as it
likes; a close that lingers waits for the data or for its timer; operations that are pending when the teardown begins
are cancelled in silence; a start that comes during the teardown waits for its end, and for its turn.
"""

from dataclasses import dataclass

from quiesce import F, G, Machine, System, Term, after, all_of, any_of, argument, enabled, happens, weak

OK, PENDING, ABORTED = "0", "pending", "WSA_OPERATION_ABORTED"
TEARDOWN = ["draining", "freeing"]


@dataclass(frozen=True)
class Waiting:
    """The machines, and the terms that rules and promises share."""

    provider: Machine
    socket: Machine
    operation: Machine
    peer: Machine
    client: Machine
    references: Term
    held: Term
    unsent: Term
    mode: Term
    notified: Term
    status: Term

    @property
    def tearing(self) -> Term:
        """The teardown is going on."""
        return self.provider.state.is_in(TEARDOWN)


def contract(*, clients: int, timeout: bool) -> Waiting:
    """Return the machines; with `timeout` the provider gives up a background close after a time (A-14)."""
    client = Machine("client", copies=clients, states=["idle", "waiting", "closing", "starting"])
    provider = Machine("provider", states=["down", "up", *TEARDOWN])
    socket = Machine("socket", states=["none", "open", "lingering", "closing"])
    operation = Machine("operation", states=["none", "pending", "done"])
    peer = Machine("peer")
    w = Waiting(
        provider=provider,
        socket=socket,
        operation=operation,
        peer=peer,
        client=client,
        references=provider.count("references", up_to=clients),
        held=client.flag("held"),
        unsent=socket.flag("unsent"),
        mode=socket.one_of("mode", ["graceful", "linger"]),
        notified=operation.flag("notified"),
        status=operation.one_of("status", [OK, ABORTED]),
    )
    peer.step("stays silent")
    _starting(w)
    _closing(w)
    _operating(w)
    _tearing_down(w, timeout)
    return w


def _starting(w: Waiting) -> None:
    provider, client, count = w.provider, w.client, w.references
    provider.on("WSPStartup", source="down", dest="up", then={count: 1}, returns=OK, clause="WSP-09")
    provider.on("WSPStartup", source="up", then={count: count + 1}, returns=OK, clause="WSP-14")
    provider.on("WSPStartup", source=TEARDOWN, returns=PENDING, clause="WSP-09")
    client.calls("WSPStartup", source="idle", when=~w.held, then={w.held: True}, gets=OK)
    client.calls("WSPStartup", source="idle", dest="starting", when=~w.held, gets=PENDING)
    handed_over = {w.held: True}
    client.calls("WSPStartup.return", source="starting", dest="idle", then=handed_over, gets=OK, fair="strong")
    provider.on("WSPStartup.return", source="down", dest="up", then={count: 1}, returns=OK)
    provider.on("WSPStartup.return", source="up", then={count: count + 1}, returns=OK)
    provider.on("WSPCleanup", source="up", when=count > 1, then={count: count - 1}, returns=OK, clause="WSP-05")
    provider.on("WSPCleanup", source="up", dest="draining", when=count == 1, then={count: 0}, returns=PENDING)
    client.calls("WSPCleanup", source="idle", when=w.held, then={w.held: False}, gets=OK)
    client.calls("WSPCleanup", source="idle", dest="waiting", when=w.held, then={w.held: False}, gets=PENDING)
    client.calls("WSPCleanup.return", source="waiting", dest="idle", gets=OK)


def _closing(w: Waiting) -> None:
    """A close returns at once, or with SO_LINGER when the data is out or its time has passed."""
    provider, socket, client, unsent, mode = w.provider, w.socket, w.client, w.unsent, w.mode
    kind = argument("mode", ["graceful", "linger"])
    provider.on(["WSPSocket", "WSPSend", "WSPCloseSocket"], source="up")
    client.calls(["WSPSocket", "WSPSend"], source="idle", when=w.held)
    socket.on("WSPSocket", kind, source="none", dest="open", then={mode: kind})
    socket.on("WSPSend", source="open", when=~unsent, then={unsent: True})
    socket.on("WSPCloseSocket", source="open", dest="none", when=~unsent, then={mode: "graceful"}, returns=OK)
    graceful = unsent & (mode == "graceful")
    socket.on("WSPCloseSocket", source="open", dest="closing", when=graceful, returns=OK, clause="SOCK-10")
    lingering = unsent & (mode == "linger")
    socket.on("WSPCloseSocket", source="open", dest="lingering", when=lingering, returns=PENDING, clause="SOCK-04")
    client.calls("WSPCloseSocket", source="idle", when=w.held, gets=OK)
    client.calls("WSPCloseSocket", source="idle", dest="closing", when=w.held, gets=PENDING)
    socket.step("timer fires", source="lingering", when=unsent, then={unsent: False}, fair="weak", clause="SOCK-04")
    client.calls("WSPCloseSocket.return", source="closing", dest="idle")
    socket.on(
        "WSPCloseSocket.return",
        source="lingering",
        dest="none",
        when=~unsent,
        then={mode: "graceful"},
        fair="weak",
        clause="SOCK-04",
    )
    peer, sending = w.peer, w.provider.state.is_in(["up", "draining"])
    peer.on("transmit")
    socket.on("transmit", source=["open", "lingering"], when=unsent & sending, then={unsent: False}, fair="weak")
    socket.on(
        "transmit",
        source="closing",
        dest="none",
        when=sending,
        then={unsent: False},
        fair="weak",
        clause=["WSP-06", "WSP-28"],
    )


def _operating(w: Waiting) -> None:
    """An overlapped operation is done when the peer answers; the last cleanup cancels it, and tells nobody."""
    operation, notified, status = w.operation, w.notified, w.status
    w.client.calls("WSPRecv", source="idle", when=w.held)
    w.provider.on("WSPRecv", source="up")
    operation.on("WSPRecv", source="none", dest="pending", then={notified: False, status: OK})
    operation.step("completes", source="pending", dest="done", then={notified: True, status: OK})
    operation.step("is read", source="done", dest="none", then={notified: False, status: OK})
    w.provider.calls("cancel", source="draining", fair="weak", clause=["WSP-25", "WSP-26"])
    operation.on("cancel", source="pending", dest="done", then={status: ABORTED}, clause="WSP-26")


def _tearing_down(w: Waiting, timeout: bool) -> None:
    provider, socket, unsent = w.provider, w.socket, w.unsent
    quiet = ~unsent & (w.operation.state != "pending")
    if timeout:
        late = (w.socket.state == "closing") | unsent
        provider.calls("give up", source="draining", when=late, fair="weak", clause="SOCK-10")
        socket.on("give up", dest="none", then={unsent: False, w.mode: "graceful"})
    provider.calls("drained", source="draining", dest="freeing", when=quiet, fair="weak", clause="WSP-07")
    socket.on("drained", dest="none", then={w.mode: "graceful"}, clause="WSP-27")
    provider.on("WSPCleanup.return", source="freeing", dest="down", returns=OK, fair="weak", clause="WSP-29")


def promises(system: System, w: Waiting) -> None:
    """Ask that whatever waits gets what it waits for, each with the fairness that the contract's sentence needs."""
    client, tearing = w.client, w.tearing
    system.leads_to(
        "the last cleanup comes to an end",
        tearing,
        w.provider.state == "down",
        id="PL-01",
        clause=["WSP-06", "WSP-07", "WSP-08", "SOCK-10"],
    )
    system.leads_to(
        "graceful data leaves the provider",
        w.unsent & (w.mode == "graceful"),
        ~w.unsent,
        id="PL-02",
        clause=["WSP-06", "WSP-28"],
    )
    system.holds(
        "a start during the teardown returns",
        all_of(_returns(client, c, "starting") for c in client),
        id="PL-03",
        clause="WSP-09",
    )
    aborted = (w.operation.state == "done") & (w.status == ABORTED) & ~w.notified
    cancelled = tearing & (w.operation.state == "pending")
    completed = (w.operation.state == "done") & w.notified
    system.leads_to(
        "what is pending at the teardown ends, in silence if it was cancelled",
        cancelled,
        aborted | completed,
        id="PL-04",
        clause=["WSP-25", "WSP-26"],
    )
    system.leads_to(
        "a socket that is closing is gone in the end",
        w.socket.state == "closing",
        w.socket.state == "none",
        id="PL-06",
        clause=["SOCK-02", "SOCK-10"],
    )
    system.holds(
        "a close that lingers returns, whatever the network does",
        all_of(_returns(client, c, "closing") for c in client),
        assuming=[weak("socket.timer fires"), weak("WSPCloseSocket.return")],
        id="PL-07",
        clause="SOCK-04",
    )
    system.sometimes("an operation is cancelled", happens("cancel"))
    _can(system, w)
    _does(system, w)


def _returns(client: Machine, copy: object, state: str) -> Term:
    return G((client.state[copy] == state).implies(F(client.state[copy] == "idle")))


def _can(system: System, w: Waiting) -> None:
    """Ask that each call, and each thing that is waited for, is possible in its circumstances and in no others."""
    client, up, socket, operation = w.client, w.provider.state == "up", w.socket.state, w.operation.state
    idle = any_of((client.state[c] == "idle") & w.held[c] for c in client)
    new = any_of((client.state[c] == "idle") & ~w.held[c] for c in client)
    system.always(
        "a start is answered at any time", enabled("WSPStartup") == new, id="PW-11.start", clause=["WSP-09", "WSP-14"]
    )
    calls = {
        "WSPSocket": socket == "none",
        "WSPSend": (socket == "open") & ~w.unsent,
        "WSPCloseSocket": socket == "open",
        "WSPRecv": operation == "none",
    }
    system.always(
        "whoever holds a start can call",
        all_of(enabled(call) == (up & idle & when) for call, when in calls.items()),
        id="PW-11.calls",
        clause=["WSP-13", "SOCK-02"],
    )
    system.always(
        "who calls has started",
        all_of(happens(call, by=c).implies(w.held[c]) for call in calls for c in client),
        id="PW-14",
        clause=["WSP-13", "SOCK-06"],
    )
    leaves = w.unsent & (up | (w.provider.state == "draining"))
    waits = {
        "transmit": leaves & (socket != "none"),
        "socket.timer fires": (socket == "lingering") & w.unsent,
        "cancel": (w.provider.state == "draining") & (operation == "pending"),
        "operation.completes": operation == "pending",
        "operation.is read": operation == "done",
        "peer.stays silent": all_of(),
    }
    system.always(
        "what is waited for can come, and where it does not the peer is silent",
        all_of(enabled(trigger) == when for trigger, when in waits.items()),
        id="PW-06.can",
        clause=["WSP-06", "WSP-26", "SOCK-04"],
    )


def _does(system: System, w: Waiting) -> None:
    """Ask what each call does to the socket, the operation and its caller."""
    client, socket, operation = w.client, w.socket.state, w.operation.state
    begins = (w.provider.state == "down") & (socket == "none") & (operation == "none") & ~w.unsent
    system.holds("it begins at rest", begins, id="PR-01.begin", clause="WSP-13")
    pending = any_of((client.state[c] == "idle") & (after(client.state[c]) == "starting") for c in client)
    lingers = any_of((client.state[c] == "idle") & (after(client.state[c]) == "closing") for c in client)
    asked = happens("WSPStartup", returns=PENDING)
    system.always(
        "a start waits for the teardown alone",
        (asked == pending) & (asked == (happens("WSPStartup") & w.tearing)),
        id="PR-05",
        clause="WSP-09",
    )
    last = happens("WSPCleanup").implies((after(w.provider.state) == "draining") == (w.references == 1))
    system.always("the last cleanup begins the teardown", last, id="PW-03", clause=["WSP-04", "WSP-05"])
    close = happens("WSPCloseSocket")
    graceful, timed = w.unsent & (w.mode == "graceful"), w.unsent & (w.mode == "linger")
    kept = {"closing": graceful, "lingering": timed, "none": ~w.unsent}
    over = all_of((close & when).implies(after(socket) == dest) for dest, when in kept.items())
    system.always(
        "a close waits with SO_LINGER and data alone",
        over & (lingers == (close & timed)),
        id="PW-28",
        clause=["SOCK-02", "SOCK-04", "SOCK-12"],
    )
    effects = {
        happens("WSPSocket"): (after(socket) == "open") & ~after(w.unsent),
        happens("WSPSend"): after(w.unsent),
        happens("WSPCloseSocket.return") | happens("drained"): after(socket) == "none",
        happens("WSPRecv") | happens("operation.is read"): ~after(w.notified),
        happens("WSPRecv"): after(operation) == "pending",
        happens("operation.completes"): (after(operation) == "done") & after(w.notified),
        happens("operation.is read"): after(operation) == "none",
    }
    system.always(
        "each call does what it is for",
        all_of(event.implies(effect) for event, effect in effects.items()),
        id="PW-11",
        clause=["WSP-27", "SOCK-04", "SOCK-06"],
    )
    for mode in ("graceful", "linger"):
        opened = (socket == "open") & (w.mode == mode)
        system.sometimes(f"a socket is set to {mode}", opened, id=f"PX-03.{mode}")
