"""Open and save pictures safely: known formats only, no bombs, the right way up."""

from __future__ import annotations

import warnings
from pathlib import Path

from PIL import Image, ImageOps, ImageStat

#: What may be opened: every other decoder is attack surface.
FORMATS = ("PNG", "JPEG", "WEBP")
#: Largest picture that is decoded, px; a 24-megapixel photo passes, a bomb does not.
MAX_PIXELS = 40_000_000
#: JPEG quality of finished pages; platforms encode again, so the source must be better.
QUALITY = 90
MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def load(file: Path) -> Image.Image:
    """Return a picture as RGB or RGBA, turned as its EXIF says.

    Raises OSError or ValueError for anything that is no sound picture, a bomb among them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise ValueError(f"{opened.width} x {opened.height} px is too large")
                upright = ImageOps.exif_transpose(opened)
                return upright.convert("RGBA" if "A" in upright.getbands() else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError(str(error)) from error
    except SyntaxError as error:  # what Pillow calls a broken PNG
        raise ValueError(f"broken picture: {error}") from error


def media_type_of(file: Path) -> str:
    """Return the media type by the file's content."""
    with Image.open(file, formats=FORMATS) as opened:
        return MEDIA_TYPES[opened.format or ""]


def spread(picture: Image.Image) -> float:
    """Return the standard deviation of luma, 0..127.5; a blank picture is near 0."""
    small = picture.convert("L").resize((128, 128), Image.Resampling.BOX)
    return round(ImageStat.Stat(small).stddev[0], 2)


def cover(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the largest centred cut of the wanted shape, scaled to ``size`` px."""
    width, height = size
    scale = min(picture.width / width, picture.height / height)
    cut_w, cut_h = width * scale, height * scale
    left, top = (picture.width - cut_w) / 2, (picture.height - cut_h) / 2
    box = (left, top, left + cut_w, top + cut_h)
    return picture.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=2.0)


def save_jpeg(picture: Image.Image, file: Path) -> None:
    """Write a JPEG with full colour resolution, so that coloured text stays sharp."""
    picture.convert("RGB").save(file, "JPEG", quality=QUALITY, subsampling=0, optimize=True)


def paste_logo(picture: Image.Image, file: Path, place: tuple[int, int], side: int) -> None:
    """Paste a logo, fitted into a square of ``side`` px whose top left corner is at ``place``."""
    logo = load(file).convert("RGBA")
    logo.thumbnail((side, side), Image.Resampling.LANCZOS)
    offset = ((side - logo.width) // 2, (side - logo.height) // 2)
    picture.paste(logo, (place[0] + offset[0], place[1] + offset[1]), logo)
