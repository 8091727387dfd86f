"""W0 closed: some clients, some sockets and one provider in a process, with every interleaving and every injected
failure.
"""

from typing import Annotated, Literal

from model.winsock_defects import DEFECTS
from quiesce import Between, Machine, System, all_of, any_of, happens
from spec.winsock import (
    CALLS,
    ERROR,
    FAILURES,
    OK,
    PENDING,
    UNSTARTED,
    Contract,
    Matched,
    OpenAtCleanup,
    StartDuringTeardown,
    SurplusCleanup,
    contract,
    promises,
)

Defect = Literal[
    "none", "M01", "M02", "M03", "M04", "M05", "M08", "M10", "M15", "M20", "M23", "M24", "M25", "M26", "M34", "M43"
]


def winsock(
    *,
    clients: Annotated[int, Between(0, 8)] = 2,
    sockets: Annotated[int, Between(0, 12)] = 2,
    starts: Annotated[int, Between(1, 8)] = 2,
    data: Annotated[int, Between(1, 8)] = 1,
    failures: bool = True,
    matched: Matched = "successful",
    open_at_cleanup: OpenAtCleanup = "drain",
    surplus_cleanup: SurplusCleanup = "error",
    start_during_teardown: StartDuringTeardown = "waits",
    defect: Defect = "none",
) -> System:
    """Return the closed system.

    `starts` bounds what one client holds, `data` the unsent units of a socket. `matched` (A-01): which starts are
    owed a cleanup; `open_at_cleanup` (A-02): what becomes of sockets that are open at the last cleanup;
    `surplus_cleanup` (A-06): what a cleanup at zero answers; `start_during_teardown` (A-10): whether a start waits or
    fails then.
    """
    client = Machine("client", copies=clients, states=["idle", "waiting"])
    held = client.count("held", up_to=starts)
    w = contract(
        client,
        held,
        references=clients * starts,
        sockets=sockets,
        data=data,
        failures=failures,
        matched=matched,
        open_at_cleanup=open_at_cleanup,
        surplus_cleanup=surplus_cleanup,
        start_during_teardown=start_during_teardown,
    )
    _clients(client, w, starts, matched)
    if defect != "none":
        DEFECTS[defect](w)
    rest = w.down & all_of(client.state[c] == "idle" for c in client)
    system = System("winsock", w.provider, client, w.socket, w.books, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    some = any_of(w.held[c] < starts for c in client)
    system.always("starts are asked for within the bounds", happens("WSPStartup").implies(some), clause="WSP-14")
    if start_during_teardown == "waits":
        late = happens("WSPStartup") & w.provider.state.is_in(["draining", "freeing"])
        system.never("a start is answered during a teardown", late, id="PR-05", clause="WSP-09")
    _not_vacuous(
        system,
        w,
        clients * starts,
        sockets if open_at_cleanup == "drain" else 0,
        failures=failures,
        refused=surplus_cleanup == "error",
        waiting_starts=start_during_teardown == "fails" and clients >= 2,
    )
    return system


def _clients(client: Machine, w: Contract, starts: int, matched: Matched) -> None:
    """Clients that clean up once for each start: a surplus cleanup comes only where nobody holds a reference."""
    held = w.held
    taken = {held: held + 1}
    client.calls("WSPStartup", source="idle", when=held < starts, then=taken, gets=OK, clause="WSP-14")
    owing = taken if matched == "every" else {}
    client.calls("WSPStartup", source="idle", when=held < starts, then=owing, gets=FAILURES, clause="WSP-11")
    given = {held: held - 1}
    client.calls("WSPCleanup", source="idle", when=held > 0, then=given, gets=[OK, ERROR, UNSTARTED], clause="WSP-01")
    client.calls("WSPCleanup", source="idle", dest="waiting", when=held > 0, then=given, gets=PENDING, clause="WSP-01")
    client.calls("WSPCleanup", source="idle", when=(held == 0) & w.down)
    client.calls("WSPCleanup.return", source="waiting", dest="idle", gets=[OK, ERROR])
    client.calls(CALLS, source="idle", when=held > 0, gets=OK, clause="WSP-13")


def _not_vacuous(
    system: System, w: Contract, references: int, drained: int, *, failures: bool, refused: bool, waiting_starts: bool
) -> None:
    """Ask that what the promises are about can happen at all, as far as the bounds allow; `drained` sockets can owe
    data.
    """
    for count in range(2, min(references, 3) + 1):
        system.sometimes(f"{count} references at once", w.references == count, id=f"PX-01.{count}")
    for cycles in (2, 3) if references else ():
        system.sometimes(f"{cycles} complete cycles", w.down & (w.cycles == cycles), id=f"PX-02.{cycles}")
    if references:
        failing = happens("WSPStartup", returns=FAILURES)
        if failures:
            system.sometimes("a nested start fails", (w.provider.state == "up") & failing, id="PX-04.nested")
            system.sometimes("a first start fails", (w.provider.state == "down") & failing, id="PX-04.first")
            for number, code in enumerate(FAILURES):
                told = happens("WSPStartup", returns=code)
                system.sometimes(f"a start answers {code}", told, id=f"PX-04.start.{number}")
        if refused:
            told = happens("WSPCleanup", returns=UNSTARTED)
            system.sometimes("a surplus cleanup is refused", told, id="PX-04.surplus")
        if waiting_starts:
            in_teardown = w.provider.state.is_in(["draining", "freeing"])
            system.sometimes("a start fails during teardown", in_teardown & failing, id="PX-06")
    if references and drained >= 2:
        waiting = [any_of(w.owed[s] & (w.socket.state[s] == state) for s in w.socket) for state in ("open", "closing")]
        system.sometimes(
            "draining an open and a closing socket",
            (w.provider.state == "draining") & all_of(waiting),
            id="PX-03",
        )
