"""One switch and many prisoners: the designated counter learns from the light that everybody has been in the cell.

Published: tlaplus/Examples, `specifications/Prisoners_Single_Switch/Prisoner.tla` (manifest.json). Prisoner (3, light
off at first): 16 states, 49 generated, depth 5. PrisonerLightUnknown (3): 62, 188, depth 11. PrisonerSolo (1): 2, 3,
depth 2. PrisonerSoloLightUnknown (1): 4, 6, depth 2.

Conversion: TLC counts the initial states (one, or two where the light is unknown) and levels instead of steps. The
two actions of each prisoner there are if-then-else, so a guard has one disjunct. The depth of PrisonerLightUnknown is
not compared: there it is 10 levels (counted twice, independently), and TLC prints 11; its depth is only certain with
one worker.
"""

from typing import Annotated

from quiesce import Between, Machine, System, all_of


def prisoners(*, prisoners: Annotated[int, Between(1, 20)] = 3, light_unknown: bool = False) -> System:
    """Return the cell, the counter and the others; unknown light means that everybody signals twice."""
    limit = 2 if light_unknown else 1
    threshold = 2 * prisoners - 1 if light_unknown else prisoners
    light = Machine("light", states=["off", "on"], initial=["off", "on"] if light_unknown else "off")
    counter = Machine("counter")
    counted = counter.integer("counted", 1, threshold + 1, initial=1)
    announced, been = counter.flag("announced"), counter.flag("been")
    other = Machine("other", copies=prisoners - 1)
    signalled, visited = other.count("signalled", up_to=limit), other.flag("visited")

    light.on("switch on", source="off", dest="on")
    light.on("switch off", source="on", dest="off")
    may_signal = (light.state == "off") & (signalled < limit)
    other.calls("switch on", when=may_signal, then={signalled: signalled + 1, visited: True})
    other.step("look", when=~may_signal, then={visited: True})
    counter.calls("switch off", then={counted: counted + 1, announced: counted + 1 >= threshold, been: True})
    counter.step("look", when=light.state == "off", then={announced: counted >= threshold, been: True})

    system = System("prisoners", light, counter, other)
    system.always("victory is never declared in error", announced.implies(been & all_of(visited[p] for p in other)))
    system.always_possible("victory is declared", announced)
    return system
