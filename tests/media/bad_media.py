"""Files that are wrong in one way each, made when a test asks, and the good twin beside them.

A bad one differs from its twin in nothing but what it is called after. ``FILMS`` and ``PICTURES``
say what a person reads about each.
"""

from __future__ import annotations

import functools
import io
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageCms, ImageFilter

from lib.core.checks import Check
from lib.core.recipes.pictures import jpeg_check
from lib.core.recipes.reel import video_check
from lib.media.runner.binaries import find

SECONDS, SIZE = 4, (180, 320)
#: What a reel must be, at a size that takes no time.
FILM = video_check(SECONDS).model_copy(update={"width": 180, "height": 320, "min_bytes": 20_000})
PICTURE = jpeg_check({"width": 320, "height": 400})
LOGO = Check(media_type="image/png", width=320, height=400, colour_mode="RGBA", min_spread=2.0)


@dataclass(frozen=True)
class Film:
    """How a film is made: the parts of one ffmpeg command; ``after`` changes the bytes."""

    picture: str = f"testsrc2=s={SIZE[0]}x{SIZE[1]}:r=30"
    sound: str = "sine=frequency=330:sample_rate=48000"
    louder: str = "volume=7.8dB"
    filters: str = "null"
    seconds: float = SECONDS
    sound_s: float = SECONDS
    pixels: str = "yuv420p"
    codec: tuple[str, ...] = ("-c:v", "libx264", "-preset", "veryfast")
    colours: tuple[str, str, str] = ("bt709", "bt709", "tv")
    flags: tuple[str, ...] = ("-movflags", "+faststart+negative_cts_offsets")
    edits: str = "0"
    timing: tuple[str, ...] = ("-r", "30")
    sound_codec: tuple[str, ...] = ("-c:a", "aac", "-b:a", "96k")
    after: Callable[[bytes], bytes] = bytes

    def write(self, file: Path) -> None:
        """Make the film."""
        primaries, matrix, span = self.colours
        command = [find().ffmpeg, "-y", "-v", "error", "-nostdin"]
        command += ["-f", "lavfi", "-i", self.picture, "-f", "lavfi", "-i", self.sound]
        sound = f"{self.louder},atrim=end={self.sound_s}"
        command += ["-vf", f"{self.filters},trim=end={self.seconds}", "-af", sound]
        command += ["-pix_fmt", self.pixels, *self.codec, *self.timing, *self.sound_codec]
        command += ["-color_primaries", primaries, "-color_trc", primaries]
        command += ["-colorspace", matrix, "-color_range", span]
        command += [*self.flags, "-use_editlist", self.edits, str(file)]
        subprocess.run(command, check=True, timeout=60)
        file.write_bytes(self.after(file.read_bytes()))


def _turned(data: bytes) -> bytes:
    """Write a turn by 90° into the track of the picture, as a telephone does."""
    at = data.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, SIZE[0] << 16, 0, 1 << 30)
    return data[:at] + matrix + data[at + 36 :]


