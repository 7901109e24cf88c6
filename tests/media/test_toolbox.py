"""A run is a child process: it dies at its deadline, with its parent, and says why it failed."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from lib.core.errors import ToolFailed
from lib.media import worker
from lib.media.picture import background as painter
from lib.media.toolbox import MediaTools
from lib.ports import ToolCall
from lib.settings import ROOT
from tests.media.conftest import FILM, KITS, look
from tests.waiting import until

SLUG = KITS.slugs()[0]


def background(tmp_path: Path, **changes: Any) -> ToolCall:
    params = {
        "look": look(SLUG),
        "seed": "s",
        "variant": "dark",
        "width": 270,
        "height": 480,
        "photo": None,
        **changes,
    }
    made = {"background": tmp_path / "background.webp"}
    return ToolCall("background", params, {}, made, tmp_path, 60.0)


def test_a_tool_makes_its_files_in_a_child_process(tools: MediaTools, tmp_path: Path) -> None:
    tools.run(background(tmp_path))
    facts = tools.probe(tmp_path / "background.webp", "image/webp")
    assert (facts["media_type"], facts["width"], facts["height"]) == ("image/webp", 270, 480)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 1}, "parameter width"),
        ({"surprise": 1}, "parameter surprise"),
        ({"photo": "nobody/photo.jpg"}, "in none of the folders"),
    ],
)
def test_wrong_parameters_fail_for_good_and_name_what_is_wrong(
    tools: MediaTools, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ToolFailed, match=words) as failed:
        tools.run(background(tmp_path, **changes))
    assert failed.value.permanent


def test_an_unknown_tool_is_refused_with_the_choices(tools: MediaTools, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no such tool; there are background"):
        tools.run(ToolCall("paint", {}, {}, {}, tmp_path, 5.0))


def reel(tmp_path: Path, deadline_s: float, seconds: int = 60) -> ToolCall:
    params = {
        "look": look(SLUG),
        "variant": "dark",
        "template": FILM,
        "title": "A long reel",
        "lines": ["one", "two"],
        "seconds": seconds,
        "fps": 30,
        "width": 1080,
        "height": 1920,
        "music": None,
        "seed": "s",
    }
    needs = {"background": tmp_path / "background.webp"}
    return ToolCall(
        "reel_video", params, needs, {"video": tmp_path / "v.mp4"}, tmp_path, deadline_s
    )


def alive(mark: str) -> list[int]:
    """Return the processes whose command line names a file."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in entry.read_bytes().decode(errors="replace"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def test_a_tool_that_takes_too_long_is_killed_with_everything_it_started(
    tools: MediaTools, tmp_path: Path
) -> None:
    tools.run(background(tmp_path, width=1242, height=2208))
    with pytest.raises(ToolFailed, match="no answer in 2 s and was killed") as failed:
        tools.run(reel(tmp_path, deadline_s=2.0))
    assert not failed.value.permanent
    assert until(lambda: not alive(str(tmp_path)))


def test_a_tool_that_the_system_kills_may_be_tried_again(tools: MediaTools, tmp_path: Path) -> None:
    tools.run(background(tmp_path, width=1242, height=2208))
    failures: list[ToolFailed] = []

    def work() -> None:
        try:
            tools.run(reel(tmp_path, deadline_s=60.0))
        except ToolFailed as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    mark = str(tmp_path / "picture.mp4")
    assert until(lambda: alive(mark)), "the encoder never started"
    fields = Path(f"/proc/{alive(mark)[0]}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(fields[1]), signal.SIGKILL)  # the encoder's parent: our worker
    thread.join(20)
    assert [error.permanent for error in failures] == [False]
    assert "killed by signal 9" in str(failures[0])
    assert until(lambda: not alive(str(tmp_path)))


def test_an_input_that_is_no_picture_fails_for_good(tools: MediaTools, tmp_path: Path) -> None:
    (tmp_path / "background.webp").write_bytes(b"RIFF????WEBPnot a picture")
    with pytest.raises(ToolFailed, match="an input or output cannot be used") as failed:
        tools.run(reel(tmp_path, deadline_s=30.0))
    assert failed.value.permanent


def test_a_look_without_its_palette_is_named(tools: MediaTools, tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="parameter 'palette' is missing") as failed:
        tools.run(background(tmp_path, look={"brand": "none"}))
    assert failed.value.permanent


def test_an_input_that_was_not_given_is_named_as_one(tools: MediaTools, tmp_path: Path) -> None:
    call = dataclasses.replace(reel(tmp_path, deadline_s=30.0), needs={})
    with pytest.raises(ToolFailed, match="there is no 'background'; there are none"):
        tools.run(call)


def test_a_machine_without_memory_says_nothing_against_the_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    call = {"tool": "background", "params": {}, "needs": {}, "makes": {}, "kits": []}
    asked = json.dumps({**call, "workdir": str(tmp_path), "assets": str(tmp_path)})
    monkeypatch.setattr(sys, "stdin", io.StringIO(asked))
    monkeypatch.setattr(worker, "die_with_parent", lambda: None)
    monkeypatch.setattr(painter, "run", greedy)
    assert worker.main() == 0
    assert "the memory is used up" in json.loads(capsys.readouterr().out)["away"]


PARENT = """
import json, sys
from pathlib import Path
from lib.media import worker
from lib.media.picture import background as painter
from lib.media.toolbox import MediaTools
from lib.ports import ToolCall
given = json.loads(sys.argv[1])
tools = MediaTools(assets=Path(given["assets"]), kits=[Path(given["assets"]) / "brands"])
made = {slot: Path(file) for slot, file in given["makes"].items()}
needs = {slot: Path(file) for slot, file in given["needs"].items()}
tools.run(ToolCall(given["tool"], given["params"], needs, made, Path(given["workdir"]), 120.0))
"""


def test_a_killed_studio_leaves_no_orphan_at_work(tools: MediaTools, tmp_path: Path) -> None:
    tools.run(background(tmp_path, width=1242, height=2208))
    call = reel(tmp_path, deadline_s=120.0)
    given = {
        "assets": str(ROOT / "assets"),
        "tool": call.tool,
        "params": call.params,
        "needs": {slot: str(file) for slot, file in call.needs.items()},
        "makes": {slot: str(file) for slot, file in call.makes.items()},
        "workdir": str(tmp_path),
    }
    parent = subprocess.Popen([sys.executable, "-c", PARENT, json.dumps(given)], cwd=ROOT)
    try:
        assert until(lambda: alive(f"{tmp_path}/picture.mp4")), "the encoder never started"
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert until(lambda: not alive(str(tmp_path)))
