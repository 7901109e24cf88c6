"""The reel that everybody makes in the bench, and how near to it is what they made.

The scene is a painted background with a soft ground under the words, seen by one camera; the
words are pictures that come at known times. The reference is resampled from the background at
full size and never encoded.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from PIL import Image, ImageChops, ImageFilter, ImageStat

from lib.adapters.kits import KitFolders
from lib.core.proposals import Draft
from lib.core.recipes import reel
from lib.core.recipes.order import Order
from lib.core.recipes.reel import CANVAS, FPS, SIZE
from lib.core.work import Step
from lib.media.picture import background, pictures
from lib.media.reel import frames as reel_frames
from lib.media.reel import planes
from lib.media.reel import video as reel_video
from lib.media.reel.planes import Frame
from lib.media.reel.video import Params
from lib.media.reel.words import FADE_S
from lib.media.room import Room
from lib.media.runner.binaries import find
from lib.settings import ROOT

ASSETS = ROOT / "assets"
KITS = ASSETS / "brands"
#: Its picture is seen everywhere and moves everywhere; others cover some of it.
TEMPLATE = "rise"
LINES = (
    "Bread goes stale faster in the refrigerator",
    "The freezer keeps it fresh for months",
    "Toast brings an old loaf back for a day",
    "Buy less and buy it often",
)
#: Rows of the frame in which no words stand, px.
CLEAR = (1600, 1920)
#: One frame in so many is compared with the reference.
COMPARED = 30
#: Frames one after another whose place is measured, and how far the reference is moved for it, px.
FOLLOWED, MOVED_PX = 48, 2.0
#: Grain is not followed, because an encoder leaves little of it: radius of the blur, px.
SOFT_PX = 2.0


@dataclass(frozen=True)
class Stage:
    """A scene with the files and numbers that contenders need."""

    folder: Path
    params: dict[str, Any]
    #: The background as it was painted, which the tool takes.
    painted: Path
    #: The scene over the background at full size.
    scene: reel_frames.Scene
    #: The steps by which the studio makes the video, once the background is painted.
    steps: tuple[Step, ...]

    @property
    def frames(self) -> int:
        """Return how many frames the reel has."""
        return int(self.params["seconds"]) * FPS

    @property
    def room(self) -> Room:
        """Return what a tool may read."""
        return Room(ASSETS, (KITS,), self.folder)


def build(folder: Path, brand: str, seconds: Literal[10, 30], template: str = TEMPLATE) -> Stage:
    """Paint the background of a brand, plan its reel and lay the scene out below a folder."""
    room, painted = Room(ASSETS, (KITS,), folder), folder / "background.webp"
    kit = KitFolders([KITS], fonts=ASSETS / "fonts").get(brand)
    shared = {"look": kit.look(), "variant": "dark", "seed": "bench"}
    canvas = {"width": CANVAS[0], "height": CANVAS[1], "photo": None}
    background.run({**shared, **canvas}, {}, {"background": painted}, room)
    draft = Draft(
        brand=brand,
        format="reel",
        title="Bread goes stale in the cold",
        variant="dark",
        template=template,
        facts=(),
        lines=LINES,
        caption="What the bench says.",
        hashtags=(),
        seconds=seconds,
    )
    order = Order("bench", brand, "bench", draft.model_dump(mode="json"), kit)
    steps = tuple(step for step in reel.plan(order).steps if step.tool.startswith("reel_"))
    params: dict[str, Any] = {}
    for step in steps:
        params |= step.params
    params = {name: params[name] for name in Params.model_fields if name in params}
    picture = pictures.load(painted).convert("RGB")
    scene = reel_video.scene_of(Params.model_validate(params), picture, room)
    return Stage(folder, params, painted, scene, steps)


def dump(stage: Stage) -> Path:
    """Write all frames as our composer makes them; return the raw file."""
    file = stage.folder / "frames.yuv"
    wanted, frame = Params.model_validate(stage.params), Frame(SIZE)
    frames = reel_video.composer(wanted, stage.painted, stage.room)
    with file.open("wb") as out:
        for number in range(stage.frames):
            frames.compose(number, frame)
            out.write(frame.data)
    return file


def hand_over(stage: Stage) -> Path:
    """Write what a peer needs to make the same reel; return the file that says it all."""
    reel_frames.grounded(stage.scene).save(stage.folder / "grounded.png", compress_level=1)
    words = []
    for number, layer in enumerate(layer for layer in stage.scene.layers if not layer.soft):
        layer.picture.save(stage.folder / f"layer-{number}.png", compress_level=1)
        words.append([f"layer-{number}.png", *layer.place, layer.start_s, layer.end_s])
    told = {
        "seconds": stage.params["seconds"],
        "fps": FPS,
        "size": SIZE,
        "fade_s": FADE_S,
        "words": words,
        "boxes": [stage.scene.camera.box(number) for number in range(stage.frames)],
        "music": str(ASSETS / "music" / f"{stage.params['music']}.m4a"),
    }
    file = stage.folder / "scene.json"
    file.write_text(json.dumps(told))
    return file


def likeness(stage: Stage, film: Path) -> dict[str, float]:
    """Return the SSIM of a film's clear rows with the reference, and how it shakes in px."""
    width, rows = SIZE[0], CLEAR[1] - CLEAR[0]
    reference = stage.folder / "reference.yuv"
    if not reference.exists():
        with reference.open("wb") as out:
            for number in range(0, stage.frames, COMPARED):
                for plane in _reference(stage, number):
                    out.write(plane.tobytes())
    chosen = f"[0:v]select='not(mod(n,{COMPARED}))',setpts=N/TB*{COMPARED}/{FPS}"
    told = subprocess.run(
        [
            *(find().ffmpeg, "-nostdin", "-i", str(film)),
            *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{rows}"),
            *("-r", f"{FPS}/{COMPARED}", "-i", str(reference), "-lavfi"),
            *(f"{chosen},crop={width}:{rows}:0:{CLEAR[0]}[a];[a][1:v]ssim", "-f", "null", "-"),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    ssim = float(re.findall(r"All:([\d.]+)", told)[-1])
    return {"ssim": round(ssim, 4), "shake_px": round(_shake_px(stage, film), 3)}


def _reference(stage: Stage, number: int, moved: tuple[float, float] = (0, 0)) -> planes.Planes:
    """Return the clear rows of a frame as they should be, moved by some px."""
    if not (whole := _SOURCES.get(stage.painted)):
        whole = _SOURCES[stage.painted] = planes.from_rgb(reel_frames.grounded(stage.scene))
    left, top, width, height = stage.scene.camera.box(number)
    scale = width / SIZE[0]
    top += CLEAR[0] * height / SIZE[1]
    height *= (CLEAR[1] - CLEAR[0]) / SIZE[1]
    left, top = left - moved[0] * scale, top - moved[1] * scale
    found = []
    for plane, share in zip(whole, (1, 2, 2), strict=True):
        box = (left / share, top / share, (left + width) / share, (top + height) / share)
        box = (*box[:2], min(box[2], plane.width), min(box[3], plane.height))
        size = (SIZE[0] // share, (CLEAR[1] - CLEAR[0]) // share)
        found.append(plane.resize(size, Image.Resampling.BICUBIC, box=box))
    return found[0], found[1], found[2]


_SOURCES: dict[Path, planes.Planes] = {}


def _shake_px(stage: Stage, film: Path) -> float:
    """Return how far frames lie from where they should, px rms about their mean, worst axis."""
    first = stage.frames // 3
    numbers = range(first, first + FOLLOWED)
    places: tuple[list[float], list[float]] = ([], [])
    for number, seen in zip(numbers, _clear_rows(film, numbers), strict=True):
        for axis, found in enumerate(places):
            found.append(_offset_px(stage, number, seen, axis))
    return max(math.sqrt(fmean((one - fmean(each)) ** 2 for one in each)) for each in places)


def _offset_px(stage: Stage, number: int, seen: Image.Image, axis: int) -> float:
    """Return where the difference from the reference is least: the foot of a parabola."""
    inner = (16, 16, seen.width - 16, seen.height - 16)
    soft = ImageFilter.GaussianBlur(SOFT_PX)
    seen = seen.filter(soft)
    apart = []
    for by in (-MOVED_PX, 0.0, MOVED_PX):
        moved = (by, 0.0) if axis == 0 else (0.0, by)
        there = ImageChops.difference(_reference(stage, number, moved)[0].filter(soft), seen)
        apart.append(ImageStat.Stat(there.crop(inner)).sum2[0])
    before, here, after = apart
    return MOVED_PX * (before - after) / (2 * (before - 2 * here + after))


def _clear_rows(film: Path, numbers: range) -> Iterator[Image.Image]:
    size = (SIZE[0], CLEAR[1] - CLEAR[0])
    chosen = f"select='between(n,{numbers[0]},{numbers[-1]})',crop={size[0]}:{size[1]}:0:{CLEAR[0]}"
    pixels = subprocess.run(
        [
            *(find().ffmpeg, "-nostdin", "-v", "error", "-i", str(film), "-vf", chosen),
            *("-vsync", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"),
        ],
        check=True,
        capture_output=True,
    ).stdout
    area = size[0] * size[1]
    for place in range(0, len(pixels), area * 3 // 2):
        yield Image.frombytes("L", size, pixels[place : place + area])
