"""Text that fits: wrapped, balanced, as large as its box allows, and never half drawn.

Knows fonts and boxes, not layouts. A character that the font lacks, or a text that does not
fit at the smallest size, is an error in words: never an empty box in a published picture.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageDraw, ImageFont, features

from lib.core.colour import Rgb
from lib.core.errors import ToolFailed

#: Distance of two baselines as a share of the font size.
LEADING = {"heading": 1.10, "body": 1.36}
#: Mean width of a letter that sizes are meant for, as a share of the font size (Inter's), and
#: how much larger a narrower font may be set so that it weighs as much on the page.
_BREADTH, _MOST_LARGER = 0.488, 1.3
#: Sizes that a heading may come down to for lines that are more even, as shares of the largest.
_CONCESSIONS: dict[str, tuple[float, ...]] = {"heading": (0.93, 0.86, 0.8, 0.74), "body": ()}
#: What one long line is worth beside two shorter ones of a larger size.
_ONE_LINE = 0.7
_SAMPLE = "The quick brown fox jumps over it"


def shaping() -> str:
    """Return which text layout this machine has: "raqm" (complex) or "basic"."""
    return "raqm" if features.check("raqm") else "basic"


@functools.lru_cache(maxsize=256)
def font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """Return a font at a size in px, laid out the same way on every machine that can."""
    engine = ImageFont.Layout.RAQM if shaping() == "raqm" else ImageFont.Layout.BASIC
    return ImageFont.truetype(file, size, layout_engine=engine)


@functools.lru_cache(maxsize=32)
def _glyphs(file: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True) as opened:
        return frozenset(opened.getBestCmap())


def require_glyphs(text: str, file: Path) -> None:
    """Raise ToolFailed naming the first character that the font lacks."""
    known = _glyphs(file)
    for character in text:
        if not character.isspace() and ord(character) not in known:
            words = f"{file.stem} has no glyph for {character!r} in “{text[:40]}”"
            raise ToolFailed("text", words)


@functools.lru_cache(maxsize=32)
def _scale(file: Path) -> float:
    """Return by how much a font is set larger than others because its letters are narrow."""
    mean = font(file, 200).getlength(_SAMPLE) / len(_SAMPLE) / 200
    return min(_MOST_LARGER, max(1.0, _BREADTH / mean))


@dataclass(frozen=True, slots=True)
class Block:
    """A text as it will be drawn: its lines, font and metrics in px."""

    lines: tuple[str, ...]
    file: Path
    size: int
    leading: float
    width: int

    @property
    def height(self) -> int:
        """From the top of the first line's ascenders to the bottom of the last descenders."""
        face = font(self.file, self.size)
        ascent, descent = face.getmetrics()
        return round((len(self.lines) - 1) * self.size * self.leading + ascent + descent)

    @property
    def ink(self) -> int:
        """Return the width of the longest line, px."""
        face = font(self.file, self.size)
        return math.ceil(max((face.getlength(line) for line in self.lines), default=0))

    @property
    def headroom(self) -> int:
        """Return the px between the block's top and the top of its capitals."""
        face = font(self.file, self.size)
        return round(face.getmetrics()[0] + face.getbbox("H", anchor="ls")[1])

    def draw(
        self, pen: ImageDraw.ImageDraw, left: float, top: float, fill: Rgb, *, centre: bool = False
    ) -> None:
        """Draw the lines with their box's top left corner at (left, top) px."""
        face = font(self.file, self.size)
        ascent, _ = face.getmetrics()
        for number, line in enumerate(self.lines):
            baseline = top + ascent + number * self.size * self.leading
            if centre:
                pen.text((left + self.width / 2, baseline), line, fill, face, anchor="ms")
            else:
                pen.text((left, baseline), line, fill, face, anchor="ls")


def fit(
    text: str, file: Path, box: tuple[int, int], sizes: tuple[int, int], role: str = "body"
) -> Block:
    """Return the text as large as it fits.

    ``box`` is (width, height) px, ``sizes`` (smallest, largest) px; a narrow font may be set
    larger. Raises ToolFailed when it does not fit at the smallest size or a glyph is missing.
    """
    require_glyphs(text, file)
    words = text.split()
    low, high = sizes[0], round(max(sizes) * _scale(file))
    best: Block | None = None
    while low <= high:
        size = (low + high) // 2
        block = _set(words, file, box, size, role)
        if block is not None:
            best, low = block, size + 1
        else:
            high = size - 1
    if best is None:
        raise ToolFailed(
            "text", f"“{text[:40]}…” ({len(text)} characters) does not fit; shorten it"
        )
    smaller = [max(sizes[0], round(best.size * share)) for share in _CONCESSIONS[role]]
    others = [_set(words, file, box, size, role) for size in smaller]
    return max([best, *filter(None, others)], key=_shapeliness)


def _set(words: list[str], file: Path, box: tuple[int, int], size: int, role: str) -> Block | None:
    """Set words at one size in even lines; None when they do not fit the box."""
    face = font(file, size)
    lines = _wrap(words, face, box[0])
    if lines is None:
        return None
    block = Block(tuple(lines), file, size, LEADING[role], box[0])
    if block.height > box[1]:
        return None
    even = _balanced(words, face, box[0], len(lines))
    return dataclasses.replace(block, lines=tuple(even))


def _shapeliness(block: Block) -> float:
    """Return how good a block looks: its size, less what ragged lines waste of it."""
    lengths = [font(block.file, block.size).getlength(line) for line in block.lines]
    if len(lengths) == 1 and " " in block.lines[0]:
        return block.size * _ONE_LINE
    longest = max(lengths)
    evenness = sum(lengths) / len(lengths) / longest
    return block.size * evenness * (0.6 + 0.4 * min(lengths) / longest)


def _wrap(words: list[str], face: ImageFont.FreeTypeFont, width: int) -> list[str] | None:
    """Fill line after line; None when a word alone is too wide."""
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.getlength(longer) <= width:
            lines[-1] = longer
        elif face.getlength(word) <= width:
            lines.append(word)
        else:
            return None
    return lines


def _balanced(words: list[str], face: ImageFont.FreeTypeFont, width: int, count: int) -> list[str]:
    """Break into ``count`` lines as even as can be, so that no last word stands alone.

    Least squares of what each line leaves free, the classic optimum over all breaks.
    """
    ideal = min(width, face.getlength(" ".join(words)) / count * 1.06)

    @functools.cache
    def measure(start: int, end: int) -> float:
        return face.getlength(" ".join(words[start:end]))

    @functools.cache
    def best(start: int, left: int) -> tuple[float, tuple[int, ...]]:
        """Return cost and line ends for the words from ``start`` on ``left`` lines."""
        ends = (len(words),) if left == 1 else range(start + 1, len(words) - left + 2)
        found: tuple[float, tuple[int, ...]] = (math.inf, ())
        for end in ends:
            length = measure(start, end)
            if length > width:
                break
            rest, breaks = best(end, left - 1) if left > 1 else (0.0, ())
            alone = end - start == 1 and end == len(words) and count > 1
            cost = (length - ideal) ** 2 + rest + (ideal**2 if alone else 0)
            found = min(found, (cost, (end, *breaks)))
        return found

    ends = best(0, count)[1]
    return [" ".join(words[a:b]) for a, b in zip((0, *ends[:-1]), ends, strict=True)]
