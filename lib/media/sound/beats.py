"""Where the beats of a music bed lie, and which of its bars fill a length of time.

The tempo of a bundled bed is known because it was composed; it stands in ``beds.json`` beside the
beds. ``music.py`` cuts and fades there: music that begins within a bar, or stops before its last
chord, sounds like a mistake.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

#: Where the beats are written down, beside the beds.
FILE = "beds.json"
#: Least time that the last chord has to fade, seconds, and the share of a short piece that is.
LEAST_TAIL_S, LEAST_TAIL_SHARE = 1.5, 0.25
#: Length of a fade at the end, seconds: at least so long, from a beat on.
FADE_OUT_S = 1.0
#: A fade that only takes away the click of a cut, seconds; the downbeat after it stays whole.
EDGE_S = 0.03


@dataclass(frozen=True, slots=True)
class Grid:
    """The beats of one bed; its last bar holds the chord that it ends on."""

    bpm: float
    beats_per_bar: int
    bars: int
    first_downbeat_s: float
    tail_s: float

    @property
    def beat_s(self) -> float:
        """Return the length of a beat in seconds."""
        return 60 / self.bpm

    @property
    def bar_s(self) -> float:
        """Return the length of a bar in seconds."""
        return self.beat_s * self.beats_per_bar

    def downbeat_s(self, bar: int) -> float:
        """Return when a bar begins, in seconds of the bed; the first bar is 0."""
        return self.first_downbeat_s + bar * self.bar_s


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bed, in its own seconds; both ends are downbeats, but for the very end."""

    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is played one after another, and how it begins and ends, in seconds of the result."""

    parts: tuple[Part, ...]
    #: When the last chord begins.
    last_downbeat_s: float
    fade_in_s: float
    fade_out_at_s: float


def grid_of(bed: Path) -> Grid | None:
    """Return the beats of a bed, None when nobody wrote them down."""
    file = bed.with_name(FILE)
    known = json.loads(file.read_text()) if file.is_file() else {}
    return Grid(**known[bed.stem]) if bed.stem in known else None


def arrange(grid: Grid, seconds: float) -> Arrangement:
    """Choose the bars that lead to the bed's own end within ``seconds``, cut on downbeats only.

    A bed that is too short plays its middle again.
    """
    tail_s = min(LEAST_TAIL_S, seconds * LEAST_TAIL_SHARE)
    bars = math.floor((seconds - tail_s) / grid.bar_s + 1e-9)
    last_downbeat_s = bars * grid.bar_s
    body = grid.bars - 1
    parts = _middles(grid, bars - body + 1) if bars > body else []
    first = body - bars if bars <= body else 1
    start_s = grid.downbeat_s(first)
    end_s = grid.downbeat_s(body) + seconds - last_downbeat_s
    parts.append(Part(start_s, end_s))
    beats = max(0, math.floor((seconds - last_downbeat_s - FADE_OUT_S) / grid.beat_s + 1e-9))
    fade_out_at_s = last_downbeat_s + beats * grid.beat_s
    return Arrangement(tuple(parts), last_downbeat_s, EDGE_S, fade_out_at_s)


def _middles(grid: Grid, bars: int) -> list[Part]:
    """Return so many bars of the middle: without the first one, which only leads in."""
    body = grid.bars - 1
    whole, rest = divmod(bars, body - 1)
    end_s = grid.downbeat_s(body)
    parts = [Part(grid.downbeat_s(body - rest), end_s)] if rest else []
    return parts + [Part(grid.downbeat_s(1), end_s)] * whole
