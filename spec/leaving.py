"""What becomes of the data of an application that sends, closes its socket, cleans up and ends.

Data goes from the provider, which is part of the process, to the kernel's part of the stack, which outlives it, and on
to the peer. The last WSACleanup returns when nothing is left in the provider (WSP-30). A process that ends before that
takes the rest along: A-13 allows that loss with the reason processKilled alone. Who must be sure that the peer has
everything calls shutdown first and waits for the peer's close (SOCK-18).
"""

from dataclasses import dataclass
from typing import Literal

from quiesce import F, G, Machine, System, Term, after, enabled, happens

OK, PENDING = "0", "pending"
Exit = Literal["orderly", "at once"]
STATES = ["out", "in", "open", "shut", "sure", "closed", "leaving", "cleaned", "gone"]
"""Of the application: `shut` waits for the peer's close, `sure` has seen it, `leaving` is in its last WSACleanup."""


@dataclass(frozen=True)
class Leaving:
    """The machines on the way of the data, and the terms that rules, properties and defects share."""

    app: Machine
    provider: Machine
    kernel: Machine
    peer: Machine
    books: Machine
    accepted: Term
    event: Term
    unsent: Term
    queued: Term
    received: Term
    discarded: Term
    data: int
    exit: Exit

    @property
    def under_way(self) -> Term:
        """How many units are neither with the peer nor discarded."""
        return self.unsent + self.queued

    @property
    def ended(self) -> Term:
        """The application sends no more: the end of the stream follows its data."""
        return self.app.state.is_in(["shut", "sure", "closed", "leaving", "cleaned", "gone"])


def contract(*, data: int, exit: Exit) -> Leaving:
    """Return the application, the parts of the stack, the peer, and the books of what was discarded."""
    app, provider = Machine("app", states=STATES), Machine("provider", states=["none", "open", "closing"])
    kernel, peer = Machine("kernel"), Machine("peer", states=["open", "closed", "reset"])
    books = Machine("books", observer=True)
    w = Leaving(
        app=app,
        provider=provider,
        kernel=kernel,
        peer=peer,
        books=books,
        accepted=app.count("accepted", up_to=data),
        event=app.flag("event"),
        unsent=provider.count("unsent", up_to=data),
        queued=kernel.count("queued", up_to=data),
        received=peer.count("received", up_to=data),
        discarded=books.count("discarded", up_to=data),
        data=data,
        exit=exit,
    )
    _working(w)
    _ending(w)
    _moving(w)
    return w


def _working(w: Leaving) -> None:
    """The application sends, and closes at once, or shuts down and waits for the peer's close before."""
    app, provider, unsent = w.app, w.provider, w.unsent
    app.step("WSAStartup", source="out", dest="in", clause="WSA-01")
    app.calls("socket", source="in", dest="open", clause="WSA-01")
    provider.on("socket", source="none", dest="open", returns=OK, clause="SOCK-01")
    more = {w.accepted: w.accepted + 1}
    app.calls("send", source="open", when=w.accepted < w.data, then=more, clause="WSA-01")
    alive = w.peer.state != "reset"
    provider.on("send", source="open", when=alive, then={unsent: unsent + 1}, returns=OK, clause="SOCK-01")
    # Whoever made the event object by which the peer's close is told also destroys it.
    app.step("WSACreateEvent", source="open", when=~w.event, then={w.event: True}, clause="SOCK-17")
    app.step("shutdown", source="open", dest="shut", when=w.event, clause=["SOCK-12", "SOCK-18"])
    app.step("FD_CLOSE", source="shut", dest="sure", when=w.peer.state == "closed", clause="SOCK-18")
    refused = w.peer.state == "reset"
    app.calls("closesocket", source=["open", "sure"], dest="closed", clause=["SOCK-02", "SOCK-16"])
    app.calls("closesocket", source="shut", dest="closed", when=refused, clause="SOCK-12")
    provider.on("closesocket", source="open", dest="closing", when=unsent > 0, returns=OK, clause="SOCK-02")
    provider.on("closesocket", source="open", dest="none", when=unsent == 0, returns=OK, clause="SOCK-02")
    app.step("WSACloseEvent", source="closed", when=w.event, then={w.event: False}, clause="SOCK-17")


