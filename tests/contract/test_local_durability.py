"""What the embedded backend survives: a kill at any instant, and people who edit its files."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from lib.adapters.local.clock import ManualClock, SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.files import Tree
from lib.adapters.local.mirror import Scan
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.core.errors import Conflict, Refused, Unavailable
from lib.ports import Task

ROUNDS = 20
WRITER = Path(__file__).with_name("durability_writer.py")


def run_and_kill(folder: Path, turn: str, after_s: float) -> list[list]:
    """Let the writer run until ``after_s`` behind its first acknowledgement; return all of them."""
    root = Path(__file__).parents[2]
    writer = subprocess.Popen(
        [sys.executable, str(WRITER), str(folder), turn],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    first = writer.stdout.readline()
    # A real kill at a real instant: there is no clock to pass.
    time.sleep(after_s)
    writer.kill()
    rest, _ = writer.communicate()
    lines = (first + rest).split(b"\n")
    return [json.loads(line) for line in lines[:-1]]


def take_events(database: Database) -> list[tuple[str, str, int]]:
    found = []
    Outbox(database, SystemClock()).drain(
        lambda a, d: found.append((a["type"].rpartition(".")[2], d["name"], int(d["generation"])))
    )
    return found


def check_objects(objects, acknowledged, finalized, tree) -> None:
    last = {line[1]: line for line in acknowledged if line[0] in ("object", "hot", "deleted")}
    stored = {}
    cursor = ""
    while cursor is not None:
        page = objects.list("", cursor=cursor or None)
        stored |= {item.path: item for item in page.items}
        cursor = page.cursor
    for path, info in stored.items():
        checked = tree.check(tree.locate(path))
        assert (checked.signature.size, checked.crc32c) == (info.size, info.crc32c), path
        assert (path, info.generation) in finalized, f"{path} was never announced"
    for kind, path, generation, crc32c in last.values():
        if kind == "deleted":
            assert path not in stored
        elif kind == "object" and path not in stored:
            # Its deletion may have happened without being acknowledged; that one alone.
            assert int(path.rpartition("/")[2][:-4]) % 5 == 0
        else:
            assert stored[path].generation >= generation
            if stored[path].generation == generation:
                assert stored[path].crc32c == crc32c


def test_a_writer_killed_at_any_instant_loses_and_corrupts_nothing(tmp_path):
    chance = random.Random(20)
    finalized: list[tuple[str, int]] = []
    acknowledged: list[list] = []
    for turn in range(ROUNDS):
        acknowledged += run_and_kill(tmp_path, f"r{turn}", chance.uniform(0.0, 0.12))
        with closing(Database(tmp_path / "studio.db")) as database:
            assert database.read("PRAGMA integrity_check") == [("ok",)]
            objects = LocalObjects(tmp_path / "media", database, SystemClock())
            objects.sweep_tmp()
            objects.scan()
            assert list((tmp_path / "media" / ".tmp").iterdir()) == []
            finalized += [(n, g) for kind, n, g in take_events(database) if kind == "finalized"]
            check_objects(objects, acknowledged, set(finalized), Tree(tmp_path / "media"))
            generations = [generation for _, generation in finalized]
            assert len(set(generations)) == len(generations), "a generation was used twice"
            records = LocalRecords(database, SystemClock(), {})
            for path, number in {
                line[1]: line[2] for line in acknowledged if line[0] == "count"
            }.items():
                assert records.get(path).data["n"] >= number
            tasks = {line[1] for line in acknowledged if line[0] == "task"}
            assert tasks <= {name for (name,) in database.read("SELECT name FROM task")}
    assert len(acknowledged) > ROUNDS * 10, "the writer hardly wrote: nothing was shown"


@pytest.fixture
def shop(tmp_path):
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


def test_bytes_then_name_then_row_become_durable_in_that_order(tmp_path, monkeypatch):
    order = []
    fsync, rename = os.fsync, os.rename

    def noting_fsync(handle):
        order.append(f"fsync {Path(os.readlink(f'/proc/self/fd/{handle}')).parent.name}")
        fsync(handle)

    def noting_rename(source, target):
        order.append("rename")
        rename(source, target)

    with closing(Database(tmp_path / "studio.db")) as database:
        objects = LocalObjects(tmp_path / "media", database, ManualClock())
        (tmp_path / "new").write_bytes(b"first")
        (tmp_path / "media/a").mkdir()
        database.write(lambda conn: conn.set_trace_callback(order.append))
        monkeypatch.setattr(os, "fsync", noting_fsync)
        monkeypatch.setattr(os, "rename", noting_rename)
        order.clear()
        objects.put_once("a/b.png", tmp_path / "new", media_type="a/b", metadata={})
        steps = [step for step in order if step.startswith(("fsync", "rename", "COMMIT"))]
        assert steps == ["fsync .tmp", "rename", "fsync media", "COMMIT"]
        assert database.read("PRAGMA journal_mode") == [("wal",)]
        assert database.write(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (2,)


def test_what_a_dead_put_left_behind_is_swept_at_start(shop, tmp_path):
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
    objects, media, _ = shop
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
    with pytest.raises(Refused, match="no object's path|folder"):
        objects.put_once(path, tmp_path / "new", media_type="a/b", metadata={})
    assert objects.scan() == Scan(seen=1)
    assert events() == []


def test_leases_of_a_dead_process_are_free_after_a_restart(tmp_path):
    clock = ManualClock()
    with closing(Database(tmp_path / "studio.db")) as database:
        queue = LocalQueue(database, clock)
        queue.enqueue(Task("a", "render", {}))
        assert len(queue.lease("render", "pid 1", 3600)) == 1
    with closing(Database(tmp_path / "studio.db")) as database:
        queue = LocalQueue(database, clock)
        assert queue.lease("render", "pid 2", 3600) == []
        assert queue.release_others("pid 2") == 1
        (again,) = queue.lease("render", "pid 2", 3600)
        assert (again.task.name, again.tries) == ("a", 2)
        assert queue.release_others("pid 2") == 0


def test_a_file_that_is_still_being_copied_in_is_no_object_yet(shop):
    objects, media, events = shop
    growing, stop = media / "a/large.bin", threading.Event()

    def copy_in():
        with growing.open("wb", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x" * 5000)

    copying = threading.Thread(target=copy_in)
    copying.start()
    while not growing.exists() or growing.stat().st_size < 1_000_000:
        pass
    seen = [objects.stat("a/large.bin") for _ in range(3)]
    stop.set()
    copying.join()
    whole = objects.stat("a/large.bin")
    assert whole.size == growing.stat().st_size
    assert all(info is None or info.size < whole.size for info in seen)
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
            info = objects.stat("a/b.png")
            with contextlib.suppress(Conflict, Unavailable):
                objects.replace(
                    "a/b.png", file, generation=info.generation, media_type="a/b", metadata={}
                )
        return None

    assert together(4, act) == [None] * 4
    objects.scan()
    now = objects.stat("a/b.png")
    assert objects.read("a/b.png") == place.read_bytes()
    found = events()
    begun = [generation for kind, _, generation in found if kind == "finalized"]
    ended = [generation for kind, _, generation in found if kind == "deleted"]
    assert begun == sorted(set(begun))
    assert set(begun) - set(ended) == {now.generation}
