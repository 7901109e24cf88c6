"""What the embedded backend survives: a kill at any instant, over and over."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from lib.adapters.clock import ManualClock, SystemClock
from lib.adapters.local.database import FOLD_EVERY, RESERVE, Database
from lib.adapters.local.files import Tree
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.core.errors import Conflict, Unavailable
from lib.ports import Task
from lib.settings import ROOT

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


def test_a_writer_killed_at_any_instant_loses_and_corrupts_nothing(tmp_path, take_events):
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
def steps(monkeypatch):
    """What reaches the disk, in order, as words."""
    order = []
    fsync, fdatasync, rename = os.fsync, os.fdatasync, os.rename

    def noting_fsync(handle):
        order.append(f"fsync {Path(f'/proc/self/fd/{handle}').readlink().parent.name}")
        fsync(handle)

    def noting_fdatasync(handle):
        order.append(f"fdatasync {Path(f'/proc/self/fd/{handle}').readlink().name}")
        fdatasync(handle)

    def noting_rename(source, target):
        order.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "fdatasync", noting_fdatasync)
    monkeypatch.setattr(os, "rename", noting_rename)
    return order


def note_commits(database, steps):
    def note(sql):
        if sql in ("COMMIT", "ROLLBACK"):
            steps.append(sql)

    database.write(lambda conn: conn.set_trace_callback(note))
    steps.clear()


def test_bytes_are_on_the_disk_before_their_name_and_both_before_a_put_returns(tmp_path, steps):
    with closing(Database(tmp_path / "studio.db")) as database:
        objects = LocalObjects(tmp_path / "media", database, ManualClock())
        (tmp_path / "new").write_bytes(b"first")
        (tmp_path / "media/a").mkdir()
        note_commits(database, steps)
        objects.put_once("a/b.png", tmp_path / "new", media_type="a/b", metadata={})
        assert steps == ["fsync .tmp", "rename", "COMMIT", "fsync media"]


def test_a_write_waits_for_the_log_unless_its_caller_can_do_without(tmp_path, steps):
    with closing(Database(tmp_path / "studio.db")) as database:
        records = LocalRecords(database, ManualClock(), indexed={"works": ()})
        note_commits(database, steps)
        records.create("works/a", {})
        assert steps == ["COMMIT", "fdatasync studio.db-wal"]
        steps.clear()
        records.update("works/a", {("n",): 1}, durable=False)
        assert steps == ["COMMIT"]
        steps.clear()
        with pytest.raises(Conflict):
            records.create("works/a", {})
        assert steps == ["ROLLBACK"]


def test_a_log_that_cannot_be_synced_is_no_durable_write(tmp_path, monkeypatch):
    with closing(Database(tmp_path / "studio.db")) as database:

        def failing(handle):
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(os, "fdatasync", failing)
        with pytest.raises(Unavailable, match="did not become durable"):
            database.execute("UPDATE number SET value = 7")
        assert database.execute("UPDATE number SET value = 8", durable=False) == 1


def test_a_log_that_was_laid_out_is_read_back_whole_after_a_kill(tmp_path):
    with closing(Database(tmp_path / "studio.db")) as database:
        database.make_ready()
        database.execute("UPDATE number SET value = 41")
        database.execute("UPDATE number SET value = 42")
        for ending in ("", "-wal"):
            shutil.copy(tmp_path / f"studio.db{ending}", tmp_path / f"copy.db{ending}")
    assert (tmp_path / "copy.db-wal").stat().st_size >= RESERVE
    with closing(Database(tmp_path / "copy.db")) as copy:
        assert copy.read("SELECT value FROM number") == [(42,)]
        assert copy.read("PRAGMA integrity_check") == [("ok",)]


def test_the_log_starts_anew_however_much_is_written(tmp_path):
    with closing(Database(tmp_path / "studio.db")) as database:
        queue = LocalQueue(database, ManualClock())
        for number in range(4 * FOLD_EVERY):
            queue.enqueue(Task(f"t{number}", "desk", {"pad": "x" * 4000}))
        written = 4 * FOLD_EVERY * 4000
        assert (tmp_path / "studio.db-wal").stat().st_size < 2 * written
        assert (tmp_path / "studio.db").stat().st_size > written / 2


def test_processes_that_write_at_once_take_turns_and_lose_nothing(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from lib.adapters.local.database import Database\n"
        "database = Database(Path(sys.argv[1]))\n"
        "for _ in range(300):\n"
        "    database.execute('UPDATE number SET value = value + 1', durable=False)\n"
    )
    Database(tmp_path / "studio.db").close()
    command = [sys.executable, "-c", program, str(tmp_path / "studio.db")]
    writers = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0, 0]
    with closing(Database(tmp_path / "studio.db")) as database:
        assert database.read("SELECT value FROM number") == [(1200,)]


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


def test_closing_lets_a_write_finish_that_still_waits_for_the_disk(tmp_path, monkeypatch):
    database = Database(tmp_path / "studio.db")
    entered, leave, fdatasync = threading.Event(), threading.Event(), os.fdatasync

    def slow(handle):
        first = not entered.is_set()
        entered.set()
        if first:
            leave.wait(10)
        fdatasync(handle)

    monkeypatch.setattr(os, "fdatasync", slow)
    ended = []
    sql = "UPDATE number SET value = 5"
    writer = threading.Thread(target=lambda: ended.append(database.execute(sql)))
    writer.start()
    assert entered.wait(10)
    closer = threading.Thread(target=database.close)
    closer.start()
    closer.join(0.3)
    assert closer.is_alive()
    leave.set()
    writer.join(10)
    closer.join(10)
    assert ended == [1]
