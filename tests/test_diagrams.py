"""Diagrams show every row and step, mark starts and rests, survive odd names, and are the same bytes every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from quiesce import Machine, SpecificationError, System, all_of, any_of, any_value, where
from quiesce.core.domains import shown
from quiesce.core.reference import Scope, evaluate
from quiesce.core.system import STATE, RowKind
from quiesce.core.system import Machine as MachineData
from quiesce.core.system import System as SystemData
from quiesce.core.verdicts import Explored, explore
from quiesce.language.parameters import instantiate
from quiesce.show import gallery
from quiesce.show.diagrams import Diagram, Edge, Entry, Node, joined, of_machine, of_system
from quiesce.show.pictures import dot, mermaid, png, svg
from quiesce.show.statespace import space
from tests.examples.winsock_example import winsock

SVG = "{http://www.w3.org/2000/svg}"
SIGN = {RowKind.CALLS: "!", RowKind.ON: "?", RowKind.STEP: ""}


def states(machine: MachineData) -> list[object]:
    """The states of a machine; none for a machine without."""
    return [value for each in machine.variables if each.name == STATE for value in each.domain.values()]


def named(diagram: Diagram) -> dict[tuple[str, str], list[str]]:
    """Between which nodes stand which names, without their arguments."""
    return {
        (edge.source, edge.target): [name.split("(")[0] for entry in edge.entries for name in entry.names]
        for edge in diagram.edges
    }


def check_rows(system: SystemData, machine: MachineData) -> None:
    """Every row stands once at an edge from each of its sources, to its destination if that is fixed."""
    drawn = named(of_machine(system, machine.name))
    for row in machine.rows:
        name = row.trigger.removeprefix(f"{machine.name}.") if row.kind is RowKind.STEP else row.trigger
        sources = states(machine) or [machine.name] if row.sources is None else row.sources
        for source in sources:
            leaving = {target: names for (start, target), names in drawn.items() if start == shown(source)}
            targets = [target for target, names in leaving.items() if name + SIGN[row.kind] in names]
            assert targets, (row.trigger, source)
            if row.dest is not None:
                assert shown(row.dest) in targets
            elif STATE not in dict(row.effects):
                assert shown(source) in targets
    fixed = [row for row in machine.rows if STATE not in dict(row.effects)]
    if len(fixed) == len(machine.rows):
        wanted = sum(len(states(machine) or [0]) if row.sources is None else len(row.sources) for row in fixed)
        assert sum(map(len, drawn.values())) == wanted


def check_steps(system: SystemData, explored: Explored) -> None:
    """Every step of the reference search runs along an edge of each machine that takes part in it."""
    drawn = {machine.name: named(of_machine(system, machine.name)) for machine in system.machines}
    for before, steps in explored.successors.items():
        for step in steps:
            for part in step.label.participants if step.target is not None else ():
                machine = system.machine(part.machine)
                row = machine.rows[part.row]
                name = row.trigger.removeprefix(f"{machine.name}.") if row.kind is RowKind.STEP else row.trigger
                for copy in machine.indices() if part.every else (part.copy,):
                    pair = (machine.name, machine.name)
                    if states(machine):
                        slot = system.slots[machine.name, STATE, copy]
                        assert step.target is not None
                        pair = (shown(before[slot]), shown(step.target[slot]))
                    assert name + SIGN[row.kind] in drawn[machine.name][pair]


def check_marks(system: SystemData, explored: Explored) -> None:
    """The states of initial and of resting states are marked (for rests: where any state of the machine is)."""
    for machine in system.machines:
        nodes = {node.id: node for node in of_machine(system, machine.name).nodes}
        for state in [state for level in explored.levels for state in level] if states(machine) else []:
            resting = system.rest is not None and evaluate(system.rest, Scope(system=system, state=state))
            for copy in machine.indices():
                node = nodes[shown(state[system.slots[machine.name, STATE, copy]])]
                assert node.initial or state not in explored.levels[0]
                assert node.final or not resting or not any(each.final for each in nodes.values())


# -- machines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["provider", "client", "socket", "books"])
def test_every_row_of_the_example_is_drawn(name: str) -> None:
    """Each row of the example stands at an edge from each of its sources."""
    system = instantiate(winsock)
    check_rows(system, system.machine(name))


def random_system(random: Random) -> SystemData:
    """A caller, a machine with copies that is called, and one that steps alone and has no other variables."""
    m = Machine("m", states=["a", "b", "c"], initial=random.choice(["a", ["a", "c"]]))
    n = Machine("n", states=[1, 2], copies=random.randint(1, 2))
    o = Machine("o", states=["x"]) if random.random() < 0.5 else Machine("o")
    level, flag, odd = m.count("level", up_to=2), n.flag("flag"), o.flag("odd")
    guards = [True, level > 0, level < 2, m.state == "b", (level == 1) | (m.state == "c")]
    effects = [{}, {level: where(level < 2, level + 1, 0)}, {level: 0}]
    for number in range(random.randint(2, 6)):
        moved = random.choice([None, "a", "b", "c"])
        turned = {m.state: where(level == 0, "a", m.state)} if moved is None and random.random() < 0.3 else {}
        m.step(
            f"go {number}",
            source=random.choice([None, "a", "b", ["a", "c"]]),
            dest=moved,
            when=random.choice(guards),
            then={**turned, **random.choice(effects)},
            fair=random.choice([None, "weak"]),
        )
    for gets in ("ok", "no"):
        m.calls("call", source=random.choice([None, "a", "b"]), dest=random.choice([None, "c"]), gets=gets)
    for source in (1, 2):
        dest = random.choice([None, 1, 2])
        n.on("call", source=source, dest=dest, then={flag: ~flag}, returns=["ok", "no"])
    n.on("reset", every=True, then={n.state: 1})
    m.calls("reset", when=random.choice(guards))
    o.step("turn", then={odd: ~odd})
    ends = [m.state == "b", all_of(n.state[c] == 2 for c in n), ~odd, m.fresh, (m.state == "a") & (level == 1)]
    first, second = random.sample(ends, 2)
    return System("random", m, n, o, rest=random.choice([None, first, first & second, first | ~second])).build()


@pytest.mark.parametrize("seed", range(40))
def test_every_row_and_step_of_a_random_system_is_drawn(seed: int) -> None:
    """On random systems every row is drawn, every step runs along edges, and marks leave out no start and no rest."""
    system = random_system(Random(seed))
    explored = explore(system)
    for machine in system.machines:
        check_rows(system, machine)
    check_marks(system, explored)
    check_steps(system, explored)
    assert sum(map(len, named(space(system)).values())) == explored.found.transitions


def test_a_label_says_trigger_condition_changes_results_and_options() -> None:
    """Labels are in the author's words, own variables by their bare names, in the order of the specification."""
    system = instantiate(winsock)
    labels = {
        name: {(edge.source, edge.target): [str(entry) for entry in edge.entries] for edge in diagram.edges}
        for name in system.by_name
        for diagram in [of_machine(system, name)]
    }
    assert labels["provider"]["up", "up"] == [
        "WSPStartup? / references := references + 1 -> 0",
        "WSPStartup? -> WSAEPROCLIM or WSASYSNOTREADY",
        "WSPCleanup? [references > 1] / references := references - 1 -> 0",
        "WSPSocket?, WSPSend?, WSPCloseSocket? -> 0",
        "transmit?",
    ]
    assert labels["provider"]["draining", "freeing"] == [
        "drained [(not socket[0].graceful or socket[0].unsent == 0) "
        "and (not socket[1].graceful or socket[1].unsent == 0)] {weak}"
    ]
    assert labels["client"]["idle", "waiting"] == ["WSPCleanup! [held > 0] / held := held - 1 gets pending"]
    assert labels["socket"]["none", "open"] == [
        "WSPSocket?(graceful) / owner := the acting client, socket.graceful := graceful"
    ]
    assert labels["socket"]["none", "none"] == ["release? / owner := None, graceful := false, unsent := 0 {every copy}"]
    assert labels["books"]["books", "books"] == [
        "WSPStartup? / surplus := surplus + 1 gets 0",
        "WSPCleanup? / surplus := surplus - 1 gets 0 or pending",
    ]


