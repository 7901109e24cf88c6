"""A line whose words are known one by one: where each stands, and each in a colour of its own.

Captions are drawn with it. The line is shaped, ordered and measured as any other text; it is only
parted where one word ends and the next begins, so that right-to-left and mixed lines stay right.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lib.colour import Rgb
from lib.media.text.bidi import visual
from lib.media.text.block import Block, length
from lib.media.text.faces import font
from lib.media.text.paragraph import Paragraph, Piece, paragraph

#: A blank between two words belongs to neither.
BLANK = -1


@dataclass(frozen=True)
class SpokenLine:
    """One line: its pieces from left to right, each with the number of the word it is of."""

    whole: Paragraph
    pieces: tuple[tuple[Piece, int], ...]
    #: What is added to each blank, as a share of the size: room for what stands behind a word.
    spread: float

    @classmethod
    def of(
        cls,
        words: Sequence[str],
        text: str,
        brand: Path,
        language: str | None,
        *,
        first: int = 0,
        spread: float = 0.0,
    ) -> SpokenLine:
        """Make a line of words that are joined to a text; they are numbered from ``first`` on.

        Raises ToolFailed for a character that no bundled font shows.
        """
        whole = paragraph(text, brand, language)
        shown = [paragraph(word, brand, language).text for word in words]
        owners = _owners(shown, whole.text, first)
        places = range(len(whole.text))
        runs = []
        for (file, level, word), of in itertools.groupby(
            places, key=lambda at: (whole.files[at], whole.levels[at], owners[at])
        ):
            part = "".join(whole.text[at] for at in of)
            runs.append(((Piece(part, file, level % 2 == 1, whole.language), word), level))
        return cls(whole, tuple(visual(runs)), spread)

    def width(self, size: int) -> float:
        """Return how long the line is, px."""
        return sum(self._advance(piece, word, size) for piece, word in self.pieces)

    def _advance(self, piece: Piece, word: int, size: int) -> float:
        return length((piece,), size) + (self.spread * size if word == BLANK else 0.0)

    def reach(self, size: int) -> tuple[int, int]:
        """Return what it may take above and below its baseline, px."""
        ascent, descent = font(self.whole.brand, size).getmetrics()
        if self.whole.is_plain:
            return ascent, descent
        up, down = (math.ceil(share * size) for share in self.whole.reach)
        return max(ascent, up), max(descent, down)

    def ink(self, size: int) -> tuple[int, int]:
        """Return what letters take above and below its baseline, px; more where its own do."""
        if not self.whole.is_plain:
            up, down = self.whole.reach
            return math.ceil(up * size), math.ceil(down * size)
        face = font(self.whole.brand, size)
        boxes = [face.getbbox(text, anchor="ls") for text in ("Hdlgpqy", self.whole.text)]
        return math.ceil(-min(box[1] for box in boxes)), math.ceil(max(box[3] for box in boxes))

    def spans(self, left: float, size: int) -> dict[int, tuple[float, float]]:
        """Return from where to where each word stands in a line that begins at ``left``, px."""
        found: dict[int, tuple[float, float]] = {}
        for piece, word in self.pieces:
            right = left + self._advance(piece, word, size)
            if word != BLANK:
                first, last = found.get(word, (left, right))
                found[word] = (min(first, left), max(last, right))
            left = right
        return found

    def draw(
        self,
        picture: Image.Image,
        place: tuple[float, float],
        size: int,
        colour: Callable[[int], Rgb],
    ) -> None:
        """Draw the line; ``place`` is the left of its baseline, ``colour`` that of each word."""
        x, baseline = place
        up, down = self.reach(size)
        for piece, word in self.pieces:
            advance = self._advance(piece, word, size)
            if word != BLANK:
                block = Block(
                    lines=(piece.text,),
                    pieces=((piece,),),
                    brand=self.whole.brand,
                    size=size,
                    step=size,
                    ascent=up,
                    descent=down,
                    width=math.ceil(advance),
                    rtl=False,
                )
                block.draw(picture, x, baseline - up, colour(word))
            x += advance


def _owners(words: Sequence[str], text: str, first: int) -> list[int]:
    """Return for each character of a text the number of its word; ``BLANK`` between words."""
    owners = [BLANK] * len(text)
    at = 0
    for number, word in enumerate(words, first):
        while at < len(text) and text[at].isspace():
            at += 1
        for place in range(at, min(at + len(word), len(text))):
            owners[place] = number
        at += len(word)
    return owners
