"""W2: Ws2_32.dll, layered protocols over a base, and the modules they are in.

Each caller loads the module of the provider below it, starts it, checks what came back, and gives all of it up in the
opposite order. Ws2_32.dll does so at the first socket, a layer in its own start or at the first socket (LSP-03). Calls
take time and return as events of their own, named after the provider that is called. Requirements, section 2.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quiesce import Machine, Term

OK, PENDING, WOULD_BLOCK = "0", "pending", "WSAEWOULDBLOCK"
HANDLE, NULL = "handle", "NULL"
FAILED, INVALID, UNSTARTED = "WSAEPROVIDERFAILEDINIT", "WSAEINVALIDPROVIDER", "WSANOTINITIALISED"
OLD, HOLE = "0, version 1.1", "0, a table with a hole"
SUCCESSES = [OK, OLD, HOLE]
"""What a start answers that counts; whoever made it can live with the first one only (WSP-16, WSP-20)."""
CREATE, CLOSE = "WPUCreateSocketHandle", "WPUCloseSocketHandle"
CALLS = ["WSPStartup", "WSPSocket", "WSPSend", "WSPCloseSocket", "WSPCleanup"]
Start = Literal["eager", "lazy"]
RESTING = ["down", "up"]
STARTING = ["to load", "to start", "starting", "to undo", "undoing", "to unload"]
ENDING = ["to clean", "cleaning", "to free"]


@dataclass(frozen=True)
class Caller:
    """Who uses a provider: whether it holds a reference to its module, and how many cleanups it owes it.

    It goes on from `then` where it has started the provider, from `otherwise` where it could not, and from `ended`
    where it has given it up.
    """

    name: str
    machine: Machine
    below: str
    loaded: Term
    owed: Term
    then: str
    otherwise: str
    ended: str


@dataclass(frozen=True)
class Provider:
    """A provider, its module, its count of starts, the sockets it has open, and as a layer what it is below."""

    name: str
    machine: Machine
    module: Machine
    references: Term
    count: Term
    sockets: Term
    caller: Caller | None = None

    @property
    def down(self) -> Term:
        """Not started, or completely cleaned up."""
        return self.machine.state == "down"

    @property
    def mapped(self) -> Term:
        """Its module is in memory."""
        return self.references > 0

    def event(self, call: str) -> str:
        """Return the trigger of one of its calls."""
        return f"{self.name}.{call}"


def caller(name: str, machine: Machine, below: str, *, starts: int, then: str, otherwise: str, ended: str) -> Caller:
    """Return a caller whose machine has the states of STARTING and ENDING, and those that it goes on from."""
    loaded, owed = machine.flag("loaded"), machine.integer("owed", -1, starts)
    return Caller(name, machine, below, loaded, owed, then, otherwise, ended)


def begins(c: Caller, *, invalid: dict[Term, object] | None = None) -> None:
    """From "to load" on: the module, the start, and a look at what came back; a start that is no use is undone."""
    m, below, then, otherwise = c.machine, c.below, c.then, c.otherwise
    m.calls(
        f"{below}.LoadLibrary", source="to load", dest="to start", then={c.loaded: True}, gets=HANDLE, clause="WSP-33"
    )
    m.calls(f"{below}.LoadLibrary", source="to load", dest=otherwise, gets=NULL, clause="WSP-34")
    m.calls(f"{below}.WSPStartup", source="to start", dest="starting", clause="WSP-33")
    made, answered = {c.owed: c.owed + 1}, f"{below}.WSPStartup.return"
    m.calls(answered, source="starting", dest=then, then=made, gets=OK, clause="LSP-02")
    refused = made | (invalid or {})
    m.calls(
        answered,
        source="starting",
        dest="to undo",
        then=refused,
        gets=[OLD, HOLE],
        clause=["WSP-16", "WSP-20", "WSP-34"],
    )
    m.calls(answered, source="starting", dest="to unload", gets=FAILED, clause="WSP-11")
    gone = {c.owed: c.owed - 1}
    m.calls(f"{below}.WSPCleanup", source="to undo", dest="undoing", then=gone, clause="WSP-16")
    m.calls(f"{below}.WSPCleanup.return", source="undoing", dest="to unload")
    m.calls(
        f"{below}.FreeLibrary", source="to unload", dest=otherwise, then={c.loaded: False}, clause=["WSP-32", "MOD-01"]
    )


def gives_up(c: Caller) -> None:
    """From "to clean" on: the cleanup that is owed, and only then the module."""
    m, below = c.machine, c.below
    m.calls(f"{below}.WSPCleanup", source="to clean", dest="cleaning", then={c.owed: c.owed - 1}, clause="LSP-01")
    m.calls(f"{below}.WSPCleanup.return", source="cleaning", dest="to free", clause="LSP-02")
    m.calls(f"{below}.FreeLibrary", source="to free", dest=c.ended, then={c.loaded: False}, clause=["LSP-11", "WSP-32"])


# -- providers --------------------------------------------------------------------------------------------------------


def _provider(
    name: str, states: Sequence[str], *, starts: int, sockets: int, below: str | None = None, start: Start = "eager"
) -> Provider:
    """Return a provider whose module nobody, or somebody else, has loaded already (MOD-01)."""
    machine = Machine(name, states=[*RESTING, *states])
    module = Machine(f"{name}_module")
    references = module.integer("references", -1, starts + 2, initial=[0, 1] if below is None else 0)
    module.on(f"{name}.LoadLibrary", then={references: references + 1}, returns=HANDLE, clause="MOD-01")
    module.on(f"{name}.LoadLibrary", when=references == 0, returns=NULL, clause="WSP-34")
    module.on(f"{name}.FreeLibrary", then={references: references - 1}, clause="MOD-01")
    count = machine.count("count", up_to=starts)
    held = machine.count("sockets", up_to=sockets)
    then, otherwise = ("to open", "not opened") if start == "lazy" else ("started", "failed")
    user = (
        None
        if below is None
        else caller(name, machine, below, starts=starts, then=then, otherwise=otherwise, ended="to forget")
    )
    p = Provider(name, machine, module, references, count, held, user)
    _answers_of(p)
    return p


def _answers_of(p: Provider) -> None:
    """What every provider answers: a start counts when it returns 0, a failed one leaves everything as it was."""
    m, fewer = p.machine, {p.count: p.count - 1}
    successes = SUCCESSES if p.caller is None else [OK, OLD]
    started, cleaned = p.event("WSPStartup.return"), p.event("WSPCleanup.return")
    m.on(started, source="started", dest="up", then={p.count: p.count + 1}, returns=successes, clause="WSP-14")
    for state, left in (("up", p.count > 0), ("down", p.count == 0)):
        m.on(started, source="failed", dest=state, when=left, returns=FAILED, clause="WSP-11")
        m.on(cleaned, source="cleaned", dest=state, when=left, returns=OK, clause=["WSP-05", "WSP-22"])
    m.on(p.event("WSPCleanup"), source="up", dest="cleaned", when=p.count > 1, then=fewer, clause="WSP-05")
    m.on(p.event("WSPCleanup"), source="down", dest="refused", clause="WSP-23")
    m.on(cleaned, source="refused", dest="down", returns=UNSTARTED, clause="WSP-23")
    m.on(p.event("WSPSocket.return"), source="opened", dest="up", returns=OK)
    m.on(p.event("WSPCloseSocket.return"), source="closed", dest="up", returns=OK)
    m.on(p.event("WSPCloseSocket.return"), source="not closed", dest="up", returns=WOULD_BLOCK, clause="SOCK-05")
    m.on(p.event("WSPSend.return"), source="sent", dest="up")


ANSWERING = ["started", "failed", "cleaned", "refused", "opened", "closed", "not closed", "sent"]


def base(name: str, *, starts: int, sockets: int) -> Provider:
    """Return the base provider at the end of the chain: its starts may fail, and a close may not be over at once."""
    p = _provider(name, ANSWERING, starts=starts, sockets=sockets)
    m, count, held = p.machine, p.count, p.sockets
    m.on(p.event("WSPStartup"), source=RESTING, dest="started", clause="WSP-14")
    m.on(p.event("WSPStartup"), source=RESTING, dest="failed", clause="WSP-17")
    last = {count: 0, held: 0}
    m.on(p.event("WSPCleanup"), source="up", dest="cleaned", when=count == 1, then=last, clause=["WSP-04", "WSP-27"])
    m.on(p.event("WSPSocket"), source="up", dest="opened", then={held: held + 1}, clause="WSP-13")
    m.on(p.event("WSPCloseSocket"), source="up", dest="closed", then={held: held - 1}, clause="SOCK-12")
    m.on(p.event("WSPCloseSocket"), source="up", dest="not closed", clause="SOCK-05")
    m.on(p.event("WSPSend"), source="up", dest="sent", returns=PENDING, clause="WSP-13")
    return p


ASKING = ["draining", "to close all", "closing all", "to return all", "to forget", "to open", "opening", "to register"]
ASKING += ["to close", "closing", "to unregister", "to send", "sending"]


def layer(name: str, below: str, *, starts: int, sockets: int, start: Start, lowest: bool) -> Provider:
    """Return a layer that gives its callers handles of its own (WPUCreateSocketHandle), one for each socket below.

    The `lowest` layer is over the base; below another lazy layer may fail when it is asked for its first socket.
    """
    lazy = start == "lazy"
    states = [*ANSWERING, *STARTING, *ENDING, *ASKING, *(["not opened"] if lazy else [])]
    p = _provider(name, states, starts=starts, sockets=sockets, below=below, start=start)
    assert p.caller is not None
    m, owes = p.machine, p.caller.owed > 0
    m.on(p.event("WSPStartup"), source=RESTING, dest="started", when=owes | lazy, clause="WSP-14")
    m.on(p.event("WSPStartup"), source="up", dest="failed", clause="WSP-17")
    m.on(p.event("WSPSocket"), source="up", dest="to open", when=owes, clause="WSP-13")
    if lazy:
        m.on(p.event("WSPSocket"), source="up", dest="to load", when=~owes, clause="LSP-03")
        begins(p.caller)
        if not lowest:
            m.calls(f"{below}.WSPSocket.return", source="opening", dest="not opened", gets=FAILED, clause="WSP-34")
        m.on(p.event("WSPSocket.return"), source="not opened", dest="up", returns=FAILED, clause="WSP-34")
    else:
        m.on(p.event("WSPStartup"), source=RESTING, dest="to load", when=~owes, clause="LSP-03")
        begins(p.caller)
    _opening_and_closing(p, below)
    _ending(p, below)
    return p


def _opening_and_closing(p: Provider, below: str) -> None:
    """A socket of the layer is one of the provider below and a handle from Ws2_32.dll, given back in the end."""
    m, held = p.machine, p.sockets
    m.calls(f"{below}.WSPSocket", source="to open", dest="opening", clause="LSP-10")
    m.calls(f"{below}.WSPSocket.return", source="opening", dest="to register", gets=OK)
    made, given = {held: held + 1}, {held: held - 1}
    m.calls(CREATE, source="to register", dest="opened", then=made, clause=["SOCK-13", "WSP-37"])
    m.on(p.event("WSPCloseSocket"), source="up", dest="to close", when=held > 0, clause="LSP-10")
    m.calls(f"{below}.WSPCloseSocket", source="to close", dest="closing", clause="LSP-10")
    m.calls(f"{below}.WSPCloseSocket.return", source="closing", dest="to unregister", gets=OK)
    m.calls(f"{below}.WSPCloseSocket.return", source="closing", dest="not closed", gets=WOULD_BLOCK, clause="SOCK-05")
    m.calls(CLOSE, source="to unregister", dest="closed", then=given, clause=["SOCK-13", "WSP-37"])
    m.on(p.event("WSPSend"), source="up", dest="to send", when=held > 0, returns=PENDING, clause="LSP-10")
    m.calls(f"{below}.WSPSend", source="to send", dest="sending", gets=PENDING)
    m.calls(f"{below}.WSPSend.return", source="sending", dest="sent")


def _ending(p: Provider, below: str) -> None:
    """The last cleanup: the sockets through the provider below, its cleanup, its module, and what is left (LSP-11)."""
    assert p.caller is not None
    m, held, owes = p.machine, p.sockets, p.caller.owed > 0
    last = {p.count: 0}
    m.on(p.event("WSPCleanup"), source="up", dest="draining", when=p.count == 1, then=last, clause=["WSP-04", "LSP-02"])
    m.step("drained", source="draining", dest="to close all", clause=["WSP-06", "LSP-11"])
    m.calls(
        f"{below}.WSPCloseSocket", source="to close all", dest="closing all", when=held > 0, clause=["WSP-27", "LSP-11"]
    )
    m.calls(f"{below}.WSPCloseSocket.return", source="closing all", dest="to return all", gets=OK)
    m.calls(f"{below}.WSPCloseSocket.return", source="closing all", dest="to close all", gets=WOULD_BLOCK)
    m.calls(CLOSE, source="to return all", dest="to close all", then={held: held - 1}, clause=["LSP-10", "SOCK-13"])
    m.step("sockets closed", source="to close all", dest="to clean", when=(held == 0) & owes, clause="LSP-11")
    m.step("sockets closed", source="to close all", dest="to forget", when=(held == 0) & ~owes)
    gives_up(p.caller)
    m.step("forget", source="to forget", dest="cleaned", clause=["WSP-08", "WSP-09"])


# -- Ws2_32.dll -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Library:
    """Ws2_32.dll: the count of WSAStartup, its socket objects, the handles it has given out, and references to both."""

    machine: Machine
    caller: Caller
    api: Term
    objects: Term
    handles: Term
    pins: Term
    code: Term

    @property
    def cleaned_up(self) -> Term:
        """Not started, or cleaned up for the last time."""
        return (self.machine.state == "idle") & (self.api == 0)


def library(top: str, *, starts: int, sockets: int, handles: int) -> Library:
    """Return Ws2_32.dll over a top provider, which it starts once, however many programs have started Winsock."""
    asking = ["to open", "opening", "to close", "closing"]
    answering = ["opened", "refused", "closed", "not closed", "ended"]
    m = Machine("ws2_32", states=["idle", *STARTING, *ENDING, *asking, *answering])
    w = Library(
        machine=m,
        caller=caller("ws2_32", m, top, starts=1, then="to open", otherwise="refused", ended="ended"),
        api=m.count("api", up_to=starts),
        objects=m.count("objects", up_to=sockets),
        handles=m.count("handles", up_to=handles),
        pins=m.count("pins", up_to=2),
        code=m.one_of("code", [FAILED, INVALID]),
    )
    _counting(w)
    _sockets(w, top)
    m.on(CREATE, then={w.handles: w.handles + 1}, clause=["SOCK-13", "WSP-37"])
    m.on(CLOSE, then={w.handles: w.handles - 1}, clause=["SOCK-13", "WSP-37"])
    return w


def _counting(w: Library) -> None:
    m, api = w.machine, w.api
    m.on("WSAStartup", source="idle", then={api: api + 1}, returns=OK, clause=["WSA-01", "WSA-02"])
    m.on("WSACleanup", source="idle", when=api > 1, then={api: api - 1}, returns=OK, clause="WSA-02")
    over, last = {api: 0, w.objects: 0}, api == 1
    owes = w.caller.owed > 0
    m.on("WSACleanup", source="idle", dest="to clean", when=last & owes, then=over, returns=PENDING, clause="WSA-08")
    m.on("WSACleanup", source="idle", dest="ended", when=last & ~owes, then=over, returns=PENDING, clause="WSA-08")
    gives_up(w.caller)
    m.on("WSACleanup.return", source="ended", dest="idle", returns=OK, clause="WSA-04")


def _sockets(w: Library, top: str) -> None:
    """The first socket brings the provider in (WSP-33); a close that fails leaves the socket as it was."""
    m, objects, started = w.machine, w.objects, w.caller.owed > 0
    m.on("socket", source="idle", dest="to load", when=(w.api > 0) & ~started, clause=["WSP-32", "WSP-33"])
    m.on("socket", source="idle", dest="to open", when=(w.api > 0) & started, clause="WSP-33")
    begins(w.caller, invalid={w.code: INVALID})
    m.calls(f"{top}.WSPSocket", source="to open", dest="opening")
    m.calls(f"{top}.WSPSocket.return", source="opening", dest="opened", then={objects: objects + 1}, gets=OK)
    m.calls(f"{top}.WSPSocket.return", source="opening", dest="refused", gets=FAILED, clause="WSP-34")
    m.on("socket.return", source="opened", dest="idle", returns=OK)
    for code in (FAILED, INVALID):
        told = w.code == code
        m.on(
            "socket.return",
            source="refused",
            dest="idle",
            when=told,
            then={w.code: FAILED},
            returns=code,
            clause="WSP-34",
        )
    pinned, unpinned = {w.pins: w.pins + 1}, {w.pins: w.pins - 1}
    m.on("closesocket", source="idle", dest="to close", when=objects > 0, then=pinned)
    m.calls(f"{top}.WSPCloseSocket", source="to close", dest="closing", clause="SOCK-12")
    closed = {objects: objects - 1} | unpinned
    m.calls(f"{top}.WSPCloseSocket.return", source="closing", dest="closed", then=closed, gets=OK)
    m.calls(
        f"{top}.WSPCloseSocket.return",
        source="closing",
        dest="not closed",
        then=unpinned,
        gets=WOULD_BLOCK,
        clause="SOCK-05",
    )
    m.on("closesocket.return", source="closed", dest="idle", returns=OK)
    m.on("closesocket.return", source="not closed", dest="idle", returns=WOULD_BLOCK, clause="SOCK-05")
