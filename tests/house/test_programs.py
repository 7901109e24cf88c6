"""ffmpeg and ffprobe are started in one place, which guards inputs, sets limits and leaves no orphan."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.house.source import Module, imports, modules, read

RUNNER = "lib.media.runner.ffmpeg_run"
#: Who else of the room may start processes: the one that tool runs are forked from.
MAY_START = {RUNNER, "lib.media.fork_client"}
PROGRAMS = {"ffmpeg", "ffprobe"}
#: What ffmpeg-python would start by itself.
STARTS = {"run", "run_async", "probe"}


def starters(found: list[Module]) -> list[str]:
    """Return who could start ffmpeg past the runner."""
    faults = []
    for module in found:
        targets = {target for target, _, _ in imports(module)}
        starts = any(target.split(".")[0] in ("subprocess", "pty") for target in targets)
        knows = any(target.startswith("lib.media.runner.binaries") for target in targets)
        in_room = module.name.startswith("lib.media.")
        if starts and (knows or in_room) and module.name not in MAY_START:
            faults.append(f"{module.name} starts processes")
        builds = any(target.split(".")[0] == "ffmpeg" for target in targets)
        faults += [f"{module.name}:{line}" for line in _calls(module, builds=builds)]
    return faults


def _calls(module: Module, *, builds: bool) -> list[int]:
    lines = []
    for node in ast.walk(module.tree):
        if builds and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            lines += [node.lineno] if node.func.attr in STARTS else []
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            first = node.elts[0]
            named = isinstance(first, ast.Constant) and Path(str(first.value)).name in PROGRAMS
            more = len(node.elts) > 1 and isinstance(node.elts[1], ast.Constant)
            option = more and str(node.elts[1].value).startswith("-")
            lines += [node.lineno] if named and option else []
    return lines


def test_nobody_starts_ffmpeg_past_the_runner() -> None:
    assert starters(modules()) == []


@pytest.mark.parametrize(
    "text",
    [
        "import subprocess\n",
        "from subprocess import run\n",
        "import ffmpeg\nffmpeg.input('x').output('y').run()\n",
        "import ffmpeg\nffmpeg.probe('x')\n",
        "import os\nos.execv('x', ['ffmpeg', '-i', 'x'])\n",
    ],
)
def test_a_planted_start_is_found(tmp_path: Path, text: str) -> None:
    assert starters([planted(tmp_path, "lib/media/x.py", text)])


def test_who_knows_where_ffmpeg_is_starts_nothing(tmp_path: Path) -> None:
    text = "import subprocess\nfrom lib.media.runner.binaries import find\n"
    assert starters([planted(tmp_path, "lib/cli/x.py", text)])


def test_who_builds_a_graph_and_hands_it_over_is_innocent(tmp_path: Path) -> None:
    text = "import ffmpeg\nfrom lib.media.runner.ffmpeg_run import run_ffmpeg\nrun_ffmpeg(ffmpeg.input('x'))\n"
    assert not starters([planted(tmp_path, "lib/media/x.py", text)])


def planted(root: Path, place: str, text: str) -> Module:
    file = root / place
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return read(file, root)
