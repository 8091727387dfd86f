"""What a DLL of namespace providers promises: the provider's pattern a second time, with a count for each GUID.

NSPCleanup names a provider by its GUID, and one DLL may house several: each has a count, and what all of them share is
freed when the last of all is cleaned up (A-07). Ws2_32.dll starts the providers at the first lookup, leaves out those
that fail, and cleans up the others at its own last cleanup; another client in the process may start them too.
Requirements, section 1.5; the promises are numbered like those of a transport provider, PW-26.01 for PW-01.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quiesce import Machine, Term, after, all_of, any_of, argument, happens, sum_of, where
from spec.winsock import OK, PENDING

FAILURES = ["WSA_NOT_ENOUGH_MEMORY", "WSAEINVAL", "WSAEINVALIDPROCTABLE", "WSAEOPNOTSUPP", "WSASYSNOTREADY"]
NOT_STARTED, FAILED = "WSAEINVAL", "WSAEPROVIDERFAILEDINIT"
WS2_32, CLIENT, STRANGER = "ws2_32", "client", "stranger"
CLIENTS = [WS2_32, CLIENT]
ASKED = ["not yet", "started", "failed"]


@dataclass(frozen=True)
class Provider:
    """One namespace provider of the DLL: its count, what it holds, and what each client has of it."""

    guid: str
    references: Term
    context: Term
    queries: Term
    asked: Term
    held: Term
    account: dict[str, Term]

    @property
    def start(self) -> str:
        """Return the trigger of its NSPStartup."""
        return f"{self.guid}.NSPStartup"

    @property
    def cleanup(self) -> str:
        """Return the trigger of its NSPCleanup."""
        return f"{self.guid}.NSPCleanup"

    @property
    def returned(self) -> str:
        """Return the trigger of the return of an NSPCleanup that takes time."""
        return f"{self.guid}.NSPCleanup.return"

    @property
    def begin(self) -> str:
        """Return the trigger of a lookup's begin."""
        return f"{self.guid}.NSPLookupServiceBegin"

    @property
    def end(self) -> str:
        """Return the trigger of a lookup's end."""
        return f"{self.guid}.NSPLookupServiceEnd"

    @property
    def surplus(self) -> Term:
        """Successful starts less successful cleanups, of all clients."""
        return sum_of(self.account.values())


@dataclass(frozen=True)
class Namespace:
    """The machines of one process, and the terms that rules, properties and defects share."""

    dll: Machine
    ws2_32: Machine
    client: Machine
    books: Machine
    providers: Sequence[Provider]
    heap: Term
    leaving: Term
    starts: Term
    caller: Term
    last: Term
    most_starts: int
    most_held: int

    def by(self, caller: str, trigger: str, returns: object = None) -> Term:
        """Whether a step is somebody's call: the books say who called last."""
        return happens(trigger, returns=returns) & (after(self.last) == caller)

    @property
    def down(self) -> Term:
        """No provider of the DLL is started, and none is being cleaned up."""
        return self.dll.state == "down"

    @property
    def all_zero(self) -> Term:
        """Every provider's count is zero."""
        return all_of(p.references == 0 for p in self.providers)

    @property
    def surplus(self) -> Term:
        """Successful starts less successful cleanups, of all providers."""
        return sum_of(p.surplus for p in self.providers)


def contract(guids: Sequence[str], *, starts: int, held: int) -> Namespace:
    """Return the DLL with a provider for each GUID, Ws2_32.dll, the other client, and the books that watch them.

    `starts` bounds the count of WSAStartup, `held` what the other client holds of one provider.
    """
    dll = Machine("dll", states=["down", "up", "cleaning"])
    ws2_32 = Machine(WS2_32, states=["down", "up", "starting", "cleaning", "waiting"])
    client = Machine(CLIENT, states=["idle", "waiting"])
    books = Machine("books", observer=True)
    callers = [*CLIENTS, STRANGER]
    n = Namespace(
        dll=dll,
        ws2_32=ws2_32,
        client=client,
        books=books,
        providers=[_provider(guid, dll, ws2_32, client, books, held) for guid in guids],
        heap=dll.count("heap", up_to=1),
        leaving=dll.one_of("leaving", guids, optional=True),
        starts=ws2_32.count("starts", up_to=starts),
        caller=argument("caller", callers),
        last=books.one_of("last", callers, initial=STRANGER),
        most_starts=starts,
        most_held=held,
    )
    for p in n.providers:
        _counts(n, p)
        _frees(n, p)
        _ws2_32_calls(n, p)
        _client_calls(n, p)
        _keeps_books(n, p)
    dll.step(
        "free heap",
        source="cleaning",
        when=n.all_zero & all_of(p.context == 0 for p in n.providers) & (n.heap > 0),
        then={n.heap: n.heap - 1},
        fair="weak",
        clause=["NSP-02", "NSP-03"],
    )
    _ws2_32(n)
    return n


