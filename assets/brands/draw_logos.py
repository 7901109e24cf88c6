"""Draw the logos of the five demo brands: simple marks, four times too large, then reduced.

    python assets/brands/draw_logos.py

Run by hand when a mark changes; the PNG files beside it are what the studio uses.
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

SIDE = 512
SCALE = 4
FULL = SIDE * SCALE
FOLDER = Path(__file__).parent


def _canvas(fill: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGBA", (FULL, FULL))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((0, 0, FULL - 1, FULL - 1), fill=fill)
    return picture, pen


def _at(*shares: float) -> tuple[float, ...]:
    return tuple(share * FULL for share in shares)


def steady_habits() -> Image.Image:
    """Two leaves on a stem: something small that grows."""
    picture, pen = _canvas("#2F7D5B")
    pen.line(_at(0.5, 0.80, 0.5, 0.42), fill="#F7F4EC", width=round(FULL * 0.045))
    for side in (-1, 1):
        leaf = []
        for step in range(61):
            turn = step / 60 * math.pi
            along, out = 0.30 * (1 - math.cos(turn)) / 2, 0.105 * math.sin(turn)
            leaf.append((along, out))
        outline = leaf + [(a, -o) for a, o in reversed(leaf)]
        tilt = math.radians(-48)
        base = (0.5, 0.60 if side < 0 else 0.50)
        points = [
            (
                (base[0] + side * (a * math.cos(tilt) - o * math.sin(tilt))) * FULL,
                (base[1] + a * math.sin(tilt) + o * math.cos(tilt)) * FULL,
            )
            for a, o in outline
        ]
        pen.polygon(points, fill="#F2A65A" if side > 0 else "#8FC9A6")
    return picture


def plain_money() -> Image.Image:
    """Three bars that rise, and a coin."""
    picture, pen = _canvas("#1F4E79")
    for number, top in enumerate((0.62, 0.52, 0.42)):
        left = 0.27 + 0.17 * number
        pen.rounded_rectangle(_at(left, top, left + 0.12, 0.76), FULL * 0.02, fill="#F5F7FA")
    pen.ellipse(_at(0.60, 0.17, 0.76, 0.33), fill="#F2C14E")
    return picture


def night_sky() -> Image.Image:
    """Draw a crescent and a star."""
    picture, pen = _canvas("#3B2A78")
    pen.ellipse(_at(0.22, 0.22, 0.74, 0.74), fill="#F4F1FB")
    pen.ellipse(_at(0.36, 0.16, 0.84, 0.64), fill="#3B2A78")
    points = []
    for corner in range(8):
        radius = 0.12 if corner % 2 == 0 else 0.042
        turn = math.pi / 4 * corner - math.pi / 2
        points.append(
            ((0.66 + radius * math.cos(turn)) * FULL, (0.40 + radius * math.sin(turn)) * FULL)
        )
    pen.polygon(points, fill="#F26CA7")
    return picture


def kitchen_proof() -> Image.Image:
    """Draw a pot with a lid, and steam."""
    picture, pen = _canvas("#9C3D1E")
    pen.rounded_rectangle(_at(0.26, 0.50, 0.74, 0.76), FULL * 0.07, fill="#FFF8EE")
    pen.rectangle(_at(0.26, 0.50, 0.74, 0.60), fill="#FFF8EE")
    pen.rounded_rectangle(_at(0.22, 0.43, 0.78, 0.475), FULL * 0.018, fill="#F4D06F")
    for side in (0.17, 0.75):
        pen.rounded_rectangle(_at(side, 0.55, side + 0.08, 0.60), FULL * 0.02, fill="#FFF8EE")
    for middle in (0.40, 0.50, 0.60):
        wave = [
            ((middle + 0.018 * math.sin(y / 5 * math.pi)) * FULL, (0.37 - y * 0.0075) * FULL)
            for y in range(21)
        ]
        pen.line(wave, fill="#F4D06F", width=round(FULL * 0.024), joint="curve")
    return picture


def two_wheels() -> Image.Image:
    """Draw a bicycle, with as few lines as will do."""
    picture, pen = _canvas("#0F6B6E")
    thick = round(FULL * 0.035)
    for middle in (0.30, 0.70):
        pen.ellipse(_at(middle - 0.15, 0.45, middle + 0.15, 0.75), outline="#F2F7F5", width=thick)
    frame = [(0.30, 0.60), (0.42, 0.40), (0.62, 0.40), (0.50, 0.60), (0.30, 0.60)]
    pen.line([_at(*point) for point in frame], fill="#FFD166", width=thick, joint="curve")
    pen.line([_at(0.50, 0.60), _at(0.40, 0.34)], fill="#FFD166", width=thick)
    pen.line([_at(0.70, 0.60), _at(0.60, 0.32), _at(0.68, 0.30)], fill="#FFD166", width=thick)
    pen.line([_at(0.35, 0.34), _at(0.46, 0.34)], fill="#F25F4C", width=round(thick * 1.2))
    return picture


def main() -> None:
    """Draw every mark."""
    for draw in (steady_habits, plain_money, night_sky, kitchen_proof, two_wheels):
        file = FOLDER / draw.__name__.replace("_", "-") / "logo.png"
        picture = draw().resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        picture.save(file, optimize=True)


if __name__ == "__main__":
    main()
