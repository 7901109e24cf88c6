"""The launcher on its own: a copy of it in a folder with nothing to install and a tiny CLI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.source import ROOT

#: Programs that the launcher needs besides Python and bash.
NEEDED = ("bash", "cat", "dirname", "flock", "id", "mv", "readlink", "rm", "sha256sum", "tail")
CLI = "import os, sys\nprint('ours', os.getcwd(), *sys.argv[1:])\nsys.exit(len(sys.argv) - 1)\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house whose environment was made by the launcher itself."""
    house = build(tmp_path_factory.mktemp("made") / "house")
    assert launch(house).returncode == 0
    return house


def build(house: Path) -> Path:
    (house / "lib" / "cli").mkdir(parents=True)
    (house / "functions").mkdir()
    shutil.copy(ROOT / "brandcast", house / "brandcast")
    for name in ("requirements.txt", "requirements-dev.txt", "main.py"):
        (house / name).touch()
    (house / "lib" / "__init__.py").touch()
    (house / "lib" / "cli" / "__init__.py").touch()
    (house / "lib" / "cli" / "__main__.py").write_text(CLI)
    return house


def launch(
    house: Path, *words: str, cwd: Path | None = None, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(house / "brandcast"), *words],
        cwd=cwd or house,
        env={"PATH": path or os.environ["PATH"], "HOME": str(house)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def programs(folder: Path, *more: str) -> Path:
    """A folder that holds only what the launcher needs; Python is not among it."""
    folder.mkdir()
    for name in (*NEEDED, *more):
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return folder


def script(file: Path, text: str) -> None:
    file.write_text(f"#!/usr/bin/env bash\n{text}\n")
    file.chmod(0o755)


def test_what_is_up_to_date_is_started_without_a_word(made: Path) -> None:
    again = launch(made, "jobs", "--json")
    assert again.stderr == ""
    assert again.stdout.split() == ["ours", str(made), "jobs", "--json"]


def test_the_exit_code_is_the_one_of_the_command(made: Path) -> None:
    assert launch(made).returncode == 0
    assert launch(made, "jobs", "--failed").returncode == 2


def test_it_runs_our_code_from_a_folder_that_has_a_lib_of_its_own(
    made: Path, tmp_path: Path
) -> None:
    (tmp_path / "lib" / "cli").mkdir(parents=True)
    (tmp_path / "lib" / "__init__.py").write_text("raise SystemExit('a stranger')")
    (tmp_path / "brandcast").symlink_to(made / "brandcast")
    done = launch(tmp_path, "jobs", cwd=tmp_path)
    assert done.stdout.split() == ["ours", str(tmp_path), "jobs"], done.stderr


def test_a_change_of_the_requirements_is_installed_once(tmp_path: Path, made: Path) -> None:
    house = shutil.copytree(made, tmp_path / "house", symlinks=True)
    (house / "requirements.txt").write_text("# another pin\n")
    assert "installing requirements.txt" in launch(house).stderr
    assert launch(house).stderr == ""


def test_requirements_that_cannot_be_installed_leave_no_stamp(tmp_path: Path, made: Path) -> None:
    house = shutil.copytree(made, tmp_path / "house", symlinks=True)
    (house / "requirements.txt").write_text("./no-such-folder\n")
    for _ in range(2):
        done = launch(house)
        assert done.returncode == 2
        assert "could not install requirements.txt" in done.stderr


@pytest.mark.parametrize("damage", ["the Python is gone", "it was half made"])
def test_a_broken_environment_is_made_anew(tmp_path: Path, damage: str) -> None:
    house = build(tmp_path / "house")
    python = house / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    if damage == "the Python is gone":
        python.symlink_to(tmp_path / "python3.9")
        (house / ".venv" / ".requirements.txt.sha256").write_text("believed")
    else:
        script(python, "exit 1")
    done = launch(house, "jobs")
    assert done.stdout.startswith("ours"), done.stderr


def test_two_launchers_at_once_make_one_environment(tmp_path: Path) -> None:
    house = build(tmp_path / "house")
    both = [
        subprocess.Popen(
            [str(house / "brandcast")],
            cwd=house,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum(words.count("making .venv") for _, words in said) == 1


def test_without_a_python_it_says_what_to_install(tmp_path: Path) -> None:
    house = build(tmp_path / "house")
    done = launch(house, path=str(programs(tmp_path / "bin", "env")))
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert "Python 3.11" in lines[0]


def test_a_python_that_cannot_make_environments_is_named(tmp_path: Path) -> None:
    house = build(tmp_path / "house")
    path = programs(tmp_path / "bin", "env")
    script(path / "python3", '[ "$1" = -c ] || { echo "ensurepip is not available"; exit 1; }')
    done = launch(house, path=str(path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "ensurepip is not available" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (house / ".venv").exists()


@pytest.mark.parametrize(
    ("command", "ci", "code"), [("up", "true", 1), ("test", "", 1), ("test", "true", 2)]
)
def test_a_missing_system_package_fails_the_tests_in_ci_and_is_said_elsewhere(
    tmp_path: Path, made: Path, command: str, ci: str, code: int
) -> None:
    house = shutil.copytree(made, tmp_path / "house", symlinks=True)
    stamp = house / ".venv" / ".requirements.txt.sha256"
    shutil.copy(stamp, stamp.with_name(".requirements-dev.txt.sha256"))
    path = programs(tmp_path / "bin", "env", "grep")
    script(path / "ldconfig", "echo nothing")
    done = subprocess.run(
        [str(house / "brandcast"), command],
        env={"PATH": str(path), "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "libfribidi0 is missing" in done.stderr
