"""The render workers of the embedded studio: processes that take render tasks off the queue.

As many as cores, so that one step's Python never waits for another's. Each opens the same
database and bucket and takes a task whenever it is free; the studio only employs them. One that
dies takes its own attempt with it and nothing else, and another takes its place.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from lib import logs, wiring
from lib.app.journal import note
from lib.app.owed import pay
from lib.app.recovery import give_up
from lib.core.errors import Unavailable
from lib.core.tools import MARGIN_S, ladder
from lib.delivery import deliver_task
from lib.media.runner.confine import die_with_parent
from lib.settings import ROOT, Settings
from lib.wiring.local import LocalStudio, open_local

#: What a render worker of the real studio runs.
PROGRAM = (sys.executable, "-m", "lib.crew")
#: Longest sleep of a worker that was not woken, seconds.
IDLE_S = 0.5
#: Pause before a worker that died is replaced, seconds: what kills it may kill the next.
PAUSE_S = 1.0


def work(local: LocalStudio, queue_name: str, stopping: threading.Event) -> None:
    """Carry out the tasks of a queue that are due, one after another; sleep when there is none."""
    pay(local.studio)
    queue, executor = local.queue, local.studio.executor
    lease_s = ladder(queue_name).lease_s + MARGIN_S
    leases = queue.lease(queue_name, executor, lease_s)
    if not leases:
        queue.wait(queue_name, IDLE_S)
    while leases:
        finished = leases[0]
        retry_after_s = deliver_task(finished.task.payload)
        if retry_after_s is not None:
            queue.retry(finished, retry_after_s, error="not yet")
            return
        if stopping.is_set():
            queue.done(finished)
            return
        leases = queue.lease(queue_name, executor, lease_s, finished=finished)


class Crew:
    """The render workers of one studio."""

    def __init__(self, local: LocalStudio, program: Sequence[str]) -> None:
        """Employ nobody yet; ``program`` must take orders and serve."""
        self._local = local
        self._program = list(program)
        self._at_work: set[subprocess.Popen[bytes]] = set()
        #: Executors that died and whose attempts are still open.
        self._dead: set[str] = set()
        self._hiring = threading.Lock()
        self._dismissed = False

    def employ(self) -> None:
        """Run one worker to its end, and close what it left behind.

        Raises Unavailable when it ended by itself, so that the caller makes a pause.
        """
        self._close_dead()
        executor = f"worker-{uuid.uuid4().hex[:12]}"
        with self._hiring:
            if self._dismissed:
                return
            # A Ctrl-C on the terminal is for the studio, which then ends its workers.
            process = subprocess.Popen(
                self._program, stdin=subprocess.PIPE, cwd=ROOT, start_new_session=True
            )
            self._at_work.add(process)
        orders = {"executor": executor, "parent": os.getpid(), **_as_json(self._local.settings)}
        process.communicate(json.dumps(orders).encode())
        with self._hiring:
            self._at_work.discard(process)
            if self._dismissed:
                return
            self._dead.add(executor)
        words = f"a render worker ended with code {process.returncode}"
        note("worker_ended", words, level=logging.ERROR, executor=executor)
        self._close_dead()
        raise Unavailable(words, retry_after_s=PAUSE_S)

    def _close_dead(self) -> None:
        for executor in list(self._dead):
            self._local.queue.release(executor)
            give_up(self._local.studio, executor)
            self._dead.discard(executor)

    def dismiss(self) -> None:
        """End all workers at once; what they were at is tried again by the next start."""
        with self._hiring:
            self._dismissed = True
            for process in self._at_work:
                process.kill()


def take_orders() -> tuple[Settings, str]:
    """Read the orders of the studio that employs this process; return settings and executor.

    From now on this process ends when the studio does, however that ends.
    """
    text = sys.stdin.readline()
    if not text:
        sys.exit(0)  # it was killed before it could say anything
    orders = json.loads(text)
    die_with_parent()
    if os.getppid() != orders.pop("parent"):
        sys.exit(0)  # it ended before we asked
    executor = orders.pop("executor")
    return _of_json(orders), executor


def serve(local: LocalStudio) -> NoReturn:
    """Take one render task after another until this process is ended."""
    wiring.install(local.studio, local.settings)
    never = threading.Event()
    while True:
        try:
            work(local, "render", never)
        except Unavailable as error:
            note("turn_failed", f"render worker: {error}", level=logging.WARNING)
            never.wait(error.retry_after_s)


def main() -> None:
    """Be one render worker."""
    settings, executor = take_orders()
    logs.write_to(settings.data / "studio.log")
    serve(open_local(settings, executor=executor))


def _as_json(settings: Settings) -> dict[str, Any]:
    return json.loads(json.dumps(dataclasses.asdict(settings), default=str))  # type: ignore[no-any-return]


def _of_json(values: dict[str, Any]) -> Settings:
    paths = {name: Path(values[name]) for name in ("data", "assets")}
    return Settings(**{**values, **paths})


if __name__ == "__main__":
    main()
