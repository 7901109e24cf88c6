"""Start a studio as a process with all that it starts, and end it as a power cut would."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from lib.cli.client import Client
from lib.settings import ROOT
from tests.app.crank import settings_below
from tests.e2e.processes import children, gone_within, words

#: Seconds within which a studio of these tests serves; it takes less than one on an idle machine.
START_S = 60.0
#: Seconds within which what belonged to a killed studio is gone by itself.
GONE_S = 5.0


class Group:
    """One running studio: its process, its render workers, and their tools."""

    def __init__(self, folder: Path, *, under: Iterable[str] = ()) -> None:
        """Start it; ``under`` is a command that runs it in other surroundings."""
        self.folder = folder
        self.begun = time.monotonic()
        self._errors = (folder / "errors.txt").open("ab")
        command = [*under, sys.executable, "-m", "tests.process.studio", str(folder)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors
        )
        self.port = 0

    def serves(self, within_s: float = START_S) -> bool:
        """Wait until it serves; False when ``within_s`` came first, or its end."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, within_s))
        line = self.process.stdout.readline() if ready else b""
        if line:
            self.port = json.loads(line)["port"]
        return bool(line)

    @property
    def client(self) -> Client:
        """Who asks this studio."""
        return Client(settings_below(self.folder), port=self.port)

    def workers(self) -> set[int]:
        """Return its render workers."""
        return {pid for pid in children(self.process.pid) if "render" in words(pid)}

    def kill(self, *, alone: bool = False) -> None:
        """End it at once: all of it, or the studio alone, whose workers must end by themselves."""
        family = children(self.process.pid)
        for pid in [self.process.pid, *(() if alone else family)]:
            kill(pid)
        self.process.communicate()
        self._errors.close()
        left = gone_within(family, GONE_S)
        assert left == set(), [words(pid) for pid in left]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.kill()


def kill(pid: int) -> None:
    """SIGKILL to one process; it may have ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
