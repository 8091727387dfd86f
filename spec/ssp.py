"""What flushing an SSP's credential cache takes: the procedure F0 of the application, and the modules that it meets.

CleanupCredentialCache is exported by MSNSSPC.dll and MSAPSSPC.dll alone and always returns TRUE. The application
checks that the SSP that is loaded is one of them, asks for its module handle, then for the export, and calls it;
never from DllMain or from constructors and destructors of globals, never in a service or a server.
"""

from dataclasses import dataclass
from typing import Literal

from quiesce import Machine, System, Term, after, all_of, any_of, any_value, argument, happens

KNOWN, OTHER = ["MSNSSPC", "MSAPSSPC"], "OTHER"
CONTEXTS = ["normal", "DllMain", "globalCtor", "globalDtor"]
HOSTS = ["desktop", "service", "server"]
TRUE, FALSE, NULL = "TRUE", "FALSE", "NULL"
CALL = "CleanupCredentialCache"
ENDS = ["done", "not known", "no module", "no export", "refused"]

Flush = Literal["strict", "lenient"]
ServiceUse = Literal["violation", "warning"]


@dataclass(frozen=True)
class Module:
    """A module that may be mapped: an SSP with a cache of credentials, or some other DLL without one."""

    name: str
    machine: Machine
    exports: Term
    references: Term
    cache: Term | None = None
    in_use: Term | None = None

    @property
    def mapped(self) -> Term:
        """Mapped into the process."""
        return self.machine.state == "mapped"

    @property
    def possible(self) -> Term:
        """How a module can be at first: an unmapped one has no reference and no cache, and what it exports does not
        matter.
        """
        empty = self.exports & (self.references == 0)
        caches = [cache == 0 for cache in (self.cache, self.in_use) if cache is not None]
        used = True if self.in_use is None or self.cache is None else self.in_use <= self.cache
        return (self.mapped & (self.references == 1) & used) | (~self.mapped & all_of(empty, *caches))


@dataclass(frozen=True)
class Flushing:
    """The machines of F0 and the terms that its rules and properties share."""

    app: Machine
    modules: dict[str, Module]
    log: Machine
    context: Term
    host: Term
    ssp: Term
    handle: Term
    address: Term
    stage: Term
    on_module: Term
    entries: int
    flush: Flush
    service_use: ServiceUse

    @property
    def allowed(self) -> Term:
        """A context and a host in which the procedure may run."""
        hosts = ["desktop"] if self.service_use == "violation" else ["desktop", "service"]
        return (self.context == "normal") & self.host.is_in(hosts)


def flushing(*, entries: int = 1, flush: Flush = "strict", service_use: ServiceUse = "violation") -> Flushing:
    """Return the application, the modules with up to `entries` cached credentials each, and the log that watches them.

    `flush` (A-23): whether entries in use leave the cache too; `service_use` (A-26): whether a service is a violation.
    """
    modules = {name: _module(name, entries, flush) for name in KNOWN} | {OTHER: _module(OTHER, 0, flush)}
    app = Machine("app", states=["idle", "asked", "known", "handle", "proc", *ENDS])
    log = Machine("log", observer=True)
    f = Flushing(
        app=app,
        modules=modules,
        log=log,
        context=app.one_of("context", CONTEXTS),
        host=app.one_of("host", HOSTS, initial=any_value),
        ssp=app.one_of("ssp", [*KNOWN, OTHER], optional=True, initial=any_value),
        handle=app.one_of("module", modules, optional=True),
        address=app.one_of("address", modules, optional=True),
        stage=log.one_of("stage", ["none", "known", "handle", "proc"]),
        on_module=log.one_of("module", modules, optional=True),
        entries=entries,
        flush=flush,
        service_use=service_use,
    )
    _procedure(f)
    _log(f)
    return f


def _module(name: str, entries: int, flush: Flush) -> Module:
    m = Machine(name, states=["unmapped", "mapped"], initial=any_value)
    exports = m.flag("exports", any_value)
    references = m.count("references", up_to=2, initial=[0, 1])
    cache = m.count("cache", up_to=entries, initial=any_value) if entries else None
    in_use = m.count("in_use", up_to=entries, initial=any_value) if entries and flush == "lenient" else None
    module = Module(name, m, exports, references, cache, in_use)
    m.on(f"{name}.GetModuleHandle", source="mapped", returns="handle", clause=["SSP-07", "MOD-02"])
    m.on(f"{name}.GetModuleHandle", source="unmapped", returns=NULL, clause="SSP-12")
    m.on(f"{name}.GetProcAddress", source="mapped", when=exports, returns="address", clause=["SSP-08", "MOD-09"])
    m.on(f"{name}.GetProcAddress", source="mapped", when=~exports, returns=NULL, clause="SSP-12")
    if cache is None:
        m.on(f"{name}.{CALL}", source="mapped", returns=[TRUE, FALSE])
        return module
    m.on(
        f"{name}.{CALL}",
        source="mapped",
        then={cache: 0 if in_use is None else in_use},
        returns=TRUE,
        clause=["SSP-01", "SSP-05"],
    )
    m.on(f"{name}.Authenticate", source="mapped", when=cache < entries, then={cache: cache + 1}, clause="SSP-11")
    if in_use is not None:
        m.on(f"{name}.begin use", source="mapped", when=in_use < cache, then={in_use: in_use + 1}, clause="SSP-15")
        m.on(f"{name}.end use", source="mapped", when=in_use > 0, then={in_use: in_use - 1}, clause="SSP-15")
    return module


