"""What several contracts promise alike, asked of each by one function."""

from collections.abc import Mapping
from typing import Protocol

from quiesce import Machine, System, Term, all_of


class Started(Protocol):
    """A provider that is started and cleaned up, with its sockets and its resources."""

    @property
    def down(self) -> Term:
        """Whether it is not started, or completely cleaned up."""

    @property
    def provider(self) -> Machine:
        """The provider."""

    @property
    def socket(self) -> Machine:
        """Its sockets."""

    @property
    def resources(self) -> Mapping[str, Term]:
        """How many of each resource it holds."""


def as_good_as_new(system: System, w: Started) -> None:
    """Ask that nothing is left of a cycle: neither what a start found, nor more of a resource than one."""
    system.always(
        "cleaned up is as good as new",
        w.down.implies(w.provider.fresh & w.socket.fresh),
        id="PR-01",
        clause=["WSP-09", "MOD-13"],
    )
    system.always(
        "cycles do not accumulate",
        all_of(resource <= 1 for resource in w.resources.values()),
        id="PR-03",
        clause="WSP-08",
    )
