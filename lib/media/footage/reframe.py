"""Bring a film into another shape: cut around what people look at, or whole on a ground.

Asked by ``ingest.py``. Comes out upright with square pixels, at a steady rate, in the colours of
HD; a film of high dynamic range is tone-mapped.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ffmpeg
from PIL import Image

from lib.core.errors import ToolFailed
from lib.media.footage.footage import Footage
from lib.media.picture import crop
from lib.media.runner.ffmpeg_run import run_ffmpeg
from lib.media.runner.inputs import name_of

#: Key pictures of a film that are searched for what stands out, and their longer side, px.
LOOKS, LOOK_SIDE = 8, 160
#: Seconds that this search may take.
LOOK_S = 60.0
#: Light of white in a film of high range when it is shown beside others, cd/m².
WHITE_NITS = 203
#: Light of the brightest spots that are told apart, of white; up to which share of white nothing is
#: changed. (Most files do not say how bright they are, and then the middle would turn grey.)
_LIGHTS = {"peak": 5, "param": 0.5}
#: How soft and how dark a film's own picture is where it fills the rest of the frame.
_SOFT, _DIM = 12, 0.72
Fit = Literal["crop", "bars", "blurred"]
Size = tuple[int, int]


#: Opened so much before a picture, s: its time is known to a millionth, and what is before the
#: place that is opened is lost.
_EARLY_S = 0.0005


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a film, in seconds from its first picture."""

    film: Footage
    start_s: float
    length_s: float

    def since(self, times: Sequence[float]) -> float:
        """Return the last of some times that is not after the start; the start if there is none."""
        at = bisect.bisect_right(times, self.start_s)
        return times[at - 1] if at else self.start_s

    def opened(self, since_s: float, **options: Any) -> Any:
        """Open the film at a time up to the start, to the end of the cut; its clock starts there.

        ``options`` may have ``more_s``: seconds that are read beyond the end.
        """
        more_s = options.pop("more_s", 0.0)
        place_s = self._place_s(since_s)
        length_s = self.film.begins_s + self.start_s + self.length_s + more_s - place_s
        return ffmpeg.input(name_of(self.film.file), ss=place_s, t=length_s, **options)

    def lead_s(self, since_s: float) -> float:
        """Return how long a film that is opened at a time lasts before the cut."""
        return self.film.begins_s + self.start_s - self._place_s(since_s)

    def _place_s(self, since_s: float) -> float:
        """Return where the file is opened, in its own seconds."""
        return round(max(0.0, self.film.begins_s + since_s - _EARLY_S), 6)


def reframed(video: Any, cut: Cut, size: Size, fps: int, fit: Fit) -> Any:
    """Return the stream of a cut in another shape; its clock starts with the cut.

    What comes before is not shown but for its last picture, which stays until the next one comes.
    """
    film = cut.film
    if film.interlaced:
        video = video.filter("bwdif", mode="send_frame")
    video = video.filter("fps", fps, start_time=0)
    if fit == "crop":
        video = _scaled(_cropped(video, cut, size), size, film)
    else:
        scale = min(size[0] / film.width, size[1] / film.height)
        inner = (_even(film.width * scale), _even(film.height * scale))
        video = _placed(video, inner, size, film, blurred=fit == "blurred")
    if film.hdr:
        video = _tone_mapped(video, film)
    return video.filter("format", "yuv420p").filter("setsar", 1)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def _scaled(video: Any, size: Size, film: Footage) -> Any:
    """Return it at a size, and in the colours of HD unless its range is high."""
    if film.hdr:  # its colours are brought home later, with more than eight bits
        return video.filter("scale", *size, flags="bicubic").filter("format", "yuv420p10le")
    colours = {
        "in_color_matrix": film.matrix,
        "out_color_matrix": "bt709",
        "in_range": "full" if film.full_range else "limited",
        "out_range": "limited",
    }
    return video.filter("scale", *size, flags="bicubic", **colours)


