"""What a person's film is before anything is made of it: its shape, length, light and sound.

Asked by ``ingest.py``. What no clip can be made of is refused here, in words that say what to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed
from lib.media.probe import mp4_boxes
from lib.media.probe.films import kind_of
from lib.media.runner.binaries import find
from lib.media.runner.ffmpeg_run import run, run_ffprobe
from lib.media.runner.inputs import MAX_PIXELS

#: Shortest and longest film that a clip is cut from, seconds.
SHORTEST_S, LONGEST_S = 0.2, 3600.0
#: Seconds that it may take to read the index of a film.
READ_S = 90.0
#: Pictures of a film that are read at most: an hour of 60 in a second, and a little more.
MAX_PICTURES = 220_000
#: What ffprobe says of a codec that may not be opened, and of a picture that is too large.
_UNKNOWN = re.compile(r"Codec \((\w+)\) not on whitelist")
_TOO_LARGE = re.compile(r"Picture size (\d+)x(\d+) exceeds")
#: What that is called and what to do, by the kind of codec.
_ADVICE = {
    "V": ("a picture", "save it with H.264 or HEVC"),
    "A": ("a sound", "save it with AAC"),
    "S": ("subtitles", "save it without them"),
}
#: Rows from which on a film of unnamed colours is taken as HD.
HD_ROWS = 720
#: Transfers of high dynamic range, as ffprobe and zscale call them.
HDR = {"smpte2084": "PQ", "arib-std-b67": "HLG"}
#: Matrices of standard definition, which players of HD would show with other colours.
_SD_MATRICES = ("smpte170m", "bt470bg", "fcc")
#: A picture that only Dolby's own decoder can show: it has no base that others understand.
_DOLBY_ONLY = 5


@dataclass(frozen=True, slots=True)
class Footage:
    """A film as it is shown: turned upright, with square pixels."""

    file: Path
    width: int
    height: int
    #: Shown width of one stored px.
    stretch: float
    #: When its first picture is shown, in seconds from the file's start.
    begins_s: float
    seconds: float
    #: When each picture is shown, in seconds from the first one, and of those the key pictures.
    shown_s: tuple[float, ...]
    keys_s: tuple[float, ...]
    has_sound: bool
    interlaced: bool
    #: Name of the transfer when its range is high, else empty.
    hdr: str
    #: Name of the matrix of its colours, as ``scale`` calls it.
    matrix: str
    full_range: bool


def read(file: Path) -> Footage:
    """Return what a film is. Raises ToolFailed in words for what no clip can be made of."""
    told = _told(file)
    pictures = [
        stream
        for stream in told["streams"]
        if stream["codec_type"] == "video" and not stream["disposition"].get("attached_pic")
    ]
    if not pictures:
        raise refused("has no moving picture; give a film")
    video = pictures[0]
    shown = _shown(told.get("packets", []))
    times = [float(packet["pts_time"]) for packet in shown]
    seconds = times[-1] + _step_s(video, shown[-1]) - times[0]
    if not SHORTEST_S <= seconds <= LONGEST_S:
        limits = f"give one of {SHORTEST_S:g} s to {LONGEST_S / 60:g} minutes"
        raise refused(f"is {seconds:.2f} s long; {limits}")
    turned, width, height = _turn(video) % 180 == 90, video["width"], video["height"]
    if width * height > MAX_PIXELS:
        raise refused(_too_large(width, height))
    stretch = _share(video.get("sample_aspect_ratio", "1:1"))
    if turned:
        width, height, stretch = height, width, 1 / stretch
    return Footage(
        file=file,
        width=round(width * stretch),
        height=height,
        stretch=stretch,
        begins_s=max(0.0, times[0] - float(told["format"].get("start_time", 0))),
        seconds=seconds,
        shown_s=tuple(time - times[0] for time in times),
        keys_s=tuple(
            time - times[0]
            for packet, time in zip(shown, times, strict=True)
            if packet["flags"].startswith("K")
        ),
        has_sound=any(s["codec_type"] == "audio" for s in told["streams"]),
        interlaced=video.get("field_order") in ("tt", "bb", "tb", "bt"),
        hdr=_hdr(video),
        matrix=_matrix(video),
        full_range=video.get("color_range") == "pc" or "yuvj" in video.get("pix_fmt", ""),
    )


def refused(words: str) -> ToolFailed:
    """Return the error that says what is wrong with a film."""
    return ToolFailed("ingest", f"the film {words}")


def _told(file: Path) -> dict[str, Any]:
    if kind_of(file).endswith("/mp4") and mp4_boxes.read(file).cut_short:
        raise refused("was cut short; copy it again")
    entries = "packet=pts_time,duration_time,flags:stream_disposition=attached_pic"
    words = ("-show_streams", "-select_streams", "v:0", "-show_entries", entries)
    most = ("-read_intervals", f"%+#{MAX_PICTURES}")
    try:
        told: dict[str, Any] = run_ffprobe(file, "-show_streams", "-show_format", deadline_s=READ_S)
        told["packets"] = run_ffprobe(file, *words, *most, deadline_s=READ_S).get("packets", [])
    except ToolFailed as error:
        if not error.permanent:
            raise
        raise refused(_unread(error.tail)) from error
    if len(told["packets"]) >= MAX_PICTURES:
        raise refused(f"has more than {MAX_PICTURES:,} pictures; cut it into parts")
    return told


def _unread(words: str) -> str:
    """Return what is wrong with a film that ffprobe could not read, by its last words."""
    if size := _TOO_LARGE.search(words):
        return _too_large(int(size[1]), int(size[2]))
    if codec := _UNKNOWN.search(words):
        kind, advice = _ADVICE.get(_kind_of_codec(codec[1]), _ADVICE["V"])
        return f"has {kind} of {codec[1]}; {advice}"
    return "cannot be read; give an MP4 or MOV of a known codec (H.264, HEVC, VP9, AV1), at most 4K"


def _too_large(width: int, height: int) -> str:
    return f"has {width} × {height} px; save it with 4K (4096 × 2160) or less"


def _kind_of_codec(name: str) -> str:
    """Return V, A or S for what a decoder is for, as ffmpeg's own table says; "" for none."""
    table = run([find().ffmpeg, "-hide_banner", "-decoders"], what="ffmpeg", deadline_s=READ_S)[0]
    found = re.search(rf"^ ([VAS])\S{{5}} {re.escape(name)} ", table.decode(), re.MULTILINE)
    return found[1] if found else ""


