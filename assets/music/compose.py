"""Compose the music beds of this folder: chords, a soft piano, bass and brushes, from sums of sines.

    python assets/music/compose.py [path of ffmpeg]      writes daybreak, drift and momentum .m4a
                                                     and beds.json, where their beats lie

Everything follows from the tables below and a fixed seed; no sample and no tune of others is
used. The room is a convolution with decaying noise. Needs the standard library and ffmpeg.
"""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

RATE = 32_000  # Hz; nothing in here sounds above 12 kHz
TARGET_LUFS = -18.0
CEILING = 0.76  # of full scale: leaves the encoder's overshoot below -1.5 dBTP
TAIL = 4.0  # seconds in which the last chord fades
TABLE = 4096
STEP = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
Track = tuple[array, array]


@dataclass(frozen=True)
class Piece:
    """One bed: its bars (bass note first), and what plays over them."""

    bpm: float
    chords: str  # bars parted by |
    melody: str  # chord tones by eighths of a bar; - rests
    bass: str  # "long" or "pulse"
    drums: bool
    bright: float  # 0..1: how much the piano and the pads ring


PIECES = {
    "daybreak": Piece(
        80,
        "C2 E4 G4 B4 D5|A1 E4 G4 B4 C5|F1 E4 G4 A4 C5|G1 D4 G4 A4 C5|" * 2
        + "E2 D4 G4 B4 D5|A1 E4 G4 C5 E5|F1 E4 A4 C5 G5|C2 E4 G4 D5 G5",
        "0213213-0132-321", "long", True, 0.55,
    ),
    "drift": Piece(
        200 / 3,
        "D2 F#4 A4 C#5 E5|B1 F#4 A4 D5 E5|G1 F#4 A4 B4 D5|A1 E4 A4 B4 D5|" * 2
        + "G1 F#4 B4 D5 A5|D2 F#4 A4 E5 A5",
        "0-2-3--13-1-2---", "long", False, 0.4,
    ),
    "momentum": Piece(
        100,
        "E2 D4 G4 B4 F#5|C2 E4 G4 B4 D5|G1 D4 G4 B4 D5|D2 F#4 A4 D5 E5|" * 3
        + "C2 E4 G4 B4 D5|D2 F#4 A4 D5 E5|G1 D4 G4 B4 D5|E2 E4 G4 B4 E5",
        "0121312102321232", "pulse", True, 0.8,
    ),
}


def hertz(name: str) -> float:
    """Return the frequency of a note such as ``F#4``."""
    letter, sharp, octave = re.fullmatch(r"([A-G])(#?)(\d)", name).groups()
    return 440.0 * 2 ** ((STEP[letter] + bool(sharp) - 9) / 12 + int(octave) - 4)


def add(track: Track, start: float, sound: array, gain: float, pan: float) -> None:
    """Mix a mono sound into the track from ``start`` s, at equal power between -1 and 1."""
    first = round(start * RATE)
    angle = (pan + 1) * math.pi / 4
    for side, share in zip(track, (math.cos(angle) * gain, math.sin(angle) * gain)):
        for number, value in enumerate(sound[: len(side) - first], first):
            side[number] += value * share


def pad(frequency: float, seconds: float, bright: float, seed: float) -> array:
    """A warm chord tone: two slightly detuned partial stacks, swelling and ebbing."""
    weights = [1 / n ** (2.4 - bright) for n in range(1, 8)]
    partials = list(enumerate(weights, 1))
    table = [sum(w * math.sin(math.tau * n * i / TABLE) for n, w in partials) for i in range(TABLE)]
    count = round(seconds * RATE)
    attack, release = 0.9 * RATE, 1.3 * RATE
    out = array("d", bytes(8 * count))
    for cents in (-5.0, 4.0):
        turn = frequency * 2 ** (cents / 1200) * TABLE / RATE
        place = seed * TABLE
        for i in range(count):
            level = min(1.0, i / attack, (count - i) / release)
            out[i] += table[int(place) % TABLE] * level * level * (3 - 2 * level)
            place += turn
    return out


