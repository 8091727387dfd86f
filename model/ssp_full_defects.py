"""Defects of the flush that take other threads to show, each as a few rows taken from F1 and others put in their place.

The ids are those of the defect catalogue (requirements, section 4.7).
"""

from collections.abc import Callable

from quiesce import any_of
from spec.ssp import CALL, NULL, TRUE
from spec.ssp_full import RELEASE, Full, asking, found_by_name, gone


def borrowed_handle_freed(f: Full) -> None:
    """S05: the handle that GetModuleHandle lent is given to FreeLibrary, and with it somebody else's reference."""
    f.thread.drop("thread.return")
    f.thread.calls(RELEASE, source="called", dest="done", then={f.target: None}, fair="weak")
    f.ssp.on(RELEASE, source="mapped", dest="detaching", then=gone(f))
    f.ssp.on(RELEASE, source="unmapped")


def freed_in_between(f: Full) -> None:
    """S06: a component frees the SSP while another thread stands between the address and the call."""
    resolved = any_of(f.thread.state[t] == "proc" for t in f.thread)
    f.owner.calls("FreeLibrary", source="holds", dest="gone", when=resolved & (f.context.state == "none"))


def address_kept(f: Full) -> None:
    """S07: the address is kept for the next flush, whatever becomes of the SSP until then."""
    f.thread.drop("thread.return")
    f.thread.step("return", source="called", dest="done", fair="weak")
    f.thread.drop("thread.check known")
    unlocked = {f.locked: False}
    f.thread.step("check known", source="asked", dest="known", when=f.target == None, then=unlocked, fair="weak")
    f.thread.step("check known", source="asked", dest="proc", when=f.target != None, then=unlocked, fair="weak")


def entries_in_use_freed(f: Full) -> None:
    """S15: the flush frees every entry, those that a security context uses among them."""
    f.ssp.drop(CALL)
    f.ssp.on(CALL, then={f.cache: 0}, returns=TRUE)
    if f.flush == "strict":
        f.context.drop(CALL)


def foreign_namesake(f: Full) -> None:
    """S18: another module has the SSP's base name, and the handle is asked for by that name."""
    found_by_name(f)


def reference_leaked(f: Full) -> None:
    """S20: where the address is NULL, the attempt ends without giving its reference back."""
    f.thread.drop("GetProcAddress")
    f.thread.calls("GetProcAddress", source="handle", dest="proc", gets="address", fair="weak")
    f.thread.calls("GetProcAddress", source="handle", dest="no export", then={f.target: None}, gets=NULL, fair="weak")


def lock_held(f: Full) -> None:
    """S21: the application's lock is held while the loader is asked for the handle."""
    f.thread.drop("thread.check known")
    f.thread.step("check known", source="asked", dest="known", fair="weak")
    f.thread.drop(f.ask)
    asking(f, locked=True)


DEFECTS: dict[str, Callable[[Full], None]] = {
    "S05": borrowed_handle_freed,
    "S06": freed_in_between,
    "S07": address_kept,
    "S15": entries_in_use_freed,
    "S18": foreign_namesake,
    "S20": reference_leaked,
    "S21": lock_held,
}
"""Id -> the change that makes the defect."""
