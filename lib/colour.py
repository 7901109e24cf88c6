"""Colours as numbers: parsing, luminance and contrast, for kits that are checked and pictures.

Pure arithmetic after WCAG 2.2; knows nothing of pictures.
"""

from __future__ import annotations

Rgb = tuple[int, int, int]
#: Light of each value of a channel; contrast is asked of thousands of pixels a page.
_LINEAR = tuple(
    c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
    for c in (value / 255 for value in range(256))
)


def rgb(text: str) -> Rgb:
    """Return the colour of ``#RRGGBB``."""
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def luminance(colour: Rgb) -> float:
    """Return the relative luminance, 0..1 (WCAG 2.2)."""
    return 0.2126 * _LINEAR[colour[0]] + 0.7152 * _LINEAR[colour[1]] + 0.0722 * _LINEAR[colour[2]]


def contrast(first: Rgb, second: Rgb) -> float:
    """Return the contrast ratio of two colours, 1..21 (WCAG 2.2)."""
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
