"""What makes an object valid: the bounds of an artifact, and the verdict over measured facts.

Recipes write checks, ``perform`` applies them before an upload and ``settle`` after it.
Knows nothing of how facts are measured; a fact that a check asks for and nobody measured
is itself a reason to refuse.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

#: Facts that a probe reports, by name: ``media_type`` str; ``width``, ``height`` px;
#: ``seconds`` float; ``frames`` int; ``fps`` float; ``video_codec``, ``pixel_format``,
#: ``audio_codec`` str; ``faststart`` bool; ``spread`` 0..255 (standard deviation of luma,
#: so a blank picture reads about 0); ``lufs``, ``true_peak_dbtp`` float;
#: ``entries`` int (length of a sealed JSON document's main list).
Facts = Mapping[str, Any]


class Check(BaseModel):
    """Bounds that an object's size and facts must meet; a bound of None is not asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    media_type: str
    min_bytes: int = 1
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    #: Allowed distance from ``seconds``; an AAC frame plus a video frame is 0.06 s.
    seconds_tolerance: float = 0.12
    video_codec: str | None = None
    pixel_format: str | None = None
    audio_codec: str | None = None
    faststart: bool | None = None
    #: Least luma spread; a picture below it is blank.
    min_spread: float | None = None
    lufs: float | None = None
    lufs_tolerance: float = 0.5
    max_true_peak_dbtp: float | None = None
    #: Least number of entries in a sealed JSON document.
    min_entries: int | None = None


#: Checks that demand one exact value, with the words used when it differs.
_EXACT = {
    "media_type": "type",
    "width": "width",
    "height": "height",
    "video_codec": "video codec",
    "pixel_format": "pixel format",
    "audio_codec": "audio codec",
    "faststart": "faststart",
}


def faults(check: Check, size: int, facts: Facts) -> tuple[str, ...]:
    """Return in words everything that is wrong with an object; empty means valid.

    ``size`` in bytes; ``facts`` as a probe measured them (see ``Facts``).
    """
    if size == 0:
        return ("is empty (0 bytes)",)
    found: list[str] = []
    if size < check.min_bytes:
        found.append(f"is only {size} bytes, at least {check.min_bytes} expected")
    if facts.get("unreadable"):
        return (*found, f"cannot be read: {facts['unreadable']}")
    for field, word in _EXACT.items():
        wanted = getattr(check, field)
        if wanted is not None and facts.get(field) != wanted:
            found.append(f"{word} is {facts.get(field, 'unknown')}, expected {wanted}")
    found += _near(facts, "seconds", check.seconds, check.seconds_tolerance, "s")
    found += _near(facts, "lufs", check.lufs, check.lufs_tolerance, "LUFS")
    found += _at_least(facts, "spread", check.min_spread, "the picture is blank")
    found += _at_least(facts, "entries", check.min_entries, "too few entries")
    peak, highest = _number(facts, "true_peak_dbtp"), check.max_true_peak_dbtp
    if highest is not None and (peak is None or peak > highest):
        found.append(f"true peak is {_show(peak)} dBTP, at most {highest} allowed")
    return tuple(found)


def _number(facts: Facts, name: str) -> float | None:
    """Return a measured number; None for NaN and for anything that is no number."""
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return value


def _near(facts: Facts, name: str, wanted: float | None, within: float, unit: str) -> list[str]:
    measured = _number(facts, name)
    if wanted is None or (measured is not None and abs(measured - wanted) <= within):
        return []
    return [f"{name} is {_show(measured)} {unit}, expected {wanted:g} ± {within:g}"]


def _at_least(facts: Facts, name: str, least: float | None, words: str) -> list[str]:
    measured = _number(facts, name)
    if least is None or (measured is not None and measured >= least):
        return []
    return [f"{words} ({name} is {_show(measured)}, at least {least:g} expected)"]


def _show(measured: float | None) -> str:
    return "unknown" if measured is None else f"{measured:g}"
