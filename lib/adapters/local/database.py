"""One SQLite file for records, queue, object index and outbox, with group commit.

Every adapter of this folder writes through ``Database.write``. Who finds nobody writing leads:
a lone write costs no change of threads. Who finds a leader sleeps; the leader's successor takes
all that wait by then into one transaction and wakes each of them, so eight threads share one
fsync. Knows nothing of what is written.
"""

from __future__ import annotations

import os
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
    """One closure on its way to the disk; ``wake`` is released when it is done, or must lead."""

    __slots__ = ("done", "fn", "leads", "result", "wake")

    def __init__(self, fn: Callable[[sqlite3.Connection], T]) -> None:
        super().__init__()
        self.fn = fn
        self.result: T | None = None
        self.done = False
        self.leads = False
        # A bare lock is the cheapest thing that a thread can sleep on.
        self.wake = threading.Lock()
        self.wake.acquire()


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
        except (Refused, Unavailable):
            self._writer.close()
            raise
        self._idle: deque[sqlite3.Connection] = deque()
        self._bells: dict[str, Bell] = {}
        self._inbox: deque[_Write[Any]] = deque()
        self._folders: set[str] = set()
        #: Guards who leads, who waits and whether all is closed; never held during a commit.
        self._gate = threading.Lock()
        self._led = False
        self._closed = False

    def write(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn(conn)`` in a transaction and return its result once it is durable.

        ``fn`` must be short and must not call ``write``. What it raises undoes its own changes
        only and is raised here. Raises Unavailable when the file is locked or the disk full.
        """
        self._check()
        write = _Write(fn)
        self._submit(write)
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
        if os.getpid() != self._pid or self._closed:
            return
        self._submit(_Write(lambda _: None), last=True)
        # Folding the log is housekeeping: a reader in the way leaves it to the next open.
        fold = Caught()
        with fold:
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writer.close()
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

    def _submit(self, write: _Write[Any], *, last: bool = False) -> None:
        """Return when the write is done, by this thread or by another."""
        with self._gate:
            if self._closed:
                raise Unavailable("the database is closed")
            self._closed = last
            self._inbox.append(write)
            if not self._led:
                self._led = write.leads = True
        if not write.leads:
            self._sleep(write)
        if not write.done:
            self._lead(write)

    def _sleep(self, write: _Write[Any]) -> None:
        woken = False
        try:
            write.wake.acquire()
            woken = True
        finally:
            if not woken:  # interrupted: do not be chosen to lead, or pass it on
                with self._gate:
                    if write in self._inbox:
                        self._inbox.remove(write)
                    if write.leads:
                        self._pass_on()

    def _lead(self, own: _Write[Any]) -> None:
        batch: list[_Write[Any]] = []
        try:
            with self._gate:
                ready = min(len(self._inbox), MOST_IN_BATCH)
                batch += [self._inbox.popleft() for _ in range(ready)]
            self._commit(batch)
        finally:
            with self._gate:
                self._pass_on()
            for write in batch:
                if write is not own:
                    write.wake.release()

    def _pass_on(self) -> None:
        """Let the first that waits lead, or nobody; the gate is held."""
        self._led = bool(self._inbox)
        if self._led:
            self._inbox[0].leads = True
            self._inbox[0].wake.release()

    def _commit(self, batch: list[_Write[Any]]) -> None:
        whole, went_through = Caught(), False
        try:
            with whole:
                self._carry_out(batch)
                went_through = True
        finally:
            # Also when the leading thread is interrupted: its followers must not wait for ever.
            if not went_through:
                self._undo(batch, whole.error)
            self._folders.clear()
            for write in batch:
                write.done = True

    def _undo(self, batch: list[_Write[Any]], error: Exception | None) -> None:
        undo = Caught()
        with undo:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        for write in batch:
            failed = Unavailable(f"the write did not become durable: {error or 'interrupted'}")
            failed.__cause__ = error
            write.error = write.error or failed

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
