"""One SQLite file for records, queue, object index and outbox.

Every adapter of this folder reads and writes through ``Database``; writes of many threads share
commits (``group_commit.py``). Knows nothing of what is written.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lib.adapters.local import schema
from lib.adapters.local.bell import Bell, Door
from lib.adapters.local.caught import Caught
from lib.adapters.local.group_commit import GroupCommit, Write
from lib.adapters.local.write_log import WriteLog
from lib.core.errors import Refused, Unavailable

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]

#: Topic of the door at which a new event knocks.
EVENTS = "events"
#: Seconds that a connection waits for another process's lock before it gives up.
BUSY_S = 10.0
#: Statements that a connection keeps compiled; the adapters use about 60 different ones.
STATEMENTS = 256
#: Commits of this process after which it folds the log into the file: early enough that the log
#: of a busy studio stays within its reserve, and no sync has to lengthen it.
FOLD_EVERY = 150
#: Bytes that the log of a running studio has from the start.
RESERVE = 8 * 1024 * 1024
#: Bytes to which the log is cut back when it starts anew.
LOG_BYTES = 32 * 1024 * 1024

#: What SQLite raises for the world's faults (locked, full, broken); the rest are our mistakes.
_OUTSIDE = (sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.InternalError)


class Database:
    """A SQLite file in WAL mode: many readers, one writer at a time, every commit on the disk."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises Refused when it is not ours or newer than we are."""
        self.path = path
        self._pid = os.getpid()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = _connect(path)
        try:
            schema.prepare(self._writer, path)
            self._log = WriteLog(path)
        except (Refused, Unavailable):
            self._writer.close()
            raise
        self._idle: deque[sqlite3.Connection] = deque()
        self._bells: dict[str, Bell] = {}
        self._doors: dict[str, Door] = {}
        self._commits = GroupCommit(self._writer, self._log)
        self._making = threading.Lock()

    def write(self, fn: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run ``fn(conn)`` in a transaction and return its result once it is durable.

        Not ``durable``: it outlives this process at once, and the machine's power with the
        next durable write. ``fn`` must be short and must not call ``write``. What it raises
        undoes its own changes only and is raised here. Raises Unavailable when the file is
        locked or the disk full.
        """
        return self._through(Write(fn, durable=durable))

    def _through(self, write: Write[T]) -> T:
        self._check()
        self._commits.submit(write)
        if self._commits.count >= FOLD_EVERY:
            self._commits.count = 0
            put_off = Caught()
            with put_off:  # housekeeping: the next time will do
                self.fold()
        error = write.error
        if error is None:
            return write.result  # type: ignore[return-value]
        try:
            if type(error) in _OUTSIDE:
                raise Unavailable(f"the database cannot be written: {error}") from error
            raise error
        finally:
            del error, write  # otherwise traceback and frame keep each other alive

    def read(self, sql: str, values: Values = ()) -> list[Row]:
        """Return the rows of one query over what is committed now. Raises Unavailable."""
        self._check()
        if self._commits.closed:
            raise Unavailable("the database is closed")
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = _connect(self.path)
            conn.execute("PRAGMA query_only=1")
        try:
            return conn.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from error
        finally:
            self._idle.append(conn)
            if self._commits.closed:
                self._close_idle()

    def look(self, sql: str, values: Values = ()) -> list[Row]:
        """Return the few rows of a lookup by key, as ``read`` does.

        Where nobody writes it asks the connection that wrote last, which has most at hand.
        """
        self._check()
        try:
            rows = self._commits.look(sql, values)
        except sqlite3.DatabaseError as error:
            raise _unreadable(error) from error
        return self.read(sql, values) if rows is None else rows

    def execute(self, sql: str, values: Values = (), *, durable: bool = True) -> int:
        """Write one statement; return how many rows it changed."""
        return self._through(
            Write(lambda conn: conn.execute(sql, values).rowcount, durable=durable, alone=True)
        )

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]], *, durable: bool = True) -> int:
        """Write one statement for each of ``rows``, all or none; return the rows it changed."""
        return self.write(lambda conn: conn.executemany(sql, rows).rowcount, durable=durable)

    def bell(self, topic: str) -> Bell:
        """Return the bell of a topic; everybody in this process gets the same one."""
        known = self._bells.get(topic)
        if known is not None:
            return known
        with self._making:
            return self._bells.setdefault(topic, Bell())

    def door(self, topic: str) -> Door:
        """Return the door of a topic; it is the same for every process that has the file open."""
        place = self.path.with_name(f"{self.path.name}-door-{topic}")
        with self._making:
            return self._doors.setdefault(topic, Door(place))

    def sync_folder(self, folder: str) -> None:
        """Ask, from inside a write, that the folder's entries are durable when it returns."""
        self._commits.folders.add(folder)

    def close(self) -> None:
        """Finish the writes that wait, fold the log into the file and close it; idempotent."""
        if os.getpid() != self._pid or self._commits.closed:
            return
        self._commits.submit(Write(lambda _: None), last=True)
        self._commits.wait_for_leaders()
        # Folding the log is housekeeping: a reader in the way leaves it to the next open.
        fold = Caught()
        with fold:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer.close()
        self._close_idle()
        self._log.close()
        for door in self._doors.values():
            door.close()

    def _check(self) -> None:
        if os.getpid() != self._pid:
            raise Refused(
                f"the database was opened by process {self._pid}, this is process {os.getpid()}",
                hint="open it again after a fork; a connection must not cross one",
            )

    def _close_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def make_ready(self) -> None:
        """Prepare for many writes: what a killed process left is folded, the log is laid out."""
        self.fold()
        self._log.reserve(RESERVE)

    def flush(self) -> None:
        """Bring to the disk what did not wait for it. Raises Unavailable."""
        self._log.sync()

    def fold(self) -> None:
        """Fold the log into the file, so that it starts anew; others may write meanwhile."""
        conn = _connect(self.path)
        try:
            # All but the last frames while others write, then those few in a turn of our own.
            conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._log.take_turn()
            try:
                conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
            finally:
                self._log.end_turn()
        except sqlite3.DatabaseError as error:
            raise schema.translated(error, self.path) from error
        finally:
            conn.close()


def _unreadable(error: sqlite3.DatabaseError) -> Exception:
    """Return what to raise for a failed query: our own mistakes stay what they are."""
    if type(error) not in _OUTSIDE:
        return error
    return Unavailable(f"the database cannot be read: {error}")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        conn = sqlite3.connect(
            path,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS,
        )
        # The log is synced by ``WriteLog``, after the commit and for all that wait at once.
        conn.execute("PRAGMA synchronous=NORMAL")
        conn.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        conn.execute("PRAGMA wal_autocheckpoint=0")  # see ``fold``
    except sqlite3.DatabaseError as error:
        raise schema.translated(error, path) from error
    return conn
