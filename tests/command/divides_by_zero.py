"""A specification that fails on its own."""

from quiesce import Machine, System


def divides_by_zero() -> System:
    """Return nothing: it divides by zero."""
    return System("divides_by_zero", Machine("machine", states=["a"]), rest=1 // 0 == 1)
