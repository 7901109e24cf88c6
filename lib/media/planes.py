"""Pictures as the planes that an encoder wants: BT.709 limited range, 4:2:0.

Converting once and composing in planes saves a conversion of every frame, and a blend in
these planes equals a blend in RGB.
"""

from __future__ import annotations

from PIL import Image

_LUMA = 219 / 255
_CHROMA = 224 / 255
#: RGB → Y'CbCr by ITU-R BT.709, limited range, as Pillow's 4×3 colour matrix.
BT709 = (
    *(0.2126 * _LUMA, 0.7152 * _LUMA, 0.0722 * _LUMA, 16),
    *(-0.2126 / 1.8556 * _CHROMA, -0.7152 / 1.8556 * _CHROMA, 0.5 * _CHROMA, 128),
    *(0.5 * _CHROMA, -0.7152 / 1.5748 * _CHROMA, -0.0722 / 1.5748 * _CHROMA, 128),
)
Planes = tuple[Image.Image, Image.Image, Image.Image]


def from_rgb(picture: Image.Image) -> Planes:
    """Return luma at full and both chromas at half size."""
    luma, blue, red = picture.convert("RGB", BT709).split()
    return luma, blue.reduce(2), red.reduce(2)


class Overlay:
    """What is laid over every frame, kept as planes; only changed rectangles are rebuilt."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._whole = Image.new("RGBA", size, (0, 0, 0, 0))
        half = (size[0] // 2, size[1] // 2)
        self._luma, self._alpha = Image.new("L", size), Image.new("L", size)
        self._blue, self._red = Image.new("L", half), Image.new("L", half)
        self._half_alpha = Image.new("L", half)

    def commit(self, layer: Image.Image, place: tuple[int, int]) -> None:
        """Merge a layer for good; ``place`` must be even."""
        box = (*place, place[0] + layer.width, place[1] + layer.height)
        merged = self._whole.crop(box)
        merged.alpha_composite(layer)
        self._whole.paste(merged, place)
        self._rebuild(merged, place)

    def show(self, layer: Image.Image, place: tuple[int, int], opacity: float) -> None:
        """Show a layer at an opacity until its rectangle is rebuilt; ``place`` must be even."""
        box = (*place, place[0] + layer.width, place[1] + layer.height)
        merged = self._whole.crop(box)
        faint = layer.copy()
        faint.putalpha(layer.getchannel("A").point([round(v * opacity) for v in range(256)]))
        merged.alpha_composite(faint)
        self._rebuild(merged, place)

    def over(self, planes: Planes) -> Planes:
        """Lay the overlay over a frame's planes, in place."""
        luma, blue, red = planes
        luma.paste(self._luma, None, self._alpha)
        blue.paste(self._blue, None, self._half_alpha)
        red.paste(self._red, None, self._half_alpha)
        return planes

    def _rebuild(self, merged: Image.Image, place: tuple[int, int]) -> None:
        luma = merged.convert("RGB").convert("RGB", BT709).getchannel(0)
        # Chroma is averaged where it is visible: premultiplied, then straight again.
        small = merged.convert("RGBa").reduce(2).convert("RGBA")
        _, blue, red = small.convert("RGB").convert("RGB", BT709).split()
        half = (place[0] // 2, place[1] // 2)
        self._luma.paste(luma, place)
        self._alpha.paste(merged.getchannel("A"), place)
        self._blue.paste(blue, half)
        self._red.paste(red, half)
        self._half_alpha.paste(small.getchannel("A"), half)
