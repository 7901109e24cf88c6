"""Captions as they are burned in: pictures, places and times for whoever composes the frames.

The cues are those of the files beside the film, or shorter ones of the same words, as a style
says. Words stand within the platforms' safe zone, in two lines at most, at one size throughout,
and what lies under them makes their contrast sure on every frame that is shown here.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from lib.colour import Rgb, contrast
from lib.core.errors import ToolFailed
from lib.media.captions.cue import Cue, Word
from lib.media.captions.groups import grouped
from lib.media.picture import scrim
from lib.media.picture.colour import BLACK, WHITE, Tone
from lib.media.picture.scrim import LEAST_CONTRAST, Box
from lib.media.text.fit import enlargement
from lib.media.text.spoken import SpokenLine
from lib.templates.captions import CaptionStyle
from lib.templates.zones import safe

#: Share of the width on each side that stays free: platforms lay their buttons there.
SIDE = 0.12
#: The safe zone of pictures that are no reels, as shares of the height.
WIDE_TOP, WIDE_BOTTOM = 0.06, 0.92
#: Distance of two baselines; of words from the edge of what lies behind them; of two lines' ink,
#: in sizes.
STEP, BESIDE, ABOVE, BELOW, AIR = 1.24, 0.42, 0.32, 0.2, 0.1
#: What a pill adds beside, above and below its word, and how round corners are, in sizes.
PILL, PILL_ABOVE, PILL_BELOW, ROUND = 0.15, 0.14, 0.05, 0.26
#: A plate is seen at all from this strength on.
LEAST_PLATE = 0.66
#: What lies under all words comes and goes within this time, seconds.
SCRIM_S = 0.4
#: Boxes of words that contrast is measured in, beside that of all of them.
LOOKS = 10
#: The strongest that what lies under words may be.
MOST = 0.97
#: Corners are drawn so many times larger and made smaller, so that they are smooth.
SMOOTH = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that stands at an even place from one instant to another, seconds.

    It comes and goes within ``fade_s``; 0 where another one takes its place at that instant.
    """

    picture: Image.Image
    place: tuple[int, int]
    start_s: float
    stop_s: float
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Coming:
    """What will be shown, drawn when it is asked for; the rest is as in ``Shown``."""

    draw: Callable[[], Image.Image]
    place: tuple[int, int]
    start_s: float
    stop_s: float
    fade_in_s: float
    fade_out_s: float

    def shown(self) -> Shown:
        """Return it, drawn."""
        times = (self.start_s, self.stop_s, self.fade_in_s, self.fade_out_s)
        return Shown(self.draw(), self.place, *times)


@dataclass(frozen=True, slots=True)
class Look:
    """What all captions of one film have in common: style, colours, font, and what they lie on."""

    style: CaptionStyle
    tone: Tone
    #: The file of the brand's font.
    font: Path
    size: tuple[int, int]
    #: Frames over which the words will stand: the first and the last, and more of a lively film.
    frames: tuple[Image.Image, ...]
    language: str | None = None
    #: Where the words stand, px; within the safe zone when it is not told.
    zone: Box | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """What stands at a time: lines whose words are numbered within it."""

    cue: Cue
    lines: tuple[SpokenLine, ...]


def layers(words: Sequence[Word], look: Look) -> Iterator[Shown]:
    """Yield the pictures of captions in the order in which they come, drawn when they are asked.

    What lies under all words is the first. Raises ToolFailed when a word does not fit at the
    smallest size, or when no bundled font shows it.
    """
    page = Captions.of(words, look)
    if page is not None:
        comings = list(page.comings())
        if page.scrim is not None:
            first_s, last_s = comings[0].start_s, comings[-1].stop_s
            yield Shown(page.scrim, (0, 0), first_s, last_s, SCRIM_S, SCRIM_S)
        for coming in comings:
            yield coming.shown()


def _lines(cue: Cue, look: Look) -> Iterator[SpokenLine]:
    number = 0
    spread = PILL if look.style.mark == "pill" else 0.0
    for line, words in cue.of_lines():
        texts = [word.text for word in words]
        yield SpokenLine.of(texts, line, look.font, look.language, first=number, spread=spread)
        number += len(words)


