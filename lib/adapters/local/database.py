"""One SQLite file for records, queue, object index and outbox, with group commit.

Every adapter of this folder writes through ``Database.write``. Who finds nobody writing leads:
a lone write costs no change of threads. Who finds a leader sleeps; the leader's successor takes
all that wait by then into one transaction, and one wait for the disk serves them all. Knows
nothing of what is written.
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
from lib.adapters.local.bell import Bell, Door
from lib.adapters.local.caught import Caught
from lib.adapters.local.write_log import WriteLog, sync_folder
from lib.core.errors import Refused, Unavailable

T = TypeVar("T")
Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]

#: Topic of the door at which a new event knocks.
EVENTS = "events"
#: Seconds that a connection waits for another process's lock before it gives up.
BUSY_S = 10.0
#: Writes in one transaction at most, so that the first of a flood is not held up by the last.
MOST_IN_BATCH = 256
#: Statements that a connection keeps compiled; the adapters use about 60 different ones.
STATEMENTS = 256
#: Commits of this process after which it folds the log into the file.
FOLD_EVERY = 500
#: Bytes that the log of a running studio has from the start.
RESERVE = 8 * 1024 * 1024
#: Bytes to which the log is cut back when it starts anew.
LOG_BYTES = 32 * 1024 * 1024

#: What SQLite raises for the world's faults (locked, full, broken); the rest are our mistakes.
_OUTSIDE = (sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.InternalError)


class _Write(Caught, Generic[T]):
    """One closure on its way to the disk; ``wake`` is released when it is done, or must lead."""

    __slots__ = ("alone", "done", "durable", "fn", "leads", "result", "wake")

    def __init__(
        self, fn: Callable[[sqlite3.Connection], T], *, durable: bool = True, alone: bool = False
    ) -> None:
        super().__init__()
        self.fn = fn
        self.durable = durable
        #: One statement, which is a transaction of its own.
        self.alone = alone
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
            self._log = WriteLog(path)
        except (Refused, Unavailable):
            self._writer.close()
            raise
        self._idle: deque[sqlite3.Connection] = deque()
        self._bells: dict[str, Bell] = {}
        self._doors: dict[str, Door] = {}
        self._inbox: deque[_Write[Any]] = deque()
        self._folders: set[str] = set()
        #: Guards who leads, who waits and whether all is closed; never held during a commit.
        self._gate = threading.Lock()
        self._led = False
        self._closed = False
        self._commits = 0

    def write(self, fn: Callable[[sqlite3.Connection], T], *, durable: bool = True) -> T:
        """Run ``fn(conn)`` in a transaction and return its result once it is durable.

        Not ``durable``: it outlives this process at once, and the machine's power with the
        next durable write. ``fn`` must be short and must not call ``write``. What it raises
        undoes its own changes only and is raised here. Raises Unavailable when the file is
        locked or the disk full.
        """
        return self._through(_Write(fn, durable=durable))

    def _through(self, write: _Write[T]) -> T:
        self._check()
        self._submit(write)
        if self._commits >= FOLD_EVERY:
            self._commits = 0
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

    def execute(self, sql: str, values: Values = (), *, durable: bool = True) -> int:
        """Write one statement; return how many rows it changed."""
        return self._through(
            _Write(lambda conn: conn.execute(sql, values).rowcount, durable=durable, alone=True)
        )

    def execute_returning(self, sql: str, values: Values, *, durable: bool = True) -> list[Row]:
        """Write one statement and return the rows that it answers with."""
        return self._through(
            _Write(lambda conn: conn.execute(sql, values).fetchall(), durable=durable, alone=True)
        )

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]], *, durable: bool = True) -> int:
        """Write one statement for each of ``rows``, all or none; return the rows it changed."""
        return self.write(lambda conn: conn.executemany(sql, rows).rowcount, durable=durable)

    def bell(self, topic: str) -> Bell:
        """Return the bell of a topic; everybody in this process gets the same one."""
        known = self._bells.get(topic)
        if known is not None:
            return known
        with self._gate:
            return self._bells.setdefault(topic, Bell())

    def door(self, topic: str) -> Door:
        """Return the door of a topic; it is the same for every process that has the file open."""
        place = self.path.with_name(f"{self.path.name}-door-{topic}")
        with self._gate:
            return self._doors.setdefault(topic, Door(place))

    def sync_folder(self, folder: str) -> None:
        """Ask, from inside a write, that the folder's entries are durable when it returns."""
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
        whole, went_through = Caught(), False
        try:
            with whole:
                try:
                    with self._gate:
                        ready = min(len(self._inbox), MOST_IN_BATCH)
                        batch += [self._inbox.popleft() for _ in range(ready)]
                    folders = self._commit(batch)
                finally:
                    with self._gate:
                        self._pass_on()
                # The next leader commits while this one waits for the disk.
                for folder in folders:
                    sync_folder(folder)
                if any(write.durable and write.error is None for write in batch):
                    self._log.sync()
                went_through = True
        finally:
            # Also when the leading thread is interrupted: its followers must not wait for ever.
            for write in batch:
                if not went_through and write.error is None:
                    why = whole.error or "interrupted"
                    write.error = Unavailable(f"the write did not become durable: {why}")
                    write.error.__cause__ = whole.error
                write.done = True
                if write is not own:
                    write.wake.release()

    def _pass_on(self) -> None:
        """Let the first that waits lead, or nobody; the gate is held."""
        self._led = bool(self._inbox)
        if self._led:
            self._inbox[0].leads = True
            self._inbox[0].wake.release()

    def _commit(self, batch: list[_Write[Any]]) -> set[str]:
        """Carry a batch out in one transaction; return the folders to be made durable with it."""
        self._folders = set()
        self._log.take_turn()
        try:
            self._carry_out(batch)
        finally:
            undo = Caught()
            with undo:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
            self._log.end_turn()
        self._commits += 1
        return self._folders

    def _carry_out(self, batch: list[_Write[Any]]) -> None:
        execute = self._writer.execute
        if len(batch) == 1:  # a lone write needs no savepoint: its own transaction is one
            (only,) = batch
            with only:
                if not only.alone:
                    execute("BEGIN IMMEDIATE")
                only.result = only.fn(self._writer)
            if only.error is None and not only.alone:
                execute("COMMIT")
            return
        execute("BEGIN IMMEDIATE")
        for write in batch:
            execute("SAVEPOINT one")
            with write:
                write.result = write.fn(self._writer)
            if write.error is not None:
                execute("ROLLBACK TO one")
            execute("RELEASE one")
        execute("COMMIT")


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
        # The log is synced by ``WriteLog``, after the commit and for all that wait at once.
        conn.execute("PRAGMA synchronous=NORMAL")
        conn.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        conn.execute("PRAGMA wal_autocheckpoint=0")  # see ``_fold``
    except sqlite3.DatabaseError as error:
        raise schema.translated(error, path) from error
    return conn