def test_a_computed_next_state_is_drawn_to_every_state_it_can_be() -> None:
    """`state := where(...)` has an arrow to each branch, and says what decides."""
    m = Machine("m", states=["a", "b", "c"])
    flag = m.flag("flag")
    m.step("go", source="a", then={m.state: where(flag, "b", m.state)})
    (diagram,) = [of_machine(System("s", m).build(), "m")]
    assert [(edge.source, edge.target, [str(entry) for entry in edge.entries]) for edge in diagram.edges] == [
        ("a", "a", ["go / state := (b if flag else state)"]),
        ("a", "b", ["go / state := (b if flag else state)"]),
    ]


def test_a_next_state_read_from_another_machine_can_be_any() -> None:
    """`state := other.state` has an arrow to every state (found by random systems: it was drawn as a self-loop)."""
    m, n = Machine("m", states=["a", "b"]), Machine("n", states=["a", "b"])
    m.step("copy", source="a", then={m.state: n.state})
    assert set(named(of_machine(System("s", m, n).build(), "m"))) == {("a", "a"), ("a", "b")}


def test_marks_of_the_example() -> None:
    """A machine starts in its initial state and rests where `rest` allows it; one that `rest` does not name is free."""
    marked = {
        node.id: (node.initial, node.final)
        for node in of_system(instantiate(winsock)).nodes
        if node.initial or node.final
    }
    assert marked == {"provider.down": (True, True), "client.idle": (True, True), "socket.none": (True, False)}