def _with_a_hole(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(3000) + data[middle + 3000 :]


GOOD_FILM = Film()
_BLACK = f"color=black:s={SIZE[0]}x{SIZE[1]}:r=30"
_H264 = GOOD_FILM.codec
#: Each bad film, with what a person reads about it.
FILMS: dict[str, tuple[Film, str]] = {
    "black": (Film(picture=_BLACK), "the film is black (lit_s is 0"),
    "frozen": (
        Film(filters="trim=end_frame=1,loop=loop=-1:size=1,setpts=N/30/TB"),
        "the film stands still (moving_s is 0",
    ),
    "frozen from its middle": (
        Film(filters="trim=end_frame=60,loop=loop=-1:size=1:start=59,setpts=N/30/TB"),
        "the film stands still",
    ),
    "silent": (Film(sound="anullsrc=r=48000:cl=mono"), "the sound is silent (heard_s is 0"),
    "silent from its middle": (
        Film(louder="volume='lt(t,2)':eval=frame"),
        "the sound is silent",
    ),
    "clipped": (Film(louder="volume=40dB"), "true peak is"),
    "too quiet": (Film(louder="volume=2dB"), "lufs is -19"),
    "cut short": (
        Film(after=lambda data: data[: len(data) * 6 // 10]),
        "cannot be read: it was cut short",
    ),
    "cut by its last byte": (
        Film(after=lambda data: data[:-1]),
        "cannot be read: it was cut short",
    ),
    "overwritten in its middle": (Film(after=_with_a_hole), "cannot be read"),
    "too wide": (Film(filters="scale=182:320"), "width is 182, expected 180"),
    "4:4:4": (Film(pixels="yuv444p"), "video profile is High 4:4:4 Predictive, expected High"),
    "4:2:2": (Film(pixels="yuv422p"), "pixel format is yuv422p, expected yuv420p"),
    "ten bits": (Film(pixels="yuv420p10le"), "pixel format is yuv420p10le"),
    "baseline": (Film(codec=(*_H264, "-profile:v", "baseline")), "Constrained Baseline"),
    "of a high level": (Film(codec=(*_H264, "-level", "5.2")), "level is 52, at most 42 allowed"),
    "without colour tags": (
        Film(colours=("unknown", "unknown", "tv")),
        "colours is unknown/unknown/unknown",
    ),
    "with SD colour tags": (
        Film(colours=("smpte170m", "smpte170m", "tv")),
        "expected bt709/bt709/bt709/tv",
    ),
    "with full range": (Film(colours=("bt709", "bt709", "pc"), pixels="yuvj420p"), "/pc"),
    "with an edit list": (
        Film(edits="1", flags=("-movflags", "+faststart")),
        "an edit list hides frames",
    ),
    "with its index at the end": (
        Film(flags=("-movflags", "+negative_cts_offsets")),
        "faststart is False",
    ),
    "of uneven frames": (
        Film(
            filters="settb=1/90000,setpts='(N+0.3*mod(N,3))*3000'",
            timing=("-vsync", "vfr", "-video_track_timescale", "90000"),
        ),
        "its frames do not follow each other evenly",
    ),
    "a frame short": (Film(seconds=SECONDS - 0.034), "number of frames is 119, expected 120"),
    "of 25 frames a second": (Film(timing=("-r", "25")), "frame rate is 25.0, expected 30.0"),
    "with sound that ends late": (
        Film(sound_s=SECONDS + 0.1),
        "distance between the ends of picture and sound is 0.1",
    ),
    "with sound that ends early": (Film(sound_s=SECONDS - 0.1), "distance between the ends"),
    "turned by a tag": (Film(after=_turned), "a tag turns or stretches it"),
    "stretched by a tag": (Film(filters="setsar=2"), "a tag turns or stretches it"),
    "without sound": (Film(sound_codec=("-an",)), "audio codec is unknown, expected aac"),
    "with MP3": (Film(sound_codec=("-c:a", "libmp3lame")), "audio codec is mp3, expected aac"),
    "of another codec": (
        Film(codec=("-c:v", "mpeg4", "-b:v", "4M")),
        "video codec is mpeg4, expected h264",
    ),
}


@functools.cache
def painted(mode: str = "RGB") -> Image.Image:
    """Return a picture with something everywhere."""
    noise = [Image.effect_noise((320, 400), 90) for _ in range(3)]
    soft = Image.merge("RGB", noise).filter(ImageFilter.GaussianBlur(3))
    return soft.point(
        [min(255, max(0, round(128 + 4 * (v - 128)))) for v in range(256)] * 3
    ).convert(mode)


def exif(tag: int = 0x010E, value: object = "words", *, gps: bool = False) -> Image.Exif:
    """Return EXIF data with one tag, and a place when it is asked for."""
    tags = Image.Exif()
    tags[tag] = value
    if gps:
        tags.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return tags


def srgb_profile() -> bytes:
    """Return the bytes of a colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@dataclass(frozen=True)
class Picture:
    """How a picture is made."""

    image: Callable[[], Image.Image] = painted
    kind: str = "JPEG"
    options: Callable[[], dict[str, object]] = dict
    after: Callable[[bytes], bytes] = bytes

    def write(self, file: Path) -> None:
        """Make the picture."""
        held = io.BytesIO()
        how = {"quality": 90, "subsampling": 0} if self.kind in ("JPEG", "MPO") else {}
        self.image().save(held, self.kind, **(how | self.options()))
        file.write_bytes(self.after(held.getvalue()))


def framed() -> Image.Image:
    """Return a picture whose lowest quarter is of one colour, as a page with a wide frame is."""
    picture = painted().copy()
    picture.paste("#f4ead8", (0, 300, 320, 400))
    return picture


GOOD_PICTURE = Picture()
GOOD_FRAMED = Picture(image=framed, options=lambda: {"restart_marker_rows": 1})
GOOD_LOGO = Picture(image=lambda: painted("RGBA"), kind="PNG")
#: Each bad picture, with the check that it fails and what a person reads about it.
PICTURES: dict[str, tuple[Picture, Check, str]] = {
    "black": (
        Picture(image=lambda: Image.new("RGB", (320, 400)), after=lambda data: data + bytes(9000)),
        PICTURE,
        "the picture is blank (spread is 0",
    ),
    "of one colour": (
        Picture(image=lambda: Image.new("RGB", (320, 400), "#c03040")),
        PICTURE,
        "the picture is blank",
    ),
    "in CMYK": (
        Picture(image=lambda: painted("CMYK")),
        PICTURE,
        "colour mode is CMYK, expected RGB",
    ),
    "in grey": (Picture(image=lambda: painted("L")), PICTURE, "colour mode is L, expected RGB"),
    "progressive": (
        Picture(options=lambda: {"progressive": True}),
        PICTURE,
        "it is a progressive JPEG",
    ),
    "cut short": (Picture(after=lambda data: data[: len(data) // 2]), PICTURE, "cannot be read"),
    "cut short and closed": (
        Picture(after=lambda data: data[: len(data) // 2] + data[-2:]),
        PICTURE,
        "the foot of the picture is empty",
    ),
    "with a frame, cut short and closed": (
        replace(GOOD_FRAMED, after=lambda data: data[: len(data) // 2] + data[-2:]),
        PICTURE,
        "the foot of the picture is empty",
    ),
    "turned by a tag": (
        Picture(options=lambda: {"exif": exif(0x0112, 6)}),
        PICTURE,
        "a tag turns or stretches it",
    ),
    "with the place where it was taken": (
        Picture(options=lambda: {"exif": exif(gps=True)}),
        PICTURE,
        "what is embedded is exif+gps, expected nothing",
    ),
    "with a profile": (
        Picture(options=lambda: {"icc_profile": srgb_profile()}),
        PICTURE,
        "what is embedded is icc, expected nothing",
    ),
    "with a comment": (
        Picture(options=lambda: {"comment": b"made at home"}),
        PICTURE,
        "what is embedded is comment",
    ),
    "with a second picture inside": (
        Picture(kind="MPO", options=lambda: {"save_all": True, "append_images": [painted()]}),
        PICTURE,
        "pictures",
    ),
    "with an archive behind it": (
        Picture(after=lambda data: data + b"PK\x03\x04 and so on"),
        PICTURE,
        "what is embedded is other bytes, expected nothing",
    ),
    "too small": (
        Picture(image=lambda: painted().resize((319, 400))),
        PICTURE,
        "width is 319, expected 320",
    ),
    "of another type": (replace(GOOD_LOGO), PICTURE, "type is image/png, expected image/jpeg"),
    "without its clear ground": (
        Picture(kind="PNG"),
        LOGO,
        "colour mode is RGB, expected RGBA",
    ),
    "of sixteen bits": (
        Picture(image=lambda: Image.new("I;16", (320, 400), 30_000), kind="PNG"),
        LOGO,
        "colour mode is L16, expected RGBA",
    ),
    "animated": (
        Picture(
            image=lambda: painted("RGBA"),
            kind="PNG",
            options=lambda: {"save_all": True, "append_images": [Image.new("RGBA", (320, 400))]},
        ),
        LOGO,
        "it is animated (2 frames): save it as a still picture",
    ),
}