def _provider(guid: str, dll: Machine, ws2_32: Machine, client: Machine, books: Machine, held: int) -> Provider:
    return Provider(
        guid=guid,
        references=dll.count(f"references of {guid}", up_to=1 + held),
        context=dll.count(f"context of {guid}", up_to=1),
        queries=dll.count(f"queries of {guid}", up_to=1),
        asked=ws2_32.one_of(f"asked {guid}", ASKED),
        held=client.count(f"held of {guid}", up_to=held),
        account={
            WS2_32: books.integer(f"{WS2_32} at {guid}", -1, 1),
            CLIENT: books.integer(f"{CLIENT} at {guid}", -1, held),
        },
    )


# -- the DLL ----------------------------------------------------------------------------------------------------------


def _counts(n: Namespace, p: Provider) -> None:
    """A count for each GUID; while the DLL cleans up, other starts and cleanups wait (A-10)."""
    dll, count = n.dll, p.references
    more, fewer, first = {count: count + 1}, {count: count - 1}, {p.context: p.context + 1}
    fresh = more | first | {n.heap: n.heap + 1}
    dll.on(p.start, n.caller, source="down", dest="up", then=fresh, returns=OK, clause=["NSP-01", "NSP-05"])
    dll.on(p.start, n.caller, source="up", when=count == 0, then=more | first, returns=OK, clause="NSP-05")
    dll.on(p.start, n.caller, source="up", when=count > 0, then=more, returns=OK, clause="NSP-02")
    dll.on(p.start, n.caller, source=["down", "up"], returns=FAILURES, clause="NSP-04")
    dll.on(p.cleanup, n.caller, source="up", when=count > 1, then=fewer, returns=OK, clause="NSP-02")
    dll.on(
        p.cleanup,
        n.caller,
        source="up",
        dest="cleaning",
        when=count == 1,
        then={count: 0, n.leaving: p.guid},
        returns=PENDING,
        clause=["NSP-02", "NSP-05"],
    )
    dll.on(p.cleanup, n.caller, source=["down", "up"], when=count == 0, returns=NOT_STARTED, clause="NSP-04")
    started, more, fewer = count > 0, {p.queries: p.queries + 1}, {p.queries: p.queries - 1}
    dll.on(p.begin, n.caller, source="up", when=started & (p.queries == 0), then=more, returns=OK, clause="NSP-01")
    dll.on(p.end, n.caller, source="up", when=started & (p.queries > 0), then=fewer, returns=OK, clause="NSP-01")
    dll.on([p.begin, p.end], n.caller, source=["down", "up"], when=~started, returns=NOT_STARTED, clause="NSP-01")


def _frees(n: Namespace, p: Provider) -> None:
    """The last cleanup of a GUID ends its lookups and frees what is its own; the very last frees what all share."""
    dll, mine = n.dll, n.leaving == p.guid
    dll.step(
        f"end queries of {p.guid}",
        source="cleaning",
        when=mine & (p.queries > 0),
        then={p.queries: p.queries - 1},
        fair="weak",
        clause="NSP-03",
    )
    dll.step(
        f"free context of {p.guid}",
        source="cleaning",
        when=mine & (p.queries == 0) & (p.context > 0),
        then={p.context: p.context - 1},
        fair="weak",
        clause=["NSP-03", "NSP-05"],
    )
    freed = mine & (p.context == 0)
    for dest, done in (("up", freed & ~n.all_zero), ("down", freed & n.all_zero & (n.heap == 0))):
        dll.on(
            p.returned,
            source="cleaning",
            dest=dest,
            when=done,
            then={n.leaving: None},
            returns=OK,
            fair="weak",
            clause="NSP-03",
        )


# -- its clients ------------------------------------------------------------------------------------------------------


