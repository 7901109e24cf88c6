"""What platforms lay over a picture or cut off it: the one place that knows.

Figures are those that the platforms give for advertisements and those that were measured on
telephones, whichever is larger, except Instagram's 35 % at the foot, which is for a button that
only advertisements have. Words and logos keep clear of all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from lib.templates.page import Area

_VERTICAL = ("film", "image", "statement", "inner", "closing")


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a picture that somebody covers or cuts off; per cent of the page."""

    platform: str
    what: str
    format: str
    pages: tuple[str, ...]
    area: Area


ZONES = (
    Zone(
        "Instagram",
        "account and sound, above a reel or story",
        "9x16",
        _VERTICAL,
        (0, 0, 100, 13.5),
    ),
    Zone("TikTok", "search and tabs", "9x16", ("film", "image"), (0, 0, 100, 7)),
    Zone("Instagram", "caption and handle", "9x16", _VERTICAL, (0, 80, 100, 100)),
    Zone("TikTok", "caption and sound", "9x16", ("film", "image"), (0, 80.5, 100, 100)),
    Zone(
        "YouTube Shorts", "title, channel and button", "9x16", ("film", "image"), (0, 80, 100, 100)
    ),
    Zone("TikTok", "like, comment and share", "9x16", ("film", "image"), (88, 45, 100, 100)),
    Zone(
        "YouTube Shorts", "like, comment and share", "9x16", ("film", "image"), (88, 48, 100, 100)
    ),
    Zone("Instagram", "like, comment and share", "9x16", ("film", "image"), (88, 50, 100, 100)),
    Zone("Instagram", "cut off in a profile's grid", "9x16", ("cover",), (0, 0, 100, 14.9)),
    Zone("Instagram", "cut off in a profile's grid", "9x16", ("cover",), (0, 85.1, 100, 100)),
    Zone("Instagram", "cut off in a profile's grid", "4x5", (), (0, 0, 3.2, 100)),
    Zone("Instagram", "cut off in a profile's grid", "4x5", (), (96.8, 0, 100, 100)),
    Zone("YouTube", "length of the video", "16x9", ("youtube",), (84, 84, 100, 100)),
    Zone("YouTube", "how much was watched", "16x9", ("youtube",), (0, 95, 100, 100)),
)
#: Nothing that must be read stands nearer to an edge than this, per cent.
EDGE = 3.0


def zones(page: str, shape: str) -> tuple[Zone, ...]:
    """Return what is laid over a page of a format; a zone without pages holds for all."""
    return tuple(z for z in ZONES if z.format == shape and (page in z.pages or not z.pages))


def safe(page: str, shape: str) -> Area:
    """Return the largest area with all of its width and height free, per cent.

    What covers a corner only is left to ``crossed``.
    """
    left, top, right, bottom = EDGE, EDGE, 100 - EDGE, 100 - EDGE
    for zone in zones(page, shape):
        x0, y0, x1, y1 = zone.area
        if x0 == 0 and x1 == 100:
            top, bottom = (max(top, y1), bottom) if y0 == 0 else (top, min(bottom, y0))
        elif y1 - y0 > 40:
            left, right = (max(left, x1), right) if x0 == 0 else (left, min(right, x0))
    return left, top, right, bottom


def crossed(area: Area, page: str, shape: str) -> Zone | None:
    """Return the first zone that an area reaches into, or None."""
    for zone in zones(page, shape):
        x0, y0, x1, y1 = zone.area
        if area[0] < x1 and area[2] > x0 and area[1] < y1 and area[3] > y0:
            return zone
    return None
