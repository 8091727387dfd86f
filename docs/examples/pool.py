from quiesce import Machine, System


def pool(*, users: int = 2) -> System:
    door = Machine("door", states=["shut", "open"])
    user = Machine("user", copies=users, states=["out", "in"])
    count = door.count("count", up_to=users)
    door.on("enter", dest="open", then={count: count + 1})
    door.on("leave", source="open", dest="shut", then={count: count - 1})  # forgets who is still in
    user.calls("enter", source="out", dest="in")
    user.calls("leave", source="in", dest="out")
    system = System("pool", door, user, rest=door.state == "shut")
    system.always("the door is shut when all have left, and only then", (door.state == "shut") == (count == 0))
    return system
