"""What W1 promises: the properties of the catalogue (requirements, section 3) that speak of one provider's calls."""

from quiesce import F, G, System, Term, after, all_of, any_of, happens, strong, sum_of, weak
from spec import winsock_full_sockets as sockets
from spec.promises import as_good_as_new
from spec.winsock import UNSTARTED
from spec.winsock_full import (
    ABORTED,
    FAILURES,
    NET_DOWN,
    OK,
    PENDING,
    Full,
    NetworkDown,
)

TEARDOWN = ["cancel", "drained", "provider.join worker", "provider.restore statics", "release socket"]
CALLS = ["WSPStartup", "WSPCleanup", "late call", "WSPSocket", "WSPSend", "WSPRecv", "WSPCloseSocket"]


def promises(system: System, w: Full, *, network_down: NetworkDown, timeout: bool) -> None:
    """Ask of a system everything that the contract promises of one provider."""
    _counting(system, w, network_down)
    _order(system, w)
    sockets.promises(system, w, timeout=timeout)
    _operations(system, w)
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


def _order(system: System, w: Full) -> None:
    """The table of the teardown's steps: what each of them comes after, and that none is taken twice."""
    freed = any_of(after(resource) < resource for resource in w.resources.values())
    none = all_of(resource == 0 for resource in w.resources.values())
    over, statics = w.cancelled & w.drained, w.stopping | w.initialised
    before = {
        happens("cancel"): ~w.cancelled,
        happens("drained"): ~w.drained,
        happens("release socket"): over & ~w.no_sockets,
        freed: over & ~w.worker & w.no_sockets,
        happens("provider.restore statics"): none & statics,
        happens("WSPCleanup.return"): none & ~statics,
    }
    system.always(
        "each step of the teardown comes after those that it needs, and once",
        all_of(step.implies(w.tearing & due) for step, due in before.items()),
        id="PW-04.order",
        clause=["WSP-07", "WSP-08", "WSP-10", "WSP-26", "WSP-27", "WSP-29"],
    )
    total = sum_of(w.unsent[s] for s in w.socket)
    system.always(
        "ready at the return of the last cleanup",
        happens("WSPCleanup.return").implies((total == 0) & ~w.worker & _no_operation(w)),
        id="PW-07",
        clause=["WSP-10", "WSP-29", "WSP-30"],
    )
    works = (w.provider.state == "up") | (w.tearing & ~w.drained)
    held = all_of(resource == 1 for resource in w.resources.values())
    system.always(
        "what is needed is held until it is drained",
        works.implies(held) & (w.provider.state == "up").implies(w.worker),
        id="PW-04.held",
        clause=["WSP-07", "WSP-13"],
    )


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
    pending = {o: w.operation.state[o] == "pending" for o in w.operation}
    system.always(
        "the last cleanup cancels everything that is pending",
        happens("cancel").implies(all_of(~after(pending[o]) for o in w.operation)),
        id="PW-08.all",
        clause="WSP-26",
    )
    on = {o: any_of((w.target[o] == s) & (w.socket.state[s] == "open") for s in w.socket) for o in w.operation}
    system.always(
        "what is pending is pending on a socket that is open, and is not told of",
        all_of(pending[o].implies(on[o] & ~w.notified[o] & (w.status[o] == OK)) for o in w.operation),
        id="PW-08.pending",
        clause="SOCK-08",
    )
    done = {o: (w.operation.state[o] == "done") & (w.status[o] == OK) for o in w.operation}
    system.always(
        "who completes is told",
        all_of(done[o].implies(w.notified[o]) for o in w.operation),
        id="PW-08.told",
        clause="SOCK-08",
    )
    over = [(w.operation.state[o] == "done") & (after(w.operation.state[o]) == "none") for o in w.operation]
    read = happens("operation.is read").implies(any_of(over))
    if over:
        system.always("what is over is read once", read, id="PW-08.read", clause="SOCK-08")


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
    works = (w.provider.state != "down") & all_of(resource >= 1 for resource in w.resources.values()) & w.worker
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
    offline = w.network.state == "down"
    system.always(
        "WSAENETDOWN means that the network is down",
        (happens("WSPCleanup", returns=NET_DOWN) | happens("WSPCleanup.return", returns=NET_DOWN)).implies(offline),
        id="PW-11.down",
        clause="WSP-22",
    )
    done = happens("WSPCleanup", returns=OK)
    if network_down == "released":
        done = done | happens("WSPCleanup.return", returns=OK)
    system.always("and 0 that it is up", done.implies(~offline), id="PW-11.up", clause="WSP-22")
    changes = (happens("network.fails") | happens("network.recovers")).implies(~w.network.unchanged)
    system.always("the network fails while it is up, and recovers", changes, clause="WSP-22")
    calls = [*CALLS] if len(list(w.operation)) else [call for call in CALLS if call != "WSPRecv"]
    called = [call for call in calls if len(list(w.socket)) or call in ("WSPStartup", "WSPCleanup", "late call")]
    late = happens("late call").implies(happens("late call", returns=UNSTARTED) & nothing)
    system.always("nothing works when down", late, id="PW-14", clause="WSP-13")
    system.always(
        "the module is mapped while it is in use",
        ((w.provider.state != "down") | any_of(happens(call) for call in called)).implies(w.module.state == "mapped"),
        id="PW-14.mapped",
        clause=["MOD-01", "WSP-10"],
    )
    mapped, loaded, freed = w.module.state == "mapped", happens("LoadLibrary"), happens("FreeLibrary")
    system.always(
        "the module is loaded when it is not there, and freed when it is",
        ((~mapped & after(mapped)) == loaded) & ((mapped & ~after(mapped)) == freed),
        id="PW-24",
        clause=["WSP-32", "WSP-33"],
    )


def _starting_again(system: System, w: Full) -> None:
    as_good_as_new(system, w)
    startable = w.provider.accepts("WSPStartup", returns=OK)
    system.always(
        "it can be started the moment the last cleanup returns",
        happens("WSPCleanup.return").implies(after(startable)),
        id="PR-04",
        clause="WSP-09",
    )
    system.always_possible(
        "it can always be started again", w.provider.state == "up", id="PR-04.again", clause="WSP-09"
    )
    idle = all_of(w.client.state[c] == "idle" for c in w.client) & (w.in_kernel == 0)
    rested = idle & (w.network.state == "up")
    nothing_asked = all_of(w.operation.state[o] == "none" for o in w.operation)
    system.bisimilar(
        "cleaned up behaves as new", w.down & rested & nothing_asked, id="PR-02", clause=["WSP-09", "MOD-13"]
    )


def _coming_to_rest(system: System, w: Full, timeout: bool) -> None:
    """Of itself the network is not fair; the provider, its timer and its callers go on, as their rows say."""
    own = [weak(trigger) for trigger in (*TEARDOWN, *(f"provider.free {name}" for name in w.resources))]
    own.append(weak("WSPCleanup.return"))
    network = [strong("transmit"), strong("network discards"), strong("network.peer takes")]
    if timeout:
        system.leads_to(
            "the last cleanup comes to an end, whatever the network does",
            w.tearing,
            w.down,
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
        id="PL-07",
        clause="SOCK-04",
    )
