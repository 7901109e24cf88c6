"""The ``reel_video`` tool: a slow camera over the background, words that fade in, a music bed.

Frames are composed in the encoder's own planes and piped to it while it encodes. The camera is
sub-pixel (Pillow's resize takes a box of floats), so nothing shakes. The encoder's settings are
those measured best for slow zooms: forced B frames carry the move for almost no bytes.
"""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import ffmpeg
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from lib.core.errors import ToolFailed
from lib.media import mastering, music, pictures, planes
from lib.media.colour import tone_of
from lib.media.ffmpeg_run import Pipe, run_ffmpeg
from lib.media.inputs import name_of
from lib.media.layout import ground
from lib.media.mastering import REEL
from lib.media.planes import Overlay, Planes
from lib.media.reel_layout import FADE_S, Layer, Progress, Words, layers
from lib.media.room import Room
from lib.templates.page import Page

#: Share of the background that the camera sees at its nearest; at its farthest it sees all.
NEAREST = 0.90
#: Frames that may wait for the encoder: enough to bridge its bursts, few enough for memory.
AHEAD = 6
#: Seconds that a track of silence may take.
SOUND_S = 60.0
_COLOUR = {
    "color_primaries": "bt709",
    "color_trc": "bt709",
    "colorspace": "bt709",
    "color_range": "tv",
}


class Params(BaseModel):
    """Parameters of one reel; sizes in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: dict[str, Any]
    variant: Literal["light", "dark"]
    template: Page
    title: str = Field(min_length=1)
    lines: tuple[str, ...] = Field(min_length=1, max_length=6)
    seconds: int = Field(ge=2, le=90)
    fps: int = Field(ge=10, le=60)
    width: int = Field(ge=64, le=2160, multiple_of=2)
    height: int = Field(ge=64, le=3840, multiple_of=2)
    music: str | None
    seed: str


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the video. Raises ToolFailed for words that do not fit or an encoder that fails."""
    wanted = Params.model_validate(params)
    size = (wanted.width, wanted.height)
    background = pictures.load(needs["background"]).convert("RGB")
    words = Words(
        title=wanted.title,
        lines=wanted.lines,
        look=wanted.look,
        tone=tone_of(wanted.look, wanted.variant),
        size=size,
        seconds=wanted.seconds,
        page=wanted.template,
    )
    background = ground.treated(background, words.sheet(room))
    camera = _Camera(background.size, size, wanted.seconds * wanted.fps, wanted.seed)
    extremes = [
        background.resize(size, Image.Resampling.BILINEAR, box=camera.box(frame))
        for frame in (0, camera.frames - 1)
    ]
    stack, progress = layers(words, extremes, room)
    graph = _graph(wanted, _sound(wanted, room), makes["video"])
    pipe = Pipe.ffmpeg(graph, what="the encoder")
    try:
        _feed(pipe, _frames(background, camera, stack, progress, wanted.fps))
        pipe.finish()
    except BaseException:
        pipe.kill()
        raise


class _Camera:
    """A slow move between the whole background and a part of it."""

    def __init__(
        self, background: tuple[int, int], frame: tuple[int, int], frames: int, seed: str
    ) -> None:
        rng = random.Random(seed)  # noqa: S311 - taste
        self.frames = frames
        shape = min(background[0] / frame[0], background[1] / frame[1])
        self._whole = (frame[0] * shape, frame[1] * shape)
        self._background = background
        self._inward = rng.random() < 0.7
        self._drift = (rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.65))

    def box(self, number: int) -> tuple[float, float, float, float]:
        """Return what the camera sees in a frame, in px of the background, sub-pixel."""
        along = number / max(1, self.frames - 1)
        nearness = along if self._inward else 1 - along
        scale = 1 - (1 - NEAREST) * nearness
        width, height = self._whole[0] * scale, self._whole[1] * scale
        left = (self._background[0] - width) * self._drift[0]
        top = (self._background[1] - height) * self._drift[1]
        return left, top, left + width, top + height


