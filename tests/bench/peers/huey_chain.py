"""The chain on huey with SQLite storage and fsync: render, then finalize, then a durable row.

It keeps the same facts as ours: who took the work (huey forgets a task when it hands it over),
what was put, and "ready" only after the bytes were read. Where ours need not wait for the disk it
need not either, but for its last row: ours is found again in the bucket, its is found nowhere.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path

from huey import SqliteHuey

from tests.bench.peers.files import checked, put_durably

FOLDER = Path(os.environ["BENCH_FOLDER"])
BUCKET = FOLDER / "bucket"
huey = SqliteHuey("bench", filename=str(FOLDER / "huey.db"), fsync=True, results=False)
_TABLES = (
    "CREATE TABLE IF NOT EXISTS work (id TEXT PRIMARY KEY, started REAL, at REAL)",
    "CREATE TABLE IF NOT EXISTS object (path TEXT PRIMARY KEY, checksum INTEGER)",
)
_local = threading.local()


def rows(*, durable: bool) -> sqlite3.Connection:
    """Return this thread's connection; a durable one waits for the disk with every commit."""
    name = "durable" if durable else "lazy"
    if not hasattr(_local, name):
        connection = sqlite3.connect(FOLDER / "works.db", isolation_level=None, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        for table in _TABLES:
            connection.execute(table)
        setattr(_local, name, connection)
    found: sqlite3.Connection = getattr(_local, name)
    return found


@huey.task()
def render(work: str) -> None:
    """Claim the work, put the bytes, then hand over to finalize."""
    sql = "UPDATE work SET started = ? WHERE id = ? AND started IS NULL"
    if rows(durable=False).execute(sql, (time.time(), work)).rowcount == 0:
        return
    checksum = put_durably(BUCKET, work)
    rows(durable=False).execute("INSERT INTO object VALUES (?, ?)", (work, checksum))
    finalize(work)


@huey.task()
def finalize(work: str) -> None:
    """Record that the work is ready, once its bytes were seen."""
    sql = "SELECT checksum FROM object WHERE path = ?"
    (checksum,) = rows(durable=False).execute(sql, (work,)).fetchone()
    if checked(BUCKET, work, checksum):
        rows(durable=True).execute("UPDATE work SET at = ? WHERE id = ?", (time.time(), work))


def enqueue(work: str) -> None:
    """Record the work durably, then start its chain."""
    rows(durable=True).execute("INSERT INTO work VALUES (?, NULL, NULL)", (work,))
    render(work)


def ready() -> dict[str, float]:
    """Return when each work became ready."""
    sql = "SELECT id, at FROM work WHERE at IS NOT NULL"
    return dict(rows(durable=True).execute(sql).fetchall())
