"""Hostile files that are called pictures: bombs, chimeras, scripts and foreign formats.

``REFUSED`` names what a person reads; ``HARMLESS`` are opened, and nothing but pixels survives.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image, PngImagePlugin

from tests.media.bad_media import exif, painted, srgb_profile

Make = Callable[[], bytes]
SECRET = b"CANARY-40.6892-74.0445"
_PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: int, *more: bytes, bits: int = 1) -> bytes:
    """Return a grey PNG that claims a size, holds some of its rows, and has chunks before them."""
    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    lines = zlib.compress(bytes(1 + (width * bits + 7) // 8) * rows, 9)
    chunks = [chunk(b"IHDR", head), *more, chunk(b"IDAT", lines), chunk(b"IEND", b"")]
    return _PNG + b"".join(chunks)


def saved(kind: str, picture: Image.Image | None = None, **how: object) -> bytes:
    """Return a picture's bytes in a format."""
    held = io.BytesIO()
    (picture or painted()).save(held, kind, **how)
    return held.getvalue()


def _jpeg_of(width: int, height: int) -> bytes:
    data = saved("JPEG", Image.new("RGB", (64, 64), "red"))
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]


def _webp_of_16k() -> bytes:
    data = bytearray(saved("WEBP", Image.new("RGB", (64, 64), "red"), lossless=True))
    at = data.index(b"VP8L") + 9
    bits = int.from_bytes(data[at : at + 4], "little")
    data[at : at + 4] = ((bits >> 28 << 28) | (16_383 - 1) << 14 | (16_383 - 1)).to_bytes(
        4, "little"
    )
    return bytes(data)


def _frames(kind: str, count: int) -> bytes:
    more = [Image.new("RGB", (64, 64), (n % 256, 9, 9)) for n in range(count)]
    return saved(kind, more[0], save_all=True, append_images=more[1:])


_BOMB = zlib.compress(bytes(80_000_000), 9)
_TEXT = b"Comment\0\0"
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
#: What is refused, with words that must be said about it.
REFUSED: dict[str, tuple[Make, str]] = {
    "nothing at all": (lambda: b"", "cannot identify|0 bytes"),
    "a PNG of 49 megapixels": (lambda: png(7000, 7000, 7000), "at most 40 megapixels"),
    "a PNG of 177 megapixels": (lambda: png(13_300, 13_300, 13_300), "at most 40 megapixels"),
    "a PNG of 3,600 megapixels": (lambda: png(60_000, 60_000, 9), "at most 40 megapixels"),
    "a JPEG of 65,500 px": (lambda: _jpeg_of(65_500, 65_500), "at most 40 megapixels"),
    "a JPEG of 16,000 px": (lambda: _jpeg_of(16_000, 16_000), "at most 40 megapixels"),
    "a WebP of 16,383 px": (_webp_of_16k, "at most 40 megapixels"),
    "a PNG with a text that unpacks to 80 MB": (
        lambda: png(9, 9, 9, chunk(b"zTXt", _TEXT + _BOMB)),
        "too large|broken",
    ),
    "a PNG with a text of a language that unpacks to 80 MB": (
        lambda: png(9, 9, 9, chunk(b"iTXt", b"x\0\1\0\0\0" + _BOMB)),
        "too large|broken",
    ),
    "a PNG with a hundred megabytes of texts": (
        lambda: png(9, 9, 9, *[chunk(b"tEXt", b"a%d\0" % n + bytes(999_000)) for n in range(100)]),
        "too much memory|broken",
    ),
    "an animated PNG": (lambda: _frames("PNG", 300), "it is animated"),
    "an animated WebP": (lambda: _frames("WEBP", 90), "it is animated"),
    "an animated GIF": (lambda: _frames("GIF", 90), "cannot identify"),
    "a TIFF": (lambda: saved("TIFF"), "cannot identify"),
    "a BMP": (lambda: saved("BMP"), "cannot identify"),
    "an ICO": (lambda: saved("ICO"), "cannot identify"),
    "PostScript": (lambda: saved("EPS"), "cannot identify"),
    "a vector drawing": (lambda: _SVG, "cannot identify"),
    "a page": (lambda: b"<html><script>1</script></html>", "cannot identify"),
    "a JPEG cut short": (lambda: saved("JPEG")[:6000], "truncated"),
    "a WebP cut short": (
        lambda: saved("WEBP", lossless=True)[:6000],
        "could not create decoder|cannot|truncated",
    ),
    "a PNG cut short": (lambda: saved("PNG")[:6000], "truncated|broken"),
    "a PNG with a false checksum": (
        lambda: saved("PNG").replace(b"IHDR\0\0\1\x40", b"IHDR\0\0\1\x41"),
        "cannot identify|broken",
    ),
    "a lone header": (lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0", "cannot identify|truncated|broken"),
}


def _with_text() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Author", SECRET.decode())
    told.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return saved("PNG", pnginfo=told)


def _gps(kind: str) -> bytes:
    return saved(kind, exif=exif(0x010E, SECRET.decode(), gps=True))


#: What is opened: only its pixels may come through.
HARMLESS: dict[str, Make] = {
    "a JPEG and an archive": lambda: saved("JPEG") + b"PK\3\4" + SECRET,
    "a JPEG and a page": lambda: saved("JPEG", comment=b"<script>" + SECRET + b"</script>"),
    "a PNG and a script": lambda: saved("PNG") + b"\n#!/bin/sh\necho " + SECRET,
    "a JPEG with a place": lambda: _gps("JPEG"),
    "a PNG with a place": lambda: _gps("PNG"),
    "a WebP with a place": lambda: _gps("WEBP"),
    "a PNG with texts": _with_text,
    "a JPEG with XMP": lambda: saved("JPEG", xmp=SECRET),
    "a JPEG with a broken EXIF": lambda: saved(
        "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + SECRET
    ),
    "a JPEG with a false profile": lambda: saved("JPEG", icc_profile=SECRET * 1000),
    "print colours with a profile of a screen": lambda: saved(
        "JPEG", painted("CMYK"), icc_profile=srgb_profile()
    ),
    "a PNG whose rows are missing": lambda: png(4000, 4000, 5),
    "a picture in a picture": lambda: saved(
        "MPO", save_all=True, append_images=[Image.new("RGB", (64, 64))]
    ),
}
