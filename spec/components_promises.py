"""What the components of a process promise each other, and what Ws2_32.dll tells them (requirements, section 3)."""

from quiesce import System, after, all_of, any_of, happens, sum_of
from spec.components import CALLS, FAILURES, IN_PROGRESS, NOT_SOCKET, OK, ON_SOCKETS, PENDING, UNSTARTED, Components


def promises(system: System, w: Components) -> None:
    """Ask of a system everything that section 1.4 promises."""
    _matching(system, w)
    _when_down(system, w)
    _sockets(system, w)
    _results(system, w)
    if w.version == "1.1":
        _blocking(system, w)
    _starting_again(system, w)


def _matching(system: System, w: Components) -> None:
    held, surplus = sum_of(x.held for x in w.components), sum_of(x.surplus for x in w.components)
    system.always(
        "the counter is what the components hold",
        (w.references == surplus) & (w.references == held),
        id="PW-01",
        clause=["WSA-02", "WSP-01"],
    )
    own = [(x.surplus == x.held) & (x.out == (x.surplus == 0)) for x in w.components]
    system.always("each component's own books balance", all_of(own), id="PW-02", clause=["WSA-02", "WSP-11"])
    last = happens("WSACleanup", returns=OK) & (surplus == 1)
    system.always(
        "Winsock ends with the last cleanup and only then",
        (~w.down & after(w.down)) == last,
        id="PW-03",
        clause=["WSA-02", "WSA-05"],
    )


def _when_down(system: System, w: Components) -> None:
    nothing = w.ws2_32.unchanged & w.socket.unchanged
    called = any_of(happens(trigger) for trigger in CALLS)
    refused = any_of(happens(trigger, returns=UNSTARTED) for trigger in CALLS)
    system.always(
        "nothing works when down",
        (w.down & called).implies(refused & nothing),
        id="PW-14",
        clause=["WSA-01", "WSA-05", "WSA-12"],
    )
    used = [any_of(w.by(x.name, trigger) for trigger in CALLS).implies(x.surplus > 0) for x in w.components]
    system.always(
        "a component calls between its start and its cleanup",
        all_of(used),
        id="PW-14.use",
        clause=["WSA-01", "WSA-05", "AVF-E007"],
    )
    mine = [
        any_of(w.by(x.name, trigger) for trigger in ON_SOCKETS).implies(any_of(w.owner[s] == x.name for s in w.socket))
        for x in w.components
    ]
    system.always("a component calls on its own sockets", all_of(mine), id="PW-14.own", clause="SOCK-06")
    served = any_of(happens(trigger, returns=w.served(trigger)) for trigger in CALLS)
    known = any_of(after(w.last) == x.name for x in w.components)
    system.always(
        "only who keeps books is served",
        (served | happens("WSAStartup")).implies(known),
        id="PW-14.served",
        clause=["WSA-01", "WSA-02"],
    )
    stale = [happens(f"{x.name}.ConnectEx").implies(x.valid) for x in w.components]
    system.always(
        "no call goes through a pointer of an earlier start",
        all_of(stale),
        id="PW-14.pointer",
        clause=["WSP-10", "MOD-09", "AVF-E00A"],
    )


def _sockets(system: System, w: Components) -> None:
    """What becomes of sockets at the last cleanup, and that nothing brings them back."""
    states = [w.socket.state[s] for s in w.socket]
    none_open = all_of(state != "open" for state in states)
    used = any_of(happens(trigger) for trigger in ON_SOCKETS)
    refused = any_of(happens(trigger, returns=NOT_SOCKET) for trigger in ON_SOCKETS)
    system.always(
        "an old socket is dead, after a new start too",
        (~w.down & none_open & used).implies(refused),
        id="PW-27",
        clause=["WSA-06", "WSA-12", "SOCK-06"],
    )
    ended = any_of((state == "open") & (after(state) == "old") for state in states)
    system.always(
        "the last cleanup takes every socket away, and only it",
        w.down.implies(none_open) & ended.implies(after(w.down)),
        id="PW-27.last",
        clause=["WSA-02", "WSA-06", "WSA-08"],
    )
    opened = any_of((state != "open") & (after(state) == "open") for state in states)
    closed = any_of((state == "open") & (after(state) == "none") for state in states)
    system.always(
        "socket makes one and closesocket ends one, and nothing else does",
        (opened == happens("socket", returns=OK)) & (closed == happens("closesocket", returns=OK)),
        id="PW-27.own",
        clause=["WSA-01", "SOCK-06"],
    )


