"""Clips become a film: copied but for their transitions, every frame there, sound and all."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from lib.core.errors import ToolFailed
from lib.media.footage import join, mezzanine, stitch
from lib.media.probe import probe
from lib.media.room import Room
from lib.media.sound import loudness
from lib.media.toolbox import MediaTools
from lib.ports import ToolCall
from tests.media.films import clicks, clip, colour, colours, ffmpeg, film, packets, stitched
from tests.media.test_toolbox import alive
from tests.waiting import until

CUT: dict[str, Any] = {"kind": "cut"}
FADE: dict[str, Any] = {"kind": "fade", "frames": 8}
Clips = list[Path]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Room:
    return Room(Path(), (), tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def clips(shared: Room) -> Clips:
    """Return three clips of a second each."""
    return [clip(shared, name) for name in ("one", "two", "three")]


def facts(file: Path) -> dict[str, Any]:
    return probe(file, "video/mp4")


@pytest.mark.parametrize(
    ("joins", "frames"),
    [((CUT, CUT), 90), ((FADE, FADE), 74), ((CUT, FADE), 82), ((FADE, CUT), 82)],
)
def test_every_frame_is_there_once_and_sound_ends_with_them(
    clips: Clips, room: Room, joins: tuple[dict[str, Any], ...], frames: int
) -> None:
    found = facts(stitched(room, clips, *joins))
    assert (found["frames"], found["steady"], found["fps"]) == (frames, True, 30.0)
    assert found["drift_s"] <= 1 / 30
    assert abs(found["lufs"] - -14) <= 0.2
    assert (found["faststart"], found["edit_list"], found["upright"]) == (True, False, True)
    assert found["colours"] == "bt709/bt709/bt709/tv"
    assert (found["video_codec"], found["pixel_format"], found["audio_codec"]) == (
        *("h264", "yuv420p"),
        "aac",
    )


@pytest.mark.parametrize(("fps", "frames"), [(24, 5), (30, 7), (30, 10), (60, 11)])
def test_cuts_fall_on_their_frames_at_every_rate(room: Room, fps: int, frames: int) -> None:
    """None of these lengths is a whole number of microseconds."""
    both = [clip(room, name, fps=fps, joins=[frames]) for name in "ab"]
    made = stitched(room, both, {"kind": "fade", "frames": frames})
    assert facts(made)["frames"] == 2 * fps - frames
    times = sorted(packet["pts"] for packet in packets(made))
    assert times == [mezzanine.TIMESCALE // fps * n for n in range(2 * fps - frames)]


def test_bodies_are_the_very_bytes_of_the_clips(clips: Clips, room: Room) -> None:
    made = [packet["data_hash"] for packet in packets(stitched(room, clips, FADE, FADE))]
    own = [[packet["data_hash"] for packet in packets(clip)] for clip in clips]
    bodies = [own[0][:22], own[1][8:22], own[2][8:]]
    at = 0
    for body in bodies:
        assert made[at : at + len(body)] == body
        at += len(body) + 8
    cut = [packet["data_hash"] for packet in packets(stitched(room, clips, CUT, CUT))]
    assert cut == list(itertools.chain(*own))


def flat(room: Room, name: str, paint: str, sound: str | None = None) -> Path:
    source = film(
        room.workdir / f"{name}-film.mp4", picture=f"color={paint}:s=180x320:r=30", sound=sound
    )
    return clip(room, name, source, seconds=1.0)


def test_a_fade_goes_from_one_clip_to_the_other_and_neighbours_stay_whole(room: Room) -> None:
    made = stitched(room, [flat(room, "r", "red"), flat(room, "b", "blue")], FADE)
    seen = [colour(made, frame) for frame in range(21, 31)]
    reds, blues = [one[0] for one in seen], [one[2] for one in seen]
    assert reds == sorted(reds, reverse=True)
    assert blues == sorted(blues)
    assert (reds[0] > 240, reds[-1] < 15) == (True, True)
    assert abs(seen[5][0] - seen[5][2]) < 25, "half-way both are seen alike"


def test_a_transition_moves_as_it_is_called(room: Room) -> None:
    made = stitched(
        room, [flat(room, "r", "red"), flat(room, "b", "blue")], {"kind": "wipeleft", "frames": 8}
    )
    left, right = colours(made, 26, (0.1, 0.5), (0.9, 0.5))
    assert left[0] > 200 > right[0]
    assert right[2] > 200 > left[2]


@pytest.mark.parametrize("kind", sorted(set(get_args(join.Kind)) - {"cut", "fade"}))
def test_every_transition_can_be_made(clips: Clips, room: Room, kind: str) -> None:
    made = facts(stitched(room, clips[:2], {"kind": kind, "frames": 8}))
    assert (made["frames"], made["steady"]) == (52, True)


CLICK = "aevalsrc='if(lt(mod(t,10)-{at},0.002)*gte(t,{at}),0.9,0.1*sin(2000*t))':s=48000"


@pytest.mark.parametrize(
    ("joins", "wanted"),
    [((CUT, CUT), [0.5, 1.55, 2.6]), ((FADE, FADE), [0.5, 1.55 - 8 / 30, 2.6 - 16 / 30])],
)
def test_the_sound_stays_with_the_picture(
    room: Room, joins: tuple[dict[str, Any], ...], wanted: list[float]
) -> None:
    """A click in each clip, at a place of its own, within half a frame."""
    sources = [
        film(room.workdir / f"click-{n}.mp4", sound=CLICK.format(at=f"{0.5 + 0.05 * n:.2f}"))
        for n in range(3)
    ]
    each = [clip(room, f"c{n}", source, seconds=1.0) for n, source in enumerate(sources)]
    heard = clicks(stitched(room, each, *joins))
    assert len(heard) == 3
    assert max(abs(a - b) for a, b in zip(heard, wanted, strict=True)) < 1 / 60


def test_clips_without_a_sound_make_a_silent_film(room: Room) -> None:
    found = facts(stitched(room, [flat(room, "r", "red"), flat(room, "b", "blue")], FADE))
    assert found["heard_s"] < 0.1
    assert found["drift_s"] <= 1 / 30


def with_sound(clips: Clips, sound: Path, room: Room) -> Path:
    needs = {"a": clips[0], "b": clips[1], "sound": sound}
    params = {"clips": ["a", "b"], "joins": [CUT], "sound": "sound"}
    stitch.run(params, needs, {"video": room.workdir / "v.mp4"}, room)
    return room.workdir / "v.mp4"


def test_a_sound_made_for_the_film_is_taken_as_it_is(clips: Clips, room: Room) -> None:
    sound = room.workdir / "s.m4a"
    ffmpeg("-f", "lavfi", "-t", "2", "-i", "sine=f=300:r=48000", "-c:a", "aac", sound)
    made = with_sound(clips, sound, room)
    mine = [packet["data_hash"] for packet in packets(sound, "a")]
    assert [packet["data_hash"] for packet in packets(made, "a")] == mine[: len(packets(made, "a"))]
    assert facts(made)["drift_s"] <= 1 / 30


def test_the_same_clips_make_the_same_bytes(clips: Clips, room: Room) -> None:
    both = [stitched(room, clips, FADE, CUT, name=name).read_bytes() for name in "ab"]
    assert both[0] == both[1]


def test_one_clip_is_a_film_and_may_come_twice(clips: Clips, room: Room) -> None:
    assert facts(stitched(room, clips[:1]))["frames"] == 30
    needs = {"a": clips[0]}
    params = {"clips": ["a", "a"], "joins": [FADE]}
    stitch.run(params, needs, {"video": room.workdir / "v.mp4"}, room)
    assert facts(room.workdir / "v.mp4")["frames"] == 52


def test_nothing_is_left_beside_the_film(clips: Clips, room: Room) -> None:
    stitched(room, clips, FADE, FADE)
    with pytest.raises(ToolFailed):
        stitched(room, [clips[0], room.workdir / "film.mp4"], CUT, name="b")
    assert [file.name for file in room.workdir.iterdir()] == ["film.mp4"]


Bad = Callable[[Room], Path]
#: What is no clip, or none that fits beside the others, and what must be said.
BAD: dict[str, tuple[Bad, str]] = {
    "another size": (lambda r: clip(r, "x", width=200), "clip_2 has 200 × 320 px, clip_1 180"),
    "another rate": (lambda r: clip(r, "x", fps=24), "clip_2 has 24 frames a second, clip_1 30"),
    "as people bring it": (lambda r: film(r.workdir / "x.mp4"), "ingest it first"),
    "of 25 frames a second": (
        lambda r: film(r.workdir / "x.mp4", picture="testsrc2=s=180x320:r=25"),
        "frame rate of 25, not 24 or 30 or 60: ingest it first",
    ),
    "of another codec": (
        lambda r: film(r.workdir / "x.mp4", "-c:v", "libx265", "-x265-params", "log-level=none"),
        "clip_2 has the codec hevc, not h264: ingest it first",
    ),
    "without a sound": (
        lambda r: film(r.workdir / "x.mp4", sound=None),
        "clip_2 has no sound: ingest it first",
    ),
    "without a picture": (
        lambda r: film(r.workdir / "x.m4a", "-vn"),
        "clip_2 has no picture: ingest it first",
    ),
    "no film": (lambda r: text(r, "nothing to see\n" * 200), "clip_2 cannot be read: ingest it"),
    "a playlist": (
        lambda r: text(r, f"ffconcat version 1.0\nfile '{r.workdir}/secret.mp4'\n"),
        "clip_2 cannot be read: ingest it",
    ),
    "without the key frame": (
        lambda r: clip(r, "x", joins=[4]),
        "clip_2 cannot be cut 8 frames from its start: ingest it again with 8 among its joins",
    ),
    "too short": (
        lambda r: clip(r, "x", seconds=0.2, joins=[2]),
        "clip_2 has 6 frames and its transitions take 8: make them shorter",
    ),
}


def text(room: Room, words: str) -> Path:
    file = room.workdir / "x.mp4"
    file.write_text(words)
    return file


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_joined_is_refused_in_words(clips: Clips, room: Room, kind: str) -> None:
    make, words = BAD[kind]
    with pytest.raises(ToolFailed) as failed:
        stitched(room, [clips[0], make(room)], FADE)
    assert words in str(failed.value)
    assert failed.value.permanent


def test_of_a_clip_without_a_key_frame_at_its_end_that_is_said(clips: Clips, room: Room) -> None:
    with pytest.raises(ToolFailed, match="clip_1 cannot be cut 8 frames from its end: ingest it"):
        stitched(room, [clip(room, "x", joins=[4]), clips[0]], FADE)


def test_clips_of_an_encoder_with_other_settings_are_refused(
    clips: Clips, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once as one clip among others, and once as all of them."""
    monkeypatch.setitem(mezzanine.VIDEO, "x264-params", "stitchable=1:open-gop=0:bframes=0")
    other = clip(room, "other")
    monkeypatch.undo()
    with pytest.raises(ToolFailed, match="clip_2 was encoded in another way than clip_1"):
        stitched(room, [clips[0], other], CUT)
    with pytest.raises(ToolFailed, match="encoded by another version: ingest them again"):
        stitched(room, [other, other], FADE)


