"""Make text readable on any picture: measure the contrast, and lay just enough ground under it.

A scrim is a soft patch of the tone's ground behind the text: no outline, no box.
"""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter

from lib.core.colour import Rgb, contrast, luminance
from lib.media.colour import Tone

#: Least contrast of text on the worst part of what lies under it (WCAG 2.2, level AA).
LEAST_CONTRAST = 4.5
Box = tuple[int, int, int, int]
_STRENGTHS = (0.0, 0.25, 0.4, 0.55, 0.7, 0.8, 0.88, 0.95)


def worst_contrast(picture: Image.Image, box: Box, text: Rgb) -> float:
    """Return the contrast of a text colour with the worst of 32 × 32 parts of a box."""
    parts = picture.crop(box).convert("RGB").resize((32, 32), Image.Resampling.BOX)
    data = parts.tobytes()
    pixels = {(data[i], data[i + 1], data[i + 2]) for i in range(0, len(data), 3)}
    return min(contrast(text, pixel) for pixel in pixels)


def lay(picture: Image.Image, boxes: list[Box], tone: Tone) -> Image.Image:
    """Return the picture with a scrim under each box, as strong as its contrast demands."""
    for box in boxes:
        strength = strength_for([picture], box, tone)
        if strength:
            picture = picture.copy()
            picture.paste(tone.ground, None, patch(picture.size, box, strength))
    return picture


def strength_for(pictures: list[Image.Image], box: Box, tone: Tone) -> float:
    """Return the least strength at which text on the box reads on every one of the pictures."""
    for strength in _STRENGTHS:
        if all(_reads(picture, box, tone, strength) for picture in pictures):
            return strength
    return _STRENGTHS[-1]


def _reads(picture: Image.Image, box: Box, tone: Tone, strength: float) -> bool:
    """Tell whether text reads where the scrim is whole, which is all of the box."""
    inner = picture.crop(box)
    covered = Image.blend(inner, Image.new("RGB", inner.size, tone.ground), strength)
    return worst_contrast(covered, (0, 0, *inner.size), tone.text) >= LEAST_CONTRAST


def patch(size: tuple[int, int], box: Box, strength: float) -> Image.Image:
    """Return the scrim's mask: whole over the box, fading softly outside it."""
    shrink = 8
    mask = Image.new("L", (max(1, size[0] // shrink), max(1, size[1] // shrink)), 0)
    # Wider than the text, so that the soft edge begins where the letters end.
    grow = size[0] * 0.07
    edges = (box[0] - grow, box[1] - grow, box[2] + grow, box[3] + grow)
    place = tuple(round(edge / shrink) for edge in edges)
    ImageDraw.Draw(mask).rounded_rectangle(place, 6, fill=round(255 * strength))
    mask = mask.filter(ImageFilter.GaussianBlur(size[0] * 0.035 / shrink))
    return mask.resize(size, Image.Resampling.BICUBIC)


def readable(preferred: Rgb, tone: Tone) -> Rgb:
    """Return a colour for small marks: the preferred one where it reads on the ground."""
    if contrast(preferred, tone.ground) >= 3.0:
        return preferred
    target = tone.text
    for share in (0.3, 0.5, 0.7):
        mixed = tuple(round(p + (t - p) * share) for p, t in zip(preferred, target, strict=True))
        if contrast(mixed, tone.ground) >= 3.0:  # type: ignore[arg-type]
            return mixed  # type: ignore[return-value]
    return target if luminance(target) != luminance(tone.ground) else preferred
