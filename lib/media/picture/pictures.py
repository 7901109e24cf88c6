"""Open and save pictures safely: known formats only, no bombs, the right way up, in sRGB.

What a camera or a designer wrote beside the pixels (place, device, profile, comments) is used and
then dropped: nothing of it reaches what is made.
"""

from __future__ import annotations

import contextlib
import functools
import io
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageStat, WebPImagePlugin

from lib.core.errors import ToolFailed, machine_fault
from lib.media.picture import crop

#: What may be opened: every other decoder is attack surface.
FORMATS = ("PNG", "JPEG", WebPImagePlugin.WebPImageFile.format)
#: Largest picture that is decoded, px; a 24-megapixel photo passes, a bomb does not.
MAX_PIXELS = 40_000_000
#: Largest file that is opened: 40 megapixels that nothing compresses.
MAX_BYTES = 130_000_000
#: Largest colour profile that is read; printers' are 2 MB.
MAX_PROFILE_BYTES = 4_000_000
#: JPEG quality of finished pages; platforms encode again, so the source must be better.
QUALITY = 90
#: Pillow's names of formats; MPO is the JPEG of a telephone that keeps a second picture inside.
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp"}
#: What Pillow raises for bytes that are no sound picture, each from another corner of it.
_BROKEN = (SyntaxError, struct.error, LookupError, TypeError, OverflowError, EOFError)
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load(file: Path, *, least: tuple[int, int] | None = None) -> Image.Image:
    """Return a picture as RGB or RGBA in sRGB, turned as its EXIF says, with nothing beside it.

    With ``least`` (width, height in px) a large JPEG may be decoded smaller, not below that size.
    Raises OSError or ValueError in words for what is no sound still picture, a bomb among them.
    """
    picture, turn = _decoded(file, least)
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info = {}
    return picture


def photo(file: Path, size: tuple[int, int]) -> Image.Image:
    """Return a photo cut to ``size`` px around its subject. Raises ToolFailed as ``_own``."""
    return cover(_own(file, "photo", size).convert("RGB"), size)


def _own(file: Path, what: str, least: tuple[int, int]) -> Image.Image:
    """Return a picture of a brand kit. Raises ToolFailed naming what cannot be used and why."""
    try:
        return load(file, least=least)
    except (OSError, ValueError) as error:
        if machine_fault(error):  # which says nothing against the file
            raise
        words = f"{error}".replace(str(file), "the file")
        raise ToolFailed("brand kit", f"the {what} {file.name} cannot be used: {words}") from error


@contextlib.contextmanager
def opened(file: Path) -> Iterator[Image.Image]:
    """Open a picture, its head read and judged, its pixels not yet decoded.

    Raises OSError or ValueError in words, then and while its pixels are decoded.
    """
    size = file.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"{size / 1e6:.0f} MB are too many: save it smaller, below 130 MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd tags, which are dropped
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as picture:
                _judge(picture)
                yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(_too_large("more than twice as many")) from error
    except _BROKEN as error:
        raise ValueError(f"broken picture: {error}") from error


def _judge(picture: Image.Image) -> None:
    """Raise ValueError for what is too large, or no still."""
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError(_too_large(f"{picture.width} × {picture.height} px"))
    frames = getattr(picture, "n_frames", 1)
    if picture.format != "MPO" and frames > 1:
        raise ValueError(f"it is animated ({frames} frames): save it as a still picture")


def _too_large(given: str) -> str:
    return f"{given} is too large: save it with at most {MAX_PIXELS // 1_000_000} megapixels"


def _decoded(
    file: Path, least: tuple[int, int] | None
) -> tuple[Image.Image, Image.Transpose | None]:
    """Return the pixels in sRGB and the turn that they still need.

    The turn is made by the caller, when what was decoded first is no longer held.
    """
    with opened(file) as picture:
        profile = picture.info.get("icc_profile")
        turn = _TURNS.get(orientation(picture))
        if least is not None:
            swapped = turn in (_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8])
            picture.draft(None, least[::-1] if swapped else least)
        picture.load()
        return _srgb(picture, profile), turn


