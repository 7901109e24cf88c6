"""What is laid over the frames of a reel: pictures as planes, blended only where they show.

Used by ``frames.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from lib.media.reel.planes import BT709, Lens, Planes

_Rows = tuple[int, int, int, int]
#: Height of the slices that are looked at for something to show, px.
_SLICE = 32
#: Pixels that may be blended for nothing to save a call.
_WASTE = 12_000


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture as planes, with what covers luma and chroma; ``place`` is even, px of the luma."""

    planes: Planes
    alpha: Image.Image
    half_alpha: Image.Image
    place: tuple[int, int]

    @classmethod
    def of(cls, picture: Image.Image, place: tuple[int, int]) -> Sprite:
        """Return an RGBA picture of even size as a sprite."""
        luma = picture.convert("RGB").convert("RGB", BT709).getchannel(0)
        # Chroma is averaged where it is visible: premultiplied, then straight again.
        small = picture.convert("RGBa").reduce(2).convert("RGBA")
        _, blue, red = small.convert("RGB").convert("RGB", BT709).split()
        return cls((luma, blue, red), picture.getchannel("A"), small.getchannel("A"), place)

    def part(self, box: _Rows) -> Sprite:
        """Return what an even box of it shows."""
        left, top, right, bottom = box
        half = (left // 2, top // 2, right // 2, bottom // 2)
        luma, blue, red = self.planes
        place = (self.place[0] + left, self.place[1] + top)
        planes = (luma.crop(box), blue.crop(half), red.crop(half))
        return Sprite(planes, self.alpha.crop(box), self.half_alpha.crop(half), place)

    def parts(self) -> list[Sprite]:
        """Return the few parts that hold everything that shows."""
        width, height = self.alpha.size
        found: list[_Rows] = []
        for top in range(0, height, _SLICE):
            bottom = min(height, top + _SLICE)
            seen = self.alpha.crop((0, top, width, bottom)).getbbox()
            if seen is None:
                continue
            outer = (seen[0], seen[1] + top, seen[2], seen[3] + top)
            box = (outer[0] & ~1, outer[1] & ~1, outer[2] + 1 & ~1, outer[3] + 1 & ~1)
            joined = _around(found[-1], box) if found else box
            if found and _area(joined) - _area(found[-1]) - _area(box) <= _WASTE:
                found[-1] = joined
            else:
                found.append(box)
        return [self.part(box) for box in found]

    def lowered(self, down_px: float, room_px: int, lens: Lens) -> Sprite:
        """Return it that far below its place, sub-pixel, with ``room_px`` (even) to go down."""
        way, half_way = (down_px, room_px), (down_px / 2, room_px // 2)
        luma, blue, red = self.planes
        planes = (
            _moved(_widened(luma, room_px), *way, lens),
            _moved(_widened(blue, room_px // 2), *half_way, lens),
            _moved(_widened(red, room_px // 2), *half_way, lens),
        )
        alpha = _moved(_padded(self.alpha, room_px), *way, lens)
        half_alpha = _moved(_padded(self.half_alpha, room_px // 2), *half_way, lens)
        return Sprite(planes, alpha, half_alpha, self.place)

    def over(self, frame: Planes, opacity: float = 1.0) -> None:
        """Lay it over a frame's planes, in place."""
        full, half = self.alpha, self.half_alpha
        if opacity < 1:
            faint = [round(value * opacity) for value in range(256)]
            full, half = full.point(faint), half.point(faint)
        x, y = self.place
        frame[0].paste(self.planes[0], (x, y), full)
        frame[1].paste(self.planes[1], (x // 2, y // 2), half)
        frame[2].paste(self.planes[2], (x // 2, y // 2), half)


def _moved(padded: Image.Image, down_px: float, room_px: int, lens: Lens) -> Image.Image:
    width, height = padded.size
    view = Image.new("L", (width, height - room_px))
    lens.show((0, room_px - down_px, width, height - room_px), padded, view)
    return view


def _padded(plane: Image.Image, room_px: int) -> Image.Image:
    """Return a plane with nothing above and below."""
    width, height = plane.size
    padded = Image.new("L", (width, height + 2 * room_px))
    padded.paste(plane, (0, room_px))
    return padded


def _widened(plane: Image.Image, room_px: int) -> Image.Image:
    """Return a plane with its first and last row repeated above and below: colours go on."""
    width, height = plane.size
    padded = _padded(plane, room_px)
    for row, top in ((0, 0), (height - 1, height + room_px)):
        edge = plane.crop((0, row, width, row + 1))
        padded.paste(edge.resize((width, room_px)), (0, top))
    return padded


def _around(one: _Rows, other: _Rows) -> _Rows:
    return min(one[0], other[0]), one[1], max(one[2], other[2]), other[3]


def _area(box: _Rows) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])
