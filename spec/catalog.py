"""W2's other half: which entry of the catalog a start is for, and what is handed down the chain with it.

A layer may be installed in several chains. From its own entry in the chain that it is given it knows what comes next,
and keeps that apart for each entry; the chain's information goes on to a layer unchanged and to a base as the base's
own; the upcall table goes down untouched. WSPCleanup names no entry: one count for all of them (A-07).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from quiesce import Machine, System, Term, after, all_of, any_of, argument, happens

OK = "0"
ENTRIES = ["tcp", "udp"]
CHAINS: Mapping[str, Mapping[str, str]] = {"L1": {"tcp": "L2", "udp": "base_udp"}, "L2": {"tcp": "base_tcp"}}
"""What comes next after each layer, by entry: L1, L2 and a base for tcp, L1 and a base for udp (LSP-08)."""
BASES = {"base_tcp": "tcp", "base_udp": "udp"}
INFORMATION = [*(f"chain {entry}" for entry in ENTRIES), *(f"base {entry}" for entry in ENTRIES)]
TABLES = ["Ws2_32.dll's", "L1's"]
RESTING = ["down", "up"]


def information() -> Term:
    """Return the protocol information that a start is given (WSAPROTOCOL_INFO)."""
    return argument("information", INFORMATION)


def table() -> Term:
    """Return the upcall table that a start is given, by whose it is."""
    return argument("upcalls", TABLES)


@dataclass(frozen=True)
class Member:
    """A provider of some chain: its count of starts, and the last information and table that it was given.

    A layer keeps for each entry what comes next and whether it has started that; `asked` is the entry of the call
    it is in.
    """

    name: str
    machine: Machine
    count: Term
    told: Term
    upcalls: Term
    next: Mapping[str, Term]
    owed: Mapping[str, Term]
    starts: int
    asked: Term | None = None

    @property
    def down(self) -> Term:
        """Not started, or completely cleaned up."""
        return self.machine.state == "down"

    def fresh(self) -> dict[Term, object]:
        """Return what its variables are when it is down."""
        kept = dict.fromkeys(self.next.values())
        asked: dict[Term, object] = {} if self.asked is None else {self.asked: ENTRIES[0]}
        return {self.told: None, self.upcalls: None} | kept | asked


def base(name: str, *, starts: int) -> Member:
    """Return a base provider: it answers at once, and never learns that it is in a chain (LSP-05)."""
    m = Machine(name, states=RESTING)
    b = Member(
        name,
        m,
        m.count("count", up_to=starts),
        m.one_of("told", INFORMATION, optional=True),
        m.one_of("upcalls", TABLES, optional=True),
        {},
        {},
        starts,
    )
    given = {b.count: b.count + 1, b.told: information(), b.upcalls: table()}
    m.on(f"{name}.WSPStartup", information(), table(), dest="up", then=given, returns=OK, clause="WSP-14")
    less = {b.count: b.count - 1}
    if starts > 1:
        m.on(f"{name}.WSPCleanup", source="up", when=b.count > 1, then=less, returns=OK, clause="WSP-05")
    last = less | b.fresh()
    m.on(f"{name}.WSPCleanup", source="up", dest="down", when=b.count == 1, then=last, returns=OK, clause="WSP-04")
    m.on(f"{name}.WSPSocket", source="up", returns=OK, clause="WSP-13")
    return b


def layer(name: str, *, starts: int) -> Member:
    """Return a layer that is a member of the chains of CHAINS."""
    chains = CHAINS[name]
    waiting = ["starting", "opening", "cleaning"] if any(below not in BASES for below in chains.values()) else []
    asking = ["looking", "to start", "started", "to open", "opened", "to clean", "cleaned"]
    m = Machine(name, states=[*RESTING, *asking, *waiting])
    x = Member(
        name,
        m,
        m.count("count", up_to=starts),
        m.one_of("told", INFORMATION, optional=True),
        m.one_of("upcalls", TABLES, optional=True),
        {entry: m.one_of(f"next for {entry}", list(dict.fromkeys(chains.values())), optional=True) for entry in chains},
        {below: m.count(f"owed to {below}", up_to=1) for below in dict.fromkeys(chains.values())},
        starts,
        m.one_of("asked", list(chains)),
    )
    _starting(x, chains)
    _opening(x, chains)
    _cleaning_up(x)
    return x


def _starting(x: Member, chains: Mapping[str, str]) -> None:
    m, name = x.machine, x.name
    assert x.asked is not None
    for entry in chains:
        given = {x.told: information(), x.upcalls: table(), x.asked: entry}
        m.on(
            f"{name}.WSPStartup",
            information(),
            table(),
            source=RESTING,
            dest="looking",
            when=information() == f"chain {entry}",
            then=given,
            clause="WSP-14",
        )
    for entry, below in chains.items():
        found = {x.next[entry]: below}
        m.step("find the next", source="looking", dest="to start", when=x.asked == entry, then=found, clause="LSP-06")
    for below in x.owed:
        goes_on(x, below, handed_down(x, below))
    m.on(f"{name}.WSPStartup.return", source="started", dest="up", then={x.count: x.count + 1}, returns=OK)


def handed_down(x: Member, below: str) -> Term:
    """Whether what a start below is given is what the clauses say it is."""
    told = information() == f"base {BASES[below]}" if below in BASES else information() == x.told
    return told & (table() == x.upcalls)


def goes_on(x: Member, below: str, given: Term) -> None:
    """Start the next one, unless this layer has done so: a base at once, a layer in two events."""
    m, owed = x.machine, x.owed[below]
    here = any_of((x.asked == entry) & (place == below) for entry, place in x.next.items())
    more, made = here & (owed == 0), {owed: owed + 1}
    clauses = ["LSP-05", "LSP-07"] if below in BASES else ["LSP-04", "LSP-07"]
    start = f"{below}.WSPStartup"
    if below in BASES:
        m.calls(
            start,
            information(),
            table(),
            source="to start",
            dest="started",
            when=more & given,
            then=made,
            clause=clauses,
        )
    else:
        m.calls(start, information(), table(), source="to start", dest="starting", when=more & given, clause=clauses)
        m.calls(f"{start}.return", source="starting", dest="started", then=made)
    if x.starts > 1:
        m.step("already started", source="to start", dest="started", when=here & (owed > 0), clause="LSP-02")


def _opening(x: Member, chains: Mapping[str, str]) -> None:
    """A socket of an entry is opened at what comes next for that entry."""
    m, name, entry = x.machine, x.name, argument("entry", ENTRIES)
    assert x.asked is not None
    known = any_of((entry == one) & ~place.is_in([None]) for one, place in x.next.items())
    m.on(f"{name}.WSPSocket", entry, source="up", dest="to open", when=known, then={x.asked: entry}, clause="WSP-13")
    for below in x.owed:
        here = any_of((x.asked == one) & (place == below) for one, place in x.next.items())
        if below in BASES:
            m.calls(f"{below}.WSPSocket", source="to open", dest="opened", when=here, clause="LSP-10")
        else:
            asked = here & (entry == x.asked)
            m.calls(f"{below}.WSPSocket", entry, source="to open", dest="opening", when=asked, clause="LSP-10")
            m.calls(f"{below}.WSPSocket.return", source="opening", dest="opened")
    m.on(f"{name}.WSPSocket.return", source="opened", dest="up", then={x.asked: ENTRIES[0]})


def _cleaning_up(x: Member) -> None:
    """The last cleanup cleans up everything that the layer has started, whichever entry it was for (LSP-02)."""
    m, name = x.machine, x.name
    less = {x.count: x.count - 1}
    if x.starts > 1:
        m.on(f"{name}.WSPCleanup", source="up", dest="cleaned", when=x.count > 1, then=less, clause="WSP-05")
        m.on(f"{name}.WSPCleanup.return", source="cleaned", dest="up", when=x.count > 0, returns=OK, clause="WSP-05")
    m.on(f"{name}.WSPCleanup", source="up", dest="to clean", when=x.count == 1, then=less, clause="LSP-01")
    nothing = all_of(owed == 0 for owed in x.owed.values())
    for below, owed in x.owed.items():
        dest, less = "=" if below in BASES else "cleaning", {owed: owed - 1}
        m.calls(f"{below}.WSPCleanup", source="to clean", dest=dest, when=owed > 0, then=less, clause="LSP-01")
        if below not in BASES:
            m.calls(f"{below}.WSPCleanup.return", source="cleaning", dest="to clean")
    m.step("forget", source="to clean", dest="cleaned", when=nothing, then=x.fresh(), clause="WSP-09")
    m.on(f"{name}.WSPCleanup.return", source="cleaned", dest="down", when=x.count == 0, returns=OK, clause="WSP-04")


def promises(system: System, members: Mapping[str, Member], asked: Term) -> None:
    """Ask that information, tables and sockets go where the chains say, and that every start is given back."""
    for name, entry in BASES.items():
        b = members[name]
        system.always(
            f"{name} is told of itself alone",
            b.down | (b.told == f"base {entry}"),
            id=f"PW-18.{name}",
            clause=["LSP-05", "LSP-06"],
        )
        system.always(
            f"sockets at {name} are those asked for",
            happens(f"{name}.WSPSocket").implies(asked == entry),
            id=f"PW-18.{name}.sockets",
            clause=["LSP-06", "LSP-10"],
        )
    for name, x in members.items():
        system.always(
            f"{name} has the upcall table of Ws2_32.dll",
            x.down | x.upcalls.is_in([TABLES[0], None]),
            id=f"PW-18.{name}.upcalls",
            clause="LSP-07",
        )
        system.always(
            f"{name} is as good as new when it is down",
            x.down.implies(x.machine.fresh),
            id=f"PR-01.{name}",
            clause=["WSP-08", "WSP-09"],
        )
        for below, owed in x.owed.items():
            system.always(
                f"{below} counts what {name} owes it",
                (members[below].count == owed) & x.down.implies(owed == 0),
                id=f"PW-16.{name}.{below}",
                clause=["LSP-01", "LSP-02"],
            )
    for x in members.values():
        if x.asked is not None:
            _call_by_call(system, x, x.asked)
    for name in BASES:
        system.sometimes(f"a socket is opened at {name}", happens(f"{name}.WSPSocket"), id=f"PX-05.{name}")
    lower = members["L2"]
    system.always(
        "L2 is told what Ws2_32.dll told L1", lower.told.is_in(["chain tcp", None]), id="PW-18.L2", clause="LSP-04"
    )
    top = members["L1"]
    for entry in ENTRIES:
        for word, before in (("first", top.count == 0), ("second", top.count > 0)):
            looks = (top.machine.state == "looking") & before & (top.asked == entry)
            if word == "first" or top.starts > 1:
                system.sometimes(f"a {word} start is for {entry}", looks, id=f"PX-01.{word}.{entry}")
    if top.starts > 1:
        system.sometimes("L1 has started both chains", all_of(owed > 0 for owed in top.owed.values()))
        system.sometimes("L1 is started twice", top.count == 2, id="PX-01.2")
        system.sometimes("every provider is up", all_of(x.machine.state == "up" for x in members.values()))


def _call_by_call(system: System, x: Member, asked: Term) -> None:
    """Ask what a layer does in each of its calls, one step after the other."""
    name, state = x.name, x.machine.state
    looks = state == "looking"
    system.always(
        f"{name} looks for its place in the chain that it was given",
        all_of((looks & (asked == entry)).implies(x.told == f"chain {entry}") for entry in x.next),
        id=f"PW-18.{name}.place",
        clause=["LSP-06", "LSP-08"],
    )
    made = any_of(after(owed) > owed for owed in x.owed.values())
    system.always(
        f"{name} starts what comes next once in a start",
        made.implies(after(state) == "started"),
        id=f"PW-16.{name}.once",
        clause=["LSP-01", "LSP-02"],
    )
    last = happens(f"{name}.WSPCleanup").implies((after(state) == "to clean") == (x.count == 1))
    system.always(
        f"{name} gives up what it started at its last cleanup alone",
        last,
        id=f"PW-03.{name}",
        clause=["WSP-05", "WSP-24"],
    )
    opens = happens(f"{name}.WSPSocket").implies(after(state) == "to open")
    returns = happens(f"{name}.WSPSocket.return").implies(state == "opened")
    system.always(
        f"a socket of {name} is one of what comes next",
        opens & returns,
        id=f"PW-18.{name}.opened",
        clause="LSP-10",
    )
