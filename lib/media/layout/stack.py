"""Texts and marks in a column: fitted to the room that they share, and placed.

The main text takes what the others leave; where that is too little for it, the others give way.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from lib.core.errors import ToolFailed
from lib.media.layout import marks
from lib.media.layout.sheet import Item, Sheet
from lib.media.picture.scrim import Box
from lib.media.text import Block
from lib.templates.page import TEXTS, Mark, Words

#: Room that texts beside the main one give up, step by step, so that it fits.
_GIVEN_WAY = (1.0, 0.82, 0.66, 0.52, 0.4)
#: Share of the descent below the last line that counts as room and not as ink.
_UNDER = 0.35
#: What a button has around its words, per cent of the page's shorter side.
_PAD = (4.5, 1.8)


@dataclass(frozen=True, slots=True)
class Placed:
    """An item with the box of what is visible of it, px."""

    item: Item
    box: Box


def column(sheet: Sheet, area: Box) -> list[Placed]:
    """Return the parts of the page's stack, placed in an area. Raises ToolFailed."""
    room = area[2] - area[0], area[3] - area[1]
    items = fitted(sheet, room)
    spare = room[1] - _tall(items)
    anchor = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[sheet.page.anchor]
    y = area[1] + max(0, round(spare * anchor))
    found = []
    for number, item in enumerate(items):
        y += item.gap if number else 0
        left = left_of(sheet, item.size[0], area)
        found.append(Placed(item, (left, y, left + item.size[0], y + item.size[1])))
        y += item.size[1]
    return found


def left_of(sheet: Sheet, width: int, area: Box) -> int:
    """Return where something of a width begins, by the page's alignment and direction."""
    align = sheet.page.align
    if align == "centre":
        return (area[0] + area[2] - width) // 2
    return area[2] - width if (align == "end") != sheet.rtl else area[0]


def fitted(sheet: Sheet, room: tuple[int, int]) -> list[Item]:
    """Return the stack's items, texts as large as their room allows. Raises ToolFailed."""
    said: dict[str, str] = {part: text for part in sheet.page.stack if (text := _said(sheet, part))}
    parts: list[str] = [part for part in sheet.page.stack if part not in TEXTS or part in said]
    failure: ToolFailed | None = None
    for share in _GIVEN_WAY:
        try:
            return _fitted(sheet, said, room, parts, share)
        except ToolFailed as error:
            if "does not fit" not in str(error):
                raise
            failure = failure or error
    assert failure is not None
    raise failure


def _fitted(
    sheet: Sheet, said: dict[str, str], room: tuple[int, int], parts: list[str], share: float
) -> list[Item]:
    texts = [part for part in parts if part in TEXTS]
    if not texts:  # as where a template shows only the body, of a page that has none
        return [marks.measured(sheet, part, room[0]) for part in parts]
    main = max(texts, key=lambda part: (part != "figure", _words(sheet, part).size[1]))
    items: dict[str, Item] = {}
    for part in parts:
        if part not in TEXTS:
            items[part] = marks.measured(sheet, part, room[0])
        elif part != main:
            most = round(room[1] * _words(sheet, part).height / 100 * share)
            items[part] = _text(sheet, part, said[part], (room[0], most))
    others = _tall([items[part] for part in parts if part in items])
    others += _gap(sheet, main) if parts[0] != main else items[parts[1]].gap if parts[1:] else 0
    most = round(room[1] * _words(sheet, main).height / 100)
    # Its own invisible room above and below is not taken from the others.
    left = min(most, room[1] - others)
    air = round(sheet.unit(_words(sheet, main).size[0]) * 0.4)
    items[main] = _text(sheet, main, said[main], (room[0], left + air))
    while items[main].size[1] > left and items[main].block is not None:
        air -= max(2, items[main].size[1] - left)
        items[main] = _text(sheet, main, said[main], (room[0], left + air))
    return [items[part] for part in parts]


def _text(sheet: Sheet, part: str, text: str, box: tuple[int, int]) -> Item:
    words = _words(sheet, part)
    pad = (sheet.unit(_PAD[0]), sheet.unit(_PAD[1])) if part == "button" else (0, 0)
    block = sheet.fit(text, words, (box[0] - 2 * pad[0], box[1]))
    if len(block.lines) > 1:
        pad = (0, 0)
    high = block.height - (0 if part == "button" else block.headroom + under(block))
    return Item(part, (block.ink + 2 * pad[0], high + 2 * pad[1]), _gap(sheet, part), block, pad)


def under(block: Block) -> int:
    """Return the px at a block's foot that are hardly ever inked."""
    return round(block.descent * _UNDER)


def _said(sheet: Sheet, part: str) -> str | None:
    return sheet.text(_words(sheet, part)) if part in TEXTS else None


def _words(sheet: Sheet, part: str) -> Words:
    found: Words = getattr(sheet.page, part)
    return found


def _gap(sheet: Sheet, part: str) -> int:
    of: Words | Mark = getattr(sheet.page, part)
    return sheet.unit(sheet.page.gap if of.gap is None else of.gap)


def _tall(items: list[Item]) -> int:
    return sum(i.size[1] for i in items) + sum(i.gap for i in items[1:])


def draw(sheet: Sheet, picture: Image.Image, grounds: list[Image.Image], placed: Placed) -> None:
    """Draw one item; ``grounds`` are the pictures on which its colour must be readable."""
    item, box = placed.item, placed.box
    if item.block is None:
        marks.draw(sheet, picture, grounds[0], item.part, box)
        return
    words = _words(sheet, item.part)
    block, centre = item.block, sheet.page.align == "centre"
    if item.pad[0]:
        ink = marks.pill(sheet, picture, grounds[0], box, words.colour)
    else:
        ink = sheet.ink(grounds, box, words.colour)
    top = box[1] + item.pad[1] - (0 if item.part == "button" else block.headroom)
    inner = (box[0] + item.pad[0], box[2] - item.pad[0])
    end = sheet.page.align == "end"
    # The block draws its lines within its own width; here only what they fill counts.
    spare = block.width - block.ink
    shift = spare / 2 if centre else spare if block.rtl != end else 0
    block.draw(picture, inner[0] - shift, top, ink, centre=centre, end=end)
