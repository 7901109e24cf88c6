"""Pictures as the planes that an encoder wants: BT.709 limited range, 4:2:0, and the camera's lens.

Converting once and composing in planes saves a conversion of every frame, and a blend in
these planes equals a blend in RGB. A frame is one piece of memory that is seen as three pictures
and handed to the encoder as it is.
"""

from __future__ import annotations

import itertools

from cykooz_resizer import Algorithm, FilterType
from cykooz_resizer.rust_lib import PilImageWrapper, RustResizeOptions, RustResizer
from PIL import Image

from lib.media.reel.camera import Box

_LUMA = 219 / 255
_CHROMA = 224 / 255
#: RGB → Y'CbCr by ITU-R BT.709, limited range, as Pillow's 4×3 colour matrix.
BT709 = (
    *(0.2126 * _LUMA, 0.7152 * _LUMA, 0.0722 * _LUMA, 16),
    *(-0.2126 / 1.8556 * _CHROMA, -0.7152 / 1.8556 * _CHROMA, 0.5 * _CHROMA, 128),
    *(0.5 * _CHROMA, -0.7152 / 1.5748 * _CHROMA, -0.0722 / 1.5748 * _CHROMA, 128),
)
_SHRINKING = RustResizeOptions().set_resize_alg(
    Algorithm.convolution.value, FilterType.lanczos3.value, 2
)
Planes = tuple[Image.Image, Image.Image, Image.Image]


def from_rgb(picture: Image.Image) -> Planes:
    """Return luma at full and both chromas at half size."""
    luma, blue, red = picture.convert("RGB", BT709).split()
    return luma, blue.reduce(2), red.reduce(2)


class Frame:
    """One frame in the encoder's format (yuv420p): ``data``, and pictures that look into it."""

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = size
        area, small = width * height, (width // 2, height // 2)
        self.data = bytearray(area * 3 // 2)
        view = memoryview(self.data)
        self.planes: Planes = (
            _look_into(view[:area], size),
            _look_into(view[area : area * 5 // 4], small),
            _look_into(view[area * 5 // 4 :], small),
        )
        #: The luma in four strips, from the top.
        self.luma = strips(view[:area], size, 4)
        #: The memory of both chromas, one after the other.
        self.chroma = view[area:]


def cuts(rows: int, count: int) -> list[int]:
    """Return the edges of so many strips of a plane, from 0 to its height."""
    return [rows * number // count for number in range(count + 1)]


def strips(view: memoryview, size: tuple[int, int], count: int) -> list[Image.Image]:
    """Return pictures of a plane's strips, which look into its memory."""
    width, height = size
    return [
        _look_into(view[first * width : last * width], (width, last - first))
        for first, last in itertools.pairwise(cuts(height, count))
    ]


def _look_into(view: memoryview, size: tuple[int, int]) -> Image.Image:
    """Return a picture whose pixels are those bytes, now and after every change."""
    picture = Image.frombuffer("L", size, view, "raw", "L", 0, 1)  # type: ignore[arg-type]
    picture.readonly = 0  # else Pillow would draw on a copy
    return picture


class Lens:
    """Resamples planes by the four taps of Catmull and Rom, whatever the size of the box.

    Right for boxes near the size of what they become, as those of the camera are: to shrink by
    much, it would need more taps than four. Its bytes are the same on every processor.
    """

    def __init__(self) -> None:
        self._resizer = RustResizer()
        self._taps = (
            RustResizeOptions()
            .set_resize_alg(Algorithm.interpolation.value, FilterType.catmull_rom.value, 2)
            .set_use_alpha(False)
        )

    def show(self, box: Box, of: Image.Image, on: Image.Image) -> None:
        """Fill the whole of ``on`` with the box of a plane."""
        view = self._taps.set_crop_box(*box)
        self._resizer.resize_pil(PilImageWrapper(of), PilImageWrapper(on), view)

    def shrunk(self, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
        """Return an RGB picture at a smaller size, by as many taps as that needs."""
        if picture.size == size:
            return picture
        smaller = Image.new("RGB", size)
        self._resizer.resize_pil(PilImageWrapper(picture), PilImageWrapper(smaller), _SHRINKING)
        return smaller
