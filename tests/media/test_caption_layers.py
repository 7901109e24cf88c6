"""Captions as they are drawn: readable on any ground, within the safe zone, at the right time."""

from __future__ import annotations

import itertools
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from lib.colour import contrast
from lib.core.errors import ToolFailed
from lib.media.captions.cue import LINES, Word
from lib.media.captions.layers import SIDE, Look, Shown, layers
from lib.media.captions.styles import style
from lib.media.picture import scrim
from lib.media.picture.colour import tone_of
from lib.media.room import Room
from lib.media.text.spoken import SpokenLine
from lib.templates.zones import safe
from tests.media.caption_sheet import STYLES, TEXTS, made, over, spoken
from tests.media.conftest import ASSETS, KITS, look

ROOM = Room(ASSETS, (ASSETS / "brands",), ASSETS)
SIZE = (1080, 1920)
GROUNDS = {
    "noise": Image.effect_noise((54, 96), 120).resize(SIZE).convert("RGB"),
    "white": Image.new("RGB", SIZE, "white"),
    "black": Image.new("RGB", SIZE, "black"),
    "grey": Image.new("RGB", SIZE, (119, 119, 119)),
}
FONT = ROOM.font("Inter-Bold")


def drawn(name: str, text: str = TEXTS["en"], **given) -> tuple[list[Shown], Look]:
    """Return what is shown, the words alone, and the look."""
    wanted = {"slug": KITS.slugs()[0], "variant": "dark", "ground": GROUNDS["noise"]} | given
    chosen = made(name, room=ROOM, **wanted)
    return list(layers(spoken(text), chosen)), chosen


