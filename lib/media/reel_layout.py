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
#: Height of the line that shows how far the reel is, as a share of the width.
PROGRESS = 0.006
#: The first line comes after the title was read; the last has a fifth of the reel to itself.
FIRST_S, LAST_SHARE = 1.3, 0.72


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture that comes at ``start_s`` to an even place, rising, and fading unless solid."""

    picture: Image.Image
    place: tuple[int, int]
    start_s: float
    rise_px: int = 0
    solid: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The line that shows how far the reel is; size in px, place even."""

    place: tuple[int, int]
    size: tuple[int, int]
    track: tuple[int, int, int]
    fill: tuple[int, int, int]

    def at(self, share: float) -> Image.Image:
        """Return the line as it looks at a share of the reel, 0..1."""
        width, height = self.size
        picture = Image.new("RGBA", self.size, (*self.track, 0))
        pen = ImageDraw.Draw(picture)
        pen.rounded_rectangle((0, 0, width - 1, height - 1), height / 2, fill=(*self.track, 56))
        end = max(height, width * share) - 1
        pen.rounded_rectangle((0, 0, end, height - 1), height / 2, fill=(*self.fill, 255))
        return picture


@dataclass(frozen=True, slots=True)
class Words:
    """What a reel says, and in which look."""

    title: str
    lines: tuple[str, ...]
    look: dict[str, Any]
    tone: Tone
    size: tuple[int, int]
    seconds: float


def layers(words: Words, extremes: list[Image.Image], room: Room) -> tuple[list[Layer], Progress]:
    """Return the layers from the ground up, and the progress line.

    ``extremes`` are the first and last frames of the background, on which the contrast of all
    text is measured. Raises ToolFailed when the words do not fit.
    """
    width, height = words.size
    left, top, measure = round(width * 0.085), round(height * SAFE_TOP), round(width * 0.83)
    heading = room.font(words.look["fonts"]["heading"])
    body = room.font(words.look["fonts"]["body"])
    sizes = (round(width * 0.052), round(width * 0.140))
    title = fit(words.title, heading, (measure, round(height * 0.24)), sizes, "heading")
    first = top + title.height + round(height * 0.04)
    foot = round(height * SAFE_BOTTOM)
    side = round(height * 0.05)
    line = foot - side - round(height * 0.02)
    room_px = line - round(height * 0.025) - first
    blocks, gap = _lines(words.lines, body, (measure, room_px), width)
    bottom = first + sum(b.height for b in blocks) + gap * (len(blocks) - 1)
    ground = _ground(
        words, extremes, [(left, top, left + measure, bottom), (left, line, left + measure, foot)]
    )
    found = [Layer(ground, (0, 0), 0.0), _still(words, title, left, top)]
    found.append(_signature(words, room, body, (left, foot - side), side))
    y = first
    for number, block in enumerate(blocks):
        found.append(_line(words, block, (left, y), _start(number, len(blocks), words.seconds)))
        y += block.height + gap
    thick = max(4, _even(round(width * PROGRESS)))
    mark = scrim.readable(words.tone)
    bar = Progress((_even(left), _even(line)), (_even(measure), thick), words.tone.text, mark)
    return found, bar


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


def _ground(words: Words, extremes: list[Image.Image], boxes: list[scrim.Box]) -> Image.Image:
    """Return the scrims under all words as one layer."""
    layer = Image.new("RGBA", words.size, (*words.tone.ground, 0))
    for place in boxes:
        strength = scrim.strength_for(extremes, place, words.tone)
        if strength:
            over = Image.new("RGBA", words.size, (*words.tone.ground, 255))
            over.putalpha(scrim.patch(words.size, place, strength))
            layer.alpha_composite(over)
    return layer


def _still(words: Words, title: Block, left: int, top: int) -> Layer:
    """Return the title with the accent bar over it."""
    width = words.size[0]
    bar = (round(width * 0.11), max(4, round(width * 0.011)))
    gap = min(round(width * 0.052), round(title.size * 0.42))
    above = _even(max(0, gap + bar[1] - title.headroom))
    place = above + title.headroom - gap - bar[1]
    picture = Image.new("RGBA", (_even(title.width + 4), _even(title.height + above + 4)))
    pen = ImageDraw.Draw(picture)
    corners = (0, place, bar[0], place + bar[1])
    pen.rounded_rectangle(corners, bar[1] / 2, fill=scrim.readable(words.tone))
    title.draw(pen, 0, above, words.tone.text)
    rise = _even(round(RISE_PX * width / 1080))
    spot = (_even(left), _even(top - above))
    return Layer(_tinted(picture, words.tone), spot, 0.0, rise, solid=True)


def _line(words: Words, block: Block, place: tuple[int, int], start_s: float) -> Layer:
    rise = _even(round(RISE_PX * words.size[0] / 1080))
    picture = Image.new("RGBA", (_even(block.width + 4), _even(block.height + 4)))
    block.draw(ImageDraw.Draw(picture), 0, 0, words.tone.text)
    spot = (_even(place[0]), _even(place[1]))
    return Layer(_tinted(picture, words.tone), spot, start_s, rise)


def _signature(words: Words, room: Room, file: Path, place: tuple[int, int], side: int) -> Layer:
    width = words.size[0]
    sizes = (round(width * 0.024), round(width * 0.036))
    name = fit(words.look["handle"], file, (round(width * 0.5), side), sizes)
    gap = round(width * 0.025)
    picture = Image.new("RGBA", (_even(side + gap + name.width), _even(side)))
    name.draw(ImageDraw.Draw(picture), side + gap, (side - name.height) / 2, words.tone.text)
    picture = _tinted(picture, words.tone)
    pictures.paste_logo(picture, room.kit_file(words.look["logo"]), (0, 0), side)
    return Layer(picture, (_even(place[0]), _even(place[1])), 0.0)


def _tinted(picture: Image.Image, tone: Tone) -> Image.Image:
    """Give transparent pixels the text's colour, so that no dark rim shows at half opacity."""
    under = Image.new("RGBA", picture.size, (*tone.text, 0))
    return Image.composite(picture, under, picture.getchannel("A").point([0] + [255] * 255))


def _even(value: float) -> int:
    return int(value) + int(value) % 2
