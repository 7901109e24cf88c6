"""Asks the fork server for runs of tools; starts it with the first, and again when it died.

Used by ``toolbox.py``. There is one server for each process of ours that runs tools, whichever
of its threads ask.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lib.core.errors import Unavailable

#: What is told of a run: first its process id, then its exit code (negative: a signal).
NUMBER = struct.Struct("<i")
#: Seconds that the end of something killed may take.
END_S = 5.0
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class ForkedRun:
    """One run: a process in a session of its own, which somebody else waits for."""

    pid: int
    _told: int

    def wait(self, deadline_s: float) -> int:
        """Return the exit code, negative for a signal; what it started is ended by then.

        Raises TimeoutError, and ends it, when its time is over.
        """
        deadline, code = time.monotonic() + deadline_s, None
        try:
            code = _heard(self._told, deadline)
            if code is None and time.monotonic() >= deadline:
                raise TimeoutError(f"no answer in {deadline_s:g} s")
        except BaseException:  # the server has not waited for it: its number is still its own
            kill(self.pid)
            _heard(self._told, time.monotonic() + END_S)
            raise
        finally:
            os.close(self._told)
        return -signal.SIGKILL if code is None else code  # without a server its runs are dead too


class ForkClient:
    """The server of this process, when there is one."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._server: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        atexit.register(self.close)

    def run(self, standard: tuple[IO[Any], IO[Any], IO[Any]]) -> ForkedRun:
        """Start a run with these as its standard input, output and error.

        Raises Unavailable when no server can be started.
        """
        files = [file.fileno() for file in standard]
        with self._turn:
            for _ in range(2):  # a server may have died since the last run
                link = self._link or self._started()
                told, tells = os.pipe()
                try:
                    with contextlib.suppress(OSError):
                        socket.send_fds(link, [b"1"], [*files, tells])
                finally:
                    os.close(tells)
                if (pid := _heard(told, None)) is not None:
                    return ForkedRun(pid, told)
                os.close(told)
                self._end()
        raise Unavailable("the process that runs the tools does not start")

    def close(self) -> None:
        """End the server and the runs that are left."""
        with self._turn:
            self._end()

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "lib.media.fork_server", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._link = ours
        return ours

    def _end(self) -> None:
        if self._link is not None:
            self._link.close()
        if self._server is not None:
            try:
                self._server.wait(END_S)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._link = self._server = None


def kill(pid: int) -> None:
    """Kill the leader of a session and all of its group, if they still live."""
    for way in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            way(pid, signal.SIGKILL)


def _heard(told: int, deadline: float | None) -> int | None:
    """Return the next number from a pipe; None when none came in time, or none will come."""
    waiting = select.poll()
    waiting.register(told, select.POLLIN)
    left_ms = None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
    if not waiting.poll(left_ms):
        return None
    data = os.read(told, NUMBER.size)
    return NUMBER.unpack(data)[0] if len(data) == NUMBER.size else None
