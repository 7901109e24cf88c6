"""The ``align`` tool, forced alignment: when each word of a text is spoken in a recording of it.

A voice of ours reads the same text, and knows when each of its words comes. The two recordings
are laid over each other by what their spectra look like without pitch and loudness, and the words'
times go along. The voice's vocal tract is made longer or shorter until it resembles the speaker's.
What knows its own times, as our voices do, needs none of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media.captions import timed_words
from lib.media.captions.cue import Word
from lib.media.room import Room
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of
from lib.media.voice.voice import MOST_CHARACTERS, Params, read_aloud
from lib.media.voice.warping import COARSE, Floats, lay, pooled, warp
from lib.media.voice.warping import Path as Way

RATE_HZ = 16_000
#: Distance and length of the windows that are looked at, seconds.
HOP_S, WINDOW_S = 0.01, 0.025
#: Bands between these bounds, evenly spaced as an ear hears.
BANDS, LOWEST_HZ, HIGHEST_HZ = 40, 80.0, 6500.0
#: Numbers that are kept of the shape of a spectrum: more would show the pitch.
SHAPES = 13
#: Lengths of the speaker's vocal tract beside our voice's that are tried.
TRACTS = (0.86, 0.93, 1.0, 1.08, 1.16, 1.25, 1.34)
#: Below the loudest by so much there is nothing to be seen of a spectrum, in nepers of power.
FLOOR_NEPERS = 11.5
#: What lies so far below the loudest is quiet, dB.
QUIET_DB = 30.0
#: Mean unlikeness of some seconds from which on somebody says something else there: the same
#: words by other voices came to 6.0 at most, other words to 6.5 at least.
MOST_UNLIKE, STRETCH_S = 6.3, 3.0
#: Seconds of recording to seconds of our reading, at least and at most.
PACES = (0.4, 3.0)
#: Seconds that decoding may take.
DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Aligned:
    """The words with their times in a recording.

    ``unlike`` is how unlike our reading is to it where it is most so; see ``MOST_UNLIKE``.
    """

    words: tuple[Word, ...]
    unlike: float
    seconds: float
    language: str


class AlignParams(BaseModel):
    """What is said in the recording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(max_length=MOST_CHARACTERS)
    #: BCP 47; guessed when it is not told.
    language: str | None = None


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make ``words`` (JSON) of a ``recording``; see ``align``."""
    del room
    wanted = AlignParams.model_validate(params)
    found = align(needs["recording"], wanted.text, language=wanted.language)
    timed_words.write(
        makes["words"],
        found.words,
        language=found.language,
        source="alignment",
        seconds=found.seconds,
    )


def align(recording: Path, text: str, *, language: str | None = None) -> Aligned:
    """Return when each word of a text is spoken in a recording of it.

    Raises ToolFailed for a language that no voice here speaks, and for a recording that cannot be
    read, is silent, or says something else.
    """
    heard = decoded(recording)
    if not len(heard) or float(np.abs(heard).max()) < 0.001:
        raise ToolFailed("align", "the recording is silent; give one of the text being spoken")
    read = read_aloud(Params(text=text, language=language))
    seconds = len(heard) / RATE_HZ
    if not PACES[0] < seconds / read.seconds < PACES[1]:
        told = f"the recording is {seconds:.0f} s long, and the text takes about {read.seconds:.0f}"
        raise ToolFailed("align", f"{told}; give the text of all that is said, and no other")
    spoken = np.frombuffer(b"".join(read.samples), "<i2").astype(np.float32)
    ours = spoken / np.float32(32768)
    own, theirs = _power(ours, read.rate_hz), _power(heard, RATE_HZ)
    there = _shapes(theirs, RATE_HZ, 1.0)
    tract = min(TRACTS, key=lambda one: _unlike(_shapes(own, read.rate_hz, one), there))
    here = _shapes(own, read.rate_hz, tract)
    way = warp(here, there)
    unlike, window = _most_unlike(here, there, way)
    if unlike > MOST_UNLIKE:
        near = " ".join(w.text for w in read.words if abs(w.start_s - window * HOP_S) < STRETCH_S)
        told = f"the recording does not say the text near “{near[:60]}”"
        raise ToolFailed("align", f"{told}; give the words that are spoken")
    words = _moved(read.words, way, _quiet(heard))
    return Aligned(words, round(unlike, 2), round(seconds, 3), read.language)


def decoded(recording: Path) -> Floats:
    """Return a recording as one channel of ``RATE_HZ`` samples a second, -1..1."""
    sound = ffmpeg.input(name_of(recording)).audio
    graph = sound.output("pipe:1", format="f32le", acodec="pcm_f32le", ac=1, ar=RATE_HZ)
    output = run_ffmpeg(graph, what="the recording", deadline_s=DEADLINE_S).output
    return np.frombuffer(output, "<f4")


def _power(samples: Floats, rate_hz: int) -> Floats:
    """Return the power spectrum of each window; high tones are raised, as an ear does."""
    raised = np.append(samples[:1], samples[1:] - np.float32(0.97) * samples[:-1])
    hop, length = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    size = 512 if length <= 512 else 1024
    padded = np.pad(raised, (length // 2, length))
    windows = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    windows = windows[: len(samples) // hop]
    shape = np.hanning(length).astype(np.float32)
    power = np.empty((len(windows), size // 2 + 1), np.float32)
    for start in range(0, len(windows), 1000):  # a long recording needs no more memory at once
        part = slice(start, start + 1000)
        power[part] = np.abs(np.fft.rfft(windows[part] * shape, size)) ** 2
    return power


def _shapes(power: Floats, rate_hz: int, tract: float) -> Floats:
    """Return the shape of each spectrum and how it changes, all numbers about as large."""
    bands = np.log(power @ _bank(rate_hz, power.shape[1], tract) + 1e-8)
    bands = np.maximum(bands, bands.max() - FLOOR_NEPERS)
    place = np.arange(BANDS)[:, None] + 0.5
    cosines = np.cos(np.pi / BANDS * place * np.arange(SHAPES)) * np.sqrt(2 / BANDS)
    loudness = bands.mean(1)
    spoken = loudness > np.percentile(loudness, 95) - 6
    shapes = np.clip(_even(bands @ cosines, spoken), -4, 4)
    edged = np.pad(shapes, ((2, 2), (0, 0)), mode="edge")
    slopes = (2 * (edged[4:] - edged[:-4]) + edged[3:-1] - edged[1:-3]) / 10
    slopes /= slopes[spoken].std(0) + 1e-6
    return np.hstack([shapes, slopes]).astype(np.float32)


def _even(values: NDArray[np.float64], spoken: NDArray[np.bool_]) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = values - values[spoken].mean(0)
    even: NDArray[np.float64] = centred / (values[spoken].std(0) + 1e-6)
    return even


def _bank(rate_hz: int, bins: int, tract: float) -> Floats:
    """Return the weights of bands (bins × bands), of a voice with another vocal tract."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1) * tract
    hertz = np.arange(bins)[:, None] * rate_hz / 2 / (bins - 1)
    left, top, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (hertz - left) / (top - left), (right - hertz) / (right - top)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _unlike(ours: Floats, theirs: Floats) -> float:
    """Return how unlike two recordings are, coarsely; of a long one by its beginning."""
    share = min(1.0, 6000 / len(ours))
    first, second = (each[: round(len(each) * share)] for each in (ours, theirs))
    return lay(pooled(first, COARSE), pooled(second, COARSE)).distance


