"""The bundled music beds: every one there is, long enough, even in loudness, free of clicks."""

from __future__ import annotations

import array
import functools
import itertools
import json
import re
import runpy
import subprocess

import pytest

from lib.core.recipes.reel import MUSIC
from lib.media.runner.binaries import find
from tests.media.conftest import ASSETS

FOLDER = ASSETS / "music"
#: The longest reel that a recipe orders, seconds, and what a bed has beyond it to fade in.
LONGEST_REEL_S, MARGIN_S = 30, 2
RATE_HZ = 48_000
#: Largest step between two samples, of a full scale of 1: a cut in a loud wave exceeds it.
MOST_STEP = 0.2
#: A tick stands out from the millisecond on either side: its step is this many times their
#: upper quartile (drums and brushes reach 4.8), and it is heard from this much of full scale.
TICK, HEARD = 6.0, 0.025


@functools.cache
def loudness(bed: str) -> tuple[float, float]:
    """Return integrated loudness in LUFS and true peak in dBTP."""
    command = [find().ffmpeg, "-hide_banner", "-nostdin", "-i", str(FOLDER / f"{bed}.m4a")]
    command += ["-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stderr
    summary = told[told.rindex("Summary:") :]
    whole, peak = re.search(r"I:\s+(\S+) LUFS", summary), re.search(r"Peak:\s+(\S+)", summary)
    assert whole is not None
    assert peak is not None
    return float(whole[1]), float(peak[1])


@functools.cache
def samples(bed: str) -> array.array[int]:
    """Return the first channel as 16-bit samples."""
    command = [find().ffmpeg, "-v", "error", "-nostdin", "-i", str(FOLDER / f"{bed}.m4a")]
    command += ["-af", "pan=mono|c0=c0", "-ar", str(RATE_HZ), "-f", "s16le", "pipe:1"]
    return array.array("h", subprocess.run(command, capture_output=True, check=True).stdout)


def test_the_folder_holds_the_beds_that_recipes_choose_from_and_their_script_makes_them() -> None:
    there = {file.stem for file in FOLDER.glob("*.m4a")}
    assert there == set(MUSIC) == set(runpy.run_path(str(FOLDER / "compose.py"))["PIECES"])


@pytest.mark.parametrize("bed", MUSIC)
def test_the_licence_names_every_bed_and_gives_it_away(bed: str) -> None:
    licence = (FOLDER / "LICENCE.md").read_text()
    assert f"`{bed}.m4a`" in licence
    assert "CC0 1.0" in licence


@pytest.mark.parametrize("bed", MUSIC)
def test_a_bed_is_stereo_and_outlasts_the_longest_reel(bed: str) -> None:
    command = [find().ffprobe, "-v", "error", "-of", "json", "-show_streams", "-show_format"]
    command += [str(FOLDER / f"{bed}.m4a")]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    (stream,) = told["streams"]
    assert (stream["codec_name"], stream["channels"]) == ("aac", 2)
    assert int(stream["sample_rate"]) == RATE_HZ
    assert float(told["format"]["duration"]) >= LONGEST_REEL_S + MARGIN_S


@pytest.mark.parametrize("bed", MUSIC)
def test_a_bed_is_as_loud_as_the_others_and_leaves_room_for_the_encoder(bed: str) -> None:
    lufs, peak_dbtp = loudness(bed)
    assert lufs == pytest.approx(-18, abs=0.7)
    assert peak_dbtp < -1.5


@pytest.mark.parametrize("bed", MUSIC)
def test_a_bed_begins_and_ends_in_silence_and_never_clicks(bed: str) -> None:
    wave = samples(bed)
    edge = RATE_HZ // 200  # 5 ms
    assert max(map(abs, wave[:edge])) < 0.03 * 2**15
    assert max(map(abs, wave[-edge:])) < 0.01 * 2**15
    steps = (abs(after - before) for before, after in itertools.pairwise(wave))
    assert max(steps) < MOST_STEP * 2**15


@pytest.mark.parametrize("bed", MUSIC)
def test_no_lone_tick_of_the_encoder_stands_out_from_the_sound_around_it(bed: str) -> None:
    wave = samples(bed)
    near = RATE_HZ // 1000
    steps = [abs(after - before) for before, after in itertools.pairwise(wave)]
    for at, step in enumerate(steps):
        if step > HEARD * 2**15 and near <= at < len(steps) - near:
            around = sorted(steps[at - near : at + near])
            assert step < TICK * max(1, around[len(around) * 3 // 4]), f"{at / RATE_HZ:.3f} s"


@pytest.mark.parametrize("bed", MUSIC)
def test_a_bed_plays_on_without_a_gap_until_its_last_chord_fades(bed: str) -> None:
    wave = samples(bed)
    second = [wave[at : at + RATE_HZ] for at in range(0, LONGEST_REEL_S * RATE_HZ, RATE_HZ)]
    assert all(max(map(abs, part)) > 0.04 * 2**15 for part in second)
