"""Sounds for tests and benches, made from arithmetic alone: speech-like voices, and hostile ones.

A voice is a glottal pulse train through three formants, in syllables with pauses between phrases.
"""

from __future__ import annotations

import math
import random
import wave
from array import array
from pathlib import Path

RATE_HZ = 48_000
#: Formants of five vowels, Hz, and how wide each rings.
_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
)
_WIDTHS = (90, 110, 150)
#: Voices by name: peak of the file (of 1), and how far single syllables stand out.
KINDS = {"normal": (0.6, 1.0), "spiky": (0.95, 6.0), "quiet": (0.03, 1.0)}


def voice(seconds: float, kind: str = "normal", rate_hz: int = RATE_HZ) -> array[float]:
    """Return speech-like samples within -1 and 1; the same for the same arguments."""
    rng = random.Random(kind)
    peak, spike = KINDS[kind]
    out = array("d", bytes(8 * round(seconds * rate_hz)))
    at = 0.0
    while at < seconds:
        for _ in range(rng.randint(3, 9)):
            length = rng.uniform(0.12, 0.26)
            loud = rng.uniform(0.5, 1.0) * (spike if rng.random() < 0.04 else 1.0)
            _syllable(out, round(at * rate_hz), length, loud, rng, rate_hz)
            at += length * 0.95
        at += rng.uniform(0.3, 0.7)
    highest = max(map(abs, out))
    return array("d", (value / highest * peak for value in out))


def _syllable(
    out: array[float], start: int, length_s: float, loud: float, rng: random.Random, rate_hz: int
) -> None:
    """Add one syllable: pulses and some breath through resonators that ring at the formants."""
    count = min(round(length_s * rate_hz), len(out) - start)
    formants = rng.choice(_VOWELS)
    taps = []
    for hertz, width in zip(formants, _WIDTHS, strict=True):
        radius = math.exp(-math.pi * width / rate_hz)
        taps.append((2 * radius * math.cos(math.tau * hertz / rate_hz), -radius * radius))
    past = [[0.0, 0.0] for _ in taps]
    phase, pitch = 0.0, rng.uniform(95, 140)
    for i in range(count):
        phase += pitch * (1 - 0.1 * i / count) / rate_hz
        pulse = 0.0
        if phase >= 1:
            phase -= 1
            pulse = 1.0
        source = pulse + rng.uniform(-0.004, 0.004)
        total = 0.0
        for weight, (a, b), state in zip((1.0, 0.5, 0.25), taps, past, strict=True):
            value = source + a * state[0] + b * state[1]
            state[1], state[0] = state[0], value
            total += weight * value
        swell = math.sin(math.pi * i / count) ** 0.5 if count else 0.0
        out[start + i] += loud * swell * total


def tone(seconds: float, hertz: float = 440.0, peak: float = 0.5) -> array[float]:
    step = math.tau * hertz / RATE_HZ
    return array("d", (peak * math.sin(step * i) for i in range(round(seconds * RATE_HZ))))


def write(
    file: Path,
    *channels: array[float],
    rate_hz: int = RATE_HZ,
    gain: float = 1.0,
    offset: float = 0.0,
) -> Path:
    """Write 16-bit channels; what exceeds full scale is cut off, as a recorder would."""
    mixed = array("h")
    for values in zip(*channels, strict=True):
        for value in values:
            mixed.append(max(-32768, min(32767, round((value * gain + offset) * 32767))))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(len(channels))
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(mixed.tobytes())
    return file