def _most_unlike(ours: Floats, theirs: Floats, way: Way) -> tuple[float, int]:
    """Return how unlike two recordings are over the worst seconds of a way, and their window."""
    apart = np.sqrt(((ours - theirs[(way.first + way.last) // 2]) ** 2).sum(1))
    length = min(len(apart), round(STRETCH_S / HOP_S))
    means = np.convolve(apart, np.full(length, 1 / length), "valid")
    worst = int(means.argmax())
    return float(means[worst]), worst + length // 2


def _quiet(samples: Floats) -> NDArray[np.bool_]:
    """Tell for each window whether it is quiet."""
    hop = round(HOP_S * RATE_HZ)
    parts = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level = 10 * np.log10((parts**2).mean(1) + 1e-12)
    quiet: NDArray[np.bool_] = level < np.percentile(level, 95) - QUIET_DB
    return quiet


def _moved(words: Sequence[Word], way: Way, quiet: NDArray[np.bool_]) -> tuple[Word, ...]:
    """Return words with the times that a way leads to, none begun or ended in a pause."""
    most = len(way.first) - 1
    spans = []
    for word in words:
        start = int(way.last[min(most, round(word.start_s / HOP_S))])
        stop = max(start, int(way.first[min(most, round(word.stop_s / HOP_S))]))
        spans.append(_within_sound(start, stop, quiet))
    nexts = [*(start for start, _ in spans[1:]), most + len(quiet)]
    return tuple(
        Word(word.text, round(start * HOP_S, 3), round(max(start, min(stop, after)) * HOP_S, 3))
        for word, (start, stop), after in zip(words, spans, nexts, strict=True)
    )


def _within_sound(start: int, stop: int, quiet: NDArray[np.bool_]) -> tuple[int, int]:
    """Return a span without the quiet at its ends, unless all of it is quiet."""
    loud = np.flatnonzero(~quiet[start:stop])
    if not len(loud):
        return start, stop
    return start + int(loud[0]), start + int(loud[-1]) + 1
