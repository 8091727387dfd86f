"""Dining philosophers as in the Petri net: either fork may be taken first, and both are put down at once.

Published: Model Checking Contest 2020, Philosophers-PT-000005 (yanntm/pnmcc-models-2020): 243 markings, 945 firings;
it has deadlocks. Places are states here: a fork is free or held, a philosopher thinks, holds one fork, or eats.

A firing is a pair of marking and transition, which is a transition of ours. A deadlock needs one step of every
philosopher.
"""

from quiesce import Machine, System


def philosophers_net(*, philosophers: int = 5) -> System:
    """Return philosophers and forks around a table."""
    forks = [Machine(f"fork {number}", states=["free", "held"]) for number in range(philosophers)]
    people = [
        Machine(f"philosopher {number}", states=["thinking", "has left", "has right", "eating"])
        for number in range(philosophers)
    ]
    for number, person in enumerate(people):
        left, right = number, (number + 1) % philosophers
        person.calls(f"{number} takes {left}", source="thinking", dest="has left")
        person.calls(f"{number} takes {right}", source="thinking", dest="has right")
        person.calls(f"{number} takes {right}", source="has left", dest="eating")
        person.calls(f"{number} takes {left}", source="has right", dest="eating")
        person.calls(f"{number} puts down", source="eating", dest="thinking")
        for fork in (left, right):
            forks[fork].on(f"{number} takes {fork}", source="free", dest="held")
            forks[fork].on(f"{number} puts down", source="held", dest="free")
    system = System("philosophers net", *forks, *people)
    system.no_deadlock()
    return system
