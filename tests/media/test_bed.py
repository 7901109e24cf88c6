"""A bed begins on a downbeat, ends on its last chord, and steps back under a voice by so many dB."""

from __future__ import annotations

import itertools
import json
import math
import runpy
from array import array
from pathlib import Path
from statistics import median
from typing import Any

import ffmpeg
import pytest

from lib.core.recipes.reel import MUSIC
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of
from lib.media.sound import beats, loudness, music, speech
from lib.media.sound.beats import EDGE_S, Grid
from lib.media.sound.speech import Window
from tests.media import voices
from tests.media.conftest import ASSETS

FOLDER = ASSETS / "music"
RATE_HZ = 8000
#: Ten milliseconds.
GRAIN = RATE_HZ // 100


def heard(sound: Any) -> array[float]:
    """Return a stream as one channel at 8 kHz."""
    graph = sound.output("pipe:1", format="f32le", acodec="pcm_f32le", ac=1, ar=RATE_HZ)
    return array("f", run_ffmpeg(graph, what="x", deadline_s=60).output)


def levels(sound: Any, grain: int = GRAIN * 10) -> list[float]:
    """Return the level of each tenth of a second in dB."""
    wave = heard(sound)
    parts = (wave[at : at + grain] for at in range(0, len(wave) - grain + 1, grain))
    return [10 * math.log10(sum(value * value for value in part) / grain + 1e-12) for part in parts]


def grid(bed: str) -> Grid:
    found = beats.grid_of(FOLDER / f"{bed}.m4a")
    assert found is not None
    return found


def test_the_beats_that_are_written_down_are_those_that_were_composed() -> None:
    composed = runpy.run_path(str(FOLDER / "compose.py"))["grids"]()
    assert json.loads((FOLDER / beats.FILE).read_text()) == composed
    assert set(composed) == set(MUSIC)


@pytest.mark.parametrize("bed", MUSIC)
def test_sounds_begin_on_the_beats_and_not_between_them(bed: str) -> None:
    known = grid(bed)
    sound = ffmpeg.input(name_of(FOLDER / f"{bed}.m4a")).audio
    wave = heard(sound.filter("highpass", f=800))
    power = [sum(v * v for v in wave[at : at + GRAIN]) for at in range(0, len(wave) - GRAIN, GRAIN)]
    rise = [max(0.0, after - before) for before, after in itertools.pairwise(power)]

    def rising(shift: float) -> float:
        """Return how much rises within 60 ms of the half beats, shifted by a share of a beat."""
        total = 0.0
        for half in range(2 * known.beats_per_bar * (known.bars - 1)):
            at = round((known.first_downbeat_s + (half / 2 + shift) * known.beat_s) * 100)
            total += sum(rise[max(0, at - 2) : at + 5])
        return total

    assert rising(0.0) > 4 * rising(0.25)


@pytest.mark.parametrize("seconds", [2.0, 4.0, 7.3, 10.0, 15.0, 30.0, 39.0, 60.0, 90.0])
@pytest.mark.parametrize("bed", MUSIC)
def test_every_cut_lies_on_a_downbeat_and_the_last_chord_has_time_to_fade(
    bed: str, seconds: float
) -> None:
    known = grid(bed)
    made = beats.arrange(known, seconds)
    edges = [part.start_s for part in made.parts] + [part.stop_s for part in made.parts[:-1]]
    for edge in edges:
        bars = (edge - known.first_downbeat_s) / known.bar_s
        assert bars == pytest.approx(round(bars), abs=1e-6)
    assert sum(part.stop_s - part.start_s for part in made.parts) == pytest.approx(seconds)
    last = made.parts[-1]
    chord_s = known.downbeat_s(known.bars - 1)
    assert last.start_s <= chord_s < last.stop_s
    assert last.stop_s <= known.downbeat_s(known.bars) + known.tail_s
    assert seconds - made.last_downbeat_s >= min(1.5, seconds / 4) - 1e-6
    assert made.last_downbeat_s == pytest.approx(seconds - (last.stop_s - chord_s))
    assert made.last_downbeat_s <= made.fade_out_at_s < seconds


