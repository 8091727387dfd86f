"""What becomes of a socket that several processes share: descriptors are counted, and the last one ends it.

Each process has a provider and a count of its own (WSP-03); the socket, with its options and its data, is common to all
descriptors. WSPDuplicateSocket makes a record by which another process opens a descriptor, once. The last WSPCleanup of
a process drops the descriptors of that process alone (A-30). Requirements, section 1.3.
"""

from dataclasses import dataclass

from quiesce import Machine, Term, argument, count_of, where
from spec.winsock import OK, UNSTARTED
from spec.winsock_full import WOULD_BLOCK

INVALID = "WSAEINVAL"
LINGER = ["dont", "zero", "timed, not blocking"]
RECORDS = ["none", "good", "spent"]
OPEN_RECORD = "WSPSocket.record"
"""WSPSocket with what WSPDuplicateSocket has filled in."""


@dataclass(frozen=True)
class Duplicates:
    """The machines, and the terms that rules, properties and defects share."""

    provider: Machine
    descriptor: Machine
    socket: Machine
    books: Machine
    references: Term
    handles: Term
    owner: Term
    descriptors: Term
    linger: Term
    unsent: Term
    record: Term
    target: Term
    surplus: dict[object, Term]
    strayed: Term
    starts: int
    data: int

    @property
    def owes(self) -> Term:
        """The socket has data, and is set to send it when it is closed."""
        return (self.unsent > 0) & (self.linger != "zero")

    @property
    def blocks(self) -> Term:
        """A close would have to wait: it is that of the last descriptor, and the socket must not block."""
        return (self.descriptors == 1) & (self.unsent > 0) & (self.linger == "timed, not blocking")

    @property
    def usable(self) -> Term:
        """The record is good, and the process that uses it is the one that it was made for."""
        return (self.record == "good") & (self.target == self.provider.acting)

    @property
    def last(self) -> Term:
        """The acting process holds one start."""
        return self.references[self.provider.acting] == 1

    def of(self, p: object) -> Term:
        """How many descriptors a process has."""
        d = self.descriptor
        return count_of((d.state[c] == "open") & (self.owner[c] == p) for c in d)

    def blank(self) -> dict[Term, object]:
        """Return what the socket's variables are when there is no socket."""
        return {self.descriptors: 0, self.linger: "dont", self.unsent: 0, self.record: "none", self.target: None}


def contract(*, processes: int, descriptors: int, starts: int, data: int) -> Duplicates:
    """Return the providers of some processes, the descriptors of the one socket that they share, and the books."""
    provider = Machine("provider", copies=processes, states=["down", "up"])
    descriptor = Machine("descriptor", copies=descriptors, states=["none", "open"])
    socket = Machine("socket", states=["none", "open", "closing"])
    books = Machine("books", observer=True)
    w = Duplicates(
        provider=provider,
        descriptor=descriptor,
        socket=socket,
        books=books,
        references=provider.count("references", up_to=starts),
        handles=provider.count("handles", up_to=descriptors),
        owner=descriptor.one_of("owner", provider, optional=True),
        descriptors=socket.integer("descriptors", -1, descriptors),
        linger=socket.one_of("linger", LINGER),
        unsent=socket.count("unsent", up_to=data),
        record=socket.one_of("record", RECORDS),
        target=socket.one_of("target", provider, optional=True),
        surplus={p: books.count(f"surplus of {number}", up_to=starts) for number, p in enumerate(provider)},
        strayed=books.flag("strayed"),
        starts=starts,
        data=data,
    )
    _starting(w)
    _cleaning_up(w)
    _opening(w)
    _sharing(w)
    _using(w)
    _closing(w)
    _watching(w)
    return w


def _starting(w: Duplicates) -> None:
    """Each process counts for itself."""
    provider, count = w.provider, w.references
    more = {count: count + 1}
    provider.on("WSPStartup", dest="up", when=count < w.starts, then=more, returns=OK, clause=["WSP-03", "WSP-12"])
    gained = {total: where(provider.acting == p, total + 1, total) for p, total in w.surplus.items()}
    w.books.on("WSPStartup", gets=OK, then=gained, clause="WSP-03")


