"""A carousel as the peers draw it: the same words, fonts and picture; sizes by their own measuring.

A peer is started with a file that says what to draw and a folder. It covers the page with the
picture, darkens it towards the foot, fits heading and body, and adds bar, logo and handle.
"""

from __future__ import annotations

from collections.abc import Callable

WIDTH, HEIGHT, LEFT, TOP = 1080, 1350, 81, 520
#: Width and height of heading and body, and their smallest and largest size, px.
HEADING, BODY = (918, 389, 49, 112), (918, 300, 32, 56)
LEADING = 1.15


def fitted(
    text: str, box: tuple[int, int, int, int], measure: Callable[[str, int], float]
) -> tuple[int, list[str]]:
    """Return the largest size at which a text fits its box, and its lines."""
    width, height, low, high = box
    best = (low, [text])
    while low <= high:
        size = (low + high) // 2
        lines: list[str] = []
        for word in text.split():
            joined = f"{lines[-1]} {word}" if lines else word
            if lines and measure(joined, size) <= width:
                lines[-1] = joined
            else:
                lines.append(word)
        wide = max(measure(line, size) for line in lines)
        if wide <= width and len(lines) * size * LEADING <= height:
            best, low = (size, lines), size + 1
        else:
            high = size - 1
    return best
