"""Pages are the size they should be, say what they should, and can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter

from lib.colour import contrast
from lib.core.errors import ToolFailed
from lib.media.layout import stills
from lib.media.picture import background, pictures, scrim
from lib.media.picture.colour import tone_of
from lib.media.picture.scenery import paint as paint_scenery
from lib.media.room import Room
from lib.media.text import fit
from tests.media.conftest import ASSETS, DRESS, KITS, look, paint

SLUGS = tuple(KITS.slugs())
INTER = ASSETS / "fonts" / "Inter-Bold.otf"


def page(layout: str, size: tuple[int, int], **words: Any) -> dict[str, Any]:
    filled = {"heading": "Water boils cooler up high", "body": "", "index": 1, "of": 1, **words}
    return {"layout": layout, "width": size[0], "height": size[1], **filled}


BODY = "Water boils at about 93 °C at 2,000 m — so beans need longer in the mountains."
PAGES = {
    "cover": page("cover", (540, 675), body="Swipe", of=5),
    "body": page("body", (540, 675), body=BODY, index=2, of=5),
    "closing": page("closing", (540, 675), body="@handle", index=5, of=5),
    "statement": page("statement", (540, 675), body=BODY),
    "reel_image": page("reel_image", (540, 960), body=BODY),
    "reel_cover": page("reel_cover", (540, 960)),
    "youtube": page("youtube", (640, 360)),
}


def draw(room: Room, slug: str, variant: str, pages: dict[str, Any]) -> dict[str, Path]:
    makes = {slot: room.workdir / f"{slug}-{variant}-{slot}.jpg" for slot in pages}
    needs = {"background": paint(room, slug, (540, 675), variant)}
    params = {"look": look(slug), "variant": variant, "pages": pages, **DRESS}
    stills.run(params, needs, makes, room)
    return makes


@pytest.mark.parametrize("variant", ["light", "dark"])
@pytest.mark.parametrize("slug", SLUGS)
def test_every_layout_of_every_brand_is_a_jpeg_of_the_size_that_was_asked_for(
    room: Room, slug: str, variant: str
) -> None:
    for slot, file in draw(room, slug, variant, PAGES).items():
        with Image.open(file) as drawn:
            assert drawn.format == "JPEG"
            assert drawn.size == (PAGES[slot]["width"], PAGES[slot]["height"])
            assert pictures.spread(drawn) > 4


def test_only_the_pages_that_are_asked_for_are_drawn(room: Room) -> None:
    needs = {"background": paint(room, SLUGS[0], (540, 675))}
    params = {"look": look(SLUGS[0]), "variant": "dark", "pages": PAGES, **DRESS}
    stills.run(params, needs, {"cover": room.workdir / "only.jpg"}, room)
    assert [file.name for file in room.workdir.glob("*.jpg")] == ["only.jpg"]


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("variant", ["light", "dark"])
def test_text_keeps_a_contrast_of_four_and_a_half_on_the_picture_it_stands_on(
    room: Room, slug: str, variant: str
) -> None:
    tone = tone_of(look(slug), variant)
    with Image.open(paint(room, slug, (540, 675), variant)) as opened:
        ground = opened.convert("RGB")
    for box in ((40, 60, 500, 240), (40, 300, 500, 480), (40, 500, 380, 640)):
        covered = scrim.lay(ground, [box], tone)
        assert scrim.worst_contrast(covered, box, tone.text) >= scrim.LEAST_CONTRAST - 0.2


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("variant", ["light", "dark"])
@pytest.mark.parametrize("slot", ["body", "reel_image", "youtube"])
def test_what_surrounds_the_letters_of_a_finished_page_contrasts_with_them(
    room: Room, slug: str, variant: str, slot: str
) -> None:
    text = tone_of(look(slug), variant).text
    with Image.open(draw(room, slug, variant, {slot: PAGES[slot]})[slot]) as opened:
        drawn = opened.convert("RGB")
    drawn = drawn.crop((0, 0, drawn.width, round(drawn.height * 0.72)))  # above the logo
    away = ImageChops.difference(drawn, Image.new("RGB", drawn.size, text)).convert("L")
    letters = away.point([255 if value < 12 else 0 for value in range(256)])
    # Past the letters' soft edges, and no farther than a stroke from them.
    ring = ImageChops.subtract(
        letters.filter(ImageFilter.MaxFilter(11)), letters.filter(ImageFilter.MaxFilter(7))
    ).tobytes()
    data = drawn.tobytes()
    around = sorted(
        contrast(text, (data[3 * at], data[3 * at + 1], data[3 * at + 2]))
        for at in range(0, len(ring), 3)
        if ring[at]
    )
    assert len(around) > 700
    assert around[len(around) // 20] >= scrim.LEAST_CONTRAST


def test_what_stands_at_the_foot_does_not_veil_the_words_above_it(room: Room) -> None:
    """A long body comes close to the signature, whose scrim must lie under it."""
    for slug in SLUGS:
        text = tone_of(look(slug), "light").text
        long = page("body", (540, 675), body=f"{BODY} {BODY} {BODY}"[:215], index=2, of=5)
        with Image.open(draw(room, slug, "light", {"a": long})["a"]) as opened:
            drawn = opened.convert("RGB")
        away = ImageChops.difference(drawn, Image.new("RGB", drawn.size, text)).convert("L")
        letters = away.point([255 if value < 24 else 0 for value in range(256)])
        rows = [letters.crop((40, y, 500, y + 1)).getbbox() is not None for y in range(590)]
        lowest = max(y for y, marked in enumerate(rows) if marked)
        assert lowest > 450  # the last line is in the full colour of the text


def test_a_page_really_shows_its_words(room: Room) -> None:
    one = draw(room, SLUGS[0], "dark", {"a": page("cover", (540, 675))})["a"]
    with Image.open(one) as first:
        before = first.copy()
    other = draw(room, SLUGS[0], "dark", {"a": page("cover", (540, 675), heading="Other words")})
    with Image.open(other["a"]) as second:
        changed = ImageChops.difference(before, second.convert(before.mode)).getbbox()
    assert changed is not None
    assert changed[2] - changed[0] > 200


def changed(room: Room, one: dict[str, Any], other: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return the box in which two pages of one layout differ, px."""
    drawn = []
    for slot, given in (("a", one), ("b", other)):
        with Image.open(draw(room, SLUGS[0], "light", {slot: given})[slot]) as opened:
            drawn.append(opened.convert("RGB"))
    away = ImageChops.difference(*drawn).convert("L").point([0] * 48 + [255] * 208)
    box = away.getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("layout", ["cover", "body", "statement", "reel_image"])