def _shown(packets: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the pictures that are shown, in the order of their times; no header is believed.

    What was trimmed away and is still in the file has the flag D.
    """
    shown = [p for p in packets if "pts_time" in p and "D" not in p["flags"]]
    if not shown:
        raise refused("has no picture that says when it is shown")
    return sorted(shown, key=lambda packet: float(packet["pts_time"]))


def _step_s(video: dict[str, Any], last: dict[str, str]) -> float:
    """Return how long the last picture is shown."""
    over, under = (int(part) for part in video["avg_frame_rate"].split("/"))
    return float(last.get("duration_time", 0)) or (under / over if over else 0.0)


def _turn(video: dict[str, Any]) -> int:
    """Return by how many degrees it is turned to be shown."""
    told = [side["rotation"] for side in video.get("side_data_list", []) if "rotation" in side]
    turn = round(float(told[0])) if told else 0
    if turn % 90:
        raise refused(f"is turned by {turn}°; turn it by quarters only")
    return turn


def _share(text: str) -> float:
    over, _, under = text.partition(":")
    found = int(over) / int(under) if int(under or 0) else 0.0
    return found if 0.1 <= found <= 10 else 1.0


def _hdr(video: dict[str, Any]) -> str:
    for side in video.get("side_data_list", []):
        if side.get("dv_profile") == _DOLBY_ONLY:
            raise refused("is Dolby Vision without a base for others; export it as HDR10 or SDR")
    transfer = video.get("color_transfer", "")
    return transfer if transfer in HDR else ""


def _matrix(video: dict[str, Any]) -> str:
    told = video.get("color_space", "unknown")
    if told in _SD_MATRICES or (told == "unknown" and video["height"] < HD_ROWS):
        return "bt601"
    return "bt2020" if told.startswith("bt2020") else "bt709"
