"""W3, one process: a program, a provider in a module over a base in another, and the three ways to end.

A module that is freed cleans up what it made when it was attached; at the end of the process it does nothing at all,
for other modules may be detached already (CTX-09). TerminateProcess tells nobody. The kernel's part of the stack
outlives them, and is the same for every process.
"""

from dataclasses import dataclass

from quiesce import Machine, System, Term, after, all_of, any_of, enabled, happens

OK, UNSTARTED = "0", "WSANOTINITIALISED"
ENDS = ["ended", "TerminateProcess"]


@dataclass(frozen=True)
class Process:
    """The machines of one process, the kernel, and the terms that rules, properties and defects share."""

    program: Machine
    provider: Machine
    base: Machine
    kernel: Machine
    held: Term
    count: Term
    heap: Term
    storage: Term
    unsent: Term
    lock: Term
    queue: Term
    room: int

    @property
    def exiting(self) -> Term:
        """The process is ending: modules are told one after the other."""
        return self.program.state == "exiting"

    @property
    def mapped(self) -> Term:
        """The provider's module is in memory, and has not been told of the end."""
        return self.provider.state.is_in(["down", "up"])


def contract(*, starts: int, queue: int) -> Process:
    """Return a process whose program holds at most `starts` starts; the kernel has room for `queue` units of data."""
    program = Machine("program", states=["running", "exiting", "gone"])
    provider = Machine("provider", states=["unmapped", "down", "up", "detached"])
    kernel = Machine("kernel")
    p = Process(
        program=program,
        provider=provider,
        base=Machine("base", states=["unmapped", "up", "detached"]),
        kernel=kernel,
        held=program.count("held", up_to=starts),
        count=provider.integer("count", -1, 2 * starts),
        heap=provider.count("heap", up_to=1),
        storage=provider.count("storage", up_to=1),
        unsent=provider.count("unsent", up_to=1),
        lock=provider.integer("lock", -1, 1),
        queue=kernel.count("queue", up_to=queue),
        room=queue,
    )
    _living(p, starts)
    _sending(p, queue)
    _ending(p)
    return p


def _living(p: Process, starts: int) -> None:
    """Load, start, clean up, free; the base is loaded and started by the first start (LSP-03)."""
    program, provider, base, count, held = p.program, p.provider, p.base, p.count, p.held
    program.calls("LoadLibrary", source="running", when=held == 0, clause="WSP-33")
    provider.on("LoadLibrary", source="unmapped", dest="down", then={p.storage: 1}, clause=["MOD-01", "MOD-13"])
    program.calls("WSPStartup", source="running", when=held < starts, then={held: held + 1}, clause="WSP-14")
    provider.on(
        "WSPStartup", source="down", dest="up", when=count == 0, then={count: count + 1, p.heap: 1}, clause="WSP-03"
    )
    provider.on("WSPStartup", source="up", then={count: count + 1}, clause=["WSP-03", "WSP-14"])
    base.on("WSPStartup", source="unmapped", dest="up", when=provider.state == "down", clause="LSP-03")
    base.on("WSPStartup", source="up", when=provider.state == "up")
    program.calls("WSPCleanup", source="running", when=held > 0, then={held: held - 1}, clause="WSP-01")
    provider.on("WSPCleanup", source="up", when=count > 1, then={count: count - 1}, clause=["WSP-02", "WSP-05"])
    over = {count: 0, p.heap: 0}
    last = (count == 1) & (p.unsent == 0)
    provider.on("WSPCleanup", source="up", dest="down", when=last, then=over, clause=["WSP-04", "WSP-06", "WSP-08"])
    base.on("WSPCleanup", source="up", dest="unmapped", when=last, clause=["LSP-01", "LSP-11"])
    base.on("WSPCleanup", source="up", when=~last)
    program.calls("FreeLibrary", source="running", when=held == 0, clause="WSP-32")
    provider.on("FreeLibrary", source="down", dest="unmapped", then={p.storage: 0}, clause=["MOD-01", "CTX-09"])


