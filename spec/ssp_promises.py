"""What F0 promises: the properties of the flush (requirements, section 3.5) with one thread of the application."""

from quiesce import System, Term, after, all_of, any_of, happens
from spec.ssp import CALL, CONTEXTS, ENDS, FALSE, HOSTS, KNOWN, NEXT, NULL, OTHER, TRUE, Flushing, Module, left


def promises(system: System, f: Flushing) -> None:
    """Ask of a system everything that the contract promises."""
    _order(system, f)
    _pointers(system, f)
    _context(system, f)
    for name in KNOWN:
        _cache(system, f, f.modules[name])
    _frame(system, f)
    _not_vacuous(system, f)


def _calls(f: Flushing, *, returns: str | None = None) -> Term:
    """Return whether the routine of any module is called."""
    return any_of(happens(f"{name}.{CALL}", returns=returns) for name in f.modules)


def _order(system: System, f: Flushing) -> None:
    """Say in which order an attempt goes, on which modules, and that it comes to an end."""
    app, steps = f.app, []
    for name in KNOWN:
        steps.append(happens(f"{name}.GetModuleHandle").implies((f.stage == "known") & (f.ssp == name)))
        steps.append(happens(f"{name}.GetProcAddress").implies((f.stage == "handle") & (f.on_module == name)))
        steps.append(happens(f"{name}.{CALL}").implies((f.stage == "proc") & (f.on_module == name) & (f.ssp == name)))
    others = [name for name in f.modules if name not in KNOWN]
    steps += [~happens(f"{name}.{call}") for name in others for call in ("GetModuleHandle", "GetProcAddress", CALL)]
    system.always(
        "check, handle, address, call: in this order",
        all_of(steps),
        id="PS-01",
        clause=["SSP-06", "SSP-07", "SSP-08", "SSP-09"],
    )
    follows = [(app.state == at).implies(after(app.state).is_in([at, *to])) for at, to in NEXT.items()]
    system.always("an attempt goes from stage to stage", all_of(follows), id="PS-01.stages", clause="SSP-09")
    known = after(app.state) == "known"
    system.always(
        "the check lets the two pass and nothing else",
        happens("app.check known").implies(known == f.ssp.is_in(KNOWN)),
        id="PS-01.check",
        clause="SSP-06",
    )
    begun = app.state != "idle"
    system.precedes("nothing is done before it is asked for", happens("app.asked to flush"), begun, id="PS-01.asked")
    calling = (app.state == "proc") & (after(app.state) == "done")
    system.never(
        "no module but the two is called",
        calling & (f.address == OTHER),
        id="PS-03",
        clause=["SSP-04", "SSP-06"],
    )
    system.leads_to(
        "a flush that is asked for comes to an end",
        app.state == "asked",
        app.state.is_in(ENDS),
        id="PS-13",
        clause="SSP-09",
    )


def _pointers(system: System, f: Flushing) -> None:
    """Say through which pointers the application goes, and what NULL means."""
    app, modules = f.app, f.modules
    held = (app.state == "handle").implies(f.handle != None) & (app.state == "proc").implies(f.address != None)
    null = {
        call: any_of(happens(f"{name}.{call}", returns=NULL) for name in modules)
        for call in ("GetModuleHandle", "GetProcAddress")
    }
    ended = null["GetModuleHandle"].implies(after(app.state) == "no module")
    ended &= null["GetProcAddress"].implies(after(app.state) == "no export")
    system.always("nothing goes through NULL, which ends the attempt", held & ended, id="PS-02", clause="SSP-12")
    system.never(
        "the routine is called as what it is: BOOL, WINAPI, no parameters",
        f.mistyped,
        id="PS-02.typed",
        clause="SSP-02",
    )
    found, exported = [], []
    for name, module in modules.items():
        get, resolve = f"{name}.GetModuleHandle", f"{name}.GetProcAddress"
        found.append(happens(get).implies(happens(get, returns="handle") == module.mapped))
        exported.append(happens(resolve).implies(happens(resolve, returns="address") == module.exports))
    system.always("a mapped module is found", all_of(found), id="PS-02.handle", clause=["SSP-07", "MOD-02", "MOD-08"])
    system.always("an exported routine is found", all_of(exported), id="PS-02.address", clause=["SSP-08", "SSP-13"])
    stays = []
    for name in KNOWN:
        entered = any_of(happens(f"{name}.{event}") for event in (CALL, "Authenticate", "forget"))
        held = f.holding & (f.handle == name)
        stays.append((entered | held).implies(modules[name].mapped))
    system.always(
        "a module is mapped while it is in use", all_of(stays), id="PS-10", clause=["MOD-04", "MOD-09", "SSP-16"]
    )


def _context(system: System, f: Flushing) -> None:
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
    system.always(
        "only what may not run is refused",
        happens("app.refuse").implies(~f.allowed),
        id="PS-05.refused",
        clause=["CTX-01", "CTX-02", "CTX-03", "CTX-04"],
    )


