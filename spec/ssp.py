"""What flushing an SSP's credential cache takes: the procedure F0 of the application, and the modules that it meets.

CleanupCredentialCache is exported by MSNSSPC.dll and MSAPSSPC.dll alone and always returns TRUE. The application
checks that the SSP that is loaded is one of them, asks for its module handle, then for the export, and calls it;
never from DllMain or from constructors and destructors of globals, never in a service or a server.

The owner of the SSPs (WinINet) loads and frees them, authenticates with them and lets credentials go. What F0 assumes
of it is one thing: it keeps its references from a flush's handle to its call (A-24; without that, see `ssp_full`).
"""

from dataclasses import dataclass
from typing import Literal

from quiesce import Machine, Term, all_of, any_value, argument, minimum

KNOWN, OTHER = ["MSNSSPC", "MSAPSSPC"], "OTHER"
CONTEXTS = ["normal", "DllMain", "globalCtor", "globalDtor"]
HOSTS = ["desktop", "service", "server"]
TRUE, FALSE, NULL = "TRUE", "FALSE", "NULL"
CALL = "CleanupCredentialCache"
HOLDING = ["handle", "proc"]
ENDS = ["done", "not known", "no module", "no export", "refused"]
NEXT = {
    "idle": ["asked"],
    "asked": ["known", "not known", "refused"],
    "known": ["handle", "no module"],
    "handle": ["proc", "no export"],
    "proc": ["done"],
} | {end: ["idle"] for end in ENDS}
"""The stages of an attempt, and what may follow each."""

Flush = Literal["strict", "lenient"]
ServiceUse = Literal["violation", "warning"]


@dataclass(frozen=True)
class Module:
    """A module that may be mapped: an SSP with a cache of credentials, or some other DLL without one.

    Unmapped means that GetModuleHandle does not find it: mapped as a data file is the same (MOD-08).
    """

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
    mistyped: Term
    entries: int
    flush: Flush
    service_use: ServiceUse

    @property
    def allowed(self) -> Term:
        """A context and a host in which the procedure may run."""
        hosts = ["desktop"] if self.service_use == "violation" else ["desktop", "service"]
        return (self.context == "normal") & self.host.is_in(hosts)

    @property
    def holding(self) -> Term:
        """The application has a handle that it goes on to use."""
        return self.app.state.is_in(HOLDING)

    @property
    def possible(self) -> Term:
        """How the modules can be at first: an unmapped one has no reference and no cache. What a module exports that is
        not the one to be flushed does not matter.
        """
        found = []
        for name, module in self.modules.items():
            caches = [cache == 0 for cache in (module.cache, module.in_use) if cache is not None]
            used = all_of() if module.in_use is None or module.cache is None else module.in_use <= module.cache
            found.append(module.mapped.implies((module.references == 1) & used))
            found.append((~module.mapped).implies((module.references == 0) & all_of(caches)))
            found.append(module.exports | (self.ssp == name))
        return all_of(found)


def export() -> Term:
    """Return the name that GetProcAddress is asked for: as it is exported, or in another case (SSP-13)."""
    return argument("export", [CALL, CALL.lower()])


def typed() -> Term:
    """Return whether the caller's function pointer has the routine's type: BOOL WINAPI, no parameters (SSP-02)."""
    return argument("typed", [True, False])


def flushing(*, entries: int = 1, flush: Flush = "strict", service_use: ServiceUse = "violation") -> Flushing:
    """Return the application, the modules with up to `entries` cached credentials each, and the log that watches them.

    `flush` (A-23): whether entries in use leave the cache too; `service_use` (A-26): whether a service is a violation.
    """
    app, log, every = Machine("app", states=list(NEXT)), Machine("log", observer=True), [*KNOWN, OTHER]
    f = Flushing(
        app=app,
        modules={},
        log=log,
        context=app.one_of("context", CONTEXTS),
        host=app.one_of("host", HOSTS, initial=any_value),
        ssp=app.one_of("ssp", every, optional=True, initial=any_value),
        handle=app.one_of("module", every, optional=True),
        address=app.one_of("address", every, optional=True),
        stage=log.one_of("stage", ["none", "known", "handle", "proc"]),
        on_module=log.one_of("module", KNOWN, optional=True),
        mistyped=log.flag("mistyped"),
        entries=entries,
        flush=flush,
        service_use=service_use,
    )
    _asking(f)
    log.on("app.asked to flush", then={f.stage: "none", f.on_module: None})
    log.on("app.check known", when=f.ssp.is_in(KNOWN), then={f.stage: "known"})
    for name in KNOWN:
        bring(f, name)
        _noting(f, name)
    return f


def _asking(f: Flushing) -> None:
    """An attempt is asked for in some context, and refused or begun. The application is scheduled: what it can do next,
    it does some time.
    """
    app, context = f.app, argument("context", CONTEXTS)
    known = f.ssp.is_in(KNOWN)
    app.step("asked to flush", context, source="idle", dest="asked", then={f.context: context})
    app.step(
        "refuse",
        source="asked",
        dest="refused",
        when=~f.allowed,
        fair="weak",
        clause=["CTX-01", "CTX-02", "CTX-03", "CTX-04"],
    )
    for dest, answer in (("known", known), ("not known", ~known)):
        app.step("check known", source="asked", dest=dest, when=f.allowed & answer, fair="weak", clause="SSP-06")
    app.step("end", source=ENDS, dest="idle", then={f.context: "normal", f.handle: None, f.address: None})