def _ending(w: Leaving) -> None:
    """The last WSACleanup returns when the provider has nothing left; a process may end without it (WSP-31)."""
    app, provider = w.app, w.provider
    app.calls("WSACleanup", source="closed", dest="leaving", when=~w.event, gets=PENDING, clause="WSA-02")
    provider.on("WSACleanup", returns=PENDING, clause="WSP-28")
    app.calls("WSACleanup.return", source="leaving", dest="cleaned", gets=OK, clause="WSP-29")
    provider.on("WSACleanup.return", source="none", returns=OK, clause=["WSP-29", "WSP-30"])
    sources = ["cleaned"] if w.exit == "orderly" else [state for state in STATES if state not in ("out", "gone")]
    app.calls("exit", source=sources, dest="gone", then={w.event: False}, clause=["WSP-31", "MOD-12"])
    provider.on("exit", dest="none", then={w.unsent: 0}, clause=["WSP-31", "WSA-07"])
    w.books.on("exit", then={w.discarded: w.discarded + w.unsent}, clause="WSA-07")


def _moving(w: Leaving) -> None:
    """A unit goes to the kernel and to the peer; a connection that the peer resets takes along what is under way."""
    provider, kernel, peer = w.provider, w.kernel, w.peer
    unsent, queued = w.unsent, w.queued
    fewer = {unsent: unsent - 1}
    provider.on("transmit", source="open", when=unsent > 0, then=fewer, clause="WSP-06")
    if w.data > 1:
        provider.on("transmit", source="closing", when=unsent > 1, then=fewer, clause="WSP-28")
    last = unsent == 1
    provider.on("transmit", source="closing", dest="none", when=last, then=fewer, clause="WSP-28")
    kernel.on("transmit", then={queued: queued + 1}, clause="WSP-30")
    kernel.on("deliver", when=queued > 0, then={queued: queued - 1}, clause="WSP-30")
    peer.on("deliver", source="open", then={w.received: w.received + 1}, clause="SOCK-18")
    all_there = w.ended & (w.received == w.accepted)
    peer.step("closes", source="open", dest="closed", when=all_there, clause="SOCK-18")
    peer.calls("reset", source="open", dest="reset", clause="SOCK-12")
    provider.on("reset", source=["none", "open"], then={unsent: 0}, clause="SOCK-12")
    provider.on("reset", source="closing", dest="none", then={unsent: 0}, clause="SOCK-12")
    kernel.on("reset", then={queued: 0}, clause="SOCK-12")
    w.books.on("reset", then={w.discarded: w.discarded + w.under_way}, clause="SOCK-12")


# -- what is promised -------------------------------------------------------------------------------------------------


def promises(system: System, w: Leaving) -> None:
    """Ask of a system where the data may go; with an orderly exit none is lost because the process ended."""
    fewer = after(w.unsent) < w.unsent
    allowed = happens("transmit") | happens("reset")
    if w.exit == "at once":
        allowed = allowed | happens("exit")
    system.always(
        "no data leaves the provider but to the kernel, or for a reason that is allowed",
        fewer.implies(allowed),
        id="PW-06",
        clause=["WSP-28", "WSP-30", "WSA-07", "SOCK-18"],
    )
    system.always(
        "each unit is in one place",
        w.accepted == w.under_way + w.received + w.discarded,
        id="PW-06.total",
        clause=["WSP-30", "SOCK-02"],
    )
    system.always(
        "data in the kernel outlives the process",
        happens("exit").implies((after(w.queued) == w.queued) & (after(w.received) == w.received)),
        id="PW-06.kernel",
        clause=["WSP-30", "WSP-31"],
    )
    system.always(
        "who has seen the peer close knows that it has everything",
        (w.app.state == "sure").implies(w.received == w.accepted),
        id="PW-06.sure",
        clause="SOCK-18",
    )
    returned, idle = happens("WSACleanup.return"), (w.unsent == 0) & (w.provider.state == "none")
    returnable = (w.app.state == "leaving") & (w.unsent == 0)
    system.always(
        "the last cleanup returns when the provider has nothing left, and then at once",
        returned.implies(idle) & (returnable == enabled("WSACleanup.return")),
        id="PW-07",
        clause=["WSP-29", "WSP-30"],
    )
    has = w.app.state.is_in(["open", "shut", "sure"])
    system.always(
        "the provider keeps a socket until it is closed, and after that for its data alone",
        (has == (w.provider.state == "open")) & ((w.provider.state == "closing") == (~has & (w.unsent > 0))),
        id="PW-05",
        clause=["WSP-28", "SOCK-10"],
    )
    _ordering(system, w)
    _coming_to_an_end(system, w)


