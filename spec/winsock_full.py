"""W1: the whole call semantics of one provider, where W0 has the seed sentences alone.

How a socket lingers and what its close answers, where each unit of data goes and why it is discarded, operations that
are pending, a network that fails, a module that ws2_32 loads and frees, and the steps of the last WSPCleanup in every
order that the clauses leave open. Requirements, section 2.2; the numbers T1 to T10 are those of its teardown table.
"""

from dataclasses import dataclass
from typing import Literal

from quiesce import Machine, Term, all_of, argument, where
from spec.winsock import RESOURCES, UNSTARTED, OpenAtCleanup

OK, PENDING, WOULD_BLOCK, NET_DOWN = "0", "pending", "WSAEWOULDBLOCK", "WSAENETDOWN"
ABORTED = "WSA_OPERATION_ABORTED"
FAILURES = ["WSAEFAULT", "WSAEINPROGRESS", "WSASYSNOTREADY", "WSAVERNOTSUPPORTED", "WSAEPROCLIM"]
LINGER = ["dont", "zero", "timed", "timed, not blocking"]
GRACEFUL = [setting for setting in LINGER if setting != "zero"]
"""SO_DONTLINGER, and SO_LINGER with a time (A-05)."""
DISCARDS = {
    "timer fires": "lingerTimeout",
    "peer resets": "peerReset",
    "network discards": "netDown",
    "provider gives up": "providerTimeout",
}
"""The steps by which a unit of graceful data may go anywhere but to the network, with the reason."""

NetworkDown = Literal["released", "refused"]


@dataclass(frozen=True)
class Full:
    """The machines of W1 and the terms that its rules, properties and defects share."""

    provider: Machine
    socket: Machine
    operation: Machine
    network: Machine
    module: Machine
    books: Machine
    client: Machine
    references: Term
    resources: dict[str, Term]
    worker: Term
    stopping: Term
    initialised: Term
    cancelled: Term
    drained: Term
    owner: Term
    linger: Term
    unsent: Term
    target: Term
    status: Term
    notified: Term
    in_kernel: Term
    surplus: Term
    cycles: Term
    data: int
    kernel: int
    open_at_cleanup: OpenAtCleanup

    @property
    def down(self) -> Term:
        """Not started, or completely cleaned up."""
        return self.provider.state == "down"

    @property
    def tearing(self) -> Term:
        """The last WSPCleanup is under way."""
        return self.provider.state == "tearing down"

    @property
    def sending(self) -> Term:
        """The provider still transmits: it is up, or it drains."""
        return (self.provider.state == "up") | (self.tearing & ~self.drained)

    @property
    def no_sockets(self) -> Term:
        """Every socket is released."""
        return all_of(self.socket.state[s] == "none" for s in self.socket)

    @property
    def quiet(self) -> Term:
        """No socket has data that the provider owes."""
        owed_from = ["open", "closing"] if self.open_at_cleanup == "drain" else ["closing"]
        return all_of(~(self.socket.state[s].is_in(owed_from) & self.owes(s)) for s in self.socket)

    def graceful(self, s: object) -> Term:
        """Whether a socket is set for graceful close (SOCK-01, A-05)."""
        return (self.socket.state[s] != "none") & self.linger[s].is_in(GRACEFUL)

    def owes(self, s: object) -> Term:
        """Whether a socket is graceful and has data in the provider."""
        return self.graceful(s) & (self.unsent[s] > 0)

    def blank(self) -> dict[Term, object]:
        """Return what a socket's variables are when there is no socket."""
        return {self.owner: None, self.linger: "zero", self.unsent: 0}


