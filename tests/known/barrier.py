"""A reusable barrier: processes arrive one by one, and leave together when all have arrived.

Published: tlaplus/Examples, `specifications/barriers/Barrier.tla` (manifest.json), N = 6: 64 states, 194 generated,
depth 7. Conversion: TLC counts the initial state (194 - 1) and levels instead of steps (7 - 1).
"""

from quiesce import Machine, System


def barrier(*, processes: int = 6) -> System:
    """Return the barrier for a number of processes."""
    process = Machine("process", copies=processes, states=["outside", "waiting"])
    process.step("arrive", source="outside", dest="waiting")
    process.step("leave", source="waiting", dest="outside", every=True)
    system = System("barrier", process)
    system.always_possible("all are outside again", process.fresh)
    return system
