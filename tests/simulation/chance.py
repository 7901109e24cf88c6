"""Chance that is a function: the same seed and the same words give the same number, always.

Nothing is drawn from a stream, so a fault that is left out changes no other decision. That is what
lets a failing seed shrink to the few faults that matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_SCALE = float(1 << 64)


class Chance:
    """All the luck of one seed."""

    def __init__(self, seed: int) -> None:
        self._root = hashlib.blake2b(str(seed).encode(), digest_size=16).digest()

    def draws(self, *words: object, count: int = 4) -> list[float]:
        """Return ``count`` (up to 8) numbers in [0, 1) that belong to these words."""
        text = "/".join(map(str, words)).encode()
        digest = hashlib.blake2b(text, digest_size=8 * count, key=self._root).digest()
        return [
            int.from_bytes(digest[start : start + 8], "big") / _SCALE
            for start in range(0, 8 * count, 8)
        ]

    def draw(self, *words: object) -> float:
        """Return one number in [0, 1)."""
        return self.draws(*words, count=1)[0]

    def whole(self, below: int, *words: object) -> int:
        """Return a whole number from 0 to ``below`` - 1."""
        return int(self.draw(*words) * below)

    def choice(self, options: Sequence[T], *words: object) -> T:
        """Return one of ``options``."""
        return options[self.whole(len(options), *words)]
