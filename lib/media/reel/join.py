"""The ``reel_join`` tool: the parts of a reel one after another, with its sound, by copying."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lib.media.reel import film
from lib.media.room import Room


class Params(BaseModel):
    """Parameters of one join: the parts by their slots, in order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parts: tuple[str, ...] = Field(min_length=1, max_length=90)
    seconds: int = Field(ge=2, le=90)


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the video. Raises ToolFailed when the parts do not fit together."""
    wanted = Params.model_validate(params)
    parts = [needs[slot] for slot in wanted.parts]
    film.join(parts, needs["sound"], wanted.seconds, makes["video"], room.workdir)
