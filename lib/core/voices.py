"""The voices that a plan may name: what each speaks, what it reads, and how fast it is.

Recipes refuse by it what cannot be spoken before anything is made. The voices themselves are in
``lib/media/speakers``; a test holds both against each other.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

#: Signs for those who write pages, which would be read aloud.
MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|\[[^\[\]\n]*\]\([^()\n]*\)")
_BREATHS = re.compile(r"[,;:–—]")
_ENDS = re.compile(r"[.!?…]+(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice: the language (ISO 639) that it speaks, and its pace as it was measured.

    ``script`` is what Unicode calls the letters that it reads.
    """

    language: str
    script: str
    #: Seconds that a letter, a digit, the pause at a comma, and a sentence's own pause take.
    letter_s: float
    digit_s: float
    breath_s: float
    sentence_s: float

    def seconds(self, text: str) -> float:
        """Estimate how long it speaks a text: right to a quarter, and to 8 % mostly."""
        letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
        breaths, ends = len(_BREATHS.findall(text)), max(1, len(_ENDS.findall(text)))
        own_s = letters * self.letter_s + digits * self.digit_s
        return own_s + breaths * self.breath_s + ends * self.sentence_s

    def speaks(self, language: str) -> bool:
        """Tell whether it speaks a language (BCP 47)."""
        return language.partition("-")[0].lower() == self.language


def stranger(text: str, script: str) -> tuple[str, str] | None:
    """Return the first word with a letter of another script, and that letter."""
    known = (script, "MODIFIER", "MASCULINE", "FEMININE", "MICRO")
    for word in text.replace("\u03bc", "\u00b5").split():  # before a unit, as many write it
        for letter in filter(str.isalpha, word):
            if not unicodedata.name(letter, "").startswith(known):
                return word, letter
    return None


VOICES = {"heart": Voice("en", "LATIN", 0.0639, 0.3646, 0.254, 0.55)}
