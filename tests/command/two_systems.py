"""Two systems in one file, neither named like it."""

from quiesce import Machine, System


def first() -> System:
    """Return one system."""
    return System("first", Machine("machine", states=["a"]))


def second() -> System:
    """Return another."""
    return System("second", Machine("machine", states=["a"]))