def piano(frequency: float, bright: float) -> array:
    """A soft electric piano: a tone that starts a little sharp-edged and mellows."""
    count = round(2.6 * RATE)
    w = math.tau * frequency / RATE
    out = array("d", bytes(8 * count))
    for i in range(count):
        t = i / RATE
        edge = (0.7 + 1.3 * bright) * math.exp(-t * 5)
        ring = 0.16 * bright * math.exp(-t * 14) * math.sin(w * 7 * i)
        body = math.sin(w * i + edge * math.sin(w * i)) + 0.25 * math.sin(w * 2 * i) * edge
        fade = min(1.0, i / 160) * math.exp(-t * 2.0) * min(1.0, (count - i) / 3200)
        out[i] = (body + ring) * fade
    return out


def bass(frequency: float, seconds: float) -> array:
    """A round low note."""
    count = round(seconds * RATE)
    w = math.tau * frequency / RATE
    return array("d", (
        (math.sin(w * i) + 0.35 * math.sin(2 * w * i) + 0.12 * math.sin(3 * w * i))
        * min(1.0, i / 800, (count - i) / 2400) * math.exp(-1.1 * i / RATE)
        for i in range(count)
    ))


def kick() -> array:
    """A soft low drum whose pitch falls."""
    out, phase = array("d"), 0.0
    for i in range(round(0.32 * RATE)):
        t = i / RATE
        phase += math.tau * (46 + 75 * math.exp(-t * 32)) / RATE
        out.append(math.sin(phase) * math.exp(-t * 11) * min(1.0, i / 60) * min(1.0, (0.32 - t) * 60))
    return out


def brush(rng: random.Random, seconds: float) -> array:
    """A breath of noise without lows."""
    out, low, count = array("d"), 0.0, round(seconds * RATE)
    for i in range(count):
        noise = rng.uniform(-1, 1)
        low += 0.45 * (noise - low)
        out.append((noise - low) * min(1.0, i / 90) * (1 - i / count) ** 3)
    return out


def play(piece: Piece, rng: random.Random) -> Track:
    """Return the dry mix of a piece, with a tail for its last chord to fade."""
    bars = [bar.split() for bar in piece.chords.split("|")]
    beat, last = 60 / piece.bpm, len(bars) - 1
    count = round((len(bars) * 4 * beat + TAIL) * RATE)
    track: Track = (array("d", bytes(8 * count)), array("d", bytes(8 * count)))
    notes: dict[float, array] = {}
    for number, (root, *tones) in enumerate(bars):
        start, calm = number * 4 * beat, piece.bass == "long" or number == last
        for place, tone in enumerate(tones):
            length = 4 * beat + (3.0 if number == last else 0.8)
            sound = pad(hertz(tone) / 2, length, piece.bright, rng.random())
            add(track, start, sound, 0.05, (-0.7, 0.5, -0.3, 0.7)[place])
        for at in range(1 if calm else 4):
            add(track, start + at * beat, bass(hertz(root), beat * (4.8 if calm else 1)), 0.3, 0.0)
        for eighth in range(1 if number == last else 8):
            tone = piece.melody[(number * 8 + eighth) % len(piece.melody)]
            if tone == "-" or (number == 0 and eighth % 2):
                continue
            high = hertz(tones[int(tone)]) * (2 if number % 4 == 3 and eighth == 6 else 1)
            sound = notes.setdefault(high, piano(high, piece.bright))
            late = start + eighth * beat / 2 + rng.uniform(0, 0.012)
            add(track, late, sound, rng.uniform(0.22, 0.32), 0.45 * math.sin(number * 8 + eighth))
        if piece.drums and 0 < number < last:
            rhythm(track, start, beat, piece.bass == "pulse", rng)
    return track


