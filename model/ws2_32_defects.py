"""Defects of Ws2_32.dll and of layers, each as a few rows taken away and others put in their place.

The ids and what was seen where are those of the defect catalogue (requirements, section 4).
"""

from collections.abc import Callable

from spec.ws2_32 import CLOSE, CREATE, FAILED, HANDLE, HOLE, NULL, OK, OLD, PENDING, WOULD_BLOCK, Caller
from spec.ws2_32_promises import Layered


def _answered(c: Caller, rows: dict[str, tuple[str, int]]) -> None:
    """Say anew what a caller makes of each answer to its start: where it goes on, and how much more it owes."""
    c.machine.drop(f"{c.below}.WSPStartup.return")
    for answer, (dest, more) in rows.items():
        c.machine.calls(
            f"{c.below}.WSPStartup.return", source="starting", dest=dest, then={c.owed: c.owed + more}, gets=answer
        )


def lower_start_kept(w: Layered) -> None:
    """M11: the layer finds a hole in the table of the provider below, fails, and does not undo that start."""
    _, c, _ = w.pairs[-1]
    _answered(c, {OK: ("started", 1), OLD: ("to undo", 1), HOLE: ("to unload", 1), FAILED: ("to unload", 0)})


def module_loaded_each_time(w: Layered) -> None:
    """M12: every start loads the module below again and passes on; the last cleanup alone frees it, once."""
    x, _, y = w.pairs[0]
    m, count = x.machine, x.count
    m.drop(x.event("WSPStartup"))
    m.on(x.event("WSPStartup"), source=["down", "up"], dest="to load")
    m.drop(x.event("WSPCleanup"), source="up")
    m.on(x.event("WSPCleanup"), source="up", dest="to clean", when=count > 1, then={count: count - 1})
    m.on(x.event("WSPCleanup"), source="up", dest="draining", when=count == 1, then={count: 0})
    m.drop(f"{y.name}.WSPCleanup.return")
    m.calls(f"{y.name}.WSPCleanup.return", source="undoing", dest="to unload")
    m.calls(f"{y.name}.WSPCleanup.return", source="cleaning", dest="to free", when=count == 0)
    m.calls(f"{y.name}.WSPCleanup.return", source="cleaning", dest="cleaned", when=count > 0)


def module_freed_again(w: Layered) -> None:
    """M13: the handle of the module below is freed and not forgotten: a second last cleanup frees it again."""
    x, *_ = w.pairs[0]
    x.machine.drop(x.event("WSPCleanup"), source="down")
    x.machine.on(x.event("WSPCleanup"), source="down", dest="to free")


def reference_kept_by_close(w: Layered) -> None:
    """M33: closesocket keeps its own reference to the socket where the provider's close fails."""
    lib, top = w.library, w.top.name
    lib.machine.drop(f"{top}.WSPCloseSocket.return")
    closed = {lib.objects: lib.objects - 1, lib.pins: lib.pins - 1}
    lib.machine.calls(f"{top}.WSPCloseSocket.return", source="closing", dest="closed", then=closed, gets=OK)
    lib.machine.calls(f"{top}.WSPCloseSocket.return", source="closing", dest="not closed", gets=WOULD_BLOCK)


def handle_upcalls_are_stubs(w: Layered) -> None:
    """M38: WPUCreateSocketHandle and WPUCloseSocketHandle do nothing and report success."""
    for upcall in (CREATE, CLOSE):
        w.library.machine.drop(upcall)
        w.library.machine.on(upcall)


def handles_not_returned(w: Layered) -> None:
    """M39: the last cleanup closes the sockets below and does not give their handles back."""
    x, *_ = w.pairs[0]
    x.machine.drop(CLOSE)
    fewer = {x.sockets: x.sockets - 1}
    x.machine.calls(CLOSE, source="to unregister", dest="closed", then=fewer)
    x.machine.step("drop the handle", source="to return all", dest="to close all", then=fewer)


def old_table_used(w: Layered) -> None:
    """M42: the copied table of the provider below survives the last cleanup, and calls go on through it."""
    x, _, y = w.pairs[0]
    x.machine.drop(x.event("WSPSend"), source="down")
    x.machine.on(x.event("WSPSend"), source="down", dest="to send", returns=PENDING)
    y.machine.on(y.event("WSPSend"), source="down", dest="sent", returns=PENDING)


def module_freed_first(w: Layered) -> None:
    """M53: the module below is freed before its cleanup is called."""
    x, c, y = w.pairs[0]
    m, below = x.machine, y.name
    for call in ("WSPCleanup", "WSPCleanup.return", "FreeLibrary"):
        m.drop(f"{below}.{call}")
    m.calls(f"{below}.WSPCleanup", source="to undo", dest="undoing", then={c.owed: c.owed - 1})
    m.calls(f"{below}.WSPCleanup.return", source="undoing", dest="to unload")
    m.calls(f"{below}.FreeLibrary", source="to unload", dest="failed", then={c.loaded: False})
    m.calls(f"{below}.FreeLibrary", source="to clean", dest="to free", then={c.loaded: False})
    m.calls(f"{below}.WSPCleanup", source="to free", dest="cleaning", then={c.owed: c.owed - 1})
    m.calls(f"{below}.WSPCleanup.return", source="cleaning", dest="to forget")


def started_at_every_socket(w: Layered) -> None:
    """M56: a lazy layer starts the provider below at every socket, and cleans it up once."""
    x, *_ = w.pairs[0]
    x.machine.drop(x.event("WSPSocket"))
    x.machine.on(x.event("WSPSocket"), source="up", dest="to load")


def failed_load_ignored(w: Layered) -> None:
    """M59: Ws2_32.dll goes on with a provider whose module could not be loaded."""
    c = w.library.caller
    c.machine.drop(f"{c.below}.LoadLibrary")
    c.machine.calls(f"{c.below}.LoadLibrary", source="to load", dest="to start", then={c.loaded: True}, gets=HANDLE)
    c.machine.calls(f"{c.below}.LoadLibrary", source="to load", dest="to start", gets=NULL)


def failed_start_cleaned_up(w: Layered) -> None:
    """M61: Ws2_32.dll cleans a provider up whose start failed, because its table has an entry for that."""
    _answered(w.library.caller, {OK: ("to open", 1), OLD: ("to undo", 1), FAILED: ("to undo", 0)})


def version_not_checked(w: Layered) -> None:
    """M62: Ws2_32.dll does not look at the version that came back."""
    _answered(w.library.caller, {OK: ("to open", 1), OLD: ("to open", 1), FAILED: ("to unload", 0)})


DEFECTS: dict[str, Callable[[Layered], None]] = {
    "M11": lower_start_kept,
    "M12": module_loaded_each_time,
    "M13": module_freed_again,
    "M33": reference_kept_by_close,
    "M38": handle_upcalls_are_stubs,
    "M39": handles_not_returned,
    "M42": old_table_used,
    "M53": module_freed_first,
    "M56": started_at_every_socket,
    "M59": failed_load_ignored,
    "M61": failed_start_cleaned_up,
    "M62": version_not_checked,
}
"""Id -> the change that makes the defect."""
