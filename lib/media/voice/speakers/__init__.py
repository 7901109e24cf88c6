"""Who can speak: the port that every voice is behind, and the table of voices.

``voice.py`` gives a speaker one sentence after another, ``alignment.py`` has it read a text that
somebody else spoke. A voice is imported when it is asked for: each brings a model with it.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from typing import Protocol

from lib.core.errors import ToolFailed
from lib.media.captions.cue import Word


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence as it was spoken: 16-bit samples of one channel, and when each word comes.

    A word that nothing is heard of, a dash for example, stands where it would be, for no time.
    """

    samples: bytes
    words: tuple[Word, ...]


class Speaker(Protocol):
    """A voice. The same words at the same pace and seed give the same bytes."""

    @property
    def rate_hz(self) -> int:
        """Samples a second."""

    @property
    def kind(self) -> str:
        """What makes the sound, with its version."""

    def say(self, sentence: str, *, speed: float, seed: int) -> Said:
        """Speak one sentence; ``speed`` 1 is the voice's own pace.

        Raises ToolFailed naming a word that it cannot speak.
        """


@dataclass(frozen=True, slots=True)
class Voice:
    """An entry of the table: where a voice is made, and the language (ISO 639) that it speaks.

    ``script`` is what Unicode calls the letters that it reads.
    """

    module: str
    language: str
    script: str


VOICES: dict[str, Voice] = {"heart": Voice("lib.media.voice.speakers.hibari", "en", "LATIN")}
#: Languages that people are told by name.
_NAMES = {
    "ar": "Arabic",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}


def voice_for(language: str, *, guessed: bool = False) -> str:
    """Return the name of a voice of a language (BCP 47). Raises ToolFailed when there is none.

    ``guessed`` is whether nobody told the language, so that people may do so.
    """
    spoken = language.partition("-")[0].lower()
    for name, voice in VOICES.items():
        if voice.language == spoken:
            return name
    known = [voice.language for voice in VOICES.values()]
    told = (
        f"no voice here speaks {_named(spoken)}; there is {', '.join(sorted(map(_named, known)))}"
    )
    raise ToolFailed("voice", told + _or_else(known[0], guessed=guessed))


def speaker(name: str, language: str, *, guessed: bool = False) -> Speaker:
    """Return a voice, ready to speak. Raises ToolFailed when it is not there or another's."""
    if name not in VOICES:
        raise ToolFailed("voice", f"there is no voice {name!r}; there are {', '.join(VOICES)}")
    own = VOICES[name].language
    if language.partition("-")[0].lower() != own:
        told = f"the voice {name!r} speaks {_named(own)}, not {_named(language)}"
        raise ToolFailed("voice", told + _or_else(own, guessed=guessed))
    return loaded(name)


@functools.lru_cache(maxsize=4)
def loaded(name: str) -> Speaker:
    """Return a voice of the table with its model, which is read once."""
    made: Speaker = importlib.import_module(VOICES[name].module).load(name)
    return made


def _or_else(language: str, *, guessed: bool) -> str:
    return f'; give language="{language}" if it is {_named(language)}' if guessed else ""


def _named(language: str) -> str:
    return _NAMES.get(language.partition("-")[0].lower(), repr(language))
