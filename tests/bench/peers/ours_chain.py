"""The chain on Brandcast: a work of one step, from enqueue to settled, all of it durable.

The real functions, verbs, kernel and embedded adapters; only the tool is instant, as the
peers' is.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lib.app.settle import begin
from lib.core.checks import Check
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Artifact, Plan, Step, Work
from lib.crew import serve, take_orders
from lib.embedded import running
from lib.ports import ToolCall
from lib.settings import Settings
from lib.wiring.local import LocalStudio, open_local
from tests.bench.peers.files import PAYLOAD

FOLDER = Path(os.environ["BENCH_FOLDER"])
#: Names and instants of the works that are ready; no part of the studio.
READY = FOLDER / "ready.txt"
_MEDIA_TYPE = "application/octet-stream"


class CopyTool:
    """Writes the same bytes as the peers do; probing reads them back."""

    def run(self, call: ToolCall) -> None:
        """Write every file of the call."""
        for file in call.makes.values():
            file.write_bytes(PAYLOAD)

    def probe(self, file: Path, media_type: str) -> dict[str, Any]:
        """Return the only fact that the check asks for."""
        same = file.read_bytes() == PAYLOAD
        return {"media_type": media_type} if same else {"unreadable": "other bytes"}


def work_of(name: str) -> Work:
    """Return a work of one step and one object."""
    prints = fingerprint(name)
    path = build(ObjectName("bench", "bench", "posts", name, "image", prints, "bin"))
    artifact = Artifact(slot="image", path=path, check=Check(media_type=_MEDIA_TYPE))
    plan = Plan(steps=(Step(name="copy", tool="copy", makes=(artifact,)),))
    return Work(
        id=name,
        owner="bench",
        actor="bench",
        brand="bench",
        kind="post",
        plan=plan,
        created_at=time.time(),
    )


def open_studio(settings: Settings | None = None, executor: str = "") -> LocalStudio:
    """Wire the embedded adapters in the bench's folder, with the instant tool."""
    used = settings or Settings(data=FOLDER, port=0)
    return open_local(used, tools=CopyTool(), executor=executor)


@contextmanager
def contender() -> Iterator[Any]:
    """Return functions to enqueue a work, as any other process would, and to see what is ready."""
    local = open_studio()
    try:
        yield lambda name: begin(local.studio, work_of(name)), _Noted()
    finally:
        local.close()


class _Noted:
    """What the render workers noted so far; read on from where the last look ended."""

    def __init__(self) -> None:
        READY.touch()
        self._stream = READY.open("rb")
        self._found: dict[str, float] = {}
        self._rest = b""

    def __call__(self) -> dict[str, float]:
        *lines, self._rest = (self._rest + self._stream.read()).split(b"\n")
        for line in lines:
            name, at = line.decode().split()
            self._found[name] = float(at)
        return self._found


def render() -> None:
    """Be a render worker; note when the write that says ready returned.

    The bytes are on the disk then, and so is the order; the rest follows from the two.
    """
    local = open_studio(*take_orders())
    records = local.studio.records
    update = records.update
    noted = os.open(READY, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def noting(path: str, fields: Any, **more: Any) -> Any:
        record = update(path, fields, **more)
        if fields.get(("summary",), {}).get("phase") == "ready":
            os.write(noted, f"{path.rpartition('/')[2]} {time.time()}\n".encode())
        return record

    records.update = noting  # type: ignore[method-assign]
    serve(local)


def run() -> None:
    """Run the studio until it is killed."""
    program = (sys.executable, "-m", "tests.bench.peers.ours_chain", "render")
    with running(open_studio(), program=program):
        threading.Event().wait()


if __name__ == "__main__":
    {"render": render, "run": run}[sys.argv[1]]()
