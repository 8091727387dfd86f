"""The catalog closed: Ws2_32.dll starts L1 for two entries of the catalog, and opens sockets of both."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from quiesce import Between, Machine, System, all_of, argument
from spec.catalog import (
    BASES,
    CHAINS,
    ENTRIES,
    TABLES,
    Member,
    base,
    goes_on,
    information,
    layer,
    promises,
    table,
)

Defect = Literal["none", "M45", "M52", "M54", "M55", "M57"]
Members = Mapping[str, Member]


def catalog(*, starts: Annotated[int, Between(1, 3)] = 2, defect: Defect = "none") -> System:
    """Return the closed system; Ws2_32.dll starts L1 at most `starts` times, each time for any entry."""
    members = {name: layer(name, starts=starts if name == "L1" else 1) for name in CHAINS} | {
        name: base(name, starts=1) for name in BASES
    }
    ws2_32 = Machine("ws2_32", states=["idle", "starting", "opening", "cleaning"])
    held, asked = ws2_32.count("held", up_to=starts), ws2_32.one_of("asked", ENTRIES)
    entry = argument("entry", ENTRIES)
    for chosen in ENTRIES:
        given = (information() == f"chain {chosen}") & (table() == TABLES[0]) & (held < starts)
        ws2_32.calls(
            "L1.WSPStartup",
            information(),
            table(),
            source="idle",
            dest="starting",
            when=given,
            clause=["WSP-33", "LSP-08"],
        )
    ws2_32.calls("L1.WSPStartup.return", source="starting", dest="idle", then={held: held + 1})
    ws2_32.calls("L1.WSPSocket", entry, source="idle", dest="opening", then={asked: entry}, clause="WSP-13")
    ws2_32.calls("L1.WSPSocket.return", source="opening", dest="idle", then={asked: ENTRIES[0]})
    ws2_32.calls("L1.WSPCleanup", source="idle", dest="cleaning", when=held > 0, then={held: held - 1}, clause="WSP-01")
    ws2_32.calls("L1.WSPCleanup.return", source="cleaning", dest="idle")
    if defect != "none":
        DEFECTS[defect](members)
    rest = (ws2_32.state == "idle") & (held == 0) & all_of(x.down for x in members.values())
    system = System("catalog", ws2_32, *(x.machine for x in members.values()), rest=rest)
    top = members["L1"]
    system.always(
        "cleanups match startups",
        (ws2_32.state == "idle").implies(held == top.count),
        id="PW-01",
        clause=["WSP-01", "WSP-40"],
    )
    system.always(
        "resources reach zero",
        ((ws2_32.state == "idle") & (held == 0)).implies(all_of(x.down for x in members.values())),
        id="PW-05",
        clause=["WSP-08", "LSP-02"],
    )
    promises(system, members, asked)
    system.no_deadlock("something can always happen", id="PL-05")
    system.always_possible("rest is always reachable", rest, clause="WSP-09")
    return system


def one_table_for_all(members: Members) -> None:
    """M45: what comes next is kept once for all entries: the latest start overwrites it."""
    x = members["L1"]
    assert x.asked is not None
    x.machine.drop("L1.find the next")
    for entry, below in CHAINS["L1"].items():
        both = dict.fromkeys(x.next.values(), below)
        x.machine.step("find the next", source="looking", dest="to start", when=x.asked == entry, then=both)


def one_of_two_cleaned(members: Members) -> None:
    """M52: the last cleanup reaches the next layer, or the base if there is no such layer, never both."""
    x = members["L1"]
    x.machine.drop("base_udp.WSPCleanup")
    x.machine.drop("L1.forget")
    first, second = x.owed["L2"], x.owed["base_udp"]
    alone = x.next["tcp"].is_in([None]) & (second > 0)
    x.machine.calls("base_udp.WSPCleanup", source="to clean", when=alone, then={second: second - 1})
    over = (first == 0) & ((second == 0) | ~x.next["tcp"].is_in([None]))
    x.machine.step("forget", source="to clean", dest="cleaned", when=over, then=x.fresh())


def own_table_below(members: Members) -> None:
    """M54: the layer hands its own upcall table down."""
    x = members["L1"]
    for below in x.owed:
        x.machine.drop(f"{below}.WSPStartup")
        told = information() == f"base {BASES[below]}" if below in BASES else information() == x.told
        goes_on(x, below, told & (table() == TABLES[1]))


def chain_information_at_the_base(members: Members) -> None:
    """M55: the base is given the information of the chain."""
    x = members["L1"]
    x.machine.drop("base_udp.WSPStartup")
    goes_on(x, "base_udp", (information() == x.told) & (table() == x.upcalls))


def wrong_index(members: Members) -> None:
    """M57: the layer takes its place in the chain from an entry of another list: always the last of its own."""
    x = members["L1"]
    x.machine.drop("L1.find the next")
    for entry in CHAINS["L1"]:
        last = {x.next[entry]: CHAINS["L1"][ENTRIES[-1]]}
        x.machine.step("find the next", source="looking", dest="to start", when=x.asked == entry, then=last)


DEFECTS: dict[str, Callable[[Members], None]] = {
    "M45": one_table_for_all,
    "M52": one_of_two_cleaned,
    "M54": own_table_below,
    "M55": chain_information_at_the_base,
    "M57": wrong_index,
}
"""Id -> the change that makes the defect."""
