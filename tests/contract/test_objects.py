"""The contract of the port ``Objects``, clause by clause, over every backend."""

from __future__ import annotations

import base64
from pathlib import Path

import google_crc32c
import pytest

from lib.core.errors import Conflict, NotFound, Refused
from lib.ports import ObjectInfo

#: The port whose backends are held to these clauses.
PORT = "objects"


def crc32c(data: bytes) -> str:
    return base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()


def paths(rig, prefix="", limit=1000):
    found, cursor = [], None
    while True:
        page = rig.objects.list(prefix, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        found += [item.path for item in page.items]
        if (cursor := page.cursor) is None:
            return found


def test_an_object_is_created_once_and_read_back(rig):
    rig.put("a/b.txt", b"hello")
    assert rig.objects.read("a/b.txt") == b"hello"


def test_creating_over_other_bytes_is_a_conflict_and_leaves_the_first(rig):
    first = rig.put("a.txt", b"one")
    with pytest.raises(Conflict):
        rig.put("a.txt", b"two")
    assert rig.objects.stat("a.txt") == first
    assert rig.objects.read("a.txt") == b"one"


def test_other_bytes_of_the_same_length_are_a_conflict_too(rig):
    rig.put("a.txt", b"one")
    with pytest.raises(Conflict):
        rig.put("a.txt", b"eno")


def test_creating_the_same_bytes_again_returns_the_object_of_the_lost_acknowledgement(rig):
    first = rig.put("a.txt", b"same")
    assert rig.put("a.txt", b"same") == first


def test_a_file_that_is_given_away_is_stored_like_any_other(rig):
    file = rig.file(b"yours")
    info = rig.objects.put_once("a.txt", file, media_type="t/x", metadata={"k": "v"}, move=True)
    assert (info.size, info.crc32c, info.metadata) == (5, crc32c(b"yours"), {"k": "v"})
    new = rig.objects.replace(
        "a.txt",
        rig.file(b"yours too"),
        generation=info.generation,
        media_type="t/x",
        metadata={},
        move=True,
    )
    assert rig.objects.read("a.txt") == b"yours too"
    assert rig.objects.stat("a.txt") == new


def test_a_file_that_is_given_away_in_vain_is_still_there(rig):
    rig.put("a.txt", b"one")
    file = rig.file(b"two")
    with pytest.raises(Conflict):
        rig.objects.put_once("a.txt", file, media_type="t/x", metadata={}, move=True)
    assert file.read_bytes() == b"two"
    assert rig.objects.read("a.txt") == b"one"


def test_replacing_this_generation_gives_a_larger_one(rig):
    old = rig.put("a.txt", b"old")
    new = rig.objects.replace(
        "a.txt", rig.file(b"new"), generation=old.generation, media_type="t/x", metadata={}
    )
    assert new.generation > old.generation
    assert rig.objects.read("a.txt") == b"new"
    assert rig.objects.stat("a.txt") == new


def test_replacing_by_the_same_bytes_gives_a_larger_generation_too(rig):
    old = rig.put("a.txt", b"same")
    new = rig.objects.replace(
        "a.txt", rig.file(b"same"), generation=old.generation, media_type="t/x", metadata={}
    )
    assert new.generation > old.generation


def test_replacing_another_generation_is_a_conflict_and_changes_nothing(rig):
    info = rig.put("a.txt", b"old")
    with pytest.raises(Conflict):
        rig.objects.replace(
            "a.txt", rig.file(b"new"), generation=info.generation - 1, media_type="t/x", metadata={}
        )
    assert rig.objects.read("a.txt") == b"old"


def test_replacing_what_is_gone_is_a_conflict(rig):
    info = rig.put("a.txt", b"old")
    rig.objects.delete("a.txt", generation=info.generation)
    with pytest.raises(Conflict):
        rig.objects.replace(
            "a.txt", rig.file(b"new"), generation=info.generation, media_type="t/x", metadata={}
        )
    assert rig.objects.stat("a.txt") is None


@pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 40_000], ids=["empty", "one", "80 kB"])
def test_stat_tells_size_and_crc32c_of_the_bytes(rig, data):
    rig.put("a.bin", data)
    info = rig.objects.stat("a.bin")
    assert (info.size, info.crc32c) == (len(data), crc32c(data))


