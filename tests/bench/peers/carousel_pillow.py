"""A carousel by Pillow as most scripts use it: everything anew for each slide."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

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
    for number, slide in enumerate(spec["slides"]):
        page = Image.open(spec["background"]).convert("RGBA")
        page = page.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        veil = Image.new("RGBA", page.size)
        pen = ImageDraw.Draw(veil)
        for y in range(300, HEIGHT):
            pen.line([(0, y), (WIDTH, y)], fill=(0, 0, 0, round((y - 300) / (HEIGHT - 300) * 224)))
        page = Image.alpha_composite(page, veil)
        pen = ImageDraw.Draw(page)
        pen.rectangle((LEFT, TOP - 40, LEFT + 119, TOP - 28), fill="white")
        y = float(TOP)
        for words, name, box in (
            (slide[0], "heading_font", HEADING),
            (slide[1], "body_font", BODY),
        ):
            file = spec[name]
            size, lines = fitted(
                words, box, lambda t, s, f=file: ImageFont.truetype(f, s).getlength(t)
            )
            for line in lines:
                pen.text((LEFT, y), line, font=ImageFont.truetype(file, size), fill="white")
                y += size * LEADING
            y += 43
        logo = Image.open(spec["logo"]).convert("RGBA").resize((89, 89), Image.Resampling.LANCZOS)
        page.alpha_composite(logo, (LEFT, HEIGHT - 170))
        font = ImageFont.truetype(spec["body_font"], 34)
        pen.text((LEFT + 115, HEIGHT - 145), spec["handle"], font=font, fill="white")
        more = {"quality": 90} if kind == "jpg" else {}
        page.convert("RGB").save(folder / f"{number}.{kind}", **more)


for _ in range(int(sys.argv[4])):
    main()