def _ordering(system: System, w: Leaving) -> None:
    """Say in which order the application goes, and what it does not wait for."""
    state = w.app.state
    over = state.is_in(["leaving", "cleaned", "gone"])
    made, destroyed = happens("app.WSACreateEvent"), happens("app.WSACloseEvent")
    system.always(
        "who makes an event object destroys it",
        over.implies(~w.event) & made.implies(~w.event) & destroyed.implies(w.event),
        id="PW-05.event",
        clause="SOCK-17",
    )
    closes, waits, reset = happens("closesocket"), state == "shut", w.peer.state == "reset"
    heard = happens("app.FD_CLOSE").implies(waits)
    system.always(
        "who has shut down waits for the peer, with an event object, and closes then",
        waits.implies(w.event & closes.implies(reset)) & heard,
        id="PW-06.wait",
        clause=["SOCK-17", "SOCK-18"],
    )
    closable = state.is_in(["open", "sure"]) | (waits & reset)
    system.always(
        "a close waits for nothing, and nobody is told when its data is out",
        closable.implies(enabled("closesocket")) & closes.implies(after(state) == "closed"),
        id="PW-28",
        clause=["SOCK-02", "SOCK-16"],
    )
    cleanable = ((state == "closed") & w.event).implies(enabled("app.WSACloseEvent"))
    system.always("an event object can be destroyed", cleanable, id="PW-05.destroy", clause="SOCK-17")
    if w.exit == "at once":
        running = ~state.is_in(["out", "gone"])
        system.always("a process may end at any time", running == enabled("exit"), id="PW-25.any", clause="WSP-31")
    ends = (state != "gone") & (after(state) == "gone")
    system.always("the process ends by its exit", ends == happens("exit"), id="PW-25", clause=["WSP-31", "MOD-12"])


def _coming_to_an_end(system: System, w: Leaving) -> None:
    """Say that nothing stops: every run of this model has an end, so no fairness is needed."""
    leaving = w.app.state == "leaving"
    system.leads_to("the last cleanup comes to an end", leaving, ~leaving, id="PL-01", clause=["WSP-28", "WSP-29"])
    some = w.under_way > 0
    system.leads_to("all data comes to its end", some, ~some, id="PL-02", clause=["WSP-28", "WSP-30"])
    moves = (w.unsent > 0).implies(enabled("transmit")) & (w.queued > 0).implies(enabled("deliver"))
    system.always("what is to be sent can be sent", moves, id="PL-02.moves", clause=["WSP-28", "WSP-30"])
    heard = w.peer.state.is_in(["reset", "closed"])
    told = (w.app.state == "shut").implies(F(heard))
    system.holds("who waits for the peer hears of it", G(told), id="PL-06", clause="SOCK-18")
    stays = (w.peer.state == "reset").implies(after(w.peer.state) == "reset")
    system.always(
        "the peer may reset the connection until it has closed, and once",
        ((w.peer.state == "open") == enabled("reset")) & stays,
        id="PW-28.reset",
        clause="SOCK-12",
    )
