"""The ``reel_sound`` tool: the sound of a reel as it will be heard, encoded once.

Used by ``video.py`` too, which makes it while it encodes the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lib.media.room import Room
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of
from lib.media.sound import mastering, music
from lib.media.sound.mastering import REEL

#: Seconds that a track of silence may take.
SILENCE_S = 60.0


class Params(BaseModel):
    """Parameters of one sound."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    music: str | None
    seconds: int = Field(ge=2, le=90)


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the sound. Raises ToolFailed for a bed that is not there."""
    del needs  # a bed is bundled
    wanted = Params.model_validate(params)
    make_sound(wanted.music, wanted.seconds, makes["sound"], room)


def make_sound(bed: str | None, seconds: float, file: Path, room: Room) -> None:
    """Write a bed of a length, or silence, mastered as platforms play reels (.m4a)."""
    if bed is None:
        graph = music.silence(seconds).output(name_of(file), acodec="aac", audio_bitrate="160k")
        run_ffmpeg(graph, what="the encoder", deadline_s=SILENCE_S)
    else:
        mastering.master(music.bed(room.music(bed), seconds), file, REEL)
