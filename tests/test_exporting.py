"""Exported models have the same states in other checkers: an independent check of the engine and of the exporters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, reject, settings

from quiesce import Machine, SpecificationError, System, after, library
from quiesce.bridges import murphi, promela, tla
from quiesce.core.properties import PropertyKind
from quiesce.core.result import SystemAnswers, Verdict
from quiesce.core.system import System as SystemData
from quiesce.engines.checking import check
from tests.known.peterson import n_peterson
from tests.known.two_phase import two_phase
from tests.strategies import DRAWING, described, systems

LIBRARY = ("winsock", "chain", "ssp", "ssp_race", "waiting")
MOST_STATES = 2_000
RANDOM = 100 if "QUIESCE_DEEP" in os.environ else 40
"""Random systems that both other checkers must count as we do."""

SEEN: set[str] = set()


@pytest.fixture(autouse=True)
def _installed() -> None:
    """Leave the tests out where the other checkers are missing, but not in CI."""
    missing = [name for name in ("spin", "rumur", "gcc") if shutil.which(name) is None]
    if missing and "CI" not in os.environ:
        pytest.skip(f"not installed: {', '.join(missing)}")
    assert not missing


def ran(folder: Path, *words: str) -> str:
    """Run a command in a folder and return what it prints; raises where it does not end well, but for checkers."""
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 or words[0] in ("./pan", "./model"), done.stdout + done.stderr
    return done.stdout


def spin(system: SystemData, folder: Path, *, properties: bool = False) -> tuple[int, int, bool]:
    """Return the states and transitions that Spin counts, as ours, and whether it finds an error."""
    (folder / "model.pml").write_text(promela.text(system, properties=properties), encoding="utf-8")
    ran(folder, "spin", "-o2", "-a", "model.pml")
    ran(folder, "gcc", "-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c")
    told = ran(folder, "./pan", "-E", "-m1000000")
    states, transitions, errors = (
        int(re.search(pattern, told)[1])  # type: ignore[index]
        for pattern in (r"(\d+) states, stored", r"(\d+) transitions", r"errors: (\d+)")
    )
    return states - promela.spin_states(system, 0), transitions - 1, errors > 0


def rumur(system: SystemData, folder: Path, *, properties: bool = False) -> tuple[int, int, bool]:
    """Return the states and rules fired that Rumur counts, and whether it finds an error."""
    (folder / "model.m").write_text(murphi.text(system, properties=properties), encoding="utf-8")
    ran(folder, "rumur", "--deadlock-detection", "off", "--output", "model.c", "model.m")
    ran(folder, "gcc", "-O0", "-w", "-march=native", "-o", "model", "model.c", "-lpthread")
    told = ran(folder, "./model")
    found = re.search(r"(\d+) states, (\d+) rules fired", told)
    assert found is not None, told
    return int(found[1]), int(found[2]), "No error found" not in told


def counted(system: SystemData) -> SystemAnswers:
    """Return our own search."""
    return check(system, linted=False, explained=False)


def agree(system: SystemData, folder: Path) -> None:
    """Check that all three count the same states, and the same transitions where no step leaves a domain."""
    ours = counted(system)
    left = ours.answer("domains").verdict is Verdict.VIOLATED
    for states, transitions, error in (spin(system, folder), rumur(system, folder)):
        assert not error
        assert states == ours.states
        starts = promela.spin_states(system, 0)
        assert left or starts or transitions == ours.transitions


@pytest.mark.parametrize("name", LIBRARY)
def test_library_models_have_the_same_states(name: str, tmp_path: Path) -> None:
    """Spin and Rumur count the states and transitions of each model of the library as we do."""
    agree(library.find(name).system(), tmp_path)


@pytest.mark.parametrize("model", [two_phase(), n_peterson()], ids=["two-phase", "peterson"])
def test_published_models_have_the_same_states(model: System, tmp_path: Path) -> None:
    """So they do of models of other people."""
    agree(model.build(), tmp_path)


def test_random_systems_have_the_same_states(tmp_path: Path) -> None:
    """Spin and Rumur count the states of random systems as we do."""

    @settings(DRAWING, max_examples=4 * RANDOM)
    @given(systems())
    def compare(written: System) -> None:
        system = written.build()
        if len(SEEN) >= RANDOM or described(system) in SEEN:
            return
        try:
            promela.text(system)
        except SpecificationError:  # numbers beyond 32 bits, or too many initial states
            reject()
        if check(system, properties=[], linted=False).states > MOST_STATES:
            reject()
        agree(system, tmp_path)
        SEEN.add(described(system))

    compare()
    assert len(SEEN) >= RANDOM


def test_numbers_on_the_way_to_a_value_have_room(tmp_path: Path) -> None:
    """From 56 in -60..60 the step compares 168: more than the 8 bits that hold every value of the model."""
    machine = Machine("m")
    x = machine.integer("x", -60, 60, initial=56)
    machine.step("fall", when=x + x * 2 > 100, then={x: 3})
    system = System("s", machine).build()
    agree(system, tmp_path)
    assert counted(system).states == 2


def counter(*, wrong: bool, of_steps: bool) -> SystemData:
    """Return a counter that turns round, and a property of its states or steps that holds or does not."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("up", when=x < 3, then={x: x + 1})
    machine.step("back", when=x == 3, then={x: 0})
    system = System("s", machine)
    if of_steps:
        system.always("never from three to nothing", (x == 3).implies(after(x) != 0) if wrong else after(x) != x)
    else:
        system.always("small", x < (3 if wrong else 4))
    return system.build()