def _procedure(f: Flushing) -> None:
    """One attempt: asked for in some context, refused or carried out in order; NULL at any point ends it without a
    call. The application is scheduled: what it can do next, it does some time.
    """
    app, context = f.app, argument("context", CONTEXTS)
    app.step("asked to flush", context, source="idle", dest="asked", then={f.context: context})
    app.step(
        "refuse",
        source="asked",
        dest="refused",
        when=~f.allowed,
        fair="weak",
        clause=["CTX-01", "CTX-02", "CTX-03", "CTX-04"],
    )
    app.step(
        "check known", source="asked", dest="known", when=f.allowed & f.ssp.is_in(KNOWN), fair="weak", clause="SSP-06"
    )
    app.step(
        "check known",
        source="asked",
        dest="not known",
        when=f.allowed & ~f.ssp.is_in(KNOWN),
        fair="weak",
        clause="SSP-06",
    )
    for name in f.modules:
        get, resolve, call = f"{name}.GetModuleHandle", f"{name}.GetProcAddress", f"{name}.{CALL}"
        app.calls(
            get,
            source="known",
            dest="handle",
            when=f.ssp == name,
            then={f.handle: name},
            gets="handle",
            fair="weak",
            clause="SSP-09",
        )
        app.calls(get, source="known", dest="no module", when=f.ssp == name, gets=NULL, fair="weak", clause="SSP-12")
        mine = f.handle == name
        app.calls(
            resolve,
            source="handle",
            dest="proc",
            when=mine,
            then={f.address: name},
            gets="address",
            fair="weak",
            clause="SSP-09",
        )
        app.calls(resolve, source="handle", dest="no export", when=mine, gets=NULL, fair="weak", clause="SSP-12")
        app.calls(
            call,
            source="proc",
            dest="done",
            when=f.address == name,
            gets=[TRUE, FALSE],
            fair="weak",
            clause=["SSP-09", "SSP-10"],
        )
    app.step("end", source=ENDS, dest="idle", then={f.context: "normal", f.handle: None, f.address: None})


def _log(f: Flushing) -> None:
    """The log notes which stage was reached in order, and on which module: what PS-01 is judged by."""
    log, stage, module = f.log, f.stage, f.on_module
    log.on("app.asked to flush", then={stage: "none", module: None})
    log.on("app.check known", when=f.ssp.is_in(KNOWN), then={stage: "known"})
    for name in f.modules:
        log.on(f"{name}.GetModuleHandle", gets="handle", when=stage == "known", then={stage: "handle", module: name})
        in_order = (stage == "handle") & (module == name)
        log.on(f"{name}.GetProcAddress", gets="address", when=in_order, then={stage: "proc"})
    log.on("app.end", then={stage: "none", module: None})


# -- what is promised -------------------------------------------------------------------------------------------------


def promises(system: System, f: Flushing) -> None:
    """Ask of a system everything that the contract promises."""
    _procedure_promises(system, f)
    _context_promises(system, f)
    for name in KNOWN:
        _cache_promises(system, f, f.modules[name])
    _frame_promises(system, f)


def _procedure_promises(system: System, f: Flushing) -> None:
    """Say in which order, through which pointers and on which modules."""
    steps = []
    for name in KNOWN:
        steps.append(happens(f"{name}.GetModuleHandle").implies((f.stage == "known") & (f.ssp == name)))
        steps.append(happens(f"{name}.GetProcAddress").implies((f.stage == "handle") & (f.on_module == name)))
        steps.append(happens(f"{name}.{CALL}").implies((f.stage == "proc") & (f.on_module == name) & (f.ssp == name)))
    steps += [~happens(f"{OTHER}.{call}") for call in ("GetModuleHandle", "GetProcAddress", CALL)]
    system.always(
        "check, handle, address, call: in this order",
        all_of(steps),
        id="PS-01",
        clause=["SSP-06", "SSP-07", "SSP-08", "SSP-09"],
    )
    system.always(
        "nothing goes through NULL",
        ((f.app.state == "handle").implies(f.handle != None)) & (f.app.state == "proc").implies(f.address != None),
        id="PS-02",
        clause="SSP-12",
    )
    system.never(
        "no module but the two is called",
        happens(f"{OTHER}.{CALL}"),
        id="PS-03",
        clause=["SSP-04", "SSP-06"],
    )
    calls = any_of(happens(f"{name}.{CALL}") for name in f.modules)
    begun = happens("app.check known")
    system.leads_to(
        "a flush that was begun comes to an end", begun, f.app.state.is_in(ENDS), id="PS-13", clause="SSP-09"
    )
    reached = (f.app.state != "done") & (after(f.app.state) == "done")
    system.always("done means called", reached.implies(calls), id="PS-07.done", clause="SSP-10")