def test_uneven_frames_are_refused(clips: Clips, room: Room) -> None:
    uneven = room.workdir / "x.mp4"
    late = "setts=ts=TS+if(gte(TS\\,7000)\\,512\\,0)"
    ffmpeg("-i", clips[1], "-c", "copy", "-bsf:v", late, "-video_track_timescale", "15360", uneven)
    with pytest.raises(ToolFailed, match="clip_2 has uneven frames: ingest it first"):
        stitched(room, [clips[0], uneven], CUT)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"clips": ["a", "b"], "joins": []}, "2 clips have 1 joins between them, not 0"),
        ({"clips": [], "joins": []}, "at least 1"),
        ({"clips": ["a", "b"], "joins": [{"kind": "explode"}]}, "kind"),
        ({"clips": ["a", "b"], "joins": [{"kind": "fade", "frames": 1}]}, "frames"),
        ({"clips": ["a"], "joins": [], "surprise": 1}, "surprise"),
    ],
)
def test_parameters_that_make_no_film_are_refused(
    room: Room, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        stitch.run(params, {}, {"video": room.workdir / "v.mp4"}, room)


def test_a_slot_that_nobody_filled_is_named(clips: Clips, room: Room) -> None:
    with pytest.raises(ToolFailed, match="nothing was given as b; there are a"):
        stitch.run(
            {"clips": ["a", "b"], "joins": [CUT]}, {"a": clips[0]}, {"video": Path("v.mp4")}, room
        )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-t", "1", "-c:a", "aac"), r"the sound is 1.0\d s long and the film 2.00 s"),
        (("-t", "2", "-c:a", "alac"), "the sound is no AAC: master it as .m4a"),
    ],
)
def test_a_sound_that_does_not_fit_is_refused(
    clips: Clips, room: Room, words: tuple[str, ...], said: str
) -> None:
    sound = room.workdir / "s.m4a"
    ffmpeg("-f", "lavfi", "-i", "sine=f=300:r=48000", *words, sound)
    with pytest.raises(ToolFailed, match=said):
        with_sound(clips, sound, room)


