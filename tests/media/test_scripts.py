"""Every script in its own letters: whole, in its box, the same each time, and to the pixel."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from icu4py.breakers import CharacterBreaker
from PIL import Image, ImageChops

from lib.media.text import Block, faces, fit, paragraph
from tests.media.conftest import ASSETS

TEXTS = json.loads((Path(__file__).parent / "scripts.json").read_text(encoding="utf-8"))
HEADING, BODY = ASSETS / "fonts" / "Sora-Bold.otf", ASSETS / "fonts" / "Inter-Medium.otf"
#: The boxes and sizes of a statement, 1080 x 1350 px.
FITS = {
    "heading": (HEADING, (918, 518), (49, 132)),
    "body": (BODY, (918, 432), (30, 46)),
}
MARGIN = 300
CASES = [
    pytest.param(text, role, id=f"{text['language']}-{role}")
    for text in TEXTS
    for role in ("heading", "body")
]


def set_statement(text: dict[str, str], role: str) -> Block:
    file, box, sizes = FITS[role]
    return fit(text[role], file, box, sizes, role, language=text["language"])


def drawn(block: Block) -> Image.Image:
    """Return the block in white on black, with room on all sides."""
    size = (block.width + 2 * MARGIN, block.height + 2 * MARGIN)
    picture = Image.new("RGB", size)
    block.draw(picture, MARGIN, MARGIN, (255, 255, 255))
    return picture


def ink(block: Block) -> tuple[int, int, int, int]:
    """Return where the block's ink lies, px from the box's top left corner."""
    visible = drawn(block).convert("L").point([0] * 40 + [255] * 216)
    left, top, right, bottom = visible.getbbox() or (0, 0, 0, 0)
    return left - MARGIN, top - MARGIN, right - MARGIN, bottom - MARGIN


def mask(file: Path, text: str, **more: Any) -> tuple[tuple[int, int], bytes]:
    made = faces.font(file, 64).getmask(text, **more)
    return made.size, bytes(made)


def test_there_are_forty_languages_in_two_dozen_scripts() -> None:
    assert len({text["language"] for text in TEXTS}) >= 40
    assert len({text["script"] for text in TEXTS}) >= 24


@pytest.mark.parametrize(("text", "role"), CASES)
def test_all_ink_stays_in_its_box_and_nothing_of_it_is_cut(text: dict[str, str], role: str) -> None:
    block = set_statement(text, role)
    left, top, right, bottom = ink(block)
    overhang = block.size // 12  # letters lean a little out of their own width
    assert -overhang <= left
    assert right <= block.width + overhang
    assert top >= -1
    assert bottom <= block.height + 1 <= FITS[role][1][1] + 1
    assert right - left > 300


@pytest.mark.parametrize(("text", "role"), CASES)
def test_no_letter_is_a_box(text: dict[str, str], role: str) -> None:
    """FreeType itself is asked, not the table that chose the font."""
    for piece in {p for line in set_statement(text, role).pieces for p in line}:
        if faces.is_emoji(piece.file):
            continue
        box = mask(piece.file, "\U0010fffd")
        for character in set(piece.text):
            if not character.isspace():
                assert mask(piece.file, character) != box, (character, piece.file.stem)


@pytest.mark.parametrize(("text", "role"), CASES)
def test_a_line_never_ends_within_what_a_reader_sees_as_one_character(
    text: dict[str, str], role: str
) -> None:
    whole = paragraph.paragraph(text[role], FITS[role][0], text["language"]).text
    units = list(itertools.accumulate(map(len, CharacterBreaker(whole, "en"))))
    at = 0
    for line in set_statement(text, role).lines:
        at = whole.index(line, at) + len(line)
        assert at in units
    assert whole[at:].strip() == ""


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text["language"])
def test_a_text_is_drawn_the_same_each_time(text: dict[str, str]) -> None:
    first = drawn(set_statement(text, "heading")).tobytes()
    paragraph.paragraph.cache_clear()
    faces.font.cache_clear()
    assert drawn(set_statement(text, "heading")).tobytes() == first


@pytest.mark.parametrize(
    "text", [t for t in TEXTS if t["script"] in ("Arab", "Hebr")], ids=lambda text: text["language"]
)
def test_what_runs_right_to_left_begins_at_the_right_edge(text: dict[str, str]) -> None:
    for role in FITS:
        block = set_statement(text, role)
        assert block.rtl
        assert ink(block)[2] >= block.width - block.size // 6
        assert block.inset == block.width - block.ink
        assert ink(block)[0] >= block.inset - block.size // 12


@pytest.mark.parametrize("language", ["zh-Hans", "ja", "th", "km", "hi", "ar", "de"])
def test_lines_are_even_and_the_last_is_no_leftover(language: str) -> None:
    text = next(t for t in TEXTS if t["language"] == language)
    block = set_statement(text, "body")
    lengths = [
        faces.font(line[0].file, 40).getlength("".join(piece.text for piece in line))
        for line in block.pieces
    ]
    assert len(lengths) > 1
    assert min(lengths) > max(lengths) * 0.45


@pytest.mark.parametrize(("text", "role"), CASES)
def test_lines_do_not_touch_however_high_a_script_stacks_its_marks(
    text: dict[str, str], role: str
) -> None:
    block = set_statement(text, role)
    size = (block.width + 2 * MARGIN, block.height + 2 * MARGIN)
    alone = []
    for number, (line, pieces) in enumerate(zip(block.lines, block.pieces, strict=True)):
        picture = Image.new("RGB", size)
        one = dataclasses.replace(block, lines=(line,), pieces=(pieces,))
        one.draw(picture, MARGIN, MARGIN + number * block.step, (255, 255, 255))
        alone.append(picture.convert("L"))
    for upper, lower in itertools.pairwise(alone):
        assert ImageChops.multiply(upper, lower).getbbox() is None
