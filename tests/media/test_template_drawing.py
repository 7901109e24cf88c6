"""Whatever a template may say can be drawn, or is refused in words: no page ends in a traceback."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, get_args

import pytest
from PIL import Image
from pydantic import ValidationError

from lib.colour import Rgb, contrast
from lib.core.errors import ToolFailed
from lib.media.layout import ground
from lib.media.layout import page as pages
from lib.media.layout.sheet import Says, Sheet
from lib.media.picture.colour import tone_of
from lib.media.picture.scrim import LEAST_CONTRAST
from lib.media.room import Room
from lib.templates.page import Page, Part, Source
from tests.media.conftest import KITS, look

Json = dict[str, Any]
SIZES = {"square": (160, 160), "4x5": (160, 200), "16x9": (284, 160)}
SAYS = (Says("Water 7 % up", "Some words more"), Says("Water"), Says("مرحبا يا", "", 3, 5))


def sheet_of(room: Room, given: Json, says: Says, size: tuple[int, int]) -> Sheet:
    dress = look("night-sky")
    return Sheet(Page.model_validate(given), says, dress, tone_of(dress, "dark"), room, size)


def draw(sheet: Sheet) -> Image.Image:
    ground.veil(sheet)
    return pages.draw(sheet, ground.base(Image.new("RGB", (300, 400), (90, 90, 120)), sheet))


def said(sheet: Sheet) -> str:
    """Return the end of what is said of a page that cannot be drawn; empty when it can be."""
    try:
        draw(sheet)
    except ToolFailed as error:
        return str(error).partition(") ")[2]
    return ""


def odd(chance: random.Random) -> Json:
    """Return a page with odd numbers in every place, the ends of ranges among them."""

    def share() -> float:
        return chance.choice([0, 0.01, 0.3, 1, 5, 20, 44, 60, 99, 100])

    def area() -> list[float]:
        sides = [sorted(chance.sample([0, 0.01, 1, 5, 20, 44, 60, 99, 100], 2)) for _ in "xy"]
        return [sides[0][0], sides[1][0], sides[0][1], sides[1][1]]

    def some(**choices: Callable[[], Any]) -> Json:
        return {key: make() for key, make in choices.items() if chance.random() < 0.3}

    def words() -> Json:
        size = sorted(chance.choices([1, 3, 9, 40], k=2))
        says = chance.choice(get_args(Source))
        return {"says": says, **some(width=share, height=share, gap=share, size=lambda: size)}

    def mark() -> Json:
        return some(length=share, thick=share, gap=share)

    def panel() -> list[Json]:
        return [{"area": area(), **some(radius=share, opacity=share)}]

    fills = ["picture", "duotone", "blur", "colour"]
    return some(
        ground=lambda: {"fill": chance.choice(fills), **some(window=area, radius=share)},
        panels=panel,
        frame=lambda: some(inset=share, thick=share, corners=lambda: True),
        area=area,
        gap=share,
        stack=lambda: chance.choices(get_args(Part), k=chance.randint(1, 4)),
        **dict.fromkeys(("heading", "kicker", "figure", "body", "button"), words),
        **dict.fromkeys(("bar", "rule", "quote", "logo"), mark),
        sign=lambda: some(at=share, margin=share, logo=share, handle=lambda: False),
        dots=lambda: {"style": chance.choice(["dots", "count", "line"]), **some(margin=share)},
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_template_that_is_not_refused_can_be_drawn(room: Room, seed: int) -> None:
    chance, drawn = random.Random(seed), 0
    while drawn < 20:
        size, says = chance.choice(list(SIZES.values())), chance.choice(SAYS)
        try:
            sheet = sheet_of(room, odd(chance), says, size)
        except ValidationError:
            continue
        assert said(sheet) in ("", "does not fit; shorten it")
        drawn += 1


def test_marks_stand_alone_where_nothing_is_said(room: Room) -> None:
    given = {"stack": ["rule", "body", "rule"], "sign": {"place": "none"}}
    sheet = sheet_of(room, given, Says("Water boils"), SIZES["4x5"])
    draw(sheet)
    assert [part for part, _ in sheet.placed] == ["rule", "rule"]


def test_a_page_with_nothing_in_its_area_is_its_ground_and_its_signature(room: Room) -> None:
    sheet = sheet_of(room, {"stack": ["figure"]}, Says("Water boils"), SIZES["4x5"])
    draw(sheet)
    assert [part for part, _ in sheet.placed] == ["sign"]


@pytest.mark.parametrize("slug", KITS.slugs())
def test_a_light_print_in_two_inks_is_strong_in_colour_and_every_shade_can_be_written_on(
    room: Room, slug: str
) -> None:
    tone = tone_of(look(slug), "light")
    page = Page.model_validate({"ground": {"fill": "duotone"}})
    sheet = Sheet(page, Says("Water boils"), look(slug), tone, room, (256, 1))
    wedge = Image.new("RGB", (256, 1))
    wedge.putdata([(value, value, value) for value in range(256)])
    data = ground.treated(wedge, sheet).tobytes()
    shades: list[Rgb] = [(data[i], data[i + 1], data[i + 2]) for i in range(0, len(data), 3)]
    assert min(contrast(shade, tone.text) for shade in shades) >= LEAST_CONTRAST
    assert sum(max(shade) - min(shade) for shade in shades) / len(shades) > 60
