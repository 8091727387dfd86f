"""Missionaries and cannibals cross a river in a boat for two; cannibals may never outnumber missionaries on a bank.

Published: tlaplus/Examples, `specifications/MissionariesAndCannibals/MissionariesAndCannibals.tla`, 3 and 3: the
expected violation of Solution; the shortest solution of the classic puzzle has 11 crossings. People are counted here
and named there, so no number of states is compared.
"""

from quiesce import Machine, System, Term


def missionaries_and_cannibals(*, people: int = 3) -> System:
    """Return the crossing for as many missionaries as cannibals."""
    river = Machine("river", states=["east", "west"])
    missionaries = river.count("missionaries", up_to=people, initial=people)
    cannibals = river.count("cannibals", up_to=people, initial=people)

    def safe(praying: Term, hungry: Term) -> Term:
        """Tell whether neither bank is dangerous, given who is on the east bank."""
        return ((praying == 0) | (praying >= hungry)) & ((praying == people) | (praying <= hungry))

    for praying, hungry in [(1, 0), (2, 0), (0, 1), (0, 2), (1, 1)]:
        for bank, other, sign in [("east", "west", -1), ("west", "east", 1)]:
            left, right = missionaries + sign * praying, cannibals + sign * hungry
            aboard = (left >= 0) & (left <= people) & (right >= 0) & (right <= people)
            river.step(
                f"{praying} and {hungry} leave the {bank}",
                source=bank,
                dest=other,
                when=aboard & safe(left, right),
                then={missionaries: left, cannibals: right},
            )

    system = System("missionaries and cannibals", river)
    system.never("all are across", (missionaries == 0) & (cannibals == 0))
    return system
