"""An application that leaves, closed: it ends when its last cleanup has returned, or at any time."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, System, happens
from spec.leaving import Exit, Leaving, contract, promises

Defect = Literal["none", "M78"]


def leaving(*, data: Annotated[int, Between(1, 4)] = 2, exit: Exit = "orderly", defect: Defect = "none") -> System:
    """Return the closed system; `exit` (A-13): whether the process ends only after its last cleanup, or at any time."""
    w = contract(data=data, exit=exit)
    if defect != "none":
        DEFECTS[defect](w)
    rest = (w.app.state == "gone") & (w.under_way == 0)
    system = System("leaving", w.app, w.provider, w.kernel, w.peer, w.books, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("the process and its data can come to their end", rest, clause=["WSP-31", "WSA-08"])
    _not_vacuous(system, w)
    return system


def _not_vacuous(system: System, w: Leaving) -> None:
    """Ask that what the promises are about can happen at all."""
    for step in ("WSAStartup", "WSACreateEvent"):
        system.sometimes(f"{step} is called", happens(f"app.{step}"), id=f"PX-01.{step}")
    gone = w.app.state == "gone"
    system.sometimes("the peer gets everything after the end", gone & (w.received == w.data), id="PX-03.received")
    late = gone & (w.queued > 0)
    system.sometimes("the process is gone before its data is there", late, id="PX-03.late", clause="SOCK-16")
    system.sometimes("the application is sure", (w.app.state == "sure") & (w.received > 0), id="PX-03.sure")
    system.sometimes("the cleanup waits for data", (w.app.state == "leaving") & (w.unsent > 0), id="PX-03.waits")
    system.sometimes("data is discarded: peerReset", happens("reset") & (w.under_way > 0), id="PX-07.peerReset")
    if w.exit == "at once":
        killed = happens("exit") & (w.unsent > 0)
        system.sometimes("data is discarded: processKilled", killed, id="PX-07.processKilled", clause="WSA-07")


def ends_at_once(w: Leaving) -> None:
    """M78: the process ends while its last WSACleanup is under way, and queued data is lost."""
    w.app.calls("exit", source="leaving", dest="gone")


DEFECTS: dict[str, Callable[[Leaving], None]] = {"M78": ends_at_once}
