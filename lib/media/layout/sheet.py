"""One page being drawn: the template's numbers as px, its colours as RGB, its words as text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from lib.colour import Rgb, contrast
from lib.core.letters import is_blank
from lib.media.picture import scrim
from lib.media.picture.colour import BLACK, WHITE, Tone
from lib.media.picture.scrim import Box
from lib.media.room import Room
from lib.media.text import Block, fit
from lib.media.text.bidi import runs_right_to_left
from lib.media.text.faces import font
from lib.templates.page import Area, Page, Words

#: Opacity of a panel, per cent, from which words on it are on a plain colour.
OPAQUE = 80
#: A number with its sign, currency or unit, as a figure that stands for a whole statement.
_FIGURE = re.compile(
    r"(?<![\w.,])(?:[-+−]|[$€£¥]\s?)?\d+(?:[.,:]\d+)*(?:\s?(?:%|‰|°[CF]?|×|[kmc]?m²?|k[gW]|€|g|h))?(?!\w)"
)
#: Languages in which capitals are no mere form of the letters, or lose what they say.
_NO_CAPS = ("tr", "az", "el", "lt", "nl")


@dataclass(frozen=True, slots=True)
class Says:
    """The words of one page."""

    heading: str
    body: str = ""
    index: int = 1
    of: int = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a column: its visible size in px, and what it is."""

    part: str
    size: tuple[int, int]
    gap: int
    block: Block | None = None
    pad: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Sheet:
    """One page: what it is drawn from, and what was placed so far (name and box, px)."""

    page: Page
    says: Says
    look: dict[str, Any]
    tone: Tone
    room: Room
    size: tuple[int, int]
    placed: list[tuple[str, Box]] = field(default_factory=list)

    @property
    def rtl(self) -> bool:
        """Tell whether the page is mirrored, because its heading runs right to left."""
        return runs_right_to_left(self.says.heading)

    def unit(self, share: float) -> int:
        """Return per cent of the shorter side as px."""
        return round(min(self.size) * share / 100)

    def box(self, area: Area) -> Box:
        """Return an area in px, mirrored where the page is."""
        left, top, right, bottom = area
        if self.rtl:
            left, right = 100 - right, 100 - left
        across, down = self.size[0] / 100, self.size[1] / 100
        return round(left * across), round(top * down), round(right * across), round(bottom * down)

    def column(self) -> Box:
        """Return the area of words in px: mirrored, and still clear of what platforms cover."""
        left, top, right, bottom = self.box(self.page.area)
        across = self.size[0] / 100
        safe = (round(self.page.safe[0] * across), round(self.page.safe[2] * across))
        return max(left, safe[0]), top, min(right, safe[1]), bottom

    def colour(self, name: str) -> Rgb:
        """Return a colour of the tone by its name in templates."""
        found: Rgb = getattr(self.tone, name)
        return found

    def text(self, part: Words) -> str | None:
        """Return what a part says on this page; None when there is nothing to say."""
        says, handle = self.says, str(self.look["handle"])
        body = "" if is_blank(says.body) else says.body
        found = {
            "heading": says.heading,
            "body": body,
            "brand": str(self.look["brand"]),
            "handle": handle,
            "index": f"{says.index} / {says.of}" if says.of > 1 else str(self.look["brand"]),
            "figure": figure(says),
            "call": body or handle,
        }[part.says]
        language = str(self.look.get("language", "en"))
        caps = part.caps and found and language[:2] not in _NO_CAPS
        return (found.upper() if caps else found) or None if found else None

    def fit(self, text: str, part: Words, box: tuple[int, int]) -> Block:
        """Fit a text into (width, height) px. Raises ToolFailed."""
        file = self.room.font(self.look["fonts"][part.font])
        if part.says in ("figure", "index") and not lining(file):
            file = self.room.font(self.look["fonts"]["body"])
        bounds = (max(9, self.unit(part.size[0])), max(9, self.unit(part.size[1])))
        measure = (round(box[0] * part.width / 100), box[1])
        return fit(text, file, measure, bounds, part.font, language=self.look.get("language"))

    def plain(self, box: Box) -> bool:
        """Tell whether a box lies on a plain colour of the template, not on the picture."""
        for panel in self.page.panels:
            if panel.opacity >= OPAQUE and _inside(box, self.box(panel.area)):
                return True
        ground = self.page.ground
        window = self.box(ground.window) if ground.window else None
        return ground.fill == "colour" and (window is None or not _meet(box, window))

    def ink(self, pictures: list[Image.Image], box: Box, wanted: str) -> Rgb:
        """Return the colour for words on a box: the wanted one, or the next that reads there."""
        brand = ("accent", "primary", "secondary")
        names = (wanted, *(brand if wanted in brand else ()), "text")
        choices = [self.colour(name) for name in names]
        if self.plain(box):
            choices += [self.tone.ground, WHITE, BLACK]
        crops = [picture.crop(box).convert("RGB") for picture in pictures]

        def worst(colour: Rgb) -> float:
            return min(scrim.worst_contrast(c, (0, 0, *c.size), colour) for c in crops)

        for colour in choices:
            if worst(colour) >= scrim.LEAST_CONTRAST:
                return colour
        return max(choices, key=worst)

    def mark(self, picture: Image.Image, box: Box, wanted: str) -> Rgb:
        """Return the colour for a mark without words on a box."""
        under = picture.crop(box).convert("RGB").resize((1, 1), Image.Resampling.BOX)
        ground: Rgb = under.getpixel((0, 0))  # type: ignore[assignment]
        names = (wanted, "accent", "primary", "secondary", "text", "ground")
        choices = [self.colour(name) for name in names]
        for colour in choices:
            if contrast(colour, ground) >= scrim.LEAST_MARK:
                return colour
        return max(choices, key=lambda colour: contrast(colour, ground))


@functools.cache
def lining(file: Path) -> bool:
    """Tell whether a font's numbers are as high as its capitals: others make poor figures."""
    of = font(file, 200)
    high = [-of.getbbox(sign, anchor="ls")[1] for sign in ("1", "H")]
    return high[0] > 0.85 * high[1]


def figure(says: Says) -> str | None:
    """Return the first number of a page's words with its unit, or None."""
    for text in (says.heading, says.body):
        if found := _FIGURE.search(text):
            return found.group().strip()
    return None


def _inside(inner: Box, outer: Box) -> bool:
    near = (inner[0] >= outer[0], inner[1] >= outer[1], inner[2] <= outer[2], inner[3] <= outer[3])
    return all(near)


def _meet(one: Box, other: Box) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]
