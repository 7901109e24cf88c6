"""Let only one process run a studio in a data folder, and tell everybody else which one does.

Called by the launcher before anything else is opened. Knows nothing of servers beyond the
port number it is told.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lib.core.errors import Refused, Unavailable

#: Name of the lock file in the data folder.
FILE = "studio.lock"
#: Bytes of the lock file that are read; its JSON is about 40.
MOST_BYTES = 4096


class StudioLock:
    """The exclusive right to run in ``folder``; the system takes it back when the process dies."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        """Take the lock. Raises Refused, naming the process that holds it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        try:
            self._handle: int | None = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unavailable(f"the lock {self._path} cannot be opened: {error}") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            found = _read(self._handle)
            self.release()
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise Unavailable(f"{self._path} cannot be locked: {error}") from error
            where = f" at port {found['port']}" if found.get("port") else ""
            raise Refused(
                f"process {found.get('pid', 'unknown')} already runs a studio in {folder}{where}",
                hint="use that one, stop it, or choose another data folder",
            ) from error
        self.announce(port)

    def announce(self, port: int | None) -> None:
        """Write down who runs here and at which port."""
        if self._handle is None:
            raise Refused("the lock was released", hint="take it again first")
        text = json.dumps({"pid": os.getpid(), "port": port}).encode()
        try:
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text, 0)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {error}") from error

    def release(self) -> None:
        """Give the lock back; idempotent."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        """Return the lock itself, taken."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the lock back."""
        self.release()


def holder(folder: Path) -> dict[str, Any] | None:
    """Return ``pid`` and ``port`` of the process that runs in ``folder``, or None if none does."""
    try:
        handle = os.open(folder / FILE, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read(handle)
    finally:
        os.close(handle)
    return None


def _read(handle: int) -> dict[str, Any]:
    try:
        found = json.loads(os.pread(handle, MOST_BYTES, 0))
    except ValueError:
        return {}  # read in the instant between cut and write
    return found if isinstance(found, dict) else {}