@pytest.mark.parametrize("of_steps", [False, True], ids=["states", "steps"])
@pytest.mark.parametrize("wrong", [False, True], ids=["right", "wrong"])
def test_properties_are_asked(wrong: bool, of_steps: bool, tmp_path: Path) -> None:
    """A violated property is an error in Spin and in Rumur, and one that holds is none."""
    system = counter(wrong=wrong, of_steps=of_steps)
    assert (counted(system).verdict is Verdict.VIOLATED) is wrong
    assert spin(system, tmp_path, properties=True)[2] is wrong
    assert rumur(system, tmp_path, properties=True)[2] is wrong


@pytest.mark.parametrize("defect", ["M01", "M05", "M23"])
def test_defects_are_errors_elsewhere_too(defect: str, tmp_path: Path) -> None:
    """A defect that breaks a property of states or steps is found by Spin and by Rumur."""
    system = library.find("winsock").system({"clients": 1, "sockets": 1, "defect": defect})
    broken = [answer.property.kind for answer in counted(system).properties if answer.verdict is Verdict.VIOLATED]
    assert {PropertyKind.ALWAYS, PropertyKind.NEVER} & set(broken)
    assert spin(system, tmp_path, properties=True)[2]
    assert rumur(system, tmp_path, properties=True)[2]


def test_leaving_a_domain_is_an_error_elsewhere_too(tmp_path: Path) -> None:
    """A step that leaves a domain violates an assertion in Spin and in Rumur."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("up", then={x: x + 1})
    system = System("s", machine).build()
    assert spin(system, tmp_path, properties=True)[2]
    assert rumur(system, tmp_path, properties=True)[2]


@pytest.mark.parametrize("name", LIBRARY)
def test_tla_actions_say_what_becomes_of_every_variable(name: str) -> None:
    """Each row is an action that primes or keeps every variable once, and Next has them all (TLC was not run)."""
    system = library.find(name).system()
    text = tla.text(system)
    variables = re.search(r"^VARIABLES (.*)$", text, re.MULTILINE)[1].split(", ")  # type: ignore[index]
    assert len(variables) == len(set(variables)) == len(system.flat.cells)
    actions = re.findall(r"^Row(\d+) ==\n((?:  .*\n)+)", text, re.MULTILINE)
    assert len(actions) == len(system.flat.rows)
    for number, action in actions:
        primed = re.findall(r"^  /\\ (\w+)' = ", action, re.MULTILINE)
        kept = re.search(r"UNCHANGED <<(.*)>>", action)
        assert sorted([*primed, *(kept[1].split(", ") if kept else [])]) == sorted(variables)
        assert f"  \\/ Row{number}\n" in text


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("to", [promela, murphi, tla], ids=["promela", "murphi", "tla"])
def test_what_is_not_exported_is_said(name: str, to: object) -> None:
    """Every property is a claim of the text, or named as left out."""
    system = library.find(name).system()
    text = to.text(system)  # type: ignore[attr-defined]
    for question in system.properties:
        assert question.kind is PropertyKind.DOMAINS or question.name in text


@pytest.mark.parametrize(("above", "below"), [(True, True), (True, False), (False, True), (False, False)])
def test_murphi_has_a_type_for_numbers_that_pass_one_bound(above: bool, below: bool) -> None:
    """A square goes above the variables' type, a difference below: either alone needs a wider type, neither none."""
    machine = Machine("m")
    x = machine.count("x", up_to=3)
    machine.step("go", when=x == 0, then={x: 3})
    if above:
        machine.step("over", when=x * x == 9, then={x: 0})
    if below:
        machine.step("under", when=x - 3 == 0, then={x: 0})
    told = [line for line in murphi.text(System("s", machine).build()).splitlines() if "computed" in line]
    assert bool(told) is (above or below)
