"""Reads the project's own source as trees; every rule of the house is a function over these."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Rooms of production code.
ROOMS = ("lib", "functions", "main.py", "infra")


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, path and tree."""

    name: str
    path: Path
    tree: ast.Module
    text: str


def read(path: Path, root: Path = ROOT) -> Module:
    text = path.read_text(encoding="utf-8")
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    return Module(name, path, ast.parse(text), text)


def modules(root: Path = ROOT) -> list[Module]:
    found: list[Module] = []
    for room in ROOMS:
        place = root / room
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        found += [read(file, root) for file in files]
    return found


def imports(module: Module) -> Iterator[tuple[str, int, bool]]:
    """Yield what a module imports: dotted name, line, and whether it is at the top level.

    A relative import is yielded by its full name, so that no rule can be walked around.
    """
    package = module.name if module.path.name == "__init__.py" else module.name.rpartition(".")[0]
    top = {id(node) for node in module.tree.body}
    guarded = {
        id(inner)
        for node in module.tree.body
        if isinstance(node, ast.If)
        for inner in ast.walk(node)
    }
    for node in ast.walk(module.tree):
        outer = id(node) in top or id(node) in guarded
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, outer
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            start = [*above, node.module] if node.level else [node.module]
            for alias in node.names:
                yield ".".join([*filter(None, start), alias.name]), node.lineno, outer


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def tracked() -> list[Path]:
    """Return every file that git tracks or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]
