"""A replicated database with a lock for each file: a site changes its copy, tells the other, and waits for an answer.

Published: Model Checking Contest 2020, DatabaseWithMutex-PT-02 (yanntm/pnmcc-models-2020), two sites and two files:
153 markings, 312 firings. No deadlock. A firing is a pair of marking and transition, which is a transition of ours.
"""

from quiesce import Machine, System


def database(*, files: int = 2) -> System:
    """Return two sites, each with an active and a passive part, the locks, and the messages under way."""
    sites = (1, 2)
    phases = ["idle", "waiting", "modifying", "asking"]
    ways = ["none", "sent", "received", "updating", "replying", "answered"]
    active = {site: Machine(f"active {site}", states=phases) for site in sites}
    passive = {site: Machine(f"passive {site}", states=["idle", "updating"]) for site in sites}
    lock = {file: Machine(f"lock {file}", states=["free", "held"]) for file in range(1, files + 1)}
    message = {(site, file): Machine(f"message to {site} of {file}", states=ways) for site in sites for file in lock}
    chosen = {site: active[site].one_of("chosen", list(lock), optional=True) for site in sites}

    for site, other in [(1, 2), (2, 1)]:
        for file in lock:
            name, mine = f"{site} {file}", chosen[site] == file
            acquire, change, release = f"acquire {name}", f"change {name}", f"release {name}"
            active[site].step(f"start {file}", source="idle", dest="waiting", then={chosen[site]: file})
            active[site].calls(acquire, source="waiting", dest="modifying", when=mine)
            lock[file].on(acquire, source="free", dest="held")
            active[site].calls(change, source="modifying", dest="asking", when=mine)
            message[other, file].on(change, source="none", dest="sent")
            active[site].calls(release, source="asking", dest="idle", when=mine, then={chosen[site]: None})
            message[other, file].on(release, source="answered", dest="none")
            lock[file].on(release, source="held", dest="free")

            update, finish, here = f"update {name}", f"finish {name}", message[site, file]
            here.step("arrive", source="sent", dest="received")
            here.on(update, source="received", dest="updating")
            here.on(finish, source="updating", dest="replying")
            here.step("answer", source="replying", dest="answered")
            passive[site].calls(update, source="idle", dest="updating")
            passive[site].calls(finish, source="updating", dest="idle")
    system = System("database", *active.values(), *passive.values(), *lock.values(), *message.values())
    system.no_deadlock()
    return system
