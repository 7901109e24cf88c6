"""Hands the tasks of the double over by HTTP, as Cloud Tasks does, and hears the answers."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import requests

from tests.stand_ins.tasks_double import Handover, TasksDouble

#: Handovers at the same time, over all queues.
WIDTH = 16


class Dispatcher:
    """Serves some queues of a double until the block ends."""

    def __init__(self, double: TasksDouble, queues: list[str]) -> None:
        self._double, self._queues = double, queues
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(WIDTH)
        self._thread = threading.Thread(target=self._run, daemon=True)
        #: Status of every answer, None where none came in time.
        self.answers: list[int | None] = []
        #: When every handover began and ended, by queue.
        self.spans: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            for queue in self._queues:
                for handover in self._double.hand_over(queue, WIDTH):
                    self._pool.submit(self._post, handover)
            time.sleep(0.005)

    def _post(self, handover: Handover) -> None:
        http, start = handover.message.http_request, time.perf_counter()
        try:
            answer = requests.post(
                http.url, http.body, headers=handover.headers, timeout=handover.deadline_s
            )
        except requests.RequestException:
            self.answers.append(None)
            self._double.answered(handover, 503)
            return
        queue = handover.headers["X-CloudTasks-QueueName"]
        self.spans[queue].append((start, time.perf_counter()))
        self.answers.append(answer.status_code)
        after_s = float(answer.headers.get("Retry-After", 0))
        self._double.answered(handover, answer.status_code, after_s)
