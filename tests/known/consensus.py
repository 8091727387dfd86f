"""Consensus at its most abstract: one value is chosen, once.

Published: tlaplus/Examples, `specifications/PaxosHowToWinATuringAward/MCConsensus.tla` and
`specifications/byzpaxos/Consensus.tla` (manifest.json), three values: 4 states, 4 generated, depth 2, for both.

Conversion: TLC counts the initial state (4 - 1) and levels instead of steps (2 - 1).
"""

from quiesce import Machine, System, any_of, count_of


def consensus(*, values: int = 3) -> System:
    """Return the values, of which at most one becomes chosen."""
    value = Machine("value", copies=values, states=["open", "chosen"])
    chosen = any_of(value.state[v] == "chosen" for v in value)
    value.step("choose", dest="chosen", when=~chosen)
    system = System("consensus", value, rest=chosen)
    system.always("at most one", count_of(value.state[v] == "chosen" for v in value) <= 1)
    system.no_deadlock()
    return system
