"""Bring a sound to a loudness and under a peak: gain, a limiter, and a look at the result.

Reels and radio use the same way with another target. What comes out is what was measured in the
finished file, decoded again, and never what was hoped for: the gain is stepped until the meter
agrees. The limiter sees four samples for each, because the peak between two samples counts too.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from lib.core.errors import ToolFailed
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import MAX_SECONDS, name_of
from lib.media.sound import loudness
from lib.media.sound.loudness import RATE_HZ, Loudness, Survey

#: Distance from the target that a finished file may show, LU: the meter rounds to tenths, so that
#: the true distance is below 0.2.
WITHIN_LU = 0.11
#: Drafts, and again renders, before a sound is given up: each costs a hundredth of its length.
MOST_RENDERS = 12
#: Most that a peak may be pressed down, dB: what is left beyond has no likeness to what was.
MOST_LIMITED_DB = 30.0
#: What is taken off a limit beyond what a codec's decoder put above it, dB.
PAST_DB = 0.1
#: Seconds that one render may take.
DEADLINE_S = 120.0
#: Largest change of gain in one step, dB: a limiter that works hard answers with little.
MOST_STEP_DB = 12.0
#: The limiter's times, ms: it looks ahead as long as it attacks.
ATTACK_MS, RELEASE_MS = 5, 60
#: What the way back to 48 kHz may add to a limited peak, dB.
RESAMPLE_DB = 0.15
#: Nothing that is heard lies below; a constant offset would take room from the limiter.
LOWEST_HZ = 20
#: Samples that the limiter sees for each: the peak between two of them counts too.
OVERSAMPLING = 4


@dataclass(frozen=True, slots=True)
class Target:
    """What is wanted: integrated loudness and the highest true peak."""

    lufs: float
    ceiling_dbtp: float = -1.0


REEL = Target(-14.0)
RADIO = Target(-16.0)


@dataclass(frozen=True, slots=True)
class _Coding:
    options: dict[str, Any]
    #: What its decoder may add to a peak, dB; 0 where it changes nothing.
    headroom_db: float


_CODINGS = {
    ".wav": _Coding({"acodec": "pcm_s24le"}, 0.0),
    ".m4a": _Coding({"acodec": "aac", "audio_bitrate": "160k"}, 0.4),
    ".mp3": _Coding({"acodec": "libmp3lame", "audio_bitrate": "192k"}, 0.4),
}


@dataclass(frozen=True, slots=True)
class Mastered:
    """What was made, as it was measured in the finished file."""

    lufs: float
    true_peak_dbtp: float
    lra_lu: float
    seconds: float
    #: How it was made: what was added, and whether the limiter had to work.
    gain_db: float
    limited: bool
    renders: int

    def facts(self) -> dict[str, Any]:
        """Return it as facts of an object."""
        return asdict(self)


class _Unreached(ToolFailed):
    """A sound that cannot be so loud below so low a peak."""


def master(
    sound: Any, file: Path, target: Target, *, found: Survey | None = None, or_nearest: bool = False
) -> Mastered:
    """Write a stream of a graph to a file (.wav, .m4a or .mp3), stereo at 48 kHz, at a loudness.

    ``found`` is its survey, for who has it already. With ``or_nearest`` what cannot be that loud is
    made as loud as it can be, for a sound that nobody could record again.
    Raises ToolFailed naming what is wrong with a sound that is silent, clipped, too short or too
    long, or that cannot be that loud below that peak.
    """
    coding = _CODINGS[file.suffix]
    found = found or loudness.survey(sound)
    refuse(found)
    try:
        return _Work(sound, file, target, found.loudness, coding).done()
    except _Unreached:
        if not or_nearest:
            raise
    return _Work(sound, file, target, found.loudness, coding).loudest()


def refuse(found: Survey) -> None:
    """Raise ToolFailed for a sound that no master can be made of, in words."""
    level = found.loudness
    if level.seconds < loudness.SHORTEST_S:
        told = (
            f"is {level.seconds:.1f} s long; nothing below {loudness.SHORTEST_S} s has a loudness"
        )
    elif level.seconds >= MAX_SECONDS:
        told = f"is longer than {MAX_SECONDS // 3600} hours; cut it into parts"
    elif level.lufs < loudness.SILENT_LUFS:
        told = f"is silent ({level.lufs:.0f} LUFS); record it again, or give another file"
    elif found.clipped:
        told = (
            f"is clipped: {found.clipped:.2%} of its samples stand flat at full scale;"
            " record it again with less gain"
        )
    else:
        return
    raise ToolFailed("mastering", f"the sound {told}")


@dataclass(slots=True)
class _Work:
    """One sound on its way to a target."""

    sound: Any
    file: Path
    target: Target
    before: Loudness
    coding: _Coding
    gain_db: float = 0.0
    renders: int = 0

    def done(self) -> Mastered:
        """Find the gain by drafts where the limiter has to work, then write the file."""
        limit_db = self._first_limit_db()
        self.gain_db = self.target.lufs - self.before.lufs
        if self._limits(limit_db):
            self._step(limit_db, None)
        return self._told(self._step(limit_db, self.file), limit_db)

    def loudest(self) -> Mastered:
        """Write the file as loud as its peaks allow."""
        limit_db = self._first_limit_db()
        wanted_db = self.target.lufs - self.before.lufs
        self.gain_db = min(wanted_db, limit_db + MOST_LIMITED_DB - self.before.true_peak_dbtp)
        for _ in range(MOST_RENDERS):
            made = self._render(limit_db, self.file)
            over_db = made.true_peak_dbtp - self.target.ceiling_dbtp
            if over_db <= 0:
                return self._told(made, limit_db)
            limit_db -= over_db + PAST_DB
        raise self._failed(made)

    def _first_limit_db(self) -> float:
        return self.target.ceiling_dbtp - self.coding.headroom_db - RESAMPLE_DB

    def _told(self, made: Loudness, limit_db: float) -> Mastered:
        how = (round(self.gain_db, 2), self._limits(limit_db), self.renders)
        return Mastered(made.lufs, made.true_peak_dbtp, made.lra_lu, made.seconds, *how)

    def _step(self, limit_db: float, file: Path | None) -> Loudness:
        """Step the gain along the line through the last two results until the meter agrees."""
        last_gain, last_lufs = 0.0, self.before.lufs
        for _ in range(MOST_RENDERS):
            made = self._render(limit_db, file)
            missing_lu = self.target.lufs - made.lufs
            over_db = made.true_peak_dbtp - self.target.ceiling_dbtp if file else 0.0
            if abs(missing_lu) <= WITHIN_LU and over_db <= 0:
                return made
            limit_db -= over_db + PAST_DB if over_db > 0 else 0.0
            moved = self.gain_db - last_gain
            # Two results that lie close differ by the meter's rounding as much as by the gain.
            slope = (made.lufs - last_lufs) / moved if abs(moved) > 0.5 else 1.0
            last_gain, last_lufs = self.gain_db, made.lufs
            step = missing_lu / min(1.0, max(0.1, slope))
            self.gain_db += min(MOST_STEP_DB, max(-MOST_STEP_DB, step))
            if self.before.true_peak_dbtp + self.gain_db - limit_db > MOST_LIMITED_DB:
                break
        raise self._failed(made)

    def _limits(self, limit_db: float) -> bool:
        return self.before.true_peak_dbtp + self.gain_db > limit_db

    def _render(self, limit_db: float, file: Path | None) -> Loudness:
        """Render with the meter on it: into a file, or as a draft, which knows no peak."""
        self.renders += 1
        sound = loudness.even(self.sound).filter("highpass", f=LOWEST_HZ)
        sound = sound.filter("volume", f"{self.gain_db:.3f}dB")
        if self._limits(limit_db):
            sound = limited(sound, limit_db, oversampled=file is not None)
        coded = file is not None and self.coding.headroom_db > 0
        if not coded:
            sound = loudness.metered(sound, peaks=file is not None)
        if file is None:
            graph = sound.output("-", format="null")
        else:
            graph = sound.output(name_of(file), ar=RATE_HZ, **self.coding.options)
        done = run_ffmpeg(graph, what="the limiter", deadline_s=DEADLINE_S)
        if file and coded:  # what its decoder makes of it is what is heard
            return loudness.measure(file)
        return loudness.read(done.words, peaks=file is not None)

    def _failed(self, made: Loudness) -> ToolFailed:
        wanted = f"{self.target.lufs:g} LUFS below {self.target.ceiling_dbtp:g} dBTP"
        reached = f"{made.lufs:g} LUFS"
        if not math.isnan(made.true_peak_dbtp):  # a draft knows none
            reached += f" and {made.true_peak_dbtp:g} dBTP"
        words = f"the sound cannot be brought to {wanted}: it came to {reached}"
        return _Unreached("mastering", words)


def limited(sound: Any, limit_db: float, *, oversampled: bool = True) -> Any:
    """Return a 48 kHz stream whose peaks, those between samples too, stay below a limit in dB.

    What is not oversampled costs a third and keeps to the limit by its samples alone.
    """
    rate_hz = RATE_HZ * (OVERSAMPLING if oversampled else 1)
    late = rate_hz * ATTACK_MS // 1000 - 1
    limits = {"limit": f"{10 ** (limit_db / 20):.6f}", "attack": ATTACK_MS, "release": RELEASE_MS}
    sound = sound.filter("aresample", rate_hz) if oversampled else sound
    sound = sound.filter("apad", pad_len=late).filter("alimiter", level=0, **limits)
    sound = sound.filter("atrim", start_sample=late).filter("asetpts", "PTS-STARTPTS")
    return sound.filter("aresample", RATE_HZ) if oversampled else sound


def master_file(source: Path, file: Path, target: Target) -> Mastered:
    """Master one file into another; see ``master``."""
    return master(ffmpeg.input(name_of(source)).audio, file, target)
