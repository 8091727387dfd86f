"""Layered providers over a base, under Ws2_32.dll: each layer is a caller that owes the next one a cleanup for each
start.
"""

from typing import Annotated, Literal

from quiesce import Between, Machine, System, all_of, happens, maximum
from spec.layers import FAILED, OK, Provider, Start, base, layer, promises, sockets_watched

Defect = Literal["none", "M50", "M51"]


def chain(
    *,
    layers: Annotated[int, Between(1, 6)] = 2,
    start: Start = "eager",
    starts: Annotated[int, Between(1, 8)] = 2,
    failures: bool = True,
    defect: Defect = "none",
) -> System:
    """Return `layers` layers over a base; `start` says when a layer starts the next one (LSP-03)."""
    names = [f"L{number}" for number in range(1, layers + 1)]
    providers = [
        layer(name, below, starts=starts, start=start) for name, below in zip(names, [*names[1:], "base"], strict=True)
    ]
    providers.append(base("base", starts=starts, failures=failures))
    if defect != "none":
        {"M50": never_cleans_below, "M51": cleanup_goes_straight_down}[defect](providers[0], providers[1].name)
    ws2_32 = Machine("ws2_32", states=["idle", "starting", "cleaning", "opening"])
    held = ws2_32.count("held", up_to=starts)
    top = providers[0]
    ws2_32.calls(f"{top.name}.WSPStartup", source="idle", dest="starting", when=held < starts)
    ws2_32.calls(f"{top.name}.WSPStartup.return", source="starting", dest="idle", then={held: held + 1}, gets=OK)
    ws2_32.calls(f"{top.name}.WSPStartup.return", source="starting", dest="idle", gets=FAILED, clause="WSP-11")
    ws2_32.calls(f"{top.name}.WSPSocket", source="idle", dest="opening", when=held > 0, clause="WSP-13")
    ws2_32.calls(f"{top.name}.WSPSocket.return", source="opening", dest="idle")
    ws2_32.calls(f"{top.name}.WSPCleanup", source="idle", dest="cleaning", when=held > 0, clause="WSP-01")
    ws2_32.calls(f"{top.name}.WSPCleanup.return", source="cleaning", dest="idle", then={held: held - 1})

    watch, made = sockets_watched(providers)
    machines = [ws2_32, *(provider.machine for provider in providers), watch]
    rest = (ws2_32.state == "idle") & all_of(provider.down for provider in providers)
    system = System("chain", *machines, rest=rest)
    system.always(
        "cleanups match startups",
        ((ws2_32.state == "idle") & top.resting).implies(held == top.count),
        id="PW-01",
        clause=["WSP-01", "LSP-01"],
    )
    system.always(
        "resources reach zero",
        ((held == 0) & (ws2_32.state == "idle")).implies(all_of(~provider.held for provider in providers)),
        id="PW-05",
        clause=["WSP-08", "LSP-02"],
    )
    promises(system, providers, start=start, made=made)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    if failures:
        system.sometimes("the base fails to start", providers[-1].machine.state == "failed", id="PX-04")
        call = "WSPStartup" if start == "eager" else "WSPSocket"
        failed = happens(f"{top.name}.{call}.return", returns=FAILED)
        system.sometimes("and the top provider passes it on", failed, id="PX-04.top")
    if starts > 1:
        system.sometimes("the top provider is started twice", top.count == 2, id="PX-01.2")
    system.sometimes("a socket is made", happens(f"{top.name}.WSPSocket.return", returns=OK))
    asks = happens(f"{providers[1].name}.WSPStartup") & (
        top.machine.state == ("to start" if start == "eager" else "to start late")
    )
    system.sometimes(f"the next one is started: {start}", asks, id=f"PX-05.{start}", clause="LSP-03")
    system.sometimes("all are up at once", all_of(provider.machine.state == "up" for provider in providers))
    return system


def never_cleans_below(x: Provider, _below: str) -> None:
    """M50: the layer never cleans the next one."""
    m = x.machine
    m.drop(f"{x.name}.WSPCleanup", source="up")
    m.on(f"{x.name}.WSPCleanup", source="up", dest="cleaned", then={x.count: x.count - 1})


def cleanup_goes_straight_down(x: Provider, below: str) -> None:
    """M51: WSPCleanup is the next one's own entry point: every cleanup goes down, although only one start did."""
    m = x.machine
    assert x.owed is not None
    m.drop(f"{x.name}.WSPCleanup", source="up")
    m.drop(f"{below}.WSPCleanup")
    m.drop(f"{below}.WSPCleanup.return")
    m.on(f"{x.name}.WSPCleanup", source="up", dest="to clean", then={x.count: x.count - 1})
    m.calls(f"{below}.WSPCleanup", source="to clean", dest="cleaning", then={x.owed: maximum(x.owed - 1, 0)})
    m.calls(f"{below}.WSPCleanup.return", source="cleaning", dest="cleaned")
