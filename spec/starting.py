"""What WSPStartup answers: one code for each obstacle, a version by the rule of both, and whose upcall table is used.

The companion of W1 for the start itself (requirements, section 2.2, the table of return values). Versions are numbered
in their order: 0 is 1.0, 4 is 2.2.
"""

from dataclasses import dataclass

from quiesce import Machine, System, Term, after, all_of, any_of, argument, enabled, happens, minimum, sum_of, where

VERSIONS = ["1.0", "1.1", "2.0", "2.1", "2.2"]
LAST = len(VERSIONS) - 1
AGREED = [f"0, version {version}" for version in VERSIONS]
UNSUPPORTED = "WSAVERNOTSUPPORTED"
OBSTACLES = {
    "bad pointers": "WSAEFAULT",
    "a blocking 1.x call": "WSAEINPROGRESS",
    "the network is not ready": "WSASYSNOTREADY",
    "no more tasks": "WSAEPROCLIM",
}
"""What stands in the way of a start, and the code that says so."""
FAILURES = [*OBSTACLES.values(), UNSUPPORTED]
TABLES = ["first", "second"]


@dataclass(frozen=True)
class Starting:
    """The machines, and the terms that rules, properties and defects share."""

    provider: Machine
    client: Machine
    environment: Machine
    judge: Machine
    references: Term
    upcalls: Term
    obstacle: Term
    held: Term
    got: Term
    asked: Term
    answered: Term
    latest: Term
    lowest: int
    highest: int

    @property
    def supported(self) -> Term:
        """Whether the version that a start asks for is one that the provider goes down to (WSP-15)."""
        return request() >= self.lowest


def request() -> Term:
    """Return the version that a start asks for, by its number."""
    return argument("request", range(len(VERSIONS)))


def table() -> Term:
    """Return the upcall table that a start brings along."""
    return argument("upcalls", TABLES)


def contract(*, clients: int, starts: int, lowest: int, highest: int) -> Starting:
    """Return the machines for a provider that supports the versions from `lowest` to `highest`, by their numbers."""
    provider = Machine("provider", states=["down", "up"])
    client = Machine("client", copies=clients, states=["idle", "deciding"])
    environment = Machine("environment")
    judge = Machine("judge", observer=True)
    w = Starting(
        provider=provider,
        client=client,
        environment=environment,
        judge=judge,
        references=provider.count("references", up_to=clients * starts),
        upcalls=provider.one_of("upcalls", TABLES, optional=True),
        obstacle=environment.one_of("obstacle", OBSTACLES, optional=True),
        held=client.count("held", up_to=starts),
        got=client.count("got", up_to=LAST),
        asked=judge.count("asked", up_to=LAST),
        answered=judge.integer("answered", -1, LAST, initial=-1),
        latest=judge.one_of("latest", TABLES, optional=True),
        lowest=lowest,
        highest=highest,
    )
    _environment(w)
    _starting(w)
    _deciding(w, starts)
    _judging(w)
    return w


def _environment(w: Starting) -> None:
    """Obstacles come and go as they like."""
    for obstacle in OBSTACLES:
        w.environment.step(f"{obstacle}", when=w.obstacle.is_in([None]), then={w.obstacle: obstacle})
    w.environment.step("nothing in the way", when=~w.obstacle.is_in([None]), then={w.obstacle: None})


def _starting(w: Starting) -> None:
    """Every check that fails may be the one that answers (A-31); a start that passes all of them counts."""
    provider, free = w.provider, w.obstacle.is_in([None])
    for obstacle, code in OBSTACLES.items():
        provider.on("WSPStartup", request(), table(), when=w.obstacle == obstacle, returns=code, clause="WSP-17")
    low = ~w.supported
    provider.on("WSPStartup", request(), table(), when=low, returns=UNSUPPORTED, clause=["WSP-15", "WSP-17"])
    agreed = minimum(request(), w.highest)
    counted = {w.references: w.references + 1, w.upcalls: table()}
    for version, answer in enumerate(AGREED):
        provider.on(
            "WSPStartup",
            request(),
            table(),
            dest="up",
            when=free & w.supported & (agreed == version),
            then=counted,
            returns=answer,
            clause=["WSP-15", "WSP-18", "WSP-19"],
        )
    gone = {w.references: w.references - 1}
    provider.on("WSPCleanup", source="up", when=w.references > 1, then=gone, clause="WSP-05")
    forgotten = gone | {w.upcalls: None}
    provider.on("WSPCleanup", source="up", dest="down", when=w.references == 1, then=forgotten, clause="WSP-04")
    provider.step("upcall", source="up", clause="WSP-19")


