"""Read the boxes of an MP4 file: what stands where, without decoding anything.

Called by the probe. Knows the few boxes that decide whether a film plays at once and whole.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Boxes of a file or of one box that are read before it is no file that anybody made.
MAX_BOXES = 4096
#: Boxes that a film does not play without. What stands behind the last of them may be anything.
_NEEDED = {b"moov", b"mdat", b"moof"}
_INSIDE = {b"moov", b"trak", b"edts"}


@dataclass(frozen=True, slots=True)
class Boxes:
    """What the boxes of a file say."""

    #: The index (moov) stands before the media (mdat), so that playing can start at once.
    faststart: bool
    #: A list (elst) that hides frames or shifts them, which some platforms refuse.
    edit_list: bool
    #: A box that is needed promises more bytes than the file has, or the index is not there.
    cut_short: bool


def read(file: Path) -> Boxes:
    """Return what the boxes say; a file of no boxes is no faststart. Raises OSError."""
    size = file.stat().st_size
    order: list[bytes] = []
    has_edits = is_cut = False
    with file.open("rb") as stream:
        for name, start, end in _walk(stream, 0, size):
            order.append(name)
            is_cut = is_cut or (end > size and name in _NEEDED)
            if name == b"moov":
                has_edits = _holds(stream, start, min(end, size), b"elst")
    first = next((name for name in order if name in (b"moov", b"mdat")), b"")
    return Boxes(first == b"moov", has_edits, is_cut or b"moov" not in order)


def _walk(stream: IO[bytes], at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of what each box between two places holds."""
    for _ in range(MAX_BOXES):
        stream.seek(at)
        head = stream.read(min(8, max(0, end - at)))
        if len(head) < 8:
            return
        length, name = struct.unpack(">I4s", head)
        start = at + 8
        if length == 1:
            large = stream.read(8)
            if len(large) < 8:
                return
            length, start = struct.unpack(">Q", large)[0], at + 16
        elif length == 0:  # to the end of the file
            length = end - at
        if at + length < start:
            return
        yield name, start, at + length
        at += length


def _holds(stream: IO[bytes], at: int, end: int, wanted: bytes) -> bool:
    for name, start, stop in list(_walk(stream, at, end)):
        if name == wanted:
            return True
        if name in _INSIDE and _holds(stream, start, min(stop, end), wanted):
            return True
    return False