def bring(f: Flushing, name: str) -> None:
    """Let a module take part: what it answers, what its owner does with it, and what the application asks of it.

    One that is not known takes no part, for the check keeps it out; a defect may bring it along.
    """
    m = Machine(name, states=["unmapped", "mapped"], initial=any_value)
    exports = m.flag("exports", any_value)
    references = m.count("references", up_to=2, initial=[0, 1])
    entries = f.entries if name in KNOWN else 0
    cache = m.count("cache", up_to=entries, initial=any_value) if entries else None
    in_use = m.count("in_use", up_to=entries, initial=any_value) if entries and f.flush == "lenient" else None
    f.modules[name] = module = Module(name, m, exports, references, cache, in_use)
    _answering(module)
    _owning(f, module)
    _asked_of(f, name)


def _answering(module: Module) -> None:
    """What the loader says of a module, and what its routine does."""
    name, m, exports = module.name, module.machine, module.exports
    m.on(f"{name}.GetModuleHandle", source="mapped", returns="handle", clause=["SSP-07", "MOD-02"])
    m.on(f"{name}.GetModuleHandle", source="unmapped", returns=NULL, clause=["SSP-12", "MOD-08"])
    same, resolve = export() == CALL, f"{name}.GetProcAddress"
    m.on(resolve, export(), source="mapped", when=exports & same, returns="address", clause=["SSP-08", "MOD-09"])
    m.on(resolve, export(), source="mapped", when=~(exports & same), returns=NULL, clause=["SSP-12", "SSP-13"])
    if module.cache is None:
        m.on(f"{name}.{CALL}", typed(), source="mapped", returns=[TRUE, FALSE])
        return
    m.on(
        f"{name}.{CALL}",
        typed(),
        source="mapped",
        when=typed(),
        then={module.cache: left(module)},
        returns=TRUE,
        clause=["SSP-01", "SSP-02", "SSP-04", "SSP-05"],
    )


def left(module: Module) -> Term | int:
    """Return what a flush leaves in a cache: nothing, or the entries in use (A-23)."""
    return 0 if module.in_use is None else module.in_use


def _owning(f: Flushing, module: Module) -> None:
    """The owner loads and frees a module, authenticates with it, and lets credentials go that nobody refers to."""
    name, m, cache, in_use = module.name, module.machine, module.cache, module.in_use
    unused = all_of() if in_use is None else in_use == 0
    empty: dict[Term, object] = {} if cache is None else {cache: 0}
    m.on(f"{name}.LoadLibrary", source="unmapped", dest="mapped", then={module.references: 1}, clause="MOD-01")
    m.on(
        f"{name}.FreeLibrary",
        source="mapped",
        dest="unmapped",
        when=~f.holding & unused,
        then={module.references: 0} | empty,
        clause=["MOD-01", "MOD-04", "SSP-16"],
    )
    if cache is None:
        return
    filled = {cache: minimum(cache + 1, f.entries)}
    m.on(f"{name}.Authenticate", source="mapped", then=filled, returns="ok", clause="SSP-11")
    m.on(f"{name}.forget", source="mapped", then={cache: left(module)}, clause=["SSP-14", "SSP-15"])
    if in_use is not None:
        m.on(f"{name}.begin use", source="mapped", when=in_use < cache, then={in_use: in_use + 1}, clause="SSP-15")
        m.on(f"{name}.end use", source="mapped", when=in_use > 0, then={in_use: in_use - 1}, clause="SSP-15")


def _asked_of(f: Flushing, name: str) -> None:
    """Handle, address and call in order; NULL at any point ends the attempt without a call.

    The owner may load and free the module again and again while the loader is asked: the answer comes all the same.
    """
    app, mine, right = f.app, f.handle == name, export() == CALL
    get, resolve = f"{name}.GetModuleHandle", f"{name}.GetProcAddress"
    app.calls(
        get,
        source="known",
        dest="handle",
        when=f.ssp == name,
        then={f.handle: name},
        gets="handle",
        fair="strong",
        clause=["SSP-09", "MOD-06"],
    )
    app.calls(get, source="known", dest="no module", when=f.ssp == name, gets=NULL, fair="weak", clause="SSP-12")
    app.calls(
        resolve,
        export(),
        source="handle",
        dest="proc",
        when=mine & right,
        then={f.address: name},
        gets="address",
        fair="weak",
        clause=["SSP-09", "SSP-13"],
    )
    app.calls(
        resolve,
        export(),
        source="handle",
        dest="no export",
        when=mine & right,
        gets=NULL,
        fair="weak",
        clause=["SSP-12", "SSP-13"],
    )
    app.calls(
        f"{name}.{CALL}",
        typed(),
        source="proc",
        dest="done",
        when=(f.address == name) & typed(),
        gets=[TRUE, FALSE],
        fair="weak",
        clause=["SSP-02", "SSP-03", "SSP-09", "SSP-10"],
    )


def _noting(f: Flushing, name: str) -> None:
    """The log notes which stage was reached in order, and on which module (PS-01); and how the routine was called."""
    log, stage, module = f.log, f.stage, f.on_module
    over: dict[Term, object] = {stage: "none", module: None}
    log.on(f"{name}.GetModuleHandle", gets="handle", when=stage == "known", then={stage: "handle", module: name})
    in_order = (stage == "handle") & (module == name)
    log.on(f"{name}.GetProcAddress", export(), gets="address", when=in_order, then={stage: "proc"})
    log.on(f"{name}.GetModuleHandle", gets=NULL, then=over)
    log.on(f"{name}.GetProcAddress", export(), gets=NULL, then=over)
    log.on(f"{name}.{CALL}", typed(), then=over | {f.mistyped: ~typed()})
