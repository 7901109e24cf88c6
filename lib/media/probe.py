"""Measure a file: what it really is, by decoding all of it.

The facts are those of ``lib/core/checks.py``. Lengths come from the packets that are there and
not from what a header promises, so a file that was cut short is found out.
"""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

from lib.core.errors import ToolFailed, Unavailable, machine_fault
from lib.media.binaries import find
from lib.media.ffmpeg_run import run
from lib.media.inputs import guarded_input

#: Seconds that one measurement may take; a 30 s reel decodes in about 4 s.
DEADLINE_S = 90.0
#: Width and height of the small grey frames that the spread is measured on, px.
_FRAME = 32
_LUFS = re.compile(r"I:\s+(-?[\d.]+) LUFS")
_PEAK = re.compile(r"Peak:\s+(-?[\d.]+) dBFS")

Facts = dict[str, Any]


def probe(file: Path, media_type: str) -> Facts:
    """Return the facts of a file; ``unreadable`` says why bad bytes cannot be measured.

    Raises Unavailable when the file is not there or the measuring itself was cut off.
    """
    try:
        size = file.stat().st_size
    except OSError as error:
        raise Unavailable(f"{file.name} cannot be opened: {error.strerror}") from error
    if size == 0:
        return {"unreadable": "0 bytes"}
    if media_type.startswith("image/"):
        return _image(file)
    if media_type == "application/json":
        return _document(file)
    return _film(file)


def _image(file: Path) -> Facts:
    from lib.media import pictures

    try:
        picture = pictures.load(file)
        found = pictures.media_type_of(file)
    except (OSError, ValueError) as error:
        if lacking := machine_fault(error):
            raise Unavailable(f"{file.name} cannot be measured: {lacking}") from error
        return {"unreadable": f"{type(error).__name__}: {error}".replace(str(file), "the file")}
    return {
        "media_type": found,
        "width": picture.width,
        "height": picture.height,
        "spread": pictures.spread(picture),
    }


def _document(file: Path) -> Facts:
    try:
        entries = json.loads(file.read_bytes())["entries"]
        return {"media_type": "application/json", "entries": len(entries)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return {"unreadable": f"no sealed document: {error}"}


def _film(file: Path) -> Facts:
    try:
        return _measured(file)
    except ToolFailed as error:
        if not error.permanent:  # killed or out of time, which says nothing about the bytes
            raise Unavailable(str(error)) from error
        return {"unreadable": str(error).replace(str(file), "the file")}
    except (ValueError, KeyError, struct.error) as error:
        return {"unreadable": f"no film or sound that makes sense: {error!r}"}


def _measured(file: Path) -> Facts:
    told, _ = run(
        [
            *(find().ffprobe, "-v", "error", "-of", "json", "-count_packets"),
            *("-show_streams", "-show_format", *guarded_input(file)),
        ],
        what="ffprobe",
        deadline_s=DEADLINE_S,
    )
    streams = json.loads(told)["streams"]
    frames, messages = _decode(file, {stream["codec_type"] for stream in streams})
    facts: Facts = {"media_type": _kind(file), "faststart": _is_faststart(file)}
    for stream in streams:
        if stream["codec_type"] == "video":
            facts |= _video(stream)
        elif stream["codec_type"] == "audio":
            facts |= _audio(stream)
    if "seconds" not in facts and "audio_seconds" in facts:
        facts["seconds"] = facts["audio_seconds"]
    if frames:
        facts["spread"] = _spread(frames)
    loudness, peak = _LUFS.findall(messages), _PEAK.findall(messages)
    facts |= {"lufs": float(loudness[-1])} if loudness else {}
    facts |= {"true_peak_dbtp": float(peak[-1])} if peak else {}
    return facts


def _decode(file: Path, kinds: set[str]) -> tuple[bytes, str]:
    """Decode everything; return one small grey frame a second, and the loudness meter's words."""
    command = [
        find().ffmpeg,
        "-hide_banner",
        "-nostdin",
        "-nostats",
        "-xerror",
        *guarded_input(file),
    ]
    if "video" in kinds:
        shape = f"fps=1,scale={_FRAME}:{_FRAME}:flags=area,format=gray"
        command += ["-map", "0:v:0", "-vf", shape, "-f", "rawvideo", "pipe:1"]
    if "audio" in kinds:
        command += ["-map", "0:a:0", "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    return run(command, what="ffmpeg", deadline_s=DEADLINE_S)


def _video(stream: dict[str, Any]) -> Facts:
    over, under = (int(part) for part in stream["r_frame_rate"].split("/"))
    fps = over / under if under else 0.0
    frames = int(stream.get("nb_read_packets", 0))
    return {
        "width": stream["width"],
        "height": stream["height"],
        "fps": round(fps, 3),
        "frames": frames,
        "seconds": round(frames / fps, 3) if fps else 0.0,
        "video_codec": stream["codec_name"],
        "pixel_format": stream.get("pix_fmt", "unknown"),
    }


def _audio(stream: dict[str, Any]) -> Facts:
    seconds = float(stream.get("duration", 0.0))
    return {"audio_codec": stream["codec_name"], "audio_seconds": round(seconds, 3)}


def _spread(frames: bytes) -> float:
    """Return the mean spread of the small frames (standard deviation of luma)."""
    size = _FRAME * _FRAME
    values = []
    for start in range(0, len(frames) - size + 1, size):
        pixels = frames[start : start + size]
        mean = sum(pixels) / size
        values.append((sum((pixel - mean) ** 2 for pixel in pixels) / size) ** 0.5)
    return round(sum(values) / len(values), 2) if values else 0.0


def _kind(file: Path) -> str:
    """Return the media type by the container's own mark."""
    with file.open("rb") as stream:
        head = stream.read(12)
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] == b"M4A" else "video/mp4"
    return "audio/wav" if head[:4] == b"RIFF" else "application/octet-stream"


def _is_faststart(file: Path) -> bool:
    """Tell whether the index (moov) stands before the media (mdat), so that playing can start."""
    with file.open("rb") as stream:
        while len(head := stream.read(8)) == 8:
            size, name = struct.unpack(">I4s", head)
            if name in (b"moov", b"mdat"):
                return bool(name == b"moov")
            if size == 1:
                size = struct.unpack(">Q", stream.read(8))[0] - 8
            if size < 8:
                return False
            stream.seek(size - 8, 1)
    return False
