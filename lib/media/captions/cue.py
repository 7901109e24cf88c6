"""Captions: timed words become cues that can be read, and cues become SRT and WebVTT.

Whoever makes a voice knows when each word is spoken, and gives the words with their times. Where
only the text and the recording are known, ``alignment.py`` finds them, in the languages that a
voice here speaks. For any other ``spread`` estimates: it shares out the stretches of speech by the
letters of each word, and is right to about half a second.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lib.core.errors import ToolFailed
from lib.media.sound.speech import Window
from lib.media.text.sentences import is_shortened

#: What a cue may hold, and how fast people read: characters, lines, characters a second.
LINE_CHARACTERS, LINES, READ_PER_S = 32, 2, 17.0
#: Shortest time that a cue stands, and the time after which a shorter one is better, seconds.
LEAST_S, LONG_S = 1.0, 6.0
#: How long before its first word a cue may come, and after its last one stay, seconds.
EARLY_S, LATE_S = 0.5, 2.0
#: A pause that parts two cues, seconds.
PAUSE_S = 0.6
_SENTENCE = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
#: Marks that begin no line.
_CLOSING = "、。，！？；：」』）"
_CLAUSE = re.compile(r"[,;:–—、，；：][\"'”’»)\]]*$")


@dataclass(frozen=True, slots=True)
class Word:
    """One word and when it is spoken, seconds."""

    text: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen for a while: its lines, and the words with their own times."""

    start_s: float
    stop_s: float
    lines: tuple[str, ...]
    words: tuple[Word, ...]

    @property
    def characters_per_s(self) -> float:
        """Return how fast it must be read."""
        return sum(map(width, self.lines)) / (self.stop_s - self.start_s)


def width(text: str) -> int:
    """Return how many characters a text is as wide as; an ideograph is two, a mark none."""
    wide = {"W": 2, "F": 2}
    return sum(
        0 if unicodedata.combining(each) else wide.get(unicodedata.east_asian_width(each), 1)
        for each in text
    )


def spread(text: str, windows: Sequence[Window]) -> tuple[Word, ...]:
    """Estimate when each word of a text is spoken, from where somebody speaks at all.

    Raises ToolFailed when there are words and nobody speaks.
    """
    texts = list(_split(text))
    spoken_s = sum(window.stop_s - window.start_s for window in windows)
    if texts and spoken_s <= 0:
        raise ToolFailed(
            "captions", "there are words and nobody speaks; give the recording of them"
        )
    # A sign that ends a phrase takes a breath.
    shares = [
        width(each) + (3 if _ends_sentence(each) or _CLAUSE.search(each) else 1) for each in texts
    ]
    words, done = [], 0
    for each, share in zip(texts, shares, strict=True):
        start_s = _at(done / sum(shares) * spoken_s, windows, ends=False)
        done += share
        stop_s = _at(done / sum(shares) * spoken_s, windows, ends=True)
        words.append(Word(each, round(start_s, 3), round(max(start_s, stop_s), 3)))
    return tuple(words)


def _at(spoken_s: float, windows: Sequence[Window], *, ends: bool) -> float:
    """Return the time at which so much was spoken; where a stretch ends, that or the next start."""
    for window in windows[:-1]:
        length_s = window.stop_s - window.start_s
        if spoken_s < length_s - 1e-9 or (ends and spoken_s <= length_s + 1e-9):
            return window.start_s + spoken_s
        spoken_s = max(0.0, spoken_s - length_s)
    return min(windows[-1].start_s + spoken_s, windows[-1].stop_s)


def _split(text: str) -> Iterator[str]:
    """Yield words; each ideograph with what follows it closely is one, and none exceeds a line."""
    for part in text.split():
        pieces = re.findall(rf"[^\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f]+|.[{_CLOSING}]*", part)
        for piece in pieces:
            for at in range(0, len(piece), LINE_CHARACTERS):
                yield piece[at : at + LINE_CHARACTERS]


def _ends_sentence(word: str) -> bool:
    return bool(_SENTENCE.search(word)) and not is_shortened(word)


