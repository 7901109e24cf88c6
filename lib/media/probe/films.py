"""Measure a film or a sound: what its packets, its boxes, its pixels and its samples say.

Called by the probe. Lengths come from the packets that are there and not from what a header
promises. Everything is decoded once; pictures are looked at four times a second and very small,
which costs next to nothing beside the decoding.
"""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageStat

from lib.media.probe import mp4_boxes
from lib.media.runner.binaries import find
from lib.media.runner.ffmpeg_run import run
from lib.media.runner.inputs import guarded_input

#: Seconds that one measurement may take; a 30 s reel decodes in about 4 s.
DEADLINE_S = 90.0
#: Packets that are read at most, of picture and sound together: an hour of both.
MAX_PACKETS = 300_000
#: Width and height of the small grey pictures, px, and how many are looked at in a second.
SIDE, RATE = 48, 4
#: Small pictures that are looked at, at most: ten minutes. No header makes us hold more.
MAX_LOOKS = 600 * RATE
#: Of a black picture nearly all is darker than this (0..255).
DARK, NEARLY_ALL = 40, 0.98
#: Share of a small picture that the slowest camera changes within a second, and a still does not.
LEAST_CHANGE = 0.02
#: Sound below this for longer than this is silence.
SILENCE = "noise=-50dB:duration=0.5"
_LUFS = re.compile(r"I:\s+(-?[\d.]+) LUFS")
_PEAK = re.compile(r"Peak:\s+(-?[\d.]+) dBFS")
_SILENT = re.compile(r"silence_duration: ([\d.]+)")

Facts = dict[str, Any]
Packets = list[dict[str, Any]]


def measure(file: Path) -> Facts:
    """Return the facts of a film or a sound.

    Raises ToolFailed when it cannot be decoded, ValueError or KeyError when it makes no sense.
    """
    boxes = mp4_boxes.read(file)
    kind = kind_of(file)
    if kind.endswith("/mp4") and boxes.cut_short:
        raise ValueError("it was cut short")
    told = _told(file)
    streams = {stream["codec_type"]: stream for stream in reversed(told["streams"])}
    pixels, messages = _decode(file, set(streams))
    facts: Facts = {"media_type": kind, "faststart": boxes.faststart}
    facts["edit_list"] = boxes.edit_list
    ends = {}
    for name, measured in (("video", _video), ("audio", _audio)):
        if name in streams:
            own = [p for p in told["packets"] if p["stream_index"] == streams[name]["index"]]
            facts |= measured(streams[name], own)
            ends[name] = _end_s(streams[name], own)
    if "video" in streams:
        facts |= _seen(pixels, facts["seconds"])
    if "audio" in streams:
        facts |= _heard(messages, facts["audio_seconds"])
        facts.setdefault("seconds", facts["audio_seconds"])
    if len(ends) == 2:
        facts["drift_s"] = round(abs(ends["video"] - ends["audio"]), 4)
    return facts


def _told(file: Path) -> dict[str, Any]:
    """Return what ffprobe says of streams and packets."""
    output, _ = run(
        [
            *(find().ffprobe, "-v", "error", "-of", "json", "-show_streams"),
            *("-show_entries", "packet=stream_index,pts,duration"),
            *("-read_intervals", f"%+#{MAX_PACKETS}", *guarded_input(file)),
        ],
        what="ffprobe",
        deadline_s=DEADLINE_S,
    )
    told: dict[str, Any] = json.loads(output)
    return {"streams": told["streams"], "packets": told.get("packets", [])}


def _decode(file: Path, kinds: set[str]) -> tuple[bytes, str]:
    """Decode everything; return the small grey pictures, and what the meters of sound say.

    In one thread and without the loop filter, which only smooths: both together save a quarter
    of the processor's time.
    """
    command = [find().ffmpeg, "-hide_banner", "-nostdin", "-nostats", "-xerror"]
    command += ["-skip_loop_filter", "all", "-threads", "1", *guarded_input(file)]
    if "video" in kinds:
        shape = f"fps={RATE},scale={SIDE}:{SIDE}:flags=area,format=gray"
        command += ["-map", "0:v:0", "-vf", shape, "-frames:v", str(MAX_LOOKS)]
        command += ["-f", "rawvideo", "pipe:1"]
    if "audio" in kinds:
        meters = f"silencedetect={SILENCE},ebur128=peak=true:framelog=verbose"
        command += ["-map", "0:a:0", "-af", meters, "-f", "null", "-"]
    return run(command, what="ffmpeg", deadline_s=DEADLINE_S)


