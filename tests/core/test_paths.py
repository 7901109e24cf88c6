"""Object names: what is built can be parsed, and nothing else can."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.core.errors import Refused
from lib.core.paths import CATEGORIES, FINGERPRINT_CHARS, ObjectName, build, fingerprint, parse

GOOD = ObjectName(
    owner="anna",
    brand="healthy-college",
    category="posts",
    work_id="b-20250217-1a2b-healthy-college-3",
    slot="slide_1",
    fingerprint="0123456789",
    ext="jpg",
)
PATH = "anna/healthy-college/posts/b-20250217-1a2b-healthy-college-3_slide_1-0123456789.jpg"

SLUGS = st.from_regex(re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"), fullmatch=True)
NAMES = st.builds(
    ObjectName,
    owner=SLUGS,
    brand=SLUGS,
    category=st.sampled_from(CATEGORIES),
    work_id=st.from_regex(re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?"), fullmatch=True),
    slot=st.from_regex(re.compile(r"[a-z][a-z0-9_]{0,39}"), fullmatch=True),
    fingerprint=st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=10, max_size=10),
    ext=st.from_regex(re.compile(r"[a-z0-9]{1,5}"), fullmatch=True),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_a_name_reads_as_owner_brand_category_work_slot_and_fingerprint() -> None:
    assert build(GOOD) == PATH
    assert parse(PATH) == GOOD


@settings(max_examples=300, deadline=None, database=None)
@given(NAMES)
def test_what_is_built_is_parsed_to_the_same_parts(name: ObjectName) -> None:
    assert parse(build(name)) == name


@settings(max_examples=300, deadline=None, database=None)
@given(NAMES, NAMES)
def test_two_names_never_share_a_path(one: ObjectName, other: ObjectName) -> None:
    assert (build(one) == build(other)) == (one == other)


@settings(max_examples=500, deadline=None, database=None)
@given(st.text(max_size=80) | st.from_regex(re.compile(r"[a-z]+(/[a-z._%-]+){3}")))
def test_whatever_is_parsed_builds_the_same_path_again(path: str) -> None:
    name = parse(path)
    assert name is None or build(name) == path


HOSTILE = {
    "parent folder": "..",
    "own folder": ".",
    "escaped dot": "%2e%2e",
    "escaped slash": "a%2fb",
    "slash": "a/b",
    "backslash": "a\\b",
    "upper case": "Anna",
    "accent": "ännä",
    "look-alike": "\u0430nna",  # the first letter is Cyrillic
    "full-width": "\uff41nna",
    "Arabic digit": "anna\u0663",
    "NUL": "an\0na",
    "newline at the end": "anna\n",
    "newline within": "an\nna",
    "space": "an na",
    "leading hyphen": "-anna",
    "trailing hyphen": "anna-",
    "empty": "",
    "very long": "a" * 5000,
    "wildcard": "*",
    "right-to-left mark": "an\u202ena",
}


@pytest.mark.parametrize("part", ["owner", "brand", "category", "work_id", "slot", "ext"])
@pytest.mark.parametrize("bad", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_is_refused_in_every_part(part: str, bad: str) -> None:
    name = dataclasses.replace(GOOD, **{part: bad})
    with pytest.raises(Refused, match="is no object name") as refusal:
        build(name)
    assert refusal.value.hint
    folder = f"{name.owner}/{name.brand}/{name.category}"
    assert parse(f"{folder}/{name.work_id}_{name.slot}-0123456789.{name.ext}") is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/" + PATH,
        PATH + "/",
        PATH + "\n",
        PATH + ".tmp",
        PATH.replace("posts", "secrets"),
        PATH.replace("anna/", ""),
        PATH.replace("anna/", "anna//"),
        PATH.replace("anna/", "anna/../otto/"),
        PATH.replace("0123456789", "012345678"),
        PATH.replace("0123456789", "01234567890"),
        PATH.replace("0123456789", "012345678l"),
        PATH.replace("_slide_1", "_1slide"),
        PATH.upper(),
    ],
)
def test_a_path_that_nobody_built_is_not_ours(path: str) -> None:
    assert parse(path) is None


@pytest.mark.parametrize(
    ("part", "longest"), [("owner", 40), ("brand", 40), ("work_id", 100), ("slot", 40), ("ext", 5)]
)
def test_the_longest_part_is_taken_and_one_more_character_is_not(part: str, longest: int) -> None:
    fits = dataclasses.replace(GOOD, **{part: "a" * longest})
    assert parse(build(fits)) == fits
    with pytest.raises(Refused):
        build(dataclasses.replace(GOOD, **{part: "a" * (longest + 1)}))


def test_the_longest_name_of_all_stays_below_the_limit_of_every_store() -> None:
    longest = dataclasses.replace(
        GOOD, owner="a" * 40, brand="b" * 40, work_id="c" * 100, slot="d" * 40, ext="e" * 5
    )
    path = build(longest)
    assert len(path.encode()) < 1024, "the limit of Cloud Storage and S3"
    assert len(path.rsplit("/", 1)[1].encode()) < 255, "the limit of a file system"


@settings(max_examples=300, deadline=None, database=None)
@given(JSON)
def test_a_fingerprint_fits_a_path_and_survives_a_trip_through_json(value: object) -> None:
    digest = fingerprint(value)
    assert len(digest) == FINGERPRINT_CHARS
    assert fingerprint(json.loads(json.dumps(value))) == digest
    assert parse(build(dataclasses.replace(GOOD, fingerprint=digest))) is not None


def test_a_fingerprint_does_not_depend_on_the_order_of_keys_and_does_on_that_of_lists() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])
    assert fingerprint("a", "b") != fingerprint("ab")
    assert fingerprint("a") != fingerprint(["a"])


def test_a_fingerprint_is_the_same_on_every_machine_and_in_every_release() -> None:
    assert fingerprint("reel", {"lines": ["Grüße", 3], "seconds": 10}) == "41apt2c5ys"


def test_similar_values_do_not_collide() -> None:
    prints = {fingerprint("slide", {"number": n}) for n in range(20_000)}
    assert len(prints) == 20_000
