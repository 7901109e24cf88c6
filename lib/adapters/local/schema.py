"""The tables of the embedded world's one database file, and the check that the file is ours.

Called by ``database.py`` when it opens the file. Knows the shape of the tables, not their use.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lib.core.errors import Refused, Unavailable

#: Marks the file as this program's own in SQLite's header; the letters "BcSt".
APPLICATION_ID = 0x42635374
#: Grows with every change of the tables; an older program refuses a newer file.
VERSION = 3
#: Bytes of a page. A write logs whole pages, and the disk is what most writes wait for: small
#: pages are less to log. Smaller ones than these split too often.
PAGE_BYTES = 2048

_TABLES = """
CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO number VALUES ('generation', 0);

CREATE TABLE object (
    path TEXT PRIMARY KEY, generation INTEGER NOT NULL, size INTEGER NOT NULL,
    crc32c TEXT NOT NULL, media_type TEXT NOT NULL, metadata TEXT NOT NULL,
    updated_at REAL NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE event (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at REAL NOT NULL,
    path TEXT NOT NULL, generation INTEGER NOT NULL, size INTEGER NOT NULL,
    crc32c TEXT NOT NULL, media_type TEXT NOT NULL, metadata TEXT NOT NULL,
    updated_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT ''
);

-- With row ids: a row that grows past a quarter of a page stays in one piece.
CREATE TABLE document (
    collection TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (collection, id)
);
CREATE UNIQUE INDEX document_version ON document (collection, version);
-- The fields that are declared, and up to which version documents were entered.
CREATE TABLE indexed (
    collection TEXT PRIMARY KEY, fields TEXT NOT NULL, version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE field (
    collection TEXT NOT NULL, field TEXT NOT NULL, key BLOB NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (collection, field, key, id)
) WITHOUT ROWID;
CREATE INDEX field_id ON field (collection, id);

CREATE TABLE task (
    name TEXT PRIMARY KEY, queue TEXT NOT NULL,
    payload TEXT NOT NULL, not_before REAL NOT NULL, due_at REAL NOT NULL,
    executor TEXT, tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX task_due ON task (queue, due_at);
CREATE TABLE tombstone (name TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE dead (
    name TEXT PRIMARY KEY, queue TEXT NOT NULL, payload TEXT NOT NULL,
    not_before REAL NOT NULL, tries INTEGER NOT NULL, error TEXT NOT NULL, died_at REAL NOT NULL
);
"""


def prepare(conn: sqlite3.Connection, path: Path) -> None:
    """Create the tables in a new file; check an old one.

    Raises Refused when the file is another program's or of a newer version of this one,
    Unavailable when it is locked.
    """
    try:
        conn.execute(f"PRAGMA page_size={PAGE_BYTES}")  # of a new file; an old one keeps its own
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("BEGIN IMMEDIATE")
        _check_or_create(conn, path)
        conn.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise translated(error, path) from error
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")


def translated(error: sqlite3.DatabaseError, path: Path) -> Refused | Unavailable:
    """Return our own error for one that SQLite raised while the file was opened."""
    if isinstance(error, sqlite3.OperationalError):
        return Unavailable(f"the database {path} cannot be opened: {error}")
    return Refused(
        f"{path} is no usable database: {error}",
        hint="move the file away and start again; media files are found again by a scan",
    )


def _check_or_create(conn: sqlite3.Connection, path: Path) -> None:
    version = conn.execute("PRAGMA user_version").fetchone()[0]
    owner = conn.execute("PRAGMA application_id").fetchone()[0]
    tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and owner != APPLICATION_ID:
        raise Refused(
            f"{path} belongs to another program", hint="choose another data folder, or move it away"
        )
    if version > VERSION:
        raise Refused(
            f"{path} was written by a newer version (its tables are version {version}, "
            f"this program knows {VERSION})",
            hint="update this program, or choose another data folder",
        )
    if tables and version < VERSION:
        raise Refused(
            f"{path} was written before the tables had their present shape",
            hint="start with --fresh: the old data are put aside whole",
        )
    if not tables:
        for statement in _TABLES.split(";\n"):
            conn.execute(statement)
        conn.execute(f"PRAGMA application_id={APPLICATION_ID}")
        conn.execute(f"PRAGMA user_version={VERSION}")