def _video(stream: dict[str, Any], packets: Packets) -> Facts:
    over, under = (int(part) for part in stream["r_frame_rate"].split("/"))
    fps = over / under if under else 0.0
    tags = ("color_primaries", "color_transfer", "color_space", "color_range")
    turned = any(side.get("rotation") for side in stream.get("side_data_list", []))
    square = stream.get("sample_aspect_ratio", "1:1") in ("1:1", "0:1")
    return {
        "width": stream["width"],
        "height": stream["height"],
        "fps": round(fps, 3),
        "frames": len(packets),
        "seconds": round(len(packets) / fps, 3) if fps else 0.0,
        "steady": _is_steady(packets),
        "upright": square and not turned,
        "video_codec": stream["codec_name"],
        "video_profile": stream.get("profile", "unknown"),
        "level": stream.get("level", 0),
        "pixel_format": stream.get("pix_fmt", "unknown"),
        "colours": "/".join(stream.get(tag, "unknown") for tag in tags),
    }


def _is_steady(packets: Packets) -> bool:
    """Tell whether frames follow each other evenly, within one tick of the clock."""
    times = sorted(packet["pts"] for packet in packets if "pts" in packet)
    steps = [after - before for before, after in itertools.pairwise(times)]
    return len(times) == len(packets) and (not steps or max(steps) - min(steps) <= 1)


def _audio(stream: dict[str, Any], packets: Packets) -> Facts:
    start = min((packet["pts"] for packet in packets if "pts" in packet), default=0)
    seconds = _end_s(stream, packets) - start * _tick_s(stream)
    return {"audio_codec": stream["codec_name"], "audio_seconds": round(max(0.0, seconds), 3)}


def _tick_s(stream: dict[str, Any]) -> float:
    over, under = (int(part) for part in stream["time_base"].split("/"))
    return over / under


def _end_s(stream: dict[str, Any], packets: Packets) -> float:
    """Return where the last packet of a stream ends, in seconds."""
    ends = [packet["pts"] + packet.get("duration", 0) for packet in packets if "pts" in packet]
    return max(ends, default=0) * _tick_s(stream)


def _seen(pixels: bytes, seconds: float) -> Facts:
    """Return what the small pictures show: contrast, light and motion."""
    size = SIDE * SIDE
    looks = [
        Image.frombytes("L", (SIDE, SIDE), pixels[at : at + size])
        for at in range(0, len(pixels) - size + 1, size)
    ]
    if not looks:
        return {}
    spreads = [ImageStat.Stat(look).stddev[0] for look in looks]
    lit = sum(sum(look.histogram()[:DARK]) < NEARLY_ALL * size for look in looks)
    # Against the picture of a second before: one step of a slow camera is too small to be seen.
    apart = max(1, min(RATE, len(looks) - 1))
    pairs = list(zip(looks, looks[apart:], strict=False))
    still = [ImageChops.difference(*pair).histogram()[0] for pair in pairs]
    moving = sum(same <= (1 - LEAST_CHANGE) * size for same in still)
    return {
        "spread": round(sum(spreads) / len(spreads), 2),
        "lit_s": round(seconds * lit / len(looks), 3),
        "moving_s": round(seconds * moving / max(1, len(pairs)), 3),
    }


def _heard(messages: str, seconds: float) -> Facts:
    silent = sum(float(length) for length in _SILENT.findall(messages))
    facts: Facts = {"heard_s": round(max(0.0, seconds - silent), 3)}
    loudness, peak = _LUFS.findall(messages), _PEAK.findall(messages)
    facts |= {"lufs": float(loudness[-1])} if loudness else {}
    facts |= {"true_peak_dbtp": float(peak[-1])} if peak else {}
    return facts


def kind_of(file: Path) -> str:
    """Return the media type by the container's own mark."""
    with file.open("rb") as stream:
        head = stream.read(12)
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] == b"M4A" else "video/mp4"
    return "audio/wav" if head[:4] == b"RIFF" else "application/octet-stream"
