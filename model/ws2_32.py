"""W2 closed: a program and an outsider that starts the top provider by itself, over Ws2_32.dll, layers and a base."""

from itertools import pairwise
from typing import Annotated, Literal

from model.ws2_32_defects import DEFECTS
from quiesce import Between, Machine, System, after, all_of, happens, where
from spec.ws2_32 import (
    ENDING,
    FAILED,
    HOLE,
    INVALID,
    NULL,
    OK,
    OLD,
    PENDING,
    STARTING,
    UNSTARTED,
    WOULD_BLOCK,
    Caller,
    Start,
    base,
    begins,
    caller,
    gives_up,
    layer,
    library,
)
from spec.ws2_32_order import order
from spec.ws2_32_promises import Layered, keep_books, promises

Defect = Literal["none", "M11", "M12", "M13", "M33", "M38", "M39", "M42", "M53", "M56", "M59", "M61", "M62"]


def ws2_32(
    *,
    layers: Annotated[int, Between(1, 3)] = 1,
    start: Start = "eager",
    starts: Annotated[int, Between(1, 3)] = 2,
    sockets: Annotated[int, Between(1, 3)] = 1,
    defect: Defect = "none",
) -> System:
    """Return the closed system; `starts` is how often the program starts Winsock, `start` when a layer starts below."""
    names = [*(f"L{number}" for number in range(1, layers + 1)), "base"]
    chain = [
        layer(name, below, starts=2, sockets=sockets, start=start, lowest=below == "base")
        for name, below in pairwise(names)
    ]
    chain.append(base("base", starts=2, sockets=sockets))
    top = names[0]
    books = Machine("books", observer=True)
    application = Machine("application", states=["idle", "waiting"])
    w = Layered(
        application=application,
        held=application.count("held", up_to=starts),
        outsider=_outsider(top),
        library=library(top, starts=starts, sockets=sockets, handles=layers * sockets),
        chain=chain,
        books=books,
        loads={name: books.integer(f"loads of {name}", -1, 4) for name in names},
        agreed=books.flag("agreed"),
        foreign=books.flag("foreign"),
    )
    keep_books(w)
    _program(w, starts, sockets)
    _surplus(w)
    if defect != "none":
        DEFECTS[defect](w)
    idle = (application.state == "idle") & (w.outsider.machine.state == "to load")
    rest = idle & w.library.cleaned_up & all_of(p.down for p in chain)
    machines = [w.application, w.outsider.machine, w.library.machine, *(p.machine for p in chain)]
    system = System("ws2_32", *machines, *(p.module for p in chain), books, rest=rest)
    promises(system, w)
    order(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    _not_vacuous(system, w)
    if start == "eager":
        _refines_w0(system, w, sockets)
    return system


def _program(w: Layered, starts: int, sockets: int) -> None:
    """A program that cleans up once for each start, and does one thing at a time."""
    m, held, objects = w.application, w.held, w.library.objects
    more, less = {held: held + 1}, {held: held - 1}
    m.calls("WSAStartup", source="idle", when=held < starts, then=more, gets=OK, clause="WSA-01")
    m.calls("WSACleanup", source="idle", when=held > 0, then=less, gets=OK, clause="WSA-02")
    m.calls("WSACleanup", source="idle", dest="waiting", when=held > 0, then=less, gets=PENDING, clause="WSA-02")
    m.calls("WSACleanup.return", source="waiting", dest="idle", gets=OK)
    m.calls("socket", source="idle", dest="waiting", when=w.top.sockets < sockets)
    m.calls("socket.return", source="waiting", dest="idle", gets=[OK, FAILED, INVALID])
    m.calls("closesocket", source="idle", dest="waiting")
    m.calls("closesocket.return", source="waiting", dest="idle", gets=[OK, WOULD_BLOCK])
    m.calls(f"{w.top.name}.WSPSend", source="idle", dest="waiting", when=objects > 0, gets=PENDING)
    m.calls(f"{w.top.name}.WSPSend.return", source="waiting", dest="idle")


def _outsider(top: str) -> Caller:
    """Another component of the process that uses the top provider by itself, as a layer above it would (WSP-14)."""
    m = Machine("outsider", states=[*STARTING, *ENDING, "started", "surplus"])
    c = caller("outsider", m, top, starts=1, then="started", otherwise="to load", ended="to load")
    begins(c)
    m.step("done", source="started", dest="to clean")
    gives_up(c)
    return c


def _surplus(w: Layered) -> None:
    """Once it is done it calls too late, and cleans up once too often."""
    m, top = w.outsider.machine, w.top
    m.calls(top.event("WSPSend"), source="to free", when=top.down, clause="WSP-13")
    top.machine.on(top.event("WSPSend"), source="down", returns=UNSTARTED, clause="WSP-13")
    m.calls(top.event("WSPCleanup"), source="to free", dest="surplus", when=top.down, clause="WSP-23")
    m.calls(top.event("WSPCleanup.return"), source="surplus", dest="to free", clause="WSP-23")


def _not_vacuous(system: System, w: Layered) -> None:
    top = w.top.name
    system.sometimes("the top provider is started twice at once", w.top.count == 2, id="PX-01.2")
    for number, code in enumerate((OK, FAILED, INVALID)):
        system.sometimes(f"socket answers {code}", happens("socket.return", returns=code), id=f"PX-04.socket.{number}")
    for number, answer in enumerate((OLD, HOLE)):
        undone = happens("base.WSPStartup.return", returns=answer)
        system.sometimes(f"the base answers {answer}", undone, id=f"PX-04.start.{number}")
    lowest, c, _ = w.pairs[-1]
    failed = happens("base.LoadLibrary", returns=NULL) & (after(lowest.machine.state) == c.otherwise)
    system.sometimes("a module cannot be loaded", failed, id="PX-04.load")
    late = happens(f"{top}.WSPCleanup.return", returns=UNSTARTED)
    system.sometimes("a surplus cleanup is refused", late, id="PX-04.surplus")
    blocked = happens("closesocket.return", returns=WOULD_BLOCK)
    system.sometimes("a close would block", blocked, id="PX-04.close")
    lib, outsider = w.library.machine, w.outsider.machine
    sent = happens(w.top.event("WSPSend"), returns=PENDING)
    system.sometimes("data is sent", sent, id="PX-04.send")
    system.sometimes("a call comes too late", happens(w.top.event("WSPSend")) & w.top.down, id="PX-04.late")
    missing = happens(f"{top}.LoadLibrary", returns=NULL)
    system.sometimes("Ws2_32.dll cannot load the provider", missing & ~lib.unchanged, id="PX-04.load.ws2_32")
    system.sometimes("the outsider cannot load the provider", missing & lib.unchanged, id="PX-04.load.outsider")
    system.sometimes("the outsider undoes a start", outsider.state == "to undo", id="PX-04.undo")
    system.sometimes(
        "the last WSACleanup owes nothing", happens("WSACleanup") & (after(lib.state) == "ended"), id="PX-03.nothing"
    )
    again = happens("socket") & (w.library.caller.owed > 0)
    system.sometimes("a socket is opened while the provider is started", again, id="PX-04.socket.again")
    nested = happens(w.top.event("WSPStartup.return"), returns=FAILED) & (w.top.count > 0)
    system.sometimes("a nested start fails", nested, id="PX-04.nested")
    first = happens("base.WSPStartup.return", returns=FAILED) & (w.chain[-1].count == 0)
    system.sometimes("the first start of the base fails", first, id="PX-04.first")
    left_open = (w.top.machine.state == "to close all") & (w.top.sockets > 0)
    system.sometimes("the last cleanup finds an open socket", left_open, id="PX-03")


def _refines_w0(system: System, w: Layered, sockets: int) -> None:
    """The top layer is a provider as W0 has them: Ws2_32.dll and the outsider are its clients, the chain its resources.

    Its sockets carry no data here; the steps of its last cleanup are the steps by which W0 frees what it holds.
    """
    top, m = w.top, w.top.machine
    assert top.caller is not None
    last = (top.count == 0) & (m.state != "down")
    tearing = last & m.state.is_in(TEARING)
    # The four resources of W0, each from the first start on to one of the steps of the last cleanup.
    gone = {
        "event": ["cleaning", "to free", "to forget", "cleaned"],
        "thread": ["to free", "to forget", "cleaned"],
        "table": ["to forget", "cleaned"],
        "heap": ["cleaned"],
    }
    held = {name: (top.count > 0) | (tearing & ~m.state.is_in(states)) for name, states in gone.items()}
    phase = where(m.state == "draining", "draining", where(tearing, "freeing", where(top.count > 0, "up", "down")))
    clients = (w.library.caller, w.outsider)
    ws2_32, _ = Machine("client", copies=2)
    system.refines(
        "winsock",
        {
            "provider.state": phase,
            "provider.references": top.count,
            "provider.registrations": top.count,
            **{f"provider.{name}": where(kept, 1, 0) for name, kept in held.items()},
            "client.state": [
                where(c.machine.state.is_in(["cleaning", "undoing"]) & tearing, "waiting", "idle") for c in clients
            ],
            "client.held": [c.owed for c in clients],
            "socket.state": [where(top.sockets > s, "open", "none") for s in range(sockets)],
            "socket.graceful": [False] * sockets,
            "socket.owner": [where(top.sockets > s, ws2_32, None) for s in range(sockets)],
            "socket.unsent": [0] * sockets,
        },
        parameters={"clients": 2, "starts": 1, "sockets": sockets},
    )


TEARING = ["draining", "to close all", "closing all", "to return all", "to clean", "cleaning", "to free", "to forget"]
TEARING += ["cleaned"]
