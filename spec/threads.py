"""W3, one provider and several threads: the counter and its lock, a worker thread, and a start that meets a teardown.

Calls are split into the steps between which another thread can come: entering the lock, reading the counter, writing
it, leaving. The last cleanup leaves the lock while it waits for the worker, which needs it; a start that arrives then
waits until the teardown is over (A-10). Requirements, section 2.4.
"""

from dataclasses import dataclass

from quiesce import Machine, System, Term, after, all_of, any_of, happens, strong, sum_of, weak
from spec.winsock import RESOURCES

INSIDE_START = ["in start", "start read"]
INSIDE_CLEANUP = ["in cleanup", "cleanup read"]
LEAVING = ["start done", "start failed", "cleanup done", "to tear down"]
TEARING = ["draining", "joining", "freeing"]
OUTSIDE = ["idle", "starting", "cleaning"]
STATES = [*OUTSIDE, *INSIDE_START, *INSIDE_CLEANUP, *LEAVING, *TEARING]
HOLDING = [*INSIDE_START, *INSIDE_CLEANUP, *LEAVING]
"""The steps in which a thread has the lock."""
GOING_ON = ["thread.read", "count", "uncount", "fails", "leave", "drained", "WSPCleanup.return", "sent"]
"""What a thread does of itself: no thread stops forever within a call."""


@dataclass(frozen=True)
class Threads:
    """The machines, and the terms that rules, properties and defects share."""

    thread: Machine
    provider: Machine
    worker: Machine
    module: Machine
    held: Term
    seen: Term
    count: Term
    lock: Term
    queued: Term
    resources: dict[str, Term]

    @property
    def total(self) -> Term:
        """How many starts the threads hold together."""
        return sum_of(self.held[t] for t in self.thread)

    @property
    def free(self) -> Term:
        """Nobody has the lock."""
        return (self.lock == None) & (self.worker.state != "busy")

    @property
    def working(self) -> Term:
        """The worker's code is running."""
        return self.worker.state.is_in(["running", "busy"])


def contract(*, threads: int, starts: int) -> Threads:
    """Return the machines; each thread holds at most `starts` starts."""
    thread = Machine("thread", copies=threads, states=STATES)
    provider = Machine("provider", states=["down", "up", "tearing down"])
    most = threads * starts
    w = Threads(
        thread=thread,
        provider=provider,
        worker=Machine("worker", states=["none", "running", "busy"]),
        module=Machine("module", states=["unmapped", "mapped"]),
        held=thread.count("held", up_to=starts),
        seen=thread.count("seen", up_to=most),
        count=provider.integer("count", -1, most),
        lock=provider.one_of("lock", thread, optional=True),
        queued=provider.count("queued", up_to=1),
        resources={name: provider.count(name, up_to=2) for name in RESOURCES},
    )
    _locking(w)
    _starting(w, starts)
    _cleaning_up(w)
    _tearing_down(w)
    _working(w)
    _mapping(w)
    return w


def _locking(w: Threads) -> None:
    t, p, mine = w.thread, w.provider, w.lock == w.thread.acting
    for waiting, inside in (("starting", "in start"), ("cleaning", "in cleanup")):
        t.calls("enter", source=waiting, dest=inside)
    p.on("enter", source=["down", "up"], when=w.free, then={w.lock: t.acting}, clause="WSP-09")
    for done, then in (("start done", "idle"), ("start failed", "idle"), ("cleanup done", "idle")):
        t.calls("leave", source=done, dest=then)
    t.calls("leave", source="to tear down", dest="draining", clause="CTX-06")
    p.on("leave", when=mine, then={w.lock: None})


def _starting(w: Threads, starts: int) -> None:
    """A start: the first one brings up what the provider needs, any may fail."""
    t, p = w.thread, w.provider
    t.calls("WSPStartup", source="idle", dest="starting", when=w.held < starts, clause="WSP-14")
    w.module.on("WSPStartup", source="mapped", clause="WSP-13")
    t.step("read", source="in start", dest="start read", then={w.seen: w.count})
    t.calls("fails", source="start read", dest="start failed", then={w.seen: 0}, clause="WSP-11")
    p.on("fails")
    t.calls("count", source="start read", dest="start done", then={w.held: w.held + 1, w.seen: 0}, clause="WSP-12")
    counted = {w.count: w.seen[t.acting] + 1}
    made: dict[Term, object] = {resource: resource + 1 for resource in w.resources.values()}
    p.on("count", source="down", dest="up", then=counted | made, clause="WSP-09")
    p.on("count", source="up", then=counted, clause="WSP-14")
    w.worker.on("count", source="none", dest="running", clause="WSP-35")
    w.worker.on("count", source=["running", "busy"])


