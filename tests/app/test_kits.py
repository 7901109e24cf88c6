"""A broken kit is refused with the file, the key and the mend; a good one is read as it is now."""

from __future__ import annotations

import re
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.adapters.kits import KitFolders
from lib.core.errors import NotFound, Refused
from lib.settings import ROOT

FONTS = ROOT / "assets" / "fonts"
SLUG = "night-sky"


def png(width: int, height: int) -> bytes:
    """Return the smallest PNG of a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress((b"\0" + b"\0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def kits(tmp_path: Path) -> KitFolders:
    """Return one good kit in a folder that a test may break."""
    shutil.copytree(ROOT / "assets" / "brands" / SLUG, tmp_path / SLUG)
    return KitFolders([tmp_path], fonts=FONTS)


def swap(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return change


def facts_of(folder: Path) -> str:
    return (folder / "facts.toml").read_text()


def few(folder: Path) -> None:
    facts = facts_of(folder).split("[[fact]]")
    (folder / "facts.toml").write_text("[[fact]]".join(facts[:6]))


BREAKS: dict[str, tuple[Callable[[Path], None], str, str, str]] = {
    # name: (what is done, file, key, a word of the mend)
    "unknown key": (
        swap("brand.toml", 'tone = "', 'mood = "x"\ntone = "'),
        "brand.toml",
        "mood",
        "remove",
    ),
    "blank handle": (
        swap("brand.toml", 'handle = "@nightskynotes"', 'handle = "\u200b "'),
        "brand.toml",
        "handle",
        "write some words",
    ),
    "missing key": (swap("brand.toml", "handle = ", "# handle = "), "brand.toml", "handle", "add"),
    "bad colour": (
        swap("brand.toml", "#3B2A78", "purple"),
        "brand.toml",
        "palette.primary",
        "#RRGGBB",
    ),
    "bad slot": (swap("brand.toml", '"09:00"', '"9 am"'), "brand.toml", "posting_slots", "HH:MM"),
    "unknown zone": (
        swap("brand.toml", "Europe/Madrid", "Europe/Atlantis"),
        "brand.toml",
        "time_zone",
        "Europe/Lisbon",
    ),
    "strange font": (
        swap("brand.toml", "Inter-Medium", "Comic-Sans"),
        "brand.toml",
        "fonts.body",
        "Inter-Bold",
    ),
    "strange scenery": (
        swap("brand.toml", '"bokeh"', '"volcano"'),
        "brand.toml",
        "scenery",
        "aurora",
    ),
    "strange platform": (
        swap("brand.toml", '"youtube"', '"myspace"'),
        "brand.toml",
        "platforms",
        "instagram",
    ),
    "strange template": (
        swap("brand.toml", 'tone = "', 'templates = ["opera"]\ntone = "'),
        "brand.toml",
        "templates",
        "choose from card, duotone",
    ),
    "derived key": (
        swap("brand.toml", 'tone = "', 'slug = "x"\ntone = "'),
        "brand.toml",
        "slug",
        "remove",
    ),
    "strange key of a fact": (
        swap("facts.toml", 'source = "', 'year = 2000\nsource = "'),
        "facts.toml",
        "fact.0.year",
        "remove",
    ),
    "strange table of facts": (
        swap("facts.toml", "[[fact]]", "[meta]\nyear = 2000\n\n[[fact]]"),
        "facts.toml",
        "meta",
        "[[fact]]",
    ),
    "long headline": (
        swap("facts.toml", 'headline = "', f'headline = "{"long " * 20}'),
        "facts.toml",
        "fact.0.headline",
        "60",
    ),
    "twin headlines": (
        lambda folder: (folder / "facts.toml").write_text(
            re.sub(r'headline = ".*"', 'headline = "Said again"', facts_of(folder))
        ),
        "facts.toml",
        "fact.headline",
        "said again",
    ),
    "no logo key": (swap("brand.toml", "logo = ", "# logo = "), "brand.toml", "logo", "folder"),
    "no logo": (lambda folder: (folder / "logo.png").unlink(), "brand.toml", "logo", "folder"),
    "logo no PNG": (
        lambda folder: (folder / "logo.png").write_bytes(b"\xff\xd8" * 40),
        "brand.toml",
        "logo",
        "PNG",
    ),
    "small logo": (
        lambda folder: (folder / "logo.png").write_bytes(png(32, 32)),
        "brand.toml",
        "logo",
        "128",
    ),
    "logo elsewhere": (
        swap("brand.toml", '"logo.png"', '"../other.png"'),
        "brand.toml",
        "logo",
        "folder",
    ),
    "pale ink": (swap("brand.toml", "#0D0A1F", "#B0A8D0"), "brand.toml", "palette.ink", "darker"),
    "few facts": (few, "facts.toml", "fact", "at least 30"),
    "twin ids": (
        swap("facts.toml", "venus-is-the-hottest-planet", "jupiter-is-eleven-earths-wide"),
        "facts.toml",
        "fact.id",
        "unique",
    ),
    "missing source": (
        swap("facts.toml", 'source = "', 'origin = "'),
        "facts.toml",
        "source",
        "add",
    ),
    "strange glyph": (
        swap("facts.toml", "Jupiter is about", "𐎀 is about"),
        SLUG,
        "fonts.body",
        "another",
    ),
    "broken TOML": (swap("brand.toml", "[palette]", "[palette"), "brand.toml", "line", "TOML"),
    "broken TOML of facts": (
        swap("facts.toml", "[[fact]]", "[[fact]"),
        "facts.toml",
        "line",
        "TOML",
    ),
    "other encoding": (
        lambda folder: (folder / "facts.toml").write_bytes(b"\xff\xfe" + b"\0[" * 20),
        "facts.toml",
        "utf-8",
        "mend",
    ),
    "strange glyph in a headline": (
        swap("facts.toml", 'headline = "', 'headline = "𐎀 '),
        SLUG,
        "fonts.heading",
        "another",
    ),
    "no facts at all": (
        lambda folder: (folder / "facts.toml").unlink(),
        "facts.toml",
        "missing",
        "every kit",
    ),
}


def test_a_kit_may_speak_in_any_bundled_script(kits: KitFolders, tmp_path: Path) -> None:
    swap("facts.toml", "Jupiter is about", "木星, المشتري and गुरु 👩‍🚀 are about")(tmp_path / SLUG)
    assert kits.check(SLUG) == []


def test_a_kit_names_its_templates_or_has_all_of_a_kind(kits: KitFolders, tmp_path: Path) -> None:
    every = kits.get(SLUG)
    assert min(len(every.in_turn(family, "")) for family in ("posts", "reels")) >= 6
    swap("brand.toml", 'tone = "', 'templates = ["quote", "split"]\ntone = "')(tmp_path / SLUG)
    named = kits.get(SLUG)
    assert sorted(named.in_turn("posts", "")) == ["quote", "split"]
    assert named.in_turn("reels", "") == every.in_turn("reels", "")
    assert named.digest == every.digest


def test_the_good_kit_is_good(kits: KitFolders) -> None:
    assert kits.check(SLUG) == []
    assert kits.get(SLUG).slug == SLUG


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_kit_is_refused_with_file_key_and_mend(
    kits: KitFolders, tmp_path: Path, what: str
) -> None:
    change, file, key, mend = BREAKS[what]
    change(tmp_path / SLUG)
    with pytest.raises(Refused) as refused:
        kits.get(SLUG)
    words = str(refused.value)
    assert SLUG in words
    for part in (file, key, mend):
        assert part in words, words


@pytest.mark.parametrize("key", ["slug", "photos", "facts", "digest", "designs"])
def test_a_key_that_is_derived_may_not_be_given(kits: KitFolders, tmp_path: Path, key: str) -> None:
    swap("brand.toml", 'tone = "', f'{key} = "x"\ntone = "')(tmp_path / SLUG)
    assert kits.check(SLUG) == [f"{SLUG}/brand.toml: {key}: is derived; remove the key"]


def test_every_problem_of_a_kit_is_named_and_not_only_the_first(
    kits: KitFolders, tmp_path: Path
) -> None:
    for what in ("bad colour", "unknown key", "missing key"):
        BREAKS[what][0](tmp_path / SLUG)
    assert len(kits.check(SLUG)) == 3


def test_a_reserved_or_ill_formed_folder_name_is_refused(kits: KitFolders, tmp_path: Path) -> None:
    for name in ("studio", "Night Sky"):
        shutil.copytree(tmp_path / SLUG, tmp_path / name)
        assert "rename the folder" in kits.check(name)[0]


def test_a_kit_that_is_not_there_is_answered_with_those_that_are(kits: KitFolders) -> None:
    with pytest.raises(NotFound, match=SLUG):
        kits.get("nobody")


def test_the_users_own_kit_replaces_a_bundled_one(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "assets" / "brands" / SLUG, tmp_path / SLUG)
    swap("brand.toml", "Night Sky Notes", "My Own Sky")(tmp_path / SLUG)
    both = KitFolders([tmp_path, ROOT / "assets" / "brands"], fonts=FONTS)
    assert both.get(SLUG).name == "My Own Sky"
    assert len(both.slugs()) == 5


def test_the_users_own_kit_is_refused_when_it_is_broken_and_not_passed_over(
    tmp_path: Path,
) -> None:
    shutil.copytree(ROOT / "assets" / "brands" / SLUG, tmp_path / SLUG)
    BREAKS["bad colour"][0](tmp_path / SLUG)
    both = KitFolders([tmp_path, ROOT / "assets" / "brands"], fonts=FONTS)
    with pytest.raises(Refused, match="palette"):
        both.get(SLUG)


def test_a_kit_that_was_read_is_refused_once_it_is_broken_and_read_again_once_it_is_mended(
    kits: KitFolders, tmp_path: Path
) -> None:
    before = kits.get(SLUG)
    good = (tmp_path / SLUG / "brand.toml").read_text()
    BREAKS["bad colour"][0](tmp_path / SLUG)
    with pytest.raises(Refused):
        kits.get(SLUG)
    (tmp_path / SLUG / "brand.toml").write_text(good)
    assert kits.get(SLUG) == before


def test_a_folder_that_is_not_there_holds_no_kits(tmp_path: Path) -> None:
    assert KitFolders([tmp_path / "none"], fonts=FONTS).slugs() == []


def test_another_logo_changes_the_digest(kits: KitFolders, tmp_path: Path) -> None:
    before = kits.get(SLUG)
    (tmp_path / SLUG / "logo.png").write_bytes(png(300, 200))
    assert kits.get(SLUG).digest != before.digest


def test_a_changed_kit_is_read_again_and_only_a_changed_look_changes_the_digest(
    kits: KitFolders, tmp_path: Path
) -> None:
    before = kits.get(SLUG)
    swap("brand.toml", "curious", "very curious")(tmp_path / SLUG)
    swap("facts.toml", "Jupiter is about 11", "Jupiter is roughly 11")(tmp_path / SLUG)
    spoken = kits.get(SLUG)
    assert spoken.tone != before.tone
    assert spoken.digest == before.digest
    swap("brand.toml", "#F26CA7", "#F26CA0")(tmp_path / SLUG)
    assert kits.get(SLUG).digest != before.digest


def test_photos_are_found_sorted_and_are_part_of_the_look(kits: KitFolders, tmp_path: Path) -> None:
    before = kits.get(SLUG)
    photos = tmp_path / SLUG / "photos"
    photos.mkdir()
    for name in ("b.JPG", "a.png", "notes.txt"):
        (photos / name).write_bytes(png(8, 8))
    after = kits.get(SLUG)
    assert after.photos == (f"{SLUG}/photos/a.png", f"{SLUG}/photos/b.JPG")
    assert after.digest != before.digest


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('voice = "lungs"', "voice: 'lungs' is no voice; choose from heart"),
        ('voice = "heart"\nlanguage = "de"', "voice: heart speaks en, not de; remove the key"),
        (
            'captions = "loud"',
            "captions: 'loud' is no style; choose from big, highlight, plain, none",
        ),
        ('caption_styles = "x"', "caption_styles: is derived; remove the key"),
    ],
)
def test_a_voice_and_a_style_of_captions_are_checked_by_name(
    tmp_path: Path, line: str, words: str
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(ROOT / "assets" / "brands" / "night-sky", folder)
    file = folder / "brand.toml"
    file.write_text(f"{line}\n{file.read_text()}")
    assert words in " ".join(KitFolders([tmp_path], fonts=FONTS).check("mine"))


def test_a_voice_changes_no_picture(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "assets" / "brands" / "night-sky", tmp_path / "mine")
    file, kits = tmp_path / "mine" / "brand.toml", KitFolders([tmp_path], fonts=FONTS)
    before = kits.get("mine")
    file.write_text(f'voice = "heart"\ncaptions = "big"\n{file.read_text()}')
    after = kits.get("mine")
    assert (before.voice, after.voice, after.captions) == (None, "heart", "big")
    assert after.digest == before.digest
    assert set(after.caption_styles) == {"big", "highlight", "plain"}
