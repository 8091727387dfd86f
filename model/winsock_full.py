"""W1 closed: some clients, sockets and operations, one provider, and a network that may fail."""

from typing import Annotated, Literal

from model.winsock_full_defects import DEFECTS
from quiesce import Between, Machine, System, Term, after, all_of, any_of, enabled, happens, where
from spec.winsock import UNSTARTED, OpenAtCleanup
from spec.winsock_full import (
    DISCARDS,
    FAILURES,
    NET_DOWN,
    OK,
    PENDING,
    WOULD_BLOCK,
    Full,
    NetworkDown,
    contract,
)
from spec.winsock_full_promises import promises

Defect = Literal["none", "M06", "M09", "M21", "M28", "M31", "M36", "M37", "M40", "M41", "M46", "M47", "M49", "M69"]


def winsock_full(
    *,
    clients: Annotated[int, Between(1, 4)] = 1,
    sockets: Annotated[int, Between(0, 6)] = 1,
    operations: Annotated[int, Between(0, 4)] = 1,
    starts: Annotated[int, Between(1, 4)] = 2,
    data: Annotated[int, Between(1, 4)] = 1,
    kernel: Annotated[int, Between(1, 4)] = 1,
    open_at_cleanup: OpenAtCleanup = "drain",
    network_down: NetworkDown = "released",
    timeout: bool = True,
    defect: Defect = "none",
) -> System:
    """Return the closed system.

    `open_at_cleanup` (A-02): what becomes of sockets that are open at the last cleanup; `network_down` (A-08): whether
    a cleanup that answers WSAENETDOWN is done all the same; `timeout` (A-14): whether the provider gives up data.
    """
    client = Machine("client", copies=clients, states=["idle", "waiting", "closing"])
    w = contract(
        client,
        references=clients * starts,
        sockets=sockets,
        operations=operations,
        data=data,
        kernel=kernel,
        open_at_cleanup=open_at_cleanup,
        network_down=network_down,
        timeout=timeout,
    )
    held = _clients(client, w, starts, network_down)
    if defect != "none":
        DEFECTS[defect](w)
    rest = w.down & all_of(client.state[c] == "idle" for c in client)
    machines = [w.provider, client, w.socket, w.operation, w.network, w.module, w.books]
    system = System("winsock_full", *machines, rest=rest)
    promises(system, w, network_down=network_down, timeout=timeout)
    mine = {c: any_of((w.socket.state[s] == "open") & (w.owner[s] == c) for s in w.socket) for c in client}
    ready = {c: (client.state[c] == "idle") & (held[c] > 0) & mine[c] for c in client}
    system.always(
        "an open socket can be closed by whoever opened it",
        any_of(ready.values()).implies(enabled("WSPCloseSocket")),
        id="PW-28.can",
        clause=["SOCK-02", "SOCK-06"],
    )
    idle = {c: client.state[c] == "idle" for c in client}
    starts_asked = happens("WSPStartup").implies(any_of(idle[c] & (held[c] < starts) for c in client))
    cleanup = happens("WSPCleanup", returns=[OK, PENDING, NET_DOWN])
    cleanups_asked = cleanup.implies(any_of(idle[c] & (held[c] > 0) for c in client))
    system.always(
        "clients ask for one thing at a time, within the bounds",
        starts_asked & cleanups_asked,
        clause=["WSP-01", "WSP-14"],
    )
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    _not_vacuous(system, w, clients * starts, network_down, timeout)
    _refines_w0(system, w, clients, sockets, starts, data, open_at_cleanup, timeout=timeout)
    return system


def _clients(client: Machine, w: Full, starts: int, network_down: NetworkDown) -> Term:
    """Clients that clean up once for each start, wait where a call takes time, and call too late now and then."""
    held = client.count("held", up_to=starts)
    given, ready = {held: held - 1}, w.module.state == "mapped"
    client.calls("WSPStartup", source="idle", when=held < starts, then={held: held + 1}, gets=OK, clause="WSP-14")
    client.calls("WSPStartup", source="idle", when=held < starts, gets=FAILURES, clause="WSP-11")
    client.calls("WSPCleanup", source="idle", when=held > 0, then=given, gets=OK, clause="WSP-01")
    client.calls("WSPCleanup", source="idle", dest="waiting", when=held > 0, then=given, gets=PENDING, clause="WSP-01")
    offline = given if network_down == "released" else {}
    client.calls("WSPCleanup", source="idle", when=held > 0, then=offline, gets=NET_DOWN, clause="WSP-22")
    client.calls("WSPCleanup", source="idle", when=(held == 0) & w.down & ready, gets=UNSTARTED, clause="WSP-23")
    client.calls("WSPCleanup.return", source="waiting", dest="idle", gets=[OK, NET_DOWN], fair="weak")
    client.calls("late call", source="idle", when=(held == 0) & w.down, gets=UNSTARTED, clause="WSP-13")
    client.calls(["WSPSocket", "WSPSend"], source="idle", when=held > 0, gets=OK, clause="WSP-13")
    client.calls("WSPRecv", source="idle", when=held > 0, gets=PENDING)
    client.calls("WSPCloseSocket", source="idle", when=held > 0, gets=[OK, WOULD_BLOCK])
    client.calls("WSPCloseSocket", source="idle", dest="closing", when=held > 0, gets=PENDING)
    client.calls("WSPCloseSocket.return", source="closing", dest="idle", gets=OK)
    return held