def words_of(shown: list[Shown], chosen: Look) -> list[Shown]:
    return [one for one in shown if one.picture.size != chosen.size]


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("slug", KITS.slugs())
def test_words_have_contrast_on_whatever_lies_under_them(name: str, ground: str, slug: str) -> None:
    for variant in ("dark", "light"):
        shown, chosen = drawn(name, slug=slug, variant=variant, ground=GROUNDS[ground])
        for one in words_of(shown, chosen)[:4]:
            box = (*one.place, one.place[0] + one.picture.width, one.place[1] + one.picture.height)
            under = over(GROUNDS[ground], [s for s in shown if s.picture.size == SIZE], one.start_s)
            if chosen.style.ground == "plate":
                strength = one.picture.getpixel((one.picture.width // 2, 4))[3] / 255
                plate = Image.new("RGB", SIZE, chosen.tone.ground)
                under = Image.blend(under, plate, strength)
            # A hundredth for what a picture of 8 bits rounds.
            assert scrim.worst_contrast(under, box, chosen.tone.text) >= 4.49


@pytest.mark.parametrize("slug", KITS.slugs())
@pytest.mark.parametrize("variant", ["dark", "light"])
def test_the_spoken_word_has_contrast_with_its_pill_and_the_pill_with_the_ground(
    slug: str, variant: str
) -> None:
    from lib.media.captions.layers import _mark

    chosen = made("highlight", slug, variant, GROUNDS["noise"], ROOM)
    fill, letters = _mark(chosen)
    assert fill is not None
    assert contrast(fill, letters) >= 4.5
    assert contrast(fill, chosen.tone.ground) >= 3.0


SIZES = [
    *((language, SIZE) for language in TEXTS),
    *((language, size) for language in ("de", "hi") for size in ((1080, 1080), (1080, 1350))),
    *((language, (1920, 1080)) for language in ("de", "ja", "en-run")),
]


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize(("language", "size"), SIZES)
def test_words_stand_within_the_safe_zone_at_even_places(
    name: str, language: str, size: tuple[int, int]
) -> None:
    ground = Image.new("RGB", size, "grey")
    shown, chosen = drawn(name, TEXTS[language], ground=ground, language=language[:2])
    _, high, _, low = safe("film", "9x16")
    top, bottom = (high / 100, low / 100) if size == SIZE else (0.05, 0.93)
    for one in words_of(shown, chosen):
        assert not any(value % 2 for value in (*one.place, *one.picture.size))
        left, upper, right, lower = one.picture.getchannel("A").getbbox() or (0, 0, 0, 0)
        assert one.place[0] + left >= size[0] * (SIDE - 0.04)
        assert one.place[0] + right <= size[0] * (1 - SIDE + 0.04)
        assert size[1] * top - 1 <= one.place[1] + upper
        assert one.place[1] + lower <= size[1] * bottom + 1


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("language", TEXTS)
def test_at_each_instant_stands_one_picture_and_the_words_that_are_spoken(
    name: str, language: str
) -> None:
    shown, chosen = drawn(name, TEXTS[language], language=language[:2])
    pictures = words_of(shown, chosen)
    for before, after in pairwise(pictures):
        assert before.start_s < before.stop_s <= after.start_s
    for word in spoken(TEXTS[language]):
        middle_s = (word.start_s + word.stop_s) / 2
        assert any(one.start_s <= middle_s < one.stop_s for one in pictures)
    lefts = [one for one in shown if one.picture.size == chosen.size]
    assert len(lefts) <= 1


def test_letters_are_of_one_size_and_within_the_styles_bounds() -> None:
    from lib.media.captions.groups import grouped
    from lib.media.captions.layers import Captions, _Group, _lines

    for name in STYLES:
        chosen = made(name, KITS.slugs()[1], "dark", GROUNDS["grey"], ROOM)
        cues = grouped(spoken(TEXTS["en"]), chosen.style, "en")
        groups = [_Group(cue, tuple(_lines(cue, chosen))) for cue in cues]
        sizes = set(Captions(chosen, groups)._sizes.values())
        assert all(len(group.lines) <= LINES for group in groups)
        assert len(sizes) == 1 or chosen.style.unit == "word"
        assert min(sizes) >= round(1.08 * chosen.style.least)
        assert max(sizes) <= round(1.08 * chosen.style.largest * 1.3)


def accent_span(one: Shown, fill: tuple[int, int, int]) -> tuple[float, float]:
    """Return from where to where the pill is, as shares of the picture."""
    found = [
        x
        for x in range(one.picture.width)
        for y in range(0, one.picture.height, 3)
        if one.picture.getpixel((x, y)) == (*fill, 255)
    ]
    return min(found) / one.picture.width, max(found) / one.picture.width


@pytest.mark.parametrize(("text", "leftward"), [("one two three", False), ("אחת שתיים שלוש", True)])
def test_the_word_that_is_spoken_is_the_one_that_lights_up(text: str, leftward: bool) -> None:
    from lib.media.captions.layers import _mark

    shown, chosen = drawn("highlight", text)
    fill, letters = _mark(chosen)
    assert fill is not None
    steps = words_of(shown, chosen)
    assert len(steps) == 3
    assert [one.start_s for one in steps][1:] == [w.start_s for w in spoken(text)][1:]
    spans = [accent_span(one, fill) for one in steps]
    for one, (left, right) in zip(steps, spans, strict=True):
        width, height = one.picture.size
        pill = one.picture.crop((round(left * width), 0, round(right * width), height))
        found = {colour for _, colour in pill.getcolors(1 << 20) or ()}
        assert (*letters, 255) in found
        assert (*chosen.tone.text, 255) not in found
    if leftward:
        spans.reverse()
    assert spans[0][0] < 0.12
    assert all(a[1] <= b[0] + 0.05 for a, b in pairwise(spans))
    assert spans[-1][1] > 0.85


def test_mixed_directions_keep_each_word_where_it_belongs() -> None:
    words = ["קובץ", "JPEG", "חדש"]
    line = SpokenLine.of(words, " ".join(words), FONT, "he")
    spans = line.spans(0.0, 60)
    assert spans[2][1] <= spans[1][0] + 1 <= spans[1][1] <= spans[0][0] + 1
    assert line.width(60) == pytest.approx(spans[0][1], abs=1)


def test_emoji_and_signs_that_are_not_heard_stay_with_their_words() -> None:
    words = [
        Word("Fresh", 0.0, 0.4),
        Word("🥖,", 0.4, 0.4),
        Word("—", 0.4, 0.4),
        Word("yes", 0.5, 1),
    ]
    chosen = made("highlight", KITS.slugs()[0], "dark", GROUNDS["grey"], ROOM)
    assert len(words_of(list(layers(words, chosen)), chosen)) == 2


def test_without_words_there_is_nothing_to_show() -> None:
    assert list(layers([], made("plain", KITS.slugs()[0], "dark", GROUNDS["grey"], ROOM))) == []


def test_pictures_are_drawn_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_lines = []
    draw = SpokenLine.draw

    def watched(line: SpokenLine, *given) -> None:
        drawn_lines.append(line)
        draw(line, *given)

    monkeypatch.setattr(SpokenLine, "draw", watched)
    chosen = made("big", KITS.slugs()[0], "dark", GROUNDS["grey"], ROOM)
    stream = layers(spoken(TEXTS["en"]), chosen)
    assert [one.start_s < 2 for one in itertools.islice(stream, 3)] == [True] * 3
    assert 1 <= len(drawn_lines) <= 3
    assert len(list(stream)) > 5
    assert len(drawn_lines) > 5


@pytest.mark.parametrize("name", STYLES)
def test_a_caption_in_which_nothing_is_heard_comes_in_its_own_time(name: str) -> None:
    words = [Word("Hello", 0, 1), Word("there.", 1, 2), Word("🎉", 7, 7)]
    chosen = made(name, KITS.slugs()[0], "dark", GROUNDS["grey"], ROOM)
    last = words_of(list(layers(words, chosen)), chosen)[-1]
    assert last.start_s == 7


def test_a_style_is_a_file_that_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "captions"
    folder.mkdir()
    shipped = (ASSETS / "captions" / "plain.toml").read_text()
    (folder / "mine.toml").write_text(shipped.replace("middle = 0.72", "middle = 0.5"))
    (folder / "odd.toml").write_text(shipped + 'shadow = "deep"\n')
    (folder / "small.toml").write_text(shipped.replace("largest = 50", "largest = 31"))
    (folder / "torn.toml").write_text("unit = ")
    room = Room(tmp_path, (), tmp_path)
    assert style("mine", room).middle == 0.5
    with pytest.raises(ToolFailed, match="no style 'loud'; there are mine, odd, small, torn"):
        style("loud", room)
    wrong = {
        "odd": "shadow\n.*not permitted",
        "small": "least is more than largest",
        "torn": "[Ii]nvalid value",
    }
    for name, words in wrong.items():
        with pytest.raises(ToolFailed, match=f"(?s)the style '{name}' cannot be used.*{words}"):
            style(name, room)
    assert {file.stem for file in (ASSETS / "captions").glob("*.toml")} == set(STYLES)


def test_a_colour_marks_words_only_where_it_reads() -> None:
    slug = KITS.slugs()[0]
    for variant in ("dark", "light"):
        tone = tone_of(look(slug), variant)
        chosen = made("highlight", slug, variant, GROUNDS["grey"], ROOM)
        colour = chosen.style.model_copy(update={"mark": "colour"})
        from lib.media.captions.layers import _mark

        fill, letters = _mark(Look(colour, tone, chosen.font, SIZE, (GROUNDS["grey"],)))
        assert contrast(letters, tone.ground if fill is None else fill) >= 4.5
