"""What a DLL of namespace providers and its clients promise: PW-26, numbered like the promises of a provider."""

from quiesce import System, Term, after, all_of, any_of, happens, where
from spec.nsp import CLIENT, CLIENTS, FAILURES, NOT_STARTED, STRANGER, WS2_32, Namespace, Provider
from spec.winsock import OK, PENDING

LOOKUP_RETURN = "WSALookupServiceBegin.return"


def promises(system: System, n: Namespace) -> None:
    """Ask of a system what a provider's contract asks, for each GUID and for the DLL that houses them."""
    _matching(system, n)
    _calling(system, n)
    _order(system, n)
    _freeing(system, n)
    _results(system, n)
    _starting_again(system, n)


def _counted(p: Provider) -> Term:
    """Whether a cleanup happens that counts."""
    return happens(p.cleanup, returns=[OK, PENDING])


def _matching(system: System, n: Namespace) -> None:
    system.always(
        "each provider's count is what its clients owe it",
        all_of(p.references == p.surplus for p in n.providers),
        id="PW-26.01",
        clause=["NSP-01", "NSP-02", "NSP-05"],
    )
    owed = [
        (p.account[WS2_32] == where(p.asked == "started", 1, 0)) & (p.account[CLIENT] == p.held) for p in n.providers
    ]
    at_rest = (n.ws2_32.state == "down").implies(all_of(p.account[WS2_32] == 0 for p in n.providers))
    system.always(
        "each client means to clean up what it started, and has done so at rest",
        all_of(owed) & at_rest,
        id="PW-26.02",
        clause=["NSP-01", "WSP-11"],
    )
    own = [n.by(name, p.cleanup).implies(p.account[name] > 0) for p in n.providers for name in CLIENTS]
    system.always(
        "a client cleans up only what it has started", all_of(own), id="PW-26.02.own", clause=["NSP-01", "WSP-11"]
    )


def _calling(system: System, n: Namespace) -> None:
    """Who may call a provider, and when; Ws2_32.dll starts providers at a first lookup and ends them at its own end."""
    m = n.ws2_32
    calls = [(p, call) for p in n.providers for call in (p.begin, p.end)]
    between = [n.by(WS2_32, call).implies((p.account[WS2_32] > 0) & (m.state == "up")) for p, call in calls]
    system.always(
        "a provider is called between its start and its cleanup",
        all_of(between),
        id="PW-26.14.use",
        clause=["NSP-01", "AVF-E009"],
    )
    refused = [((p.references == 0) & happens(call)) == happens(call, returns=NOT_STARTED) for p, call in calls]
    nothing = any_of(happens(call, returns=NOT_STARTED) for _, call in calls).implies(n.dll.unchanged)
    system.always("nothing works that is not started", all_of(refused) & nothing, id="PW-26.14", clause="NSP-01")
    known = [
        happens(call, returns=OK).implies(any_of((after(n.last) == name) & (p.account[name] > 0) for name in CLIENTS))
        for p, call in calls
    ]
    started = any_of(happens(p.start) for p in n.providers).implies(after(n.last) != STRANGER)
    system.always("only who keeps books is served", all_of(known) & started, id="PW-26.14.served", clause="NSP-01")
    starts = [n.by(WS2_32, p.start).implies((m.state == "starting") & (p.asked == "not yet")) for p in n.providers]
    ends = [n.by(WS2_32, p.cleanup).implies(m.state == "cleaning") for p in n.providers]
    system.always(
        "Ws2_32.dll asks each provider once, and cleans up at its own last cleanup",
        all_of(starts) & all_of(ends),
        id="PW-26.03.ws2_32",
        clause=["NSP-01", "WSA-08"],
    )
    asked = all_of(p.asked != "not yet" for p in n.providers)
    some = any_of(p.account[WS2_32] > 0 for p in n.providers)
    looking, begins, begun = m.state == "starting", happens("WSALookupServiceBegin"), happens(LOOKUP_RETURN)
    system.always(
        "a lookup waits until each provider has been asked, and fails only where none starts",
        (_begins(looking) == begins)
        & (_ends(looking) == begun)
        & begins.implies(~asked)
        & begun.implies(asked & (happens(LOOKUP_RETURN, returns=OK) == some)),
        id="PW-26.11.lookup",
        clause=["NSP-01", "WSP-34"],
    )
    ending = m.state.is_in(["cleaning", "waiting"])
    system.always(
        "the last WSACleanup returns when it is over",
        (_begins(ending) == happens("WSACleanup", returns=PENDING)) & (_ends(ending) == happens("WSACleanup.return")),
        id="PW-26.05.ws2_32",
        clause=["NSP-03", "WSA-08"],
    )


def _begins(state: Term) -> Term:
    return ~state & after(state)


def _ends(state: Term) -> Term:
    return state & ~after(state)


