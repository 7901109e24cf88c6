"""What the papers say is what is there: commands, dependencies, tools, ignore files."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lib.app import desk
from lib.cli.__main__ import _ROOMS
from lib.cli.parser import build_parser
from lib.core.tools import TOOLS
from lib.media import tools as media
from tests.house.source import ROOT, modules, tracked

#: Paths of one machine, hosts of registries: nothing of the kind belongs into the project.
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root|home/\w+|farm)/|/tmp/[a-z]"
    r"|pypi\.org|npmjs\.(?:org|com)|deb\.debian\.org|files\.pythonhosted"
)


def commands(text: str) -> list[list[str]]:
    """Return every ./brandcast command of a document's code blocks, as words."""
    lines = re.findall(r"^(?:    |\t)\./brandcast (.*)$", text, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_the_commands_of_the_readme_are_the_ones_that_run() -> None:
    found = commands((ROOT / "README.md").read_text())
    assert {words[0] for words in found} >= {"up", "test", "burst", "jobs", "verify", "doctor"}
    for words in found:
        with contextlib.redirect_stderr(None):
            assert build_parser().parse_args(words).command == words[0]


def test_every_command_is_in_the_readme_and_has_a_room() -> None:
    text = (ROOT / "README.md").read_text()
    for name, room in _ROOMS.items():
        assert re.search(rf"`(\./brandcast )?{name}\b|\./brandcast {name}\b", text), name
        assert (ROOT / "lib" / "cli" / f"{room}.py").is_file()


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").read_text().count("\n") <= 120


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_and_justified(name: str) -> None:
    design = (ROOT / "DESIGN.md").read_text()
    for line in (ROOT / name).read_text().splitlines():
        wanted = line.partition("#")[0].strip()
        if not wanted or wanted.startswith("-r"):
            continue
        package, pinned, version = wanted.partition("==")
        assert pinned, f"{package} is not pinned"
        assert version
        assert f"`{package}`" in design, f"DESIGN.md does not say why {package}"


def test_the_tools_of_the_plans_are_the_tools_that_exist() -> None:
    assert set(TOOLS) == set(desk.TOOLS) | set(media.TOOLS)
    assert all(
        (ROOT / f"{module.replace('.', '/')}.py").is_file() for module in media.TOOLS.values()
    )


def test_git_does_not_hide_our_own_rooms() -> None:
    for room in ("lib/x.py", "lib/core/x.py", "functions/x.py", "assets/brands/x.toml"):
        command = ["git", "check-ignore", "-q", room]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 1, room
    ignored = ["git", "check-ignore", "-q", ".brandcast/studio.db"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0


def test_nothing_names_a_path_of_a_machine_or_a_registry() -> None:
    named = []
    for file in tracked():
        if file == Path(__file__).resolve() or file.suffix in (".png", ".m4a", ".otf", ".ttf"):
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        named += [f"{file.relative_to(ROOT)}: {hit.group()}" for hit in MACHINE.finditer(text)]
    assert named == []


IMPORT_ALL = """
import importlib, socket, sys

def refuse(*args, **more):
    raise AssertionError("a module opened a connection while it was imported")

socket.socket.connect = refuse
socket.create_connection = refuse
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_imports_with_no_network_and_an_empty_environment() -> None:
    names = [m.name for m in modules() if not m.name.endswith("__main__")]
    env = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""


def test_what_the_launcher_leaves_is_ignored() -> None:
    for left in (".venv/bin/python", ".venv.lock", ".brandcast-20261121-000000/studio.db"):
        command = ["git", "check-ignore", "-q", left]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0, left
