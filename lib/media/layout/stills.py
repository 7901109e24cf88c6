"""The ``stills`` tool: pages of posts and carousels, reel images and thumbnails, JPEG or PNG.

Every page is drawn over the work's background as its template says. Only the pages that are asked
for are drawn; what lies under the words is made once for pages of one size and layout.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media.layout import ground, page, panels
from lib.media.layout.sheet import Says, Sheet
from lib.media.picture import pictures
from lib.media.picture.colour import tone_of
from lib.media.room import Room
from lib.templates.page import Page as Layout


class Page(BaseModel):
    """One page: which of the layouts it has, its words, and its size in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: str
    heading: str = Field(min_length=1)
    body: str
    index: int
    of: int
    width: int = Field(ge=160, le=4096)
    height: int = Field(ge=160, le=4096)


class Params(BaseModel):
    """Parameters of one run; ``layouts`` are the template's pages that are used, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: dict[str, Any]
    variant: Literal["light", "dark"]
    template: str
    layouts: dict[str, Layout]
    pages: dict[str, Page]


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Draw the pages that are asked for. Raises ToolFailed for words that cannot be drawn."""
    wanted = Params.model_validate(params)
    picture = pictures.load(needs["background"]).convert("RGB")
    bases: dict[tuple[object, ...], Image.Image] = {}
    for slot, file in makes.items():
        if slot not in wanted.pages:
            raise ToolFailed("stills", f"no page is called {slot}; there are {list(wanted.pages)}")
        given = wanted.pages[slot]
        if given.layout not in wanted.layouts:
            known = ", ".join(wanted.layouts)
            raise ToolFailed("stills", f"no layout is called {given.layout}; there are {known}")
        sheet = sheet_of(wanted, given, room)
        # Pages of one ground share it, however their words stand.
        key = (sheet.size, sheet.rtl, sheet.page.ground, sheet.page.panels, sheet.page.frame)
        if key not in bases:
            bases[key] = ground.base(picture, sheet)
        pictures.save_page(page.draw(sheet, bases[key]), file)


def sheet_of(wanted: Params, given: Page, room: Room) -> Sheet:
    """Return a page ready to be drawn. Raises ToolFailed for words that cannot be set."""
    sheet = Sheet(
        page=wanted.layouts[given.layout],
        says=Says(given.heading, given.body, given.index, given.of),
        look=wanted.look,
        tone=tone_of(wanted.look, wanted.variant),
        room=room,
        size=(given.width, given.height),
    )
    return panels.fitted(sheet)
