"""One text, made ready to be set: its fonts, directions, language and breaks, at no size yet.

Made by ``fit`` once for each text. A stretch of it becomes a line: pieces of one font and one
direction each, in the order in which they stand from left to right.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from lib.core.errors import ToolFailed
from lib.media.text.bidi import embedding_levels, runs_right_to_left, visual
from lib.media.text.breaks import SOFT_HYPHEN, Break, Manner, breaks
from lib.media.text.clusters import is_seen, split
from lib.media.text.faces import (
    EMOJI_SHARE,
    STRIKE_PX,
    font,
    is_east_asian,
    is_emoji,
)
from lib.media.text.language import guess

_BLANKS = re.compile(r"[\t-\r \x85\u2028\u2029]+")
#: Size at which a text is measured once for all sizes, px.
REFERENCE_PX = 200


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that one font draws in one direction."""

    text: str
    file: Path
    rtl: bool
    language: str | None


@dataclass(frozen=True)
class Paragraph:
    """A text with what is known of each of its characters."""

    text: str
    brand: Path
    files: tuple[Path, ...]
    levels: bytes
    rtl: bool
    language: str | None
    _lines: dict[tuple[int, int, str], tuple[Piece, ...]] = field(default_factory=dict)
    _ends: dict[Manner, list[Break]] = field(default_factory=dict)
    #: How far stretches advance at size 1, as far as somebody asked.
    breadths: dict[tuple[int, Break], float] = field(default_factory=dict)

    def breaks(self, manner: Manner) -> list[Break]:
        """Return where lines may end."""
        if manner not in self._ends:
            self._ends[manner] = breaks(self.text, self.language, manner)
        return self._ends[manner]

    def line(self, start: int, end: int, hyphen: str) -> tuple[Piece, ...]:
        """Return the pieces of a stretch from left to right, without blanks at its end."""
        key = (start, end, hyphen)
        if key not in self._lines:
            self._lines[key] = self._pieces(start, end, hyphen)
        return self._lines[key]

    def words(self, start: int, end: int, hyphen: str) -> str:
        """Return the characters of a stretch as they will be read."""
        return self.text[start:end].replace(SOFT_HYPHEN, "").strip() + hyphen

    def _pieces(self, start: int, end: int, hyphen: str) -> tuple[Piece, ...]:
        while end > start and self.text[end - 1] in " \u200b":
            end -= 1
        runs = []
        places = range(start, end)
        for (file, level), of in itertools.groupby(
            places, key=lambda at: (self.files[at], self.levels[at])
        ):
            text = "".join(self.text[at] for at in of).replace(SOFT_HYPHEN, "")
            runs.append((Piece(text, file, level % 2 == 1, self.language), level))
        if hyphen and runs:
            last, level = runs[-1]
            runs[-1] = (Piece(last.text + hyphen, last.file, last.rtl, last.language), level)
        return tuple(visual(runs))

    @functools.cached_property
    def is_plain(self) -> bool:
        """Tell whether the brand's own font shows all of it."""
        return set(self.files) == {self.brand}

    @functools.cached_property
    def is_east_asian(self) -> bool:
        """Tell whether most of it is Chinese, Japanese or Korean, which want more air."""
        return 2 * sum(map(is_east_asian, self.files)) > len(self.files)

    @functools.cached_property
    def reach(self) -> tuple[float, float]:
        """Return how far ink rises above and falls below the baseline, as shares of the size."""
        up, down = 0.0, 0.0
        for piece in self.line(0, len(self.text), ""):
            picture = is_emoji(piece.file)
            size = STRIKE_PX if picture else REFERENCE_PX
            box = font(piece.file, size).getbbox(piece.text, anchor="ls")
            share = (EMOJI_SHARE if picture else 1.0) / size
            up, down = max(up, -box[1] * share), max(down, box[3] * share)
        return up, down


@functools.lru_cache(maxsize=64)
def paragraph(text: str, brand: Path, spoken: str | None) -> Paragraph:
    """Make a text ready; ``spoken`` is its language as BCP 47, if that is known.

    Raises ToolFailed for a character that no bundled font shows.
    """
    clean = _BLANKS.sub(" ", unicodedata.normalize("NFC", text)).strip()
    if not is_seen(clean):
        raise ToolFailed("text", "there are no words to set")
    clusters = split(clean, brand)
    shown = "".join(cluster.text for cluster in clusters)
    files = tuple(cluster.file for cluster in clusters for _ in cluster.text)
    rtl = runs_right_to_left(shown)
    return Paragraph(shown, brand, files, embedding_levels(shown), rtl, _told(spoken, shown))


def _told(spoken: str | None, text: str) -> str | None:
    """Return a text's language: the brand's, unless the letters are clearly not its own."""
    guessed = guess(text)
    if spoken is None or guessed in ("ja", "ko"):
        return guessed
    return guessed if (guessed or "")[:2] == "zh" and spoken[:2] not in ("zh", "ja") else spoken
