"""The words of the template language: kinds, pages, and the formats with their sizes."""

from __future__ import annotations

#: Pages that each kind of template describes.
PAGES: dict[str, tuple[str, ...]] = {
    "posts": ("statement", "cover", "inner", "closing"),
    "reels": ("film", "image", "cover", "youtube"),
}
#: Formats by name, with the size in px at which each is published.
FORMATS: dict[str, tuple[int, int]] = {
    "square": (1080, 1080),
    "4x5": (1080, 1350),
    "9x16": (1080, 1920),
    "16x9": (1920, 1080),
}
