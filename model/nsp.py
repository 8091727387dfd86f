"""Namespace providers closed: one DLL of them, Ws2_32.dll, another client, and a stranger who keeps no rule."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, Machine, System, all_of, happens
from spec.nsp import (
    CLIENT,
    FAILED,
    FAILURES,
    NOT_STARTED,
    STRANGER,
    WS2_32,
    Namespace,
    Provider,
    contract,
)
from spec.nsp_promises import promises
from spec.winsock import OK, PENDING

Defect = Literal["none", "M60"]


def nsp(
    *,
    providers: Annotated[int, Between(1, 3)] = 2,
    starts: Annotated[int, Between(1, 3)] = 2,
    held: Annotated[int, Between(1, 3)] = 1,
    defect: Defect = "none",
) -> System:
    """Return the closed system: `starts` bounds WSAStartup, `held` what the other client holds of one provider."""
    n = contract([f"G{number}" for number in range(1, providers + 1)], starts=starts, held=held)
    stranger = Machine(STRANGER)
    for p in n.providers:
        unstarted = (n.caller == STRANGER) & (p.references == 0)
        stranger.calls([p.cleanup, p.begin, p.end], n.caller, when=unstarted, clause=["NSP-01", "NSP-04"])
    if defect != "none":
        DEFECTS[defect](n)
    rest = n.down & (n.ws2_32.state == "down") & (n.client.state == "idle")
    system = System("nsp", n.dll, n.ws2_32, n.client, stranger, n.books, rest=rest)
    promises(system, n)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause=["NSP-02", "WSA-08"])
    _not_vacuous(system, n)
    return system


def _not_vacuous(system: System, n: Namespace) -> None:
    """Ask that what the promises are about can happen at all."""
    for p in n.providers:
        _works(system, n, p)
    system.sometimes("all providers at once", all_of(p.asked == "started" for p in n.providers), id="PX-01")
    for answer in (OK, FAILED):
        told = happens("WSALookupServiceBegin.return", returns=answer)
        system.sometimes(f"a first lookup answers {answer}", told, id=f"PX-04.lookup.{answer}")
    if n.most_starts > 1:
        system.sometimes("two users of Ws2_32.dll", n.starts == 2, id="PX-01.2")


def _works(system: System, n: Namespace, p: Provider) -> None:
    system.sometimes(f"{p.guid} is started twice", p.references == 2, id=f"PX-01.{p.guid}")
    for name in (WS2_32, CLIENT):
        for number, code in enumerate(FAILURES):
            fails = n.by(name, p.start, code)
            system.sometimes(f"{name} is answered {code} by {p.guid}", fails, id=f"PX-04.{p.guid}.{name}.{number}")
        system.sometimes(f"{name} ends {p.guid}", n.by(name, p.cleanup, PENDING), id=f"PX-02.{p.guid}.{name}")
        system.sometimes(f"{name} leaves {p.guid} to others", n.by(name, p.cleanup, OK), id=f"PX-05.{p.guid}.{name}")
    for state in ("down", "up"):
        failing = (n.dll.state == state) & happens(p.start, returns=FAILURES)
        system.sometimes(f"a start of {p.guid} fails when the DLL is {state}", failing, id=f"PX-04.{p.guid}.{state}")
    for call in (p.begin, p.end):
        system.sometimes(f"{call} works", n.by(WS2_32, call, OK), id=f"PX-03.{call}")
    for call in (p.cleanup, p.begin, p.end):
        for state in ("down", "up") if len(n.providers) > 1 else ("down",):
            refused = (n.dll.state == state) & happens(call, returns=NOT_STARTED)
            system.sometimes(f"{call} is refused when the DLL is {state}", refused, id=f"PX-04.{call}.{state}")
    looking = (n.leaving == p.guid) & (p.queries > 0)
    system.sometimes(f"{p.guid} is cleaned up while somebody looks up", looking, id=f"PX-03.{p.guid}")


def result_ignored(n: Namespace) -> None:
    """M60: NSPStartup's result is ignored, and NSPCleanup follows for a provider that never started."""
    p = n.providers[0]
    n.ws2_32.drop(p.start)
    asked = (n.caller == WS2_32) & (p.asked == "not yet")
    n.ws2_32.calls(p.start, n.caller, source="starting", when=asked, then={p.asked: "started"})


DEFECTS: dict[str, Callable[[Namespace], None]] = {"M60": result_ignored}
