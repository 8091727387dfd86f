"""The waits of a provider closed: some clients, one socket, one operation, a peer that may stay silent."""

from typing import Annotated

from quiesce import Between, System, all_of
from spec.waiting import contract, promises


def waiting(*, clients: Annotated[int, Between(1, 4)] = 2, timeout: bool = False) -> System:
    """Return the closed system; with `timeout` the provider gives up unsent data some time (A-14)."""
    w = contract(clients=clients, timeout=timeout)
    rest = (w.provider.state == "down") & all_of(w.client.state[c] == "idle" for c in w.client)
    system = System("waiting", w.provider, w.client, w.socket, w.operation, w.peer, rest=rest)
    promises(system, w)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest)
    return system
