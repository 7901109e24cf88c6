"""A server that stands in for a cloud's service: a process of its own, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from typing import Self

#: Seconds within which a stand-in must answer.
LIMIT_S = 60.0


class StandIn:
    """Runs until the block ends; a subclass says what."""

    port: int

    def command(self) -> list[str]:
        """Return what to run; it must listen on ``port`` of the loopback."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process = subprocess.Popen(
            self.command(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + LIMIT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"{type(self).__name__} did not start: {self.command()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True
