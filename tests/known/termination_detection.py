"""Termination detection seen from outside: nodes wake each other and rest, an oracle may notice when all rest.

Published: tlaplus/Examples, `specifications/ewd840/SyncTerminationDetection.tla` (manifest.json), N = 7: 129 states,
3,722 generated, depth 1.

Every state is initial. Conversion: TLC counts the initial states (3,722 - 129) and levels instead of steps (1 - 1).
"""

from quiesce import Machine, System, any_of, any_value


def termination_detection(*, nodes: int = 7) -> System:
    """Return the nodes and the oracle, which may notice at once or later that the last node rests."""
    oracle = Machine("oracle")
    detected = oracle.flag("detected", any_value)
    members = [Machine(f"node {number}") for number in range(nodes)]
    active = [node.flag("active", any_value) for node in members]

    for number, node in enumerate(members):
        node.step("rest", when=active[number], then={active[number]: False})
        last = active[number] & ~any_of(flag for flag in active if flag is not active[number])
        node.calls("rest as the last one", when=last, then={active[number]: False})
        node.step("wake itself", when=active[number])
        for other, friend in enumerate(members):
            if other != number:
                node.calls(f"{number} wakes {other}", when=active[number])
                friend.on(f"{number} wakes {other}", then={active[other]: True})
    oracle.on("rest as the last one", then={detected: True})
    oracle.step("detect", when=~any_of(active), then={detected: True})

    system = System("termination detection", oracle, *members, initially=detected.implies(~any_of(active)))
    system.always("only termination is detected", detected.implies(~any_of(active)))
    system.always_possible("termination is detected", detected)
    return system
