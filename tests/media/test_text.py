"""Words in the right order, joined and broken as their readers expect, and emoji in one piece."""

from __future__ import annotations

import colorsys
import hashlib
from pathlib import Path

import pytest
from icu4py.breakers import WordBreaker
from PIL import Image, features

from lib.core.errors import ToolFailed
from lib.media.text import Block, bidi, faces, fit
from lib.media.text.breaks import breaks
from lib.media.text.clusters import split
from lib.media.text.language import guess
from lib.media.text.paragraph import paragraph
from tests.media.conftest import ASSETS

FONTS = ASSETS / "fonts"
INTER, SORA, SERIF = (FONTS / f"{n}.otf" for n in ("Inter-Bold", "Sora-Bold", "EBGaramond-Bold"))
LEAGUE = FONTS / "LeagueSpartan-Bold.otf"
FAMILY, FLAG, TONED = "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽"
JAPANESE = (
    "「東京」では、AIの時代が（2026年に）始まった。「本当？」と『彼女』は言った、チョコレート！"
)


def narrow(text: str, width: int, size: int = 40, language: str | None = None) -> Block:
    return fit(text, INTER, (width, 4000), (size, size), "body", language=language)


def drawn(block: Block, ground: tuple[int, int, int] = (0, 0, 0)) -> Image.Image:
    picture = Image.new("RGB", (block.width + 80, block.height + 80), ground)
    block.draw(picture, 40, 40, (255, 255, 255))
    return picture


@pytest.mark.parametrize("width", range(240, 700, 31))
def test_japanese_lines_keep_what_may_not_stand_at_their_ends(width: int) -> None:
    lines = narrow(JAPANESE, width).lines
    assert not [line for line in lines if line[0] in "、。」』）！？ーャュョッ"]
    assert not [line for line in lines if line[-1] in "「『（"]
    assert "".join(lines) == JAPANESE


def test_japanese_breaks_between_phrases_while_there_is_room_and_anywhere_else() -> None:
    assert "コンピューターを" in narrow("新しいコンピューターを買いました", 360).lines
    assert len(narrow("新しいコンピューターを買いました", 125).lines) >= 6


def test_korean_breaks_at_spaces() -> None:
    lines = narrow(
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", 300
    ).lines
    assert len(lines) > 3
    assert " ".join(lines).split() == [
        "모든",
        "인간은",
        "태어날",
        "때부터",
        "자유로우며",
        "그",
        "존엄과",
        "권리에",
        "있어",
        "동등하다.",
    ]


def test_thai_breaks_between_words_though_it_has_no_spaces() -> None:
    text = "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ"
    lines, words = narrow(text, 360).lines, list(WordBreaker(text, "th"))
    assert len(lines) > 2
    starts = {sum(map(len, words[:number])) for number in range(len(words))}
    assert {sum(map(len, lines[:number])) for number in range(len(lines))} <= starts


def test_what_belongs_together_stays_on_one_line() -> None:
    text = "Water boils at 93\u00a0°C in the mountains and that takes 10\u202f000 tries"
    for width in range(220, 700, 40):
        lines = narrow(text, width).lines
        assert any("93\u00a0°C" in line for line in lines)
        assert any("10\u202f000" in line for line in lines)


def test_a_long_german_word_is_divided_where_german_divides_it() -> None:
    text, box, sizes = "Donaudampfschifffahrtsgesellschaft", (918, 518), (49, 132)
    block = fit(text, INTER, box, sizes, "heading", language="de")
    assert block.lines == ("Donaudampf-", "schifffahrts-", "gesellschaft")
    alone = fit(text, INTER, box, sizes, "heading", language="tlh")
    assert alone.lines == (text,)
    assert block.size > alone.size * 1.5


def test_a_last_word_does_not_stand_alone_where_another_can_join_it() -> None:
    assert narrow("boils is of responsibility", 420).lines == ("boils is", "of responsibility")
    chinese = narrow("人人生而自由，在尊严和权利上一律平等。", 330).lines
    assert len(chinese[-1]) > 3


