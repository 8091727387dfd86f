"""What is asked of Ws2_32.dll, its layers and their base (W2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from quiesce import Machine, System, Term, after, all_of, any_of, happens, sum_of
from spec.ws2_32 import CALLS, HANDLE, HOLE, OK, OLD, PENDING, UNSTARTED, Caller, Library, Provider


@dataclass(frozen=True)
class Layered:
    """Everything that works together: who uses Winsock, Ws2_32.dll, the providers from the top, and the books."""

    application: Machine
    held: Term
    outsider: Caller
    library: Library
    chain: Sequence[Provider]
    books: Machine
    loads: dict[str, Term]
    agreed: Term
    foreign: Term

    @property
    def top(self) -> Provider:
        """The provider that Ws2_32.dll knows."""
        return self.chain[0]

    def callers(self, p: Provider) -> list[Caller]:
        """Return who may start a provider."""
        if p is self.top:
            return [self.library.caller, self.outsider]
        return [x.caller for x in self.chain if x.caller is not None and x.caller.below == p.name]

    @property
    def pairs(self) -> list[tuple[Provider, Caller, Provider]]:
        """Each layer, what it is as a caller, and the provider below it."""
        return [(x, x.caller, y) for x, y in pairwise(self.chain) if x.caller is not None]


def keep_books(w: Layered) -> None:
    """Count the references to each module, and note whether Ws2_32.dll got the version it asked for.

    `foreign` is that it did not in the call of `socket` that it is in.
    """
    for p in w.chain:
        loads = w.loads[p.name]
        w.books.on(f"{p.name}.LoadLibrary", gets=HANDLE, then={loads: loads + 1})
        w.books.on(f"{p.name}.FreeLibrary", then={loads: loads - 1})
    asked, answered = w.library.machine.state == "starting", f"{w.top.name}.WSPStartup.return"
    w.books.on(answered, gets=OK, when=asked, then={w.agreed: True})
    w.books.on(answered, gets=[OLD, HOLE], when=asked, then={w.agreed: False, w.foreign: True})
    w.books.on("socket.return", then={w.foreign: False})


def promises(system: System, w: Layered) -> None:
    """Ask of the whole what the clauses say of each caller and each provider."""
    _matching(system, w)
    _resting(system, w)
    _in_use(system, w)
    _answers(system, w)


def _matching(system: System, w: Layered) -> None:
    system.always("WSACleanup matches WSAStartup", w.library.api == w.held, id="PW-01", clause=["WSA-02", "WSP-01"])
    for p in w.chain:
        owed = sum_of(c.owed for c in w.callers(p))
        system.always(
            f"{p.name} counts what its callers owe it",
            p.count == owed,
            id=f"PW-16.{p.name}",
            clause=["LSP-01", "LSP-02"],
        )
        refused = happens(f"{p.name}.WSPCleanup.return", returns=UNSTARTED)
        asked_for = w.outsider.machine.state == "surplus"
        system.always(
            f"{p.name} is cleaned up by those who started it alone",
            refused.implies(asked_for) if p is w.top else ~refused,
            id=f"PW-16.{p.name}.surplus",
            clause=["LSP-01", "WSP-11"],
        )


def _resting(system: System, w: Layered) -> None:
    lib = w.library
    nothing = (lib.objects == 0) & (lib.pins == 0) & (lib.caller.owed == 0) & ~lib.caller.loaded
    system.always(
        "Ws2_32.dll holds nothing after the last WSACleanup",
        lib.cleaned_up.implies(nothing),
        id="PW-05",
        clause=["WSA-05", "WSA-08", "WSP-08"],
    )
    for p in w.chain:
        system.always(
            f"{p.name} is as good as new when it is down",
            p.down.implies(p.machine.fresh),
            id=f"PR-01.{p.name}",
            clause=["WSP-08", "WSP-09"],
        )
    for x, c, y in w.pairs:
        system.always(
            f"{x.name} owes {y.name} nothing when it is down",
            x.down.implies(c.owed == 0),
            id=f"PW-16.{x.name}.down",
            clause=["LSP-01", "LSP-02"],
        )
        system.always(
            f"{x.name} holds no module when it is down",
            x.down.implies(w.loads[y.name] == 0),
            id=f"PW-05.{x.name}",
            clause=["WSP-08", "MOD-01"],
        )
    registered: Term = sum_of(p.sockets for p in w.chain[:-1])
    system.always(
        "every handle given out is one of a layer's, until it is given back",
        lib.handles == registered,
        id="PW-19",
        clause=["SOCK-13", "LSP-10"],
    )


def _in_use(system: System, w: Layered) -> None:
    """Say what must be in memory, and started, while somebody relies on it."""
    for p in w.chain:
        entered = happens(f"{p.name}.{CALLS[0]}")
        for call in CALLS[1:]:
            entered = entered | happens(f"{p.name}.{call}")
        system.always(
            f"no call enters the unmapped module of {p.name}",
            entered.implies(p.mapped),
            id=f"PW-14.{p.name}",
            clause=["MOD-01", "WSP-10"],
        )
        freed = happens(f"{p.name}.FreeLibrary")
        system.always(
            f"the module of {p.name} is freed by those who loaded it, and not in use",
            freed.implies((w.loads[p.name] > 0) & (p.down | (p.references > 1))),
            id=f"PW-24.{p.name}",
            clause=["WSP-10", "MOD-03", "LSP-11"],
        )
        system.always(
            f"{p.name} is called for nothing but starts when it is down",
            (happens(p.event("WSPSend")) | happens(p.event("WSPSocket"))).implies(~p.down | refused_late(w, p)),
            id=f"PW-14.{p.name}.down",
            clause="WSP-13",
        )
    for x, c, y in w.pairs:
        system.always(
            f"{y.name} outlives {x.name}",
            ((x.count > 0) & (c.owed > 0)).implies(y.mapped & (y.count > 0)),
            id=f"PW-17.{x.name}",
            clause=["LSP-09", "LSP-11"],
        )


def refused_late(w: Layered, p: Provider) -> Term:
    """Whether the step is the outsider's call that comes too late, and is answered so, and changes nothing."""
    accepted = happens(p.event("WSPSend"), returns=PENDING)
    return (happens(p.event("WSPSend")) & ~accepted & p.machine.unchanged) if p is w.top else any_of()


def _answers(system: System, w: Layered) -> None:
    lib, top = w.library, w.top
    system.always(
        "a provider of a foreign version is not used",
        happens(f"{top.name}.WSPSocket").implies(w.agreed),
        id="PW-12",
        clause=["WSP-16", "WSP-34"],
    )
    system.always(
        "a socket that is given out exists below",
        (lib.machine.state == "idle").implies(lib.objects <= top.sockets),
        id="PW-11",
        clause="WSP-34",
    )
    blocked = happens("closesocket.return", returns="WSAEWOULDBLOCK")
    same = (after(lib.objects) == lib.objects) & (lib.objects > 0)
    system.always("a close that would block leaves the socket", blocked.implies(same), id="PW-20", clause="SOCK-05")
    for x, _, y in w.pairs[:1]:
        still = all_of([y.machine.unchanged, y.module.unchanged])
        surplus = (w.outsider.machine.state == "surplus") & (x.machine.state != "up")
        system.always(
            "a surplus cleanup is refused and changes nothing",
            surplus.implies(still),
            id="PW-10",
            clause="WSP-23",
        )
