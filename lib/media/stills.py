"""The ``stills`` tool: pages of posts and carousels, reel images and thumbnails, JPEG or PNG.

Every page is drawn over the work's background, cut to its shape. Only the pages that are asked
for are drawn. Proportions are shares of the page's width, so a thumbnail is the page, smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field

from lib.core.colour import Rgb, contrast
from lib.core.errors import ToolFailed
from lib.media import pictures, scrim
from lib.media.colour import Tone, tone_of
from lib.media.room import Room
from lib.media.text import Block, fit

Layout = Literal["cover", "body", "closing", "statement", "reel_image", "reel_cover", "youtube"]


class Page(BaseModel):
    """One page: its layout, words and size in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Layout
    heading: str = Field(min_length=1)
    body: str
    index: int
    of: int
    width: int = Field(ge=160, le=4096)
    height: int = Field(ge=160, le=4096)


class Params(BaseModel):
    """Parameters of one run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: dict[str, Any]
    variant: Literal["light", "dark"]
    pages: dict[str, Page]


@dataclass(slots=True)
class Sheet:
    """One page being drawn."""

    page: Page
    look: dict[str, Any]
    tone: Tone
    room: Room
    picture: Image.Image

    def unit(self, share: float) -> int:
        """Return a share of the page's width in px."""
        return round(self.page.width * share)

    def fit(
        self, text: str, role: str, box: tuple[float, float], sizes: tuple[float, float]
    ) -> Block:
        """Fit a text; box and sizes are shares of the page's width."""
        file = self.room.font(self.look["fonts"][role])
        measure = (self.unit(box[0]), self.unit(box[1]))
        bounds = (max(9, self.unit(sizes[0])), self.unit(sizes[1]))
        return fit(text, file, measure, bounds, role, language=self.look.get("language"))


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Draw the pages that are asked for. Raises ToolFailed for words that cannot be drawn."""
    wanted = Params.model_validate(params)
    tone = tone_of(wanted.look, wanted.variant)
    ground = pictures.load(needs["background"]).convert("RGB")
    for slot, file in makes.items():
        if slot not in wanted.pages:
            raise ToolFailed("stills", f"no page is called {slot}; there are {list(wanted.pages)}")
        page = wanted.pages[slot]
        base = pictures.cover(ground, (page.width, page.height))
        sheet = Sheet(page, wanted.look, tone, room, base)
        pictures.save_page(_LAYOUTS[page.layout](sheet), file)


def _stack(
    sheet: Sheet,
    blocks: list[tuple[Block, float]],
    top: int,
    left: int,
    foot: scrim.Box | None = None,
) -> Image.Image:
    """Draw a column of blocks (each with the gap above it) under an accent bar, on a scrim.

    The scrim of what stands at the foot is laid now too: later it would veil the words.
    """
    boxes, y = [], float(top)
    column = max(block.width for block, _ in blocks)
    for block, gap in blocks:
        y += gap
        start = left + (column - block.ink if block.rtl else 0)
        boxes.append((start, round(y), start + block.ink, round(y + block.height)))
        y += block.height
    whole = (min(b[0] for b in boxes), boxes[0][1], max(b[2] for b in boxes), boxes[-1][3])
    picture = scrim.lay(sheet.picture, [whole, *([foot] if foot else [])], sheet.tone)
    pen = ImageDraw.Draw(picture)
    for (block, _), box in zip(blocks, boxes, strict=True):
        block.draw(picture, box[0] - block.inset, box[1], sheet.tone.text)
    # From the capitals up, not from the line's top: fonts leave very different room there.
    first = blocks[0][0]
    gap = min(sheet.unit(0.052), round(first.size * 0.42))
    high = max(3, sheet.unit(0.011))
    bar = max(sheet.unit(0.02), top + first.headroom - gap - high)
    start = left + column - sheet.unit(0.11) if first.rtl else left
    place = (start, bar, start + sheet.unit(0.11), bar + high)
    pen.rounded_rectangle(place, high / 2, fill=scrim.readable(sheet.tone))
    return picture


def _column(blocks: list[tuple[Block, float]]) -> int:
    return round(sum(block.height + gap for block, gap in blocks))


def _signed(
    sheet: Sheet,
    blocks: list[tuple[Block, float]],
    top: int,
    left: int,
    *,
    dots: bool = False,
    foot: float = 1.0,
) -> Image.Image:
    """Draw a column of blocks, logo and handle at the foot, and a carousel's dots beside them.

    ``foot`` is the share of the height below which nothing stands. A page whose heading runs
    right to left is the mirror of the others.
    """
    rtl, gap = blocks[0][0].rtl, sheet.unit(0.024)
    margin, side = sheet.unit(0.075), sheet.unit(0.082)
    middle = round(sheet.page.height * foot) - margin - side // 2
    name = sheet.fit(sheet.look["handle"], "body", (0.5, 0.06), (0.024, 0.034))
    right = sheet.page.width - left
    sign = right - side if rtl else left
    start = sign - gap - name.ink if rtl else sign + side + gap
    ends = (left, right) if dots else (min(sign, start), max(sign + side, start + name.ink))
    box = (ends[0], middle - side // 2, ends[1], middle + side // 2)
    picture = _stack(sheet, blocks, top, left, box)
    logo = sheet.room.kit_file(sheet.look["logo"])
    pictures.paste_logo(picture, logo, (sign, middle - side // 2), side)
    name.draw(picture, start - name.inset, middle - name.height / 2, sheet.tone.text)
    if dots:
        _dots(sheet, ImageDraw.Draw(picture), (left if rtl else right, middle), rtl=rtl)
    return picture


def _dots(
    sheet: Sheet, pen: ImageDraw.ImageDraw, end: tuple[int, int], *, rtl: bool = False
) -> None:
    """Draw a dot for each slide, the last one at ``end``."""
    gap, small = sheet.unit(0.026), max(2, sheet.unit(0.0062))
    middle = end[1]
    for number in range(sheet.page.of):
        x = end[0] + (sheet.page.of - 1 - number) * (gap if rtl else -gap)
        here = number + 1 == sheet.page.index
        radius = small * 1.5 if here else small
        colour = scrim.readable(sheet.tone) if here else sheet.tone.text
        pen.ellipse((x - radius, middle - radius, x + radius, middle + radius), fill=colour)


@dataclass(frozen=True, slots=True)
class Headed:
    """A page with a heading and text below it; all measures are shares of the width."""

    heading: tuple[float, float]
    heading_sizes: tuple[float, float]
    body: tuple[float, float]
    body_sizes: tuple[float, float]
    gap: float
    #: Where the middle of the column stands, as a share of the height.
    middle: float = 0.46
    left: float = 0.075
    dots: bool = False


COVER = Headed((0.85, 0.66), (0.055, 0.158), (0.80, 0.10), (0.028, 0.038), 0.035, dots=True)
BODY = Headed((0.85, 0.36), (0.045, 0.104), (0.85, 0.52), (0.030, 0.052), 0.040, dots=True)
STATEMENT = Headed((0.85, 0.48), (0.045, 0.122), (0.85, 0.40), (0.028, 0.043), 0.045, 0.47)
REEL = Headed((0.83, 0.74), (0.055, 0.150), (0.80, 0.30), (0.030, 0.046), 0.045, 0.45, 0.085)


def _headed(form: Headed, sheet: Sheet) -> Image.Image:
    left = sheet.unit(form.left)
    blocks = [(sheet.fit(sheet.page.heading, "heading", form.heading, form.heading_sizes), 0.0)]
    if sheet.page.body:
        words = sheet.fit(sheet.page.body, "body", form.body, form.body_sizes)
        blocks.append((words, sheet.unit(form.gap)))
    top = round(sheet.page.height * form.middle - _column(blocks) / 2)
    return _signed(sheet, blocks, top, left, dots=form.dots and sheet.page.of > 1)


def _closing(sheet: Sheet) -> Image.Image:
    """Ask for one thing: the logo, the call to action, and the handle as a button."""
    width, side, gap = sheet.page.width, sheet.unit(0.22), sheet.unit(0.055)
    heading = sheet.fit(sheet.page.heading, "heading", (0.8, 0.40), (0.045, 0.105))
    body = sheet.page.body or sheet.look["handle"]
    button = sheet.fit(body, "body", (0.72, 0.16), (0.030, 0.046))
    pad = (sheet.unit(0.045), sheet.unit(0.018))
    height = side + heading.height + button.height + 2 * pad[1] + 2 * gap
    top = round(sheet.page.height * 0.47 - height / 2)
    left = (width - heading.width) // 2
    under = top + side + gap + heading.height + gap
    margin, foot = sheet.unit(0.075), sheet.page.height - sheet.unit(0.116)
    boxes = [(left, top, left + heading.width, under)]
    if sheet.page.of > 1:
        half = (margin, width // 2) if heading.rtl else (width // 2, width - margin)
        boxes.append((half[0], foot - margin // 4, half[1], foot + margin // 4))
    picture = scrim.lay(sheet.picture, boxes, sheet.tone)
    logo = sheet.room.kit_file(sheet.look["logo"])
    pictures.paste_logo(picture, logo, ((width - side) // 2, top), side)
    pen = ImageDraw.Draw(picture)
    heading.draw(picture, left, top + side + gap, sheet.tone.text, centre=True)
    ink = sheet.tone.text
    if len(button.lines) == 1:
        ink = _pill(sheet, pen, button, under, pad)
    button.draw(picture, (width - button.width) / 2, under + pad[1], ink, centre=True)
    if sheet.page.of > 1:
        _dots(sheet, pen, (margin if heading.rtl else width - margin, foot), rtl=heading.rtl)
    return picture


def _pill(
    sheet: Sheet, pen: ImageDraw.ImageDraw, button: Block, top: int, pad: tuple[int, int]
) -> Rgb:
    """Draw the shape of a button around one line; return the colour of the words on it."""
    fill, middle = scrim.readable(sheet.tone), sheet.page.width / 2
    half = button.ink / 2 + pad[0]
    high = button.height + 2 * pad[1]
    pen.rounded_rectangle((middle - half, top, middle + half, top + high), high / 2, fill=fill)
    return max((sheet.tone.ground, sheet.tone.text), key=lambda colour: contrast(colour, fill))


def _reel_cover(sheet: Sheet) -> Image.Image:
    """Keep all words in the centre 4:5, which is what a profile's grid shows."""
    left = sheet.unit(0.085)
    block = sheet.fit(sheet.page.heading, "heading", (0.83, 0.80), (0.06, 0.172))
    top = round(sheet.page.height / 2 - block.height / 2)
    picture = _stack(sheet, [(block, 0.0)], top, left)
    side = sheet.unit(0.10)
    logo = sheet.room.kit_file(sheet.look["logo"])
    place = (left + (block.width - side if block.rtl else 0), top + block.height + sheet.unit(0.06))
    pictures.paste_logo(picture, logo, place, side)
    return picture


def _youtube(sheet: Sheet) -> Image.Image:
    """Few words, very large: it must read at 120 px wide."""
    left = sheet.unit(0.055)
    block = sheet.fit(sheet.page.heading, "heading", (0.80, 0.41), (0.045, 0.150))
    top = round(sheet.page.height * 0.51 - block.height / 2)
    if block.rtl:
        left = sheet.page.width - left - block.width
    picture = _stack(sheet, [(block, 0.0)], top, left)
    side = sheet.unit(0.085)
    logo = sheet.room.kit_file(sheet.look["logo"])
    away = sheet.unit(0.035)
    corner = (away if block.rtl else sheet.page.width - side - away, away)
    pictures.paste_logo(picture, logo, corner, side)
    return picture


_LAYOUTS: dict[str, Callable[[Sheet], Image.Image]] = {
    "cover": partial(_headed, COVER),
    "body": partial(_headed, BODY),
    "closing": _closing,
    "statement": partial(_headed, STATEMENT),
    "reel_image": partial(_headed, REEL),
    "reel_cover": _reel_cover,
    "youtube": _youtube,
}
