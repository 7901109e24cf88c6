"""The words of a text are found in somebody's recording of it, to a few hundredths of a second.

The somebody is our voice with another throat and at another pace: played slower, all of it grows
longer and deeper, so that the true times are known.
"""

from __future__ import annotations

import math
import random
import tracemalloc
import wave
from array import array
from collections.abc import Iterable
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import pytest

from lib.core.checks import faults
from lib.core.errors import ToolFailed
from lib.media.captions.cue import Word
from lib.media.probe import probe
from lib.media.toolbox import MediaTools
from lib.media.voice import alignment
from lib.media.voice.alignment import align
from lib.media.voice.voice import Params, Reading, read_aloud
from lib.media.voice.warping import lay, warp
from lib.ports import ToolCall
from tests.media import voices
from tests.media.speech_checks import words_check

TEXT = (
    "The old lighthouse keeper climbed the narrow stairs every evening before dark."
    " Nobody knew why the machine had stopped, but everyone had an opinion about it."
    " When the rain finally came, the farmers stood outside and laughed like children."
    " A telescope gathers more light than the eye, so faint galaxies become visible."
    " Please remember to bring your passport, your ticket and a warm jacket tomorrow."
)
OTHER = (
    "Interest that is paid on interest grows slowly at first and then faster than most expect."
    " Whoever begins ten years earlier needs to save only half as much in every month."
    " Fees work in the same manner, and they take from the end and not from the beginning."
    " That is why a small difference in price becomes the price of a house over thirty years."
    " Nobody can tell you which share will rise, and those who say so sell something else."
)