def test_a_word_that_fits_well_is_not_divided() -> None:
    text = "Photosynthesis makes sugar out of light and water"
    block = fit(text, INTER, (900, 500), (40, 120), "heading", language="en")
    assert not any("-" in line for line in block.lines)


def test_handles_hashtags_and_addresses_are_never_divided() -> None:
    for word in (
        "@Donaudampfschifffahrt",
        "#Donaudampfschifffahrt",
        "Donaudampfschifffahrt.example",
    ):
        assert not [one for one in breaks(word, "de", "hyphens") if one.hyphen]
    assert [one for one in breaks("Donaudampfschifffahrt.", "de", "hyphens") if one.hyphen]


@pytest.mark.parametrize("text", ["\u200e", "\u2060\ufeff", "\u034f", "\ufe0f", "\u0301", "\x00"])
def test_a_text_of_which_nothing_is_seen_is_refused_in_words(text: str) -> None:
    with pytest.raises(ToolFailed, match="there are no words to set"):
        fit(text, INTER, (300, 300), (20, 80), "heading")


def test_a_soft_hyphen_shows_only_where_a_line_ends() -> None:
    assert (
        narrow("Zu\u00adcker\u00adrü\u00adben\u00adfeld", 130, language="tlh")
        .lines[0]
        .endswith("-")
    )
    assert narrow("Zu\u00adcker", 400).lines == ("Zucker",)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Alle Menschen sind frei und gleich an Würde", "de"),
        ("All of the people are born free and equal", "en"),
        ("Kaikki ihmiset syntyvät vapaina ja he ovat", "fi"),
        ("すべて", "ja"),
        ("人人生而自由", "zh-Hans"),
        ("在尊嚴和權利上他們一律平等", "zh-Hant"),
        ("Donaudampfschifffahrt", None),
        ("Ok", None),
        ("Do as I say, not as I do.", "en"),
        ("Antonín Dvořák composed the New World Symphony in 1893.", "en"),
        ("Visit Łódź with us", "en"),
        ("See you in İstanbul, the best city", "en"),
        ("Meet Ștefan, the new chef of the house", "en"),
        ("The letter Δ is used in physics and it is called delta", "en"),
        ("Dzień dobry, zapraszamy na kawę", "pl"),
        ("Příliš žluťoučký kůň", "cs"),
        ("A venit o fată și a spus că e la noi", "ro"),
        ("Bugün hava çok güzel ve sıcak", "tr"),
        ("Ο Δίας", "el"),
        ("كتاب The Lord of the Rings جميل جدا ومفيد للقراءة في البيت", "ar"),
        ("O pão é bom e não se estraga", "pt"),
    ],
)
def test_a_language_is_guessed_only_where_something_tells_it(
    text: str, language: str | None
) -> None:
    assert guess(text) == language


def test_japanese_and_chinese_readers_get_their_own_forms_of_a_letter() -> None:
    made = {
        told: drawn(narrow("直骨今令", 400, 80, told)).tobytes()
        for told in ("ja", "zh-Hans", "zh-Hant")
    }
    assert len(set(made.values())) == 3


def test_a_brand_name_in_arabic_reads_from_left_to_right_inside_the_line() -> None:
    block = narrow("اكتشف Brandcast 2026: أكثر من 35% اليوم", 2000)
    words = [piece.text.strip() for piece in block.pieces[0]]
    assert block.rtl
    assert words[0] == "اليوم" or words[0].endswith("اليوم")
    assert words[-1].startswith("اكتشف")
    latin = next(piece for piece in block.pieces[0] if "Brandcast 2026" in piece.text)
    assert not latin.rtl


def test_the_first_strong_letter_tells_a_paragraphs_direction() -> None:
    assert not bidi.runs_right_to_left("2026: Hello שלום")
    assert bidi.runs_right_to_left("2026: שלום Hello")
    assert bidi.runs_right_to_left("\u2067Hello\u2069 שלום")
    assert not bidi.runs_right_to_left("10 – 20 %")


def test_levels_and_visual_order_are_those_of_the_standard() -> None:
    text = "אב 12 cd"
    assert bidi.embedding_levels(text) == bytes([1, 1, 1, 2, 2, 1, 2, 2])
    assert bidi.visual([("אב", 1), ("12", 2), (" ", 1), ("cd", 2)]) == ["cd", " ", "12", "אב"]
    assert bidi.embedding_levels("plain 12") == bytes(8)


