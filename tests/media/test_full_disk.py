"""A disk that is full while a tool writes: the tool says so, and the call is not to blame."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from lib.core.errors import ToolFailed, Unavailable
from lib.media import toolbox
from lib.media.runner import ffmpeg_run
from lib.ports import ToolCall
from lib.settings import Settings
from lib.wiring import parts
from tests.media.conftest import ASSETS

FULL = os.strerror(errno.ENOSPC)
#: What ffmpeg 6.0 says when its output finds no room.
WORDS = f"""[out#0/mp4 @ 0x1] Error muxing a packet
av_interleaved_write_frame(): {FULL}
[out#0/mp4 @ 0x1] Error writing trailer: {FULL}
Conversion failed!
"""


def test_a_program_that_found_the_disk_full_is_not_to_blame() -> None:
    with pytest.raises(Unavailable, match="the disk is full"):
        ffmpeg_run.check(1, what="reel", words=WORDS)
    with pytest.raises(ToolFailed):
        ffmpeg_run.check(1, what="reel", words=f"title: {FULL} and more\nno such filter\n")
    ffmpeg_run.check(0, what="reel", words=WORDS)


def test_a_program_that_stopped_reading_on_a_full_disk_is_not_to_blame() -> None:
    script = f"import sys; sys.stderr.write({WORDS!r})"
    pipe = ffmpeg_run.Pipe([sys.executable, "-c", script], what="reel")
    try:
        with pytest.raises(Unavailable, match="the disk is full"):
            pipe.write(bytes(64 << 20))  # far more than a pipe holds
    finally:
        pipe.kill()


def test_a_tool_without_room_is_away_and_has_not_failed() -> None:
    with pytest.raises(Unavailable, match="stills: the disk is full"):
        toolbox._judge("stills", 0, b'{"away": "the disk is full"}', "")


def test_a_tool_that_writes_onto_a_full_disk_says_so(tmp_path: Path) -> None:
    full = Path("/dev/full")
    (tmp_path / "out.webp").symlink_to(full)
    kit = parts.brands(Settings()).get("two-wheels")
    tools = toolbox.MediaTools(assets=ASSETS, kits=(ASSETS / "brands",))
    params = {
        "look": kit.look(),
        "seed": "seed",
        "variant": "dark",
        "width": 200,
        "height": 200,
        "photo": None,
    }
    call = ToolCall("background", params, {}, {"background": tmp_path / "out.webp"}, tmp_path, 60)
    with pytest.raises(Unavailable, match="the disk is full"):
        tools.run(call)
