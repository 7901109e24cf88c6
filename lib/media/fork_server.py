"""The process that tool runs are forked from: everything is imported before the first call comes.

Started by ``fork_client.py``, one for each process that runs tools. To start an interpreter and
import the tools costs more than to draw the pages of a carousel; a fork costs some milliseconds
and shares the memory. Each run is still a process in a session of its own, with nothing of the
runs before it. Runs die with this process, and this one ends when its client does.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys

import fontTools.ttLib
import fontTools.unicodedata
import icu4py.breakers
from PIL import Image

from lib.media import worker
from lib.media.fork_client import NUMBER, kill
from lib.media.layout import stills
from lib.media.picture import background
from lib.media.reel import join, part, sound, video
from lib.media.runner.confine import die_with_parent

#: What most runs need. What pulls in numpy is left out: its threads would not survive a fork.
PRELOADED = (background, join, part, sound, video, stills)
#: What they import only where it is used.
PRELOADED_LATE = (fontTools.ttLib, fontTools.unicodedata, icu4py.breakers)
#: A run is asked for with its standard input, output and error, and where to tell of it.
FILES = 4


class _Server:
    def __init__(self, link: socket.socket) -> None:
        self._link, self._selector = link, selectors.DefaultSelector()
        self._ended, self._wakes = os.pipe()
        for end in (self._ended, self._wakes):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        self._selector.register(link, selectors.EVENT_READ)
        self._selector.register(self._ended, selectors.EVENT_READ)
        #: Where to tell of the end of each run.
        self._running: dict[int, int] = {}

    def serve(self) -> bool:
        """Fork runs until the client is gone, and end those that are left.

        Returns a second time, and true, as each forked run.
        """
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._ended:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._ended, 1 << 12)
                    self._reap()
                    continue
                data, files, _, _ = socket.recv_fds(self._link, 1, FILES)
                if not data:
                    for pid in self._running:
                        kill(pid)
                    return False
                if self._fork(files):
                    return True

    def _fork(self, files: list[int]) -> bool:
        *standard, told = files
        self._running[0] = told
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            self._become_a_run(parent, standard)
            return True
        for file in standard:
            os.close(file)
        self._running[pid] = self._running.pop(0)
        _tell(told, pid)
        return False

    def _become_a_run(self, parent: int, standard: list[int]) -> None:
        """Leave everything of the server behind, as the process that was forked."""
        os.setsid()
        die_with_parent()
        if os.getppid() != parent:  # it ended before it could be asked about
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, file in enumerate(standard):
            os.dup2(file, number)
            os.close(file)
        self._selector.close()
        self._link.close()
        for file in (self._ended, self._wakes, *self._running.values()):
            os.close(file)

    def _reap(self) -> None:
        """Tell of the runs that have ended, and end what they left behind."""
        with contextlib.suppress(ChildProcessError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                # Not yet waited for, so that the number cannot be another process's by now.
                kill(found.si_pid)
                _, status = os.waitpid(found.si_pid, 0)
                told = self._running.pop(found.si_pid)
                _tell(told, os.waitstatus_to_exitcode(status))
                os.close(told)


def _tell(told: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # who asked is gone
        os.write(told, NUMBER.pack(number))


def main() -> None:
    """Serve the client at the other end of a socket, whose number is the one argument."""
    Image.init()  # all formats, which the first picture would look for
    gc.collect()
    gc.freeze()  # what is shared with runs stays untouched by their collections
    if _Server(socket.socket(fileno=int(sys.argv[1]))).serve():
        code = worker.main()
        sys.stdout.flush()
        os._exit(code)  # nothing is left to be taken down with care


if __name__ == "__main__":
    main()
