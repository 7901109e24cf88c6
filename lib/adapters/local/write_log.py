"""The database's write-ahead log as a file: whose turn it is to write, and when it is on the disk.

Called by ``database.py``. SQLite would hold its write lock while it waits for the disk, and lets
other processes poll for that lock. Here a turn is a lock that the kernel hands on at once, and
the log is synced after the turn, while others write.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from lib.core.errors import Unavailable


class WriteLog:
    """The open log of one database in WAL mode."""

    def __init__(self, database: Path) -> None:
        """Open the log; a connection must have been opened before. Raises Unavailable."""
        try:
            self._file = os.open(f"{database}-wal", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(f"the log of {database} cannot be opened: {error}") from error

    def take_turn(self) -> None:
        """Sleep until this process alone may write."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def end_turn(self) -> None:
        """Let the next one write."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def sync(self) -> None:
        """Return when all that was committed is on the disk.

        Frames are appended in the order of their commits, so a synced one proves all before it.
        """
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise Unavailable(f"the log cannot be brought to the disk: {error}") from error

    def reserve(self, size: int) -> None:
        """Lay the log out in ``size`` bytes: a sync that lengthens the file takes twice the time.

        What stands behind the last frame is passed over by SQLite, whatever it is.
        """
        self.take_turn()
        try:
            lacking = size - os.fstat(self._file).st_size
            if lacking > 0:
                os.lseek(self._file, 0, os.SEEK_END)
                os.write(self._file, bytes(lacking))
                os.fsync(self._file)
        except OSError as error:
            raise Unavailable(f"the log cannot be laid out: {error}") from error
        finally:
            self.end_turn()

    def close(self) -> None:
        """Close the file; the last turn must be over."""
        os.close(self._file)


def sync_folder(folder: str) -> None:
    """Return when the entries of a folder are on the disk; one that is gone has none."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
