"""Peterson's mutual exclusion, for two processes and for n.

Published: melver/cmurphi (the results are in the comments of the files). `ex/mux/2_peterson.m`: 26 states, 52 rules
fired. `ex/mux/n_peterson.m` without symmetry, N = 3: 882 states, 2,646 rules fired; N = 5: 628,868 and 3,144,340
(release 2.73S). Release 2.3: 771 and 2,313; 576,551 and 2,882,755.

The turns are undefined at first. Counting that as a value of its own gives the numbers of release 2.73S, starting
with process 1 instead gives those of release 2.3. A comment of the file says that a leaving process goes back to
floor 0; its rule assigns 1, and so do we.

Murphi's rules fired count self-loops, as our transitions do: a process that has to wait fires its rule all the same.
"""

from typing import Annotated

from quiesce import Between, Machine, System, all_of, any_value, count_of


def two_peterson() -> System:
    """Return two processes; whose turn it is at first is open."""
    turn = Machine("turn", states=["first", "second"], initial=any_value)
    labels = ["idle", "asking", "waiting", "critical", "leaving"]
    first, second = (Machine(name, states=labels) for name in ("first", "second"))
    wants = {process.name: process.flag("wants") for process in (first, second)}

    for process, other in [(first, second), (second, first)]:
        mine, name = wants[process.name], process.name
        may_enter = ~wants[other.name] | (turn.state == other.name)
        process.step("ask", source="idle", dest="asking", then={mine: True})
        process.calls(f"{name} takes the turn", source="asking", dest="waiting")
        turn.on(f"{name} takes the turn", dest=name)
        process.step("enter", source="waiting", dest="critical", when=may_enter)
        process.step("wait", source="waiting", when=~may_enter)
        process.step("leave", source="critical", dest="leaving")
        process.step("forget", source="leaving", dest="idle", then={mine: False})

    system = System("two peterson", turn, first, second)
    system.never("both are critical", (first.state == "critical") & (second.state == "critical"))
    return system


def n_peterson(*, processes: Annotated[int, Between(2, 7)] = 3, undefined: bool = True) -> System:
    """Return n processes that climb n - 1 floors; the turn of a floor is undefined at first, or process 1."""
    numbers, floors = range(1, processes + 1), range(1, processes)
    turns = Machine("turns")
    turn = {floor: turns.one_of(f"turn {floor}", numbers, optional=undefined) for floor in floors}
    climbers = {
        number: Machine(f"process {number}", states=["idle", "announcing", "yielding", "waiting", "critical"])
        for number in numbers
    }
    announced = {number: climber.count("announced", up_to=processes - 1) for number, climber in climbers.items()}
    climbing = {number: climber.count("climbing", up_to=processes) for number, climber in climbers.items()}

    for number, climber in climbers.items():
        mine, floor_of = announced[number], climbing[number]
        climber.step("start", source="idle", dest="announcing", then={floor_of: 1})
        climber.step("announce", source="announcing", dest="yielding", then={mine: floor_of})
        for floor in floors:
            climber.calls(f"{number} yields {floor}", source="yielding", dest="waiting", when=floor_of == floor)
            turns.on(f"{number} yields {floor}", then={turn[floor]: number})
            alone = all_of(announced[other] < floor for other in numbers if other != number)
            may_climb = alone | (turn[floor] != number)
            climber.step(
                f"leave floor {floor}",
                source="waiting",
                dest="announcing" if floor + 1 < processes else "critical",
                when=(floor_of == floor) & may_climb,
                then={floor_of: floor + 1},
            )
            climber.step(f"wait on {floor}", source="waiting", when=(floor_of == floor) & ~may_climb)
        climber.step("leave", source="critical", dest="idle", then={mine: 1})

    system = System("n peterson", turns, *climbers.values())
    critical = count_of(climber.state == "critical" for climber in climbers.values())
    system.always("at most one is critical", critical <= 1)
    return system


def interchangeable_peterson(*, processes: Annotated[int, Between(2, 9)] = 3) -> System:
    """Return the same n processes as copies of one machine; a turn is a copy, or undefined at first."""
    floors = range(1, processes)
    turns = Machine("turns")
    climber = Machine("process", copies=processes, states=["idle", "announcing", "yielding", "waiting", "critical"])
    turn = {floor: turns.one_of(f"turn {floor}", climber, optional=True) for floor in floors}
    announced, floor_of = climber.count("announced", up_to=processes - 1), climber.count("climbing", up_to=processes)
    climber.step("start", source="idle", dest="announcing", then={floor_of: 1})
    climber.step("announce", source="announcing", dest="yielding", then={announced: floor_of})
    for floor in floors:
        climber.calls(f"yield {floor}", source="yielding", dest="waiting", when=floor_of == floor)
        turns.on(f"yield {floor}", then={turn[floor]: climber.acting})
        alone = all_of((climber.acting == other) | (announced[other] < floor) for other in climber)
        may_climb = alone | (turn[floor] != climber.acting)
        climber.step(
            f"leave floor {floor}",
            source="waiting",
            dest="announcing" if floor + 1 < processes else "critical",
            when=(floor_of == floor) & may_climb,
            then={floor_of: floor + 1},
        )
        climber.step(f"wait on {floor}", source="waiting", when=(floor_of == floor) & ~may_climb)
    climber.step("leave", source="critical", dest="idle", then={announced: 1})
    system = System("n peterson", turns, climber)
    critical = count_of(climber.state[each] == "critical" for each in climber)
    system.always("at most one is critical", critical <= 1)
    return system
