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

from lib.media.captions import timed_words
from lib.media.captions.layers import Captions, Look
from lib.media.captions.timed_words import TimedWords
from lib.media.layout import ground
from lib.media.picture import pictures
from lib.media.picture.colour import tone_of
from lib.media.reel import film
from lib.media.reel.camera import Camera, right_size
from lib.media.reel.frames import ReelFrames, Scene
from lib.media.reel.planes import Lens
from lib.media.reel.sound import make_sound
from lib.media.reel.words import Words, lay_out
from lib.media.room import Room
from lib.templates.captions import CaptionStyle
from lib.templates.page import Page


class Spoken(BaseModel):
    """How the words of a narration are shown: the style, and when the recording begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: CaptionStyle
    starts_s: float = Field(ge=0, le=60)


class Params(BaseModel):
    """Parameters of one reel; sizes in px."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: dict[str, Any]
    variant: Literal["light", "dark"]
    template: Page
    title: str = Field(min_length=1)
    #: None where a voice says everything.
    lines: tuple[str, ...] = Field(max_length=6)
    seconds: int = Field(ge=2, le=90)
    fps: int = Field(ge=10, le=60)
    width: int = Field(ge=64, le=2160, multiple_of=2)
    height: int = Field(ge=64, le=3840, multiple_of=2)
    #: The bed, unless the sound is given; None is silence.
    music: str | None
    seed: str
    captions: Spoken | None = None


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the video, with the ``sound`` that is given, or a bed of music.

    Raises ToolFailed for words that do not fit or an encoder that fails.
    """
    wanted = Params.model_validate(params)
    picture = room.workdir / "picture.mp4"
    sound = needs.get("sound", room.workdir / "sound.m4a")
    with ThreadPoolExecutor(1) as aside:
        heard = None
        if "sound" not in needs:
            heard = aside.submit(make_sound, wanted.music, wanted.seconds, sound, room)
        make_picture(wanted, needs, frames_of(wanted), picture, room)
        if heard is not None:
            heard.result()
    film.join([picture], sound, wanted.seconds, makes["video"], room.workdir)


def frames_of(wanted: Params) -> range:
    """Return the numbers of all frames of a reel."""
    return range(wanted.seconds * wanted.fps)


def make_picture(
    wanted: Params, needs: Mapping[str, Path], numbers: range, file: Path, room: Room
) -> None:
    """Write the frames of those numbers of a reel to a film without sound."""
    frames = composer(wanted, needs["background"], room, needs.get("words"))
    threads = film.WHOLE if numbers == frames_of(wanted) else film.PART
    form = film.Form((wanted.width, wanted.height), wanted.fps, threads)
    film.encode(frames.compose, numbers, form, file)


def composer(
    wanted: Params, background_file: Path, room: Room, words_file: Path | None = None
) -> ReelFrames:
    """Return what composes the frames of a reel, ``words_file`` has the times of its captions.

    Raises ToolFailed for words that do not fit.
    """
    background = pictures.load(background_file).convert("RGB")
    size = right_size(background.size, (wanted.width, wanted.height))
    timed = timed_words.read(words_file) if words_file and wanted.captions else None
    return ReelFrames(scene_of(wanted, Lens().shrunk(background, size), room, timed))


def scene_of(
    wanted: Params, background: Image.Image, room: Room, timed: TimedWords | None = None
) -> Scene:
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
    spoken = captions_of(wanted, timed, room) if timed else None
    laid = lay_out(words, camera.extremes(background), room, spoken)
    captions = list(laid.captions.comings()) if laid.captions else []
    return Scene(background, camera, laid.layers, laid.progress, size, wanted.fps, captions)


def captions_of(wanted: Params, timed: TimedWords, room: Room) -> Captions | None:
    """Return the captions of a reel, to be placed. Raises ToolFailed for words that do not fit."""
    assert wanted.captions is not None
    look = Look(
        style=wanted.captions.style,
        tone=tone_of(wanted.look, wanted.variant),
        font=room.font(wanted.look["fonts"][wanted.captions.style.font]),
        size=(wanted.width, wanted.height),
        frames=(),
        language=timed.language,
    )
    return Captions.of(timed.later(wanted.captions.starts_s), look)
