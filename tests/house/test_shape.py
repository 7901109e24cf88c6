"""Sizes, names and docstrings: what keeps a house small enough to be read."""

from __future__ import annotations

import ast
import inspect
import sys
import tokenize
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from lib import ports
from tests.house.source import ROOT, Module, functions, modules, read, tracked

MAX_FILE, MAX_FUNCTION, MAX_TRIGGER, MAX_CORE, MAX_PORT = 400, 60, 60, 1500, 8
BANNED_STEMS = {"utils", "helpers", "manager", "service", "common", "base"}


def code_lines(module: Module) -> int:
    """Count lines that hold code: no blanks, comments or docstrings."""
    silent: set[int] = set()
    for node in ast.walk(module.tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                silent |= set(range(body[0].lineno, (body[0].end_lineno or 0) + 1))
    counted: set[int] = set()
    lines = iter(module.text.splitlines(keepends=True))
    for token in tokenize.generate_tokens(lambda: next(lines, "")):
        skip = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
        if token.type not in skip | {tokenize.ENDMARKER}:
            counted |= set(range(token.start[0], token.end[0] + 1))
    return len(counted - silent)


def too_large(found: list[Module]) -> list[str]:
    faults = []
    for module in found:
        lines = len(module.text.splitlines())
        limit = MAX_TRIGGER if module.name.startswith("functions.") else MAX_FILE
        if lines > limit:
            faults.append(f"{module.name}: {lines} lines")
        for function in functions(module):
            length = (function.end_lineno or 0) - function.body[0].lineno + 1
            if length > MAX_FUNCTION:
                faults.append(f"{module.name}.{function.name}: {length} lines")
    return faults


def undocumented(found: list[Module]) -> list[str]:
    faults = [m.name for m in found if not ast.get_docstring(m.tree)]
    for module in found:
        for node in module.tree.body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                faults.append(f"{module.name}.{node.name}")
    return faults


def empty_words(files: Iterable[Path]) -> list[Path]:
    """Return the files whose name, or whose package's name, says nothing."""
    return [f for f in files if f.suffix == ".py" and BANNED_STEMS & {f.stem, f.parent.name}]


def shadows(stems: Iterable[str]) -> set[str]:
    """Return the names that would replace a library: the framework registers a bare stem."""
    ours = {"lib", "functions", "main", "tests"}
    return set(stems) & (set(sys.stdlib_module_names) | set(packages_distributions()) | ours)


def test_files_and_functions_are_small() -> None:
    assert too_large(modules()) == []


def test_files_of_tests_are_small() -> None:
    files = [file for file in tracked() if file.suffix == ".py"]
    assert [f for f in files if len(f.read_text().splitlines()) > MAX_FILE] == []


def test_the_kernel_is_small() -> None:
    core = [module for module in modules() if module.name.startswith("lib.core")]
    assert sum(code_lines(module) for module in core) <= MAX_CORE


def test_ports_are_narrow() -> None:
    for name, port in inspect.getmembers(ports, inspect.isclass):
        if getattr(port, "_is_protocol", False) and port.__module__ == "lib.ports":
            methods = [m for m in vars(port) if not m.startswith("_")]
            assert len(methods) <= MAX_PORT, name


def test_no_room_is_called_by_a_word_that_says_nothing() -> None:
    assert empty_words(tracked()) == []


def test_no_function_file_takes_the_name_of_a_library() -> None:
    stems = {file.stem for file in (ROOT / "functions").glob("*.py")} - {"__init__"}
    assert shadows(stems) == set()
    assert all(stem.startswith("on_") or stem == "studio_api" for stem in stems)


def test_everything_public_says_what_it_is_for() -> None:
    assert undocumented(modules()) == []


DOC = '"""What it is for."""\n'


@pytest.mark.parametrize(
    ("rule", "place", "text"),
    [
        (too_large, "lib/app/x.py", "def f():\n" + "    x = 1\n" * 61),
        (too_large, "lib/app/x.py", "async def f():\n" + "    x = 1\n" * 61),
        (too_large, "lib/app/x.py", "x = 1\n" * 401),
        (too_large, "functions/on_x.py", "x = 1\n" * 61),
        (undocumented, "lib/app/x.py", "x = 1\n"),
        (undocumented, "lib/app/x.py", DOC + "def f():\n    return 1\n"),
        (undocumented, "lib/app/x.py", DOC + "class C:\n    x = 1\n"),
    ],
)
def test_a_planted_fault_is_found(tmp_path: Path, rule, place: str, text: str) -> None:
    assert rule([planted(tmp_path, place, text)])


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("lib/app/x.py", "def f():\n" + "    x = 1\n" * 60),
        ("lib/app/x.py", "x = 1\n" * 400),
        ("functions/on_x.py", "x = 1\n" * 60),
    ],
)
def test_what_is_just_small_enough_passes(tmp_path: Path, place: str, text: str) -> None:
    assert too_large([planted(tmp_path, place, text)]) == []


def test_only_code_counts_as_lines_of_code(tmp_path: Path) -> None:
    text = f'{DOC}\n# why\nX = """\ntext\n"""\n\n\ndef f():\n    """Say.\n\n    More.\n    """\n    return X\n'
    assert code_lines(planted(tmp_path, "lib/core/x.py", text)) == 5


def test_planted_names_that_say_nothing_are_found() -> None:
    named = [Path("lib/app/helpers.py"), Path("lib/common/x.py"), Path("lib/app/settle.py")]
    assert empty_words(named) == named[:2]


def test_planted_names_of_libraries_are_found() -> None:
    assert shadows(["http", "flask", "lib", "on_step"]) == {"http", "flask", "lib"}


def planted(root: Path, place: str, text: str) -> Module:
    file = root / place
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return read(file, root)
