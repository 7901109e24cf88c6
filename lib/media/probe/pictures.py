"""Measure a picture: what its pixels are, and what the file carries besides them.

Called by the probe. Everything is decoded, so that a file which was cut short is found out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from lib.media.picture import pictures
from lib.media.probe import jpeg_rows

#: The largest block of a JPEG, px: a decoder that ran out of data repeats one to the end.
BLOCK = 16
_GPS = 0x8825
#: Where each format ends; what stands behind that is somebody's other file.
_JPEG_END, _PNG_END = b"\xff\xd9", b"IEND\xaeB`\x82"

Facts = dict[str, Any]


def measure(file: Path) -> Facts:
    """Return the facts of a picture. Raises OSError or ValueError when it is none."""
    with pictures.opened(file) as opened:
        facts: Facts = {
            "media_type": pictures.MEDIA_TYPES[opened.format or ""],
            "colour_mode": _mode(opened, file),
            "upright": pictures.orientation(opened) == 1,
            "progressive": bool(opened.info.get("progressive", False)),
            "embedded": "+".join(sorted(_beside(opened, file))) or "nothing",
        }
    picture = pictures.load(file)
    facts |= {"width": picture.width, "height": picture.height}
    grey = picture.convert("L")
    arrived = jpeg_rows.share(file.read_bytes()) if facts["media_type"] == "image/jpeg" else None
    drawn = _drawn(grey) if arrived is None else arrived
    return facts | {"spread": pictures.spread(grey), "drawn": drawn}


def _mode(opened: Image.Image, file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(26)
    is_deep = opened.mode.startswith("I;16") or (opened.format == "PNG" and head[24] == 16)
    if opened.mode.startswith("I"):
        return "L16"
    return opened.mode + ("16" if is_deep else "")


def _beside(opened: Image.Image, file: Path) -> set[str]:
    """Return what the file carries besides its pixels."""
    kinds = {"icc": "icc_profile", "xmp": "xmp", "comment": "comment", "exif": "exif"}
    found = {name for name, key in kinds.items() if opened.info.get(key)}
    if opened.info.get("XML:com.adobe.xmp"):
        found.add("xmp")
    try:
        tags = opened.getexif()
        found |= {"exif"} if tags else set()
        found |= {"gps"} if _GPS in tags else set()
    except (OSError, ValueError, SyntaxError, TypeError, LookupError):
        found.add("exif")
    found |= {"text"} if getattr(opened, "text", None) else set()
    found |= {"pictures"} if opened.format == "MPO" else set()
    return found | ({"other bytes"} if _has_tail(file, opened.format) else set())


def _has_tail(file: Path, kind: str | None) -> bool:
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(8)
        stream.seek(max(0, size - len(_PNG_END)))
        end = stream.read()
    if kind == "WEBP":
        told = int.from_bytes(head[4:8], "little") + 8
        return size > told + told % 2
    return not end.endswith(_PNG_END if kind == "PNG" else _JPEG_END)


def _drawn(grey: Image.Image) -> float:
    """Return the share of the rows above a foot that only repeats one block, in per cent."""
    if grey.width <= BLOCK:
        return 100.0
    one = grey.crop((BLOCK, 0, grey.width, grey.height))
    other = grey.crop((0, 0, grey.width - BLOCK, grey.height))
    box = ImageChops.difference(one, other).getbbox()
    return round(100 * box[3] / grey.height, 1) if box else 0.0
