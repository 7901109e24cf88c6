"""The embedded backend's own parts: database, links, lock, ticker, and what wakes sleepers."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from lib.adapters.local.clock import ManualClock, SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.dispatch import Limits
from lib.adapters.local.lock import StudioLock, holder
from lib.adapters.local.objects import LocalObjects
from lib.adapters.local.outbox import Outbox
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.adapters.local.ticker import Ticker
from lib.core.errors import NotFound, Refused, Unavailable
from lib.ports import Query, Task


@pytest.fixture
def database(tmp_path):
    with closing(Database(tmp_path / "studio.db")) as opened:
        yield opened


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


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path):
    Database(tmp_path / "studio.db").close()
    with closing(sqlite3.connect(tmp_path / "studio.db")) as conn:
        conn.execute("PRAGMA user_version=99")
    with pytest.raises(Refused, match="newer version"):
        Database(tmp_path / "studio.db")


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


def test_a_watch_sees_what_another_process_wrote(database, tmp_path):
    watch = LocalRecords(database, ManualClock(), {}).watch("works", poll_s=0.05)
    with closing(Database(tmp_path / "studio.db")) as other:
        LocalRecords(other, ManualClock(), {}).create("works/a", {"n": 1})
        changed = next(records for records in watch if records)
    assert [record.path for record in changed] == ["works/a"]


def test_a_field_declared_later_finds_the_documents_that_were_there(database):
    LocalRecords(database, ManualClock(), {}).create("works/a", {"owner": "u"})
    records = LocalRecords(database, ManualClock(), {"works": ["owner"]})
    assert len(records.query(Query("works", {"owner": "u"}))) == 1
    LocalRecords(database, ManualClock(), {})
    assert database.read("SELECT count(*) FROM field") == [(0,)]


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
    objects, clock, path, query = linked
    assert (tmp_path / "url.key").stat().st_mode & 0o777 == 0o600
    LocalObjects(tmp_path / "media", database, clock).verify_signed(path, query)
    (tmp_path / "url.key").chmod(0o644)
    with pytest.raises(Refused, match="other users"):
        LocalObjects(tmp_path / "media", database, clock)


def test_a_second_studio_in_the_folder_is_refused_naming_the_first(tmp_path):
    with StudioLock(tmp_path) as lock:
        lock.announce(8080)
        assert holder(tmp_path) == {"pid": os.getpid(), "port": 8080}
        with pytest.raises(Refused, match=f"process {os.getpid()} .* port 8080"):
            StudioLock(tmp_path)
    assert holder(tmp_path) is None
    StudioLock(tmp_path).release()


def test_a_killed_studio_leaves_no_lock(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from lib.adapters.local.lock import StudioLock;"
        "lock = StudioLock(Path(sys.argv[1]), port=1); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert holder(tmp_path) == {"pid": other.pid, "port": 1}
        other.kill()
    StudioLock(tmp_path).release()
    assert json.loads((tmp_path / "studio.lock").read_text())["pid"] == os.getpid()


def test_a_job_runs_at_its_rhythm_and_catches_up_one_missed_run():
    clock, runs = ManualClock(0.0), []
    ticker = Ticker(clock)
    ticker.every("sweep", 10, lambda: runs.append(clock.now()))
    for _ in range(41):
        ticker.run_due()
        clock.advance(1)
    assert runs == [0, 10, 20, 30, 40]
    clock.advance(54)
    ticker.run_due()
    ticker.run_due()
    assert runs[5:] == [95]
    clock.advance(5)
    ticker.run_due()
    assert runs[6:] == [100]


def test_a_job_goes_on_when_the_clock_was_set_back():
    clock, runs = ManualClock(1e9), []
    ticker = Ticker(clock)
    ticker.every("sweep", 10, lambda: runs.append(1))
    ticker.run_due()
    clock.advance(-1e8)
    ticker.run_due()
    clock.advance(10)
    ticker.run_due()
    assert len(runs) == 2


def test_a_job_never_overlaps_itself(together):
    clock, inside, most = ManualClock(0.0), [], []
    ticker = Ticker(clock)
    entered, leave = threading.Event(), threading.Event()

    def job():
        inside.append(1)
        most.append(len(inside))
        entered.set()
        leave.wait(10)
        inside.pop()

    ticker.every("slow", 1, job)

    def act(number):
        if number == 0:
            return ticker.run_due()
        entered.wait(10)
        clock.advance(5)
        ran = ticker.run_due()
        leave.set()
        return ran

    assert together(2, act) == [["slow"], []]
    assert most == [1]


def test_a_failing_job_is_noted_and_stops_no_other():
    ticker = Ticker(ManualClock())
    job = ticker.every("bad", 1, lambda: 1 / 0)
    ticker.every("good", 1, list)
    assert ticker.run_due() == ["bad", "good"]
    assert (job.runs, job.failures, job.last_error) == (
        1,
        1,
        "ZeroDivisionError('division by zero')",
    )


def test_a_started_ticker_runs_its_jobs_until_it_is_stopped():
    ticker, ran = Ticker(SystemClock()), threading.Event()
    ticker.every("now", 3600, ran.set)
    ticker.start()
    assert ran.wait(10)
    assert ticker.stop()


def test_a_sleeping_runner_wakes_at_once_for_a_task_and_for_a_freed_place(database):
    queue = LocalQueue(database, SystemClock(), {"desk": Limits(concurrency=1)})
    taken = []

    def sleep_and_lease():
        while not (found := queue.lease("desk", "b", 60)):
            queue.wait(["desk"], 60)
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
        queue.wait(["desk"], 30)
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
