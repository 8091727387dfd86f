"""The moving cat: every night she moves to a neighbouring box, every morning one box is inspected.

Published: tlaplus/Examples, `specifications/Moving_Cat_Puzzle/Cat.tla` (manifest.json). CatEvenBoxes (6 boxes): 48
states, 128 generated, depth 1. CatOddBoxes (5 boxes): 30 states, 78 generated, depth 1.

Every state is initial. Conversion: TLC counts the initial states (128 - 48, 78 - 30) and levels instead of steps (1 -
1).
"""

from typing import Annotated

from quiesce import Between, Machine, System, any_value


def moving_cat(*, boxes: Annotated[int, Between(3, 100)] = 6) -> System:
    """Return the cat and the search that sweeps the inner boxes to and fro."""
    cat = Machine("cat")
    hidden = cat.integer("hidden", 1, boxes, initial=any_value)
    search = Machine("search", states=["left", "right"], initial=any_value)
    observed = search.integer("observed", 2, boxes - 1, initial=any_value)

    cat.on("night", when=hidden < boxes, then={hidden: hidden + 1})
    cat.on("night", when=hidden > 1, then={hidden: hidden - 1})
    search.on("night", source="right", when=observed < boxes - 1, then={observed: observed + 1})
    search.on("night", source="right", dest="left", when=observed == boxes - 1)
    search.on("night", source="left", when=observed > 2, then={observed: observed - 1})
    search.on("night", source="left", dest="right", when=observed == 2)

    system = System("moving cat", cat, search)
    system.always_possible("the cat is found", hidden == observed)
    return system
