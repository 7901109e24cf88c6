"""The embedded studio: the real functions, driven by this machine instead of by Google Cloud.

Threads stand where services stand: the outbox delivers storage events to ``on_object``, queue
workers deliver tasks to ``on_step``, a ticker calls ``on_tick`` and looks for changes made by
hand in the bucket folder, and one HTTP server answers with ``studio_api``. Nothing here holds
state: everything acknowledged is in the database or in the bucket, so a kill -9 loses nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from lib import wiring
from lib.adapters.local.lock import StudioLock
from lib.adapters.local.ticker import Ticker
from lib.app import salvage
from lib.app.journal import note
from lib.app.recovery import look_again, recover
from lib.core.errors import Unavailable
from lib.core.reminders import SKEW_S
from lib.crew import IDLE_S, Crew, work
from lib.delivery import deliver_event, deliver_tick
from lib.server import Server
from lib.wiring.local import LocalStudio

#: Seconds between two ticks, and between two looks for changes made by hand.
TICK_S = 2.0
SCAN_S = 0.5
#: Seconds that one such look may take, so that a tenth of a core is the most that looking costs,
#: and the one of a start, which should find what a small studio's people did meanwhile.
SCAN_BUDGET_S = 0.05
START_SCAN_S = 1.0
#: Longest that a write which did not wait for the disk stays off it, seconds.
FLUSH_S = 1.0
#: Seconds between two turns at the index; a query does what is left for itself.
KEEP_UP_S = 10.0
#: Seconds between two clearings of the names of tasks that were finished long ago.
PURGE_S = 3600.0
#: How long a stop waits for what is about to end, seconds.
PATIENCE_S = 2.0
#: Wait between the news of an event and its delivery, seconds: events that come together are
#: delivered together, and our own work has settled by then.
GATHER_S = 0.02
#: Steps of the desk are short; two at once are enough, and leave the cores to the renders.
DESK_WORKERS = 2


class Embedded:
    """One running studio over one data folder; only one can run at a time."""

    def __init__(
        self, local: LocalStudio, *, serve: bool = True, program: Sequence[str] | None = None
    ) -> None:
        """Stand for a studio that does not run yet.

        ``program`` is what a render worker runs (see ``crew.py``); without one, threads of this
        process render.
        """
        self._local = local
        self._crew = Crew(local, program) if program else None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock: StudioLock | None = None
        self._server = Server(local.settings.port) if serve else None
        self._ticked_at = 0.0
        self._ticker = Ticker(local.studio.clock, _note_failure)

    @property
    def port(self) -> int | None:
        """Return the port of the HTTP server, None when it does not serve."""
        return self._server.port if self._server else None

    def start(self) -> None:
        """Take the lock, close what died with the last run, and go on where it stopped.

        Raises Refused when another studio runs on this data.
        """
        self._lock = StudioLock(self._local.settings.data, port=self.port)
        wiring.install(self._local.studio, self._local.settings)
        local = self._local
        local.database.make_ready()
        local.objects.sweep_tmp()
        local.objects.scan_on(START_SCAN_S)
        local.queue.release_others(local.studio.executor)
        lost = recover(local.studio)
        look_again(local.studio)  # the clock may have been set back while nobody ran
        note("studio_started", f"{lost} attempts died with the last run", lost=lost)
        self._spawn("outbox", self._deliver_events)
        for queue, size in (("desk", DESK_WORKERS), ("render", local.settings.render_workers)):
            for number in range(size):
                name = f"{queue}-{number + 1}"
                if queue == "render" and self._crew:
                    self._spawn(name, self._crew.employ)
                else:
                    self._spawn(name, partial(work, local, queue, self._stopping))
        self._ticker.every("tick", TICK_S, self._tick)
        self._ticker.every("scan", SCAN_S, partial(local.objects.scan_on, SCAN_BUDGET_S))
        self._ticker.every("flush", FLUSH_S, local.database.flush)
        self._ticker.every("keep-up", KEEP_UP_S, local.records.keep_up)
        self._ticker.every("purge", PURGE_S, local.queue.purge)
        self._ticker.start()
        if self._server:
            self._spawn("http", self._server.run)

    def stop(self) -> None:
        """Stop taking new work, let what is about to end do so, release the lock.

        A render that goes on is not waited for: the next start tries its step again.
        """
        self._stopping.set()
        if self._server:
            self._server.stop()
        self._ticker.stop(patience_s=PATIENCE_S)
        if self._crew:
            self._crew.dismiss()
        deadline = time.monotonic() + PATIENCE_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            salvage.forget_runs(self._local.studio)
        if self._lock:
            self._lock.release()

    def _spawn(self, name: str, turn: Callable[[], None]) -> None:
        """Start a thread that takes one turn after another until the studio stops."""

        def run() -> None:
            while not self._stopping.is_set():
                try:
                    turn()
                except Unavailable as error:
                    if not self._stopping.is_set():
                        note("turn_failed", f"{name}: {error}", level=logging.WARNING)
                    self._stopping.wait(error.retry_after_s)

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _tick(self) -> None:
        clock = self._local.studio.clock
        last, self._ticked_at = self._ticked_at, clock.now()
        try:
            if self._ticked_at < last - SKEW_S:
                late = look_again(self._local.studio)
                note("clock_set_back", f"the clock was set back; {late} works were looked at")
            deliver_tick()
        except Unavailable:
            return  # it was noted; the next tick comes in a moment

    def _deliver_events(self) -> None:
        outbox = self._local.outbox
        if not outbox.drain(deliver_event):
            outbox.wait(IDLE_S)
            # An attempt of ours settles its work in a moment; its event then finds all done.
            self._stopping.wait(GATHER_S)


@contextmanager
def running(
    local: LocalStudio, *, serve: bool = False, program: Sequence[str] | None = None
) -> Iterator[Embedded]:
    """Run an embedded studio for the length of a block."""
    embedded = Embedded(local, serve=serve, program=program)
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.stop()


def _note_failure(job: str, error: Exception) -> None:
    words = f"{job}: {type(error).__name__}: {error}"
    note("job_failed", words, level=logging.ERROR, job=job)
