"""The deployed functions, each a process of its own, served as Cloud Run serves them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from lib.settings import ROOT
from tests.stand_ins.process import StandIn, free_port


class Service(StandIn):
    """One function behind its own port; ``threads`` requests at the same time."""

    def __init__(self, function: str, folder: Path, *, threads: int, kind: str = "http") -> None:
        self.port = free_port()  # others must know it before it runs
        self.log = folder / f"{function}-{self.port}.log"
        self.runtime = folder / f"run-{self.port}"
        self.runtime.mkdir()
        self._function, self._kind, self._threads = function, kind, threads
        self.settings: Mapping[str, str] = {}

    def environment(self) -> Mapping[str, str]:
        """Return what infra/ tells a function."""
        own = {"PYTHONPATH": str(ROOT), "WORKERS": "1", "THREADS": str(self._threads)}
        own |= {"GRPC_ENABLE_FORK_SUPPORT": "0"}
        # An instance is alone in its container; its server's control socket must be its own here.
        own |= {"XDG_RUNTIME_DIR": str(self.runtime)}
        return {**own, **self.settings}

    def command(self) -> list[str]:
        """Return what to run: what the image's entry point runs."""
        command = [sys.executable, "-m", "functions_framework", "--target", self._function]
        command += ["--source", str(ROOT / "main.py"), "--signature-type", self._kind]
        return [*command, "--host", "127.0.0.1", "--port", str(self.port)]

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}/"
