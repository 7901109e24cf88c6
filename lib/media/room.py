"""What a tool may read besides its parameters: bundled fonts and music, and the brands' files.

Handed to every tool by the worker. Names come from plans, so each is looked up, never joined
blindly: a name that would leave its folder is refused.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from lib.core.errors import ToolFailed

FONT_ENDINGS = (".otf", ".ttf")


@dataclass(frozen=True, slots=True)
class Room:
    """The folders of one run."""

    assets: Path
    kits: tuple[Path, ...]
    workdir: Path

    def font(self, name: str) -> Path:
        """Return the file of a bundled font. Raises ToolFailed with the choices."""
        folder = self.assets / "fonts"
        fonts = _fonts(folder, folder.stat().st_mtime_ns)
        if name not in fonts:
            raise ToolFailed(
                "font", f"{name!r} is not bundled; there are {', '.join(sorted(fonts))}"
            )
        return fonts[name]

    def music(self, name: str) -> Path:
        """Return the file of a music bed. Raises ToolFailed with the choices."""
        beds = {file.stem: file for file in (self.assets / "music").glob("*.m4a")}
        if name not in beds:
            raise ToolFailed(
                "music", f"there is no bed {name!r}; there are {', '.join(sorted(beds))}"
            )
        return beds[name]

    def kit_file(self, relative: str) -> Path:
        """Return a file of a brand kit. Raises ToolFailed when it is not there."""
        for folder in self.kits:
            file = (folder / relative).resolve()
            if file.is_relative_to(folder.resolve()) and file.is_file():
                return file
        raise ToolFailed("brand kit", f"{relative} is in none of the folders of kits")


@functools.lru_cache(maxsize=8)
def _fonts(folder: Path, changed_ns: int) -> dict[str, Path]:
    """Return the fonts of a folder by name; it is read again when it was changed."""
    del changed_ns
    return {file.stem: file for file in folder.iterdir() if file.suffix in FONT_ENDINGS}
