"""What no clip can be made of is refused in words, what only looks odd is not, no file is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lib.core.errors import ToolFailed
from lib.media.footage import footage, ingest, mezzanine
from lib.media.probe import probe
from lib.media.room import Room
from tests.media import films as made_films
from tests.media.films import clip, ffmpeg, film
from tests.media.hostile import films as hostile

Bad = Callable[[Path], None]


def _damaged(file: Path) -> None:
    film(file, picture="testsrc2=s=320x180:r=30", seconds=4.0)
    data = bytearray(file.read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 3
    data[middle : middle + (len(data) - start) // 3] = bytes((len(data) - start) // 3)
    file.write_bytes(data)


def _studio(file: Path) -> None:
    film(file.with_suffix(".mov"), "-c:v", "prores", "-pix_fmt", "yuv422p10le", seconds=0.3)
    file.with_suffix(".mov").rename(file)


def _subtitled(file: Path) -> None:
    said = file.with_suffix(".srt")
    said.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    plain = film(file.with_suffix(".plain.mp4"), seconds=1.0)
    ffmpeg("-i", plain, "-i", said, "-c", "copy", "-c:s", "mov_text", file)


def _text(words: str) -> Bad:
    return lambda file: file.write_text(words) and None


def _askew(file: Path) -> None:
    flat = film(file.with_suffix(".flat.mp4"))
    ffmpeg("-display_rotation", "30", "-i", flat, "-c", "copy", file)


#: What no clip can be made of, and what must be said of it.
BAD: dict[str, tuple[Bad, dict[str, Any], str]] = {
    "cut short": (hostile.FILMS["cut short"], {}, "the film was cut short; copy it again"),
    "damaged": (_damaged, {}, "is damaged: more than 2% of it cannot be decoded; export it again"),
    "no film": (_text("nothing to see\n" * 99), {}, "cannot be read; give an MP4 or MOV"),
    "a sound": (
        lambda file: ffmpeg("-f", "lavfi", "-t", "1", "-i", "sine", "-f", "mp4", file),
        {},
        "has no moving picture; give a film",
    ),
    "of another container": (hostile.FILMS["Matroska"], {}, "cannot be read; give an MP4 or MOV"),
    "too large": (
        hostile.FILMS["a film of 4096 × 4096 px"],
        {},
        "has 4096 × 4096 px; save it with 4K (4096 × 2160) or less",
    ),
    "with a sound of cinemas": (
        lambda file: film(file, "-c:a", "ac3") and None,
        {},
        "the film has a sound of ac3; save it with AAC",
    ),
    "of a codec of studios": (
        _studio,
        {},
        "the film has a picture of prores; save it with H.264 or HEVC",
    ),
    "with subtitles": (
        _subtitled,
        {},
        "the film has subtitles of mov_text; save it without them",
    ),
    "of one picture": (
        lambda file: film(file, seconds=0.03, sound=None) and None,
        {},
        "is 0.03 s long; give one of 0.2 s to 60 minutes",
    ),
    "that ends before": (
        lambda file: film(file) and None,
        {"start_s": 1.9},
        "is 2.00 s long, so that nothing is left from 1.9 s on; let the clip begin earlier",
    ),
    "that is shorter": (
        lambda file: film(file) and None,
        {"start_s": 0.5, "seconds": 1.8},
        "has only 1.50 s left from 0.5 s on, not 1.8 s; take less of it",
    ),
    "turned askew": (
        _askew,
        {},
        "is turned by",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_clip_is_refused_in_words(room: Room, kind: str) -> None:
    make, params, words = BAD[kind]
    make(room.workdir / "x.mp4")
    with pytest.raises(ToolFailed) as failed:
        clip(room, "c", room.workdir / "x.mp4", **params)
    assert words in str(failed.value)
    assert failed.value.permanent


@pytest.mark.parametrize("name", hostile.TEXTS)
def test_a_script_in_disguise_reads_nobodys_files(room: Room, name: str) -> None:
    secret = film(room.workdir / "secret.mp4", seconds=0.5)
    (room.workdir / "x.mp4").write_text(hostile.TEXTS[name].replace("{secret}", str(secret)))
    with pytest.raises(ToolFailed, match="the film cannot be read"):
        clip(room, "c", room.workdir / "x.mp4")
    assert not (room.workdir / "c.mp4").exists()


@pytest.mark.parametrize(
    "params",
    [{"fps": 25}, {"width": 181}, {"fit": "stretch"}, {"seconds": 0}, {"start_s": -1}, {"more": 1}],
)
def test_parameters_that_make_no_clip_are_refused(room: Room, params: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(params))):
        ingest.run(params, {"film": Path("x")}, {"clip": Path("c")}, room)


def test_a_film_that_lies_about_its_size_is_read_as_it_is(room: Room) -> None:
    source = film(room.workdir / "x.mp4")
    made_films.lie_about_size(source, (16_000, 16_000))
    assert mezzanine.read(clip(room, "c", source), "c").frames == 60


def test_a_film_of_4k_as_cinemas_have_it_is_taken(room: Room) -> None:
    wide = film(room.workdir / "x.mp4", picture="color=blue:s=4096x2160:r=5", seconds=0.4)
    assert footage.read(wide).width == 4096


@pytest.mark.parametrize("codec", ["pcm_s16be", "pcm_s24be"])
def test_the_plain_sound_of_a_camera_is_taken(room: Room, codec: str) -> None:
    source = film(room.workdir / "x.mov", "-c:a", codec, seconds=0.5)
    found = probe(clip(room, "c", source), "video/mp4")
    assert found["heard_s"] > 0.4


@pytest.mark.parametrize("rest", [bytes(100), b"\x7f" * 100, b"\0\0\1\0free" + b"1" * 50, b"123"])
def test_what_stands_behind_a_whole_film_does_no_harm(room: Room, rest: bytes) -> None:
    source = film(room.workdir / "x.mp4", seconds=0.5)
    source.write_bytes(source.read_bytes() + rest)
    assert mezzanine.read(clip(room, "c", source), "c").frames == 15


@pytest.mark.parametrize("box", [b"moov", b"mdat"])
@pytest.mark.parametrize("first", ["moov", "mdat"])
def test_a_film_that_ends_within_or_before_a_box_that_it_needs_was_cut_short(
    room: Room, first: str, box: bytes
) -> None:
    words = ("-movflags", "+faststart") if first == "moov" else ()
    data = film(room.workdir / "x.mp4", *words, seconds=0.5).read_bytes()
    at = data.index(box)
    for end in (at - 4, at + 20):
        (room.workdir / "y.mp4").write_bytes(data[:end])
        with pytest.raises(ToolFailed, match=r"was cut short|cannot be read|no picture"):
            footage.read(room.workdir / "y.mp4")


def test_a_film_of_more_pictures_than_are_read_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = film(room.workdir / "x.mp4", seconds=0.5)
    monkeypatch.setattr(footage, "MAX_PICTURES", 10)
    with pytest.raises(ToolFailed, match="more than 10 pictures; cut it into parts"):
        footage.read(source)


@pytest.mark.parametrize(
    ("transfer", "seconds", "params", "most"),
    [
        ("smpte2084", 600, {}, "223 s can be brought to 1080 × 1920 px at 30 frames a second"),
        ("arib-std-b67", 600, {"fps": 60}, "124 s can be brought to"),
        ("smpte2084", 120, {"width": 2160, "height": 3840}, "66 s can be brought to"),
        ("smpte2084", 200, {}, ""),
        ("smpte2084", 500, {"width": 540, "height": 960}, ""),
        ("", 600, {}, ""),
    ],
)
def test_more_of_high_range_than_there_is_time_for_is_refused_at_once(
    transfer: str, seconds: int, params: dict[str, Any], most: str
) -> None:
    times = tuple(n / 30 for n in range(30 * seconds))
    shape = {"width": 1920, "height": 1080, "stretch": 1.0, "matrix": "bt2020"}
    told = {"seconds": float(seconds), "shown_s": times, "keys_s": (0.0,), "hdr": transfer}
    none = {"begins_s": 0.0, "has_sound": True, "interlaced": False, "full_range": False}
    film = footage.Footage(file=Path("x"), **shape, **told, **none)  # type: ignore[arg-type]
    wanted = ingest.Params(**params)
    frames = seconds * wanted.fps
    if not most:
        ingest._refuse_heavy(wanted, film, frames)
        return
    with pytest.raises(ToolFailed, match=most) as failed:
        ingest._refuse_heavy(wanted, film, frames)
    assert failed.value.permanent
    assert "take less of it, make it smaller, or save it as SDR" in str(failed.value)
