"""The command line itself: options of every verb, their help, their order, their values, and mistakes in them."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
from functools import wraps
from itertools import permutations
from pathlib import Path

import pytest

from quiesce import cli
from quiesce.commands import options, verbs
from quiesce.commands.options import parameters
from quiesce.commands.verbs import COMMON, VERBS
from tests.test_command import run

OPTIONS = {
    "check": "-c --constant --property --ask --unfair --all --max-states --max-seconds --memory --engine --on "
    "--workers --symmetry --por --checkpoint --resume --bound --formulas --strict --format --plain",
    "refine": "-c --constant --to --max-states --memory --workers",
    "mutate": "-c --constant --on --journal --max-states",
    "export": "-c --constant --to --properties --no-properties -o --output",
    "bench": "-c --constant --runs --workers",
    "list": "--format",
    "matrix": "--format -o --output",
    "draw": "-c --constant --machine --space --format -o --output --all --into --check",
    "lint": "-c --constant --strict",
    "simulate": "-c --constant --steps --seed --format",
}
"""The options of each verb, besides its help: what scripts may rely on."""
ANY_VERB = pytest.mark.parametrize("verb", OPTIONS)


def plain(text: str) -> str:
    """Return a text in one line."""
    return " ".join(text.split())


def given(monkeypatch: pytest.MonkeyPatch, verb: str, *words: str) -> dict[str, object]:
    """Return what a verb is called with."""
    calls: list[dict[str, object]] = []

    @wraps(VERBS[verb])
    def called(**values: object) -> int:
        calls.append(values)
        return 7

    with monkeypatch.context() as patch:
        patch.setitem(VERBS, verb, called)
        assert cli.answer([verb, *words]) == 7
    (values,) = calls
    return values


# -- help -------------------------------------------------------------------------------------------------------------


def test_the_verbs_are_all_here() -> None:
    """The tests below go over every verb."""
    assert list(VERBS) == list(OPTIONS)


@ANY_VERB
def test_help_says_everything(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The help of a verb has its docstring, each of its options and no other, and what each is for."""
    status, out, err = run(capsys, verb, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: model-check {verb} ")
    assert plain(inspect.getdoc(VERBS[verb]) or "-") in plain(out)
    listed = out[out.index("\noptions:\n") :]
    names = re.findall(r"(?<=[ ,])--?[a-z-]+(?=[ ,\n])", "\n".join(re.findall(r"^  -.*", listed, re.MULTILINE)))
    assert set(names) == {*OPTIONS[verb].split(), "-h", "--help"}
    helps = [parameter.declared.help for parameter in parameters(VERBS[verb])]
    assert helps
    assert [text for text in helps if plain(text) not in plain(out)] == []


@pytest.mark.parametrize(
    ("verb", "shown"),
    [
        ("check", "[0 or more]"),
        ("check", "[from 0 to 256; default: 0]"),
        ("bench", "[default: winsock]"),
        ("bench", "[1 or more; default: 3]"),
        ("export", "[default: promela]"),
        ("export", "[default: --properties]"),
        ("simulate", "The same seed gives the same walk. [default: 0]"),
        ("check", "Print nothing that varies from run to run. -h"),
        ("check", "(default: 80 % of what is free)."),
    ],
)
def test_help_says_bounds_and_defaults(verb: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The help of an option says which numbers it takes and what it is by default, where there is such a thing."""
    assert shown in plain(run(capsys, verb, "--help")[1])


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in OPTIONS)], ids=" ".join)
def test_help_is_the_same_everywhere(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A help text has lines of 80 columns at most, whatever the terminal has."""
    texts = set()
    for columns in "40", "200":
        monkeypatch.setenv("COLUMNS", columns)
        texts.add(run(capsys, *words)[1])
    (text,) = texts
    assert 60 < max(map(len, text.splitlines())) <= 80


def test_help_of_the_command_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a verb --help has the options that belong to none, and for each verb what it does."""
    status, out, err = run(capsys, "--help")
    assert (status, err) == (0, "")
    assert COMMON == ["--version", "--print-completion"]
    assert [option for option in ["-h", "--help", *COMMON] if option not in out] == []
    for verb, function in VERBS.items():
        assert plain(f"{verb} {(function.__doc__ or '-').split('.')[0]}") in plain(out)
    assert run(capsys, "-h") == run(capsys, "--help", "chain") == (0, out, "")


def test_help_comes_before_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for help gets it, though a target is missing, one is too many, or an option does not exist."""
    _, expected, _ = run(capsys, "lint", "--help")
    for words in ["-h"], ["--strict", "--help"], ["--strickt", "--help"], ["a", "b", "--help"]:
        assert run(capsys, "lint", *words) == (0, expected, "")


def test_one_parser_is_made(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A command looks at the options of its own verb alone: of all verbs would take longer than the rest of a start."""
    seen = []

    def recorded(verb: options.Verb) -> object:
        seen.append(verb)
        return parameters(verb)

    monkeypatch.setattr(options, "parameters", recorded)
    for words, verb in (["list"], "list"), (["lint", "--help"], "lint"):
        seen.clear()
        assert run(capsys, *words)[0] == 0
        assert seen == [VERBS[verb]]


# -- order and values -------------------------------------------------------------------------------------------------


def test_options_stand_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Options may stand before, between and after targets; the order of targets and of repeated options is kept."""
    groups = (["one"], ["two"], ["--plain"], ["-c", "n=1"], ["--constant=m=2"], ["--workers", "3"])
    for order in permutations(groups):
        words = [word for group in order for word in group]
        targets = [word for word in words if word in ("one", "two")]
        constants = [word[-3:] for word in words if word.endswith(("n=1", "m=2"))]
        expected = {"targets": targets, "constants": constants, "plain": True, "workers": 3}
        assert given(monkeypatch, "check", *words) == expected


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("check", {}),
        ("check --all", {"everything": True}),
        ("check -cn=1 -c m=2", {"constants": ["n=1", "m=2"]}),
        ("check --property a --property=b", {"properties": ["a", "b"]}),
        ("check --max-states 1 --max-seconds 0.5 --bound=2", {"max_states": 1, "max_seconds": 0.5, "bound": 2}),
        ("check --workers 0 --workers 256", {"workers": 256}),
        ("check --ask=-x<1 --unfair t", {"asked": ["-x<1"], "unfair": ["t"]}),
        ("check --por --symmetry --strict", {"partial_order": True, "symmetry": True, "strict": True}),
        ("check --checkpoint a --resume b", {"checkpoint": Path("a"), "resume": Path("b")}),
        ("check n.pnml --formulas f --formulas g", {"targets": ["n.pnml"], "formulas": [Path("f"), Path("g")]}),
        ("check a --memory 4G --format json", {"targets": ["a"], "memory": "4G", "form": "json"}),
        ("check --plain -- a --plain", {"plain": True, "targets": ["a", "./--plain"]}),
        ("lint -- -x.py", {"target": "./-x.py"}),
        ("refine a --to b", {"target": "a", "to": "b"}),
        ("mutate a --on processes:3 --journal j", {"target": "a", "on": "processes:3", "journal": Path("j")}),
        ("export a", {"target": "a"}),
        ("export --no-properties a -o f", {"target": "a", "properties": False, "output": Path("f")}),
        ("export --properties a --output=f", {"target": "a", "properties": True, "output": Path("f")}),
        ("bench", {}),
        ("bench a --runs 1", {"target": "a", "runs": 1}),
        ("list", {}),
        ("list a --format markdown", {"what": "a", "form": "markdown"}),
        ("draw --all --check --into d", {"everything": True, "stale": True, "into": Path("d")}),
        ("draw a --machine m --space", {"target": "a", "machine": "m", "space": True}),
        ("simulate a --seed -3 --steps 5", {"target": "a", "seed": -3, "steps": 5}),
    ],
)
def test_a_verb_is_called_with_what_is_given(
    line: str, values: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verb gets what the command line gives, with its type; the rest is left to the defaults of its function."""
    read = given(monkeypatch, *line.split())
    assert read == values
    assert [type(value) for value in read.values()] == [type(values[name]) for name in read]


# -- mistakes ---------------------------------------------------------------------------------------------------------


@ANY_VERB
def test_an_unknown_option_is_refused_with_the_closest(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option with one letter too many is refused with status 2 and the one that it was to be, target or none."""
    long = [option for option in OPTIONS[verb].split() if option.startswith("--")]
    assert long
    for option in long:
        wrong = f"{option[:3]}x{option[3:]}"
        for words in [wrong], [wrong, "1"], [f"{wrong}=1"], ["chain", wrong]:
            status, out, err = run(capsys, verb, *words)
            assert (status, out) == (2, "")
            assert err.startswith(f"Q48 there is no option {wrong!r}\n  did you mean {option!r}? there are: ")


def test_an_option_is_not_abbreviated(capsys: pytest.CaptureFixture[str]) -> None:
    """The beginning of an option is no option, though it is the beginning of no other."""
    status, out, err = run(capsys, "chain", "--max-stat", "9")
    assert (status, out) == (2, "")
    assert "there is no option '--max-stat'\n  did you mean '--max-states'?" in err


def test_an_option_of_no_verb_is_known_where_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown option at the very beginning may have been --version; there is none anywhere else."""
    _, _, err = run(capsys, "--verison")
    assert "did you mean '--version'? there are: -c, " in err
    assert err.endswith("-h, --help, --version and 1 more\n")
    for words in ["check"], ["list"], ["chain"], ["--plain"]:
        status, _, err = run(capsys, *words, "--version")
        assert (status, err.startswith("Q48 there is no option '--version'\n"), err.count("--version")) == (2, True, 1)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chain --workers x", "--workers x: give an integer from 0 to 256"),
        ("chain --workers -1", "--workers -1: give an integer from 0 to 256"),
        ("chain --workers 257", "--workers 257: give an integer from 0 to 256"),
        ("chain --workers=1.5", "--workers 1.5: give an integer from 0 to 256"),
        ("chain --max-states 0", "--max-states 0: give an integer, 1 or more"),
        ("chain --max-seconds -0.5", "--max-seconds -0.5: give a number, 0 or more"),
        ("chain --max-seconds nan", "--max-seconds nan: give a number, 0 or more"),
        ("net.pnml --bound 0", "--bound 0: give an integer, 1 or more"),
        ("bench --runs 0", "--runs 0: give an integer, 1 or more"),
        ("simulate chain --steps 0", "--steps 0: give an integer, 1 or more"),
        ("simulate chain --seed 1e9", "--seed 1e9: give an integer"),
        ("matrix chain", "model-check matrix has no use for 'chain'"),
        ("refine", "model-check refine needs a target"),
        ("export --to tla", "model-check export needs a target"),
        ("chain --property", "argument --property: expected one argument"),
        ("chain --all=1", "argument --all: ignored explicit argument '1'"),
        ("--print-completion", "argument --print-completion: expected one argument"),
    ],
)
def test_a_mistake_in_the_command_line(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A value or a word that is not usable ends with status 2; stderr names it and says what is."""
    status, out, err = run(capsys, *line.split())
    assert (status, out, err.splitlines()[0]) == (2, "", f"Q48 {message}")


# -- completion -------------------------------------------------------------------------------------------------------

COMPLETING = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$(({count} - 1))
_shtab_model_check model-check
echo "${{COMPREPLY[*]}}"
"""


@pytest.mark.skipif(shutil.which("bash") is None or os.name == "nt", reason="there is no bash")
def test_bash_completes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script for bash completes verbs, the options of each, and files."""
    status, script, _ = run(capsys, "--print-completion", "bash")
    assert status == 0
    (tmp_path / "completion").write_text(script, encoding="utf-8")
    (tmp_path / "mine.py").touch()
    for words, expected in (
        (['""'], " ".join(VERBS)),
        (["sim"], "simulate"),
        (["--v"], "--version"),
        (["check", "--max"], "--max-states --max-seconds"),
        (["export", "--no"], "--no-properties"),
        (["check", "--plain", "mi"], "mine.py"),
        (["draw", "chain", "-o", "mi"], "mine.py"),
    ):
        line = ["model-check", *words]
        code = COMPLETING.format(script=tmp_path / "completion", words=" ".join(line), count=len(line))
        done = subprocess.run(["bash", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == f"{expected}\n", done.stderr


@pytest.mark.parametrize("shell", verbs.SHELLS)
def test_completion_knows_every_option(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The script for each shell names every verb and every long option."""
    status, script, _ = run(capsys, f"--print-completion={shell}")
    assert status == 0
    options = {option.strip("-") for listed in OPTIONS.values() for option in listed.split()}
    assert [word for word in {*options, *VERBS} if not re.search(rf"\b{word}\b", script)] == []
