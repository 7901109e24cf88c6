"""Commit what many threads write together, and wait for the disk once for all of them.

Called by ``database.py``. Who finds nobody writing leads: a lone write costs no change of threads.
Who finds a leader sleeps; the leader's successor takes all that wait by then into one transaction.
A leader passes on before it waits for the disk. Knows SQL's transactions, and no table.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from lib.adapters.local.caught import Caught
from lib.adapters.local.write_log import WriteLog, sync_folder
from lib.core.errors import Unavailable

T = TypeVar("T")

#: Writes in one transaction at most, so that the first of a flood is not held up by the last.
MOST_IN_BATCH = 256


class Write(Caught, Generic[T]):
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


class GroupCommit:
    """The writes of one process to one connection."""

    def __init__(self, writer: sqlite3.Connection, log: WriteLog) -> None:
        """Commit to ``writer``, whose log is ``log``; nobody else may use the connection."""
        self._writer = writer
        self._log = log
        #: No more writes are taken.
        self.closed = False
        #: Commits since somebody set it to 0.
        self.count = 0
        #: Folders whose entries the present batch changed.
        self.folders: set[str] = set()
        self._inbox: deque[Write[Any]] = deque()
        #: Guards who leads, who waits and whether all is closed; never held during a commit.
        self._gate = threading.Lock()
        self._ended = threading.Condition(self._gate)
        self._led = False
        self._leaders = 0

    def submit(self, write: Write[Any], *, last: bool = False) -> None:
        """Return when the write is done, by this thread or by another."""
        with self._gate:
            if self.closed:
                raise Unavailable("the database is closed")
            self.closed = last
            self._inbox.append(write)
            if not self._led:
                self._led = write.leads = True
        if not write.leads:
            self._sleep(write)
        if not write.done:
            self._lead(write)

    def look(self, sql: str, values: Any) -> list[tuple[Any, ...]] | None:
        """Return the rows of a short query, asked in the place of a leader; None when one leads."""
        with self._gate:
            if self._led or self.closed:
                return None
            self._led = True
        try:
            return self._writer.execute(sql, values).fetchall()
        finally:
            with self._gate:
                self._pass_on()

    def wait_for_leaders(self) -> None:
        """Return when nobody commits or waits for the disk any more; submit the last one first."""
        with self._gate:
            self._ended.wait_for(lambda: self._leaders == 0)

    def _sleep(self, write: Write[Any]) -> None:
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

    def _lead(self, own: Write[Any]) -> None:
        batch: list[Write[Any]] = []
        with self._gate:
            self._leaders += 1
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
            with self._gate:
                self._leaders -= 1
                if self.closed:
                    self._ended.notify_all()

    def _pass_on(self) -> None:
        """Let the first that waits lead, or nobody; the gate is held."""
        self._led = bool(self._inbox)
        if self._led:
            self._inbox[0].leads = True
            self._inbox[0].wake.release()

    def _commit(self, batch: list[Write[Any]]) -> set[str]:
        """Carry a batch out in one transaction; return the folders to be made durable with it."""
        self.folders = set()
        self._log.take_turn()
        try:
            self._carry_out(batch)
        finally:
            undo = Caught()
            with undo:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
            self._log.end_turn()
        self.count += 1
        return self.folders

    def _carry_out(self, batch: list[Write[Any]]) -> None:
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
