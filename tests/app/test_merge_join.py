"""The walk gives every work once, beside exactly its objects, wherever it is stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.app.audit import listing
from lib.app.audit.listing import Bucket
from lib.app.audit.merge_join import Place, Walk
from lib.app.audit.name_order import InNameOrder, id_of
from lib.core.errors import Unavailable
from lib.core.paths import CATEGORIES
from lib.ports import Record
from tests.app.shelf import Shelf

#: Few characters, so that ids begin one another and lie on both sides of the underscore.
IDS = st.text("-1ab", min_size=1, max_size=5)
BRANDS = st.sampled_from([("me", "a"), ("me", "a-b"), ("you", "a"), ("z", "b")])
WORKS = st.dictionaries(IDS, BRANDS, max_size=12)
NAMES = st.tuples(BRANDS, st.sampled_from(CATEGORIES[:3]), IDS, st.sampled_from(["_v", "_w", ""]))


@pytest.fixture(scope="module", params=[1, 4], autouse=True)
def first_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """How many pages the first look at a brand lists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "FIRST_PAGES", request.param)
        yield


def shelf_of(works: dict[str, tuple[str, str]], names: set, most: int) -> Shelf:
    paths = {f"{o}/{b}/{category}/{i}{rest}" for (o, b), category, i, rest in names}
    fields = {i: {"owner": o, "brand": b} for i, (o, b) in works.items()}
    return Shelf(fields, paths, most)


def claimed_by(work_id: str, fields: dict, paths: set[str]) -> set[str]:
    """What belongs to a work by its name, said in the plainest way."""
    below = [f"{fields['owner']}/{fields['brand']}/{c}/{work_id}_" for c in CATEGORIES]
    return {path for path in paths if path.startswith(tuple(below))}


@given(st.sets(st.text("-0129az", min_size=1, max_size=6)))
@settings(max_examples=500)
def test_works_come_in_the_order_of_their_objects_names_whatever_begins_with_what(
    ids: set[str],
) -> None:
    records = [Record(f"works/{i}", {}, 1) for i in sorted(ids)]
    given_ids = [id_of(record) for _, record in InNameOrder(records)]
    assert given_ids == sorted(ids, key=lambda i: f"{i}_")


def test_only_ids_that_begin_one_another_wait() -> None:
    ids = sorted(["b", "b-1", "b-1-two", "b-1-2", "c", "c1", "d"])
    order = InNameOrder([Record(f"works/{i}", {}, 1) for i in ids])
    deepest = max(len(order.held) for _ in order)
    assert deepest == 2


@given(WORKS, st.sets(NAMES, max_size=40), st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_a_walk_gives_every_work_once_with_its_objects_and_every_other_object_alone(
    works: dict[str, tuple[str, str]], names: set, most: int
) -> None:
    shelf = shelf_of(works, names, most)
    seen: dict[str, set[str]] = {}
    strays: list[str] = []
    for pair in Walk(shelf.studio):
        paths = [info.path for info in pair.objects]
        if pair.record is None:
            strays += paths
        else:
            assert id_of(pair.record) not in seen
            seen[id_of(pair.record)] = set(paths)
    wanted = {i: claimed_by(i, fields, shelf.paths) for i, fields in shelf.works.items()}
    assert seen == wanted
    named = {(f["owner"], f["brand"]) for f in shelf.works.values()}
    named |= seen_at_a_glance(shelf)
    free = {p for p in shelf.paths if tuple(p.split("/")[:2]) in named}
    assert sorted(strays) == sorted(free.difference(*wanted.values()))


def seen_at_a_glance(shelf: Shelf) -> set[tuple[str, str]]:
    """The brands that the walk learns of from the bucket: all, when a page shows all of it."""
    bucket = Bucket(shelf)  # type: ignore[arg-type]
    bucket.look_whole()
    return bucket.brands()


@given(
    WORKS,
    st.sets(NAMES, max_size=30),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(1, 4), IDS, BRANDS, st.booleans()), max_size=12),
)
@settings(max_examples=500, deadline=None)
def test_a_walk_that_is_stopped_anywhere_gives_what_lives_through_it_exactly_once(
    works: dict[str, tuple[str, str]], names: set, most: int, meanwhile: list
) -> None:
    shelf = shelf_of(works, names, most)
    passing = set(shelf.works)
    met: Counter[str] = Counter()
    place: Place | None = None
    for steps, work_id, (owner, brand), delete in [*meanwhile, (10**6, "", ("", ""), False)]:
        walk = Walk(shelf.studio, place, most=steps)
        for count, pair in enumerate(walk, 1):
            if pair.record is not None:
                met[id_of(pair.record)] += 1
                paths = {info.path for info in pair.objects}
                if id_of(pair.record) in passing:
                    assert paths == claimed_by(id_of(pair.record), pair.record.data, shelf.paths)
            if count == steps:
                break
        place = walk.place
        if place is None:
            break
        place = Place(**asdict(place))
        if delete and shelf.works.pop(work_id, None):
            passing.discard(work_id)
        elif not delete and work_id and work_id not in met:
            shelf.works.setdefault(work_id, {"owner": owner, "brand": brand})
    assert {i for i in passing if met[i] != 1} == set()
    assert max(met.values(), default=1) == 1


@given(st.sets(NAMES, min_size=1, max_size=40), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_an_object_of_no_work_is_met_wherever_the_walk_is_stopped(
    names: set, most: int, steps: int
) -> None:
    brand = {(("me", "a"), *rest) for _, *rest in names}
    shelf = shelf_of({"zz": ("me", "a")}, brand, most)
    met: set[str] = set()
    place: Place | None = None
    while True:
        walk = Walk(shelf.studio, place)
        for count, pair in enumerate(walk, 1):
            met |= {info.path for info in pair.objects}
            if count == steps:
                break
        place = walk.place
        if place is None:
            break
    # Two of one name in two categories may be met as one when the walk is stopped between them.
    last = {path.rpartition("/")[2] for path in shelf.paths}
    assert {path.rpartition("/")[2] for path in met} == last


def test_a_brand_that_cannot_be_listed_to_its_end_is_named_and_the_next_one_is_walked() -> None:
    works = {f"w{n}": ("me", "a") for n in range(9)} | {"x1": ("me", "b")}
    shelf = shelf_of(works, {(b, "videos", i, "_v") for i, b in works.items()}, most=2)
    whole = shelf.list

    def listed(prefix: str, *, cursor: str | None = None, limit: int = 1000):
        if cursor and cursor.startswith("token of me/a/") and cursor.endswith("w3_v"):
            raise Unavailable("the bucket does not answer")
        return whole(prefix, cursor=cursor, limit=limit)

    shelf.list = listed  # type: ignore[method-assign]
    seen, failures = [], []
    for pair in Walk(shelf.studio):
        try:
            list(pair.objects)
        except Unavailable:
            continue  # the work beside which it broke
        seen += [id_of(pair.record)] if pair.record else []
        failures += [pair.failure] if pair.failure else []
    assert seen in (["x1"], ["w0", "w1", "w2", "x1"])  # the first look, or a later page
    assert failures == ["me/a: the bucket does not answer"]


def test_records_that_name_their_brand_by_no_word_do_not_stop_the_walk() -> None:
    shelf = Shelf({"w1": {"owner": 5, "brand": 7}, "w2": {"owner": 5, "brand": 8}})
    assert [id_of(p.record) for p in Walk(shelf.studio) if p.record] == ["w1", "w2"]