def test_heading_and_body_that_run_right_to_left_end_at_one_right_edge(
    room: Room, layout: str
) -> None:
    size = (540, 960) if layout == "reel_image" else (540, 675)
    # A reel's image keeps clear of the buttons on the right.
    edge = (0.86 if layout == "reel_image" else 0.89) * size[0]
    heading, body = "שלום", "כל בני האדם"
    ground = page(layout, size, heading=heading, body=body)
    left, _, right, _ = changed(room, ground, {**ground, "heading": "קדימה"})
    assert right > edge
    assert left > 0.3 * size[0]
    left, _, right, _ = changed(room, ground, {**ground, "body": "זכויות שוות"})
    assert right > edge
    assert left > 0.3 * size[0]


@pytest.mark.parametrize("layout", ["cover", "body", "closing"])
def test_the_dots_of_a_page_that_runs_right_to_left_are_at_its_left(
    room: Room, layout: str
) -> None:
    for heading, left in (("Good morning", False), ("בוקר טוב", True)):
        first = page(layout, (540, 675), heading=heading, index=1, of=5)
        box = changed(room, first, {**first, "index": 5})
        assert (box[2] < 270) == left
        assert (box[0] > 270) != left


def test_text_that_cannot_fit_is_refused_in_words() -> None:
    with pytest.raises(ToolFailed, match="does not fit; shorten it"):
        fit("word " * 400, INTER, (400, 200), (20, 60))


def test_a_character_that_no_font_has_is_named() -> None:
    with pytest.raises(ToolFailed, match="no bundled font has '𐎀'"):
        fit("Good 𐎀 morning", INTER, (400, 200), (20, 60))


@pytest.mark.parametrize("text", ["", " ", "\ufeff", "\u202e\u202e", "\u2800\u3164", "\u0301"])
def test_a_text_of_which_nothing_can_be_seen_is_refused_in_words(text: str) -> None:
    with pytest.raises(ToolFailed, match="there are no words to set"):
        fit(text, INTER, (400, 200), (20, 60))


@pytest.mark.parametrize("blank", [" ", "\ufeff", "\u202e\u202e"])
def test_a_page_with_a_blank_body_is_the_page_without_one(room: Room, blank: str) -> None:
    pages = {"blank": page("body", (540, 675), body=blank), "none": page("body", (540, 675))}
    pages |= {"call": page("closing", (540, 675), body=blank)}
    files = draw(room, SLUGS[0], "dark", pages)
    assert files["blank"].read_bytes() == files["none"].read_bytes()


def test_a_text_is_as_large_as_its_box_allows_and_its_lines_are_balanced() -> None:
    block = fit("one two three four five six seven", INTER, (400, 200), (12, 200), "heading")
    assert block.height <= 200
    bigger = fit("one two three four five six seven", INTER, (800, 400), (12, 200), "heading")
    assert bigger.size > block.size
    assert all(len(line.split()) > 1 for line in block.lines)


@pytest.mark.parametrize("kind", ["aurora", "dunes", "bokeh", "contours", "prisms"])
def test_scenery_follows_from_its_seed_and_is_never_blank(kind: str) -> None:
    tone = tone_of(look(SLUGS[0]), "dark")
    first = paint_scenery(kind, (270, 480), tone, "a")
    assert first.tobytes() == paint_scenery(kind, (270, 480), tone, "a").tobytes()
    assert first.tobytes() != paint_scenery(kind, (270, 480), tone, "b").tobytes()
    assert pictures.spread(first) > 4


def test_a_photo_of_the_brand_is_turned_upright_cut_and_used(tmp_path: Path) -> None:
    kit = tmp_path / "kits" / "mine"
    kit.mkdir(parents=True)
    photo = Image.new("RGB", (400, 300), (200, 40, 40))
    photo.paste((40, 40, 200), (0, 0, 200, 300))  # blue left, red right
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90° to the right
    photo.save(kit / "photo.jpg", exif=exif)
    file = tmp_path / "background.webp"
    params = {
        "look": look(SLUGS[0]),
        "seed": "s",
        "variant": "dark",
        "width": 270,
        "height": 480,
        "photo": "mine/photo.jpg",
    }
    background.run(params, {}, {"background": file}, Room(ASSETS, (tmp_path / "kits",), tmp_path))
    with Image.open(file) as made:
        red_above, _, blue_above = made.convert("RGB").getpixel((135, 60))  # type: ignore[misc]
        red_below, _, blue_below = made.convert("RGB").getpixel((135, 420))  # type: ignore[misc]
    assert blue_above > red_above
    assert red_below > blue_below


def test_a_name_that_would_leave_the_kits_folder_is_refused(room: Room) -> None:
    with pytest.raises(ToolFailed, match="in none of the folders"):
        room.kit_file("../fonts/README.md")
    with pytest.raises(ToolFailed, match="not bundled"):
        room.font("../../etc/passwd")