def test_marks_follow_what_one_state_decides() -> None:
    """What other machines do is unknown, one copy may rest where another need not, `initially` takes starts away."""
    m = Machine("m", states=["a", "b", "c"], initial=any_value)
    n = Machine("n", states=["x", "y"], copies=2)
    m.step("go", source="a", dest="b")
    rest = ((m.state == "a") | ((m.state == "b") & any_of(n.state[c] == "y" for c in n))) & ~(m.state == "c")
    system = System("s", m, n, rest=rest, initially=(m.state != "b") & all_of(n.state[c] == "x" for c in n)).build()
    assert [(node.initial, node.final) for node in of_machine(system, "m").nodes] == [
        (True, True),
        (False, True),
        (True, False),
    ]
    assert [(node.initial, node.final) for node in of_machine(system, "n").nodes] == [(True, True), (False, True)]


def test_an_unknown_machine_is_refused() -> None:
    """The whole message lists the machines."""
    with pytest.raises(SpecificationError) as caught:
        of_machine(instantiate(winsock), "sockets")
    assert str(caught.value) == (
        "Q09 no machine 'sockets' in winsock\n  did you mean 'socket'? there are: provider, client, socket, books"
    )


# -- state spaces ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [{"clients": 1, "sockets": 0}, {"clients": 1, "sockets": 1, "starts": 1}])
def test_a_state_space_has_the_visitedand_steps_of_the_reference_search(chosen: dict[str, object]) -> None:
    """Nodes are the states and names at edges the transitions that `explore` counts; rests and starts are marked."""
    system = instantiate(winsock, chosen)
    explored, diagram = explore(system), space(system)
    assert len(diagram.nodes) == explored.found.states
    assert sum(map(len, named(diagram).values())) == explored.found.transitions
    assert [node.id for node in diagram.nodes] == [str(number) for number in range(explored.found.states)]
    visited = [state for level in explored.levels for state in level]
    resting = [bool(evaluate(system.rest, Scope(system=system, state=state))) for state in visited if system.rest]
    assert [node.final for node in diagram.nodes] == resting
    assert [node.initial for node in diagram.nodes] == [state in explored.levels[0] for state in visited]
    numbers = {state: str(number) for number, state in enumerate(visited)}
    pairs = {
        (numbers[state], numbers[step.target])
        for state, steps in explored.successors.items()
        for step in steps
        if step.target is not None
    }
    assert set(named(diagram)) == pairs


