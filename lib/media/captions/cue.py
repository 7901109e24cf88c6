"""Captions: timed words become cues that can be read, and cues become SRT and WebVTT.

Whoever makes a voice knows when each word is spoken, and gives the words with their times. Where
only the text and the recording are known, ``alignment.py`` finds them, in the languages that a
voice here speaks.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lib.core.errors import ToolFailed
from lib.media.text.breaks import Manner, breaks
from lib.media.text.clusters import characters, is_seen
from lib.media.text.sentences import is_shortened

#: What a cue may hold, and how fast people read: characters, lines, characters a second.
LINE_CHARACTERS, LINES, READ_PER_S = 32, 2, 17.0
#: Shortest time that a cue stands, and the time after which a shorter one is better, seconds.
LEAST_S, LONG_S = 1.0, 6.0
#: Time that any cue stands, however fast its words come, seconds.
SHORTEST_S = 0.1
#: How long before its first word a cue may come, and after its last one stay, seconds.
EARLY_S, LATE_S = 0.5, 2.0
#: A pause that parts two cues, seconds.
PAUSE_S = 0.6
_SENTENCE = re.compile(r"[.!?…。！？][\"'”’»)\]」』）]*$")
_CLAUSE = re.compile(r"[,;:–—、，；：][\"'”’»)\]]*$")
#: Ideographs, kana, their marks and what is as wide: between two there is no space. Not hangul.
_IDEOGRAPHS = "\u2e80-\u3130\u3190-\u9fff\uf900-\ufaff\uff01-\uff9f\U00020000-\U0003ffff"
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
#: Those, and the scripts of South East Asia: a word between spaces is more than one.
UNSPACED = re.compile(f"[{_IDEOGRAPHS}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua000-\ua4cf]")
#: What joins emoji to one picture.
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Word:
    """One word and when it is spoken, seconds."""

    text: str
    start_s: float
    stop_s: float
    #: Whether it goes on the word before without a space, as a part of what was too long does.
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen for a while: its lines, and the words with their own times."""

    start_s: float
    stop_s: float
    lines: tuple[str, ...]
    words: tuple[Word, ...]

    def of_lines(self) -> Iterator[tuple[str, tuple[Word, ...]]]:
        """Yield each line with its words."""
        left = self.words
        for line in self.lines:
            count = next(n for n in range(1, len(left) + 1) if joined(left[:n]) == line)
            yield line, left[:count]
            left = left[count:]


def width(text: str) -> int:
    """Return how many characters a text is as wide as; an ideograph is two, a mark none."""
    return sum(map(_columns, text, ("", *text)))


