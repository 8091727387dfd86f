"""The stages of a polymerase chain reaction: heat, cool, anneal, extend; every cycle uses up primers.

Published: tlaplus/Examples, `specifications/glowingRaccoon/stages.tla` (manifest.json), DNA = 5, PRIMER = 5: 83
states, 93 generated, depth 23. Conversion: TLC counts the initial state (93 - 1) and levels instead of steps (23 -
1).
"""

from typing import Annotated

from quiesce import Between, Machine, System, argument


def chain_reaction(
    *, strands: Annotated[int, Between(1, 20)] = 5, primers: Annotated[int, Between(1, 20)] = 5
) -> System:
    """Return the tube, in which only the number of primers that anneal is open."""
    tube = Machine("tube", states=["initial", "denatured", "ready", "annealed", "extended"])
    temperature = tube.one_of("temperature", ["hot", "too hot", "warm"])
    primer, hybrid = tube.count("primer", up_to=primers, initial=primers), tube.count("hybrid", up_to=primers)
    double = tube.count("double strands", up_to=max(strands, primers), initial=strands)
    single, cycle = tube.count("single strands", up_to=2 * strands + primers), tube.count("cycle", up_to=primers)
    bound = argument("bound", range(1, primers + 1))

    tube.step(
        "heat",
        source=["initial", "extended"],
        dest="denatured",
        then={
            temperature: "too hot",
            primer: primer + hybrid,
            hybrid: 0,
            double: 0,
            single: single + hybrid + 2 * double,
        },
    )
    tube.step("cool", source="denatured", dest="ready", then={temperature: "hot"})
    tube.step(
        "anneal",
        bound,
        source="ready",
        dest="annealed",
        when=(bound <= primer) & (bound <= single),
        then={temperature: "warm", primer: primer - bound, single: single - bound, hybrid: hybrid + bound},
    )
    tube.step(
        "extend",
        source="annealed",
        dest="extended",
        then={temperature: "hot", double: double + hybrid, hybrid: 0, cycle: cycle + 1},
    )

    spent = primer + hybrid == 0
    system = System("chain reaction", tube, rest=spent)
    system.always_possible("the primers are used up", spent)
    system.no_deadlock()
    return system