def test_hebrew_stands_at_the_right_of_its_box_and_english_at_the_left() -> None:
    hebrew = drawn(narrow("שלום", 600)).getbbox()
    english = drawn(narrow("Hello", 600)).getbbox()
    assert hebrew is not None
    assert english is not None
    assert hebrew[2] >= 636
    assert hebrew[0] > 400
    assert english[0] <= 46


def test_arabic_letters_join_and_devanagari_forms_conjuncts() -> None:
    for text in ("سلام", "क्षत्रिय"):
        whole = narrow(text, 900, 100).ink
        apart = sum(narrow(letter, 900, 100).ink for letter in text if letter.isalpha())
        assert whole < apart * 0.93


def test_without_fribidi_a_script_that_needs_it_is_refused_by_name_and_latin_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(features, "check", lambda name: name != "raqm")
    paragraph.cache_clear()
    faces.font.cache_clear()
    try:
        assert narrow("Hello Привет 你好 100", 900).lines
        for name, text in (
            ("Arabic", "سلام"),
            ("Hebrew", "שלום"),
            ("Devanagari", "नमस्ते"),
            ("Thai", "ไทย"),
        ):
            with pytest.raises(ToolFailed, match=rf"{name} needs text shaping.*libfribidi0"):
                narrow(text, 900)
        with pytest.raises(ToolFailed, match=rf"{FAMILY} needs text shaping"):
            narrow(f"Hello {FAMILY}", 900)
    finally:
        paragraph.cache_clear()
        faces.font.cache_clear()


