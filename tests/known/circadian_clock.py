"""A circadian clock as a Petri net: two genes, their messengers and proteins, each bounded by a capacity.

Published: Model Checking Contest 2020, CircadianClock-PT-000001 (yanntm/pnmcc-models-2020): 128 markings, 624
firings. No deadlock. A place and its capacity place are one count here. A firing is a pair of marking and transition,
which is a transition of ours.
"""

from typing import Annotated

from quiesce import Between, Machine, System


def circadian_clock(*, capacity: Annotated[int, Between(1, 10)] = 1) -> System:
    """Return the activator's and the repressor's genes, and the amounts of what they make."""
    activator_gene = Machine("activator gene", states=["free", "bound"])
    repressor_gene = Machine("repressor gene", states=["free", "bound"])
    cell = Machine("cell")
    activator, repressor, both, activator_messenger, repressor_messenger = (
        cell.count(name, up_to=capacity)
        for name in ("activator", "repressor", "complex", "activator messenger", "repressor messenger")
    )
    for gene, messenger in [(activator_gene, activator_messenger), (repressor_gene, repressor_messenger)]:
        bind, release, transcribe = f"bind to {gene.name}", f"release from {gene.name}", f"transcribe {gene.name}"
        gene.calls(bind, source="free", dest="bound")
        cell.on(bind, when=activator > 0, then={activator: activator - 1})
        gene.calls(release, source="bound", dest="free")
        cell.on(release, when=activator < capacity, then={activator: activator + 1})
        gene.calls(transcribe, source="free")
        gene.calls(transcribe, source="bound")
        cell.on(transcribe, when=messenger < capacity, then={messenger: messenger + 1})
    for protein, messenger in [(activator, activator_messenger), (repressor, repressor_messenger)]:
        cell.step(f"translate {protein.name}", when=(messenger > 0) & (protein < capacity), then={protein: protein + 1})
    for amount in (activator, repressor, activator_messenger, repressor_messenger):
        cell.step(f"degrade {amount.name}", when=amount > 0, then={amount: amount - 1})
    cell.step(
        "deactivate",
        when=(activator > 0) & (repressor > 0) & (both < capacity),
        then={activator: activator - 1, repressor: repressor - 1, both: both + 1},
    )
    cell.step(
        "free the repressor",
        when=(both > 0) & (repressor < capacity),
        then={both: both - 1, repressor: repressor + 1},
    )
    system = System("circadian clock", activator_gene, repressor_gene, cell)
    system.no_deadlock()
    system.always_possible("everything is gone again", cell.fresh & activator_gene.fresh & repressor_gene.fresh)
    return system