def _order(system: System, n: Namespace) -> None:
    begins = [_begins(n.leaving == p.guid) == (_counted(p) & (p.surplus == 1)) for p in n.providers]
    system.always(
        "a provider is torn down by its last cleanup and only then",
        all_of(begins),
        id="PW-26.03",
        clause=["NSP-02", "NSP-05"],
    )
    ending = (n.dll.state == "cleaning") & n.all_zero
    last = any_of(_counted(p) for p in n.providers) & (n.surplus == 1)
    system.always(
        "the DLL is torn down by the last cleanup of all and only then",
        _begins(ending) == last,
        id="PW-26.03.all",
        clause=["NSP-02", "NSP-05"],
    )
    own = [(after(p.context) < p.context).implies((n.leaving == p.guid) & (p.queries == 0)) for p in n.providers]
    gone = n.all_zero & all_of(p.context == 0 for p in n.providers)
    system.always(
        "lookups end before anything is freed, and what all share is freed last",
        all_of(own) & (after(n.heap) < n.heap).implies(gone),
        id="PW-26.04",
        clause=["NSP-02", "NSP-03"],
    )
    ends = [(after(p.queries) < p.queries).implies(happens(p.end) | (n.leaving == p.guid)) for p in n.providers]
    needed = [((p.references > 0) | (p.queries > 0)).implies((p.context == 1) & (n.heap == 1)) for p in n.providers]
    system.always(
        "what is needed is held, and a lookup is not ended by others",
        all_of(needed) & all_of(ends),
        id="PW-26.04.held",
        clause=["NSP-01", "NSP-02"],
    )


def _freeing(system: System, n: Namespace) -> None:
    freed = [
        ((p.references == 0) & (n.leaving != p.guid)).implies((p.context == 0) & (p.queries == 0)) for p in n.providers
    ]
    system.always(
        "resources reach zero, of each provider and of the DLL",
        all_of(freed) & n.down.implies(n.heap == 0),
        id="PW-26.05",
        clause=["NSP-02", "NSP-03"],
    )
    system.always(
        "what returns is the cleanup that was called",
        all_of(happens(p.returned).implies(n.leaving == p.guid) for p in n.providers),
        id="PW-26.05.return",
        clause=["NSP-03", "NSP-05"],
    )
    system.always(
        "the DLL is down when every count is zero and nothing is left to free",
        (n.dll.state != "cleaning").implies(n.down == n.all_zero),
        id="PW-26.05.down",
        clause=["NSP-02", "NSP-05"],
    )


def _results(system: System, n: Namespace) -> None:
    failed = [happens(p.start, returns=FAILURES) for p in n.providers]
    kept = all_of(after(p.held) == p.held for p in n.providers)
    system.always(
        "a failed start changes nothing",
        any_of(failed).implies(n.dll.unchanged & kept),
        id="PW-26.09",
        clause=["NSP-04", "WSP-11"],
    )
    surplus = [
        ((p.references == 0) & happens(p.cleanup)) == happens(p.cleanup, returns=NOT_STARTED) for p in n.providers
    ]
    refused = any_of(happens(p.cleanup, returns=NOT_STARTED) for p in n.providers)
    system.always(
        "a surplus cleanup is refused and changes nothing",
        all_of(surplus) & refused.implies(n.dll.unchanged),
        id="PW-26.10",
        clause=["NSP-01", "NSP-04"],
    )
    honest = [
        ((after(p.references) == p.references + 1) == happens(p.start, returns=OK))
        & ((after(p.references) == p.references - 1) == _counted(p))
        for p in n.providers
    ]
    system.always("what answers NO_ERROR counts, and nothing else", all_of(honest), id="PW-26.11", clause="NSP-04")
    counts = [
        ((after(p.queries) == p.queries + 1) == happens(p.begin, returns=OK))
        & happens(p.end, returns=OK).implies(after(p.queries) == p.queries - 1)
        for p in n.providers
    ]
    system.always("a lookup begins and ends with its calls", all_of(counts), id="PW-26.11.query", clause="NSP-01")
    calls = any_of(happens(call) for p in n.providers for call in (p.start, p.cleanup, p.begin, p.end))
    system.never(
        "no other call is answered while the DLL cleans up",
        (n.dll.state == "cleaning") & calls,
        id="PW-26.05.wait",
        clause=["NSP-03", "WSP-09"],
    )


def _starting_again(system: System, n: Namespace) -> None:
    system.always("cleaned up is as good as new", n.down.implies(n.dll.fresh), id="PR-01", clause=["NSP-02", "WSP-09"])
    clients = (n.ws2_32.state == "down") & (n.client.state == "idle") & all_of(p.held == 0 for p in n.providers)
    system.bisimilar("cleaned up behaves as new", n.down & clients, id="PR-02", clause=["NSP-02", "WSP-09"])
    system.always(
        "Ws2_32.dll forgets at its last cleanup what it had asked",
        (n.ws2_32.state == "down").implies(n.ws2_32.fresh),
        id="PR-01.ws2_32",
        clause="WSA-08",
    )
    startable = [n.dll.accepts(p.start, returns=OK) for p in n.providers]
    system.always(
        "each provider can be started unless the DLL cleans up",
        (n.dll.state != "cleaning").implies(all_of(startable)),
        id="PR-04",
        clause=["NSP-05", "WSP-09"],
    )
    system.leads_to(
        "a cleanup comes to an end",
        n.dll.state == "cleaning",
        n.dll.state != "cleaning",
        id="PL-01",
        clause=["NSP-02", "NSP-03"],
    )
