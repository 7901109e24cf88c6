"""Hostile files that are called films: scripts in disguise, false headers, odd containers.

Each is refused by the probe in words; ``{secret}`` in a text stands for a neighbour's path.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from lib.media.runner.binaries import find
from tests.media.bad_media import Film

_HLS = (
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n{key}#EXTINF:9,\n{lure}\n#EXT-X-ENDLIST\n"
)
_SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://{secret}">]>'
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&x;</text></svg>'
)
_DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
    ' mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="1" bandwidth="9"><BaseURL>file://{secret}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>"
)
#: Texts that other programs would carry out.
TEXTS = {
    "an HLS playlist of a neighbour": _HLS.format(key="", lure="secret.mp4"),
    "an HLS playlist of an absolute path": _HLS.format(key="", lure="file://{secret}"),
    "an HLS playlist of the network": _HLS.format(key="", lure="http://127.0.0.1:9/x.ts"),
    "an HLS playlist that joins": _HLS.format(key="", lure="concat:secret.mp4|secret.mp4"),
    "an HLS playlist of a part": _HLS.format(key="", lure="subfile,,start,0,end,99,,:secret.mp4"),
    "an HLS playlist of a pipe": _HLS.format(key="", lure="pipe:0"),
    "an HLS playlist whose key is a file": _HLS.format(
        key='#EXT-X-KEY:METHOD=AES-128,URI="file://{secret}"\n', lure="secret.mp4"
    ),
    "an HLS playlist of an option": _HLS.format(key="", lure="-y.mp4"),
    "a concat script of a neighbour": "ffconcat version 1.0\nfile secret.mp4\n",
    "a concat script of an absolute path": "ffconcat version 1.0\nfile '{secret}'\n",
    "a DASH manifest": _DASH,
    "a session description": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "a vector drawing": _SVG,
    "PostScript": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({secret}) (r) file\n",
    "subtitles with drawings": "[Script Info]\nScriptType: v4.00+\n[Events]\n"
    "Format: Layer, Start, End, Text\nDialogue: 0,0:00:00.00,9:59:59.00,{{\\p1}}m 0 0\n",
    "the index of DVD subtitles": "# VobSub index file, v7\nsize: 720x576\nid: en, index: 0\n"
    "timestamp: 00:00:00:000, filepos: 000000000\n",
    "a list of pictures": "secret%03d.png\nsecret*.png\n",
    "a filter": "movie=secret.mp4[out0]\n",
    "plain words": "nothing to see\n" * 200,
}


def _made(*words: str, kind: str = "mp4") -> Callable[[Path], None]:
    """Return what makes a film by ffmpeg's own words."""

    def write(file: Path) -> None:
        command = [find().ffmpeg, "-y", "-v", "error", "-nostdin", "-f", "lavfi", *words]
        subprocess.run([*command, "-f", kind, str(file)], check=True, timeout=60)

    return write


def _bytes(data: bytes) -> Callable[[Path], None]:
    return lambda file: file.write_bytes(data) and None


def _pictures_of_16k(file: Path) -> None:
    """A small MJPEG film whose one picture says that it is 16,000 px wide and high."""
    _made("-i", "color=red:s=64x64", "-frames:v", "1", "-c:v", "mjpeg", kind="mov")(file)
    data = file.read_bytes()
    at = data.index(b"\xff\xc0") + 5
    file.write_bytes(data[:at] + struct.pack(">HH", 16_000, 16_000) + data[at + 4 :])


def _nested(file: Path) -> None:
    """Boxes in boxes in boxes, more than any reader should follow."""
    deep = 30_000
    whole = b"".join(struct.pack(">I4s", 8 * (deep - n), b"trak") for n in range(deep))
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    file.write_bytes(head + struct.pack(">I4s", len(whole) + 8, b"moov") + whole)


def _many_boxes(file: Path) -> None:
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    file.write_bytes(head + struct.pack(">I4s", 8, b"free") * 200_000)


def _endless_box(file: Path) -> None:
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom")
    file.write_bytes(head + struct.pack(">I4sQ", 1, b"moov", 2**63 + 5) + b"x" * 500)


_SOURCE = ("-i", "testsrc2=s=64x64:r=10", "-t", "1")
#: Films that are no good: what makes each.
FILMS: dict[str, Callable[[Path], None]] = {
    "nothing at all": _bytes(b""),
    "one byte": _bytes(b"x"),
    "noise": _bytes(bytes((n * n * 7919 >> 3) & 255 for n in range(50_000))),
    "a lone header": _bytes(b"\0\0\0\x18ftypisom\0\0\2\0isomiso2"),
    "a picture of 16,000 px": _pictures_of_16k,
    "a film of 4096 × 4096 px": _made(
        "-i", "color=red:s=4096x4096", "-frames:v", "1", "-c:v", "libx264", "-preset", "ultrafast"
    ),
    "boxes in boxes": _nested,
    "a multitude of boxes": _many_boxes,
    "a box without end": _endless_box,
    "Matroska": _made(*_SOURCE, "-c:v", "libx264", kind="matroska"),
    "AVI": _made(*_SOURCE, "-c:v", "mpeg4", kind="avi"),
    "a transport stream": _made(*_SOURCE, "-c:v", "libx264", kind="mpegts"),
    "Flash": _made(*_SOURCE, "-c:v", "flv", kind="flv"),
    "an animated GIF": _made(*_SOURCE, "-c:v", "gif", kind="gif"),
    "a codec that nobody needs": _made(*_SOURCE, "-c:v", "qtrle", kind="mov"),
    "cut short": Film(seconds=1, sound_s=1, after=lambda data: data[:9000]).write,
}
#: Films that can be decoded and are not what they say: with what the check must say.
LIARS: dict[str, tuple[Callable[[Path], None], str]] = {
    "ten hours of two pictures": (
        _made(
            *("-i", "testsrc2=s=180x320:r=30", "-vf", "setpts=N*36000/TB,settb=1/1000"),
            *("-frames:v", "2", "-c:v", "libx264", "-vsync", "vfr"),
        ),
        "number of frames is 2, expected 120",
    ),
    "a sound called a film": (
        _made("-i", "sine=d=1", "-c:a", "libmp3lame", kind="mp3"),
        "type is application/octet-stream, expected video/mp4",
    ),
}
#: Names that a program might take for an option, a protocol or a pattern.
NAMES = (
    "-y.mp4",
    "-i.mp4",
    "concat:a.mp4|b.mp4",
    "subfile,,start,0,end,9,,:x.mp4",
    "data:x.mp4",
    "pipe:0.mp4",
    "it's.mp4",
    "a b; rm -rf $HOME `x`.mp4",
    "%03d.mp4",
    "x\nfile 'secret.mp4'.mp4",
)
