"""A small provider whose state space grows sevenfold with each socket: the subject of the measurements.

Nobody owns a socket, and the last cleanup closes them all. Counted by hand: with any client started, each socket is
absent, open or closing, the latter two with 0 to 2 units of data; while draining it is absent or closing. So three
clients that start twice at most give 26 * 7^S + 4^S + 2 states, at depth 4 S + 6.
"""

from __future__ import annotations

from typing import Annotated

from quiesce import Between, Machine, System, all_of, sum_of, where

OK, UNSTARTED = "0", "WSANOTINITIALISED"


def provider(
    *,
    clients: Annotated[int, Between(1, 8)] = 3,
    sockets: Annotated[int, Between(1, 12)] = 4,
    starts: Annotated[int, Between(1, 8)] = 2,
    data: Annotated[int, Between(1, 8)] = 2,
    padding: Annotated[int, Between(0, 60)] = 0,
) -> System:
    """Return clients, sockets and a provider that drains and frees after the last cleanup.

    Every socket has `padding` bits more, which never change: the same states, spread over more words.
    """
    provider = Machine("provider", states=["down", "up", "draining", "freeing"])
    references = provider.count("references", up_to=clients * starts)
    client = Machine("client", copies=clients)
    held = client.count("held", up_to=starts)
    socket = Machine("socket", copies=sockets, states=["none", "open", "closing"])
    unsent = socket.count("unsent", up_to=data)
    if padding:
        socket.count("padding", up_to=2**padding - 1)

    client.calls("WSPStartup", when=held < starts, then={held: held + 1})
    provider.on("WSPStartup", source=["down", "up"], dest="up", then={references: references + 1})
    client.calls("WSPCleanup", when=held > 0, then={held: held - 1}, gets=OK)
    client.calls("WSPCleanup", when=held == 0, gets=UNSTARTED)
    provider.on("WSPCleanup", source="up", when=references > 1, then={references: references - 1}, returns=OK)
    provider.on("WSPCleanup", source="down", returns=UNSTARTED)
    client.calls("last WSPCleanup", when=held > 0, then={held: held - 1})
    provider.on("last WSPCleanup", source="up", dest="draining", when=references == 1, then={references: 0})
    closed = where(socket.state == "open", "closing", socket.state)
    socket.on("last WSPCleanup", every=True, then={socket.state: closed})

    up, busy = provider.state == "up", provider.state.is_in(["up", "draining"])
    socket.step("WSPSocket", source="none", dest="open", when=up)
    socket.step("WSPSend", source="open", when=up & (unsent < data), then={unsent: unsent + 1})
    socket.step("WSPCloseSocket", source="open", dest="closing", when=up)
    socket.step("transmit", source=["open", "closing"], when=busy & (unsent > 0), then={unsent: unsent - 1})
    socket.step("closed", source="closing", dest="none", when=busy & (unsent == 0))
    gone = all_of(socket.state[s] == "none" for s in socket)
    provider.step("drained", source="draining", dest="freeing", when=gone)
    provider.step("freed", source="freeing", dest="down")

    system = System("provider", provider, client, socket, rest=provider.state == "down")
    system.always("cleanups match startups", references == sum_of(held[c] for c in client))
    system.always("no socket outlives the provider", up | (provider.state == "draining") | gone)
    return system
