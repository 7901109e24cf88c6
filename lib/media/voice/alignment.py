"""The ``align`` tool, forced alignment: when each word of a text is spoken in a recording of it.

A voice of ours reads the same text, and knows when each of its words comes. The two recordings
are laid over each other by what their spectra look like without pitch and loudness, and the words'
times go along. The voice's vocal tract is made longer or shorter until it resembles the speaker's.
What knows its own times, as our voices do, needs none of this.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

Samples = NDArray[np.int16]
RATE_HZ, FULL_SCALE = 16_000, 32_768
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
#: Windows of the beginning by which the speaker's throat is found; and that are worked on at once.
BEGINNING, AT_ONCE = 6000, 1000
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
    read = read_aloud(Params(text=text, language=language))
    takes_s, rate_hz = read.seconds, read.rate_hz
    ours = np.frombuffer(b"".join(read.samples), "<i2")
    read = dataclasses.replace(read, samples=())  # which are there once more
    heard = decoded(recording, PACES[1] * takes_s + 1.0)
    if not len(heard) or max(int(heard.max()), -int(heard.min())) < FULL_SCALE / 1000:
        raise ToolFailed("align", "the recording is silent; give one of the text being spoken")
    seconds = len(heard) / RATE_HZ
    if not PACES[0] < seconds / takes_s < PACES[1]:
        long = "longer than" if seconds > takes_s else "only"
        seconds = min(seconds, PACES[1] * takes_s)
        told = f"the recording is {long} {seconds:.0f} s, and the text takes about {takes_s:.0f}"
        raise ToolFailed("align", f"{told}; give the text of all that is said, and no other")
    tract = _tract(ours, rate_hz, heard)
    there = _shapes(_bands(_powers(heard, RATE_HZ), RATE_HZ, 1.0))
    here = _shapes(_bands(_powers(ours, rate_hz), rate_hz, tract))
    del ours
    way = warp(here, there)
    unlike, window = _most_unlike(here, there, way)
    if unlike > MOST_UNLIKE:
        near = " ".join(w.text for w in read.words if abs(w.start_s - window * HOP_S) < STRETCH_S)
        told = f"the recording does not say the text near “{near[:60]}”"
        raise ToolFailed("align", f"{told}; give the words that are spoken")
    words = _moved(read.words, way, _quiet(heard))
    return Aligned(words, round(unlike, 2), round(seconds, 3), read.language)


def decoded(recording: Path, most_s: float) -> Samples:
    """Return the first ``most_s`` of a recording as one channel of ``RATE_HZ`` samples a second."""
    sound = ffmpeg.input(name_of(recording), t=round(most_s, 3)).audio
    graph = sound.output("pipe:1", format="s16le", acodec="pcm_s16le", ac=1, ar=RATE_HZ)
    output = run_ffmpeg(graph, what="the recording", deadline_s=DEADLINE_S).output
    return np.frombuffer(output, "<i2")


def _tract(ours: Samples, rate_hz: int, heard: Samples) -> float:
    """Return the length of vocal tract at which our voice is least unlike, by their beginnings."""
    share = min(1.0, BEGINNING * HOP_S * rate_hz / max(1, len(ours)))
    theirs = _powers(heard[: round(len(heard) * share)], RATE_HZ)
    there = pooled(_shapes(_bands(theirs, RATE_HZ, 1.0)), COARSE)
    own = list(_powers(ours[: round(len(ours) * share)], rate_hz))
    found = {one: pooled(_shapes(_bands(own, rate_hz, one)), COARSE) for one in TRACTS}
    return min(TRACTS, key=lambda one: lay(found[one], there).distance)


def _powers(samples: Samples, rate_hz: int) -> Iterator[Floats]:
    """Yield the power spectra of windows, some at once; high tones are raised, as an ear does."""
    hop, length = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    size = 512 if length <= 512 else 1024
    shape = np.hanning(length).astype(np.float32)
    count = len(samples) // hop
    for first in range(0, count, AT_ONCE):
        last = min(count, first + AT_ONCE)
        start, stop = first * hop - length // 2 - 1, (last - 1) * hop - length // 2 + length
        part = samples[max(0, start) : max(0, stop)].astype(np.float32) / np.float32(FULL_SCALE)
        before = max(0, -start)
        part = np.pad(part, (before, max(0, stop - start - before - len(part))))
        raised = part[1:] - np.float32(0.97) * part[:-1]
        windows = np.lib.stride_tricks.sliding_window_view(raised, length)[::hop]
        yield (np.abs(np.fft.rfft(windows * shape, size)) ** 2).astype(np.float32)


def _bands(powers: Iterable[Floats], rate_hz: int, tract: float) -> Floats:
    """Return how loud the bands of each window are, in nepers of power (windows × bands)."""
    parts = [
        np.log(power @ _bank(rate_hz, power.shape[1], tract) + np.float32(1e-8)) for power in powers
    ]
    return np.concatenate(parts) if parts else np.empty((0, BANDS), np.float32)


def _shapes(bands: Floats) -> Floats:
    """Return the shape of each spectrum and how it changes, all numbers about as large."""
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


def _most_unlike(ours: Floats, theirs: Floats, way: Way) -> tuple[float, int]:
    """Return how unlike two recordings are over the worst seconds of a way, and their window."""
    apart = np.sqrt(((ours - theirs[(way.first + way.last) // 2]) ** 2).sum(1))
    length = min(len(apart), round(STRETCH_S / HOP_S))
    means = np.convolve(apart, np.full(length, 1 / length), "valid")
    worst = int(means.argmax())
    return float(means[worst]), worst + length // 2


def _quiet(samples: Samples) -> NDArray[np.bool_]:
    """Tell for each window whether it is quiet."""
    hop = round(HOP_S * RATE_HZ)
    parts = samples[: len(samples) // hop * hop].reshape(-1, hop)
    power = np.empty(len(parts))
    for start in range(0, len(parts), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        power[some] = ((parts[some] / FULL_SCALE) ** 2).mean(1)
    level = 10 * np.log10(power + 1e-12)
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
