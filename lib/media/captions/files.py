"""The ``captions`` tool: timed words as files that players read, SubRip and WebVTT.

``cue.py`` makes the cues, ``voice.py`` or ``alignment.py`` the words. Text is people's own,
so what means something to a player is written so that it means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media.captions import timed_words
from lib.media.captions.cue import Cue, cues, joined
from lib.media.room import Room

#: What players take for a tag in SubRip, and for one of another format.
_TAG = re.compile(r"<(/?[A-Za-z!?][^<>]*)>")
_OVERRIDE = re.compile(r"\{((?:\\|[A-Za-z]:)[^{}]*)\}")


class Params(BaseModel):
    """How the files are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Whether WebVTT carries the time of each word too.
    word_times: bool = False
    #: When the recording begins in the film, and how long that is: no caption outlasts it.
    starts_s: float = Field(default=0.0, ge=0, le=3600)
    seconds: float | None = Field(default=None, gt=0, le=7200)


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make ``srt`` and ``vtt``, either or both, of ``words``.

    Raises ToolFailed for words whose times do not follow each other, and when there are none.
    """
    del room
    wanted = Params.model_validate(params)
    made = cues(timed_words.read(needs["words"]).later(wanted.starts_s))
    if wanted.seconds is not None:
        made = tuple(replace(cue, stop_s=min(cue.stop_s, wanted.seconds)) for cue in made)
    if not made:
        raise ToolFailed("captions", "there are no words to show; give what is said")
    if "srt" in makes:
        makes["srt"].write_text(srt(made), "utf-8")
    if "vtt" in makes:
        makes["vtt"].write_text(vtt(made, word_times=wanted.word_times), "utf-8")


def srt(made: Sequence[Cue]) -> str:
    """Return cues as SubRip."""
    blocks = []
    for number, cue in enumerate(made, 1):
        text = _harmless("\n".join(cue.lines))
        times = f"{_time(cue.start_s, ',')} --> {_time(cue.stop_s, ',')}"
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def _harmless(text: str) -> str:
    """Return a text of SubRip, which has no escape, with other signs for those of tags and times.

    Players take even the tags of other formats for such; “5 < 6” is none.
    """
    text = _TAG.sub(r"‹\1›", text.replace("-->", "→"))
    return _OVERRIDE.sub(r"(\1)", text)


def vtt(made: Sequence[Cue], *, word_times: bool = False) -> str:
    """Return cues as WebVTT, with the time of each word within its cue where that is asked."""
    blocks = ["WEBVTT\n"]
    for cue in made:
        text = _timed(cue) if word_times else "\n".join(map(_escaped, cue.lines))
        blocks.append(f"{_time(cue.start_s, '.')} --> {_time(cue.stop_s, '.')}\n{text}\n")
    return "\n".join(blocks)


def _timed(cue: Cue) -> str:
    """Return the lines with a time before each word that begins after the cue does."""
    now_s = cue.start_s
    lines = []
    for _, own in cue.of_lines():
        told, plain = "", ""
        for number, word in enumerate(own):
            longer = joined(own[: number + 1])
            space = " " if longer[len(plain) :].startswith(" ") else ""
            time = ""
            if now_s < word.start_s < cue.stop_s:
                time, now_s = f"<{_time(word.start_s, '.')}>", word.start_s
            told += f"{space}{time}{_escaped(word.text)}"
            plain = longer
        lines.append(told)
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(seconds: float, point: str) -> str:
    whole, millis = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{millis:03}"
