"""What makes an object valid: the bounds of an artifact, and the verdict over measured facts.

Recipes write checks, ``perform`` applies them before an upload and ``settle`` after it.
Knows nothing of how facts are measured; a fact that a check asks for and nobody measured
is itself a reason to refuse.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer

#: Facts that a probe reports, by name. Any: ``media_type`` str. What is seen: ``width``,
#: ``height`` px; ``spread`` 0..127.5 (standard deviation of luma, so a blank picture reads about
#: 0); ``upright`` bool (no tag turns, mirrors or stretches it). Pictures: ``colour_mode`` str
#: ("RGB", "RGBA", "CMYK", "L"; with "16" for 16 bits); ``progressive`` bool; ``embedded`` str
#: (what it carries besides pixels, "exif+gps"; "nothing"); ``drawn`` per cent (of the rows: those
#: that arrived). Films: ``frames`` int; ``fps`` float; ``steady`` bool (they
#: follow each other evenly); ``video_codec``, ``video_profile``, ``pixel_format`` str; ``level``
#: int (40 for 4.0); ``colours`` str (primaries/transfer/matrix/range); ``faststart``,
#: ``edit_list`` bool; ``lit_s``, ``moving_s`` (seconds that are not black, not frozen); ``drift_s``
#: (between the ends of picture and sound). Sound: ``audio_codec`` str; ``lufs``,
#: ``true_peak_dbtp`` float; ``heard_s`` (seconds that are not silent). Both: ``seconds`` float.
#: Documents: ``entries`` int (length of a sealed JSON document's main list; of captions, cues).
#: Timed words and captions: ``in_order`` bool (each begins after the one before and ends after it
#: begins), ``shown_s`` (seconds that something is spoken or stands there), ``ends_s`` (when the
#: last ends). Captions: ``lines`` int (most of one cue), ``widest`` int (characters of the widest
#: line; an ideograph is two), ``read_per_s`` (characters a second of the fastest cue).
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
    upright: bool | None = None
    colour_mode: str | None = None
    progressive: bool | None = None
    embedded: str | None = None
    min_drawn: float | None = None
    frames: int | None = None
    fps: float | None = None
    steady: bool | None = None
    video_profile: str | None = None
    max_level: int | None = None
    colours: str | None = None
    edit_list: bool | None = None
    min_lit_s: float | None = None
    min_moving_s: float | None = None
    min_heard_s: float | None = None
    max_drift_s: float | None = None
    in_order: bool | None = None
    min_shown_s: float | None = None
    max_ends_s: float | None = None
    max_lines: int | None = None
    max_widest: int | None = None
    max_read_per_s: float | None = None

    @model_serializer(mode="wrap")
    def _asked(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Store only what is asked: a record holds one check for each artifact."""
        return {name: value for name, value in whole(self).items() if value is not None}


#: Facts that must equal the bound of the same name, with the words used when they differ.
EXACT = {
    "media_type": "type",
    "width": "width",
    "height": "height",
    "video_codec": "video codec",
    "pixel_format": "pixel format",
    "audio_codec": "audio codec",
    "faststart": "faststart",
    "upright": "upright",
    "colour_mode": "colour mode",
    "progressive": "progressive",
    "embedded": "what is embedded",
    "frames": "number of frames",
    "fps": "frame rate",
    "steady": "steady frame rate",
    "video_profile": "video profile",
    "colours": "colours",
    "edit_list": "edit list",
    "in_order": "order of times",
}
#: Facts that must be near the bound of the same name, and the bound that says how near.
NEAR = {"seconds": "seconds_tolerance", "lufs": "lufs_tolerance"}
#: Facts that must be at least a bound, or at most.
AT_LEAST = {
    "spread": "min_spread",
    "entries": "min_entries",
    "drawn": "min_drawn",
    "lit_s": "min_lit_s",
    "moving_s": "min_moving_s",
    "heard_s": "min_heard_s",
    "shown_s": "min_shown_s",
}
AT_MOST = {
    "true_peak_dbtp": "max_true_peak_dbtp",
    "level": "max_level",
    "drift_s": "max_drift_s",
    "ends_s": "max_ends_s",
    "lines": "max_lines",
    "widest": "max_widest",
    "read_per_s": "max_read_per_s",
}
_UNITS = {"seconds": "s", "lufs": "LUFS"}
_TOO_LITTLE = {
    "spread": "the picture is blank",
    "entries": "too few entries",
    "drawn": "the foot of the picture is empty",
    "lit_s": "the film is black",
    "moving_s": "the film stands still",
    "heard_s": "the sound is silent",
    "shown_s": "the words stand for too short a time",
}
_TOO_MUCH = {
    "true_peak_dbtp": ("true peak", " dBTP"),
    "level": ("level", ""),
    "drift_s": ("distance between the ends of picture and sound", " s"),
    "ends_s": ("end of the last words", " s"),
    "lines": ("number of lines of a caption", ""),
    "widest": ("width of a caption's line", " characters"),
    "read_per_s": ("reading speed of a caption", " characters/s"),
}
#: What a yes or no means that is not the one that was asked for.
_MEANS = {
    ("upright", False): "a tag turns or stretches it",
    ("progressive", True): "it is a progressive JPEG",
    ("steady", False): "its frames do not follow each other evenly",
    ("edit_list", True): "an edit list hides frames",
    ("in_order", False): "its times do not follow each other",
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
    for name, word in EXACT.items():
        found += _equal(facts, name, getattr(check, name), word)
    for name, by in NEAR.items():
        found += _near(facts, name, getattr(check, name), getattr(check, by))
    for name, bound in AT_LEAST.items():
        found += _at_least(facts, name, getattr(check, bound))
    for name, bound in AT_MOST.items():
        found += _at_most(facts, name, getattr(check, bound))
    return tuple(found)


def _number(facts: Facts, name: str) -> float | None:
    """Return a measured number; None for NaN and for anything that is no number."""
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return value


def _equal(facts: Facts, name: str, wanted: Any, word: str) -> list[str]:
    measured = facts.get(name, "unknown")
    if wanted is None or measured == wanted:
        return []
    means = _MEANS.get((name, measured)) if isinstance(measured, bool) else None
    return [means or f"{word} is {measured}, expected {wanted}"]


def _near(facts: Facts, name: str, wanted: float | None, within: float) -> list[str]:
    measured = _number(facts, name)
    if wanted is None or (measured is not None and abs(measured - wanted) <= within):
        return []
    return [f"{name} is {_show(measured)} {_UNITS[name]}, expected {wanted:g} ± {within:g}"]


def _at_least(facts: Facts, name: str, least: float | None) -> list[str]:
    measured = _number(facts, name)
    if least is None or (measured is not None and measured >= least):
        return []
    return [f"{_TOO_LITTLE[name]} ({name} is {_show(measured)}, at least {least:g} expected)"]


def _at_most(facts: Facts, name: str, most: float | None) -> list[str]:
    measured = _number(facts, name)
    if most is None or (measured is not None and measured <= most):
        return []
    word, unit = _TOO_MUCH[name]
    return [f"{word} is {_show(measured)}{unit}, at most {most} allowed"]


def _show(measured: float | None) -> str:
    return "unknown" if measured is None else f"{measured:g}"
