"""What the users of Ws2_32.dll owe it and each other: components of one process that share its one counter.

Each component, an application or a DLL that it uses, calls WSAStartup and WSACleanup for itself. Ws2_32.dll counts
them all together and knows no owner: the last WSACleanup of the process ends Winsock for everybody. Requirements,
section 1.4. Ws2_32.dll is right here; the promises are about the components, and about what they are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from quiesce import Machine, Term, after, any_of, argument, happens, where

OK, PENDING = "0", "pending"
UNSTARTED, NOT_SOCKET, IN_PROGRESS = "WSANOTINITIALISED", "WSAENOTSOCK", "WSAEINPROGRESS"
FAILURES = ["WSASYSNOTREADY", "WSAVERNOTSUPPORTED", "WSAEPROCLIM", "WSAEFAULT"]
ON_SOCKETS = ["send", "recv", "closesocket"]
CALLS = ["socket", *ON_SOCKETS, "WSAIoctl"]
"""What may be called between a start and its cleanup; WSAIoctl is the one that asks for an extension function."""

STRANGER = "stranger"
Version = Literal["2.x", "1.1"]


@dataclass(frozen=True)
class Component:
    """One user of Winsock: how many starts it holds, whether it keeps an extension pointer, and what the books say."""

    name: str
    machine: Machine
    held: Term
    pointer: Term
    surplus: Term
    valid: Term

    @property
    def out(self) -> Term:
        """Not started, or cleaned up completely: nobody can tell the two apart (WSA-08)."""
        return self.machine.state == "out"


@dataclass(frozen=True)
class Components:
    """The machines of one process, and the terms that rules, properties and defects share."""

    ws2_32: Machine
    socket: Machine
    books: Machine
    components: Sequence[Component]
    references: Term
    owner: Term
    caller: Term
    last: Term
    failed: Term
    starts: int
    version: Version

    @property
    def down(self) -> Term:
        """Winsock is not started in this process."""
        return self.ws2_32.state == "down"

    @property
    def ending(self) -> Term:
        """The next WSACleanup is the last."""
        return self.references == 1

    def served(self, call: str) -> str:
        """Return what a call answers that is carried out; with 1.1 one that receives may take time."""
        return PENDING if call == "recv" and self.version == "1.1" else OK

    def by(self, caller: str, trigger: str, returns: object = None) -> Term:
        """Whether a step is somebody's call: the books say who called last."""
        return happens(trigger, returns=returns) & (after(self.last) == caller)

    def blocked(self) -> Term:
        """Whether the caller is a 1.1 client with a blocking call under way (WSA-13)."""
        if self.version == "2.x":
            return any_of()
        return any_of((self.caller == x.name) & (x.machine.state == "blocking") for x in self.components)


def contract(names: Sequence[str], *, sockets: int, starts: int, version: Version) -> Components:
    """Return Ws2_32.dll, its sockets, the components of some names, and the books that watch them."""
    ws2_32 = Machine("ws2_32", states=["down", "up"])
    socket = Machine("socket", copies=sockets, states=["none", "open", "old"])
    books = Machine("books", observer=True)
    callers = [*names, STRANGER]
    w = Components(
        ws2_32=ws2_32,
        socket=socket,
        books=books,
        components=[_component(name, books, starts, version) for name in names],
        references=ws2_32.count("references", up_to=len(names) * starts),
        owner=socket.one_of("owner", callers, initial=STRANGER),
        caller=argument("caller", callers),
        last=books.one_of("last", callers, initial=STRANGER),
        failed=books.flag("failed"),
        starts=starts,
        version=version,
    )
    _counting(w)
    _answering(w)
    _sockets(w)
    for x in w.components:
        _begins_and_ends(w, x)
        _works(w, x)
    _keeping_books(w)
    return w


def _component(name: str, books: Machine, starts: int, version: Version) -> Component:
    machine = Machine(name, states=["out", "in"] if version == "2.x" else ["out", "in", "blocking"])
    return Component(
        name=name,
        machine=machine,
        held=machine.count("held", up_to=starts),
        pointer=machine.flag("pointer"),
        surplus=books.integer(f"surplus of {name}", -1, starts),
        valid=books.flag(f"pointer of {name} is valid"),
    )


