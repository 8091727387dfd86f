"""What W1 promises: the properties of the catalogue (requirements, section 3) that speak of one provider's calls."""

from quiesce import F, G, System, Term, after, all_of, any_of, happens, strong, sum_of, weak
from spec.winsock import UNSTARTED
from spec.winsock_full import (
    ABORTED,
    DISCARDS,
    FAILURES,
    NET_DOWN,
    OK,
    PENDING,
    WOULD_BLOCK,
    Full,
    NetworkDown,
)

TEARDOWN = ["cancel", "drained", "provider.join worker", "provider.restore statics", "release socket"]


def promises(system: System, w: Full, *, network_down: NetworkDown, timeout: bool) -> None:
    """Ask of a system everything that the contract promises of one provider."""
    _counting(system, w, network_down)
    _data(system, w, timeout)
    _operations(system, w)
    _closing(system, w)
    _results(system, w, network_down)
    _starting_again(system, w)
    _coming_to_rest(system, w, timeout)


def _counting(system: System, w: Full, network_down: NetworkDown) -> None:
    counted = [OK, PENDING, NET_DOWN] if network_down == "released" else [OK, PENDING]
    system.always(
        "cleanups match startups",
        (w.references == w.surplus) & (w.references >= 0),
        id="PW-01",
        clause=["WSP-01", "WSP-02", "WSP-11", "WSP-14"],
    )
    system.always("the books balance at rest", w.down.implies(w.surplus == 0), id="PW-02", clause="WSP-01")
    last = happens("WSPCleanup", returns=counted) & (w.surplus == 1)
    system.always(
        "teardown starts with the last cleanup and only then",
        (~w.tearing & after(w.tearing)) == last,
        id="PW-03",
        clause=["WSP-04", "WSP-05", "WSP-24"],
    )
    system.always(
        "resources reach zero",
        w.down.implies(_nothing_held(w)),
        id="PW-05",
        clause=["WSP-08", "WSP-10"],
    )


def _nothing_held(w: Full) -> Term:
    return all_of(resource == 0 for resource in w.resources.values()) & w.no_sockets & ~w.worker & _no_operation(w)


def _no_operation(w: Full) -> Term:
    return all_of(w.operation.state[o] != "pending" for o in w.operation)


def _data(system: System, w: Full, timeout: bool) -> None:
    """Where a unit of data may go, and when."""
    freed = any_of(after(resource) < resource for resource in w.resources.values())
    reset = happens("release socket")
    quiet = all_of(~w.owes(s) | _left_open(w, s) for s in w.socket)
    system.always("drain before free", (freed | reset).implies(quiet), id="PW-04", clause=["WSP-06", "WSP-07"])
    reasons = any_of(happens(trigger) for trigger in DISCARDS if timeout or trigger != "provider gives up")
    leaves = {s: w.owes(s) & (after(w.unsent[s]) < w.unsent[s]) for s in w.socket}
    allowed = happens("transmit") | reasons | any_of(happens("drained") & _left_open(w, s) for s in w.socket)
    system.always(
        "no graceful data is lost without a cause",
        any_of(leaves.values()).implies(allowed),
        id="PW-06",
        clause=["WSP-06", "WSP-28", "WSP-30", "SOCK-02", "SOCK-04", "SOCK-10"],
    )
    total = sum_of(w.unsent[s] for s in w.socket)
    system.always(
        "what is transmitted arrives in the kernel",
        happens("transmit").implies((after(total) == total - 1) & (after(w.in_kernel) == w.in_kernel + 1)),
        id="PW-06.kernel",
        clause="WSP-30",
    )
    system.always(
        "ready at the return of the last cleanup",
        happens("WSPCleanup.return").implies((total == 0) & ~w.worker & _no_operation(w)),
        id="PW-07",
        clause=["WSP-10", "WSP-29", "WSP-30"],
    )


def _left_open(w: Full, s: object) -> Term:
    """Whether A-02 lets the last cleanup reset a socket: it is open, and the switch says so."""
    return (w.socket.state[s] == "open") if w.open_at_cleanup == "reset" else any_of()


def _operations(system: System, w: Full) -> None:
    silent = [
        ((w.operation.state[o] == "pending") & (after(w.operation.state[o]) != "pending")).implies(
            (after(w.status[o]) == ABORTED) & ~after(w.notified[o])
        )
        for o in w.operation
    ]
    told = [
        ((w.operation.state[o] == "pending") & (after(w.operation.state[o]) != "pending")).implies(
            (after(w.status[o]) == ABORTED) & after(w.notified[o])
        )
        for o in w.operation
    ]
    system.always(
        "the last cleanup cancels in silence, a close says so",
        happens("cancel").implies(all_of(silent)) & happens("WSPCloseSocket").implies(all_of(told)),
        id="PW-08",
        clause=["WSP-25", "WSP-26", "SOCK-08"],
    )
    late = w.tearing & w.cancelled | w.down
    quiet = all_of(after(w.notified[o]).implies(w.notified[o]) for o in w.operation)
    system.always("nothing completes after that", late.implies(quiet), id="PW-08.late", clause=["WSP-25", "WSP-26"])


