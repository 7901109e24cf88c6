"""Wake whoever waits for news, so that idle work starts in about a millisecond.

Rung by the adapters after a write, waited on by runners and watchers. A bell is heard in this
process; a door, which is a named pipe beside the database, by whichever process listens. Both
carry no news themselves: a sleeper that wakes looks into the database.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from pathlib import Path

from lib.core.errors import Unavailable


class Bell:
    """A counter of rings that threads can wait on; no ring between look and sleep is lost."""

    def __init__(self) -> None:
        """Start with no ring."""
        self._changed = threading.Condition(threading.Lock())
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it rang; read this before looking, then pass it to ``wait``."""
        return self._rings

    def ring(self) -> None:
        """Wake every waiting thread."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout_s: float) -> bool:
        """Sleep until it rang more often than ``seen``; False when the timeout came first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._rings > seen, max(0.0, timeout_s))


class Door:
    """A named pipe that anybody may knock at and several may listen to.

    Clear it, look into the database, then wait: a knock in between is not lost. Where several
    listen, one may clear away a knock that was meant for another, who then sleeps his time out.
    """

    def __init__(self, place: Path) -> None:
        """Stand for the pipe at ``place``; it is made by the first who listens."""
        self._place = str(place)
        self._pipe: int | None = None
        self._opening = threading.Lock()

    def knock(self) -> None:
        """Wake whoever listens; costs little when nobody does."""
        # Nobody listens, or so many knocks wait already that one more says nothing.
        with contextlib.suppress(OSError):
            if self._pipe is not None:
                os.write(self._pipe, b"!")
                return
            pipe = os.open(self._place, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(pipe, b"!")
            finally:
                os.close(pipe)

    def clear(self) -> None:
        """Listen from now on, and forget the knocks so far. Raises Unavailable."""
        pipe = self._listening()
        with contextlib.suppress(BlockingIOError):
            os.read(pipe, 65_536)

    def wait(self, timeout_s: float) -> bool:
        """Sleep until somebody knocks; False when ``timeout_s`` came first."""
        with select.epoll() as waiting:
            # Of several who sleep a knock wakes one, or few: there is one task behind it.
            waiting.register(self._listening(), select.EPOLLIN | select.EPOLLEXCLUSIVE)
            return bool(waiting.poll(max(0.0, timeout_s), 1))

    def close(self) -> None:
        """Stop listening; nobody may be waiting."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            os.close(pipe)

    def _listening(self) -> int:
        if self._pipe is not None:
            return self._pipe
        with self._opening:
            if self._pipe is None:
                self._pipe = self._open()
            return self._pipe

    def _open(self) -> int:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkfifo(self._place, 0o600)
            # For writing too: a pipe whose last writer left would be at its end for ever.
            return os.open(self._place, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(f"the pipe {self._place} cannot be opened: {error}") from error
