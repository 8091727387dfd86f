"""Dining philosophers who hand each other forks (Chandy and Misra): a fork is dirty once used, clean once handed over.

Published: tlaplus/Examples, `specifications/DiningPhilosophers/DiningPhilosophers.tla` (manifest.json), NP = 5: 67
states, 336 generated, depth 29. The first philosopher holds forks 1 and 2 at first, every other fork p lies with
philosopher p.

Conversion: TLC counts the initial state (336 - 1) and levels instead of steps (29 - 1).
"""

from quiesce import Machine, System


def dining_philosophers(*, philosophers: int = 5) -> System:
    """Return philosophers and forks; fork p lies to the left of philosopher p."""
    numbers = range(1, philosophers + 1)
    forks = {number: Machine(f"fork {number}", states=["dirty", "clean"]) for number in numbers}
    holder = {
        number: fork.one_of("holder", numbers, initial=1 if number == 2 else number) for number, fork in forks.items()
    }
    people = {number: Machine(f"philosopher {number}", states=["deciding", "eating", "thinking"]) for number in numbers}

    for number, person in people.items():
        hungry = person.flag("hungry", True)
        before, following = (number - 2) % philosophers + 1, number % philosophers + 1
        left, right = number, following
        dirty_left = (holder[left] == number) & (forks[left].state == "dirty")
        dirty_right = (holder[right] == number) & (forks[right].state == "dirty") & ~dirty_left
        for fork, neighbour, dirty in [(left, before, dirty_left), (right, following, dirty_right)]:
            hand = f"{number} hands over fork {fork}"
            person.calls(hand, source="deciding", when=dirty & hungry)
            person.calls(hand, source="deciding", dest="thinking", when=dirty & ~hungry)
            forks[fork].on(hand, dest="clean", then={holder[fork]: neighbour})
        keeps, may_eat = ~dirty_left & ~dirty_right, (holder[left] == number) & (holder[right] == number)
        person.step("sit down", source="deciding", dest="eating", when=keeps & hungry & may_eat)
        person.step("wait", source="deciding", when=keeps & hungry & ~may_eat)
        person.step("stand up", source="deciding", dest="thinking", when=keeps & ~hungry)
        person.step("think", source="thinking", dest="deciding", then={hungry: True})
        person.calls(f"{number} eats", source="eating", dest="deciding", then={hungry: False})
        for fork in (left, right):
            forks[fork].on(f"{number} eats", dest="dirty")

    system = System("dining philosophers", *forks.values(), *people.values())
    for number, person in people.items():
        friend = people[number % philosophers + 1]
        system.never(f"{number} and the next one eat", (person.state == "eating") & (friend.state == "eating"))
        system.always_possible(f"{number} eats", person.state == "eating")
    return system
