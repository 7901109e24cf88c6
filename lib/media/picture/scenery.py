"""Procedural backgrounds: five kinds of scenery in a brand's colours, each a picture to publish.

Called by ``background.py``. Everything follows from the seed. Soft fields are painted small and
enlarged; hard edges are painted large and reduced. A last breath of noise hides banding.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from lib.colour import Rgb
from lib.media.picture.colour import BLACK, WHITE, Tone, mix

Size = tuple[int, int]
#: Soft fields are painted at this fraction of the size.
_SMALL = 6
#: Strength of the noise that hides banding, in steps of 255.
_NOISE = 5


def paint(kind: str, size: Size, tone: Tone, seed: str) -> Image.Image:
    """Return one scenery as RGB, ``size`` px."""
    rng = random.Random(f"{kind}/{seed}")  # noqa: S311 - taste, no secret
    return _dithered(_KINDS[kind](size, tone, rng), rng)


def _aurora(size: Size, tone: Tone, rng: random.Random) -> Image.Image:
    """Curtains of light over a quiet gradient."""
    small = (size[0] // _SMALL, size[1] // _SMALL)
    sky = _gradient(small, mix(tone.ground, tone.primary, 0.10), tone.ground)
    for number in range(5):
        colour = tone.colours[number % 3]
        strength = rng.uniform(0.34, 0.62) if tone.dark else rng.uniform(0.45, 0.65)
        curtain = Image.new("L", small, 0)
        pen = ImageDraw.Draw(curtain)
        base = small[1] * rng.uniform(0.15, 0.85)
        wave, shift = rng.uniform(0.7, 1.8), rng.uniform(0, math.tau)
        height = small[1] * rng.uniform(0.16, 0.34)
        for x in range(small[0]):
            turn = x / small[0] * math.tau
            y = base + math.sin(turn * wave + shift) * height * 0.5
            y += math.sin(turn * wave * 2.3 + shift * 2) * height * 0.18
            for part in range(10):
                top = y - height * (1 - part / 10)
                pen.line([(x, top), (x, top + height / 10 + 1)], fill=int(255 * (part / 9) ** 2))
        curtain = curtain.filter(ImageFilter.GaussianBlur(small[0] / 22))
        _lay(sky, colour, curtain, strength)
    big = sky.resize(size, Image.Resampling.BICUBIC)
    return _stars(big, rng) if tone.dark else big


def _dunes(size: Size, tone: Tone, rng: random.Random) -> Image.Image:
    """Ridges behind ridges under a low sun, which keeps to the corner that words leave free."""
    width, height = size
    far = mix(tone.ground, tone.secondary, 0.45 if tone.dark else 0.38)
    picture = _gradient(size, mix(tone.ground, tone.primary, 0.30 if tone.dark else 0.06), far)
    radius = int(width * rng.uniform(0.075, 0.10))
    sun = (int(width * rng.uniform(0.72, 0.84)), int(height * rng.uniform(0.075, 0.115)))
    glow = Image.new("L", (width // 8, height // 8), 0)
    spot = (sun[0] // 8, sun[1] // 8)
    _disc(ImageDraw.Draw(glow), spot, radius * 3 // 8, 200)
    glow = glow.filter(ImageFilter.GaussianBlur(radius / 5)).resize(size, Image.Resampling.BICUBIC)
    _lay(picture, mix(tone.accent, WHITE, 0.2), glow, 0.42)
    face = Image.new("L", (size[0] * 2, sun[1] * 2 + radius * 3), 0)
    _disc(ImageDraw.Draw(face), (sun[0] * 2, sun[1] * 2), radius * 2, 255)
    disc = mix(tone.accent, WHITE, 0.35 if tone.dark else 0.1)
    picture.paste(disc, (0, 0), face.reduce(2))
    layers = 7
    near = mix(tone.primary, BLACK, 0.35) if tone.dark else mix(tone.primary, tone.secondary, 0.35)
    for number in range(layers):
        depth = number / (layers - 1)
        crest = mix(far, near, (0.15 + 0.85 * depth) * (0.9 if tone.dark else 0.62))
        lit = mix(crest, tone.accent, 0.22 * (1 - depth))
        foot = mix(crest, BLACK if tone.dark else tone.ground, 0.38 if tone.dark else 0.45)
        top = height * (0.34 + 0.095 * number)
        mask = _ridge(size, top, height * 0.045 * (1 + depth), rng)
        # The mist begins below the highest crest, so above it all is in the light.
        layer = Image.new("RGB", size, lit)
        start, deep = int(top - height * 0.06), int(height * 0.30)
        layer.paste(_gradient((1, 256), lit, foot).resize((width, deep)), (0, start))
        layer.paste(foot, (0, start + deep, width, height))
        picture.paste(layer, None, mask)
    return picture


def _bokeh(size: Size, tone: Tone, rng: random.Random) -> Image.Image:
    """Lights out of focus, near and far."""
    width, height = size
    picture = _gradient(size, mix(tone.ground, tone.primary, 0.28), tone.ground)
    for blur, count, least, most in (
        (46, 11, 0.16, 0.34),
        (10, 16, 0.05, 0.12),
        (2, 26, 0.008, 0.03),
    ):
        for colour in (*tone.colours, mix(tone.accent, WHITE, 0.5)):
            shrink = 4 if blur > 4 else 1
            mask = Image.new("L", (width // shrink, height // shrink), 0)
            for _ in range(count // 4 + 1):
                place = (rng.randrange(width) // shrink, rng.randrange(height) // shrink)
                radius = int(width * rng.uniform(least, most)) // shrink
                light = rng.randrange(90, 210)
                spot = Image.new("L", mask.size, 0)
                pen = ImageDraw.Draw(spot)
                _disc(pen, place, radius, light)
                if blur < 40:
                    _disc(pen, place, int(radius * 0.88), int(light * 0.72))
                mask = ImageChops.lighter(mask, spot)
            mask = mask.filter(ImageFilter.GaussianBlur(blur / shrink))
            _lay(
                picture,
                colour,
                mask.resize(size, Image.Resampling.BICUBIC),
                0.6 if tone.dark else 0.42,
            )
    return picture


def _contours(size: Size, tone: Tone, rng: random.Random) -> Image.Image:
    """Sheets of paper, cut along the contour lines of a landscape that nobody has seen."""
    land = _landscape(size, rng)
    extrema = land.getextrema()
    low, high = float(extrema[0]), float(extrema[1])  # type: ignore[arg-type]
    levels = 9
    deep = mix(tone.ground, BLACK, 0.2) if tone.dark else mix(tone.ground, tone.primary, 0.62)
    crest = mix(tone.primary, tone.secondary, 0.4) if tone.dark else mix(tone.ground, WHITE, 0.5)
    picture = Image.new("RGB", size, deep)
    quarter = (size[0] // 4, size[1] // 4)
    for number in range(1, levels + 1):
        level = low + (high - low) * number / (levels + 1)
        # Steep enough for a cut edge, shallow enough to be smooth along it.
        sheet = land.point(lambda value: value * 90 + 128 - level * 90).convert("L")  # noqa: B023
        shadow = Image.new("L", quarter, 0)
        shadow.paste(sheet.resize(quarter, Image.Resampling.BOX), (1, 3))
        shadow = shadow.filter(ImageFilter.GaussianBlur(5)).resize(size, Image.Resampling.BICUBIC)
        _lay(picture, mix(deep, BLACK, 0.7), shadow, 0.45 if tone.dark else 0.20)
        colour = mix(deep, crest, number / levels)
        if number == levels:
            colour = mix(colour, tone.accent, 0.8)
        picture.paste(colour, None, sheet)
    return picture


def _landscape(size: Size, rng: random.Random) -> Image.Image:
    """Return a smooth height field in floating point: hills, and smaller hills on them.

    Each layer is a coarse lattice of heights, enlarged and then turned, so that no hill follows
    the lattice. Steps of 8 bits vanish where the sum is reduced before it is enlarged again.
    """
    middle = (size[0] // 3, size[1] // 3)
    side = math.ceil(math.hypot(*middle))
    field = None
    for cells, share in ((5, 1.0), (7, 0.5), (15, 0.10)):
        lattice = Image.frombytes("L", (cells, cells), rng.randbytes(cells * cells))
        hills = lattice.resize((side, side), Image.Resampling.BICUBIC)
        hills = hills.rotate(rng.uniform(15, 75), Image.Resampling.BILINEAR)
        left, top = (side - middle[0]) // 2, (side - middle[1]) // 2
        layer = hills.crop((left, top, left + middle[0], top + middle[1]))
        field = layer if field is None else Image.blend(field, layer, share / (1 + share))
    assert field is not None
    smooth = ImageOps.autocontrast(field.filter(ImageFilter.GaussianBlur(middle[0] / 60)))
    coarse = (middle[0] // 6, middle[1] // 6)
    return (
        smooth.convert("F")
        .resize(coarse, Image.Resampling.BOX)
        .resize(size, Image.Resampling.BICUBIC)
    )


def _prisms(size: Size, tone: Tone, rng: random.Random) -> Image.Image:
    """Facets that catch the light."""
    twice = (size[0] * 2, size[1] * 2)
    picture = Image.new("RGB", twice, tone.ground)
    pen = ImageDraw.Draw(picture)
    columns = 6
    step = twice[0] / columns
    rows = math.ceil(twice[1] / step)
    points = {
        (x, y): (
            x * step + rng.uniform(-0.38, 0.38) * step,
            y * step + rng.uniform(-0.38, 0.38) * step,
        )
        for x in range(-1, columns + 2)
        for y in range(-1, rows + 2)
    }
    lean = rng.choice((-1, 1))
    for x in range(-1, columns + 1):
        for y in range(-1, rows + 1):
            a, b = points[x, y], points[x + 1, y]
            c, d = points[x, y + 1], points[x + 1, y + 1]
            for corners in ((a, b, c), (b, d, c)):
                along = sum(p[1] for p in corners) / 3 / twice[1]
                across = sum(p[0] for p in corners) / 3 / twice[0]
                pen.polygon(corners, fill=_facet(tone, along, across * lean, rng))
    return picture.reduce(2)


def _facet(tone: Tone, along: float, across: float, rng: random.Random) -> Rgb:
    """Return a facet's colour: one brand colour above, another below, mingling in between.

    Mingling by chance and not by mixing: two brand colours mixed are often a dull grey.
    """
    place = along + across * 0.25 + rng.uniform(-0.16, 0.16)
    body = tone.primary if place < 0.58 else tone.secondary
    body = mix(tone.ground, body, rng.uniform(0.34, 0.62) if tone.dark else rng.uniform(0.28, 0.5))
    if rng.random() < 0.06:
        body = mix(body, tone.accent, 0.75)
    light = rng.uniform(-0.10, 0.12)
    return mix(body, WHITE if light > 0 else tone.ground if tone.dark else BLACK, abs(light))


_KINDS: dict[str, Callable[[Size, Tone, random.Random], Image.Image]] = {
    "aurora": _aurora,
    "dunes": _dunes,
    "bokeh": _bokeh,
    "contours": _contours,
    "prisms": _prisms,
}


def _gradient(size: Size, top: Rgb, bottom: Rgb) -> Image.Image:
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def _lay(picture: Image.Image, colour: Rgb, mask: Image.Image, strength: float) -> None:
    """Lay a colour over the picture where the mask is bright."""
    picture.paste(colour, None, mask.point([round(value * strength) for value in range(256)]))


def _disc(pen: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int, fill: int) -> None:
    x, y = centre
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _ridge(size: Size, top: float, swing: float, rng: random.Random) -> Image.Image:
    width, height = size
    waves = [(rng.uniform(0.4, 1.1) * k, rng.uniform(0, math.tau), swing / k) for k in (1, 2, 4)]
    line = [
        (x, top + sum(math.sin(x / width * math.tau * f + s) * a for f, s, a in waves))
        for x in range(0, width + 8, 8)
    ]
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).polygon([(0, height), *line, (width + 8, height)], fill=255)
    return mask.filter(ImageFilter.GaussianBlur(1.0))


def _stars(picture: Image.Image, rng: random.Random) -> Image.Image:
    mask = Image.new("L", picture.size, 0)
    pen = ImageDraw.Draw(mask)
    for _ in range(140):
        place = (rng.randrange(picture.width), int(picture.height * rng.random() ** 1.6))
        _disc(pen, place, rng.choice((1, 1, 1, 2)), rng.randrange(60, 200))
    _lay(picture, WHITE, mask.filter(ImageFilter.GaussianBlur(0.7)), 0.8)
    return picture


def _dithered(picture: Image.Image, rng: random.Random) -> Image.Image:
    """Add a tile of fine noise around zero, so that a slow gradient shows no steps."""
    side = 256
    grain = Image.frombytes("L", (side, side), rng.randbytes(side * side))
    grain = grain.point([128 + round((value - 127.5) / 127.5 * _NOISE) for value in range(256)])
    sheet = Image.new("L", picture.size)
    for x in range(0, picture.width, side):
        for y in range(0, picture.height, side):
            sheet.paste(grain, (x, y))
    return ImageChops.add(picture, Image.merge("RGB", (sheet, sheet, sheet)), 1, -128)
