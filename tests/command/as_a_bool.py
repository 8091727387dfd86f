"""A term where Python wants a bool."""

from quiesce import Machine, System


def as_a_bool(*, most: int = 2) -> System:
    """Return a system, if a term were a bool."""
    machine = Machine("machine", states=["a", "b"])
    count = machine.count("count", up_to=most)
    if count == 1:
        machine.step("go", source="a", dest="b")
    return System("as_a_bool", machine)