def _deciding(w: Starting, starts: int) -> None:
    """A client takes the version that it got, or cleans up and goes elsewhere: such a start was counted (A-18)."""
    client, held = w.client, w.held
    for version, answer in enumerate(AGREED):
        taken = {held: held + 1, w.got: version}
        client.calls("WSPStartup", source="idle", dest="deciding", when=held < starts, then=taken, gets=answer)
    client.calls("WSPStartup", source="idle", when=held < starts, gets=FAILURES, clause="WSP-11")
    client.step("takes it", source="deciding", dest="idle", then={w.got: 0})
    left = {held: held - 1, w.got: 0}
    client.calls("WSPCleanup", source="deciding", dest="idle", then=left, clause="WSP-16")
    client.calls("WSPCleanup", source="idle", when=held > 0, then={held: held - 1}, clause="WSP-01")


def _judging(w: Starting) -> None:
    """Keep what the last start asked for and what it was answered, -1 for a failure; and the last table supplied."""
    judge = w.judge
    for version, answer in enumerate(AGREED):
        told = {w.asked: request(), w.answered: version, w.latest: table()}
        judge.on("WSPStartup", request(), table(), gets=answer, then=told)
    judge.on("WSPStartup", request(), table(), gets=FAILURES, then={w.asked: request(), w.answered: -1})
    last = w.references == 1
    judge.on("WSPCleanup", when=last, then={w.latest: None, w.asked: 0, w.answered: -1})


def promises(system: System, w: Starting) -> None:
    """Ask of every start what the table of its return values says."""
    total = sum_of(w.held[c] for c in w.client)
    system.always("cleanups match startups", w.references == total, id="PW-01", clause=["WSP-01", "WSP-11"])
    idle = all_of((w.client.state[c] == "idle") & (w.held[c] == 0) for c in w.client)
    system.always("the books balance at rest", idle.implies(w.references == 0), id="PW-02", clause=["WSP-01", "WSP-16"])
    nothing = w.provider.unchanged
    system.always(
        "a failed start changes nothing",
        happens("WSPStartup", returns=FAILURES).implies(nothing),
        id="PW-09",
        clause=["WSP-11", "WSP-17"],
    )
    told = [happens("WSPStartup", returns=code).implies(w.obstacle == why) for why, code in OBSTACLES.items()]
    system.always("a failure says what stood in the way", all_of(told), id="PW-11", clause="WSP-17")
    answers = happens("WSPStartup", returns=AGREED)
    system.always(
        "a start that answers 0 has nothing in its way, and counts",
        answers.implies(w.obstacle.is_in([None]) & (after(w.references) == w.references + 1)),
        id="PW-11.zero",
        clause=["WSP-17", "WSP-11"],
    )
    rule = where(w.asked < w.lowest, -1, minimum(w.asked, w.highest))
    agreed = (w.answered == rule) | (w.answered == -1)
    system.always("the version is the lower of both", agreed, id="PW-12", clause=["WSP-15", "WSP-18"])
    accepted = [happens("WSPStartup", returns=answer) for answer in AGREED[w.lowest : w.highest + 1]]
    system.always(
        "a version that it does not have is not agreed on",
        answers.implies(any_of(accepted)),
        id="PW-12.range",
        clause="WSP-15",
    )
    system.always("the latest upcall table is used", w.upcalls == w.latest, id="PW-13", clause="WSP-19")
    system.always(
        "it is forgotten when down", (w.provider.state == "down").implies(w.provider.fresh), id="PR-01", clause="WSP-09"
    )

    _in_their_turn(system, w)


