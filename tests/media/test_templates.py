"""Every template in every format, with words short and long, right to left and without blanks:
nothing overflows, nothing lies under a platform's buttons, and all of it can be read."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from lib.colour import Rgb, contrast
from lib.core.brand import Template
from lib.media.layout import sheet as sheet_module
from lib.media.layout import stack
from lib.media.layout.film import Layer
from lib.media.layout.sheet import Says
from lib.media.picture.scrim import LEAST_CONTRAST, Box
from lib.media.preview import FILM_S, VARIANTS, Easel, Film
from lib.media.room import Room
from lib.media.text import Block, fit
from lib.templates.names import FORMATS, PAGES
from lib.templates.zones import crossed
from tests.media.conftest import ASSETS, KITS, TEMPLATES

LONG = (
    "Adults who sleep seven hours or more a night have a lower risk of heart disease",
    (
        "Sleep is when the body repairs what the day has worn: people who slept less than six hours"
        " for 14 nights did as badly in tests as those who had been awake for two whole days, and"
        " did not notice it."
    ),
)
TEXTS = {
    "short": ("Go", "Now."),
    "long": LONG,
    "right to left": (
        "كل الناس يولدون أحرارا متساوين",
        "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق، وقد وهبوا عقلاً وضميراً.",
    ),
    "chinese": (
        "人人生而自由,在尊严和权利上一律平等",
        "他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    ),
}
LINES = {
    "short": ("Rest.", "Eat."),
    "long": (LONG[0] + ".", LONG[0] + " too.", "A short nap before three does not cost the night."),
    "right to left": ("يولد جميع الناس أحراراً", "وقد وهبوا عقلاً وضميراً"),
    "chinese": ("他们赋有理性和良心", "并应以兄弟关系的精神相对待"),
}
#: Words that a platform covers by less than this are none, px of a page 540 wide.
SLACK = 3
ALL = TEMPLATES.templates()
STILLS = [
    pytest.param(template, name, id=f"{template.family}-{template.name}-{name}")
    for template in ALL
    for name in PAGES[template.family]
    if name != "film"
]
FILMS = [pytest.param(t, id=t.name) for t in ALL if t.family == "reels"]


@pytest.fixture(scope="module")
def easels() -> list[Easel]:
    room = Room(ASSETS, (ASSETS / "brands",), Path())
    return [Easel(KITS.get(slug), room) for slug in ("kitchen-proof", "night-sky")]


@pytest.fixture(scope="module", autouse=True)
def _fitted_once() -> Iterator[None]:
    """Each page is drawn twice, with its letters and without: the same words fit the same way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet_module, "fit", functools.cache(fit))
        yield


def formats(number: int) -> list[str]:
    """Return two formats, others for the next number: each page is seen in each with two texts."""
    return list(FORMATS)[number % 2 :: 2]


