"""The ``reel_part`` tool: some frames of a reel as a film without sound, to be joined with others.

Its frames are those that ``reel_video`` would compose for the same numbers, so that a long reel
can be made in many places at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from lib.media.reel.video import Params, make_picture
from lib.media.room import Room


class PartParams(Params):
    """Parameters of a reel, and which of its frames are wanted."""

    #: The sound is none of a part's business.
    music: str | None = None
    first: int = Field(ge=0)
    count: int = Field(ge=1)

    @field_validator("count")
    @classmethod
    def _ends_with_the_reel(cls, count: int, info: ValidationInfo) -> int:
        told = info.data
        if {"first", "seconds", "fps"} <= told.keys():
            last = told["seconds"] * told["fps"]
            if told["first"] + count > last:
                raise ValueError(f"the reel ends with frame {last}")
        return count


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the part. Raises ToolFailed for words that do not fit or an encoder that fails."""
    wanted = PartParams.model_validate(params)
    numbers = range(wanted.first, wanted.first + wanted.count)
    (made,) = makes.values()
    make_picture(wanted, needs, numbers, made, room)
