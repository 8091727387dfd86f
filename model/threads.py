"""Threads of one process that start and clean up one provider, with everything that can come in between."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, System, all_of, any_of, happens, where
from spec.threads import TEARING, Threads, contract, promises

Defect = Literal["none", "M16", "M17", "M18", "M27", "M29", "M30", "M48"]


def threads(
    *,
    threads: Annotated[int, Between(2, 4)] = 2,
    starts: Annotated[int, Between(1, 3)] = 1,
    defect: Defect = "none",
) -> System:
    """Return the closed system; each thread holds at most `starts` starts at once."""
    w = contract(threads=threads, starts=starts)
    if defect != "none":
        DEFECTS[defect](w)
    idle = all_of((w.thread.state[t] == "idle") & (w.held[t] == 0) for t in w.thread)
    rest = idle & (w.provider.state == "down")
    system = System("threads", w.thread, w.provider, w.worker, w.module, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    tearing = w.provider.state == "tearing down"
    waits = tearing & any_of(w.thread.state[t] == "starting" for t in w.thread)
    system.sometimes("a start waits for a teardown", waits, id="PX-06")
    system.sometimes("a teardown finds data to send", tearing & (w.queued > 0), id="PX-03")
    system.sometimes("every thread holds a start", all_of(w.held[t] > 0 for t in w.thread), id="PX-01")
    system.sometimes("a start fails", happens("fails"), id="PX-04")
    system.sometimes("the module is freed", happens("module.FreeLibrary"), id="PX-02")
    system.holds("it begins at rest", rest, id="PR-01.begin", clause="WSP-13")
    _refines_w0(system, w, threads, starts)
    return system


def _refines_w0(system: System, w: Threads, threads: int, starts: int) -> None:
    """Seen from outside, each thread is a client of W0: a start is what it is when it counts."""
    state = w.thread.state
    freeing = any_of(state[t].is_in(["joining", "freeing"]) for t in w.thread)
    tearing = w.provider.state == "tearing down"
    waits = [state[t].is_in(["to tear down", *TEARING]) for t in w.thread]
    system.refines(
        "winsock",
        {
            "provider.state": where(tearing, where(freeing, "freeing", "draining"), w.provider.state),
            "provider.references": w.count,
            "provider.registrations": w.count,
            "client.state": [where(wait, "waiting", "idle") for wait in waits],
            "client.held": [w.held[t] for t in w.thread],
        },
        parameters={"clients": threads, "starts": starts, "sockets": 0},
        liveness=[],
    )


def counter_without_lock(w: Threads) -> None:
    """M16: the counter is read and written without the lock."""
    p = w.provider
    p.drop("enter")
    p.on("enter", source=["down", "up"])
    p.drop("leave")
    p.on("leave")


def decided_outside(w: Threads) -> None:
    """M17: whether it is the last is decided after the lock was left, by another look at the counter."""
    t, p = w.thread, w.provider
    t.drop("uncount")
    p.drop("uncount")
    t.calls("uncount", source="cleanup read", dest="cleanup done", then={w.held: w.held - 1, w.seen: 0})
    p.on("uncount", then={w.count: w.seen[t.acting] - 1})
    t.drop("leave", source="cleanup done")
    t.calls("leave", source="cleanup done", dest="to tear down")
    t.drop("leave", source="to tear down")
    t.calls("is last", source="to tear down", dest="draining", when=w.count == 0)
    p.on("is last", dest="tearing down")
    t.step("is not last", source="to tear down", dest="idle", when=w.count > 0)


def lock_kept_on_error(w: Threads) -> None:
    """M18: a start that fails returns with the lock."""
    w.thread.drop("leave", source="start failed")
    w.thread.step("forget to leave", source="start failed", dest="idle")


def handed_to_a_helper(w: Threads) -> None:
    """M27: the last cleanup leaves its data to the worker and returns at once."""
    w.thread.drop("drained")
    w.thread.calls("drained", source="draining", dest="joining")
    w.worker.drop("joined")
    w.worker.on("joined")


def waits_with_the_lock(w: Threads) -> None:
    """M29: the last cleanup keeps the lock while it waits for the worker, which needs it."""
    w.thread.drop("leave", source="to tear down")
    w.thread.step("go on", source="to tear down", dest="draining")
    w.thread.drop("WSPCleanup.return")
    w.thread.calls("WSPCleanup.return", source="freeing", dest="idle")
    w.provider.drop("WSPCleanup.return")
    gone = all_of(resource == 0 for resource in w.resources.values())
    w.provider.on("WSPCleanup.return", source="tearing down", dest="down", when=gone, then={w.lock: None})


def timeout_ignored(w: Threads) -> None:
    """M30: the wait for the worker may time out, and everything is freed all the same."""
    w.thread.step("time out", source="joining", dest="freeing")
    w.thread.step("time out", source="draining", dest="joining")


def start_in_teardown(w: Threads) -> None:
    """M48: a start that comes during the teardown sees the old structures and takes the path of a nested start."""
    t, p = w.thread, w.provider
    p.drop("enter")
    p.on("enter", when=w.free, then={w.lock: t.acting})
    p.on("count", source="tearing down", then={w.count: w.seen[t.acting] + 1})


DEFECTS: dict[str, Callable[[Threads], None]] = {
    "M16": counter_without_lock,
    "M17": decided_outside,
    "M18": lock_kept_on_error,
    "M27": handed_to_a_helper,
    "M29": waits_with_the_lock,
    "M30": timeout_ignored,
    "M48": start_in_teardown,
}
"""Id -> the change that makes the defect."""
