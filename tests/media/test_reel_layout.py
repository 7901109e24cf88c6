"""Words of a reel: all of them, each long enough, none over another, none under the buttons."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image

from lib.media.picture.colour import tone_of
from lib.media.reel import words as reel_layout
from lib.media.reel.words import FADE_S, Layer, Words
from lib.media.room import Room
from lib.templates.page import Page
from lib.templates.zones import safe
from tests.media.conftest import FILM, KITS, look

SIZE = (540, 960)
_, SAFE_TOP, _, SAFE_BOTTOM = (share / 100 for share in safe("film", "9x16"))
LINES = (
    "Adults who sleep seven hours or more a night have a lower risk of heart disease.",
    "Ten minutes of daylight before nine brings the evening's tiredness forward.",
    "Caffeine has a half-life of about five hours.",
    "Bedrooms around 18 °C help most people fall asleep faster.",
    "A short nap before three does not cost the night.",
    "Regular hours beat one long lie-in on Sunday.",
)
#: Ground, title and signature come first, then the lines.
BEFORE = 3


def lines_of(room: Room, slug: str, count: int, seconds: float) -> list[Layer]:
    given = look(slug)
    words = Words(
        title="Light in the morning sets the clock",
        lines=LINES[:count],
        look=given,
        tone=tone_of(given, "dark"),
        size=SIZE,
        seconds=seconds,
        page=Page.model_validate(FILM),
    )
    grounds = [Image.new("RGB", SIZE, words.tone.ground)] * 2
    found, _ = reel_layout.layers(words, grounds, room)
    assert len(found) == BEFORE + count
    return found[BEFORE:]


def gone(layer: Layer, seconds: float) -> float:
    return seconds if layer.end_s is None else layer.end_s + FADE_S


#: Number of lines and seconds: as many as a writer gives a reel of that length.
CASES = [
    (slug, *case)
    for slug in KITS.slugs()
    for case in ((2, 10.0), (4, 10.0), (2, 30.0), (4, 30.0), (6, 30.0))
]


@pytest.mark.parametrize(("slug", "count", "seconds"), CASES)
def test_no_line_stands_over_another_at_any_instant(
    room: Room, slug: str, count: int, seconds: float
) -> None:
    for one, other in itertools.combinations(lines_of(room, slug, count, seconds), 2):
        together = min(gone(one, seconds), gone(other, seconds)) > max(one.start_s, other.start_s)
        apart = (
            one.place[1] + one.picture.height <= other.place[1]
            or other.place[1] + other.picture.height <= one.place[1]
        )
        assert apart or not together


@pytest.mark.parametrize(("slug", "count", "seconds"), CASES)
def test_every_line_can_be_read_before_it_leaves_and_clear_of_the_platforms_buttons(
    room: Room, slug: str, count: int, seconds: float
) -> None:
    for layer in lines_of(room, slug, count, seconds):
        stands_s = (layer.end_s or seconds) - layer.start_s - FADE_S
        assert stands_s > 1.2
        assert layer.place[1] >= SIZE[1] * SAFE_TOP
        assert layer.place[1] + layer.picture.height <= SIZE[1] * SAFE_BOTTOM


def test_lines_that_would_be_small_together_share_out_over_scenes(room: Room) -> None:
    slug = KITS.slugs()[0]
    few, many = lines_of(room, slug, 2, 30.0), lines_of(room, slug, 6, 30.0)
    assert all(layer.end_s is None for layer in lines_of(room, slug, 3, 10.0))
    assert all(layer.end_s is None for layer in few)
    assert any(layer.end_s is not None for layer in many)
    assert many[-1].end_s is None
    starts = [layer.start_s for layer in many]
    assert starts == sorted(starts)
