"""Where the words of a reel stand and when each comes: layers for the composer.

All words keep clear of what the platforms lay over a reel: the top 12 % and the bottom 20 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from lib.core.errors import ToolFailed
from lib.media import pictures, scrim
from lib.media.colour import Tone
from lib.media.room import Room
from lib.media.text import Block, fit

#: Shares of the frame's height between which words may stand.
SAFE_TOP, SAFE_BOTTOM = 0.135, 0.80
#: Seconds that a line takes to fade in, and how far it rises meanwhile, px at 1080 wide.
FADE_S = 0.5
RISE_PX = 24
#: The first line comes after the title was read; the last has a fifth of the reel to itself.
FIRST_S, LAST_SHARE = 1.3, 0.72


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture that fades in at ``start_s`` at an even place."""

    picture: Image.Image
    place: tuple[int, int]
    start_s: float
    rise_px: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """What a reel says, and in which look."""

    title: str
    lines: tuple[str, ...]
    look: dict[str, Any]
    tone: Tone
    size: tuple[int, int]
    seconds: float


def layers(words: Words, extremes: list[Image.Image], room: Room) -> list[Layer]:
    """Return the layers from the ground up; those of start 0 are there from the first frame.

    ``extremes`` are the first and last frames of the background, on which the contrast of all
    text is measured. Raises ToolFailed when the words do not fit.
    """
    width, height = words.size
    left, top, measure = round(width * 0.085), round(height * SAFE_TOP), round(width * 0.83)
    heading = room.font(words.look["fonts"]["heading"])
    body = room.font(words.look["fonts"]["body"])
    sizes = (round(width * 0.052), round(width * 0.140))
    title = fit(words.title, heading, (measure, round(height * 0.24)), sizes, "heading")
    first = top + title.height + round(height * 0.045)
    foot = round(height * SAFE_BOTTOM)
    signature = round(height * 0.055)
    room_px = foot - signature - round(height * 0.03) - first
    blocks, gap = _lines(words.lines, body, (measure, room_px), width)
    bottom = first + sum(b.height for b in blocks) + gap * (len(blocks) - 1)
    box = (left, top, left + measure, bottom)
    ground = _ground(words, extremes, box, (left, foot - signature), signature)
    found = [Layer(ground, (0, 0), 0.0), _still(words, title, left, top)]
    found.append(_signature(words, room, body, left, foot - signature, signature))
    y = first
    for number, block in enumerate(blocks):
        found.append(_line(words, block, left, y, _start(number, len(blocks), words.seconds)))
        y += block.height + gap
    return found


def _start(number: int, count: int, seconds: float) -> float:
    last = seconds * LAST_SHARE
    return FIRST_S if count == 1 else FIRST_S + (last - FIRST_S) * number / (count - 1)


def _lines(
    texts: tuple[str, ...], file: Path, box: tuple[int, int], width: int
) -> tuple[list[Block], int]:
    """Set all lines at the largest size that lets them stand together."""
    for share in range(70, 31, -2):
        size = round(width * share / 1000)
        gap = round(size * 0.75)
        try:
            blocks = [fit(text, file, (box[0], box[1]), (size, size)) for text in texts]
        except ToolFailed as error:
            if "does not fit" not in str(error):
                raise
            continue
        if sum(block.height for block in blocks) + gap * (len(blocks) - 1) <= box[1]:
            return blocks, gap
    raise ToolFailed("reel_video", f"{len(texts)} lines do not fit together; shorten them")


def _ground(
    words: Words,
    extremes: list[Image.Image],
    box: scrim.Box,
    corner: tuple[int, int],
    side: int,
) -> Image.Image:
    """Return the scrims under all words as one layer."""
    layer = Image.new("RGBA", words.size, (*words.tone.ground, 0))
    width = words.size[0]
    small = (corner[0], corner[1], corner[0] + round(width * 0.5), corner[1] + side)
    for place in (box, small):
        strength = scrim.strength_for(extremes, place, words.tone)
        if strength:
            mask = scrim.patch(words.size, place, strength)
            over = Image.new("RGBA", words.size, (*words.tone.ground, 255))
            over.putalpha(mask)
            layer.alpha_composite(over)
    return layer


def _still(words: Words, title: Block, left: int, top: int) -> Layer:
    """Return the title with the accent bar over it."""
    width = words.size[0]
    bar = (round(width * 0.11), max(4, round(width * 0.010)))
    above = round(width * 0.05)
    picture = Image.new("RGBA", (_even(title.width + 4), _even(title.height + above + 4)))
    pen = ImageDraw.Draw(picture)
    colour = scrim.readable(words.tone)
    pen.rounded_rectangle((0, 0, bar[0], bar[1]), bar[1] / 2, fill=colour)
    title.draw(pen, 0, above, words.tone.text)
    return Layer(_tinted(picture, words.tone), (_even(left), _even(top - above)), 0.0)


def _line(words: Words, block: Block, left: int, top: int, start_s: float) -> Layer:
    rise = _even(round(RISE_PX * words.size[0] / 1080))
    picture = Image.new("RGBA", (_even(block.width + 4), _even(block.height + 4)))
    block.draw(ImageDraw.Draw(picture), 0, 0, words.tone.text)
    return Layer(_tinted(picture, words.tone), (_even(left), _even(top)), start_s, rise)


def _signature(words: Words, room: Room, file: Path, left: int, top: int, side: int) -> Layer:
    width = words.size[0]
    sizes = (round(width * 0.022), round(width * 0.034))
    name = fit(words.look["handle"], file, (round(width * 0.5), side), sizes)
    gap = round(width * 0.025)
    picture = Image.new("RGBA", (_even(side + gap + name.width), _even(side)))
    name.draw(ImageDraw.Draw(picture), side + gap, (side - name.height) / 2, words.tone.text)
    picture = _tinted(picture, words.tone)
    pictures.paste_logo(picture, room.kit_file(words.look["logo"]), (0, 0), side)
    return Layer(picture, (_even(left), _even(top)), 0.0)


def _tinted(picture: Image.Image, tone: Tone) -> Image.Image:
    """Give transparent pixels the text's colour, so that no dark rim shows at half opacity."""
    under = Image.new("RGBA", picture.size, (*tone.text, 0))
    return Image.composite(picture, under, picture.getchannel("A").point([0] + [255] * 255))


def _even(value: float) -> int:
    return int(value) + int(value) % 2
