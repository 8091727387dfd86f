"""Clients ask for sets of resources, are given what is free of them bit by bit, and return what they like.

Published: tlaplus/Examples, `specifications/allocator/SimpleAllocator.tla` (manifest.json), 3 clients, 2 resources:
400 states, 1,633 generated, depth 6. Sets are flags, and every set of resources has its rows.

Conversion: TLC counts the initial state (1,633 - 1) and levels instead of steps (6 - 1).
"""

from itertools import combinations

from quiesce import Machine, System, all_of, any_of, count_of


def simple_allocator(*, clients: int = 3, resources: int = 2) -> System:
    """Return the clients; the allocator is what enables their rows."""
    client = Machine("client", copies=clients)
    wants = [client.flag(f"wants {number}") for number in range(resources)]
    holds = [client.flag(f"holds {number}") for number in range(resources)]
    free = [~any_of(held[c] for c in client) for held in holds]

    for size in range(1, resources + 1):
        for some in combinations(range(resources), size):
            named = " and ".join(map(str, some))
            client.step(
                f"request {named}",
                when=~any_of(*wants, *holds),
                then={wants[number]: True for number in some},
            )
            client.step(
                f"obtain {named}",
                when=all_of(wants[number] & free[number] for number in some),
                then={flag[number]: flag is holds for number in some for flag in (wants, holds)},
            )
            client.step(
                f"return {named}",
                when=all_of(holds[number] for number in some),
                then={holds[number]: False for number in some},
            )

    system = System("simple allocator", client)
    system.always("one holder each", all_of(count_of(held[c] for c in client) <= 1 for held in holds))
    return system
