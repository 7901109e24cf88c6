"""The embedded document store's own parts: its index, its watchers, and writes of other processes."""

from __future__ import annotations

import statistics
import threading
import time
from contextlib import closing

import pytest

from lib.adapters.clock import ManualClock, SystemClock
from lib.adapters.local.database import Database
from lib.adapters.local.record_index import BATCH
from lib.adapters.local.records import LocalRecords
from lib.core.errors import Conflict, Refused
from lib.ports import Query


def test_a_watch_sees_what_another_process_wrote(database, tmp_path):
    watch = LocalRecords(database, ManualClock(), {}).watch("works", poll_s=0.05)
    with closing(Database(tmp_path / "studio.db")) as other:
        LocalRecords(other, ManualClock(), {}).create("works/a", {"n": 1})
        changed = next(records for records in watch if records)
    assert [record.path for record in changed] == ["works/a"]


def test_a_change_worked_out_ahead_gives_way_to_what_another_process_wrote(database, tmp_path):
    ours = LocalRecords(database, SystemClock(), {"works": ("state",)})
    known = ours.create("works/a", {"state": "new", "by": {}})
    with closing(Database(tmp_path / "studio.db")) as elsewhere:
        theirs = LocalRecords(elsewhere, SystemClock(), {"works": ("state",)})
        newer = theirs.update("works/a", {("state",): "begun", ("by", "them"): 1})
        with pytest.raises(Conflict):
            ours.update("works/a", {("by", "us"): 1}, version=known.version)
        merged = ours.update("works/a", {("by", "us"): 1}, version=newer.version)
    assert merged.data == {"state": "begun", "by": {"them": 1, "us": 1}}
    found = {state: ours.query(Query("works", {"state": state})) for state in ("new", "begun")}
    assert found == {"new": [], "begun": [merged]}


def test_a_field_declared_later_finds_the_documents_that_were_there(database):
    LocalRecords(database, ManualClock(), {}).create("works/a", {"owner": "u"})
    records = LocalRecords(database, ManualClock(), {"works": ["owner"]})
    assert len(records.query(Query("works", {"owner": "u"}))) == 1
    LocalRecords(database, ManualClock(), {})
    assert database.read("SELECT count(*) FROM field") == [(0,)]


def test_a_query_sees_everything_that_waits_to_be_entered_in_the_index(database):
    records = LocalRecords(database, ManualClock(), {"works": ["n", "even"]})
    for n in range(3 * BATCH + 1):
        records.create(f"works/{n:03}", {"n": n, "even": n % 2 == 0})
    records.update("works/004", {("even",): False})
    even = records.query(Query("works", {"even": True}, order_by="n", limit=500))
    assert [r.data["n"] for r in even] == [n for n in range(0, 3 * BATCH + 1, 2) if n != 4]


def test_an_index_that_was_kept_up_leaves_nothing_to_a_query(database):
    records = LocalRecords(database, ManualClock(), {"works": ["n"], "activity": []})
    for n in range(2 * BATCH):
        records.create(f"works/{n:03}", {"n": n})
    records.keep_up()
    records.keep_up()
    assert database.read("SELECT count(*) FROM field") == [(2 * BATCH,)]


class _Interrupted(Database):
    """A database in which somebody else writes just before each of the first queries is answered."""

    def __init__(self, path):
        super().__init__(path)
        self.interruptions = []

    def read(self, sql, values=()):
        if "FROM field" in sql and "d.data" in sql and self.interruptions:
            self.interruptions.pop()()
        return super().read(sql, values)


def test_a_query_is_answered_as_of_one_instant_whoever_writes_meanwhile(tmp_path):
    with closing(_Interrupted(tmp_path / "studio.db")) as database:
        records = LocalRecords(database, ManualClock(), {"works": ["state"]})
        records.create("works/a", {"state": "new"})
        new = Query("works", {"state": "new"})
        assert len(records.query(new)) == 1
        database.interruptions = [lambda: records.update("works/a", {("state",): "begun"})]
        assert records.query(new) == []
        database.interruptions = [lambda: records.create("works/b", {"state": "new"})]
        assert [r.path for r in records.query(new)] == ["works/b"]


def test_what_no_query_could_compare_is_refused_when_it_is_written(database):
    records = LocalRecords(database, ManualClock(), {"works": ["title"]})
    with pytest.raises(Refused):
        records.create("works/a", {"title": "\ud800"})
    records.create("works/b", {"title": "good"})
    assert [r.path for r in records.query(Query("works", order_by="title"))] == ["works/b"]


def test_a_watch_of_this_process_does_not_wait_for_its_next_look(database):
    records = LocalRecords(database, ManualClock(), {})
    watch, delays = records.watch("works", poll_s=30), []
    for number in range(9):
        seen = []
        watcher = threading.Thread(
            target=lambda seen=seen: seen.append((next(watch), time.monotonic()))
        )
        watcher.start()
        # Let it fall asleep, so that the write has somebody to wake.
        time.sleep(0.002)
        records.create(f"works/{number}", {})
        began = time.monotonic()
        watcher.join(10)
        delays.append(seen[0][1] - began)
    assert statistics.median(delays) < 0.02
