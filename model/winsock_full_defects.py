"""Defects of one provider's calls, each as a few rows taken from the contract W1 and others put in their place.

The ids and what was seen where are those of the defect catalogue (requirements, section 4).
"""

from collections.abc import Callable

from quiesce import Term, all_of
from spec.winsock_full import FAILURES, NET_DOWN, OK, PENDING, WOULD_BLOCK, Full, aborted


def nothing_set_up(w: Full) -> None:
    """M06: a first start answers 0 although nothing was set up: a later helper's success overwrote the error."""
    w.provider.on("WSPStartup", source="down", returns=OK)


def failed_start_keeps(w: Full) -> None:
    """M09: a start that fails keeps the heap that it had made."""
    w.provider.drop("WSPStartup", returns=FAILURES)
    heap = w.resources["heap"]
    w.provider.on("WSPStartup", source=["down", "up"], when=heap < 2, then={heap: heap + 1}, returns=FAILURES)


def network_down_frees_nothing(w: Full) -> None:
    """M21: with the network down the last cleanup counts, answers WSAENETDOWN, and returns before it frees anything."""
    w.provider.drop("WSPCleanup", returns=PENDING)
    last, online = w.references == 1, w.network.state == "up"
    none = {w.references: 0}
    w.provider.on("WSPCleanup", source="up", dest="tearing down", when=last & online, then=none, returns=PENDING)
    w.provider.on("WSPCleanup", source="up", dest="down", when=last & ~online, then=none, returns=NET_DOWN)


def waits_without_bound(w: Full) -> None:
    """M28: the last cleanup waits for the peer without bound; only where the network fails does it give up."""
    w.provider.drop("provider gives up")
    w.provider.on("provider gives up", source="tearing down", when=w.network.state == "down")


def context_freed_on_would_block(w: Full) -> None:
    """M31: a close that would block has taken the socket's context out and freed it."""
    w.socket.drop("WSPCloseSocket", returns=WOULD_BLOCK)
    waits = (w.owner == w.client.acting) & (w.unsent > 0) & (w.linger == "timed, not blocking")
    w.socket.on("WSPCloseSocket", source="open", dest="none", when=waits, then=w.blank(), returns=WOULD_BLOCK)


def teardown_notifies(w: Full) -> None:
    """M36: the last cleanup fires the completion routines of what it cancels."""
    w.operation.drop("cancel")
    w.operation.on("cancel", every=True, then=aborted(w, w.operation.state == "pending", True))


def close_is_silent(w: Full) -> None:
    """M37: a close cancels the operations on its socket and tells nobody."""
    w.operation.drop("WSPCloseSocket")
    pending = (w.operation.state == "pending") & (w.target == w.socket.acting)
    refused = (w.linger[w.socket.acting] == "timed, not blocking") & (w.unsent[w.socket.acting] > 0)
    w.operation.on("WSPCloseSocket", every=True, then=aborted(w, pending & ~refused, False))


def dont_linger_aborts(w: Full) -> None:
    """M40: SO_DONTLINGER is taken for the opposite of a graceful close."""
    mine = w.owner == w.client.acting
    w.socket.drop("WSPCloseSocket", returns=OK)
    at_once = mine & ((w.unsent == 0) | w.linger.is_in(["zero", "dont"]))
    w.socket.on("WSPCloseSocket", source="open", dest="none", when=at_once, then=w.blank(), returns=OK)


def stop_flag_stays(w: Full) -> None:
    """M41: the flag that tells the worker to stop stays set, and in the second life it stops at once."""
    _restores(w, w.initialised)


def half_built(w: Full) -> None:
    """M46: a first start that fails leaves its object half built; the next finds it and answers 0."""
    left = w.provider.flag("half_built")
    w.provider.drop("WSPStartup", returns=FAILURES)
    w.provider.on("WSPStartup", source="down", then={left: True}, returns=FAILURES)
    w.provider.on("WSPStartup", source="up", returns=FAILURES)
    w.provider.on("WSPStartup", source="down", when=left, returns=OK)


def lock_flag_stays(w: Full) -> None:
    """M47: teardown deletes the lock, and the flag that says that there is one stays set."""
    _restores(w, w.stopping)


def worker_once(w: Full) -> None:
    """M49: only the first cycle starts the worker."""
    started = w.provider.flag("started")
    w.provider.drop("WSPStartup", source="down", returns=OK)
    made: dict[Term, object] = {resource: resource + 1 for resource in w.resources.values()}
    made |= {w.references: w.references + 1, w.worker: ~started, w.initialised: True, started: True}
    w.provider.on("WSPStartup", source="down", dest="up", then=made, returns=OK)


def global_object(w: Full) -> None:
    """M69: the provider is a global object whose constructor allocates, and no cleanup frees that."""
    heap = w.resources["heap"]
    w.provider.drop("LoadLibrary")
    w.provider.on("LoadLibrary", source="down", then={heap: 1, w.stopping: False, w.initialised: False})
    w.provider.drop("FreeLibrary")
    w.provider.on("FreeLibrary", source="down", then={heap: 0})
    w.provider.drop("provider.free heap")
    over = w.cancelled & w.drained & ~w.worker & w.no_sockets
    w.provider.step("free heap", source="tearing down", when=over & (heap > 1), then={heap: heap - 1})
    others = all_of(resource == 0 for name, resource in w.resources.items() if name != "heap")
    w.provider.drop("provider.restore statics")
    none = {w.stopping: False, w.initialised: False}
    left = others & (heap == 1) & over
    w.provider.step("restore statics", source="tearing down", when=left & (w.stopping | w.initialised), then=none)
    _returns(w, left & ~w.stopping & ~w.initialised)


def _restores(w: Full, static: Term) -> None:
    """Let the teardown restore one static alone, and return when it has."""
    ready = w.cancelled & w.drained & ~w.worker & w.no_sockets
    freed = all_of(resource == 0 for resource in w.resources.values())
    w.provider.drop("provider.restore statics")
    w.provider.step("restore statics", source="tearing down", when=ready & freed & static, then={static: False})
    _returns(w, ready & freed & ~static)


def _returns(w: Full, done: Term) -> None:
    w.provider.drop("WSPCleanup.return")
    then, online = {w.cancelled: False, w.drained: False}, w.network.state == "up"
    for result, when in {OK: online, NET_DOWN: ~online}.items():
        w.provider.on(
            "WSPCleanup.return",
            source="tearing down",
            dest="down",
            when=done & when,
            then=then,
            returns=result,
            fair="weak",
        )


DEFECTS: dict[str, Callable[[Full], None]] = {
    "M06": nothing_set_up,
    "M09": failed_start_keeps,
    "M21": network_down_frees_nothing,
    "M28": waits_without_bound,
    "M31": context_freed_on_would_block,
    "M36": teardown_notifies,
    "M37": close_is_silent,
    "M40": dont_linger_aborts,
    "M41": stop_flag_stays,
    "M46": half_built,
    "M47": lock_flag_stays,
    "M49": worker_once,
    "M69": global_object,
}