def contract(
    client: Machine,
    *,
    references: int,
    sockets: int,
    operations: int,
    data: int,
    kernel: int,
    open_at_cleanup: OpenAtCleanup,
    network_down: NetworkDown,
    timeout: bool,
) -> Full:
    """Return the provider and what it works with; `kernel` units fit into the part of the stack that stays loaded."""
    provider = Machine("provider", states=["down", "up", "tearing down"])
    socket = Machine("socket", copies=sockets, states=["none", "open", "lingering", "closing"])
    operation = Machine("operation", copies=operations, states=["none", "pending", "done"])
    network = Machine("network", states=["up", "down"])
    books = Machine("books", observer=True)
    w = Full(
        provider=provider,
        socket=socket,
        operation=operation,
        network=network,
        module=Machine("module", states=["unmapped", "mapped"], initial=["unmapped", "mapped"]),
        books=books,
        client=client,
        references=provider.integer("references", -1, references),
        resources={name: provider.count(name, up_to=2) for name in RESOURCES},
        worker=provider.flag("worker"),
        stopping=provider.flag("stopping"),
        initialised=provider.flag("initialised"),
        cancelled=provider.flag("cancelled"),
        drained=provider.flag("drained"),
        owner=socket.one_of("owner", client, optional=True),
        linger=socket.one_of("linger", LINGER, initial="zero"),
        unsent=socket.count("unsent", up_to=data),
        target=operation.one_of("target", socket, optional=True),
        status=operation.one_of("status", [OK, ABORTED]),
        notified=operation.flag("notified"),
        in_kernel=network.count("in_kernel", up_to=kernel),
        surplus=books.integer("surplus", -1, references),
        cycles=books.count("cycles", up_to=3),
        data=data,
        kernel=kernel,
        open_at_cleanup=open_at_cleanup,
    )
    _mapping(w)
    _starting(w)
    _cleaning_up(w, network_down)
    _opening_and_closing(w)
    _moving_data(w, timeout)
    _operating(w)
    _tearing_down(w)
    _returning(w, network_down)
    _keeping_books(w, network_down)
    return w


def _mapping(w: Full) -> None:
    """ws2_32 loads the module before the first start, and may free it when the provider is down."""
    module, provider = w.module, w.provider
    module.calls("LoadLibrary", source="unmapped", dest="mapped", clause=["WSP-32", "WSP-33"])
    provider.on("LoadLibrary", source="down", then={w.stopping: False, w.initialised: False}, clause="MOD-13")
    idle = all_of((w.client.state[c] == "idle") for c in w.client)
    module.calls("FreeLibrary", source="mapped", dest="unmapped", when=w.down & idle, clause="MOD-01")
    provider.on("FreeLibrary", source="down", clause="WSP-32")


def _starting(w: Full) -> None:
    provider, count = w.provider, w.references
    allocated = {resource: resource + 1 for resource in w.resources.values()}
    made = {count: count + 1, w.worker: ~w.stopping, w.initialised: True}
    provider.on("WSPStartup", source="down", dest="up", then=made | allocated, returns=OK, clause=["WSP-09", "WSP-35"])
    provider.on("WSPStartup", source="up", then={count: count + 1}, returns=OK, clause="WSP-14")
    provider.on("WSPStartup", source=["down", "up"], returns=FAILURES, clause=["WSP-11", "WSP-17"])
    w.module.on("WSPStartup", source="mapped", clause="WSP-13")


def _cleaning_up(w: Full, network_down: NetworkDown) -> None:
    """The table of WSPCleanup's results; the last one takes time, and returns as an event of its own."""
    provider, count, online = w.provider, w.references, w.network.state == "up"
    fewer = {count: count - 1}
    provider.on("WSPCleanup", source="down", returns=UNSTARTED, clause="WSP-23")
    provider.on("WSPCleanup", source="up", when=(count > 1) & online, then=fewer, returns=OK, clause="WSP-05")
    last = (count == 1) & (online if network_down == "refused" else all_of())
    provider.on("WSPCleanup", source="up", dest="tearing down", when=last, then=fewer, returns=PENDING, clause="WSP-04")
    if network_down == "released":
        provider.on(
            "WSPCleanup", source="up", when=(count > 1) & ~online, then=fewer, returns=NET_DOWN, clause="WSP-22"
        )
    else:
        provider.on("WSPCleanup", source="up", when=~online, returns=NET_DOWN, clause="WSP-22")
    w.module.on("WSPCleanup", source="mapped", clause="WSP-21")
    provider.on("late call", source="down", returns=UNSTARTED, clause="WSP-13")
    w.module.on("late call", source="mapped")


