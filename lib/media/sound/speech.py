"""Where somebody speaks in a recording: the stretches between its silences.

``music.py`` makes a bed quieter there, ``cue.py`` spreads words over them. Who knows the
times already, as the maker of a voice does, has no need of this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of
from lib.media.sound import loudness

#: What lies so far below a voice's loudness is a pause, LU.
PAUSE_LU = 22.0
#: Shortest pause, seconds: the stop before a t or a p is no pause.
PAUSE_S = 0.2
DEADLINE_S = 120.0
#: A time as ffmpeg writes it: below a ten thousandth as 2.08333e-05.
_TIME = r"(-?[\d.]+(?:e[-+]?\d+)?)"


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch in which somebody speaks, seconds."""

    start_s: float
    stop_s: float


def windows_of(file: Path) -> tuple[Window, ...]:
    """Return the stretches of speech of a recording. Raises ToolFailed when it cannot be read."""
    level = loudness.measure(file)
    if level.lufs < loudness.SILENT_LUFS:
        return ()
    heard = loudness.even(ffmpeg.input(name_of(file)).audio)
    heard = heard.filter("silencedetect", noise=f"{level.lufs - PAUSE_LU:.1f}dB", duration=PAUSE_S)
    graph = heard.output("-", format="null")
    words = run_ffmpeg(graph, what="silencedetect", deadline_s=DEADLINE_S).words
    starts = [float(found) for found in re.findall(f"silence_start: {_TIME}", words)]
    stops = [float(found) for found in re.findall(f"silence_end: {_TIME}", words)]
    return between(list(zip(starts, [*stops, level.seconds], strict=False)), level.seconds)


def between(silences: Sequence[tuple[float, float]], seconds: float) -> tuple[Window, ...]:
    """Return what is left of a recording without its silences."""
    edges = [0.0, *(max(0.0, edge) for silence in silences for edge in silence), seconds]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(Window(start, stop) for start, stop in pairs if stop - start > 0.02)
