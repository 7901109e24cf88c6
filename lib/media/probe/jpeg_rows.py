"""How much of a JPEG arrived, by the restart markers between its rows of blocks.

Called by ``pictures.py``. A decoder that runs out of data fills the rest with one colour and says
nothing, and a page may well end in one colour: only the file itself can tell the two apart.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_SIZES, _INTERVAL, _SCAN = (0xC0, 0xC1), 0xDD, 0xDA
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


def share(data: bytes) -> float | None:
    """Return the share of the intervals that begin in a file, per cent; None without intervals.

    A file of several scans is None too. What stands after a marker is not looked at: the last
    interval may be cut.
    """
    blocks = interval = 0
    for kind, start, stop in _segments(data):
        if kind in _SIZES:
            blocks = _blocks(data[start:stop])
        elif kind == _INTERVAL:
            interval = int.from_bytes(data[start : start + 2])
        elif kind == _SCAN and blocks and interval:
            there = len(_RESTART.findall(data, stop)) + 1
            return round(min(100.0, 100 * there / math.ceil(blocks / interval)), 1)
    return None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, start and end of what stands before the first scan, and its own header."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        kind, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        yield kind, place + 4, place + 2 + length
        if kind == _SCAN:
            return
        place += 2 + length


def _blocks(header: bytes) -> int:
    """Return how many groups of blocks a frame's header promises; 0 when it is too short."""
    if len(header) < 6 or len(header) < 6 + 3 * header[5]:
        return 0
    height, width = int.from_bytes(header[1:3]), int.from_bytes(header[3:5])
    factors = [header[7 + 3 * number] for number in range(header[5])]
    if len(factors) == 1:  # one component has no groups, whatever its factors say
        factors = [0x11]
    across = 8 * max((factor >> 4 for factor in factors), default=1)
    down = 8 * max((factor & 15 for factor in factors), default=1)
    return math.ceil(width / across) * math.ceil(height / down) if across and down else 0