# -- Ws2_32.dll -------------------------------------------------------------------------------------------------------


def _counting(w: Components) -> None:
    """One counter for the process: a failed start does not count, a cleanup at zero is refused."""
    dll, count, blocked = w.ws2_32, w.references, w.blocked()
    more, fewer = {count: count + 1}, {count: count - 1}
    dll.on("WSAStartup", w.caller, dest="up", when=~blocked, then=more, returns=OK, clause=["WSA-01", "WSA-02"])
    dll.on("WSAStartup", w.caller, when=~blocked, returns=FAILURES, clause=["WSA-03", "WSA-11"])
    dll.on(
        "WSACleanup",
        w.caller,
        source="up",
        when=~blocked & (count > 1),
        then=fewer,
        returns=OK,
        clause=["WSA-02", "WSA-04"],
    )
    dll.on(
        "WSACleanup",
        w.caller,
        source="up",
        dest="down",
        when=~blocked & w.ending,
        then=fewer,
        returns=OK,
        clause=["WSA-05", "WSA-08"],
    )
    dll.on("WSACleanup", w.caller, source="down", returns=UNSTARTED, clause=["WSA-04", "WSA-12"])
    if w.version == "1.1":
        dll.on("WSAStartup", w.caller, when=blocked, returns=IN_PROGRESS, clause=["WSA-03", "WSA-13"])
        dll.on("WSACleanup", w.caller, when=blocked, returns=IN_PROGRESS, clause=["WSA-04", "WSA-13", "WSA-14"])
        dll.on("WSACancelBlockingCall", w.caller, source="up", returns=OK, clause="WSA-14")


def _answering(w: Components) -> None:
    """Every other call: refused when down, refused on a socket that was there before the last cleanup, else done."""
    dll, there = w.ws2_32, w.socket.state[w.socket.acting] == "open"
    dll.on(CALLS, w.caller, source="down", returns=UNSTARTED, clause=["WSA-01", "WSA-10", "WSA-12"])
    dll.on(["socket", "WSAIoctl"], w.caller, source="up", returns=OK, clause="WSA-01")
    dll.on(ON_SOCKETS, w.caller, source="up", when=~there, returns=NOT_SOCKET, clause=["WSA-12", "SOCK-06"])
    dll.on(["send", "closesocket"], w.caller, source="up", when=there, returns=OK, clause="WSA-01")
    dll.on("recv", w.caller, source="up", when=there, returns=w.served("recv"), clause=["WSA-01", "WSA-13"])


def _sockets(w: Components) -> None:
    """The last cleanup takes every socket away; its number may be remembered, and may be given out again."""
    socket, caller, owner = w.socket, w.caller, w.owner
    socket.on(
        "socket", caller, source=["none", "old"], dest="open", when=~w.down, then={owner: caller}, clause="SOCK-06"
    )
    socket.on("socket", caller, when=w.down, clause="WSA-01")
    socket.on(["send", "recv"], caller, clause="WSA-01")
    nobody = {owner: STRANGER}
    socket.on("closesocket", caller, source="open", dest="none", then=nobody, clause=["SOCK-06", "SOCK-15"])
    socket.on("closesocket", caller, when=socket.state != "open", clause=["WSA-12", "SOCK-06"])
    last = ~w.down & ~w.blocked() & w.ending
    leaving = ~w.blocked() & any_of((caller == x.name) & (owner == x.name) & (x.held == 1) for x in w.components)
    then = {
        socket.state: where(last & (socket.state == "open"), "old", socket.state),
        owner: where(leaving, STRANGER, owner),
    }
    socket.on("WSACleanup", caller, every=True, then=then, clause=["WSA-05", "WSA-06"])


# -- a component ------------------------------------------------------------------------------------------------------


