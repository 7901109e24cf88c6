"""A text as it is spoken: sentence by sentence, with the pause after each; markup refused.

``voice.py`` and ``alignment.py`` ask here, so that both read a text alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from lib.core.errors import ToolFailed
from lib.core.voices import MARKUP, stranger

#: Pauses after a sentence and after a paragraph, seconds at the voice's own pace.
SENTENCE_S, PARAGRAPH_S = 0.34, 0.75
#: Signs that are in a text for its look only.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\ufeff"))
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+(?=\s)")
#: What ends with a point and is followed by a name or a number.
_SHORT = frozenset(
    (
        *("Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Mt", "Ft", "Gen", "Gov", "Sen", "Rep", "Capt"),
        *("Lt", "Col", "Sgt", "Rev", "Hon", "Pres", "Maj", "Adm", "Fr", "vs", "cf", "approx"),
        *("e.g", "i.e", "Jan", "Feb", "Mar", "Apr", "Jun", "Jul"),
        *("Aug", "Sep", "Sept", "Oct", "Nov", "Dec"),
    )
)


#: Shortened only before a number: “No. 5” and “No. Never.”
_NUMBERED = frozenset(("No", "Nos", "Vol", "Fig", "Ch"))
#: The letter that many type for the sign of a millionth, before a unit.
_MICRO = re.compile(r"\u03bc(?=(?:[mgslLAVFWJ]|mol|Sv|Pa)\b)")
#: Longest word that is spoken, characters: no real one has half of that.
LONGEST_WORD = 400


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and the pause after it in seconds; the last of a text has none."""

    text: str
    pause_s: float


def sentences(text: str) -> tuple[Sentence, ...]:
    """Return a text's sentences in order.

    Raises ToolFailed for markup, which would be read aloud, for a text without words, and naming a
    word that is none.
    """
    clean = _MICRO.sub("\u00b5", unicodedata.normalize("NFC", text).translate(_UNSEEN))
    clean = "".join(
        " " if unicodedata.category(each) == "Cc" and each != "\n" else each for each in clean
    )
    if found := MARKUP.search(clean):
        raise ToolFailed("voice", f"“{found.group()[:40]}” is markup; give plain words to speak")
    if not any(map(str.isalnum, clean)):
        raise ToolFailed("voice", "there are no words to speak")
    longest = max(clean.split(), key=len)
    if len(longest) > LONGEST_WORD:
        told = f"“{longest[:40]}…” has {len(longest)} characters"
        raise ToolFailed("voice", f"{told}; part it into words that are spoken")
    made: list[Sentence] = []
    for paragraph in filter(None, map(str.strip, re.split(r"\n\s*\n", clean))):
        parts = [part for line in paragraph.split("\n") for part in _parts(" ".join(line.split()))]
        made += [Sentence(part, SENTENCE_S) for part in parts[:-1]]
        made += [Sentence(part, PARAGRAPH_S) for part in parts[-1:]]
    return (*made[:-1], Sentence(made[-1].text, 0.0))


def _parts(line: str) -> Iterator[str]:
    """Yield the sentences of a line; signs alone belong to the one before them."""
    start = 0
    for found in _END.finditer(line):
        at = found.end()
        words = line[start : found.start()].rsplit(None, 1)
        if not words or _goes_on(words[-1].lstrip("(“\"'"), line[found.start() : at], line[at + 1]):
            continue
        if any(map(str.isalnum, line[start:at])) and any(map(str.isalnum, line[at:])):
            yield line[start:at]
            start = at + 1
    if line[start:]:
        yield line[start:]


def _goes_on(last: str, end: str, after: str) -> bool:
    """Tell whether a sentence goes on after a point: “Dr. Smith”, “J. Bach”, “approx. 3”."""
    return after.islower() or is_shortened(last + end, after)


def is_shortened(word: str, after: str) -> bool:
    """Tell whether a word ends with a point because it was shortened, and no sentence with it.

    ``after`` is what follows it.
    """
    if not word.endswith("."):
        return False
    word = word[:-1].lstrip("(“\"'")
    if word in _NUMBERED:
        return after[:1].isdigit()
    return word in _SHORT or (len(word) == 1 and word.isupper() and word != "I")


def require_script(text: str, script: str, named: str) -> None:
    """Refuse by name a text with letters of a script that a voice cannot read.

    ``script`` as Unicode's names of letters begin ("LATIN"). Raises ToolFailed.
    """
    if found := stranger(text, script):
        name = unicodedata.name(found[1], "a sign").split()[0].capitalize()
        told = f"“{found[0][:40]}” is written in {name} letters, which the voice"
        raise ToolFailed("voice", f"{told} {named!r} cannot read")