def test_a_film_that_is_too_long_is_refused(
    clips: Clips, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stitch, "LONGEST_S", 2.5)
    with pytest.raises(ToolFailed, match=r"would be 0\.1 minutes long; 10 are allowed"):
        stitched(room, clips, CUT, CUT)


def test_a_killed_stitch_leaves_nobody_at_work(tools: MediaTools, room: Room) -> None:
    """Large frames, so that it is at its transitions for a while."""
    source = film(room.workdir / "s.mp4", picture="testsrc2=s=1080x1920:r=30", seconds=3)
    large = clip(room, "large", source, width=1080, height=1920, joins=[40])
    params = {"clips": ["a"] * 9, "joins": [{"kind": "fade", "frames": 40}] * 8}
    made = {"video": room.workdir / "v.mp4"}
    failures: list[ToolFailed] = []

    def work() -> None:
        try:
            tools.run(ToolCall("stitch", params, {"a": large}, made, room.workdir, 60.0))
        except ToolFailed as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert until(lambda: alive("/join-00")), "no transition was ever made"
    fields = Path(f"/proc/{alive('/join-00')[0]}/stat").read_text().rpartition(")")[2].split()
    os.kill(int(fields[1]), signal.SIGKILL)  # the encoder's parent: our worker
    thread.join(20)
    assert [error.permanent for error in failures] == [False]
    assert until(lambda: not alive(str(room.workdir)))
    assert not made["video"].exists()


def test_a_clap_in_a_quiet_film_is_no_reason_to_refuse_it(room: Room) -> None:
    """It cannot be as loud as a reel below the peak: it is made as loud as it can be."""
    quiet = "aevalsrc='0.0006*sin(2*PI*300*t)+if(between(t,1,1.003),0.95*sin(2*PI*2000*t),0)'"
    source = film(room.workdir / "q.mp4", sound=f"{quiet}:s=48000")
    before = loudness.measure(source)
    level = loudness.measure(stitched(room, [clip(room, "c", source)]))
    assert before.lufs + 1 < level.lufs < -14.2
    assert level.true_peak_dbtp <= -1


def test_a_joined_film_is_as_loud_as_a_reel_whatever_its_clips_were(room: Room) -> None:
    faint = "aevalsrc='0.004*sin(2*PI*440*t)':s=48000"
    loud = "aevalsrc='0.5*sin(2*PI*440*t)':s=48000"
    each = [
        clip(room, str(n), film(room.workdir / f"f{n}.mp4", sound=sound))
        for n, sound in enumerate((faint, loud))
    ]
    level = loudness.measure(stitched(room, each, CUT))
    assert abs(level.lufs - -14) <= 0.2
    assert level.true_peak_dbtp <= -1
