"""Checking from Python: what a program and a person at a prompt rely on."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import pytest

import quiesce
from quiesce import Limits, Machine, SpecificationError, System, Verdict
from quiesce.engines.requests import CheckRequest, answered

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"


def pool(*, users: int = 2, forgetful: bool = True) -> System:
    """Return a door that is shut when anybody leaves (forgetful), or when the last one does."""
    door = Machine("door", states=["shut", "open"])
    user = Machine("user", copies=users, states=["out", "in"])
    count = door.count("count", up_to=users)
    door.on("enter", dest="open", then={count: count + 1})
    door.on("leave", source="open", dest="shut", when=True if forgetful else count == 1, then={count: count - 1})
    if not forgetful:
        door.on("leave", source="open", when=count > 1, then={count: count - 1})
    user.calls("enter", source="out", dest="in")
    user.calls("leave", source="in", dest="out")
    system = System("pool", door, user, rest=door.state == "shut")
    system.always("shut", (door.state == "shut") == (count == 0), id="P-1")
    system.sometimes("two at once", count == 2)
    system.eventually("it opens", door.state == "open")
    return system


def clashing(*, workers: int = 1, target: int = 1) -> System:
    """Return a system with parameters that have the names of an option and of an argument."""
    door = Machine("door", states=["shut"])
    door.count("room", up_to=workers + target)
    return System("clashing", door)


def test_the_document_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example of docs/api.md prints what stands below it; there are at least ten."""
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.chdir(EXAMPLES)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    done = doctest.testfile(str(ROOT / "docs" / "api.md"), module_relative=False, optionflags=options)
    assert done.attempted >= 10
    assert done.failed == 0


