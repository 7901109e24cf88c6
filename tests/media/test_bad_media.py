"""Each kind of bad media is refused in words that say what is wrong, and its good twin is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.core.brand import Template
from lib.core.checks import Check, faults
from lib.core.recipes.pictures import MIN_SPREAD, PLAIN, jpeg_check, page, shape_of
from lib.core.recipes.post import SIZE as POST
from lib.core.recipes.reel import CANVAS, FPS, SIZE, YOUTUBE, video_check
from lib.core.work import Json
from lib.media.layout import stills
from lib.media.probe import films, probe
from lib.media.reel import video as reel_video
from lib.media.room import Room
from lib.media.runner.ffmpeg_run import run
from lib.templates.names import PAGES
from tests.media import bad_media
from tests.media.conftest import ASSETS, DRESS, FILM, KITS, TEMPLATES, look, paint

SLUG = KITS.slugs()[0]
FILMS = TEMPLATES.templates("reels")
#: What a background is, whatever its size.
WEBP = Check(media_type="image/webp", min_spread=MIN_SPREAD, **PLAIN)


def wrong(file: Path, check: Check) -> tuple[str, ...]:
    """Return what is wrong with a file, as ``perform`` would say it."""
    return faults(check, file.stat().st_size, probe(file, check.media_type))


def test_a_good_film_is_accepted(tmp_path: Path) -> None:
    bad_media.GOOD_FILM.write(tmp_path / "x.mp4")
    assert wrong(tmp_path / "x.mp4", bad_media.FILM) == ()


@pytest.mark.parametrize("kind", bad_media.FILMS)
def test_a_bad_film_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    film, words = bad_media.FILMS[kind]
    film.write(tmp_path / "x.mp4")
    assert words in "; ".join(wrong(tmp_path / "x.mp4", bad_media.FILM))


def test_good_pictures_are_accepted(tmp_path: Path) -> None:
    bad_media.GOOD_PICTURE.write(tmp_path / "x.jpg")
    bad_media.GOOD_LOGO.write(tmp_path / "x.png")
    assert wrong(tmp_path / "x.jpg", bad_media.PICTURE) == ()
    assert wrong(tmp_path / "x.png", bad_media.LOGO) == ()
    bad_media.GOOD_FRAMED.write(tmp_path / "framed.jpg")
    assert wrong(tmp_path / "framed.jpg", bad_media.PICTURE) == ()


@pytest.mark.parametrize("kind", bad_media.PICTURES)
def test_a_bad_picture_is_refused_in_words(tmp_path: Path, kind: str) -> None:
    picture, check, words = bad_media.PICTURES[kind]
    picture.write(tmp_path / "x")
    assert words in "; ".join(wrong(tmp_path / "x", check))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for what is made once."""
    return tmp_path_factory.mktemp("made")


def room_in(folder: Path) -> Room:
    return Room(ASSETS, (ASSETS / "brands",), folder)


def reel(film: Json, variant: str, seconds: int) -> Json:
    """Return the parameters of a reel by what a template says of its film."""
    return {
        "look": look(SLUG),
        "variant": variant,
        "template": film,
        "title": "Bread goes stale in the cold",
        "lines": ["Bread goes stale faster in the refrigerator", "The freezer keeps it fresh"],
        "seconds": seconds,
        "fps": FPS,
        "width": SIZE[0],
        "height": SIZE[1],
        "music": "daybreak",
        "seed": "s",
    }


@pytest.mark.parametrize("template", FILMS, ids=lambda one: one.name)
def test_the_film_of_every_template_passes_the_check_that_its_recipe_plans(
    folder: Path, template: Template
) -> None:
    variant = ("light", "dark")[len(template.name) % 2]
    needs = {"background": paint(room_in(folder), SLUG, CANVAS, variant)}
    file = folder / f"{template.name}.mp4"
    film = template.pages["film"]["9x16"]
    reel_video.run(reel(film, variant, 3), needs, {"video": file}, room_in(folder))
    assert wrong(file, video_check(3)) == ()


def test_what_our_reel_tool_makes_is_good_and_is_decoded_once_to_know_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = {"background": paint(room_in(folder), SLUG, CANVAS)}
    file = folder / "v.mp4"
    reel_video.run(reel(FILM, "dark", 6), needs, {"video": file}, room_in(folder))
    asked: list[str] = []

    def noted(command: list[str], **how: Any) -> tuple[bytes, str]:
        asked.append(Path(command[0]).name)
        return run(command, **how)

    monkeypatch.setattr(films, "run", noted)
    assert faults(video_check(6), file.stat().st_size, probe(file, "video/mp4")) == ()
    # Its packets are listed, and its pixels and samples decoded together.
    assert sorted(asked) == ["ffmpeg", "ffprobe"]


@pytest.mark.parametrize("variant", ["light", "dark"])
@pytest.mark.parametrize("slug", KITS.slugs())
def test_what_our_stills_tool_makes_is_good(folder: Path, slug: str, variant: str) -> None:
    needs = {"background": paint(room_in(folder), slug, POST, variant)}
    drawn = page("statement", "Bread goes stale in the cold", POST, body="Freeze it.")
    file = folder / f"{slug}-{variant}.jpg"
    params = {"look": look(slug), "variant": variant, "pages": {"image": drawn}, **DRESS}
    stills.run(params, needs, {"image": file}, room_in(folder))
    assert wrong(file, jpeg_check(drawn)) == ()
    assert faults(WEBP, 10_000, probe(needs["background"], "image/webp")) == ()


@pytest.mark.parametrize("variant", ["light", "dark"])
@pytest.mark.parametrize("template", TEMPLATES.templates(), ids=lambda one: one.name)
def test_every_page_of_every_template_passes_the_check_that_its_recipe_plans(
    folder: Path, template: Template, variant: str
) -> None:
    names = [name for name in PAGES[template.family] if name != "film"]
    size_of = {"youtube": YOUTUBE}
    pages = {
        name: page(name, "Heat", size_of.get(name, SIZE if template.family == "reels" else POST))
        for name in names
    }
    layouts = {name: template.pages[name][shape_of(pages[name])] for name in names}
    needs = {"background": paint(room_in(folder), SLUG, CANVAS, variant)}
    makes = {name: folder / f"{template.name}-{variant}-{name}.jpg" for name in names}
    dress = {"template": template.name, "layouts": layouts, "variant": variant}
    stills.run({"look": look(SLUG), "pages": pages, **dress}, needs, makes, room_in(folder))
    for name, file in makes.items():
        assert wrong(file, jpeg_check(pages[name])) == (), name
