"""Measures hostile files in a process of its own, and says what that took.

Reads from standard input, as JSON, a list of ``[name, file, media type]``; with a media type of
"kit" the file is used as a photo and as a logo instead. Writes what came of each, with seconds, and
the most memory that this process or a child of it held, in MB.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from lib.core.errors import StudioError
from lib.media.layout import stills
from lib.media.picture import background
from lib.media.probe import probe
from lib.media.room import Room
from tests.media.conftest import ASSETS, DRESS, KITS, look

WIDTH, HEIGHT = 216, 270


def use(file: Path) -> dict[str, Any]:
    """Use a file of a kit as a photo, as a logo and as a background; say how each went."""
    folder = file.parent
    room = Room(ASSETS, (folder, ASSETS / "brands"), folder)
    looks = look(KITS.slugs()[0]) | {"logo": file.name}
    told = {"look": looks, "seed": "s", "variant": "dark", "width": WIDTH, "height": HEIGHT}
    page = {"layout": "closing", "heading": "Try it", "body": "@us", "index": 1, "of": 1}
    pages = {"look": looks, "variant": "dark", **DRESS}
    pages["pages"] = {"image": page | {"width": WIDTH, "height": HEIGHT}}
    # As a need it is looked at by itself: the logo is a good one.
    other = pages | {"look": look(KITS.slugs()[0])}
    plain = folder / "plain.webp"
    background.run(told | {"photo": None}, {}, {"background": plain}, room)
    made = {name: folder / f"{file.name}.{name}.out" for name in ("photo", "logo", "need")}
    runs = {
        "photo": lambda to: background.run(
            told | {"photo": file.name}, {}, {"background": to}, room
        ),
        "logo": lambda to: stills.run(pages, {"background": plain}, {"image": to}, room),
        "need": lambda to: stills.run(other, {"background": file}, {"image": to}, room),
    }
    said = {}
    for name, run in runs.items():
        try:
            run(made[name])
            said[name] = ""
        except (StudioError, OSError, ValueError) as error:
            said[name] = f"{type(error).__name__}: {error}"
    return said


def main() -> None:
    """Measure every file that standard input names."""
    answers = {}
    for name, file, media_type in json.load(sys.stdin):
        start = time.monotonic()
        path = Path(file)
        found = use(path) if media_type == "kit" else probe(path, media_type)
        answers[name] = {"found": found, "seconds": time.monotonic() - start}
    # Not getrusage for ourselves: it begins with what our parent held when it started us.
    status = Path("/proc/self/status").read_text()
    own = int(status.partition("VmHWM:")[2].split()[0])
    most = max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    print(json.dumps({"answers": answers, "most_mb": most / 1024}))


if __name__ == "__main__":
    main()
