"""Published answers: models of other people, written in our language, must have the numbers of states known for them.

Conventions differ, and every number is converted to ours (the docstring of each model says how). TLC counts initial
states as generated and levels as depth; Murphi's rules fired and the firings of the Model Checking Contest count as we
do. A number is left out (None) where the conversion is not certain, or where nothing is published.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from quiesce import System
from quiesce.core.result import PropertyAnswer, Verdict
from quiesce.core.verdicts import explore
from quiesce.engines.checking import check
from quiesce.language.parameters import instantiate

from .known.asynchronous_interface import asynchronous_interface
from .known.barrier import barrier
from .known.chain_reaction import chain_reaction
from .known.chang_roberts import chang_roberts
from .known.cigarette_smokers import cigarette_smokers
from .known.circadian_clock import circadian_clock
from .known.consensus import consensus
from .known.database import database
from .known.die_hard import die_hard
from .known.dining_philosophers import dining_philosophers
from .known.eratosthenes import eratosthenes
from .known.ewd840 import ewd840
from .known.internal_memory import internal_memory
from .known.lock import lock_with_history
from .known.mcs_lock import mcs_lock
from .known.missionaries import missionaries_and_cannibals
from .known.moving_cat import moving_cat
from .known.peterson import n_peterson, two_peterson
from .known.philosophers_net import philosophers_net
from .known.prisoners import prisoners
from .known.queens import queens
from .known.readers_writers import readers_writers
from .known.resource_allocation import resource_allocation
from .known.simple_allocator import simple_allocator
from .known.termination_detection import termination_detection
from .known.two_phase import two_phase
from .known.voting import voting
from .known.voucher_life_cycle import voucher_life_cycle

LARGEST_FOR_REFERENCE = 3_000


class Known(NamedTuple):
    """A published answer, in our convention. `length` is that of the shortest counterexample to `violated`."""

    name: str
    model: Callable[..., System]
    parameters: dict[str, object]
    states: int | None
    transitions: int | None = None
    depth: int | None = None
    violated: str | None = None
    length: int | None = None
    native_only: bool = False


KNOWN = [
    # tlaplus/Examples (manifest.json): generated - initial states, levels - 1
    Known("TwoPhase", two_phase, {"managers": 3}, 288, 1_146 - 1, 11 - 1),
    Known("Barrier", barrier, {"processes": 6}, 64, 194 - 1, 7 - 1),
    Known("CigaretteSmokers", cigarette_smokers, {}, 6, 15 - 3, 2 - 1),
    Known("CatEvenBoxes", moving_cat, {"boxes": 6}, 48, 128 - 48, 1 - 1),
    Known("CatOddBoxes", moving_cat, {"boxes": 5}, 30, 78 - 30, 1 - 1),
    Known("AsynchInterface", asynchronous_interface, {"values": 3}, 12, 30 - 6, 2 - 1),
    Known("Prisoner", prisoners, {"prisoners": 3}, 16, 49 - 1, 5 - 1),
    # depth: TLC's is only certain with one worker
    Known("PrisonerLightUnknown", prisoners, {"prisoners": 3, "light_unknown": True}, 62, 188 - 2),
    Known("PrisonerSolo", prisoners, {"prisoners": 1}, 2, 3 - 1, 2 - 1),
    Known("PrisonerSoloLightUnknown", prisoners, {"prisoners": 1, "light_unknown": True}, 4, 6 - 2, 2 - 1),
    Known("SimpleAllocator", simple_allocator, {"clients": 3, "resources": 2}, 400, 1_633 - 1, 6 - 1),
    Known("VoucherLifeCycle", voucher_life_cycle, {"vouchers": 3}, 64, 193 - 1, 7 - 1),
    Known("Consensus", consensus, {"values": 3}, 4, 4 - 1, 2 - 1),
    Known("ChangRoberts", chang_roberts, {"nodes": 3}, 137, 227 - 8, 10 - 1),
    Known("LockHS", lock_with_history, {}, 28, 41 - 1, 10 - 1),
    Known("DiningPhilosophers", dining_philosophers, {"philosophers": 5}, 67, 336 - 1, 29 - 1),
    Known("glowingRaccoon/stages", chain_reaction, {"strands": 5, "primers": 5}, 83, 93 - 1, 23 - 1),
    Known("SyncTerminationDetection", termination_detection, {"nodes": 7}, 129, 3_722 - 129, 1 - 1),
    # generated: one successor for each true disjunct, so disjuncts have rows of their own; depth: see above
    Known("EWD840, 3 nodes", ewd840, {"nodes": 3, "disjuncts": True}, 302, 2_001 - 192),
    Known("EWD840, 3 nodes, one row", ewd840, {"nodes": 3}, 302),
    Known("EWD840, 4 nodes", ewd840, {"nodes": 4, "disjuncts": True}, 1_566, 15_986 - 1_024, 12 - 1),
    Known("EWD840, 4 nodes, one row", ewd840, {"nodes": 4}, 1_566, None, 12 - 1),
    Known("MCInternalMemory", internal_memory, {}, 4_408, 21_400 - 8, 10 - 1, native_only=True),
    # generated: TLC counts every quorum that shows safety
    Known("MCVoting", voting, {}, 6_752, None, 16 - 1, native_only=True),
    # the expected violation; the states are derived
    Known("DieHard", die_hard, {}, 16, 16 * 6, violated="solved", length=6),
    # the expected violation; no number of states is published
    Known("MissionariesAndCannibals", missionaries_and_cannibals, {}, None, violated="all are across", length=11),
    # stateright/stateright: unique states
    Known("2pc.rs", two_phase, {"managers": 5}, 8_832, native_only=True),
    # melver/cmurphi: states and rules fired, in the comments of the files; depth is not published
    Known("2_peterson", two_peterson, {}, 26, 52),
    Known("n_peterson, 3", n_peterson, {"processes": 3}, 882, 2_646),
    Known("n_peterson, 3, release 2.3", n_peterson, {"processes": 3, "undefined": False}, 771, 2_313),
    Known("n_peterson, 5", n_peterson, {"processes": 5}, 628_868, 3_144_340, native_only=True),
    Known(
        "n_peterson, 5, release 2.3",
        n_peterson,
        {"processes": 5, "undefined": False},
        576_551,
        2_882_755,
        native_only=True,
    ),
    Known("mcslock1, 2", mcs_lock, {"processes": 2}, 159, 318),
    Known("mcslock1, 3", mcs_lock, {"processes": 3}, 7_597, 22_791, native_only=True),
    Known("mcslock1, 4", mcs_lock, {"processes": 4}, 554_221, 2_216_884, native_only=True),
    # Model Checking Contest 2020: markings, firings and whether there is a deadlock; depth is not published
    Known("Philosophers-PT-000005", philosophers_net, {}, 243, 945, violated="no deadlock", length=5),
    Known("ResAllocation-PT-R002C002", resource_allocation, {"rows": 2, "columns": 2}, 8, 12, violated="no deadlock"),
    Known("ResAllocation-PT-R003C002", resource_allocation, {"rows": 2, "columns": 3}, 20, 34, violated="no deadlock"),
    Known("ResAllocation-PT-R003C003", resource_allocation, {"rows": 3, "columns": 3}, 92, 257, violated="no deadlock"),
    Known("CircadianClock-PT-000001", circadian_clock, {}, 128, 624),
    Known("DatabaseWithMutex-PT-02", database, {}, 153, 312),
    Known("NQueens-PT-05", queens, {"size": 5}, 462, 1_295),
    Known("RwMutex-PT-r0010w0020", readers_writers, {"readers": 10, "writers": 20}, 1_044, 10_280),
    Known("RwMutex-PT-r0010w0100", readers_writers, {"writers": 100}, 1_124, 10_440, native_only=True),
    Known("Eratosthenes-PT-020", eratosthenes, {"limit": 20}, 2_048, 23_040),
]


def counts(known: Known, states: int, transitions: int, depth: int) -> tuple[int | None, int | None, int | None]:
    """Return the counts that a search found, as far as they are published."""
    return (
        None if known.states is None else states,
        None if known.transitions is None else transitions,
        None if known.depth is None else depth,
    )


def compare_verdicts(known: Known, answers: tuple[PropertyAnswer, ...]) -> None:
    """Check that the expected property is violated, by a trace of the published length, and that all others hold."""
    violated = [answer for answer in answers if answer.verdict is not Verdict.HOLDS]
    assert [answer.property.name for answer in violated] == ([known.violated] if known.violated else [])
    for answer in violated:
        assert answer.verdict is Verdict.VIOLATED
        assert answer.trace is not None
        assert known.length in (None, answer.trace.length)


def test_the_table_has_its_rows() -> None:
    """Published answers are really compared: with each engine, for many models, and under different names."""
    assert len({known.model for known in KNOWN}) >= 14
    assert len({known.name for known in KNOWN}) == len(KNOWN)
    assert sum(not known.native_only for known in KNOWN) >= 10
    assert all(known.native_only for known in KNOWN if (known.states or 0) > LARGEST_FOR_REFERENCE)


@pytest.mark.parametrize("known", [known for known in KNOWN if not known.native_only], ids=lambda known: known.name)
def test_the_reference_finds_the_published_answer(known: Known) -> None:
    """The reference search reaches the published numbers and verdicts."""
    explored = explore(instantiate(known.model, known.parameters))
    found = explored.found
    assert counts(known, found.states, found.transitions, found.depth) == known[3:6]
    compare_verdicts(known, explored.answers)


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known.name)
def test_the_native_engine_finds_the_published_answer(known: Known) -> None:
    """The native engine reaches the published numbers and verdicts."""
    result = check(instantiate(known.model, known.parameters))
    assert counts(known, result.states, result.transitions, result.depth) == known[3:6]
    compare_verdicts(known, result.properties)
