"""A narrated reel as it is made: what is heard, when it is shown, and where."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import webvtt
from PIL import Image, ImageChops

from lib.core.errors import ToolFailed
from lib.core.recipes.narration import FASTEST, REST_S, STARTS_S
from lib.core.voices import VOICES
from lib.media.captions import files, timed_words
from lib.media.captions.layers import SIDE
from lib.media.captions.styles import style
from lib.media.layout.film import FADE_S
from lib.media.probe import probe
from lib.media.reel import join, part, video
from lib.media.reel.frames import ReelFrames
from lib.media.reel.planes import Frame
from lib.media.reel.video import Params, captions_of, scene_of
from lib.media.room import Room
from lib.media.voice import alignment, mix, voice
from lib.media.voice.speakers import VOICES as SPEAKERS
from tests.media import narrated_sheet as narrated
from tests.media.conftest import ASSETS, KITS, TEMPLATES, paint

TEXT = "Bread goes stale faster in the fridge. Freeze it fresh, and toast it later."
SECONDS, FPS, SIZE = 8, 30, (540, 960)
SLUG = KITS.slugs()[0]
STYLES = ("highlight", "plain", "big")
REELS = [name for kind, name in TEMPLATES.files() if kind == "reels"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("narrated")


@pytest.fixture(scope="module")
def needs(folder: Path) -> dict[str, Path]:
    """Speak, mix and paint once for all tests."""
    room = Room(ASSETS, (ASSETS / "brands",), folder)
    made = {name: folder / name for name in ("voice.wav", "words.json", "sound.m4a")}
    told = {"text": TEXT, "language": None, "voice": "heart"}
    told |= {"most_s": SECONDS - STARTS_S - REST_S, "fastest": FASTEST}
    spoken = {"voice": made["voice.wav"], "words": made["words.json"]}
    voice.run(told, {}, spoken, room)
    mixed = {"music": "drift", "target": "reel", "seconds": SECONDS, "starts_s": STARTS_S}
    mix.run(mixed, spoken, {"sound": made["sound.m4a"]}, room)
    return {
        "background": paint(room, SLUG, (622, 1104)),
        "words": made["words.json"],
        "sound": made["sound.m4a"],
    }


def params(name: str = "highlight", template: str = "rise", **changes: Any) -> dict[str, Any]:
    room = Room(ASSETS, (ASSETS / "brands",), ASSETS)
    size = {"width": SIZE[0], "height": SIZE[1], "seconds": SECONDS, "fps": FPS}
    shown = {"style": style(name, room).model_dump(), "starts_s": STARTS_S}
    return {**narrated.params(SLUG, "dark", template), **size, "captions": shown, **changes}


def hashes(room: Room, needs: dict[str, Path], numbers: range, **changes: Any) -> list[str]:
    """Compose frames as one part would, and return what each is."""
    wanted = Params.model_validate(params(width=270, height=480, **changes))
    frames = video.composer(wanted, needs["background"], room, needs["words"])
    frame, found = Frame((270, 480)), []
    for number in numbers:
        frames.compose(number, frame)
        found.append(hashlib.sha256(frame.data).hexdigest())
    return found


def test_the_video_has_the_voice_as_loud_as_platforms_play_it(
    room: Room, needs: dict[str, Path]
) -> None:
    made = [room.workdir / f"{number}.mp4" for number in range(2)]
    for file in made:
        video.run(params(), needs, {"video": file}, room)
    assert made[0].read_bytes() == made[1].read_bytes()
    facts = probe(made[0], "video/mp4")
    assert (facts["frames"], facts["steady"], facts["faststart"]) == (SECONDS * FPS, True, True)
    assert facts["lufs"] == pytest.approx(-14, abs=0.2)
    assert facts["true_peak_dbtp"] <= -1
    assert facts["drift_s"] <= 1 / FPS
    assert facts["heard_s"] > SECONDS * 0.75


def test_captions_show_words_when_they_are_spoken_in_the_sound_of_the_reel(
    room: Room, needs: dict[str, Path]
) -> None:
    told = timed_words.read(needs["words"]).later(STARTS_S)
    # Another way to the times: our voice's reading laid over what was mixed with music.
    found = alignment.align(needs["sound"], TEXT, language="en").words
    apart = sorted(abs(a.start_s - b.start_s) for a, b in zip(told, found, strict=True))
    assert apart[len(apart) // 2] < 0.06
    wanted = Params.model_validate(params())
    shown = captions_of(wanted, timed_words.read(needs["words"]), room)
    assert shown is not None
    comings = list(shown.comings())
    for one, word in zip(comings, told, strict=True):  # the word's own colour comes with it
        assert word.start_s - 0.05 <= one.start_s <= word.start_s < one.stop_s
    assert all(before.stop_s <= after.start_s for before, after in pairwise(comings))


def test_parts_have_the_frames_of_the_whole_with_its_captions(
    room: Room, needs: dict[str, Path]
) -> None:
    total = SECONDS * FPS
    whole = hashes(room, needs, range(total))
    assert whole != hashes(room, needs, range(total), captions=None)
    for count in (2, 6):
        edges = [total * number // count for number in range(count + 1)]
        spans = [range(*pair) for pair in pairwise(edges)]
        assert [one for span in spans for one in hashes(room, needs, span)] == whole


def test_a_part_is_joined_with_the_sound_of_the_voice(room: Room, needs: dict[str, Path]) -> None:
    made = {}
    for number in range(2):
        slot = f"video_{number + 1}"
        made[slot] = room.workdir / f"{slot}.mp4"
        wanted = params(first=number * 120, count=120)
        del wanted["music"]
        part.run(wanted, needs, {slot: made[slot]}, room)
    joined = room.workdir / "v.mp4"
    told = {"parts": list(made), "seconds": SECONDS}
    join.run(told, {**made, "sound": needs["sound"]}, {"video": joined}, room)
    facts = probe(joined, "video/mp4")
    assert (facts["frames"], facts["steady"]) == (SECONDS * FPS, True)
    assert facts["lufs"] == pytest.approx(-14, abs=0.2)


def test_the_files_begin_with_the_voice_and_end_with_the_reel(
    room: Room, needs: dict[str, Path]
) -> None:
    made = {"srt": room.workdir / "c.srt", "vtt": room.workdir / "c.vtt"}
    told = {"starts_s": STARTS_S, "seconds": SECONDS}
    files.run(told, needs, made, room)
    words = timed_words.read(needs["words"]).words
    cues = list(webvtt.read(str(made["vtt"])))
    assert " ".join(cue.text.replace("\n", " ") for cue in cues) == TEXT
    assert cues[0].start_in_seconds <= words[0].start_s + STARTS_S
    assert cues[0].start_in_seconds >= STARTS_S - 0.5
    for file, kind in (("srt", "application/x-subrip"), ("vtt", "text/vtt")):
        facts = probe(made[file], kind)
        assert facts["in_order"]
        assert words[-1].stop_s + STARTS_S <= facts["ends_s"] <= SECONDS
    short = round(words[-1].stop_s + STARTS_S, 3)
    files.run({**told, "seconds": short}, needs, made, room)
    assert probe(made["srt"], "application/x-subrip")["ends_s"] == short


@pytest.mark.parametrize("template", REELS)
@pytest.mark.parametrize("lines", [(), narrated.LINES, narrated.MANY])
@pytest.mark.parametrize("name", STYLES)
def test_captions_never_meet_the_words_of_a_template(
    room: Room, needs: dict[str, Path], template: str, lines: tuple[str, ...], name: str
) -> None:
    wanted = Params.model_validate(params(name, template, lines=lines))
    ground = Image.new("RGB", (622, 1104), (90, 70, 60))
    timed = timed_words.read(needs["words"])
    scene = scene_of(wanted, ground, room, timed)
    over = Image.new("L", SIZE)
    for one in scene.captions:
        picture = one.draw()
        box = (*one.place, one.place[0] + picture.width, one.place[1] + picture.height)
        over.paste(255, box, picture.getchannel("A").point(lambda a: 255 if a > 8 else 0))
    low, high = over.getbbox()[1], over.getbbox()[3]  # type: ignore[index]
    assert SIZE[1] * 0.135 - 1 <= low < high <= SIZE[1] * 0.80 + 1
    left, right = over.getbbox()[0], over.getbbox()[2]  # type: ignore[index]
    assert SIZE[0] * 0.05 <= left < right <= SIZE[0] * (1 - SIDE + 0.05)
    words = Image.new("L", SIZE)
    for layer in scene.layers:
        if not layer.soft and layer.picture.size == SIZE:  # panels: on one whole, or on none
            under = layer.picture.getchannel("A").crop(over.getbbox()).getextrema()
            assert under[0] == under[1]
        elif not layer.soft:
            alpha = layer.picture.getchannel("A").point(lambda a: 255 if a > 8 else 0)
            words.paste(255, layer.place, alpha)
    assert ImageChops.multiply(over, words).getbbox() is None


def test_a_caption_stands_whole_between_its_fades_and_gives_way_at_once(
    room: Room, needs: dict[str, Path]
) -> None:
    wanted = Params.model_validate(params())
    timed = timed_words.read(needs["words"])
    shown = captions_of(wanted, timed, room)
    assert shown is not None
    comings = list(shown.comings())
    assert comings[0].fade_in_s == comings[-1].fade_out_s == wanted.captions.style.fade_s  # type: ignore[union-attr]
    for before, after in pairwise(comings):
        if before.stop_s == after.start_s:
            assert before.fade_out_s == after.fade_in_s == 0
    assert wanted.captions.style.fade_s < FADE_S  # type: ignore[union-attr]


def test_nothing_is_drawn_before_it_is_seen(room: Room, needs: dict[str, Path]) -> None:
    wanted = Params.model_validate(params(width=270, height=480))
    frames = video.composer(wanted, needs["background"], room, needs["words"])
    assert isinstance(frames, ReelFrames)
    assert frames._spoken._drawn is None
    frame = Frame((270, 480))
    frames.compose(0, frame)
    assert frames._spoken._drawn is None
    frames.compose(60, frame)
    assert frames._spoken._drawn is not None


def test_speech_that_is_a_little_too_long_is_spoken_faster_and_more_is_refused(room: Room) -> None:
    made = {"voice": room.workdir / "v.wav", "words": room.workdir / "w.json"}
    own_s = voice.read_aloud(voice.Params(text=TEXT)).seconds
    told = {"text": TEXT, "most_s": own_s / 1.08, "fastest": FASTEST}
    voice.run(told, {}, made, room)
    entries = json.loads(made["words"].read_text())
    assert own_s / 1.2 < entries["seconds"] <= own_s / 1.08
    voice.run({"text": TEXT, "most_s": own_s + 1, "fastest": FASTEST}, {}, made, room)
    assert json.loads(made["words"].read_text())["seconds"] == round(own_s, 3)
    with pytest.raises(ToolFailed, match=r"takes .* s to say, and there are .*; shorten it") as no:
        voice.run({**told, "most_s": own_s / 1.5}, {}, made, room)
    assert no.value.permanent


def test_the_pace_of_a_voice_is_as_it_was_measured() -> None:
    ratios = []
    for slug in KITS.slugs()[:2]:
        for fact in KITS.get(slug).facts[:6]:
            spoken = voice.read_aloud(voice.Params(text=fact.text, language="en"))
            ratios.append(spoken.seconds / VOICES["heart"].seconds(fact.text))
    assert all(0.75 < ratio < 1.3 for ratio in ratios)
    assert sum(ratios) / len(ratios) == pytest.approx(1, abs=0.06)


def test_the_kernel_knows_the_voices_that_are_there() -> None:
    known = {name: (one.language, one.script) for name, one in VOICES.items()}
    assert known == {name: (one.language, one.script) for name, one in SPEAKERS.items()}
