"""The package as a whole: what it exports, how it is laid out, and what its pages promise of themselves."""

from __future__ import annotations

import ast
from pathlib import Path

import quiesce
from tests.documents import ROOT

SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_exports_are_what_is_listed() -> None:
    """`__all__` is sorted, and every name in it can be imported and has a docstring."""
    assert quiesce.__all__ == sorted(quiesce.__all__)
    for name in quiesce.__all__:
        assert getattr(quiesce, name).__doc__ or name in ("any_value", "unbounded")


def test_modules_are_one_idea_each() -> None:
    """No module of the package, of a specification or of a model has more than 400 lines."""
    files = [*SOURCES, *(ROOT / "spec").glob("*.py"), *(ROOT / "model").glob("*.py")]
    assert len(files) > 30
    assert [file.name for file in files if len(file.read_text(encoding="utf-8").splitlines()) > 400] == []


def test_every_module_says_what_it_is() -> None:
    """Every module, and every test, has a docstring."""
    for file in [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), file
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert ast.get_docstring(node), f"{file}: {node.name}"


def test_specifications_need_the_package_only() -> None:
    """`spec/` and `model/` import quiesce, each other and the standard library, and nothing of the engine's inside."""
    for file in [*(ROOT / "spec").glob("*.py"), *(ROOT / "model").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                allowed = {"collections.abc", "dataclasses", "itertools", "typing", "quiesce"}
                assert node.module in allowed or (node.module or "").split(".")[0] in ("spec", "model"), file


def test_no_path_of_a_machine_is_in_a_document() -> None:
    """Documents and diagrams name no absolute path."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "diagrams").rglob("*.*")]
    assert len(pages) > 10
    for page in pages:
        assert str(ROOT) not in page.read_text(encoding="utf-8"), Path(page).name


ROW_METHODS = {"on", "calls", "step", "drop"}
MOST_PARAMETERS = 8


def test_functions_have_few_parameters() -> None:
    """At most eight, kernels included; but for the options of rows, of commands and of what `quiesce` offers."""
    many = []
    for file in (ROOT / "src" / "quiesce").rglob("*.py"):
        offered = file.name == "api.py" or file.parent.name == "commands"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                count = len([each for each in given if each.arg not in ("self", "cls")])
                if count > MOST_PARAMETERS and not offered and node.name not in ROW_METHODS:
                    many.append(f"{file.relative_to(ROOT)}: {node.name} has {count}")
    assert many == []
