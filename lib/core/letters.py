"""What a reader sees of a text: blanks, and signs without a picture of their own, are nothing.

Asked before words are planned, and again where they are set.
"""

#: Letters and signs that are made to show nothing.
_FILLERS = "\u034f\u115f\u1160\u2800\u3164\ufe0e\ufe0f\uffa0"


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen."""
    return not any(sign.isprintable() and sign not in _FILLERS for sign in text.replace(" ", ""))