class Captions:
    """All captions of a film: sizes, places and colours, and what lies under them."""

    def __init__(self, look: Look, groups: Sequence[_Group]) -> None:
        self._look, (self._width, self._height) = look, look.size
        self._groups = groups
        free = (round(self._width * SIDE), 0, round(self._width * (1 - SIDE)), 0)
        left, _, right, _ = look.zone or free
        self._measure, self._middle = right - left, (left + right) / 2
        lines = [line for group in groups for line in group.lines]
        # Words one by one may each be as large as they go; lines of one film are of one size.
        together = None if look.style.unit == "word" else self._size(lines)
        self._sizes = {id(g): together or self._size(g.lines) for g in groups}
        self._fill, self._letters = _mark(look)

    @classmethod
    def of(cls, words: Sequence[Word], look: Look) -> Captions | None:
        """Return the captions of words; None when there are none. Raises as ``layers`` does."""
        cues = grouped(words, look.style, look.language)
        groups = [_Group(cue, tuple(_lines(cue, look))) for cue in cues]
        return cls(look, groups) if groups else None

    def within(self, **changes: Any) -> Captions:
        """Return the same captions with another look: in another zone, or over other frames."""
        return Captions(dataclasses.replace(self._look, **changes), self._groups)

    @property
    def style(self) -> CaptionStyle:
        """Return their style."""
        return self._look.style

    @property
    def tall(self) -> int:
        """Return how high the highest of them is, px."""
        return max(box[3] - box[1] for box in map(self._box, self._groups))

    @functools.cached_property
    def hull(self) -> Box:
        """Return the box in which all of them stand, px."""
        boxes = [self._box(group) for group in self._groups]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)

    @functools.cached_property
    def strength(self) -> float:
        """Return how strong what lies under them must be, 0..1."""
        boxes = {self._box(group) for group in self._groups}
        wide = sorted(boxes, key=lambda box: (box[2] - box[0], box))
        step = max(1, len(wide) // LOOKS)
        return self._needed([self.hull, *wide[::step]])

    def _size(self, lines: Sequence[SpokenLine]) -> int:
        """Return the largest size, px, at which lines fit. Raises ToolFailed naming a long one."""
        shorter, style = min(self._width, self._height), self._look.style
        least = round(shorter * style.least / 1000)
        largest = round(shorter * style.largest / 1000 * enlargement(self._look.font))
        widest = max(lines, key=lambda line: line.width(largest))
        size = min(largest, int(largest * self._measure / max(1.0, widest.width(largest))))
        while size >= least and widest.width(size) > self._measure:
            size -= 1
        if size < least:
            told = f"“{widest.whole.text[:40]}” is too long for a line; shorten it"
            raise ToolFailed("captions", told)
        return size

    def _baselines(self, group: _Group) -> list[float]:
        """Return the baselines, the middle of capitals where the style wants the words."""
        size = self._sizes[id(group)]
        reel = self._height > 1.5 * self._width
        _, high, _, low = safe("film", "9x16")
        top, bottom = (high / 100, low / 100) if reel else (WIDE_TOP, WIDE_BOTTOM)
        if self._look.zone is not None:
            top, bottom = (edge / self._height for edge in self._look.zone[1::2])
        count = len(group.lines)
        up, down = self._ink(group)
        step = max(STEP * size, up + down + AIR * size)  # deep and high letters never meet
        first = self._height * self._look.style.middle + size * 0.35 - step * (count - 1) / 2
        over = first + step * (count - 1) + down + BELOW * size - self._height * bottom
        first -= max(0.0, over)
        first += max(0.0, self._height * top - (first - up - ABOVE * size))
        return [first + step * number for number in range(count)]

    def _ink(self, group: _Group) -> tuple[int, int]:
        inks = [line.ink(self._sizes[id(group)]) for line in group.lines]
        return max(up for up, _ in inks), max(down for _, down in inks)

    def _box(self, group: _Group) -> Box:
        """Return the box of a group with the air around it; its place and size are even."""
        size, baselines = self._sizes[id(group)], self._baselines(group)
        up, down = self._ink(group)
        long = max(line.width(size) for line in group.lines) + 2 * BESIDE * size
        left, top = self._middle - long / 2, baselines[0] - up - ABOVE * size
        right, bottom = left + long, baselines[-1] + down + BELOW * size
        x, y = int(left) // 2 * 2, int(top) // 2 * 2
        return x, y, x + _even(right - x), y + _even(bottom - y)

    def _needed(self, boxes: Sequence[Box]) -> float:
        """Return the strength at which every colour of the words reads on all frames.

        A small box shows in detail what a large one evens out, so several are looked at.
        """
        tones = [self._look.tone]
        if self._look.style.mark == "colour" and self._fill is None:
            tones.append(dataclasses.replace(self._look.tone, text=self._letters))
        frames, plate = list(self._look.frames), self._look.style.ground == "plate"
        strengths = [scrim.strength_for(frames, box, tone) for box in boxes for tone in tones]
        strength = max(*strengths, LEAST_PLATE if plate else 0.0)
        # Measured once more as it will be seen, for a scrim is softer towards its edges.
        while 0 < strength < MOST and not all(
            scrim.worst_contrast(covered, box, tone.text) >= LEAST_CONTRAST
            for covered in self._covered(strength)
            for box in boxes
            for tone in tones
        ):
            strength = min(MOST, strength + 0.04)
        return strength

    def _covered(self, strength: float) -> Iterator[Image.Image]:
        """Yield the frames with what lies under words, as strong as that."""
        mask = Image.new("L", self._look.size, round(255 * strength))
        if self._look.style.ground == "scrim":
            mask = scrim.patch(self._look.size, self.hull, strength)
        for frame in self._look.frames:
            covered = frame.convert("RGB")
            covered.paste(self._look.tone.ground, None, mask)
            yield covered

    @property
    def scrim(self) -> Image.Image | None:
        """Return what lies under all words as one picture, None where a plate does or nothing."""
        if self._look.style.ground != "scrim" or not self.strength:
            return None
        over = Image.new("RGBA", self._look.size, (*self._look.tone.ground, 255))
        over.putalpha(scrim.patch(self._look.size, self.hull, self.strength))
        return over

    def comings(self) -> Iterator[Coming]:
        """Yield what is shown in the order in which it comes; each is drawn when that is asked."""
        for before, group, after in zip(
            (None, *self._groups), self._groups, (*self._groups[1:], None), strict=False
        ):
            follows = before is not None and before.cue.stop_s >= group.cue.start_s
            gives_way = after is not None and group.cue.stop_s >= after.cue.start_s
            fade_s = self._look.style.fade_s
            fades = (0.0 if follows else fade_s, 0.0 if gives_way else fade_s)
            yield from self._steps(group, fades)

    def _steps(self, group: _Group, fades: tuple[float, float]) -> Iterator[Coming]:
        """Yield the pictures of one group: one, or one for each word where words are marked."""
        box = self._box(group)
        steps: list[tuple[float, int | None]] = [(group.cue.start_s, None)]
        if self._look.style.mark != "none":
            spoken = [n for n, word in enumerate(group.cue.words) if word.stop_s > word.start_s]
            steps = [(group.cue.words[number].start_s, number) for number in spoken] or steps
            steps = [(group.cue.start_s, steps[0][1]), *steps[1:]]
        ends = [*(start_s for start_s, _ in steps[1:]), group.cue.stop_s]
        for place, ((start_s, marked), stop_s) in enumerate(zip(steps, ends, strict=True)):
            if stop_s > start_s:
                come = fades[0] if place == 0 else 0.0
                go = fades[1] if place == len(steps) - 1 else 0.0
                draw = functools.partial(self._drawn, group, box, marked)
                yield Coming(draw, box[:2], start_s, stop_s, come, go)

    def _drawn(self, group: _Group, box: Box, marked: int | None) -> Image.Image:
        size, tone = self._sizes[id(group)], self._look.tone
        extent = (box[2] - box[0], box[3] - box[1])
        # Clear pixels have the text's colour, so that no dark rim shows while it fades.
        picture = Image.new("RGBA", extent, (*tone.text, 0))
        if self._look.style.ground == "plate":
            whole = (0.0, 0.0, float(extent[0]), float(extent[1]))
            _round(picture, whole, ROUND * size, (*tone.ground, round(255 * self.strength)))
        colours = {marked: self._letters} if marked is not None else {}
        lines = [
            (line, baseline - box[1], (extent[0] - line.width(size)) / 2)
            for line, baseline in zip(group.lines, self._baselines(group), strict=True)
        ]
        for line, baseline, left in lines:  # below the letters of both lines
            spans = line.spans(left, size)
            if self._fill is not None and marked in spans:
                start, stop = spans[marked]
                up, down = line.ink(size)
                pill = (
                    start - PILL * size,
                    baseline - up - PILL_ABOVE * size,
                    stop + PILL * size,
                    baseline + down + PILL_BELOW * size,
                )
                _round(picture, pill, ROUND * size, (*self._fill, 255))
        for line, baseline, left in lines:
            line.draw(picture, (left, baseline), size, lambda word: colours.get(word, tone.text))
        return picture


def _mark(look: Look) -> tuple[Rgb | None, Rgb]:
    """Return the pill behind the spoken word, if there is one, and the word's own colour."""
    tone = look.tone
    if look.style.mark == "none":
        return None, tone.text
    if look.style.mark == "colour":
        for colour in (tone.accent, tone.secondary, tone.primary):
            if contrast(colour, tone.ground) >= LEAST_CONTRAST:
                return None, colour
    fill = scrim.readable(tone)
    choices = (tone.ground, tone.text, BLACK, WHITE)
    good = [colour for colour in choices if contrast(colour, fill) >= LEAST_CONTRAST]
    return fill, good[0] if good else max(choices, key=lambda colour: contrast(colour, fill))


def _round(
    picture: Image.Image,
    box: tuple[float, float, float, float],
    radius: float,
    fill: tuple[int, int, int, int],
) -> None:
    """Lay a rectangle with round, smooth corners over a picture."""
    large = Image.new("L", (picture.width * SMOOTH, picture.height * SMOOTH))
    edges = tuple(edge * SMOOTH for edge in box)
    ImageDraw.Draw(large).rounded_rectangle(edges, radius * SMOOTH, fill=fill[3])
    shape = Image.new("RGBA", picture.size, (*fill[:3], 0))
    shape.putalpha(large.reduce(SMOOTH))
    if picture.getchannel("A").getextrema()[1] == 0:  # over nothing it is all there is
        picture.paste(shape)
    else:
        picture.alpha_composite(shape)


def _even(value: float) -> int:
    return int(value + 1.999) // 2 * 2
