"""The ``voice_mix`` tool: a voice over a music bed that steps back for it, mastered.

The bed steps back along the times of the words, on an envelope that is the same each time and
cannot pump. How far it stays below the voice is measured in what is mixed, and never only meant.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media.captions import timed_words
from lib.media.captions.cue import Word
from lib.media.captions.timed_words import TimedWords
from lib.media.room import Room
from lib.media.sound import loudness, mastering, music
from lib.media.sound.loudness import Loudness
from lib.media.sound.mastering import RADIO, REEL, Mastered
from lib.media.sound.speech import Window

TARGETS = {"reel": REEL, "radio": RADIO}
#: How far below the voice a bed stays at least while somebody speaks, LU.
BELOW_LU = 10.5
#: What a voice may be longer or shorter than its words tell, seconds: a coder adds its edges.
LENGTH_S = 0.3
#: Words with a shorter pause between them are one stretch of speech, seconds.
PAUSE_S = 0.35


class Params(BaseModel):
    """What is laid under a voice, and where it goes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: A bed of the bundled music; None is the voice alone.
    music: str | None
    target: Literal["reel", "radio"]
    #: Length of the whole; None is the voice with the music's way in and out.
    seconds: float | None = Field(default=None, ge=2, le=3600)
    #: When the voice begins.
    starts_s: float = Field(default=0.8, ge=0, le=60)


@dataclass(frozen=True, slots=True)
class Mixed:
    """What was made, as it was measured: ``below_lu`` is None without a bed."""

    master: Mastered
    below_lu: float | None


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make ``sound`` of ``voice`` and ``words``, and ``measured`` (JSON), or one of them."""
    wanted = Params.model_validate(params)
    timed = timed_words.read(needs["words"])
    _require_match(timed, loudness.measure(needs["voice"]))
    least_s = wanted.starts_s + timed.words[-1].stop_s
    seconds = wanted.seconds or round(wanted.starts_s + timed.seconds + music.RETURN_S + 1.0, 2)
    if seconds < least_s:
        told = f"the voice ends at {least_s:.1f} s, and the whole is to be {seconds:g} s long"
        raise ToolFailed("voice_mix", f"{told}; shorten the text or make it longer")
    bed = room.music(wanted.music) if wanted.music else None
    mixed = mix(
        needs["voice"],
        timed.words,
        bed,
        makes.get("sound", room.workdir / "sound.m4a"),
        target=wanted.target,
        seconds=seconds,
        starts_s=wanted.starts_s,
    )
    if "measured" in makes:
        makes["measured"].write_text(json.dumps({"entries": [dataclasses.asdict(mixed)]}), "utf-8")


def mix(
    voice: Path,
    words: Sequence[Word],
    bed: Path | None,
    file: Path,
    *,
    target: str,
    seconds: float,
    starts_s: float,
) -> Mixed:
    """Write a voice over a bed, or alone, to a file (.wav, .m4a or .mp3) of ``seconds``.

    Raises ToolFailed for sounds that cannot be used, and for words that are never heard.
    """
    if bed is None:
        alone = music.placed(voice, seconds=seconds, starts_s=starts_s)
        return Mixed(mastering.master(alone, file, TARGETS[target]), None)
    windows = [Window(one.start_s + starts_s, one.stop_s + starts_s) for one in stretches(words)]
    if not windows:
        told = "no word takes any time, so the music cannot step back for them"
        raise ToolFailed("voice_mix", f"{told}; give words with their times")
    spoken, played = music.levelled(voice, bed, seconds=seconds, starts_s=starts_s)
    lowered = music.stepped_back(played, windows)
    below_lu = _loud_in(spoken, windows) - _loud_in(lowered, windows)
    if below_lu < BELOW_LU:  # this bed is louder just there than it is on the whole
        lowered = lowered.filter("volume", f"{below_lu - BELOW_LU:.2f}dB")
        below_lu = _loud_in(spoken, windows) - _loud_in(lowered, windows)
    made = mastering.master(music.together(spoken, lowered), file, TARGETS[target])
    return Mixed(made, round(below_lu, 1))


def _require_match(timed: TimedWords, heard: Loudness) -> None:
    """Refuse a voice that nobody hears, and words of another. Raises ToolFailed."""
    if heard.lufs < loudness.SILENT_LUFS:
        raise ToolFailed("voice_mix", "the voice is silent; give one that speaks")
    if abs(heard.seconds - timed.seconds) > LENGTH_S:
        told = (
            f"the voice is {heard.seconds:.1f} s long, and the words are of {timed.seconds:.1f} s"
        )
        raise ToolFailed("voice_mix", f"{told}; give the words of this voice")


def stretches(words: Sequence[Word]) -> tuple[Window, ...]:
    """Return where somebody speaks, by the times of the words."""
    found: list[Window] = []
    for word in words:
        if word.stop_s <= word.start_s:
            continue
        if found and word.start_s - found[-1].stop_s < PAUSE_S:
            found[-1] = Window(found[-1].start_s, max(found[-1].stop_s, word.stop_s))
        else:
            found.append(Window(word.start_s, word.stop_s))
    return tuple(found)


def _loud_in(sound: Any, windows: Sequence[Window]) -> float:
    """Return how loud a stream is within windows, LUFS."""
    when = "+".join(f"between(t,{one.start_s:.3f},{one.stop_s:.3f})" for one in windows)
    heard = sound.filter("aselect", when).filter("asetpts", "N/SR/TB")
    return loudness.survey(heard).loudness.lufs