def _closing(system: System, w: Full) -> None:
    """What WSPCloseSocket answers, and what it does and does not do."""
    blocked = happens("WSPCloseSocket", returns=WOULD_BLOCK)
    system.always(
        "a close that would block does nothing",
        blocked.implies(w.socket.unchanged & w.operation.unchanged & w.provider.unchanged),
        id="PW-20",
        clause="SOCK-05",
    )
    ended = {s: (w.socket.state[s] == "open") & (after(w.socket.state[s]) != "open") for s in w.socket}
    kept = [
        (happens("WSPCloseSocket") & ended[s] & w.owes(s)).implies(after(w.unsent[s]) == w.unsent[s]) for s in w.socket
    ]
    system.always("a graceful close keeps the data", all_of(kept), id="PW-28", clause=["SOCK-02", "SOCK-12"])
    zero = {s: ended[s] & (w.linger[s] == "zero") & happens("WSPCloseSocket") for s in w.socket}
    gone = [zero[s].implies((after(w.socket.state[s]) == "none") & (after(w.unsent[s]) == 0)) for s in w.socket]
    system.always("zero linger resets at once", all_of(gone), id="PW-28.zero", clause=["SOCK-03", "SOCK-11"])
    waits = {s: ended[s] & (w.linger[s] == "timed") & (w.unsent[s] > 0) & happens("WSPCloseSocket") for s in w.socket}
    system.always(
        "a blocking close waits for its data",
        all_of(waits[s].implies(after(w.socket.state[s]) == "lingering") for s in w.socket),
        id="PW-28.timed",
        clause="SOCK-04",
    )


def _results(system: System, w: Full, network_down: NetworkDown) -> None:
    nothing = w.provider.unchanged & w.socket.unchanged & w.operation.unchanged
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
    ok = happens("WSPStartup", returns=OK)
    works = (w.provider.state != "down") & all_of(resource >= 1 for resource in w.resources.values())
    system.always(
        "a start that answers 0 has set everything up",
        ok.implies(after(works) & (after(w.references) == w.references + 1)),
        id="PW-11",
        clause=["WSP-17", "WSP-20"],
    )
    counts = happens("WSPCleanup", returns=[OK, PENDING, NET_DOWN] if network_down == "released" else [OK, PENDING])
    system.always(
        "a cleanup that counts says so",
        (after(w.references) < w.references) == counts,
        id="PW-11.cleanup",
        clause="WSP-22",
    )
    late = happens("late call").implies(happens("late call", returns=UNSTARTED) & nothing)
    system.always("nothing works when down", late, id="PW-14", clause="WSP-13")
    system.always(
        "the module is mapped while it is in use",
        (w.provider.state != "down").implies(w.module.state == "mapped"),
        id="PW-14.mapped",
        clause=["MOD-01", "WSP-10"],
    )


def _starting_again(system: System, w: Full) -> None:
    system.always(
        "cleaned up is as good as new",
        w.down.implies(w.provider.fresh & w.socket.fresh),
        id="PR-01",
        clause=["WSP-09", "MOD-13"],
    )
    system.always(
        "cycles do not accumulate",
        all_of(resource <= 1 for resource in w.resources.values()),
        id="PR-03",
        clause="WSP-08",
    )
    startable = w.provider.accepts("WSPStartup", returns=OK)
    system.always(
        "it can be started the moment the last cleanup returns",
        happens("WSPCleanup.return").implies(after(startable)),
        id="PR-04",
        clause="WSP-09",
    )
    idle = all_of(w.client.state[c] == "idle" for c in w.client) & (w.in_kernel == 0)
    rested = idle & (w.network.state == "up")
    nothing_asked = all_of(w.operation.state[o] == "none" for o in w.operation)
    system.bisimilar(
        "cleaned up behaves as new", w.down & rested & nothing_asked, id="PR-02", clause=["WSP-09", "MOD-13"]
    )


def _coming_to_rest(system: System, w: Full, timeout: bool) -> None:
    own = [weak(trigger) for trigger in (*TEARDOWN, *(f"provider.free {name}" for name in w.resources))]
    own.append(weak("WSPCleanup.return"))
    network = [strong("transmit"), strong("network discards"), strong("network.peer takes")]
    if timeout:
        system.leads_to(
            "the last cleanup comes to an end, whatever the network does",
            w.tearing,
            w.down,
            assuming=[*own, weak("provider gives up")],
            id="PL-01",
            clause=["WSP-06", "WSP-07", "WSP-08", "SOCK-10"],
        )
    else:
        system.leads_to(
            "the last cleanup comes to an end",
            w.tearing,
            w.down,
            assuming=[*own, *network],
            id="PL-01",
            clause=["WSP-06", "WSP-07", "WSP-08", "SOCK-10"],
        )
    pending = [w.tearing & (w.operation.state[o] == "pending") for o in w.operation]
    ended = [w.operation.state[o] != "pending" for o in w.operation]
    system.holds(
        "what is pending at the teardown ends",
        all_of(G(before.implies(F(end))) for before, end in zip(pending, ended, strict=True)),
        assuming=[weak("cancel")],
        id="PL-04",
        clause=["WSP-25", "WSP-26"],
    )
    closing = [(w.socket.state[s] == "closing").implies(F(w.socket.state[s] == "none")) for s in w.socket]
    system.holds(
        "a socket that is closing is gone in the end",
        all_of(G(end) for end in closing),
        assuming=network,
        id="PL-06",
        clause="SOCK-10",
    )
    back = [(w.client.state[c] == "closing").implies(F(w.client.state[c] == "idle")) for c in w.client]
    system.holds(
        "a close that lingers returns, whatever the network does",
        all_of(G(end) for end in back),
        assuming=[weak("timer fires"), weak("WSPCloseSocket.return")],
        id="PL-07",
        clause="SOCK-04",
    )
