"""The life cycle of a Winsock transport service provider, as the design writes it."""

from quiesce import Machine, System, after, all_of, argument, happens

OK, PENDING, FAILURES, UNSTARTED = "0", "pending", ["WSAEPROCLIM", "WSASYSNOTREADY"], "WSANOTINITIALISED"


def winsock(*, clients: int = 2, sockets: int = 2, starts: int = 2) -> System:
    """Return the provider, its clients and sockets, and the books that compare startups with cleanups."""
    provider = Machine("provider", states=["down", "up", "draining", "freeing"])
    client = Machine("client", copies=clients, states=["idle", "waiting"])
    socket = Machine("socket", copies=sockets, states=["none", "open", "closing"])
    books = Machine("books", observer=True)
    references, heap = provider.count("references", up_to=clients * starts), provider.flag("heap")
    held = client.count("held", up_to=starts)
    owner = socket.one_of("owner", client, optional=True)
    graceful, unsent = socket.flag("graceful"), socket.count("unsent", up_to=1)
    surplus = books.integer("surplus", -1, clients * starts)

    provider.on("WSPStartup", source="down", dest="up", then={references: 1, heap: True}, returns=OK, clause="WSP-09")
    provider.on("WSPStartup", source="up", then={references: references + 1}, returns=OK, clause="WSP-14")
    provider.on("WSPStartup", source=["down", "up"], returns=FAILURES, clause="WSP-11")
    client.calls("WSPStartup", source="idle", when=held < starts, then={held: held + 1}, gets=OK)
    client.calls("WSPStartup", source="idle", when=held < starts, gets=FAILURES)

    provider.on(
        "WSPCleanup", source="up", when=references > 1, then={references: references - 1}, returns=OK, clause="WSP-05"
    )
    provider.on("WSPCleanup", source="up", dest="draining", when=references == 1, then={references: 0}, returns=PENDING)
    provider.on("WSPCleanup", source="down", returns=UNSTARTED, clause="WSP-23")
    client.calls("WSPCleanup", source="idle", when=held > 0, then={held: held - 1}, gets=OK)
    client.calls("WSPCleanup", source="idle", dest="waiting", when=held > 0, then={held: held - 1}, gets=PENDING)
    client.calls("WSPCleanup", source="idle", when=held == 0, gets=UNSTARTED)
    client.calls("WSPCleanup.return", source="waiting", dest="idle", gets=OK)

    kind, owed, mine = argument("graceful", [True, False]), graceful & (unsent > 0), owner == client.acting
    provider.on(["WSPSocket", "WSPSend", "WSPCloseSocket"], source="up", returns=OK)
    client.calls(["WSPSocket", "WSPSend", "WSPCloseSocket"], source="idle", when=held > 0)
    socket.on("WSPSocket", kind, source="none", dest="open", then={owner: client.acting, graceful: kind})
    socket.on("WSPSend", source="open", when=mine & (unsent == 0), then={unsent: 1})
    socket.on("WSPCloseSocket", source="open", dest="closing", when=mine & owed, then={owner: None})
    blank = {owner: None, graceful: False, unsent: 0}
    socket.on("WSPCloseSocket", source="open", dest="none", when=mine & ~owed, then=blank)

    provider.on("transmit", source=["up", "draining"])
    socket.on(
        "transmit",
        source="open",
        when=(unsent > 0) & (graceful | (provider.state == "up")),
        then={unsent: 0},
        fair="weak",
    )
    socket.on("transmit", source="closing", dest="none", then=blank, fair="weak")
    quiet = all_of(~graceful[s] | (unsent[s] == 0) for s in socket)
    provider.step("drained", source="draining", dest="freeing", when=quiet, fair="weak", clause="WSP-06")
    provider.calls("release", source="freeing", when=heap, then={heap: False}, fair="weak", clause="WSP-08")
    socket.on("release", every=True, then={socket.state: "none", **blank})
    provider.on("WSPCleanup.return", source="freeing", dest="down", when=~heap, returns=OK, fair="weak")

    books.on("WSPStartup", gets=OK, then={surplus: surplus + 1})
    books.on("WSPCleanup", gets=[OK, PENDING], then={surplus: surplus - 1})

    down = provider.state == "down"
    system = System(
        "winsock", provider, client, socket, books, rest=down & all_of(client.state[c] == "idle" for c in client)
    )
    system.always("cleanups match startups", references == surplus, clause="WSP-01")
    system.always("resources reach zero", down.implies(provider.fresh & socket.fresh), clause="WSP-08")
    system.always("drain before free", (heap & ~after(heap)).implies(quiet), clause="WSP-07")
    system.always(
        "a failed start changes nothing",
        happens("WSPStartup", returns=FAILURES).implies(provider.unchanged & socket.unchanged),
    )
    system.sometimes("two references", references == 2)
    return system
