"""Defects of a component that uses Winsock, each as a few rows taken from it and others put in their place.

The ids and what was reported where are those of the defect catalogue (requirements, section 4.6). Ws2_32.dll itself
stays as it is.
"""

from collections.abc import Callable

from quiesce import Term
from spec.components import FAILURES, OK, Component, Components


def cleanup_too_many(w: Components) -> None:
    """M70: the component calls WSACleanup once more after its last."""
    a = w.components[0]
    again = a.machine.flag("once more")
    _last_cleanup(w, a, then={again: True})
    mine = w.caller == a.name
    a.machine.calls("WSACleanup", w.caller, source="out", when=mine & again, then={again: False})


def cleanup_missing(w: Components) -> None:
    """M71: one way out, that of an error, leaves without WSACleanup."""
    a = w.components[0]
    a.machine.step("error exit", source="in", dest="out", then={a.held: 0, a.pointer: False})


def cleanup_first(w: Components) -> None:
    """M72: the component cleans up before its own start, and so gives back what another one holds."""
    b = w.components[1]
    m, mine, tidied = b.machine, w.caller == b.name, b.machine.flag("tidied")
    m.drop("WSAStartup")
    m.calls("WSACleanup", w.caller, source="out", when=mine & ~tidied, then={tidied: True})
    when = mine & tidied & (b.held < w.starts)
    m.calls("WSAStartup", w.caller, dest="in", when=when, then={b.held: b.held + 1}, gets=OK)
    m.calls("WSAStartup", w.caller, when=when, gets=FAILURES)


def shadow_counter(w: Components) -> None:
    """M73: a flag of the component's own says whether to clean up; every start sets it, a cleanup clears it."""
    a = w.components[0]
    m, held, mine = a.machine, a.held, w.caller == a.name
    shadow = m.flag("shadow")
    m.drop("WSAStartup")
    m.drop("WSACleanup")
    more = {held: held + 1, shadow: True}
    m.calls("WSAStartup", w.caller, dest="in", when=mine & (held < w.starts), then=more, gets=OK)
    m.calls("WSAStartup", w.caller, when=mine & (held < w.starts), gets=FAILURES)
    fewer = {held: held - 1, shadow: False}
    for dest, left in (("in", held > 1), ("out", held == 1)):
        forgotten = {a.pointer: False} if dest == "out" else {}
        m.calls("WSACleanup", w.caller, source="in", dest=dest, when=mine & shadow & left, then=fewer | forgotten)
        m.step("skip cleanup", source="in", dest=dest, when=~shadow & left, then=fewer | forgotten)


def cleanup_after_failure(w: Components) -> None:
    """M74: the destructor of an object cleans up, although the start in its constructor failed."""
    a = w.components[0]
    m, mine = a.machine, w.caller == a.name
    made = m.flag("made")
    m.drop("WSAStartup")
    m.calls(
        "WSAStartup",
        w.caller,
        dest="in",
        when=mine & ~made & (a.held < w.starts),
        then={a.held: a.held + 1},
        gets=OK,
    )
    m.calls("WSAStartup", w.caller, source="out", when=mine & ~made, then={made: True}, gets=FAILURES)
    m.calls("WSACleanup", w.caller, source="out", when=mine & made, then={made: False})


def worker_goes_on(w: Components) -> None:
    """M75: a worker thread that receives in a loop is not stopped before the last cleanup."""
    a = w.components[0]
    looping, mine = a.machine.flag("looping"), w.caller == a.name
    a.machine.drop("recv")
    own = mine & (w.owner[w.socket.acting] == a.name)
    a.machine.calls("recv", w.caller, source="in", when=own, then={looping: True})
    a.machine.calls("recv", w.caller, source="out", when=mine & looping)


def pointer_kept(w: Components) -> None:
    """M76: the pointer to an extension function is kept over the last cleanup."""
    a = w.components[0]
    _last_cleanup(w, a, then={}, pointer=a.pointer)


def flag_stays(w: Components) -> None:
    """M77: the component's own flag says that it has started Winsock, and its cleanup does not clear it.

    Its second life is shown, without an end.
    """
    a = w.components[0]
    m, mine, lives = a.machine, w.caller == a.name, a.machine.count("lives", up_to=2)
    m.drop("WSAStartup")
    first = mine & (lives == 0)
    m.calls("WSAStartup", w.caller, source="out", dest="in", when=first, then={a.held: 1, lives: 1}, gets=OK)
    m.calls("WSAStartup", w.caller, source="out", when=first, gets=FAILURES)
    m.step("init", source="out", dest="in", when=lives == 1, then={a.held: 1, lives: 2})
    m.drop("WSACleanup")
    last = {a.held: 0, a.pointer: False}
    m.calls("WSACleanup", w.caller, source="in", dest="out", when=mine & (lives == 1), then=last)


def _last_cleanup(w: Components, x: Component, *, then: dict[Term, object], pointer: Term | bool = False) -> None:
    """Write a component's cleanups anew: the last one does more, or leaves the pointer as it is."""
    mine, fewer = w.caller == x.name, {x.held: x.held - 1}
    x.machine.drop("WSACleanup")
    x.machine.calls("WSACleanup", w.caller, source="in", when=mine & (x.held > 1), then=fewer)
    last: dict[Term, object] = {**fewer, x.pointer: pointer, **then}
    x.machine.calls("WSACleanup", w.caller, source="in", dest="out", when=mine & (x.held == 1), then=last)


DEFECTS: dict[str, Callable[[Components], None]] = {
    "M70": cleanup_too_many,
    "M71": cleanup_missing,
    "M72": cleanup_first,
    "M73": shadow_counter,
    "M74": cleanup_after_failure,
    "M75": worker_goes_on,
    "M76": pointer_kept,
    "M77": flag_stays,
}
"""Id -> the change that makes the defect."""
