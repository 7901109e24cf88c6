"""The camera of a reel: which part of the background each frame sees, sub-pixel.

Used by ``frames.py``. A frame's view follows from its number alone, so that any part of a
reel can be composed without the frames before it.
"""

from __future__ import annotations

import math
import random

from PIL import Image, ImageChops

#: Left, top, width and height, px.
Box = tuple[float, float, float, float]
Size = tuple[int, int]
#: Share of the background that the camera sees at its nearest; at its farthest it sees all.
NEAREST = 0.90
#: Instants of the move at which a soft mask is laid behind it, evenly spread.
_LOOKS = 5
#: A soft mask is moved at this share of its size.
_SHRINK = 8


def right_size(background: Size, frame: Size) -> Size:
    """Return the size at which the middle of the move shows each pixel once; never a larger one.

    What is larger would cost time and, resampled by few taps, would shimmer.
    """
    shape = min(background[0] / frame[0], background[1] / frame[1]) * (1 + NEAREST) / 2
    if shape <= 1:
        return background
    return math.ceil(background[0] / shape), math.ceil(background[1] / shape)


class Camera:
    """A slow move between the whole background and a part of it; all sizes in px."""

    def __init__(self, background: Size, frame: Size, frames: int, seed: str) -> None:
        rng = random.Random(seed)  # noqa: S311 - taste
        self.frames = frames
        shape = min(background[0] / frame[0], background[1] / frame[1])
        self._whole = (frame[0] * shape, frame[1] * shape)
        self._background, self._frame = background, frame
        self._inward = rng.random() < 0.7
        self._drift = (rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.65))

    def box(self, number: float) -> Box:
        """Return what a frame sees, in px of the background; between two frames for a fraction."""
        along = min(1.0, number / max(1, self.frames - 1))
        nearness = along if self._inward else 1 - along
        scale = 1 - (1 - NEAREST) * nearness
        width, height = self._whole[0] * scale, self._whole[1] * scale
        # A sum of floats may end a hair beyond an edge, where there is nothing to see.
        left = max(0.0, (self._background[0] - width) * self._drift[0])
        top = max(0.0, (self._background[1] - height) * self._drift[1])
        width = min(width, self._background[0] - left)
        height = min(height, self._background[1] - top)
        return left, top, width, height

    def ends(self) -> tuple[Box, Box]:
        """Return the first and the last box; all others lie between them."""
        return self.box(0), self.box(self.frames - 1)

    def fastest_px(self) -> float:
        """Return how far the fastest corner moves from one frame to the next, px of the frame."""
        ends = [self.box(0), self.box(1)]
        corners = [(box[0], box[1], box[0] + box[2], box[1] + box[3]) for box in ends]
        most: float = max(abs(after - before) for before, after in zip(*corners, strict=True))
        return most * self._frame[0] / min(ends[0][2], ends[1][2])

    def extremes(self, background: Image.Image) -> list[Image.Image]:
        """Return the first and the last frame without words."""
        found = []
        for left, top, width, height in self.ends():
            box = (left, top, left + width, top + height)
            found.append(background.resize(self._frame, Image.Resampling.BILINEAR, box=box))
        return found

    def behind(self, mask: Image.Image) -> Image.Image:
        """Return a soft mask of the frame as one of the background.

        Laid there, it covers in every frame at least what it covered.
        """
        small = (max(1, mask.width // _SHRINK), max(1, mask.height // _SHRINK))
        looks = [self.box(self.frames * share / (_LOOKS - 1)) for share in range(_LOOKS)]
        room = max(self._beyond(box, small) for box in looks)
        wide = _extended(mask.resize(small, Image.Resampling.BOX), room)
        size = tuple(max(1, round(side / _SHRINK)) for side in self._background)
        found = Image.new("L", (size[0], size[1]))
        for left, top, width, height in looks:
            x, y = small[0] / width, small[1] / height
            corner = (room - left * x, room - top * y)
            far = (corner[0] + self._background[0] * x, corner[1] + self._background[1] * y)
            seen = wide.resize(found.size, Image.Resampling.BICUBIC, box=(*corner, *far))
            found = ImageChops.lighter(found, seen)
        return found.resize(self._background, Image.Resampling.BICUBIC)

    def _beyond(self, box: Box, small: Size) -> int:
        """Return how much of the background lies beside a box, in px of a small mask."""
        left, top, width, height = box
        right, below = self._background[0] - left - width, self._background[1] - top - height
        most = max(max(left, right) / width * small[0], max(top, below) / height * small[1])
        return math.ceil(most) + 1


def _extended(picture: Image.Image, room: int) -> Image.Image:
    """Return a picture whose edges go on for ``room`` px on all sides."""
    width, height = picture.size
    tall = Image.new("L", (width, height + 2 * room))
    tall.paste(picture.crop((0, 0, width, 1)).resize((width, room)), (0, 0))
    tall.paste(
        picture.crop((0, height - 1, width, height)).resize((width, room)), (0, room + height)
    )
    tall.paste(picture, (0, room))
    wide = Image.new("L", (width + 2 * room, tall.height))
    wide.paste(tall.crop((0, 0, 1, tall.height)).resize((room, tall.height)), (0, 0))
    wide.paste(
        tall.crop((width - 1, 0, width, tall.height)).resize((room, tall.height)), (room + width, 0)
    )
    wide.paste(tall, (room, 0))
    return wide
