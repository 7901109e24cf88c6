"""Any film of a person's becomes a clip: upright, in shape, steady, in the right colours, or no."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lib.media.footage import mezzanine
from lib.media.probe import probe
from lib.media.room import Room
from lib.media.runner.binaries import find
from tests.media.films import SIZE, clicks, clip, colour, colours, ffmpeg, film

CORNERS = ((0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8))
#: Four quarters: red and green above, blue and white below.
QUARTERS = (
    "color=red:s=160x90:r=30[a];color=lime:s=160x90:r=30[b];color=blue:s=160x90:r=30[c];"
    "color=white:s=160x90:r=30[d];[a][b][c][d]xstack=4:layout=0_0|w0_0|0_h0|w0_h0[out0]"
)
NAMES = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def named(seen: tuple[int, int, int]) -> str:
    """Return which of the four colours this is."""
    apart = {
        name: max(abs(a - b) for a, b in zip(seen, one, strict=True)) for name, one in NAMES.items()
    }
    best = min(apart, key=lambda name: apart[name])
    return best if apart[best] < 40 else f"{seen}"


def corners(file: Path) -> list[str]:
    return [named(one) for one in colours(file, 5, *CORNERS)]


@pytest.mark.parametrize(
    ("picture", "seconds", "params", "frames"),
    [
        ("testsrc2=s=320x180:r=30", 1.5, {}, 45),
        ("testsrc2=s=320x180:r=25", 2.0, {}, 60),
        ("testsrc2=s=180x320:r=60", 1.0, {}, 30),
        ("testsrc2=s=180x320:r=30000/1001", 2.002, {}, 60),
        ("testsrc2=s=320x180:r=30", 2.0, {"fps": 24}, 48),
        ("testsrc2=s=320x180:r=30", 2.0, {"fps": 60, "seconds": 0.5}, 30),
        ("testsrc2=s=321x181:r=30", 1.0, {"start_s": 0.5}, 15),
    ],
)
def test_a_clip_has_its_shape_rate_and_every_frame(
    room: Room, picture: str, seconds: float, params: dict[str, Any], frames: int
) -> None:
    source = film(room.workdir / "x.mov", "-pix_fmt", "yuv444p", picture=picture, seconds=seconds)
    file = clip(room, "c", source, **params)
    read = mezzanine.read(file, "c")
    assert ((read.width, read.height), read.frames) == (SIZE, frames)
    assert {0, 8, frames - 8} <= read.key_frames
    found = probe(file, "video/mp4")
    assert (found["steady"], found["edit_list"], found["faststart"]) == (True, False, True)
    assert found["drift_s"] < 0.001


def test_the_same_film_makes_the_same_bytes(room: Room) -> None:
    source = film(room.workdir / "x.mp4")
    assert clip(room, "a", source).read_bytes() == clip(room, "b", source).read_bytes()


@pytest.mark.parametrize(
    ("degrees", "seen"),
    [
        (0, ["red", "lime", "blue", "white"]),
        (90, ["lime", "white", "red", "blue"]),
        (180, ["white", "blue", "lime", "red"]),
        (270, ["blue", "red", "white", "lime"]),
    ],
)
def test_a_film_is_turned_as_the_telephone_was_held(
    room: Room, degrees: int, seen: list[str]
) -> None:
    flat = film(room.workdir / "flat.mp4", picture=QUARTERS)
    turned = room.workdir / "turned.mp4"
    ffmpeg("-display_rotation", str(degrees), "-i", flat, "-c", "copy", turned)
    shape = (320, 180) if degrees % 180 == 0 else (180, 320)
    file = clip(room, "c", turned, width=shape[0], height=shape[1])
    assert corners(file) == seen
    assert probe(file, "video/mp4")["upright"]


def test_wide_pixels_are_made_square(room: Room) -> None:
    """Quarters that are stored 160 px wide are shown 320 px wide: nothing is cut off."""
    flat = film(room.workdir / "flat.mp4", "-vf", "scale=160:180,setsar=2", picture=QUARTERS)
    file = clip(room, "c", flat, width=320, height=180, fit="bars")
    assert corners(file) == ["red", "lime", "blue", "white"]
    assert sum(colour(file, 5, (0.5, 0.02))) > 200, "there is no bar"


def test_uneven_frames_come_at_their_times(room: Room) -> None:
    """White from 0.7 s on, in a film whose frames come in bursts."""
    bursts = "color=white:s=180x320:r=30,fade=in:st=0.7:d=0.001,select='lt(mod(n,7),3)+eq(n,21)'"
    source = film(room.workdir / "v.mp4", "-vsync", "vfr", picture=bursts, seconds=2.0)
    file = clip(room, "c", source)
    seen = [sum(colour(file, frame)) > 380 for frame in (18, 20, 21, 22, 30)]
    assert seen[0] is False
    assert seen[3:] == [True, True]


#: Red until 1.2 s, then blue until 2.5 s, then white: three pictures, one key picture among them.
SCREEN = (
    "color=red:s=320x180:r=10:d=3,drawbox=w=320:h=180:t=fill:color=blue:enable='gte(t,1.2)',"
    "drawbox=w=320:h=180:t=fill:color=white:enable='gte(t,2.5)',"
    "select='eq(n,0)+eq(n,12)+eq(n,25)+eq(n,29)'"
)


@pytest.mark.parametrize(
    ("start_s", "turns_at"), [(0.0, (36, 75)), (0.5, (21, 60)), (1.2, (0, 39)), (1.8, (0, 21))]
)
def test_a_clip_begins_with_the_picture_that_is_on_the_screen(
    room: Room, start_s: float, turns_at: tuple[int, int]
) -> None:
    """A recording of a screen has a picture only where something changed."""
    words = ("-vsync", "vfr", "-x264-params", "scenecut=0")
    source = film(room.workdir / "v.mp4", *words, picture=SCREEN, sound=None, seconds=3.0)
    file = clip(room, "c", source, start_s=start_s)
    first, second = turns_at
    wanted = {first - 1: "red", first: "blue", second - 1: "blue", second: "white"}
    seen = {frame: named(colour(file, frame)) for frame in wanted if frame >= 0}
    assert seen == {frame: name for frame, name in wanted.items() if frame >= 0}


def test_a_clip_begins_at_its_time_in_a_film_whose_picture_comes_late(room: Room) -> None:
    """Half a second of sound before the first picture; a click 0.3 s after that."""
    click = "aevalsrc='if(lt(mod(t,10)-0.8,0.002)*gte(t,0.8),0.9,0.05*sin(2000*t))':s=48000"
    flash = "color=blue:s=180x320:r=30,fade=in:st=0.5:d=0.001:color=red"
    source = film(room.workdir / "v.mp4", picture=flash)
    sound = film(room.workdir / "s.mp4", sound=click)
    late = room.workdir / "late.mp4"
    streams = ("-itsoffset", "0.5", "-i", source, "-i", sound, "-map", "0:v", "-map", "1:a")
    ffmpeg(*streams, "-c", "copy", late)
    file = clip(room, "c", late, start_s=0.2)
    assert [named(colour(file, frame)) for frame in (9, 10)] == ["red", "blue"]
    assert abs(clicks(file)[0] - 0.1) < 1 / 60


def test_of_a_film_that_was_trimmed_only_what_is_shown_is_taken(room: Room) -> None:
    """Telephones keep what was trimmed away, and only say that it is not to be shown."""
    picture = "color=blue:s=320x180:r=30,fade=in:st=1.25:d=0.001:color=red"
    whole = film(room.workdir / "whole.mp4", "-g", "250", picture=picture, seconds=3)
    ffmpeg("-ss", "1.3", "-i", whole, "-c", "copy", room.workdir / "x.mp4")
    assert probe(room.workdir / "x.mp4", "video/mp4")["edit_list"], "nothing is hidden"
    file = clip(room, "c", room.workdir / "x.mp4")
    assert mezzanine.read(file, "c").frames in (50, 51, 52)
    assert named(colour(file, 0)) == "blue"


def test_sound_that_begins_late_stays_late(room: Room) -> None:
    click = "aevalsrc='if(lt(mod(t,10)-0.3,0.002)*gte(t,0.3),0.9,0.05*sin(2000*t))':s=22050"
    source = film(room.workdir / "s.mp4", sound=click)
    late = room.workdir / "late.mov"
    ffmpeg(
        *("-i", source, "-itsoffset", "0.5", "-i", source),
        "-map",
        "0:v",
        "-map",
        "1:a",
        "-c",
        "copy",
        late,
    )
    assert abs(clicks(clip(room, "c", late))[0] - 0.8) < 1 / 60
    cut = clip(room, "d", late, start_s=0.6)
    assert abs(clicks(cut)[0] - 0.2) < 1 / 60


def test_a_film_without_a_sound_gets_a_silent_one(room: Room) -> None:
    found = probe(clip(room, "c", film(room.workdir / "x.mp4", sound=None)), "video/mp4")
    assert found["audio_seconds"] == 2.0
    assert found["heard_s"] < 0.1


def test_a_sound_that_is_too_short_is_filled_with_silence(room: Room) -> None:
    source = film(room.workdir / "x.mp4", "-af", "atrim=end=0.5")
    found = probe(clip(room, "c", source), "video/mp4")
    assert (found["audio_seconds"], found["drift_s"]) == (2.0, 0.0)


@pytest.mark.parametrize(
    "words",
    [
        ("-vf", "scale=out_color_matrix=bt601", "-colorspace", "smpte170m"),
        ("-vf", "scale=out_color_matrix=bt601"),  # SD that says nothing
        ("-vf", "scale=1280:720:out_color_matrix=bt709"),  # HD that says nothing
        ("-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709"),
        (
            *("-vf", "scale=out_color_matrix=bt709:out_range=full,format=yuvj420p"),
            *("-colorspace", "bt709", "-color_range", "pc", "-pix_fmt", "yuvj420p"),
        ),
    ],
)
def test_colours_are_those_that_were_filmed(room: Room, words: tuple[str, ...]) -> None:
    source = film(room.workdir / "x.mp4", *words, picture=QUARTERS)
    file = clip(room, "c", source, width=320, height=180)
    seen = colours(file, 5, *CORNERS)
    for one, right in zip(seen, NAMES.values(), strict=True):
        assert max(abs(a - b) for a, b in zip(one, right, strict=True)) < 12, seen


HDR_WHITE = {"smpte2084": 0.58, "arib-std-b67": 0.75}


@pytest.mark.parametrize("transfer", HDR_WHITE)
def test_a_film_of_high_range_is_brought_to_hd(room: Room, transfer: str) -> None:
    """Its white (203 cd/m²) stays the lighter part, a light beyond it is no grey, colours hold."""
    told = f"-x265-params log-level=none:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    level = HDR_WHITE[transfer]
    picture = f"nullsrc=s=320x180:r=30,format=gbrp10le,geq=r='1023*{level}*X/W':g='1023*{level}*X/W':b='1023*{level}*X/W',scale=out_color_matrix=bt2020,format=yuv420p10le"
    words = ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", *told.split(), "-tag:v", "hvc1")
    source = film(room.workdir / "x.mp4", *words, picture=picture, seconds=0.4)
    file = clip(room, "c", source, width=320, height=180)
    steps = [one[1] for one in colours(file, 5, *((x / 16 + 0.01, 0.5) for x in range(16)))]
    assert steps == sorted(steps)
    assert 170 < steps[-1] <= 255
    assert steps[0] < 20
    assert probe(file, "video/mp4")["colours"] == "bt709/bt709/bt709/tv"


def test_an_interlaced_film_shows_no_combs(room: Room) -> None:
    moving = "color=black:s=320x180:r=60[g];color=white:s=40x180:r=60[b];[g][b]overlay=x='mod(t*600,280)',tinterlace=interleave_top[out0]"
    words = ("-flags", "+ilme+ildct", "-x264-params", "tff=1", "-r", "30")
    source = film(room.workdir / "x.mp4", *words, picture=moving)
    file = clip(room, "c", source, width=320, height=180)
    told = subprocess.run(
        [find().ffmpeg, "-v", "error", "-i", file, "-vf", "format=gray", "-f", "rawvideo", "-"],
        capture_output=True,
        check=True,
    ).stdout
    frame = told[20 * 320 * 180 : 21 * 320 * 180]
    rows = [frame[at : at + 320] for at in range(60 * 320, 120 * 320, 320)]
    combs = sum(
        abs(a - b) > 100
        for first, second in itertools.pairwise(rows)
        for a, b in zip(first, second, strict=True)
    )
    assert combs < 60


@pytest.mark.parametrize("side", ["left", "right"])
def test_what_people_look_at_is_kept(room: Room, side: str) -> None:
    """A coloured thing at one side of a calm wide picture."""
    at = {"left": 30, "right": 270}[side]
    picture = f"color=gray:s=320x180:r=30,drawbox=x={at}:y=70:w=24:h=40:color=red:t=fill"
    file = clip(room, "c", film(room.workdir / "x.mp4", picture=picture))
    row = colours(file, 5, *((x / 16 + 0.01, 0.5) for x in range(16)))
    assert max(one[0] - one[2] for one in row) > 90


@pytest.mark.parametrize("trimmed", [False, True])
def test_a_clip_between_two_key_pictures_is_cut_around_its_subject_too(
    room: Room, trimmed: bool
) -> None:
    """The only key picture lies before the clip, or was trimmed away."""
    picture = "color=gray:s=320x180:r=30,drawbox=x=30:y=70:w=24:h=40:color=red:t=fill"
    source = film(room.workdir / "x.mp4", "-g", "250", picture=picture, seconds=3.0)
    if trimmed:
        ffmpeg("-ss", "1", "-i", source, "-c", "copy", room.workdir / "t.mp4")
        source = room.workdir / "t.mp4"
    file = clip(room, "c", source, start_s=1.0, seconds=0.5)
    row = colours(file, 5, *((x / 16 + 0.01, 0.5) for x in range(16)))
    assert max(one[0] - one[2] for one in row) > 90


def test_a_film_may_stay_whole(room: Room) -> None:
    source = film(room.workdir / "x.mp4", picture=QUARTERS)
    bars = clip(room, "b", source, fit="bars")
    assert colour(bars, 5, (0.5, 0.1)) == (0, 0, 0)
    assert [named(one) for one in colours(bars, 5, (0.2, 0.45), (0.8, 0.45))] == ["red", "lime"]
    soft = clip(room, "s", source, fit="blurred")
    assert [named(one) for one in colours(soft, 5, (0.2, 0.45), (0.8, 0.45))] == ["red", "lime"]
    above = colours(soft, 5, (0.1, 0.1), (0.9, 0.1))
    assert above[0][0] > 80 > above[0][2]
    assert above[1][1] > 80 > above[1][2]
