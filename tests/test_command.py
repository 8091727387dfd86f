"""The command as programs use it: statuses, JSON, what varies between runs, interruption. Transcripts:
tests/command/*.md.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quiesce import cli
from quiesce.statuses import SEVERITY
from tests.documents import ROOT


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run the command in this process; return its status, stdout and stderr."""
    with pytest.raises(SystemExit) as leave:
        cli.main(list(words))
    printed = capsys.readouterr()
    assert isinstance(leave.value.code, int)
    return leave.value.code, printed.out, printed.err


def test_json_has_the_published_shape(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout carries one document of the schema model-check/result/1, and the text goes to stderr."""
    status, out, err = run(capsys, "chain", "-c", "defect=M50", "--format", "json")
    document = json.loads(out)
    assert (status, document["schema"], document["verdict"]) == (1, "model-check/result/1", "violated")
    (system,) = document["systems"]
    assert {"name", "parameters", "engine", "states", "transitions", "depth", "seconds", "total_seconds"} <= set(system)
    for question in system["properties"]:
        assert {"name", "kind", "verdict", "scope", "flags", "clauses", "trace"} <= set(question)
        assert (question["trace"] is not None) == (question["verdict"] == "violated" or question["kind"] == "sometimes")
    assert "VIOLATED" in err


def test_json_traces_are_itf(capsys: pytest.CaptureFixture[str]) -> None:
    """A trace has vars, and states with a value for each of them, the first without an action and the others with
    one.
    """
    _, out, _ = run(capsys, "chain", "-c", "defect=M50", "--format", "json")
    traces = [question["trace"] for question in json.loads(out)["systems"][0]["properties"] if question["trace"]]
    assert traces
    for trace in traces:
        for index, state in enumerate(trace["states"]):
            assert set(state) == {"#meta", *trace["vars"]}
            assert state["#meta"]["index"] == index
            assert ("action" in state["#meta"]) == (index > 0)


def test_domain_violation_is_in_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """A step that leaves a domain has no state; the trace's meta says which cell left it, and with which value."""
    _, out, _ = run(capsys, "winsock", "-c", "defect=M02", "--property", "domains", "--format", "json")
    departure = json.loads(out)["systems"][0]["properties"][0]["trace"]["#meta"]["departure"]
    assert (departure["cell"], departure["value"]) == ("books.surplus", -2)


def test_same_status_with_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status does not depend on the format."""
    for words in (["chain"], ["chain", "-c", "defect=M50"], ["winsock", "--max-states", "9"], ["nobody"]):
        assert run(capsys, *words)[0] == run(capsys, *words, "--format", "json")[0]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([0, 1, 3], 1),
        ([3, 0], 3),
        ([1, 2, 3], 2),
        ([2, 130], 130),
        ([70, 130, 2], 70),
        ([], 0),
        ([4, 0], 4),
        ([4, 3], 3),
    ],
)
def test_gravest_status_wins(statuses: list[int], expected: int) -> None:
    """Where several statuses apply, the order is 70, 130, 2, 1, 3, 4, 0."""
    assert next(code for code in SEVERITY if code in (*statuses, 0)) == expected


def test_plain_output_is_the_same_in_every_process() -> None:
    """With --plain two processes with different hash seeds print the same bytes: no times, no order of sets."""
    outputs = set()
    for seed in ("1", "2"):
        words = [sys.executable, "-m", "quiesce", "winsock", "-c", "defect=M43", "--plain", "--format", "json"]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        outputs.add(subprocess.run(words, cwd=ROOT, capture_output=True, check=False, env=environment).stdout)
    assert len(outputs) == 1


def test_help_and_version_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """--help names every verb, and --version the program."""
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert all(verb in out for verb in cli.VERBS)
    assert run(capsys, "--version")[:2] == (0, "model-check (quiesce) 0.1.0\n")


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in cli.VERBS)], ids=" ".join)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """The help of the command, and of each verb, imports no engine: it must answer at once."""
    code = (
        "import sys\nfrom quiesce import cli\n"
        f"try: cli.main({words})\nexcept SystemExit: pass\n"
        "heavy = {'numba', 'llvmlite', 'numpy', 'pygraphviz', 'transitions', 'networkx', 'rich', 'shtab'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.skipif(os.name == "nt", reason="SIGINT to one child process is not the same thing on Windows")
def test_interrupt_ends_with_130() -> None:
    """Ctrl-C in mid-search says that there is no verdict, and ends with status 130."""
    words = [sys.executable, "-m", "quiesce", "winsock", "-c", "clients=4", "-c", "sockets=8"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(6)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "interrupted: no verdict\n")


def test_internal_error_is_not_an_answer(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the reference interpreter does not confirm a finding, there is no answer, and the status is 70."""
    from quiesce.core import verdicts

    monkeypatch.setattr(verdicts, "judge", lambda *_: None)
    status, out, err = run(capsys, "chain", "-c", "defect=M50", "--property", "PW-05")
    assert (status, out) == (70, "")
    assert "internal error in quiesce; no verdict" in err


def test_wheel_layout_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no checkout around the package, the content is the copy inside it."""
    from quiesce import content_modules, library

    package = tmp_path / "site-packages" / "quiesce"
    package.mkdir(parents=True)
    monkeypatch.setattr(content_modules, "__file__", str(package / "content_modules.py"))
    assert library.root() == package.resolve() / "library"
    monkeypatch.undo()
    assert (library.root() / "model" / "winsock.py").is_file()


def test_a_module_from_another_place_is_not_used(tmp_path: Path) -> None:
    """A package `model` of the caller's, imported before, is neither used for the library's nor lost."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "__init__.py").write_text("MINE = 1\n", encoding="utf-8")
    code = (
        "import model, sys\nfrom quiesce import cli\n"
        "try: cli.main(['winsock', '-c', 'clients=1', '-c', 'sockets=1', '--plain'])\n"
        "except SystemExit as leave: print(leave.code, model.MINE, sys.modules['model'] is model)"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'src'}"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0 1 True"


def _project(folder: Path, limit: int) -> Path:
    """Write a specification with a helper module, whose property holds for limits below 5; return its file."""
    folder.mkdir()
    (folder / "helper.py").write_text(f"LIMIT = {limit}\n", encoding="utf-8")
    file = folder / f"counts_{folder.name}.py"
    file.write_text(
        "from quiesce import Machine, System\nfrom helper import LIMIT\n\n"
        "def counts() -> System:\n"
        "    machine = Machine('machine')\n"
        "    at = machine.count('at', up_to=9)\n"
        "    machine.step('go', when=at < LIMIT, then={at: at + 1})\n"
        "    system = System('counts', machine)\n"
        "    system.always('below five', at < 5)\n"
        "    return system\n",
        encoding="utf-8",
    )
    return file


def test_targets_do_not_share_their_modules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two targets with modules of the same name are each checked with their own, in either order."""
    good, bad = _project(tmp_path / "a", 3), _project(tmp_path / "b", 7)
    for order in ([good, bad], [bad, good], [good, bad, good]):
        _, out, _ = run(capsys, *map(str, order), "--format", "json")
        verdicts = [system["properties"][0]["verdict"] for system in json.loads(out)["systems"]]
        assert verdicts == ["holds" if file == good else "violated" for file in order]


def test_project_with_a_spec_folder_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A project laid out like this one is checked with its own `spec/`, and the library with the library's."""
    (tmp_path / "spec").mkdir()
    (tmp_path / "model").mkdir()
    source = (ROOT / "spec" / "layers.py").read_text(encoding="utf-8").replace("owed + 1", "owed")
    (tmp_path / "spec" / "layers.py").write_text(source, encoding="utf-8")
    (tmp_path / "spec" / "clauses.toml").write_bytes((ROOT / "spec" / "clauses.toml").read_bytes())
    chain = (ROOT / "model" / "chain.py").read_text(encoding="utf-8").replace("def chain(", "def mine(")
    (tmp_path / "model" / "mine.py").write_text(chain, encoding="utf-8")
    mine = str(tmp_path / "model" / "mine.py")
    for order in (["chain", mine], [mine, "chain"]):
        _, out, _ = run(capsys, *order, "--format", "json")
        verdicts = [{question["verdict"] for question in system["properties"]} for system in json.loads(out)["systems"]]
        assert [("violated" in found) for found in verdicts] == [word == mine for word in order]


def test_bench_tells_counts_once_and_a_rate_for_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Two runs: the system and its counts, a line for each run, the median."""
    status, out, _ = run(capsys, "bench", "chain", "-c", "layers=2", "--runs", "2")
    lines = out.splitlines()
    assert status == 0
    assert lines[0].startswith("chain(layers=2")
    assert lines[1].startswith("28 states, 32 transitions, depth 13, 1 word a state")
    assert [line.partition(":")[0] for line in lines[2:]] == ["run 1", "run 2", "median"]


def test_processes_change_nothing_that_is_printed(tmp_path: Path) -> None:
    """A checks file answered in two processes prints what one prints, in the same order, with the same status."""
    rows = [("chain", "holds"), ("ssp", "holds"), ("chain", "violated"), ("leaving", "holds")]
    file = tmp_path / "checks.toml"
    file.write_text(
        "".join(f'[[check]]\nmodel = "{model}"\nexpect = {{ domains = "{word}" }}\n' for model, word in rows),
        encoding="utf-8",
    )
    found = []
    for where in ("here", "processes:2", "processes:2"):
        words = [sys.executable, "-m", "quiesce", str(file), "--plain", "--on", where]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        found.append((done.returncode, done.stdout, done.stderr))
    assert found[0] == found[1] == found[2]
    assert found[0][0] == 1
    assert "NOT AS EXPECTED: 1 of 4 checks" in found[0][1]


def test_a_mistake_in_a_row_is_told_by_whoever_finds_it(tmp_path: Path) -> None:
    """In two processes a row that names no model ends the file at its place, after what came before it."""
    file = tmp_path / "checks.toml"
    good = '[[check]]\nmodel = "chain"\nexpect = { domains = "holds" }\n'
    file.write_text(good * 2 + '[[check]]\nmodel = "nothing"\nexpect = "holds"\n', encoding="utf-8")
    found = []
    for where in ("here", "processes:2"):
        words = [sys.executable, "-m", "quiesce", str(file), "--plain", "--on", where]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        found.append((done.returncode, done.stdout, done.stderr))
    assert found[0] == found[1]
    assert found[0][0] == 2
    assert found[0][2].startswith("checks.toml:7: Q43 there is no target 'nothing'")