@functools.lru_cache(maxsize=8192)
def _columns(character: str, before: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if unicodedata.east_asian_width(character) not in ("W", "F"):
        return 1
    return 0 if before == _JOINER else 2


def _split(text: str) -> Iterator[list[str]]:
    """Yield words, each in pieces that no line break parts: all of one, or what fits a line.

    Scripts without spaces are parted between phrases, and what is too long for a line wherever
    Unicode's rules allow.
    """
    for part in text.split():
        if width(part) <= LINE_CHARACTERS and not UNSPACED.search(part):
            yield [part]
        else:
            phrases = _broken(part, "phrases")
            yield [own for phrase in phrases for piece in _short(phrase) for own in _cut(piece)]


def _short(phrase: str) -> list[str]:
    return [phrase] if width(phrase) <= LINE_CHARACTERS / 2 else _broken(phrase, "anywhere")


def _broken(text: str, manner: Manner) -> list[str]:
    ends = [0, *(found.at for found in breaks(text, None, manner))]
    return [text[start:stop] for start, stop in pairwise(ends)]


def _cut(piece: str) -> list[str]:
    """Return a piece that no rule parts in parts that fit a line, each of whole characters."""
    if width(piece) <= LINE_CHARACTERS:
        return [piece]
    cut = [""]
    for unit in characters(piece):
        # A run of signs that are one character by Unicode's rules may itself exceed a line.
        for own in [unit] if width(unit) <= LINE_CHARACTERS else unit:
            if cut[-1] and width(cut[-1] + own) > LINE_CHARACTERS:
                cut.append("")
            cut[-1] += own
    return cut


def _ends_sentence(words: Sequence[Word], at: int) -> bool:
    word, after = words[at].text, words[at + 1].text if at + 1 < len(words) else ""
    return bool(_SENTENCE.search(word)) and not is_shortened(word, after)


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
    checked: list[Word] = []
    last_s = 0.0
    for word in words:
        if not last_s - 0.05 <= word.start_s <= word.stop_s or not math.isfinite(word.stop_s):
            told = f"the word {word.text!r} is spoken from {word.start_s:g} to {word.stop_s:g} s"
            raise ToolFailed("captions", f"{told}, after one that starts at {last_s:g} s")
        last_s = word.start_s
        checked += shared_out(word)
    return checked


def shared_out(word: Word) -> Iterator[Word]:
    """Yield a word in pieces that fit, each with its share of the time; nothing for none to see."""
    whole = [pieces for pieces in _split(word.text) if is_seen("".join(pieces))]
    each_s = (word.stop_s - word.start_s) / max(
        1, sum(len(piece) for own in whole for piece in own)
    )
    done, glued = 0, word.glued
    for pieces in whole:
        for piece in pieces:
            start_s, done = word.start_s + done * each_s, done + len(piece)
            stop_s = min(word.stop_s, word.start_s + done * each_s)
            yield Word(piece, round(start_s, 3), round(stop_s, 3), glued)
            glued = True
        glued = False


def _costs(
    words: Sequence[Word], starts: range, stop: int, wide: int
) -> Iterator[tuple[int, float]]:
    """Yield what it costs to make a cue of the words from each start on, while they fit."""
    last = words[stop - 1]
    next_s = words[stop].start_s if stop < len(words) else last.stop_s + LATE_S
    ending = 0.0 if _ends_sentence(words, stop - 1) or next_s - last.stop_s > PAUSE_S else 5.0
    ending = 2.0 if ending and _CLAUSE.search(last.text) else ending
    inside = 0.0
    for start in starts:
        if start < stop - 1:
            torn_s = words[start + 1].start_s - words[start].stop_s
            inside += 8.0 if _ends_sentence(words, start) else 0.0
            inside += 10.0 if torn_s > PAUSE_S else 0.0
        own = words[start:stop]
        if start < stop - 1 and lines_of(own, wide) is None:
            return
        short_s = max(LEAST_S, width(joined(own)) / READ_PER_S) - (next_s - words[start].start_s)
        long_s = last.stop_s - words[start].start_s - LONG_S
        torn = 40.0 if start and not _parts(words, start) else 0.0
        yield start, 3.0 + torn + ending + inside + 30 * max(0.0, short_s) + 3 * max(0.0, long_s)


def joined(words: Sequence[Word]) -> str:
    """Return words as a text; within a word that was parted and between ideographs is no space."""
    return "".join(f"{gap}{word.text}" for gap, word in zip(_gaps(words), words, strict=True))


def _gaps(words: Sequence[Word]) -> Iterator[str]:
    """Yield what stands before each word of a line, the first of which has nothing before it."""
    for number, word in enumerate(words):
        tight = number == 0 or word.glued or _meet(words[number - 1], word)
        yield "" if tight else " "


def _meet(word: Word, after: Word) -> bool:
    """Tell whether a word ends and the next begins with an ideograph."""
    return bool(_IDEOGRAPH.match(word.text[-1]) and _IDEOGRAPH.match(after.text[0]))


def lines_of(words: Sequence[Word], wide: int = LINE_CHARACTERS) -> tuple[str, ...] | None:
    """Return words in one line or two of even length, None when they need more."""
    sizes = [width(word.text) for word in words]
    gaps = [len(gap) for gap in _gaps(words)]
    whole = sum(sizes) + sum(gaps)
    if whole <= wide:
        return (joined(words),)
    best, least, first = 0, wide + 1, 0
    for at in range(1, len(words)):
        first += sizes[at - 1] + gaps[at - 1]
        second = whole - first - gaps[at]
        if max(first, second) <= wide and abs(first - second) < least and _parts(words, at):
            best, least = at, abs(first - second)
    return (joined(words[:best]), joined(words[best:])) if best else None


def _parts(words: Sequence[Word], at: int) -> bool:
    """Tell whether a line may end before a word: one of marks alone stays with its ideograph."""
    before, after = words[at - 1], words[at]
    if after.glued or not _meet(before, after):
        return True
    return _breaks_between(before.text[-1] + after.text[0])


@functools.lru_cache(maxsize=8192)
def _breaks_between(two: str) -> bool:
    return breaks(two, None, "anywhere")[0].at == 1


def _timed(words: Sequence[Word], groups: Sequence[tuple[int, int]], wide: int) -> tuple[Cue, ...]:
    """Give each group the time it needs, as far as its neighbours leave it."""
    made: list[Cue] = []
    free_s = 0.0
    for number, (start, stop) in enumerate(groups):
        own = tuple(words[start:stop])
        lines = lines_of(own, wide) or (joined(own),)
        need_s = max(LEAST_S, sum(map(width, lines)) / READ_PER_S)
        more = number + 1 < len(groups)
        limit_s = words[groups[number + 1][0]].start_s if more else own[-1].stop_s + LATE_S
        stop_s = max(own[-1].stop_s, min(own[0].start_s + need_s, own[-1].stop_s + LATE_S))
        stop_s = min(stop_s, max(limit_s, own[0].start_s + SHORTEST_S))
        early_s = max(0.0, need_s - (stop_s - own[0].start_s))
        start_s = max(free_s, own[0].start_s - min(early_s, EARLY_S))
        stop_s = max(stop_s, start_s + SHORTEST_S)  # words of no time, or too many at one time
        made.append(Cue(round(start_s, 3), round(stop_s, 3), lines, own))
        free_s = stop_s
    return tuple(made)