def _sending(p: Process, queue: int) -> None:
    """A unit of data goes to the provider, from there to the kernel, and then it is out of the process."""
    p.program.calls("WSPSend", source="running", when=p.held > 0)
    p.provider.on("WSPSend", source="up", when=p.unsent == 0, then={p.unsent: 1}, clause="WSP-13")
    p.provider.calls("transmit", source="up", when=p.unsent > 0, then={p.unsent: 0}, clause="WSP-30")
    p.kernel.on("transmit", when=p.queue < queue, then={p.queue: p.queue + 1}, clause="WSP-30")
    p.kernel.step("send", when=p.queue > 0, then={p.queue: p.queue - 1}, clause="WSP-28")


def _ending(p: Process) -> None:
    program, provider, base = p.program, p.provider, p.base
    program.step("ProcessExit", source="running", dest="exiting", clause=["WSP-31", "MOD-12"])
    provider.step("DllMain", source=["down", "up"], dest="detached", when=p.exiting, clause=["CTX-09", "CTX-10"])
    base.step("DllMain", source="up", dest="detached", when=p.exiting, clause=["CTX-09", "CTX-10"])
    program.calls("WSPCleanup at exit", source="exiting", when=p.held > 0, gets=UNSTARTED, clause="CTX-11")
    provider.on("WSPCleanup at exit", source="detached", returns=UNSTARTED, clause=["WSP-31", "CTX-09"])
    told = provider.state.is_in(["unmapped", "detached"]) & base.state.is_in(["unmapped", "detached"])
    program.calls("ended", source="exiting", dest="gone", when=told, then={p.held: 0}, clause="MOD-12")
    program.calls("TerminateProcess", source=["running", "exiting"], dest="gone", then={p.held: 0}, clause="MOD-12")
    nothing = {p.count: 0, p.heap: 0, p.storage: 0, p.unsent: 0, p.lock: 0}
    for end in ENDS:
        provider.on(end, dest="unmapped", then=nothing, clause="WSP-31")
        base.on(end, dest="unmapped", clause="WSP-31")
    program.step("CreateProcess", source="gone", dest="running", clause="WSP-03")


def promises(system: System, p: Process) -> None:
    """Ask of a process what is true while it lives, and that its end does no harm."""
    provider, base = p.provider, p.base
    system.always(
        "cleanups match startups",
        p.mapped.implies(p.count == p.held),
        id="PW-01",
        clause=["WSP-01", "WSP-02", "WSP-03"],
    )
    gone = provider.state == "unmapped"
    system.always(
        "resources reach zero",
        (p.mapped & (p.count == 0)).implies((p.heap == 0) & (base.state != "up")) & gone.implies(p.storage == 0),
        id="PW-05",
        clause=["WSP-08", "CTX-09"],
    )
    system.always(
        "the base outlives the provider while the process lives",
        ((provider.state == "up") & ~p.exiting).implies(base.state == "up"),
        id="PW-17",
        clause="LSP-11",
    )
    lost = (p.unsent > 0) & (after(p.unsent) == 0)
    reasons = happens("transmit") | any_of(happens(end) for end in ENDS)
    system.always("data is lost with the process only", lost.implies(reasons), id="PW-06", clause=["WSP-28", "WSP-30"])
    kept = (after(p.heap) == p.heap) & (after(p.storage) == p.storage) & (after(p.count) == p.count)
    system.always(
        "at the end of the process nothing is cleaned up",
        (p.exiting & (after(p.program.state) == "exiting")).implies(kept),
        id="PW-25",
        clause=["CTX-09", "CTX-10"],
    )
    told = happens("provider.DllMain") | happens("WSPCleanup at exit")
    system.always("and no other module is called", told.implies(base.unchanged), id="PW-25.calls", clause="CTX-09")
    ended = any_of(happens(end) for end in ENDS)
    system.always(
        "the kernel keeps what it was given",
        ended.implies(after(p.queue) == p.queue),
        id="PW-25.kernel",
        clause="WSP-31",
    )
    over = p.program.state == "gone"
    system.always(
        "of a process that is gone nothing is left",
        over.implies(provider.fresh & base.fresh & (p.held == 0)),
        id="PW-25.gone",
        clause=["WSP-31", "MOD-12"],
    )
    system.always("a lock is left by those who entered it", p.lock == 0, id="PW-22", clause="CTX-10")
    late = happens("WSPCleanup at exit")
    refused = happens("WSPCleanup at exit", returns=UNSTARTED) & provider.unchanged
    system.always("a cleanup at exit does nothing", late.implies(refused), id="PW-14", clause=["WSP-23", "CTX-11"])
    abrupt = happens("TerminateProcess") & (p.unsent > 0) & (p.held > 0)
    system.sometimes("a process is killed with data to send", abrupt, id="PX-07")
    system.sometimes("it ends while the provider is up", p.exiting & (provider.state == "up"), id="PX-03")
    before = p.exiting & (base.state == "detached") & (provider.state == "up")
    system.sometimes("the base is told of the end before the provider", before)
    _living_and_ending(system, p)


