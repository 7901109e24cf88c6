"""The rows that index the bucket, and the events that leave with every change of one.

Called by ``objects.py`` inside a write; each function takes the writer's connection. Knows
SQL and nothing of the file system.
"""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from lib.adapters.local.files import Signature
from lib.ports import ObjectInfo

FINALIZED = "finalized"
DELETED = "deleted"
COLUMNS = "path, generation, size, crc32c, media_type, metadata, updated_at, mtime_ns, inode"
SELECT_ONE = f"SELECT {COLUMNS} FROM object WHERE path = ?"
SELECT_RANGE = f"SELECT {COLUMNS} FROM object WHERE path > ? AND path >= ? AND path <= ?"


class Row(NamedTuple):
    """One object as the index knows it; ``metadata`` is JSON."""

    path: str
    generation: int
    size: int
    crc32c: str
    media_type: str
    metadata: str
    updated_at: float
    mtime_ns: int
    inode: int

    @property
    def signature(self) -> Signature:
        """The file's signature when it was indexed."""
        return Signature(self.size, self.mtime_ns, self.inode)

    def info(self) -> ObjectInfo:
        """Return the row as the port shows it."""
        return ObjectInfo(
            self.path,
            self.generation,
            self.size,
            self.crc32c,
            self.media_type,
            self.updated_at,
            {} if self.metadata == "{}" else json.loads(self.metadata),
        )


class Fresh(NamedTuple):
    """What is known of new bytes before they get a generation; ``metadata`` is JSON."""

    path: str
    signature: Signature
    crc32c: str
    media_type: str
    metadata: str


def select(conn: sqlite3.Connection, path: str) -> Row | None:
    """Return the object's row, or None."""
    found = conn.execute(SELECT_ONE, (path,)).fetchone()
    return None if found is None else Row(*found)


def insert(conn: sqlite3.Connection, fresh: Fresh, old: Row | None, now: float) -> Row:
    """Give new bytes their generation and queue the events; ``old`` is the row they replace."""
    row = Row(
        path=fresh.path,
        # Microseconds, as Cloud Storage counts generations; never reused, whatever the clock does.
        generation=_next_generation(conn, int(now * 1_000_000)),
        size=fresh.signature.size,
        crc32c=fresh.crc32c,
        media_type=fresh.media_type,
        metadata=fresh.metadata,
        updated_at=now,
        mtime_ns=fresh.signature.mtime_ns,
        inode=fresh.signature.inode,
    )
    conn.execute(f"INSERT OR REPLACE INTO object ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)", row)
    _queue_event(conn, FINALIZED, row, now)
    if old is not None:
        _queue_event(conn, DELETED, old, now)
    return row


def remove(conn: sqlite3.Connection, row: Row, now: float) -> None:
    """Forget an object and queue its event."""
    conn.execute("DELETE FROM object WHERE path = ?", (row.path,))
    _queue_event(conn, DELETED, row, now)


def touch(conn: sqlite3.Connection, row: Row, signature: Signature) -> Row:
    """Note another signature for the same bytes, as after a restored backup."""
    row = row._replace(mtime_ns=signature.mtime_ns, inode=signature.inode)
    sql = "UPDATE object SET mtime_ns = ?, inode = ? WHERE path = ?"
    conn.execute(sql, (row.mtime_ns, row.inode, row.path))
    return row


def _next_generation(conn: sqlite3.Connection, least: int) -> int:
    """Return a number above every earlier one, and at least ``least``."""
    sql = "UPDATE number SET value = max(value + 1, ?) WHERE name = 'generation' RETURNING value"
    generation: int = conn.execute(sql, (least,)).fetchall()[0][0]
    return generation


def _queue_event(conn: sqlite3.Connection, kind: str, row: Row, now: float) -> None:
    # A generation is finalized once and deleted once, so two numbers for each are enough.
    seq = 2 * row.generation + (kind == DELETED)
    conn.execute(
        "INSERT INTO event (seq, kind, at, path, generation, size, crc32c, media_type, metadata, "
        "updated_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (seq, kind, now, *row[:7]),
    )
