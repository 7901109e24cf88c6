"""Where to cut a picture: the window that keeps what people look at, with room above heads.

Used by ``pictures.cover`` and, for films, by ``reframe.py``. A small copy is searched for what
stands out from its surroundings in light, in colour and in sharpness; no model, so a face counts
only as what stands out and has a colour of skin. Where nothing stands out the cut is in the middle.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageStat

#: Longer side of the copy that is searched, px.
SIDE = 128
#: Blurs whose differences show what stands out, as pairs of radii on that copy, px.
_SCALES = ((1.5, 9.0), (3.0, 20.0))
#: Ranges of Cb and Cr of skin, light or dark, in usual light.
_SKIN_BLUE, _SKIN_RED = (77, 127), (135, 173)
#: Share of all that stands out which belongs to the subject: what is left are odds and ends.
SUBJECT = 0.8
#: Share of it above and below which a subject begins, and what is given up to keep it whole.
ODDS, GIVEN_UP = 0.015, 0.04
#: Room above a subject and on its other sides, as shares of the window.
HEADROOM, MARGIN = 0.08, 0.03
#: What a window loses at its rims, and for lying away from the middle.
_RIM, _AWAY = 0.35, 0.06
Box = tuple[float, float, float, float]


def window(picture: Image.Image, size: tuple[int, int]) -> Box:
    """Return the largest box of the shape of ``size`` that keeps the subject; px, sub-pixel."""
    return shared_window([picture], size)


def shared_window(pictures: Sequence[Image.Image], size: tuple[int, int]) -> Box:
    """Return one box for pictures of one size, as ``window``: what most of them show counts."""
    picture = pictures[0]
    left, top, right, bottom = fitted(picture.size, size, 0.5)
    if max(left / picture.width, top / picture.height) <= 0.005:
        return left, top, right, bottom
    seen = _seen_in(pictures)
    if left > top:
        columns = seen.resize((seen.width, 1), Image.Resampling.BOX).tobytes()
        where = place(columns, (right - left) / picture.width, MARGIN)
    else:
        rows = seen.resize((1, seen.height), Image.Resampling.BOX).tobytes()
        where = place(rows, (bottom - top) / picture.height, HEADROOM)
    return fitted(picture.size, size, where)


def fitted(whole: tuple[int, int], shape: tuple[int, int], where: float) -> Box:
    """Return the largest box of a shape within a size, ``where`` it may move: 0 first, 1 last.

    It is as wide or as high as the whole to the last bit: by a share of a share it would now and
    then begin before it, and nothing can be cut there.
    """
    width, height = whole
    if width * shape[1] <= height * shape[0]:
        cut = width * shape[1] / shape[0]
        top = (height - cut) * where
        return 0.0, top, float(width), top + cut
    cut = height * shape[0] / shape[1]
    left = (width - cut) * where
    return left, 0.0, left + cut, float(height)


def _seen_in(pictures: Sequence[Image.Image]) -> Image.Image:
    """Return what stands out on average."""
    seen = saliency(pictures[0])
    for number, picture in enumerate(pictures[1:], start=2):
        seen = Image.blend(seen, saliency(picture), 1 / number)
    return seen


def saliency(picture: Image.Image) -> Image.Image:
    """Return what stands out, as a small grey picture."""
    scale = min(1.0, SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BOX, reducing_gap=2.0).convert("RGB")
    luma, blue, red = small.convert("YCbCr").split()
    found = Image.new("L", small.size)
    for channel, share in ((luma, 0.5), (blue, 1.2), (red, 1.2)):
        for near, far in _SCALES:
            found = ImageChops.add(found, _apart(channel, near, far, share))
        found = ImageChops.add(found, _from_rim(channel, share * 0.6))
    sharp = ImageChops.difference(luma, luma.filter(ImageFilter.GaussianBlur(1.5)))
    sharp = sharp.filter(ImageFilter.GaussianBlur(4)).point([min(255, 5 * v) for v in range(256)])
    found = ImageChops.add(found, sharp)
    skin = ImageChops.multiply(_within(blue, _SKIN_BLUE), _within(red, _SKIN_RED))
    skin = ImageChops.multiply(skin.filter(ImageFilter.GaussianBlur(2)), found)
    found = ImageChops.add(found, skin, scale=1.4)
    return _risen(found.filter(ImageFilter.GaussianBlur(2)))


def _apart(channel: Image.Image, near: float, far: float, share: float) -> Image.Image:
    """Return how far each place is from its surroundings."""
    inner = channel.filter(ImageFilter.GaussianBlur(near))
    outer = channel.filter(ImageFilter.GaussianBlur(far))
    return ImageChops.difference(inner, outer).point([min(255, share * v) for v in range(256)])


def _from_rim(channel: Image.Image, share: float) -> Image.Image:
    """Return how far each place is from the mean of the picture's rim, where subjects are not."""
    width, height = channel.size
    thick = max(1, min(width, height) // 12)
    mask = Image.new("L", channel.size, 255)
    mask.paste(0, (thick, thick, width - thick, height - thick))
    mean = round(ImageStat.Stat(channel, mask).mean[0])
    away = ImageChops.difference(channel.filter(ImageFilter.GaussianBlur(2)), _flat(channel, mean))
    return away.point([min(255, share * v) for v in range(256)])


def _flat(like: Image.Image, value: int) -> Image.Image:
    return Image.new("L", like.size, value)


def _within(channel: Image.Image, ends: tuple[int, int]) -> Image.Image:
    return channel.point([255 if ends[0] <= v <= ends[1] else 0 for v in range(256)])


def _risen(found: Image.Image) -> Image.Image:
    """Return only what rises above the usual, the more the higher."""
    usual = ImageStat.Stat(found).mean[0]
    highest = max(usual + 1, float(found.getextrema()[1]))  # type: ignore[arg-type]
    rise = [max(0.0, (v - usual) / (highest - usual)) for v in range(256)]
    return found.point([round(255 * min(1.0, up) ** 1.5) for up in rise])


def place(profile: Sequence[int], share: float, before: float) -> float:
    """Return where a window begins along a profile, 0 (first) to 1 (last possible place).

    ``share`` is the window's length as a share of the whole; ``before`` the room that is kept
    before the subject, as a share of the window.
    """
    count = len(profile)
    length = max(1, round(count * share))
    slack = count - length
    total = sum(profile)
    if slack < 1:
        return 0.5
    if not total:
        return 0.5
    worth = [_worth(profile, start, length, total) for start in range(slack + 1)]
    first, last = _subject(profile, total, before)
    low, high = last + MARGIN * length - length, first - before * length
    low = min(low, high)  # of what is too long the beginning is kept, which is a head
    good = [start for start in range(slack + 1) if worth[start] >= max(worth) - GIVEN_UP]
    best = min(good, key=lambda start: (max(low - start, start - high, 0.0), -worth[start]))
    return best / slack


def _worth(profile: Sequence[int], start: int, length: int, total: int) -> float:
    """Return the share of what stands out that a window keeps, less at its rims."""
    rim = max(1, length // 6)
    kept = 0.0
    for number in range(length):
        inside = min(number, length - 1 - number)
        fall = _RIM * (1 - inside / rim) if inside < rim else 0.0
        kept += profile[start + number] * (1 - fall)
    middle = (len(profile) - length) / 2
    return kept / total - _AWAY * abs(start - middle) / max(1.0, middle)


def _subject(profile: Sequence[int], total: int, before: float) -> tuple[int, int]:
    """Return where the subject begins and ends along a profile.

    From the side: the shortest stretch that holds most of what stands out. From above: all but
    the little that may be anything, for a head is a small part of what stands out.
    """
    sums = [0, *itertools.accumulate(profile)]
    if before == HEADROOM:
        first = bisect.bisect_right(sums, ODDS * total) - 1
        return first, bisect.bisect_left(sums, (1 - 6 * ODDS) * total)
    found, last = (0, len(profile)), 0
    for first in range(len(profile)):
        while last < len(profile) and sums[last] - sums[first] < SUBJECT * total:
            last += 1
        if sums[last] - sums[first] < SUBJECT * total:
            break
        found = min(found, (first, last), key=lambda ends: ends[1] - ends[0])
    return found
