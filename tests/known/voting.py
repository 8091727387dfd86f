"""Voting, the algorithm behind Paxos: acceptors vote in ballots so that no two values can ever be chosen.

Published: tlaplus/Examples, `specifications/PaxosHowToWinATuringAward/MCVoting.tla` (manifest.json), 3 acceptors, 2
values, ballots 0 to 2, any two acceptors a quorum: 6,752 states, 41,017 generated, depth 16.

An acceptor votes at most once in a ballot, so its votes are one optional value for each ballot. Conversion: levels
instead of steps (16 - 1); the number generated is not compared, because TLC counts one successor for each quorum that
shows safety.
"""

from itertools import combinations

from quiesce import Machine, System, Term, all_of, any_of


def voting(*, acceptors: int = 3, values: int = 2, ballots: int = 3) -> System:
    """Return acceptors of which any majority is a quorum."""
    names = [f"v{number}" for number in range(1, values + 1)]
    acceptor = Machine("acceptor", copies=acceptors)
    promised = acceptor.integer("promised", -1, ballots - 1, initial=-1)
    vote = [acceptor.one_of(f"vote {ballot}", names, optional=True) for ballot in range(ballots)]
    quorums = list(combinations(acceptor, acceptors // 2 + 1))

    def shows_safe(ballot: int, name: str) -> Term:
        """Tell whether some quorum shows that no other value was or will be chosen in an earlier ballot."""
        return any_of(
            all_of(promised[a] >= ballot for a in quorum)
            & any_of(
                (any_of(vote[last][a] == name for a in quorum) if last >= 0 else True)
                & all_of(vote[between][a] == None for between in range(last + 1, ballot) for a in quorum)
                for last in range(-1, ballot)
            )
            for quorum in quorums
        )

    for ballot in range(ballots):
        acceptor.step(f"promise {ballot}", when=promised < ballot, then={promised: ballot})
        for name in names:
            nobody_else = all_of((vote[ballot][a] == None) | (vote[ballot][a] == name) for a in acceptor)
            may_vote = (promised <= ballot) & (vote[ballot] == None) & nobody_else & shows_safe(ballot, name)
            acceptor.step(f"vote {name} in {ballot}", when=may_vote, then={vote[ballot]: name, promised: ballot})

    chosen = {
        name: any_of(all_of(cast[a] == name for a in quorum) for cast in vote for quorum in quorums) for name in names
    }
    system = System("voting", acceptor)
    for one, other in combinations(names, 2):
        system.never(f"{one} and {other} are both chosen", chosen[one] & chosen[other])
    return system
