"""The contract of the port ``Records``, clause by clause, over every backend."""

from __future__ import annotations

import pytest

from lib.core.errors import Conflict, NotFound, Refused
from lib.ports import REMOVE, Query, Record

#: The port whose backends are held to these clauses.
PORT = "records"


def ids(records):
    return [record.path.partition("/")[2] for record in records]


def fill(rig, **ranks):
    for name, rank in ranks.items():
        rig.records.create(f"works/{name}", {"owner": "u", "rank": rank})


def test_a_document_is_read_as_it_was_created(rig):
    data = {
        "text": "ä🎬",
        "n": 1,
        "f": 1.5,
        "yes": True,
        "none": None,
        "list": [1, {"a": []}],
        "m": {},
    }
    made = rig.records.create("works/a", data)
    assert made.data == data
    assert rig.records.get("works/a") == made


def test_what_is_missing_is_none(rig):
    assert rig.records.get("works/never") is None


def test_creating_twice_is_a_conflict_and_leaves_the_first(rig):
    first = rig.records.create("works/a", {"n": 1})
    with pytest.raises(Conflict):
        rig.records.create("works/a", {"n": 2})
    assert rig.records.get("works/a") == first


def test_of_eight_creators_at_once_exactly_one_wins(rig, together):
    for turn in range(10):
        results = together(
            8, lambda n, turn=turn: rig.records.create(f"works/a{turn}", {"by": n}).data["by"]
        )
        assert sum(isinstance(result, Conflict) for result in results) == 7
        (winner,) = [result for result in results if isinstance(result, int)]
        assert rig.records.get(f"works/a{turn}").data == {"by": winner}


def test_an_update_never_creates(rig):
    with pytest.raises(NotFound):
        rig.records.update("works/a", {("n",): 1})
    assert rig.records.get("works/a") is None


def test_an_update_of_one_field_leaves_the_others(rig):
    rig.records.create("works/a", {"keep": 1, "deep": {"keep": 2, "set": 3}})
    updated = rig.records.update("works/a", {("deep", "set"): 4, ("new", "x"): [5]})
    assert updated.data == {"keep": 1, "deep": {"keep": 2, "set": 4}, "new": {"x": [5]}}
    assert rig.records.get("works/a") == updated


def test_an_update_replaces_a_map_that_it_names_itself(rig):
    rig.records.create("works/a", {"m": {"old": 1}})
    assert rig.records.update("works/a", {("m",): {"new": 2}}).data == {"m": {"new": 2}}


def test_an_update_through_a_scalar_makes_it_a_map(rig):
    rig.records.create("works/a", {"m": 1})
    assert rig.records.update("works/a", {("m", "x"): 2}).data == {"m": {"x": 2}}


def test_a_key_with_a_dot_is_one_key(rig):
    rig.records.create("works/a", {})
    assert rig.records.update("works/a", {("a.b", "c d"): 1}).data == {"a.b": {"c d": 1}}


def test_remove_removes_the_field_and_nothing_else(rig):
    rig.records.create("works/a", {"n": 1, "deep": {"x": 1, "y": 2}})
    updated = rig.records.update("works/a", {("deep", "x"): REMOVE, ("n",): REMOVE})
    assert updated.data == {"deep": {"y": 2}}


def test_removing_what_is_not_there_changes_no_field(rig):
    rig.records.create("works/a", {"n": 1})
    assert rig.records.update("works/a", {("deep", "x"): REMOVE}).data == {"n": 1}


def test_every_change_gives_a_larger_version(rig):
    first = rig.records.create("works/a", {"n": 1})
    second = rig.records.update("works/a", {("n",): 2})
    rig.clock.advance(-3600)
    third = rig.records.update("works/a", {("n",): 3})
    assert first.version < second.version < third.version


