"""Text that fits: wrapped, balanced, as large as its box allows, and never half drawn.

Knows fonts and boxes, not layouts. A character that the font lacks, or a text that does not
fit at the smallest size, is an error in words: never an empty box in a published picture.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from PIL import ImageDraw, ImageFont, features

from lib.core.colour import Rgb
from lib.core.errors import ToolFailed

#: Distance of two baselines as a share of the font size.
LEADING = {"heading": 1.10, "body": 1.36}


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

    ``box`` is (width, height) px, ``sizes`` (smallest, largest) px. Raises ToolFailed when it
    does not fit at the smallest size or a glyph is missing.
    """
    require_glyphs(text, file)
    smallest, largest = sizes
    best: Block | None = None
    low, high = smallest, max(smallest, largest)
    while low <= high:
        size = (low + high) // 2
        block = _set(text, file, box[0], size, LEADING[role])
        if block is not None and block.height <= box[1]:
            best, low = block, size + 1
        else:
            high = size - 1
    if best is None:
        raise ToolFailed(
            "text", f"“{text[:40]}…” ({len(text)} characters) does not fit; shorten it"
        )
    return best


def _set(text: str, file: Path, width: int, size: int, leading: float) -> Block | None:
    """Set a text at one size; None when a word alone is too wide."""
    face = font(file, size)
    words = text.split()
    widths = {word: face.getlength(word) for word in words}
    if max(widths.values(), default=0) > width:
        return None
    lines = _wrap(words, face, width)
    # Balance: the narrowest measure that needs no more lines, so that no last word stands alone.
    narrow, wide = width // 2, width
    while narrow < wide:
        measure = (narrow + wide) // 2
        if max(widths.values()) <= measure and len(_wrap(words, face, measure)) == len(lines):
            wide = measure
        else:
            narrow = measure + 1
    return Block(tuple(_wrap(words, face, wide)), file, size, leading, width)


def _wrap(words: list[str], face: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
