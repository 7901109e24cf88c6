"""The one form of a clip that can be joined by copying: how it is encoded, and how it is read.

``ingest.py`` brings every film into it, ``join.py`` encodes the frames between two clips in it. The
headers of all such streams are the same bytes, so that a decoder notices no join. Sound is kept
without loss, so that it can be cut to the sample and is encoded once, at the very end.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed
from lib.media.runner.ffmpeg_run import run_ffprobe
from lib.media.runner.mp4_output import COLOURS
from lib.media.sound.loudness import RATE_HZ

#: Ticks of a second: a whole number for a frame of every rate.
TIMESCALE = 15_360
RATES = (24, 30, 60)
#: No header depends on what is seen (``stitchable``), and no frame on what lies before a key frame.
#: The number of threads is part of it: with another one the same frames become other bytes.
VIDEO: dict[str, Any] = {
    "vcodec": "libx264",
    "preset": "veryfast",
    "pix_fmt": "yuv420p",
    "x264-params": "stitchable=1:open-gop=0",
    "video_track_timescale": TIMESCALE,
    **COLOURS,
}
AUDIO: dict[str, Any] = {"acodec": "alac", "sample_fmt": "s16p", "ar": RATE_HZ}
#: Seconds that it may take to read the index of a clip.
READ_S = 60.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip in this form."""

    file: Path
    width: int
    height: int
    fps: int
    frames: int
    #: Frames at which it may be cut, as their numbers.
    key_frames: frozenset[int]
    #: Digest of the headers that a decoder is set up with.
    headers: str

    @property
    def samples(self) -> int:
        """Return the length of its sound at 48 kHz."""
        return self.frames * RATE_HZ // self.fps


def read(file: Path, name: str) -> Clip:
    """Return a clip; ``name`` is what an error calls it.

    Raises ToolFailed for a film that is not in this form, telling that it must be ingested.
    """
    wanted = ("-show_streams", "-show_data_hash", "SHA256")
    packets = ("-show_entries", "packet=stream_index,pts,flags")
    try:
        told = run_ffprobe(file, *wanted, *packets, deadline_s=READ_S)
    except ToolFailed as error:
        if not error.permanent:
            raise
        raise ToolFailed("stitch", f"{name} cannot be read: ingest it again") from error
    streams = {stream["codec_type"]: stream for stream in reversed(told["streams"])}
    video, sound = streams.get("video"), streams.get("audio")
    if video is None or sound is None:
        what = "picture" if video is None else "sound"
        raise ToolFailed("stitch", f"{name} has no {what}: ingest it first")
    fps = _fps(video)
    for what, found, right in _form(video, sound, fps):
        if found != right:
            raise ToolFailed("stitch", f"{name} has {what} {found}, not {right}: ingest it first")
    own = [p for p in told["packets"] if p["stream_index"] == video["index"]]
    times = sorted(packet["pts"] for packet in own)
    step = TIMESCALE // fps
    if times[0] != 0 or any(after - before != step for before, after in itertools.pairwise(times)):
        raise ToolFailed("stitch", f"{name} has uneven frames: ingest it first")
    keys = frozenset(p["pts"] // step for p in own if p["flags"].startswith("K"))
    size = (video["width"], video["height"])
    return Clip(file, *size, fps, len(own), keys, str(video.get("extradata_hash")))


def _fps(video: dict[str, Any]) -> int:
    over, under = (int(part) for part in video["r_frame_rate"].split("/"))
    return over // under if under and over % under == 0 else 0


def _form(
    video: dict[str, Any], sound: dict[str, Any], fps: int
) -> list[tuple[str, object, object]]:
    """Return what must be so: its name, what was found, and what is right."""
    colours = "/".join(
        video.get(tag, "unknown")
        for tag in ("color_primaries", "color_transfer", "color_space", "color_range")
    )
    rate = video["r_frame_rate"].removesuffix("/1")
    rates = rate if fps in RATES else " or ".join(map(str, RATES))
    return [
        ("the codec", video["codec_name"], "h264"),
        ("a frame rate of", rate, rates),
        ("a clock of", video["time_base"], f"1/{TIMESCALE}"),
        ("the pixel format", video.get("pix_fmt"), "yuv420p"),
        ("the colours", colours, "bt709/bt709/bt709/tv"),
        ("the sound codec", sound["codec_name"], "alac"),
        ("a sound rate of", sound.get("sample_rate"), str(RATE_HZ)),
        ("this many channels:", sound.get("channels"), 2),
    ]
