"""Make text readable on any picture: measure the contrast, and lay just enough ground under it.

A scrim is a soft patch of the tone's ground behind the text: no outline, no box.
"""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter, ImageStat

from lib.colour import Rgb, contrast
from lib.media.picture.colour import Tone

#: Least contrast of text on the worst part of what lies under it (WCAG 2.2, level AA).
LEAST_CONTRAST = 4.5
#: The same for marks without words (WCAG 2.2, 1.4.11).
LEAST_MARK = 3.0
#: Most that the colours under text may vary (standard deviation of a channel, 0..127.5): letters
#: on a busy ground have contrast and are still hard to read.
MOST_UNREST = 28.0
#: Pages this much wider than high may carry text on one side only; the scrim ends beside it.
_WIDE = 1.2
#: How far a scrim fades, as a share of the shorter side.
_REACH = {"soft": 0.11, "fade": 0.26}
Box = tuple[int, int, int, int]
_STRENGTHS = tuple(share / 100 for share in range(0, 100, 5))


def worst_contrast(picture: Image.Image, box: Box, text: Rgb) -> float:
    """Return the contrast of a text colour with the worst of 32 × 32 parts of a box."""
    parts = picture.crop(box).convert("RGB").resize((32, 32), Image.Resampling.BOX)
    data = parts.tobytes()
    pixels = {(data[i], data[i + 1], data[i + 2]) for i in range(0, len(data), 3)}
    return min(contrast(text, pixel) for pixel in pixels)


def lay(picture: Image.Image, boxes: list[Box], tone: Tone, style: str = "soft") -> Image.Image:
    """Return the picture with a scrim under each box, as strong as its contrast demands."""
    for box in boxes:
        strength = strength_for([picture], box, tone)
        if strength:
            picture = picture.copy()
            picture.paste(tone.ground, None, patch(picture.size, box, strength, style))
    return picture


def strength_for(pictures: list[Image.Image], box: Box, tone: Tone) -> float:
    """Return the least strength at which text on the box reads on every one of the pictures."""
    patches = [picture.crop(box).convert("RGB") for picture in pictures]
    small = [patch.resize((64, 64), Image.Resampling.BOX) for patch in patches]
    for strength in _STRENGTHS:
        if all(_reads(patch, tone, strength) for patch in small):
            return strength
    return _STRENGTHS[-1]


def _reads(patch: Image.Image, tone: Tone, strength: float) -> bool:
    """Tell whether text reads where the scrim is whole, which is all of the box."""
    covered = Image.blend(patch, Image.new("RGB", patch.size, tone.ground), strength)
    if max(ImageStat.Stat(covered).stddev) > MOST_UNREST:
        return False
    return worst_contrast(covered, (0, 0, *covered.size), tone.text) >= LEAST_CONTRAST


def patch(size: tuple[int, int], box: Box, strength: float, style: str = "soft") -> Image.Image:
    """Return the scrim's mask: whole over the box, fading softly above and below it.

    It runs on to the edges of the picture that the box is near, so that it looks like light
    and not like a label. A style of "fade" fades over a long way, a "veil" not at all.
    """
    width, height = size
    if style == "veil":
        return Image.new("L", size, round(255 * strength))
    shrink = 8
    # Wider than the text, so that the soft edge begins where the letters end.
    grow = min(width, height) * _REACH[style]
    beside = width > height * _WIDE and box[2] < width * 0.7
    right = box[2] + grow if beside else 2 * width
    bottom = box[3] + grow if height - box[3] > grow else 2 * height
    top = box[1] - grow if box[1] > grow else -height
    edges = (-width, top, right, bottom)
    mask = Image.new("L", (max(1, width // shrink), max(1, height // shrink)), 0)
    place = tuple(round(edge / shrink) for edge in edges)
    ImageDraw.Draw(mask).rectangle(place, fill=round(255 * strength))
    mask = mask.filter(ImageFilter.GaussianBlur(grow / 2.2 / shrink))
    return mask.resize(size, Image.Resampling.BICUBIC)


def readable(tone: Tone) -> Rgb:
    """Return the brand's colour for small marks: the first that stands out from the ground."""
    for colour in (tone.accent, tone.primary, tone.secondary):
        if contrast(colour, tone.ground) >= LEAST_MARK:
            return colour
    return tone.text
