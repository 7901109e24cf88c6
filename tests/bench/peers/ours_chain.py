"""The chain on Brandcast: a work of one step, from enqueue to settled, all of it durable.

The real functions, verbs, kernel and embedded adapters; only the tool is instant, as the
peers' is. Being settled means that the object was seen and checked, which no peer does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lib import wiring
from lib.app.settle import begin
from lib.core.checks import Check
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.work import Artifact, Plan, Step, Work
from lib.embedded import running
from lib.ports import ToolCall
from lib.settings import Settings
from tests.bench.peers.files import PAYLOAD

_MEDIA_TYPE = "application/octet-stream"
_ready: dict[str, float] = {}


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


@contextmanager
def contender() -> Iterator[Any]:
    """Run the embedded studio and return functions to enqueue a work and to see what is ready."""
    folder = Path(os.environ["BENCH_FOLDER"])
    local = wiring.local(Settings(data=folder, port=0, workers=4), tools=CopyTool())
    studio = local.studio
    update = studio.records.update

    def stamping(path: str, fields: Any, **more: Any) -> Any:
        """Note when the write that says ready is durable, as the peers' writes note theirs."""
        record = update(path, fields, **more)
        if fields.get(("summary",), {}).get("phase") == "ready":
            _ready[path.rpartition("/")[2]] = time.time()
        return record

    studio.records.update = stamping  # type: ignore[method-assign]

    def enqueue(name: str) -> None:
        begin(studio, work_of(name))

    with running(local):
        yield enqueue, lambda: dict(_ready)
    local.close()
