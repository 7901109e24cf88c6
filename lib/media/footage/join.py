"""Join clips of one form into a film: only the frames between two clips are encoded anew.

Called by ``stitch.py``. Bodies are copied from key frame to key frame, the few frames of each
transition are made of both clips, and all sounds are joined to the sample and encoded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ffmpeg

from lib.media.footage import mezzanine
from lib.media.footage.mezzanine import Clip
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import PROBED_BYTES, name_of
from lib.media.runner.mp4_output import BOXES
from lib.media.sound import loudness
from lib.media.sound.loudness import RATE_HZ

Kind = Literal[
    "cut",
    "fade",
    "fadeblack",
    "fadewhite",
    "wipeleft",
    "wiperight",
    "wipeup",
    "wipedown",
    "slideleft",
    "slideright",
    "slideup",
    "slidedown",
    "smoothleft",
    "smoothright",
    "smoothup",
    "smoothdown",
    "circleopen",
]
#: What moves across the frame starts and stops softly; what only mixes is even.
_EVEN = ("fadeblack", "fadewhite")
#: Nothing of this reaches the headers: with so few frames and so much change from one to the next
#: a search that looks further finds nothing.
_BRISK = f"{mezzanine.VIDEO['x264-params']}:b-adapt=0:rc-lookahead=8:me=dia:subme=1"
#: Transitions that are made at the same time; each keeps one core busy.
AT_ONCE = 2
#: As good as the clips beside it.
QUALITY = 18
#: Seconds that one transition, and that cutting or joining files may take.
MIX_S, COPY_S, SOUND_S = 60.0, 120.0, 120.0
#: Length over which a sound comes and goes at a hard cut, samples: 4 ms, so that nothing clicks.
SOFT_SAMPLES = 192
#: Samples of nothing that an AAC encoder begins with. They are taken off the sound before, so that
#: it is with the picture although no list of edits hides them.
PRIMING_SAMPLES = 1024


@dataclass(frozen=True, slots=True)
class Join:
    """What is between two clips: how long it takes of both, in frames; 0 for a cut."""

    kind: Kind
    frames: int


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of one clip, from its first frame to before its last."""

    clip: Clip
    first: int
    stop: int

    @property
    def frames(self) -> int:
        """Return its length."""
        return self.stop - self.first


def bodies(clips: Sequence[Clip], joins: Sequence[Join]) -> list[Part]:
    """Return what is copied of each clip: all that no transition takes."""
    heads = [0, *(join.frames for join in joins)]
    tails = [*(join.frames for join in joins), 0]
    return [
        Part(clip, head, clip.frames - tail)
        for clip, head, tail in zip(clips, heads, tails, strict=True)
    ]


def pictures(clips: Sequence[Clip], joins: Sequence[Join], folder: Path) -> Path:
    """Write the parts of a film without sound; return the list that names them in order."""
    parts = bodies(clips, joins)
    names = [f"body-{number:03}.mp4" for number in range(len(parts))]
    order: list[str] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(_copy, parts, [folder / name for name in names])]
        for number, part in enumerate(parts):
            order += [names[number]] if part.frames else []
            if number < len(joins) and joins[number].frames:
                order.append(f"join-{number:03}.mp4")
                pair = (clips[number], clips[number + 1])
                runs.append(pool.submit(_mix, *pair, joins[number], folder / order[-1]))
        try:
            for run in runs:
                run.result()
        finally:
            pool.shutdown(cancel_futures=True)
    listed = folder / "parts.ffconcat"
    # Names of our own making: no other word can get into the list.
    listed.write_text("ffconcat version 1.0\n" + "".join(f"file {name}\n" for name in order))
    return listed


def _opened(part: Part, **options: Any) -> Any:
    """Open the pictures of a part of a clip at its first frame, which is a key frame."""
    start_s = f"{part.first / part.clip.fps:.6f}"
    return ffmpeg.input(name_of(part.clip.file), ss=start_s, **options).video


def _copy(parts: Sequence[Part], files: Sequence[Path]) -> None:
    """Copy parts of clips into files of their own, in one run."""
    copies = [
        ffmpeg.output(
            _opened(part),
            name_of(file),
            vcodec="copy",
            video_track_timescale=mezzanine.TIMESCALE,
            **{"frames:v": part.frames},
        )
        for part, file in zip(parts, files, strict=True)
        if part.frames
    ]
    if copies:
        graph = ffmpeg.merge_outputs(*copies)
        run_ffmpeg(graph, what="the copy of the clips", deadline_s=COPY_S)


