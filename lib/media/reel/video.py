"""The ``reel_video`` tool: a slow camera over the background, words that fade in, a music bed.

Frames are composed in the encoder's own planes and piped to it while it encodes; the sound is
made meanwhile, and laid beside the picture by copying.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from lib.media.layout import ground
from lib.media.picture import pictures
from lib.media.picture.colour import tone_of
from lib.media.reel import film
from lib.media.reel.camera import Camera, right_size
from lib.media.reel.frames import ReelFrames, Scene
from lib.media.reel.planes import Lens
from lib.media.reel.sound import make_sound
from lib.media.reel.words import Words, layers
from lib.media.room import Room
from lib.templates.page import Page


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
    picture, sound = room.workdir / "picture.mp4", room.workdir / "sound.m4a"
    with ThreadPoolExecutor(1) as aside:
        heard = aside.submit(make_sound, wanted.music, wanted.seconds, sound, room)
        make_picture(wanted, needs["background"], frames_of(wanted), picture, room)
        heard.result()
    film.join([picture], sound, wanted.seconds, makes["video"], room.workdir)


def frames_of(wanted: Params) -> range:
    """Return the numbers of all frames of a reel."""
    return range(wanted.seconds * wanted.fps)


def make_picture(
    wanted: Params, background_file: Path, numbers: range, file: Path, room: Room
) -> None:
    """Write the frames of those numbers of a reel to a film without sound."""
    frames = composer(wanted, background_file, room)
    threads = film.WHOLE if numbers == frames_of(wanted) else film.PART
    form = film.Form((wanted.width, wanted.height), wanted.fps, threads)
    film.encode(frames.compose, numbers, form, file)


def composer(wanted: Params, background_file: Path, room: Room) -> ReelFrames:
    """Return what composes the frames of a reel. Raises ToolFailed for words that do not fit."""
    background = pictures.load(background_file).convert("RGB")
    size = right_size(background.size, (wanted.width, wanted.height))
    return ReelFrames(scene_of(wanted, Lens().shrunk(background, size), room))


def scene_of(wanted: Params, background: Image.Image, room: Room) -> Scene:
    """Lay a reel out over a background (RGB)."""
    size = (wanted.width, wanted.height)
    camera = Camera(background.size, size, len(frames_of(wanted)), wanted.seed)
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
    stack, progress = layers(words, camera.extremes(background), room)
    return Scene(background, camera, stack, progress, size, wanted.fps)
