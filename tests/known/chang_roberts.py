"""Leader election in a one-way ring (Chang and Roberts): initiators send their numbers on, the smallest one wins.

Published: tlaplus/Examples, `specifications/chang_roberts/MCChangRoberts.tla` (manifest.json), N = 3 with the numbers
1, 2, 3 along the ring: 137 states, 227 generated, depth 10.

Conversion: TLC counts the eight initial states, one for each set of initiators (227 - 8), and levels instead of
steps.
"""

from quiesce import Machine, System, all_of, any_value


def chang_roberts(*, nodes: int = 3) -> System:
    """Return the ring; the messages that wait for a node are its flags, one for each number."""
    numbers = range(1, nodes + 1)
    ring = {
        number: Machine(f"node {number}", states=["candidate", "lost", "won"], initial=any_value) for number in numbers
    }
    starts = {number: node.flag("starts", any_value) for number, node in ring.items()}
    begun = {number: node.flag("begun") for number, node in ring.items()}
    waiting = {number: {sent: node.flag(f"waiting {sent}") for sent in numbers} for number, node in ring.items()}

    for number, node in ring.items():
        following = number % nodes + 1
        node.step("begin", when=~begun[number] & ~starts[number], then={begun[number]: True})
        node.calls(f"{number} to {following}", when=~begun[number] & starts[number], then={begun[number]: True})
        for sent in numbers:
            message, handled = f"{sent} to {following}", {waiting[number][sent]: False}
            due = begun[number] & waiting[number][sent]
            node.calls(message, source="lost", when=due, then=handled)
            if sent < number:
                node.calls(message, source=["candidate", "won"], dest="lost", when=due, then=handled)
            if sent == number:
                node.step(f"receive {sent}", source=["candidate", "won"], dest="won", when=due, then=handled)
            if sent > number:
                node.step(f"receive {sent}", source=["candidate", "won"], when=due, then=handled)
            ring[following].on(message, then={waiting[following][sent]: True})

    consistent = [
        (node.state == "candidate") & starts[number] | (node.state == "lost") & ~starts[number]
        for number, node in ring.items()
    ]
    system = System("chang roberts", *ring.values(), initially=all_of(consistent))
    for number, node in ring.items():
        others = [
            (other.state == "lost") & starts[name].implies(name > number) if name != number else starts[number]
            for name, other in ring.items()
        ]
        system.always(f"{number} wins rightly", (node.state == "won").implies(all_of(others)))
    return system