def orientation(picture: Image.Image) -> int:
    """Return how the EXIF of an open picture wants it shown, 1 to 8; 1 when it cannot be read."""
    try:
        told = picture.getexif().get(_ORIENTATION, 1)
    except (OSError, ValueError, *_BROKEN):
        return 1
    return told if told in _TURNS else 1


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return it as RGB or RGBA in sRGB; a profile that makes no sense is left out."""
    if picture.mode.startswith(("I", "F")):
        picture = _eight_bits(picture)
    clear = picture.has_transparency_data
    wanted = "RGBA" if clear else "RGB"
    if picture.mode not in ("RGB", "RGBA", "CMYK") and not (picture.mode == "L" and profile):
        picture = picture.convert(wanted)
    if profile and len(profile) <= MAX_PROFILE_BYTES:
        with contextlib.suppress(OSError, ValueError, TypeError, ImageCms.PyCMSError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            mode = picture.mode if picture.mode == "RGBA" else "RGB"
            changed = ImageCms.profileToProfile(
                picture, source, target, outputMode=mode, flags=_FLAGS
            )
            picture = changed or picture
    # Not copied where it is right already: 40 megapixels are 160 MB.
    return picture if picture.mode == wanted else picture.convert(wanted)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return sixteen bits of grey, which Pillow would only cut off, as L or LA.

    A value that means clear is looked for before: scaled, its neighbours would be it too.
    """
    clear = picture.info.get("transparency")
    grey = picture.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
    grey.info.pop("transparency", None)
    if not isinstance(clear, int) or picture.mode != "I;16":
        return grey
    size, pixels = picture.size, picture.tobytes()  # the low byte first
    apart = [
        ImageChops.difference(Image.frombytes("L", size, half), Image.new("L", size, own))
        for half, own in ((pixels[::2], clear & 255), (pixels[1::2], clear >> 8))
    ]
    alpha = ImageChops.lighter(*apart).point([0] + [255] * 255)
    return Image.merge("LA", (grey, alpha))


def spread(picture: Image.Image) -> float:
    """Return the standard deviation of luma, 0..127.5; a blank picture is near 0."""
    small = picture.convert("L").resize((128, 128), Image.Resampling.BOX)
    return round(ImageStat.Stat(small).stddev[0], 2)


def cover(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the largest cut of the wanted shape that keeps the subject, scaled to ``size`` px."""
    box = crop.window(picture, size)
    return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def save_page(picture: Image.Image, file: Path) -> None:
    """Write a finished page as the name of its file says: PNG, or else JPEG.

    A JPEG keeps full colour resolution, so that coloured text stays sharp, and the usual code
    tables: its own would save 2 % of the bytes for twice the time. Each row of blocks has a mark,
    so that it can be told whether all of them arrived. A PNG is packed lightly: more effort takes
    four times the time for 3 %.
    """
    picture = picture.convert("RGB")
    if file.suffix == ".png":
        picture.save(file, "PNG", compress_level=1)
    else:
        picture.save(file, "JPEG", quality=QUALITY, subsampling=0, restart_marker_rows=1)


def paste_logo(picture: Image.Image, file: Path, place: tuple[int, int], side: int) -> None:
    """Paste a logo, fitted into a square of ``side`` px whose top left corner is at ``place``.

    Raises ToolFailed when the logo cannot be used.
    """
    logo = _logo(file, side, file.stat().st_mtime_ns)
    offset = ((side - logo.width) // 2, (side - logo.height) // 2)
    picture.paste(logo, (place[0] + offset[0], place[1] + offset[1]), logo)


@functools.lru_cache(maxsize=16)
def _logo(file: Path, side: int, changed_ns: int) -> Image.Image:
    """Return a logo fitted into a square; each page of a work shows the same."""
    del changed_ns
    logo = _own(file, "logo", (side, side))
    logo.thumbnail((side, side), Image.Resampling.LANCZOS)
    return logo.convert("RGBA")
