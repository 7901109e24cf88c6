"""A reel in parts: the very frames of the whole, joined without encoding, each part by itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

import pytest

from lib.core.errors import ToolFailed
from lib.media.probe import probe
from lib.media.reel import join as reel_join
from lib.media.reel import part as reel_part
from lib.media.reel import sound as reel_sound
from lib.media.reel import video as reel_video
from lib.media.reel.planes import Frame
from lib.media.reel.video import Params, composer
from lib.media.room import Room
from tests.bench import reel_scene
from tests.media.conftest import ASSETS, paint
from tests.media.test_reel import FPS, SECONDS, SLUG, packets, params

FRAMES = SECONDS * FPS
#: Long enough for lines to come in scenes, so that some leave again.
MANY = ["One line of several words"] * 6


@pytest.fixture(scope="module")
def background(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("background")
    return paint(Room(ASSETS, (ASSETS / "brands",), folder), SLUG, (622, 1104))


def spans(count: int) -> Iterator[range]:
    """Yield the numbers of the frames of so many parts."""
    for part in range(count):
        yield range(FRAMES * part // count, FRAMES * (part + 1) // count)


def hashes(room: Room, background: Path, numbers: range) -> list[str]:
    """Compose frames as one part would, and return what each is."""
    wanted = Params.model_validate(params(lines=MANY, width=270, height=480))
    frames, frame = composer(wanted, background, room), Frame((270, 480))
    found = []
    for number in numbers:
        frames.compose(number, frame)
        found.append(hashlib.sha256(frame.data).hexdigest())
    return found


def test_the_frames_of_parts_are_those_of_the_whole(room: Room, background: Path) -> None:
    whole = hashes(room, background, range(FRAMES))
    assert len(set(whole)) == FRAMES  # the camera never stands still
    for count in (2, 6, 7):
        in_parts = [one for span in spans(count) for one in hashes(room, background, span)]
        assert in_parts == whole, f"{count} parts"


@pytest.mark.parametrize("count", [1, 2, 6])
def test_parts_become_one_film_with_every_frame_and_the_sound(
    room: Room, background: Path, count: int
) -> None:
    files = {"sound": room.workdir / "sound.m4a"}
    reel_sound.run({"music": "daybreak", "seconds": SECONDS}, {}, files, room)
    slots = []
    for number, span in enumerate(spans(count), start=1):
        slots.append(f"video_{number}")
        files[slots[-1]] = room.workdir / f"it's part {number}.mp4"
        wanted = params(first=span[0], count=len(span))
        del wanted["music"]
        made = {slots[-1]: files[slots[-1]]}
        reel_part.run(wanted, {"background": background}, made, room)
    joined = room.workdir / "joined.mp4"
    reel_join.run({"parts": slots, "seconds": SECONDS}, files, {"video": joined}, room)
    facts = probe(joined, "video/mp4")
    assert (facts["frames"], facts["fps"], facts["steady"]) == (FRAMES, FPS, True)
    assert (facts["faststart"], facts["edit_list"]) == (True, False)
    assert facts["lufs"] == pytest.approx(-14, abs=0.2)
    assert facts["drift_s"] <= 1 / FPS
    keys = [packet["pts"] for packet in packets(joined) if "K" in packet["flags"]]
    assert len(keys) == count  # each part begins with one, and refers to nothing before it


def test_the_same_part_twice_is_the_same_file_byte_by_byte(room: Room, background: Path) -> None:
    wanted = params(first=17, count=40)
    made = [room.workdir / f"{number}.mp4" for number in range(2)]
    for file in made:
        reel_part.run(wanted, {"background": background}, {"video_1": file}, room)
    assert made[0].read_bytes() == made[1].read_bytes()


def test_the_same_reel_twice_is_the_same_file_byte_by_byte(room: Room, background: Path) -> None:
    made = [room.workdir / f"{number}.mp4" for number in range(2)]
    for file in made:
        reel_video.run(params(seconds=2), {"background": background}, {"video": file}, room)
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("tool", [reel_video, reel_part])
def test_a_machine_of_one_core_makes_the_same_file(
    room: Room, background: Path, tool: ModuleType
) -> None:
    wanted = params(seconds=2, width=1080, height=1920)
    if tool is reel_part:
        wanted |= {"first": 0, "count": 40}
    made, cores = [], os.sched_getaffinity(0)
    for number, allowed in enumerate((cores, {min(cores)})):
        made.append(room.workdir / f"{number}.mp4")
        os.sched_setaffinity(0, allowed)
        try:
            tool.run(wanted, {"background": background}, {"video": made[-1]}, room)
        finally:
            os.sched_setaffinity(0, cores)
    assert made[0].read_bytes() == made[1].read_bytes()


def test_a_part_beyond_the_end_is_refused(room: Room, background: Path) -> None:
    wanted = params(first=FRAMES - 10, count=11)
    with pytest.raises(ValueError, match="the reel ends with frame 120"):
        reel_part.run(wanted, {"background": background}, {"v": room.workdir / "v.mp4"}, room)


def test_a_part_that_is_no_film_is_not_joined(room: Room) -> None:
    files = {name: room.workdir / name for name in ("video_1", "sound")}
    files["video_1"].write_text("ffconcat version 1.0\nfile other.mp4\n")
    reel_sound.run({"music": None, "seconds": 2}, {}, {"sound": room.workdir / "s.m4a"}, room)
    files["sound"] = room.workdir / "s.m4a"
    video = {"video": room.workdir / "v.mp4"}
    with pytest.raises(ToolFailed, match="the joiner"):
        reel_join.run({"parts": ["video_1"], "seconds": 2}, files, video, room)


@pytest.mark.parametrize(("seconds", "last"), [(10, "reel_video"), (30, "reel_join")])
def test_the_bench_renders_what_the_recipe_plans(
    tmp_path: Path, seconds: Literal[10, 30], last: str
) -> None:
    stage = reel_scene.build(tmp_path, SLUG, seconds)
    assert stage.frames == 30 * seconds
    assert stage.steps[-1].tool == last
