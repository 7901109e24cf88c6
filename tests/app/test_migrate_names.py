"""What an older studio's names mean, and that two of theirs never become one of ours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.app.migrate.names import Meaning, meaning, slug, work_id
from lib.core.brand import RESERVED
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Work

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: Names that are made to meet: cases, blanks, hyphens, our own digests, other scripts.
NAMES = st.text(alphabet="aAbB-_ .09é/", min_size=1, max_size=50) | st.text(min_size=1, max_size=80)


@pytest.mark.parametrize(
    ("category", "name", "job", "slot"),
    [
        ("thumbnails", "gen-xxx_college_thumbnail.png", "gen-xxx", "thumbnail"),
        ("thumbnails", "gen-xxx_thumbnail.png", "gen-xxx", "thumbnail"),
        ("thumbnails", "gen-xxx_college_yt_thumbnail.jpg", "gen-xxx", "youtube_thumbnail"),
        ("thumbnails", "gen-xxx_youtube_thumb.png", "gen-xxx", "youtube_thumbnail"),
        ("reels", "gen-xxx_college_reel.png", "gen-xxx", "reel_image"),
        ("reels", "gen-xxx_reel.mp4", "gen-xxx", "reel"),
        ("videos", "a_b_c_video.mp4", "a_b_c", "video"),
        ("posts", "gen-xxx_college_background.PNG", "gen-xxx", "background"),
        ("posts", "gen-xxx_slide_07.png", "gen-xxx", "slide_7"),
        ("posts", "gen-xxx_slide_12.webp", "gen-xxx", "slide_12"),
    ],
)
def test_every_name_of_the_old_layout_is_understood(category, name, job, slot):
    found = meaning("college", category, name)
    assert isinstance(found, Meaning)
    assert (found.id, found.slot, found.category) == (job, slot, category)


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("videos", "gen-xxx_video.png"),
        ("thumbnails", "gen-xxx_thumbnail.mp4"),
        ("posts", "gen-xxx_slide_0.png"),
        ("posts", "_background.png"),
        ("posts", ".png"),
        ("posts", "background"),
        ("reels", "gen-xxx_video.mp4"),
        ("", "gen-xxx_reel.png"),
    ],
)
def test_what_says_nothing_is_not_guessed(category, name):
    assert isinstance(meaning("college", category, name), str)


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("gen-1-a-title.png", "gen-1"),
        ("gen-1.png", "gen-1"),
        ("gen-12_title.png", "gen-12"),
        ("gen-123_title.png", None),
        ("title_gen-1.png", None),
    ],
)
def test_a_thumbnail_of_any_name_belongs_to_the_work_that_it_begins_with(name, job):
    found = meaning("college", "thumbnails", name, {"gen-1", "gen-12"})
    assert (found.id if isinstance(found, Meaning) else None) == job


@given(NAMES, NAMES)
def test_two_names_of_theirs_are_never_one_of_ours(one, other):
    assert (slug(one) == slug(other)) == (one == other)


@given(st.text(alphabet="ab-A_", min_size=1, max_size=60))
def test_nobody_can_take_a_name_that_we_made_for_another(name):
    made = slug(name)
    assert SLUG.fullmatch(made)
    assert slug(made) == made or slug(made) != slug(name)
    if made != name:
        assert slug(made) != made


def test_a_name_that_fits_stays_as_it_is():
    kept = ["anna", "healthycollege", "8b0b1f3e-3c1f-4f51-9f0c-0a1b2c3d4e5f"]
    assert [slug(name) for name in kept] == kept
    assert slug(RESERVED[0]) not in RESERVED


@given(NAMES, NAMES, NAMES)
def test_every_id_fits_our_own_names(user, brand, job):
    made = work_id(slug(user), user, brand, job)
    Work(id=made, owner=slug(user), actor="x", brand=slug(brand), kind="reel", created_at=0.0)
    name = ObjectName(slug(user), slug(brand), "videos", made, "video", fingerprint(1), "mp4")
    assert build(name)


def test_one_job_of_two_brands_is_two_works():
    ids = {
        work_id(*names, "gen-1") for names in (("me", "a", "x"), ("me", "a", "y"), ("i", "a", "x"))
    }
    assert len(ids) == 3
