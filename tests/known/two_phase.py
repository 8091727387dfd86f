"""Two-phase commit (Gray and Lamport): resource managers prepare or abort, a transaction manager decides.

Published: tlaplus/Examples, `specifications/transaction_commit/TwoPhase.tla` (manifest.json), 3 resource managers:
288 states, 1,146 generated, depth 11. Stateright, `examples/2pc.rs`, 5 resource managers: 8,832 states.

Messages are never consumed, so the set of messages is a flag `sent` for each manager, and the decision itself is the
message that announces it. Conversion: TLC counts the initial state (1,146 - 1) and levels instead of steps (11 - 1).
"""

from quiesce import Machine, System, all_of, any_of


def two_phase(*, managers: int = 3) -> System:
    """Return the protocol for a number of resource managers."""
    coordinator = Machine("coordinator", states=["waiting", "committed", "aborted"])
    manager = Machine("manager", copies=managers, states=["working", "prepared", "committed", "aborted"])
    sent, counted = manager.flag("sent"), manager.flag("counted")

    manager.step("prepare", source="working", dest="prepared", then={sent: True})
    manager.step("give up", source="working", dest="aborted")
    coordinator.calls("receive prepared", source="waiting")
    manager.on("receive prepared", when=sent, then={counted: True})
    coordinator.step("commit", source="waiting", dest="committed", when=all_of(counted[m] for m in manager))
    coordinator.step("abort", source="waiting", dest="aborted")
    manager.step("learn commit", dest="committed", when=coordinator.state == "committed")
    manager.step("learn abort", dest="aborted", when=coordinator.state == "aborted")

    some_committed = any_of(manager.state[m] == "committed" for m in manager)
    some_aborted = any_of(manager.state[m] == "aborted" for m in manager)
    system = System("two-phase commit", coordinator, manager)
    system.never("managers disagree", some_committed & some_aborted)
    return system