def _begins_and_ends(w: Components, x: Component) -> None:
    """One cleanup for each start that succeeded, and none for one that failed."""
    m, held, mine = x.machine, x.held, w.caller == x.name
    starts = mine & (held < w.starts)
    m.calls(
        "WSAStartup",
        w.caller,
        source=["out", "in"],
        dest="in",
        when=starts,
        then={held: held + 1},
        gets=OK,
        clause=["WSA-01", "WSA-02"],
    )
    m.calls("WSAStartup", w.caller, source=["out", "in"], when=mine, gets=FAILURES, clause=["WSA-03", "WSA-11"])
    fewer = {held: held - 1}
    m.calls("WSACleanup", w.caller, source="in", when=mine & (held > 1), then=fewer, clause="WSA-02")
    forgotten = fewer | {x.pointer: False}
    m.calls("WSACleanup", w.caller, source="in", dest="out", when=mine & (held == 1), then=forgotten, clause="WSA-02")
    if w.version == "1.1":
        m.calls("WSAStartup", w.caller, source="blocking", when=mine, gets=IN_PROGRESS, clause="WSA-13")
        m.calls("WSACleanup", w.caller, source="blocking", when=mine, gets=IN_PROGRESS, clause="WSA-14")
        m.calls("WSACancelBlockingCall", w.caller, source="blocking", dest="in", when=mine, clause="WSA-14")


def _works(w: Components, x: Component) -> None:
    """A component uses Winsock between its own start and its own cleanup, on its own sockets."""
    m, mine = x.machine, w.caller == x.name
    own = mine & (w.owner[w.socket.acting] == x.name)
    m.calls("socket", w.caller, source="in", when=mine, clause="WSA-01")
    m.calls(["send", "closesocket"], w.caller, source="in", when=own, clause=["WSA-01", "SOCK-15"])
    if w.version == "2.x":
        m.calls("recv", w.caller, source="in", when=own, clause=["WSA-01", "WSA-13"])
    else:
        m.calls("recv", w.caller, source="in", dest="blocking", when=own, gets=PENDING, clause="WSA-13")
        m.step("recv returns", source="blocking", dest="in", clause="WSA-13")
    asked = {x.pointer: True}
    m.calls("WSAIoctl", w.caller, source="in", when=mine, then=asked, gets=OK, clause="WSA-01")
    # The pointer leads into the provider: Ws2_32.dll takes no part in the call, and cannot refuse it.
    m.step("ConnectEx", source="in", when=x.pointer, clause="WSP-10")


# -- the books --------------------------------------------------------------------------------------------------------


def _keeping_books(w: Components) -> None:
    """For each component: its successful starts less its cleanups, and whether its pointer is of this start.

    `last` is who called last, so that a promise about a call can say whose it is; `failed` that the last start failed
    and nobody holds another.
    """
    books, caller, last = w.books, w.caller, {w.last: w.caller}
    more, fewer, asked, expired = {}, {}, {}, {}
    for x in w.components:
        mine = caller == x.name
        more[x.surplus] = where(mine, x.surplus + 1, x.surplus)
        fewer[x.surplus] = where(mine, x.surplus - 1, x.surplus)
        asked[x.valid] = x.valid | mine
        expired[x.valid] = x.valid & ~w.ending & ~(mine & (x.surplus == 1))
    books.on("WSAStartup", caller, gets=OK, then=more | last | {w.failed: False}, clause="WSA-02")
    books.on("WSAStartup", caller, gets=FAILURES, then=last | {w.failed: w.failed | w.down}, clause="WSA-11")
    books.on("WSAStartup", caller, then=last, clause="WSA-13")
    books.on("WSACleanup", caller, gets=OK, then=fewer | expired | last, clause="WSA-02")
    books.on("WSACleanup", caller, then=last, clause="WSA-04")
    books.on("WSAIoctl", caller, gets=OK, then=asked | last, clause="WSP-10")
    if w.version == "1.1":
        books.on("WSACancelBlockingCall", caller, then=last, clause="WSA-14")
    books.on(CALLS, caller, then=last, clause="WSA-01")
