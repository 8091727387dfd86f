"""An interface with a two-phase handshake: a value travels when a bit flips, and is acknowledged by another flip.

Published: tlaplus/Examples, `specifications/SpecifyingSystems/AsynchronousInterface/AsynchInterface.tla` and
`Channel.tla` in the same folder (manifest.json), three values: 12 states, 30 generated, depth 2, for both.

Conversion: TLC counts the six initial states (30 - 6) and levels instead of steps (2 - 1).
"""

from quiesce import Machine, System, any_value, argument


def asynchronous_interface(*, values: int = 3) -> System:
    """Return the sender and the receiver of a number of different values."""
    data = [f"d{number}" for number in range(1, values + 1)]
    sender, receiver = Machine("sender"), Machine("receiver")
    value, ready = sender.one_of("value", data, initial=any_value), sender.flag("ready", any_value)
    acknowledged = receiver.flag("acknowledged", any_value)
    chosen = argument("chosen", data)

    sender.step("send", chosen, when=ready == acknowledged, then={value: chosen, ready: ~ready})
    receiver.step("receive", when=ready != acknowledged, then={acknowledged: ~acknowledged})

    system = System("asynchronous interface", sender, receiver, initially=ready == acknowledged)
    system.no_deadlock()
    return system
