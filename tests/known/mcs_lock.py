"""The queue lock of Mellor-Crummey and Scott: waiting processes form a list, and each one spins on a flag of its own.

Published: melver/cmurphi, `ex/mux/mcslock1.m` (the results are in the comments of the file), without symmetry. N = 2:
159 states, 318 rules fired. N = 3: 7,597 and 22,791. N = 4: 554,221 and 2,216,884.

Murphi's rules fired count self-loops, as our transitions do: a process that spins fires its rule all the same.
"""

from typing import Annotated

from quiesce import Between, Machine, System, count_of

LABELS = ["idle", "clean", "queued", "behind", "linking", "spinning", "critical", "last", "expecting", "handing over"]


def mcs_lock(*, processes: Annotated[int, Between(2, 4)] = 2) -> System:
    """Return the lock with its tail pointer, and the processes with their queue nodes."""
    numbers = range(1, processes + 1)
    lock = Machine("lock")
    tail = lock.one_of("tail", numbers, optional=True)
    members = {number: Machine(f"process {number}", states=LABELS) for number in numbers}
    following = {number: member.one_of("following", numbers, optional=True) for number, member in members.items()}
    locked = {number: member.flag("locked") for number, member in members.items()}

    for number, member in members.items():
        before, behind, spins = member.one_of("before", numbers, optional=True), following[number], locked[number]
        member.step("start", source="idle", dest="clean", then={behind: None})
        member.calls(f"{number} joins", source="clean", dest="queued", then={before: tail})
        lock.on(f"{number} joins", then={tail: number})
        member.step("enter at once", source="queued", dest="critical", when=before == None)
        member.step("find somebody", source="queued", dest="behind", when=before != None)
        member.step("lock", source="behind", dest="linking", then={spins: True})
        member.step("enter", source="spinning", dest="critical", when=~spins)
        member.step("spin", source="spinning", when=spins)
        member.step("leave as the last one", source="critical", dest="last", when=behind == None)
        member.step("leave", source="critical", dest="handing over", when=behind != None)
        member.calls(f"{number} frees", source="last", dest="idle")
        lock.on(f"{number} frees", when=tail == number, then={tail: None})
        member.step("was too late", source="last", dest="expecting", when=tail != number)
        member.step("meet", source="expecting", dest="handing over", when=behind != None)
        member.step("expect", source="expecting", when=behind == None)
        for other, friend in members.items():
            if other != number:
                link, hand = f"{number} links to {other}", f"{number} hands over to {other}"
                member.calls(link, source="linking", dest="spinning", when=before == other)
                friend.on(link, then={following[other]: number})
                member.calls(hand, source="handing over", dest="idle", when=behind == other)
                friend.on(hand, then={locked[other]: False})

    system = System("mcs lock", lock, *members.values())
    critical = count_of(member.state == "critical" for member in members.values())
    system.always("at most one is critical", critical <= 1)
    system.no_deadlock()
    return system
