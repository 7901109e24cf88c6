"""How burned-in captions look: styles as files that a designer can add to (assets/captions)."""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lib.core.errors import ToolFailed
from lib.media.room import Room

Thousandths = Annotated[int, Field(ge=30, le=220)]


class CaptionStyle(BaseModel):
    """One style; sizes in thousandths of the picture's shorter side."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: What stands at a time: a cue as in the files beside it, a phrase, or a word.
    unit: Literal["cue", "phrase", "word"]
    #: Which of the brand's fonts.
    font: Literal["heading", "body"]
    #: What lies under the words: a plate just behind them, or a scrim over the whole width.
    ground: Literal["plate", "scrim"]
    #: How the word that is being spoken stands out.
    mark: Literal["none", "colour", "pill"]
    #: Most characters of a line.
    wide: Annotated[int, Field(ge=6, le=32)]
    largest: Thousandths
    least: Thousandths
    #: Where the middle of the words is, as a share of the height; kept within the safe zone.
    middle: Annotated[float, Field(ge=0, le=1)]
    fade_s: Annotated[float, Field(ge=0, le=0.4)]

    @model_validator(mode="after")
    def _sizes(self) -> CaptionStyle:
        if self.least > self.largest:
            raise ValueError("least is more than largest")
        return self


def style(name: str, room: Room) -> CaptionStyle:
    """Return a style by its name. Raises ToolFailed with the choices, or saying what is wrong."""
    files = {file.stem: file for file in (room.assets / "captions").glob("*.toml")}
    if name not in files:
        there = ", ".join(sorted(files))
        raise ToolFailed("captions", f"there is no style {name!r}; there are {there}")
    try:
        return CaptionStyle.model_validate(tomllib.loads(files[name].read_text("utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ToolFailed("captions", f"the style {name!r} cannot be used: {error}") from error