def _opening_and_closing(w: Full) -> None:
    provider, socket, unsent, linger = w.provider, w.socket, w.unsent, w.linger
    setting, mine = argument("linger", LINGER), w.owner == w.client.acting
    provider.on(["WSPSocket", "WSPSend", "WSPCloseSocket"], source="up", clause="WSP-13")
    socket.on(
        "WSPSocket", setting, source="none", dest="open", then={w.owner: w.client.acting, linger: setting}, returns=OK
    )
    socket.on("WSPSend", source="open", when=mine & (unsent < w.data), then={unsent: unsent + 1}, returns=OK)
    at_once = mine & ((unsent == 0) | (linger == "zero"))
    socket.on("WSPCloseSocket", source="open", dest="none", when=at_once, then=w.blank(), returns=OK, clause="SOCK-03")
    for name, dest, answer, kept, clause in (
        ("dont", "closing", OK, {w.owner: None}, ["SOCK-02", "SOCK-10"]),
        ("timed", "lingering", PENDING, {}, "SOCK-04"),
        ("timed, not blocking", "open", WOULD_BLOCK, {}, "SOCK-05"),
    ):
        waits = mine & (unsent > 0) & (linger == name)
        socket.on("WSPCloseSocket", source="open", dest=dest, when=waits, then=kept, returns=answer, clause=clause)
    out = (unsent == 0) & mine
    socket.on(
        "WSPCloseSocket.return",
        source="lingering",
        dest="none",
        when=out,
        then=w.blank(),
        returns=OK,
        fair="weak",
        clause="SOCK-04",
    )
    provider.on("WSPCloseSocket.return")


def _moving_data(w: Full, timeout: bool) -> None:
    """A unit leaves the provider for the kernel's part of the stack, or is discarded for a reason."""
    network, unsent = w.network, w.unsent
    network.step("fails", source="up", dest="down")
    network.step("recovers", source="down", dest="up")
    network.step("peer takes", source="up", when=w.in_kernel > 0, then={w.in_kernel: w.in_kernel - 1})
    room = w.in_kernel < w.kernel
    network.on("transmit", source="up", when=room, then={w.in_kernel: w.in_kernel + 1}, clause="WSP-30")
    _leaves(w, "transmit", clause=["WSP-06", "WSP-28"])
    network.on("peer resets", source="up")
    _leaves(w, "peer resets", clause="SOCK-12")
    network.on("network discards", source="down")
    _leaves(w, "network discards", clause="WSP-22")
    late = (unsent > 0) & w.sending
    w.provider.on("timer fires")
    fired = {unsent: unsent - 1}
    w.socket.on("timer fires", source="lingering", when=late, then=fired, fair="weak", clause="SOCK-04")
    if timeout:
        w.provider.on("provider gives up", source="tearing down")
        _leaves(w, "provider gives up", fair=True, clause="SOCK-10")


def _leaves(w: Full, trigger: str, *, fair: bool = False, clause: object) -> None:
    """Let one unit leave a socket by a trigger; a socket that is closing ends with its last unit."""
    socket, unsent = w.socket, w.unsent
    some = (unsent > 0) & w.sending & (w.linger.is_in(GRACEFUL) | (w.provider.state == "up"))
    strength: Literal["weak"] | None = "weak" if fair else None
    fewer = {unsent: unsent - 1}
    socket.on(trigger, source=["open", "lingering"], when=some, then=fewer, fair=strength, clause=clause)
    if w.data > 1:
        socket.on(trigger, source="closing", when=(unsent > 1) & w.sending, then=fewer, fair=strength, clause=clause)
    last = (unsent == 1) & w.sending
    socket.on(trigger, source="closing", dest="none", when=last, then=w.blank(), fair=strength, clause=clause)


def _operating(w: Full) -> None:
    """An overlapped operation completes, or its close cancels it and says so, or the last cleanup does in silence."""
    operation, socket = w.operation, w.socket
    none = {w.target: None, w.status: OK, w.notified: False}
    w.provider.on("WSPRecv", source="up", returns=PENDING)
    socket.on("WSPRecv", source="open", when=w.owner == w.client.acting)
    operation.on("WSPRecv", source="none", dest="pending", then={w.target: socket.acting})
    operation.step("completes", source="pending", dest="done", then={w.target: None, w.status: OK, w.notified: True})
    operation.step("is read", source="done", dest="none", then=none)
    refused = (w.linger[socket.acting] == "timed, not blocking") & (w.unsent[socket.acting] > 0)
    ended = (operation.state == "pending") & (w.target == socket.acting) & ~refused
    operation.on("WSPCloseSocket", every=True, then=aborted(w, ended, True), clause="SOCK-08")


