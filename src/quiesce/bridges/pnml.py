"""Petri nets in PNML as systems: places are counts, transitions are steps of one machine.

Read are place/transition nets of the PNML standard (ISO/IEC 15909-2), as the Model Checking Contest publishes them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quiesce.core.errors import SpecificationError
from quiesce.core.result import Verdict
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from quiesce.engines.native import Limits
from quiesce.language.machines import Machine
from quiesce.language.operators import all_of
from quiesce.language.systems import System

NET = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A transition: how many tokens it takes from which places, and puts into which."""

    takes: Mapping[str, int]
    puts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """A place/transition net: place id -> initial tokens, and transitions by id."""

    name: str
    places: Mapping[str, int]
    transitions: Mapping[str, Transition]


def read(file: Path) -> Net:
    """Return the net of a PNML file.

    Raises SpecificationError: Q43 for a file that cannot be read, Q44 for one that is no place/transition net.
    """
    try:
        root = ElementTree.parse(file).getroot()
    except OSError as problem:
        raise SpecificationError("Q43", f"{file.as_posix()} cannot be read: {problem.strerror}") from None
    except ElementTree.ParseError as problem:
        raise SpecificationError("Q44", f"{file.as_posix()} is no XML: {problem}") from None
    nets = list(root.iterfind("{*}net"))
    if len(nets) != 1 or not nets[0].get("type", "").endswith("ptnet"):
        raise SpecificationError(
            "Q44", f"{file.as_posix()} holds no place/transition net", hint="coloured nets are to be unfolded first"
        )
    places = {place.attrib["id"]: _number(place, "initialMarking", 0) for place in nets[0].iterfind(".//{*}place")}
    takes: dict[str, dict[str, int]] = {node.attrib["id"]: {} for node in nets[0].iterfind(".//{*}transition")}
    puts: dict[str, dict[str, int]] = {name: {} for name in takes}
    for arc in nets[0].iterfind(".//{*}arc"):
        source, target, weight = arc.attrib["source"], arc.attrib["target"], _number(arc, "inscription", 1)
        side, transition, place = (takes, target, source) if source in places else (puts, source, target)
        if transition not in side or place not in places:
            raise SpecificationError("Q44", f"{file.as_posix()}: an arc from {source} to {target}")
        side[transition][place] = side[transition].get(place, 0) + weight
    return Net(
        name=nets[0].get("id", file.stem),
        places=places,
        transitions={name: Transition(takes=takes[name], puts=puts[name]) for name in takes},
    )


def _number(node: ElementTree.Element, label: str, otherwise: int) -> int:
    text = node.findtext(f"{{*}}{label}/{{*}}text")
    return otherwise if text is None else int(text)


def bounded(net: Net, *, limits: Limits | None = None, most: int = 1 << 16) -> SystemData:
    """Return a net as a system with the least power of two that bounds all its places, found by searching.

    Where a search is stopped by a limit, the bound that it was for is taken.

    Raises SpecificationError (Q13) where some place holds more than `most` tokens.
    """
    bound = 1
    while bound <= most:
        candidate = system(net, bound=bound)
        result = check(candidate, limits=limits)
        if result.verdict is Verdict.HOLDS or result.stopped is not None:
            return candidate
        bound *= 2
    raise SpecificationError(
        "Q13", f"{net.name} puts more than {most:,} tokens into a place", hint="it may be unbounded; give --bound N"
    )


def system(net: Net, *, bound: int) -> SystemData:
    """Return a net as a closed system whose places hold up to `bound` tokens; more violates `domains`."""
    machine = Machine(NET)
    top = max(bound, *net.places.values(), 1)
    tokens = {name: machine.count(name, up_to=top, initial=held) for name, held in net.places.items()}
    for name, transition in net.transitions.items():
        changes = {
            place: transition.puts.get(place, 0) - transition.takes.get(place, 0)
            for place in transition.takes.keys() | transition.puts.keys()
        }
        machine.step(
            name,
            when=all_of(tokens[place] >= weight for place, weight in transition.takes.items()),
            then={tokens[place]: tokens[place] + change for place, change in sorted(changes.items()) if change},
        )
    return System(net.name, machine).build({"bound": top})
