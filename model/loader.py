"""The loader's lock and the catalog's, with threads that load, make sockets and clean up in every order."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, System, all_of, any_of
from spec.loader import Loader, contract, promises

Defect = Literal["none", "M58", "M65", "M66", "M68"]


def loader(*, threads: Annotated[int, Between(2, 4)] = 2, defect: Defect = "none") -> System:
    """Return the closed system."""
    w = contract(threads=threads)
    if defect != "none":
        DEFECTS[defect](w)
    rest = all_of(w.thread.state[t] == "idle" for t in w.thread) & (w.provider.state == "down")
    system = System("loader", w.thread, w.provider, w.worker, w.locks, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    system.holds("it begins at rest", rest, id="PR-01.begin", clause="WSP-13")
    loads = any_of(w.thread.state[t] == "DllMain" for t in w.thread)
    system.sometimes("a thread is in DllMain while another makes a socket", loads & (w.catalog != None))
    asks = (w.worker.state == "asking") & (w.provider.state == "ending")
    system.sometimes("the worker asks the catalog while it is cleaned up", asks)
    return system


def catalog_kept(w: Loader) -> None:
    """M58: providers are cleaned up with the catalog's lock held."""
    w.locks.drop("WSPCleanup")
    w.locks.on("WSPCleanup", when=w.catalog == w.thread.acting)
    w.locks.on("WSPCleanup.return", when=w.catalog == w.thread.acting, then={w.catalog: None})


def socket_in_dllmain(w: Loader) -> None:
    """M65: a module makes a socket when it is loaded."""
    w.thread.step("socket", source="DllMain", dest="to choose")


def cleanup_in_dllmain(w: Loader) -> None:
    """M66: a module cleans up when it is freed."""
    w.thread.step("WSACleanup", source="DllMain", dest="to list", when=w.provider.state == "up")


def waits_in_dllmain(w: Loader) -> None:
    """M68: a module tells its thread to end, and waits for that in DllMain."""
    w.thread.drop("leave loader")
    w.thread.calls(
        "leave loader", source="DllMain", dest="idle", when=w.worker.state == "none", then={w.in_dllmain: False}
    )


DEFECTS: dict[str, Callable[[Loader], None]] = {
    "M58": catalog_kept,
    "M65": socket_in_dllmain,
    "M66": cleanup_in_dllmain,
    "M68": waits_in_dllmain,
}
"""Id -> the change that makes the defect."""
