"""Where a line may end: ICU's line breaker (UAX #14, kinsoku, dictionaries), and hyphens.

Asked by ``paragraph``. Thai, Lao, Khmer and Burmese break between words of ICU's dictionaries;
Japanese between phrases, Korean at spaces and Chinese between words as long as that fits.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from typing import Any, Literal, NamedTuple

from lib.media.text.clusters import script_of

#: How freely lines break: between phrases, wherever the script allows, within words with hyphens.
Manner = Literal["phrases", "anywhere", "hyphens"]
MANNERS: tuple[Manner, ...] = ("phrases", "anywhere", "hyphens")
_SPACELESS = frozenset(
    ("Bopo", "Hani", "Hira", "Kana", "Khmr", "Laoo", "Mymr", "Thai", "Tibt", "Yiii")
)
SOFT_HYPHEN, _ZERO_WIDTH_SPACE = "\u00ad", "\u200b"
#: Shorter words are not divided, and no part is shorter than this.
_LEAST_WORD, _LEAST_PART = 8, 3
_WORD = re.compile(r"[^\W\d_]+")
#: Handles, hashtags and addresses are never divided: nobody could type them.
_ADDRESS = re.compile(r"\S*(?:[@#/_]|\w\.\w)\S*")


class Break(NamedTuple):
    """A place before which a line may end, and what is then written at its end."""

    at: int
    hyphen: str = ""


def breaks(text: str, language: str | None, manner: Manner) -> list[Break]:
    """Return every place where a line may end, in order; the last one is the text's end."""
    strict = _segments(text, f"{_locale(text, language)}@lb=strict")
    if manner == "phrases":
        found = dict.fromkeys(_phrases(text, language, strict), "")
    else:
        found = dict.fromkeys(strict, "")
    if manner == "hyphens":
        for at in _within_words(text, language):
            found.setdefault(at, "-")
    for at in found:
        if 0 < at < len(text) and text[at - 1] == SOFT_HYPHEN:
            found[at] = "-"
    found[len(text)] = ""
    return [Break(at, found[at]) for at in sorted(found) if at > 0]


def _segments(text: str, locale: str) -> list[int]:
    from icu4py.breakers import LineBreaker

    return list(itertools.accumulate(map(len, LineBreaker(text, locale))))


def _locale(text: str, language: str | None) -> str:
    """Return whose rules hold: kana are Japanese and hangul Korean, whatever the brand speaks."""
    scripts = {script_of(character) for character in text}
    if scripts & {"Hira", "Kana"}:
        return "ja"
    if "Hang" in scripts:
        return "ko"
    return language or "en"


def _phrases(text: str, language: str | None, strict: list[int]) -> list[int]:
    """Return the breaks that leave words whole: at spaces, and between words without spaces."""
    whole = set(_segments(text, f"{_locale(text, language)}@lb=strict;lw=phrase"))
    if any(script_of(character) == "Hani" for character in text):
        whole &= set(_words(text)) | {at for at in strict if not _between(text, at, {"Hani"})}
    return [at for at in strict if at in whole and _parts_words(text, at)]


def _words(text: str) -> list[int]:
    from icu4py.breakers import WordBreaker

    return list(itertools.accumulate(map(len, WordBreaker(text, "zh"))))


def _between(text: str, at: int, scripts: set[str]) -> bool:
    return at < len(text) and {script_of(text[at - 1]), script_of(text[at])} <= scripts


def _parts_words(text: str, at: int) -> bool:
    """Tell whether a break lies at a space, or in a script that has none between words."""
    if at >= len(text) or text[at - 1].isspace() or text[at - 1] in (_ZERO_WIDTH_SPACE, "፡"):
        return True
    around = {script_of(text[at - 1]), script_of(text[at])}
    wide = unicodedata.east_asian_width(text[at - 1]) in ("W", "F")
    return bool(around & _SPACELESS) or wide


def _within_words(text: str, language: str | None) -> list[int]:
    """Return where the language divides its long words."""
    divide = _hyphenator(language or "")
    if divide is None:
        return []
    # Blotted out letter for letter, so that places stay the same.
    plain = _ADDRESS.sub(lambda address: " " * len(address.group()), text)
    return [
        word.start() + at
        for word in _WORD.finditer(plain)
        if len(word.group()) >= _LEAST_WORD
        for at in divide.positions(word.group())
        if _LEAST_PART <= at <= len(word.group()) - _LEAST_PART
    ]


@functools.lru_cache(maxsize=16)
def _hyphenator(language: str) -> Any | None:
    """Return Pyphen's patterns for a language, or None when it has none."""
    import pyphen

    known = pyphen.language_fallback(language) if language else None
    return pyphen.Pyphen(lang=known) if known else None
