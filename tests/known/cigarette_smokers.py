"""The cigarette smokers of Patil: a dealer offers two ingredients, the smoker who has the third one smokes.

Published: tlaplus/Examples, `specifications/CigaretteSmokers/CigaretteSmokers.tla` (manifest.json), three
ingredients: 6 states, 15 generated, depth 2. An offer is named by the smoker whom it suits. Conversion: TLC counts
the three initial states (15 - 3) and levels instead of steps (2 - 1).
"""

from quiesce import Machine, System, argument, count_of


def cigarette_smokers(*, smokers: int = 3) -> System:
    """Return the dealer and a smoker for each ingredient."""
    smoker = Machine("smoker", copies=smokers, states=["waiting", "smoking"])
    dealer = Machine("dealer")
    suits = dealer.one_of("suits", smoker, optional=True, initial=list(smoker))
    following = argument("following", smoker)

    smoker.calls("take", source="waiting", dest="smoking", when=suits == smoker.acting)
    dealer.on("take", then={suits: None})
    smoker.calls("finish", source="smoking", dest="waiting")
    dealer.on("finish", following, when=suits == None, then={suits: following})

    system = System("cigarette smokers", smoker, dealer)
    system.always("at most one smokes", count_of(smoker.state[s] == "smoking" for s in smoker) <= 1)
    return system
