"""Which way a text runs: its paragraph's direction, and the embedding level of each character.

The Unicode bidirectional algorithm (UAX #9) is FriBiDi's, the library that shaping needs anyway.
A text without right-to-left characters asks for nothing.
"""

from __future__ import annotations

import ctypes
import functools
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

from lib.core.errors import ToolFailed
from lib.media.text.faces import NEEDS_SHAPER

_LIBRARY = "libfribidi.so.0"
_LTR, _RTL = 0x110, 0x111
_RIGHTWARD = frozenset(("R", "AL", "AN", "RLE", "RLO", "RLI"))
T = TypeVar("T")


def runs_right_to_left(text: str) -> bool:
    """Tell a paragraph's direction by its first strong character (P2, P3)."""
    depth = 0
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif depth == 0 and kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def embedding_levels(text: str) -> bytes:
    """Return one embedding level for each character; odd ones run right to left."""
    if not any(unicodedata.bidirectional(character) in _RIGHTWARD for character in text):
        return bytes(len(text))
    library, size = _fribidi(), len(text)
    codes = (ctypes.c_uint32 * size)(*map(ord, text))
    kinds, brackets = (ctypes.c_uint32 * size)(), (ctypes.c_uint32 * size)()
    found = (ctypes.c_int8 * size)()
    base = ctypes.c_uint32(_RTL if runs_right_to_left(text) else _LTR)
    library.fribidi_get_bidi_types(codes, size, kinds)
    library.fribidi_get_bracket_types(codes, size, kinds, brackets)
    library.fribidi_get_par_embedding_levels_ex(kinds, brackets, size, ctypes.byref(base), found)
    return bytes(found)


def visual(runs: Sequence[tuple[T, int]]) -> list[T]:
    """Return the runs of one line, each with its level, from left to right (L2)."""
    ordered = list(runs)
    top = max((level for _, level in ordered), default=0)
    for level in range(top, 0, -1):
        start = 0
        while start < len(ordered):
            end = start
            while end < len(ordered) and ordered[end][1] >= level:
                end += 1
            ordered[start:end] = reversed(ordered[start:end])
            start = max(end, start + 1)
    return [run for run, _ in ordered]


@functools.cache
def _fribidi() -> ctypes.CDLL:
    """Load FriBiDi. Raises ToolFailed saying what to install."""
    try:
        return ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise ToolFailed("text", f"a text that runs right to left {NEEDS_SHAPER}") from error
