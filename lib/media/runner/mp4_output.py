"""What every MP4 of ours says of itself, whichever room writes it: its colours and its boxes."""

from __future__ import annotations

#: Primaries, transfer, matrix and range: what players assume of HD, and what we say.
COLOURS = {
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
}
#: The index first, and no list of edits, which some platforms refuse.
BOXES = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": 0}