def rhythm(track: Track, start: float, beat: float, driving: bool, rng: random.Random) -> None:
    """Play one bar of drum and brushes, the brush louder on two and four."""
    for at in range(0, 4, 1 if driving else 2):
        add(track, start + at * beat, kick(), 0.45, 0.0)
    for eighth in range(0 if driving else 1, 8, 1 if driving else 2):
        strong = eighth % 4 == (2 if driving else 3)
        sound = brush(rng, 0.16 if strong else 0.08)
        add(track, start + eighth * beat / 2, sound, 0.26 if strong else 0.13, 0.35 - eighth % 4 / 4)


def write(file: Path, track: Track) -> None:
    """Write 16-bit stereo, scaled so that its peak is half of full scale."""
    peak = max(max(max(side), -min(side)) for side in track)
    mixed = array("h", (round(v / peak * 16_000) for pair in zip(*track) for v in pair))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(mixed.tobytes())


def hall(rng: random.Random) -> Track:
    """Return the echo of a mid-sized hall: noise that fades, and darkens as it fades."""
    sides = []
    for _ in range(2):
        side, low = array("d"), 0.0
        for i in range(round(2.2 * RATE)):
            t = i / RATE
            low += (0.5 * math.exp(-t * 1.6) + 0.04) * (rng.uniform(-1, 1) - low)
            side.append(low * math.exp(-t * 3.0) * min(1.0, t / 0.02))
        sides.append(side)
    return sides[0], sides[1]


def master(ffmpeg: str, dry: Path, echo: Path, file: Path, seconds: float) -> None:
    """Add the hall, bring the piece to its loudness, and encode it."""
    room = (
        "[0:a]asplit[a][b];[b][1:a]afir=dry=10:wet=10[w];[w]volume=0.45[r];"
        f"[a][r]amix=inputs=2:normalize=0,highpass=f=32,afade=t=out:st={seconds - 3.5}:d=3.5"
    )
    inputs = [ffmpeg, "-y", "-hide_banner", "-nostdin", "-i", str(dry), "-i", str(echo)]
    meter = [*inputs, "-filter_complex", f"{room},ebur128", "-f", "null", "-"]
    told = subprocess.run(meter, check=True, capture_output=True, text=True).stderr
    gain = TARGET_LUFS - float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])
    finish = f"{room},volume={gain:.2f}dB,aresample=192000,alimiter=limit={CEILING}:level=0"
    # Temporal noise shaping is off: before some drums of momentum it left ticks in the coded sound.
    subprocess.run(
        [*inputs, "-v", "error", "-filter_complex", f"{finish},aresample=48000", "-c:a", "aac",
         "-b:a", "128k", "-aac_tns", "0", "-map_metadata", "-1", "-fflags", "+bitexact",
         "-flags:a", "+bitexact", "-movflags", "+faststart", str(file)],
        check=True,
    )


def grids() -> dict[str, dict[str, float]]:
    """Return where the beats of every piece lie: whoever cuts or fades a bed does it there."""
    return {
        name: {
            "bpm": piece.bpm, "beats_per_bar": 4, "bars": piece.chords.count("|") + 1,
            "first_downbeat_s": 0.0, "tail_s": TAIL,
        }
        for name, piece in PIECES.items()
    }


def main() -> None:
    """Compose every piece beside this file, and write down their beats."""
    Path(__file__).with_name("beds.json").write_text(json.dumps(grids(), indent=2) + "\n")
    ffmpeg = sys.argv[1] if len(sys.argv) > 1 else shutil.which("ffmpeg") or "ffmpeg"
    with tempfile.TemporaryDirectory() as folder:
        dry, echo = Path(folder, "dry.wav"), Path(folder, "echo.wav")
        write(echo, hall(random.Random("hall")))
        for name, piece in PIECES.items():
            track = play(piece, random.Random(name))
            write(dry, track)
            master(ffmpeg, dry, echo, Path(__file__).with_name(f"{name}.m4a"), len(track[0]) / RATE)
            print(name, round(len(track[0]) / RATE, 1), "s")


if __name__ == "__main__":
    main()