def aborted(w: Full, which: Term, told: bool) -> dict[Term, object]:
    """Return the effects of cancelling those operations of which a condition is true."""
    operation = w.operation
    return {
        operation.state: where(which, "done", operation.state),
        w.target: where(which, None, w.target),
        w.status: where(which, ABORTED, w.status),
        w.notified: where(which, told, w.notified),
    }


def _tearing_down(w: Full) -> None:
    """T2 to T9: each as soon as those before it in the table are done, in every order.

    A close that blocks is over by then: its caller holds a start. Callers with several threads are in no model yet.
    """
    provider, socket, unsent = w.provider, w.socket, w.unsent
    provider.calls(
        "cancel",
        when=~w.cancelled,
        then={w.cancelled: True},
        clause=["WSP-25", "WSP-26"],
        source="tearing down",
        fair="weak",
    )
    w.operation.on("cancel", every=True, then=aborted(w, w.operation.state == "pending", False), clause="WSP-26")
    drained = ~w.drained & w.quiet
    provider.calls(
        "drained", when=drained, then={w.drained: True}, clause=["WSP-06", "WSP-07"], source="tearing down", fair="weak"
    )
    owed = w.linger.is_in(GRACEFUL)
    kept = owed if w.open_at_cleanup == "drain" else owed & (socket.state != "open")
    socket.on("drained", every=True, then={unsent: where(kept, unsent, 0)}, clause="SOCK-03")
    provider.on("release socket", source="tearing down", when=w.cancelled & w.drained, clause="WSP-27")
    socket.on("release socket", source=["open", "closing"], dest="none", then=w.blank(), fair="weak")
    provider.step(
        "join worker",
        when=w.worker,
        then={w.worker: False, w.stopping: True},
        clause="WSP-10",
        source="tearing down",
        fair="weak",
    )
    over = w.cancelled & w.drained & ~w.worker & w.no_sockets
    for name, resource in w.resources.items():
        provider.step(
            f"free {name}",
            when=over & (resource > 0),
            then={resource: resource - 1},
            clause="WSP-08",
            source="tearing down",
            fair="weak",
        )
    provider.step(
        "restore statics",
        when=_freed(w) & over & (w.stopping | w.initialised),
        then={w.stopping: False, w.initialised: False},
        clause=["WSP-09", "MOD-13"],
        source="tearing down",
        fair="weak",
    )


def _freed(w: Full) -> Term:
    return all_of(resource == 0 for resource in w.resources.values())


def done(w: Full) -> Term:
    """Everything that the last cleanup owes is done (before T10)."""
    return w.cancelled & w.drained & ~w.worker & w.no_sockets & _freed(w) & ~w.stopping & ~w.initialised


def _returning(w: Full, network_down: NetworkDown) -> None:
    """T10; with the network down the call says so, and what it did is done all the same (A-08)."""
    then, online = {w.cancelled: False, w.drained: False}, w.network.state == "up"
    returns = {OK: online, NET_DOWN: ~online} if network_down == "released" else {OK: all_of()}
    for result, when in returns.items():
        w.provider.on(
            "WSPCleanup.return",
            source="tearing down",
            dest="down",
            when=done(w) & when,
            then=then,
            returns=result,
            clause=["WSP-29", "WSP-22"],
        )


def _keeping_books(w: Full, network_down: NetworkDown) -> None:
    books, surplus = w.books, w.surplus
    books.on("WSPStartup", gets=OK, then={surplus: surplus + 1}, clause="WSP-11")
    counted = [OK, PENDING, NET_DOWN] if network_down == "released" else [OK, PENDING]
    books.on("WSPCleanup", gets=counted, then={surplus: surplus - 1}, clause="WSP-01")
    books.on("WSPCleanup.return", when=w.cycles < 3, then={w.cycles: w.cycles + 1})