def _ws2_32(n: Namespace) -> None:
    """Ws2_32.dll starts the providers at the first lookup of its life, and cleans them up at its last cleanup."""
    m, starts = n.ws2_32, n.starts
    more, fewer = {starts: starts + 1}, {starts: starts - 1}
    asked = all_of(p.asked != "not yet" for p in n.providers)
    some = any_of(p.asked == "started" for p in n.providers)
    m.on("WSAStartup", source=["down", "up"], dest="up", when=starts < n.most_starts, then=more, clause="WSA-02")
    m.on("WSALookupServiceBegin", source="up", dest="starting", when=~asked, returns=PENDING, clause="NSP-01")
    m.on("WSALookupServiceBegin.return", source="starting", dest="up", when=asked & some, returns=OK, clause="NSP-01")
    m.on(
        "WSALookupServiceBegin.return",
        source="starting",
        dest="up",
        when=asked & ~some,
        returns=FAILED,
        clause="WSP-34",
    )
    m.on("WSACleanup", source="up", when=starts > 1, then=fewer, returns=OK, clause="WSA-02")
    m.on("WSACleanup", source="up", dest="cleaning", when=starts == 1, then=fewer, returns=PENDING, clause="WSA-08")
    forgotten = {p.asked: "not yet" for p in n.providers}
    m.on("WSACleanup.return", source="cleaning", dest="down", when=~some, then=forgotten, returns=OK, clause="WSA-08")


def _ws2_32_calls(n: Namespace, p: Provider) -> None:
    """What fails to start is left out, and is not cleaned up: only a start that succeeded is owed a cleanup."""
    m, mine, caller = n.ws2_32, n.caller == WS2_32, n.caller
    unasked, started = mine & (p.asked == "not yet"), mine & (p.asked == "started")
    m.calls(p.start, caller, source="starting", when=unasked, then={p.asked: "started"}, gets=OK, clause="NSP-01")
    left_out = {p.asked: "failed"}
    m.calls(p.start, caller, source="starting", when=unasked, then=left_out, gets=FAILURES, clause=["NSP-04", "WSP-11"])
    m.calls([p.begin, p.end], caller, source="up", when=started, clause="NSP-01")
    over = {p.asked: "not yet"}
    m.calls(p.cleanup, caller, source="cleaning", when=started, then=over, gets=[OK, NOT_STARTED], clause="NSP-01")
    m.calls(
        p.cleanup, caller, source="cleaning", dest="waiting", when=started, then=over, gets=PENDING, clause="NSP-01"
    )
    m.calls(p.returned, source="waiting", dest="cleaning", clause="NSP-03")


def _client_calls(n: Namespace, p: Provider) -> None:
    """Another client in the process, which starts providers for itself: so counts go beyond one (NSP-02)."""
    m, mine, caller, held = n.client, n.caller == CLIENT, n.caller, p.held
    more, fewer = {held: held + 1}, {held: held - 1}
    m.calls(p.start, caller, source="idle", when=mine & (held < n.most_held), then=more, gets=OK, clause="NSP-02")
    m.calls(p.start, caller, source="idle", when=mine, gets=FAILURES, clause=["NSP-04", "WSP-11"])
    owing = mine & (held > 0)
    m.calls(p.cleanup, caller, source="idle", when=owing, then=fewer, gets=[OK, NOT_STARTED], clause="NSP-01")
    m.calls(p.cleanup, caller, source="idle", dest="waiting", when=owing, then=fewer, gets=PENDING, clause="NSP-01")
    m.calls(p.returned, source="waiting", dest="idle", clause="NSP-03")


def _keeps_books(n: Namespace, p: Provider) -> None:
    """Count for each client what it was told: successful starts less cleanups; and keep who called last."""
    last = {n.last: n.caller}
    more = {account: where(n.caller == name, account + 1, account) for name, account in p.account.items()}
    fewer = {account: where(n.caller == name, account - 1, account) for name, account in p.account.items()}
    n.books.on(p.start, n.caller, gets=OK, then=more | last, clause="NSP-01")
    n.books.on(p.start, n.caller, then=last, clause="NSP-04")
    n.books.on(p.cleanup, n.caller, gets=[OK, PENDING], then=fewer | last, clause="NSP-01")
    n.books.on([p.cleanup, p.begin, p.end], n.caller, then=last, clause="NSP-01")
