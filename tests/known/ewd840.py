"""Dijkstra's termination detection in a ring (EWD840): a token goes round, and is stained by who woke a later node.

Published: tlaplus/Examples, `specifications/ewd840/EWD840.tla`, N = 3: 302 states, 2,001 generated, depth 10;
`EWD840_json.tla`, N = 4: 1,566 states, 15,986 generated, depth 12 (manifest.json).

Conversion: TLC counts the initial states (192 for 3 nodes, 1,024 for 4) and one successor for each true disjunct of a
guard. `disjuncts=True` writes those guards as rows of their own, which leads to the same states and to TLC's number:
2,001 - 192 and 15,986 - 1,024. TLC's depth counts levels; for N = 3 it is not compared: there are 9 levels, and TLC
prints 10, which is only certain with one worker.
"""

from quiesce import Machine, System, Term, all_of, any_of, any_value


def ewd840(*, nodes: int = 3, disjuncts: bool = False) -> System:
    """Return the ring and its token, with one row or one row per disjunct where a node may pass the token."""
    token = Machine("token")
    place, stained = token.one_of("place", range(nodes), initial=any_value), token.flag("stained", True)
    ring = [Machine(f"node {number}") for number in range(nodes)]
    active = [node.flag("active", any_value) for node in ring]
    black = [node.flag("black", any_value) for node in ring]

    for number, node in enumerate(ring):
        if number == 0:
            reasons: list[Term] = [stained, black[0]]
            token.on("probe", when=place == 0, then={place: nodes - 1, stained: False})
        else:
            reasons = [~active[number], black[number], stained]
            token.on(
                f"pass from {number}",
                when=place == number,
                then={place: number - 1, stained: stained | black[number]},
            )
        for reason in reasons if disjuncts else [any_of(reasons)]:
            node.calls(f"pass from {number}" if number else "probe", when=reason, then={black[number]: False})
        node.step("rest", when=active[number], then={active[number]: False})
        for other, friend in enumerate(ring):
            if other != number:
                stain = {black[number]: True} if other > number else {}
                node.calls(f"{number} wakes {other}", when=active[number], then=stain)
                friend.on(f"{number} wakes {other}", then={active[other]: True})

    detected = (place == 0) & ~stained & ~black[0] & ~active[0]
    system = System("ewd840", token, *ring)
    system.always("only termination is detected", detected.implies(~any_of(active)))
    system.always_possible("termination is detected", detected & all_of(~flag for flag in active))
    return system
