"""What stands on the screen at a time, as a style of burned-in captions wants it.

``layers.py`` draws it. The words are those of the cues in the files beside the film; a
style may show fewer at a time, down to a single one.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from lib.media.captions.cue import UNSPACED, Cue, Word, cues, joined, shared_out, width
from lib.media.text.breaks import breaks
from lib.media.text.clusters import characters
from lib.templates.captions import CaptionStyle

#: A word that is spoken faster than this stands together with the next one, seconds.
FAST_S = 0.17
#: A gap up to this between two words or cues is none: the words stay, seconds.
HELD_S = 0.5


def grouped(words: Sequence[Word], style: CaptionStyle, language: str | None) -> list[Cue]:
    """Return what stands at a time; a short gap is none, so that nothing flickers.

    ``language`` as BCP 47 tells where a long word is divided. Raises ToolFailed for words whose
    times do not follow each other.
    """
    pieces = [piece for word in words for piece in _pieces(word)]
    whole = [part for piece in pieces for part in _parted(piece, style.wide, language)]
    found = cues(whole, wide=style.wide)
    if style.unit == "word":
        found = tuple(one for cue in found for one in _single(cue, style.wide))
    held = []
    for cue, after in zip_longest(found, found[1:]):
        near = after is not None and after.start_s - cue.stop_s < HELD_S
        stop_s = after.start_s if after is not None and near else cue.stop_s
        held.append(dataclasses.replace(cue, stop_s=stop_s))
    return held


def _single(cue: Cue, wide: int) -> Iterator[Cue]:
    """Yield a cue word by word; what is spoken too fast to be read alone stands together."""
    runs: list[list[Word]] = []
    for word in cue.words:
        last = runs[-1] if runs else []
        fast = word.glued or (bool(last) and word.start_s - last[0].start_s < FAST_S)
        silent = word.stop_s <= word.start_s
        if last and (silent or (fast and width(joined([*last, word])) <= wide)):
            last.append(word)
        else:
            runs.append([word])
    starts = [cue.start_s, *(run[0].start_s for run in runs[1:]), cue.stop_s]
    for run, (start_s, stop_s) in zip(runs, pairwise(starts), strict=True):
        if stop_s > start_s:
            yield Cue(start_s, stop_s, (joined(run),), tuple(run))


def _pieces(word: Word) -> Iterator[Word]:
    """Yield a word of a script without spaces in its phrases, which are the words of a style."""
    yield from shared_out(word) if UNSPACED.search(word.text) else [word]


def _parted(word: Word, wide: int, language: str | None) -> Iterator[Word]:
    """Yield a word in parts that fit a line, parted where its language divides it."""
    text, start_s, glued = word.text, word.start_s, word.glued
    each_s = (word.stop_s - word.start_s) / max(1, len(text))
    while width(text) > wide:
        ways = [
            (way.at, way.hyphen)
            for way in breaks(text, language, "hyphens")
            if way.at < len(text) and width(text[: way.at] + way.hyphen) <= wide
        ]
        at, hyphen = ways[-1] if ways else _cut(text, wide)
        if at >= len(text):
            break
        stop_s = round(start_s + at * each_s, 3)
        yield Word(text[:at] + hyphen, start_s, stop_s, glued)
        text, start_s, glued = text[at:], stop_s, True
    yield Word(text, start_s, word.stop_s, glued)


def _cut(text: str, wide: int) -> tuple[int, str]:
    """Return where a word is cut that nothing divides: before the character that does not fit."""
    ends = list(itertools.accumulate(map(len, characters(text))))
    fitting = [at for at in ends if width(text[:at]) < wide]
    return (fitting[-1] if fitting else ends[0]), "-"
