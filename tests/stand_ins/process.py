"""A server that stands in for a cloud's service: a process of its own, on a port of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

#: Seconds within which a stand-in must answer.
LIMIT_S = 60.0


#: Ports that no system hands out to outgoing connections, which could be faster than our server.
_PORTS = range(12_000, 32_000)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on, nor is likely to before we do."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class StandIn:
    """Runs until the block ends; a subclass says what."""

    port: int
    #: Where what it says is written; None: nowhere.
    log: Path | None = None

    def environment(self) -> Mapping[str, str]:
        """Return what it is told beside this process's own environment."""
        return {}

    def command(self) -> list[str]:
        """Return what to run; it must listen on ``port`` of the loopback."""
        raise NotImplementedError

    def launch(self) -> None:
        """Start it, without waiting for it."""
        if not hasattr(self, "port"):
            self.port = free_port()
        with (self.log or Path(os.devnull)).open("wb") as said:
            self._process = subprocess.Popen(
                self.command(),
                env={**os.environ, **self.environment()},
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        """Wait until it answers. Raises RuntimeError when it does not."""
        deadline = time.monotonic() + LIMIT_S
        # Somebody else may answer at its port; then it could not have it, and ended.
        while (ended := self._process.poll() is not None) or not self._answers():
            if ended or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"{type(self).__name__} did not start: {self.command()}")
            time.sleep(0.05)

    def __enter__(self) -> Self:
        self.launch()
        self.await_ready()
        return self

    @property
    def pid(self) -> int:
        """Return the process that was started, the first of its group."""
        return self._process.pid

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
