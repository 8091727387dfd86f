"""The start closed: clients that ask for any version with either upcall table, and whatever may stand in the way."""

from collections.abc import Callable
from typing import Annotated, Literal

from quiesce import Between, SpecificationError, System, all_of, any_of, happens, maximum, minimum
from spec.starting import AGREED, LAST, OBSTACLES, Starting, contract, not_vacuous, promises, request, table

Defect = Literal["none", "M07", "M22", "M44", "M63"]


def starting(
    *,
    clients: Annotated[int, Between(1, 3)] = 2,
    starts: Annotated[int, Between(1, 3)] = 2,
    lowest: Annotated[int, Between(0, LAST)] = 1,
    highest: Annotated[int, Between(0, LAST)] = 3,
    defect: Defect = "none",
) -> System:
    """Return the closed system; the provider has the versions from `lowest` to `highest` (0 is 1.0, 4 is 2.2).

    Raises SpecificationError (Q40) where there is no such version.
    """
    if lowest > highest:
        raise SpecificationError("Q40", f"no version is from {lowest} to {highest}", hint="give lowest <= highest")
    w = contract(clients=clients, starts=starts, lowest=lowest, highest=highest)
    if defect != "none":
        DEFECTS[defect](w)
    rest = all_of((w.client.state[c] == "idle") & (w.held[c] == 0) for c in w.client)
    system = System("starting", w.provider, w.client, w.environment, w.judge, rest=rest)
    promises(system, w)
    not_vacuous(system, w)
    some = any_of(w.held[c] < starts for c in w.client)
    system.always("starts are asked for within the bounds", happens("WSPStartup").implies(some), clause="WSP-14")
    system.no_deadlock("something can always happen", id="PL-05")
    return system


def code_overwritten(w: Starting) -> None:
    """M07: the roll-back of a start that fails overwrites its code with that of a helper."""
    code = OBSTACLES["no more tasks"]
    w.provider.drop("WSPStartup", returns=code)
    w.provider.on("WSPStartup", request(), table(), when=w.obstacle == "no more tasks", returns="WSAEFAULT")


def greater_version(w: Starting) -> None:
    """M22: the version that is agreed on is the greater of both."""
    w.provider.drop("WSPStartup", returns=AGREED)
    counted = {w.references: w.references + 1, w.upcalls: table()}
    for version in range(w.highest, LAST + 1):
        agreed = w.obstacle.is_in([None]) & w.supported & (maximum(request(), w.highest) == version)
        w.provider.on("WSPStartup", request(), table(), dest="up", when=agreed, then=counted, returns=AGREED[version])


def first_table_kept(w: Starting) -> None:
    """M44: the upcall table is taken from the first start alone."""
    w.provider.drop("WSPStartup", returns=AGREED)
    counted = {w.references: w.references + 1}
    for version in range(w.lowest, w.highest + 1):
        agreed = w.obstacle.is_in([None]) & w.supported & (minimum(request(), w.highest) == version)
        first = counted | {w.upcalls: table()}
        w.provider.on(
            "WSPStartup", request(), table(), source="down", dest="up", when=agreed, then=first, returns=AGREED[version]
        )
        w.provider.on("WSPStartup", request(), table(), source="up", when=agreed, then=counted, returns=AGREED[version])


def walks_away(w: Starting) -> None:
    """M63: a client whose version wish is not met goes elsewhere without a cleanup."""
    w.client.step("walks away", source="deciding", dest="idle", then={w.held: w.held - 1, w.got: 0})


DEFECTS: dict[str, Callable[[Starting], None]] = {
    "M07": code_overwritten,
    "M22": greater_version,
    "M44": first_table_kept,
    "M63": walks_away,
}
