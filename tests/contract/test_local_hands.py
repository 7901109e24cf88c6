"""What the embedded bucket makes of people who edit, add and delete its files by hand."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest

from lib.adapters.clock import ManualClock
from lib.adapters.local.database import Database
from lib.adapters.local.mirror import Scan
from lib.adapters.local.objects import LocalObjects
from lib.core.errors import Conflict, NotFound, Refused, Unavailable

#: Chunks of 5 kB that a growing file has at most: 20 MB, however slow the looks at it are.
MOST_CHUNKS = 4000


@pytest.fixture
def shop(tmp_path, take_events):
    """Return a bucket, its folder and a function that takes its events."""
    with closing(Database(tmp_path / "studio.db")) as database:
        objects = LocalObjects(tmp_path / "media", database, ManualClock())
        (tmp_path / "new").write_bytes(b"first")
        objects.put_once("a/b.png", tmp_path / "new", media_type="image/x", metadata={"by": "us"})
        take_events(database)
        yield objects, tmp_path / "media", lambda: take_events(database)


LOOKS = {
    "stat": lambda objects: objects.stat("a/b.png"),
    "list": lambda objects: next(iter(objects.list("a/").items), None),
    "scan": lambda objects: objects.scan() and objects.stat("a/b.png"),
}


@pytest.fixture(params=sorted(LOOKS))
def look(request):
    return LOOKS[request.param]


def test_a_file_deleted_by_hand_is_gone_and_its_event_is_sent(shop, look):
    objects, media, events = shop
    old = objects.stat("a/b.png")
    (media / "a/b.png").unlink()
    assert look(objects) is None
    assert events() == [("deleted", "a/b.png", old.generation)]
    assert look(objects) is None
    assert events() == []


def test_a_folder_deleted_by_hand_takes_its_objects_along(shop):
    objects, media, events = shop
    shutil.rmtree(media / "a")
    assert objects.scan() == Scan(seen=0, gone=1)
    assert [kind for kind, _, _ in events()] == ["deleted"]


def test_a_file_truncated_by_hand_is_another_generation(shop, look):
    objects, media, events = shop
    old = objects.stat("a/b.png")
    os.truncate(media / "a/b.png", 2)
    new = look(objects)
    assert (new.size, new.generation > old.generation) == (2, True)
    assert objects.read("a/b.png") == b"fi"
    assert sorted(events()) == [
        ("deleted", "a/b.png", old.generation),
        ("finalized", "a/b.png", new.generation),
    ]


def test_a_file_overwritten_by_hand_loses_what_we_said_of_the_old_one(shop, look):
    objects, media, events = shop
    (media / "a/b.png").write_bytes(b"other")
    new = look(objects)
    assert (new.media_type, dict(new.metadata)) == ("image/png", {})
    assert objects.read("a/b.png") == b"other"
    assert len(events()) == 2


def test_a_file_added_by_hand_is_adopted(shop):
    objects, media, events = shop
    (media / "mine").mkdir()
    (media / "mine/holiday.mp4").write_bytes(b"movie")
    found = objects.stat("mine/holiday.mp4")
    assert (found.size, found.media_type) == (5, "video/mp4")
    assert events() == [("finalized", "mine/holiday.mp4", found.generation)]
    (media / "mine/second.webp").write_bytes(b"picture")
    assert objects.scan() == Scan(seen=3, adopted=1)
    assert [name for _, name, _ in events()] == ["mine/second.webp"]


def test_a_touched_or_restored_file_with_the_same_bytes_stays_the_same_generation(shop, look):
    objects, media, events = shop
    old = objects.stat("a/b.png")
    (media / "a/b.png").unlink()
    (media / "a/b.png").write_bytes(b"first")
    os.utime(media / "a/b.png", (1, 1))
    assert look(objects) == old
    assert events() == []


def test_a_generation_that_was_overwritten_by_hand_is_neither_fetched_nor_deleted(shop, tmp_path):
    objects, media, _ = shop
    old = objects.stat("a/b.png")
    (media / "a/b.png").write_bytes(b"by hand")
    with pytest.raises(NotFound):
        objects.fetch("a/b.png", old.generation, tmp_path / "copy")
    assert objects.delete("a/b.png", generation=old.generation) is False
    assert (media / "a/b.png").read_bytes() == b"by hand"


def test_a_file_put_by_hand_where_we_want_to_create_is_a_conflict(shop, tmp_path):
    objects, media, _ = shop
    (media / "a/c.png").write_bytes(b"by hand")
    with pytest.raises(Conflict):
        objects.put_once("a/c.png", tmp_path / "new", media_type="image/png", metadata={})
    assert (media / "a/c.png").read_bytes() == b"by hand"


def test_hidden_files_links_and_odd_names_are_no_objects(shop, tmp_path):
    objects, media, events = shop
    (media / ".DS_Store").write_bytes(b"x")
    (media / "a/.hidden").write_bytes(b"x")
    (media / "a/line\nbreak").write_bytes(b"x")
    Path(os.fsdecode(bytes(media / "a") + b"/\xff.bin")).write_bytes(b"x")
    (media / "link.png").symlink_to(tmp_path / "new")
    (media / "elsewhere").symlink_to(tmp_path)
    assert objects.scan() == Scan(seen=1)
    assert [item.path for item in objects.list("").items] == ["a/b.png"]
    assert events() == []


def test_a_media_folder_that_is_gone_is_no_empty_bucket(shop, tmp_path):
    objects, media, events = shop
    media.rename(tmp_path / "unplugged")
    for call in (objects.scan, lambda: objects.list(""), lambda: objects.stat("a/b.png")):
        with pytest.raises(Unavailable, match="mounted"):
            call()
    (tmp_path / "unplugged").rename(media)
    assert objects.scan() == Scan(seen=1)
    assert events() == []


def test_a_folder_that_cannot_be_listed_is_not_called_empty(shop):
    objects, _, events = shop
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, limits[1]))
    try:
        with pytest.raises(Unavailable):
            objects.scan()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert objects.scan() == Scan(seen=1)
    assert events() == []


def test_what_a_dead_put_left_behind_is_swept_at_start(shop):
    objects, media, _ = shop
    (media / ".tmp/0123-0").write_bytes(b"half a fi")
    assert objects.sweep_tmp() == 1
    assert objects.scan() == Scan(seen=1)


HOSTILE = [
    "", "/", "/etc/passwd", "..", "../x", "a/../b", "a/./b", "./a", "a//b", "a/", ".hidden", "a/.b",
    "a\\b", "a\x00b", "a\nb", "a\rb", "a\x7fb", "x" * 256, "a/" * 600 + "a", "\ud800", ".tmp/x",
    "~/../x/..", "a/..", "...", "ä" * 128, "\U0010ffff",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_is_not_plain_is_refused_everywhere(shop, tmp_path, path):
    objects, _, _ = shop
    before = sorted(tmp_path.rglob("*"))
    for call in (
        lambda: objects.put_once(path, tmp_path / "new", media_type="a/b", metadata={}),
        lambda: objects.stat(path),
        lambda: objects.read(path),
        lambda: objects.fetch(path, 1, tmp_path / "copy"),
        lambda: objects.delete(path, generation=1),
        lambda: objects.signed_url(path, expires_s=1),
    ):
        with pytest.raises(Refused):
            call()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_out_of_the_folder_is_refused(shop, tmp_path):
    objects, media, _ = shop
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_bytes(b"secret")
    (media / "out").symlink_to(tmp_path / "secret")
    (media / "file.txt").symlink_to(tmp_path / "secret/key")
    for path in ("out/key", "file.txt"):
        with pytest.raises(Refused, match="symbolic link"):
            objects.read(path)
    with pytest.raises(Refused, match="symbolic link"):
        objects.put_once("out/new", tmp_path / "new", media_type="a/b", metadata={})
    assert sorted(path.name for path in (tmp_path / "secret").iterdir()) == ["key"]


@pytest.mark.parametrize("path", ["a", "a/b.png/c"])
def test_a_path_cannot_be_a_file_and_a_folder_at_once(shop, tmp_path, path):
    objects, _, events = shop
    with pytest.raises(Refused, match=r"folder"):
        objects.put_once(path, tmp_path / "new", media_type="a/b", metadata={})
    assert objects.scan() == Scan(seen=1)
    assert events() == []


def test_a_file_that_is_still_being_copied_in_is_no_object_yet(shop):
    objects, media, events = shop
    growing, stop = media / "a/large.bin", threading.Event()

    def copy_in():
        with growing.open("wb", buffering=0) as file:
            for _ in range(MOST_CHUNKS):
                file.write(b"x" * 5000)
                if stop.is_set():
                    return

    copying = threading.Thread(target=copy_in)
    copying.start()
    try:
        seen = [objects.stat("a/large.bin") for _ in range(3)]
    finally:
        stop.set()
        copying.join()
    whole = objects.stat("a/large.bin")
    assert whole.size == growing.stat().st_size
    assert all(info is None or info.size <= whole.size for info in seen)
    assert [name for kind, name, _ in events() if kind == "finalized"][-1:] == ["a/large.bin"]


def test_changes_by_hand_and_by_us_at_once_end_in_what_lies_on_the_disk(shop, tmp_path, together):
    objects, media, events = shop
    place = media / "a/b.png"

    def act(number):
        file = tmp_path / f"source {number}"
        for turn in range(40):
            if number == 0:
                draft = tmp_path / "draft"
                draft.write_bytes(b"by hand %d" % turn)
                draft.rename(place)
                continue
            file.write_bytes(b"by us %d %d" % (number, turn))
            with contextlib.suppress(Conflict, Unavailable):
                now = objects.stat("a/b.png").generation
                objects.replace("a/b.png", file, generation=now, media_type="a/b", metadata={})

    assert together(4, act) == [None] * 4
    objects.scan()
    now = objects.stat("a/b.png")
    assert objects.read("a/b.png") == place.read_bytes()
    found = events()
    begun = [generation for kind, _, generation in found if kind == "finalized"]
    ended = [generation for kind, _, generation in found if kind == "deleted"]
    assert begun == sorted(set(begun))
    assert set(begun) - set(ended) == {now.generation}


@pytest.fixture
def rotten(shop):
    """Return the bucket after its file changed under an unchanged size, time and inode."""
    objects, media, events = shop
    old, before = objects.stat("a/b.png"), (media / "a/b.png").stat()
    with (media / "a/b.png").open("r+b") as file:
        file.write(b"F")
    os.utime(media / "a/b.png", ns=(before.st_atime_ns, before.st_mtime_ns))
    return objects, events, old


def test_bytes_that_rotted_are_not_fetched_as_the_generation_they_were(rotten, tmp_path):
    objects, events, old = rotten
    with pytest.raises(NotFound):
        objects.fetch("a/b.png", old.generation, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert objects.stat("a/b.png").generation > old.generation
    assert sorted(kind for kind, _, _ in events()) == ["deleted", "finalized"]


def test_a_deep_scan_finds_bytes_that_rotted(rotten):
    objects, _, _ = rotten
    assert objects.scan() == Scan(seen=1)
    assert objects.scan(deep=True) == Scan(seen=1, changed=1)
    assert objects.scan(deep=True) == Scan(seen=1)


def test_a_file_added_by_hand_behind_the_cursor_is_on_the_next_page(shop):
    objects, media, _ = shop
    for name in ("a/c.png", "a/d.png", "b/e.png"):
        (media / name).parent.mkdir(exist_ok=True)
        (media / name).write_bytes(b"x")
    page = objects.list("", limit=2)
    (media / "a/cc.png").write_bytes(b"x")
    rest = objects.list("", cursor=page.cursor, limit=9)
    assert [item.path for item in rest.items] == ["a/cc.png", "a/d.png", "b/e.png"]
