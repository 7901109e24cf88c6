"""Sizes, names, docstrings, broad excepts, the environment: what keeps a house from rotting."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import tokenize
from pathlib import Path

import pytest

from lib import ports
from tests.house.source import ROOT, Module, functions, modules, read, tracked

MAX_FILE, MAX_FUNCTION, MAX_TRIGGER, MAX_CORE, MAX_PORT = 400, 60, 60, 1500, 8
BANNED_STEMS = {"utils", "helpers", "manager", "service", "common", "base"}
#: The only broad excepts: where any fault becomes an entry of the ledger, and the function
#: boundary. ``lib/adapters/local/caught.py`` holds an exception for whoever must judge it; it
#: has no except of its own.
BROAD = {("lib.app.perform", "_try"), ("lib.embedded", "_call")}
#: Rooms in which a kind means a kind of work.
DOMAIN = ("lib.core", "lib.app", "lib.cli", "functions")
READS_ENVIRONMENT = {"lib.settings"}


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
        lines = module.text.count("\n")
        limit = MAX_TRIGGER if module.name.startswith("functions.") else MAX_FILE
        if lines > limit:
            faults.append(f"{module.name}: {lines} lines")
        for function in functions(module):
            length = (function.end_lineno or 0) - function.body[0].lineno + 1
            if length > MAX_FUNCTION:
                faults.append(f"{module.name}.{function.name}: {length} lines")
    return faults


def broad_excepts(found: list[Module]) -> set[tuple[str, str]]:
    places = set()
    for module in found:
        for function in functions(module):
            for node in ast.walk(function):
                if not isinstance(node, ast.ExceptHandler):
                    continue
                names = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
                for name in names:
                    broad = name is None or getattr(name, "id", "") in (
                        "Exception",
                        "BaseException",
                    )
                    reraises = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
                    if broad and not reraises:
                        places.add((module.name, function.name))
    return places


def environment_reads(found: list[Module]) -> set[str]:
    pattern = re.compile(r"\bos\.(environ|getenv|putenv)\b")
    return {module.name for module in found if pattern.search(module.text)}


def kind_tests(found: list[Module]) -> list[str]:
    pattern = re.compile(r"""\bkind\b(["']\])?\s*(==|!=|in\b|not in\b)""")
    return [
        f"{module.name}:{number}"
        for module in found
        if module.name.startswith(DOMAIN) and not module.name.startswith("lib.core.recipes")
        for number, line in enumerate(module.text.splitlines(), 1)
        if pattern.search(line) and not line.lstrip().startswith(("for ", "#", '"'))
    ]


def undocumented(found: list[Module]) -> list[str]:
    faults = [m.name for m in found if not ast.get_docstring(m.tree)]
    for module in found:
        for node in module.tree.body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_") and not ast.get_docstring(node):
                faults.append(f"{module.name}.{node.name}")
    return faults


def test_files_and_functions_are_small() -> None:
    assert too_large(modules()) == []


def test_the_kernel_is_small() -> None:
    core = [module for module in modules() if module.name.startswith("lib.core")]
    assert sum(code_lines(module) for module in core) <= MAX_CORE


def test_ports_are_narrow() -> None:
    for name, port in inspect.getmembers(ports, inspect.isclass):
        if getattr(port, "_is_protocol", False) and port.__module__ == "lib.ports":
            methods = [m for m in vars(port) if not m.startswith("_")]
            assert len(methods) <= MAX_PORT, name


def test_faults_are_caught_broadly_in_two_places_only() -> None:
    assert broad_excepts(modules()) == BROAD


def test_only_the_settings_read_the_environment() -> None:
    assert environment_reads(modules()) == READS_ENVIRONMENT


def test_a_kind_is_a_recipe_and_not_a_branch() -> None:
    assert kind_tests(modules()) == []


def test_no_room_is_called_by_a_word_that_says_nothing() -> None:
    assert [f for f in tracked() if f.suffix == ".py" and f.stem in BANNED_STEMS] == []


def test_no_function_file_takes_the_name_of_a_library() -> None:
    stems = {file.stem for file in (ROOT / "functions").glob("*.py")} - {"__init__"}
    assert not stems & set(sys.stdlib_module_names)
    assert all(stem.startswith("on_") or stem == "studio_api" for stem in stems)


def test_everything_public_says_what_it_is_for() -> None:
    assert undocumented(modules()) == []


PLANTED = {
    "a long function": "def f():\n" + "    x = 1\n" * 70,
    "a broad except": "def f():\n    try:\n        g()\n    except Exception:\n        pass\n",
    "a bare except": "def f():\n    try:\n        g()\n    except:\n        pass\n",
    "an environment read": "import os\nX = os.environ['X']\n",
    "a branch on a kind": "def f(kind):\n    if kind == 'reel':\n        return 1\n",
    "a missing docstring": "def f():\n    return 1\n",
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, what: str) -> None:
    file = tmp_path / "lib" / "app" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(PLANTED[what])
    module = [read(file, tmp_path)]
    found = {
        "a long function": too_large(module),
        "a broad except": broad_excepts(module),
        "a bare except": broad_excepts(module),
        "an environment read": environment_reads(module),
        "a branch on a kind": kind_tests(module),
        "a missing docstring": undocumented(module),
    }
    assert found[what]
