"""What lies under a page's words: the work's picture as the template treats it, panels, a frame.

``base`` is one picture for stills. A film moves its picture, so it takes ``treated`` for what
moves and ``veil`` for what stands still over it.
"""

from __future__ import annotations

import colorsys

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from lib.colour import Rgb, contrast, luminance
from lib.media.layout.sheet import Sheet
from lib.media.picture import pictures
from lib.media.picture.colour import BLACK, WHITE, Tone, mix
from lib.media.picture.scrim import LEAST_CONTRAST, Box

#: A blurred ground is made at this fraction of the size.
_SMALL = 8


def base(ground: Image.Image, sheet: Sheet) -> Image.Image:
    """Return everything under the words of a still page, as RGB."""
    of = sheet.page.ground
    if of.fill == "colour":
        picture = Image.new("RGB", sheet.size, sheet.colour(of.colour))
        if of.window:
            box = sheet.box(of.window)
            cut = pictures.cover(ground, (box[2] - box[0], box[3] - box[1]))
            picture.paste(cut, box[:2], rounded(cut.size, sheet.unit(of.radius)))
    else:
        picture = treated(pictures.cover(ground, sheet.size), sheet)
    over = veil(sheet, still=True)
    if over is not None:
        picture.paste(over, None, over)
    return picture


def treated(picture: Image.Image, sheet: Sheet) -> Image.Image:
    """Return a picture in the template's treatment."""
    of = sheet.page.ground
    if of.fill == "duotone":
        picture = duotone(picture, sheet)
    elif of.fill == "blur":
        small = picture.reduce(_SMALL)
        soft = small.filter(ImageFilter.GaussianBlur(min(small.size) / 22))
        picture = soft.resize(picture.size, Image.Resampling.BICUBIC)
    if of.veil:
        plain = Image.new("RGB", picture.size, sheet.tone.ground)
        picture = Image.blend(picture, plain, of.veil / 100)
    return picture


def duotone(picture: Image.Image, sheet: Sheet) -> Image.Image:
    """Return a picture printed in two inks of the palette, deep and light."""
    grey = ImageOps.autocontrast(picture.convert("L"), cutoff=1)
    tone = sheet.tone
    by_light = sorted(tone.colours, key=luminance)
    if tone.dark:
        deep, middle, light = (
            mix(by_light[0], BLACK, 0.72),
            by_light[0],
            mix(by_light[2], WHITE, 0.1),
        )
    else:
        deep, light = _deep(tone), mix(by_light[2], tone.ground, 0.55)
        middle = mix(deep, by_light[2], 0.92)
    return ImageOps.colorize(grey, deep, light, mid=middle, midpoint=128)


def _deep(tone: Tone) -> Rgb:
    """Return the deepest ink of a light page on which its words can still be read."""
    darkest = min(tone.colours, key=luminance)
    hue, light, strength = colorsys.rgb_to_hls(*(part / 255 for part in darkest))
    ink = darkest
    while contrast(ink, tone.text) < LEAST_CONTRAST + 0.2 and light < 1:
        light += 0.01
        red, green, blue = colorsys.hls_to_rgb(hue, min(1.0, light), strength)
        ink = (round(red * 255), round(green * 255), round(blue * 255))
    return ink


def veil(sheet: Sheet, *, still: bool = False) -> Image.Image | None:
    """Return what stands still over the picture, as RGBA; None when nothing does.

    For a film this includes the colour around a window, which is a hole.
    """
    page, size = sheet.page, sheet.size
    if still and not page.panels and page.frame is None:
        return None
    layer = Image.new("RGBA", size, (*sheet.tone.ground, 0))
    if not still and page.ground.fill == "colour":
        layer.paste((*sheet.colour(page.ground.colour), 255), (0, 0, *size))
        if page.ground.window:
            box = sheet.box(page.ground.window)
            hole = rounded((box[2] - box[0], box[3] - box[1]), sheet.unit(page.ground.radius))
            alpha = layer.getchannel("A")
            alpha.paste(0, box[:2], hole)
            layer.putalpha(alpha)
    for panel in page.panels:
        box = sheet.box(panel.area)
        shape = rounded((box[2] - box[0], box[3] - box[1]), sheet.unit(panel.radius))
        shape = shape.point([round(value * panel.opacity / 100) for value in range(256)])
        block = Image.new("RGBA", shape.size, (*sheet.colour(panel.colour), 255))
        block.putalpha(shape)
        layer.alpha_composite(block, box[:2])
    if page.frame is not None:
        _frame(layer, sheet)
    return layer


def _frame(layer: Image.Image, sheet: Sheet) -> None:
    frame = sheet.page.frame
    assert frame is not None
    away, thick = sheet.unit(frame.inset), max(2, sheet.unit(frame.thick))
    colour: Rgb = sheet.colour(frame.colour)
    width, height = layer.size
    box = (away, away, width - 1 - away, height - 1 - away)
    pen = ImageDraw.Draw(layer)
    if not frame.corners:
        pen.rectangle(box, outline=(*colour, 255), width=thick)
        return
    arm = sheet.unit(7)
    for x, across in ((box[0], 1), (box[2], -1)):
        for y, down in ((box[1], 1), (box[3], -1)):
            pen.rectangle(
                _sorted((x, y, x + across * arm, y + down * (thick - 1))), fill=(*colour, 255)
            )
            pen.rectangle(
                _sorted((x, y, x + across * (thick - 1), y + down * arm)), fill=(*colour, 255)
            )


def _sorted(box: Box) -> Box:
    return min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])


def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """Return the mask of a rectangle with round corners."""
    if not radius:
        return Image.new("L", size, 255)
    mask = Image.new("L", (size[0] * 2, size[1] * 2), 0)
    pen = ImageDraw.Draw(mask)
    pen.rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * 2, fill=255)
    return mask.reduce(2)
