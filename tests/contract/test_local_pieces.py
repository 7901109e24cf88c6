"""The embedded backend's own parts: database, links, limits, and what wakes sleepers."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from lib.adapters.clock import ManualClock, SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.dispatch import Limits
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.core.errors import NotFound, Refused, Unavailable
from lib.ports import Task


def test_a_failing_write_undoes_itself_and_spares_those_it_shares_a_commit_with(database, together):
    def write(number):
        def fn(conn):
            conn.execute("INSERT INTO tombstone VALUES (?, 0)", (f"t{number}",))
            if number % 3 == 0:
                raise KeyError(number)
            return number

        return database.write(fn)

    for turn in range(10):
        results = together(8, lambda n, turn=turn: write(turn * 8 + n))
        for number, result in enumerate(results, start=turn * 8):
            assert isinstance(result, KeyError) if number % 3 == 0 else result == number
    kept = {name for (name,) in database.read("SELECT name FROM tombstone")}
    assert kept == {f"t{number}" for number in range(80) if number % 3}


def test_an_interrupt_of_the_thread_that_commits_leaves_no_other_waiting(database, together):
    first_inside, all_waiting = threading.Event(), threading.Event()

    def hold(_conn):
        first_inside.set()
        all_waiting.wait(10)

    def interrupt(_conn):
        raise KeyboardInterrupt

    def act(number):
        if number == 0:
            return database.write(hold)
        first_inside.wait(10)
        if number == 7:
            # The others need an instant to line up behind the first.
            time.sleep(0.05)
            all_waiting.set()
            return "let go"
        try:
            return database.write(interrupt if number == 1 else lambda _: "durable")
        except KeyboardInterrupt:
            return "interrupted"

    results = together(8, act)
    assert results.count("interrupted") == 1
    assert all(r in ("durable", "interrupted") or isinstance(r, Unavailable) for r in results[1:7])
    assert database.write(lambda _: "goes on") == "goes on"


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path):
    Database(tmp_path / "studio.db").close()
    with closing(sqlite3.connect(tmp_path / "studio.db")) as conn:
        conn.execute("PRAGMA user_version=99")
    with pytest.raises(Refused, match="newer version"):
        Database(tmp_path / "studio.db")


def test_a_database_of_an_earlier_shape_is_refused_with_what_to_do(tmp_path):
    Database(tmp_path / "studio.db").close()
    with closing(sqlite3.connect(tmp_path / "studio.db")) as conn:
        conn.execute("PRAGMA user_version=1")
    with pytest.raises(Refused, match="present shape") as refused:
        Database(tmp_path / "studio.db")
    assert "--fresh" in refused.value.hint


def test_another_programs_database_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "studio.db")) as conn:
        conn.execute("CREATE TABLE theirs (x)")
    with pytest.raises(Refused, match="another program"):
        Database(tmp_path / "studio.db")


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "studio.db").write_bytes(b"holiday pictures" * 100)
    with pytest.raises(Refused, match="no usable database"):
        Database(tmp_path / "studio.db")


def test_a_closed_database_is_unavailable(tmp_path):
    database = Database(tmp_path / "studio.db")
    database.close()
    database.close()
    with pytest.raises(Unavailable):
        database.execute("DELETE FROM task")
    with pytest.raises(Unavailable):
        database.read("SELECT 1")


def test_a_full_disk_is_unavailable_and_the_database_goes_on_afterwards(database):
    records = LocalRecords(database, ManualClock(), {})
    pages = database.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    database.write(lambda c: c.execute(f"PRAGMA max_page_count={pages + 2}").fetchall())
    with pytest.raises(Unavailable, match="full"):
        records.create("works/a", {"text": "x" * 100_000})
    database.write(lambda c: c.execute("PRAGMA max_page_count=1000000").fetchall())
    records.create("works/a", {"text": "x" * 100_000})


def test_a_database_is_refused_after_a_fork(database):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            database.read("SELECT 1")
        except Refused:
            code = 0
        os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert database.read("SELECT 1") == [(1,)]


@pytest.fixture
def linked(database, tmp_path):
    clock = ManualClock()
    objects = LocalObjects(tmp_path / "media", database, clock, base_url="http://127.0.0.1:1/")
    (tmp_path / "file").write_bytes(b"x")
    objects.put_once("a/b c.txt", tmp_path / "file", media_type="text/plain", metadata={})
    url = urlsplit(objects.signed_url("a/b c.txt", expires_s=60))
    return objects, clock, unquote(url.path).removeprefix("/media/"), dict(parse_qsl(url.query))


def test_a_signed_link_opens_its_object_until_it_expires(linked):
    objects, clock, path, query = linked
    assert path == "a/b c.txt"
    assert objects.verify_signed(path, query) == objects.stat("a/b c.txt")
    clock.advance(59)
    objects.verify_signed(path, query)
    clock.advance(2)
    with pytest.raises(Refused, match="expired"):
        objects.verify_signed(path, query)


@pytest.mark.parametrize("change", [
    {"generation": "1"}, {"expires": "9999999999"}, {"signature": "0" * 64}, {"signature": "é"},
    {"expires": ""}, {"expires": "x"}, {"generation": ""}, {"signature": ""},
])  # fmt: skip
def test_a_changed_link_is_refused(linked, change):
    objects, _, path, query = linked
    with pytest.raises(Refused, match="genuine"):
        objects.verify_signed(path, query | change)


def test_a_link_opens_no_other_object_and_no_later_generation(linked, tmp_path):
    objects, _, path, query = linked
    with pytest.raises(Refused, match="genuine"):
        objects.verify_signed("a/other.txt", query)
    (tmp_path / "file").write_bytes(b"new")
    now = objects.stat(path).generation
    objects.replace(path, tmp_path / "file", generation=now, media_type="t/x", metadata={})
    with pytest.raises(NotFound):
        objects.verify_signed(path, query)


@pytest.mark.parametrize("expires_s", [0, -1, 8 * 24 * 3600, float("nan")])
def test_a_link_cannot_live_for_ever(linked, expires_s):
    with pytest.raises(Refused):
        linked[0].signed_url("a/b c.txt", expires_s=expires_s)


def test_the_key_of_the_links_is_its_owners_alone_and_is_kept(linked, database, tmp_path):
    _, clock, path, query = linked
    assert (tmp_path / "url.key").stat().st_mode & 0o777 == 0o600
    LocalObjects(tmp_path / "media", database, clock).verify_signed(path, query)
    (tmp_path / "url.key").chmod(0o644)
    with pytest.raises(Refused, match="other users"):
        LocalObjects(tmp_path / "media", database, clock)


def test_a_sleeping_runner_wakes_at_once_for_a_task_and_for_a_freed_place(database):
    queue = LocalQueue(database, SystemClock(), {"desk": Limits(concurrency=1)})
    taken = []

    def sleep_and_lease():
        while not (found := queue.lease("desk", "b", 60)):
            queue.wait("desk", 60)
        taken.append(found[0])

    def woken_by(act):
        sleeper = threading.Thread(target=sleep_and_lease)
        sleeper.start()
        act()
        sleeper.join(10)
        return taken[-1].task.name

    assert woken_by(lambda: queue.enqueue(Task("first", "desk", {}))) == "first"
    queue.enqueue(Task("second", "desk", {}))
    assert woken_by(lambda: queue.done(taken[0])) == "second"


def test_a_sleeper_at_a_rate_limit_wakes_when_a_token_is_there(database):
    queue = LocalQueue(database, SystemClock(), {"desk": Limits(rate_per_s=50.0, burst=1)})
    for number in range(4):
        queue.enqueue(Task(f"t{number}", "desk", {}))
    began, found = time.monotonic(), 0
    while found < 4:
        queue.wait("desk", 30)
        found += len(queue.lease("desk", "a", 60, 4))
    assert 0.05 <= time.monotonic() - began < 5


def test_the_outbox_wakes_a_sleeper_and_tells_its_age(database, tmp_path):
    clock = ManualClock()
    outbox = Outbox(database, clock)
    objects = LocalObjects(tmp_path / "media", database, clock)
    (tmp_path / "file").write_bytes(b"x")
    assert outbox.wait(0.0) is False
    woke = []
    sleeper = threading.Thread(target=lambda: woke.append(outbox.wait(30)))
    sleeper.start()
    objects.put_once("a.txt", tmp_path / "file", media_type="t/x", metadata={})
    sleeper.join(10)
    assert woke == [True]
    clock.advance(7)
    assert (outbox.pending(), outbox.oldest_age_s()) == (1, 7)
    outbox.drain(lambda *_: 1 / 0)
    ((subject, tries, error),) = outbox.failing()
    assert (subject, tries, error) == ("objects/a.txt", 1, "ZeroDivisionError: division by zero")
    clock.advance(700)
    outbox.drain(lambda *_: None)
    assert (outbox.pending(), outbox.oldest_age_s(), outbox.failing()) == (0, 0, [])


def test_depth_tells_waiting_scheduled_leased_and_the_oldest_age(database):
    clock = ManualClock()
    queue = LocalQueue(database, clock)
    queue.enqueue(Task("later", "desk", {}, clock.now() + 500))
    for number in range(3):
        queue.enqueue(Task(f"t{number}", "desk", {}))
    clock.advance(30)
    queue.lease("desk", "a", 60)
    depth = queue.depth()
    assert (depth["desk"].waiting, depth["desk"].scheduled, depth["desk"].leased) == (2, 1, 1)
    assert depth["desk"].oldest_age_s == 30
    assert depth["render"].waiting == 0


def test_names_of_finished_tasks_are_forgotten_after_a_day(database):
    clock = ManualClock()
    queue = LocalQueue(database, clock)
    queue.enqueue(Task("a", "desk", {}))
    queue.done(queue.lease("desk", "x", 60)[0])
    clock.advance(23 * 3600)
    assert queue.purge() == 0
    clock.advance(2 * 3600)
    assert queue.purge() == 1


@pytest.mark.parametrize("payload", [{"v": float("nan")}, {"v": {1}}, {"v": b"x"}])
def test_a_payload_that_is_no_json_is_refused(database, payload):
    with pytest.raises(Refused, match="no JSON"):
        LocalQueue(database, ManualClock()).enqueue(Task("a", "desk", payload))


@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"rate_per_s": 0.0}, {"burst": 0}])
def test_limits_that_let_nothing_through_are_refused(wrong):
    with pytest.raises(Refused, match="nothing through"):
        Limits(**wrong)


def test_a_start_that_another_limit_forbade_costs_no_token(database):
    clock = ManualClock()
    limits = Limits(concurrency=2, rate_per_s=0.001, burst=4)
    queue = LocalQueue(database, clock, {"desk": limits})
    for number in range(4):
        queue.enqueue(Task(f"t{number}", "desk", {}))
    (first,) = queue.lease("desk", "a", 60)
    assert len(queue.lease("desk", "a", 60, 3)) == 1
    queue.done(first)
    assert len(queue.lease("desk", "a", 60, 3)) == 1
