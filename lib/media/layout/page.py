"""A whole still page: ground, scrims, column, signature and dots, in this order."""

from __future__ import annotations

from PIL import Image

from lib.media.layout import marks, stack
from lib.media.layout.sheet import Sheet
from lib.media.picture import scrim
from lib.media.picture.scrim import Box


def draw(sheet: Sheet, base: Image.Image) -> Image.Image:
    """Return the page drawn over its base (see ``ground.base``), which is left as it was.

    The boxes of all that must be read are in ``sheet.placed`` afterwards. Raises ToolFailed for
    words that do not fit or that no bundled font shows.
    """
    column = stack.column(sheet, sheet.column())
    sign = marks.Signature(sheet) if sheet.page.sign.place != "none" else None
    dots = marks.dots_box(sheet)
    sheet.placed += [(placed.item.part, placed.box) for placed in column]
    feet = [("sign", sign.box)] if sign else []
    feet += [("dots", dots)] if dots else []
    sheet.placed += feet
    # All scrims before all words: a later one would veil them.
    boxes = [hull([placed.box for placed in column])] if column else []
    boxes += [box for _, box in joined(feet)]
    on_picture = [box for box in boxes if not sheet.plain(box)]
    covered = scrim.lay(base, on_picture, sheet.tone, sheet.page.ground.scrim)
    picture = covered.copy()
    for placed in column:
        stack.draw(sheet, picture, [covered], placed)
    if sign:
        sign.draw(picture, [covered])
    if dots:
        marks.draw_dots(sheet, picture, [covered], dots)
    return picture


def joined(feet: list[tuple[str, Box]]) -> list[tuple[str, Box]]:
    """Return what stands at the foot as one box where it is in one row."""
    if len(feet) == 2 and abs(feet[0][1][1] - feet[1][1][1]) < feet[0][1][3] - feet[0][1][1]:
        return [("foot", hull([box for _, box in feet]))]
    return feet


def hull(boxes: list[Box]) -> Box:
    """Return the smallest box around boxes."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
