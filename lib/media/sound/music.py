"""A music bed for a length of time, alone or under a voice, as a stream of ffmpeg's graph.

Used by ``video.py`` and whoever makes radio; what comes out goes on to ``mastering.py``. A
bed begins on a downbeat and ends on its last chord. Under a voice it steps back by a known number
of decibels: along the windows of speech where those are known, which cannot pump; else by the
voice itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg

from lib.media.runner.inputs import PROBED_BYTES, name_of
from lib.media.sound import beats, loudness
from lib.media.sound.beats import EDGE_S, Part
from lib.media.sound.loudness import RATE_HZ
from lib.media.sound.speech import Window

#: Loudness at which voice and bed are mixed, LUFS each; mastering comes after.
MIX_LUFS = -18.0
#: How far the bed stands back while somebody speaks, dB.
DUCK_DB = 11.0
#: How long it takes to step back and to return, seconds: back before the word, return after it.
STEP_BACK_S, RETURN_S = 0.25, 0.6
#: A pause shorter than this between two words is none: the bed would only breathe.
HOLD_S = 0.4
#: Fades of a bed whose beats nobody knows, seconds.
FADE_IN_S, FADE_OUT_S = 0.4, 1.5
#: Decoded before a cut, seconds: the first frame that a decoder gives lacks its forerunner.
PREROLL_S = 0.5
#: Samples for which one gain holds: 1.3 ms, so that no step of a fade is heard.
_GRAIN = 64
#: A voice as the key is made even first, so that loud and soft words push the bed back alike;
#: the threshold then gives ``DUCK_DB``, within 1 dB for every voice that was measured.
_EVEN_KEY = {"limit": 0.25, "level": 0, "attack": 5, "release": 300}
_KEY_GAIN_DB = 20
_SIDECHAIN = {"threshold": 0.033, "ratio": 4, "attack": 40, "release": 900, "knee": 6}


def bed(file: Path, seconds: float) -> Any:
    """Return a bed of exactly ``seconds``, stereo at 48 kHz, faded at both ends."""
    grid = beats.grid_of(file)
    if grid is None:
        sound = loudness.even(ffmpeg.input(name_of(file)).audio).filter("atrim", end=seconds)
        fade_in_s, fade_out_at_s = (
            min(FADE_IN_S, seconds / 4),
            seconds - min(FADE_OUT_S, seconds / 2),
        )
    else:
        arranged = beats.arrange(grid, seconds)
        sound = _joined(file, arranged.parts)
        fade_in_s, fade_out_at_s = arranged.fade_in_s, arranged.fade_out_at_s
    sound = sound.filter("apad", whole_dur=seconds).filter("atrim", end=seconds)
    fade_out = {"start_time": fade_out_at_s, "duration": seconds - fade_out_at_s, "curve": "hsin"}
    return sound.filter("afade", type="in", duration=fade_in_s).filter(
        "afade", type="out", **fade_out
    )


def _joined(file: Path, parts: Sequence[Part]) -> Any:
    """Play parts one after another; each runs into the next for the length of an edge."""
    last = len(parts) - 1
    streams = [
        _cut(file, part, more_s=EDGE_S if number < last else 0.0, number=number)
        for number, part in enumerate(parts)
    ]
    sound = streams[0]
    for stream in streams[1:]:
        sound = ffmpeg.filter(
            [sound, stream], "acrossfade", duration=EDGE_S, curve1="qsin", curve2="qsin"
        )
    return sound


def _cut(file: Path, part: Part, *, more_s: float, number: int = 0) -> Any:
    """Return a part of a bed; ``number`` tells it from another that is the same."""
    length_s = part.stop_s - part.start_s + more_s
    before_s = min(PREROLL_S, part.start_s)
    taken = {"ss": part.start_s - before_s, "t": length_s + before_s + 0.1}
    opened = ffmpeg.input(name_of(file), probesize=PROBED_BYTES + number, **taken)
    cut = loudness.even(opened.audio).filter("atrim", start=before_s, duration=length_s)
    return cut.filter("asetpts", "PTS-STARTPTS")


def under_voice(
    voice: Path,
    bed_file: Path,
    *,
    seconds: float,
    starts_s: float = 0.0,
    windows: Sequence[Window] | None = None,
) -> Any:
    """Return a voice that starts at ``starts_s`` over a bed of ``seconds``, both at one loudness.

    ``windows`` are the stretches of speech in seconds of the voice; None when they are not known.
    Raises ToolFailed for a voice or bed that cannot be read.
    """
    spoken, played = levelled(voice, bed_file, seconds=seconds, starts_s=starts_s)
    if windows is None:
        halves = spoken.filter_multi_output("asplit", 2)
        spoken, key = halves.stream(0), halves.stream(1)
        lowered = pushed_back(played, key)
    else:
        moved = [Window(one.start_s + starts_s, one.stop_s + starts_s) for one in windows]
        lowered = stepped_back(played, moved)
    return together(spoken, lowered)


def levelled(
    voice: Path, bed_file: Path, *, seconds: float, starts_s: float = 0.0
) -> tuple[Any, Any]:
    """Return a voice that starts at ``starts_s`` and a bed, both of ``seconds`` at ``MIX_LUFS``."""
    gain_db = MIX_LUFS - loudness.measure(voice).lufs
    spoken = placed(voice, seconds=seconds, starts_s=starts_s).filter("volume", f"{gain_db:.2f}dB")
    played = bed(bed_file, seconds)
    gain_db = MIX_LUFS - loudness.survey(played).loudness.lufs
    return spoken, played.filter("volume", f"{gain_db:.2f}dB")


def placed(voice: Path, *, seconds: float, starts_s: float) -> Any:
    """Return a voice that starts at ``starts_s`` in a stream of ``seconds``."""
    spoken = loudness.even(ffmpeg.input(name_of(voice)).audio)
    spoken = spoken.filter("adelay", delays=round(starts_s * 1000), all=1)
    return spoken.filter("apad", whole_dur=seconds).filter("atrim", end=seconds)


def together(spoken: Any, lowered: Any) -> Any:
    """Return a voice and what lies under it as one stream."""
    return ffmpeg.filter([spoken, lowered], "amix", inputs=2, duration="first", normalize=0)


def pushed_back(sound: Any, key: Any) -> Any:
    """Return a stream that a voice at ``MIX_LUFS`` pushes back by about ``DUCK_DB``."""
    even_key = key.filter("volume", f"{_KEY_GAIN_DB}dB").filter("alimiter", **_EVEN_KEY)
    return ffmpeg.filter([sound, even_key], "sidechaincompress", **_SIDECHAIN)


def stepped_back(sound: Any, windows: Sequence[Window]) -> Any:
    """Return a stream that is ``DUCK_DB`` quieter in windows, on ramps that are even in dB."""
    if not windows:
        return sound
    even = sound.filter("asetnsamples", n=_GRAIN, p=0)
    return even.filter("volume", envelope(windows), eval="frame").filter(
        "asetnsamples", n=1024, p=0
    )


def envelope(windows: Sequence[Window]) -> str:
    """Return the gain over time as an expression of ``t``; windows in order, seconds."""
    held: list[Window] = []
    for window in windows:
        near = held and window.start_s - held[-1].stop_s < STEP_BACK_S + RETURN_S + HOLD_S
        if near:
            held[-1] = Window(held[-1].start_s, window.stop_s)
        else:
            held.append(window)
    ramps = [
        f"clip(min((t-{one.start_s - STEP_BACK_S:.3f})/{STEP_BACK_S},"
        f"({one.stop_s + RETURN_S:.3f}-t)/{RETURN_S}),0,1)"
        for one in held
    ]
    return f"pow(10,{-DUCK_DB / 20:.4f}*({'+'.join(ramps)}))"


def silence(seconds: float) -> Any:
    """Return a stream of silence, stereo at 48 kHz."""
    source = f"anullsrc=r={RATE_HZ}:cl=stereo"
    return ffmpeg.input(source, format="lavfi", t=seconds).audio
