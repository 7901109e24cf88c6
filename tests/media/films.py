"""Small films as people bring them, and clips of them: made by ffmpeg's own sources."""

from __future__ import annotations

import json
import struct
import subprocess
import wave
from array import array
from pathlib import Path
from typing import Any

from lib.media.footage import ingest, stitch
from lib.media.room import Room
from lib.media.runner.binaries import find

#: Size of the clips in tests, px.
SIZE = (180, 320)


def ffmpeg(*words: str | Path) -> None:
    command = [find().ffmpeg, "-v", "error", "-nostdin", "-y", *map(str, words)]
    subprocess.run(command, check=True, timeout=120)


def film(
    file: Path,
    *words: str,
    picture: str = "testsrc2=s=320x180:r=30",
    sound: str | None = "sine=f=440:r=44100",
    seconds: float = 2.0,
) -> Path:
    """Write a film of ffmpeg's sources, H.264 unless words say otherwise."""
    sources = ["-f", "lavfi", "-t", f"{seconds}", "-i", picture]
    if sound is not None:
        sources += ["-f", "lavfi", "-t", f"{seconds}", "-i", sound]
    fast = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    ffmpeg(*sources, *fast, *words, file)
    return file


def clip(room: Room, name: str, source: Path | None = None, **params: Any) -> Path:
    """Ingest a film; a small one of a second that differs by its name when none is given."""
    if source is None:
        hue = sum(name.encode()) % 360
        moving = f"testsrc2=s=320x180:r=30,hue=h={hue}"
        source = film(room.workdir / f"{name}-film.mp4", picture=moving, seconds=1.5)
        params = {"seconds": 1.0, **params}
    file = room.workdir / f"{name}.mp4"
    shape = {"width": SIZE[0], "height": SIZE[1], "joins": [8], **params}
    ingest.run(shape, {"film": source}, {"clip": file}, room)
    return file


def stitched(room: Room, clips: list[Path], *joins: dict[str, Any], name: str = "film") -> Path:
    """Stitch clips; one join between each two of them."""
    file = room.workdir / f"{name}.mp4"
    needs = {f"clip_{number}": clip for number, clip in enumerate(clips, start=1)}
    params = {"clips": list(needs), "joins": list(joins)}
    stitch.run(params, needs, {"video": file}, room)
    return file


def packets(file: Path, kind: str = "v") -> list[dict[str, Any]]:
    """Return the packets of a stream as they lie in the file, each with its digest."""
    command = [find().ffprobe, "-v", "error", "-of", "json", "-select_streams", kind]
    command += ["-show_packets", "-show_data_hash", "MD5", str(file)]
    done = subprocess.run(command, capture_output=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)["packets"]
    return found


def colour(file: Path, frame: int, at: tuple[float, float] = (0.5, 0.5)) -> tuple[int, int, int]:
    """Return the mean colour around a place of a frame, as an HD player shows it."""
    return colours(file, frame, at)[0]


def colours(file: Path, frame: int, *places: tuple[float, float]) -> list[tuple[int, int, int]]:
    """Return the mean colours around places (shares of width and height) of a frame."""
    # Four wide and eight high: the mean of an area.
    chosen = f"select=eq(n\\,{frame}),scale=16:16:flags=area:in_color_matrix=bt709,format=rgb24"
    command = [find().ffmpeg, "-v", "error", "-i", str(file), "-vf", chosen, "-frames:v", "1"]
    done = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True)
    data = done.stdout
    spots = [3 * (16 * int(y * 16) + int(x * 16)) for x, y in places]
    return [(data[spot], data[spot + 1], data[spot + 2]) for spot in spots]


def clicks(file: Path, rate_hz: int = 48_000) -> list[float]:
    """Return when the clicks of a film are heard, seconds, by the times that its packets carry."""
    heard = file.with_suffix(".heard.wav")
    ffmpeg(
        "-i", file, "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", str(rate_hz), heard
    )
    with wave.open(str(heard)) as sound:
        samples = array("h", sound.readframes(sound.getnframes()))
    loud, found = 0.3 * max(map(abs, samples)), []
    for number, value in enumerate(samples):
        if abs(value) > loud and (not found or number / rate_hz - found[-1] > 0.1):
            found.append(number / rate_hz)
    return found


def lie_about_size(file: Path, size: tuple[int, int]) -> None:
    """Write another size into the box of a picture's format."""
    data = file.read_bytes()
    at = data.index(b"avc1", data.index(b"stsd")) + 28
    file.write_bytes(data[:at] + struct.pack(">HH", *size) + data[at + 4 :])
