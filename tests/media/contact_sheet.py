"""Draw every language of scripts.json as a statement of a brand, side by side, to be looked at.

python -m tests.media.contact_sheet FOLDER [BRAND]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PIL import Image

from lib.media.layout import stills
from lib.media.room import Room
from tests.media.conftest import ASSETS, DRESS, KITS, look, paint

SIZE = (1080, 1350)
SMALL, COLUMNS, ROWS = (360, 450), 6, 3
TEXTS = json.loads((Path(__file__).parent / "scripts.json").read_text(encoding="utf-8"))


def main(folder: Path, brand: str) -> None:
    """Write the pages and sheets of eighteen below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    room = Room(ASSETS, (ASSETS / "brands",), folder)
    needs = {"background": paint(room, brand, SIZE)}
    pages = []
    for number, text in enumerate(TEXTS):
        page = {"layout": "statement", "heading": text["heading"], "body": text["body"]}
        page |= {"index": 1, "of": 1, "width": SIZE[0], "height": SIZE[1]}
        given = {**look(brand), "language": text["language"]}
        params = {"look": given, "variant": "dark", "pages": {"page": page}, **DRESS}
        file = folder / f"{number:02}-{text['language']}.jpg"
        stills.run(params, needs, {"page": file}, room)
        pages.append(file)
    step = COLUMNS * ROWS
    for number in range(0, len(pages), step):
        sheet = Image.new("RGB", (SMALL[0] * COLUMNS, SMALL[1] * ROWS))
        for place, file in enumerate(pages[number : number + step]):
            with Image.open(file) as drawn:
                small = drawn.resize(SMALL, Image.Resampling.LANCZOS)
            sheet.paste(small, (place % COLUMNS * SMALL[0], place // COLUMNS * SMALL[1]))
        sheet.save(folder / f"sheet-{number // step + 1}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else KITS.slugs()[0])