def _not_vacuous(system: System, w: Full, references: int, network_down: NetworkDown, timeout: bool) -> None:
    """Ask that what the promises are about can happen at all."""
    if references > 1:
        system.sometimes("two references at once", w.references == 2, id="PX-01.2")
        nested = happens("WSPStartup", returns=FAILURES) & ~w.down
        system.sometimes("a nested start fails", nested, id="PX-04.nested")
        system.sometimes("a cleanup is not the last", happens("WSPCleanup", returns=OK), id="PX-01.cleanup")
    for cycles in (2, 3):
        system.sometimes(f"{cycles} complete cycles", w.down & (w.cycles == cycles), id=f"PX-02.{cycles}")
    for number, code in enumerate(FAILURES):
        system.sometimes(f"a start answers {code}", happens("WSPStartup", returns=code), id=f"PX-04.start.{number}")
    if references > 1 or network_down == "refused":
        system.sometimes("a cleanup answers WSAENETDOWN", happens("WSPCleanup", returns=NET_DOWN), id="PX-04.down")
    late = happens("WSPCleanup", returns=UNSTARTED)
    system.sometimes("a surplus cleanup is refused", late, id="PX-04.surplus")
    system.sometimes("a call that comes too late is refused", happens("late call", returns=UNSTARTED), id="PX-04.late")
    first = happens("WSPStartup", returns=FAILURES)
    system.sometimes("a first start fails", first & w.down, id="PX-04.first")
    system.sometimes("the module is freed after a cycle", happens("FreeLibrary") & (w.cycles > 0), id="PX-02.freed")
    recovers = happens("network.recovers") & after(w.network.state == "up")
    system.sometimes("the network recovers", recovers, id="PX-04.recovers")
    if network_down == "released":
        system.sometimes("so does the last", happens("WSPCleanup.return", returns=NET_DOWN), id="PX-04.last")
    if not len(list(w.socket)):
        return
    system.sometimes("a close would block", happens("WSPCloseSocket", returns=WOULD_BLOCK), id="PX-04.close")
    system.sometimes("data comes to the peer", happens("network.peer takes"), id="PX-07.sent")
    for trigger, reason in DISCARDS.items():
        if timeout or trigger != "provider gives up":
            system.sometimes(f"data is discarded: {reason}", happens(trigger), id=f"PX-07.{reason}")
    if len(list(w.operation)):
        pending = [w.operation.state[o] == "pending" for o in w.operation]
        system.sometimes("an operation is cancelled", happens("cancel") & pending[0])
        system.sometimes("an operation completes", happens("operation.completes"))
        system.sometimes("an operation is read", happens("operation.is read"))
        cancels = happens("WSPCloseSocket") & pending[0]
        system.sometimes("a close cancels an operation", cancels)


def _refines_w0(
    system: System,
    w: Full,
    clients: int,
    sockets: int,
    starts: int,
    data: int,
    open_at_cleanup: OpenAtCleanup,
    *,
    timeout: bool,
) -> None:
    """W1 does nothing that W0 does not do: a unit that leaves the provider is one that W0 transmits.

    Without the provider's time-out it comes to rest only where the network is fair in a stronger sense than W0's.
    """
    lingers = {s: w.socket.state[s] == "lingering" for s in w.socket}
    over = {s: lingers[s] & (w.unsent[s] == 0) for s in w.socket}
    shut = {s: where(lingers[s], where(over[s], "none", "closing"), w.socket.state[s]) for s in w.socket}
    system.refines(
        "winsock",
        {
            "provider.state": where(w.tearing, where(w.drained, "freeing", "draining"), w.provider.state),
            "provider.registrations": w.references,
            "client.state": [where(w.client.state[c] == "closing", "idle", w.client.state[c]) for c in w.client],
            "socket.state": [shut[s] for s in w.socket],
            "socket.graceful": [w.graceful(s) & ~over[s] for s in w.socket],
            "socket.owner": [where(lingers[s], None, w.owner[s]) for s in w.socket],
        },
        parameters={
            "clients": clients,
            "sockets": sockets,
            "starts": starts,
            "data": data,
            "open_at_cleanup": open_at_cleanup,
        },
        liveness=["PL-01"] if timeout else [],
    )