def _context_promises(system: System, f: Flushing) -> None:
    """Say where no step of the procedure is taken, from the known-check to the call."""
    steps = [happens("app.check known")]
    for name in f.modules:
        steps += [happens(f"{name}.{call}") for call in ("GetModuleHandle", "GetProcAddress", CALL)]
    system.always(
        "never from DllMain, constructors or destructors",
        any_of(steps).implies(f.context == "normal"),
        id="PS-04",
        clause=["CTX-01", "CTX-02"],
    )
    hosts = ["desktop"] if f.service_use == "violation" else ["desktop", "service"]
    system.always(
        "never in a service or a server",
        any_of(steps).implies(f.host.is_in(hosts)),
        id="PS-05",
        clause=["CTX-03", "CTX-04"],
    )
    for context in CONTEXTS[1:]:
        asked = (f.context == context) & happens("app.refuse")
        system.sometimes(f"a flush asked for in {context} is refused", asked, id=f"PX-04.{context}")


def _cache_promises(system: System, f: Flushing, module: Module) -> None:
    """Say what a flush does to one cache."""
    name, cache, m = module.name, module.cache, module.machine
    assert cache is not None
    call = happens(f"{name}.{CALL}")
    kept = module.in_use
    left = after(cache) == 0 if kept is None else (after(cache) == kept) & (after(kept) == kept)
    system.always(
        f"{name} always returns TRUE",
        call.implies(happens(f"{name}.{CALL}", returns=TRUE)),
        id=f"PS-06.{name}",
        clause="SSP-05",
    )
    system.always(f"the flush empties the cache of {name}", call.implies(left), id=f"PS-07.{name}", clause="SSP-01")
    empty = call & (cache == 0)
    system.always(
        f"flushing the empty cache of {name} changes nothing",
        empty.implies(m.unchanged & happens(f"{name}.{CALL}", returns=TRUE)),
        id=f"PS-11.{name}",
        clause=["SSP-01", "SSP-05"],
    )
    system.always(
        f"{name} can be used again after a flush",
        call.implies(after(m.accepts(f"{name}.Authenticate")) | (after(cache) == f.entries)),
        id=f"PS-12.{name}",
        clause="SSP-01",
    )
    system.never(
        f"{name} never returns FALSE", happens(f"{name}.{CALL}", returns=FALSE), id=f"PX-08.{name}", clause="SSP-05"
    )
    system.sometimes(f"a full cache of {name} is flushed", call & (cache > 0), id=f"PX-09.{name}.full")
    system.sometimes(f"an empty cache of {name} is flushed", call & (cache == 0), id=f"PX-09.{name}.empty")


def _frame_promises(system: System, f: Flushing) -> None:
    """Say what the procedure leaves alone: mappings, reference counts, and every other cache."""
    kept, freed = [], []
    for module in f.modules.values():
        kept.append(
            (after(module.machine.state) == module.machine.state) & (after(module.references) == module.references)
        )
        freed.append(after(module.references) < module.references)
        others = [other.machine.unchanged for other in f.modules.values() if other is not module]
        if module.cache is not None:
            kept.append(happens(f"{module.name}.{CALL}").implies(all_of(others)))
            uses = ("Authenticate", "begin use", "end use") if module.in_use is not None else ("Authenticate",)
            own = [happens(f"{module.name}.{event}") for event in (CALL, *uses)]
            kept.append((after(module.cache) != module.cache).implies(any_of(own)))
    system.always("nothing else changes", all_of(kept), id="PS-08", clause=["SSP-07", "MOD-02", "MOD-03"])
    system.never("the borrowed handle is never freed", any_of(freed), id="PS-09", clause=["MOD-03", "MOD-05"])
    for call in ("GetModuleHandle", "GetProcAddress"):
        null = any_of(happens(f"{name}.{call}", returns=NULL) for name in KNOWN)
        system.sometimes(f"{call} answers NULL", null, id=f"PX-10.{call}", clause="SSP-12")