def _results(system: System, w: Components) -> None:
    nothing = w.ws2_32.unchanged & w.socket.unchanged
    kept = all_of(after(x.held) == x.held for x in w.components)
    system.always(
        "a failed start says why and changes nothing",
        happens("WSAStartup", returns=FAILURES).implies(nothing & kept),
        id="PW-29",
        clause=["WSA-03", "WSA-11"],
    )
    called = any_of(happens(trigger) for trigger in [*CALLS, "WSACleanup"])
    refused = any_of(happens(trigger, returns=UNSTARTED) for trigger in [*CALLS, "WSACleanup"])
    system.always(
        "after a failed start everything else fails",
        w.failed.implies(w.down & (called.implies(refused))),
        id="PW-29.failed",
        clause=["WSA-10", "WSA-11"],
    )
    system.always(
        "a start that answers 0 counts, and no other",
        (after(w.references) == w.references + 1) == happens("WSAStartup", returns=OK),
        id="PW-29.start",
        clause=["WSA-02", "WSA-03"],
    )
    system.always(
        "a cleanup that answers 0 counts, and no other",
        (after(w.references) == w.references - 1) == happens("WSACleanup", returns=OK),
        id="PW-29.cleanup",
        clause=["WSA-02", "WSA-04"],
    )
    system.always(
        "a cleanup is refused when Winsock is down, and only then",
        happens("WSACleanup").implies(w.down == happens("WSACleanup", returns=UNSTARTED)),
        id="PW-29.surplus",
        clause=["WSA-04", "WSA-12"],
    )
    refusals = {call: [UNSTARTED] for call in [*CALLS, "WSACleanup"]} | {
        call: [UNSTARTED, NOT_SOCKET] for call in ON_SOCKETS
    }
    wrong = [w.by(x.name, call, codes) for x in w.components for call, codes in refusals.items()]
    system.never(
        "who keeps the rules is never told that Winsock is not started",
        any_of(wrong),
        id="PW-29.told",
        clause=["WSA-10", "AVF-E007"],
    )


def _blocking(system: System, w: Components) -> None:
    """A 1.1 client in a blocking call makes no other; what its hook asks for is refused until it has cancelled."""
    busy = happens("WSAStartup", returns=IN_PROGRESS) | happens("WSACleanup", returns=IN_PROGRESS)
    blocked = {x.name: x.machine.state == "blocking" for x in w.components}
    told = [
        w.by(x.name, call).implies(blocked[x.name] == happens(call, returns=IN_PROGRESS))
        for x in w.components
        for call in ("WSAStartup", "WSACleanup")
    ]
    nothing = w.ws2_32.unchanged & w.socket.unchanged & all_of(after(x.held) == x.held for x in w.components)
    system.always(
        "what comes during a blocking call of the same component is refused and changes nothing",
        busy.implies(nothing & any_of(blocked.values())) & all_of(told),
        id="PW-29.busy",
        clause=["WSA-13", "WSA-14"],
    )
    for x in w.components:
        waits, ended = blocked[x.name], happens(f"{x.name}.recv returns") | w.by(x.name, "WSACancelBlockingCall")
        begins = w.by(x.name, "recv", PENDING)
        works = any_of(w.by(x.name, call) for call in CALLS) | happens(f"{x.name}.ConnectEx")
        system.always(
            f"{x.name} blocks from its call to its end, and does nothing else meanwhile",
            ((~waits & after(waits)) == begins) & ((waits & ~after(waits)) == ended) & works.implies(~waits),
            id=f"PW-29.busy.{x.name}",
            clause=["WSA-13", "WSA-14"],
        )


def _starting_again(system: System, w: Components) -> None:
    system.always("cleaned up is as good as new", w.down.implies(w.ws2_32.fresh), id="PR-01", clause="WSA-08")
    begun = all_of(x.out & ~x.pointer for x in w.components)
    clean = w.down & begun & all_of(w.socket.state[s] == "none" for s in w.socket)
    system.bisimilar("a component that is cleaned up behaves as new", clean, id="PR-02", clause=["WSA-08", "WSP-09"])
    for x in w.components:
        system.always_possible(f"{x.name} can begin again", x.surplus > 0, id=f"PR-04.{x.name}", clause="WSA-02")