def _cleaning_up(w: Duplicates) -> None:
    """The last cleanup of a process drops its descriptors; the socket goes on while another process has one."""
    provider, socket, count, acting = w.provider, w.socket, w.references, w.provider.acting
    fewer = {count: count - 1}
    provider.on("WSPCleanup", source="down", returns=UNSTARTED, clause="WSP-23")
    provider.on("WSPCleanup", source="up", when=count > 1, then=fewer, returns=OK, clause="WSP-05")
    none_left = fewer | {w.handles: 0}
    provider.on(
        "WSPCleanup",
        source="up",
        dest="down",
        when=count == 1,
        then=none_left,
        returns=OK,
        clause=["WSP-04", "SOCK-13"],
    )
    mine = w.last & (w.owner == acting)
    dropped = {w.descriptor.state: where(mine, "none", w.descriptor.state), w.owner: where(mine, None, w.owner)}
    w.descriptor.on("WSPCleanup", every=True, then=dropped, clause=["WSP-27", "SOCK-14"])
    left = w.descriptors - w.of(acting)
    ends = w.last & (w.of(acting) > 0) & (left == 0)
    kept = where(w.last, left, w.descriptors)
    socket.on("WSPCleanup", when=~ends, then={w.descriptors: kept}, clause=["SOCK-07", "SOCK-14"])
    socket.on("WSPCleanup", dest="closing", when=ends & w.owes, then=_closed(w), clause=["WSP-06", "WSP-28"])
    socket.on("WSPCleanup", dest="none", when=ends & ~w.owes, then=w.blank(), clause="WSP-27")
    lost = {total: where((acting == p) & (total > 0), total - 1, total) for p, total in w.surplus.items()}
    w.books.on("WSPCleanup", gets=OK, then=lost, clause="WSP-03")


def _closed(w: Duplicates) -> dict[Term, object]:
    """Return the effects of the last close of a socket that has data: no descriptor is left, and no record works."""
    return {w.descriptors: 0, w.record: "none", w.target: None}


def _opening(w: Duplicates) -> None:
    """The handle of a descriptor is known to Ws2_32.dll of its process before the client gets it (SOCK-13)."""
    kind = argument("linger", LINGER)
    known = {w.handles: w.handles + 1}
    w.provider.on("WSPSocket", source="up", then=known, returns=OK, clause="SOCK-13")
    owned = {w.owner: w.provider.acting}
    w.descriptor.on("WSPSocket", source="none", dest="open", then=owned, clause="SOCK-13")
    w.socket.on(
        "WSPSocket", kind, source="none", dest="open", then={w.descriptors: 1, w.linger: kind}, clause="SOCK-07"
    )
    ok = w.usable & (w.socket.state == "open")
    w.provider.on(OPEN_RECORD, source="up", when=ok, then=known, returns=OK, clause=["SOCK-13", "SOCK-14"])
    w.provider.on(OPEN_RECORD, source="up", when=~ok, returns=INVALID, clause="SOCK-14")
    w.descriptor.on(OPEN_RECORD, source="none", dest="open", when=ok, then=owned, clause="SOCK-14")
    w.descriptor.on(OPEN_RECORD, every=True, when=~ok, clause="SOCK-14")
    shared = {w.descriptors: w.descriptors + 1, w.record: "spent", w.target: None}
    w.socket.on(OPEN_RECORD, when=ok, then=shared, clause=["SOCK-07", "SOCK-14"])
    w.socket.on(OPEN_RECORD, when=~ok, clause="SOCK-14")


