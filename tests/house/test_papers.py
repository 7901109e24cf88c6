"""What the papers say is what is there: commands, dependencies, tools, ignore files."""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lib.app import desk
from lib.cli.__main__ import _ROOMS
from lib.cli.parser import build_parser, parse
from lib.core.tools import TOOLS
from lib.media import tools as media
from lib.settings import PREFIX, Settings
from tests.house.source import ROOT, modules, tracked

#: Paths of one machine, hosts of registries: nothing of the kind belongs into the project.
MACHINE = re.compile(
    r"(?<![\w.])/(?:work|root|home/\w+|farm)/|/tmp/[a-z]"
    r"|pypi\.org|npmjs\.(?:org|com)|deb\.debian\.org|files\.pythonhosted"
)


def commands(text: str) -> list[list[str]]:
    """Return every ./brandcast command of a document's code blocks, as words."""
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    indented = "\n".join(re.findall(r"^(?:    |\t)(.*)$", text, re.MULTILINE))
    lines = re.findall(r"^(?:\$ )?\./brandcast (.*)$", f"{fenced}\n{indented}", re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def flags(parser: argparse.ArgumentParser) -> set[str]:
    """Return every long option of a parser and of the commands below it."""
    found: set[str] = set()
    for action in parser._actions:
        found |= {option for option in action.option_strings if option.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            found |= {flag for below in action.choices.values() for flag in flags(below)}
    return found


def unpinned(text: str) -> list[str]:
    """Return the requirements that do not name exactly one version."""
    exact = re.compile(r"[\w.-]+==[\w.]+(?: ; .+)?")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [x for x in lines if x and not x.startswith("-r ") and not exact.fullmatch(x)]


def test_the_commands_of_the_readme_are_the_ones_that_run() -> None:
    found = commands((ROOT / "README.md").read_text())
    assert {words[0] for words in found} >= {"up", "test", "burst", "jobs", "verify", "doctor"}
    for words in found:
        assert parse(words).command == words[0]


def test_every_option_of_the_readme_exists() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", (ROOT / "README.md").read_text()))
    assert named - flags(build_parser()) == set()


def test_every_setting_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", text))
    assert named == {field.name.upper() for field in dataclasses.fields(Settings)}


def test_a_planted_command_of_either_kind_of_block_is_read() -> None:
    text = (
        "```sh\n$ ./brandcast up --port 0  # why\n```\n\n    ./brandcast jobs\n\n./brandcast no\n"
    )
    assert commands(text) == [["up", "--port", "0"], ["jobs"]]


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
    text = (ROOT / name).read_text()
    assert unpinned(text) == []
    packages = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
    assert packages
    assert [package for package in packages if f"`{package}`" not in design] == []


def test_planted_loose_requirements_are_found() -> None:
    loose = ["rich", "rich>=15", "rich~=15.0", "rich==15.*", "rich==1,<2"]
    assert unpinned("\n".join([*loose, "-r x.txt", "rich==15.0.0 ; x == 1  # why"])) == loose


def test_the_tools_of_the_plans_are_the_tools_that_exist() -> None:
    assert set(TOOLS) == set(desk.TOOLS) | set(media.TOOLS)
    assert all(
        (ROOT / f"{module.replace('.', '/')}.py").is_file() for module in media.TOOLS.values()
    )


def test_git_does_not_hide_our_own_rooms() -> None:
    for room in ("lib/x.py", "lib/core/x.py", "functions/x.py", "assets/brands/x.toml"):
        command = ["git", "check-ignore", "-q", room]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 1, room


@pytest.mark.parametrize(
    "leaving",
    [
        ".brandcast/studio.db",
        ".brandcast-20261121-000000/studio.db",
        ".venv/x",
        ".venv.lock",
        "lib/__pycache__/x.pyc",
    ],
)
def test_what_running_leaves_behind_is_ignored(leaving: str) -> None:
    ignored = ["git", "check-ignore", "-q", leaving]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0


def test_the_upload_hides_what_git_hides() -> None:
    assert "#!include:.gitignore" in (ROOT / ".gcloudignore").read_text().splitlines()


def test_nothing_names_a_path_of_a_machine_or_a_registry() -> None:
    named = []
    for file in tracked():
        if file == Path(__file__).resolve() or file.suffix in (".png", ".m4a", ".otf", ".ttf"):
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        named += [f"{file.relative_to(ROOT)}: {hit.group()}" for hit in MACHINE.finditer(text)]
    assert named == []


@pytest.mark.parametrize(
    "text",
    ["x = '/home/" + "ann/x'", "see /" + "work/x", "/tmp/" + "scratch", "https://pypi" + ".org"],
)
def test_a_planted_path_of_a_machine_is_found(text: str) -> None:
    assert MACHINE.search(text)


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
