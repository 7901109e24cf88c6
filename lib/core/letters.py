"""What a reader sees of a text: blanks and signs without a picture of their own are nothing.

Asked before words are planned, and again where they are set.
"""

from __future__ import annotations

import unicodedata

#: Separators, controls, and marks that only ever stand on something else. What Python does not know
#: is a picture of a newer Unicode.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"))
#: Letters, signs and marks that are made to show nothing.
_FILLERS = frozenset("\u034f\u115f\u1160\u2800\u3164\uffa0")


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen."""
    return not any(map(_is_seen, text))


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in _UNSEEN and character not in _FILLERS
