from quiesce import Machine, System, happens


def lamp(*, users: int = 2, slow: bool = False) -> System:
    lamp = Machine("lamp", states=["off", "on"])
    user = Machine("user", copies=users, states=["out", "in"])
    count, power = lamp.count("count", up_to=users), lamp.flag("power")

    lamp.on("start", source="off", dest="on", then={count: 1, power: True}, returns="ok")
    lamp.on("start", source="on", then={count: count + 1}, returns="ok")
    lamp.on("start", returns="busy")
    user.calls("start", source="out", dest="in", gets="ok")
    user.calls("start", source="out", gets="busy")

    lamp.on("stop", source="on", when=count > 1, then={count: count - 1})
    lamp.on("stop", source="on", dest="off", when=count == 1, then={count: 0, power: slow})
    user.calls("stop", source="in", dest="out")
    if slow:
        lamp.step("cool down", source="off", when=power, then={power: False})

    system = System("lamp", lamp, user, rest=lamp.state == "off")
    system.always("off means no power", (lamp.state == "off").implies(~power))
    system.always("a refused start changes nothing", happens("start", returns="busy").implies(lamp.unchanged))
    system.sometimes("two users at once", count == 2)
    system.always_possible("the lamp can go off", lamp.state == "off")
    system.no_deadlock()
    return system
