"""What a file of captions holds: read strictly, as a player would rather not.

Asked by the probe for SubRip and WebVTT, and for the times of spoken words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from lib.media.captions.cue import width

#: Largest file that is read; a film of two hours has 200 kB.
MAX_BYTES = 4_000_000
#: A pair of times may overlap by so much: what rounding makes of equal ones, seconds.
ROUNDED_S = 0.0015
_VTT_TIMES = re.compile(
    r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
    r" --> (?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:[ \t]+\S.*)?",
    re.ASCII,
)
_SRT_TIMES = re.compile(
    r"(\d{2,4}):([0-5]\d):([0-5]\d),(\d{3}) --> (\d{2,4}):([0-5]\d):([0-5]\d),(\d{3})",
    re.ASCII,
)
_TAG = re.compile(r"<[^<>]*>")
#: Blocks of WebVTT that are no captions.
_ASIDE = ("NOTE", "STYLE", "REGION")

Facts = dict[str, Any]
Entry = tuple[float, float, list[str]]


def measure(file: Path) -> Facts:
    """Return the facts of a file of captions. Raises ValueError naming the block that is wrong."""
    if file.stat().st_size > MAX_BYTES:
        raise ValueError("it is too large for captions")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 at byte {error.start}") from error
    blocks = [block.split("\n") for block in re.split(r"\n{2,}", text.replace("\r\n", "\n"))]
    blocks = [[line for line in block if line.strip()] for block in blocks]
    if text.startswith("WEBVTT"):
        kind, entries = "text/vtt", list(_vtt([block for block in blocks if block][1:]))
    else:
        kind, entries = "application/x-subrip", list(_srt([block for block in blocks if block]))
    spans = [(start, stop) for start, stop, _ in entries]
    return {"media_type": kind, "entries": len(entries), **order(spans), **_look(entries)}


def order(spans: Sequence[tuple[float, float]]) -> Facts:
    """Return whether times follow each other, how long they are together, and when they end."""
    follow = all(0 <= start <= stop < float("inf") for start, stop in spans)
    follow &= all(after[0] >= before[1] - ROUNDED_S for before, after in pairwise(spans))
    return {
        "in_order": follow,
        "shown_s": round(sum(max(0.0, stop - start) for start, stop in spans), 3),
        "ends_s": max((stop for _, stop in spans), default=0.0),
    }


def _vtt(blocks: Sequence[list[str]]) -> Iterator[Entry]:
    for number, block in enumerate(blocks, 1):
        if block[0].split()[0] in _ASIDE:
            continue
        lines = block if "-->" in block[0] else block[1:]
        found = _VTT_TIMES.fullmatch(lines[0].strip()) if lines else None
        yield _entry(number, found, [html.unescape(_TAG.sub("", line)) for line in lines[1:]])


def _srt(blocks: Sequence[list[str]]) -> Iterator[Entry]:
    for number, block in enumerate(blocks, 1):
        if block[0].strip() != str(number):
            raise ValueError(f"caption {number} has not its number but “{block[0][:40]}”")
        found = _SRT_TIMES.fullmatch(block[1].strip()) if len(block) > 1 else None
        yield _entry(number, found, block[2:])


def _entry(number: int, found: re.Match[str] | None, lines: list[str]) -> Entry:
    if found is None:
        raise ValueError(f"caption {number} has no times")
    if not any(map(str.strip, lines)):
        raise ValueError(f"caption {number} has no words")
    times = [int(part or 0) for part in found.groups()]
    start_s, stop_s = (
        hours * 3600 + minutes * 60 + seconds + millis / 1000
        for hours, minutes, seconds, millis in (times[:4], times[4:])
    )
    return start_s, stop_s, lines


def _look(entries: Sequence[Entry]) -> Facts:
    """Return what of captions can be too much for a reader."""
    fastest = 0.0
    for start_s, stop_s, lines in entries:
        fastest = max(fastest, sum(map(width, lines)) / max(0.001, stop_s - start_s))
    return {
        "lines": max((len(lines) for _, _, lines in entries), default=0),
        "widest": max((width(line) for _, _, lines in entries for line in lines), default=0),
        "read_per_s": round(fastest, 2),
    }