def test_an_update_of_another_version_is_a_conflict_and_changes_nothing(rig):
    first = rig.records.create("works/a", {"n": 1})
    second = rig.records.update("works/a", {("n",): 2}, version=first.version)
    with pytest.raises(Conflict):
        rig.records.update("works/a", {("n",): 3}, version=first.version)
    assert rig.records.get("works/a") == second


def test_an_update_with_a_version_of_what_is_missing_is_not_found(rig):
    with pytest.raises(NotFound):
        rig.records.update("works/a", {("n",): 1}, version=1)


def test_compare_and_set_loses_no_increment(rig, together):
    rig.records.create("works/a", {"n": 0})

    def increment(_):
        for _turn in range(25):
            while True:
                found = rig.records.get("works/a")
                try:
                    rig.records.update(
                        "works/a", {("n",): found.data["n"] + 1}, version=found.version
                    )
                    break
                except Conflict:
                    continue

    assert together(8, increment) == [None] * 8
    assert rig.records.get("works/a").data == {"n": 200}


def test_updates_of_different_fields_at_once_lose_none(rig, together):
    rig.records.create("works/a", {"deep": {}})
    together(
        8, lambda n: [rig.records.update("works/a", {("deep", f"f{n}-{i}"): i}) for i in range(10)]
    )
    assert len(rig.records.get("works/a").data["deep"]) == 80


def test_what_was_returned_and_what_was_given_are_nobodys_handle_on_the_store(rig):
    given = {"list": [1]}
    made = rig.records.create("works/a", given)
    given["list"].append(2)
    made.data["list"].append(3)
    value = [4]
    rig.records.update("works/a", {("other",): value}).data["other"].append(5)
    assert value == [4]
    value.append(6)
    assert rig.records.get("works/a").data == {"list": [1], "other": [4]}


def test_a_query_by_equality_finds_exactly_its_documents(rig):
    for number in range(9):
        rig.records.create(f"works/{number}", {"owner": "uv"[number % 2], "on": number % 3 == 0})
    assert ids(rig.records.query(Query("works", {"owner": "u", "on": True}))) == ["0", "6"]
    assert rig.records.query(Query("works", {"owner": "w"})) == []


def test_equality_tells_types_apart_but_not_two_ways_to_write_a_number(rig):
    fill(rig, a=1, b=1.0, c="1", d=True, e=None)
    assert ids(rig.records.query(Query("works", {"rank": 1}))) == ["a", "b"]
    assert ids(rig.records.query(Query("works", {"rank": "1"}))) == ["c"]
    assert ids(rig.records.query(Query("works", {"rank": True}))) == ["d"]
    assert ids(rig.records.query(Query("works", {"rank": None}))) == ["e"]


def test_a_missing_field_is_not_null(rig):
    rig.records.create("works/a", {"rank": None})
    rig.records.create("works/b", {})
    assert ids(rig.records.query(Query("works", {"rank": None}))) == ["a"]


def test_a_query_without_order_is_in_the_order_of_the_paths(rig):
    fill(rig, c=1, a=2, b=3)
    assert ids(rig.records.query(Query("works"))) == ["a", "b", "c"]
    assert ids(rig.records.query(Query("works", {"owner": "u"}))) == ["a", "b", "c"]


def test_an_ordered_query_sorts_none_bool_number_and_text(rig):
    fill(rig, h="b", g="Z", f=10, e=9.5, d=-3, c=True, b=False, a=None, i="ä")
    assert ids(rig.records.query(Query("works", order_by="rank"))) == list("abcdefghi")


def test_numbers_sort_by_their_value(rig):
    values = [-(2**62), -1e18, -1.5, -1, 0, 1e-9, 2, 10, 1e10, 2**53, 2**53 + 1, 2**62]
    for number, value in enumerate(reversed(values)):
        rig.records.create(f"works/{number:02d}", {"rank": value})
    found = rig.records.query(Query("works", order_by="rank"))
    assert [record.data["rank"] for record in found] == values


