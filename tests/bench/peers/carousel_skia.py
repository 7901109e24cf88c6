"""A carousel by skia-python."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import skia

from tests.bench.peers.carousel_words import (
    BODY,
    HEADING,
    HEIGHT,
    LEADING,
    LEFT,
    TOP,
    WIDTH,
    fitted,
)


def main() -> None:
    """Draw every slide of a file into a folder."""
    spec, folder, kind = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), sys.argv[3]
    ground = skia.Image.open(spec["background"])
    logo = skia.Image.open(spec["logo"])
    faces = [skia.Typeface.MakeFromFile(spec[name]) for name in ("heading_font", "body_font")]
    page = skia.Rect.MakeWH(WIDTH, HEIGHT)
    for number, slide in enumerate(spec["slides"]):
        surface = skia.Surface(WIDTH, HEIGHT)
        canvas = surface.getCanvas()
        smooth = skia.SamplingOptions(skia.CubicResampler.Mitchell())
        canvas.drawImageRect(ground, page, smooth)
        fade = skia.GradientShader.MakeLinear(
            [skia.Point(0, 300), skia.Point(0, HEIGHT)], [0x00000000, 0xE0000000]
        )
        canvas.drawRect(page, skia.Paint(Shader=fade))
        white = skia.Paint(Color=0xFFFFFFFF, AntiAlias=True)
        canvas.drawRect(skia.Rect.MakeXYWH(LEFT, TOP - 40, 119, 12), white)
        y = float(TOP)
        for words, face, box in ((slide[0], faces[0], HEADING), (slide[1], faces[1], BODY)):
            size, lines = fitted(words, box, lambda t, s, f=face: skia.Font(f, s).measureText(t))
            for line in lines:
                y += size * LEADING
                canvas.drawString(line, LEFT, y, skia.Font(face, size), white)
            y += 43
        canvas.drawImageRect(logo, skia.Rect.MakeXYWH(LEFT, HEIGHT - 170, 89, 89), smooth)
        canvas.drawString(spec["handle"], LEFT + 115, HEIGHT - 114, skia.Font(faces[1], 34), white)
        image, format_of = surface.makeImageSnapshot(), {"png": skia.kPNG, "jpg": skia.kJPEG}
        image.save(str(folder / f"{number}.{kind}"), format_of[kind], 90)


for _ in range(int(sys.argv[4])):
    main()