def test_the_smallest_state_space_of_the_example() -> None:
    """One client and no socket: 6 states; the first is written out, the others say what differs from it."""
    diagram = space(instantiate(winsock, {"clients": 1, "sockets": 0}))
    assert diagram.title == "winsock: 6 states, 12 transitions"
    assert [node.lines for node in diagram.nodes][:2] == [
        ("0", "provider: down, references 0, heap false", "client[0]: idle, held 0", "books: surplus 0"),
        ("1", "provider: up, references 1, heap true", "client[0]: held 1", "books: surplus 1"),
    ]
    (loop,) = [edge for edge in diagram.edges if (edge.source, edge.target) == ("0", "0")]
    assert [str(entry) for entry in loop.entries] == [
        "WSPStartup by client[0] -> WSAEPROCLIM",
        "WSPStartup by client[0] -> WSASYSNOTREADY",
        "WSPCleanup by client[0] -> WSANOTINITIALISED",
    ]


def test_deadlocks_and_departures_are_marked() -> None:
    """A state without a step outside `rest` is a deadlock; a step that leaves a domain leads to the value outside."""
    m = Machine("m", states=["a", "b"])
    n = m.count("n", up_to=1)
    m.step("up", source="a", then={n: n + 1})
    m.step("stop", source="a", when=n == 1, dest="b")
    diagram = space(System("s", m).build())
    assert [(node.lines, node.mark) for node in diagram.nodes] == [
        (("0", "m: a, n 0"), ""),
        (("1", "m: n 1"), ""),
        (("2", "deadlock", "m: b, n 1"), "deadlock"),
        (("m.n = 2", "outside its domain"), "outside"),
    ]
    assert named(diagram) == {("0", "1"): ["m.up"], ("1", "m.n = 2"): ["m.up"], ("1", "2"): ["m.stop"]}
    assert "red: deadlock; dashed: a value outside its domain" in diagram.legend[1]


@pytest.mark.parametrize("limit", [1, 5, 6, 7])
def test_the_limit_is_exact(limit: int) -> None:
    """A space of 6 states is drawn with a limit of 6 and refused with one of 5."""
    system = instantiate(winsock, {"clients": 1, "sockets": 0})
    if limit >= 6:
        assert len(space(system, limit=limit).nodes) == 6
    else:
        with pytest.raises(SpecificationError, match=f"more than {limit} state"):
            space(system, limit=limit)


def test_a_large_space_is_refused() -> None:
    """The whole message says what was too large and how to make it smaller."""
    with pytest.raises(SpecificationError) as caught:
        space(instantiate(winsock))
    assert str(caught.value) == (
        "Q48 winsock has more than 200 states: too many to draw\n"
        "  draw smaller parameters than clients=2, sockets=2, starts=2, or its machines"
    )
    m = Machine("m", states=["a", "b"], initial=any_value)
    with pytest.raises(SpecificationError) as caught:
        space(System("s", m).build(), limit=1)
    assert str(caught.value) == (
        "Q48 s has more than 1 state: too many to draw\n  draw a smaller system, or its machines"
    )


# -- text and images -------------------------------------------------------------------------------------------------

ODD = ('say "hi"; #1: a->b', "back\\", "<b>&amp;</b>", "two\nlines", "", "%% no {comment}", "é 漢", "\x00\x1b", "'")


def odd() -> Diagram:
    """A graph whose every text is awkward."""
    nodes = tuple(
        Node(id=text, lines=(text, text), group=ODD[number % 2], initial=True, final=number % 2 == 0)
        for number, text in enumerate((*ODD, f"-> {ODD[1]}", "two lines"))
    )
    arrows = [(text, ODD[-1], Entry(names=(text,), parts=(f"[{text}]",))) for text in ODD]
    return Diagram(title=ODD[0] + ODD[1], nodes=nodes, edges=joined(arrows))


