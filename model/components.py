"""The API level closed: components of a process on the one counter of Ws2_32.dll, and a stranger who keeps no rule."""

from typing import Annotated, Literal

from model.components_defects import DEFECTS
from quiesce import Between, Machine, System, after, all_of, any_of, happens
from spec.components import (
    CALLS,
    FAILURES,
    IN_PROGRESS,
    NOT_SOCKET,
    ON_SOCKETS,
    STRANGER,
    UNSTARTED,
    Component,
    Components,
    Version,
    contract,
)
from spec.components_promises import promises

Defect = Literal["none", "M70", "M71", "M72", "M73", "M74", "M75", "M76", "M77"]


def components(
    *,
    users: Annotated[int, Between(2, 3)] = 2,
    sockets: Annotated[int, Between(1, 3)] = 1,
    starts: Annotated[int, Between(1, 3)] = 2,
    version: Version = "2.x",
    defect: Defect = "none",
) -> System:
    """Return the closed system.

    `starts` bounds what one component holds; `version` is what the components negotiated: with 1.1 a call that blocks
    keeps its component from every other call (WSA-13). A defect is one of the first component, or of the second.
    """
    names = ["A", "B", "C"][:users]
    w = contract(names, sockets=sockets, starts=starts, version=version)
    stranger = _stranger(w)
    if defect != "none":
        DEFECTS[defect](w)
    machines = [x.machine for x in w.components]
    rest = w.down & all_of(x.out for x in w.components)
    system = System("components", w.ws2_32, *machines, w.socket, stranger, w.books, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause=["WSA-02", "WSA-08"])
    _not_vacuous(system, w)
    return system


def _stranger(w: Components) -> Machine:
    """Code of the process that calls what must fail: anything when Winsock is down, and sockets that are no more."""
    stranger, mine = Machine(STRANGER), w.caller == STRANGER
    stranger.calls([*CALLS, "WSACleanup"], w.caller, when=mine & w.down, clause=["WSA-10", "WSA-12"])
    old = ~w.down & (w.socket.state[w.socket.acting] == "old")
    stranger.calls(ON_SOCKETS, w.caller, when=mine & old, clause="WSA-12")
    return stranger


def _not_vacuous(system: System, w: Components) -> None:
    """Ask that what the promises are about can happen at all."""
    holding = [x.held > 0 for x in w.components]
    system.sometimes("all components at once", all_of(holding), id="PX-01")
    for number, code in enumerate(FAILURES):
        system.sometimes(f"a start answers {code}", happens("WSAStartup", returns=code), id=f"PX-04.start.{number}")
    for call in [*CALLS, "WSACleanup"]:
        system.sometimes(f"{call} finds Winsock down", happens(call, returns=UNSTARTED), id=f"PX-04.{call}")
    for call in ON_SOCKETS:
        system.sometimes(f"{call} finds an old socket", happens(call, returns=NOT_SOCKET), id=f"PX-04.old.{call}")
    again = any_of((w.socket.state[s] == "old") & (after(w.socket.state[s]) == "open") for s in w.socket)
    system.sometimes("an old number is given out again", again)
    for x in w.components:
        _works(system, w, x)


def _works(system: System, w: Components, x: Component) -> None:
    """Ask that a component can do everything that a component does."""
    if w.starts > 1:
        system.sometimes(f"{x.name} starts twice", x.held == 2, id=f"PX-01.{x.name}")
    fails = w.by(x.name, "WSAStartup", FAILURES)
    system.sometimes(f"a first start of {x.name} fails", x.out & fails)
    system.sometimes(f"a later start of {x.name} fails", ~x.out & fails)
    for call in CALLS:
        system.sometimes(f"{call} works for {x.name}", w.by(x.name, call, w.served(call)))
    system.sometimes(f"ConnectEx works for {x.name}", happens(f"{x.name}.ConnectEx"))
    if w.version == "1.1":
        for call in ("WSAStartup", "WSACleanup"):
            busy = w.by(x.name, call, IN_PROGRESS)
            system.sometimes(f"{call} comes while {x.name} blocks", busy, id=f"PX-04.busy.{x.name}.{call}")
        system.sometimes(f"{x.name} cancels its call", w.by(x.name, "WSACancelBlockingCall"))
        system.sometimes(f"recv of {x.name} returns", happens(f"{x.name}.recv returns"))
