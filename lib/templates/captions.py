"""Styles of burned-in captions as files that a designer can add to (assets/captions).

Brand kits carry them into plans, so that a changed file never redraws old work; ``lib/media``
draws by them.
"""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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


def files(folder: Path) -> dict[str, Path]:
    """Return the file of each style by its name, sorted."""
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def read(file: Path) -> CaptionStyle:
    """Return a style. Raises ValueError saying what is wrong with its file."""
    stat = file.stat()
    return _read(file, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=64)
def _read(file: Path, changed_ns: int, size: int) -> CaptionStyle:
    del changed_ns, size  # another file by the same name
    try:
        return CaptionStyle.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"the style {file.stem!r} cannot be used: {error}") from error
