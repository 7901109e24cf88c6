"""Where the words of a reel stand and when each comes: layers for the composer.

The template says how they look and come; all words keep clear of what platforms lay over a reel.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from PIL import Image

from lib.core.errors import ToolFailed
from lib.media.captions.layers import Captions
from lib.media.layout import ground, marks, stack
from lib.media.layout.film import FADE_S, Layer, Progress
from lib.media.layout.page import hull
from lib.media.layout.sheet import Says, Sheet
from lib.media.picture import scrim
from lib.media.picture.colour import Tone
from lib.media.picture.scrim import Box
from lib.media.reel.caption_place import on_ground, room_for
from lib.media.room import Room
from lib.media.text import Block
from lib.templates.page import Page
from lib.templates.page import Words as Text

__all__ = ["FADE_S", "Laid", "Layer", "Progress", "Words", "lay_out", "layers"]

#: How far a line moves while it comes, px at 1080 wide.
RISE_PX, SLIDE_PX = 24, 90
#: Height of the line that shows how far the reel is, per cent of the shorter side.
PROGRESS = 0.6
#: The first line comes after the title was read.
FIRST_S = 1.3
#: The least size of lines as a share of the least at which they share a scene.
LEAST = 0.76
#: Most of the area's height that a title takes which has it to itself, per cent.
ALONE = 84.0
#: Seconds that a scene of lines needs at least, and the most scenes of lines that share them.
SCENE_S, MOST_SCENES = 8.0, 3
#: Room around what is drawn for letters that lean out of their box, px.
_LEAN = 4
#: Room that a line's number takes, as a share of the line's size.
_INDENT = 1.5


#: A film of no template.
FILM = Page(area=(8.5, 14.5, 88, 71), anchor="top")


@dataclass(frozen=True, slots=True)
class Words:
    """What a reel says, and in which look."""

    title: str
    lines: tuple[str, ...]
    look: dict[str, Any]
    tone: Tone
    size: tuple[int, int]
    seconds: float
    page: Page = FILM

    def sheet(self, room: Room) -> Sheet:
        """Return the film as a page to be drawn."""
        return Sheet(self.page, Says(self.title), self.look, self.tone, room, self.size)


@dataclass(frozen=True, slots=True)
class Laid:
    """A film laid out: its layers from the ground up, the progress line, and its captions."""

    layers: list[Layer]
    progress: Progress
    captions: Captions | None = None


def layers(words: Words, extremes: list[Image.Image], room: Room) -> tuple[list[Layer], Progress]:
    """Return the layers of a film without captions, and the progress line; see ``lay_out``."""
    laid = lay_out(words, extremes, room)
    return laid.layers, laid.progress


def lay_out(
    words: Words, extremes: list[Image.Image], room: Room, captions: Captions | None = None
) -> Laid:
    """Return the layers of a film, and captions where they meet none of its words.

    ``extremes`` are the first and last frames of the background, on which the contrast of all
    text is measured. Raises ToolFailed when the words do not fit.
    """
    sheet = words.sheet(room)
    area, bar = sheet.column(), _bar(sheet)
    spoken = room_for(captions, sheet, area)
    captions, foot = spoken.captions, spoken.foot if words.lines else 0
    air = sheet.unit(1.2) + foot  # above the line of progress, and captions
    head = _head(sheet, area, sheet.page.lines.title if words.lines or not spoken.above else ALONE)
    first = head[-1].box[3] + sheet.unit(sheet.page.gap) * 2
    scenes, gap = _scenes(words, sheet, (area[2] - area[0], area[3] - first - air))
    tall = max((_tall(scene, gap) for scene in scenes), default=spoken.foot)
    down = round((area[3] - air - first - tall) * _SHARE[sheet.page.anchor])
    head = [_moved(placed, down) for placed in head]
    rest = (area[0], first + down, area[2], first + down + tall)
    sign = marks.Signature(sheet) if sheet.page.sign.place != "none" else None
    boxes = [hull([*(placed.box for placed in head), *([rest] if scenes else [])])]
    if captions is not None:
        below = area[3] - foot if foot else rest[1]
        captions = captions.within(zone=spoken.above or (area[0], below, area[2], area[3]))
        boxes += [captions.hull] if captions.style.ground == "scrim" else []
    feet = [*([sign.box] if sign else []), *([bar] if bar else [])]
    boxes += [hull(feet)] if feet else []
    found, grounds = _ground(sheet, extremes, boxes)
    if captions is not None:
        captions = on_ground(captions.within(frames=tuple(grounds)), sheet)
        found += [Layer(captions.scrim, (0, 0), 0.0, soft=True)] if captions.scrim else []
    found.append(_still(words, sheet, head, grounds))
    if sign:
        picture = Image.new("RGBA", words.size)
        sign.draw(picture, grounds)
        found.append(_cut(words, picture, sign.box))
    starts = _starts(words)
    for number, scene in enumerate(scenes):
        come, starts = starts[: len(scene)], starts[len(scene) :]
        leaves = starts[0] - FADE_S if starts else None
        y = rest[1] + round((tall - _tall(scene, gap)) * _SHARE[sheet.page.lines.anchor])
        for place, (block, start_s) in enumerate(zip(scene, come, strict=True)):
            count = sum(map(len, scenes[:number])) + place + 1
            lines = _Line(sheet, grounds, area, count)
            found.append(lines.layer(block, y, (start_s, leaves)))
            sheet.placed.append(("line", lines.box(block, y)))
            y += block.height + gap
    return Laid(found, _progress(sheet, grounds, bar, len(words.lines) or 1), captions)


_SHARE = {"top": 0.0, "middle": 0.5, "bottom": 1.0}


def _head(sheet: Sheet, area: Box, share: float) -> list[stack.Placed]:
    """Return the title and what belongs to it, at the top of the area; ``share`` in per cent."""
    high = round((area[3] - area[1]) * share / 100)
    top = sheet.page.model_copy(update={"anchor": "top"})
    whole, sheet.page = sheet.page, top
    placed = stack.column(sheet, (area[0], area[1], area[2], area[1] + high))
    sheet.page = whole
    return placed


def _moved(placed: stack.Placed, down: int) -> stack.Placed:
    left, top, right, bottom = placed.box
    return stack.Placed(placed.item, (left, top + down, right, bottom + down))


def _scenes(words: Words, sheet: Sheet, box: tuple[int, int]) -> tuple[list[list[Block]], int]:
    """Set the lines as large as they go: together if they stay readable, else in scenes.

    Returns the scenes in order and the px between two lines.
    """
    of, count = sheet.page.lines, len(words.lines)
    if not count:
        return [], 0
    least, largest = of.size
    most = min(MOST_SCENES, count)
    calm = min(most, max(1, int(words.seconds / SCENE_S)))
    tries = [
        (largest, least, range(1, calm + 1)),
        (least, least * LEAST, range(1, most + 1)),  # rather hurried than refused
    ]
    if of.show == "single":
        tries = [(largest, least * LEAST, range(count, count + 1))]
    for high, low, counts in tries:
        for scenes_count in counts:
            parts = _parts(words.lines, scenes_count)
            for step in range(round(high * 10), round(low * 10) - 1, -2):
                size = sheet.unit(step / 10)
                gap = round(size * 0.75)
                scenes = _set(parts, sheet, box, step / 10)
                if scenes and all(_tall(scene, gap) <= box[1] for scene in scenes):
                    return scenes, gap
    raise ToolFailed("reel_video", f"{count} lines do not fit together; shorten them")


def _set(
    parts: list[tuple[str, ...]], sheet: Sheet, box: tuple[int, int], share: float
) -> list[list[Block]] | None:
    """Set all lines at one size; None when one does not fit the box even alone."""
    of = sheet.page.lines
    text = Text(says="body", font=of.font, size=(share, share))
    indent = round(sheet.unit(share) * _INDENT) if of.numbered else 0
    try:
        return [[sheet.fit(line, text, (box[0] - indent, box[1])) for line in p] for p in parts]
    except ToolFailed as error:
        if "does not fit" not in str(error):
            raise
        return None


def _tall(scene: list[Block], gap: int) -> int:
    return sum(block.height for block in scene) + gap * (len(scene) - 1)


def _parts(lines: tuple[str, ...], count: int) -> list[tuple[str, ...]]:
    """Split the lines into ``count`` runs of about equal numbers, the longer ones first."""
    share, more = divmod(len(lines), count)
    ends = list(itertools.accumulate(share + (number < more) for number in range(count)))
    return [lines[start:end] for start, end in itertools.pairwise([0, *ends])]


def _starts(words: Words) -> list[float]:
    """Return when each line comes: every one has time by the letters that are to be read."""
    letters = [len(line) + 20 for line in words.lines]
    sums = list(itertools.accumulate(letters, initial=0))
    return [FIRST_S + (words.seconds - FIRST_S) * mark / sums[-1] for mark in sums[:-1]]


def _ground(
    sheet: Sheet, extremes: list[Image.Image], boxes: list[Box]
) -> tuple[list[Layer], list[Image.Image]]:
    """Return what stands still under all words as layers, and the extremes with them."""
    layer = Image.new("RGBA", sheet.size, (*sheet.tone.ground, 0))
    for place in boxes:
        strength = 0.0 if sheet.plain(place) else scrim.strength_for(extremes, place, sheet.tone)
        if strength:
            over = Image.new("RGBA", sheet.size, (*sheet.tone.ground, 255))
            style = sheet.page.ground.scrim
            over.putalpha(scrim.patch(sheet.size, place, strength, style))
            layer.alpha_composite(over)
    found = [Layer(layer, (0, 0), 0.0, soft=True)]
    veil = ground.veil(sheet)
    if veil is not None and veil.getchannel("A").getbbox():
        found.append(Layer(veil, (0, 0), 0.0))
    grounds = []
    for picture in extremes:
        whole = picture.convert("RGB")
        for still in found:
            whole.paste(still.picture, None, still.picture)
        grounds.append(whole)
    return found, grounds


def _still(
    words: Words, sheet: Sheet, head: list[stack.Placed], grounds: list[Image.Image]
) -> Layer:
    """Return the title and its marks, which are there from the first frame and rise a little."""
    picture = Image.new("RGBA", words.size)
    for placed in head:
        stack.draw(sheet, picture, grounds, placed)
        sheet.placed.append((placed.item.part, placed.box))
    box = hull([placed.box for placed in head])
    air = sheet.unit(6)  # for what stands above capitals and below baselines
    rise = _even(round(RISE_PX * min(words.size) / 1080))
    still = _cut(words, picture, (box[0], box[1] - air, box[2], box[3] + air))
    return Layer(still.picture, still.place, 0.0, rise, solid=True)


def _cut(words: Words, picture: Image.Image, box: Box) -> Layer:
    """Return the part of a whole picture that is drawn on, as a layer at an even place."""
    left, top = _even(max(0, box[0] - _LEAN) - 1), _even(max(0, box[1] - _LEAN) - 1)
    left, top = max(0, left), max(0, top)
    right = min(picture.width, _even(box[2] + _LEAN))
    bottom = min(picture.height, _even(box[3] + _LEAN))
    return Layer(_tinted(picture.crop((left, top, right, bottom)), words.tone), (left, top), 0.0)


@dataclass(slots=True)
class _Line:
    """One line of the film on its way to a layer."""

    sheet: Sheet
    grounds: list[Image.Image]
    area: Box
    count: int

    def box(self, block: Block, top: int) -> Box:
        """Return what the line takes, its number included, px."""
        indent = self._indent(block)
        left = stack.left_of(self.sheet, block.ink + indent, self.area)
        return left, top, left + block.ink + indent, top + block.height

    def _indent(self, block: Block) -> int:
        return round(block.size * _INDENT) if self.sheet.page.lines.numbered else 0

    def layer(self, block: Block, top: int, times: tuple[float, float | None]) -> Layer:
        """Return the line as a layer with its times of coming and leaving."""
        sheet, box = self.sheet, self.box(block, top)
        ink = sheet.ink(self.grounds, box, sheet.page.lines.colour)
        size = (_even(box[2] - box[0] + 2 * _LEAN + 1), _even(block.height + 5))
        picture = Image.new("RGBA", size)
        indent, align = self._indent(block), sheet.page.align
        start = _LEAN + (0 if sheet.rtl else indent)
        spare, end = block.width - block.ink, align == "end"
        shift = spare / 2 if align == "centre" else spare if block.rtl != end else 0
        block.draw(picture, start - shift, 0, ink, centre=align == "centre", end=end)
        if indent:
            number = sheet.fit(
                str(self.count),
                Text(says="index", font="heading", size=(block.size * 100 / min(sheet.size),) * 2),
                (indent, block.height * 2),
            )
            mark = sheet.ink(self.grounds, box, "accent")
            x = size[0] - _LEAN - number.ink if sheet.rtl else _LEAN
            number.draw(picture, x, block.ascent - number.ascent, mark)
        unit = min(sheet.size) / 1080
        place = (_even(max(0, box[0] - _LEAN - 1)), _even(top))
        return Layer(
            _tinted(picture, sheet.tone),
            place,
            times[0],
            _even(round(RISE_PX * unit)),
            end_s=times[1],
            enter=sheet.page.motion.enter,
            slide_px=_even(round(SLIDE_PX * unit)) * (-1 if sheet.rtl else 1),
        )


def _bar(sheet: Sheet) -> Box | None:
    """Return where the progress line stands, px; even."""
    motion, area = sheet.page.motion, sheet.column()
    if motion.progress == "none":
        return None
    thick = max(4, _even(sheet.unit(PROGRESS)))
    at = 100 * area[3] / sheet.size[1] + 1.6 if motion.at is None else motion.at
    top = _even(sheet.size[1] * at / 100)
    left = _even(area[0])
    return left, top, left + _even(area[2] - area[0] - 1), top + thick


def _progress(sheet: Sheet, grounds: list[Image.Image], bar: Box | None, count: int) -> Progress:
    if bar is None:
        return Progress((0, 0), (2, 2), sheet.tone.text, sheet.tone.text, parts=0)
    size = (bar[2] - bar[0], bar[3] - bar[1])
    parts = count if sheet.page.motion.progress == "segments" else 1
    track, fill = sheet.ink(grounds, bar, "text"), sheet.mark(grounds[0], bar, "accent")
    return Progress(bar[:2], size, track, fill, parts, sheet.rtl)


def _tinted(picture: Image.Image, tone: Tone) -> Image.Image:
    """Give transparent pixels the text's colour, so that no dark rim shows at half opacity."""
    under = Image.new("RGBA", picture.size, (*tone.text, 0))
    return Image.composite(picture, under, picture.getchannel("A").point([0] + [255] * 255))


def _even(value: float) -> int:
    return int(value) + int(value) % 2