@contextmanager
def wordless() -> Iterator[None]:
    """Draw everything but the letters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Block, "draw", lambda *_, **__: None)
        yield


def says(name: str, text: str) -> Says:
    index = {"cover": 1, "inner": 3, "closing": 5}.get(name, 1)
    heading, body = TEXTS[text]
    if name == "closing":
        heading, body = (heading[:45], "@somebody")
    return Says(heading, body, index, 5 if name in ("cover", "inner", "closing") else 1)


def clear(box: Box, size: tuple[int, int], name: str, shape: str) -> bool:
    """Tell whether a box is on the page, and not below what a platform lays over it."""
    across, down = size[0] / 100, size[1] / 100
    near = (box[0] + SLACK, box[1] + SLACK, box[2] - SLACK, box[3] - SLACK)
    area = (near[0] / across, near[1] / down, near[2] / across, near[3] / down)
    inside = area[0] > 0 and area[1] > 0 and area[2] < 100 and area[3] < 100
    return inside and (area[0] >= area[2] or area[1] >= area[3] or not crossed(area, name, shape))


def legible(page: Image.Image, bare: Image.Image, box: Box) -> float:
    """Return the contrast of the letters in a box with the worst twentieth of what is under them.

    Measured on the pictures alone: letters are where they differ most.
    """
    bare_box = bare.crop(box)
    size = (min(160, bare_box.width), min(80, bare_box.height))
    with_words = page.crop(box).resize(size, Image.Resampling.NEAREST)
    without = bare_box.resize(size, Image.Resampling.NEAREST)
    away = ImageChops.difference(with_words, without).convert("L")
    most = away.getextrema()[1]
    if most < 40:
        return 1.0
    letters = away.point([255 if value > most * 0.9 else 0 for value in range(256)])
    ink: Rgb = tuple(ImageStat.Stat(with_words, letters).median)  # type: ignore[assignment]
    data = bare_box.resize((24, 24), Image.Resampling.BOX).tobytes()
    found = sorted(contrast(ink, tuple(data[i : i + 3])) for i in range(0, len(data), 3))  # type: ignore[arg-type]
    return found[len(found) // 20]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("template", "name"), STILLS)
def test_a_page_holds_its_words_in_every_format(
    easels: list[Easel], template: Template, name: str, text: str
) -> None:
    turn = list(TEXTS).index(text)
    for number, shape in enumerate(formats(turn), start=turn // 2 + len(name)):
        easel, variant = easels[number % len(easels)], VARIANTS[number % 2]
        page, sheet = easel.still(template, name, shape, variant, says(name, text))
        with wordless():
            bare, _ = easel.still(template, name, shape, variant, says(name, text))
        where = f"{shape} {variant} {easel.kit.slug}"
        for part, box in sheet.placed:
            assert clear(box, sheet.size, name, shape), (where, part, box)
        for (one, first), (other, second) in itertools.combinations(sheet.placed, 2):
            across = min(first[2], second[2]) - max(first[0], second[0])
            down = min(first[3], second[3]) - max(first[1], second[1])
            assert across <= 0 or down <= 0, (where, one, other)
        for part, box in sheet.placed:
            if part in ("heading", "body", "kicker", "figure"):
                assert legible(page, bare, box) >= LEAST_CONTRAST - 0.15, (where, part)


def words_of(film: Film) -> list[Layer]:
    """Return the layers of a film that are no ground: scrims and panels cover all of it."""
    return [layer for layer in film.layers if layer.picture.size != film.ground.size]


def ink_of(film: Film) -> list[Box]:
    """Return where the words of a film stand."""
    found = []
    for layer in words_of(film):
        box = layer.picture.getchannel("A").point([0] * 60 + [255] * 196).getbbox()
        assert box is not None
        x, y = layer.place
        found.append((box[0] + x, box[1] + y, box[2] + x, box[3] + y))
    return found


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("template", FILMS)
def test_a_film_holds_its_words_in_every_format(
    easels: list[Easel], template: Template, text: str
) -> None:
    turn = list(TEXTS).index(text)
    for number, shape in enumerate(formats(turn), start=turn // 2 + len(template.name)):
        easel, variant = easels[number % len(easels)], VARIANTS[number % 2]
        film = easel.film(template, shape, variant, (TEXTS[text][0], LINES[text]))
        places = ink_of(film)
        for box in places:
            assert clear(box, film.ground.size, "film", shape), (shape, box)
        stand = list(zip(words_of(film), places, strict=True))
        for (one, first), (other, second) in itertools.combinations(stand, 2):
            ends = [FILM_S if layer.end_s is None else layer.end_s for layer in (one, other)]
            together = min(ends) > max(one.start_s, other.start_s)
            apart = first[3] <= second[1] or second[3] <= first[1]
            beside = first[2] <= second[0] or second[2] <= first[0]
            assert apart or beside or not together, (shape, first, second)
        assert all(value % 2 == 0 for layer in film.layers for value in layer.place)
        assert all(side % 2 == 0 for layer in words_of(film) for side in layer.picture.size)


@pytest.mark.parametrize("template", FILMS)
def test_a_thumbnail_for_youtube_reads_at_120_px(easels: list[Easel], template: Template) -> None:
    """Letters of at least 8 px, which is a line of small print, and a title that fills the page."""
    for easel in easels:
        said = Says("Bread goes stale in the cold")
        _, sheet = easel.still(template, "youtube", "16x9", "dark", said)
        items = stack.fitted(sheet, (sheet.column()[2] - sheet.column()[0], sheet.size[1]))
        size = next(item.block.size for item in items if item.part == "heading" and item.block)
        assert size * 120 / sheet.size[0] >= 8
        box = dict(sheet.placed)["heading"]
        assert (box[3] - box[1]) / sheet.size[1] > 0.25
