"""The video that is made: measured by its packets, its pixels and its sound."""

from __future__ import annotations

import itertools
import json
import subprocess
from array import array
from pathlib import Path
from typing import Any

import ffmpeg
import pytest

from lib.core.errors import ToolFailed
from lib.media.probe import probe
from lib.media.reel import video as reel_video
from lib.media.room import Room
from lib.media.runner.binaries import find
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of
from lib.media.sound import music
from tests.media.conftest import ASSETS, FILM, KITS, look, paint

SLUG = KITS.slugs()[0]
SECONDS, FPS = 4, 30


def params(**changes: Any) -> dict[str, Any]:
    return {
        "look": look(SLUG),
        "variant": "dark",
        "template": FILM,
        "title": "Bread goes stale in the cold",
        "lines": ["Bread goes stale faster in the refrigerator", "The freezer keeps it fresh"],
        "seconds": SECONDS,
        "fps": FPS,
        "width": 540,
        "height": 960,
        "music": "daybreak",
        "seed": "s",
        **changes,
    }


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one small reel for all measurements."""
    folder = tmp_path_factory.mktemp("reel")
    room = Room(ASSETS, (ASSETS / "brands",), folder)
    needs = {"background": paint(room, SLUG, (622, 1104))}
    reel_video.run(params(), needs, {"video": folder / "v.mp4"}, room)
    return folder / "v.mp4"


def packets(file: Path) -> list[dict[str, Any]]:
    command = [find().ffprobe, "-v", "error", "-of", "json", "-select_streams", "v:0"]
    command += ["-show_packets", str(file)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return list(told["packets"])


def pixels(file: Path, at_s: float) -> bytes:
    command = [find().ffmpeg, "-v", "error", "-ss", str(at_s), "-i", str(file), "-frames:v", "1"]
    command += ["-vf", "scale=90:160:flags=area,format=gray", "-f", "rawvideo", "pipe:1"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_it_is_what_the_platforms_want(video: Path) -> None:
    facts = probe(video, "video/mp4")
    assert facts["media_type"] == "video/mp4"
    assert (facts["width"], facts["height"], facts["fps"]) == (540, 960, 30.0)
    assert (facts["video_codec"], facts["pixel_format"]) == ("h264", "yuv420p")
    assert facts["audio_codec"] == "aac"
    assert facts["faststart"] is True
    assert facts["frames"] == SECONDS * FPS
    assert facts["seconds"] == pytest.approx(SECONDS, abs=0.001)
    assert facts["spread"] > 4


def test_frames_follow_each_other_evenly_and_no_edit_list_hides_any(video: Path) -> None:
    times = sorted(float(packet["pts_time"]) for packet in packets(video))
    steps = {round(after - before, 4) for before, after in itertools.pairwise(times)}
    assert len(times) == SECONDS * FPS
    assert all(abs(step - 1 / FPS) < 0.0002 for step in steps)
    assert b"elst" not in video.read_bytes()


def test_its_music_is_as_loud_as_the_platforms_play_it_and_does_not_clip(video: Path) -> None:
    facts = probe(video, "video/mp4")
    assert facts["lufs"] == pytest.approx(-14, abs=0.2)
    assert facts["true_peak_dbtp"] <= -1


def test_sound_and_picture_begin_and_end_together(video: Path, tmp_path: Path) -> None:
    facts = probe(video, "video/mp4")
    assert abs(facts["audio_seconds"] - facts["seconds"]) < 1 / FPS
    ordered, delivered = tmp_path / "ordered.wav", tmp_path / "delivered.wav"
    bed = music.bed(ASSETS / "music" / "daybreak.m4a", SECONDS)
    for sound, file in ((bed, ordered), (ffmpeg.input(name_of(video)).audio, delivered)):
        graph = sound.output(name_of(file), ac=1, ar=8000, acodec="pcm_s16le", f="s16le")
        run_ffmpeg(graph, what="x", deadline_s=30)
    one, other = (array("h", file.read_bytes()) for file in (ordered, delivered))
    middle = range(12_000, 20_000)

    def likeness(late: int) -> int:
        return sum(one[i] * other[i + late] for i in middle)

    late_s = max(range(-600, 600), key=likeness) / 8000
    assert 0 <= late_s < 1 / FPS


def test_the_title_is_there_from_the_first_frame_and_the_lines_come_later(video: Path) -> None:
    first, last = pixels(video, 0.0), pixels(video, SECONDS - 0.2)
    rows = range(160)

    def bright(frame: bytes, top: int, bottom: int) -> int:
        return sum(1 for row in rows[top:bottom] for x in range(90) if frame[row * 90 + x] > 130)

    assert bright(first, 24, 48) > 40
    assert bright(last, 52, 110) > bright(first, 52, 110) + 40


def test_the_camera_moves_slowly_all_the_time(video: Path) -> None:
    frames = [pixels(video, at) for at in (0.0, 1.0)]
    foot = slice(140 * 90, 160 * 90)  # below all words
    moved = sum(abs(a - b) for a, b in zip(frames[0][foot], frames[1][foot], strict=True))
    assert moved > 0


def test_a_reel_without_music_has_a_silent_track(room: Room) -> None:
    needs = {"background": paint(room, SLUG, (622, 1104))}
    made = {"video": room.workdir / "quiet.mp4"}
    reel_video.run(params(music=None, seconds=2), needs, made, room)
    facts = probe(made["video"], "video/mp4")
    assert facts["audio_codec"] == "aac"
    assert facts["lufs"] <= -60


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lines": ["word " * 60] * 6}, "do not fit together"),
        ({"title": "Title " * 80}, "does not fit"),
        ({"music": "nothing"}, "no bed 'nothing'"),
        ({"lines": ["Good 𐎀 morning"]}, "no bundled font has"),
    ],
)
def test_words_that_cannot_be_shown_and_beds_that_are_not_there_fail_in_words(
    room: Room, changes: dict[str, Any], words: str
) -> None:
    needs = {"background": paint(room, SLUG, (622, 1104))}
    with pytest.raises(ToolFailed, match=words):
        reel_video.run(params(**changes), needs, {"video": room.workdir / "v.mp4"}, room)


HOSTILE: dict[str, bytes] = {
    "nothing at all": b"",
    "a playlist in disguise": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a concat script in disguise": b"ffconcat version 1.0\nfile other.mp4\n",
    "plain text": b"not a video",
    "a lone header": b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_bytes_called_a_video_are_unreadable(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "x.mp4"
    file.write_bytes(HOSTILE[kind])
    assert probe(file, "video/mp4")["unreadable"]


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.97])
def test_a_video_that_was_cut_short_is_found_out(video: Path, tmp_path: Path, kept: float) -> None:
    whole = video.read_bytes()
    file = tmp_path / "cut.mp4"
    file.write_bytes(whole[: int(len(whole) * kept)])
    facts = probe(file, "video/mp4")
    assert facts.get("unreadable") or abs(facts["seconds"] - SECONDS) > 0.05


@pytest.mark.parametrize("data", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0junk"])
def test_hostile_bytes_called_a_picture_are_unreadable(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.jpg"
    file.write_bytes(data)
    assert probe(file, "image/jpeg")["unreadable"]


def test_a_sealed_document_is_counted_and_a_broken_one_is_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"entries": [1, 2, 3]}')
    assert probe(file, "application/json")["entries"] == 3
    file.write_text('{"entries": [1, 2')
    assert probe(file, "application/json")["unreadable"]
