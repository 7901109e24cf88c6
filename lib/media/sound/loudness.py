"""How loud a sound is, after EBU R 128, and whether it is silent or was clipped.

``mastering.py`` asks before, while and after it works; ``music.py`` to bring two sounds to one
level. A meter's words are believed only when ffmpeg ended well and samples went through the meter:
with an option that it does not know, ffmpeg prints a summary of 0.0 LUFS all the same.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from lib.core.errors import ToolFailed
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of

RATE_HZ = 48_000
#: Integrated loudness below which nobody hears anything, LUFS; the meter's own floor is -70.
SILENT_LUFS = -60.0
#: What the meter can tell apart, LUFS: numbers beyond full scale can be louder than 0.
_LOWEST_LUFS, _HIGHEST_LUFS = -70.0, 10.0
#: The meter counts in blocks of this length, so nothing shorter has a loudness, seconds.
SHORTEST_S = 0.4
#: A wave touches its peak with one sample or two; from this mean length of flat runs on it was cut.
FLAT_RUN = 3.0
#: Share of all samples that stand flat at full scale in what is called clipped.
FLAT_SHARE = 0.0001
#: Peak from which on a flat run is one at full scale, dBFS.
FULL_SCALE_DBFS = -0.1
_FLOOR_DB = -200.0
_NUMBER = r"\s*(-?(?:[\d.]+|inf|nan))"


@dataclass(frozen=True, slots=True)
class Loudness:
    """One measurement: integrated loudness, true peak (4 times oversampled), range, length."""

    lufs: float
    true_peak_dbtp: float
    lra_lu: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What a sound is before it is worked on."""

    loudness: Loudness
    #: Share of its samples in flat runs at full scale; 0 when it was not clipped.
    clipped: float


def measure(file: Path, *, deadline_s: float = 120.0) -> Loudness:
    """Decode a file and measure it as it is. Raises ToolFailed when it cannot be read."""
    sound = ffmpeg.input(name_of(file)).audio.filter("aresample", RATE_HZ)
    graph = metered(sound).output("-", format="null")
    return read(run_ffmpeg(graph, what="the meter", deadline_s=deadline_s).words)


def survey(sound: Any, *, deadline_s: float = 120.0) -> Survey:
    """Measure a stream of a graph as stereo. Raises ToolFailed when it cannot be read."""
    wanted = {
        "measure_perchannel": "Peak_level+Flat_factor+Peak_count",
        "measure_overall": "Number_of_samples",
    }
    counted = sound.filter("astats", **wanted)
    graph = metered(even(counted)).output("-", format="null")
    words = run_ffmpeg(graph, what="the meter", deadline_s=deadline_s).words
    return Survey(read(words), _clipped(words))


def even(sound: Any) -> Any:
    """Return a stream as stereo at 48 kHz, one channel on both sides, whatever it was."""
    return sound.filter("aresample", RATE_HZ).filter("aformat", channel_layouts="stereo")


def metered(sound: Any, *, peaks: bool = True) -> Any:
    """Return a 48 kHz stream with the meter on it, which lets it through unchanged.

    Peaks cost as much as all the rest.
    """
    wanted = {"measure_perchannel": "none", "measure_overall": "Number_of_samples"}
    return sound.filter("ebur128", peak="true" if peaks else "none", framelog="verbose").filter(
        "astats", **wanted
    )


def read(words: str, *, peaks: bool = True) -> Loudness:
    """Return what the meter of a graph said; without ``peaks`` the true peak is not a number.

    Raises ToolFailed for what no meter can say.
    """
    summary = words[max(0, words.rfind("Summary:")) :]
    counts = _counts(words)
    lufs, lra = _value(rf"I:{_NUMBER} LUFS", summary), _value(rf"LRA:{_NUMBER} LU", summary)
    peak = _value(rf"Peak:{_NUMBER} dBFS", summary) if peaks else math.nan
    heard = bool(counts and counts[-1])  # counted behind the meter
    believed = heard and lufs is not None and _LOWEST_LUFS <= lufs <= _HIGHEST_LUFS
    if not believed or lufs is None or lra is None or peak is None:
        tail = summary.strip()[-500:]
        raise ToolFailed("the meter", "gave no loudness that can be believed", tail=tail)
    return Loudness(lufs, peak, lra, round(counts[-1] / RATE_HZ, 4))


def _clipped(words: str) -> float:
    """Return the share of samples that stand flat at full scale, of the worst channel."""
    total = max(1, _counts(words)[0])
    kinds = ("Peak level dB", "Flat factor", "Peak count")
    columns = [re.findall(rf"{kind}:{_NUMBER}", words) for kind in kinds]
    worst = 0.0
    for peak, flat, count in zip(*columns, strict=True):
        # The flat factor is the mean length of runs at the peak, in dB.
        long = 10 ** (_float(flat) / 20) >= FLAT_RUN
        if _float(peak) >= FULL_SCALE_DBFS and long:
            worst = max(worst, _float(count) / total)
    return worst if worst >= FLAT_SHARE else 0.0


def _counts(words: str) -> list[int]:
    """Return the samples that each counter of a graph saw, in the order of the graph."""
    found = re.findall(r"Parsed_astats_(\d+) @ \S+\] Number of samples: (\d+)", words)
    return [int(count) for _, count in sorted((int(place), count) for place, count in found)]


def _value(pattern: str, words: str) -> float | None:
    found = re.findall(pattern, words)
    return _float(found[-1]) if found else None


def _float(text: str) -> float:
    return max(_FLOOR_DB, float(text))
