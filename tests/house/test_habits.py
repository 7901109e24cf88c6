"""Habits that rot a house: broad excepts, the environment, branches on a kind, async twins."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.house.source import Module, imports, modules, read

#: The only broad excepts, one each: where any fault becomes an entry of the ledger, and the
#: function boundary.
BROAD = {("lib.app.perform", "_try"): 1, ("lib.delivery", "_call"): 1}
#: The exception holder has no ``except`` of its own but hides as much as one, so whoever opens
#: it is named here too: each looks at ``error`` and answers for it.
HOLDER = "lib.adapters.local.caught"
HOLDS = {f"lib.adapters.local.{name}" for name in ("database", "group_commit", "outbox", "ticker")}
#: The second hands it on to Terraform, less what would lead that to somebody's real project.
READS_ENVIRONMENT = {"lib.settings", "infra.offline.terraform"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
#: Rooms in which a kind means a kind of work; elsewhere the word has other meanings.
DOMAIN = ("lib.core", "lib.app", "lib.cli", "functions")


def word(node: ast.expr | None) -> str:
    """Return the last name of an expression: of ``x``, ``a.x`` and ``a["x"]`` it is x."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return getattr(node, "id", "") or getattr(node, "attr", "")


def broad(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Tuple):
        return any(broad(name) for name in node.elts)
    return node is None or word(node) in ("Exception", "BaseException")


def swallows(node: ast.AST) -> bool:
    """Tell whether a node hides any fault whatever; one that raises it again hides nothing."""
    if isinstance(node, ast.ExceptHandler):
        last = node.body[-1]
        return broad(node.type) and not (isinstance(last, ast.Raise) and last.exc is None)
    return (
        isinstance(node, ast.Call)
        and word(node.func) == "suppress"
        and any(broad(name) for name in node.args)
    )


def broad_excepts(found: list[Module]) -> Counter[tuple[str, str]]:
    """Count the broad excepts by module and innermost function (``""`` outside of any)."""
    places: Counter[tuple[str, str]] = Counter()

    def visit(module: str, function: str, node: ast.AST) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function = node.name
        if swallows(node):
            places[module, function] += 1
        for child in ast.iter_child_nodes(node):
            visit(module, function, child)

    for module in found:
        visit(module.name, "", module.tree)
    return places


def environment_reads(found: list[Module]) -> set[str]:
    return {
        module.name
        for module in found
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT)
        or (isinstance(node, ast.ImportFrom) and ENVIRONMENT & {a.name for a in node.names})
    }


def kind_tests(found: list[Module]) -> list[str]:
    """Return every comparison of a kind outside the recipes."""
    faults = []
    for module in found:
        if not module.name.startswith(DOMAIN) or module.name.startswith("lib.core.recipes"):
            continue
        for node in ast.walk(module.tree):
            sides: list[ast.expr] = []
            if isinstance(node, ast.Compare):
                sides = [node.left, *node.comparators]
            elif isinstance(node, ast.Match):
                sides = [node.subject]
            if any(word(side) == "kind" for side in sides):
                faults.append(f"{module.name}:{getattr(node, 'lineno', 0)}")
    return faults


def asynchronous(found: list[Module]) -> list[str]:
    kinds = ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await
    return [
        f"{module.name}:{node.lineno}"
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, kinds)
    ]


def test_faults_are_caught_broadly_in_two_places_only() -> None:
    assert broad_excepts(modules()) == BROAD


def test_exceptions_are_held_by_those_who_answer_for_them() -> None:
    holders = {
        module.name
        for module in modules()
        if any(target.startswith(f"{HOLDER}.") for target, _, _ in imports(module))
    }
    assert holders == HOLDS


def test_only_the_settings_read_the_environment() -> None:
    assert environment_reads(modules()) == READS_ENVIRONMENT


def test_a_kind_is_a_recipe_and_not_a_branch() -> None:
    assert kind_tests(modules()) == []


def test_everything_is_synchronous() -> None:
    assert asynchronous(modules()) == []


TRY = "try:\n    g()\nexcept {}:\n    pass\n"
PLANTED = [
    (broad_excepts, TRY.format("Exception")),
    (broad_excepts, TRY.format("(OSError, BaseException)")),
    (broad_excepts, TRY.format("builtins.Exception")),
    (broad_excepts, "async def f():\n    try:\n        g()\n    except:\n        pass\n"),
    (broad_excepts, "with contextlib.suppress(Exception):\n    g()\n"),
    (environment_reads, "import os\nX = os.environ['X']\n"),
    (environment_reads, "import os as system\nX = system.getenv('X')\n"),
    (environment_reads, "from os import environ\n"),
    (kind_tests, "def f(kind):\n    if kind == 'reel':\n        return 1\n"),
    (kind_tests, "x = 'reel' != work.kind\n"),
    (kind_tests, "x = record['kind'] in ('reel', 'post')\n"),
    (kind_tests, "match work.kind:\n    case 'reel':\n        pass\n"),
    (asynchronous, "async def f():\n    return 1\n"),
]
INNOCENT = [
    (broad_excepts, TRY.format("OSError")),
    (broad_excepts, "try:\n    g()\nexcept BaseException:\n    h()\n    raise\n"),
    (environment_reads, "X = 'os.environ'  # os.getenv\n"),
    (kind_tests, "for kind in KINDS:\n    plan = RECIPES[kind]\n"),
]


@pytest.mark.parametrize(("rule", "text"), PLANTED)
def test_a_planted_fault_is_found(tmp_path: Path, rule, text: str) -> None:
    assert rule(planted(tmp_path, text))


@pytest.mark.parametrize(("rule", "text"), INNOCENT)
def test_what_is_innocent_is_not_called_a_fault(tmp_path: Path, rule, text: str) -> None:
    assert not rule(planted(tmp_path, text))


def test_two_broad_excepts_in_one_function_are_two(tmp_path: Path) -> None:
    body = "    try:\n        g()\n    except Exception:\n        pass\n"
    assert broad_excepts(planted(tmp_path, f"def f():\n{body}{body}"))["lib.app.x", "f"] == 2


def planted(root: Path, text: str) -> list[Module]:
    file = root / "lib" / "app" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return [read(file, root)]