@pytest.mark.parametrize("emoji", [FAMILY, FLAG, TONED, "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "3️⃣", "🎉", "⭐", "🏳️‍🌈"])
def test_an_emoji_of_many_characters_is_one_picture_of_the_lines_height(emoji: str) -> None:
    block = narrow(f"a{emoji}b", 900, 100)
    picture = next(piece for piece in block.pieces[0] if faces.is_emoji(piece.file))
    assert picture.text == emoji
    width = block.ink - narrow("ab", 900, 100).ink
    assert 80 < width < 140
    top, bottom = drawn(narrow(emoji, 900, 100)).getbbox()[1::2]  # type: ignore[index]
    assert 70 < bottom - top < 125


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_emoji_keep_their_colours(mode: str) -> None:
    picture = Image.new(mode, (400, 200))
    narrow("🎉", 300, 100).draw(picture, 40, 20, (255, 255, 255))
    small = picture.convert("RGB").resize((40, 20), Image.Resampling.BOX).tobytes()
    pixels = zip(small[::3], small[1::3], small[2::3], strict=True)
    assert (
        max(
            colorsys.rgb_to_hsv(r / 255, g / 255, b / 255)[1] * (max(r, g, b) > 90)
            for r, g, b in pixels
        )
        > 0.6
    )


def test_no_line_ends_within_an_emoji() -> None:
    text = f"{FAMILY}{FLAG}{TONED}" * 6
    lines = narrow(text, 220).lines
    assert len(lines) > 3
    assert "".join(lines) == text
    assert all(line.startswith((FAMILY, FLAG, TONED)) for line in lines)


def test_an_emoji_that_is_not_bundled_with_its_tone_or_sex_is_drawn_without() -> None:
    shown = [
        piece.text for piece in narrow("👩🏿‍🚀 🤷🏽‍♀️", 900).pieces[0] if faces.is_emoji(piece.file)
    ]
    assert shown == ["👩‍🚀", "🤷"]


def test_a_sequence_that_is_no_emoji_is_refused_by_name() -> None:
    with pytest.raises(ToolFailed, match="no bundled emoji is 🇽🇽"):
        narrow("A flag 🇽🇽", 900)


def test_a_character_that_no_bundled_font_has_is_named_before_anything_is_drawn() -> None:
    with pytest.raises(
        ToolFailed, match=r"no bundled font has '𐎀' \(U\+10380, UGARITIC LETTER ALPA\)"
    ):
        narrow("Good 𐎀 morning", 900)
    with pytest.raises(ToolFailed, match=r"U\+0007"):
        narrow("a\u0007b", 900)
    with pytest.raises(ToolFailed, match=r"no bundled font has '𠮷' \(U\+20BB7, CJK"):
        narrow("𠮷野家", 900)
    with pytest.raises(ToolFailed, match="no words to set"):
        narrow(" \u200b ", 900)


def test_a_script_is_set_in_one_font_throughout_a_text() -> None:
    """The serif font lacks Vietnamese letters: the whole text changes its face, not some words."""
    whole = paragraph("Tất cả mọi người sinh ra", SERIF, "vi")
    assert len(set(whole.files)) == 1
    assert {cluster.file for cluster in split("All people", SERIF)} == {SERIF}


def test_figures_and_signs_are_of_the_letters_font_beside_them() -> None:
    for text in ("Скидка 30% до 12:00!", "共2026年，约30%。", "Only 30% until 12:00!"):
        assert len({cluster.file for cluster in split(text, SERIF)}) == 1
    mixed = {cluster.text: cluster.file for cluster in split("AI时代", SORA)}
    assert mixed["A"] == SORA != mixed["时"]


def test_kerning_and_ligatures_are_those_of_raqm() -> None:
    """Basic layout has no kerning: the same words would break elsewhere on another machine."""
    assert faces.shaping() == "raqm"
    assert faces.font(INTER, 44).layout_engine == 1
    assert narrow("AVATAR To. AVATAR", 2000, 44).ink < sum(
        narrow(letter, 900, 44).ink for letter in "AVATAR To. AVATAR" if letter != " "
    ) + 2 * faces.font(INTER, 44).getlength(" ")


def test_breaks_are_in_order_and_end_with_the_text() -> None:
    for text in (JAPANESE, "e-mail https://example.org/a?b=c — ok", "x"):
        for manner in ("phrases", "anywhere", "hyphens"):
            found = [one.at for one in breaks(text, "en", manner)]  # type: ignore[arg-type]
            assert found == sorted(set(found))
            assert found[-1] == len(text)


def test_every_bundled_fallback_font_is_in_the_list_with_its_hash() -> None:
    listed = (FONTS / "README.md").read_text()
    files = [file for file in (FONTS / "noto").iterdir() if file.suffix in (".otf", ".ttf")]
    assert len(files) > 30
    for file in files:
        assert hashlib.sha256(file.read_bytes()).hexdigest() in listed, file.name
    assert sum(file.stat().st_size for file in files) < 12 * 2**20


@pytest.mark.parametrize(
    ("text", "file", "size", "lines"),
    [
        (
            "Fact check: Half of it begins before 18",
            SORA,
            (800, 600),
            ("Fact check:", "Half of", "it begins", "before 18"),
        ),
        (
            "A day on Venus outlasts its year",
            LEAGUE,
            (700, 760),
            ("A day", "on Venus", "outlasts", "its year"),
        ),
    ],
)
def test_no_more_short_words_stand_alone_than_as_many_lines_need(
    text: str, file: Path, size: tuple[int, int], lines: tuple[str, ...]
) -> None:
    assert fit(text, file, size, (40, 150), "heading", language="en").lines == lines


@pytest.mark.parametrize(
    "text",
    ["Sunlight is eight minutes old", "The Moon moves away", "Jupiter is eleven Earths wide"],
)
def test_a_heading_does_not_end_in_one_short_word(text: str) -> None:
    block = fit(text, LEAGUE, (700, 760), (45, 150), "heading", language="en")
    assert " " in block.lines[-1]
    assert block.size > 110


def test_a_long_last_word_may_end_a_heading() -> None:
    block = fit("Bees outlive dinosaurs", LEAGUE, (620, 760), (45, 150), "heading", language="en")
    assert block.lines == ("Bees outlive", "dinosaurs")


def test_a_heading_does_not_become_a_list_of_single_words() -> None:
    block = fit("Twelve people have walked there", LEAGUE, (700, 760), (45, 150), "heading")
    assert block.lines == ("Twelve", "people have", "walked there")