def _cleaning_up(w: Threads) -> None:
    """A cleanup: whether it is the last is decided while it has the lock."""
    t, p = w.thread, w.provider
    t.step("call WSPCleanup", source="idle", dest="cleaning", when=w.held > 0, clause="WSP-01")
    t.step("read", source="in cleanup", dest="cleanup read", then={w.seen: w.count})
    less = {w.held: w.held - 1, w.seen: 0}
    t.calls("uncount", source="cleanup read", dest="cleanup done", when=w.seen != 1, then=less, clause="WSP-05")
    t.calls("uncount", source="cleanup read", dest="to tear down", when=w.seen == 1, then=less, clause="WSP-04")
    uncounted = {w.count: w.seen[t.acting] - 1}
    p.on("uncount", source="up", when=w.seen[t.acting] != 1, then=uncounted, clause="WSP-02")
    p.on("uncount", source="up", dest="tearing down", when=w.seen[t.acting] == 1, then=uncounted, clause="WSP-04")


def _tearing_down(w: Threads) -> None:
    """Without the lock: what is queued goes out, the worker ends, everything is freed, and the provider is as new."""
    t, p = w.thread, w.provider
    t.calls("drained", source="draining", dest="joining", when=w.queued == 0, clause=["WSP-06", "WSP-07"])
    p.on("drained", source="tearing down")
    t.calls("joined", source="joining", dest="freeing", clause=["WSP-10", "WSP-29"])
    w.worker.on("joined", source="running", dest="none", clause="WSP-10")
    before: list[Term] = []
    for name, resource in w.resources.items():
        t.calls(f"free {name}", source="freeing")
        freed = (resource > 0) & all_of(other == 0 for other in before)
        p.on(f"free {name}", source="tearing down", when=freed, then={resource: resource - 1}, clause="WSP-08")
        before.append(resource)
    t.calls("WSPCleanup.return", source="freeing", dest="idle", clause="WSP-29")
    gone = all_of(resource == 0 for resource in before)
    p.on("WSPCleanup.return", source="tearing down", dest="down", when=gone, clause="WSP-09")


def _working(w: Threads) -> None:
    """The worker sends what is queued; for that it needs the lock."""
    p = w.provider
    p.step("queue", source="up", when=w.queued == 0, then={w.queued: 1}, clause="WSP-30")
    w.worker.calls("take", source="running", dest="busy")
    p.on("take", when=(w.lock == None) & (w.queued > 0))
    w.worker.calls("sent", source="busy", dest="running", clause="WSP-06")
    p.on("sent", then={w.queued: 0}, clause="WSP-30")


def _mapping(w: Threads) -> None:
    """The module is loaded before the first start, and may be freed when every thread has cleaned up."""
    unused = all_of((w.thread.state[t] == "idle") & (w.held[t] == 0) for t in w.thread)
    w.module.step("LoadLibrary", source="unmapped", dest="mapped", clause="WSP-32")
    w.module.step("FreeLibrary", source="mapped", dest="unmapped", when=unused, clause=["WSP-32", "MOD-01"])


# -- what is promised -------------------------------------------------------------------------------------------------


def promises(system: System, w: Threads) -> None:
    """Ask what must be true however the threads are interleaved."""
    t, p = w.thread, w.provider
    system.always("cleanups match startups", w.count == w.total, id="PW-01", clause=["WSP-01", "WSP-02", "WSP-12"])
    down = p.state == "down"
    nothing = all_of(resource == 0 for resource in w.resources.values())
    system.always(
        "resources reach zero",
        down.implies(nothing & ~w.working & (w.queued == 0)),
        id="PW-05",
        clause=["WSP-08", "WSP-10"],
    )
    tears = (p.state == "up") & (after(p.state) != "up")
    last = happens("uncount") & (w.total == 1)
    system.always("the last cleanup tears down, and it alone", tears == last, id="PW-03", clause=["WSP-04", "WSP-05"])
    tearing = [w.thread.state[x].is_in(TEARING) for x in t]
    for first in range(len(tearing)):
        for second in range(first):
            both = tearing[first] & tearing[second]
            system.never(
                f"threads {second} and {first} tear down at once", both, id=f"PW-03.{second}{first}", clause="WSP-04"
            )
    freed = any_of(after(resource) < resource for resource in w.resources.values())
    system.always("drain before free", freed.implies((w.queued == 0) & ~w.working), id="PW-04", clause="WSP-07")
    ready = (w.queued == 0) & ~w.working
    system.always(
        "ready at the return of the last cleanup",
        happens("WSPCleanup.return").implies(ready),
        id="PW-07",
        clause=["WSP-10", "WSP-29", "WSP-30"],
    )
    _locks(system, w)
    unmapped = (w.module.state == "mapped") & (after(w.module.state) == "unmapped")
    inside = any_of(w.thread.state[x] != "idle" for x in t)
    system.always(
        "the module is not freed in use",
        unmapped.implies(~w.working & ~inside & down),
        id="PW-24",
        clause=["WSP-10", "MOD-11"],
    )
    alive = (after(p.state) == "up") & all_of(after(resource) == 1 for resource in w.resources.values())
    works = after(w.worker.state).is_in(["running", "busy"])
    system.always(
        "a start that counts finds one whole generation",
        happens("count").implies(alive & works),
        id="PR-05",
        clause=["WSP-09", "WSP-20"],
    )
    system.always("a failed start changes nothing", happens("fails").implies(p.unchanged), id="PW-09", clause="WSP-11")
    system.always("cleaned up is as good as new", down.implies((w.count == 0) & nothing), id="PR-01", clause="WSP-09")
    _one_after_the_other(system, w)
    _coming_to_rest(system, w)


