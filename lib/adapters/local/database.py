"""One SQLite file for records, queue, object index and outbox, with group commit.

Every adapter of this folder writes through ``Database.write``: one writer thread takes all
writes that wait at that instant into one transaction, so eight threads share one fsync and a
lone write commits at once. Knows nothing of what is written.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from lib.adapters.local import schema
from lib.adapters.local.bell import Bell
from lib.adapters.local.caught import Caught
from lib.core.errors import Refused, Unavailable

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]

#: Seconds that a connection waits for another process's lock before it gives up.
BUSY_S = 10.0
#: Writes in one transaction at most, so that the first of a flood is not held up by the last.
MOST_IN_BATCH = 256
#: Statements that a connection keeps compiled; the adapters use about 60 different ones.
STATEMENTS = 256
#: Bytes to which the write-ahead log is cut back after a checkpoint.
LOG_BYTES = 32 * 1024 * 1024

#: What SQLite raises for the world's faults (locked, full, broken); the rest are our mistakes.
_OUTSIDE = (sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.InternalError)


class _Write(Caught, Generic[T]):
    """One closure on its way through the writer thread; ``done`` is released when it is durable."""

    __slots__ = ("done", "fn", "result")

    def __init__(self, fn: Callable[[sqlite3.Connection], T]) -> None:
        super().__init__()
        self.fn = fn
        self.result: T | None = None
        # A bare lock is the cheapest thing that a thread can sleep on.
        self.done = threading.Lock()
        self.done.acquire()


class Database:
    """A SQLite file in WAL mode: many readers, one writer thread, every commit on the disk."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises Refused when it is not ours or newer than we are."""
        self.path = path
        self._pid = os.getpid()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = _connect(path)
        try:
            schema.prepare(self._writer, path)
        except (Refused, Unavailable):
            self._writer.close()
            raise
        self._idle: deque[sqlite3.Connection] = deque()
        self._bells: dict[str, Bell] = {}
        self._inbox: queue.SimpleQueue[_Write[Any] | None] = queue.SimpleQueue()
        self._folders: set[str] = set()
        self._gate = threading.Lock()
        self._closed = False
        # Daemon: a program that forgets to close still ends, and what was acknowledged is safe.
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def write(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn(conn)`` in the writer thread and return its result once it is durable.

        ``fn`` must be short and must not call ``write``. What it raises undoes its own changes
        only and is raised here. Raises Unavailable when the file is locked or the disk full.
        """
        self._check()
        write = _Write(fn)
        with self._gate:
            if self._closed:
                raise Unavailable("the database is closed")
            self._inbox.put(write)
        write.done.acquire()
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
        if self._closed:
            raise Unavailable("the database is closed")
        try:
            conn = self._idle.pop()
        except IndexError:
            conn = _connect(self.path)
            conn.execute("PRAGMA query_only=1")
        try:
            return conn.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            if type(error) in _OUTSIDE:
                raise Unavailable(f"the database cannot be read: {error}") from error
            raise
        finally:
            self._idle.append(conn)
            if self._closed:
                self._close_idle()

    def execute(self, sql: str, values: Values = ()) -> int:
        """Write one statement; return how many rows it changed."""
        return self.write(lambda conn: conn.execute(sql, values).rowcount)

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Write one statement for each of ``rows``, all or none; return the rows it changed."""
        return self.write(lambda conn: conn.executemany(sql, rows).rowcount)

    def bell(self, topic: str) -> Bell:
        """Return the bell of a topic; everybody who asks for the topic gets the same one."""
        with self._gate:
            return self._bells.setdefault(topic, Bell())

    def sync_folder(self, folder: str) -> None:
        """Ask, from inside a write, that the folder's entries are durable before the commit."""
        self._folders.add(folder)

    def close(self) -> None:
        """Finish the writes that wait, fold the log into the file and close it; idempotent."""
        if os.getpid() != self._pid:
            return
        with self._gate:
            if not self._closed:
                self._closed = True
                self._inbox.put(None)
        self._thread.join()
        self._close_idle()

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

    def _run(self) -> None:
        open_ = True
        while open_:
            batch = [self._inbox.get()]
            ready = min(self._inbox.qsize(), MOST_IN_BATCH - 1)
            batch += [self._inbox.get_nowait() for _ in range(ready)]
            open_ = batch[-1] is not None
            self._commit([write for write in batch if write is not None])
        # Folding the log is housekeeping: if a reader is in the way, the next open does it.
        fold = Caught()
        with fold:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer.close()

    def _commit(self, batch: list[_Write[Any]]) -> None:
        whole = Caught()
        with whole:
            self._carry_out(batch)
        if whole.error is not None:
            undo = Caught()
            with undo:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
            for write in batch:
                failed = Unavailable(f"the write did not become durable: {whole.error}")
                failed.__cause__ = whole.error
                write.error = write.error or failed
        self._folders.clear()
        for write in batch:
            write.done.release()

    def _carry_out(self, batch: list[_Write[Any]]) -> None:
        execute = self._writer.execute
        execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            self._carry_out_one(batch[0])
            return
        for write in batch:
            execute("SAVEPOINT one")
            with write:
                write.result = write.fn(self._writer)
            if write.error is not None:
                execute("ROLLBACK TO one")
            execute("RELEASE one")
        self._sync_folders()
        execute("COMMIT")

    def _carry_out_one(self, write: _Write[Any]) -> None:
        # The lone write needs no savepoint: its own transaction is one.
        with write:
            write.result = write.fn(self._writer)
        if write.error is not None:
            self._writer.execute("ROLLBACK")
            return
        self._sync_folders()
        self._writer.execute("COMMIT")

    def _sync_folders(self) -> None:
        for folder in self._folders:
            try:
                handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue  # removed by hand since: there is no entry left to make durable
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def next_number(conn: sqlite3.Connection, name: str, least: int) -> int:
    """Return a number above every earlier one of this name, and at least ``least``."""
    sql = "UPDATE number SET value = max(value + 1, ?) WHERE name = ? RETURNING value"
    value: int = conn.execute(sql, (least, name)).fetchall()[0][0]
    return value


def _connect(path: Path) -> sqlite3.Connection:
    try:
        conn = sqlite3.connect(
            path,
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS,
        )
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
    except sqlite3.DatabaseError as error:
        raise schema.translated(error, path) from error
    return conn