def somebody(
    file: Path, read: Reading, throat: float, *, hiss: float = 0.0, pause_s: float = 0.0
) -> list[Word]:
    """Write a reading by a longer throat, with a pause amid it, and return the true times."""
    rng = np.random.default_rng(3)
    rate_hz = round(read.rate_hz / throat)
    samples = np.frombuffer(b"".join(read.samples), "<i2").astype(np.float64)
    middle = next(w for w in read.words[len(read.words) // 2 :] if w.text[0].isupper()).start_s
    cut = round((middle - 0.1) * read.rate_hz)
    parts = [samples[:cut], np.zeros(round(pause_s * rate_hz)), samples[cut:]]
    whole = np.concatenate(parts)
    whole += rng.normal(0, hiss * 32767, len(whole))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(np.clip(whole, -32767, 32767).astype("<i2").tobytes())
    shift = [pause_s if word.start_s > middle - 0.1 else 0.0 for word in read.words]
    stretch = read.rate_hz / rate_hz
    return [
        Word(word.text, word.start_s * stretch + by_s, word.stop_s * stretch + by_s)
        for word, by_s in zip(read.words, shift, strict=True)
    ]


def errors_ms(found: tuple[Word, ...], true: list[Word]) -> list[float]:
    assert [word.text for word in found] == [word.text for word in true]
    pairs = zip(found, true, strict=True)
    return [1000 * abs(ours.start_s - theirs.start_s) for ours, theirs in pairs]


@pytest.mark.parametrize(
    ("throat", "speed", "hiss", "pause_s"),
    [
        (1.0, 1.25, 0.0, 0.0),
        (1.18, 1.0, 0.0, 0.0),
        (1.18, 0.85, 0.002, 2.5),
        (0.9, 0.8, 0.0, 20.0),
        (1.25, 1.3, 0.01, 0.7),
    ],
)
def test_words_are_found_in_the_recording_of_another_voice(
    tmp_path: Path, throat: float, speed: float, hiss: float, pause_s: float
) -> None:
    read = read_aloud(Params(text=TEXT, speed=speed, seed=7))
    true = somebody(tmp_path / "r.wav", read, throat, hiss=hiss, pause_s=pause_s)
    found = align(tmp_path / "r.wav", TEXT)
    wrong = errors_ms(found.words, true)
    assert median(wrong) < 40
    assert quantiles(wrong, n=20)[-1] < 120


def test_a_recording_of_minutes_is_aligned_from_coarse_to_fine(tmp_path: Path) -> None:
    text = "\n\n".join([TEXT, OTHER] * 5)
    true = somebody(tmp_path / "r.wav", read_aloud(Params(text=text, seed=7)), 1.15)
    found = align(tmp_path / "r.wav", text)
    assert found.seconds > 240
    wrong = errors_ms(found.words, true)
    assert median(wrong) < 40
    assert quantiles(wrong, n=20)[-1] < 120


def test_the_same_recording_gives_the_same_times(tmp_path: Path) -> None:
    somebody(tmp_path / "r.wav", read_aloud(Params(text=TEXT, seed=7)), 1.1)
    assert align(tmp_path / "r.wav", TEXT) == align(tmp_path / "r.wav", TEXT)


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_other_words_than_the_texts_are_refused(tmp_path: Path, share: float) -> None:
    sentences = TEXT.split(". ")
    kept = sentences[: round(len(sentences) * share)]
    said = ". ".join([*kept, *OTHER.split(". ")[len(kept) :]])
    somebody(tmp_path / "r.wav", read_aloud(Params(text=said, seed=7)), 1.1)
    with pytest.raises(ToolFailed, match="does not say the text near “"):
        align(tmp_path / "r.wav", TEXT)


@pytest.mark.parametrize(
    ("sound", "text", "language", "words"),
    [
        (array("d", bytes(8 * 48_000 * 4)), TEXT, None, "the recording is silent"),
        (voices.voice(4.0), TEXT, None, "the recording is only 4 s, and the text takes about 2"),
        (voices.voice(25.0), TEXT, None, "does not say the text"),
        (voices.voice(4.0), "Hallo du", "de", "no voice here speaks German"),
        (voices.voice(4.0), "", None, "there are no words"),
    ],
)
def test_what_cannot_be_aligned_is_refused_in_words(
    tmp_path: Path, sound: array[float], text: str, language: str | None, words: str
) -> None:
    voices.write(tmp_path / "r.wav", sound)
    with pytest.raises(ToolFailed, match=words):
        align(tmp_path / "r.wav", text, language=language)


def test_a_text_that_cannot_be_read_is_refused_before_the_recording_is_opened(
    tmp_path: Path,
) -> None:
    with pytest.raises(ToolFailed, match="no voice here speaks German"):
        align(tmp_path / "none.wav", "Hallo du", language="de")


def test_no_more_of_a_long_recording_is_decoded_than_the_text_can_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths, decoded = [], alignment.decoded

    def watched(*given) -> alignment.Samples:
        lengths.append(len(found := decoded(*given)))
        return found

    monkeypatch.setattr(alignment, "decoded", watched)
    with wave.open(str(tmp_path / "r.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(random.Random(1).randbytes(16_000) * 600)
    with pytest.raises(ToolFailed, match=r"is longer than \d s, and the text takes about \d;"):
        align(tmp_path / "r.wav", "Hello there, everybody.")
    assert lengths[0] < 10 * alignment.RATE_HZ


def test_the_spectra_of_a_long_recording_are_never_held_at_once() -> None:
    samples = np.random.default_rng(1).integers(-9000, 9000, 300 * 24_000, np.int16)
    tracemalloc.start()
    try:
        bands = alignment._bands(alignment._powers(samples, 24_000), 24_000, 1.0)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert bands.shape == (30_000, alignment.BANDS)
    assert most < 30e6


def test_bytes_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    (tmp_path / "r.wav").write_bytes(random.Random(1).randbytes(20_000))
    with pytest.raises(ToolFailed, match="the recording"):
        align(tmp_path / "r.wav", TEXT)


def test_the_tool_leaves_words_that_the_checks_want(tools: MediaTools, tmp_path: Path) -> None:
    somebody(tmp_path / "r.wav", read_aloud(Params(text=TEXT, seed=7)), 1.1)
    makes = {"words": tmp_path / "w.json"}
    needs = {"recording": tmp_path / "r.wav"}
    tools.run(ToolCall("align", {"text": TEXT}, needs, makes, tmp_path, 60))
    check = words_check(TEXT)
    facts = probe(makes["words"], check.media_type)
    assert faults(check, makes["words"].stat().st_size, facts) == ()


def test_a_series_lies_on_itself_and_a_stretched_one_on_what_it_was() -> None:
    rng = np.random.default_rng(1)
    series = rng.normal(0, 1, (640, 6)).astype(np.float32).cumsum(0)
    path = warp(series, series)
    assert (path.first == np.arange(640)).all()
    assert path.distance == pytest.approx(0.0, abs=0.02)
    twice = warp(series, np.repeat(series, 2, axis=0))
    assert np.abs(twice.first - 2 * np.arange(640)).max() <= 2


def test_the_band_finds_the_path_of_the_whole_table() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1, (400, 5)).astype(np.float32).cumsum(0)
    columns = np.concatenate([rows[:150], np.repeat(rows[150:151], 500, axis=0), rows[150:]])
    whole, banded = lay(rows, columns), warp(rows, columns)
    assert math.isclose(whole.distance, banded.distance, rel_tol=0.02, abs_tol=0.02)
    assert abs(int(banded.first[300]) - int(whole.first[300])) <= 1


@pytest.mark.parametrize("throat", [0.93, 1.16])
def test_the_throat_that_is_found_is_the_true_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, throat: float
) -> None:
    tried, bands = [], alignment._bands

    def watched(powers: Iterable[alignment.Floats], rate_hz: int, tract: float) -> alignment.Floats:
        tried.append(tract)
        return bands(powers, rate_hz, tract)

    monkeypatch.setattr(alignment, "_bands", watched)
    somebody(tmp_path / "r.wav", read_aloud(Params(text=TEXT, seed=7)), throat)
    align(tmp_path / "r.wav", TEXT)
    assert tried[-1] == throat
