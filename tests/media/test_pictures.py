"""Photos come as cameras and designers write them: turned, tagged, in print colours, too large."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from lib.core.errors import ToolFailed
from lib.media.layout import stills
from lib.media.picture import background, pictures
from lib.media.probe.pictures import measure
from lib.media.room import Room
from tests.media.bad_media import exif, painted, srgb_profile
from tests.media.conftest import ASSETS, DRESS, KITS, look

SLUG = KITS.slugs()[0]
#: How a camera that is held in each way writes what is red on the left and blue on the right.
HELD = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}
#: A profile whose red and green have changed places: what looks red is stored as green.
SWAPPED = (
    srgb_profile().replace(b"rXYZ", b"tmpZ").replace(b"gXYZ", b"rXYZ").replace(b"tmpZ", b"gXYZ")
)


def saved(file: Path, picture: Image.Image, kind: str = "JPEG", **how: object) -> Path:
    picture.save(file, kind, **how)
    return file


def halves() -> Image.Image:
    picture = Image.new("RGB", (400, 300), "#2030d0")
    picture.paste("#d03020", (0, 0, 200, 300))
    return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", HELD)
def test_a_photo_is_turned_as_its_camera_was_held(
    tmp_path: Path, orientation: int, kind: str
) -> None:
    file = saved(tmp_path / "x", halves(), kind, exif=exif(0x0112, orientation))
    turned = pictures.load(file)
    assert turned.size == ((400, 300) if orientation < 5 else (300, 400))
    middle = (turned.width // 2, turned.height // 2)
    places = {
        "left": (20, middle[1]),
        "right": (turned.width - 20, middle[1]),
        "top": (middle[0], 20),
        "bottom": (middle[0], turned.height - 20),
    }
    red, _, blue = turned.getpixel(places[HELD[orientation]])[:3]  # type: ignore[index]
    assert red > 150 > blue


@pytest.mark.parametrize(
    "tags", [exif(0x0112, 0), exif(0x0112, 9), b"Exif\0\0MM\0*\0\0\xff\xff", b"junk"]
)
def test_an_orientation_that_is_none_turns_nothing(tmp_path: Path, tags: object) -> None:
    file = saved(tmp_path / "x", halves(), "PNG", exif=tags)
    assert pictures.load(file).size == (400, 300)


def test_colours_are_brought_to_srgb_where_a_profile_says_what_they_are(tmp_path: Path) -> None:
    file = saved(tmp_path / "x", Image.new("RGB", (64, 64), "#20c020"), icc_profile=SWAPPED)
    red, green, _ = pictures.load(file).getpixel((32, 32))  # type: ignore[misc]
    assert red > 150 > green


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1"])
def test_a_profile_and_an_alpha_survive_each_other(tmp_path: Path, mode: str) -> None:
    picture = painted("RGBA" if mode == "LA" else "RGB").convert(mode)
    file = saved(tmp_path / "x", picture, "PNG", icc_profile=srgb_profile())
    loaded = pictures.load(file)
    assert loaded.mode == ("RGBA" if mode in ("RGBA", "LA") else "RGB")
    assert loaded.size == (320, 400)


@pytest.mark.parametrize("profile", [b"junk", b"", b"\0" * 5_000_000, srgb_profile()[:200]])
def test_a_profile_that_makes_no_sense_is_left_out(tmp_path: Path, profile: bytes) -> None:
    file = saved(tmp_path / "x", Image.new("RGB", (64, 64), "#20c020"), icc_profile=profile)
    assert pictures.load(file).getpixel((9, 9))[1] > 180  # type: ignore[index]


@pytest.mark.parametrize("profile", [None, srgb_profile()])
def test_print_colours_become_colours_of_a_screen(tmp_path: Path, profile: bytes | None) -> None:
    how = {"icc_profile": profile} if profile else {}
    print_red = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    loaded = pictures.load(saved(tmp_path / "x", print_red, **how))
    assert loaded.mode == "RGB"
    red, green, blue = loaded.getpixel((32, 32))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (20_000, 78), (40_000, 156), (65_535, 255)])
def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path, value: int, grey: int) -> None:
    file = saved(tmp_path / "x", Image.new("I;16", (8, 8), value), "PNG")
    assert pictures.load(file).getpixel((4, 4)) == (grey, grey, grey)


def test_a_palette_with_a_clear_colour_stays_clear(tmp_path: Path) -> None:
    picture = Image.new("P", (32, 32), 1)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    file = saved(tmp_path / "x", picture, "PNG", transparency=1)
    loaded = pictures.load(file)
    assert loaded.mode == "RGBA"
    assert loaded.getpixel((9, 9))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("clear", [0, 20_000, 65_535])
def test_sixteen_bits_with_a_clear_value_stay_clear_there_and_nowhere_else(
    tmp_path: Path, clear: int
) -> None:
    near = clear - 1 if clear else 1  # the same grey in eight bits
    picture = Image.new("I;16", (3, 2), near)
    picture.putpixel((2, 1), clear)
    file = saved(tmp_path / "x", picture, "PNG", transparency=clear)
    loaded = pictures.load(file)
    grey = round(clear / 257)
    assert loaded.mode == "RGBA"
    assert loaded.getpixel((2, 1)) == (grey, grey, grey, 0)
    assert loaded.getpixel((1, 1)) == (grey, grey, grey, 255)


def test_a_photo_of_a_telephone_with_a_second_picture_inside_is_a_photo(tmp_path: Path) -> None:
    file = saved(tmp_path / "x", halves(), "MPO", save_all=True, append_images=[halves()])
    assert pictures.load(file).size == (400, 300)
    assert measure(file)["media_type"] == "image/jpeg"


def test_a_large_photo_is_decoded_no_larger_than_it_is_needed(tmp_path: Path) -> None:
    file = saved(tmp_path / "x", halves().resize((3200, 2400)), exif=exif(0x0112, 6))
    assert pictures.load(file).size == (2400, 3200)
    assert pictures.load(file, least=(600, 750)).size == (600, 800)
    assert pictures.load(file, least=(601, 750)).size == (1200, 1600)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((8000, 5001), "8000 × 5001 px is too large: save it with at most 40 megapixels"),
        ((14_000, 14_000), "too large: save it with at most 40 megapixels"),
    ],
)
def test_a_photo_that_is_too_large_is_refused_in_words(
    tmp_path: Path, size: tuple[int, int], words: str
) -> None:
    kit = tmp_path / "mine"
    kit.mkdir()
    file = saved(kit / "huge.png", Image.new("1", size), "PNG")
    with pytest.raises(ValueError, match=words):
        pictures.load(file)
    room = Room(ASSETS, (tmp_path,), tmp_path)
    with pytest.raises(ToolFailed, match=rf"the photo huge\.png cannot be used: .*{words}"):
        background.run(params("mine/huge.png"), {}, {"background": tmp_path / "b.webp"}, room)


def params(photo: str | None, size: tuple[int, int] = (216, 270)) -> dict[str, object]:
    look_of = look(SLUG) | {"logo": "mine/logo.png"}
    told = {"look": look_of, "seed": "s", "variant": "dark", "photo": photo}
    return told | {"width": size[0], "height": size[1]}


SECRET = b"48.8583, 2.2944: the attic"


def test_nothing_that_stands_beside_the_pixels_reaches_what_is_made(tmp_path: Path) -> None:
    kit = tmp_path / "mine"
    kit.mkdir()
    tags = exif(0x010E, SECRET.decode(), gps=True)
    how = {"exif": tags, "comment": SECRET, "icc_profile": srgb_profile(), "xmp": SECRET}
    saved(kit / "photo.jpg", painted().resize((600, 800)), **how)
    saved(kit / "logo.png", painted("RGBA"), "PNG", exif=tags, icc_profile=srgb_profile())
    room = Room(ASSETS, (tmp_path,), tmp_path)
    ground, page = tmp_path / "b.webp", tmp_path / "p.jpg"
    background.run(params("mine/photo.jpg"), {}, {"background": ground}, room)
    words = {"layout": "closing", "heading": "Try it", "body": "@us", "index": 1, "of": 1}
    told = params(None)
    wanted = {"look": told["look"], "variant": "dark", **DRESS}
    wanted["pages"] = {"image": words | {"width": 216, "height": 270}}
    stills.run(wanted, {"background": ground}, {"image": page}, room)
    for made in (ground, page):
        assert measure(made)["embedded"] == "nothing"
        assert SECRET not in made.read_bytes()


def test_a_logo_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\nno more")
    with pytest.raises(ToolFailed, match=r"the logo logo\.png cannot be used"):
        pictures.paste_logo(Image.new("RGB", (99, 99)), file, (0, 0), 50)


def test_a_machine_that_cannot_read_says_nothing_against_a_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(tmp_path / "x.jpg", halves())

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(OSError, match="Input/output error"):
        pictures.photo(file, (100, 100))


def test_the_profile_that_these_tests_swap_is_a_profile() -> None:
    assert ImageCms.ImageCmsProfile(io.BytesIO(SWAPPED)).profile.red_colorant is not None


@pytest.mark.parametrize(("name", "kind"), [("page.png", "image/png"), ("page.jpg", "image/jpeg")])
def test_a_page_is_written_as_its_name_says(tmp_path: Path, name: str, kind: str) -> None:
    page = Image.linear_gradient("L").convert("RGBA")
    pictures.save_page(page, tmp_path / name)
    found = measure(tmp_path / name)
    assert (found["media_type"], found["colour_mode"]) == (kind, "RGB")
