"""The water jugs of the film Die Hard 3: measure four gallons with a jug of three and one of five.

Published: tlaplus/Examples, `specifications/DieHard/DieHard.tla`: the expected violation of NotSolved, whose shortest
trace takes 6 steps. The 16 states are derived, not published: the pairs in which a jug is full or empty. Each has its
six moves, those that change nothing included (96 transitions).
"""

from quiesce import Machine, System, minimum


def die_hard(*, small: int = 3, big: int = 5, goal: int = 4) -> System:
    """Return the two jugs, and the claim that the goal is never in the big one."""
    jugs = Machine("jugs")
    few, many = jugs.count("small", up_to=small), jugs.count("big", up_to=big)
    jugs.step("fill small", then={few: small})
    jugs.step("fill big", then={many: big})
    jugs.step("empty small", then={few: 0})
    jugs.step("empty big", then={many: 0})
    into_big, into_small = minimum(few, big - many), minimum(many, small - few)
    jugs.step("pour small into big", then={few: few - into_big, many: many + into_big})
    jugs.step("pour big into small", then={few: few + into_small, many: many - into_small})

    system = System("die hard", jugs)
    system.never("solved", many == goal)
    return system
