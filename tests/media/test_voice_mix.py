"""A voice over a bed: how far the bed stays back, how loud the whole is, and how long."""

from __future__ import annotations

import json
from array import array
from pathlib import Path

import ffmpeg
import pytest

from lib.core.errors import ToolFailed
from lib.media.captions.cue import Word
from lib.media.room import Room
from lib.media.runner.inputs import name_of
from lib.media.sound import loudness, music
from lib.media.sound.speech import Window
from lib.media.toolbox import MediaTools
from lib.media.voice import mix as voice_mix
from lib.media.voice import voice
from lib.media.voice.mix import mix, stretches
from lib.ports import ToolCall
from tests.media import voices
from tests.media.conftest import ASSETS

TEXT = "The freezer keeps bread fresh. Slice it first, and toast what you need. That is all."


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a voice and its words."""
    folder = tmp_path_factory.mktemp("voice")
    made = {"voice": folder / "v.wav", "words": folder / "w.json"}
    voice.run({"text": TEXT}, {}, made, Room(ASSETS, (), folder))
    return made


@pytest.mark.parametrize(("target", "lufs"), [("reel", -14.0), ("radio", -16.0)])
def test_the_tool_makes_the_loudness_of_its_destination_and_says_what_it_measured(
    tools: MediaTools, tmp_path: Path, spoken: dict[str, Path], target: str, lufs: float
) -> None:
    makes = {"sound": tmp_path / "s.m4a", "measured": tmp_path / "m.json"}
    params = {"music": "daybreak", "target": target, "seconds": 12.0}
    tools.run(ToolCall("voice_mix", params, spoken, makes, tmp_path, 120))
    heard = loudness.measure(makes["sound"])
    assert heard.lufs == pytest.approx(lufs, abs=0.2)
    assert heard.true_peak_dbtp <= -1.0
    assert heard.seconds == pytest.approx(12.0, abs=0.03)
    (told,) = json.loads(makes["measured"].read_text())["entries"]
    assert told["below_lu"] >= 10.0
    assert told["master"]["lufs"] == pytest.approx(heard.lufs, abs=0.05)


@pytest.mark.parametrize("bed", ["daybreak", "drift", "momentum"])
def test_a_bed_stays_ten_units_below_the_voice_while_it_speaks(
    spoken: dict[str, Path], bed: str
) -> None:
    words = voice_mix.timed_words.read(spoken["words"]).words
    file = ASSETS / "music" / f"{bed}.m4a"
    windows = [Window(one.start_s + 1, one.stop_s + 1) for one in stretches(words)]
    sound, played = music.levelled(spoken["voice"], file, seconds=11.0, starts_s=1.0)
    lowered = music.stepped_back(played, windows)
    loud, quiet = (voice_mix._loud_in(one, windows) for one in (sound, lowered))
    assert loud - quiet >= 10.0
    assert voice_mix._loud_in(played, windows) - quiet == pytest.approx(music.DUCK_DB, abs=0.3)


def test_the_bed_is_back_when_nobody_speaks(tmp_path: Path, spoken: dict[str, Path]) -> None:
    words = voice_mix.timed_words.read(spoken["words"]).words
    bed, file = ASSETS / "music" / "daybreak.m4a", tmp_path / "s.wav"
    mix(spoken["voice"], words, bed, file, target="reel", seconds=18, starts_s=3.0)
    sound = ffmpeg.input(name_of(file)).audio
    alone = [Window(0.5, 2.7), Window(words[-1].stop_s + 4.0, 14.0)]
    assert voice_mix._loud_in(sound, alone) > -16.5


def test_a_bed_that_is_loud_just_there_is_lowered_until_it_is_below(
    tmp_path: Path, spoken: dict[str, Path]
) -> None:
    sound = ffmpeg.input(name_of(ASSETS / "music" / "drift.m4a")).audio
    loud = sound.filter("volume", "if(lt(t,9),4,0.05)", eval="frame")
    bed = tmp_path / "bed.wav"
    voice_mix.mastering.run_ffmpeg(
        loud.output(name_of(bed), acodec="pcm_s16le", t=40), what="x", deadline_s=60
    )
    words = voice_mix.timed_words.read(spoken["words"]).words
    file = tmp_path / "s.wav"
    made = mix(spoken["voice"], words, bed, file, target="reel", seconds=40, starts_s=0.5)
    assert made.below_lu is not None
    assert made.below_lu >= 10.0


def test_the_same_words_give_the_same_bytes(tmp_path: Path, spoken: dict[str, Path]) -> None:
    for name in ("a.wav", "b.wav"):
        voice_mix.run(
            {"music": "momentum", "target": "radio"},
            spoken,
            {"sound": tmp_path / name},
            Room(ASSETS, (), tmp_path),
        )
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_voice_alone_is_mastered_too_and_starts_when_it_should(
    tmp_path: Path, spoken: dict[str, Path]
) -> None:
    file = tmp_path / "s.wav"
    words = voice_mix.timed_words.read(spoken["words"]).words
    made = mix(spoken["voice"], words, None, file, target="radio", seconds=12, starts_s=2.0)
    assert made.below_lu is None
    assert made.master.lufs == pytest.approx(-16.0, abs=0.2)
    heard = voice_mix.music.loudness.measure(file)
    assert heard.seconds == pytest.approx(12.0, abs=0.01)


def test_a_voice_that_does_not_fit_is_refused_in_words(
    tmp_path: Path, spoken: dict[str, Path]
) -> None:
    params = {"music": None, "target": "reel", "seconds": 4.0}
    with pytest.raises(ToolFailed, match=r"the voice ends at .* the whole is to be 4 s long"):
        voice_mix.run(params, spoken, {"sound": tmp_path / "s.wav"}, Room(ASSETS, (), tmp_path))


def words_file(folder: Path, seconds: float, *times: tuple[float, float]) -> Path:
    words = [Word("a", start_s, stop_s) for start_s, stop_s in times]
    file = folder / "other.json"
    voice_mix.timed_words.write(file, words, language="en", source="hand", seconds=seconds)
    return file


def refused(tmp_path: Path, needs: dict[str, Path], bed: str | None, words: str) -> None:
    with pytest.raises(ToolFailed, match=words):
        voice_mix.run(
            {"music": bed, "target": "reel"},
            needs,
            {"sound": tmp_path / "s.wav"},
            Room(ASSETS, (), tmp_path),
        )


@pytest.mark.parametrize("bed", ["daybreak", None])
def test_a_silent_voice_is_refused(tmp_path: Path, bed: str | None) -> None:
    silent = voices.write(tmp_path / "v.wav", array("d", bytes(8 * 5 * voices.RATE_HZ)))
    needs = {"voice": silent, "words": words_file(tmp_path, 5.0, (0.1, 0.5))}
    refused(tmp_path, needs, bed, "the voice is silent")


def test_words_of_another_voice_are_refused(tmp_path: Path, spoken: dict[str, Path]) -> None:
    words = words_file(tmp_path, 30.0, (20.0, 21.0))
    told = r"the voice is \d\.\d s long, and the words are of 30\.0 s"
    refused(tmp_path, spoken | {"words": words}, None, told)


def test_words_that_take_no_time_are_refused_where_music_would_step_back_for_them(
    tmp_path: Path, spoken: dict[str, Path]
) -> None:
    seconds = voice_mix.timed_words.read(spoken["words"]).seconds
    words = words_file(tmp_path, seconds, (1.0, 1.0), (2.0, 2.0))
    refused(tmp_path, spoken | {"words": words}, "daybreak", "no word takes any time")


def test_how_far_a_lowered_bed_stays_below_is_measured_and_not_meant(
    tmp_path: Path, spoken: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = iter((-20.0, -22.0, -20.0, -33.0))
    monkeypatch.setattr(voice_mix, "_loud_in", lambda *_: next(levels))
    words = voice_mix.timed_words.read(spoken["words"]).words
    bed = ASSETS / "music" / "daybreak.m4a"
    made = mix(
        spoken["voice"], words, bed, tmp_path / "s.wav", target="reel", seconds=12, starts_s=1
    )
    assert made.below_lu == 13.0


def test_words_that_follow_closely_are_one_stretch_and_silent_ones_none() -> None:
    words = [Word("a", 0, 1), Word("b", 1.2, 2), Word("—", 2, 2), Word("c", 3, 3.5)]
    assert stretches(words) == (Window(0, 2), Window(3, 3.5))
