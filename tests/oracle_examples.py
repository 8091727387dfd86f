"""Small systems, as plain data, on which an engine once was, or could be, of another mind than the reference.

Each comes with the verdicts, and the lengths of the traces, that follow from the text of docs/reference.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.oracle.data import TRUE, Argument, Copy, Expression, Machine, Question, Row, System, Variable

CLIENTS = tuple(Copy("client", number) for number in range(3))
HAND: Expression = ("var", "m", "x", None)
DOMAINS = Question("domains", "domains")


@dataclass(frozen=True)
class Example:
    """A system, and for each question the verdict and the number of steps of its trace (None: there is none)."""

    system: System
    wanted: dict[str, tuple[str, int | None]]


def counter(top: int, *questions: Question, up_to: int, down: bool = False) -> System:
    """Return a number that goes up to a top, by steps of one, in a domain that may be smaller."""
    values = tuple(range(up_to + 1))
    rows = [Row("step", "m.up", when=("<", HAND, ("const", top)), then=(("x", ("+", HAND, ("const", 1))),))]
    if down:
        rows.append(Row("step", "m.down", then=(("x", ("-", HAND, ("const", 1))),)))
    machine = Machine("m", None, (Variable("x", "count", values, (0,)),), tuple(rows))
    return System((machine,), (*questions, DOMAINS))


def is_value(value: int, *, after: bool = False) -> Expression:
    """Return that the number has a value, or has it after the step."""
    return ("==", ("after", HAND) if after else HAND, ("const", value))


def happens(trigger: str, *arguments: tuple[str, Copy], by: tuple[str, int] | None = None) -> Expression:
    """Return that an event happens."""
    return ("happens", trigger, None, arguments, by)


UP = happens("m.up")
ENDS = Example(
    counter(
        2,
        Question("moves", "always", UP),
        Question("stays at two", "sometimes", ("and", is_value(2), is_value(2, after=True))),
        Question("rests", "never", ("unchanged", "m")),
        Question("one first", "sometimes", ("or", is_value(1, after=True), is_value(2))),
        Question("is at two by a step", "never", is_value(2, after=True)),
        up_to=2,
    ),
    {
        "moves": ("violated", 2),
        "stays at two": ("holds", 2),
        "rests": ("violated", 2),
        "one first": ("holds", 1),
        "is at two by a step": ("violated", 2),
        "domains": ("holds", None),
    },
)
"""0, 1, 2 and an end, where no event happens and nothing changes: what speaks of steps is judged there as well."""

LEAVES = Example(
    counter(
        9,
        Question("no end", "always", ("not", ("unchanged", "m"))),
        Question("never two", "never", is_value(2)),
        Question("never up from two", "never", ("and", UP, is_value(2))),
        Question("never at two", "holds", ("G", ("not", is_value(2)))),
        Question("comes to two", "holds", ("E", ("F", is_value(2)))),
        Question("comes to three", "holds", ("E", ("F", ("and", is_value(2), ("X", ("not", is_value(2))))))),
        Question("goes round", "holds", ("F", ("G", is_value(0)))),
        up_to=2,
        down=True,
    ),
    {
        "no end": ("unknown", None),
        "never two": ("violated", 2),
        "never up from two": ("unknown", None),
        "never at two": ("violated", 2),
        "comes to two": ("holds", 2),
        "comes to three": ("holds", 3),
        "goes round": ("violated", 2),
        "domains": ("violated", 1),
    },
)
"""0, 1, 2, up and down, and out of the domain on both sides: what a run inside shows is known."""


def pinned() -> Example:
    """Return clients that go, one by one, with an argument that is one client's, or any once a flag is up.

    The argument picks out the first client, so that "a client goes with its own name when one is gone" has a witness
    from states in which others are gone, and none from the least state of each orbit.
    """
    state = Variable("state", "state", ("s", "t"), ("s",))
    who = Argument("who", CLIENTS, "client")
    raised: Expression = ("var", "hub", "raised", None)
    client = Machine("client", 3, (state,), (Row("calls", "go", sources=("s",), dest="t"),))
    hub = Machine(
        "hub",
        None,
        (Variable("raised", "flag", (False, True), (False,)),),
        (
            Row("on", "go", (who,), when=("or", ("==", ("arg", "who"), ("const", CLIENTS[2])), raised)),
            Row("step", "hub.raise", when=("not", raised), then=(("raised", TRUE),)),
        ),
    )
    gone = [
        ("where", ("==", ("var", "client", "state", ("const", c)), ("const", "t")), ("const", 1), ("const", 0))
        for c in CLIENTS
    ]
    two = ("and", ("==", ("+", *gone), ("const", 2)), ("not", raised))
    own = [("and", happens("go", ("who", c), by=("client", c.number)), two) for c in CLIENTS]
    return Example(
        System(
            (client, hub),
            (Question("own", "sometimes", ("or", *own)), Question("none", "never", ("or", *own)), DOMAINS),
        ),
        {"own": ("holds", 3), "none": ("violated", 3), "domains": ("holds", None)},
    )


EXAMPLES: dict[str, Example] = {"an end": ENDS, "a domain is left": LEAVES, "an argument picks one out": pinned()}
