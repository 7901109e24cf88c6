"""What is no text: bars, rules, quotation marks, the logo, buttons, dots, and the signature."""

from __future__ import annotations

from PIL import Image, ImageDraw

from lib.colour import Rgb, contrast
from lib.media.layout.sheet import Item, Sheet
from lib.media.picture import pictures
from lib.media.picture.colour import BLACK, WHITE
from lib.media.picture.scrim import Box
from lib.media.text import Block
from lib.media.text.faces import covers, font
from lib.templates.page import Mark, Words

#: The bundled font whose quotation mark is drawn where the brand's own has none.
_QUOTES = "Inter-Bold"


def measured(sheet: Sheet, part: str, width: int) -> Item:
    """Return a mark as an item of a column ``width`` px wide."""
    of: Mark = getattr(sheet.page, part)
    long = max(1, min(width, sheet.unit(of.length)))
    high = {
        "bar": max(3, sheet.unit(of.thick)),
        "rule": max(2, sheet.unit(of.thick)),
        "quote": max(1, round(long * 0.72)),
        "logo": long,
    }[part]
    return Item(part, (long, high), sheet.unit(sheet.page.gap if of.gap is None else of.gap))


def draw(sheet: Sheet, picture: Image.Image, ground: Image.Image, part: str, box: Box) -> None:
    """Draw a mark into its box."""
    of: Mark = getattr(sheet.page, part)
    if part == "logo":
        file = sheet.room.kit_file(sheet.look["logo"])
        pictures.paste_logo(picture, file, box[:2], box[2] - box[0])
        return
    colour = sheet.mark(ground, box, of.colour)
    if part == "quote":
        _quote(sheet, picture, box, colour)
        return
    radius = (box[3] - box[1]) / 2 if part == "bar" else 0
    corners = (box[0], box[1], box[2] - 1, box[3] - 1)
    ImageDraw.Draw(picture).rounded_rectangle(corners, radius, fill=colour)


def _quote(sheet: Sheet, picture: Image.Image, box: Box, colour: Rgb) -> None:
    """Draw an opening quotation mark as large as its box; mirrored where the page is."""
    own = sheet.room.font(sheet.look["fonts"]["heading"])
    face = font(own if covers(own, "“") else sheet.room.font(_QUOTES), 600)
    ink = face.getbbox("“", anchor="ls")
    mask = Image.new("L", (round(ink[2] - ink[0]), round(ink[3] - ink[1])), 0)
    ImageDraw.Draw(mask).text((-ink[0], -ink[1]), "“", 255, face, anchor="ls")
    mask = mask.crop(mask.getbbox())
    size = (box[2] - box[0], box[3] - box[1])
    mask.thumbnail(size, Image.Resampling.LANCZOS)
    if sheet.rtl:
        mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    side = sheet.page.align
    spare = size[0] - mask.width
    left = box[0] + (spare // 2 if side == "centre" else spare if sheet.rtl else 0)
    picture.paste(colour, (left, box[1]), mask)


def pill(sheet: Sheet, picture: Image.Image, ground: Image.Image, box: Box, wanted: str) -> Rgb:
    """Draw the shape of a button; return the colour of the words on it."""
    fill = sheet.mark(ground, box, wanted)
    mask = Image.new("L", ((box[2] - box[0]) * 2, (box[3] - box[1]) * 2), 0)
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), mask.height / 2, fill=255)
    picture.paste(fill, box[:2], mask.reduce(2))
    inks = (sheet.tone.ground, sheet.tone.text, WHITE, BLACK)
    good = [colour for colour in inks if contrast(colour, fill) >= 4.5]
    return good[0] if good else max(inks, key=lambda colour: contrast(colour, fill))


def foot_line(sheet: Sheet, at: float | None, margin: float, half: int) -> int:
    """Return the middle of what stands at the foot, px down."""
    if at is not None:
        return round(sheet.size[1] * at / 100)
    bottom = round(sheet.size[1] * min(100.0, sheet.page.safe[3] + 3) / 100)
    return bottom - sheet.unit(margin) - half