def test_stat_tells_type_metadata_and_time(rig):
    rig.put("a.txt", b"x", by="studio", owner="ädä")
    info = rig.objects.stat("a.txt")
    assert info.media_type == "text/plain"
    assert dict(info.metadata) == {"by": "studio", "owner": "ädä"}
    assert info.updated_at == pytest.approx(rig.clock.now())


def test_what_is_missing_is_none(rig):
    assert rig.objects.stat("never/was.txt") is None


def test_a_prefix_of_an_object_is_no_object(rig):
    rig.put("a/b/c.txt")
    assert rig.objects.stat("a/b") is None
    assert rig.objects.stat("a/b/c") is None


def test_reading_what_is_missing_is_not_found(rig):
    with pytest.raises(NotFound):
        rig.objects.read("never.txt")


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [(0, 3, b"012"), (3, 7, b"3456"), (8, None, b"89"), (8, 99, b"89"), (4, 4, b"")],
)
def test_a_range_is_read_from_start_inclusive_to_end_exclusive(rig, start, end, wanted):
    rig.put("a.txt", b"0123456789")
    assert rig.objects.read("a.txt", start=start, end=end) == wanted


def test_a_fetched_generation_is_the_same_bytes(rig, tmp_path):
    info = rig.put("a.bin", b"z" * 3_000_000)
    rig.objects.fetch("a.bin", info.generation, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"z" * 3_000_000


def test_an_old_generation_is_gone(rig, tmp_path):
    old = rig.put("a.txt", b"old")
    rig.objects.replace(
        "a.txt", rig.file(b"new"), generation=old.generation, media_type="t/x", metadata={}
    )
    with pytest.raises(NotFound):
        rig.objects.fetch("a.txt", old.generation, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_deleting_another_generation_is_false_and_deletes_nothing(rig):
    info = rig.put("a.txt")
    assert rig.objects.delete("a.txt", generation=info.generation + 1) is False
    assert rig.objects.stat("a.txt") == info


def test_deleting_this_generation_is_true_once(rig):
    info = rig.put("a.txt")
    assert rig.objects.delete("a.txt", generation=info.generation) is True
    assert rig.objects.stat("a.txt") is None
    assert rig.objects.delete("a.txt", generation=info.generation) is False


def test_an_object_made_again_after_its_deletion_has_a_larger_generation(rig):
    first = rig.put("a.txt", b"same")
    rig.objects.delete("a.txt", generation=first.generation)
    assert rig.put("a.txt", b"same").generation > first.generation


def test_generations_grow_even_when_the_clock_is_set_back(rig):
    first = rig.put("a.txt", b"one")
    rig.clock.advance(-3600)
    second = rig.objects.replace(
        "a.txt", rig.file(b"two"), generation=first.generation, media_type="t/x", metadata={}
    )
    assert second.generation > first.generation


def test_a_listing_is_sorted_by_the_bytes_of_the_path(rig):
    names = [
        "a/b.txt",
        "a.txt",
        "a-b.txt",
        "a0.txt",
        "B.txt",
        "ä.txt",
        "a/ü/z.txt",
        "🎬.txt",
        "\uffee.x",
    ]
    for name in names:
        rig.put(name)
    assert paths(rig) == sorted(names, key=str.encode)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_hold_every_object_once(rig, limit):
    names = [f"o/b{number % 3}/{number:02d}.txt" for number in range(17)] + ["o/b.txt", "p.txt"]
    for name in names:
        rig.put(name)
    assert paths(rig, limit=limit) == sorted(names)
    assert paths(rig, "o/b1", limit=limit) == sorted(n for n in names if n.startswith("o/b1"))


def test_a_prefix_need_not_end_at_a_slash(rig):
    for name in ("ab/c.txt", "ab.txt", "abc/d/e.txt", "b/ab.txt"):
        rig.put(name)
    assert paths(rig, "ab") == ["ab.txt", "ab/c.txt", "abc/d/e.txt"]
    assert paths(rig, "ab/") == ["ab/c.txt"]
    assert paths(rig, "ab/c.txt") == ["ab/c.txt"]
    assert paths(rig, "zz") == []


def test_a_listing_shows_what_stat_shows(rig):
    rig.put("a/1.txt", b"one", by="studio")
    rig.put("a/2.txt", b"second")
    items = rig.objects.list("a/").items
    assert items == tuple(rig.objects.stat(item.path) for item in items)


def test_a_cursor_survives_the_deletion_of_the_object_it_points_at(rig):
    for number in range(4):
        rig.put(f"{number}.txt")
    page = rig.objects.list("", limit=2)
    rig.objects.delete("1.txt", generation=rig.objects.stat("1.txt").generation)
    rest = rig.objects.list("", cursor=page.cursor, limit=2)
    assert [item.path for item in rest.items] == ["2.txt", "3.txt"]


@pytest.mark.parametrize("path", ["straße/ümlaut 1.txt", "a b/c+d&e=f#g?h.txt", "日本/🎬.mp4"])
def test_names_are_kept_as_they_are(rig, path):
    rig.put(path, b"x")
    assert rig.objects.stat(path).path == path
    assert paths(rig) == [path]


@pytest.mark.parametrize("round_", range(30))
def test_of_eight_creators_at_once_exactly_one_wins(rig, together, round_):
    file = [rig.file(f"creator {number}".encode()) for number in range(8)]
    results = together(
        8, lambda n: rig.objects.put_once("a.txt", file[n], media_type="t/x", metadata={})
    )
    winners = [n for n, result in enumerate(results) if isinstance(result, ObjectInfo)]
    assert len(winners) == 1, f"round {round_}: {results}"
    assert sum(isinstance(result, Conflict) for result in results) == 7
    assert rig.objects.read("a.txt") == f"creator {winners[0]}".encode()


def test_of_eight_replacers_of_one_generation_exactly_one_wins(rig, together):
    old = rig.put("a.txt", b"old")
    file = [rig.file(f"new {number}".encode()) for number in range(8)]

    def replace(number):
        return rig.objects.replace(
            "a.txt", file[number], generation=old.generation, media_type="t/x", metadata={}
        )

    results = together(8, replace)
    assert sum(isinstance(result, ObjectInfo) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 7


def test_a_reader_sees_a_whole_object_while_it_is_replaced(rig, together):
    kinds = [bytes([65 + number]) * 200_000 for number in range(2)]
    rig.put("a.bin", kinds[0])

    def act(number):
        if number:
            return [rig.objects.read("a.bin") in kinds for _ in range(30)]
        for turn in range(20):
            rig.objects.replace(
                "a.bin",
                rig.file(kinds[turn % 2]),
                generation=rig.objects.stat("a.bin").generation,
                media_type="t/x",
                metadata={},
            )
        return [True]

    assert all(all(result) for result in together(4, act))


def test_the_file_that_was_put_stays_the_callers(rig):
    file = rig.file(b"mine")
    rig.objects.put_once("a.txt", file, media_type="t/x", metadata={})
    file.write_bytes(b"changed afterwards")
    assert rig.objects.read("a.txt") == b"mine"


def test_a_signed_url_names_the_object(rig):
    rig.put("a/b c.txt")
    url = rig.objects.signed_url("a/b c.txt", expires_s=60)
    assert url.startswith("http")
    assert "b%20c.txt" in url


def test_there_is_no_signed_url_for_what_is_missing(rig):
    with pytest.raises(NotFound):
        rig.objects.signed_url("never.txt", expires_s=60)


def test_putting_a_file_that_is_not_there_is_refused(rig):
    with pytest.raises(Refused):
        rig.objects.put_once("a.txt", Path("/no/such/file"), media_type="t/x", metadata={})
    assert rig.objects.stat("a.txt") is None


def test_pages_are_whole_and_no_longer_than_asked_while_others_put(rig, together):
    for number in range(20):
        rig.put(f"old/{number:02d}.txt")
    file = rig.file(b"new")

    def act(number):
        if number:
            for turn in range(60):
                path = f"old/{turn % 20:02d}-{number}-{turn}.txt"
                rig.objects.put_once(path, file, media_type="t/x", metadata={})
            return None
        return [paths(rig, limit=3) for _ in range(10)]

    listings = together(4, act)[0]
    for listing in listings:
        assert listing == sorted(set(listing))
        assert {f"old/{number:02d}.txt" for number in range(20)} <= set(listing)
