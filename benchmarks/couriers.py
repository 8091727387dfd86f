"""Hundreds of rows of which few are enabled: couriers that walk a round of stations, some of which they share."""

from __future__ import annotations

from typing import Annotated

from quiesce import Between, Machine, System


def couriers(*, couriers: Annotated[int, Between(1, 4)] = 3, stations: Annotated[int, Between(4, 200)] = 100) -> System:
    """Return couriers, each with a row for every station; only one may stand at a station that 10 divides."""
    walkers = [Machine(f"courier {number}") for number in range(couriers)]
    at = [walker.count("at", up_to=stations - 1, initial=1 + 3 * number) for number, walker in enumerate(walkers)]
    for number, walker in enumerate(walkers):
        for station in range(stations):
            following = (station + 1) % stations
            here = at[number] == station
            for other, place in enumerate(at):
                if following % 10 == 0 and other != number:
                    here = here & (place != following)
            walker.step(f"to {following}", when=here, then={at[number]: following})
    system = System("couriers", *walkers)
    if couriers > 1:
        system.never("two share a station that 10 divides", (at[0] == at[1]) & (at[0] == 0))
    return system