def test_the_script_of_ten_lines(tmp_path: Path) -> None:
    """docs/examples/check_pool.py has some ten lines, prints a report and a run, draws, and ends well."""
    script = EXAMPLES / "check_pool.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 12
    words = [sys.executable, str(script)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("VIOLATED  the door is shut")
    assert done.stdout.splitlines()[-1].startswith("3 user[")
    assert b"<svg" in (tmp_path / "pool.svg").read_bytes()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    """A check from Python leaves both streams alone."""
    quiesce.check(pool)
    quiesce.lint(pool, forgetful=False)
    quiesce.simulate(pool)
    assert capfd.readouterr() == ("", "")


def test_a_result_is_its_answers() -> None:
    """Three users: two enter and one leaves, and the door is shut with somebody inside: 3 steps."""
    result = quiesce.check(pool, users=3)
    assert (result.holds, result.verdict) == (False, Verdict.VIOLATED)
    assert list(result) == ["shut", "two at once", "it opens", "domains"]
    answer = result["P-1"]
    assert answer is result["shut"]
    assert answer.verdict == "violated"
    assert answer.evidence.counts == {"steps": 3}
    assert [step.trigger for step in answer.trace] == ["enter", "enter", "leave"]
    assert answer.trace[-1].state == {**answer.trace[1].state, **answer.trace[-1].changes}
    assert answer.location is not None
    assert answer.location.file == __file__
    assert str(answer.trace) in str(result)
    with pytest.raises(KeyError, match="no property 'two at one': did you mean 'two at once'"):
        result["two at one"]
    with pytest.raises(KeyError, match="no property None"):
        result[None]  # type: ignore[index]
    assert list(quiesce.check(pool, properties="P-1")) == ["shut", "domains"]


def test_a_lasso_has_a_loop() -> None:
    """Nothing is fair: nobody need enter, so a run that does nothing violates `it opens`... unless a step is forced."""
    answer = quiesce.check(pool)["it opens"]
    assert answer.verdict is Verdict.HOLDS  # something always happens first, and all that can happen is an entrance
    lasso = quiesce.check(pool, ask="G F (door.count == 0)")["G F (door.count == 0)"]
    assert lasso.trace.loop is not None
    states = [lasso.trace.initial, *(step.state for step in lasso.trace)]
    assert states[-1] == states[lasso.trace.loop]
    assert lasso.trace.to_itf()["loop"] == lasso.trace.loop


def test_no_run_is_an_empty_trace() -> None:
    """What holds of all states has no run: no steps, no initial state, false, and no ITF."""
    trace = quiesce.check(pool, forgetful=False)["shut"].trace
    assert (len(trace), list(trace), trace.initial, trace.loop, bool(trace)) == (0, [], None, None, False)
    with pytest.raises(ValueError, match="no run"):
        trace.to_itf()


@pytest.mark.parametrize(
    "thing",
    [
        lambda: quiesce.check(pool),
        lambda: quiesce.check(pool)["shut"],
        lambda: quiesce.refine("winsock_full", to="winsock"),
        lambda: quiesce.mutate(clashing),
    ],
)
def test_a_result_is_no_bool(thing: object) -> None:
    """`if quiesce.check(...)` would be true whatever came out."""
    with pytest.raises(SpecificationError, match=r"Q31 .*\n.*\.holds"):
        bool(thing())  # type: ignore[operator]


def test_targets_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name, a file, a function, a system and a machine are checked alike: the same counts."""
    monkeypatch.syspath_prepend(EXAMPLES)
    from pool import pool as example

    counts = {
        (result.states, result.transitions)
        for result in (
            quiesce.check(EXAMPLES / "pool.py"),
            quiesce.check(f"{EXAMPLES / 'pool.py'}:pool"),
            quiesce.check("pool:pool"),
            quiesce.check(example),
            quiesce.check(example()),
            quiesce.check(quiesce.load(example)),
        )
    }
    assert len(counts) == 1
    assert quiesce.check(Machine("door", states=["shut"])).holds


def test_a_keyword_that_means_two_things_is_refused() -> None:
    """A parameter called `workers` is not taken for the option, nor the option for the parameter."""
    with pytest.raises(SpecificationError, match="Q41 'workers' is an option of check and a parameter of clashing"):
        quiesce.check(clashing, workers=1)
    assert quiesce.check(clashing).parameters["workers"] == 1
    assert quiesce.check(clashing, workers=2, parameters={"workers": 3}).parameters["workers"] == 3
    assert quiesce.load(clashing, workers=2, target=3).parameters == {"workers": 2, "target": 3}
    assert quiesce.check(clashing, target=3).parameters["target"] == 3


def test_parameters_of_what_is_made_are_refused() -> None:
    """A system has its parameters behind it."""
    with pytest.raises(SpecificationError, match="Q41 the system pool is made already: 'users'"):
        quiesce.check(pool(), users=3)


def test_options_do_what_those_of_the_command_do(tmp_path: Path) -> None:
    """A limit leaves open what it cuts off; a search goes on in its folder; reductions say so."""
    stopped = quiesce.check("chain", limits=Limits(max_states=20), checkpoint=tmp_path / "kept")
    assert stopped.stopped == "20 states"
    assert stopped["domains"].flags == ("truncated",)
    resumed = quiesce.check("chain", resume=tmp_path / "kept")
    assert (resumed.states, resumed.stopped) == (quiesce.check("chain").states, None)
    reduced = quiesce.check(pool, users=3, symmetry=True)
    assert reduced.reduction is not None
    assert reduced["P-1"].verdict is Verdict.VIOLATED
    with pytest.raises(SpecificationError, match="Q48"):
        quiesce.check("chain", symmetry=True, por=True)
    with pytest.raises(SpecificationError, match="Q05"):
        quiesce.check("winsock", unfair=["no such trigger"])


def test_evidence_of_reductions_is_told() -> None:
    """Three users that are in or out are 8 states, 4 by how many are in; independent steps need not be interleaved."""
    answer = quiesce.check(pool, users=3, forgetful=False, symmetry=True)["P-1"]
    assert (answer.evidence.kind.value, answer.evidence.counts) == ("reduced", {"orbits": 4, "states": 8})
    assert (answer.scope, answer.flags) == ("all 4 orbits (8 states)", ("reduced",))
    machines = [Machine(name, states=["off", "on"]) for name in ("left", "right")]
    for machine in machines:
        machine.step("go", source="off", dest="on")
    system = System("two", *machines)
    answer = quiesce.check(system, por=True)["domains"]
    assert answer.scope == "3 states that stand for all"


def test_the_whole_time_is_counted_from_where_it_began() -> None:
    """`total_seconds` has what was done before the search; `seconds` is the search alone."""
    system = quiesce.load(pool)
    answers = answered(system, CheckRequest(), started=time.perf_counter() - 100)
    assert answers.total_seconds > 100
    assert answers.seconds < 100
    assert answered(system, CheckRequest()).total_seconds < 100


def test_json_has_evidence_scope_and_flags() -> None:
    """The document of a result is that of the command, with the reason of each verdict as data and in words."""
    result = quiesce.check(pool, limits=Limits(max_states=2))
    by_name = {answer["name"]: answer for answer in json.loads(result.to_json())["systems"][0]["properties"]}
    assert by_name["domains"]["evidence"] == {"kind": "undecided", "counts": {}, "bounds": ["stopped: 2 states"]}
    assert by_name["domains"]["scope"] == "stopped: 2 states"
    assert by_name["domains"]["flags"] == ["truncated"]


def test_threads_do_not_disturb_each_other() -> None:
    """Eight threads check models with other parameters at the same time, and each gets its own answer."""
    found: dict[int, int] = {}

    def one(users: int) -> None:
        found[users] = quiesce.check(pool, users=users, forgetful=False).states

    threads = [threading.Thread(target=one, args=(users,)) for users in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {users: 2**users for users in range(1, 9)}  # each user is in or out, and the door follows


def project(folder: Path, limit: int) -> Path:
    """Write a project with a helper of a common name, imported when the file is loaded and when its function runs."""
    (folder / "spec").mkdir(parents=True)
    (folder / "helper.py").write_text(f"LIMIT = {limit}\n")
    (folder / "spec" / "__init__.py").write_text("")
    (folder / "spec" / "more.py").write_text(f"MORE = {limit}\n")
    (folder / "mine.py").write_text(
        "from quiesce import Machine, System\nimport helper\n\n\ndef mine() -> System:\n"
        "    from spec.more import MORE\n\n"
        "    machine = Machine('m')\n    x = machine.count('x', up_to=MORE)\n"
        "    machine.step('up', when=x < helper.LIMIT, then={x: x + 1})\n    return System('mine', machine)\n"
    )
    return folder / "mine.py"


def test_two_projects_and_the_caller_keep_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of one name in two projects, in the library and in the caller's program do not meet; nothing is left."""
    helper = types.ModuleType("helper")
    helper.__file__ = str(tmp_path / "caller" / "helper.py")
    monkeypatch.setitem(sys.modules, "helper", helper)
    files = [project(tmp_path / name, limit) for name, limit in (("one", 3), ("two", 5))]
    path, before = list(sys.path), dict(sys.modules)
    for _ in range(2):
        assert [quiesce.check(file).states for file in files] == [4, 6]
        assert quiesce.check("winsock", clients=1, sockets=1).holds
    assert sys.path == path
    assert sys.modules["helper"] is helper
    assert {"mine", "spec", "spec.more", "model", "model.winsock"} & (set(sys.modules) - set(before)) == set()


def test_two_projects_in_two_threads(tmp_path: Path) -> None:
    """Threads that load projects with modules of one name get each its own."""
    files = {limit: project(tmp_path / str(limit), limit) for limit in range(2, 8)}
    found: dict[int, list[int]] = {limit: [] for limit in files}

    def one(limit: int) -> None:
        for _ in range(3):
            found[limit].append(quiesce.check(files[limit]).states)

    threads = [threading.Thread(target=one, args=(limit,)) for limit in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {limit: [limit + 1] * 3 for limit in files}


def test_a_space_is_walked() -> None:
    """The states that are walked to are those of the search, and each is a key of a set."""
    space = quiesce.space(pool, forgetful=False)
    states = set(space.states())
    assert len(states) == quiesce.check(pool, forgetful=False).states
    assert {after for state in states for after in space.successors(state)} == states
    assert len(space.to_networkx()) == len(states)


def test_mutants_are_judged_alike_in_one_process_and_in_two(tmp_path: Path) -> None:
    """A function and the name of its file give the same survivors, by whatever processes."""
    file = tmp_path / "mine.py"
    file.write_text(
        "from quiesce import Machine, System\n\n\ndef mine() -> System:\n"
        "    door = Machine('door', states=['shut', 'open'])\n"
        "    door.step('enter', source='shut', dest='open')\n    door.step('leave', source='open', dest='shut')\n"
        "    system = System('mine', door)\n    system.sometimes('opens', door.state == 'open')\n    return system\n"
    )
    alone = quiesce.mutate(file)
    together = quiesce.mutate(file, on="processes:2")
    sent = quiesce.mutate(quiesce.load(file), on="processes:2")
    assert str(alone) == str(together) == str(sent)
    assert alone.survivors
    assert alone.total == alone.killed + alone.equivalent + len(alone.survivors)


def test_import_is_light() -> None:
    """`import quiesce` imports no numpy, no compiler, and nothing that shows: they come with the first check."""
    heavy = "{'numpy', 'numba', 'llvmlite', 'argparse', 'quiesce.show'} & set(sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, quiesce; print({heavy} or 'light')"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "light"


def test_what_is_offered_exists() -> None:
    """Every public name can be imported, and no other is invented."""
    for name in quiesce.__all__:
        assert getattr(quiesce, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        quiesce.chek  # type: ignore[attr-defined] # noqa: B018