def _in_their_turn(system: System, w: Starting) -> None:
    """Ask what a client, the provider and what stands in the way do one after the other."""
    client, free = w.client, w.obstacle.is_in([None])
    can = {c: (client.state[c] == "deciding") | (w.held[c] > 0) for c in client}
    system.always(
        "whoever holds a start can clean up, and nobody else",
        enabled("WSPCleanup") == any_of(can.values()),
        id="PW-02.can",
        clause=["WSP-01", "WSP-02", "WSP-16"],
    )
    takes = happens("client.takes it")
    system.always(
        "a client asks when it has nothing to decide, and decides once",
        happens("WSPStartup").implies(any_of(client.state[c] == "idle" for c in client))
        & takes.implies(any_of((client.state[c] == "deciding") & (after(client.state[c]) == "idle") for c in client)),
        id="PW-12.once",
        clause="WSP-16",
    )
    begins = {c: (client.state[c] == "idle") & (after(client.state[c]) == "deciding") for c in client}
    answered = happens("WSPStartup", returns=AGREED)
    system.always(
        "a client looks at the version that it got before it goes on",
        answered == any_of(begins.values()),
        id="PW-12.looks",
        clause="WSP-16",
    )
    waits = [(client.state[c] == "deciding").implies((w.held[c] > 0) & (w.got[c] >= w.lowest)) for c in client]
    system.always("what it looks at is a start that counts", all_of(waits), id="PW-12.counted", clause=["WSP-11"])
    gone = [(client.state[c] == "deciding") & happens("WSPCleanup") for c in client]
    left = [
        (before & (after(w.held[c]) < w.held[c])).implies(after(client.state[c]) == "idle")
        for c, before in zip(client, gone, strict=True)
    ]
    system.always("whoever goes elsewhere is done", all_of(left), id="PW-02.elsewhere", clause="WSP-16")
    refused = happens("WSPStartup", returns=UNSUPPORTED)
    if w.lowest > 0:
        system.always(
            "a version is refused only where it is below the lowest",
            refused.implies(after(w.asked) < w.lowest),
            id="PW-11.version",
            clause=["WSP-15", "WSP-17"],
        )
    up = w.provider.state == "up"
    system.always("it is up while it is started", up == (w.references > 0), id="PW-11.up", clause=["WSP-04", "WSP-05"])
    system.always("upcalls are made while it is up", enabled("provider.upcall") == up, id="PW-13.up", clause="WSP-19")
    system.holds("nothing stands in the way at first", free, id="PW-11.begin", clause="WSP-17")
    comes = any_of(happens(f"environment.{obstacle}") for obstacle in OBSTACLES)
    system.always(
        "one thing at a time stands in the way",
        comes.implies(free) & happens("environment.nothing in the way").implies(~free & after(free)),
        id="PW-11.way",
        clause="WSP-17",
    )


def not_vacuous(system: System, w: Starting) -> None:
    """Ask that every code and every version that it has is answered."""
    for number, code in enumerate(OBSTACLES.values()):
        system.sometimes(f"a start answers {code}", happens("WSPStartup", returns=code), id=f"PX-04.{number}")
        first = happens("WSPStartup", returns=code) & (w.references == 0)
        system.sometimes(f"a first start answers {code}", first, id=f"PX-04.{number}.first")
    if w.lowest > 0:
        system.sometimes(
            f"a start answers {UNSUPPORTED}", happens("WSPStartup", returns=UNSUPPORTED), id="PX-04.version"
        )
    for version in range(w.lowest, w.highest + 1):
        answer = happens("WSPStartup", returns=AGREED[version])
        system.sometimes(f"version {VERSIONS[version]} is agreed on", answer, id=f"PX-04.{VERSIONS[version]}")
    left = any_of((w.client.state[c] == "deciding") for c in w.client) & happens("WSPCleanup")
    system.sometimes("a client goes elsewhere", left, id="PX-01.elsewhere")
    system.sometimes("what stood in the way is gone", happens("environment.nothing in the way"), id="PX-04.clear")
    both = [w.upcalls == name for name in TABLES]
    for name, used in zip(TABLES, both, strict=True):
        system.sometimes(f"the {name} table is in use", used & (w.references > 1))
