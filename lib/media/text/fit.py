"""The largest size at which a text fits its box, in lines as even as can be.

Called by ``stills`` and ``reel/words.py``. Lines break between phrases; only where that would make
a text much smaller do they break wherever the script allows, and then within words.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from pathlib import Path

from lib.core.errors import ToolFailed
from lib.media.text.block import Block, length
from lib.media.text.breaks import MANNERS, Break, Manner
from lib.media.text.faces import (
    font,
)
from lib.media.text.paragraph import REFERENCE_PX, Paragraph, paragraph

#: Distance of two baselines as a share of the font size: of scripts with capitals, and of those
#: whose letters fill their squares.
LEADING = {"heading": 1.10, "body": 1.36}
_AIRY = {"heading": 1.26, "body": 1.62}
#: Least air between the deepest and the highest ink of two lines, as a share of the size.
_AIR = {"heading": 0.04, "body": 0.12}
#: Mean width of a letter that sizes are meant for, as a share of the font size (Inter's), and
#: how much larger a narrower font may be set so that it weighs as much on the page.
_BREADTH, _MOST_LARGER = 0.488, 1.3
#: Sizes that a heading may come down to for lines that are more even, as shares of the largest.
_CONCESSIONS: dict[str, tuple[float, ...]] = {"heading": (0.93, 0.86, 0.8, 0.74), "body": ()}
#: What one long line is worth beside two shorter ones of a larger size.
_ONE_LINE = 0.7
#: What a block is worth for each line that ends within a word.
_DIVIDED = 0.8
#: What a block is worth that ends in one word, shorter than a share of the longest line: of
#: few lines, and of many.
_WIDOWED, _SHORT = (0.83, 0.72), 0.66
#: From so many lines on, a word alone in one of them looks lost when it is shorter than a
#: share of the ideal line; it costs as much as a line that misses the ideal by another share.
_MANY, _LONE, _LONE_COST = 4, 0.8, 0.25
#: How much larger a text must become before its lines break more freely.
_WORTH: dict[tuple[str, Manner], float] = {
    ("heading", "anywhere"): 1.25,
    ("heading", "hyphens"): 1.5,
    ("body", "anywhere"): 1.1,
    ("body", "hyphens"): 1.2,
}
#: How far a letter's advance at a size may be from its share of that at another, px; twice what the
#: bundled fonts show, and a little for the whole.
_SLACK_PX, _LEAST_SLACK_PX = 0.02, 0.25
_SAMPLE = "The quick brown fox jumps over it"


def fit(
    text: str,
    file: Path,
    box: tuple[int, int],
    sizes: tuple[int, int],
    role: str = "body",
    *,
    language: str | None = None,
) -> Block:
    """Return the text as large as it fits.

    ``file`` is the brand's font, ``box`` is (width, height) px, ``sizes`` (smallest, largest) px;
    a narrow font may be set larger. ``language`` is BCP 47. Raises ToolFailed when the text does
    not fit at the smallest size or no bundled font shows it.
    """
    whole = paragraph(text, file, language)
    largest = round(max(sizes) * enlargement(file))
    best: _Setting | None = None
    for manner in MANNERS:
        least = sizes[0] if best is None else math.ceil(best.size * _WORTH[role, manner])
        freer = _Setting(whole, box, role, manner)
        best = freer.grown(least, largest) or best
    if best is None:
        words = f"“{text[:40]}…” ({len(text)} characters) does not fit; shorten it"
        raise ToolFailed("text", words)
    smaller = [max(sizes[0], round(best.size * share)) for share in _CONCESSIONS[role]]
    settings = [best, *(s for size in smaller if (s := best.at(size)) is not None)]
    spaced = " " in whole.text
    return max((setting.block() for setting in settings), key=lambda b: _shapeliness(b, spaced))


@functools.lru_cache(maxsize=32)
def enlargement(file: Path) -> float:
    """Return by how much a font is set larger than others because its letters are narrow."""
    mean = font(file, 200).getlength(_SAMPLE) / len(_SAMPLE) / 200
    return min(_MOST_LARGER, max(1.0, _BREADTH / mean))


def _shapeliness(block: Block, spaced: bool) -> float:
    """Return how good a block looks: its size, less what ragged lines waste of it.

    ``spaced`` tells whether spaces part its words, so that a line without one is a single word.
    """
    lengths = [length(line, block.size) for line in block.pieces]
    if len(lengths) == 1 and " " in block.lines[0]:
        return block.size * _ONE_LINE
    longest = max(lengths)
    evenness = sum(lengths) / len(lengths) / longest
    widowed = spaced and _is_widowed(block.lines, lengths[-1] / longest)
    divided = sum(line.endswith("-") for line in block.lines)
    worth = _DIVIDED**divided * (_WIDOWED[len(lengths) >= _MANY] if widowed else 1.0)
    return block.size * worth * evenness * (0.6 + 0.4 * min(lengths) / longest)


def _is_widowed(lines: tuple[str, ...], last: float) -> bool:
    """Tell whether a block ends in one short word, or in a list of single words.

    ``last`` is the last line's share of the longest.
    """
    alone = len(lines) > 1 and " " not in lines[-1]
    return alone and (last < _SHORT or (len(lines) >= _MANY and " " not in lines[-2]))


Lines = list[tuple[int, Break]]


@dataclasses.dataclass(frozen=True)
class _Setting:
    """A paragraph in a box, broken in one manner; at a size, once one was found."""

    paragraph: Paragraph
    box: tuple[int, int]
    role: str
    manner: Manner
    size: int = 0
    count: int = 0

    def grown(self, low: int, high: int) -> _Setting | None:
        """Return it at the largest size that fits; None when the smallest does not."""
        best: _Setting | None = None
        while low <= high:
            found = self.at(size := (low + high) // 2)
            if found is not None:
                best, low = found, size + 1
            else:
                high = size - 1
        return best

    def at(self, size: int) -> _Setting | None:
        """Return it at a size; None when it does not fit there."""
        count = dataclasses.replace(self, size=size).lines_needed()
        return dataclasses.replace(self, size=size, count=count) if count else None

    def lines_needed(self) -> int:
        """Return how many lines it takes at its size; 0 when it does not fit."""
        lines = self._wrapped()
        fits = lines is not None and self._block(lines).height <= self.box[1]
        return len(lines) if lines is not None and fits else 0

    def block(self) -> Block:
        """Return the lines, evened out."""
        return self._block(self._balanced())

    @functools.cached_property
    def _breaks(self) -> list[Break]:
        return self.paragraph.breaks(self.manner)

    def _fits(self, start: int, end: Break) -> bool:
        """Tell whether a stretch fits into a line; what is clear is not measured at each size."""
        breadth = self._breadth(start, end)
        if abs(breadth - self.box[0]) > _LEAST_SLACK_PX + _SLACK_PX * (end.at - start):
            return breadth < self.box[0]
        return self._length(start, end) <= self.box[0]

    def _breadth(self, start: int, end: Break) -> float:
        """Return nearly how far a stretch advances, px, from what was measured once."""
        known, stretch = self.paragraph.breadths, (start, end)
        if stretch not in known:
            line = self.paragraph.line(start, end.at, end.hyphen)
            known[stretch] = length(line, REFERENCE_PX) / REFERENCE_PX
        return known[stretch] * self.size

    def _length(self, start: int, end: Break) -> float:
        return length(self.paragraph.line(start, end.at, end.hyphen), self.size)

    def _block(self, lines: Lines) -> Block:
        up, down = self._reach()
        whole = self.paragraph
        leading = (_AIRY if whole.is_east_asian else LEADING)[self.role]
        if not whole.is_plain:
            leading = max(leading, sum(whole.reach) + _AIR[self.role])
        return Block(
            lines=tuple(whole.words(start, end.at, end.hyphen) for start, end in lines),
            pieces=tuple(whole.line(start, end.at, end.hyphen) for start, end in lines),
            brand=whole.brand,
            size=self.size,
            step=self.size * leading,
            ascent=up,
            descent=down,
            width=self.box[0],
            rtl=whole.rtl,
        )

    def _reach(self) -> tuple[int, int]:
        """Return ascent and descent, px: the brand font's, or more where another needs more."""
        ascent, descent = font(self.paragraph.brand, self.size).getmetrics()
        if self.paragraph.is_plain:
            return ascent, descent
        up, down = (math.ceil(share * self.size) for share in self.paragraph.reach)
        return max(ascent, up), max(descent, down)

    def _wrapped(self) -> Lines | None:
        """Fill line after line; None when what may not be parted is too wide."""
        lines: Lines = []
        start, last = 0, None
        for end in self._breaks:
            if self._fits(start, end):
                last = end
                continue
            if last is None:
                return None
            lines.append((start, last))
            start, last = last.at, end
            if not self._fits(start, end):
                return None
        return [*lines, (start, last)] if last is not None else lines

    def _balanced(self) -> Lines:
        """Break into as many lines as even as can be, so that no last word stands alone.

        Least squares of what each line leaves free, the classic optimum over all breaks.
        """
        ends, width = self._breaks, self.box[0]
        whole = self._breadth(0, ends[-1])
        ideal = min(width, whole / self.count * 1.06)

        @functools.cache
        def best(first: int, left: int) -> tuple[float, tuple[int, ...]]:
            """Return cost and line ends for the breaks from ``first`` on ``left`` lines."""
            start = ends[first - 1].at if first else 0
            final = len(ends) - 1
            choices = (final,) if left == 1 else range(first, final - left + 2)
            found: tuple[float, tuple[int, ...]] = (math.inf, ())
            for number in choices:
                if not self._fits(start, ends[number]):
                    break
                long = self._breadth(start, ends[number])
                rest, more = best(number + 1, left - 1) if left > 1 else (0.0, ())
                cost = (long - ideal) ** 2 + rest
                if number == final and self.count > 1 and (number == first or long < ideal / 5):
                    cost += ideal**2
                elif number == first and self.count >= _MANY and long < ideal * _LONE:
                    cost += (ideal * _LONE_COST) ** 2
                if ends[number].hyphen:
                    cost += (ideal / 3) ** 2
                found = min(found, (cost, (number, *more)))
            return found

        chosen = best(0, self.count)[1]
        starts = (0, *(ends[number].at for number in chosen[:-1]))
        return [(start, ends[number]) for start, number in zip(starts, chosen, strict=True)]