def _living_and_ending(system: System, p: Process) -> None:
    """Ask that each call is possible in its circumstances, and does there what it is for."""
    provider, base, program = p.provider.state, p.base.state, p.program.state
    running = program == "running"
    told = [state.is_in(["unmapped", "detached"]) for state in (provider, base)]
    begins = running & (p.held == 0) & (provider == "unmapped") & (p.unsent == 0) & (p.queue == 0)
    system.holds("it begins with nothing", begins, id="PR-01.begin", clause="WSP-13")
    possible = {
        "WSPCleanup": running & ((p.held > 1) | (p.held == 1) & (p.unsent == 0)),
        "FreeLibrary": running & (provider == "down"),
        "WSPSend": running & (p.held > 0) & (p.unsent == 0),
    }
    system.always(
        "a cleanup waits for the data alone, and then the module can be freed",
        all_of(enabled(trigger) == when for trigger, when in possible.items()),
        id="PW-02",
        clause=["WSP-01", "WSP-06", "WSP-13", "WSP-32"],
    )
    exits = {
        "provider.DllMain": p.exiting & p.mapped,
        "base.DllMain": p.exiting & (base == "up"),
        "WSPCleanup at exit": p.exiting & (p.held > 0) & (provider == "detached"),
        "ended": p.exiting & all_of(told),
        "TerminateProcess": running | p.exiting,
        "program.ProcessExit": running,
        "program.CreateProcess": program == "gone",
    }
    system.always(
        "a process ends when every module was told, or at any time",
        all_of(enabled(trigger) == when for trigger, when in exits.items()),
        id="PW-25.ends",
        clause=["MOD-12", "WSP-31", "CTX-10"],
    )
    over = happens("WSPCleanup") & (after(p.count) == 0)
    effects = {
        over: (after(provider) == "down") & (after(base) == "unmapped"),
        happens("LoadLibrary"): (provider == "unmapped") & (after(provider) == "down"),
        happens("WSPStartup"): p.mapped & (after(provider) == "up"),
        happens("FreeLibrary"): after(provider) == "unmapped",
        happens("provider.DllMain"): after(provider) == "detached",
        happens("base.DllMain"): after(base) == "detached",
        happens("program.CreateProcess"): after(program) == "running",
        any_of(happens(end) for end in ENDS): after(program) == "gone",
    }
    system.always(
        "who is loaded, started, freed or told of the end is so afterwards",
        all_of(event.implies(effect) for event, effect in effects.items()),
        id="PW-11",
        clause=["WSP-04", "WSP-09", "MOD-01", "MOD-12", "CTX-09"],
    )
    goes = (provider == "up") & (p.unsent > 0) & (p.queue < p.room)
    sends, sent = happens("transmit"), happens("kernel.send")
    system.always(
        "data goes to the kernel as long as that has room, and then out of it",
        (enabled("transmit") == goes)
        & (enabled("kernel.send") == (p.queue > 0))
        & sends.implies((after(p.unsent) == 0) & (after(p.queue) == p.queue + 1))
        & sent.implies(after(p.queue) == p.queue - 1),
        id="PW-06.kernel",
        clause=["WSP-28", "WSP-30"],
    )
