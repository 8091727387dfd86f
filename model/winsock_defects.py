"""Defects of a transport service provider, each as a few rows taken from the contract W0 and others put in their place.

The ids and what was seen where are those of the defect catalogue (requirements, section 4).
"""

from collections.abc import Callable

from quiesce import Term, all_of, where
from spec.winsock import ERROR, FAILURES, OK, PENDING, Contract, blank


def no_counter(w: Contract) -> None:
    """M01: the first cleanup tears everything down, however many starts there were."""
    w.provider.drop("WSPCleanup", source="up")
    then = {w.references: 0, w.registrations: 0}
    w.provider.on("WSPCleanup", source="up", dest="draining", then=then, returns=PENDING)


def cleanup_does_nothing(w: Contract) -> None:
    """M02: cleanup reports 0 and does nothing: nothing counted, nothing freed, no error at zero."""
    w.provider.drop("WSPCleanup")
    w.provider.on("WSPCleanup", source=["down", "up"], returns=OK)


def no_guard_at_zero(w: Contract) -> None:
    """M03: a cleanup at zero counts down to -1 and reports 0."""
    w.provider.drop("WSPCleanup", source="down")
    fewer = {w.references: w.references - 1}
    w.provider.on("WSPCleanup", source="down", then=fewer, returns=OK)
    w.provider.on("WSPCleanup", source="up", when=w.references <= 0, then=fewer, returns=OK)


def failed_start_counted(w: Contract) -> None:
    """M04: a start that fails is counted all the same."""
    w.provider.drop("WSPStartup", returns=FAILURES)
    w.provider.on("WSPStartup", source=["down", "up"], then={w.references: w.references + 1}, returns=FAILURES)


def nested_failure_rolls_back(w: Contract) -> None:
    """M05: a nested start that fails runs the roll-back of a first one and frees what is in use."""
    w.provider.drop("WSPStartup", returns=FAILURES)
    w.provider.on("WSPStartup", source="down", returns=FAILURES)
    w.provider.on("WSPStartup", source="up", then=dict.fromkeys(w.resources.values(), 0), returns=FAILURES)


def success_reported_as_error(w: Contract) -> None:
    """M08: a cleanup that was carried out reports SOCKET_ERROR."""
    w.provider.drop("WSPCleanup", returns=OK)
    then = {w.references: w.references - 1, w.registrations: w.registrations - 1}
    w.provider.on("WSPCleanup", source="up", when=w.references > 1, then=then, returns=ERROR)
    w.provider.drop("WSPCleanup.return")
    w.provider.on("WSPCleanup.return", source="freeing", dest="down", when=w.released, returns=ERROR)


def heap_never_destroyed(w: Contract) -> None:
    """M10: every first start makes a heap, and no cleanup destroys it."""
    w.provider.drop("provider.free heap")
    others = [resource for name, resource in w.resources.items() if name != "heap"]
    _returns_when(w, all_of(*[resource == 0 for resource in others], _no_sockets(w)))


def attaches_counted(w: Contract) -> None:
    """M15: what is counted is that the DLL was attached, once, and not the calls of WSPStartup."""
    w.provider.drop("WSPStartup", source="up", returns=OK)
    w.provider.on("WSPStartup", source="up", then={w.registrations: w.registrations + 1}, returns=OK)


def deregistered_once(w: Contract) -> None:
    """M20: every start registers something, and only the last cleanup deregisters, once."""
    w.provider.drop("WSPCleanup", returns=OK)
    w.provider.on("WSPCleanup", source="up", when=w.references > 1, then={w.references: w.references - 1}, returns=OK)


def free_before_drain(w: Contract) -> None:
    """M23: teardown frees first and transmits afterwards; nothing is lost, but the order is wrong."""
    w.provider.drop("WSPCleanup", returns=PENDING)
    w.provider.drop("release socket")
    then = {w.references: w.references - 1, w.registrations: w.registrations - 1}
    w.provider.on("WSPCleanup", source="up", dest="freeing", when=w.references == 1, then=then, returns=PENDING)
    w.provider.on("transmit", source="freeing")
    w.provider.on("release socket", source="freeing", when=w.quiet)


def zero_linger_for_all(w: Contract) -> None:
    """M24: the final cleanup switches every socket to zero linger, so that all its data is dropped."""
    _drained_when(w, all_of())
    w.socket.drop("drained")
    w.socket.on("drained", every=True, then={w.unsent: 0, w.graceful: False})


def closed_sockets_forgotten(w: Contract) -> None:
    """M25: the drain covers the sockets that are open; data of those closed earlier is dropped."""
    _drained_when(w, all_of(~owed | (w.socket.state[s] == "closing") for s, owed in w.owed.items()))
    w.socket.drop("drained")
    w.socket.on("drained", every=True, then={w.unsent: where(w.graceful & (w.socket.state == "open"), w.unsent, 0)})


def first_socket_only(w: Contract) -> None:
    """M26: the drain covers only the first socket of the list."""
    _drained_when(w, all_of(~owed for owed in list(w.owed.values())[:1]))


def open_sockets_kept(w: Contract) -> None:
    """M34: sockets that are open at the last cleanup are not released."""
    w.socket.drop("release socket")
    w.socket.on("release socket", source="closing", dest="none", then=blank(w))
    _returns_when(w, all_of(resource == 0 for resource in w.resources.values()))


def list_started_anew(w: Contract) -> None:
    """M43: every start makes the socket list anew, so that older sockets fall out of it and are never released."""
    listed = w.socket.flag("listed", initial=True)
    w.socket.on("WSPStartup", every=True, then={listed: w.socket.state == "none"})
    w.socket.drop("release socket")
    w.socket.on("release socket", source=["open", "closing"], dest="none", when=listed, then=blank(w))
    gone = all_of((w.socket.state[s] == "none") | ~listed[s] for s in w.socket)
    _returns_when(w, all_of(*[resource == 0 for resource in w.resources.values()], gone))


def _no_sockets(w: Contract) -> Term:
    return all_of(w.socket.state[s] == "none" for s in w.socket)


def _returns_when(w: Contract, done: Term) -> None:
    w.provider.drop("WSPCleanup.return")
    w.provider.on("WSPCleanup.return", source="freeing", dest="down", when=done, returns=OK)


def _drained_when(w: Contract, quiet: Term) -> None:
    w.provider.drop("drained")
    w.provider.calls("drained", source="draining", dest="freeing", when=quiet)


DEFECTS: dict[str, Callable[[Contract], None]] = {
    "M01": no_counter,
    "M02": cleanup_does_nothing,
    "M03": no_guard_at_zero,
    "M04": failed_start_counted,
    "M05": nested_failure_rolls_back,
    "M08": success_reported_as_error,
    "M10": heap_never_destroyed,
    "M15": attaches_counted,
    "M20": deregistered_once,
    "M23": free_before_drain,
    "M24": zero_linger_for_all,
    "M25": closed_sockets_forgotten,
    "M26": first_socket_only,
    "M34": open_sockets_kept,
    "M43": list_started_anew,
}
"""Id -> the change that makes the defect."""
