"""The ``background`` tool: a brand's own photo, gently graded, or a procedural scenery.

Written as lossless WebP: an intermediate that every page and frame of a work is drawn over.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageEnhance
from pydantic import BaseModel, ConfigDict, Field

from lib.media.picture import pictures
from lib.media.picture.colour import tone_of
from lib.media.picture.scenery import paint
from lib.media.room import Room

#: How much of a photo is kept where its brand's ground is laid over it.
PHOTO_KEPT = 0.82


class Params(BaseModel):
    """Parameters of one background; sizes in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: dict[str, Any]
    seed: str
    variant: Literal["light", "dark"]
    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)
    photo: str | None


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Paint the background. Raises ToolFailed for a photo that cannot be used."""
    del needs  # a background is where a work begins
    wanted = Params.model_validate(params)
    size = (wanted.width, wanted.height)
    tone = tone_of(wanted.look, wanted.variant)
    if wanted.photo is None:
        picture = paint(wanted.look["scenery"], size, tone, wanted.seed)
    else:
        photo = pictures.photo(room.kit_file(wanted.photo), size)
        calm = ImageEnhance.Color(photo).enhance(0.9)
        picture = Image.blend(Image.new("RGB", size, tone.ground), calm, PHOTO_KEPT)
    picture.save(makes["background"], "WEBP", lossless=True, quality=0, method=0)
