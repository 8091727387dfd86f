"""Shared sockets closed: two processes with a provider each, one socket, and descriptors of it in both."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, System, after, all_of, any_of, count_of, happens
from spec.duplicates import INVALID, LINGER, OPEN_RECORD, Duplicates, closing_the_last, contract
from spec.duplicates_promises import promises
from spec.winsock import OK, UNSTARTED
from spec.winsock_full import WOULD_BLOCK

Defect = Literal["none", "M32", "M35"]


def duplicates(
    *,
    processes: Annotated[int, Between(2, 3)] = 2,
    descriptors: Annotated[int, Between(2, 4)] = 2,
    starts: Annotated[int, Between(1, 3)] = 2,
    data: Annotated[int, Between(1, 3)] = 1,
    defect: Defect = "none",
) -> System:
    """Return the closed system; whoever uses the providers does so at any time, in any process."""
    w = contract(processes=processes, descriptors=descriptors, starts=starts, data=data)
    if defect != "none":
        DEFECTS[defect](w)
    rest = all_of(w.provider.state[p] == "down" for p in w.provider) & (w.socket.state == "none")
    system = System("duplicates", w.provider, w.descriptor, w.socket, w.books, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause=["WSP-09", "SOCK-14"])
    _not_vacuous(system, w, starts)
    return system


def _not_vacuous(system: System, w: Duplicates, starts: int) -> None:
    """Ask that what the promises are about can happen at all."""
    if starts > 1:
        system.sometimes("a process starts twice", any_of(w.references[p] == 2 for p in w.provider), id="PX-01.2")
    refused = happens("WSPCleanup", returns=UNSTARTED)
    system.sometimes("a surplus cleanup is refused", refused, id="PX-04.surplus")
    for answer in (OK, WOULD_BLOCK):
        closing = happens("WSPCloseSocket", returns=answer)
        system.sometimes(f"a close answers {answer}", closing, id=f"PX-04.close.{answer}")
    for answer in (OK, INVALID):
        opening = happens(OPEN_RECORD, returns=answer)
        system.sometimes(f"a record is answered {answer}", opening, id=f"PX-04.record.{answer}")
    for event in ("WSPCleanup", "WSPCloseSocket"):
        ended = (w.socket.state == "open") & happens(event)
        for state in ("none", "closing"):
            after_it = ended & (after(w.socket.state) == state)
            system.sometimes(f"{event} leaves the socket {state}", after_it, id=f"PX-03.{event}.{state}")
    for setting in LINGER:
        chosen = (w.socket.state == "none") & (after(w.linger) == setting) & happens("WSPSocket")
        system.sometimes(f"a socket is made with linger {setting}", chosen, id=f"PX-02.{setting}")
    kept = (w.descriptors == 2) & happens("WSPCloseSocket", returns=OK)
    system.sometimes("one of two descriptors is closed", kept, id="PX-03.one")
    sent = (w.socket.state == "open") & happens("socket.transmit")
    system.sometimes("data is sent while the socket is open", sent, id="PX-03.sent")
    both = count_of(w.of(p) > 0 for p in w.provider) == 2
    system.sometimes("two processes share the socket", both, id="PX-05")
    option = both & happens("WSPSetSockOpt") & (after(w.linger) != w.linger)
    system.sometimes("one of them sets an option of both", option, id="PX-05.option")
    left = both & happens("WSPCleanup") & (after(w.socket.state) == "open")
    system.sometimes("one of them is cleaned up", left & (after(w.descriptors) < w.descriptors), id="PX-05.left")


def counted_before_it_blocks(w: Duplicates) -> None:
    """M32: a close counts the descriptor away before it finds that it would block, and does not take that back.

    The next close finds less than nothing, passes over the disconnect, and frees nothing.
    """
    w.socket.drop("WSPCloseSocket", returns=WOULD_BLOCK)
    counted = {w.descriptors: w.descriptors - 1}
    w.socket.on("WSPCloseSocket", source="open", when=w.blocks, then=counted, returns=WOULD_BLOCK)
    w.socket.on("WSPCloseSocket", source="open", when=w.descriptors == 0, then=counted, returns=OK)


def one_close_ends_all(w: Duplicates) -> None:
    """M35: the close of one of several descriptors destroys the socket that they share."""
    w.socket.drop("WSPCloseSocket", returns=OK)
    closing_the_last(w)
    w.socket.on("WSPCloseSocket", source="open", dest="none", when=w.descriptors > 1, then=w.blank(), returns=OK)


DEFECTS: dict[str, Callable[[Duplicates], None]] = {"M32": counted_before_it_blocks, "M35": one_close_ends_all}
