"""Where the words of a reel stand and when each comes: layers for the composer.

All words keep clear of what the platforms lay over a reel: the top 12 % and the bottom 20 %.
"""

from __future__ import annotations

import itertools
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
#: The first line comes after the title was read.
FIRST_S = 1.3
#: Sizes of lines in thousandths of the width: largest, least at which lines share one scene,
#: least of all. A phone shows 50 thousandths as about 3.5 mm.
LARGEST, LEAST_TOGETHER, LEAST = 70, 50, 38
#: Seconds that a scene of lines needs at least, and the most scenes of a reel.
SCENE_S, MOST_SCENES = 8.0, 3


@dataclass(frozen=True, slots=True)
class Layer:
    """A picture that comes at ``start_s`` to an even place, rising, and fading unless solid.

    With ``end_s`` it fades away again from then on. One that is ``soft`` is a ground of one colour
    without edges: it may go with the camera.
    """

    picture: Image.Image
    place: tuple[int, int]
    start_s: float
    rise_px: int = 0
    solid: bool = False
    end_s: float | None = None
    soft: bool = False


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
    box = (measure, round(height * 0.24))
    title = fit(words.title, heading, box, sizes, "heading", language=words.look.get("language"))
    first = top + title.height + round(height * 0.04)
    foot = round(height * SAFE_BOTTOM)
    side = round(height * 0.05)
    line = foot - side - round(height * 0.02)
    room_px = line - round(height * 0.025) - first
    scenes, gap = _scenes(words, body, (measure, room_px))
    bottom = first + max(_tall(scene, gap) for scene in scenes)
    ground = _ground(
        words, extremes, [(left, top, left + measure, bottom), (left, line, left + measure, foot)]
    )
    found = [Layer(ground, (0, 0), 0.0, soft=True), _still(words, title, left, top)]
    ends = (left, left + measure)
    found.append(_signature(words, room, body, (ends, foot - side, side), rtl=title.rtl))
    comes = iter(_starts(words))
    starts = [[next(comes) for _ in scene] for scene in scenes]
    for number, scene in enumerate(scenes):
        y = first
        leaves = starts[number + 1][0] - FADE_S if scene is not scenes[-1] else None
        for block, start_s in zip(scene, starts[number], strict=True):
            found.append(_line(words, block, (left, y), (start_s, leaves)))
            y += block.height + gap
    thick = max(4, _even(round(width * PROGRESS)))
    mark = scrim.readable(words.tone)
    bar = Progress((_even(left), _even(line)), (_even(measure), thick), words.tone.text, mark)
    return found, bar


def _scenes(words: Words, file: Path, box: tuple[int, int]) -> tuple[list[list[Block]], int]:
    """Set the lines as large as they go: together if they stay readable, else in scenes.

    Returns the scenes in order and the px between two lines.
    """
    most = min(MOST_SCENES, len(words.lines))
    calm = min(most, max(1, int(words.seconds / SCENE_S)))
    for largest, least, scenes_at_most in (
        (LARGEST, LEAST_TOGETHER, calm),
        (LEAST_TOGETHER, LEAST, most),  # rather hurried than refused
    ):
        for count in range(1, scenes_at_most + 1):
            parts = _parts(words.lines, count)
            for share in range(largest, least - 1, -2):
                size = round(words.size[0] * share / 1000)
                gap = round(size * 0.75)
                scenes = _set(parts, file, box, size, words.look.get("language"))
                if scenes and all(_tall(scene, gap) <= box[1] for scene in scenes):
                    return scenes, gap
    count = len(words.lines)
    raise ToolFailed("reel_video", f"{count} lines do not fit together; shorten them")


def _set(
    parts: list[tuple[str, ...]],
    file: Path,
    box: tuple[int, int],
    size: int,
    language: str | None,
) -> list[list[Block]] | None:
    """Set all lines at one size; None when one does not fit the box even alone."""
    try:
        return [
            [fit(text, file, box, (size, size), language=language) for text in part]
            for part in parts
        ]
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
    marks = list(itertools.accumulate(letters, initial=0))
    return [FIRST_S + (words.seconds - FIRST_S) * mark / marks[-1] for mark in marks[:-1]]


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
    start = title.width - bar[0] if title.rtl else 0
    corners = (start, place, start + bar[0], place + bar[1])
    pen.rounded_rectangle(corners, bar[1] / 2, fill=scrim.readable(words.tone))
    title.draw(picture, 0, above, words.tone.text)
    rise = _even(round(RISE_PX * width / 1080))
    spot = (_even(left), _even(top - above))
    return Layer(_tinted(picture, words.tone), spot, 0.0, rise, solid=True)


def _line(
    words: Words, block: Block, place: tuple[int, int], times: tuple[float, float | None]
) -> Layer:
    rise = _even(round(RISE_PX * words.size[0] / 1080))
    picture = Image.new("RGBA", (_even(block.width + 4), _even(block.height + 4)))
    block.draw(picture, 0, 0, words.tone.text)
    spot = (_even(place[0]), _even(place[1]))
    return Layer(_tinted(picture, words.tone), spot, times[0], rise, end_s=times[1])


def _signature(
    words: Words,
    room: Room,
    file: Path,
    place: tuple[tuple[int, int], int, int],
    *,
    rtl: bool,
) -> Layer:
    """Return logo and handle; ``place`` is left and right, top and height, px."""
    (left, right), top, side = place
    width = words.size[0]
    sizes = (round(width * 0.024), round(width * 0.036))
    language = words.look.get("language")
    name = fit(words.look["handle"], file, (round(width * 0.5), side), sizes, language=language)
    gap = round(width * 0.025)
    whole = _even(side + gap + name.width)
    picture = Image.new("RGBA", (whole, _even(side)))
    start = whole - side - gap - name.ink if rtl else side + gap
    name.draw(picture, start - name.inset, (side - name.height) / 2, words.tone.text)
    picture = _tinted(picture, words.tone)
    sign = (whole - side if rtl else 0, 0)
    pictures.paste_logo(picture, room.kit_file(words.look["logo"]), sign, side)
    return Layer(picture, (_even(right - whole if rtl else left), _even(top)), 0.0)


def _tinted(picture: Image.Image, tone: Tone) -> Image.Image:
    """Give transparent pixels the text's colour, so that no dark rim shows at half opacity."""
    under = Image.new("RGBA", picture.size, (*tone.text, 0))
    return Image.composite(picture, under, picture.getchannel("A").point([0] + [255] * 255))


def _even(value: float) -> int:
    return int(value) + int(value) % 2
