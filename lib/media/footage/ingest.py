"""The ``ingest`` tool: any film of a person's becomes a clip that is joined by copying.

Turned upright, cut to a shape around what people look at, at a steady rate, in the colours of HD,
with key frames where later cuts will be, and with a sound even where there was none.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import ffmpeg
from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media.footage import footage, mezzanine
from lib.media.footage.footage import Footage
from lib.media.footage.reframe import Cut, Fit, reframed
from lib.media.room import Room
from lib.media.runner.ffmpeg_run import run_ffmpeg, run_ffprobe
from lib.media.runner.inputs import name_of
from lib.media.runner.mp4_output import BOXES
from lib.media.sound import loudness, music
from lib.media.sound.loudness import RATE_HZ

#: Encoder's threads: part of the form, for other numbers give other bytes.
THREADS = 4
#: A clip may be encoded once more where two are joined, so it is better than what is watched.
QUALITY = 18
#: Taken off the sound, dB: what a decoder puts above full scale would be cut off.
HEADROOM_DB = 3
#: Share of what is decoded that may be damaged; how ffmpeg ends when it is more.
MOST_DAMAGED, _DAMAGED = 0.02, 69
#: Seconds of a film's end that may be missing, and are filled with its last picture.
FILLED_S = 0.5
#: Seconds that the encoder, and that a look at what it made may take.
MAKE_S, LOOK_S = 540.0, 30.0
#: What one processor needs for a million px of a film of high range and much detail, seconds: to
#: read them, and to map and encode them. As measured on the cloud's size of machine.
READ_S_PER_MPX, MAKE_S_PER_MPX = 0.008, 0.031


class Params(BaseModel):
    """Parameters of one clip; sizes in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: int = Field(default=1080, ge=64, le=2160, multiple_of=2)
    height: int = Field(default=1920, ge=64, le=3840, multiple_of=2)
    fps: Literal[24, 30, 60] = 30
    #: Cut around what stands out; or whole, on black or on its own soft picture.
    fit: Fit = "crop"
    #: Where the clip begins in the film, seconds, and how long it is; None for the rest of it.
    start_s: float = Field(default=0.0, ge=0)
    seconds: float | None = Field(default=None, ge=footage.SHORTEST_S, le=600)
    #: Lengths in frames that a transition at either end may have.
    joins: tuple[int, ...] = Field(default=(15,), max_length=8)


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the clip. Raises ToolFailed in words for a film that no clip can be made of."""
    del room  # nothing of the house's own is put into a person's film
    wanted = Params.model_validate(params)
    film = footage.read(needs["film"])
    frames = _frames(wanted, film)
    _refuse_heavy(wanted, film, frames)
    cut = Cut(film, wanted.start_s, frames / wanted.fps)
    since_s = cut.since(film.shown_s)  # what is on the screen when the clip begins came before
    opened = cut.opened(since_s, more_s=FILLED_S, threads=THREADS)
    lead_s = cut.lead_s(since_s)
    moving = opened.video.filter("setpts", f"PTS-{lead_s:.6f}/TB")
    video = reframed(moving, cut, (wanted.width, wanted.height), wanted.fps, wanted.fit)
    graph = ffmpeg.output(
        video.filter("tpad", stop_mode="clone", stop_duration=FILLED_S),
        _sound(opened.audio if film.has_sound else None, lead_s, frames, wanted.fps),
        name_of(makes["clip"]),
        r=wanted.fps,
        crf=QUALITY,
        threads=THREADS,
        force_key_frames=_cuts(wanted.joins, frames),
        map_metadata=-1,
        **{"frames:v": frames, **mezzanine.VIDEO, **mezzanine.AUDIO, **BOXES},
    )
    _encode(graph.global_args("-max_error_rate", str(MOST_DAMAGED)))
    told = run_ffprobe(makes["clip"], "-show_streams", "-select_streams", "v", deadline_s=LOOK_S)
    count = int(told["streams"][0]["nb_frames"])
    if count != frames:
        raise footage.refused(
            f"is damaged: only {count} of {frames} pictures can be decoded; export it again"
        )


def _encode(graph: Any) -> None:
    try:
        run_ffmpeg(graph, what="the encoder", deadline_s=MAKE_S)
    except ToolFailed as error:
        if f"ended with code {_DAMAGED}" not in str(error):
            raise
        share = f"more than {MOST_DAMAGED:.0%} of it cannot be decoded"
        raise footage.refused(f"is damaged: {share}; export it again") from error


def _frames(wanted: Params, film: Footage) -> int:
    left_s = film.seconds - wanted.start_s
    if left_s < footage.SHORTEST_S:
        raise footage.refused(
            f"is {film.seconds:.2f} s long, so that nothing is left from {wanted.start_s:g} s on;"
            " let the clip begin earlier"
        )
    if wanted.seconds is not None and wanted.seconds > left_s + 1 / wanted.fps:
        raise footage.refused(
            f"has only {left_s:.2f} s left from {wanted.start_s:g} s on,"
            f" not {wanted.seconds:g} s; take less of it"
        )
    if wanted.seconds is None and left_s > 600:
        raise footage.refused(f"is {left_s / 60:.0f} minutes long; name at most 10 minutes of it")
    return max(1, round(min(left_s, wanted.seconds or left_s) * wanted.fps))


def _refuse_heavy(wanted: Params, film: Footage, frames: int) -> None:
    """Raise ToolFailed for more of a film of high range than can be mapped in the time there is.

    Without it the encoder would be ended, and the same begun again each time.
    """
    if not film.hdr:
        return
    stop_s = wanted.start_s + frames / wanted.fps
    pictures = bisect.bisect_left(film.shown_s, stop_s) - bisect.bisect_left(
        film.shown_s, wanted.start_s
    )
    read_s = pictures * film.width / film.stretch * film.height / 1e6 * READ_S_PER_MPX
    need_s = read_s + frames * wanted.width * wanted.height / 1e6 * MAKE_S_PER_MPX
    if need_s > MAKE_S:
        most_s = frames / wanted.fps * MAKE_S / need_s
        raise footage.refused(
            f"has a high range (HDR), of which {most_s:.0f} s can be brought to"
            f" {wanted.width} × {wanted.height} px at {wanted.fps} frames a second, not"
            f" {frames / wanted.fps:.0f} s; take less of it, make it smaller, or save it as SDR"
        )


def _cuts(joins: tuple[int, ...], frames: int) -> str:
    """Return the frames that must be key frames, as an expression of their number."""
    numbers = sorted({at for join in joins for at in (join, frames - join) if 0 < at < frames})
    return "expr:" + ("+".join(f"eq(n,{number})" for number in numbers) or "0")


def _sound(sound: Any, lead_s: float, frames: int, fps: int) -> Any:
    """Return the sound, stereo, exactly as long as the picture; silence where there is none.

    What lies before the cut, ``lead_s`` of it, is left out.
    """
    samples = frames * RATE_HZ // fps
    if sound is None:
        return music.silence(frames / fps)
    sound = sound.filter("atrim", start=f"{lead_s:.6f}")
    sound = sound.filter("asetpts", f"PTS-{lead_s:.6f}/TB")
    # Gaps in its times are filled, so that it stays with the picture.
    sound = sound.filter("aresample", RATE_HZ, **{"async": 1, "first_pts": 0})
    sound = loudness.even(sound).filter("volume", f"-{HEADROOM_DB}dB")
    return sound.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)
