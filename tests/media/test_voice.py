"""A voice says what is written, tells when it says each word, and refuses what it cannot speak."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import wave
from array import array
from itertools import pairwise
from pathlib import Path

import pytest

from lib.core.checks import faults
from lib.core.errors import ToolFailed
from lib.media.captions import timed_words
from lib.media.captions.cue import Word
from lib.media.probe import probe
from lib.media.room import Room
from lib.media.sound import speech
from lib.media.text.sentences import sentences
from lib.media.toolbox import MediaTools
from lib.media.voice import speakers, voice
from lib.media.voice.speakers import Said, Voice
from lib.media.voice.voice import Params, read_aloud
from lib.ports import ToolCall
from lib.settings import ROOT
from tests.media.speech_checks import captions_check, voice_check, words_check

TEXT = (
    "Bread goes stale faster in the refrigerator, because cold makes its starch crystallise."
    " The freezer keeps it fresh! Slice it first, and toast what you need.\n\n"
    "Prof. J. Bach measured 1,250 loaves at 4°C between 9:30 am and 7 pm on Jan. 5th, 2024;"
    " about 62% had hardened — “nobody expected that,” he said… The price? Only $3.20 a piece."
)


def test_the_same_text_gives_the_same_bytes() -> None:
    assert read_aloud(Params(text=TEXT)) == read_aloud(Params(text=TEXT))


def test_another_seed_gives_other_noise_at_the_same_times() -> None:
    one, other = (read_aloud(Params(text=TEXT, seed=seed)) for seed in (0, 1))
    assert one.samples != other.samples
    pairs = zip(one.words, other.words, strict=True)
    assert max(abs(a.start_s - b.start_s) for a, b in pairs) < 0.05


def test_an_edit_of_one_sentence_leaves_the_sound_of_the_others() -> None:
    before = read_aloud(Params(text="The first one. The second one. The third one."))
    after = read_aloud(Params(text="The first one. Something else. The third one."))
    same = [a == b for a, b in zip(before.samples, after.samples, strict=True)]
    assert same == [True, True, False, True, True]


def test_every_written_word_has_its_time_in_order() -> None:
    read = read_aloud(Params(text=TEXT))
    assert [word.text for word in read.words] == TEXT.split()
    assert all(word.stop_s > word.start_s for word in read.words if word.text != "—")
    for before, after in pairwise(read.words):
        assert before.start_s <= after.start_s
        assert before.stop_s <= after.start_s + 0.03
    assert 0 < read.words[0].start_s < 0.3
    assert read.seconds - 0.3 < read.words[-1].stop_s < read.seconds


def test_words_after_a_pause_begin_where_sound_begins(tmp_path: Path) -> None:
    read = read_aloud(Params(text=TEXT))
    read.write(tmp_path / "v.wav")
    heard = [window.start_s for window in speech.windows_of(tmp_path / "v.wav")][1:]
    assert len(heard) >= 6
    for start_s in heard:
        assert min(abs(word.start_s - start_s) for word in read.words) < 0.11


def test_a_number_takes_as_long_as_it_is_spoken() -> None:
    read = read_aloud(Params(text="It was 1,234,567 then."))
    lengths = {word.text: word.stop_s - word.start_s for word in read.words}
    assert lengths["1,234,567"] > 6 * lengths["was"]


@pytest.mark.parametrize(
    "text",
    [
        "He took ...ok then.",
        "AT&T’s C++ and/or rock'n'roll at www.example.com",
        "Chapter IV: 12/25/2020, 5' 6\" — $4.50 vs. £3bn!",
        "5 µm filters, 10 μg of it, the 1ª and 2º, a 3 μm film",
        "The number " + "9" * 36 + " is large",
        "#tag @handle a_b 10^6 x=y (½ of 3-4) U.S. A.M. :-)",
    ],
)
def test_odd_words_keep_their_times_in_order(text: str) -> None:
    read = read_aloud(Params(text=text, language="en"))
    assert [word.text for word in read.words] == text.replace("μ", "µ").split()
    for before, after in pairwise(read.words):
        assert before.start_s <= before.stop_s
        assert before.start_s <= after.start_s
    assert all(w.stop_s > w.start_s for w in read.words if any(map(str.isalpha, w.text)))


def test_faster_is_shorter() -> None:
    slow, fast = (read_aloud(Params(text=TEXT, speed=speed)) for speed in (0.8, 1.25))
    assert 1.35 < slow.seconds / fast.seconds < 1.75


def test_a_long_text_is_spoken_whole_and_one_long_sentence_too() -> None:
    count = 120
    read = read_aloud(Params(text="Water boils at a lower temperature on a mountain. " * count))
    assert len(read.words) == 9 * count
    assert 2.5 * count < read.seconds < 4.5 * count
    endless = " ".join(["and then we went on to the next place, which was larger"] * 40)
    assert len(read_aloud(Params(text=endless)).words) == len(endless.split())


def test_nothing_is_clipped() -> None:
    samples = array("h", b"".join(read_aloud(Params(text=TEXT)).samples))
    assert 3000 < max(map(abs, samples)) < 32_700


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"text": ""}, "there are no words to speak"),
        ({"text": " \n… — 🎉"}, "there are no words to speak"),
        ({"text": "Of ⅷ nothing"}, "“ⅷ” cannot be spoken; write it in other words"),
        ({"text": "<speak>Hello</speak>"}, "“<speak>” is markup"),
        ({"text": "See [the site](https://example.org)"}, "is markup; give plain words"),
        ({"text": "Say Привет now", "language": "en"}, "“Привет” is written in Cyrillic letters"),
        ({"text": "漢字 too", "language": "en"}, "“漢字” is written in Cjk letters"),
        ({"text": "Guten Tag", "language": "de-AT"}, "no voice here speaks German; there is Eng"),
        (
            {"text": "Das ist nicht gut und die Katze ist da"},
            'German; .* give language="en" if it is',
        ),
        ({"text": "la la en el", "voice": "heart"}, 'not Spanish; give language="en" if it is Eng'),
        ({"text": "It is " + "9" * 37 + " now"}, "“9+…” is a number of 37 digits; write it in"),
        ({"text": "It is 1" + ",234" * 12}, "“1,234.*…” is a number of 37 digits"),
        ({"text": "Say " + "ab" * 201}, "“abab.*…” has 402 characters; part it into words"),
        ({"text": "Hello", "language": "tlh"}, "no voice here speaks 'tlh'"),
        ({"text": "Hello", "voice": "emma"}, "there is no voice 'emma'; there are heart"),
        ({"text": "Hola", "voice": "heart", "language": "es"}, "speaks English, not Spanish"),
    ],
)
def test_what_cannot_be_spoken_is_refused_in_words(params: dict[str, str], words: str) -> None:
    with pytest.raises(ToolFailed, match=words):
        read_aloud(Params(**params))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Dr. Smith met J. S. Bach. He left.", ["Dr. Smith met J. S. Bach.", "He left."]),
        ("It cost 3.50 approx. 4 times. “Why?” he asked.", None),
        ("Wait… what? Yes!", ["Wait… what?", "Yes!"]),
        ("So did I. Then we left.", ["So did I.", "Then we left."]),
        ("One line\nanother line", ["One line", "another line"]),
        ("Really?! 🎉 Yes.", ["Really?!", "🎉 Yes."]),
        ("Is it true? No. It is not.", ["Is it true?", "No.", "It is not."]),
        ("See No. 5 and Fig. 3. No. Never.", ["See No. 5 and Fig. 3.", "No.", "Never."]),
    ],
)
def test_sentences_end_where_sentences_end(text: str, parts: list[str] | None) -> None:
    expected = parts or ["It cost 3.50 approx. 4 times.", "“Why?” he asked."]
    assert [sentence.text for sentence in sentences(text)] == expected


@pytest.mark.parametrize("text", ["[" * 200_000, "[a](" * 50_000, "<a" * 100_000, "." * 200_000])
def test_signs_that_never_end_cost_no_time(text: str) -> None:
    began_s = time.process_time()
    with contextlib.suppress(ToolFailed):
        sentences(f"Say {text}")
    assert time.process_time() - began_s < 0.5


def test_the_tool_leaves_what_the_checks_want(tools: MediaTools, tmp_path: Path) -> None:
    files = {"voice": tmp_path / "v.wav", "words": tmp_path / "w.json"}
    tools.run(ToolCall("voice", {"text": TEXT}, {}, files, tmp_path, 60))
    made = {"srt": tmp_path / "c.srt", "vtt": tmp_path / "c.vtt"}
    words = {"words": files["words"]}
    tools.run(ToolCall("captions", {"word_times": True}, words, made, tmp_path, 60))
    with wave.open(str(files["voice"])) as opened:
        seconds = opened.getnframes() / opened.getframerate()
    for file, check in (
        (files["voice"], voice_check(TEXT)),
        (files["words"], words_check(TEXT)),
        (made["srt"], captions_check("application/x-subrip", TEXT, seconds=seconds)),
        (made["vtt"], captions_check("text/vtt", TEXT, seconds=seconds)),
    ):
        facts = probe(file, check.media_type)
        assert faults(check, file.stat().st_size, facts) == ()
    assert timed_words.read(files["words"]).seconds == pytest.approx(seconds, abs=0.002)


@pytest.mark.parametrize("slot", ["voice", "words"])
def test_only_what_is_missing_is_made_and_it_is_the_same(
    room: Room, tmp_path: Path, slot: str
) -> None:
    both = {"voice": tmp_path / "v", "words": tmp_path / "w"}
    voice.run({"text": "Hello there."}, {}, both, room)
    voice.run({"text": "Hello there."}, {}, {slot: tmp_path / "again"}, room)
    assert (tmp_path / "again").read_bytes() == both[slot].read_bytes()


def test_parameters_that_nobody_knows_are_refused(tools: MediaTools, tmp_path: Path) -> None:
    files = {"voice": tmp_path / "v.wav", "words": tmp_path / "w.json"}
    with pytest.raises(ToolFailed, match="parameter pitch"):
        tools.run(ToolCall("voice", {"text": "Hi", "pitch": 2}, {}, files, tmp_path, 60))


def test_another_voice_joins_by_a_line_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(speakers.VOICES, "hum", Voice("tests.media.test_voice", "de", "LATIN"))
    read = read_aloud(Params(text="Guten Tag. Schön.", language="de"))
    assert [word.text for word in read.words] == ["Guten", "Tag.", "Schön."]
    assert read.source == "hum 1 hum"
    speakers.loaded.cache_clear()


class _Hum:
    """A voice that hums a second for each sentence."""

    rate_hz, kind = 8000, "hum 1"

    def say(self, sentence: str, *, speed: float, seed: int) -> Said:
        texts = sentence.split()
        each_s = 1 / len(texts)
        words = (Word(t, n * each_s, (n + 1) * each_s) for n, t in enumerate(texts))
        return Said(array("h", [900] * 8000).tobytes(), tuple(words))


def test_a_model_is_read_once_whatever_the_language_is_called() -> None:
    assert speakers.speaker("heart", "en") is speakers.speaker("heart", "en-US")


def load(name: str) -> _Hum:
    """Return the voice, as the table asks for it."""
    assert name == "hum"
    return _Hum()


def test_no_model_is_loaded_before_somebody_speaks() -> None:
    code = (
        "import sys, lib.media.voice, lib.media.captions.files, lib.media.captions.layers,"
        " lib.media.toolbox, lib.media.voice.mix;"
        "print([m for m in ('numpy', 'onnxruntime', 'hibari') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


def test_the_room_is_not_needed_to_speak(room: Room, tmp_path: Path) -> None:
    makes = {"voice": tmp_path / "v.wav", "words": tmp_path / "w.json"}
    voice.run({"text": "Hello there."}, {}, makes, room)
    assert timed_words.read(makes["words"]).words[0].text == "Hello"