def _mix(before: Clip, after: Clip, join: Join, file: Path) -> None:
    """Encode the frames of one transition."""
    seconds, fps = join.frames / before.fps, before.fps
    tail = _opened(Part(before, before.frames - join.frames, before.frames), threads=1)
    head = _opened(Part(after, 0, join.frames), t=f"{seconds:.6f}", threads=1)
    mixed = _mixed(tail, head, join, seconds).filter("setpts", f"N/({fps}*TB)")
    graph = mixed.output(
        name_of(file),
        r=fps,
        crf=QUALITY,
        threads=1,
        filter_complex_threads=1,
        **{"frames:v": join.frames, **mezzanine.VIDEO, "x264-params": _BRISK},
    )
    run_ffmpeg(graph, what="a transition", deadline_s=MIX_S)


def _mixed(tail: Any, head: Any, join: Join, seconds: float) -> Any:
    """Return the pictures of a transition."""
    if join.kind == "fade":  # the same as xfade's, at a third of the time
        veil = head.filter("format", "yuva420p").filter("fade", type="in", d=seconds, alpha=1)
        return ffmpeg.overlay(tail, veil, format="yuv420")
    if join.kind not in _EVEN:
        along = f"(N/{join.frames})"
        eased = f"{seconds}*{along}*{along}*(3-2*{along})/TB"
        tail, head = (side.filter("settb", "AVTB").filter("setpts", eased) for side in (tail, head))
    return ffmpeg.filter([tail, head], "xfade", transition=join.kind, duration=seconds, offset=0)


def sounds(clips: Sequence[Clip], joins: Sequence[Join], file: Path) -> int:
    """Write the sounds of all clips as one (.wav), the film's less the priming; return its samples.

    Clips lie in turns on two lanes, so that neighbours overlap; then the lanes are mixed. (What
    fades one stream into the next in one filter loses sound when it gets both at once.)
    """
    taken = [0, *(join.frames * RATE_HZ // clips[0].fps for join in joins), 0]
    starts = [0]
    for clip, overlap in zip(clips, taken[1:], strict=True):
        starts.append(starts[-1] + clip.samples - overlap)
    placed = []
    for number, clip in enumerate(clips):
        sound = _own_sound(clip, number, taken[number], taken[number + 1])
        if number + 2 < len(clips):
            gap = starts[number + 2] - starts[number] - clip.samples
            sound = sound.filter("apad", pad_len=gap) if gap else sound
        placed.append(sound)
    if len(clips) > 1:
        placed[1] = placed[1].filter("adelay", delays=f"{starts[1]}S", all=1)
    lanes = [ffmpeg.concat(*lane, v=0, a=1) for lane in (placed[::2], placed[1::2]) if lane]
    mixed = ffmpeg.filter(lanes, "amix", inputs=len(lanes), normalize=0)
    mixed = mixed.filter("atrim", start_sample=PRIMING_SAMPLES).filter("asetpts", "PTS-STARTPTS")
    graph = mixed.output(name_of(file), acodec="pcm_s24le")
    run_ffmpeg(graph, what="the joined sound", deadline_s=SOUND_S)
    return starts[-1] - PRIMING_SAMPLES


def _own_sound(clip: Clip, number: int, fade_in: int, fade_out: int) -> Any:
    """Return what a clip sounds like, coming and going over so many samples."""
    # Opened for each place: one that comes twice would be read for both at once, and held.
    opened = ffmpeg.input(name_of(clip.file), probesize=PROBED_BYTES + number)
    sound = loudness.even(opened.audio)
    sound = sound.filter("apad", whole_len=clip.samples).filter("atrim", end_sample=clip.samples)
    lengths = [length or SOFT_SAMPLES for length in (fade_in, fade_out)]
    sound = sound.filter("afade", type="in", ns=lengths[0], curve="qsin")
    begin = clip.samples - lengths[1]
    return sound.filter("afade", type="out", ss=begin, ns=lengths[1], curve="qsin")


def film(listed: Path, sound: Path, seconds: float, file: Path) -> None:
    """Write the parts of a list and a sound as one film, copying both."""
    # The headers of all parts are the same, so nothing needs to be converted.
    video = ffmpeg.input(name_of(listed), format="concat", auto_convert=0).video
    graph = ffmpeg.output(
        video,
        ffmpeg.input(name_of(sound)).audio,
        name_of(file),
        vcodec="copy",
        acodec="copy",
        t=f"{seconds:.6f}",
        video_track_timescale=mezzanine.TIMESCALE,
        map_metadata=-1,
        **BOXES,
    )
    run_ffmpeg(graph, what="the joined film", deadline_s=COPY_S)
