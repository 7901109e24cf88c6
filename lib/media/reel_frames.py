"""The frames of a reel, each composed from its number alone.

Used by ``reel_video.py``. Nothing of a frame depends on the frames before it having been
composed, so a part of a reel has the very frames that the whole has.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from lib.media import planes
from lib.media.camera import Camera
from lib.media.overlay import Overlay, Sprite
from lib.media.planes import Frame, Lens
from lib.media.reel_layout import FADE_S, Layer, Progress

#: How far colours may lie from where they belong, px of the frame; they have half its resolution.
#: Brightness, which carries all that the eye follows, is exact in every frame.
COLOUR_LAG_PX = 0.25
#: Frames that may share their colours.
MOST_SHARED = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """What a reel shows: the camera over a background (RGB), and layers over both; px."""

    background: Image.Image
    camera: Camera
    layers: list[Layer]
    progress: Progress
    size: tuple[int, int]
    fps: int


class ReelFrames:
    """Composes frames in ascending order, beginning with any."""

    def __init__(self, scene: Scene) -> None:
        self._camera, self._progress, self._fps = scene.camera, scene.progress, scene.fps
        self._luma, *self._colours = planes.from_rgb(_grounded(scene))
        self._lens = Lens()
        lag = int(2 * COLOUR_LAG_PX / max(0.01, scene.camera.fastest_px()))
        self._shared = max(1, min(MOST_SHARED, lag + 1))
        self._group, small = -1, (scene.size[0] // 2, scene.size[1] // 2)
        self._seen = [Image.new("L", small), Image.new("L", small)]
        self._overlay = Overlay(scene.size)
        layers = [layer for layer in scene.layers if not layer.soft]
        # The sort is stable: layers that settle at once are merged from the ground up.
        self._settling = sorted((layer for layer in layers if layer.end_s is None), key=_settles_s)
        self._moving = [
            _Moving(layer, self._lens)
            for layer in layers
            if layer.end_s is not None or _settles_s(layer) > 0
        ]

    def compose(self, number: int, frame: Frame) -> None:
        """Fill a frame with what is seen at that number."""
        now_s = number / self._fps
        self._settle(now_s)
        self._lens.show(self._camera.box(number), self._luma, frame.planes[0])
        self._colour(number, frame)
        self._overlay.over(frame.planes)
        for moving in self._moving:
            moving.over(frame, now_s)
        line = self._progress.at((number + 1) / self._camera.frames)
        Sprite.of(line, self._progress.place).over(frame.planes)

    def _colour(self, number: int, frame: Frame) -> None:
        """Fill the chromas with what is seen in the middle of the frames that share it."""
        group = number // self._shared
        if group != self._group:
            middle = group * self._shared + (self._shared - 1) / 2
            left, top, width, height = self._camera.box(middle)
            half = (left / 2, top / 2, width / 2, height / 2)
            for colour, seen in zip(self._colours, self._seen, strict=True):
                self._lens.show(half, colour, seen)
            self._group = group
        for plane, seen in zip(frame.planes[1:], self._seen, strict=True):
            plane.paste(seen)

    def _settle(self, now_s: float) -> None:
        settled = []
        while self._settling and _settles_s(self._settling[0]) <= now_s:
            layer = self._settling.pop(0)
            settled.append((layer.picture, layer.place))
        if settled:
            self._overlay.merge(settled)
        self._moving = [moving for moving in self._moving if moving.gone_s > now_s]


class _Moving:
    """A layer while it comes, and, if it leaves again, until it is gone."""

    def __init__(self, layer: Layer, lens: Lens) -> None:
        self._layer, self._lens = layer, lens
        self._sprite: Sprite | None = None
        #: When it is merged, or out of sight.
        self.gone_s = _settles_s(layer) if layer.end_s is None else layer.end_s + FADE_S

    def over(self, frame: Frame, now_s: float) -> None:
        layer = self._layer
        share = (now_s - layer.start_s) / FADE_S
        if share < 0:
            return
        sprite = self._sprite = self._sprite or Sprite.of(layer.picture, layer.place)
        if layer.end_s is not None and now_s > layer.end_s:
            sprite.over(frame.planes, 1 - (now_s - layer.end_s) / FADE_S)
            return
        eased = 1 - (1 - min(1.0, share)) ** 3
        if eased < 1 and layer.rise_px:
            down_px = layer.rise_px * (1 - eased)
            sprite = sprite.lowered(down_px, layer.rise_px, self._lens)
        sprite.over(frame.planes, 1.0 if layer.solid else eased)


def _grounded(scene: Scene) -> Image.Image:
    """Return the background with the soft grounds laid on it.

    They go with the camera instead of standing before it, which nobody can see, and are laid
    once instead of over every frame.
    """
    background = scene.background
    for layer in scene.layers:
        mask = layer.picture.getchannel("A")
        if layer.soft and mask.getbbox():
            colour = layer.picture.convert("RGB").resize(background.size, Image.Resampling.NEAREST)
            background = Image.composite(colour, background, scene.camera.behind(mask))
    return background


def _settles_s(layer: Layer) -> float:
    """Return when a layer that stays has come to rest; what is there at once does not come."""
    return 0.0 if layer.start_s == 0 and not layer.solid else layer.start_s + FADE_S