def _cropped(video: Any, cut: Cut, size: Size) -> Any:
    """Return it cut to a shape; the same cut throughout, so that nothing wanders."""
    film = cut.film
    looks = _looks(cut)
    across = film.width / looks[0].width / film.stretch
    down = film.height / looks[0].height
    left, top, right, bottom = crop.shared_window(looks, size)
    box = {"w": (right - left) * across, "h": (bottom - top) * down}
    box |= {"x": left * across, "y": top * down}
    return video.filter("crop", **{name: 2 * int(value / 2 + 0.01) for name, value in box.items()})


def _looks(cut: Cut) -> list[Image.Image]:
    """Return a few small pictures of the part that is taken: key pictures, which cost little.

    The first one may lie before it, in the same shot: there may be none within. Of a film that was
    trimmed it may be hidden, and then all are looked at.
    """
    film = cut.film
    side = LOOK_SIDE / max(film.width, film.height)
    size = (max(1, round(film.width * side)), max(1, round(film.height * side)))
    for kinds in ("nokey", "default"):
        if looks := _looked(cut, size, skip_frame=kinds):
            return looks
    return [Image.new("RGB", size)]  # how much of it is damaged, the encoder will tell


def _looked(cut: Cut, size: Size, **options: str) -> list[Image.Image]:
    """Return some of the pictures that a decoder gives with options; none of what is damaged."""
    chosen = f"isnan(prev_selected_t)+gte(t-prev_selected_t,{cut.length_s / LOOKS:.4f})"
    video = cut.opened(cut.since(cut.film.keys_s), **options).video
    video = video.filter("select", chosen).filter("setpts", "N/(25*TB)")
    video = video.filter("scale", *size, flags="area").filter("format", "rgb24")
    graph = video.output("pipe:1", format="rawvideo", r=25, **{"frames:v": LOOKS})
    try:
        pixels = run_ffmpeg(graph, what="the look at the film", deadline_s=LOOK_S).output
    except ToolFailed as error:
        if not error.permanent:
            raise
        return []
    length = 3 * size[0] * size[1]
    return [
        Image.frombytes("RGB", size, pixels[at : at + length])
        for at in range(0, len(pixels) - length + 1, length)
    ]


def _placed(video: Any, inner: Size, size: Size, film: Footage, *, blurred: bool) -> Any:
    """Return it whole in the middle of the frame, on black or on its own soft picture."""
    place = [(outer - own) // 4 * 2 for outer, own in zip(size, inner, strict=True)]
    if not blurred:
        where = {"x": place[0], "y": place[1], "color": "black"}
        return _scaled(video, inner, film).filter("pad", *size, **where)
    halves = video.filter_multi_output("split", 2)
    # Softened while it is small, which costs next to nothing.
    small = (_even(size[0] / 8), _even(size[1] / 8))
    wide = max(small[0] / film.width, small[1] / film.height)
    over = (_even(film.width * wide + 1), _even(film.height * wide + 1))
    ground = _scaled(halves.stream(0), over, film).filter("crop", *small)
    ground = ground.filter("gblur", sigma=_SOFT).filter("lutyuv", y=f"minval+(val-minval)*{_DIM}")
    ground = ground.filter("scale", *size, flags="bicubic")
    return ffmpeg.overlay(ground, _scaled(halves.stream(1), inner, film), x=place[0], y=place[1])


def _tone_mapped(video: Any, film: Footage) -> Any:
    """Return a film of high range as one of HD: white where it was, lights rolled off."""
    told = {"tin": film.hdr, "pin": "bt2020", "min": "bt2020nc"}
    told["rin"] = "full" if film.full_range else "limited"
    told |= {"p": "bt709", "m": "gbr"}
    video = video.filter("zscale", t="linear", npl=WHITE_NITS, **told).filter("format", "gbrpf32le")
    video = video.filter("tonemap", "mobius", desat=0, **_LIGHTS)
    return video.filter("zscale", t="bt709", m="bt709", r="limited")
