"""A text as it will be drawn: lines of pieces on common baselines, measured and drawn alike.

Made by ``fit``; ``stills`` and ``reel/words.py`` place it and draw it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from lib.colour import Rgb
from lib.media.text.faces import (
    EMOJI_SHARE,
    STRIKE_PX,
    font,
    is_emoji,
    shaping,
)
from lib.media.text.paragraph import Piece


def length(pieces: tuple[Piece, ...], size: int) -> float:
    """Return how far a line's pieces advance, px."""
    return sum(_advance(piece, size) for piece in pieces)


def _advance(piece: Piece, size: int) -> float:
    if is_emoji(piece.file):
        strike = font(piece.file, STRIKE_PX)
        return strike.getlength(piece.text, **_manner(piece)) * _emoji_scale(size)
    return font(piece.file, size).getlength(piece.text, **_manner(piece))


def _manner(piece: Piece) -> dict[str, Any]:
    """Return how a piece is shaped; basic layout knows neither direction nor language."""
    if shaping() == "basic":
        return {}
    told = {"language": piece.language} if piece.language else {}
    return {"direction": "rtl" if piece.rtl else "ltr", **told}


def _emoji_scale(size: int) -> float:
    return size * EMOJI_SHARE / STRIKE_PX


@dataclass(frozen=True, slots=True)
class Block:
    """Lines with their font size and metrics in px.

    ``step`` is the distance of two baselines; ``ascent`` and ``descent`` are what the first and
    last line take above and below theirs.
    """

    lines: tuple[str, ...]
    pieces: tuple[tuple[Piece, ...], ...]
    brand: Path
    size: int
    step: float
    ascent: int
    descent: int
    width: int
    rtl: bool

    @property
    def height(self) -> int:
        """From the top of the first line's ascenders to the bottom of the last descenders."""
        return round((len(self.lines) - 1) * self.step + self.ascent + self.descent)

    @property
    def ink(self) -> int:
        """Return the width of the longest line, px."""
        return math.ceil(max((length(line, self.size) for line in self.pieces), default=0))

    @property
    def inset(self) -> int:
        """Return the px between the box's left and the longest line: 0, but right to left."""
        return self.width - self.ink if self.rtl else 0

    @property
    def headroom(self) -> int:
        """Return the px between the block's top and the top of its capitals."""
        first = [p for p in self.pieces[0] if p.text.strip() and not is_emoji(p.file)]
        if all(piece.file == self.brand for piece in first):
            return round(self.ascent + font(self.brand, self.size).getbbox("H", anchor="ls")[1])
        tops = (
            font(piece.file, self.size).getbbox(piece.text, anchor="ls", **_manner(piece))[1]
            for piece in first
        )
        return round(self.ascent + min(tops))

    def draw(
        self,
        picture: Image.Image,
        left: float,
        top: float,
        fill: Rgb,
        *,
        centre: bool = False,
        end: bool = False,
    ) -> None:
        """Draw the lines with their box's top left corner at (left, top) px.

        Lines begin at the side where reading begins, are centred, or end at the other side.
        """
        for number, line in enumerate(self.pieces):
            spare = self.width - length(line, self.size)
            x = left + (spare / 2 if centre else spare if self.rtl != end else 0)
            baseline = top + self.ascent + number * self.step
            for piece in line:
                if is_emoji(piece.file):
                    self._paste(picture, piece, (x, baseline))
                else:
                    pen = ImageDraw.Draw(picture)
                    face = font(piece.file, self.size)
                    pen.text((x, baseline), piece.text, fill, face, anchor="ls", **_manner(piece))
                x += _advance(piece, self.size)

    def _paste(self, picture: Image.Image, piece: Piece, place: tuple[float, float]) -> None:
        """Draw emoji in their own size and colours, and paste them scaled to the line."""
        strike = font(piece.file, STRIKE_PX)
        box = strike.getbbox(piece.text, anchor="ls", **_manner(piece))
        drawn = Image.new("RGBA", (round(box[2]), round(box[3] - box[1])))
        pen = ImageDraw.Draw(drawn)
        pen.text(
            (0, -box[1]),
            piece.text,
            font=strike,
            anchor="ls",
            embedded_color=True,
            **_manner(piece),
        )
        scale = _emoji_scale(self.size)
        size = (max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale)))
        small = drawn.resize(size, Image.Resampling.LANCZOS)
        corner = (round(place[0]), round(place[1] + box[1] * scale))
        if picture.mode == "RGBA":
            picture.alpha_composite(small, (max(0, corner[0]), max(0, corner[1])))
        else:
            picture.paste(small, corner, small)
