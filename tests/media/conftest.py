"""Real tools over a bundled brand, in a temporary folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lib.adapters.kits import KitFolders
from lib.media.picture import background
from lib.media.room import Room
from lib.media.toolbox import MediaTools
from lib.ports import ToolCall
from lib.settings import ROOT
from lib.templates.load import TemplateFolders

ASSETS = ROOT / "assets"
TEMPLATES = TemplateFolders([ASSETS / "templates"])
KITS = KitFolders([ASSETS / "brands"], fonts=ASSETS / "fonts")
Call = Callable[..., ToolCall]


def look(slug: str) -> dict[str, Any]:
    return KITS.get(slug).look()


def layout(template: str, page: str, shape: str) -> dict[str, Any]:
    """Return what a bundled template, "posts/statement", says of a page in a format."""
    return TEMPLATES.find(template)[0].pages[page][shape]


#: The pages of one template of each kind, by names that tell them apart.
LAYOUTS = {
    **{name: layout("posts/statement", name, "4x5") for name in ("statement", "cover", "closing")},
    "body": layout("posts/statement", "inner", "4x5"),
    "reel_image": layout("reels/rise", "image", "9x16"),
    "reel_cover": layout("reels/rise", "cover", "9x16"),
    "youtube": layout("reels/rise", "youtube", "16x9"),
}
#: What every run of ``stills`` in these tests is told beside look, variant and pages.
DRESS: dict[str, Any] = {"template": "statement", "layouts": LAYOUTS}
FILM = layout("reels/rise", "film", "9x16")


@pytest.fixture
def tools() -> MediaTools:
    """Return the tools as the studio wires them."""
    return MediaTools(assets=ASSETS, kits=(ASSETS / "brands",))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Return the folders of one run."""
    return Room(ASSETS, (ASSETS / "brands",), tmp_path)


def paint(room: Room, slug: str, size: tuple[int, int], variant: str = "dark") -> Path:
    """Paint a background in this process and return its file."""
    file = room.workdir / f"{slug}-{variant}-{size[0]}x{size[1]}.webp"
    params = {
        "look": look(slug),
        "seed": "test",
        "variant": variant,
        "width": size[0],
        "height": size[1],
        "photo": None,
    }
    background.run(params, {}, {"background": file}, room)
    return file
