"""Draw frames of narrated reels in every template, to be looked at.

python -m tests.media.narrated_sheet FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from PIL import Image

from lib.media.captions import timed_words
from lib.media.captions.styles import style
from lib.media.reel import video as reel_video
from lib.media.reel.frames import ReelFrames
from lib.media.reel.planes import Frame
from lib.media.reel.video import Params
from lib.media.room import Room
from tests.media.caption_sheet import TEXTS, spoken
from tests.media.conftest import ASSETS, KITS, TEMPLATES, look, paint

SIZE = (1080, 1920)
TITLE = "Cold makes bread go stale"
LINES = ("Bread goes stale faster in the refrigerator", "The freezer keeps it fresh for months")
MANY = (*LINES, "Starch crystallises between 0 and 10 °C", "Toast brings the softness back")


def params(slug: str, variant: str, template: str, **changes: Any) -> dict[str, Any]:
    """Return the parameters of a narrated reel."""
    film = TEMPLATES.find(f"reels/{template}")[0].pages["film"]["9x16"]
    return {
        "look": look(slug),
        "variant": variant,
        "template": film,
        "title": TITLE,
        "lines": (),
        "seconds": 10,
        "fps": 30,
        "width": SIZE[0],
        "height": SIZE[1],
        "music": None,
        "seed": "s",
        **changes,
    }


def told(name: str, room: Room) -> dict[str, Any]:
    """Return the parameters of captions in a style."""
    return {"style": style(name, room).model_dump(), "starts_s": 0.4}


def words_file(folder: Path, text: str = TEXTS["en"], language: str = "en") -> Path:
    """Write the times of words that are spoken evenly."""
    words = spoken(text)
    seconds = words[-1].stop_s + 0.2
    timed_words.write(
        folder / "words.json", words, language=language, source="test", seconds=seconds
    )
    return folder / "words.json"


def frames_of(wanted: dict[str, Any], words: Path, room: Room) -> ReelFrames:
    """Return what composes the frames of a reel."""
    slug = next(slug for slug in KITS.slugs() if look(slug) == wanted["look"])
    size = (wanted["width"] * 1242 // 1080, wanted["height"] * 1242 // 1080)
    ground = paint(room, slug, size, wanted["variant"])
    return reel_video.composer(Params.model_validate(wanted), ground, room, words)


def seen(frames: ReelFrames, number: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return one frame as RGB, as a player shows it."""
    frame = Frame(size)
    frames.compose(number, frame)
    luma, blue, red = frame.planes
    full = [luma.point([min(255, max(0, round((v - 16) * 255 / 219))) for v in range(256)])]
    wide = [min(255, max(0, round(128 + (v - 128) * 255 / 224))) for v in range(256)]
    full += [plane.point(wide).resize(size, Image.Resampling.BILINEAR) for plane in (blue, red)]
    return Image.merge("YCbCr", full).convert("RGB")


def main(folder: Path) -> None:
    """Write a sheet for each way of captions: templates across, brands and variants down."""
    folder.mkdir(parents=True, exist_ok=True)
    room = Room(ASSETS, (ASSETS / "brands",), folder)
    words = words_file(folder)
    names = [name for kind, name in TEMPLATES.files() if kind == "reels"]
    small = (270, 480)
    for kind, lines in (("highlight", ()), ("plain", LINES), ("plain", MANY), ("big", ())):
        rows = [(KITS.slugs()[n], v) for n, v in ((0, "dark"), (1, "light"), (2, "light"))]
        sheet = Image.new("RGB", (small[0] * len(names), small[1] * len(rows)))
        for row, (slug, variant) in enumerate(rows):
            for column, name in enumerate(names):
                wanted = params(slug, variant, name, lines=lines, captions=told(kind, room))
                frames = frames_of(wanted, words, room)
                picture = seen(frames, 170).resize(small, Image.Resampling.LANCZOS)
                sheet.paste(picture, (column * small[0], row * small[1]))
        sheet.save(folder / f"{kind}-{len(lines)}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