def _one_after_the_other(system: System, w: Threads) -> None:
    """What a thread does next, and when a start, a teardown, the worker and the module may do what they do."""
    state, p = w.thread.state, w.provider
    follows = {"cleanup read": LEAVING[2:]} | {done: ["idle"] for done in (*LEAVING[:3], "freeing")}
    for x in w.thread:
        goes_on = [
            ((state[x] == now) & (after(state[x]) != now)).implies(after(state[x]).is_in(then))
            for now, then in follows.items()
        ]
        system.always(
            f"thread {x.index} is free again when its call returns",
            all_of(goes_on),
            id=f"PW-03.next.{x.index}",
            clause=["WSP-05", "WSP-14"],
        )
    freed_by = [
        happens(f"free {name}", by=x).implies(w.thread.state[x] == "freeing") for name in w.resources for x in w.thread
    ]
    system.always("the thread of the last cleanup frees", all_of(freed_by), id="PW-03.frees", clause="WSP-08")
    waits = happens("enter").implies(p.state != "tearing down")
    system.always("nobody enters during a teardown", waits, id="PR-05.waits", clause="WSP-09")
    wakes = happens("take").implies((w.queued > 0) & (w.worker.state == "running"))
    system.always("the worker takes the lock when it has data to send", wakes, id="PW-22.take", clause="WSP-30")
    queues = happens("provider.queue").implies((w.queued == 0) & (after(w.queued) == 1))
    system.always("data is queued where there is none", queues, id="PW-22.queue", clause="WSP-30")
    mapped, loads, frees = w.module.state == "mapped", happens("module.LoadLibrary"), happens("module.FreeLibrary")
    system.always(
        "the module is loaded when it is not there, and freed when it is",
        (loads == (~mapped & after(mapped))) & (frees == (mapped & ~after(mapped))),
        id="PW-24.load",
        clause=["WSP-32", "MOD-01"],
    )
    entered = happens("WSPStartup").implies(mapped)
    system.always("a start is made where the module is mapped", entered, id="PW-14", clause=["WSP-13", "MOD-01"])


def _locks(system: System, w: Threads) -> None:
    for x in w.thread:
        system.always(
            f"thread {x.index} has the lock while it is inside, and then alone",
            (w.lock == x) == w.thread.state[x].is_in(HOLDING),
            id=f"PW-22.{x.index}",
            clause="CTX-06",
        )
    both = (w.lock != None) & (w.worker.state == "busy")
    system.never("a thread and the worker have the lock together", both, id="PW-22.worker", clause="CTX-06")


def _coming_to_rest(system: System, w: Threads) -> None:
    fair = [*map(weak, GOING_ON), *map(strong, ("enter", "joined", "take"))]
    fair += [weak(f"free {name}") for name in w.resources]
    system.leads_to(
        "the last cleanup comes to an end",
        w.provider.state == "tearing down",
        w.provider.state == "down",
        assuming=fair,
        id="PL-01",
        clause=["WSP-06", "WSP-08"],
    )
    for x in w.thread:
        system.leads_to(
            f"a start of thread {x.index} returns, whatever it meets",
            w.thread.state[x] == "starting",
            w.thread.state[x] == "idle",
            assuming=fair,
            id=f"PL-03.{x.index}",
            clause="WSP-09",
        )
