"""Films: encode frames as they are composed, and join parts and sound without encoding again.

Used by ``video.py``. The settings are those measured best for slow zooms: forced B frames
carry the move for almost no bytes. Every film begins with a key frame and refers to nothing
outside itself, so films of the same settings can be joined by copying.
"""

from __future__ import annotations

import ctypes
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from lib.core.errors import StudioError
from lib.media.reel.planes import Frame
from lib.media.runner.ffmpeg_run import Pipe, run_ffmpeg
from lib.media.runner.inputs import LISTS, name_of
from lib.media.runner.mp4_output import BOXES, COLOURS

#: Frames in memory: one is composed, one written, one is still read from, one bridges bursts.
AHEAD = 4
#: Seconds that a join may take: it copies some megabytes.
JOIN_S = 60.0
#: Without frames that wait for a thread of its own to look ahead: 40 MB less.
X264 = {
    "vcodec": "libx264",
    "preset": "veryfast",
    "crf": 18,
    "pix_fmt": "yuv420p",
    "x264-params": "me=dia:subme=1:bframes=5:b-adapt=0:sync-lookahead=0",
}
#: Threads of the encoder for a whole film, and for each of several parts made side by side.
#: Left to itself it takes as many as fit the machine, and with their number its bytes change.
WHOLE, PART = 3, 1
Compose = Callable[[int, Frame], None]


@dataclass(frozen=True, slots=True)
class Form:
    """What a film is like: size in px, frames per second, and the encoder's threads."""

    size: tuple[int, int]
    fps: int
    threads: int = WHOLE


def encode(compose: Compose, numbers: range, form: Form, file: Path) -> None:
    """Write the frames of those numbers to a film without sound.

    Raises ToolFailed when the encoder fails; what ``compose`` raises goes through.
    """
    width, height = form.size
    raw = {"format": "rawvideo", "pix_fmt": "yuv420p", "s": f"{width}x{height}", "r": form.fps}
    video = ffmpeg.input("pipe:0", **raw, **COLOURS).video
    coding = {**X264, **COLOURS, "threads": form.threads}
    options = {**coding, "movflags": "+negative_cts_offsets", "use_editlist": 0}
    _give_back()
    # Alive until the encoder has read the last one: it reads from their memory.
    frames = [Frame(form.size) for _ in range(AHEAD)]
    pipe = Pipe.ffmpeg(video.output(name_of(file), **options), what="the encoder")
    try:
        _feed(pipe, compose, numbers, frames)
        pipe.finish()
    except BaseException:
        pipe.kill()
        raise


def _give_back() -> None:
    """Return freed memory to the system: pictures that are gone would go on counting as ours."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
    if trim:
        trim(0)


def _feed(pipe: Pipe, compose: Compose, numbers: range, frames: Sequence[Frame]) -> None:
    """Compose in this thread and write in another, so that both cores work.

    The same few frames go round, so that no memory is asked for while the film is made. The
    encoder reads from their own memory: one is composed anew only after the next was written.
    """
    free: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    ready: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
    failures: list[Exception] = []

    def write() -> None:
        lent: Frame | None = None
        while (frame := ready.get()) is not None:
            try:
                if not failures:  # else only hand the frames back: the composer waits for them
                    pipe.write(frame.data)
            except (StudioError, OSError) as error:  # raised again where frames are composed
                failures.append(error)
            if lent is not None:
                free.put(lent)
            lent = frame

    for frame in frames:
        free.put(frame)
    writer = threading.Thread(target=write, name="encoder-feed")
    writer.start()
    try:
        for number in numbers:
            frame = free.get()
            if failures:
                break
            compose(number, frame)
            ready.put(frame)
    finally:
        ready.put(None)
        writer.join()
    if failures:
        raise failures[0]


def join(parts: Sequence[Path], sound: Path, seconds: float, file: Path, workdir: Path) -> None:
    """Write films one after another as one, with a sound, ready for the platforms.

    Nothing is encoded again. Raises ToolFailed when the films do not fit together.
    """
    names = workdir / "parts.ffconcat"
    names.write_text("\n".join(["ffconcat version 1.0", *map(_named, parts), ""]))
    video = ffmpeg.input(name_of(names), format=LISTS, safe=0).video
    heard = ffmpeg.input(name_of(sound)).audio
    graph = ffmpeg.output(video, heard, name_of(file), t=seconds, c="copy", **BOXES)
    run_ffmpeg(graph, what="the joiner", deadline_s=JOIN_S)


def _named(part: Path) -> str:
    """Return the line of a list that names a film, whatever its folder is called."""
    return "file '" + name_of(part).replace("'", "'\\''") + "'"
