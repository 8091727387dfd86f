"""A lock for two processes, with a history variable and stuttering steps, so that it refines Peterson's algorithm.

Published: tlaplus/Examples, `specifications/locks_auxiliary_vars/LockHS.tla` (manifest.json): 28 states, 41
generated, depth 10. Taking the lock is followed by two stuttering steps of the same process, in which nobody else
moves; the first of them records whose turn it is. Conversion: TLC counts the initial state (41 - 1) and levels
instead of steps (10 - 1).
"""

from quiesce import Machine, System


def lock_with_history() -> System:
    """Return two processes, the lock, and the auxiliary variables."""
    lock = Machine("lock", states=["free", "held"])
    auxiliary = Machine("auxiliary", states=["moving", "first stutter", "second stutter"])
    turn, whose = auxiliary.one_of("turn", [1, 2]), auxiliary.one_of("whose", [1, 2], optional=True)
    processes = {name: Machine(f"process {name}", states=["idle", "trying", "critical", "leaving"]) for name in (1, 2)}
    moving = auxiliary.state == "moving"

    for name, process in processes.items():
        acquire, release = f"{name} acquires", f"{name} releases"
        process.step("try", source="idle", dest="trying", when=moving)
        process.calls(acquire, source="trying", dest="critical")
        lock.on(acquire, source="free", dest="held")
        auxiliary.on(acquire, source="moving", dest="first stutter", then={whose: name})
        mine = whose == name
        auxiliary.step("record", source="first stutter", dest="second stutter", when=mine, then={turn: 3 - name})
        auxiliary.step("go on", source="second stutter", dest="moving", when=mine, then={whose: None})
        process.step("finish", source="critical", dest="leaving", when=moving)
        process.calls(release, source="leaving", dest="idle", when=moving)
        lock.on(release, dest="free")

    inside = [process.state.is_in(["critical", "leaving"]) for process in processes.values()]
    system = System("lock with history", lock, auxiliary, *processes.values())
    system.never("both are inside", inside[0] & inside[1])
    system.always("who is inside holds the lock", (inside[0] | inside[1]).implies(lock.state == "held"))
    return system
