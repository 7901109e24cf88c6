"""Bytes that mean harm, or that are not what they are called, are named and never decoded."""

from __future__ import annotations

import io
import resource
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from lib.core.errors import Unavailable
from lib.media.probe import probe


def png(width: int, height: int, rows: int) -> bytes:
    """Return a one-bit PNG that claims a size and holds some of its rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes(1 + (width + 7) // 8) * rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def picture(kind: str) -> bytes:
    held = io.BytesIO()
    Image.effect_noise((64, 48), 60).convert("RGB").save(held, kind)
    return held.getvalue()


@pytest.mark.parametrize(("width", "height"), [(7000, 7000), (13_300, 13_300), (60_000, 60_000)])
def test_a_picture_that_unpacks_to_far_more_than_its_bytes_is_refused_unopened(
    tmp_path: Path, width: int, height: int
) -> None:
    file = tmp_path / "bomb.png"
    file.write_bytes(png(width, height, min(height, 13_300)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "unreadable" in probe(file, "image/png")
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mb < 40


def test_a_picture_just_below_the_limit_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    file.write_bytes(png(4000, 3000, 3000))
    assert (probe(file, "image/png")["width"], probe(file, "image/png")["spread"]) == (4000, 0.0)


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_that_was_cut_short_is_unreadable(tmp_path: Path, kind: str, kept: float) -> None:
    whole = picture(kind)
    file = tmp_path / "cut"
    file.write_bytes(whole[: int(len(whole) * kept)])
    assert probe(file, "image/png")["unreadable"]


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")],
)
def test_a_picture_is_what_its_bytes_say_and_not_what_it_is_called(
    tmp_path: Path, kind: str, media_type: str
) -> None:
    file = tmp_path / "x.gif"
    file.write_bytes(picture(kind))
    assert probe(file, "image/jpeg")["media_type"] == media_type


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "EPS"])
def test_formats_that_nobody_needs_are_not_even_tried(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(picture(kind))
    assert probe(file, "image/png")["unreadable"]


def test_a_picture_called_a_video_is_unreadable(tmp_path: Path) -> None:
    file = tmp_path / "x.mp4"
    file.write_bytes(picture("JPEG"))
    assert probe(file, "video/mp4")["unreadable"]


def test_a_playlist_cannot_make_the_probe_read_a_neighbour(tmp_path: Path) -> None:
    file = tmp_path / "x.mp4"
    for lure in ("concat:a.mp4|b.mp4", "-y.mp4", "subfile,,start,0,end,9,,:secret"):
        file.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{lure}\n#EXT-X-ENDLIST\n")
        assert probe(file, "video/mp4")["unreadable"]


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{}", "[]", '{"entries": 3}', '{"entries": [NaN', "\xff"]
)
def test_a_document_that_is_none_is_unreadable(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(text.encode("latin-1"))
    assert probe(file, "application/json")["unreadable"]


def test_a_file_that_is_not_there_could_not_be_looked_at(tmp_path: Path) -> None:
    for media_type in ("image/png", "video/mp4", "application/json"):
        with pytest.raises(Unavailable, match=r"gone\.bin cannot be opened"):
            probe(tmp_path / "gone.bin", media_type)
