"""A disk on which every sync takes long: slow is not stuck, and nobody is given up for it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.process.account import resting
from tests.process.evidence import Evidence, count_lines
from tests.process.group import Group
from tests.process.studio import BOOK
from tests.process.world import change

#: Seconds that a sync takes, and within which everything is made all the same.
SYNC_S, LIMIT_S = 0.7, 120.0
#: Longest that an answer may take while nothing but the disk is slow, seconds; a look needs no sync.
ANSWER_S = 2.0
BURST = {
    "kind": "test",
    "brands": ["two-wheels", "night-sky"],
    "posts": 1,
    "reels": 1,
    "key": "slow",
}


TRIGGER = """
    CREATE TABLE again (name TEXT);
    CREATE TRIGGER handed_again AFTER UPDATE OF tries ON task WHEN new.tries > 1
    BEGIN INSERT INTO again VALUES (new.name); END;
"""


def note_second_leases(data: Path) -> None:
    """Let the database itself note each task that is handed over more than once."""
    with closing(sqlite3.connect(data / "studio.db", timeout=30)) as database:
        database.executescript(TRIGGER)


def second_leases(data: Path) -> int:
    with closing(sqlite3.connect(data / "studio.db")) as database:
        count: int = database.execute("SELECT count(*) FROM again").fetchone()[0]
        return count


@pytest.mark.parametrize("planted", [False, True], ids=["as it is", "impatient"])
def test_a_slow_disk_makes_everything_once_and_answers_meanwhile(
    tmp_path: Path, *, planted: bool
) -> None:
    change(tmp_path, sync_s=SYNC_S, bug="impatient" if planted else "")
    slowest_s, data = 0.0, tmp_path / "data"
    with Group(tmp_path) as studio:
        assert studio.serves()
        note_second_leases(data)
        burst = studio.client.post("/bursts", BURST)["id"]
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            begun = time.monotonic()
            found = next(b for b in studio.client.get("/bursts") if b["id"] == burst)
            slowest_s = max(slowest_s, time.monotonic() - begun)
            if second_leases(data) or (not found["active"] and resting(Evidence(data))):
                break
            time.sleep(0.05)
    seen = Evidence(data)
    ends = [a["outcome"] for _, a in seen.attempts()]
    if planted:
        assert second_leases(data) > 0
        return
    assert found["phase"] == "complete"
    assert second_leases(data) == 0
    assert slowest_s < ANSWER_S
    assert set(ends) == {"ok"}
    assert all(times == 1 for times in count_lines(tmp_path / BOOK).values())
    assert list(seen.lies(excused=set())) == []
