"""The ``voice`` tool: a text becomes a recording of a voice, and the times of its words.

A text is spoken sentence by sentence, with a pause after each, so that its length does not matter
and an edit of one sentence leaves the others' sound as it was. The times are the voice's own.
"""

from __future__ import annotations

import wave
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media.captions import timed_words
from lib.media.captions.cue import Word
from lib.media.room import Room
from lib.media.text.language import guess
from lib.media.text.sentences import Sentence, require_script, sentences
from lib.media.voice.speakers import VOICES, Speaker, speaker, voice_for

#: Silence before the first word and after the last one, seconds.
EDGE_S = 0.15
#: Longest text that is spoken at once, characters: about twenty minutes.
MOST_CHARACTERS = 20_000
#: How often a text that is too long is spoken again, faster each time.
HURRIES = 3


class Params(BaseModel):
    """What is to be said, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(max_length=MOST_CHARACTERS)
    #: BCP 47; guessed when it is not told.
    language: str | None = None
    #: One of ``VOICES``; None is the first that speaks the language.
    voice: str | None = None
    speed: float = Field(default=1.0, ge=0.7, le=1.5)
    seed: int = Field(default=0, ge=0)
    #: How long it may be at most, seconds, and how fast it may be spoken so that it is.
    most_s: float | None = Field(default=None, gt=0)
    fastest: float = Field(default=1.0, ge=1, le=1.5)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as a voice reads it: parts of 16-bit samples, and the words with their times."""

    rate_hz: int
    samples: tuple[bytes, ...]
    words: tuple[Word, ...]
    #: Who spoke, with the version.
    source: str
    language: str

    @property
    def seconds(self) -> float:
        """Return how long it is."""
        return sum(map(len, self.samples)) / 2 / self.rate_hz

    def write(self, file: Path) -> None:
        """Write the recording as WAV, one channel of 16 bits."""
        with wave.open(str(file), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(self.rate_hz)
            for part in self.samples:
                out.writeframes(part)


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make ``voice`` (WAV) and ``words`` (JSON), or one of them.

    Raises ToolFailed for what cannot be spoken.
    """
    del needs, room
    made = within(Params.model_validate(params))
    if "voice" in makes:
        made.write(makes["voice"])
    if "words" in makes:
        told = {"language": made.language, "source": made.source}
        timed_words.write(makes["words"], made.words, seconds=made.seconds, **told)


def within(wanted: Params) -> Reading:
    """Speak a text, and faster where there is no time for it at its own pace.

    Raises ToolFailed saying how much of it is too much.
    """
    made = first = read_aloud(wanted)
    if wanted.most_s is None:
        return made
    for step in range(1, HURRIES + 1):
        if made.seconds <= wanted.most_s or wanted.fastest == 1:
            break
        speed = min(1.5, wanted.speed * (1 + (wanted.fastest - 1) * step / HURRIES))
        made = read_aloud(wanted.model_copy(update={"speed": speed}))
    if made.seconds > wanted.most_s:
        letters = len(wanted.text) * wanted.most_s / made.seconds
        told = f"the text takes {first.seconds:.1f} s to say, and there are {wanted.most_s:.1f}"
        raise ToolFailed("voice", f"{told}; shorten it to about {letters // 10 * 10:.0f} letters")
    return made


def read_aloud(wanted: Params) -> Reading:
    """Speak a text. Raises ToolFailed naming what cannot be spoken."""
    spoken = sentences(wanted.text)
    language = wanted.language or guess(wanted.text) or "en"
    guessed = wanted.language is None
    name = wanted.voice or voice_for(language, guessed=guessed)
    voice = speaker(name, language, guessed=guessed)
    for sentence in spoken:
        require_script(sentence.text, VOICES[name].script, name)
    samples = [_silence(EDGE_S, voice)]
    words: list[Word] = []
    at = len(samples[0])
    for part, own in _spoken(spoken, voice, wanted):
        start_s = at / 2 / voice.rate_hz
        words += (_later(word, start_s) for word in own)
        samples.append(part)
        at += len(part)
    samples.append(_silence(EDGE_S, voice))
    if not any(map(any, samples)):
        raise ToolFailed("voice", "nothing is heard of it; write it in other words")
    source = f"{voice.kind} {name}"
    return Reading(voice.rate_hz, tuple(samples), tuple(words), source, language)


def _spoken(
    spoken: tuple[Sentence, ...], voice: Speaker, wanted: Params
) -> Iterator[tuple[bytes, tuple[Word, ...]]]:
    """Yield each sentence's samples, its pause behind it, and its words."""
    for sentence in spoken:
        # Its own noise for each sentence, so that an edit elsewhere does not change it.
        seed = zlib.crc32(f"{wanted.seed} {sentence.text}".encode())
        said = voice.say(sentence.text, speed=wanted.speed, seed=seed)
        yield said.samples + _silence(sentence.pause_s / wanted.speed, voice), said.words


def _later(word: Word, by_s: float) -> Word:
    return Word(word.text, round(word.start_s + by_s, 3), round(word.stop_s + by_s, 3))


def _silence(seconds: float, voice: Speaker) -> bytes:
    return bytes(2 * round(seconds * voice.rate_hz))