def test_documents_without_the_order_field_are_left_out(rig):
    fill(rig, a=1, b=2)
    rig.records.create("works/c", {"owner": "u"})
    assert ids(rig.records.query(Query("works", {"owner": "u"}, order_by="rank"))) == ["a", "b"]


def test_descending_turns_the_whole_order_round(rig):
    fill(rig, a=1, b=2, c=2, d=3)
    assert ids(rig.records.query(Query("works", order_by="rank"))) == ["a", "b", "c", "d"]
    found = rig.records.query(Query("works", order_by="rank", descending=True))
    assert ids(found) == ["d", "c", "b", "a"]


def test_a_descending_query_names_its_order():
    with pytest.raises(Refused, match="no order"):
        Query("works", descending=True)


@pytest.mark.parametrize(
    ("order_by", "descending"), [(None, False), ("rank", False), ("rank", True)]
)
@pytest.mark.parametrize("equals", [{}, {"owner": "u"}], ids=["all", "equal"])
def test_pages_behind_a_cursor_hold_every_document_once(rig, order_by, descending, equals):
    fill(rig, **{f"d{number}": number // 3 for number in range(10)})
    whole = rig.records.query(Query("works", equals, order_by, descending))
    found, after = [], None
    while page := rig.records.query(Query("works", equals, order_by, descending, after, 3)):
        assert len(page) <= 3
        found += page
        after = page[-1]
    assert found == whole
    assert len(found) == 10


def test_a_dotted_field_can_be_queried_and_follows_updates(rig):
    rig.records.create("works/a", {"summary": {"due_at": 5}})
    rig.records.create("works/b", {"summary": {"due_at": 1}})
    rig.records.update("works/a", {("summary", "due_at"): 0})
    assert ids(rig.records.query(Query("works", order_by="summary.due_at"))) == ["a", "b"]
    rig.records.update("works/a", {("summary",): REMOVE})
    assert ids(rig.records.query(Query("works", order_by="summary.due_at"))) == ["b"]


def test_a_query_of_many_equal_documents_is_ordered_too(rig):
    for number in range(520):
        rig.records.create(f"works/{number:03d}", {"owner": "u", "rank": 520 - number})
    found = rig.records.query(Query("works", {"owner": "u"}, "rank", limit=3))
    assert ids(found) == ["519", "518", "517"]


def test_a_query_stays_in_its_collection(rig):
    rig.records.create("bursts/a", {"owner": "u"})
    rig.records.create("works/b", {"owner": "u"})
    assert [record.path for record in rig.records.query(Query("works"))] == ["works/b"]
    assert [record.path for record in rig.records.query(Query("bursts"))] == ["bursts/a"]


@pytest.mark.parametrize("query", [Query("works", {"mood": 1}), Query("works", order_by="mood")])
def test_a_query_by_an_undeclared_field_is_refused_by_name(rig, query):
    with pytest.raises(Refused, match="mood"):
        rig.records.query(query)


def test_a_document_over_one_mebibyte_is_refused(rig):
    with pytest.raises(Refused, match="at most"):
        rig.records.create("works/a", {"text": "ä" * 600_000})
    rig.records.create("works/b", {"text": "x" * 600_000})
    with pytest.raises(Refused, match="at most"):
        rig.records.update("works/b", {("more",): "x" * 600_000})
    assert set(rig.records.get("works/b").data) == {"text"}


@pytest.mark.parametrize(
    "path", ["works", "works/", "works/a/b", "/a", "works/..", "works/__x__", ""]
)
def test_what_is_no_document_path_is_refused(rig, path):
    with pytest.raises(Refused):
        rig.records.create(path, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes", "\ud800"])
def test_what_is_no_json_is_refused(rig, value):
    rig.records.create("works/a", {"n": 1})
    with pytest.raises(Refused):
        rig.records.create("works/b", {"v": value})
    with pytest.raises(Refused):
        rig.records.update("works/a", {("v",): value})
    assert rig.records.get("works/a").data == {"n": 1}


@pytest.mark.parametrize("fields", [{}, {(): 1}, {("",): 1}, {("a",): 1, ("a", "b"): 2}])
def test_an_update_that_means_nothing_is_refused(rig, fields):
    rig.records.create("works/a", {"n": 1})
    with pytest.raises(Refused):
        rig.records.update("works/a", fields)


def test_a_watch_sees_every_document_that_changed_and_nothing_older(rig):
    rig.records.create("works/old", {"n": 0})
    watch = rig.records.watch("works", poll_s=0.01)
    rig.records.create("works/new", {"n": 1})
    rig.records.update("works/old", {("n",): 2})
    rig.records.create("bursts/other", {})
    seen = {}
    while len(seen) < 2:
        seen |= {record.path: record.data for record in next(watch)}
    assert seen == {"works/new": {"n": 1}, "works/old": {"n": 2}}


def test_a_watch_misses_nothing_while_eight_threads_write(rig, together):
    watch = rig.records.watch("works", poll_s=0.05)

    def act(number):
        if number:
            for turn in range(20):
                rig.records.create(f"works/{number}-{turn}", {})
            return None
        seen = set()
        while len(seen) < 140:
            seen |= {record.path for record in next(watch)}
        return len(seen)

    assert together(8, act)[0] == 140


def test_a_quiet_watch_gives_empty_lists_as_its_heartbeat(rig):
    watch = rig.records.watch("works", poll_s=0.01)
    assert [next(watch) for _ in range(3)] == [[], [], []]


def test_documents_beside_an_update_are_written_with_it(rig):
    made = rig.records.create("works/a", {"owner": "u"})
    line = {"owner": "u", "rank": 1}
    rig.records.update("works/a", {("x",): 1}, version=made.version, beside={"activity/l": line})
    assert rig.records.get("activity/l").data == line


def test_an_update_that_is_refused_writes_nothing_beside_it(rig):
    made = rig.records.create("works/a", {"owner": "u"})
    with pytest.raises(Conflict):
        rig.records.update(
            "works/a", {("x",): 1}, version=made.version - 1, beside={"activity/l": {"a": 1}}
        )
    with pytest.raises(NotFound):
        rig.records.update("works/none", {("x",): 1}, beside={"activity/l": {"a": 1}})
    assert rig.records.get("activity/l") is None


def test_a_document_that_stands_beside_an_update_already_is_left_as_it_is(rig):
    rig.records.create("works/a", {"owner": "u"})
    rig.records.create("activity/l", {"a": 1})
    rig.records.update("works/a", {("x",): 1}, beside={"activity/l": {"a": 2}})
    assert rig.records.get("activity/l").data == {"a": 1}
    assert rig.records.get("works/a").data["x"] == 1


@pytest.mark.parametrize("path", ["", "works", "activity/a"])
def test_a_cursor_that_is_no_document_of_the_collection_is_refused(rig, path):
    query = Query("works", order_by="rank", after=Record(path, {"rank": 1}, 1))
    with pytest.raises(Refused):
        rig.records.query(query)


def test_a_cursor_that_nobody_got_skips_all_documents_of_one_value(rig):
    for number, rank in (("a", 1), ("z", 1), ("~", 1), ("b", 2)):
        rig.records.create(f"works/{number}", {"rank": rank})
    skip = Record(f"works/{chr(0x10FFFF)}", {"rank": 1}, 0)
    found = rig.records.query(Query("works", order_by="rank", after=skip))
    assert [record.path for record in found] == ["works/b"]


def test_a_query_by_path_continues_behind_a_document_that_is_gone(rig):
    for number in ("a", "c"):
        rig.records.create(f"works/{number}", {"rank": 1})
    gone = Record("works/b", {}, 0)
    found = rig.records.query(Query("works", {"rank": 1}, after=gone))
    assert [record.path for record in found] == ["works/c"]
