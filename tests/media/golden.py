"""Golden frames: every template in every format, kept as a small picture that somebody looked at.

    python -m tests.media.golden --write      draw them anew, after looking at the contact sheets

One JPEG a template: a row for each page, a column for each format, light and dark in turn. What is
drawn now goes through the same JPEG before it is compared, so that what did not change is alike
to the last bit, and a machine's own rounding is all that the bound must allow.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from lib.core.brand import Template
from lib.media.preview import Easel, sample
from lib.media.room import Room
from lib.media.runner.binaries import find
from lib.templates.names import FORMATS
from tests.media.conftest import ASSETS, KITS, TEMPLATES

FOLDER = Path(__file__).parent / "golden"
CELLS = {"square": (240, 240), "4x5": (240, 300), "9x16": (240, 426), "16x9": (320, 180)}
FILM_AT = (0.5, 1.0)
#: Side of the squares that are compared one by one: in the mean of a page a word would vanish.
TILE = 60
#: Least likeness of the least like tile. A word of a line in small print costs 0.02, an accent in
#: another colour 0.07 to 0.28, words moved by 8 px of 1080 0.22 to 0.3; a single digit of the body
#: 0.005, which is not found. What did not change costs nothing.
LEAST = 0.985
SLUGS = tuple(KITS.slugs())


def easel_for(template: Template) -> Easel:
    """Return what draws a template: each with another brand, always the same one."""
    names = [each.name for each in TEMPLATES.templates(template.family)]
    slug = SLUGS[names.index(template.name) % len(SLUGS)]
    return Easel(KITS.get(slug), Room(ASSETS, (ASSETS / "brands",), FOLDER))


def drawn(template: Template, easel: Easel) -> Image.Image:
    """Return all pages of a template in all formats as one picture."""
    words = sample(easel.kit)
    rows = [(name, at) for name in template.pages for at in (FILM_AT if name == "film" else (0.0,))]
    high = max(height for _, height in CELLS.values())
    whole = Image.new("RGB", (sum(width for width, _ in CELLS.values()), high * len(rows)))
    for down, (name, at) in enumerate(rows):
        x = 0
        for across, shape in enumerate(FORMATS):
            variant = ("light", "dark")[(down + across) % 2]
            if name == "film":
                film = easel.film(template, shape, variant, (words.title, words.lines))
                picture = film.at(at)
            else:
                picture = easel.still(template, name, shape, variant, words.says(name))[0]
            whole.paste(picture.resize(CELLS[shape], Image.Resampling.LANCZOS), (x, down * high))
            x += CELLS[shape][0]
    return whole


def encoded(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=80, optimize=True)
    return held.getvalue()


def likeness(one: bytes, other: bytes) -> float:
    """Return the structural similarity of the least like tiles of two JPEGs, by ffmpeg's filter."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("one", "other")]
        for file, data in zip(files, (one, other), strict=True):
            with Image.open(io.BytesIO(data)) as opened:
                picture = opened.convert("YCbCr")
            file.write_bytes(_tiles(picture))
        stats = Path(folder) / "stats"
        raw = ["-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", f"{TILE}x{TILE}"]
        command = [find().ffmpeg, "-v", "error", *raw, "-i", str(files[0]), *raw, "-i"]
        command += [str(files[1]), "-lavfi", f"ssim=stats_file={stats}", "-f", "null", "-"]
        subprocess.run(command, check=True, capture_output=True)
        found = [line.split("All:")[1].split()[0] for line in stats.read_text().splitlines()]
    return min(float(value) for value in found)


def _tiles(picture: Image.Image) -> bytes:
    parts = []
    for y in range(0, picture.height - TILE + 1, TILE):
        for x in range(0, picture.width - TILE + 1, TILE):
            tile = picture.crop((x, y, x + TILE, y + TILE))
            parts += [plane.tobytes() for plane in tile.split()]
    return b"".join(parts)


def file_of(template: Template) -> Path:
    return FOLDER / f"{template.family}-{template.name}.jpg"


def main() -> None:
    """Write the golden frames of all templates."""
    if sys.argv[1:] != ["--write"]:
        raise SystemExit("python -m tests.media.golden --write")
    FOLDER.mkdir(exist_ok=True)
    for template in TEMPLATES.templates():
        data = encoded(drawn(template, easel_for(template)))
        file_of(template).write_bytes(data)
        print(f"{file_of(template).name}: {len(data) / 1000:.0f} KB")


if __name__ == "__main__":
    main()