@pytest.mark.parametrize("seconds", [10.0, 30.0])
@pytest.mark.parametrize("bed", MUSIC)
def test_the_fade_at_the_end_begins_on_a_beat(bed: str, seconds: float) -> None:
    made = beats.arrange(grid(bed), seconds)
    from_chord = (made.fade_out_at_s - made.last_downbeat_s) / grid(bed).beat_s
    assert from_chord == pytest.approx(round(from_chord), abs=1e-6)
    assert seconds - made.fade_out_at_s >= 1.0


@pytest.mark.parametrize("seconds", [2.0, 10.0, 60.0])
def test_a_bed_is_as_long_as_it_was_asked_for_and_ends_in_silence(seconds: float) -> None:
    wave = heard(music.bed(FOLDER / "momentum.m4a", seconds))
    assert len(wave) == round(seconds * RATE_HZ)
    assert max(map(abs, wave[-GRAIN:])) < 0.002
    parts = (
        wave[at : at + RATE_HZ // 2]
        for at in range(0, round((seconds - 1) * RATE_HZ), RATE_HZ // 2)
    )
    assert all(max(map(abs, part)) > 0.02 for part in parts)


@pytest.mark.parametrize("bed", MUSIC)
def test_a_bed_of_any_length_can_be_made(bed: str) -> None:
    """Also where it plays the very same bars twice."""
    for seconds in range(2, 150):
        assert music.bed(FOLDER / f"{bed}.m4a", float(seconds)).output("x.wav").get_args()


def test_a_bed_that_plays_the_same_bars_twice_is_as_long_as_it_was_asked_for() -> None:
    parts = beats.arrange(grid("drift"), 89.0).parts
    assert len(set(parts)) < len(parts)
    wave = heard(music.bed(FOLDER / "drift.m4a", 89.0))
    assert len(wave) == 89 * RATE_HZ
    second = (wave[at : at + RATE_HZ] for at in range(0, 87 * RATE_HZ, RATE_HZ))
    assert all(max(map(abs, each)) > 0.02 for each in second)


def test_a_cut_gives_the_very_samples_of_the_bed() -> None:
    made = beats.arrange(grid("drift"), 10.0)
    start = round(made.parts[0].start_s * RATE_HZ)
    whole = heard(ffmpeg.input(name_of(FOLDER / "drift.m4a")).audio)
    cut = heard(music.bed(FOLDER / "drift.m4a", 10.0))
    first = round(2 * EDGE_S * RATE_HZ)
    until_fade = round(made.fade_out_at_s * RATE_HZ)
    apart = (abs(whole[start + at] - cut[at]) for at in range(first, until_fade))
    assert max(apart) < 0.005


def test_a_cut_begins_as_clean_as_it_goes_on() -> None:
    part = beats.Part(grid("drift").downbeat_s(7), grid("drift").downbeat_s(8))
    whole = heard(ffmpeg.input(name_of(FOLDER / "drift.m4a")).audio)
    cut = heard(music._cut(FOLDER / "drift.m4a", part, more_s=0.0))
    start = round(part.start_s * RATE_HZ)
    # The first samples lack what the resampler of this test would look back at.
    assert max(abs(whole[start + at] - cut[at]) for at in range(32, RATE_HZ // 10)) < 0.005


def test_no_join_is_heard_where_a_bed_plays_its_middle_again() -> None:
    made = beats.arrange(grid("momentum"), 60.0)
    assert len(made.parts) == 2
    at = round((made.parts[0].stop_s - made.parts[0].start_s) * RATE_HZ)
    wave = heard(music.bed(FOLDER / "momentum.m4a", 60.0))
    steps = [abs(after - before) for before, after in itertools.pairwise(wave)]
    near = steps[at - 400 : at + 400]
    assert max(near) <= max(steps[: at - 8000])


def test_a_bed_without_known_beats_is_faded_at_both_ends(tmp_path: Path) -> None:
    file = voices.write(tmp_path / "x.wav", voices.tone(5.0))
    level = levels(music.bed(file, 4.0))
    assert len(level) == 40
    assert level[0] < level[10] - 6
    assert level[-1] < level[10] - 12


WINDOWS = (Window(1.0, 3.0), Window(3.2, 4.0), Window(6.5, 8.0))


def test_under_known_speech_a_bed_steps_back_by_eleven_decibels_and_returns() -> None:
    plain = music.bed(FOLDER / "daybreak.m4a", 10.0)
    before, after = levels(plain), levels(music.stepped_back(plain, WINDOWS))
    change = [b - a for a, b in zip(before, after, strict=True)]
    for window in WINDOWS:
        inside = change[round(window.start_s * 10) : round(window.stop_s * 10)]
        assert all(-12 <= each <= -10 for each in inside)
    assert all(-12 <= each <= -10 for each in change[30:32])  # too short a pause to come back
    assert all(abs(each) < 0.1 for each in (*change[:7], *change[47:62], *change[87:]))
    # On its way it changes evenly: no step of more than 7 dB a tenth of a second.
    assert max(abs(b - a) for a, b in itertools.pairwise(change)) < 7


@pytest.mark.parametrize("kind", voices.KINDS)
def test_a_voice_alone_pushes_the_bed_back_as_far(tmp_path: Path, kind: str) -> None:
    voice = voices.write(tmp_path / "x.wav", voices.voice(10.0, kind))
    gain_db = music.MIX_LUFS - loudness.measure(voice).lufs
    key = loudness.even(ffmpeg.input(name_of(voice)).audio).filter("volume", f"{gain_db:.2f}dB")
    plain = music.bed(FOLDER / "daybreak.m4a", 10.0)
    before, after = levels(plain), levels(music.pushed_back(plain, key))
    change = [b - a for a, b in zip(before, after, strict=False)]
    windows = speech.windows_of(voice)
    inside = [
        each
        for at, each in enumerate(change)
        if any(w.start_s + 0.2 <= at / 10 and (at + 1) / 10 <= w.stop_s for w in windows)
    ]
    assert len(inside) > 30
    assert -12 <= median(inside) <= -10
    assert sorted(inside)[-len(inside) // 10] < -9


@pytest.mark.parametrize("known", [True, False])
def test_a_voice_lies_over_a_bed_of_its_own_loudness(tmp_path: Path, known: bool) -> None:
    voice = voices.write(tmp_path / "x.wav", voices.voice(4.0, "quiet"))
    windows = speech.windows_of(voice) if known else None
    mixed = music.under_voice(
        voice, FOLDER / "drift.m4a", seconds=10.0, starts_s=3.0, windows=windows
    )
    wave = heard(mixed)
    assert len(wave) == 10 * RATE_HZ
    alone = loudness.survey(mixed.filter("atrim", end=2.5)).loudness.lufs
    spoken = loudness.survey(mixed.filter("atrim", start=3.0, end=7.0)).loudness.lufs
    assert alone == pytest.approx(music.MIX_LUFS, abs=3)
    assert spoken == pytest.approx(music.MIX_LUFS, abs=1.5)


def test_speech_is_found_between_its_pauses(tmp_path: Path) -> None:
    pause = array("d", bytes(8 * 24_000))
    sound = pause + voices.tone(1.0) + pause + voices.tone(1.5) + pause
    found = speech.windows_of(voices.write(tmp_path / "x.wav", sound))
    assert [round(edge, 1) for one in found for edge in (one.start_s, one.stop_s)] == [
        0.5,
        1.5,
        2.0,
        3.5,
    ]
    assert speech.windows_of(voices.write(tmp_path / "y.wav", pause + pause)) == ()


def test_a_recording_that_begins_with_one_click_is_silent_from_then_on(tmp_path: Path) -> None:
    """Its silence begins 0.00002 s in, which ffmpeg writes with an exponent."""
    sound = array("d", [0.5]) + array("d", bytes(8 * 48_000)) + voices.tone(2.0)
    found = speech.windows_of(voices.write(tmp_path / "x.wav", sound))
    assert [(round(one.start_s, 1), round(one.stop_s, 1)) for one in found] == [(1.0, 3.0)]
