"""A whole embedded studio in a process of its own, as ``up`` runs it, with tools that take little.

    python -m tests.process.studio FOLDER

Prints one line of JSON with its port when it serves, and serves until it is killed. Every file that
a tool finishes is noted in ``FOLDER/rendered.txt``. What is titled with ``UNLUCKY`` fails until
somebody names its work in ``FOLDER/mended``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

from lib import logs
from lib.core.errors import ToolFailed
from lib.crew import serve, take_orders
from lib.embedded import Embedded
from lib.ports import ToolCall
from lib.settings import Settings
from lib.wiring.local import LocalStudio, open_local
from tests.app.crank import settings_below
from tests.app.instant import InstantTools
from tests.process.evidence import count_lines
from tests.process.world import JumpingClock, World, enter
from tests.rendering import rendering

WORKER = (sys.executable, "-m", "tests.process.studio", "render")
BOOK = "rendered.txt"
#: What a title says whose pictures cannot be drawn, and the file that names those that were mended.
UNLUCKY, MENDED = "Unlucky", "mended"


class QuickTools(InstantTools):
    """Writes small real files after a moment, and notes each."""

    def __init__(self, folder: Path, world: World) -> None:
        super().__init__()
        self._folder = folder
        self._world = world

    def run(self, call: ToolCall) -> None:
        """Take a moment, write the files, and note them."""
        if UNLUCKY in (text := json.dumps(call.params)):
            mended = count_lines(self._folder / MENDED)
            if not any(f" {work_id}" in text for work_id in mended):
                raise ToolFailed(call.tool, "this title cannot be drawn")
        time.sleep(self._world["tool_s"] or 0.02)
        super().run(call)
        lines = "".join(f"{rendering(call.params, slot)}\n" for slot in call.makes)
        book = os.open(self._folder / BOOK, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(book, lines.encode())
        os.close(book)


def open_studio(settings: Settings, executor: str = "") -> LocalStudio:
    """Wire the studio in the world of its folder."""
    folder = settings.data.parent
    world = enter(folder)
    plant(world)
    logs.write_to(settings.data / "studio.log")
    tools = QuickTools(folder, world)
    return open_local(settings, clock=JumpingClock(world), tools=tools, executor=executor)


def plant(world: World) -> None:
    """Plant the bug that the world names, so that a test can show that it would be seen."""
    if world["bug"]:
        from tests.process.planted import BUGS

        BUGS[world["bug"]]()


def main() -> None:
    """Serve until somebody kills this process."""
    if sys.argv[1] == "render":
        serve(open_studio(*take_orders()))
    settings = settings_below(Path(sys.argv[1]).resolve())
    settings.data.mkdir(parents=True, exist_ok=True)
    studio = Embedded(open_studio(settings), program=WORKER)
    studio.start()
    print(json.dumps({"port": studio.port}), flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
