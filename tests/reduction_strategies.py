"""Random systems for reductions that need what they test: take one line of a reduction away, and a verdict changes.

Rows that conflict on one variable and on nothing else, steps out of a domain beside machines that need not move first,
copies that are picked out in turn. The questions are about where all has been done: there, a lost order shows.
"""

from __future__ import annotations

from hypothesis import strategies as st

from quiesce import Machine, System, Term, all_of, any_of, count_of, where

MOST = 3
"""The greatest value of a variable that rows conflict on."""


@st.composite
def conflicting(draw: st.DrawFn) -> System:
    """Draw rows that are done once each: they write one variable, read it, or have nothing to do with it."""
    board, bystander = Machine("board"), Machine("bystander")
    x = board.count("x", up_to=MOST, initial=draw(st.integers(0, MOST)))
    constants = st.integers(0, MOST)
    computed = st.sampled_from([where(x < MOST, x + 1, x), where(x > 0, x - 1, x), MOST - x])
    guards = st.sampled_from([x > 0, x < MOST, x != 1])
    reading = draw(st.booleans())
    done: list[Term] = []
    for number in range(draw(st.integers(2, 4))):
        flag = board.flag(f"done{number}")
        effects: dict[object, object] = {flag: True}
        if draw(st.integers(0, 3)) > 0:
            effects[x] = draw(computed if reading and draw(st.booleans()) else constants)
        guard = draw(guards) if reading and draw(st.booleans()) else True
        board.step(f"do{number}", when=~flag & guard, then=effects)
        done.append(flag)
    turned = bystander.flag("turned")
    bystander.step("turn", when=~turned, then={turned: True})
    system = System("conflicting", *draw(st.permutations([board, bystander])))
    ended = all_of(done) & turned if draw(st.booleans()) else all_of(done)
    for value in range(MOST + 1):
        system.never(f"ends with {value}", ended & (x == value))
    return asked(draw, system)


def asked(draw: st.DrawFn, system: System) -> System:
    """Ask for deadlocks as well, or for nothing but deadlocks: then no question keeps a row in a set."""
    alone = System("alone", *system.machines) if draw(st.integers(0, 3)) == 0 else system
    alone.no_deadlock("goes on")
    return alone


@st.composite
def independent(draw: st.DrawFn) -> System:
    """Draw machines that have nothing to do with each other, and end; a goal may want all of them."""
    machines: list[Machine] = []
    ends: list[Term] = []
    for number in range(draw(st.integers(2, 4))):
        machine = Machine(f"m{number}")
        begun, ended = machine.flag("begun"), machine.flag("ended")
        machine.step("begin", when=~begun, then={begun: True})
        if draw(st.booleans()):
            machine.step("end", when=begun & ~ended, then={ended: True})
        if draw(st.integers(0, 9)) == 9:
            machine.step("again", when=begun, then={begun: False, ended: False})
        machines.append(machine)
        ends.append(draw(st.sampled_from([begun, ended])))
    system = System("independent", *machines)
    wanted = draw(st.lists(st.sampled_from(ends), min_size=1, unique_by=id))
    system.never("all there", all_of(wanted))
    system.sometimes("one there", any_of(wanted) & ~all_of(ends))
    return asked(draw, system)


@st.composite
def departing(draw: st.DrawFn) -> System:
    """Draw a number that may be taken below or above its domain when another machine lets it, beside a third one."""
    walker, switch, bystander = Machine("walker"), Machine("switch"), Machine("bystander")
    low, high = draw(st.sampled_from([(-1, 1), (0, 2), (-2, 0)]))
    x = walker.integer("x", low, high, initial=draw(st.integers(low, high)))
    on, turned = switch.flag("on"), bystander.flag("turned")
    moves = st.sampled_from([x - 1, x + 1, x - 2, x + 2, where(on, x - 1, x + 1)])
    for number in range(draw(st.integers(1, 2))):
        bound = draw(st.sampled_from([True, True, x > low, x < high, x == low, x == high]))
        walker.step(f"walk{number}", when=on & bound, then={x: draw(moves)})
    switch.step("flip", when=draw(st.sampled_from([True, ~on])), then={on: ~on})
    bystander.step("turn", when=draw(st.sampled_from([True, ~turned])), then={turned: ~turned})
    system = System("departing", *draw(st.permutations([walker, switch, bystander])))
    if draw(st.booleans()):
        system.never("at an end", (x == draw(st.sampled_from([low, high]))) & draw(st.sampled_from([on, ~on, turned])))
    return system


@st.composite
def picking(draw: st.DrawFn) -> System:
    """Draw copies one of which a guard, a question, the start or the rest may speak of, whichever it is."""
    machine, hub = Machine("m", copies=draw(st.integers(2, 4))), Machine("hub")
    x = machine.count("x", up_to=draw(st.integers(1, 2)))
    top = x.domain.high
    copies = list(machine)
    one, other = draw(st.permutations(copies))[:2]
    said: list[Term] = [x[one] == 0, x[one] <= x[other], x[other] > x[one], x[one] == top, x[other] >= x[one]]
    place = draw(st.sampled_from(["guard", "other guard", "rest", "question"]))
    guard = draw(st.sampled_from(said)) if place == "guard" else True
    machine.calls("go", when=(x < top) & guard, then={x: x + 1})
    left = hub.count("left", up_to=3, initial=1 if place == "rest" else draw(st.integers(1, 3)))
    hub.on("go", when=left > 0, then={left: left - 1 if place == "rest" or draw(st.booleans()) else left})
    if place == "other guard" or (place != "rest" and draw(st.integers(0, 3)) == 0):
        machine.step(
            "back", when=(x == top) & (draw(st.sampled_from(said)) if place == "other guard" else True), then={x: 0}
        )
    full = [x[copy] == top for copy in copies]
    symmetric = st.sampled_from([None, any_of(full), all_of(full)])
    rest = draw(st.sampled_from([x[one] == top, x[one] >= x[other]]) if place == "rest" else symmetric)
    system = System("picking", machine, hub, rest=rest)
    for number in range(len(copies) + 1):
        system.sometimes(f"{number} are full", count_of(full) == number)
    for copy in copies:
        system.sometimes(f"{copy.index} alone is full", count_of(full) * 2 + x[copy] == 2 + top)
    for number, term in enumerate(said):
        system.never(f"said {number}", term & draw(st.sampled_from(full)))
    system.never("in order", any_of(x[one] < x[other], x[other] > x[one]))
    system.no_deadlock("goes on")
    return system
