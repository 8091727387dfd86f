"""What a layered protocol promises: upwards it is a provider, downwards a caller that owes one cleanup for each start
it made.

Calls take time and return as events of their own, named after the provider that is called: `L1.WSPStartup`,
`L1.WSPStartup.return`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from quiesce import Machine, System, Term, all_of, happens

OK, FAILED, UNSTARTED = "0", "WSAEPROVIDERFAILEDINIT", "WSANOTINITIALISED"
Start = Literal["eager", "lazy"]
RESTING = ["down", "up"]


@dataclass(frozen=True)
class Provider:
    """A provider of the chain: its machine, its count of starts, whether it holds resources, and what it owes below
    (a layer).
    """

    name: str
    machine: Machine
    count: Term
    held: Term
    owed: Term | None = None

    @property
    def down(self) -> Term:
        """Not started, or completely cleaned up."""
        return self.machine.state == "down"

    @property
    def resting(self) -> Term:
        """In no call."""
        return self.machine.state.is_in(RESTING)


def base(name: str, *, starts: int, failures: bool) -> Provider:
    """Return the base provider at the end of the chain; with `failures` any of its starts may fail."""
    m = Machine(name, states=[*RESTING, "started", "failed", "cleaned", "refused", "opened"])
    b = Provider(name, m, m.count("count", up_to=starts), m.flag("held"))
    m.on(f"{name}.WSPStartup", source=RESTING, dest="started", clause="WSP-14")
    if failures:
        m.on(f"{name}.WSPStartup", source=RESTING, dest="failed", clause="WSP-17")
    m.on(f"{name}.WSPSocket", source="up", dest="opened", clause="WSP-13")
    m.on(f"{name}.WSPSocket.return", source="opened", dest="up", returns=OK)
    m.on(f"{name}.WSPCleanup", source="up", dest="cleaned", then={b.count: b.count - 1}, clause="WSP-02")
    m.on(f"{name}.WSPCleanup", source="down", dest="refused", clause="WSP-23")
    _answers(b)
    return b


def layer(name: str, below: str, *, starts: int, start: Start) -> Provider:
    """Return a layer over the provider `below`, which it starts in its own start or at the first socket (LSP-03)."""
    asking = ["to start", "starting", "to clean", "cleaning", "to open", "opening", "to start late", "starting late"]
    answering = ["started", "failed", "cleaned", "refused", "opened", "not opened"]
    m = Machine(name, states=[*RESTING, *answering, *asking])
    x = Provider(name, m, m.count("count", up_to=starts), m.flag("held"), m.count("owed", up_to=starts))
    assert x.owed is not None
    owes = x.owed > 0
    needs = ~owes if start == "eager" else None

    m.on(f"{name}.WSPStartup", source=RESTING, dest="to start", when=False if needs is None else needs, clause="LSP-03")
    m.on(f"{name}.WSPStartup", source=RESTING, dest="started", when=True if needs is None else owes, clause="WSP-14")
    _starts_below(x, below, "to start", "starting", then="started", otherwise="failed")

    m.on(f"{name}.WSPSocket", source="up", dest="to start late", when=~owes, clause="LSP-03")
    _starts_below(x, below, "to start late", "starting late", then="to open", otherwise="not opened")
    m.on(f"{name}.WSPSocket", source="up", dest="to open", when=owes)
    m.calls(f"{below}.WSPSocket", source="to open", dest="opening")
    m.calls(f"{below}.WSPSocket.return", source="opening", dest="opened", gets=OK)
    m.calls(f"{below}.WSPSocket.return", source="opening", dest="not opened", gets=FAILED)
    m.on(f"{name}.WSPSocket.return", source="opened", dest="up", returns=OK)
    m.on(f"{name}.WSPSocket.return", source="not opened", dest="up", returns=FAILED, clause="WSP-34")

    last = (x.count == 1) & owes
    m.on(f"{name}.WSPCleanup", source="up", dest="to clean", when=last, then={x.count: x.count - 1}, clause="LSP-01")
    m.on(f"{name}.WSPCleanup", source="up", dest="cleaned", when=~last, then={x.count: x.count - 1}, clause="WSP-05")
    m.on(f"{name}.WSPCleanup", source="down", dest="refused", clause="WSP-23")
    m.calls(f"{below}.WSPCleanup", source="to clean", dest="cleaning", then={x.owed: x.owed - 1}, clause="LSP-01")
    m.calls(f"{below}.WSPCleanup.return", source="cleaning", dest="cleaned", when=~owes, clause="LSP-02")
    m.calls(f"{below}.WSPCleanup.return", source="cleaning", dest="to clean", when=owes, clause="LSP-02")
    _answers(x)
    return x


def _starts_below(x: Provider, below: str, asking: str, waiting: str, *, then: str, otherwise: str) -> None:
    m = x.machine
    assert x.owed is not None
    m.calls(f"{below}.WSPStartup", source=asking, dest=waiting, clause="LSP-03")
    m.calls(
        f"{below}.WSPStartup.return", source=waiting, dest=then, then={x.owed: x.owed + 1}, gets=OK, clause="LSP-02"
    )
    m.calls(f"{below}.WSPStartup.return", source=waiting, dest=otherwise, gets=FAILED, clause="WSP-11")


def _answers(p: Provider) -> None:
    """A start counts when it returns 0; a failed one leaves everything as it was; the last cleanup frees what is
    held.
    """
    m, name = p.machine, p.name
    m.on(
        f"{name}.WSPStartup.return", source="started", dest="up", then={p.count: p.count + 1, p.held: True}, returns=OK
    )
    for state, left in (("up", p.count > 0), ("down", p.count == 0)):
        m.on(f"{name}.WSPStartup.return", source="failed", dest=state, when=left, returns=FAILED, clause="WSP-11")
    m.on(f"{name}.WSPCleanup.return", source="cleaned", dest="up", when=p.count > 0, returns=OK, clause="WSP-05")
    m.on(
        f"{name}.WSPCleanup.return",
        source="cleaned",
        dest="down",
        when=p.count == 0,
        then={p.held: False},
        returns=OK,
        clause="WSP-08",
    )
    m.on(f"{name}.WSPCleanup.return", source="refused", dest="down", returns=UNSTARTED, clause="WSP-23")


def sockets_watched(chain: Sequence[Provider]) -> tuple[Machine, Mapping[str, Term]]:
    """Return an observer that knows of each provider whether the one below made a socket for the call that it is in."""
    watch = Machine("sockets", observer=True)
    made = {upper.name: watch.flag(f"made_for_{upper.name}") for upper in chain[:-1]}
    for upper, lower in pairwise(chain):
        watch.on(f"{lower.name}.WSPSocket.return", gets=OK, then={made[upper.name]: True} | _forgotten(made, lower))
        watch.on(f"{lower.name}.WSPSocket.return", then=_forgotten(made, lower))
    watch.on(f"{chain[0].name}.WSPSocket.return", then=_forgotten(made, chain[0]))
    return watch, made


def _forgotten(made: Mapping[str, Term], p: Provider) -> dict[Term, object]:
    return {made[p.name]: False} if p.name in made else {}


def _honest(system: System, chain: Sequence[Provider], made: Mapping[str, Term]) -> None:
    """Ask that each answer is what happened, and that a socket that is given out exists below."""
    for p in chain:
        state = p.machine.state
        told = [
            happens(f"{p.name}.{call}.return").implies(
                happens(f"{p.name}.{call}.return", returns=answer) == (state == to)
            )
            for call, answer, to in (
                ("WSPStartup", OK, "started"),
                ("WSPCleanup", OK, "cleaned"),
                ("WSPSocket", OK, "opened"),
            )
        ]
        system.always(
            f"{p.name} says what it did", all_of(told), id=f"PW-11.{p.name}", clause=["WSP-17", "WSP-22", "WSP-23"]
        )
    for upper, lower in pairwise(chain):
        answered = f"{upper.name}.WSPSocket.return"
        system.always(
            f"a socket of {upper.name} is one of {lower.name}",
            happens(answered).implies(happens(answered, returns=OK) == made[upper.name]),
            id=f"PW-11.{upper.name}.socket",
            clause=["WSP-34", "LSP-03"],
        )


def promises(system: System, chain: Sequence[Provider], *, start: Start, made: Mapping[str, Term]) -> None:
    """Ask that each provider's count is what its one caller owes it, that the lower provider outlives the upper, and
    that answers are true.
    """
    _honest(system, chain, made)
    for upper, lower in pairwise(chain):
        assert upper.owed is not None
        system.always(
            f"{upper.name} owes {lower.name} what {lower.name} counts",
            (upper.owed == lower.count) & upper.down.implies(upper.owed == 0),
            id=f"PW-16.{upper.name}",
            clause=["LSP-01", "LSP-02"],
        )
        system.always(
            f"{lower.name} outlives {upper.name}",
            ((upper.count > 0) if start == "eager" else (upper.owed > 0)).implies(lower.count > 0),
            id=f"PW-17.{upper.name}",
            clause=["LSP-09", "LSP-11"],
        )
        system.never(
            f"{lower.name} is never cleaned up once too often",
            happens(f"{lower.name}.WSPCleanup.return", returns=UNSTARTED),
            id=f"PW-16.{upper.name}.surplus",
            clause=["LSP-01", "WSP-23"],
        )
    for provider in chain:
        system.always(
            f"{provider.name} is as good as new when it is down",
            provider.down.implies(provider.machine.fresh),
            id=f"PR-01.{provider.name}",
            clause=["WSP-08", "WSP-09"],
        )
