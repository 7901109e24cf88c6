"""The chain on huey with SQLite storage and fsync: render, then finalize, then a durable row."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from pathlib import Path

from huey import SqliteHuey

from tests.bench.peers.files import put_durably

FOLDER = Path(os.environ["BENCH_FOLDER"])
huey = SqliteHuey("bench", filename=str(FOLDER / "huey.db"), fsync=True, results=False)
_local = threading.local()


def rows() -> sqlite3.Connection:
    """Return this thread's connection to the table of works, durable as ours is."""
    if not hasattr(_local, "connection"):
        _local.connection = sqlite3.connect(FOLDER / "works.db", isolation_level=None, timeout=30)
        _local.connection.execute("PRAGMA journal_mode=WAL")
        _local.connection.execute("PRAGMA synchronous=FULL")
        _local.connection.execute("CREATE TABLE IF NOT EXISTS work (id TEXT PRIMARY KEY, at REAL)")
    connection: sqlite3.Connection = _local.connection
    return connection


@huey.task()
def render(work: str) -> None:
    """Put the bytes, then hand over to finalize."""
    put_durably(FOLDER / "bucket", work)
    finalize(work)


@huey.task()
def finalize(work: str) -> None:
    """Record that the work is ready."""
    rows().execute("INSERT OR REPLACE INTO work VALUES (?, ?)", (work, time.time()))


def enqueue(work: str) -> None:
    """Record the work durably, then start its chain."""
    rows().execute("INSERT INTO work VALUES (?, NULL)", (work,))
    render(work)


def ready() -> dict[str, float]:
    """Return when each work became ready."""
    return dict(rows().execute("SELECT id, at FROM work WHERE at IS NOT NULL").fetchall())
