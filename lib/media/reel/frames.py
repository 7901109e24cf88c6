"""The frames of a reel, each composed from its number alone.

Used by ``video.py``. Nothing of a frame depends on the frames before it having been
composed, so a part of a reel has the very frames that the whole has.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from lib.media.captions.layers import Coming
from lib.media.layout.film import FADE_S, Layer, Progress
from lib.media.reel import planes
from lib.media.reel.camera import Box, Camera
from lib.media.reel.planes import Frame, Lens, Planes
from lib.media.reel.sprite import Sprite
from lib.media.reel.strips import Strips

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
    #: What is spoken, in the order in which it comes.
    captions: Sequence[Coming] = ()


class ReelFrames:
    """Composes frames, each from its number; neighbours share what costs most to make."""

    def __init__(self, scene: Scene) -> None:
        self._camera, self._progress, self._fps = scene.camera, scene.progress, scene.fps
        self._lens = Lens()
        (width, height), ends = scene.size, scene.camera.ends()
        small = (width // 2, height // 2)
        luma, *colours = planes.from_rgb(grounded(scene))
        self._luma = Strips([luma], scene.size, ends, self._lens)
        self._colours = Strips(colours, small, [_halved(box) for box in ends], self._lens)
        lag = int(2 * COLOUR_LAG_PX / max(0.01, scene.camera.fastest_px()))
        self._shared = max(1, min(MOST_SHARED, lag + 1))
        self._group, area = -1, small[0] * small[1]
        self._seen = memoryview(bytearray(2 * area))
        self._seen_strips = [
            *planes.strips(self._seen[:area], small, 2),
            *planes.strips(self._seen[area:], small, 2),
        ]
        self._words = [_Words(layer, self._lens) for layer in scene.layers if not layer.soft]
        self._spoken = _Spoken(scene.captions, scene.fps)

    def compose(self, number: int, frame: Frame) -> None:
        """Fill a frame with what is seen at that number."""
        now_s = number / self._fps
        self._luma.show(self._camera.box(number), frame.luma)
        self._colour(number, frame)
        for words in self._words:
            words.over(frame.planes, now_s)
        self._spoken.over(frame.planes, now_s)
        line = self._progress.at((number + 1) / self._camera.frames)
        Sprite.of(line, self._progress.place).over(frame.planes)

    def _colour(self, number: int, frame: Frame) -> None:
        """Fill the chromas with what is seen in the middle of the frames that share it."""
        group = number // self._shared
        if group != self._group:
            middle = group * self._shared + (self._shared - 1) / 2
            self._colours.show(_halved(self._camera.box(middle)), self._seen_strips)
            self._group = group
        frame.chroma[:] = self._seen


def _halved(box: Box) -> Box:
    left, top, width, height = box
    return left / 2, top / 2, width / 2, height / 2


class _Words:
    """A layer that comes, stands, and may leave again."""

    def __init__(self, layer: Layer, lens: Lens) -> None:
        self._sprite = Sprite.of(layer.picture, layer.place)
        self._parts = self._sprite.parts()
        self._start_s, self._end_s = layer.start_s, layer.end_s
        self._layer, self._lens = layer, lens

    def over(self, frame: Planes, now_s: float) -> None:
        """Lay it over a frame as it is at that moment."""
        if now_s < self._start_s:
            return
        share = min(1.0, (now_s - self._start_s) / FADE_S) if self._layer.comes else 1.0
        if self._end_s is not None and now_s > self._end_s:
            left = 1 - (now_s - self._end_s) / FADE_S
            if left > 0:
                self._sprite.over(frame, left)
        elif share < 1:
            eased = 1 - (1 - share) ** 3
            self._coming(eased).over(frame, self._layer.opacity(eased))
        else:
            for part in self._parts:
                part.over(frame)

    def _coming(self, eased: float) -> Sprite:
        """Return it on its way, 0 to 1; what rises does so by less than whole pixels."""
        layer = self._layer
        if layer.enter == "rise" and layer.rise_px:
            return self._sprite.lowered(layer.rise_px * (1 - eased), layer.rise_px, self._lens)
        return Sprite.of(*layer.at(eased))


class _Spoken:
    """Captions: one stands at a time, and is drawn when its first frame is composed."""

    def __init__(self, captions: Sequence[Coming], fps: int) -> None:
        self._captions, self._frame_s = captions, 1 / fps
        self._starts = [one.start_s for one in captions]
        self._drawn: tuple[int, Sprite, list[Sprite]] | None = None

    def over(self, frame: Planes, now_s: float) -> None:
        """Lay over a frame what stands there at that moment."""
        number = bisect.bisect_right(self._starts, now_s) - 1
        if number < 0 or now_s >= self._captions[number].stop_s:
            return
        one = self._captions[number]
        if self._drawn is None or self._drawn[0] != number:
            sprite = Sprite.of(one.draw(), one.place)
            self._drawn = (number, sprite, sprite.parts())
        # The first and the last frame of a fade show something already, and still.
        came = _share(now_s + self._frame_s - one.start_s, one.fade_in_s)
        left = _share(one.stop_s - now_s, one.fade_out_s)
        if min(came, left) < 1:
            self._drawn[1].over(frame, min(came, left))
        else:
            for part in self._drawn[2]:
                part.over(frame)


def _share(time_s: float, of_s: float) -> float:
    return 1.0 if time_s >= of_s else time_s / of_s


def grounded(scene: Scene) -> Image.Image:
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