def test_odd_names_survive_dot() -> None:
    """Graphviz reads the DOT text back with as many nodes as there are, and each text is in the picture."""
    drawn = ElementTree.fromstring(svg(dot(odd())))
    nodes = [each for each in drawn.iter(f"{SVG}g") if each.get("class") == "node"]
    assert len(nodes) == 2 * len(odd().nodes)
    texts = " ".join((text.text or "").replace("\xa0", " ") for text in drawn.iter(f"{SVG}text"))
    for text in (
        'say "hi"; #1: a->b',
        "back\\",
        "<b>&amp;</b>",
        "two",
        "lines",
        "''",
        "%% no {comment}",
        "é 漢",
        "\ufffd",
    ):
        assert text in texts


def test_odd_names_survive_mermaid() -> None:
    """What could mean something to Mermaid is written as numbered entities, newlines as <br/>, on one line each."""
    lines = mermaid(odd()).splitlines()
    assert 'state "say #34;hi#34;#59; #35;1#58; a-#62;b<br/>say #34;hi#34;#59; #35;1#58; a-#62;b" as s0' in lines[5]
    assert lines[1] == 'title: "say \\"hi\\"; #1: a->bback\\\\"'
    state = re.compile(r'    state "[^":;#]*(?:(?:#\d+;|<br/>)[^":;#]*)*" as [sg]\d+(?: \{)?')
    arrow = re.compile(r"    s\d+ --> s\d+ : [^\":;#<>]*(?:(?:#\d+;|<br/>)[^\":;#<>]*)*")
    mark = re.compile(r"    (?:\[\*\] --> s\d+|s\d+ --> \[\*\]|\})")
    assert all(any(form.fullmatch(line) for form in (state, arrow, mark)) for line in lines[4:])


def test_mermaid_of_the_client() -> None:
    """The whole text for a small machine."""
    assert mermaid(of_machine(instantiate(winsock), "client")).splitlines() == [
        "---",
        'title: "winsock: client (2 copies)"',
        "---",
        "stateDiagram-v2",
        "    %% name! calls",
        "    %% [condition];  / changes;  gets what it accepts",
        "    %% arrow from a point: initial; double border: the system may rest in this state",
        '    state "idle" as s0',
        '    state "waiting" as s1',
        "    [*] --> s0",
        "    s0 --> s0 : WSPStartup! [held #60; 2] / held #58;= held + 1 gets 0"
        "<br/>WSPStartup! [held #60; 2]<br/>gets WSAEPROCLIM or WSASYSNOTREADY"
        "<br/>WSPCleanup! [held #62; 0] / held #58;= held - 1 gets 0"
        "<br/>WSPCleanup! [held == 0] gets WSANOTINITIALISED"
        "<br/>WSPSocket!, WSPSend!, WSPCloseSocket! [held #62; 0]",
        "    s0 --> s1 : WSPCleanup! [held #62; 0] / held #58;= held - 1 gets pending",
        "    s1 --> s0 : WSPCleanup.return! gets 0",
        "    s0 --> [*]",
    ]


def test_dot_marks_starts_and_rests() -> None:
    """A final state has two borders, an initial one an arrow from a point, and an arrow back keeps its direction."""
    text = dot(of_machine(instantiate(winsock), "client"))
    assert '  "idle" [label=<<B>idle</B>>, peripheries=2, height=0.96];\n' in text
    assert '  "-> idle" -> "idle":n;\n' in text
    assert '  "waiting" [label=<<B>waiting</B>>];\n' in text
    assert re.search(r'  "idle":s -> "waiting" \[dir=back, label=.*WSPCleanup\.return!', text)


