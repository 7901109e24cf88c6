"""The embedded studio: the real functions, driven by this machine instead of by Google Cloud.

Threads stand where services stand: the outbox delivers storage events to ``on_object``, queue
workers deliver tasks to ``on_step``, a ticker calls ``on_tick`` and looks for changes made by
hand in the bucket folder, and one HTTP server answers with ``studio_api``. Nothing here holds
state: everything acknowledged is in the database or in the bucket, so a kill -9 loses nothing.
"""

from __future__ import annotations

import io
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import flask
from cloudevents.http import CloudEvent

import main
from lib import wiring
from lib.adapters.local.dispatch import Lease
from lib.adapters.local.lock import StudioLock
from lib.adapters.local.ticker import Ticker
from lib.app.journal import note
from lib.app.sweep import recover
from lib.core.errors import Unavailable
from lib.core.tools import MARGIN_S, TOOLS
from lib.core.work import Json
from lib.server import Server
from lib.wiring import LocalStudio

#: Seconds between two ticks, and between two looks for changes made by hand.
TICK_S = 2.0
SCAN_S = 0.5
#: Seconds between two clearings of the names of tasks that were finished long ago.
PURGE_S = 3600.0
#: Longest sleep of a worker that was not woken, seconds.
IDLE_S = 0.5
#: Finished tasks that are taken off a busy queue in one write; an idle one is cleared at once.
FINISHED_TOGETHER = 16
#: Wait between the news of an event and its delivery, seconds: events that come together are
#: delivered together, and our own work has settled by then.
GATHER_S = 0.008
#: Steps of the desk are short; two at once are enough, and leave the cores to the renders.
DESK_WORKERS = 2


class Embedded:
    """One running studio over one data folder; only one can run at a time."""

    def __init__(self, local: LocalStudio, *, serve: bool = True) -> None:
        self._local = local
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._pools: dict[str, ThreadPoolExecutor] = {}
        #: Counts the workers of each queue that have nothing to do.
        self._free: dict[str, threading.Semaphore] = {}
        #: Leases whose task was carried out and still stands in the queue.
        self._finished: dict[str, deque[Lease]] = {}
        self._lock: StudioLock | None = None
        self._server = Server(local.settings.port) if serve else None
        self._ticker = Ticker(local.studio.clock)

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
        local.objects.sweep_tmp()
        local.objects.scan()
        local.queue.release_others(local.studio.executor)
        lost = recover(local.studio)
        note("studio_started", f"{lost} attempts died with the last run", lost=lost)
        self._spawn("outbox", self._deliver_events)
        for queue, size in (("desk", DESK_WORKERS), ("render", local.settings.render_workers)):
            self._pools[queue] = ThreadPoolExecutor(size, thread_name_prefix=queue)
            self._free[queue] = threading.Semaphore(size)
            self._finished[queue] = deque()
            self._spawn(f"{queue}-dispatch", partial(self._dispatch, queue))
        self._ticker.every("tick", TICK_S, _tick)
        self._ticker.every("scan", SCAN_S, self._scan)
        self._ticker.every("purge", PURGE_S, local.queue.purge)
        self._ticker.start()
        if self._server:
            self._spawn("http", self._server.run)

    def stop(self) -> None:
        """Stop taking new work, wait for what runs to reach a safe point, release the lock."""
        self._stopping.set()
        if self._server:
            self._server.stop()
        self._ticker.stop(patience_s=IDLE_S * 4)
        for thread in self._threads:
            thread.join(timeout=IDLE_S * 4)
        for name, pool in self._pools.items():
            pool.shutdown(wait=False, cancel_futures=True)
            self._close_finished(name)
        if self._lock:
            self._lock.release()

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _deliver_events(self) -> None:
        outbox = self._local.outbox
        while not self._stopping.is_set():
            if not outbox.drain(_deliver_event):
                outbox.wait(IDLE_S)
                # An attempt of ours settles its work in a moment; its event then finds all done.
                self._stopping.wait(GATHER_S)

    def _dispatch(self, queue_name: str) -> None:
        """Hand the tasks of one queue to its workers, as many at a time as are free."""
        queue, free = self._local.queue, self._free[queue_name]
        deadlines = [tool.deadline_s for tool in TOOLS.values() if tool.queue == queue_name]
        lease_s = max(deadlines) + 2 * MARGIN_S
        while not self._stopping.is_set():
            if not free.acquire(timeout=IDLE_S):
                continue
            idle = 1
            while free.acquire(blocking=False):
                idle += 1
            leases = queue.lease(queue_name, self._local.studio.executor, lease_s, idle)
            for _ in range(idle - len(leases)):
                free.release()
            for lease in leases:
                self._pools[queue_name].submit(self._carry_out, queue_name, lease)
            if len(self._finished[queue_name]) >= FINISHED_TOGETHER:
                self._close_finished(queue_name)
            if not leases and not queue.wait([queue_name], IDLE_S):
                self._close_finished(queue_name)

    def _carry_out(self, queue_name: str, lease: Lease) -> None:
        try:
            retry_after_s = deliver_task(lease.task.payload)
            if retry_after_s is None:
                self._finished[queue_name].append(lease)
            else:
                self._local.queue.retry(lease, retry_after_s, error="not yet")
        finally:
            self._free[queue_name].release()

    def _close_finished(self, queue_name: str) -> None:
        """Take finished tasks off the queue; lost before this, they come again and are dropped."""
        finished = self._finished[queue_name]
        if finished:
            self._local.queue.all_done([finished.popleft() for _ in range(len(finished))])

    def _scan(self) -> None:
        try:
            self._local.objects.scan()
        except Unavailable as error:
            note("scan_failed", str(error), level=logging.WARNING)


@contextmanager
def running(local: LocalStudio, *, serve: bool = False) -> Iterator[Embedded]:
    """Run an embedded studio for the length of a block."""
    embedded = Embedded(local, serve=serve)
    embedded.start()
    try:
        yield embedded
    finally:
        embedded.stop()


def _deliver_event(attributes: Json, data: Json) -> None:
    _call(main.on_object, CloudEvent(attributes, data))


def deliver_task(payload: Json) -> float | None:
    """Hand a task to ``on_step``; return None when it is done, else seconds until the next try."""
    try:
        _, status, headers = _call(main.on_step, _request(json.dumps(payload).encode()))
    except Unavailable as error:
        return error.retry_after_s
    return None if status < 300 else float(headers.get("Retry-After", 5))


def _request(body: bytes) -> flask.Request:
    """Return a POST as a function receives it."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "embedded",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
    }
    return flask.Request(environ)


def _tick() -> None:
    try:
        _call(main.on_tick, _request(b""))
    except Unavailable:
        return  # it was noted; the next tick comes in a moment


def _call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function as the platform would: any fault in it means "deliver it again"."""
    try:
        return function(*args)
    except Exception as error:  # the function boundary: the platform would answer 500
        note(
            "function_failed",
            f"{function.__name__}: {type(error).__name__}: {error}",
            level=logging.ERROR,
        )
        raise Unavailable(f"{function.__name__} failed: {error}") from error
