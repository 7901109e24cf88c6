"""Panels that fit: on still pages as high as their words, in films as they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.media.layout import ground, panels, stack
from lib.media.layout.sheet import Says, Sheet
from lib.media.picture.colour import tone_of
from lib.media.preview import Easel
from lib.media.room import Room
from lib.templates.page import Page
from tests.media.conftest import ASSETS, KITS, TEMPLATES, look

SIZE = (540, 675)
SHORT, LONG = "Browning", "Browning wants it dry, because water holds a surface near 100 °C"
CARD = {"area": [6, 10, 94, 90], "opacity": 100, "fit": True}


def fitted(room: Room, heading: str, **page: Any) -> Sheet:
    given = {"area": [12, 15, 88, 82], "panels": [CARD], "stack": ["heading"], **page}
    dress, says = look("kitchen-proof"), Says(heading)
    made = Page.model_validate(given)
    return panels.fitted(Sheet(made, says, dress, tone_of(dress, "dark"), room, SIZE))


def block(sheet: Sheet) -> tuple[int, int]:
    """Return where the panel of a page begins and ends, px down, as it is drawn."""
    veil = ground.veil(sheet, still=True)
    assert veil is not None
    box = veil.getchannel("A").getbbox()
    assert box is not None
    return box[1], box[3]


def words(sheet: Sheet) -> tuple[int, int]:
    box = stack.column(sheet, sheet.column())[0].box
    return box[1], box[3]


@pytest.mark.parametrize("anchor", ["top", "middle", "bottom"])
@pytest.mark.parametrize("heading", [SHORT, LONG])
def test_a_panel_that_fits_keeps_its_air_around_words_of_any_length(
    room: Room, heading: str, anchor: str
) -> None:
    sheet = fitted(room, heading, anchor=anchor)
    (top, bottom), (first, last) = block(sheet), words(sheet)
    assert abs(first - top - 0.05 * SIZE[1]) <= 2
    assert abs(bottom - last - 0.08 * SIZE[1]) <= 2


def test_a_short_title_has_a_lower_panel_and_a_fixed_one_stays(room: Room) -> None:
    heights = []
    for fit in (True, False):
        for heading in (SHORT, LONG):
            top, bottom = block(fitted(room, heading, panels=[{**CARD, "fit": fit}]))
            heights.append(bottom - top)
    assert heights[0] < heights[1] - 50
    assert heights[2] == heights[3] == round(0.9 * SIZE[1]) - round(0.1 * SIZE[1])


def test_an_edge_of_a_panel_that_is_the_pages_own_stays_there(room: Room) -> None:
    band = {"area": [0, 10, 100, 100], "fit": True}
    top, bottom = block(fitted(room, SHORT, panels=[band], anchor="bottom"))
    assert bottom == SIZE[1]
    assert top > 0.3 * SIZE[1]


def test_a_film_keeps_its_panels_as_its_lines_come_and_go(tmp_path: Path) -> None:
    (template,) = TEMPLATES.find("reels/card")
    page = Page.model_validate(template.pages["film"]["9x16"])
    assert page.panels[0].fit
    easel = Easel(KITS.get("kitchen-proof"), Room(ASSETS, (ASSETS / "brands",), tmp_path))
    film = easel.film(template, "9x16", "dark", (SHORT, ("One.", "Two.")))
    boxes = [layer.picture.getchannel("A").getbbox() for layer in film.layers]
    _, top, _, bottom = page.panels[0].area
    assert any(box and (box[1], box[3]) == (round(9.6 * top), round(9.6 * bottom)) for box in boxes)
