"""What sharing a socket promises: the socket is there while a descriptor is, and processes leave each other alone."""

from itertools import combinations

from quiesce import F, G, System, Term, after, all_of, any_of, count_of, happens
from spec.duplicates import INVALID, OPEN_RECORD, Duplicates
from spec.winsock import OK, UNSTARTED
from spec.winsock_full import WOULD_BLOCK


def promises(system: System, w: Duplicates) -> None:
    """Ask of a system what the clauses say of shared sockets."""
    _sharing(system, w)
    _closing(system, w)
    _processes(system, w)
    _results(system, w)


def _sharing(system: System, w: Duplicates) -> None:
    opened = [w.descriptor.state[d] == "open" for d in w.descriptor]
    system.always(
        "the socket is there while some descriptor is open, and no longer",
        (w.socket.state == "open") == any_of(opened),
        id="PW-21",
        clause=["SOCK-07", "SOCK-14"],
    )
    system.always(
        "the socket counts its descriptors",
        w.descriptors == count_of(opened),
        id="PW-21.count",
        clause="SOCK-07",
    )
    again = happens(OPEN_RECORD, returns=OK).implies((w.record == "good") & (after(w.record) != "good"))
    system.always("a record opens one descriptor", again, id="PW-21.record", clause="SOCK-14")
    refused = happens(OPEN_RECORD, returns=INVALID)
    nothing = w.provider.unchanged & w.descriptor.unchanged & w.socket.unchanged
    system.always(
        "a record that is spent, or another's, opens none and changes nothing",
        (happens(OPEN_RECORD) & (w.record != "good")).implies(refused) & refused.implies(nothing),
        id="PW-21.spent",
        clause="SOCK-14",
    )
    fresh = (w.socket.state == "none").implies(w.socket.fresh)
    system.always("nothing of the socket outlives it", fresh, id="PW-21.fresh", clause=["SOCK-07", "SOCK-14"])


def _closing(system: System, w: Duplicates) -> None:
    nothing = w.provider.unchanged & w.descriptor.unchanged & w.socket.unchanged
    would = happens("WSPCloseSocket", returns=WOULD_BLOCK)
    last = (w.descriptors == 1) & (w.unsent > 0) & (w.linger == "timed, not blocking")
    system.always("a close that would block does nothing", would.implies(nothing), id="PW-20", clause="SOCK-05")
    system.always(
        "only that of the last descriptor would block, for data of a socket that must not",
        happens("WSPCloseSocket").implies(would == last),
        id="PW-20.when",
        clause=["SOCK-02", "SOCK-05", "SOCK-14"],
    )
    system.always_possible(
        "a socket can be closed at last", w.socket.state == "none", id="PW-20.again", clause=["SOCK-05", "SOCK-07"]
    )
    ended = (w.socket.state == "open") & (after(w.socket.state) == "none")
    system.always(
        "no data is lost but that of a socket of zero linger, with the socket",
        (after(w.unsent) < w.unsent).implies(happens("socket.transmit") | ((w.linger == "zero") & ended)),
        id="PW-06",
        clause=["WSP-06", "WSP-28", "SOCK-02", "SOCK-03", "SOCK-14"],
    )
    system.always(
        "what is transmitted is one unit",
        happens("socket.transmit").implies(after(w.unsent) == w.unsent - 1),
        id="PW-06.unit",
        clause="SOCK-02",
    )
    zero = (w.socket.state == "open") & (after(w.socket.state) != "open") & (w.linger == "zero")
    system.always(
        "a socket of zero linger ends at once", zero.implies(ended), id="PW-28.zero", clause=["SOCK-03", "SOCK-07"]
    )
    system.holds(
        "every unit of data leaves the socket",
        G((w.unsent > 0).implies(F(after(w.unsent) < w.unsent))),
        id="PL-02",
        clause=["WSP-06", "SOCK-02"],
    )
    system.holds(
        "a socket that is closing is gone in the end",
        G((w.socket.state == "closing").implies(F(w.socket.state == "none"))),
        id="PL-06",
        clause=["SOCK-02", "SOCK-10"],
    )


def _processes(system: System, w: Duplicates) -> None:
    """Every process has books of its own; the socket alone is common."""
    changed = {p: _changes(w, p) for p in w.provider}
    alone = [~(changed[p] & changed[q]) for p, q in combinations(w.provider, 2)]
    system.always(
        "a step changes what one process has, and leaves the others alone",
        all_of(alone),
        id="PW-15",
        clause=["WSP-03", "WSP-12", "SOCK-14"],
    )
    own = [w.references[p] == total for p, total in w.surplus.items()]
    system.always("each process has a count of its own", all_of(own), id="PW-01", clause=["WSP-01", "WSP-03"])
    down = {p: w.provider.state[p] == "down" for p in w.provider}
    system.always(
        "a process that is down has no start and no descriptor",
        all_of(down[p] == (w.references[p] == 0) for p in w.provider)
        & all_of(down[p].implies(w.of(p) == 0) for p in w.provider),
        id="PW-05",
        clause=["WSP-08", "WSP-27", "WSP-03"],
    )
    system.never(
        "no call comes from a process that is down, or on a descriptor of another",
        w.strayed,
        id="PW-14",
        clause=["WSP-13", "SOCK-06"],
    )
    known = [w.handles[p] == w.of(p) for p in w.provider]
    system.always("every descriptor has a handle, and no other is left", all_of(known), id="PW-19", clause="SOCK-13")


def _changes(w: Duplicates, p: object) -> Term:
    """Whether a step changes what one process has: its count, its handles, its descriptors."""
    kept = (after(w.references[p]) == w.references[p]) & (after(w.of(p)) == w.of(p))
    return ~kept | (after(w.handles[p]) != w.handles[p])


def _results(system: System, w: Duplicates) -> None:
    idle = all_of(w.provider.state[p] == "down" for p in w.provider)
    nothing = w.provider.unchanged & w.descriptor.unchanged & w.socket.unchanged
    refused = happens("WSPCleanup", returns=UNSTARTED)
    system.always("a surplus cleanup changes nothing", refused.implies(nothing), id="PW-10", clause="WSP-23")
    clean = idle & (w.socket.state == "none")
    system.bisimilar("cleaned up behaves as new", clean, id="PR-02", clause=["WSP-09", "SOCK-14"])
