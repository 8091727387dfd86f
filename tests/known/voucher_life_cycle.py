"""The life cycle of vouchers: issued once, transferred at will, then redeemed or cancelled.

Published: tlaplus/Examples, `specifications/byihive/VoucherLifeCycle.tla` (manifest.json), 3 vouchers: 64 states, 193
generated, depth 7. Conversion: TLC counts the initial state (193 - 1) and levels instead of steps (7 - 1).
"""

from quiesce import Machine, System, all_of


def voucher_life_cycle(*, vouchers: int = 3) -> System:
    """Return independent vouchers, each with the state of the work on it."""
    voucher = Machine("voucher", copies=vouchers, states=["phantom", "valid", "redeemed", "cancelled"])
    work = voucher.one_of("work", ["initial", "working", "done"])
    voucher.step("issue", source="phantom", dest="valid", when=work == "initial", then={work: "working"})
    voucher.step("transfer", source="valid")
    voucher.step("redeem", source="valid", dest="redeemed", when=work == "working", then={work: "done"})
    voucher.step("cancel", source="valid", dest="cancelled", when=work == "working", then={work: "done"})

    over = all_of((work[v] == "done") for v in voucher)
    system = System("voucher life cycle", voucher, rest=over)
    system.no_deadlock()
    ended = [(work[v] == "done") == voucher.state[v].is_in(["redeemed", "cancelled"]) for v in voucher]
    system.always("the work is done when the voucher is", all_of(ended))
    return system
