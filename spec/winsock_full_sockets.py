"""What W1 promises of sockets: where each unit of their data goes, and what a close does and does not do."""

from quiesce import System, Term, after, all_of, any_of, enabled, happens, sum_of
from spec.winsock_full import DISCARDS, OK, PENDING, WOULD_BLOCK, Full


def promises(system: System, w: Full, *, timeout: bool) -> None:
    """Ask of a system what the contract promises of its sockets."""
    _data(system, w, timeout)
    _moving(system, w, timeout)
    _closing(system, w)
    _sockets(system, w)


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


def _moving(system: System, w: Full, timeout: bool) -> None:
    """Each way out of the provider is open in its circumstances, and in no others; one unit goes at a time."""
    sends = {s: (w.unsent[s] > 0) & w.sending & (w.graceful(s) | (w.provider.state == "up")) for s in w.socket}
    some, online = any_of(sends.values()), w.network.state == "up"
    lingers = any_of(sends[s] & (w.socket.state[s] == "lingering") for s in w.socket)
    ways = {
        "transmit": (some & online & (w.in_kernel < w.kernel), ["WSP-06", "WSP-28"]),
        "timer fires": (lingers, ["SOCK-04"]),
        "peer resets": (some & online, ["SOCK-12"]),
        "network discards": (some & ~online, ["WSP-22"]),
    }
    if timeout:
        ways["provider gives up"] = (some & w.tearing, ["SOCK-10"])
    for trigger, (circumstances, clause) in ways.items():
        reason = DISCARDS.get(trigger, "sent")
        system.always(
            f"data can be {reason if trigger == 'transmit' else f'discarded ({reason})'} there and nowhere else",
            enabled(trigger) == circumstances,
            id=f"PW-06.{reason}",
            clause=clause,
        )
    total = sum_of(w.unsent[s] for s in w.socket)
    hard = all_of((after(w.unsent[s]) < w.unsent[s]).implies(sends[s]) for s in w.socket)
    system.always(
        "one unit leaves at a time, and at the last cleanup from graceful sockets alone",
        any_of(happens(trigger) for trigger in ways).implies((after(total) == total - 1) & hard),
        id="PW-06.one",
        clause=["WSP-06", "SOCK-01", "SOCK-03"],
    )
    taken = happens("network.peer takes") | happens("transmit")
    system.always(
        "the network moves data while it is up",
        taken.implies(online) & (after(w.in_kernel) < w.in_kernel).implies(happens("network.peer takes")),
        id="PW-06.network",
        clause="WSP-30",
    )


def _left_open(w: Full, s: object) -> Term:
    """Whether A-02 lets the last cleanup reset a socket: it is open, and the switch says so."""
    return (w.socket.state[s] == "open") if w.open_at_cleanup == "reset" else any_of()


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


def _sockets(system: System, w: Full) -> None:
    """A close ends the descriptor, and leaves no more than what is still to be sent."""
    state, calls = w.socket.state, happens("WSPCloseSocket")
    ended = {s: (state[s] == "open") & (after(state[s]) != "open") for s in w.socket}
    answered = happens("WSPCloseSocket", returns=[OK, PENDING]).implies(any_of(ended.values()))
    over = any_of((state[s] == "lingering") & (after(state[s]) == "none") for s in w.socket)
    system.always(
        "after a close the descriptor is gone",
        answered & happens("WSPCloseSocket.return").implies(over),
        id="PW-28.gone",
        clause="SOCK-06",
    )
    empty = [(calls & ended[s] & (w.unsent[s] == 0)).implies(after(state[s]) == "none") for s in w.socket]
    system.always("a close with nothing to send is over at once", all_of(empty), id="PW-28.empty", clause="SOCK-12")
    blocks = [(state[s] == "open") & (w.linger[s] == "timed, not blocking") & (w.unsent[s] > 0) for s in w.socket]
    system.always(
        "a close would block where it may not wait and has to",
        happens("WSPCloseSocket", returns=WOULD_BLOCK).implies(any_of(blocks)),
        id="PW-20.why",
        clause="SOCK-05",
    )
    blank = [(state[s] == "none").implies((w.unsent[s] == 0) & (w.owner[s] == None)) for s in w.socket]
    system.always("a socket that is gone has no data", all_of(blank), id="PW-05.sockets", clause=["WSP-08", "WSP-27"])
    ends = [(state[s] == "open") & (after(state[s]) == "none") for s in w.socket]
    system.always(
        "a socket ends when it is closed or torn down",
        any_of(ends).implies(calls | happens("release socket")),
        id="PW-28.ends",
        clause=["SOCK-06", "WSP-27"],
    )
