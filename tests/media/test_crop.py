"""A picture is cut around what people look at, with room above heads; no subject, the middle."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from lib.media.picture import crop, pictures

PHOTOS = Path(__file__).parent / "photos"
#: What must not be cut off: left, top, right, bottom, px of the photo.
SUBJECTS = {
    "astronaut": (104, 6, 178, 112),  # hair and face
    "chelsea": (90, 55, 232, 170),  # both eyes and the nose
    "coffee": (86, 8, 210, 125),  # the cup
    "rocket": (143, 62, 160, 195),
}
#: Shapes that the studio cuts: post, reel, square, YouTube.
SHAPES = ((1080, 1350), (1080, 1920), (1080, 1080), (1280, 720))


def holds(box: crop.Box, subject: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = box
    return left <= subject[0] and top <= subject[1] and right >= subject[2] and bottom >= subject[3]


@pytest.mark.parametrize(("name", "shape"), list(itertools.product(SUBJECTS, SHAPES)))
def test_no_face_and_no_subject_of_a_photo_is_cut_off(name: str, shape: tuple[int, int]) -> None:
    with Image.open(PHOTOS / f"{name}.jpg") as opened:
        photo = opened.convert("RGB")
    box = crop.window(photo, shape)
    if SUBJECTS[name][2] - SUBJECTS[name][0] < box[2] - box[0]:
        assert holds(box, SUBJECTS[name])
    assert box[0] >= 0 <= box[1]
    assert (box[2] <= photo.width) & (box[3] <= photo.height)
    assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(shape[0] / shape[1])


def scene(
    size: tuple[int, int], centre: tuple[float, float], radius: float, ground: str = "#8fa3b0"
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """Return a soft ground with one disc on it, and the disc's box; all in shares of the size."""
    noise = Image.effect_noise(size, 30).filter(ImageFilter.GaussianBlur(4))
    picture = Image.blend(Image.new("RGB", size, ground), noise.convert("RGB"), 0.15)
    half = radius * min(size)
    x, y = centre[0] * size[0], centre[1] * size[1]
    box = (round(x - half), round(y - half), round(x + half), round(y + half))
    ImageDraw.Draw(picture).ellipse(box, fill="#c4432b")
    return picture, box


@given(st.floats(0.14, 0.86), st.floats(0.14, 0.86), st.floats(0.05, 0.12), st.booleans())
@settings(max_examples=60, deadline=None, database=None)
def test_one_thing_off_the_middle_is_kept_wherever_it_is(
    across: float, down: float, radius: float, is_wide: bool
) -> None:
    size = (1200, 800) if is_wide else (800, 1200)
    picture, subject = scene(size, (across, down), radius)
    for shape in SHAPES:
        assert holds(crop.window(picture, shape), subject)


@pytest.mark.parametrize("down", [0.15, 0.3, 0.5])
def test_there_is_room_above_a_head(down: float) -> None:
    picture, subject = scene((800, 1200), (0.5, down), 0.1)
    box = crop.window(picture, (1280, 720))
    assert subject[1] - box[1] >= min(0.05 * (box[3] - box[1]), subject[1])


def test_of_somebody_who_is_too_tall_the_head_is_kept() -> None:
    picture, head = scene((800, 1200), (0.5, 0.12), 0.08)
    ImageDraw.Draw(picture).rectangle((300, head[3], 500, 1200), fill="#2b5fc4")
    box = crop.window(picture, (1280, 720))
    assert holds(box, (*head[:3], head[3] + 200))


@pytest.mark.parametrize("ground", ["#000000", "#808080", "#ffffff"])
def test_where_nothing_stands_out_the_middle_is_cut(ground: str) -> None:
    plain = Image.new("RGB", (1200, 800), ground)
    assert crop.window(plain, (800, 800)) == (200, 0, 1000, 800)


def test_a_picture_of_the_right_shape_is_not_cut_at_all() -> None:
    picture, _ = scene((1080, 1350), (0.1, 0.1), 0.05)
    assert crop.window(picture, (540, 675)) == (0, 0, 1080, 1350)


def test_the_same_picture_is_always_cut_alike() -> None:
    with Image.open(PHOTOS / "coffee.jpg") as opened:
        photo = opened.convert("RGB")
    assert len({crop.window(photo, (1080, 1920)) for _ in range(3)}) == 1


def test_a_photo_of_a_brand_is_cut_around_its_subject(tmp_path: Path) -> None:
    picture, _ = scene((1600, 900), (0.88, 0.5), 0.11)
    picture.save(tmp_path / "photo.jpg", quality=92)
    made = pictures.photo(tmp_path / "photo.jpg", (1080, 1920))
    assert made.size == (1080, 1920)
    red = [made.getpixel((x, 960)) for x in range(0, 1080, 20)]
    reds = sum(pixel[0] > pixel[2] + 60 for pixel in red)  # type: ignore[index]
    assert reds * 20 == pytest.approx(1080 * 198 / (900 * 1080 / 1920), abs=60)


#: Photos of telephones and cameras that once could not be cut, and what they are cut for.
TAKEN = [(4032, 3024), (2016, 1512), (3648, 2736), (2048, 1365), (3456, 5184), (202, 202)]
CANVASES = [(1080, 1350), (1242, 2208), (540, 675)]


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("size", TAKEN)
def test_a_photo_of_any_camera_can_be_cut(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert pictures.cover(Image.new("L", size), canvas).size == canvas


@given(st.tuples(st.integers(1, 99), st.integers(1, 99)), st.sampled_from(CANVASES))
@settings(max_examples=60, deadline=None, database=None)
def test_a_picture_of_any_size_can_be_cut(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert pictures.cover(Image.new("L", size), canvas).size == canvas


SIDES = st.integers(1, 6000)


@given(st.tuples(SIDES, SIDES), st.tuples(SIDES, SIDES), st.floats(0, 1))
@settings(max_examples=400, deadline=None, database=None)
def test_a_window_of_any_shape_lies_within_and_touches_two_sides(
    size: tuple[int, int], shape: tuple[int, int], where: float
) -> None:
    left, top, right, bottom = crop.fitted(size, shape, where)
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]
    assert (right - left) * shape[1] == pytest.approx((bottom - top) * shape[0])
    assert right - left == size[0] or bottom - top == size[1]


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2), (127, 129)])
def test_even_the_smallest_picture_has_a_window(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "#345678")
    for shape in SHAPES:
        left, top, right, bottom = crop.window(picture, shape)
        assert 0 <= left < right <= size[0] + 1e-6
        assert 0 <= top < bottom <= size[1] + 1e-6