@pytest.mark.parametrize("of", ["system", "provider", "space"])
def test_svg_and_png(of: str) -> None:
    """The SVG is XML with a group for each node and initial mark and an edge for each arrow, and names no version."""
    system = instantiate(winsock, {"clients": 1, "sockets": 1, "starts": 1})
    diagram = {"system": of_system, "space": space}.get(of, lambda whole: of_machine(whole, of))(system)
    text = dot(diagram)
    picture = svg(text)
    classes = [each.get("class") for each in ElementTree.fromstring(picture).iter(f"{SVG}g")]
    starts = sum(node.initial for node in diagram.nodes)
    assert classes.count("node") == len(diagram.nodes) + starts
    assert classes.count("edge") == len(diagram.edges) + starts
    assert b"enerated" not in picture
    assert b"graphviz" not in picture
    assert picture == svg(text)
    assert png(text).startswith(b"\x89PNG\r\n\x1a\n")


PROGRAM = """
from quiesce.language.parameters import instantiate
from quiesce.show import gallery
from quiesce.show.diagrams import of_machine, of_system
from quiesce.show.pictures import dot, mermaid, svg
from quiesce.show.statespace import space
from tests.examples.winsock_example import winsock

system = instantiate(winsock)
diagrams = [of_system(system), *(of_machine(system, name) for name in system.by_name)]
diagrams.append(space(instantiate(winsock, {"clients": 1, "sockets": 1, "starts": 1})))
for diagram in diagrams:
    print(dot(diagram), mermaid(diagram), svg(dot(diagram)).decode())
"""


def test_two_processes_give_the_same_bytes() -> None:
    """DOT, Mermaid and SVG do not depend on hashes, and name no file of the machine."""
    given_path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    outputs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONPATH": given_path, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) > 10_000
    assert os.getcwd().encode() not in outputs[0]


def test_neighbouring_entries_with_the_same_rest_become_one() -> None:
    """Only neighbours are put together, so that the order of the specification stays visible."""
    same, other = ("[x]",), ("[y]",)
    arrows = [
        ("a", "b", Entry(names=(name,), parts=parts))
        for name, parts in zip("pqrs", (same, same, other, same), strict=True)
    ]
    assert joined(arrows) == (
        Edge(
            source="a",
            target="b",
            entries=(
                Entry(names=("p", "q"), parts=same),
                Entry(names=("r",), parts=other),
                Entry(names=("s",), parts=same),
            ),
        ),
    )


@pytest.mark.parametrize("ours", [False, True])
def test_pictures_of_former_times_are_taken_away_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    """What is in the folder stays, but for pictures in one that was drawn before; --check writes nothing."""
    index = gallery.HEADING.encode() if ours else b"# Mine"
    monkeypatch.setattr(gallery, "_gallery", lambda: iter([("README.md", index + b" again"), ("new.dot", b"graph {}")]))
    for name, content in {"README.md": index, "old.dot": b"", "photo.svg": b"", "notes.txt": b""}.items():
        (tmp_path / name).write_bytes(content)
    former = ["old.dot", "photo.svg"] if ours else []
    changed = gallery.draw_all(tmp_path, write=False)
    assert sorted(changed) == sorted(["README.md", "new.dot", *former])
    assert not (tmp_path / "new.dot").exists()
    assert gallery.draw_all(tmp_path, write=True) == changed
    left = {"README.md", "new.dot", "notes.txt"} | (set() if ours else {"old.dot", "photo.svg"})
    assert {file.name for file in tmp_path.iterdir()} == left
    assert not ours or gallery.draw_all(tmp_path, write=False) == []


def test_a_decided_choice_takes_its_own_branch() -> None:
    """`rest` where the state is b is a choice that the state decides: b is final, a is not, and the other way round."""
    for finals, chosen in (["b"], (1, 0)), (["a"], (0, 1)):
        machine = Machine("m", states=["a", "b"])
        machine.step("go", source="a", dest="b")
        system = System("s", machine, rest=where(machine.state == "b", *chosen) == 1).build()
        assert [node.id for node in of_machine(system, "m").nodes if node.final] == finals