def _cache(system: System, f: Flushing, module: Module) -> None:
    """Say what a flush does to one cache, and that it can be used afterwards."""
    name, cache, m = module.name, module.cache, module.machine
    assert cache is not None
    call, authenticate = happens(f"{name}.{CALL}"), happens(f"{name}.Authenticate")
    emptied = after(cache) == left(module)
    if module.in_use is not None:
        emptied &= after(module.in_use) == module.in_use
    system.always(
        f"{name} always returns TRUE",
        call.implies(happens(f"{name}.{CALL}", returns=TRUE)),
        id=f"PS-06.{name}",
        clause="SSP-05",
    )
    system.always(f"the flush empties the cache of {name}", call.implies(emptied), id=f"PS-07.{name}", clause="SSP-01")
    forgotten = happens(f"{name}.forget").implies(emptied)
    system.always(f"{name} forgets what nobody uses", forgotten, id=f"PS-07.{name}.forget", clause="SSP-15")
    if module.in_use is not None:
        _use(system, name, cache, module.in_use)
    empty = call & (cache == left(module))
    system.always(
        f"flushing the empty cache of {name} changes nothing",
        empty.implies(m.unchanged & happens(f"{name}.{CALL}", returns=TRUE)),
        id=f"PS-11.{name}",
        clause=["SSP-01", "SSP-05"],
    )
    works = happens(f"{name}.Authenticate", returns="ok") & (after(cache) >= 1) & (after(cache) >= cache)
    system.always(
        f"{name} can be used again after a flush",
        call.implies(after(m.accepts(f"{name}.Authenticate", returns="ok"))) & authenticate.implies(works),
        id=f"PS-12.{name}",
        clause="SSP-01",
    )
    system.never(
        f"{name} never returns FALSE", happens(f"{name}.{CALL}", returns=FALSE), id=f"PX-08.{name}", clause="SSP-05"
    )


def _use(system: System, name: str, cache: Term, in_use: Term) -> None:
    """Say of entries in use that they are there from the beginning of the use to its end."""
    begins, ends = happens(f"{name}.begin use"), happens(f"{name}.end use")
    counted = begins.implies(after(in_use) == in_use + 1) & ends.implies(after(in_use) == in_use - 1)
    there = (in_use <= cache) & happens(f"{name}.FreeLibrary").implies(in_use == 0)
    system.always(f"what is in use of {name} is there", there & counted, id=f"PS-07.{name}.use", clause="SSP-15")
    system.sometimes(f"an entry of {name} is used", begins, id=f"PX-09.{name}.begin")
    system.sometimes(f"a use of {name} ends", ends, id=f"PX-09.{name}.end")


def _frame(system: System, f: Flushing) -> None:
    """Say what the procedure does, and what it leaves alone: mappings, reference counts, and every other cache."""
    kept, freed, counted = [], [], []
    for name, module in f.modules.items():
        m, references, cache = module.machine, module.references, module.cache
        moved = (after(m.state) != m.state) | (after(references) != references)
        loaded, owner = happens(f"{name}.LoadLibrary"), happens(f"{name}.FreeLibrary")
        kept.append(moved.implies(loaded | owner))
        freed.append((after(references) < references).implies(owner & ~f.holding))
        counted.append(module.mapped == (references > 0))
        counted.append(loaded.implies(after(references) == references + 1))
        counted.append(owner.implies(after(references) == references - 1))
        if cache is None:
            continue
        others = [other.machine.unchanged for other in f.modules.values() if other is not module]
        kept.append(happens(f"{name}.{CALL}").implies(all_of(others) & (f.ssp == name)))
        own = ["Authenticate", "forget", "FreeLibrary", CALL]
        kept.append((after(cache) != cache).implies(any_of(happens(f"{name}.{event}") for event in own)))
        counted.append((~module.mapped).implies(cache == 0))
    system.always("nothing else changes", all_of(kept), id="PS-08", clause=["SSP-07", "MOD-02", "MOD-03"])
    system.always("a module is mapped as long as it is counted", all_of(counted), id="PS-08.counts", clause="MOD-01")
    system.always("the borrowed handle is never freed", all_of(freed), id="PS-09", clause=["MOD-03", "MOD-05"])
    reached = (f.app.state != "done") & (after(f.app.state) == "done")
    wanted = any_of(happens(f"{name}.{CALL}") & (f.ssp == name) for name in f.modules)
    system.always("done means that the SSP was flushed", reached.implies(wanted), id="PS-07.done", clause="SSP-10")
    success = _calls(f, returns=TRUE).implies(after(f.app.state) == "done")
    system.always("TRUE is taken for success", success, id="PS-06.done", clause="SSP-03")


def _not_vacuous(system: System, f: Flushing) -> None:
    """Ask that what the promises are about can happen at all."""
    refused = happens("app.refuse")
    for context in CONTEXTS[1:]:
        asked = refused & (f.context == context) & (f.host == "desktop")
        system.sometimes(f"a flush asked for in {context} is refused", asked, id=f"PX-04.{context}")
    for host in HOSTS[2:] if f.service_use == "warning" else HOSTS[1:]:
        system.sometimes(
            f"a flush in a {host} is refused", refused & (f.context == "normal") & (f.host == host), id=f"PX-04.{host}"
        )
    for call in ("GetModuleHandle", "GetProcAddress"):
        null = any_of(happens(f"{name}.{call}", returns=NULL) for name in KNOWN)
        system.sometimes(f"{call} answers NULL", null, id=f"PX-10.{call}", clause="SSP-12")
    for name in KNOWN:
        cache, flushed = f.modules[name].cache, happens(f"{name}.{CALL}")
        assert cache is not None
        system.sometimes(f"a full cache of {name} is flushed", flushed & (cache > 0), id=f"PX-09.{name}.full")
        system.sometimes(f"an empty cache of {name} is flushed", flushed & (cache == 0), id=f"PX-09.{name}.empty")
        for event in ("LoadLibrary", "FreeLibrary", "forget"):
            used = happens(f"{name}.{event}") & ((cache == 0) if event == "LoadLibrary" else (cache > 0))
            system.sometimes(f"{event} happens to {name}", used, id=f"PX-09.{name}.{event}")