class Signature:
    """Logo and handle in one row, measured before they are drawn."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        sign = sheet.page.sign
        self.side = sheet.unit(sign.logo)
        self.gap = sheet.unit(2.4)
        self.name: Block | None = None
        if sign.handle:
            part = Words(says="handle", size=sign.size)
            room = (round(min(sheet.size) * 0.5), round(self.side * 0.9) or sheet.unit(6))
            self.name = sheet.fit(str(sheet.look["handle"]), part, room)
        wide = (self.gap if self.side else 0) + self.name.ink if self.name else 0
        width, high = self.side + wide, max(self.side, self.name.height if self.name else 0)
        middle = foot_line(sheet, sign.at, sign.margin, high // 2)
        edge = sheet.unit(sign.margin)
        ends = (max(edge, sheet.column()[0]) if sheet.size[0] < sheet.size[1] else edge, 0)
        if sign.place == "centre":
            left = (sheet.size[0] - width) // 2
        elif (sign.place == "end") != sheet.rtl:
            across = round(sheet.size[0] * sheet.page.safe[2] / 100)
            left = min(sheet.size[0] - edge, across) - width
        else:
            left = ends[0] if sheet.page.align == "start" else edge
        self.box: Box = (left, middle - high // 2, left + width, middle - high // 2 + high)

    def draw(self, picture: Image.Image, grounds: list[Image.Image]) -> None:
        """Draw it; ``grounds`` are the pictures on which the handle must be readable."""
        sheet, (left, top, right, bottom) = self.sheet, self.box
        middle = (top + bottom) // 2
        logo = right - self.side if sheet.rtl else left
        if self.side:
            file = sheet.room.kit_file(sheet.look["logo"])
            pictures.paste_logo(picture, file, (logo, middle - self.side // 2), self.side)
        if self.name is not None:
            start = left if sheet.rtl else right - self.name.ink
            ink = sheet.ink(grounds, (start, top, start + self.name.ink, bottom), "text")
            self.name.draw(picture, start - self.name.inset, middle - self.name.height / 2, ink)


def dots_box(sheet: Sheet) -> Box | None:
    """Return where the dots of a carousel stand; None on a page that has none."""
    dots, of = sheet.page.dots, sheet.says.of
    if dots.style == "none" or of < 2:
        return None
    half, edge, width = sheet.unit(1.7), sheet.unit(dots.margin), sheet.size[0]
    if dots.style == "line":
        thin = max(2, sheet.unit(0.4))
        middle = foot_line(sheet, dots.at, dots.margin, thin)
        return edge, middle - thin, width - edge, middle + thin
    # In one row with the signature, which is about as high.
    middle = foot_line(sheet, dots.at, dots.margin, sheet.unit(sheet.page.sign.logo) // 2)
    long = sheet.unit(2.6) * (of - 1) + 2 * half if dots.style == "dots" else sheet.unit(9)
    if dots.place == "centre":
        left = (width - long) // 2
    else:
        left = edge if (dots.place == "start") != sheet.rtl else width - edge - long
    return left, middle - half, left + long, middle + half


def draw_dots(sheet: Sheet, picture: Image.Image, grounds: list[Image.Image], box: Box) -> None:
    """Draw what shows how far a carousel is."""
    says, style = sheet.says, sheet.page.dots.style
    middle, pen = (box[1] + box[3]) / 2, ImageDraw.Draw(picture)
    ink, mark = sheet.ink(grounds, box, "text"), sheet.mark(grounds[0], box, "accent")
    if style == "count":
        part = Words(says="index", size=(2.6, 3.2))
        block = sheet.fit(f"{says.index} / {says.of}", part, (box[2] - box[0], sheet.unit(8)))
        left = box[0] if sheet.rtl else box[2] - block.ink
        block.draw(picture, left, middle - block.height / 2, ink)
        return
    if style == "line":
        share = (box[2] - box[0]) * says.index / says.of
        ends = (box[2] - share, box[2]) if sheet.rtl else (box[0], box[0] + share)
        thin = max(1, sheet.unit(0.2))
        pen.rectangle((box[0], middle - thin / 2, box[2], middle + thin / 2), fill=ink)
        pen.rounded_rectangle((ends[0], box[1], ends[1], box[3]), (box[3] - box[1]) / 2, fill=mark)
        return
    small, gap = max(2.0, sheet.unit(0.62)), sheet.unit(2.6)
    for number in range(says.of):
        place = says.of - 1 - number if sheet.rtl else number
        x = box[0] + (box[3] - box[1]) / 2 + place * gap
        here = number + 1 == says.index
        radius = small * 1.5 if here else small
        corners = (x - radius, middle - radius, x + radius, middle + radius)
        pen.ellipse(corners, fill=mark if here else ink)