def _frames(
    background: Image.Image, camera: _Camera, stack: list[Layer], progress: Progress, fps: int
) -> Iterator[Planes]:
    luma, blue, red = planes.from_rgb(background)
    frame = None
    overlay: Overlay | None = None
    waiting = list(stack)
    for number in range(camera.frames):
        box = camera.box(number)
        half = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
        size = stack[0].picture.size
        small = (size[0] // 2, size[1] // 2)
        frame = (
            luma.resize(size, Image.Resampling.BICUBIC, box=box),
            blue.resize(small, Image.Resampling.BILINEAR, box=half),
            red.resize(small, Image.Resampling.BILINEAR, box=half),
        )
        overlay = overlay or Overlay(size)
        waiting = _advance(overlay, waiting, number / fps)
        overlay.show(progress.at((number + 1) / camera.frames), progress.place, opacity=1.0)
        yield overlay.over(frame)


def _advance(overlay: Overlay, waiting: list[Layer], now_s: float) -> list[Layer]:
    """Bring the overlay to an instant; return the layers that will still change."""
    left = []
    for layer in waiting:
        share = (now_s - layer.start_s) / FADE_S
        if layer.end_s is not None and now_s >= layer.end_s:
            faded = min(1.0, (now_s - layer.end_s) / FADE_S)
            overlay.show(layer.picture, layer.place, opacity=1 - faded)
            left += [layer] if faded < 1 else []
            continue
        if layer.end_s is None and (share >= 1 or (layer.start_s == 0 and not layer.solid)):
            overlay.commit(layer.picture, layer.place)
            continue
        left.append(layer)
        # One that will leave is shown whole for a moment and then stands as it is.
        if 0 <= share <= 1.3:
            eased = 1 - (1 - min(1.0, share)) ** 3
            overlay.show(*layer.at(eased), opacity=layer.opacity(eased))
    return left


def _feed(pipe: Pipe, frames: Iterator[Planes]) -> None:
    """Compose in this thread and write in another, so that both cores work."""
    ready: queue.Queue[Planes | None] = queue.Queue(AHEAD)
    failures: list[ToolFailed] = []

    def write() -> None:
        while (frame := ready.get()) is not None:
            if failures:
                continue  # drain, so that the composer is never stuck
            try:
                for plane in frame:
                    pipe.write(plane.tobytes())
            except ToolFailed as error:
                failures.append(error)

    writer = threading.Thread(target=write, name="encoder-feed")
    writer.start()
    try:
        for frame in frames:
            ready.put(frame)
            if failures:
                break
    finally:
        ready.put(None)
        writer.join()
    if failures:
        raise failures[0]


def _sound(wanted: Params, room: Room) -> Path:
    """Write the sound of the reel as it will be heard, encoded once; return its file."""
    file = room.workdir / "sound.m4a"
    if wanted.music is None:
        silence = music.silence(wanted.seconds)
        graph = silence.output(name_of(file), acodec="aac", audio_bitrate="160k")
        run_ffmpeg(graph, what="the encoder", deadline_s=SOUND_S)
    else:
        mastering.master(music.bed(room.music(wanted.music), wanted.seconds), file, REEL)
    return file


def _graph(wanted: Params, sound_file: Path, file: Path) -> Any:
    size = f"{wanted.width}x{wanted.height}"
    video = ffmpeg.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", s=size, r=wanted.fps, **_COLOUR
    )
    sound = ffmpeg.input(name_of(sound_file)).audio
    return ffmpeg.output(
        video.video,
        sound,
        name_of(file),
        t=wanted.seconds,
        vcodec="libx264",
        preset="veryfast",
        crf=18,
        pix_fmt="yuv420p",
        acodec="copy",
        movflags="+faststart+negative_cts_offsets",
        use_editlist=0,
        **{"x264-params": "me=dia:subme=1:bframes=5:b-adapt=0", **_COLOUR},
    )