def cues(words: Sequence[Word], *, wide: int = LINE_CHARACTERS) -> tuple[Cue, ...]:
    """Group words into cues that fit, end where a phrase ends, and stand long enough to be read.

    ``wide`` is the most characters of a line; one longer word has a line of its own. Speech faster
    than people read stays as it is: a cue never waits for its words to be over.
    Raises ToolFailed for words whose times do not follow each other.
    """
    checked = _checked(words)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for stop in range(1, len(checked) + 1):
        starts = range(stop - 1, -1, -1)
        ways = [
            (best[start][0] + cost, start) for start, cost in _costs(checked, starts, stop, wide)
        ]
        best.append(min(ways))
    groups, stop = [], len(checked)
    while stop:
        groups.append((best[stop][1], stop))
        stop = best[stop][1]
    return _timed(checked, groups[::-1], wide)


def _checked(words: Sequence[Word]) -> list[Word]:
    checked, last_s = [], 0.0
    for word in words:
        if not last_s - 0.05 <= word.start_s <= word.stop_s or not math.isfinite(word.stop_s):
            told = f"the word {word.text!r} is spoken from {word.start_s:g} to {word.stop_s:g} s"
            raise ToolFailed("captions", f"{told}, after one that starts at {last_s:g} s")
        last_s = word.start_s
        checked += [Word(piece, word.start_s, word.stop_s) for piece in _split(word.text)]
    return checked


def _costs(
    words: Sequence[Word], starts: range, stop: int, wide: int
) -> Iterator[tuple[int, float]]:
    """Yield what it costs to make a cue of the words from each start on, while they fit."""
    last = words[stop - 1]
    next_s = words[stop].start_s if stop < len(words) else last.stop_s + LATE_S
    ending = 0.0 if _ends_sentence(last.text) or next_s - last.stop_s > PAUSE_S else 5.0
    ending = 2.0 if ending and _CLAUSE.search(last.text) else ending
    inside = 0.0
    for start in starts:
        if start < stop - 1:
            torn_s = words[start + 1].start_s - words[start].stop_s
            inside += 8.0 if _ends_sentence(words[start].text) else 0.0
            inside += 10.0 if torn_s > PAUSE_S else 0.0
        text = joined(words[start:stop])
        if start < stop - 1 and lines_of(text, wide) is None:
            return
        short_s = max(LEAST_S, width(text) / READ_PER_S) - (next_s - words[start].start_s)
        long_s = last.stop_s - words[start].start_s - LONG_S
        yield start, 3.0 + ending + inside + 30 * max(0.0, short_s) + 3 * max(0.0, long_s)


def joined(words: Sequence[Word]) -> str:
    """Return words as a text; between two ideographs there is no space."""
    text = ""
    for word in words:
        tight = text and width(text[-1]) == 2 and width(word.text[0]) == 2
        text += word.text if tight or not text else f" {word.text}"
    return text


def lines_of(text: str, wide: int = LINE_CHARACTERS) -> tuple[str, ...] | None:
    """Return a text in one line or two of even length, None when it needs more."""
    if width(text) <= wide:
        return (text,)
    places = [
        at
        for at in range(1, len(text))
        if text[at] == " " or (width(text[at - 1 : at + 1]) == 4 and text[at] not in _CLOSING)
    ]
    ways = [(text[:at].strip(), text[at:].strip()) for at in places]
    fitting = [way for way in ways if max(map(width, way)) <= wide]
    return min(fitting, key=lambda way: abs(width(way[0]) - width(way[1])), default=None)


def _timed(words: Sequence[Word], groups: Sequence[tuple[int, int]], wide: int) -> tuple[Cue, ...]:
    """Give each group the time it needs, as far as its neighbours leave it."""
    made: list[Cue] = []
    free_s = 0.0
    for number, (start, stop) in enumerate(groups):
        own = tuple(words[start:stop])
        lines = lines_of(joined(own), wide) or (joined(own),)
        need_s = max(LEAST_S, sum(map(width, lines)) / READ_PER_S)
        more = number + 1 < len(groups)
        limit_s = words[groups[number + 1][0]].start_s if more else own[-1].stop_s + LATE_S
        stop_s = max(own[-1].stop_s, min(own[0].start_s + need_s, own[-1].stop_s + LATE_S))
        stop_s = min(stop_s, max(limit_s, own[0].start_s + 0.1))
        early_s = max(0.0, need_s - (stop_s - own[0].start_s))
        start_s = max(free_s, own[0].start_s - min(early_s, EARLY_S))
        made.append(Cue(round(start_s, 3), round(stop_s, 3), lines, own))
        free_s = stop_s
    return tuple(made)