def _sharing(w: Duplicates) -> None:
    """The record is for one process and for one use; a new one takes the place of the last."""
    target = argument("target", w.provider)
    mine = w.owner == w.provider.acting
    w.provider.on("WSPDuplicateSocket", source="up", returns=OK, clause="SOCK-14")
    w.descriptor.on("WSPDuplicateSocket", source="open", when=mine, clause="SOCK-14")
    w.socket.on("WSPDuplicateSocket", target, then={w.record: "good", w.target: target}, clause="SOCK-14")


def _using(w: Duplicates) -> None:
    """Options and data are those of the socket, whichever descriptor they are set or sent through."""
    mine, kind, unsent = w.owner == w.provider.acting, argument("linger", LINGER), w.unsent
    w.provider.on(["WSPSetSockOpt", "WSPSend"], source="up", returns=OK, clause="WSP-13")
    w.descriptor.on(["WSPSetSockOpt", "WSPSend"], source="open", when=mine, clause="SOCK-14")
    w.socket.on("WSPSetSockOpt", kind, source="open", then={w.linger: kind}, clause="SOCK-14")
    w.socket.on("WSPSend", source="open", when=unsent < w.data, then={unsent: unsent + 1}, clause="SOCK-14")
    sent = {unsent: unsent - 1}
    w.socket.step("transmit", source="open", when=unsent > 0, then=sent, fair="weak", clause="SOCK-02")
    if w.data > 1:
        w.socket.step("transmit", source="closing", when=unsent > 1, then=sent, fair="weak", clause="SOCK-10")
    w.socket.step(
        "transmit", source="closing", dest="none", when=unsent == 1, then=w.blank(), fair="weak", clause="SOCK-10"
    )


def _closing(w: Duplicates) -> None:
    """A close takes its descriptor away; that of the last one ends the socket, or would block and does nothing."""
    mine, closed = w.owner == w.provider.acting, {w.owner: None}
    gone = {w.handles: w.handles - 1}
    w.provider.on("WSPCloseSocket", source="up", when=~w.blocks, then=gone, clause="SOCK-13")
    w.provider.on("WSPCloseSocket", source="up", when=w.blocks, clause="SOCK-05")
    w.descriptor.on(
        "WSPCloseSocket", source="open", dest="none", when=mine & ~w.blocks, then=closed, clause=["SOCK-06", "SOCK-14"]
    )
    w.descriptor.on("WSPCloseSocket", source="open", when=mine & w.blocks, clause="SOCK-05")
    fewer = {w.descriptors: w.descriptors - 1}
    w.socket.on("WSPCloseSocket", source="open", when=w.descriptors > 1, then=fewer, returns=OK, clause="SOCK-07")
    closing_the_last(w)
    w.socket.on("WSPCloseSocket", source="open", when=w.blocks, returns=WOULD_BLOCK, clause="SOCK-05")


def closing_the_last(w: Duplicates) -> None:
    """Let the close of the last descriptor end the socket: at once, or when its data is sent."""
    ends = (w.descriptors == 1) & ~w.blocks
    w.socket.on(
        "WSPCloseSocket",
        source="open",
        dest="closing",
        when=ends & w.owes,
        then=_closed(w),
        returns=OK,
        clause=["SOCK-02", "SOCK-07"],
    )
    w.socket.on(
        "WSPCloseSocket",
        source="open",
        dest="none",
        when=ends & ~w.owes,
        then=w.blank(),
        returns=OK,
        clause=["SOCK-03", "SOCK-07"],
    )


def _watching(w: Duplicates) -> None:
    """Keep whether a call ever came from a process that is down, or on a descriptor of another process."""
    acting = w.provider.acting
    down, strayed = w.provider.state[acting] == "down", {w.strayed: True}
    foreign: Term = w.owner[w.descriptor.acting] != acting
    calls = ["WSPDuplicateSocket", "WSPSetSockOpt", "WSPSend", "WSPCloseSocket"]
    w.books.on(["WSPSocket", OPEN_RECORD], when=down, then=strayed, clause="WSP-13")
    w.books.on(calls, when=down | foreign, then=strayed, clause=["WSP-13", "SOCK-06"])
